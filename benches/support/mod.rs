//! A small harness: contenders take turns, so that what disturbs the machine disturbs all of them alike.
//!
//! Time is the CPU time of the thread, which other programs on the machine do not lengthen much. All rounds are run
//! on one thread, and then on two.

#![allow(dead_code, reason = "each bench uses a part of it")]

pub(crate) mod app;
pub(crate) mod floor;
pub(crate) mod table;

use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};

use cpu_time::ThreadTime;

/// What one thread does in a batch: [`prepare`](Work::prepare) is not measured, [`run`](Work::run) is.
pub(crate) trait Work {
    fn prepare(&mut self) {}

    fn run(&mut self);
}

/// One way to do the same thing.
pub(crate) struct Contender {
    name: &'static str,
    make: Box<dyn Fn() -> Box<dyn Work> + Sync>,
}

impl Contender {
    /// `make` is called once for each thread.
    pub(crate) fn new<W: Work + 'static>(
        name: &'static str,
        make: impl Fn() -> W + Sync + 'static,
    ) -> Self {
        Self {
            name,
            make: Box::new(move || Box::new(make())),
        }
    }

    /// A contender that does `operation` so many times in a batch, with values between 0 and 4095 in no order.
    pub(crate) fn repeat(
        name: &'static str,
        times: usize,
        operation: impl Fn(u64) + Clone + Sync + 'static,
    ) -> Self {
        struct Repeat<F>(usize, F);

        impl<F: Fn(u64)> Work for Repeat<F> {
            #[inline(never)]
            fn run(&mut self) {
                for number in 0..self.0 as u64 {
                    (self.1)(black_box(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 52));
                }
            }
        }

        Self::new(name, move || Repeat(times, operation.clone()))
    }
}

/// How long to measure, from the arguments of the program.
pub(crate) struct Plan {
    rounds: usize,
    batches: usize,
    operations: usize,
}

impl Plan {
    /// `batches` of `operations` each fill about a millisecond.
    pub(crate) fn new(batches: usize, operations: usize) -> Self {
        let quick = std::env::args().any(|argument| argument == "--quick");
        Self {
            rounds: if quick { 30 } else { 400 },
            batches,
            operations,
        }
    }
}

/// What was measured of one contender.
pub(crate) struct Measured {
    pub(crate) name: &'static str,
    /// Nanoseconds for one operation in each round, alone and with two threads.
    alone: Vec<f64>,
    two: Vec<f64>,
    pub(crate) allocations: f64,
}

/// The nanoseconds of an operation, or how many more than another's.
#[derive(Clone, Copy)]
pub(crate) struct Nanoseconds {
    /// The fastest tenth of the rounds ends here: what others on the machine do makes a round slower, never faster.
    pub(crate) alone: f64,
    /// Medians: the fast rounds of two threads are those in which one of them waited.
    median: f64,
    median_of_two: f64,
}

impl Nanoseconds {
    /// How much longer an operation takes while a second thread does the same.
    pub(crate) fn two_to_one(&self) -> f64 {
        self.median_of_two / self.median
    }
}

impl Measured {
    pub(crate) fn own(&self) -> Nanoseconds {
        Nanoseconds {
            alone: quantile(&self.alone, 0.1),
            median: quantile(&self.alone, 0.5),
            median_of_two: quantile(&self.two, 0.5),
        }
    }

    pub(crate) fn over(&self, base: &Measured) -> Nanoseconds {
        let (own, base) = (self.own(), base.own());
        Nanoseconds {
            alone: own.alone - base.alone,
            median: own.median - base.median,
            median_of_two: own.median_of_two - base.median_of_two,
        }
    }
}

fn quantile(values: &[f64], at: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = at * (sorted.len() - 1) as f64;
    sorted[place.round() as usize]
}

/// Lets all contenders take turns. With `--profile NAME TIMES` does only that, for a profiler, and ends.
pub(crate) fn measure(plan: &Plan, contenders: &[Contender]) -> Vec<Measured> {
    profile(plan, contenders);
    let allocations: Vec<f64> = contenders.iter().map(|c| allocations(plan, c)).collect();
    let alone = turns(plan, contenders, None);
    let meeting = Meeting::default();
    let (two, other) = std::thread::scope(|scope| {
        let other = scope.spawn(|| turns(plan, contenders, Some(&meeting)));
        let own = turns(plan, contenders, Some(&meeting));
        (own, other.join().expect("it is measured, not tested"))
    });
    let two = two.into_iter().zip(other).map(|(own, other)| {
        let pairs = own.into_iter().zip(other);
        pairs.map(|(own, other)| (own + other) / 2.0).collect()
    });
    let each = contenders.iter().zip(alone.into_iter().zip(two));
    each.zip(allocations)
        .map(|((contender, (alone, two)), allocations)| Measured {
            name: contender.name,
            alone,
            two,
            allocations,
        })
        .collect()
}

fn profile(plan: &Plan, contenders: &[Contender]) {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--profile");
    let Some(name) = arguments.nth(1) else { return };
    let times = arguments.next().and_then(|times| times.parse().ok());
    if let Some(contender) = contenders.iter().find(|c| c.name == name) {
        let mut work = (contender.make)();
        for _ in 0..times.unwrap_or(20_000_usize).div_ceil(plan.operations) {
            work.prepare();
            work.run();
        }
        std::process::exit(0);
    }
}

/// Allocations of one operation, once it is warm: a series gets more cells after some thousand writes.
fn allocations(plan: &Plan, contender: &Contender) -> f64 {
    let mut work = (contender.make)();
    for _ in 0..200_000_usize.div_ceil(plan.operations) {
        work.prepare();
        work.run();
    }
    let (batches, mut count) = (16, 0);
    for _ in 0..batches {
        work.prepare();
        count += allocation_counter::measure(|| work.run()).count_total;
    }
    count as f64 / (batches * plan.operations) as f64
}

/// The nanoseconds of each contender in each round, of this thread.
fn turns(plan: &Plan, contenders: &[Contender], meeting: Option<&Meeting>) -> Vec<Vec<f64>> {
    let mut measured = vec![Vec::with_capacity(plan.rounds); contenders.len()];
    // Outside of the counting, whose cost would otherwise be that of whoever allocates.
    allocation_counter::opt_out(|| {
        let mut works: Vec<_> = contenders.iter().map(|c| (c.make)()).collect();
        for round in 0..plan.rounds {
            for turn in 0..works.len() {
                let turn = (turn + round) % works.len();
                let work = &mut *works[turn];
                measured[turn].push(match meeting {
                    None => time(plan, work),
                    Some(meeting) => meeting.time(plan, work),
                });
            }
        }
    });
    measured
}

/// Where two threads meet for each turn. They never sleep, so that the system gives each a processor of its own.
#[derive(Default)]
struct Meeting {
    arrived: AtomicUsize,
    done: AtomicUsize,
}

impl Meeting {
    /// Both start when both are there, and none stops before the other is done.
    fn time(&self, plan: &Plan, work: &mut dyn Work) -> f64 {
        let both = 2 * (self.arrived.fetch_add(1, Ordering::SeqCst) / 2 + 1);
        while self.arrived.load(Ordering::SeqCst) < both {
            std::thread::yield_now();
        }
        let time = time(plan, work);
        self.done.fetch_add(1, Ordering::SeqCst);
        while self.done.load(Ordering::SeqCst) < both {
            work.prepare();
            work.run();
        }
        time
    }
}

/// Nanoseconds of this thread for one operation. The first batch warms up what the contender before has cooled.
fn time(plan: &Plan, work: &mut dyn Work) -> f64 {
    work.prepare();
    work.run();
    let mut nanoseconds = 0;
    for _ in 0..plan.batches {
        work.prepare();
        let started = ThreadTime::now();
        work.run();
        nanoseconds += started.elapsed().as_nanos();
    }
    nanoseconds as f64 / (plan.batches * plan.operations) as f64
}

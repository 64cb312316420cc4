//! Where lines go may hang, fail or be slow: those who log never wait, and what is lost is counted and told.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};
use support::lines;

use ecolaura_monitoring::{LogFormat, Monitoring};
use support::lines::{Lines, labels, within, written};
use tracing::info;

/// Takes nothing until it is opened.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    fn pass(&self) {
        let is_shut = |open: &mut bool| !*open;
        drop(
            self.0
                .1
                .wait_while(self.0.0.lock().unwrap(), is_shut)
                .unwrap(),
        );
    }
}

struct Through(Gate, Lines);

impl io::Write for Through {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.pass();
        self.1.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn monitoring(writer: impl io::Write + Send + 'static) -> Monitoring {
    let builder = Monitoring::builder("test").logs(|logs| logs.writer(writer));
    let builder = builder
        .logs(|logs| logs.format(LogFormat::Ecs))
        .logs(|logs| logs.max_lines_per_second(u32::MAX));
    builder.build().unwrap()
}

/// What a counter says.
fn count(monitoring: &Monitoring, series: &str) -> usize {
    let text = monitoring.metrics().render();
    let line = text.lines().find_map(|line| line.strip_prefix(series));
    line.map_or(0, |value| value.trim().parse().unwrap())
}

fn dropped(monitoring: &Monitoring, reason: &str) -> usize {
    let series = format!("monitoring_log_lines_dropped_total{{reason=\"{reason}\"}}");
    count(monitoring, &series)
}

const WRITTEN: &str = r#"monitoring_log_lines_total{dataset="application",log_level="info"}"#;

#[test]
fn what_hangs_makes_nobody_wait() {
    const LINES: usize = 20_000;
    let (gate, lines) = (Gate::default(), Lines::default());
    let monitoring = monitoring(Through(gate.clone(), lines.clone()));
    // It comes to an end though nothing is written: nobody waits.
    within(&monitoring, || (0..LINES).for_each(|n| info!(n, "line")));
    let lost = dropped(&monitoring, "queue_full");
    assert!(lost > 0 && lost < LINES, "{lost}");
    assert_eq!(count(&monitoring, WRITTEN), 0);
    gate.open();
    let read = written(&lines, &monitoring);
    let kept: Vec<_> = read
        .iter()
        .filter(|line| line["message"] == "line")
        .collect();
    assert_eq!(kept.len(), LINES - lost, "each is written or counted");
    assert_eq!(count(&monitoring, WRITTEN), LINES - lost);
    for (n, line) in kept.iter().enumerate() {
        assert_eq!(labels(line)["n"], n.to_string(), "the first ones, in order");
    }
    // That some are lost is told.
    let start = Instant::now();
    loop {
        let read = written(&lines, &monitoring);
        let told = read
            .iter()
            .find(|line| labels(line).contains_key("lines_lost"));
        if let Some(told) = told {
            assert_eq!(labels(told)["lines_lost"], lost.to_string());
            assert_eq!(told["log.level"], "warn");
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "it is told");
        std::thread::yield_now();
    }
}

#[test]
fn long_lines_take_no_more_room_than_there_is() {
    let (gate, lines) = (Gate::default(), Lines::default());
    let monitoring = monitoring(Through(gate.clone(), lines.clone()));
    let long = "x".repeat(8000);
    within(&monitoring, || (0..3000).for_each(|_| info!("{long}")));
    let lost = dropped(&monitoring, "queue_full");
    let room = (3000 - lost) * 8000;
    assert!((7 << 20..9 << 20).contains(&room), "{room} bytes wait");
    gate.open();
    written(&lines, &monitoring);
}

/// Fails now and then, at times in the middle.
struct Flaky {
    calls: usize,
    to: Lines,
    fails: Arc<AtomicBool>,
    interrupted: Arc<AtomicUsize>,
}

impl io::Write for Flaky {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.calls += 1;
        if self.fails.load(Ordering::Relaxed) {
            return match self.calls % 2 {
                0 => Err(io::ErrorKind::BrokenPipe.into()),
                _ => self.to.write(&bytes[..bytes.len().min(5)]),
            };
        }
        if self.calls.is_multiple_of(3) {
            self.interrupted.fetch_add(1, Ordering::Relaxed);
            let kind = [io::ErrorKind::Interrupted, io::ErrorKind::WouldBlock][self.calls % 2];
            return Err(kind.into());
        }
        self.to.write(&bytes[..bytes.len().min(100)])
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn what_fails_is_counted_and_does_not_spoil_the_next_line() {
    let (to, fails, interrupted) = (
        Lines::default(),
        Arc::<AtomicBool>::default(),
        Arc::default(),
    );
    let flaky = Flaky {
        calls: 0,
        to: to.clone(),
        fails: Arc::clone(&fails),
        interrupted: Arc::clone(&interrupted),
    };
    let monitoring = monitoring(flaky);
    within(&monitoring, || info!("good"));
    written(&to, &monitoring);
    assert!(interrupted.load(Ordering::Relaxed) > 0);

    fails.store(true, Ordering::Relaxed);
    within(&monitoring, || info!("bad"));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let flushed = runtime.block_on(monitoring.flush(Duration::from_secs(20)));
    let error = flushed.expect_err("the output fails").to_string();
    assert_eq!(error, "not all lines of the log were written");
    assert_eq!(dropped(&monitoring, "write_failed"), 1);

    fails.store(false, Ordering::Relaxed);
    within(&monitoring, || info!("good again"));
    runtime
        .block_on(monitoring.flush(Duration::from_secs(20)))
        .expect("lines are written");
    let all = to.all();
    assert!(all[0].contains("\"good\""), "{all:?}");
    let again = all.iter().find(|line| line.contains("\"good again\""));
    assert!(
        again.is_some_and(|line| line.starts_with("{\"@timestamp")),
        "a line of its own: {all:?}"
    );
    assert_eq!(count(&monitoring, WRITTEN), 2);
}

/// Threads that log at once, with pauses in which the writer goes to sleep: each line is written without another one to wake it.
#[test]
fn nobody_forgets_to_wake_the_writer() {
    let lines = Lines::default();
    let monitoring = monitoring(lines.clone());
    for round in 1..=200 {
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| within(&monitoring, || info!("line")));
            }
        });
        let start = Instant::now();
        while lines.all().len() < 2 * round {
            assert!(start.elapsed() < Duration::from_secs(30), "round {round}");
            std::thread::sleep(Duration::from_micros(100 * (round as u64 % 40)));
        }
    }
}

#[test]
fn what_comes_after_the_end_is_counted() {
    let lines = Lines::default();
    let monitoring = monitoring(lines.clone());
    let (layer, registry) = (monitoring.log_layer(), monitoring.metrics());
    within(&monitoring, || info!("before"));
    drop(monitoring);
    assert_eq!(lines.all().len(), 1, "what waits is written at the end");
    use tracing_subscriber::layer::SubscriberExt as _;
    let subscriber = tracing_subscriber::registry().with(layer);
    tracing::subscriber::with_default(subscriber, || info!("after"));
    assert_eq!(lines.all().len(), 1);
    let text = registry.render();
    assert!(
        text.contains("dropped_total{reason=\"shutdown\"} 1"),
        "{text}"
    );
}

/// Takes a while for each write.
struct Slow(Lines);

impl io::Write for Slow {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        std::thread::sleep(Duration::from_millis(20));
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A flush waits for what was there when it came, not for what comes meanwhile; and that lines are lost is told while they are.
#[test]
fn a_flush_ends_though_more_comes_than_is_written() {
    let lines = Lines::default();
    let monitoring = monitoring(Slow(lines.clone()));
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let long = "x".repeat(5000);
            within(&monitoring, || {
                while !stop.load(Ordering::Relaxed) {
                    info!("{long}");
                }
            });
        });
        let start = Instant::now();
        while dropped(&monitoring, "queue_full") == 0 {
            assert!(
                start.elapsed() < Duration::from_secs(30),
                "more comes than is written"
            );
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let flushed = runtime.block_on(monitoring.flush(Duration::from_secs(30)));
        let is_told = || lines.all().iter().any(|line| line.contains("lines_lost"));
        while !is_told() && start.elapsed() < Duration::from_secs(40) {}
        stop.store(true, Ordering::Relaxed);
        flushed.expect("it is written meanwhile");
        assert!(is_told());
    });
}

/// Panics once.
struct Panicky(Lines, bool);

impl io::Write for Panicky {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        assert!(std::mem::replace(&mut self.1, true), "once");
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_writer_that_panics_loses_its_batch_and_no_more() {
    let lines = Lines::default();
    let monitoring = monitoring(Panicky(lines.clone(), false));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    within(&monitoring, || info!("lost"));
    let flushed = runtime.block_on(monitoring.flush(Duration::from_secs(20)));
    assert!(flushed.is_err(), "it was not written");
    assert_eq!(dropped(&monitoring, "write_failed"), 1);
    within(&monitoring, || info!("written"));
    let flushed = runtime.block_on(monitoring.flush(Duration::from_secs(20)));
    flushed.expect("the output works again");
    let all = lines.all();
    assert!(
        matches!(&all[..], [one, ..] if one.contains("\"written\"")),
        "{all:?}"
    );
}

/// How many lines were held back, as the log says it, by the line of the code that is said to have written them.
fn announced(lines: &Lines) -> Vec<(u64, usize)> {
    let mut found = std::collections::BTreeMap::new();
    for line in lines.all() {
        let line: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        if let Some(number) = line["labels"]["lines_held_back"].as_str() {
            let place = line["log.origin.file.line"].as_u64().unwrap_or_default();
            *found.entry(place).or_default() += number.parse::<usize>().expect("a number");
        }
    }
    found.into_iter().collect()
}

/// A place that is loud and then says nothing more.
fn loud(times: usize) -> u64 {
    (0..times).for_each(|_| info!("loud"));
    u64::from(line!()) - 1
}

fn louder(times: usize) -> u64 {
    (0..times).for_each(|_| info!("louder"));
    u64::from(line!()) - 1
}

fn limited(most: u32) -> (Lines, Monitoring) {
    lines::logged(|builder| builder.logs(|logs| logs.max_lines_per_second(most)))
}

#[test]
fn lines_held_back_before_the_end_are_announced() {
    let (lines, monitoring) = limited(0);
    let places = within(&monitoring, || [loud(30), louder(200)]);
    drop(monitoring);
    assert_eq!(announced(&lines), [(places[0], 30), (places[1], 200)]);
    let all = lines.all();
    let line: serde_json::Value = serde_json::from_str(&all[0]).expect("JSON");
    assert_eq!(
        line["message"],
        "lines of this place were held back: at most 0 a second are written"
    );
    assert_eq!(
        (&line["log.level"], &line["log.logger"]),
        (&"warn".into(), &"logs::output".into())
    );
    assert_eq!(all.len(), 2, "one line for each place");
}

#[test]
fn a_flush_announces_lines_that_were_held_back() {
    let (lines, monitoring) = limited(0);
    let place = within(&monitoring, || loud(30));
    written(&lines, &monitoring);
    assert_eq!(announced(&lines), [(place, 30)]);
    written(&lines, &monitoring);
    assert_eq!(lines.all().len(), 1, "once");
    within(&monitoring, || loud(3));
    written(&lines, &monitoring);
    assert_eq!(announced(&lines), [(place, 33)]);
}

/// Nobody flushes, and nothing is logged any more.
#[test]
fn lines_held_back_are_announced_when_their_place_is_quiet() {
    let (lines, monitoring) = limited(1);
    let place = within(&monitoring, || loud(1000));
    let start = Instant::now();
    while announced(&lines).is_empty() {
        assert!(start.elapsed() < Duration::from_secs(30), "it is announced");
        std::thread::sleep(Duration::from_millis(20));
    }
    let written = lines
        .all()
        .iter()
        .filter(|line| line.contains("\"loud\""))
        .count();
    assert_eq!(announced(&lines), [(place, 1000 - written)]);
    assert_eq!(dropped(&monitoring, "rate_limited"), 1000 - written);
}

/// More places than are known one by one share a limit, and what that holds back is announced too.
#[test]
fn lines_of_places_beyond_those_that_are_known_are_announced() {
    const PLACES: u32 = 16_384 + 10;
    let (lines, monitoring) = limited(1);
    within(&monitoring, || {
        for line in 0..PLACES {
            for _ in 0..2 {
                let mut record = tracing_log::log::Record::builder();
                let record = record.line(Some(line)).file(Some("old.rs")).target("old");
                let record = record.level(tracing_log::log::Level::Info);
                tracing_log::format_trace(&record.args(format_args!("old")).build()).unwrap();
            }
        }
    });
    drop(monitoring);
    let announced: usize = announced(&lines).iter().map(|(_, number)| number).sum();
    let written = lines
        .all()
        .iter()
        .filter(|line| line.contains("\"message\":\"old\""))
        .count();
    let lost: usize = lines
        .all()
        .iter()
        .filter_map(|line| {
            line.split_once("\"lines_lost\":\"")?
                .1
                .split('"')
                .next()?
                .parse::<usize>()
                .ok()
        })
        .sum();
    assert_eq!(announced + written + lost, 2 * PLACES as usize);
}

/// No line is written, so nothing but the held-back lines can wake the thread that writes.
#[test]
fn lines_held_back_wake_the_writer() {
    let (lines, monitoring) = limited(0);
    for round in 1..=2 {
        let place = within(&monitoring, || loud(500));
        let start = Instant::now();
        while announced(&lines) != [(place, 500 * round)] {
            assert!(
                start.elapsed() < Duration::from_secs(30),
                "announced: {:?}",
                announced(&lines)
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

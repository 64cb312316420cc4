//! Registers against a list of what was seen, and estimates against what is true.

use std::hash::Hasher as _;

use siphasher::sip::SipHasher13;

use super::*;

fn ranks(sketch: &Sketch, slot: u32) -> Vec<u32> {
    sketch.ranks(slot).collect()
}

/// The register and the rank of a hash, read from its bits as they are written.
fn told(hash: u64) -> (usize, u32) {
    let bits = format!("{hash:064b}");
    let (register, rest) = bits.split_at(10);
    let zeros = rest.chars().take_while(|bit| *bit == '0').count();
    (
        usize::from_str_radix(register, 2).unwrap(),
        zeros as u32 + 1,
    )
}

/// Hashes of which few differ, so that registers meet again, with runs of zeros of all lengths.
fn hashes(random: &mut fastrand::Rng) -> u64 {
    let register = random.u64(0..5) << 54;
    register | random.u64(..) >> random.u32(10..=63) >> random.u32(0..=1)
}

#[test]
fn a_value_is_seen_in_its_slot_and_in_the_next() {
    let mut random = fastrand::Rng::with_seed(7);
    for first in [0, 1, 1000, SLOTS - 3, SLOTS] {
        let sketch = Sketch::new();
        let mut seen: Vec<(u32, usize, u32)> = Vec::new();
        let mut slot = first;
        for _ in 0..2000 {
            // At times a slot begins, or many go by, or a thread is late, by one slot or by many.
            slot += [0, 0, 0, 0, 1, 1, 2, 3][random.usize(..8)];
            let late = [0, 0, 0, 0, 0, 0, 1, 2, 5, 300][random.usize(..10)];
            let at = slot.saturating_sub(late).max(first);
            let hash = hashes(&mut random);
            sketch.insert(hash, at);
            let (register, rank) = told(hash);
            seen.push((at, register, rank));

            let mut expected = vec![0; REGISTERS];
            // A slot in which nothing came to a register is forgotten by it: a late one before that tells of its own slot alone.
            for (at, register, rank) in seen.iter().rev().take(400) {
                if *at + 1 >= slot {
                    expected[*register] = expected[*register].max(*rank);
                }
            }
            assert!(ranks(&sketch, slot) == expected, "slot {slot}");
        }
        assert!(ranks(&sketch, slot + 2).iter().all(|rank| *rank == 0));
    }
}

#[test]
fn every_register_and_every_rank_that_there_can_be() {
    let sketch = Sketch::new();
    assert_eq!(told(0), (0, 55));
    for hash in [0, u64::MAX, 1 << 53, 1, 0x8000_0000_0000_0000] {
        sketch.insert(hash, 3);
        let (register, rank) = told(hash);
        assert_eq!(
            ranks(&sketch, 3)[register],
            rank.max(ranks(&sketch, 3)[register])
        );
    }
    assert_eq!(ranks(&sketch, 3)[0], 55);
    assert_eq!(ranks(&sketch, 3)[1023], 1);
}

#[test]
fn words_are_read_back_as_a_rule_does() {
    let mut random = fastrand::Rng::with_seed(3);
    for _ in 0..1000 {
        let ranks: Vec<u32> = (0..PER_WORD).map(|_| random.u32(0..=55)).collect();
        let word = word(&ranks) as f64;
        let read = (0..8).map(|at| (word / 64_f64.powi(at)).floor() % 64.0);
        let expected = ranks.iter().map(|rank| f64::from(*rank));
        assert!(read.eq(expected), "{ranks:?}");
    }
    assert_eq!(word(&[55; PER_WORD]) as f64 as u64, word(&[55; PER_WORD]));
}

#[test]
fn threads_at_once_keep_what_one_would() {
    let (together, alone) = (Sketch::new(), Sketch::new());
    let all: Vec<u64> = {
        let mut random = fastrand::Rng::with_seed(5);
        (0..20_000).map(|_| hashes(&mut random)).collect()
    };
    std::thread::scope(|scope| {
        for part in 0..4 {
            let (all, together) = (&all, &together);
            scope.spawn(move || {
                let mine = all.iter().skip(part).step_by(4);
                mine.enumerate()
                    .for_each(|(place, hash)| together.insert(*hash, (place / 2500) as u32));
            });
        }
    });
    for (place, hash) in all.iter().enumerate() {
        alone.insert(*hash, (place / 4 / 2500) as u32);
    }
    assert_eq!(ranks(&together, 1), ranks(&alone, 1));
}

fn sketch_of(key: u64, users: std::ops::Range<u32>) -> Vec<u32> {
    let sketch = Sketch::new();
    for user in users {
        let mut hasher = SipHasher13::new_with_keys(key, 0);
        hasher.write(format!("user-{user}@example.org").as_bytes());
        sketch.insert(hasher.finish(), 0);
    }
    ranks(&sketch, 0)
}

/// Of two that overlap, merged register by register.
fn union_of(key: u64, users: u32) -> impl Iterator<Item = u32> {
    let (one, other) = (
        sketch_of(key, 0..users * 3 / 5),
        sketch_of(key, users * 2 / 5..users),
    );
    one.into_iter()
        .zip(other)
        .map(|(one, other)| one.max(other))
}

#[track_caller]
fn is_right(users: u32, keys: u64, bound: f64) {
    let errors = (0..keys).map(|key| estimate(union_of(key, users)) / f64::from(users) - 1.0);
    let errors: Vec<f64> = errors.collect();
    let mean = errors.iter().sum::<f64>() / keys as f64;
    let square = errors.iter().map(|error| error * error).sum::<f64>() / keys as f64;
    assert!(square.sqrt() <= bound, "{users} users: {square}");
    // No bias: the mean of so many lies within three of its own standard errors.
    assert!(
        mean.abs() <= 3.0 * bound / (keys as f64).sqrt(),
        "{users} users: {mean}"
    );
}

#[test]
fn estimates_are_right_to_three_and_a_half_percent() {
    is_right(100, 500, 0.035);
    is_right(1_000, 500, 0.035);
    is_right(2_500, 500, 0.035);
    is_right(10_000, 300, 0.035);
}

/// The largest crowd, of which fewer sketches are enough to take a test's time.
#[test]
fn estimates_of_crowds() {
    is_right(100_000, 150, 0.035);
}

#[test]
fn nobody_and_somebody() {
    let of = |users| estimate(sketch_of(1, 0..users).into_iter()).round();
    assert_eq!(of(0), 0.0);
    assert_eq!(of(1), 1.0);
    assert_eq!(of(2), 2.0);
    assert_eq!(of(10), 10.0);
}

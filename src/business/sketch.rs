//! How many different things were seen lately, to three percent, in four kilobytes.
//!
//! A HyperLogLog sketch: the first bits of a hash choose one of 1,024 registers, which keeps the longest run of zeros that followed. Sketches of
//! several processes are merged by taking the larger of each register, whatever overlaps.
//!
//! Time goes by in slots. Each register tells what it has seen in the slot of its last change and in the one before that, so a value is seen
//! for one slot at least and for two at most, nothing has to be cleared, and nobody waits: an insert is one load where nothing changes, and else
//! one compare-and-swap.
//!
//! Sources: Flajolet et al., "HyperLogLog" (2007), for the registers; Ertl, "New cardinality estimation algorithms for HyperLogLog sketches"
//! (arXiv 1702.01284), for the estimate.

use std::sync::atomic::{AtomicU32, Ordering};

/// How many bits of a hash choose its register.
const CHOOSING: u32 = 10;

/// How many registers there are.
pub(crate) const REGISTERS: usize = 1 << CHOOSING;

/// How many registers are told in one number: eight of six bits, which is less than the 53 bits that are exact in a floating-point number.
pub(crate) const PER_WORD: usize = 8;
pub(crate) const WORDS: usize = REGISTERS / PER_WORD;

/// Bits of a rank, which is 55 at most.
const RANK: u32 = 6;
const RANKS: u32 = (1 << RANK) - 1;

/// Slots are told apart by so many bits: at five minutes each, ten years pass before one comes again.
const SLOTS: u32 = (1 << (32 - 2 * RANK)) - 1;

/// A thread that was stopped, with its process or its machine, is late by so many slots at most: three days.
const LATEST: u32 = 1 << 10;

/// Which different hashes were seen lately.
pub(crate) struct Sketch(Box<[AtomicU32]>);

/// What a register says.
#[derive(Clone, Copy)]
struct Register {
    /// The slot in which it was changed last.
    slot: u32,
    /// The rank in that slot, and in the one before it.
    current: u32,
    previous: u32,
}

impl Register {
    fn of(bits: u32) -> Self {
        Self {
            slot: bits >> (2 * RANK),
            current: bits >> RANK & RANKS,
            previous: bits & RANKS,
        }
    }

    fn bits(self) -> u32 {
        self.slot << (2 * RANK) | self.current << RANK | self.previous
    }

    fn is_empty(self) -> bool {
        self.current == 0 && self.previous == 0
    }

    /// The same after this rank was seen in this slot.
    fn seen(self, slot: u32, rank: u32) -> Self {
        match slot.wrapping_sub(self.slot) & SLOTS {
            0 => Self {
                current: self.current.max(rank),
                ..self
            },
            1 => Self {
                slot,
                current: rank,
                previous: self.current,
            },
            // By a thread that looked at the clock just before the slot ended.
            SLOTS => Self {
                previous: self.previous.max(rank),
                ..self
            },
            // By one that was stopped for longer: what it has seen is over.
            behind if behind > SLOTS - LATEST && !self.is_empty() => self,
            _ => Self {
                slot,
                current: rank,
                previous: 0,
            },
        }
    }

    /// The rank as seen in this slot.
    fn rank(self, slot: u32) -> u32 {
        match slot.wrapping_sub(self.slot) & SLOTS {
            0 | SLOTS => self.current.max(self.previous),
            1 => self.current,
            _ => 0,
        }
    }
}

impl Sketch {
    pub(crate) fn new() -> Self {
        Self((0..REGISTERS).map(|_| AtomicU32::new(0)).collect())
    }

    /// A hash was seen in this slot.
    #[inline]
    pub(crate) fn insert(&self, hash: u64, slot: u32) {
        let at = (hash >> (64 - CHOOSING)) as usize;
        // The bit after the last makes an end to the zeros.
        let rank = (hash << CHOOSING | 1 << (CHOOSING - 1)).leading_zeros() + 1;
        let register = &self.0[at & (REGISTERS - 1)];
        let slot = slot & SLOTS;
        let seen = |bits| Register::of(bits).seen(slot, rank).bits();
        let old = register.load(Ordering::Relaxed);
        if seen(old) != old {
            let _ = register.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |bits| {
                Some(seen(bits))
            });
        }
    }

    /// The registers, as seen in this slot.
    pub(crate) fn ranks(&self, slot: u32) -> impl Iterator<Item = u32> {
        let slot = slot & SLOTS;
        let registers = self.0.iter();
        registers.map(move |register| Register::of(register.load(Ordering::Relaxed)).rank(slot))
    }
}

/// Eight registers as one number, the first of them in its lowest bits.
pub(crate) fn word(ranks: &[u32]) -> u64 {
    let shifted = ranks.iter().zip((0..).step_by(RANK as usize));
    shifted.map(|(rank, shift)| u64::from(*rank) << shift).sum()
}

/// How many different things these registers have seen. The estimate's standard error is 3.25 %, and less where there are fewer than 2,000.
pub(crate) fn estimate(ranks: impl Iterator<Item = u32>) -> f64 {
    let (mut sum, mut empty, mut all) = (0.0, 0.0, 0.0);
    for rank in ranks {
        all += 1.0;
        match rank {
            0 => empty += 1.0,
            rank => sum += (-f64::from(rank)).exp2(),
        }
    }
    // Ertl's sigma: what the empty registers add. It has no limit where all are empty, and then the estimate is 0.
    let share: f64 = empty / all;
    let (mut sigma, mut power, mut factor) = (share, share, 0.5);
    for _ in 0..14 {
        power *= power;
        factor *= 2.0;
        sigma += factor * power;
    }
    let alpha = 0.5 / std::f64::consts::LN_2;
    alpha * all * all / (sum + all * sigma)
}

#[cfg(test)]
mod tests;

//! Where an observation goes: cells cut at the union of the classic and the native bounds.
//!
//! Observations are whole numbers (nanoseconds, bytes, billionths), so a value on a bound is on it
//! exactly. A cell holds the values above one bound up to and including the next. Native bounds are those
//! of Prometheus' schema 3, 2^(i/8) units, rounded down to whole numbers, which moves no whole number across
//! a bound. A value's power of two and the next few bits give a slot of the table, a slot holds at most
//! two bounds, so finding the cell is two comparisons without a branch.

use std::sync::Mutex;
use std::sync::PoisonError;

use crate::catalog::Unit;

/// Native buckets per doubling: 2^SCHEMA.
pub(crate) const SCHEMA: i32 = 3;

/// The native bucket that ends at infinity: the one after that of the largest `f64`.
const INFINITE: i32 = (1024 << SCHEMA) + 1;

/// 2^63: what is recorded is below, but for what is too large for any bucket.
const LARGEST: f64 = 9_223_372_036_854_775_808.0;

/// Linear steps in each power of two, as a power of two: what is tried until no slot has three bounds.
fn step_bits() -> std::ops::RangeInclusive<u32> {
    4..=9
}

/// The cells of a histogram and the table that finds them.
pub(crate) struct Layout {
    unit: Unit,
    /// Recorded whole numbers per unit: 10⁹ for seconds, 1 for bytes.
    scale: f64,
    /// Upper bounds of the cells but the last, ascending, as recorded.
    bounds: Box<[u64]>,
    /// The classic upper bounds, in the metric's unit.
    classic: &'static [f64],
    /// For each classic bound, how many cells lie at or below it.
    classic_cells: Box<[usize]>,
    /// `le="…"` of each classic bound, as the text formats and as OpenMetrics write it.
    le: Box<[Box<str>]>,
    le_canonical: Box<[Box<str>]>,
    /// The native bucket of each cell.
    native: Box<[NativeIndex]>,
    zero_threshold: f64,
    step_bits: u32,
    slots: Box<[Slot]>,
}

/// The native bucket of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NativeIndex {
    /// Values up to the zero threshold.
    Zero,
    /// Values up to 2^(index / 2^schema).
    Positive(i32),
}

#[derive(Clone, Copy)]
struct Slot {
    base: u32,
    bounds: [u64; 2],
}

/// The range that native buckets cover, as powers of two of the unit, and the recording scale.
struct Range {
    lowest: i32,
    highest: i32,
    scale: f64,
}

impl Range {
    const fn of(unit: Unit) -> Self {
        let (lowest, highest, scale) = match unit {
            Unit::Seconds => (-20, 12, 1e9), // 0.95 µs to 68 min
            Unit::Bytes => (0, 40, 1.0),     // 1 B to 1 TiB
            Unit::Ratio => (-20, 4, 1e9),    // a millionth to 16
            Unit::None => (-10, 30, 1e6),    // a thousandth to a billion
        };
        Self {
            lowest,
            highest,
            scale,
        }
    }
}

impl Layout {
    /// The layout for a unit and classic bounds; equal ones are shared.
    ///
    /// `None` when three bounds lie so close that no table separates them.
    pub(crate) fn shared(unit: Unit, classic: &'static [f64]) -> Option<&'static Self> {
        static MADE: Mutex<Vec<&'static Layout>> = Mutex::new(Vec::new());
        let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
        let known = made
            .iter()
            .find(|layout| layout.unit == unit && layout.classic == classic);
        if let Some(layout) = known {
            return Some(layout);
        }
        let layout: &'static Self = Box::leak(Box::new(Self::new(unit, classic)?));
        made.push(layout);
        Some(layout)
    }

    fn new(unit: Unit, classic: &'static [f64]) -> Option<Self> {
        let range = Range::of(unit);
        let scaled: Vec<u64> = classic.iter().map(|b| scale_up(*b, range.scale)).collect();
        if scaled.contains(&u64::MAX) || scaled.windows(2).any(|pair| pair[0] == pair[1]) {
            return None;
        }
        let per_octave = 1 << SCHEMA;
        // As far as the classic bounds go, so that both kinds say the same of what lies between.
        let last = classic.last().map_or(0, |bound| bound.log2().ceil() as i32);
        let (first, last) = (
            range.lowest * per_octave,
            range.highest.max(last) * per_octave,
        );
        let native: Vec<u64> = (first..=last)
            .map(|index| (native_bound(SCHEMA, index) * range.scale) as u64)
            .collect();
        let mut bounds: Vec<u64> = native.iter().chain(&scaled).copied().collect();
        bounds.sort_unstable();
        bounds.dedup();
        let (step_bits, slots) =
            step_bits().find_map(|bits| Some((bits, slots(&bounds, bits)?)))?;
        Some(Self {
            unit,
            scale: range.scale,
            classic_cells: scaled
                .iter()
                .map(|bound| bounds.partition_point(|b| b <= bound))
                .collect(),
            le: classic
                .iter()
                .map(|b| format!("le=\"{b}\"").into())
                .collect(),
            le_canonical: classic
                .iter()
                .map(|b| format!("le=\"{}\"", canonical(*b)).into())
                .collect(),
            native: bounds
                .iter()
                .map(|bound| native.partition_point(|b| b < bound))
                .map(|place| match i32::try_from(place) {
                    Ok(0) | Err(_) => NativeIndex::Zero,
                    Ok(place) => NativeIndex::Positive(first + place),
                })
                .chain([NativeIndex::Positive(INFINITE)])
                .collect(),
            zero_threshold: 2f64.powi(range.lowest),
            bounds: bounds.into(),
            classic,
            step_bits,
            slots,
        })
    }

    /// Whether what is recorded are nanoseconds.
    #[inline]
    pub(crate) fn is_in_seconds(&self) -> bool {
        self.unit == Unit::Seconds
    }

    /// The number of cells: one more than bounds.
    pub(crate) fn cells(&self) -> usize {
        self.bounds.len() + 1
    }

    /// The cell of a value.
    #[inline]
    pub(crate) fn cell(&self, value: u64) -> usize {
        let slot = &self.slots[slot_of(value, self.step_bits)];
        slot.base as usize
            + usize::from(value > slot.bounds[0])
            + usize::from(value > slot.bounds[1])
    }

    /// The whole number that is recorded for a value in the metric's unit; `None` for what is negative,
    /// infinite or not a number. What is too large is recorded as the largest.
    #[inline]
    pub(crate) fn record_of(&self, value: f64) -> Option<u64> {
        (0.0..f64::INFINITY)
            .contains(&value)
            .then(|| scale_up(value, self.scale))
    }

    /// The value in the metric's unit of a sum of recorded numbers.
    pub(crate) fn value_of(&self, recorded: u128) -> f64 {
        recorded as f64 / self.scale
    }

    pub(crate) fn classic(&self) -> &'static [f64] {
        self.classic
    }

    pub(crate) fn classic_cells(&self) -> &[usize] {
        &self.classic_cells
    }

    pub(crate) fn le(&self) -> &[Box<str>] {
        &self.le
    }

    /// `le="…"` as OpenMetrics has it.
    pub(crate) fn le_canonical(&self) -> &[Box<str>] {
        &self.le_canonical
    }

    /// The native bucket of each cell, at the schema [`SCHEMA`].
    pub(crate) fn native(&self) -> &[NativeIndex] {
        &self.native
    }

    /// The upper bound of the zero bucket: a bound of every schema.
    pub(crate) fn zero_threshold(&self) -> f64 {
        self.zero_threshold
    }

    /// The classic bucket of a cell; that after the last bound is `+Inf`.
    pub(crate) fn classic_bucket(&self, cell: usize) -> usize {
        self.classic_cells.partition_point(|cells| *cells <= cell)
    }

    /// Decimal places of what is recorded: 9 for billionths.
    pub(crate) fn places(&self) -> u32 {
        match self.scale {
            1e9 => 9,
            1e6 => 6,
            _ => 0,
        }
    }
}

/// Rounds to the nearest whole number, so that 0.075 s is 75,000,000 ns and no value crosses a bound that
/// is written with fewer digits; saturates.
#[inline]
fn scale_up(value: f64, scale: f64) -> u64 {
    match value * scale + 0.5 {
        large if large >= LARGEST => u64::MAX, // above every bound
        whole => whole as i64 as u64,          // quicker than `as u64`
    }
}

/// The slot of a value: its power of two, then `bits` of what follows.
#[inline]
fn slot_of(value: u64, bits: u32) -> usize {
    // Below 2^bits each number has a slot of its own; the power that holds them is never looked up.
    let power = 63 - (value | 1).leading_zeros();
    match power.checked_sub(bits) {
        Some(shift) => ((shift as usize + 1) << bits) + ((value >> shift) as usize - (1 << bits)),
        None => value as usize,
    }
}

/// A bound in the spelling that OpenMetrics demands: `1.0`, `0.005`, `1e-05`, `1.048576e+06`.
pub(crate) fn canonical(bound: f64) -> String {
    if !bound.is_finite() {
        return if bound > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let scientific = format!("{bound:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if bound != 0.0 && !(-4..6).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{digits}e{sign}{:02}", exponent.abs())
    } else if bound.fract() == 0.0 {
        format!("{bound:.1}")
    } else {
        bound.to_string()
    }
}

/// The table, or `None` when a slot would hold three bounds.
fn slots(bounds: &[u64], bits: u32) -> Option<Box<[Slot]>> {
    let last = slot_of(u64::MAX, bits);
    let mut slots = Vec::with_capacity(last + 1);
    let mut next = 0;
    for number in 0..=last {
        let mut slot = Slot {
            base: u32::try_from(next).ok()?,
            bounds: [u64::MAX; 2],
        };
        let mut held = 0;
        while next < bounds.len() && slot_of(bounds[next], bits) == number {
            *slot.bounds.get_mut(held)? = bounds[next];
            held += 1;
            next += 1;
        }
        slots.push(slot);
    }
    Some(slots.into())
}

/// The upper bound of a native bucket, in the metric's unit: 2^(index / 2^schema).
fn native_bound(schema: i32, index: i32) -> f64 {
    2f64.powf(f64::from(index) * 2f64.powi(-schema))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog;

    fn latency() -> Layout {
        Layout::new(Unit::Seconds, catalog::HTTP_REQUEST_DURATION.upper_bounds()).unwrap()
    }

    /// What the table must agree with: the number of bounds below the value.
    fn searched(layout: &Layout, value: u64) -> usize {
        layout.bounds.partition_point(|bound| *bound < value)
    }

    #[test]
    fn latency_has_the_cells_of_both_kinds_of_bounds() {
        let layout = latency();
        // 32 octaves of 8 and their first bound; 0.25, 0.5 and 1 s are bounds of both kinds.
        assert_eq!(layout.bounds.len(), 32 * 8 + 1 + 14 - 3);
        assert_eq!(layout.step_bits, 4);
    }

    /// Of all schemas that Prometheus has, though only those up to 3 are shown: bounds found by square roots, which are exact to the last
    /// digit, and what schemas share.
    #[test]
    fn native_bounds_of_every_schema() {
        for schema in -4i32..=8 {
            let per_step = schema.min(0).unsigned_abs(); // powers of two that one bucket spans, as a power
            for octave in -20..=40 {
                let exact = 2f64.powi(octave << per_step);
                let index = octave << schema.max(0);
                assert_eq!(native_bound(schema, index), exact, "{schema} {octave}");
            }
            if schema <= 0 {
                continue;
            }
            // 2^(1/2), 2^(1/4), …: each the root of the one before.
            let roots = std::iter::successors(Some(2f64), |root| Some(root.sqrt()));
            let roots: Vec<f64> = roots.skip(1).take(schema as usize).collect();
            for index in 0..1 << schema {
                let bits = roots.iter().enumerate();
                let factors =
                    bits.map(
                        |(place, root)| match index >> (schema - 1 - place as i32) & 1 {
                            1 => *root,
                            _ => 1.0,
                        },
                    );
                let (expected, found) = (factors.product::<f64>(), native_bound(schema, index));
                assert!((found / expected - 1.0).abs() < 4e-15, "{schema} {index}");
                let coarser = native_bound(schema - 1, index / 2);
                assert!(index % 2 == 1 || found == coarser, "{schema} {index}");
            }
        }
        // The published ones of schema 2 and 3, between a half and one.
        for (schema, index, bound) in [
            (2, -3, 0.5946035575013605),
            (2, -1, 0.8408964152537144),
            (3, -7, 0.5452538663326288),
            (3, -5, 0.6484197773255048),
            (3, -3, 0.7711054127039704),
            (3, -1, 0.9170040432046711),
        ] {
            assert!(
                (native_bound(schema, index) - bound).abs() < 1e-15,
                "{schema} {index}"
            );
        }
    }

    #[test]
    fn a_value_on_a_bound_lies_below_it_and_the_next_above() {
        for (unit, classic) in [
            (Unit::Seconds, catalog::HTTP_REQUEST_DURATION.upper_bounds()),
            (Unit::Bytes, catalog::HTTP_REQUEST_SIZE.upper_bounds()),
            (Unit::Ratio, &[0.1, 0.101_1, 0.102_3, 0.103_5]),
            (Unit::None, &[1.0, 2.0, 3.0, 4.0, 5.0]),
        ] {
            let layout = Layout::new(unit, classic).unwrap();
            for (cell, bound) in layout.bounds.iter().enumerate() {
                assert_eq!(layout.cell(*bound), cell, "{unit:?} {bound}");
                assert_eq!(layout.cell(*bound + 1), cell + 1, "{unit:?} {bound} + 1");
            }
        }
    }

    #[test]
    fn the_table_agrees_with_a_search() {
        let layout = latency();
        let mut state = 1u64;
        for _ in 0..200_000 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let value = state >> (state % 64);
            assert_eq!(layout.cell(value), searched(&layout, value), "{value}");
        }
        for value in (0..5_000).chain([u64::MAX, u64::MAX - 1, 1 << 63]) {
            assert_eq!(layout.cell(value), searched(&layout, value), "{value}");
        }
    }

    #[test]
    fn seconds_are_recorded_without_drift() {
        let layout = latency();
        for milliseconds in 0..20_000u64 {
            let seconds = milliseconds as f64 / 1000.0;
            assert_eq!(layout.record_of(seconds), Some(milliseconds * 1_000_000));
        }
        assert_eq!(layout.record_of(-0.001), None);
        assert_eq!(layout.record_of(f64::NAN), None);
        assert_eq!(layout.record_of(f64::INFINITY), None);
        assert_eq!(layout.record_of(f64::MAX), Some(u64::MAX));
        assert_eq!(layout.record_of(9.3e9), Some(u64::MAX)); // 295 years
    }

    #[test]
    fn bounds_too_close_for_any_table_are_refused() {
        assert!(Layout::new(Unit::Seconds, &[1.5, 1.500_001, 1.500_002]).is_none());
        assert!(Layout::new(Unit::Bytes, &[0.1, 0.2]).is_none());
        assert!(Layout::new(Unit::None, &[1e12, 1e13]).is_none());
    }

    /// What is above the last classic bound is so for the native buckets too.
    #[test]
    fn native_buckets_reach_as_far_as_classic_ones() {
        let layout = Layout::new(Unit::None, &[1e9, 1e10, 1e11]).unwrap();
        for value in [5e8, 5e9, 5e10, 9e10] {
            let cell = layout.cell(layout.record_of(value).unwrap());
            let expected = (f64::log2(value) * 8.0).ceil() as i32;
            assert_eq!(layout.native()[cell], NativeIndex::Positive(expected));
        }
        for value in [5e12, 1e18, f64::MAX] {
            let cell = layout.cell(layout.record_of(value).unwrap());
            assert_eq!(
                layout.native()[cell],
                NativeIndex::Positive(8193),
                "{value}"
            );
            assert_eq!(layout.classic_bucket(cell), 3);
        }
    }
}

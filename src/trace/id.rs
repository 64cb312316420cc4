//! Ids of traces and spans: random, and never all zeros.

/// A new trace's id.
#[inline]
pub(crate) fn trace() -> [u64; 2] {
    [not_zero(), fastrand::u64(..)]
}

/// A new span's id.
#[inline]
pub(crate) fn span() -> u64 {
    not_zero()
}

#[inline]
fn not_zero() -> u64 {
    loop {
        let id = fastrand::u64(..);
        if id != 0 {
            return id;
        }
    }
}

//! Takes the values in as `tracing` hands them out, and formats those that are not numbers or texts.

use std::error::Error;
use std::fmt::{self, Debug, Write as _};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

use tracing::field::{Field, Visit};

use crate::fields::captured::{EntryValue, Fields};
use crate::sql;
use crate::text::{Short, cut};

/// The longest text that is kept, unless a reader shows more.
pub(crate) const LONGEST: usize = 20 << 10;

/// The longest statement that is kept. The values in it are left out later, so that little of it may remain.
const LONGEST_STATEMENT: usize = 1 << 20;

/// Errors that one is the cause of the other, at most.
const DEEPEST: usize = 16;

/// Stands in place of a value whose formatting panicked.
const PANICKED: &str = "[formatting panicked]";

static LONGEST_KEPT: AtomicUsize = AtomicUsize::new(LONGEST);

/// From now on texts are kept up to this length at least.
#[cfg(feature = "traces")]
pub(crate) fn keep_at_least(bytes: usize) {
    LONGEST_KEPT.fetch_max(bytes, Ordering::Relaxed);
}

/// Runs the service's own code; `None` when it panics.
pub(super) fn caught<T>(run: impl FnOnce() -> T) -> Option<T> {
    let result = catch_unwind(AssertUnwindSafe(run));
    result.map_err(std::mem::forget).ok() // dropping the payload may panic, too
}

fn longest(name: &str) -> usize {
    if sql::is_statement(name) {
        return LONGEST_STATEMENT;
    }
    LONGEST_KEPT.load(Ordering::Relaxed)
}

impl Fields {
    fn add(&mut self, field: &Field, value: EntryValue) {
        self.push(field.index(), field.name(), value);
    }

    /// Adds a text that is there already.
    pub(super) fn copy(&mut self, name: &str, text: &str) -> Range<usize> {
        let start = self.text.len();
        self.text.push_str(cut(text, longest(name)));
        start..self.text.len()
    }

    /// Formats a value. This is the service's own code: a value that panics is not shown, and the service goes on.
    pub(super) fn format(
        &mut self,
        name: &str,
        write: impl FnOnce(&mut Short<'_>) -> fmt::Result,
    ) -> Range<usize> {
        let start = self.text.len();
        let mut out = Short {
            longest: start.saturating_add(longest(name)),
            text: &mut self.text,
        };
        // What is too long is cut, and an error that `fmt` returns means no more than that.
        if caught(|| write(&mut out)).is_none() {
            self.text.truncate(start);
            self.text.push_str(PANICKED);
        }
        start..self.text.len()
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let text = self.format(field.name(), |out| write!(out, "{value:?}"));
        self.add(field, EntryValue::text(text));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let text = self.format(field.name(), |out| write_error(out, value));
        self.add(field, EntryValue::text(text));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let text = self.copy(field.name(), value);
        self.add(field, EntryValue::text(text));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, EntryValue::Bool(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, EntryValue::Int(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, EntryValue::Unsigned(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, EntryValue::Float(value));
    }
}

/// Writes an error with its causes, but for those whose text the one above ends with.
fn write_error(out: &mut Short<'_>, error: &(dyn Error + 'static)) -> fmt::Result {
    let start = out.text.len();
    write!(out, "{error}")?;
    let mut cause = error.source();
    let mut text = String::new();
    for _ in 0..DEEPEST {
        let Some(known) = cause else { break };
        text.clear();
        let mut short = Short {
            text: &mut text,
            longest: LONGEST,
        };
        let _ = write!(short, "{known}"); // what is too long is cut
        if !out.text[start..].ends_with(&text) {
            write!(out, ": {text}")?;
        }
        cause = known.source();
    }
    Ok(())
}

//! The record of a panic, where no layer of ours sees its event.

use std::cell::Cell;

use tracing::Level;

use crate::catalog::{self, Dataset};
use crate::logs::Logs;
use crate::logs::escape::told;
use crate::logs::fields::LONGEST_MESSAGE;
use crate::logs::line::{field, number};
use crate::logs::output;
use crate::logs::own::Origin;
use crate::logs::pairs::{Kind, Pairs};
use crate::trace_context::TraceContext;

/// The longest line of a backtrace that is shown to people.
const LONGEST_FRAME: usize = 512;

thread_local! {
    /// The log whose layer saw the record of this thread's panic, by its address, and whether it wrote the line.
    static TAKEN: Cell<Option<(usize, bool)>> = const { Cell::new(None) };
}

/// What there is to say of a panic.
pub(crate) struct Panicked<'a> {
    /// All of it in one line.
    pub(crate) headline: &'a str,
    /// What it panicked with.
    pub(crate) message: &'a str,
    pub(crate) thread: Option<&'a str>,
    /// The file, the line and both with the column.
    pub(crate) place: Option<(&'a str, u32, &'a str)>,
    pub(crate) backtrace: Option<&'a str>,
}

impl Logs {
    /// Emits the event of a panic. Whether the layer of this log wrote its line; `None` where no such layer saw it.
    pub(crate) fn emit_panic(&self, event: impl FnOnce()) -> Option<bool> {
        let _ = TAKEN.try_with(Cell::take);
        event();
        let taken = TAKEN.try_with(Cell::take).ok().flatten();
        let (log, is_written) = taken?;
        (log == self.address()).then_some(is_written)
    }

    /// The layer of this log saw the record of a panic.
    pub(crate) fn has_taken_panic(&self, is_written: bool) {
        let _ = TAKEN.try_with(|taken| taken.set(Some((self.address(), is_written))));
    }

    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// Whether panics are written: not by the thread that writes, which would go on for ever, and not where the filter leaves them out.
    pub(crate) fn takes_panics(&self) -> bool {
        !output::is_writer() && self.filter.admits(catalog::PANIC, &Level::ERROR)
    }

    /// Whether lines are for people, not for a store.
    pub(crate) fn is_for_people(&self) -> bool {
        self.format.style.is_for_people()
    }

    /// Writes the line, whatever else there is; whether there was room for it.
    pub(crate) fn write_panic(&self, panicked: &Panicked<'_>) -> bool {
        let style = self.format.style;
        let (mut message, mut tail, mut pairs) = (Vec::new(), Vec::new(), Pairs::default());
        told(&mut message, panicked.headline, LONGEST_MESSAGE, style);
        field(&mut tail, style, catalog::LOG_LOGGER, catalog::PANIC);
        if !style.is_for_people() {
            let mut add = |name: &str, text: &str| {
                pairs.add_text(style, Kind::Schema, name, text);
            };
            add(catalog::ERROR_TYPE_NAME, catalog::PANIC);
            add(catalog::ERROR_MESSAGE_NAME, panicked.message);
            if let Some(thread) = panicked.thread {
                add(catalog::PROCESS_THREAD_NAME, thread);
            }
            if let Some(backtrace) = panicked.backtrace {
                add(catalog::ERROR_STACK_TRACE_NAME, backtrace);
            }
            if let Some((file, line, location)) = panicked.place {
                field(&mut tail, style, catalog::LOG_ORIGIN_FILE_NAME, file);
                number(&mut tail, style, catalog::LOG_ORIGIN_FILE_LINE, line.into());
                pairs.add_text(style, Kind::Label, catalog::PANIC_LOCATION, location);
            }
        }
        let origin = Origin {
            target: catalog::PANIC,
            tail: &tail,
        };
        let (dataset, context) = (Dataset::Application, TraceContext::present());
        let line = self.line_of(origin, dataset, Level::ERROR, context, &message, &pairs);
        self.output.put_surely(line)
    }

    /// Writes a text of several lines as it is, for people: what belongs to the line before.
    pub(crate) fn write_for_people(&self, text: &str) {
        let style = self.format.style;
        let mut out = self.output.buffer();
        for line in text.lines() {
            told(&mut out, line, LONGEST_FRAME, style);
            out.push(b'\n');
        }
        self.output.put_surely(output::Line {
            content: output::Content::Written(out),
            dataset: Dataset::Application,
            level: Level::ERROR,
        });
    }
}

//! Lines that are not of `tracing`: what the library tells by itself.

use std::time::SystemTime;

use tracing::Level;

use crate::catalog::Dataset;
use crate::logs::Logs;
use crate::logs::escape::told;
use crate::logs::fields::LONGEST_MESSAGE;
use crate::logs::filter::Verdict;
use crate::logs::line::Head;
use crate::logs::output::Line;
use crate::logs::pairs::Pairs;
use crate::trace_context::TraceContext;

/// Whether lines of each stream are wanted at each level.
#[derive(Default)]
pub(crate) struct Verdicts([[Verdict; LEVELS.len()]; Dataset::ALL.len()]);

/// Where a line comes from, as text and as it is written in JSON.
#[derive(Clone, Copy)]
pub(crate) struct Origin<'a> {
    pub(crate) target: &'a str,
    pub(crate) tail: &'a [u8],
}

impl Origin<'_> {
    /// The library.
    pub(crate) const OWN: Self = Self {
        target: env!("CARGO_CRATE_NAME"),
        tail: b"",
    };
}

/// The names of levels, from the most detailed.
pub(crate) const LEVELS: [&str; 5] = ["trace", "debug", "info", "warn", "error"];

/// The place of a level among them.
pub(crate) fn place(level: Level) -> usize {
    match level {
        Level::TRACE => 0,
        Level::DEBUG => 1,
        Level::INFO => 2,
        Level::WARN => 3,
        _ => 4,
    }
}

/// What a filter calls where lines of a stream come from.
fn target(dataset: Dataset) -> &'static str {
    match dataset {
        Dataset::Application => env!("CARGO_CRATE_NAME"),
        other => other.as_str(),
    }
}

impl Logs {
    /// Whether such lines are wanted.
    pub(crate) fn wants_own(&self, dataset: Dataset, level: Level) -> bool {
        let verdict = &self.verdicts.0[dataset as usize][place(level)];
        verdict.of(&self.filter, || self.filter.admits(target(dataset), &level))
    }

    /// A line with this message and these fields, which are written already.
    pub(crate) fn own_line(
        &self,
        dataset: Dataset,
        level: Level,
        context: Option<TraceContext>,
        message: &[u8],
        pairs: &Pairs,
    ) -> Line {
        let origin = Origin {
            target: target(dataset),
            ..Origin::OWN
        };
        self.line_of(origin, dataset, level, context, message, pairs)
    }

    /// Writes a warning of the library's own, unless the filter leaves it out.
    pub(crate) fn warn(&self, what: &str) {
        let (dataset, level) = (Dataset::Application, Level::WARN);
        if self.wants_own(dataset, level) {
            let mut message = Vec::new();
            told(&mut message, what, LONGEST_MESSAGE, self.format.style);
            let line = self.own_line(dataset, level, None, &message, &Pairs::default());
            self.output.put(line);
        }
    }

    /// A line about a place in the code.
    pub(crate) fn line_of(
        &self,
        origin: Origin<'_>,
        dataset: Dataset,
        level: Level,
        context: Option<TraceContext>,
        message: &[u8],
        pairs: &Pairs,
    ) -> Line {
        let head = Head {
            at: SystemTime::now(),
            level,
            dataset,
            context,
            target: origin.target,
            tail: origin.tail,
        };
        let mut text = self.output.buffer();
        self.format.write(&mut text, &head, message, pairs);
        Line::of(text, &head)
    }
}

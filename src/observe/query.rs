//! One query of a database: its time, its span, and what the log tells of it.

use std::borrow::Cow;
use std::sync::OnceLock;
use std::time::Duration;

use crate::catalog;
use crate::logs::{QueryEnded, Rows};
use crate::metrics::{FamilyCore, resolve};
use crate::observe::histogram_cache::HistogramCache;
use crate::observe::meter::Meter;
use crate::sql;
use crate::trace::current::{self, Open};
use crate::trace::{Attribute, Kind, Status};
use crate::trace_context::TraceContext;

/// The longest statement that is told of.
const LONGEST: usize = 2048;

/// The times of queries, as they occur.
pub(crate) struct QueryTimes {
    family: OnceLock<&'static FamilyCore>,
    durations: HistogramCache<(usize, QueryOutcome)>,
}

/// What became of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum QueryOutcome {
    Success,
    Failure,
    /// Nobody wanted to know any more.
    Cancelled,
    /// Nobody says.
    Unknown,
}

impl QueryOutcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Cancelled => "cancelled",
            Self::Unknown => "unknown",
        }
    }
}

impl QueryTimes {
    pub(crate) fn new() -> Self {
        Self {
            family: OnceLock::new(),
            durations: HistogramCache::new(),
        }
    }

    fn record(
        &'static self,
        meter: &Meter,
        operation: usize,
        outcome: QueryOutcome,
        took: Duration,
        context: Option<TraceContext>,
    ) {
        let resolve = || {
            let family = || meter.registry.own(catalog::DB_QUERY_DURATION);
            let labels = [sql::OPERATIONS[operation], outcome.as_str()];
            resolve(self.family.get_or_init(family), &labels)
        };
        let duration = self.durations.get((operation, outcome), resolve);
        duration.record(nanoseconds(took), context.as_ref());
    }
}

/// A query that has ended.
pub(crate) struct Queried<'a> {
    /// What it is called; else its statement says what it is.
    pub(crate) name: Option<&'a str>,
    /// Which database it is of, as `db.system.name` has it.
    pub(crate) system: Option<&'static str>,
    /// Its statement with the values in it, where it is known.
    pub(crate) statement: &'a str,
    pub(crate) took: Duration,
    pub(crate) rows: Rows,
    pub(crate) outcome: QueryOutcome,
    pub(crate) error: Option<&'a str>,
}

impl Queried<'_> {
    /// Tells all signals of it. `span` is its own, if it had one while it ran.
    pub(crate) fn tell(&self, meter: &'static Meter, span: Option<Open>) {
        let operation = sql::operation(self.name.unwrap_or(self.statement));
        let past = || current::has_ended(nanoseconds(self.took), Cow::Borrowed(""));
        let span = span.or_else(past);
        let context = match &span {
            Some(span) => Some(span.context),
            None => TraceContext::present(),
        };
        meter
            .queries
            .record(meter, operation, self.outcome, self.took, context);
        let has_failed = self.outcome == QueryOutcome::Failure;
        let line = meter.logs().and_then(|logs| {
            let level = logs.wants_query(has_failed, self.took)?;
            Some((logs, level))
        });
        if line.is_none() && span.is_none() {
            return; // nobody wants to know what it was
        }
        let operation = sql::OPERATIONS[operation];
        let statement = sql::without_values(self.statement, LONGEST);
        let error = self.error.map(sql::error);
        if let Some((logs, level)) = line {
            let of_statement = match statement.is_empty() {
                true => operation,
                false => &statement,
            };
            let ended = QueryEnded {
                operation,
                summary: self.name.unwrap_or(of_statement),
                statement: &statement,
                outcome: self.outcome.as_str(),
                took: self.took,
                rows: self.rows.concerned(operation),
                error: error.as_deref(),
                context,
            };
            logs.query(level, &ended);
        }
        if let Some(span) = span {
            self.close(span, operation, statement, error);
        }
    }

    // Source: OpenTelemetry's semantic conventions for database client spans, version 1.
    #[cold]
    fn close(
        &self,
        mut span: Open,
        operation: &'static str,
        statement: String,
        why: Option<String>,
    ) {
        let is_known = operation != sql::OTHER;
        span.span.kind = Kind::Client;
        span.span.name = match self.name {
            Some(name) => name.to_owned().into(),
            None if is_known => operation.into(),
            None => "query".into(),
        };
        if let Some(system) = self.system {
            span.tell(Attribute::text("db.system.name", system));
        }
        if let Some(name) = self.name {
            span.tell(Attribute::text("db.query.summary", name.to_owned()));
        }
        if is_known {
            span.tell(Attribute::text("db.operation.name", operation));
        }
        if !statement.is_empty() {
            span.tell(Attribute::text("db.query.text", statement));
        }
        let returned = self.rows.returned(operation);
        if let Some(rows) = returned.and_then(|rows| i64::try_from(rows).ok()) {
            span.tell(Attribute::int("db.response.returned_rows", rows));
        }
        let error = match self.outcome {
            QueryOutcome::Failure => Some("failure"),
            QueryOutcome::Cancelled => Some("cancelled"),
            QueryOutcome::Success | QueryOutcome::Unknown => None,
        };
        if let Some(error) = error {
            span.tell(Attribute::text("error.type", error));
            span.span.status = Status::Error(why.unwrap_or_default().into());
        }
        span.end_after(nanoseconds(self.took));
    }
}

fn nanoseconds(took: Duration) -> u64 {
    u64::try_from(took.as_nanos()).unwrap_or(u64::MAX)
}

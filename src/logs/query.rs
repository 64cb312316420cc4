//! Queries of databases, as `tracing` events tell of them, and their lines.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::{Level, Metadata};

use crate::catalog::{self, Dataset};
use crate::fields::{Fields, Name, Value};
use crate::logs::Logs;
use crate::logs::escape::{Style, shown};
use crate::logs::fields::LONGEST_MESSAGE;
use crate::logs::pairs::{Kind, Pairs};
use crate::sql::is_statement;
use crate::trace_context::TraceContext;

/// The field that makes an event with a statement a query that has ended, as sqlx has it.
const SECONDS: &str = "elapsed_secs";

/// Whether a place may tell of queries: its events do, or it asks whether they would be wanted, as sqlx does, without saying what is in them.
pub(crate) fn may_tell_of_queries(metadata: &Metadata<'_>) -> bool {
    let asks = !metadata.is_event() && !metadata.is_span() && metadata.target() == "sqlx::query";
    (asks && *metadata.level() <= Level::DEBUG) || tells_of_queries(metadata) || connects(metadata)
}

/// Whether events of this place tell of queries.
pub(crate) fn tells_of_queries(metadata: &Metadata<'_>) -> bool {
    let has = |name: &str| metadata.fields().field(name).is_some();
    let mut fields = metadata.fields().iter();
    metadata.is_event() && has(SECONDS) && fields.any(|field| is_statement(field.name()))
}

/// Whether it is one of the spans that connect.
pub(crate) fn connects(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && metadata.target() == catalog::QUERY_SPAN
}

/// Who is told of queries.
pub(crate) trait TakesQueries: Send + Sync {
    /// A query has ended, of which somebody may wait to hear.
    fn take(&self, query: QueryEvent, listener: Option<Arc<Listener>>);

    /// The one who waits to hear of queries of this thread.
    fn listener(&self) -> Option<Arc<Listener>>;
}

/// What an event tells of a query.
#[derive(Clone, Debug, Default)]
pub(crate) struct QueryEvent {
    /// The statement as it is, with the values in it.
    pub(crate) statement: String,
    pub(crate) took: Duration,
    pub(crate) rows: Rows,
    pub(crate) error: Option<String>,
}

/// How many rows a query returned, and how many it changed, as far as somebody tells.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rows {
    returned: Option<u64>,
    changed: Option<u64>,
}

impl Rows {
    /// Takes over what a field of this name says.
    fn set(&mut self, name: Name<'_>, number: u64) {
        match name.as_str() {
            "rows_returned" | "db.response.returned_rows" => self.returned = Some(number),
            "rows_affected" => self.changed = Some(number),
            _ => {}
        }
    }

    fn add(&mut self, more: Self) {
        let sum = |one: Option<u64>, other: Option<u64>| match (one, other) {
            (Some(one), Some(other)) => Some(one.saturating_add(other)),
            (one, other) => one.or(other),
        };
        self.returned = sum(self.returned, more.returned);
        self.changed = sum(self.changed, more.changed);
    }

    /// Those that were returned by something that does this; what changes rows mostly returns none.
    pub(crate) fn returned(&self, operation: &str) -> Option<u64> {
        let reads = matches!(operation, "SELECT" | "PRAGMA" | "EXPLAIN");
        self.returned.filter(|returned| reads || *returned > 0)
    }

    /// Those that it is about. Of what reads, nobody asks for those that something before it has changed.
    pub(crate) fn concerned(&self, operation: &str) -> Option<u64> {
        let changed = match operation {
            "SELECT" | "PRAGMA" | "EXPLAIN" => None,
            _ => self.changed,
        };
        self.returned(operation).or(changed).or(self.returned)
    }
}

impl QueryEvent {
    pub(crate) fn of(fields: &Fields) -> Self {
        let mut event = Self::default();
        let mut summary = "";
        for (name, value) in fields.iter() {
            match (name.as_str(), value) {
                ("error" | "err", Value::Text(text)) => {
                    event.error = Some(text.as_str().to_owned());
                }
                ("summary", Value::Text(text)) => summary = text.as_str(),
                (name, Value::Text(text)) if is_statement(name) => {
                    text.as_str().clone_into(&mut event.statement);
                }
                (SECONDS, Value::Float(seconds)) => {
                    event.took = Duration::try_from_secs_f64(seconds).unwrap_or_default();
                }
                (_, Value::Unsigned(number)) => event.rows.set(name, number),
                (_, Value::Int(number)) => {
                    if let Ok(number) = u64::try_from(number) {
                        event.rows.set(name, number);
                    }
                }
                _ => {}
            }
        }
        if event.statement.trim().is_empty() {
            summary.clone_into(&mut event.statement); // sqlx, where that is all of it
        }
        event
    }
}

/// Hears what is told of a query while it runs, on whatever thread.
pub(crate) struct Listener(Mutex<State>);

impl Default for Listener {
    fn default() -> Self {
        Self(Mutex::new(State::Open(Heard::default())))
    }
}

/// Whether it still listens.
enum State {
    Open(Heard),
    /// Since when not, and whether the query that it listened for has yet to be told of: by a thread that is late.
    Closed(Instant, bool),
}

/// What was heard.
#[derive(Default)]
pub(crate) struct Heard {
    /// The last statement, with the values in it.
    pub(crate) statement: String,
    pub(crate) rows: Rows,
}

impl Listener {
    /// Hears of a query; gives it back where nobody listens any more.
    pub(crate) fn hear(&self, query: QueryEvent) -> Option<QueryEvent> {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let heard = match &mut *heard {
            State::Open(heard) => heard,
            State::Closed(since, is_awaited) => {
                let began = Instant::now().checked_sub(query.took);
                let is_late = *is_awaited && began.is_none_or(|began| began <= *since);
                *is_awaited &= !is_late;
                return (!is_late).then_some(query);
            }
        };
        heard.statement = query.statement;
        heard.rows.add(query.rows);
        None
    }

    /// What was heard. From now on nobody listens.
    pub(crate) fn heard(&self) -> Heard {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_awaited = matches!(&*state, State::Open(heard) if heard.statement.is_empty());
        match std::mem::replace(&mut *state, State::Closed(Instant::now(), is_awaited)) {
            State::Open(heard) => heard,
            State::Closed(..) => Heard::default(),
        }
    }
}

/// A query that has ended.
pub(crate) struct QueryEnded<'a> {
    pub(crate) operation: &'static str,
    /// What it is called, or its statement.
    pub(crate) summary: &'a str,
    /// Its statement without the values, where it is known.
    pub(crate) statement: &'a str,
    pub(crate) outcome: &'static str,
    pub(crate) took: Duration,
    pub(crate) rows: Option<u64>,
    pub(crate) error: Option<&'a str>,
    pub(crate) context: Option<TraceContext>,
}

impl QueryEnded<'_> {
    /// As the schema has it.
    fn event_outcome(&self) -> &'static str {
        match self.outcome {
            "success" | "failure" => self.outcome,
            _ => "unknown",
        }
    }
}

impl Logs {
    /// The level of the line of a query, if that is wanted: those that fail are errors, slow ones are warnings, and all others are for debugging.
    pub(crate) fn wants_query(&self, has_failed: bool, took: Duration) -> Option<Level> {
        let level = match has_failed {
            true => Level::ERROR,
            false if took >= self.slow_query => Level::WARN,
            false => Level::DEBUG,
        };
        self.wants_own(Dataset::Database, level).then_some(level)
    }

    /// Writes the line of a query.
    pub(crate) fn query(&self, level: Level, ended: &QueryEnded<'_>) {
        let style = self.format.style;
        let mut message = Vec::new();
        shown(&mut message, ended.summary, LONGEST_MESSAGE, style);
        let mut pairs = Pairs::default();
        describe(ended, style, &mut pairs);
        let (dataset, context) = (Dataset::Database, ended.context);
        let line = self.own_line(dataset, level, context, &message, &pairs);
        self.output.put(line);
    }
}

fn describe(ended: &QueryEnded<'_>, style: Style, pairs: &mut Pairs) {
    let (schema, label) = (Kind::Schema, Kind::Label);
    if !style.is_for_people() {
        let kind = match ended.outcome {
            "failure" => "error",
            _ => "access",
        };
        pairs.add_event(style, "database", kind);
    }
    pairs.add_text(style, schema, catalog::EVENT_OUTCOME, ended.event_outcome());
    pairs.add_duration(style, ended.took.as_nanos() as u64);
    if let Some(error) = ended.error {
        pairs.add_text(style, schema, catalog::ERROR_MESSAGE_NAME, error);
    }
    pairs.add_text(style, label, catalog::OPERATION, ended.operation);
    if !ended.statement.is_empty() {
        pairs.add_statement(style, catalog::STATEMENT, ended.statement);
    }
    if let Some(rows) = ended.rows {
        pairs.add_number(style, label, catalog::ROWS, rows);
    }
}

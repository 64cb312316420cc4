//! The line of an attempt to authenticate.

use std::fmt::Write as _;
use std::net::IpAddr;

use tracing::Level;

use crate::catalog::{self, Dataset};
use crate::logs::Logs;
use crate::logs::escape::{Style, plain};
use crate::logs::pairs::{Kind, Pairs};
use crate::trace_context::TraceContext;

/// An attempt to authenticate.
pub(crate) struct Attempted {
    pub(crate) mechanism: &'static str,
    pub(crate) action: &'static str,
    pub(crate) outcome: &'static str,
    pub(crate) reason: Option<&'static str>,
    /// The keyed hash of who it was.
    pub(crate) user: Option<u128>,
    pub(crate) source: Option<IpAddr>,
    pub(crate) context: Option<TraceContext>,
}

impl Logs {
    /// Writes the line of an attempt: a warning if it failed.
    pub(crate) fn attempted(&self, attempted: &Attempted) {
        let level = match attempted.reason {
            Some(_) => Level::WARN,
            None => Level::INFO,
        };
        if !self.wants_own(Dataset::Authentication, level) {
            return;
        }
        let style = self.format.style;
        let mut message = Vec::new();
        for word in [
            attempted.action,
            " by ",
            attempted.mechanism,
            ": ",
            attempted.outcome,
        ] {
            plain(&mut message, word, style);
        }
        let mut pairs = Pairs::default();
        describe(attempted, style, &mut pairs);
        let (dataset, context) = (Dataset::Authentication, attempted.context);
        let line = self.own_line(dataset, level, context, &message, &pairs);
        self.output.put(line);
    }
}

fn describe(attempted: &Attempted, style: Style, pairs: &mut Pairs) {
    let schema = Kind::Schema;
    if !style.is_for_people() {
        let kind = match attempted.action {
            "login" => "start",
            "logout" => "end",
            _ => "info",
        };
        pairs.add_event(style, "authentication", kind);
        pairs.add_text(style, schema, catalog::EVENT_ACTION, attempted.action);
        pairs.add_text(style, schema, catalog::EVENT_OUTCOME, attempted.outcome);
    }
    if let Some(reason) = attempted.reason {
        pairs.add_text(style, schema, catalog::EVENT_REASON, reason);
    }
    if let Some(user) = attempted.user {
        let mut digits = String::new();
        let _ = write!(digits, "{user:032x}"); // into a text, which takes all
        pairs.add_text(style, schema, catalog::USER_HASH, digits.as_str());
    }
    if let Some(source) = attempted.source {
        let source = source.to_canonical().to_string();
        pairs.add_text(style, schema, catalog::SOURCE_IP, source.as_str());
    }
    pairs.add_text(style, Kind::Label, catalog::MECHANISM, attempted.mechanism);
}

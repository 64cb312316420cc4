//! The line of what an operator has done: it is written whatever the filter is.

use std::net::IpAddr;

use tracing::Level;

use crate::catalog::{self, Dataset};
use crate::logs::Logs;
use crate::logs::escape::plain;
use crate::logs::pairs::{Kind, Pairs};

impl Logs {
    /// Tells what was done, whether it was allowed, by whom, and what was set to what; whether there was room for that.
    pub(crate) fn audit(
        &self,
        action: &'static str,
        is_success: bool,
        from: Option<IpAddr>,
        what: &[(&'static str, String)],
    ) -> bool {
        let style = self.format.style;
        let mut message = Vec::new();
        plain(&mut message, action, style);
        let mut pairs = Pairs::default();
        if !style.is_for_people() {
            pairs.add_event(style, "configuration", "change");
        }
        let outcome = if is_success { "success" } else { "failure" };
        pairs.add_text(style, Kind::Schema, catalog::EVENT_ACTION, action);
        pairs.add_text(style, Kind::Schema, catalog::EVENT_OUTCOME, outcome);
        if let Some(from) = from {
            let from = from.to_canonical().to_string();
            pairs.add_text(style, Kind::Schema, catalog::SOURCE_IP, from.as_str());
        }
        for (name, value) in what {
            pairs.add_text(style, Kind::Label, name, value.as_str());
        }
        let dataset = Dataset::Application;
        let line = self.own_line(dataset, Level::WARN, None, &message, &pairs);
        self.output.put_surely(line)
    }
}

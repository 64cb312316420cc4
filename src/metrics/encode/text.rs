//! The Prometheus text format 0.0.4.
//!
//! Source: the exposition formats of the Prometheus documentation.

use std::fmt::Write as _;

use crate::metrics::sink::{Head, Labels, Sink, Type, Value, number};

/// The `Content-Type` of what [`Registry::render`](crate::metrics::Registry::render) writes.
pub const TEXT_CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Writes families as text; a family without series is left out.
#[derive(Default)]
pub(crate) struct Text {
    out: String,
    /// The family whose head is written, or is about to be.
    name: String,
    summary: bool,
    head: String,
}

impl Text {
    pub(crate) fn finish(self) -> String {
        self.out
    }

    fn line(&mut self, suffix: &str, block: &str, extra: &str, value: impl FnOnce(&mut String)) {
        self.out.push_str(&self.name);
        self.out.push_str(suffix);
        if !(block.is_empty() && extra.is_empty()) {
            self.out.push('{');
            self.out.push_str(block);
            if !(block.is_empty() || extra.is_empty()) {
                self.out.push(',');
            }
            self.out.push_str(extra);
            self.out.push('}');
        }
        self.out.push(' ');
        value(&mut self.out);
        self.out.push('\n');
    }
}

impl Sink for Text {
    fn family(&mut self, head: &Head<'_>) {
        let kind = match head.kind {
            Type::Ours(kind) => kind.as_str(),
            #[cfg(feature = "prometheus")]
            Type::Summary => "summary",
            #[cfg(feature = "prometheus")]
            Type::Untyped => "untyped",
        };
        self.name.clear();
        self.name.push_str(head.name);
        self.summary = kind == "summary";
        self.head.clear();
        let _ = write!(self.head, "# HELP {} ", head.name); // writing to a String does not fail
        for c in head.help.chars() {
            match c {
                '\\' => self.head.push_str("\\\\"),
                '\n' => self.head.push_str("\\n"),
                c => self.head.push(c),
            }
        }
        let _ = writeln!(self.head, "\n# TYPE {} {kind}", head.name);
    }

    fn series(&mut self, labels: &Labels<'_>, value: &Value<'_>) {
        self.out.push_str(&self.head);
        self.head.clear();
        match value {
            Value::Whole(n) => self.line("", labels.block, "", |out| whole(out, *n)),
            Value::Number(n) => self.line("", labels.block, "", |out| number(out, *n)),
            Value::Histogram(snapshot) => {
                for (_, le, count) in snapshot.classic() {
                    self.line("_bucket", labels.block, le, |out| whole(out, count));
                }
                let count = snapshot.count();
                self.line("_bucket", labels.block, "le=\"+Inf\"", |out| {
                    whole(out, count)
                });
                self.line("_sum", labels.block, "", |out| number(out, snapshot.sum()));
                self.line("_count", labels.block, "", |out| whole(out, count));
            }
            #[cfg(feature = "prometheus")]
            Value::Foreign(foreign) => {
                let (suffix, label) = match self.summary {
                    true => ("", "quantile"),
                    false => ("_bucket", "le"),
                };
                for (at, value) in foreign.parts {
                    let mut extra = format!("{label}=\"");
                    number(&mut extra, *at);
                    extra.push('"');
                    self.line(suffix, labels.block, &extra, |out| number(out, *value));
                }
                self.line("_sum", labels.block, "", |out| number(out, foreign.sum));
                self.line("_count", labels.block, "", |out| whole(out, foreign.count));
            }
        }
    }
}

fn whole(out: &mut String, value: u64) {
    let _ = write!(out, "{value}"); // writing to a String does not fail
}

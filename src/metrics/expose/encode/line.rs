//! Lines of the text formats: a name, labels, and what follows.

use std::borrow::Cow;

use crate::metrics::expose::encode::escape::{Owner, escape, is_legacy};
use crate::metrics::expose::encode::format::Escaping;
use crate::metrics::expose::encode::labels::{push_escaped, push_label};
use crate::metrics::expose::sink::Labels;

/// The name of a family as it is written, and the labels of a series.
#[derive(Default)]
pub(crate) struct Line {
    name: String,
    /// A name that is no identifier stands in quotes among the labels.
    is_quoted: bool,
    labels: String,
}

impl Line {
    /// From here on lines of this family are written, whose name is this without the suffix.
    pub(crate) fn family(&mut self, name: &str, suffix: &str, escaping: Escaping) {
        self.name.clear();
        escape(&mut self.name, name, Owner::Metric, escaping);
        if self.name.len() > suffix.len() && self.name.ends_with(suffix) {
            self.name.truncate(self.name.len() - suffix.len());
        }
        self.is_quoted = !is_legacy(&self.name, Owner::Metric);
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Writes the name as it stands in the lines of the family's head.
    pub(crate) fn name_in_head(&self, out: &mut Vec<u8>) {
        if self.is_quoted {
            out.push(b'"');
            out.extend_from_slice(quotable(&self.name).as_bytes());
            out.push(b'"');
        } else {
            out.extend_from_slice(self.name.as_bytes());
        }
    }

    /// From here on lines of this series are written.
    pub(crate) fn series(&mut self, labels: &Labels<'_>, escaping: Escaping) {
        self.labels.clear();
        match labels.written {
            Some(written) => self.labels.push_str(written.text),
            None => self.escaped(labels, escaping),
        }
    }

    fn escaped(&mut self, labels: &Labels<'_>, escaping: Escaping) {
        let mut escaped = String::new();
        for (name, value) in labels.names.iter().zip(labels.values) {
            escaped.clear();
            escape(&mut escaped, name, Owner::Label, escaping);
            if !is_legacy(&escaped, Owner::Label) {
                escaped = format!("\"{}\"", quotable(&escaped));
            }
            push_label(&mut self.labels, &escaped, value);
        }
    }

    /// Writes all of a line that comes before the value, the blank included. `extra` is a label of this line alone.
    #[inline]
    pub(crate) fn start(&self, out: &mut Vec<u8>, suffix: &str, extra: &str) {
        self.open(out, suffix, !extra.is_empty());
        if !extra.is_empty() {
            out.extend_from_slice(extra.as_bytes());
            out.push(b'}');
        }
        out.push(b' ');
    }

    /// Writes a line until an extra label follows, or to the end of the labels.
    pub(crate) fn open(&self, out: &mut Vec<u8>, suffix: &str, extra_follows: bool) {
        let mut has_labels = false;
        if self.is_quoted {
            out.extend_from_slice(b"{\"");
            out.extend_from_slice(quotable(&self.name).as_bytes());
            out.extend_from_slice(suffix.as_bytes());
            out.push(b'"');
            has_labels = true;
        } else {
            out.extend_from_slice(self.name.as_bytes());
            out.extend_from_slice(suffix.as_bytes());
        }
        if !self.labels.is_empty() {
            out.push(if has_labels { b',' } else { b'{' });
            out.extend_from_slice(self.labels.as_bytes());
            has_labels = true;
        }
        match (extra_follows, has_labels) {
            (true, true) => out.push(b','),
            (true, false) => out.push(b'{'),
            (false, true) => out.push(b'}'),
            (false, false) => {}
        }
    }
}

/// A name as it stands between quotes.
fn quotable(name: &str) -> Cow<'_, str> {
    if !name.contains(['\\', '"', '\n']) {
        return name.into();
    }
    let mut escaped = String::new();
    push_escaped(&mut escaped, name);
    escaped.into()
}

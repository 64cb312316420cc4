//! The Prometheus text formats 0.0.4 and 1.0.0, which differ in the names that they can show.
//!
//! Source: the exposition formats of the Prometheus documentation.

use crate::metrics::cells::snapshot::Snapshot;
use crate::metrics::expose::encode::format::Escaping;
use crate::metrics::expose::encode::line::Line;
use crate::metrics::expose::encode::number::{decimal, float, whole};
use crate::metrics::expose::encode::output::Output;
#[cfg(feature = "prometheus")]
use crate::metrics::expose::sink::Foreign;
use crate::metrics::expose::sink::{Head, Sample, Sink, Type, Value};

/// The `Content-Type` of what [`Registry::render`](crate::metrics::Registry::render) writes.
pub const TEXT_CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Writes families as text; a family without series is left out.
pub(crate) struct Text<'a> {
    out: Output<'a>,
    escaping: Escaping,
    line: Line,
    is_summary: bool,
    /// The head of a family that has had no series so far.
    head: Vec<u8>,
    scratch: Vec<u8>,
}

impl<'a> Text<'a> {
    pub(crate) fn new(out: Output<'a>, escaping: Escaping) -> Self {
        Self {
            out,
            escaping,
            line: Line::default(),
            is_summary: false,
            head: Vec::new(),
            scratch: Vec::new(),
        }
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.out.rest()
    }

    fn value(&mut self, suffix: &str, extra: &str, write: impl FnOnce(&mut Vec<u8>)) {
        let out = &mut self.out.bytes;
        self.line.start(out, suffix, extra);
        write(out);
        out.push(b'\n');
    }

    fn histogram(&mut self, snapshot: &Snapshot) {
        let le = snapshot.layout.map_or(&[][..], |layout| layout.le());
        self.scratch.clear();
        self.line.open(&mut self.scratch, "_bucket", true);
        let out = &mut self.out.bytes;
        for ((_, count), le) in snapshot.classic().zip(le) {
            out.extend_from_slice(&self.scratch);
            out.extend_from_slice(le.as_bytes());
            out.extend_from_slice(b"} ");
            whole(out, count);
            out.push(b'\n');
        }
        let (count, (sum, places)) = (snapshot.count(), snapshot.exact_sum());
        self.value("_bucket", "le=\"+Inf\"", |out| whole(out, count));
        self.value("_sum", "", |out| decimal(out, sum, places));
        self.value("_count", "", |out| whole(out, count));
    }

    #[cfg(feature = "prometheus")]
    fn foreign(&mut self, foreign: &Foreign<'_>) {
        let (suffix, label) = match self.is_summary {
            true => ("", "quantile"),
            false => ("_bucket", "le"),
        };
        for (at, value) in foreign.parts {
            let mut extra = format!("{label}=\"").into_bytes();
            float(&mut extra, *at);
            extra.push(b'"');
            let extra = String::from_utf8_lossy(&extra);
            self.value(suffix, &extra, |out| float(out, *value));
        }
        if !self.is_summary {
            self.value("_bucket", "le=\"+Inf\"", |out| whole(out, foreign.count));
        }
        self.value("_sum", "", |out| float(out, foreign.sum));
        self.value("_count", "", |out| whole(out, foreign.count));
    }
}

impl Sink for Text<'_> {
    fn family(&mut self, head: &Head<'_>) -> bool {
        let kind = match head.kind {
            Type::Ours(kind) => kind.as_str(),
            Type::Info => "gauge",
            #[cfg(feature = "prometheus")]
            Type::Summary => "summary",
            #[cfg(feature = "prometheus")]
            Type::Untyped => "untyped",
        };
        self.is_summary = kind == "summary";
        self.line.family(head.name, "", self.escaping);
        let out = &mut self.head;
        out.clear();
        if !head.help.is_empty() {
            out.extend_from_slice(b"# HELP ");
            self.line.name_in_head(out);
            out.push(b' ');
            help(out, head.help);
            out.push(b'\n');
        }
        out.extend_from_slice(b"# TYPE ");
        self.line.name_in_head(out);
        out.push(b' ');
        out.extend_from_slice(kind.as_bytes());
        out.push(b'\n');
        true
    }

    fn series(&mut self, series: &Sample<'_>) {
        self.out.bytes.append(&mut self.head);
        self.line.series(&series.labels, self.escaping);
        match &series.value {
            Value::Whole(n) => self.value("", "", |out| whole(out, *n)),
            Value::Number(n) => self.value("", "", |out| float(out, *n)),
            Value::Histogram(snapshot) => self.histogram(snapshot),
            #[cfg(feature = "prometheus")]
            Value::Foreign(foreign) => self.foreign(foreign),
        }
        self.out.pause();
    }

    fn is_done(&self) -> bool {
        self.out.is_done()
    }
}

fn help(out: &mut Vec<u8>, help: &str) {
    for byte in help.bytes() {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            byte => out.push(byte),
        }
    }
}

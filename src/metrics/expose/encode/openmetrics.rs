//! OpenMetrics 1.0.
//!
//! Source: the OpenMetrics specification, version 1.0.0.

use crate::catalog::Kind;
use crate::metrics::cells::exemplar::Exemplar;
#[cfg(feature = "prometheus")]
use crate::metrics::cells::layout::canonical;
use crate::metrics::cells::snapshot::Snapshot;
use crate::metrics::cells::timestamp::Timestamp;
use crate::metrics::expose::encode::format::Escaping;
use crate::metrics::expose::encode::line::Line;
use crate::metrics::expose::encode::number::{decimal, float, padded, whole};
use crate::metrics::expose::encode::output::Output;
#[cfg(feature = "prometheus")]
use crate::metrics::expose::sink::Foreign;
use crate::metrics::expose::sink::{Head, Sample, Sink, Type, Value};
use crate::text::hex;

/// Writes families as OpenMetrics; a family without series is left out.
pub(crate) struct OpenMetrics<'a> {
    out: Output<'a>,
    escaping: Escaping,
    /// Whether to write when counting began, which old servers take for a series.
    created: bool,
    line: Line,
    kind: Type,
    /// What a counter's or info's sample has that its family has not.
    suffix: &'static str,
    /// The head of a family that has had no series so far.
    head: Vec<u8>,
    scratch: Vec<u8>,
}

impl<'a> OpenMetrics<'a> {
    pub(crate) fn new(out: Output<'a>, escaping: Escaping, created: bool) -> Self {
        Self {
            out,
            escaping,
            created,
            line: Line::default(),
            kind: Type::Info,
            suffix: "",
            head: Vec::new(),
            scratch: Vec::new(),
        }
    }

    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.out.bytes.extend_from_slice(b"# EOF\n");
        self.out.rest()
    }

    fn value(&mut self, suffix: &str, extra: &str, write: impl FnOnce(&mut Vec<u8>)) {
        let out = &mut self.out.bytes;
        self.line.start(out, suffix, extra);
        write(out);
        out.push(b'\n');
    }

    fn histogram(&mut self, snapshot: &Snapshot, since: Option<Timestamp>) {
        let le = snapshot
            .layout
            .map_or(&[][..], |layout| layout.le_canonical());
        let infinite = (snapshot.count(), "le=\"+Inf\"");
        let finite = snapshot.classic().zip(le).map(|((_, n), le)| (n, &**le));
        self.scratch.clear();
        self.line.open(&mut self.scratch, "_bucket", true);
        let out = &mut self.out.bytes;
        for (bucket, (count, le)) in finite.chain([infinite]).enumerate() {
            out.extend_from_slice(&self.scratch);
            out.extend_from_slice(le.as_bytes());
            out.extend_from_slice(b"} ");
            whole(out, count);
            if let Some((found, _)) = snapshot.exemplar(bucket) {
                let (_, places) = snapshot.exact_sum();
                exemplar(out, &found, |out| {
                    decimal(out, u128::from(found.value), places)
                });
            }
            out.push(b'\n');
        }
        let (sum, places) = snapshot.exact_sum();
        self.value("_count", "", |out| whole(out, snapshot.count()));
        self.value("_sum", "", |out| decimal(out, sum, places));
        self.created(since);
    }

    #[cfg(feature = "prometheus")]
    fn foreign(&mut self, foreign: &Foreign<'_>) {
        let (suffix, label) = match self.kind {
            Type::Summary => ("", "quantile"),
            _ => ("_bucket", "le"),
        };
        for (at, value) in foreign.parts {
            let extra = format!("{label}=\"{}\"", canonical(*at));
            self.value(suffix, &extra, |out| float(out, *value));
        }
        if self.kind != Type::Summary {
            self.value("_bucket", "le=\"+Inf\"", |out| whole(out, foreign.count));
        }
        self.value("_count", "", |out| whole(out, foreign.count));
        self.value("_sum", "", |out| float(out, foreign.sum));
    }

    fn single(&mut self, series: &Sample<'_>, write: impl FnOnce(&mut Vec<u8>)) {
        let found = series.exemplar.filter(|_| self.suffix == "_total");
        self.value(self.suffix, "", |out| {
            write(out);
            if let Some(found) = found {
                exemplar(out, &found, |out| whole(out, found.value));
            }
        });
        self.created(series.since.filter(|_| self.suffix == "_total"));
    }

    fn created(&mut self, since: Option<Timestamp>) {
        if let Some(since) = since.filter(|_| self.created) {
            self.value("_created", "", |out| seconds(out, since));
        }
    }
}

impl Sink for OpenMetrics<'_> {
    fn family(&mut self, head: &Head<'_>) -> bool {
        self.kind = head.kind;
        let (kind, suffix) = match head.kind {
            Type::Ours(Kind::Counter) if has_stem(head.name, "_total") => ("counter", "_total"),
            // Another name would be another series for whoever changes the format.
            Type::Ours(Kind::Counter) => ("unknown", ""),
            Type::Ours(kind) => (kind.as_str(), ""),
            Type::Info if has_stem(head.name, "_info") => ("info", "_info"),
            Type::Info => ("gauge", ""),
            #[cfg(feature = "prometheus")]
            Type::Summary => ("summary", ""),
            #[cfg(feature = "prometheus")]
            Type::Untyped => ("unknown", ""),
        };
        self.suffix = suffix;
        self.line.family(head.name, suffix, self.escaping);
        let out = &mut self.head;
        out.clear();
        let mut line = |what: &[u8], write: &dyn Fn(&mut Vec<u8>)| {
            out.extend_from_slice(what);
            self.line.name_in_head(out);
            out.push(b' ');
            write(out);
            out.push(b'\n');
        };
        line(b"# TYPE ", &|out| out.extend_from_slice(kind.as_bytes()));
        let unit = head.unit.as_str();
        if !unit.is_empty() && has_stem(self.line.name(), &format!("_{unit}")) {
            line(b"# UNIT ", &|out| out.extend_from_slice(unit.as_bytes()));
        }
        if !head.help.is_empty() {
            line(b"# HELP ", &|out| help(out, head.help));
        }
        true
    }

    fn series(&mut self, series: &Sample<'_>) {
        self.out.bytes.append(&mut self.head);
        self.line.series(&series.labels, self.escaping);
        match &series.value {
            Value::Whole(n) => self.single(series, |out| whole(out, *n)),
            Value::Number(n) => self.single(series, |out| float(out, *n)),
            Value::Histogram(snapshot) => self.histogram(snapshot, series.since),
            #[cfg(feature = "prometheus")]
            Value::Foreign(foreign) => self.foreign(foreign),
        }
        self.out.pause();
    }

    fn is_done(&self) -> bool {
        self.out.is_done()
    }
}

/// Whether the name ends so, after something.
fn has_stem(name: &str, suffix: &str) -> bool {
    name.strip_suffix(suffix)
        .is_some_and(|stem| !stem.is_empty())
}

fn help(out: &mut Vec<u8>, help: &str) {
    for byte in help.bytes() {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'"' => out.extend_from_slice(b"\\\""),
            byte => out.push(byte),
        }
    }
}

/// Writes an exemplar: 63 of the 128 characters that its labels may have.
fn exemplar(out: &mut Vec<u8>, exemplar: &Exemplar, value: impl FnOnce(&mut Vec<u8>)) {
    out.extend_from_slice(b" # {trace_id=\"");
    exemplar.trace.iter().for_each(|half| hex(out, *half));
    out.extend_from_slice(b"\",span_id=\"");
    hex(out, exemplar.span);
    out.extend_from_slice(b"\"} ");
    value(out);
    out.push(b' ');
    seconds(out, exemplar.at);
}

/// Writes a moment in seconds, to the millisecond, which is what Prometheus keeps.
fn seconds(out: &mut Vec<u8>, at: Timestamp) {
    whole(out, at.seconds());
    out.push(b'.');
    padded(out, u64::from(at.nanoseconds() / 1_000_000), 3);
}

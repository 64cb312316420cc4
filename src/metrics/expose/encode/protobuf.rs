//! Prometheus' protobuf format: one `io.prometheus.client.MetricFamily` after the other, each with its length before it.
//!
//! The length of a family is known after its last series, so a scrape buffers one family at a time. A counter or gauge takes 40 to
//! 140 bytes, a histogram 0.2 to 4 kB, each plus its labels, and `max_series` limits their number.
//!
//! Label pairs are sorted by name, as in the official client libraries.
//!
//! Source: `io/prometheus/client/metrics.proto` of prometheus/client_model.

use std::ops::Range;

use crate::catalog::Kind;
use crate::metrics::cells::exemplar::Exemplar;
use crate::metrics::cells::native::Native;
use crate::metrics::cells::snapshot::Snapshot;
use crate::metrics::cells::timestamp::Timestamp;
use crate::metrics::expose::encode::escape::{Owner, escape};
use crate::metrics::expose::encode::format::Escaping;
use crate::metrics::expose::encode::labels::label;
use crate::metrics::expose::encode::output::Output;
#[cfg(feature = "prometheus")]
use crate::metrics::expose::sink::Foreign;
use crate::metrics::expose::sink::{Head, Labels, Sample, Sink, Type, Value};
use crate::protobuf::{
    double, length_of, long_message, message, padded_varint, signed, text, unsigned, varint,
};
use crate::text::hex;

/// Writes families as protobuf; a family without series is left out.
pub(crate) struct Protobuf<'a> {
    out: Output<'a>,
    escaping: Escaping,
    /// Whether histograms have their native side.
    with_native: bool,
    kind: Type,
    /// The fields of the family before its series.
    head: Vec<u8>,
    /// Where the family begins that is being written.
    begun: Option<usize>,
    native: Native,
    scratch: Scratch,
}

/// Buffers for the names of labels.
#[derive(Default)]
struct Scratch {
    name: String,
    /// Where each name is in the buffer, and its index, sorted by name.
    sorted: Vec<(Range<usize>, usize)>,
}

/// The numbers of `MetricType`.
mod metric_type {
    pub(super) const COUNTER: u64 = 0;
    pub(super) const GAUGE: u64 = 1;
    #[cfg(feature = "prometheus")]
    pub(super) const SUMMARY: u64 = 2;
    #[cfg(feature = "prometheus")]
    pub(super) const UNTYPED: u64 = 3;
    pub(super) const HISTOGRAM: u64 = 4;
}

/// Bytes of the length of a family.
const FAMILY_LENGTH: usize = 5;

/// The numbers of the fields that most of a scrape consists of.
const METRIC: u64 = 4;
const GAUGE: u64 = 2;
const COUNTER: u64 = 3;
const HISTOGRAM: u64 = 7;
const BUCKET: u64 = 3;
const BUCKET_HEAD: u8 = (BUCKET << 3 | 2) as u8;

impl<'a> Protobuf<'a> {
    pub(crate) fn new(out: Output<'a>, escaping: Escaping, with_native: bool) -> Self {
        Self {
            out,
            escaping,
            with_native,
            kind: Type::Info,
            head: Vec::new(),
            begun: None,
            native: Native::default(),
            scratch: Scratch::default(),
        }
    }

    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.end_family();
        self.out.rest()
    }

    /// Begins the family, or goes on with it.
    #[inline]
    fn in_family(&mut self) {
        if self.begun.is_none() {
            let out = &mut self.out.bytes;
            self.begun = Some(out.len());
            out.extend_from_slice(&[0; FAMILY_LENGTH]);
            out.extend_from_slice(&self.head);
        }
    }

    /// Ends the family: now its length is known.
    fn end_family(&mut self) {
        if let Some(begun) = self.begun.take() {
            self.out.end_message::<FAMILY_LENGTH>(begun);
        }
    }

    /// Writes a series whose length is known before it is written: a number, labels that are written already, and no exemplar.
    #[inline]
    fn plain(&mut self, series: &Sample<'_>) -> bool {
        let (Some(written), None) = (series.labels.written, series.exemplar) else {
            return false;
        };
        let value = match &series.value {
            Value::Whole(n) => *n as f64,
            Value::Number(n) => *n,
            _ => return false,
        };
        let (out, labels) = (&mut self.out.bytes, written.protobuf);
        match (self.kind, series.since) {
            (Type::Ours(Kind::Counter), Some(since)) => metric(out, labels, &counter(value, since)),
            (Type::Ours(Kind::Gauge) | Type::Info, _) => metric(out, labels, &gauge(value)),
            _ => return false,
        }
        true
    }

    fn labels(out: &mut Vec<u8>, labels: &Labels<'_>, escaping: Escaping, scratch: &mut Scratch) {
        if let Some(written) = labels.written {
            out.extend_from_slice(written.protobuf);
            return;
        }
        let Scratch { name, sorted } = scratch;
        name.clear();
        sorted.clear();
        for (place, written) in labels.names.iter().enumerate() {
            let begin = name.len();
            escape(name, written, Owner::Label, escaping);
            sorted.push((begin..name.len(), place));
        }
        sorted.sort_by(|(one, _), (other, _)| name[one.clone()].cmp(&name[other.clone()]));
        for (range, place) in sorted {
            label(out, &name[range.clone()], labels.values[*place]);
        }
    }
}

impl Sink for Protobuf<'_> {
    fn family(&mut self, head: &Head<'_>) -> bool {
        self.end_family();
        self.kind = head.kind;
        let out = &mut self.head;
        out.clear();
        let name = &mut self.scratch.name;
        name.clear();
        escape(name, head.name, Owner::Metric, self.escaping);
        text(out, 1, name);
        text(out, 2, head.help);
        unsigned(
            out,
            3,
            match head.kind {
                Type::Ours(Kind::Counter) => metric_type::COUNTER,
                Type::Ours(Kind::Histogram) => metric_type::HISTOGRAM,
                Type::Ours(Kind::Gauge) | Type::Info => metric_type::GAUGE,
                #[cfg(feature = "prometheus")]
                Type::Summary => metric_type::SUMMARY,
                #[cfg(feature = "prometheus")]
                Type::Untyped => metric_type::UNTYPED,
            },
        );
        if !head.unit.as_str().is_empty() {
            text(out, 5, head.unit.as_str());
        }
        true
    }

    fn series(&mut self, series: &Sample<'_>) {
        self.in_family();
        if !self.plain(series) {
            let (kind, native, scratch) = (self.kind, &mut self.native, &mut self.scratch);
            let (escaping, with_native) = (self.escaping, self.with_native);
            long_message(&mut self.out.bytes, METRIC, |out| {
                Self::labels(out, &series.labels, escaping, scratch);
                match &series.value {
                    Value::Whole(n) => single(out, kind, *n as f64, series),
                    Value::Number(n) => single(out, kind, *n, series),
                    Value::Histogram(snapshot) => long_message(out, HISTOGRAM, |out| {
                        let native = with_native.then_some(native);
                        histogram(out, snapshot, native, series.since);
                    }),
                    #[cfg(feature = "prometheus")]
                    Value::Foreign(foreign) => foreign_parts(out, kind, foreign),
                }
            });
        }
        self.out.pause_in_message();
    }

    fn is_done(&self) -> bool {
        self.out.is_done()
    }
}

/// Writes a metric of labels and a value that are written already.
#[inline]
fn metric(out: &mut Vec<u8>, labels: &[u8], value: &[u8]) {
    varint(out, METRIC << 3 | 2);
    varint(out, (labels.len() + value.len()) as u64);
    out.extend_from_slice(labels);
    out.extend_from_slice(value);
}

/// A counter without an exemplar.
#[inline]
fn counter(value: f64, since: Timestamp) -> [u8; 2 + DOUBLE + MOMENT] {
    let mut bytes = [0; 2 + DOUBLE + MOMENT];
    bytes[0] = (COUNTER << 3 | 2) as u8;
    bytes[1] = (DOUBLE + MOMENT) as u8;
    bytes[2..2 + DOUBLE].copy_from_slice(&double_field(1, value));
    bytes[2 + DOUBLE..].copy_from_slice(&moment(3, since));
    bytes
}

#[inline]
fn gauge(value: f64) -> [u8; 2 + DOUBLE] {
    let mut bytes = [0; 2 + DOUBLE];
    bytes[0] = (GAUGE << 3 | 2) as u8;
    bytes[1] = DOUBLE as u8;
    bytes[2..].copy_from_slice(&double_field(1, value));
    bytes
}

/// A counter, gauge or untyped value.
fn single(out: &mut Vec<u8>, kind: Type, value: f64, series: &Sample<'_>) {
    match kind {
        Type::Ours(Kind::Counter) => message(out, COUNTER, |out| {
            double(out, 1, value);
            if let Some(found) = &series.exemplar {
                message(out, 2, |out| exemplar(out, found, found.value as f64));
            }
            if let Some(since) = series.since {
                out.extend_from_slice(&moment(3, since));
            }
        }),
        #[cfg(feature = "prometheus")]
        Type::Untyped => message(out, 5, |out| double(out, 1, value)),
        _ => out.extend_from_slice(&gauge(value)),
    }
}

fn histogram(
    out: &mut Vec<u8>,
    snapshot: &Snapshot,
    native: Option<&mut Native>,
    since: Option<Timestamp>,
) {
    unsigned(out, 1, snapshot.count());
    double(out, 2, snapshot.sum());
    let infinite = (f64::INFINITY, snapshot.count());
    let last = snapshot.layout.map_or(0, |layout| layout.classic().len());
    for (place, (bound, count)) in snapshot.classic().chain([infinite]).enumerate() {
        let found = snapshot.exemplar(place);
        if place == last && found.is_none() {
            break; // that everything lies below +Inf goes without saying
        }
        match found {
            None => bucket(out, count, bound),
            Some((found, value)) => message(out, BUCKET, |out| {
                unsigned(out, 1, count);
                double(out, 2, bound);
                message(out, 3, |out| exemplar(out, &found, value));
            }),
        }
    }
    if let Some(native) = native {
        native.read(snapshot);
        native_side(out, native);
    }
    if let Some(since) = since {
        out.extend_from_slice(&moment(15, since));
    }
    for (found, value) in snapshot.exemplars() {
        message(out, 16, |out| exemplar(out, &found, value));
    }
}

/// A bucket without an exemplar, as most are: its length is known before it is written.
#[inline]
fn bucket(out: &mut Vec<u8>, count: u64, bound: f64) {
    if count < 0x80 {
        let mut bytes = [0; 4 + DOUBLE];
        bytes[..4].copy_from_slice(&[BUCKET_HEAD, 2 + DOUBLE as u8, 1 << 3, count as u8]);
        bytes[4..].copy_from_slice(&double_field(2, bound));
        out.extend_from_slice(&bytes);
    } else {
        let length = 1 + length_of(count) + DOUBLE;
        out.extend_from_slice(&[BUCKET_HEAD, length as u8, 1 << 3]);
        varint(out, count);
        out.extend_from_slice(&double_field(2, bound));
    }
}

fn native_side(out: &mut Vec<u8>, native: &Native) {
    signed(out, 5, i64::from(native.schema));
    double(out, 6, native.zero_threshold);
    unsigned(out, 7, native.zero_count);
    for (offset, length) in &native.spans {
        message(out, 12, |out| {
            signed(out, 1, i64::from(*offset));
            unsigned(out, 2, u64::from(*length));
        });
    }
    for delta in &native.deltas {
        signed(out, 13, *delta);
    }
}

#[cfg(feature = "prometheus")]
fn foreign_parts(out: &mut Vec<u8>, kind: Type, foreign: &Foreign<'_>) {
    let is_summary = kind == Type::Summary;
    message(out, if is_summary { 4 } else { 7 }, |out| {
        unsigned(out, 1, foreign.count);
        double(out, 2, foreign.sum);
        for (at, value) in foreign.parts {
            message(out, 3, |out| {
                if is_summary {
                    double(out, 1, *at);
                    double(out, 2, *value);
                } else {
                    unsigned(out, 1, *value as u64);
                    double(out, 2, *at);
                }
            });
        }
    });
}

fn exemplar(out: &mut Vec<u8>, exemplar: &Exemplar, value: f64) {
    let mut label = |name: &str, id: &[u64]| {
        message(out, 1, |out| {
            text(out, 1, name);
            // A text is written as a message is.
            message(out, 2, |out| id.iter().for_each(|part| hex(out, *part)));
        });
    };
    label("span_id", &[exemplar.span]);
    label("trace_id", &exemplar.trace);
    double(out, 2, value);
    out.extend_from_slice(&moment(3, exemplar.at));
}

/// Bytes of a `double` with its field's number, where that is below 16.
const DOUBLE: usize = 1 + size_of::<f64>();

#[inline]
fn double_field(field: u8, value: f64) -> [u8; DOUBLE] {
    let mut bytes = [field << 3 | 1; DOUBLE];
    bytes[1..].copy_from_slice(&value.to_le_bytes());
    bytes
}

/// Bytes of a `Timestamp` with its field's number, where that is below 16.
const MOMENT: usize = 2 + 2 * (1 + NUMBER);

/// Bytes of its two numbers.
const NUMBER: usize = 5;

#[inline]
fn moment(field: u8, at: Timestamp) -> [u8; MOMENT] {
    let mut bytes = [0; MOMENT];
    bytes[0] = field << 3 | 2;
    bytes[1] = MOMENT as u8 - 2;
    bytes[2] = 1 << 3;
    bytes[3..3 + NUMBER].copy_from_slice(&padded_varint::<NUMBER>(at.seconds()));
    bytes[3 + NUMBER] = 2 << 3;
    let nanoseconds = u64::from(at.nanoseconds());
    bytes[4 + NUMBER..].copy_from_slice(&padded_varint::<NUMBER>(nanoseconds));
    bytes
}

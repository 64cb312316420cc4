//! Prometheus' protobuf format: one `io.prometheus.client.MetricFamily` after the other, each with its length before it.
//!
//! A family that is larger than a piece of output is written as several of the same name, since the length comes first and
//! would else have to wait for all of its series.
//!
//! Source: `io/prometheus/client/metrics.proto` of prometheus/client_model.

use crate::catalog::Kind;
use crate::metrics::encode::escape::{Owner, escape};
use crate::metrics::encode::format::Escaping;
use crate::metrics::encode::number::hex;
use crate::metrics::encode::output::{Output, PIECE};
use crate::metrics::encode::wire::{double, length_of, message, signed, text, unsigned, varint};
use crate::metrics::exemplar::Exemplar;
use crate::metrics::native::Native;
#[cfg(feature = "prometheus")]
use crate::metrics::sink::Foreign;
use crate::metrics::sink::{Head, Labels, Sample, Sink, Type, Value};
use crate::metrics::snapshot::Snapshot;
use crate::metrics::timestamp::Timestamp;

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
    scratch: String,
}

/// Bytes of a family's length. A varint may have more than it needs, so that it can be written when the length is known.
const LENGTH: usize = 4;

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
            scratch: String::new(),
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
            out.extend_from_slice(&[0; LENGTH]);
            out.extend_from_slice(&self.head);
        }
    }

    /// Ends the family with the series that it has so far: now its length is known.
    fn end_family(&mut self) {
        if let Some(begun) = self.begun.take() {
            let out = &mut self.out.bytes;
            let length = out.len() - begun - LENGTH;
            for (place, byte) in out[begun..begun + LENGTH].iter_mut().enumerate() {
                let goes_on = if place + 1 < LENGTH { 0x80 } else { 0 };
                *byte = (length >> (7 * place)) as u8 & 0x7f | goes_on;
            }
            self.out.pause();
        }
    }

    fn labels(out: &mut Vec<u8>, labels: &Labels<'_>, escaping: Escaping, scratch: &mut String) {
        for (name, value) in labels.names.iter().zip(labels.values) {
            let name = match labels.block {
                Some(_) => name,
                None => {
                    scratch.clear();
                    escape(scratch, name, Owner::Label, escaping);
                    &**scratch
                }
            };
            label(out, name, value);
        }
    }
}

/// A label: its length is known before it is written.
#[inline]
fn label(out: &mut Vec<u8>, name: &str, value: &str) {
    let length = |text: &str| 1 + length_of(text.len() as u64) + text.len();
    varint(out, 1 << 3 | 2);
    varint(out, (length(name) + length(value)) as u64);
    text(out, 1, name);
    text(out, 2, value);
}

impl Sink for Protobuf<'_> {
    fn family(&mut self, head: &Head<'_>) -> bool {
        self.end_family();
        self.kind = head.kind;
        let out = &mut self.head;
        out.clear();
        self.scratch.clear();
        escape(&mut self.scratch, head.name, Owner::Metric, self.escaping);
        text(out, 1, &self.scratch);
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
        let (kind, native, scratch) = (self.kind, &mut self.native, &mut self.scratch);
        let (escaping, with_native) = (self.escaping, self.with_native);
        message(&mut self.out.bytes, 4, |out| {
            Self::labels(out, &series.labels, escaping, scratch);
            match &series.value {
                Value::Whole(n) => single(out, kind, *n as f64, series),
                Value::Number(n) => single(out, kind, *n, series),
                Value::Histogram(snapshot) => message(out, 7, |out| {
                    let native = with_native.then_some(native);
                    histogram(out, snapshot, native, series.since);
                }),
                #[cfg(feature = "prometheus")]
                Value::Foreign(foreign) => foreign_parts(out, kind, foreign),
            }
        });
        let begun = self.begun.unwrap_or_default();
        if self.out.is_full() || self.out.bytes.len() - begun >= PIECE {
            self.end_family();
        }
    }

    fn is_done(&self) -> bool {
        self.out.is_done()
    }
}

/// A counter, gauge or untyped value.
fn single(out: &mut Vec<u8>, kind: Type, value: f64, series: &Sample<'_>) {
    match kind {
        Type::Ours(Kind::Counter) => message(out, 3, |out| {
            double(out, 1, value);
            if let Some(found) = &series.exemplar {
                message(out, 2, |out| exemplar(out, found, found.value as f64));
            }
            if let Some(since) = series.since {
                message(out, 3, |out| timestamp(out, since));
            }
        }),
        #[cfg(feature = "prometheus")]
        Type::Untyped => message(out, 5, |out| double(out, 1, value)),
        _ => message(out, 2, |out| double(out, 1, value)),
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
            Some((found, value)) => message(out, 3, |out| {
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
        message(out, 15, |out| timestamp(out, since));
    }
    for (found, value) in snapshot.exemplars() {
        message(out, 16, |out| exemplar(out, &found, value));
    }
}

/// A bucket without an exemplar, as most are: its length is known before it is written.
#[inline]
fn bucket(out: &mut Vec<u8>, count: u64, bound: f64) {
    const FIELD: u8 = 3 << 3 | 2;
    const BOUND: usize = 1 + size_of::<f64>();
    out.extend_from_slice(&[FIELD, (1 + length_of(count) + BOUND) as u8]);
    unsigned(out, 1, count);
    double(out, 2, bound);
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
    label("trace_id", &exemplar.trace);
    label("span_id", &[exemplar.span]);
    double(out, 2, value);
    message(out, 3, |out| timestamp(out, exemplar.at));
}

fn timestamp(out: &mut Vec<u8>, at: Timestamp) {
    unsigned(out, 1, at.seconds());
    unsigned(out, 2, u64::from(at.nanoseconds()));
}

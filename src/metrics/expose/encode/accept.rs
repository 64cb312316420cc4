//! The `Accept` header of a scrape: which format to answer in, and how to write names.
//!
//! - A format is chosen only by its name, the one of the highest weight, and of equal ones the first. A wildcard
//!   never beats a name, whatever its weight: Prometheus 2.49.0 sends `*/*;q=2`.
//! - A clause of weight 0, or of one that cannot be read, counts as if it were not there.
//! - Where nothing matches the answer is text 0.0.4, which everything reads, and never 406.
//! - The escaping is that of the clause that matched. Where it has none it is that of the clause with the highest weight
//!   among those above it, known or not; else underscores.

use crate::metrics::expose::encode::clauses::{Clause, Weight, clauses};
use crate::metrics::expose::encode::format::{Escaping, Exposition, Format};

/// Chooses by all lines of the header, in one pass.
pub(crate) fn negotiate<'a>(accept: impl Iterator<Item = &'a [u8]>) -> Exposition {
    let mut named = None;
    let mut wildcard = None;
    let mut scheme = None;
    for clause in clauses(accept) {
        let weight = clause.weight();
        if weight == Weight::NONE {
            continue;
        }
        let escaping = escaping(&clause);
        if let Some(escaping) = escaping {
            keep_first_best(&mut scheme, weight, escaping);
        }
        match asked(&clause) {
            Asked::For(format) => keep_first_best(&mut named, weight, (format, escaping)),
            Asked::Anything => keep_first_best(&mut wildcard, weight, (Format::Text, escaping)),
            Asked::Unknown => {}
        }
    }
    let Some((weight, (format, escaping))) = named.or(wildcard) else {
        return Exposition::default();
    };
    let above = scheme.filter(|(of_scheme, _)| *of_scheme > weight);
    let escaping = escaping.or(above.map(|(_, escaping)| escaping));
    Exposition::new(format, escaping.unwrap_or_default())
}

fn keep_first_best<T>(best: &mut Option<(Weight, T)>, weight: Weight, what: T) {
    if best.as_ref().is_none_or(|(before, _)| *before < weight) {
        *best = Some((weight, what));
    }
}

enum Asked {
    For(Format),
    Anything,
    /// A type or a version that we do not write.
    Unknown,
}

fn asked(clause: &Clause<'_>) -> Asked {
    let format = if clause.is("text/plain") {
        version(clause, Format::Text, "0.0.4", (Format::Text1, "1.0.0"))
    } else if clause.is("application/openmetrics-text") {
        let old = (Format::OpenMetrics0, "0.0.1");
        version(clause, Format::OpenMetrics1, "1.0.0", old)
    } else if clause.is("application/vnd.google.protobuf") {
        let has = |name, value| clause.parameter(name).is_some_and(|found| found.is(value));
        // Protobuf has other messages and other framings.
        let families = has("proto", "io.prometheus.client.MetricFamily");
        (families && has("encoding", "delimited")).then_some(Format::Protobuf)
    } else if clause.is("*/*") || clause.is("text/*") {
        return Asked::Anything;
    } else {
        None
    };
    format.map_or(Asked::Unknown, Asked::For)
}

/// `usual` when the clause names its version or none, `other` when it names that one.
fn version(
    clause: &Clause<'_>,
    usual: Format,
    of_usual: &str,
    (other, of_other): (Format, &str),
) -> Option<Format> {
    match clause.parameter("version") {
        None => Some(usual),
        Some(version) if version.is_empty() || version.is(of_usual) => Some(usual),
        Some(version) if version.is(of_other) => Some(other),
        Some(_) => None,
    }
}

fn escaping(clause: &Clause<'_>) -> Option<Escaping> {
    let value = clause.parameter("escaping")?;
    let known = [
        ("underscores", Escaping::Underscores),
        ("dots", Escaping::Dots),
        ("values", Escaping::Values),
        ("allow-utf-8", Escaping::AllowUtf8),
    ];
    let known = known.into_iter().find(|(name, _)| value.is(name));
    known.map(|(_, escaping)| escaping)
}

#[cfg(test)]
mod tests;

//! What a scrape can be answered with: a format and a way to write names, and the `Content-Type` that says so.
//!
//! Source: content negotiation and escaping schemes in the Prometheus documentation.

use crate::metrics::expose::encode::accept::negotiate;
use crate::metrics::expose::encode::text::TEXT_CONTENT_TYPE;

/// A format that scrapers know, at one of its versions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Format {
    /// Prometheus text 0.0.4.
    #[default]
    Text,
    /// Prometheus text 1.0.0: the same, and it can hold any name, quoted.
    Text1,
    /// OpenMetrics 0.0.1, which is all that servers before 2.34 ask for.
    OpenMetrics0,
    /// OpenMetrics 1.0.0.
    OpenMetrics1,
    /// `io.prometheus.client.MetricFamily`, each with its length before it.
    Protobuf,
}

/// How a name is written that has other characters than letters, digits, `_` and `:`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Escaping {
    /// Such a character becomes `_`.
    #[default]
    Underscores,
    /// A dot becomes `_dot_`, and what was `_` is doubled.
    Dots,
    /// Such a character becomes its number, and the name starts with `U__`.
    Values,
    /// The name stays as it is.
    AllowUtf8,
}

/// A format together with its escaping: one of the pairs that exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Exposition {
    format: Format,
    escaping: Escaping,
}

impl Exposition {
    /// Falls back to underscores where the format cannot hold the names.
    pub(crate) fn new(format: Format, escaping: Escaping) -> Self {
        let escaping = match (format, escaping) {
            // No reader of these knows a quoted name: one fails the whole scrape.
            (Format::Text | Format::OpenMetrics0, Escaping::AllowUtf8) => Escaping::Underscores,
            (_, escaping) => escaping,
        };
        Self { format, escaping }
    }

    /// What all lines of an `Accept` header ask for.
    pub(crate) fn negotiate<'a>(accept: impl Iterator<Item = &'a [u8]>) -> Self {
        negotiate(accept)
    }

    pub(crate) fn format(self) -> Format {
        self.format
    }

    pub(crate) fn escaping(self) -> Escaping {
        self.escaping
    }

    /// The value of the `Content-Type` header.
    pub(crate) fn content_type(self) -> &'static str {
        match self.format {
            Format::Text => text(self.escaping),
            Format::Text1 => text1(self.escaping),
            Format::OpenMetrics0 => open_metrics0(self.escaping),
            Format::OpenMetrics1 => open_metrics1(self.escaping),
            Format::Protobuf => protobuf(self.escaping),
        }
    }
}

/// Names no escaping where it is the usual one: there it may be left out, and what we sent before stays as it was.
const fn text(escaping: Escaping) -> &'static str {
    match escaping {
        Escaping::Underscores | Escaping::AllowUtf8 => TEXT_CONTENT_TYPE,
        Escaping::Dots => "text/plain; version=0.0.4; charset=utf-8; escaping=dots",
        Escaping::Values => "text/plain; version=0.0.4; charset=utf-8; escaping=values",
    }
}

const fn text1(escaping: Escaping) -> &'static str {
    match escaping {
        Escaping::Underscores => "text/plain; version=1.0.0; charset=utf-8; escaping=underscores",
        Escaping::Dots => "text/plain; version=1.0.0; charset=utf-8; escaping=dots",
        Escaping::Values => "text/plain; version=1.0.0; charset=utf-8; escaping=values",
        Escaping::AllowUtf8 => "text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8",
    }
}

const fn open_metrics0(escaping: Escaping) -> &'static str {
    match escaping {
        Escaping::Underscores | Escaping::AllowUtf8 => {
            "application/openmetrics-text; version=0.0.1; charset=utf-8; escaping=underscores"
        }
        Escaping::Dots => {
            "application/openmetrics-text; version=0.0.1; charset=utf-8; escaping=dots"
        }
        Escaping::Values => {
            "application/openmetrics-text; version=0.0.1; charset=utf-8; escaping=values"
        }
    }
}

const fn open_metrics1(escaping: Escaping) -> &'static str {
    match escaping {
        Escaping::Underscores => {
            "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores"
        }
        Escaping::Dots => {
            "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=dots"
        }
        Escaping::Values => {
            "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=values"
        }
        Escaping::AllowUtf8 => {
            "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8"
        }
    }
}

const fn protobuf(escaping: Escaping) -> &'static str {
    match escaping {
        Escaping::Underscores => {
            "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; escaping=underscores"
        }
        Escaping::Dots => {
            "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; escaping=dots"
        }
        Escaping::Values => {
            "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; escaping=values"
        }
        Escaping::AllowUtf8 => {
            "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; escaping=allow-utf-8"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMATS: [(Format, &str); 5] = [
        (Format::Text, "text/plain; version=0.0.4; charset=utf-8"),
        (Format::Text1, "text/plain; version=1.0.0; charset=utf-8"),
        (
            Format::OpenMetrics0,
            "application/openmetrics-text; version=0.0.1; charset=utf-8",
        ),
        (
            Format::OpenMetrics1,
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
        ),
        (
            Format::Protobuf,
            "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
        ),
    ];

    const ESCAPINGS: [(Escaping, &str); 4] = [
        (Escaping::Underscores, "underscores"),
        (Escaping::Dots, "dots"),
        (Escaping::Values, "values"),
        (Escaping::AllowUtf8, "allow-utf-8"),
    ];

    #[test]
    fn the_content_type_names_format_and_escaping() {
        for (format, start) in FORMATS {
            for (escaping, name) in ESCAPINGS {
                let old = matches!(format, Format::Text | Format::OpenMetrics0);
                let name = match escaping {
                    Escaping::AllowUtf8 if old => "underscores",
                    _ => name,
                };
                let expected = match (format, name) {
                    (Format::Text, "underscores") => start.to_owned(),
                    _ => format!("{start}; escaping={name}"),
                };
                let made = Exposition::new(format, escaping);
                assert_eq!(made.content_type(), expected);
                assert_eq!(made.format(), format);
                let kept = ESCAPINGS.iter().find(|(_, known)| *known == name);
                assert_eq!(Some(made.escaping()), kept.map(|(escaping, _)| *escaping));
            }
        }
    }

    #[test]
    fn the_default_is_what_every_scraper_reads() {
        let default = Exposition::default();
        assert_eq!(
            default,
            Exposition::new(Format::Text, Escaping::Underscores)
        );
        assert_eq!(default.content_type(), TEXT_CONTENT_TYPE);
    }
}

//! Of which traces exemplars are kept, as the environment says.
//!
//! Source: OpenTelemetry's environment variable specification.

use crate::metrics::ExemplarFilter;
use crate::setup::variables::Variables;

const NAME: &str = "OTEL_METRICS_EXEMPLAR_FILTER";

pub(crate) fn read(variables: &Variables<'_>) -> ExemplarFilter {
    let words = [
        ("trace_based", ExemplarFilter::TraceBased),
        ("always_on", ExemplarFilter::AlwaysOn),
        ("always_off", ExemplarFilter::AlwaysOff),
    ];
    variables.choice(&[NAME], &words).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::variables::tests::with;

    #[test]
    fn three_words() {
        for (value, expected) in [
            ("", ExemplarFilter::TraceBased),
            ("trace_based", ExemplarFilter::TraceBased),
            ("Always_On", ExemplarFilter::AlwaysOn),
            ("always_off", ExemplarFilter::AlwaysOff),
        ] {
            assert_eq!(with(&[(NAME, value)], read), (expected, vec![]));
        }
        let (filter, warnings) = with(&[(NAME, "sometimes")], read);
        assert_eq!(filter, ExemplarFilter::TraceBased);
        assert_eq!(
            warnings,
            [
                "OTEL_METRICS_EXEMPLAR_FILTER is `sometimes`, which cannot be used: using `trace_based` instead. Accepted: \
              `trace_based`, `always_on`, `always_off`"
            ]
        );
    }
}

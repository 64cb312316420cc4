//! Of which traces exemplars are kept, as the environment says.
//!
//! Source: OpenTelemetry's environment variable specification.

use crate::error::Error;
use crate::metrics::ExemplarFilter;

pub(crate) const NAME: &str = "OTEL_METRICS_EXEMPLAR_FILTER";

pub(crate) fn read(value: Option<String>) -> Result<ExemplarFilter, Error> {
    match value.map(|value| value.to_ascii_lowercase()).as_deref() {
        None => Ok(ExemplarFilter::default()),
        Some("trace_based") => Ok(ExemplarFilter::TraceBased),
        Some("always_on") => Ok(ExemplarFilter::AlwaysOn),
        Some("always_off") => Ok(ExemplarFilter::AlwaysOff),
        Some(other) => Err(Error::configuration(format!(
            "{NAME} is `{other}`: set it to `trace_based`, `always_on` or `always_off`"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_words() {
        let read = |value: &str| read(Some(value.to_owned()));
        assert_eq!(super::read(None).unwrap(), ExemplarFilter::TraceBased);
        assert_eq!(read("trace_based").unwrap(), ExemplarFilter::TraceBased);
        assert_eq!(read("Always_On").unwrap(), ExemplarFilter::AlwaysOn);
        assert_eq!(read("always_off").unwrap(), ExemplarFilter::AlwaysOff);
        let error = read("sometimes").unwrap_err().to_string();
        assert!(error.starts_with("OTEL_METRICS_EXEMPLAR_FILTER is `sometimes`"));
    }
}

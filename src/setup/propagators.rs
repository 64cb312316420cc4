//! What is read from requests and sent along with others, as the environment says.
//!
//! Source: OpenTelemetry's environment variable specification.

use crate::error::Error;
use crate::trace::Propagators;

pub(crate) const NAME: &str = "OTEL_PROPAGATORS";

/// Reads the list; without one all that there is is meant.
pub(crate) fn read(list: Option<String>) -> Result<Propagators, Error> {
    let Some(list) = list else {
        return Ok(Propagators::default());
    };
    let mut propagators = Propagators {
        trace_context: false,
        baggage: false,
    };
    let list = list.to_ascii_lowercase();
    for name in list.split(',').map(str::trim) {
        match name {
            "tracecontext" => propagators.trace_context = true,
            "baggage" => propagators.baggage = true,
            "none" | "" => {}
            other => {
                return Err(Error::configuration(format!(
                    "{NAME} is `{other}`: set it to `tracecontext,baggage`, to one of both, or to `none`"
                )));
            }
        }
    }
    Ok(propagators)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists() {
        for (list, trace_context, baggage) in [
            (None, true, true),
            (Some("tracecontext"), true, false),
            (Some(" Baggage, tracecontext,"), true, true),
            (Some("baggage"), false, true),
            (Some("none"), false, false),
        ] {
            let expected = Propagators {
                trace_context,
                baggage,
            };
            let read = read(list.map(str::to_owned)).unwrap();
            assert_eq!(read, expected, "{list:?}");
        }
        let error = read(Some("tracecontext,b3".to_owned())).unwrap_err();
        assert!(
            error.to_string().contains("OTEL_PROPAGATORS is `b3`"),
            "{error}"
        );
    }
}

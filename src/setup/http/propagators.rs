//! What is read from requests and sent along with others, as the environment says.
//!
//! Source: OpenTelemetry's environment variable specification.

use crate::setup::variables::{Variables, Wrong};
use crate::trace::Propagators;

const NAME: &str = "OTEL_PROPAGATORS";

/// Reads the list; without one, or where it knows none of ours, all that there is is meant.
pub(crate) fn read(variables: &Variables<'_>) -> Propagators {
    let Some(list) = variables.text(NAME) else {
        return Propagators::default();
    };
    let mut propagators = Propagators {
        trace_context: false,
        baggage: false,
    };
    let (mut unknown, mut is_any_known) = (Vec::new(), false);
    for name in list
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
    {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        propagators.trace_context |= is("tracecontext");
        propagators.baggage |= is("baggage");
        match ["tracecontext", "baggage", "none"].into_iter().any(is) {
            true => is_any_known = true,
            false => unknown.push(name),
        }
    }
    if !is_any_known {
        propagators = Propagators::default();
    }
    if !unknown.is_empty() {
        variables.warn(&Wrong {
            name: NAME,
            value: &list,
            parts: &unknown,
            instead: match (propagators.trace_context, propagators.baggage) {
                (true, true) => "`tracecontext,baggage`",
                (true, false) => "`tracecontext`",
                (false, true) => "`baggage`",
                (false, false) => "`none`",
            },
            accepted: "a list of `tracecontext` and `baggage`, or `none`",
        });
    }
    propagators
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::variables::tests::with;

    #[test]
    fn lists() {
        for (list, trace_context, baggage) in [
            ("", true, true),
            (",", true, true),
            ("tracecontext", true, false),
            (" Baggage, tracecontext,", true, true),
            ("baggage", false, true),
            ("none", false, false),
        ] {
            let expected = Propagators {
                trace_context,
                baggage,
            };
            assert_eq!(with(&[(NAME, list)], read), (expected, vec![]), "{list:?}");
        }
    }

    /// A platform sets the same list for services in all languages.
    #[test]
    fn what_others_know_is_left_out() {
        for (list, unknown, used) in [
            ("tracecontext,b3", "`b3`", "`tracecontext`"),
            ("b3multi,baggage, xray", "`b3multi` and `xray`", "`baggage`"),
            ("none,b3", "`b3`", "`none`"),
            ("b3", "`b3`", "`tracecontext,baggage`"),
        ] {
            let (_, warnings) = with(&[(NAME, list)], read);
            let expected = format!(
                "OTEL_PROPAGATORS is `{list}`, of which {unknown} cannot be used: using {used} instead. Accepted: a list of \
                 `tracecontext` and `baggage`, or `none`"
            );
            assert_eq!(warnings, [expected]);
        }
        let (read, _) = with(&[(NAME, "tracecontext,b3")], read);
        assert!(read.trace_context && !read.baggage);
    }
}

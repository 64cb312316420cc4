//! What thresholds are counted in, so that nobody sets 5 where 0.05 is meant.

use crate::error::Error;

/// What a threshold is a number of, and below what it stays: from there on the alert would never fire, or always.
struct Unit {
    name: &'static str,
    below: f64,
}

const fn share(name: &'static str) -> Unit {
    Unit { name, below: 1.0 }
}

const fn of(name: &'static str) -> Unit {
    let below = f64::INFINITY;
    Unit { name, below }
}

const UNITS: [(&str, Unit); 19] = [
    ("HighRequestLatency", of("seconds")),
    ("HighErrorRate", share("a share of requests")),
    ("MostRequestsFail", share("a share of requests")),
    (
        "TrafficGone",
        of("requests a second that are no customer's"),
    ),
    ("RestartsAgainAndAgain", of("starts in 30 minutes")),
    ("ProcessorThrottled", share("a share of time")),
    ("MemoryNearLimit", share("a share of the limit")),
    ("FileDescriptorsRunOut", share("a share of the limit")),
    ("RuntimeBlocked", of("seconds")),
    ("QueueFills", share("a share of the room")),
    ("OrdersFail", share("a share of orders")),
    ("BoxesPileUp", share("a share of the boxes packed")),
    ("SignUpsFallen", share("a share of a week ago")),
    ("BoxesHalfEmpty", share("a share of the box")),
    (
        "CustomersUnhappy",
        Unit {
            name: "a score from 1 to 5",
            below: 5.0,
        },
    ),
    ("LoginsFail", of("attempts in 10 minutes")),
    ("SpansDropped", of("spans a second")),
    ("LogLinesDropped", of("lines a second")),
    ("ScrapesCutOff", of("scrapes in 15 minutes")),
];

const CERTIFICATES: Unit = of("days");

/// `None` for an alert that has no threshold, or is none.
fn unit(alert: &str) -> Option<&'static Unit> {
    if alert.starts_with("CertificateExpires") {
        return Some(&CERTIFICATES);
    }
    let mut all = UNITS.iter();
    all.find_map(|(name, unit)| (*name == alert).then_some(unit))
}

/// What the threshold of an alert is a number of.
pub(crate) fn counted(alert: &str) -> &'static str {
    unit(alert).map_or("", |unit| unit.name)
}

/// That an alert can have this threshold. Whether there is such an alert is looked at elsewhere.
pub(crate) fn check(alert: &str, threshold: f64) -> Result<(), Error> {
    let Some(Unit { name, below }) = unit(alert) else {
        return Ok(());
    };
    if threshold > 0.0 && threshold.is_finite() && threshold < *below {
        return Ok(());
    }
    let end = match below.is_finite() {
        true => format!(" and below {below}"),
        false => String::new(),
    };
    Err(Error::new(format!(
        "threshold {threshold} of `{alert}` ({name}): give it a number above 0{end}, or leave the alert out"
    )))
}

#[cfg(test)]
mod tests {
    use super::{check, unit};
    use crate::kit::Kit;
    use crate::prometheus::alerts;

    #[test]
    fn every_threshold_has_a_unit() {
        let kit = Kit::new("shop").probe("https://shop.example");
        let groups = alerts(&kit).expect("alerts");
        for alert in groups.iter().flat_map(|(_, alerts)| alerts) {
            let (is_set, unit) = (alert.threshold.is_some(), unit(&alert.name));
            assert_eq!(is_set, unit.is_some(), "{}", alert.name);
            if let Some(usual) = alert.threshold {
                // Where nobody probes nobody but customers asks.
                let usual = usual.max(f64::MIN_POSITIVE);
                check(&alert.name, usual).expect("the usual one can be");
            }
        }
    }

    #[test]
    fn what_cannot_be_is_told_with_its_unit() {
        for (alert, threshold, says) in [
            (
                "HighErrorRate",
                5.0,
                "threshold 5 of `HighErrorRate` (a share of requests): give it a number above 0 and below 1,",
            ),
            ("HighErrorRate", 1.0, "below 1,"),
            ("HighErrorRate", 0.0, "above 0 and"),
            ("HighErrorRate", f64::NAN, "threshold NaN"),
            ("CustomersUnhappy", 5.0, "below 5,"),
            (
                "HighRequestLatency",
                -1.0,
                "(seconds): give it a number above 0, or leave",
            ),
            ("CertificateExpiresNow", f64::INFINITY, "(days)"),
        ] {
            let error = check(alert, threshold).expect_err("it cannot be");
            assert!(error.to_string().contains(says), "{error}");
        }
    }
}

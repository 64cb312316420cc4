//! Certificates that expire.

use crate::blackbox;
use crate::kit::Kit;
use crate::prometheus::alert::{Alert, Case, JOB, Source, told};
use crate::prometheus::alerts::probes::{SHOP, by, of};
use crate::tier::Tier;

/// Where a certificate is.
const PLACE: &str = "shop.example:443";

pub(super) fn soon(kit: &Kit) -> Alert {
    certificate(
        kit,
        "CertificateExpires",
        Tier::Warning,
        21,
        "Three weeks are enough to renew it by hand where it does not renew itself.",
        ["1810000x200", "1830000x200"],
    )
}

pub(super) fn now(kit: &Kit) -> Alert {
    certificate(
        kit,
        "CertificateExpiresNow",
        Tier::Critical,
        2,
        "In two days every client is turned away, or is already.",
        ["172000x200", "180000x200"],
    )
}

/// `values`: when it expires, by a clock that begins at 0, so that it fires, and so that it does not.
fn certificate(
    kit: &Kit,
    name: &str,
    tier: Tier,
    days: u32,
    reason: &str,
    [sooner, later]: [&'static str; 2],
) -> Alert {
    let expiry = |labels: &str| of(kit, "probe_ssl_earliest_cert_expiry", labels);
    let (place, page) = (
        expiry(&format!(
            "{},instance=\"{PLACE}\"",
            by(blackbox::CERTIFICATE)
        )),
        expiry(&format!("{},instance=\"{SHOP}\"", by(blackbox::PAGE))),
    );
    Alert {
        name: name.into(),
        tier,
        pending: "1h",
        keeps: None,
        holds: 0,
        source: Source::Prober,
        // The last that was seen, so that it does not end with the probe.
        expr: format!(
            "min by (environment, job, instance) (last_over_time({}[1h])) - time() < {{threshold}} * 86400",
            expiry(&by(blackbox::CERTIFICATE))
        ),
        threshold: Some(f64::from(days)),
        by: &["job", "instance"],
        summary: "The certificate of {{ $labels.instance }} expires in {{ $value | humanizeDuration }} (below 0: it has expired)".into(),
        description: "What renews it does not. When it has expired, no client connects any more."
            .into(),
        reason: reason.into(),
        cases: vec![
            Case {
                about: "it expires sooner",
                series: told([(place.clone(), sooner), (page, sooner)]),
                at: 65,
                fires: &[&[JOB, PLACE]],
            },
            Case {
                about: "it has expired",
                series: told([(place.clone(), "1x200")]),
                at: 65,
                fires: &[&[JOB, PLACE]],
            },
            Case {
                about: "it expires later",
                series: told([(place, later)]),
                at: 65,
                fires: &[],
            },
        ],
    }
}

//! What the Blackbox Exporter sees from outside: whether it answers, certificates, and the exporter itself.

use crate::kit::Kit;
use crate::prometheus::alert::{Alert, Case, PROBE_JOB};
use crate::tier::Tier;

/// The job that probes the service's targets.
pub(crate) fn job(kit: &Kit) -> String {
    format!("{}-probe", kit.job)
}

fn of(kit: &Kit, name: &str) -> String {
    format!(
        "{name}{{job=\"{}\",instance=\"https://shop.example\"}}",
        job(kit)
    )
}

pub(super) fn alerts(kit: &Kit) -> Vec<Alert> {
    if kit.probes.is_empty() {
        return Vec::new(); // that nobody probes is then no news
    }
    vec![
        failing(kit),
        absent(kit),
        certificate(
            kit,
            "CertificateExpires",
            Tier::Warning,
            21,
            "Three weeks are enough to renew it by hand where it does not renew itself.",
        ),
        certificate(
            kit,
            "CertificateExpiresNow",
            Tier::Critical,
            2,
            "In two days every client is turned away.",
        ),
    ]
}

fn failing(kit: &Kit) -> Alert {
    let success = of(kit, "probe_success");
    Alert {
        name: "ProbeFails".into(),
        tier: Tier::Critical,
        pending: "2m",
        expr: format!("max by (environment, job, instance) (probe_success{{job=\"{}\"}}) == 0", job(kit)),
        threshold: None,
        by: &["job", "instance"],
        summary: "{{ $labels.instance }} cannot be reached from outside, or answers wrongly".into(),
        description: "What a customer does was tried, and failed: see the probe's log at /probe?debug=true of the Blackbox Exporter.".into(),
        reason: "What the probe cannot do a customer cannot do either; two minutes let one lost packet pass.".into(),
        cases: vec![
            Case {
                about: "it fails",
                series: vec![(success.clone(), "1x5 0x20")],
                at: "10m",
                fires: &[&[PROBE_JOB, "https://shop.example"]],
            },
            Case {
                about: "it fails once",
                series: vec![(success, "1x5 0 1x20")],
                at: "7m",
                fires: &[],
            },
        ],
    }
}

fn absent(kit: &Kit) -> Alert {
    Alert {
        name: "ProbesAbsent".into(),
        tier: Tier::Error,
        pending: "5m",
        expr: format!("absent(probe_success{{job=\"{}\"}})", job(kit)),
        threshold: None,
        by: &["job"],
        summary: "Nobody probes the service from outside".into(),
        description: "The Blackbox Exporter is gone, or its job has no target: an outage that only users see would go unnoticed.".into(),
        reason: "Silence of the prober looks like health.".into(),
        cases: vec![
            Case {
                about: "nobody probes",
                series: vec![("up".into(), "1x30")],
                at: "10m",
                fires: &[&[PROBE_JOB]],
            },
            Case {
                about: "a probe that fails, which is another alert's",
                series: vec![(of(kit, "probe_success"), "0x30")],
                at: "10m",
                fires: &[],
            },
        ],
    }
}

fn certificate(kit: &Kit, name: &str, tier: Tier, days: u32, reason: &'static str) -> Alert {
    let expiry = of(kit, "probe_ssl_earliest_cert_expiry");
    // The clock of a test begins at 0.
    let (soon, late) = match tier {
        Tier::Critical => ("172000x200", "180000x200"),
        _ => ("1810000x200", "1830000x200"),
    };
    Alert {
        name: name.into(),
        tier,
        pending: "1h",
        // The last that was seen, so that it does not end with the probe.
        expr: format!(
            "min by (environment, job, instance) (last_over_time(probe_ssl_earliest_cert_expiry{{job=\"{}\"}}[1h])) - time() < {{threshold}} * 86400",
            job(kit)
        ),
        threshold: Some(f64::from(days)),
        by: &["job", "instance"],
        summary:
            "The certificate of {{ $labels.instance }} expires in {{ $value | humanizeDuration }}"
                .into(),
        description: "What renews it does not. When it has expired, no client connects any more."
            .into(),
        reason: reason.into(),
        cases: vec![
            Case {
                about: "it expires sooner",
                series: vec![(expiry.clone(), soon)],
                at: "65m",
                fires: &[&[PROBE_JOB, "https://shop.example"]],
            },
            Case {
                about: "it expires later",
                series: vec![(expiry, late)],
                at: "65m",
                fires: &[],
            },
        ],
    }
}

//! What the Blackbox Exporter sees from outside: whether pages and journeys work, whether instances are ready, certificates, and the exporter
//! itself.

use crate::blackbox;
use crate::kit::Kit;
use crate::prometheus::alert::{Alert, Case, JOB};
use crate::prometheus::alerts::series;
use crate::tier::Tier;

/// A page, and where its certificate is.
const PAGE: &str = "https://shop.example";
const PLACE: &str = "shop.example:443";

pub(super) fn alerts(kit: &Kit) -> Vec<Alert> {
    if !blackbox::is_probed(kit) {
        return Vec::new(); // that nobody probes is then no news
    }
    vec![
        failing(kit),
        journey(kit),
        service_not_ready(kit),
        instance_not_ready(kit),
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

/// A series of what is asked from outside, with these labels.
fn of(kit: &Kit, name: &str, labels: &str) -> String {
    format!("{name}{{job=\"{}\",{labels}}}", blackbox::job(kit))
}

/// Whether these instances say that they are ready.
fn ready(kit: &Kit, labels: &str) -> String {
    let comma = if labels.is_empty() { "" } else { "," };
    let job = blackbox::health_job(kit);
    format!("probe_success{{job=\"{job}\"{comma}{labels}}}")
}

fn failing(kit: &Kit) -> Alert {
    let page = of(
        kit,
        "probe_success",
        &format!("module=\"http_2xx\",instance=\"{PAGE}\""),
    );
    Alert {
        name: "ProbeFails".into(),
        tier: Tier::Critical,
        pending: "2m",
        expr: format!(
            "max by (environment, job, instance) ({}) == 0",
            of(kit, "probe_success", "module=\"http_2xx\"")
        ),
        threshold: None,
        by: &["job", "instance"],
        summary: "{{ $labels.instance }} cannot be reached from outside".into(),
        description: "It was asked as a customer would, and there was no answer, one that is not 2xx, or a certificate that is not accepted.".into(),
        reason: "What the probe cannot reach a customer cannot reach either; two minutes let one lost packet pass.".into(),
        cases: vec![
            Case {
                about: "it fails",
                series: vec![(page.clone(), "1x5 0x20")],
                at: "10m",
                fires: &[&[JOB, PAGE]],
            },
            Case {
                about: "it fails once",
                series: vec![(page, "1x5 0 1x20")],
                at: "6m",
                fires: &[],
            },
            Case {
                about: "a step of a journey, which is another alert's",
                series: vec![(of(kit, "probe_success", "module=\"journey/a/b\",journey=\"a\",step=\"b\""), "0x20")],
                at: "10m",
                fires: &[],
            },
        ],
    }
}

fn journey(kit: &Kit) -> Alert {
    let step = |step: &str| {
        let labels = format!("journey=\"subscription\",step=\"{step}\"");
        of(kit, "probe_success", &labels)
    };
    Alert {
        name: "JourneyFails".into(),
        tier: Tier::Critical,
        pending: "2m",
        expr: format!(
            "max by (environment, job, journey, step) ({}) == 0",
            of(kit, "probe_success", "journey!=\"\"")
        ),
        threshold: None,
        by: &["job", "journey", "step"],
        summary: "On the journey {{ $labels.journey }} the step {{ $labels.step }} fails".into(),
        description: "What customers do was tried from outside, and answered by another status, or by something else than is expected.".into(),
        reason: "What the probe cannot do a customer cannot do either; two minutes let one lost packet pass.".into(),
        cases: vec![
            Case {
                about: "one of two steps fails",
                series: vec![(step("browse"), "1x25"), (step("order"), "1x5 0x20")],
                at: "10m",
                fires: &[&[JOB, "subscription", "order"]],
            },
            Case {
                about: "it fails once",
                series: vec![(step("browse"), "1x25"), (step("order"), "1x5 0 1x20")],
                at: "6m",
                fires: &[],
            },
        ],
    }
}

fn service_not_ready(kit: &Kit) -> Alert {
    let (one, two) = (
        ready(kit, "instance=\"a:9464\""),
        ready(kit, "instance=\"b:9464\""),
    );
    let up = series(kit, "up", "instance=\"a:9464\"");
    Alert {
        name: "ServiceNotReady".into(),
        tier: Tier::Critical,
        pending: "2m",
        // Where none is up that is what is told.
        expr: format!(
            "max by (environment, job) ({}) == 0\nand on (environment) max by (environment) (up{{{}}}) == 1",
            ready(kit, ""),
            kit.job()
        ),
        threshold: None,
        by: &["job"],
        summary: "No instance is ready".into(),
        description: "They run, and say themselves that they are not to get requests: a check fails, most often the database's. /health/ready tells which.".into(),
        reason: "A load balancer sends requests to nobody then; start-up and a drain are shorter than two minutes.".into(),
        cases: vec![
            Case {
                about: "none is ready",
                series: vec![(one.clone(), "1x5 0x20"), (two.clone(), "0x25"), (up.clone(), "1x25")],
                at: "10m",
                fires: &[&[JOB]],
            },
            Case {
                about: "one of two is",
                series: vec![(one.clone(), "1x25"), (two.clone(), "0x25"), (up.clone(), "1x25")],
                at: "10m",
                fires: &[],
            },
            Case {
                about: "they are down, which is another alert's",
                series: vec![(one, "1x5 0x20"), (two, "1x5 0x20"), (up, "1x5 0x20")],
                at: "10m",
                fires: &[],
            },
        ],
    }
}

fn instance_not_ready(kit: &Kit) -> Alert {
    let a = "instance=\"a:9464\"";
    let (ready_a, up_a) = (ready(kit, a), series(kit, "up", a));
    Alert {
        name: "InstanceNotReady".into(),
        tier: Tier::Warning,
        pending: "10m",
        expr: format!(
            "max by (environment, job, instance) ({}) == 0\nand on (environment, instance) max by (environment, instance) (up{{{}}}) == 1",
            ready(kit, ""),
            kit.job()
        ),
        threshold: None,
        by: &["job", "instance"],
        summary: "{{ $labels.instance }} is not ready".into(),
        description: "It runs, and says itself that it is not to get requests: a check fails, or it does not come to the end of its start. /health/ready tells which.".into(),
        reason: "A start or a drain is over in ten minutes; the other instances go on meanwhile.".into(),
        cases: vec![
            Case {
                about: "it is up and not ready",
                series: vec![(ready_a.clone(), "1x5 0x30"), (up_a.clone(), "1x35")],
                at: "20m",
                fires: &[&[JOB, "a:9464"]],
            },
            Case {
                about: "it starts",
                series: vec![(ready_a.clone(), "0x8 1x30"), (up_a.clone(), "1x38")],
                at: "8m",
                fires: &[],
            },
            Case {
                about: "it is down, which is another alert's",
                series: vec![(ready_a, "1x5 0x30"), (up_a, "1x5 0x30")],
                at: "20m",
                fires: &[],
            },
        ],
    }
}

fn absent(kit: &Kit) -> Alert {
    let page = of(kit, "probe_success", "module=\"http_2xx\"");
    Alert {
        name: "ProbesAbsent".into(),
        tier: Tier::Error,
        pending: "5m",
        expr: format!("absent(probe_success{{job=\"{}\"}})", blackbox::job(kit)),
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
                fires: &[&[JOB]],
            },
            Case {
                about: "a probe that fails, which is another alert's",
                series: vec![(page, "0x30")],
                at: "10m",
                fires: &[],
            },
        ],
    }
}

fn certificate(kit: &Kit, name: &str, tier: Tier, days: u32, reason: &'static str) -> Alert {
    let expiry = |labels: &str| of(kit, "probe_ssl_earliest_cert_expiry", labels);
    let (place, page) = (
        expiry(&format!("module=\"tls\",instance=\"{PLACE}\"")),
        expiry(&format!("module=\"http_2xx\",instance=\"{PAGE}\"")),
    );
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
            "min by (environment, job, instance) (last_over_time({}[1h])) - time() < {{threshold}} * 86400",
            expiry("module=\"tls\"")
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
                series: vec![(place.clone(), soon), (page, soon)],
                at: "65m",
                fires: &[&[JOB, PLACE]],
            },
            Case {
                about: "it has expired",
                series: vec![(place.clone(), "1x200")],
                at: "65m",
                fires: &[&[JOB, PLACE]],
            },
            Case {
                about: "it expires later",
                series: vec![(place, late)],
                at: "65m",
                fires: &[],
            },
        ],
    }
}

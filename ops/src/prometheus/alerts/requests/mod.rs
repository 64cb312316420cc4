//! What users see: requests that are slow or fail.

mod traffic;

use crate::kit::Kit;
use crate::prometheus::alert::{Alert, Case, JOB, Source, told};
use crate::prometheus::alerts::series;
use crate::prometheus::recording::{ERROR_RATIO, MEAN_LATENCY, REQUEST_RATE};
use crate::tier::Tier;

use ecolaura_monitoring::catalog;

pub(super) fn alerts(kit: &Kit) -> Vec<Alert> {
    vec![
        slow(kit),
        failing(kit, "HighErrorRate", Tier::Error, 0.05, "5m"),
        failing(kit, "MostRequestsFail", Tier::Critical, 0.5, "2m"),
        traffic::gone(kit),
    ]
}

fn slow(kit: &Kit) -> Alert {
    let of = |part| {
        series(
            kit,
            &format!("{}_{part}", catalog::REQUEST_LATENCY.name()),
            "",
        )
    };
    let (sum, count) = (of("sum"), of("count"));
    Alert {
        name: "HighRequestLatency".into(),
        tier: Tier::Warning,
        pending: "10m",
        keeps: None,
        holds: 1,
        source: Source::Service,
        expr: format!("{MEAN_LATENCY}{{{}}} > {{threshold}}", kit.job()),
        threshold: Some(0.5),
        by: &["job"],
        summary: "High request latency on {{ $labels.job }}".into(),
        description: "Request latency is above {threshold}s on average over all instances (current value: {{ $value | humanizeDuration }})".into(),
        reason: "Half a second is when a page feels slow; ten minutes are longer than a deploy or a burst.".into(),
        cases: vec![
            Case {
                about: "a mean of 550 ms",
                series: told([(sum.clone(), "0+33x40"), (count.clone(), "0+60x40")]),
                at: 20,
                fires: &[&[JOB]],
            },
            Case {
                about: "exactly 500 ms",
                series: told([(sum.clone(), "0+30x40"), (count.clone(), "0+60x40")]),
                at: 30,
                fires: &[],
            },
            Case {
                about: "instances that begin anew, slow before and after",
                series: told([(sum, "0+36x15 0+36x25"), (count, "0+60x15 0+60x25")]),
                at: 25,
                fires: &[&[JOB]],
            },
        ],
    }
}

fn failing(kit: &Kit, name: &str, tier: Tier, share: f64, pending: &'static str) -> Alert {
    let requests = catalog::HTTP_REQUESTS.name();
    let good = series(kit, requests, "outcome=\"success\"");
    let bad = series(kit, requests, "outcome=\"server_error\"");
    let wrong = series(kit, requests, "outcome=\"client_error\"");
    let here = |environment: &str, outcome: &str| {
        let labels = format!("environment=\"{environment}\",outcome=\"{outcome}\"");
        series(kit, requests, &labels)
    };
    let (over, at) = match tier {
        Tier::Critical => ("0+110x30", "0+100x30"),
        _ => ("0+5.5x30", "0+10x30"),
    };
    let at_good = match tier {
        Tier::Critical => "0+100x30",
        _ => "0+190x30",
    };
    Alert {
        name: name.into(),
        tier,
        pending,
        keeps: None,
        holds: 1,
        source: Source::Service,
        // Of a few requests one that fails is no share that says anything.
        expr: format!(
            "{ERROR_RATIO}{{{job}}} > {{threshold}}\nand {REQUEST_RATE}{{{job}}} > 0.05",
            job = kit.job()
        ),
        threshold: Some(share),
        by: &["job"],
        summary: "{{ $value | humanizePercentage }} of the requests to {{ $labels.job }} fail".into(),
        description: "Requests end in 5xx, a panic or a timeout. Which: sum by (endpoint, outcome) of http_requests_total.".into(),
        reason: match tier {
            Tier::Critical => "Where most requests fail nobody can use the service.",
            _ if kit.objectives.is_empty() => "One request in twenty is what customers notice.",
            _ => "One request in twenty is what customers notice; fewer are for the objectives.",
        }
        .into(),
        cases: vec![
            Case {
                about: "more than that share",
                series: told([(good.clone(), "0+100x30"), (bad.clone(), over)]),
                at: 15,
                fires: &[&[JOB]],
            },
            Case {
                about: "an environment that fails, beside one that does not",
                series: told([
                    (here("production", "success"), "0+1000x30"),
                    (here("staging", "success"), "0+10x30"),
                    (here("staging", "server_error"), "0+20x30"),
                ]),
                at: 15,
                fires: &[&[JOB, "staging"]],
            },
            Case {
                about: "just that share",
                series: told([(good.clone(), at_good), (bad.clone(), at)]),
                at: 25,
                fires: &[],
            },
            Case {
                about: "clients who ask for what is not there",
                series: told([(good.clone(), "0+10x30"), (wrong, "0+500x30")]),
                at: 25,
                fires: &[],
            },
            Case {
                about: "few requests, all of which fail",
                series: told([(bad.clone(), "0+3.2x30")]),
                at: 15,
                fires: &[&[JOB]],
            },
            Case {
                about: "too few requests, all of which fail",
                series: told([(bad.clone(), "0+2.7x30")]),
                at: 25,
                fires: &[],
            },
            Case {
                about: "an instance that begins anew while they fail",
                series: told([(good, "0+100x10 0+100x20"), (bad, "0+300x10 0+300x20")]),
                at: 20,
                fires: &[&[JOB]],
            },
        ],
    }
}

//! What users see: requests that are slow or fail.

use crate::blackbox;
use crate::kit::Kit;
use crate::prometheus::alert::{Alert, Case, JOB};
use crate::prometheus::alerts::series;
use crate::prometheus::recording::{ERROR_RATIO, MEAN_LATENCY, REQUEST_RATE};
use crate::tier::Tier;

use ecolaura_monitoring::catalog;

pub(super) fn alerts(kit: &Kit) -> Vec<Alert> {
    vec![
        slow(kit),
        failing(kit, "HighErrorRate", Tier::Error, 0.05, "5m"),
        failing(kit, "MostRequestsFail", Tier::Critical, 0.5, "2m"),
        traffic_gone(kit),
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
        expr: format!("{MEAN_LATENCY}{{{}}} > {{threshold}}", kit.job()),
        threshold: Some(0.5),
        by: &["job"],
        summary: "High request latency on {{ $labels.job }}".into(),
        description: "Request latency is above {threshold}s on average over all instances (current value: {{ $value | humanizeDuration }})".into(),
        reason: "Half a second is when a page feels slow; ten minutes are longer than a deploy or a burst.".into(),
        cases: vec![
            Case {
                about: "a mean of 600 ms for longer than ten minutes",
                series: vec![(sum.clone(), "0+36x40"), (count.clone(), "0+60x40")],
                at: "20m",
                fires: &[&[JOB]],
            },
            Case {
                about: "exactly 500 ms",
                series: vec![(sum.clone(), "0+30x40"), (count.clone(), "0+60x40")],
                at: "30m",
                fires: &[],
            },
            Case {
                about: "a mean of 600 ms for less than ten minutes",
                series: vec![(sum.clone(), "0+36x40"), (count.clone(), "0+60x40")],
                at: "9m",
                fires: &[],
            },
            Case {
                about: "instances that begin anew, slow before and after",
                series: vec![(sum, "0+36x15 0+36x25"), (count, "0+60x15 0+60x25")],
                at: "25m",
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
        Tier::Critical => ("0+200x30", "0+100x30"),
        _ => ("0+12x30", "0+10x30"),
    };
    let at_good = match tier {
        Tier::Critical => "0+100x30",
        _ => "0+190x30",
    };
    Alert {
        name: name.into(),
        tier,
        pending,
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
            _ => "One request in twenty is what customers notice; fewer are for the objectives.",
        }
        .into(),
        cases: vec![
            Case {
                about: "more than that share",
                series: vec![(good.clone(), "0+100x30"), (bad.clone(), over)],
                at: "15m",
                fires: &[&[JOB]],
            },
            Case {
                about: "an environment that fails, beside one that does not",
                series: vec![
                    (here("production", "success"), "0+1000x30"),
                    (here("staging", "success"), "0+10x30"),
                    (here("staging", "server_error"), "0+20x30"),
                ],
                at: "15m",
                fires: &[&[JOB, "staging"]],
            },
            Case {
                about: "just that share",
                series: vec![(good.clone(), at_good), (bad.clone(), at)],
                at: "25m",
                fires: &[],
            },
            Case {
                about: "clients who ask for what is not there",
                series: vec![(good.clone(), "0+10x30"), (wrong, "0+500x30")],
                at: "25m",
                fires: &[],
            },
            Case {
                about: "two requests an hour, of which one fails",
                series: vec![(good.clone(), "0x30 1x30"), (bad.clone(), "0x30 1x30")],
                at: "35m",
                fires: &[],
            },
            Case {
                about: "an instance that begins anew while they fail",
                series: vec![(good, "0+100x10 0+100x20"), (bad, "0+300x10 0+300x20")],
                at: "20m",
                fires: &[&[JOB]],
            },
        ],
    }
}

fn traffic_gone(kit: &Kit) -> Alert {
    let requests = series(kit, catalog::HTTP_REQUESTS.name(), "outcome=\"success\"");
    let job = kit.job();
    // What nobody but the Blackbox Exporter asks for, and a little more; certificates are no requests.
    let asked = blackbox::probes(kit)
        .iter()
        .filter(|probe| probe.is_request())
        .count();
    let probes = (asked as f64 / blackbox::EVERY.1 * 1100.0).ceil() / 1000.0;
    // Only the environment with customers is probed.
    let others: Vec<String> = kit.environments[1..]
        .iter()
        .map(|other| other.name.replace('.', "[.]"))
        .collect();
    let others = others.join("|");
    let gone = |of: &str, probes: f64| {
        let (of, before) = (format!("{REQUEST_RATE}{{{job}{of}}}"), probes + 0.2);
        format!(
            "{of} <= {probes}\nand max_over_time({of}[4h]) > {before}\nunless {of} offset 1d <= {before}"
        )
    };
    let expr = match others.is_empty() || probes == 0.0 {
        true => gone("", probes),
        false => format!(
            "({}) or ({})",
            gone(&format!(",environment!~\"{others}\""), probes),
            gone(&format!(",environment=~\"{others}\""), 0.0)
        ),
    };
    let mut cases = vec![
        Case {
            about: "requests that stop",
            series: vec![(requests.clone(), "0+6000x90 540000x60")],
            at: "110m",
            fires: &[&[JOB]],
        },
        Case {
            about: "fewer requests",
            series: vec![(requests.clone(), "0+6000x90 540000+600x60")],
            at: "110m",
            fires: &[],
        },
        Case {
            about: "an instance that begins anew, and is asked no more",
            series: vec![(requests.clone(), "0+6000x90 0x60")],
            at: "110m",
            fires: &[&[JOB]],
        },
        Case {
            about: "requests that have not come for two hours",
            series: vec![(requests.clone(), "0+6000x90 540000x200")],
            at: "230m",
            fires: &[&[JOB]],
        },
        Case {
            about: "nights that are quiet",
            series: vec![(
                requests.clone(),
                "0+6000x1200 7200000x240 7200000+6000x1200 14400000x120",
            )],
            at: "2720m",
            fires: &[],
        },
        Case {
            about: "a service that never had any",
            series: vec![(requests.clone(), "0x200")],
            at: "152m",
            fires: &[],
        },
    ];
    if probes > 0.0 {
        cases.push(Case {
            about: "requests that stop, but for those of a probe",
            series: vec![(requests, "0+6000x90 540000+2x60")],
            at: "110m",
            fires: &[&[JOB]],
        });
    }
    Alert {
        name: "TrafficGone".into(),
        tier: Tier::Error,
        pending: "10m",
        // Instances that are up and hear of nobody but probes, where lately there were twelve requests more a minute, and not at this time yesterday:
        // nights may be quiet.
        expr,
        threshold: None,
        by: &["job"],
        summary: "{{ $labels.job }} gets no requests of customers any more".into(),
        description: "It is up, and in the last four hours it had more than twelve requests a minute, probes apart: look at what stands before it (load balancer, DNS, certificates).".into(),
        reason: "A service that had traffic and has none for a quarter of an hour is cut off, unless it was as quiet at this time yesterday.".into(),
        cases,
    }
}

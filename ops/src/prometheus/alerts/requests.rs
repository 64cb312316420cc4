//! What users see: requests that are slow or fail.

use crate::blackbox;
use crate::kit::Kit;
use crate::prometheus::alert::{Alert, Case, JOB, Source, Told, told};
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

fn traffic_gone(kit: &Kit) -> Alert {
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
    // It stays until requests come again: what was four hours ago is forgotten meanwhile, and yesterday is today in the end.
    let gone = |of: &str, probes: &str| {
        let (of, before) = (
            format!("{REQUEST_RATE}{{{job}{of}}}"),
            format!("{probes} + 0.2"),
        );
        let fires = format!("ALERTS{{alertname=\"TrafficGone\",alertstate=\"firing\",{job}}}");
        format!(
            "{of} <= {probes}\nand on (environment, job) (\n  max_over_time({of}[4h]) > {before} unless {of} offset 1d <= {before}\n  or on (environment, job) {fires}\n)"
        )
    };
    let expr = match others.is_empty() {
        true => gone("", "{threshold}"),
        false => format!(
            "({})\nor ({})",
            gone(&format!(",environment!~\"{others}\""), "{threshold}"),
            gone(&format!(",environment=~\"{others}\""), "0")
        ),
    };
    Alert {
        name: "TrafficGone".into(),
        tier: Tier::Error,
        pending: "10m",
        holds: 96,
        source: Source::Service,
        // Instances that are up and hear of nobody but probes, where lately there were twelve requests more a minute, and not at this time yesterday:
        // nights may be quiet.
        expr,
        threshold: Some(probes),
        by: &["job"],
        summary: "{{ $labels.job }} gets no requests of customers any more".into(),
        description: "It is up, and before this it had more than twelve requests a minute, probes apart, which are {threshold} a second: look at what stands before it (load balancer, DNS, certificates).".into(),
        reason: "A service that had traffic and has none for a quarter of an hour is cut off, unless it was as quiet at this time yesterday. Who else asks all the time, such as a second prober, is to be added.".into(),
        cases: traffic_cases(kit, asked),
    }
}

/// Requests of each probe, and of customers, as they come.
fn traffic_cases(kit: &Kit, probes: usize) -> Vec<Case> {
    let requests = catalog::HTTP_REQUESTS.name();
    let of = |probe: &'static str, customers: &'static str| {
        let one = |number| {
            (
                series(kit, requests, &format!("endpoint=\"/{number}\"")),
                probe,
            )
        };
        let mut all: Vec<_> = (1..=probes).map(one).collect();
        all.push((series(kit, requests, "endpoint=\"/\""), customers));
        told(all)
    };
    let up = |mut all: Vec<Told>, values: &'static str| {
        all.extend(told([(series(kit, "up", ""), values)]));
        all
    };
    let case = |about, series, at, fires| Case {
        about,
        series,
        at,
        fires,
    };
    let fires: &[&[&str]] = &[&[JOB]];
    let busy = "0+13.2x90 1188x2900";
    vec![
        case(
            "requests that stop, but for those of probes",
            of("0+2.2x90 198+2x2900", busy),
            110,
            fires,
        ),
        case(
            "a few more than those of probes",
            of("0+2.2x90 198+2x2900", "0+13.2x90 1188+1.2x60"),
            110,
            &[],
        ),
        case(
            "a service that never had more",
            of("0+2.2x90 198+2x2900", "0+10.8x90 972x60"),
            110,
            &[],
        ),
        case(
            "requests that have not come for six hours",
            of("0+2.2x90 198+2x2900", busy),
            450,
            fires,
        ),
        case(
            "requests that have not come for two days",
            of("0+2.2x90 198+2x2900", busy),
            2970,
            fires,
        ),
        case(
            "requests that come again",
            of("0+2.2x90 198+2x2900", "0+13.2x90 1188x60 1188+13.2x60"),
            190,
            &[],
        ),
        case(
            "an instance that begins anew, and is asked no more",
            of("0+2.2x90 0+2x60", "0+13.2x90 0x60"),
            110,
            fires,
        ),
        case(
            "instances that are new, and are asked for nothing at all",
            up(of("0+2.2x90 stale", "0+13.2x90 stale"), "1x150"),
            110,
            fires,
        ),
        case(
            "instances that are gone, which is another alert's",
            up(of("0+2.2x90 stale", "0+13.2x90 stale"), "1x90 0x60"),
            110,
            &[],
        ),
        case(
            "nights that are quiet",
            of(
                "0+2.2x2640 5808+2x120",
                "0+13.2x1200 15840+10.8x240 18432+13.2x1200 34272x120",
            ),
            2720,
            &[],
        ),
        case(
            "nights that are not",
            of("0+2.2x2640 5808+2x120", "0+13.2x2640 34848x120"),
            2720,
            fires,
        ),
        case(
            "a service that never had any",
            of("0x200", "0x200"),
            152,
            &[],
        ),
    ]
}

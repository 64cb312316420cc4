//! Whether anybody asks at all.

use ecolaura_monitoring::catalog;

use crate::blackbox;
use crate::kit::Kit;
use crate::names::{none_of, one_of};
use crate::prometheus::alert::{Alert, Case, JOB, Source, Told, told, within};
use crate::prometheus::alerts::series;
use crate::prometheus::recording::REQUEST_RATE;
use crate::tier::Tier;

pub(super) fn gone(kit: &Kit) -> Alert {
    let job = kit.job();
    // What nobody but the Blackbox Exporter asks for, and a little more; certificates are no requests.
    let asked = blackbox::probes(kit)
        .iter()
        .filter(|probe| probe.is_request())
        .count();
    let probes = (asked as f64 / blackbox::EVERY.1 * 1100.0).ceil() / 1000.0;
    // Only the environment with customers is probed.
    let others = kit.environments[1..].iter();
    let others: Vec<&str> = others.map(|other| other.name.as_str()).collect();
    // It stays until requests come again, or it is as quiet as yesterday: what was four hours ago is forgotten meanwhile. Where it fired yesterday as
    // well, half an hour on, that is no yesterday to go by.
    let gone = |of: &str, probes: &str, before: &str| {
        let of = format!("{REQUEST_RATE}{{{job}{of}}}");
        let fires = format!("ALERTS{{alertname=\"TrafficGone\",alertstate=\"firing\",{job}}}");
        format!(
            "{of} <= {probes}\nand on (environment, job) (\n  max_over_time({of}[4h]) > {before} unless {of} offset 1d <= {before}\n  or on (environment, job) (\n    {fires}\n    unless on (environment, job) (\n      {of} offset 1d <= {before} unless on (environment, job) {fires} offset 23h30m\n    )\n  )\n)"
        )
    };
    let besides = if asked == 0 {
        ""
    } else {
        " besides those of probes"
    };
    let expr = match others.is_empty() {
        true => gone("", "{threshold}", "{threshold + 0.2}"),
        false => format!(
            "({})\nor ({})",
            gone(
                &format!(",{}", none_of("environment", &others)),
                "{threshold}",
                "{threshold + 0.2}"
            ),
            gone(&format!(",{}", one_of("environment", &others)), "0", "0.2")
        ),
    };
    Alert {
        name: "TrafficGone".into(),
        tier: Tier::Error,
        pending: "10m",
        keeps: None,
        holds: 96,
        source: Source::Service,
        // Instances that are up and hear of nobody but probes, where lately there were twelve requests more a minute, and not at this time yesterday:
        // nights may be quiet.
        expr,
        threshold: Some(probes),
        by: &["job"],
        summary: "{{ $labels.job }} gets no requests of customers any more".into(),
        description: format!("It is up, and before this it had more than twelve requests a minute{besides}: look at what stands before it (load balancer, DNS, certificates)."),
        reason: "A service that had traffic and has none for a quarter of an hour is cut off, unless it was as quiet at this time yesterday. Who else asks all the time, such as a second prober, is to be added.".into(),
        cases: cases(kit, asked),
    }
}

/// Requests of each probe, and of customers, as they come.
fn cases(kit: &Kit, probes: usize) -> Vec<Case> {
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
            of("0+2.2x1500 3300+2x2900", "0+13.2x1500 19800x2900"),
            4380,
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
            "an evening that ends twenty minutes before yesterday's",
            of(
                "0+2.2x2620 5764+2x120",
                "0+13.2x1200 15840+10.8x240 18432+13.2x1180 34008x120",
            ),
            2732,
            &[],
        ),
        case(
            "an evening that ends early, where yesterday's was busy",
            of(
                "0+2.2x2620 5764+2x120",
                "0+26.4x1200 31680+13.2x240 34848+26.4x1180 66000x120",
            ),
            2732,
            fires,
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
        case(
            "environments in which they stopped two hours ago, six hours ago, and never came",
            [
                within("first", &of("0+2.2x330 726+2x300", "0+13.2x330 4356x300")),
                within("second", &of("0+2.2x90 198+2x540", "0+13.2x90 1188x540")),
                within("third", &of("0+2x630", "0x630")),
            ]
            .concat(),
            450,
            &[&[JOB, "first"], &[JOB, "second"]],
        ),
        case(
            "none for two days in one environment, in another one an evening that ends two hours before yesterday's",
            [
                within(
                    "first",
                    &of("0+2.2x1500 3300+2x2900", "0+13.2x1500 19800x2900"),
                ),
                within(
                    "second",
                    &of(
                        "0+2x4400",
                        "0+20x1260 25200x240 25200+20x1200 49200x240 49200+20x1080 70800x300",
                    ),
                ),
            ]
            .concat(),
            4170,
            &[&[JOB, "first"]],
        ),
    ]
}

//! What the Blackbox Exporter sees from outside: whether pages and journeys work, whether instances are ready, certificates, and the exporter
//! itself.

mod certificates;
mod readiness;

use std::collections::BTreeSet;

use crate::blackbox;
use crate::kit::{Kit, PRODUCTION};
use crate::names::as_expression;
use crate::prometheus::alert::{Alert, Case, JOB, Source, told};
use crate::prometheus::alerts::{FLAPS, MOSTLY, OVER, RETURNS, gone_or_flapping, series};
use crate::tier::Tier;

/// A page.
const SHOP: &str = "https://shop.example";

pub(super) fn alerts(kit: &Kit) -> Vec<Alert> {
    if !blackbox::is_probed(kit) {
        return Vec::new(); // that nobody probes is then no news
    }
    vec![
        failing(kit),
        journey(kit),
        readiness::of_service(kit),
        readiness::of_instance(kit),
        match kit.in_kubernetes {
            true => or_no_pods(kit, absent(kit)),
            false => absent(kit),
        },
        certificates::soon(kit),
        certificates::now(kit),
    ]
}

/// That it is asked by this module.
fn by(module: &str) -> String {
    format!("module=\"{module}\"")
}

/// A series of what is asked from outside, with these labels.
fn of(kit: &Kit, name: &str, labels: &str) -> String {
    format!("{name}{{job=\"{}\",{labels}}}", blackbox::job(kit))
}

fn failing(kit: &Kit) -> Alert {
    let page = of(
        kit,
        "probe_success",
        &format!("{},instance=\"{SHOP}\"", by(blackbox::PAGE)),
    );
    let other_page = page.replace('{', "{prober=\"other\",");
    Alert {
        name: "ProbeFails".into(),
        tier: Tier::Critical,
        pending: "2m",
        keeps: None,
        holds: 6,
        source: Source::Prober,
        expr: gone_or_flapping(
            &of(kit, "probe_success", &by(blackbox::PAGE)),
            "environment, job, instance",
        ),
        threshold: None,
        by: &["job", "instance"],
        summary: "{{ $labels.instance }} cannot be reached from outside".into(),
        description: "It was asked as a customer would, and there was no answer, one that is not 2xx, or a certificate that is not accepted.".into(),
        reason: "What the probe cannot reach a customer cannot reach either; two minutes let one lost packet pass. What fails in two attempts of five within ten minutes, with successes between, is no lost packet.".into(),
        cases: vec![
            Case {
                about: "it fails",
                series: told([(page.clone(), "1x5 0x20")]),
                at: 10,
                fires: &[&[JOB, SHOP]],
            },
            Case {
                about: "it fails once",
                series: told([(page.clone(), "1x5 0 1x20")]),
                at: 6,
                fires: &[],
            },
            Case {
                about: "most attempts fail",
                series: told([(page.clone(), FLAPS)]),
                at: 26,
                fires: &[&[JOB, SHOP]],
            },
            Case {
                about: "most attempts succeed",
                series: told([(page.clone(), MOSTLY)]),
                at: 26,
                fires: &[],
            },
            Case {
                about: "one of two probers never succeeds",
                series: told([(page.clone(), "0x45"), (other_page.clone(), "1x45")]),
                at: 26,
                fires: &[],
            },
            Case {
                about: "one of two probers succeeds, the other one now and then",
                series: told([(page.clone(), FLAPS), (other_page.clone(), "1x45")]),
                at: 26,
                fires: &[],
            },
            Case {
                about: "one of two probers fails, and most attempts of the other one",
                series: told([(page.clone(), FLAPS), (other_page, "0x45")]),
                at: 26,
                fires: &[&[JOB, SHOP]],
            },
            Case {
                about: "an outage that is over",
                series: told([(page.clone(), OVER)]),
                at: 12,
                fires: &[],
            },
            Case {
                about: "it comes back, goes, and comes back",
                series: told([(page, RETURNS)]),
                at: 18,
                fires: &[&[JOB, SHOP]],
            },
            Case {
                about: "a step of a journey, which is another alert's",
                series: told([(of(kit, "probe_success", "module=\"journey/a/b\",journey=\"a\",step=\"b\""), "0x20")]),
                at: 10,
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
    let other_order = step("order").replace('{', "{prober=\"other\",");
    Alert {
        name: "JourneyFails".into(),
        tier: Tier::Critical,
        pending: "3m",
        keeps: None,
        holds: 6,
        source: Source::Prober,
        expr: gone_or_flapping(
            &of(kit, "probe_success", "journey!=\"\""),
            "environment, job, journey, step",
        ),
        threshold: None,
        by: &["job", "journey", "step"],
        summary: "On the journey {{ $labels.journey }} the step {{ $labels.step }} fails".into(),
        description: "What customers do was tried from outside, and answered by another status, or by something else than is expected.".into(),
        reason: "What the probe cannot do a customer cannot do either; three minutes let lost packets pass, and tell first what all steps fail of. What fails in two attempts of five within ten minutes, with successes between, is no lost packet.".into(),
        cases: vec![
            Case {
                about: "one of two steps fails",
                series: told([(step("browse"), "1x25"), (step("order"), "1x5 0x20")]),
                at: 10,
                fires: &[&[JOB, "subscription", "order"]],
            },
            Case {
                about: "it fails once",
                series: told([(step("browse"), "1x25"), (step("order"), "1x5 0 1x20")]),
                at: 6,
                fires: &[],
            },
            Case {
                about: "most attempts fail",
                series: told([(step("browse"), "1x25"), (step("order"), FLAPS)]),
                at: 26,
                fires: &[&[JOB, "subscription", "order"]],
            },
            Case {
                about: "most attempts succeed",
                series: told([(step("order"), MOSTLY)]),
                at: 26,
                fires: &[],
            },
            Case {
                about: "one of two probers never succeeds",
                series: told([(step("order"), "0x45"), (other_order.clone(), "1x45")]),
                at: 26,
                fires: &[],
            },
            Case {
                about: "one of two probers succeeds, the other one now and then",
                series: told([(step("order"), FLAPS), (other_order.clone(), "1x45")]),
                at: 26,
                fires: &[],
            },
            Case {
                about: "one of two probers fails, and most attempts of the other one",
                series: told([(step("order"), FLAPS), (other_order, "0x45")]),
                at: 26,
                fires: &[&[JOB, "subscription", "order"]],
            },
            Case {
                about: "an outage that is over",
                series: told([(step("order"), OVER)]),
                at: 12,
                fires: &[],
            },
            Case {
                about: "it comes back, goes, and comes back",
                series: told([(step("order"), RETURNS)]),
                at: 18,
                fires: &[&[JOB, "subscription", "order"]],
            },
            Case {
                about: "a page, which is another alert's",
                series: told([(of(kit, "probe_success", &by(blackbox::PAGE)), "0x20")]),
                at: 10,
                fires: &[],
            },
        ],
    }
}

fn absent(kit: &Kit) -> Alert {
    let (job, health) = (blackbox::job(kit), blackbox::health_job(kit));
    let environment = format!("environment=\"{}\"", kit.environments[0].name);
    let probes = blackbox::probes(kit);
    let modules: BTreeSet<&str> = probes.iter().map(|probe| probe.module.as_str()).collect();
    let missing = modules.iter().map(|module| {
        let series = of(
            kit,
            "probe_success",
            &format!("{environment},{}", by(module)),
        );
        format!("\n  or absent({series})")
    });
    let missing: String = missing.collect();
    let last = modules.last().copied().unwrap_or_default();
    // What the exporter is asked for by all modules but one, and what it tells of them.
    let others = |of_probes: &'static str| {
        let others = modules.iter().filter(|module| **module != last);
        let both = others.flat_map(|module| {
            let labels = format!("{environment},{}", by(module));
            [
                (of(kit, "probe_success", &labels), of_probes),
                (of(kit, "up", &labels), "1x30"),
            ]
        });
        told(both)
    };
    let of_last = |name: &str, values: &'static str| {
        let labels = format!("{environment},{}", by(last));
        told([(of(kit, name, &labels), values)])
    };
    let unready = told([(format!("up{{job=\"{health}\",{environment}}}"), "0x30")]);
    let fires: &[&[&str]] = &[&[JOB, PRODUCTION]];
    let case = |about, series: [Vec<_>; 3], fires| Case {
        about,
        series: series.concat(),
        at: 10,
        fires,
    };
    let none = Vec::new;
    Alert {
        name: "ProbesAbsent".into(),
        tier: Tier::Error,
        pending: "5m",
        keeps: None,
        holds: 0,
        source: Source::Prober,
        // The exporter answers whoever asks for a module that it does not know by 400, so that there is no result of it.
        expr: format!(
            "count by (environment) (\n  up{{job=~\"{}\"}} == 0{missing}\n)",
            as_expression(&[&job, &health])
        ),
        threshold: None,
        by: &["job"],
        summary: "Nobody probes the service from outside, or not all of it".into(),
        description: "The Blackbox Exporter is gone, does not know a module, or is not asked for it: an outage that only users see would go unnoticed.".into(),
        reason: "Silence of the prober looks like health.".into(),
        cases: vec![
            case(
                "nobody probes",
                [told([("up".into(), "1x30")]), none(), none()],
                fires,
            ),
            case(
                "a module that the exporter does not know",
                [others("1x30"), of_last("up", "0x30"), none()],
                fires,
            ),
            case(
                "a module that nobody asks for",
                [others("1x30"), none(), none()],
                fires,
            ),
            case(
                "nobody asks whether instances are ready",
                [
                    others("1x30"),
                    [of_last("up", "1x30"), of_last("probe_success", "1x30")].concat(),
                    unready,
                ],
                fires,
            ),
            case(
                "probes that fail, which is other alerts'",
                [
                    others("0x30"),
                    of_last("up", "1x30"),
                    of_last("probe_success", "0x30"),
                ],
                &[],
            ),
        ],
    }
}

/// In Kubernetes readiness is what kube-state-metrics tells: where that is not scraped, or its labels are taken for those of its own pod, nobody sees it.
fn or_no_pods(kit: &Kit, mut alert: Alert) -> Alert {
    let up = |pod: &str| series(kit, "up", &format!("namespace=\"shop\",pod=\"{pod}\""));
    let told_of = |pod: &str| {
        format!("kube_pod_status_ready{{condition=\"true\",namespace=\"shop\",pod=\"{pod}\"}}")
    };
    // Of a pod that is new kube-state-metrics may tell a little later.
    let known = series(kit, "up", "");
    alert.expr += &format!(
        "\nor count by (environment) (\n  ({known} and {known} offset 5m)\n  unless on (namespace, pod) kube_pod_status_ready{{condition=\"true\"}}\n)"
    );
    alert.summary += ", or nobody tells whether its pods are ready";
    alert.description += " Or kube-state-metrics does not tell whether pods are ready: it is not scraped, without honorLabels, or not of this namespace.";
    let well = alert
        .cases
        .iter()
        .find(|case| case.fires.is_empty())
        .cloned();
    for case in &mut alert.cases {
        let pod = [(up("a"), "1x30"), (told_of("a"), "1x30")];
        case.series.extend(told(pod));
    }
    let with = |about, more: [(String, &'static str); 2]| {
        well.clone().map(|case| Case {
            about,
            series: [case.series, told(more)].concat(),
            at: 12,
            fires: &[&[JOB]],
        })
    };
    let (a, b) = (up("a"), up("b"));
    let elsewhere = told_of("a").replace("shop", "other");
    let more = [
        with(
            "nobody tells of pods",
            [(a.clone(), "1x30"), (b.clone(), "0x30")],
        ),
        with(
            "nobody tells of one of two",
            [(b, "1x30"), (told_of("a"), "1x30")],
        ),
        with(
            "of a pod elsewhere alone",
            [(a, "1x30"), (elsewhere, "1x30")],
        ),
    ];
    let new = [
        (up("c"), "1x4 stale"),
        (up("d"), "_x5 1x4 stale"),
        (up("e"), "_x10 1x4 stale"),
    ];
    let new = well.map(|case| Case {
        about: "pods that are new, one after the other",
        series: [case.series, told(new)].concat(),
        at: 12,
        ..case
    });
    alert.cases.extend(more.into_iter().chain([new]).flatten());
    alert
}

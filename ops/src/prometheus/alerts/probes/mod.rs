//! What the Blackbox Exporter sees from outside: whether pages and journeys work, whether instances are ready, certificates, and the exporter
//! itself.

mod absence;
mod certificates;
mod readiness;

use crate::blackbox;
use crate::kit::Kit;
use crate::prometheus::alert::{Alert, Case, JOB, Source, told};
use crate::prometheus::alerts::{FLAPS, MOSTLY, OVER, RETURNS, gone_or_flapping};
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
        absence::absent(kit),
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
                at: 17,
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
                at: 17,
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

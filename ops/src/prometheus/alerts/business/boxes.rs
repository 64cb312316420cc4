//! Boxes: whether they leave, and what is in them.

use ecolaura_monitoring::catalog;

use crate::kit::Kit;
use crate::prometheus::alert::{Alert, Case, JOB, Source, told};
use crate::prometheus::alerts::series;
use crate::tier::Tier;

pub(super) fn waiting(kit: &Kit) -> Alert {
    let stages = catalog::BOX_STAGES.name();
    let of = |stage: &str| series(kit, stages, &format!("stage=\"{stage}\""));
    let (packed, shipped) = (of("packed"), of("shipped"));
    let increase = |of: &str| format!("sum by (environment, job) (increase({of}))");
    let before = increase(&format!("{packed}[1d] offset 3d"));
    Alert {
        name: "BoxesPileUp".into(),
        tier: Tier::Error,
        pending: "30m",
        keeps: None,
        holds: 4661,
        source: Source::Service,
        // What was packed three days ago has had three days to leave, of which two may be a weekend.
        expr: format!("{} < {{threshold}} * {before}\nand {before} > 10", increase(&format!("{shipped}[4d]"))),
        threshold: Some(0.5),
        by: &["job"],
        summary: "Of the boxes packed three days ago too few were shipped".into(),
        description: "{{ $value | humanize }} were shipped in four days, fewer than {threshold} times as many as were packed in the first of them. They wait for a carrier, or nobody tells that they have left: see subscription_box_stage_seconds.".into(),
        reason: "A box leaves on the next working day, which is three days on at the latest; half of them is more than one carrier that did not come.".into(),
        cases: vec![
            Case {
                about: "boxes that stay",
                series: told([(packed.clone(), "0+1x5000"), (shipped.clone(), "0+1x170 170x4830")]),
                at: 4695,
                fires: &[&[JOB]],
            },
            Case {
                about: "an instance that begins anew while they stay",
                series: told([
                    (packed.clone(), "0+1x200 0+1x4800"),
                    (shipped.clone(), "0+1x100 100x100 0x4800"),
                ]),
                at: 4695,
                fires: &[&[JOB]],
            },
            Case {
                about: "a little more than half of them leave",
                series: told([(packed.clone(), "0+1x5000"), (shipped.clone(), "0+1x190 190x4810")]),
                at: 4695,
                fires: &[],
            },
            Case {
                about: "eleven that stay",
                series: told([(packed.clone(), "0+0.0305x5000"), (shipped.clone(), "0x5000")]),
                at: 4695,
                fires: &[&[JOB]],
            },
            Case {
                about: "nine that stay",
                series: told([(packed, "0+0.0255x5000"), (shipped, "0x5000")]),
                at: 4695,
                fires: &[],
            },
        ],
    }
}

pub(super) fn fill(kit: &Kit) -> Alert {
    let fill = catalog::BOX_FILL.name();
    let of = |part: &str, plan: &str| series(kit, &format!("{fill}_{part}"), plan);
    let plan = "plan=\"forest\"";
    let increase = |part| {
        format!(
            "sum by (environment, job, plan) (increase({}[6h]))",
            of(part, "")
        )
    };
    Alert {
        name: "BoxesHalfEmpty".into(),
        tier: Tier::Warning,
        pending: "30m",
        keeps: None,
        holds: 11,
        source: Source::Service,
        expr: format!("{}\n/ ({} > 10) < {{threshold}}", increase("sum"), increase("count")),
        threshold: Some(0.7),
        by: &["job", "plan"],
        summary: "Boxes of the plan {{ $labels.plan }} are {{ $value | humanizePercentage }} full".into(),
        description: "The mean of those packed in six hours: products are missing, or the plan's box is too large.".into(),
        reason: "Below 70 % customers write; of ten boxes or fewer the mean says little.".into(),
        cases: vec![
            Case {
                about: "65 % full",
                series: told([(of("sum", plan), "0+0.65x500"), (of("count", plan), "0+1x500")]),
                at: 450,
                fires: &[&[JOB, "forest"]],
            },
            Case {
                about: "60 % full, and an instance that begins anew",
                series: told([
                    (of("sum", plan), "0+0.6x300 0+0.6x200"),
                    (of("count", plan), "0+1x300 0+1x200"),
                ]),
                at: 450,
                fires: &[&[JOB, "forest"]],
            },
            Case {
                about: "71 % full",
                series: told([(of("sum", plan), "0+0.71x500"), (of("count", plan), "0+1x500")]),
                at: 450,
                fires: &[],
            },
            Case {
                about: "eleven boxes",
                series: told([(of("sum", plan), "0x500"), (of("count", plan), "0+0.0305x500")]),
                at: 450,
                fires: &[&[JOB, "forest"]],
            },
            Case {
                about: "nine boxes",
                series: told([(of("sum", plan), "0x500"), (of("count", plan), "0+0.0255x500")]),
                at: 450,
                fires: &[],
            },
        ],
    }
}

//! What the service is for: orders, sign-ups, boxes, logins.

use ecolaura_monitoring::catalog;

use crate::kit::Kit;
use crate::prometheus::alert::{Alert, Case, JOB};
use crate::prometheus::alerts::series;
use crate::tier::Tier;

pub(super) fn alerts(kit: &Kit) -> Vec<Alert> {
    vec![
        stalled(kit),
        failing(kit),
        boxes(kit),
        sign_ups(kit),
        fill(kit),
        content(kit),
        logins(kit),
    ]
}

fn stalled(kit: &Kit) -> Alert {
    let orders = format!("{}_count", catalog::ORDER_PROCESSING.name());
    let completed = series(kit, &orders, "outcome=\"completed\"");
    let increase =
        |over: &str| format!("sum by (environment, job) (increase({completed}[{over}]))");
    Alert {
        name: "OrdersStalled".into(),
        tier: Tier::Critical,
        pending: "5m",
        // As many as to expect several in half an hour, by the same time yesterday.
        expr: format!(
            "{} == 0\nand sum by (environment, job) (increase({completed}[30m] offset 1d)) > 10",
            increase("30m")
        ),
        threshold: None,
        by: &["job"],
        summary: "No order was completed in half an hour".into(),
        description: "Yesterday in the same half hour there were more than ten. Orders are turned away, fail, or do not come: see order_processing_seconds_count by outcome.".into(),
        reason: "Where ten came in the same half hour yesterday, none at all is no chance.".into(),
        cases: vec![
            Case {
                about: "orders that stop",
                series: vec![(completed.clone(), "0+1x1500 1500x60")],
                at: "1545m",
                fires: &[&[JOB]],
            },
            Case {
                about: "orders that go on",
                series: vec![(completed.clone(), "0+1x1600")],
                at: "1545m",
                fires: &[],
            },
            Case {
                about: "a shop that has few",
                series: vec![(completed.clone(), "0x60 1x60 2x1500")],
                at: "1545m",
                fires: &[],
            },
            Case {
                about: "an instance that begins anew while none comes",
                series: vec![(completed, "0+1x1500 0x60")],
                at: "1545m",
                fires: &[&[JOB]],
            },
        ],
    }
}

fn failing(kit: &Kit) -> Alert {
    let orders = format!("{}_count", catalog::ORDER_PROCESSING.name());
    let of = |outcome: &str| series(kit, &orders, &format!("outcome=\"{outcome}\""));
    let (failed, completed) = (of("failed"), of("completed"));
    let rate = |of: &str| format!("sum by (environment, job) (rate({of}[15m]))");
    Alert {
        name: "OrdersFail".into(),
        tier: Tier::Error,
        pending: "5m",
        expr: format!(
            "{} / {} > {{threshold}}\nand {} > 0.005",
            rate(&failed),
            rate(&series(kit, &orders, "")),
            rate(&series(kit, &orders, ""))
        ),
        threshold: Some(0.05),
        by: &["job"],
        summary: "{{ $value | humanizePercentage }} of the orders fail by our fault".into(),
        description: "Not those that are rejected for a reason of the customer's. See the traces of order_processing_seconds with outcome=\"failed\".".into(),
        reason: "Each is a customer who wanted to buy; one in twenty is no accident.".into(),
        cases: vec![
            Case {
                about: "one in ten",
                series: vec![(completed.clone(), "0+9x60"), (failed.clone(), "0+1x60")],
                at: "30m",
                fires: &[&[JOB]],
            },
            Case {
                about: "one in twenty",
                series: vec![(completed.clone(), "0+19x60"), (failed.clone(), "0+1x60")],
                at: "30m",
                fires: &[],
            },
            Case {
                about: "an instance that begins anew while they fail",
                series: vec![
                    (completed.clone(), "0+9x28 0+9x30"),
                    (failed.clone(), "0+1x28 0+1x30"),
                ],
                at: "30m",
                fires: &[&[JOB]],
            },
            Case {
                about: "many that are rejected",
                series: vec![(completed, "0+1x60"), (of("rejected"), "0+50x60"), (failed, "0x60")],
                at: "30m",
                fires: &[],
            },
        ],
    }
}

fn boxes(kit: &Kit) -> Alert {
    let stages = catalog::BOX_STAGES.name();
    let of = |stage: &str| series(kit, stages, &format!("stage=\"{stage}\""));
    let (packed, shipped) = (of("packed"), of("shipped"));
    let increase = |of: &str| format!("sum by (environment, job) (increase({of}[1d]))");
    Alert {
        name: "BoxesPileUp".into(),
        tier: Tier::Error,
        pending: "30m",
        expr: format!("{} < {{threshold}} * {}\nand {} > 10", increase(&shipped), increase(&packed), increase(&packed)),
        threshold: Some(0.5),
        by: &["job"],
        summary: "Of the boxes packed within a day too few were shipped".into(),
        description: "{{ $value | humanize }} were shipped. They wait for a carrier, or nobody tells that they have left: see subscription_box_stage_seconds.".into(),
        reason: "A box leaves on the day after at the latest; half of them is more than one carrier that did not come.".into(),
        cases: vec![
            Case {
                about: "boxes that stay",
                series: vec![(packed.clone(), "0+1x2000"), (shipped.clone(), "0+1x100 100x1900")],
                at: "1800m",
                fires: &[&[JOB]],
            },
            Case {
                about: "an instance that begins anew while they stay",
                series: vec![
                    (packed.clone(), "0+1x1000 0+1x1000"),
                    (shipped.clone(), "0+1x100 100x900 0x1000"),
                ],
                at: "1800m",
                fires: &[&[JOB]],
            },
            Case {
                about: "half of them leave",
                series: vec![(packed.clone(), "0+2x2000"), (shipped.clone(), "0+1x2000")],
                at: "1800m",
                fires: &[],
            },
            Case {
                about: "a quiet day",
                series: vec![(packed, "0x1000 5x1000"), (shipped, "0x2000")],
                at: "1800m",
                fires: &[],
            },
        ],
    }
}

fn sign_ups(kit: &Kit) -> Alert {
    let sign_ups = catalog::SIGN_UPS.name();
    let all = series(kit, sign_ups, "");
    let one = series(kit, sign_ups, "plan=\"forest\"");
    let increase =
        |offset: &str| format!("sum by (environment, job) (increase({all}[6h]{offset}))");
    Alert {
        name: "SignUpsFallen".into(),
        tier: Tier::Warning,
        pending: "30m",
        expr: format!(
            "{}\n/ ({} > 20) < {{threshold}}",
            increase(""),
            increase(" offset 1w")
        ),
        threshold: Some(0.5),
        by: &["job"],
        summary: "Sign-ups have fallen to {{ $value | humanizePercentage }} of a week ago".into(),
        description:
            "That many there were in the last six hours, compared with the same six of last week."
                .into(),
        reason: "Weekdays differ, weeks hardly; of twenty or more, half is no accident.".into(),
        cases: vec![
            Case {
                about: "a third",
                series: vec![(one.clone(), "0+3x10080 30240+1x800")],
                at: "10800m",
                fires: &[&[JOB]],
            },
            Case {
                about: "a third, and an instance that begins anew",
                series: vec![(one.clone(), "0+3x10080 30240+1x600 0+1x200")],
                at: "10800m",
                fires: &[&[JOB]],
            },
            Case {
                about: "as many as a week ago",
                series: vec![(one.clone(), "0+3x10900")],
                at: "10800m",
                fires: &[],
            },
            Case {
                about: "few in both weeks",
                series: vec![(one, "0x10300 10x600")],
                at: "10800m",
                fires: &[],
            },
        ],
    }
}

fn fill(kit: &Kit) -> Alert {
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
        expr: format!("{}\n/ ({} > 10) < {{threshold}}", increase("sum"), increase("count")),
        threshold: Some(0.7),
        by: &["job", "plan"],
        summary: "Boxes of the plan {{ $labels.plan }} are {{ $value | humanizePercentage }} full".into(),
        description: "The mean of those packed in six hours: products are missing, or the plan's box is too large.".into(),
        reason: "Below 70 % customers write; of ten boxes or fewer the mean says little.".into(),
        cases: vec![
            Case {
                about: "60 % full",
                series: vec![(of("sum", plan), "0+0.6x500"), (of("count", plan), "0+1x500")],
                at: "450m",
                fires: &[&[JOB, "forest"]],
            },
            Case {
                about: "60 % full, and an instance that begins anew",
                series: vec![
                    (of("sum", plan), "0+0.6x300 0+0.6x200"),
                    (of("count", plan), "0+1x300 0+1x200"),
                ],
                at: "450m",
                fires: &[&[JOB, "forest"]],
            },
            Case {
                about: "71 % full",
                series: vec![(of("sum", plan), "0+0.71x500"), (of("count", plan), "0+1x500")],
                at: "450m",
                fires: &[],
            },
            Case {
                about: "one box",
                series: vec![(of("sum", plan), "0x100 0.1x400"), (of("count", plan), "0x100 1x400")],
                at: "450m",
                fires: &[],
            },
        ],
    }
}

fn content(kit: &Kit) -> Alert {
    let score = catalog::SATISFACTION.name();
    let touchpoint = "touchpoint=\"delivery\"";
    let of = |part: &str, of: &str| series(kit, &format!("{score}_{part}"), of);
    let increase = |part| {
        format!(
            "sum by (environment, job, touchpoint) (increase({}[1d]))",
            of(part, "")
        )
    };
    Alert {
        name: "CustomersUnhappy".into(),
        tier: Tier::Info,
        pending: "1h",
        expr: format!("{}\n/ ({} > 20) < {{threshold}}", increase("sum"), increase("count")),
        threshold: Some(3.5),
        by: &["job", "touchpoint"],
        summary: "Customers give {{ $labels.touchpoint }} {{ $value | humanize }} of 5".into(),
        description: "The mean of a day's scores.".into(),
        reason: "Below 3.5 more are unhappy than happy; twenty answers are few, and no accident any more.".into(),
        cases: vec![
            Case {
                about: "a mean of 3",
                series: vec![
                    (of("sum", touchpoint), "0+3x1600"),
                    (of("count", touchpoint), "0+1x1600"),
                ],
                at: "1560m",
                fires: &[&[JOB, "delivery"]],
            },
            Case {
                about: "a mean of 3, and an instance that begins anew",
                series: vec![
                    (of("sum", touchpoint), "0+3x800 0+3x800"),
                    (of("count", touchpoint), "0+1x800 0+1x800"),
                ],
                at: "1560m",
                fires: &[&[JOB, "delivery"]],
            },
            Case {
                about: "a mean of 4",
                series: vec![
                    (of("sum", touchpoint), "0+4x1600"),
                    (of("count", touchpoint), "0+1x1600"),
                ],
                at: "1560m",
                fires: &[],
            },
        ],
    }
}

fn logins(kit: &Kit) -> Alert {
    let attempts = catalog::AUTHENTICATION_ATTEMPTS.name();
    let of = |outcome: &str| {
        series(
            kit,
            attempts,
            &format!("mechanism=\"password\",outcome=\"{outcome}\""),
        )
    };
    let (failure, success) = (of("failure"), of("success"));
    let (all, failed) = (
        series(kit, attempts, ""),
        series(kit, attempts, "outcome=\"failure\""),
    );
    let increase = |of: &str| format!("sum by (environment, job, mechanism) (increase({of}[10m]))");
    Alert {
        name: "LoginsFail".into(),
        tier: Tier::Warning,
        pending: "5m",
        expr: format!("{} > {{threshold}}\nand {} / {} > 0.5", increase(&failed), increase(&failed), increase(&all)),
        threshold: Some(50.0),
        by: &["job", "mechanism"],
        summary: "{{ $value | humanize }} attempts to log in by {{ $labels.mechanism }} failed in ten minutes, most of all".into(),
        description: "Somebody tries passwords, or nobody can log in any more: see event.dataset:authentication and event.outcome:failure in the log.".into(),
        reason: "People mistype now and then; most attempts failing, and more than five a minute, is no person.".into(),
        cases: vec![
            Case {
                about: "passwords that are tried",
                series: vec![(failure.clone(), "0+20x40"), (success.clone(), "0+5x40")],
                at: "20m",
                fires: &[&[JOB, "password"]],
            },
            Case {
                about: "an instance that begins anew meanwhile",
                series: vec![
                    (failure.clone(), "0+20x17 0+20x22"),
                    (success.clone(), "0+5x17 0+5x22"),
                ],
                at: "20m",
                fires: &[&[JOB, "password"]],
            },
            Case {
                about: "many customers, of whom some mistype",
                series: vec![(failure.clone(), "0+20x40"), (success.clone(), "0+40x40")],
                at: "20m",
                fires: &[],
            },
            Case {
                about: "few attempts",
                series: vec![(failure, "0+4x40"), (success, "0x40")],
                at: "20m",
                fires: &[],
            },
        ],
    }
}

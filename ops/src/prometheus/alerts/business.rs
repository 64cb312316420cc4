//! What the service is for: orders, sign-ups, boxes, logins.

use ecolaura_monitoring::catalog;

use crate::kit::Kit;
use crate::prometheus::alert::{Alert, Case, JOB, Source, told};
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
        holds: 1530,
        source: Source::Service,
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
                series: told([(completed.clone(), "0+0.375x1500 562.5x60")]),
                at: 1545,
                fires: &[&[JOB]],
            },
            Case {
                about: "orders that go on",
                series: told([(completed.clone(), "0+1x1600")]),
                at: 1545,
                fires: &[],
            },
            Case {
                about: "nine in the same half hour of yesterday",
                series: told([(completed.clone(), "0+0.3125x1500 468.75x60")]),
                at: 1545,
                fires: &[],
            },
            Case {
                about: "an instance that begins anew while none comes",
                series: told([(completed, "0+1x1500 0x60")]),
                at: 1545,
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
        holds: 3,
        source: Source::Service,
        expr: format!(
            "{} / {} > {{threshold}}\nand sum by (environment, job) (increase({failed}[15m])) > 2.5",
            rate(&failed),
            rate(&series(kit, &orders, ""))
        ),
        threshold: Some(0.05),
        by: &["job"],
        summary: "{{ $value | humanizePercentage }} of the orders fail by our fault".into(),
        description: "Not those that are rejected for a reason of the customer's. See the traces of order_processing_seconds with outcome=\"failed\".".into(),
        reason: "Each is a customer who wanted to buy; one in twenty is no accident, if it is more than two in a quarter of an hour.".into(),
        cases: vec![
            Case {
                about: "more than one in twenty",
                series: told([(completed.clone(), "0+19x60"), (failed.clone(), "0+1.1x60")]),
                at: 30,
                fires: &[&[JOB]],
            },
            Case {
                about: "one in twenty",
                series: told([(completed.clone(), "0+19x60"), (failed.clone(), "0+1x60")]),
                at: 30,
                fires: &[],
            },
            Case {
                about: "an instance that begins anew while they fail",
                series: told([
                    (completed.clone(), "0+9x28 0+9x30"),
                    (failed.clone(), "0+1x28 0+1x30"),
                ]),
                at: 30,
                fires: &[&[JOB]],
            },
            Case {
                about: "three of a few",
                series: told([(completed.clone(), "0x60"), (failed.clone(), "0x20 1 2 3x40")]),
                at: 30,
                fires: &[&[JOB]],
            },
            Case {
                about: "two of a few",
                series: told([(completed.clone(), "0x60"), (failed.clone(), "0x20 1 2x40")]),
                at: 30,
                fires: &[],
            },
            Case {
                about: "many that are rejected",
                series: told([(completed, "0+1x60"), (of("rejected"), "0+50x60"), (failed, "0x60")]),
                at: 30,
                fires: &[],
            },
        ],
    }
}

fn boxes(kit: &Kit) -> Alert {
    let stages = catalog::BOX_STAGES.name();
    let of = |stage: &str| series(kit, stages, &format!("stage=\"{stage}\""));
    let (packed, shipped) = (of("packed"), of("shipped"));
    let increase = |of: &str| format!("sum by (environment, job) (increase({of}))");
    let before = increase(&format!("{packed}[1d] offset 1d"));
    Alert {
        name: "BoxesPileUp".into(),
        tier: Tier::Error,
        pending: "30m",
        holds: 1785,
        source: Source::Service,
        // What was packed the day before yesterday has had a day to leave.
        expr: format!("{} < {{threshold}} * {before}\nand {before} > 10", increase(&format!("{shipped}[2d]"))),
        threshold: Some(0.5),
        by: &["job"],
        summary: "Of the boxes packed a day ago too few were shipped".into(),
        description: "{{ $value | humanize }} were shipped in two days, fewer than {threshold} times as many as were packed in the first of them. They wait for a carrier, or nobody tells that they have left: see subscription_box_stage_seconds.".into(),
        reason: "A box leaves on the day after at the latest; half of them is more than one carrier that did not come.".into(),
        cases: vec![
            Case {
                about: "boxes that stay",
                series: told([(packed.clone(), "0+1x2000"), (shipped.clone(), "0+1x170 170x1830")]),
                at: 1815,
                fires: &[&[JOB]],
            },
            Case {
                about: "an instance that begins anew while they stay",
                series: told([
                    (packed.clone(), "0+1x200 0+1x1800"),
                    (shipped.clone(), "0+1x100 100x100 0x1800"),
                ]),
                at: 1815,
                fires: &[&[JOB]],
            },
            Case {
                about: "a little more than half of them leave",
                series: told([(packed.clone(), "0+1x2000"), (shipped.clone(), "0+1x190 190x1810")]),
                at: 1815,
                fires: &[],
            },
            Case {
                about: "eleven that stay",
                series: told([(packed.clone(), "0+0.0305x2000"), (shipped.clone(), "0x2000")]),
                at: 1815,
                fires: &[&[JOB]],
            },
            Case {
                about: "nine that stay",
                series: told([(packed, "0+0.0255x2000"), (shipped, "0x2000")]),
                at: 1815,
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
        holds: 10440,
        source: Source::Service,
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
                about: "a little less than half",
                series: told([(one.clone(), "0+3x10080 30240+1.4x800")]),
                at: 10800,
                fires: &[&[JOB]],
            },
            Case {
                about: "a third, and an instance that begins anew",
                series: told([(one.clone(), "0+3x10080 30240+1x600 0+1x200")]),
                at: 10800,
                fires: &[&[JOB]],
            },
            Case {
                about: "a little more than half",
                series: told([(one.clone(), "0+3x10080 30240+1.6x800")]),
                at: 10800,
                fires: &[],
            },
            Case {
                about: "none, of twenty-two a week ago",
                series: told([(one.clone(), "0+0.0625x10080 630x800")]),
                at: 10800,
                fires: &[&[JOB]],
            },
            Case {
                about: "none, of nineteen a week ago",
                series: told([(one, "0+0.0546875x10080 551.25x800")]),
                at: 10800,
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
        holds: 21,
        source: Source::Service,
        expr: format!("{}\n/ ({} > 20) < {{threshold}}", increase("sum"), increase("count")),
        threshold: Some(3.5),
        by: &["job", "touchpoint"],
        summary: "Customers give {{ $labels.touchpoint }} {{ $value | humanize }} of 5".into(),
        description: "The mean of a day's scores.".into(),
        reason: "Below 3.5 more are unhappy than happy; twenty answers are few, and no accident any more.".into(),
        cases: vec![
            Case {
                about: "a mean of 3.2",
                series: told([
                    (of("sum", touchpoint), "0+3.2x1600"),
                    (of("count", touchpoint), "0+1x1600"),
                ]),
                at: 1560,
                fires: &[&[JOB, "delivery"]],
            },
            Case {
                about: "a mean of 3, and an instance that begins anew",
                series: told([
                    (of("sum", touchpoint), "0+3x800 0+3x800"),
                    (of("count", touchpoint), "0+1x800 0+1x800"),
                ]),
                at: 1560,
                fires: &[&[JOB, "delivery"]],
            },
            Case {
                about: "a mean of 3.6",
                series: told([
                    (of("sum", touchpoint), "0+3.6x1600"),
                    (of("count", touchpoint), "0+1x1600"),
                ]),
                at: 1560,
                fires: &[],
            },
            Case {
                about: "twenty-two answers",
                series: told([
                    (of("sum", touchpoint), "0+0.0459x1600"),
                    (of("count", touchpoint), "0+0.0153x1600"),
                ]),
                at: 1560,
                fires: &[&[JOB, "delivery"]],
            },
            Case {
                about: "eighteen answers",
                series: told([
                    (of("sum", touchpoint), "0+0.0387x1600"),
                    (of("count", touchpoint), "0+0.0129x1600"),
                ]),
                at: 1560,
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
        holds: 3,
        source: Source::Service,
        expr: format!("{} > {{threshold}}\nand {} / {} > 0.5", increase(&failed), increase(&failed), increase(&all)),
        threshold: Some(50.0),
        by: &["job", "mechanism"],
        summary: "{{ $value | humanize }} attempts to log in by {{ $labels.mechanism }} failed in ten minutes, most of all".into(),
        description: "Somebody tries passwords, or nobody can log in any more: see event.dataset:authentication and event.outcome:failure in the log.".into(),
        reason: "People mistype now and then; most attempts failing, and more than five a minute, is no person.".into(),
        cases: vec![
            Case {
                about: "passwords that are tried",
                series: told([(failure.clone(), "0+20x40"), (success.clone(), "0+17x40")]),
                at: 20,
                fires: &[&[JOB, "password"]],
            },
            Case {
                about: "an instance that begins anew meanwhile",
                series: told([
                    (failure.clone(), "0+20x17 0+20x22"),
                    (success.clone(), "0+5x17 0+5x22"),
                ]),
                at: 20,
                fires: &[&[JOB, "password"]],
            },
            Case {
                about: "many customers, of whom some mistype",
                series: told([(failure.clone(), "0+20x40"), (success.clone(), "0+24x40")]),
                at: 20,
                fires: &[],
            },
            Case {
                about: "52 attempts in ten minutes",
                series: told([(failure.clone(), "0+5.2x40"), (success.clone(), "0x40")]),
                at: 20,
                fires: &[&[JOB, "password"]],
            },
            Case {
                about: "45 attempts in ten minutes",
                series: told([(failure, "0+4.5x40"), (success, "0x40")]),
                at: 20,
                fires: &[],
            },
        ],
    }
}

//! Customers: whether they come, get in, and are happy.

use ecolaura_monitoring::catalog;

use crate::kit::Kit;
use crate::prometheus::alert::{Alert, Case, JOB, Source, told};
use crate::prometheus::alerts::series;
use crate::tier::Tier;

pub(super) fn sign_ups(kit: &Kit) -> Alert {
    let sign_ups = catalog::SIGN_UPS.name();
    let all = series(kit, sign_ups, "");
    let one = series(kit, sign_ups, "plan=\"forest\"");
    let increase =
        |offset: &str| format!("sum by (environment, job) (increase({all}[6h]{offset}))");
    Alert {
        name: "SignUpsFallen".into(),
        tier: Tier::Warning,
        pending: "30m",
        keeps: None,
        holds: 10428,
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

pub(super) fn content(kit: &Kit) -> Alert {
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
        keeps: None,
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

pub(super) fn logins(kit: &Kit) -> Alert {
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
        keeps: None,
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

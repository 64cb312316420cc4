//! Whether alerts come through: Prometheus, its rules, and the way to Alertmanager.

use crate::kit::Kit;
use crate::prometheus::alert::{Alert, Case, Source, told};
use crate::tier::Tier;

pub(super) fn alerts(_: &Kit) -> Vec<Alert> {
    vec![
        watchdog(),
        rules(),
        notifications(),
        undelivered(),
        alertmanager(),
    ]
}

fn watchdog() -> Alert {
    Alert {
        name: "Watchdog".into(),
        tier: Tier::Info,
        pending: "0s",
        keeps: None,
        holds: 0,
        source: Source::Pipeline,
        expr: "vector(1)".into(),
        threshold: None,
        by: &[],
        summary: "Alerts come through".into(),
        description: "It fires all the time, so that a heartbeat receiver can raise an alarm when it stops: then Prometheus, Alertmanager or the connection between them is down.".into(),
        reason: "Silence looks like health unless something is expected.".into(),
        cases: vec![Case {
            about: "always",
            series: vec![],
            at: 1,
            fires: &[&[]],
        }],
    }
}

fn rules() -> Alert {
    let failures = "prometheus_rule_evaluation_failures_total";
    let one = format!("{failures}{{job=\"prometheus\",rule_group=\"a\"}}");
    Alert {
        name: "RulesFail".into(),
        tier: Tier::Error,
        pending: "0s",
        keeps: None,
        holds: 6,
        source: Source::Pipeline,
        expr: format!("sum by (job, rule_group) (increase({failures}[5m])) > 0"),
        threshold: None,
        by: &["job", "rule_group"],
        summary: "Rules of {{ $labels.rule_group }} fail".into(),
        description: "An alert in that group may not fire. Prometheus tells why at /rules.".into(),
        reason: "A rule that fails is one that never fires.".into(),
        cases: vec![
            Case {
                about: "one fails",
                series: told([(one.clone(), "0x5 1x20")]),
                at: 7,
                fires: &[&["prometheus", "a"]],
            },
            Case {
                about: "one failed long ago",
                series: told([(one.clone(), "3x30")]),
                at: 20,
                fires: &[],
            },
            Case {
                about: "a Prometheus that begins anew",
                series: told([(one, "3x5 0x20")]),
                at: 7,
                fires: &[],
            },
        ],
    }
}

fn notifications() -> Alert {
    let dropped = "prometheus_notifications_dropped_total";
    let of = |instance: &str, to: &str| {
        format!("{dropped}{{job=\"prometheus\",instance=\"{instance}\",alertmanager=\"{to}\"}}")
    };
    let (one, two) = (of("a", "one"), of("a", "two"));
    Alert {
        name: "NotificationsDropped".into(),
        tier: Tier::Critical,
        pending: "5m",
        // Nothing was ever dropped of an Alertmanager at another address: this one would be over before it is told.
        keeps: Some("15m"),
        holds: 6,
        source: Source::Pipeline,
        // One of several Alertmanagers that takes them is enough.
        expr: format!("max by (job) (min by (job, instance) (increase({dropped}[3m]))) > 0"),
        threshold: None,
        by: &["job"],
        summary: "Prometheus cannot hand its alerts to Alertmanager".into(),
        description:
            "Alerts are lost. This one comes by another Prometheus, or once Alertmanager is there again: it goes on to fire for 15 minutes for that.".into(),
        reason: "Prometheus says everything again within minutes; what is dropped for longer than a restart of Alertmanager takes is an alert that nobody sees.".into(),
        cases: vec![
            Case {
                about: "they are dropped",
                series: told([(one.clone(), "0x5 0.4+0.4x20")]),
                at: 15,
                fires: &[&["prometheus"]],
            },
            Case {
                about: "Alertmanager begins anew",
                series: told([(one.clone(), "0x5 1 2 3 3x20")]),
                at: 14,
                fires: &[],
            },
            Case {
                about: "one of two drops them",
                series: told([(one.clone(), "0x5 0.4+0.4x20"), (of("b", "one"), "0x26")]),
                at: 15,
                fires: &[&["prometheus"]],
            },
            Case {
                about: "one of two Alertmanagers is gone",
                series: told([(one.clone(), "0x5 0.4+0.4x20"), (two, "0x26")]),
                at: 20,
                fires: &[],
            },
            Case {
                about: "none is",
                series: told([(one.clone(), "0x30")]),
                at: 20,
                fires: &[],
            },
            Case {
                about: "an Alertmanager comes at another address: the old one is not counted any more",
                series: told([(one.clone(), "0x5 0.4+0.4x9 stale")]),
                at: 28,
                fires: &[&["prometheus"]],
            },
            Case {
                about: "that was long ago",
                series: told([(one.clone(), "0x5 0.4+0.4x9 stale")]),
                at: 37,
                fires: &[],
            },
            Case {
                about: "a Prometheus that begins anew",
                series: told([(one, "0+1x3 0x40")]),
                at: 17,
                fires: &[],
            },
        ],
    }
}

fn undelivered() -> Alert {
    let failed = "alertmanager_notifications_failed_total";
    let one = format!(
        "{failed}{{job=\"alertmanager\",integration=\"pagerduty\",reason=\"clientError\"}}"
    );
    let hook = one.replace("pagerduty", "webhook");
    Alert {
        name: "NotificationsFail".into(),
        tier: Tier::Critical,
        pending: "0s",
        keeps: None,
        holds: 6,
        source: Source::Pipeline,
        // Webhooks tell nobody but the dead man's switch and the log.
        expr: format!(
            "sum by (job, integration) (increase({failed}{{integration!=\"webhook\"}}[10m])) > 0\nor sum by (job, integration) (increase({failed}{{integration=\"webhook\"}}[10m])) > 4.5"
        ),
        threshold: None,
        by: &["job", "integration"],
        summary: "Alertmanager cannot tell anybody by {{ $labels.integration }}".into(),
        description: "What it wanted to say was refused or not taken, and it has given up. The Watchdog goes by webhook, and notices nothing of the others.".into(),
        reason: "Each one is an alert that nobody sees; this one may come by another way. Of webhooks, which go to the dead man's switch and the log, five in ten minutes are no restart.".into(),
        cases: vec![
            Case {
                about: "one fails",
                series: told([(one.clone(), "0x5 1x20")]),
                at: 7,
                fires: &[&["alertmanager", "pagerduty"]],
            },
            Case {
                about: "one failed long ago",
                series: told([(one.clone(), "3x30")]),
                at: 20,
                fires: &[],
            },
            Case {
                about: "five webhooks fail",
                series: told([(hook.clone(), "0x5 1 2 3 4 5x20")]),
                at: 12,
                fires: &[&["alertmanager", "webhook"]],
            },
            Case {
                about: "four webhooks fail",
                series: told([(hook, "0x5 1 2 3 4x20")]),
                at: 12,
                fires: &[],
            },
            Case {
                about: "an Alertmanager that begins anew",
                series: told([(one, "3x5 0x20")]),
                at: 7,
                fires: &[],
            },
        ],
    }
}

fn alertmanager() -> Alert {
    let known = "prometheus_notifications_alertmanagers_discovered";
    let of = |instance: &str| format!("{known}{{job=\"prometheus\",instance=\"{instance}\"}}");
    let one = of("a");
    Alert {
        name: "NoAlertmanager".into(),
        tier: Tier::Critical,
        pending: "5m",
        // Until the one that is found then has heard of it.
        keeps: Some("15m"),
        holds: 0,
        source: Source::Pipeline,
        expr: format!("min by (job) ({known}) < 1"),
        threshold: None,
        by: &["job"],
        summary: "A Prometheus knows no Alertmanager".into(),
        description: "No alert leaves it. Where it is the only Prometheus, this alert is sent once it has found an Alertmanager again; before that only a heartbeat receiver notices."
            .into(),
        reason: "Without one nobody is told of anything; five minutes let discovery find it."
            .into(),
        cases: vec![
            Case {
                about: "there is none",
                series: told([(one.clone(), "0x30")]),
                at: 10,
                fires: &[&["prometheus"]],
            },
            Case {
                about: "one of two knows none",
                series: told([(of("a"), "0x30"), (of("b"), "1x30")]),
                at: 10,
                fires: &[&["prometheus"]],
            },
            Case {
                about: "one is found after a while",
                series: told([(one.clone(), "0x10 1x50")]),
                at: 24,
                fires: &[&["prometheus"]],
            },
            Case {
                about: "one was found long ago",
                series: told([(one.clone(), "0x10 1x50")]),
                at: 28,
                fires: &[],
            },
            Case {
                about: "there is one",
                series: told([(one, "1x30")]),
                at: 10,
                fires: &[],
            },
        ],
    }
}

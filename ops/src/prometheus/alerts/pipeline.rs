//! Whether alerts come through: Prometheus, its rules, and the way to Alertmanager.

use crate::kit::Kit;
use crate::prometheus::alert::{Alert, Case};
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
        expr: "vector(1)".into(),
        threshold: None,
        by: &[],
        summary: "Alerts come through".into(),
        description: "It always fires. What receives it raises an alarm when it does not come: then Prometheus, Alertmanager or the way between them is gone.".into(),
        reason: "Silence looks like health unless something is expected.".into(),
        cases: vec![Case {
            about: "always",
            series: vec![],
            at: "1m",
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
        expr: format!("sum by (job, rule_group) (increase({failures}[5m])) > 0"),
        threshold: None,
        by: &["job", "rule_group"],
        summary: "Rules of {{ $labels.rule_group }} fail".into(),
        description: "An alert in that group may not fire. Prometheus tells why at /rules.".into(),
        reason: "A rule that fails is one that never fires.".into(),
        cases: vec![
            Case {
                about: "one fails",
                series: vec![(one.clone(), "0x5 1x20")],
                at: "7m",
                fires: &[&["prometheus", "a"]],
            },
            Case {
                about: "one failed long ago",
                series: vec![(one.clone(), "3x30")],
                at: "20m",
                fires: &[],
            },
            Case {
                about: "a Prometheus that begins anew",
                series: vec![(one, "3x5 0x20")],
                at: "7m",
                fires: &[],
            },
        ],
    }
}

fn notifications() -> Alert {
    let dropped = "prometheus_notifications_dropped_total";
    let one = format!("{dropped}{{job=\"prometheus\"}}");
    Alert {
        name: "NotificationsDropped".into(),
        tier: Tier::Critical,
        pending: "0s",
        expr: format!("sum by (job) (increase({dropped}[10m])) > 0"),
        threshold: None,
        by: &["job"],
        summary: "Prometheus cannot hand its alerts to Alertmanager".into(),
        description:
            "Alerts are lost. This one may come by another Prometheus, or when it is over.".into(),
        reason: "Each one is an alert that nobody sees.".into(),
        cases: vec![
            Case {
                about: "one is dropped",
                series: vec![(one.clone(), "0x5 1x20")],
                at: "7m",
                fires: &[&["prometheus"]],
            },
            Case {
                about: "none is",
                series: vec![(one.clone(), "0x30")],
                at: "20m",
                fires: &[],
            },
            Case {
                about: "a Prometheus that begins anew",
                series: vec![(one, "3x5 0x20")],
                at: "7m",
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
    Alert {
        name: "NotificationsFail".into(),
        tier: Tier::Critical,
        pending: "0s",
        expr: format!("sum by (job, integration) (increase({failed}[10m])) > 0"),
        threshold: None,
        by: &["job", "integration"],
        summary: "Alertmanager cannot tell anybody by {{ $labels.integration }}".into(),
        description: "What it wanted to say was refused or not taken, and it has given up. The Watchdog goes another way, and notices nothing.".into(),
        reason: "Each one is an alert that nobody sees; this one may come by another way.".into(),
        cases: vec![
            Case {
                about: "one fails",
                series: vec![(one.clone(), "0x5 1x20")],
                at: "7m",
                fires: &[&["alertmanager", "pagerduty"]],
            },
            Case {
                about: "one failed long ago",
                series: vec![(one.clone(), "3x30")],
                at: "20m",
                fires: &[],
            },
            Case {
                about: "an Alertmanager that begins anew",
                series: vec![(one, "3x5 0x20")],
                at: "7m",
                fires: &[],
            },
        ],
    }
}

fn alertmanager() -> Alert {
    let known = "prometheus_notifications_alertmanagers_discovered";
    let one = format!("{known}{{job=\"prometheus\"}}");
    Alert {
        name: "NoAlertmanager".into(),
        tier: Tier::Critical,
        pending: "5m",
        expr: format!("max by (job) ({known}) < 1"),
        threshold: None,
        by: &["job"],
        summary: "Prometheus knows no Alertmanager".into(),
        description: "No alert leaves Prometheus. Only the receiver of the Watchdog notices."
            .into(),
        reason: "Five minutes let a restart pass.".into(),
        cases: vec![
            Case {
                about: "there is none",
                series: vec![(one.clone(), "0x30")],
                at: "10m",
                fires: &[&["prometheus"]],
            },
            Case {
                about: "there is one",
                series: vec![(one, "1x30")],
                at: "10m",
                fires: &[],
            },
        ],
    }
}

//! The texts of pages, as they are written: each in a file of its own beside this one.
//!
//! An alert's has the steps Assess, Respond and Resolve; the first and the last step are made of the alert. Each line of a block of PromQL is a
//! query of its own. `JOB`, `TEAM` and `DEPLOYMENT` stand for the names of the service, and `[API Performance]` for a link ([`link`](super::link)).
//! What holds for some kits only stands between `{?NAME:` and `?}` ([`Parts`](crate::parts::Parts)).

use crate::error::Error;

macro_rules! pages {
    ($folder:literal, $($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!($folder, $name, ".md")))),*]
    };
}

/// What is not about one alert.
pub(super) const GUIDES: [(&str, &str); 4] = pages![
    "guides/",
    "incident",
    "post-mortem",
    "retention",
    "thresholds"
];

/// What the index says before it lists the alerts.
pub(super) const INDEX: &str = include_str!("guides/README.md");

const STEPS: [(&str, &str); 42] = pages![
    "",
    "BoxesHalfEmpty",
    "BoxesPileUp",
    "BudgetBurns",
    "CertificateExpires",
    "CustomersUnhappy",
    "FileDescriptorsRunOut",
    "HighErrorRate",
    "HighRequestLatency",
    "InstanceDown",
    "InstanceNotReady",
    "JourneyFails",
    "KilledForMemory",
    "LogLinesDropped",
    "LoginsFail",
    "MemoryNearLimit",
    "MetricsAbsent",
    "MostRequestsFail",
    "NoAlertmanager",
    "NotificationsDropped",
    "NotificationsFail",
    "ObjectiveUnmeasured",
    "OrdersFail",
    "OrdersStalled",
    "PoolExhausted",
    "ProbeFails",
    "ProbesAbsent",
    "ProcessorThrottled",
    "QueueFills",
    "RestartsAgainAndAgain",
    "RulesFail",
    "RuntimeBlocked",
    "ScrapesCutOff",
    "SeriesRefused",
    "ServiceDown",
    "ServiceNotReady",
    "ServiceUnknown",
    "SignUpsFallen",
    "SpansDropped",
    "TrafficGone",
    "TwoVersionsRun",
    "ValuesRefused",
    "Watchdog",
];

/// What to do about an alert. Some are told apart by how much they matter alone.
pub(super) fn steps(alert: &str) -> Result<&'static str, Error> {
    let page = match alert {
        "CertificateExpiresNow" => "CertificateExpires",
        _ if alert.starts_with("BudgetBurns") => "BudgetBurns",
        _ => alert,
    };
    let mut all = STEPS.iter();
    let steps = all.find_map(|(name, steps)| (*name == page).then_some(*steps));
    steps.ok_or_else(|| {
        Error::new(format!(
            "alert `{alert}` has no runbook: write ops/src/runbooks/{page}.md, and name it in source.rs"
        ))
    })
}

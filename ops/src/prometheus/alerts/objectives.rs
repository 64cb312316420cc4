//! Objectives: how fast the budget of what may fail is used up, over a long time and a short one.
//!
//! Source: the Google SRE workbook, "Alerting on SLOs", multiwindow multi-burn-rate alerts.

use ecolaura_monitoring::catalog;

use crate::kit::Kit;
use crate::objective::{FASTEST, Slo};
use crate::prometheus::alert::{Alert, Case};
use crate::prometheus::alerts::series;
use crate::prometheus::rule::{Group, Rule};
use crate::tier::Tier;

/// Requests of an objective a second, and the bad ones among them.
const TOTAL: &str = "slo:requests:rate5m";
const BAD: &str = "slo:requests_bad:rate5m";
/// The share of bad ones over a window.
const RATIO: &str = "slo:requests_bad:ratio";

/// How fast, over which two windows, and how much that matters.
struct Burn {
    name: &'static str,
    tier: Tier,
    factor: f64,
    long: &'static str,
    short: &'static str,
    pending: &'static str,
    reason: &'static str,
}

const BURNS: [Burn; 4] = [
    Burn {
        name: "BudgetBurnsAtOnce",
        tier: Tier::Critical,
        factor: FASTEST,
        long: "1h",
        short: "5m",
        pending: "2m",
        reason: "At 14.4 times the speed that lasts, 2 % of 30 days' budget are gone in an hour and all of it in two days.",
    },
    Burn {
        name: "BudgetBurnsFast",
        tier: Tier::Error,
        factor: 6.0,
        long: "6h",
        short: "30m",
        pending: "15m",
        reason: "At 6 times the speed that lasts, 5 % of 30 days' budget are gone in six hours and all of it in five days.",
    },
    Burn {
        name: "BudgetBurns",
        tier: Tier::Warning,
        factor: 3.0,
        long: "1d",
        short: "2h",
        pending: "1h",
        reason: "At 3 times the speed that lasts, 10 % of 30 days' budget are gone in a day.",
    },
    Burn {
        name: "BudgetBurnsSlowly",
        tier: Tier::Info,
        factor: 1.0,
        long: "3d",
        short: "6h",
        pending: "3h",
        reason: "For three days the budget was used up faster than it comes.",
    },
];

/// Every window that a burn looks at.
fn windows() -> Vec<&'static str> {
    let mut windows: Vec<_> = BURNS
        .iter()
        .flat_map(|burn| [burn.short, burn.long])
        .collect();
    windows.sort_unstable();
    windows.dedup();
    windows
}

/// The rules that record what the alerts look at.
pub(crate) fn recorded(kit: &Kit) -> Vec<Group> {
    let group = |slo: &Slo| Group {
        name: format!("{}-objective-{}", kit.job, slo.name),
        interval: Some("1m"),
        rules: rates(kit, slo)
            .into_iter()
            .chain(windows().into_iter().map(|window| ratio(kit, slo, window)))
            .collect(),
    };
    kit.objectives.iter().map(group).collect()
}

/// Who an objective belongs to.
fn selector(kit: &Kit, slo: &Slo) -> String {
    format!("{},slo=\"{}\"", kit.job(), slo.name)
}

fn rates(kit: &Kit, slo: &Slo) -> [Rule; 2] {
    let times = catalog::HTTP_REQUEST_DURATION.name();
    // Whose client went away has 499: nobody knows whether it would have been good.
    let of = format!("{},endpoint=\"{}\"", kit.job(), slo.endpoint);
    let rate = |part: &str, more: &str| {
        format!("sum by (job) (rate({times}_{part}{{{of},status_code!=\"499\"{more}}}[5m]))")
    };
    let total = rate("count", "");
    let good = match slo.latency {
        // Prometheus 3 writes whole bounds with a point.
        Some(latency) => rate(
            "bucket",
            &format!(
                ",status_code!~\"5..\",le=~\"{}(\\\\.0)?\"",
                latency.as_secs_f64()
            ),
        ),
        None => rate("count", ",status_code!~\"5..\""),
    };
    [
        Rule::record(TOTAL, total.clone()).label("slo", &slo.name),
        Rule::record(BAD, format!("{total}\n- ({good} or 0 * {total})")).label("slo", &slo.name),
    ]
}

/// The true share of all requests of the window, not the mean of shares: hours with many requests count for more.
fn ratio(kit: &Kit, slo: &Slo, window: &str) -> Rule {
    let of = selector(kit, slo);
    let over = |name: &str| format!("sum_over_time({name}{{{of}}}[{window}])");
    let expr = format!("{}\n/ ({} > 0)", over(BAD), over(TOTAL));
    // Both labels, so that no two rules look as if they made the same.
    Rule::record(RATIO, expr)
        .label("slo", &slo.name)
        .label("window", window)
}

pub(super) fn alerts(kit: &Kit) -> Vec<Alert> {
    BURNS
        .iter()
        .filter(|_| !kit.objectives.is_empty())
        .map(|burn| alert(kit, burn))
        .collect()
}

fn alert(kit: &Kit, burn: &Burn) -> Alert {
    let Burn {
        factor,
        long,
        short,
        ..
    } = burn;
    let one = |slo: &Slo| {
        let (of, most) = (selector(kit, slo), digits(factor * slo.budget()));
        let above =
            |window| format!("max by (job, slo) ({RATIO}{{{of},window=\"{window}\"}}) > {most}");
        format!("(\n  {}\n  and {}\n)", above(long), above(short))
    };
    let all: Vec<String> = kit.objectives.iter().map(one).collect();
    Alert {
        name: burn.name.into(),
        tier: burn.tier,
        pending: burn.pending,
        expr: all.join("\nor "),
        by: &["job", "slo"],
        summary: format!(
            "The objective {{{{ $labels.slo }}}} of {{{{ $labels.job }}}} is missed, {factor} times as fast as lasts"
        ),
        description: format!(
            "{{{{ $value | humanizePercentage }}}} of the requests in the last {long} were bad: failed, or slower than promised. So it was in the last {short} too, so it goes on."
        ),
        reason: burn.reason,
        cases: cases(kit, burn),
    }
}

/// Without the digits that binary fractions add.
fn digits(number: f64) -> f64 {
    (number * 1e9).round() / 1e9
}

fn cases(kit: &Kit, burn: &Burn) -> Vec<Case> {
    let Some(slo) = kit.objectives.first() else {
        return Vec::new();
    };
    let times = catalog::HTTP_REQUEST_DURATION.name();
    let of = |part: &str, status: &str, le: &str| {
        let endpoint = &slo.endpoint;
        series(
            kit,
            &format!("{times}_{part}"),
            &format!("endpoint=\"{endpoint}\",status_code=\"{status}\"{le}"),
        )
    };
    let le = slo
        .latency
        .map(|latency| format!(",le=\"{}\"", latency.as_secs_f64()));
    let good = |values| {
        let mut all = vec![(of("count", "200", ""), values)];
        all.extend(le.iter().map(|le| (of("bucket", "200", le), values)));
        all
    };
    let with = |mut all: Vec<(String, &'static str)>, status: &str, values| {
        all.push((of("count", status, ""), values));
        all
    };
    let fires: &[&[&str]] = &[&["ecolaura-api", "orders"]];
    let (after, begins) = match burn.tier {
        Tier::Critical => ("80m", "80m"),
        Tier::Error => ("436m", "376m"),
        Tier::Warning => ("1560m", "1456m"),
        Tier::Info => ("4560m", "4336m"),
    };
    let mut cases = vec![
        Case {
            about: "everything fails",
            series: with(good("0x5000"), "500", "0+600x5000"),
            at: after,
            fires,
        },
        Case {
            about: "nothing fails",
            series: with(good("0+600x5000"), "500", "0x5000"),
            at: after,
            fires: &[],
        },
        Case {
            about: "clients go away",
            series: with(good("0+600x5000"), "499", "0+600x5000"),
            at: after,
            fires: &[],
        },
        Case {
            about: "a silent service",
            series: with(good("0x5000"), "500", "0x5000"),
            at: after,
            fires: &[],
        },
        Case {
            about: "instances that begin anew while everything fails",
            series: with(good("0x5000"), "500", "0+600x60 0+600x4900"),
            at: after,
            fires,
        },
        Case {
            about: "it is over: the short window is good again",
            series: with(good("0x60 0+600x4900"), "500", "0+600x60 36000x4900"),
            at: begins,
            fires: &[],
        },
    ];
    if slo.latency.is_some() {
        cases.push(Case {
            about: "everything is slow, and nothing fails",
            series: vec![
                (of("count", "200", ""), "0+600x5000"),
                (
                    of("bucket", "200", le.as_deref().unwrap_or_default()),
                    "0x5000",
                ),
            ],
            at: after,
            fires,
        });
    }
    cases
}

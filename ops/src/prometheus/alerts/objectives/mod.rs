//! Objectives: how fast the budget of what may fail is used up, over a long time and a short one.
//!
//! Source: the Google SRE workbook, "Alerting on SLOs", multiwindow multi-burn-rate alerts.

mod cases;

use ecolaura_monitoring::catalog;

use crate::kit::Kit;
use crate::objective::{FASTEST, Slo};
use crate::prometheus::alert::{Alert, Source};
use crate::prometheus::rule::{Group, Rule};
use crate::tier::Tier;

/// Requests of an objective a second, and the bad ones among them.
const TOTAL: &str = "slo:requests:rate5m";
const BAD: &str = "slo:requests_bad:rate5m";
/// The share of bad ones over a window.
const RATIO: &str = "slo:requests_bad:ratio";

/// So few bad requests are no burning budget, however few there were: two of a hundred wake nobody up.
const FEWEST: u32 = 10;

/// How long nothing may be known of an objective: longer than Easter.
const LONGEST: &str = "5d";

/// How fast, over which two windows, and how much that matters.
struct Burn {
    name: &'static str,
    tier: Tier,
    factor: f64,
    long: &'static str,
    short: &'static str,
    pending: &'static str,
    /// When too much has failed, in minutes, if everything fails from the start on.
    holds: u32,
    /// When it fires then for sure, and when it does not any more if that was over after an hour.
    after: u32,
    over: u32,
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
        holds: 1,
        after: 80,
        over: 80,
        reason: "At 14.4 times the speed that lasts, 2 % of 30 days' budget are gone in an hour and all of it in two days.",
    },
    Burn {
        name: "BudgetBurnsFast",
        tier: Tier::Error,
        factor: 6.0,
        long: "6h",
        short: "30m",
        pending: "15m",
        holds: 1,
        after: 436,
        over: 376,
        reason: "At 6 times the speed that lasts, 5 % of 30 days' budget are gone in six hours and all of it in five days.",
    },
    Burn {
        name: "BudgetBurns",
        tier: Tier::Warning,
        factor: 3.0,
        long: "1d",
        short: "2h",
        pending: "1h",
        holds: 1,
        after: 1560,
        over: 1456,
        reason: "At 3 times the speed that lasts, 10 % of 30 days' budget are gone in a day.",
    },
    Burn {
        name: "BudgetBurnsSlowly",
        tier: Tier::Info,
        factor: 1.0,
        long: "3d",
        short: "6h",
        pending: "3h",
        holds: 4,
        after: 4560,
        over: 4336,
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
    let of = format!("{},endpoint=\"{}\"", kit.job(), slo.endpoint);
    let rate = |series: &str, more: &str| {
        format!("sum by (environment, job) (rate({series}{{{of}{more}}}[5m]))")
    };
    // Prometheus 3 writes whole bounds with a point.
    let within = slo
        .latency
        .map(|latency| format!(",le=~\"{}(\\\\.0)?\"", latency.as_secs_f64()));
    let (total, bad) = match slo.is_of_requests() {
        true => of_requests(rate, within),
        false => of_calls(rate, within),
    };
    [
        Rule::record(TOTAL, total).label("slo", &slo.name),
        Rule::record(BAD, bad).label("slo", &slo.name),
    ]
}

// Whose client went away has 499: nobody knows whether it would have been good.

/// All requests to an endpoint, and the bad ones: those that failed, which their outcome tells, and those of the others that took too long. One that
/// fails with a good status, as calls of gRPC do, and takes too long is counted twice.
fn of_requests(rate: impl Fn(&str, &str) -> String, within: Option<String>) -> (String, String) {
    let (requests, times) = (
        catalog::HTTP_REQUESTS.name(),
        catalog::HTTP_REQUEST_DURATION.name(),
    );
    let total = rate(requests, ",status_code!=\"499\"");
    let failed = rate(requests, ",outcome=~\"server_error|panic|timeout\"");
    let failed = format!("({failed} or 0 * {total})");
    let Some(within) = within else {
        return (total, failed);
    };
    let others = ",status_code!~\"408|499|5..\"";
    let all = rate(&format!("{times}_count"), others);
    let quick = rate(&format!("{times}_bucket"), &format!("{others}{within}"));
    let slow = format!("({} or 0 * {total})", slower(&all, &quick));
    let bad = no_more_than(&total, &format!("{failed}\n+ {slow}"));
    (total, bad)
}

/// Those that were not quick: all where there is no such bound.
fn slower(all: &str, quick: &str) -> String {
    format!("{all} - ({quick} or 0 * {all})")
}

/// So many, but no more than there were.
fn no_more_than(total: &str, bad: &str) -> String {
    format!("({bad} <= {total})\nor {total}")
}

/// All calls of a function, and the bad ones: those that failed, and those that took too long, of which some may have failed too.
fn of_calls(rate: impl Fn(&str, &str) -> String, within: Option<String>) -> (String, String) {
    let (calls, times) = (
        catalog::REQUEST_COUNT.name(),
        catalog::REQUEST_LATENCY.name(),
    );
    let total = rate(calls, ",http_status!=\"499\"");
    let failed = format!("({} or 0 * {total})", rate(calls, ",http_status=~\"5..\""));
    let Some(within) = within else {
        return (total, failed);
    };
    let (all, quick) = (
        rate(&format!("{times}_count"), ""),
        rate(&format!("{times}_bucket"), &within),
    );
    // Times do not tell how calls ended: as many of the slow ones as were given up are taken for these.
    let gone = rate(calls, ",http_status=\"499\"");
    let slow = format!(
        "clamp_min({} - ({gone} or 0 * {all}), 0)",
        slower(&all, &quick)
    );
    let bad = no_more_than(&total, &format!("{failed}\n+ ({slow} or 0 * {total})"));
    (total, bad)
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
    if kit.objectives.is_empty() {
        return Vec::new();
    }
    let burns = BURNS.iter().map(|burn| alert(kit, burn));
    burns.chain([unmeasured(kit)]).collect()
}

/// Of what nobody asks for nothing is known, nor is of a route with a typing error: both look like an objective that is met.
fn unmeasured(kit: &Kit) -> Alert {
    // An hour without a scrape, or without rules, is no news of either.
    let up = format!("max_over_time(up{{{}}}[1h])", kit.job());
    let one = |slo: &Slo| {
        format!(
            "label_replace(\n  group by (environment, job) ({up} == 1)\n  unless group by (environment, job) (present_over_time({TOTAL}{{{}}}[1h])),\n  \"slo\", \"{}\", \"\", \"\"\n)",
            selector(kit, slo),
            slo.name
        )
    };
    let all: Vec<String> = kit.objectives.iter().map(one).collect();
    Alert {
        name: "ObjectiveUnmeasured".into(),
        tier: Tier::Warning,
        pending: LONGEST,
        keeps: None,
        holds: 0,
        source: Source::Service,
        expr: all.join("\nor "),
        threshold: None,
        by: &["job", "slo"],
        summary: "Nothing is measured of the objective {{ $labels.slo }} of {{ $labels.job }}".into(),
        description: format!("For {LONGEST} no instance was asked for what the objective is about: it can neither be met nor missed. Is its route, or its function, written as the service has it?"),
        reason: "An instance tells of a route from its first request on until it ends, so within days, of which one is a working day, some instance tells of each route that somebody uses.".into(),
        cases: cases::unmeasured(kit),
    }
}

fn alert(kit: &Kit, burn: &Burn) -> Alert {
    let Burn {
        factor,
        long,
        short,
        ..
    } = burn;
    let one = |slo: &Slo| {
        // Recorded once a minute, so this is how many there were.
        let bad = format!(
            "max by (environment, job, slo) (sum_over_time({BAD}{{{}}}[{long}])) * 60",
            selector(kit, slo)
        );
        let (of, most) = (selector(kit, slo), digits(factor * slo.budget()));
        let above = |window| {
            format!("max by (environment, job, slo) ({RATIO}{{{of},window=\"{window}\"}}) > {most}")
        };
        format!(
            "(\n  {}\n  and {}\n  and {bad} > {FEWEST}\n)",
            above(long),
            above(short)
        )
    };
    let all: Vec<String> = kit.objectives.iter().map(one).collect();
    Alert {
        name: burn.name.into(),
        tier: burn.tier,
        pending: burn.pending,
        keeps: None,
        holds: burn.holds,
        source: Source::Service,
        expr: all.join("\nor "),
        threshold: None,
        by: &["job", "slo"],
        summary: format!(
            "The objective {{{{ $labels.slo }}}} of {{{{ $labels.job }}}} is missed, {factor} times as fast as lasts"
        ),
        description: format!(
            "{{{{ $value | humanizePercentage }}}} of the requests in the last {long} were bad: failed, or slower than promised. So it was in the last {short} too, so it goes on."
        ),
        reason: burn.reason.into(),
        cases: cases::cases(kit, burn),
    }
}

/// Without the digits that binary fractions add.
fn digits(number: f64) -> f64 {
    (number * 1e9).round() / 1e9
}

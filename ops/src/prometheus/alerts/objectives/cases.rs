//! How the alerts of objectives are tried.

use ecolaura_monitoring::catalog;

use crate::kit::Kit;
use crate::objective::Slo;
use crate::prometheus::alert::{Case, JOB, SLO, SLO_OF_CALLS, Told, minutes, told};
use crate::prometheus::alerts::objectives::{Burn, FEWEST, LONGEST, RATIO};
use crate::prometheus::alerts::series;
use crate::prometheus::trial::Pace;

/// Nothing for days, and ten a second for days.
const NONE: &str = "0x5000";
const MANY: &str = "0+600x5000";

/// The first objective on requests, or on calls of a function.
fn first(kit: &Kit, of_requests: bool) -> Option<&Slo> {
    let mut all = kit.objectives.iter();
    all.find(|slo| slo.is_of_requests() == of_requests)
}

/// What is tried of one objective on requests, and of one on calls of a function.
pub(super) fn cases(kit: &Kit, burn: &Burn) -> Vec<Case> {
    let requests = first(kit, true).map(|slo| of(kit, burn, slo, &[&[JOB, SLO]]));
    let calls = first(kit, false).map(|slo| of(kit, burn, slo, &[&[JOB, SLO_OF_CALLS]]));
    requests.into_iter().chain(calls).flatten().collect()
}

/// What is tried of what nobody measures, while all other objectives are.
pub(super) fn unmeasured(kit: &Kit) -> Vec<Case> {
    let days = minutes(LONGEST);
    let of = |(slo, fires): (&Slo, &'static [&'static [&'static str]])| {
        let asked = |values: &str| ended(kit, slo, "200", values, values);
        let case = |about, up: &str, asked: Vec<Told>, fires| {
            let mut series = told([(self::series(kit, "up", ""), up.to_owned())]);
            series.extend(asked);
            let others = kit.objectives.iter();
            let others = others.filter(|other| other.endpoint != slo.endpoint);
            series.extend(others.flat_map(|other| ended(kit, other, "200", "0x8000", "0x8000")));
            Case {
                about,
                series,
                // A minute after an evaluation.
                at: days + 196,
                fires,
            }
        };
        let (up, not_yet) = ("1x8000", "_x300 1x7500");
        [
            case("nobody was ever asked", up, Vec::new(), fires),
            case("it is long ago that somebody was", up, asked("0x40"), fires),
            case("whoever was ended since then", up, asked("0x280"), &[]),
            case(
                "few requests, and none after all began anew",
                up,
                asked("3x600 0x7400"),
                &[],
            ),
            case(
                "a service, or an objective, that is new",
                not_yet,
                Vec::new(),
                &[],
            ),
            case(
                "it was gone for a while",
                "1x2000 0x40 1x5960",
                Vec::new(),
                fires,
            ),
            case("it is gone now", "1x7280 0x600", Vec::new(), &[]),
        ]
    };
    let requests = first(kit, true).map(|slo| (slo, &[&[JOB, SLO] as &[_]] as &[_]));
    let calls = first(kit, false).map(|slo| (slo, &[&[JOB, SLO_OF_CALLS] as &[_]] as &[_]));
    requests.into_iter().chain(calls).flat_map(of).collect()
}

fn of(kit: &Kit, burn: &Burn, slo: &Slo, fires: &'static [&'static [&'static str]]) -> Vec<Case> {
    let ended = |status, values| ended(kit, slo, status, values, values);
    let case = |about, series: [Vec<_>; 2], at, fires| Case {
        about,
        series: series.concat(),
        at,
        fires,
    };
    let (after, over) = (burn.after, burn.over);
    let mut cases = vec![
        case(
            "everything fails",
            [ended("200", NONE), ended("500", MANY)],
            after,
            fires,
        ),
        case(
            "nothing fails",
            [ended("200", MANY), ended("500", NONE)],
            after,
            &[],
        ),
        case(
            "clients go away",
            [ended("200", MANY), ended("499", MANY)],
            after,
            &[],
        ),
        case(
            "few requests, of which the last two fail",
            [ended("200", "0+2x78 156x5000"), ended("500", "0x78 2x5000")],
            80,
            &[],
        ),
        case(
            "a silent service",
            [ended("200", NONE), ended("500", NONE)],
            after,
            &[],
        ),
        case(
            "instances that begin anew while everything fails",
            [ended("200", NONE), ended("500", "0+600x60 0+600x4900")],
            after,
            fires,
        ),
        case(
            "it is over: the short window is good again",
            [
                ended("200", "0x60 0+600x4900"),
                ended("500", "0+600x60 36000x4900"),
            ],
            over,
            &[],
        ),
    ];
    if slo.is_of_requests() {
        // As of gRPC.
        let failed = requests(kit, slo, "200", "server_error", MANY);
        cases.push(case(
            "everything fails with a status that is good",
            [ended("200", NONE), told([failed])],
            after,
            fires,
        ));
    }
    if slo.latency.is_some() {
        let gone = self::ended(kit, slo, "499", MANY, NONE);
        cases.push(case(
            "clients wait long, and go away",
            [ended("200", MANY), gone],
            after,
            &[],
        ));
        let slow = self::ended(kit, slo, "200", MANY, NONE);
        cases.push(case(
            "everything is slow, and nothing fails",
            [slow, Vec::new()],
            after,
            fires,
        ));
    }
    cases.extend(near(kit, burn, slo, fires));
    cases
}

/// What is a little more than it takes, and a little less: over each window, and in number.
fn near(kit: &Kit, burn: &Burn, slo: &Slo, fires: &'static [&'static [&'static str]]) -> Vec<Case> {
    let case = |about, [good, bad]: [String; 2], fires| Case {
        about,
        series: [
            ended(kit, slo, "200", &good, &good),
            ended(kit, slo, "500", &bad, &bad),
        ]
        .concat(),
        at: burn.after,
        fires,
    };
    // A target may be so low that hardly anything is above it.
    let most = |times: f64| (times * burn.factor * slo.budget()).min(0.995);
    // Of ten requests a second: one share of bad ones up to this minute, and then another.
    let shares = |before: f64, until: u32, after: f64| {
        [(1.0 - before, 1.0 - after), (before, after)]
            .map(|(before, after)| steps(600.0 * before, until, 600.0 * after))
    };
    // What is recorded is recorded less often while hours are tried.
    let rate = f64::from(Pace::of(RATIO, burn.after).minutes());
    let bad = |number: f64| {
        let each = number * rate / f64::from(minutes(burn.long));
        [steps(0.0, 1, 0.0), steps(each, 1, each)]
    };
    let short = minutes(burn.short);
    // What is recorded is known for five minutes more.
    let (at_last, before) = (burn.after - short, burn.after - short - 6);
    let (over, under) = (most(1.05), most(0.95));
    // A twelfth of the long window is a short one.
    vec![
        case("a little too much", shares(over, 1, over), fires),
        case(
            "a little too little over the long window",
            shares(most(0.9), at_last, most(1.5)),
            &[],
        ),
        case(
            "a little too little over the short window",
            shares(most(1.5), before, under),
            &[],
        ),
        case(
            "just enough that are bad",
            bad(1.08 * f64::from(FEWEST)),
            fires,
        ),
        case(
            "just too few that are bad",
            bad(0.92 * f64::from(FEWEST)),
            &[],
        ),
    ]
}

/// So many each minute up to this one, and so many from then on.
fn steps(before: f64, until: u32, after: f64) -> String {
    let from = before * f64::from(until) + after;
    format!("0+{before}x{until} {from}+{after}x5000")
}

/// What ended with this status: all of it, and what of it was quick enough.
fn ended(kit: &Kit, slo: &Slo, status: &str, all: &str, quick: &str) -> Vec<Told> {
    let (endpoint, times) = (format!("endpoint=\"{}\"", slo.endpoint), slo.times().name());
    let le = |latency: std::time::Duration| format!(",le=\"{}\"", latency.as_secs_f64());
    // The times of a function do not tell their status: an instance for each keeps them apart.
    let of = match slo.is_of_requests() {
        true => format!("{endpoint},status_code=\"{status}\""),
        false => format!("{endpoint},instance=\"{status}\""),
    };
    let named = |part: &str, labels: &str| series(kit, &format!("{times}_{part}"), labels);
    let mut series_of = vec![(named("count", &of), all.to_owned())];
    if slo.is_of_requests() {
        series_of.push(requests(kit, slo, status, outcome(status), all));
    }
    let within = slo
        .latency
        .map(|latency| named("bucket", &(of + &le(latency))));
    series_of.extend(within.map(|within| (within, quick.to_owned())));
    if !slo.is_of_requests() {
        let calls = format!("{endpoint},method=\"GET\",http_status=\"{status}\"");
        series_of.push((
            series(kit, catalog::REQUEST_COUNT.name(), &calls),
            all.to_owned(),
        ));
    }
    told(series_of)
}

/// What becomes of a request that ends with this status, of those that are tried.
fn outcome(status: &str) -> &'static str {
    match status {
        "499" => "cancelled",
        "500" => "server_error",
        _ => "success",
    }
}

/// Requests that ended so.
fn requests(kit: &Kit, slo: &Slo, status: &str, outcome: &str, all: &str) -> (String, String) {
    let endpoint = &slo.endpoint;
    let labels = format!("endpoint=\"{endpoint}\",status_code=\"{status}\",outcome=\"{outcome}\"");
    let requests = series(kit, catalog::HTTP_REQUESTS.name(), &labels);
    (requests, all.to_owned())
}

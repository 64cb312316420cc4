//! How the alerts of objectives are tried.

use ecolaura_monitoring::catalog;

use crate::kit::Kit;
use crate::objective::Slo;
use crate::prometheus::alert::{Case, JOB, SLO, SLO_OF_CALLS};
use crate::prometheus::alerts::objectives::Burn;
use crate::prometheus::alerts::series;

/// Nothing for days, and ten a second for days.
const NONE: &str = "0x5000";
const MANY: &str = "0+600x5000";

/// What is tried of one objective on requests, and of one on calls of a function.
pub(super) fn cases(kit: &Kit, burn: &Burn) -> Vec<Case> {
    let first = |of_requests: bool| {
        let mut all = kit.objectives.iter();
        all.find(|slo| slo.is_of_requests() == of_requests)
    };
    let requests = first(true).map(|slo| of(kit, burn, slo, &[&[JOB, SLO]]));
    let calls = first(false).map(|slo| of(kit, burn, slo, &[&[JOB, SLO_OF_CALLS]]));
    requests.into_iter().chain(calls).flatten().collect()
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
            "80m",
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
    if slo.latency.is_some() {
        let slow = self::ended(kit, slo, "200", MANY, NONE);
        cases.push(case(
            "everything is slow, and nothing fails",
            [slow, Vec::new()],
            after,
            fires,
        ));
    }
    cases
}

/// What ended with this status: all of it, and what of it was quick enough.
fn ended(
    kit: &Kit,
    slo: &Slo,
    status: &str,
    all: &'static str,
    quick: &'static str,
) -> Vec<(String, &'static str)> {
    let (endpoint, times) = (format!("endpoint=\"{}\"", slo.endpoint), times(slo));
    let le = |latency: std::time::Duration| format!(",le=\"{}\"", latency.as_secs_f64());
    // The times of a function do not tell their status: an instance for each keeps them apart.
    let of = match slo.is_of_requests() {
        true => format!("{endpoint},status_code=\"{status}\""),
        false => format!("{endpoint},instance=\"{status}\""),
    };
    let named = |part: &str, labels: &str| series(kit, &format!("{times}_{part}"), labels);
    let mut told = vec![(named("count", &of), all)];
    told.extend(
        slo.latency
            .map(|latency| (named("bucket", &(of + &le(latency))), quick)),
    );
    if !slo.is_of_requests() {
        let calls = format!("{endpoint},method=\"GET\",http_status=\"{status}\"");
        told.push((series(kit, catalog::REQUEST_COUNT.name(), &calls), all));
    }
    told
}

fn times(slo: &Slo) -> &'static str {
    match slo.is_of_requests() {
        true => catalog::HTTP_REQUEST_DURATION.name(),
        false => catalog::REQUEST_LATENCY.name(),
    }
}

//! Whether monitoring itself sees everything: what it refuses, drops or cuts off.

use ecolaura_monitoring::catalog;

use crate::kit::Kit;
use crate::prometheus::alert::{Alert, Case, JOB, Source, told};
use crate::prometheus::alerts::series;
use crate::tier::Tier;

pub(super) fn alerts(kit: &Kit) -> Vec<Alert> {
    vec![
        refused(kit),
        observations(kit),
        dropped(
            kit,
            "SpansDropped",
            catalog::SPANS_DROPPED.name(),
            "spans",
            "The collector is down, slow or full; exemplars lead to traces that are not there.",
        ),
        dropped(
            kit,
            "LogLinesDropped",
            catalog::LOG_LINES_DROPPED.name(),
            "lines of the log",
            "More is logged than is written, or one place logs more than 1,000 lines a second.",
        ),
        scrapes(kit),
    ]
}

fn refused(kit: &Kit) -> Alert {
    let refused = catalog::SERIES_REFUSED.name();
    let one = series(kit, refused, "metric=\"parcels_sent_total\"");
    Alert {
        name: "SeriesRefused".into(),
        tier: Tier::Warning,
        pending: "0s",
        keeps: None,
        holds: 11,
        source: Source::Service,
        expr: format!("sum by (environment, job, metric) (increase({refused}{{{}}}[15m])) > 0", kit.job()),
        threshold: None,
        by: &["job", "metric"],
        summary: "{{ $labels.metric }} of {{ $labels.job }} is full".into(),
        description: "It has as many label sets as max_series allows; what comes now is recorded with the labels _overflow. A label has values without end.".into(),
        reason: "From the first one on, its numbers by label are not complete.".into(),
        cases: vec![
            Case {
                about: "one is refused",
                series: told([(one.clone(), "0x10 1x30")]),
                at: 15,
                fires: &[&[JOB, "parcels_sent_total"]],
            },
            Case {
                about: "some were refused long ago",
                series: told([(one.clone(), "7x60")]),
                at: 40,
                fires: &[],
            },
            Case {
                about: "none is refused, and an instance begins anew",
                series: told([(one, "7x20 0x40")]),
                at: 25,
                fires: &[],
            },
        ],
    }
}

fn observations(kit: &Kit) -> Alert {
    let refused = catalog::OBSERVATIONS_REFUSED.name();
    let examples = match kit.has_business() {
        true => ", such as a plan that was not announced, an amount below 0, a score off the scale",
        false => "",
    };
    let one = series(kit, refused, "metric=\"subscription_signups_total\"");
    Alert {
        name: "ValuesRefused".into(),
        tier: Tier::Warning,
        pending: "0s",
        keeps: None,
        holds: 11,
        source: Source::Service,
        expr: format!(
            "sum by (environment, job, metric) (increase({refused}{{{}}}[15m])) > 0",
            kit.job()
        ),
        threshold: None,
        by: &["job", "metric"],
        summary: "{{ $labels.job }}: values of {{ $labels.metric }} are refused".into(),
        description: format!(
            "Refused values are missing in the numbers{examples}. The log names the value and the place, once for each kind."
        ),
        reason: "Each one is missing in the numbers.".into(),
        cases: vec![
            Case {
                about: "one is refused",
                series: told([(one.clone(), "0x10 1x30")]),
                at: 15,
                fires: &[&[JOB, "subscription_signups_total"]],
            },
            Case {
                about: "none is refused, and an instance begins anew",
                series: told([(one, "7x20 0x40")]),
                at: 40,
                fires: &[],
            },
        ],
    }
}

fn dropped(kit: &Kit, name: &str, metric: &str, what: &str, why: &str) -> Alert {
    let one = series(kit, metric, "reason=\"queue_full\"");
    Alert {
        name: name.into(),
        tier: Tier::Warning,
        pending: "10m",
        keeps: None,
        holds: 5,
        source: Source::Service,
        expr: format!(
            "sum by (environment, job, reason) (rate({metric}{{{}}}[5m])) > {{threshold}}",
            kit.job()
        ),
        threshold: Some(0.1),
        by: &["job", "reason"],
        summary: format!(
            "{{{{ $labels.job }}}} drops {{{{ $value | humanize }}}} {what} a second ({{{{ $labels.reason }}}})"
        ),
        description: why.to_owned(),
        reason: "A restart of what takes them is over in ten minutes.".into(),
        cases: vec![
            Case {
                about: "more than one in ten seconds",
                series: told([(one.clone(), "0+6.5x40")]),
                at: 20,
                fires: &[&[JOB, "queue_full"]],
            },
            Case {
                about: "one a second, and an instance that begins anew",
                series: told([(one.clone(), "0+60x18 0+60x22")]),
                at: 20,
                fires: &[&[JOB, "queue_full"]],
            },
            Case {
                about: "one in ten seconds",
                series: told([(one, "0+6x40")]),
                at: 20,
                fires: &[],
            },
        ],
    }
}

fn scrapes(kit: &Kit) -> Alert {
    let cut_off = catalog::SCRAPES_CUT_OFF.name();
    let one = series(kit, cut_off, "instance=\"a:9464\"");
    Alert {
        name: "ScrapesCutOff".into(),
        tier: Tier::Warning,
        pending: "0s",
        keeps: None,
        holds: 13,
        source: Source::Service,
        expr: format!("sum by (environment, job, instance) (increase({cut_off}{{{}}}[15m])) > {{threshold}}", kit.job()),
        threshold: Some(2.5),
        by: &["job", "instance"],
        summary: "Scrapes of {{ $labels.instance }} of {{ $labels.job }} do not come to their end".into(),
        description: "Whoever scrapes leaves before the answer is whole: its timeout is too short, or there are too many series.".into(),
        reason: "One can be a restart of Prometheus; three in a quarter of an hour are holes in every graph.".into(),
        cases: vec![
            Case {
                about: "three of them",
                series: told([(one.clone(), "0x10 1 2 3x30")]),
                at: 16,
                fires: &[&[JOB, "a:9464"]],
            },
            Case {
                about: "one of them",
                series: told([(one.clone(), "0x10 1x30")]),
                at: 16,
                fires: &[],
            },
            Case {
                about: "two of them",
                series: told([(one.clone(), "5x10 6 7x30")]),
                at: 16,
                fires: &[],
            },
            Case {
                about: "none, and an instance that begins anew",
                series: told([(one, "9x10 0x30")]),
                at: 16,
                fires: &[],
            },
        ],
    }
}

//! Whether there is something to look at: instances that are gone, or say nothing.

use ecolaura_monitoring::catalog;

use crate::blackbox;
use crate::kit::Kit;
use crate::prometheus::alert::{Alert, Case, JOB, Source, told};
use crate::prometheus::alerts::{FLAPS, MOSTLY, OVER, RETURNS, gone_or_flapping, series};
use crate::tier::Tier;

pub(super) fn alerts(kit: &Kit) -> Vec<Alert> {
    vec![
        instance_down(kit),
        service_down(kit),
        service_unknown(kit),
        metrics_absent(kit),
        restarts(kit),
        versions(kit),
    ]
}

fn up(kit: &Kit, instance: &str) -> String {
    series(kit, "up", &format!("instance=\"{instance}\""))
}

fn instance_down(kit: &Kit) -> Alert {
    let (one, two) = (up(kit, "a:9464"), up(kit, "b:9464"));
    Alert {
        name: "InstanceDown".into(),
        tier: Tier::Warning,
        pending: "5m",
        keeps: None,
        holds: 6,
        source: Source::Service,
        expr: format!("max by (environment, job, instance) (up{{{}}}) == 0", kit.job()),
        threshold: None,
        by: &["job", "instance"],
        summary: "{{ $labels.instance }} of {{ $labels.job }} cannot be scraped".into(),
        description: "For five minutes /metrics has not answered: the instance is gone, hangs, or is cut off.".into(),
        reason: "A deploy or a restart is over in five minutes; the other instances go on meanwhile.".into(),
        cases: vec![
            Case {
                about: "one of two is gone",
                series: told([(one.clone(), "1x30"), (two.clone(), "1x5 0x25")]),
                at: 15,
                fires: &[&[JOB, "b:9464"]],
            },
            Case {
                about: "one that comes back in time",
                series: told([(one, "1x30"), (two, "1x5 0x3 1x22")]),
                at: 9,
                fires: &[],
            },
        ],
    }
}

fn service_down(kit: &Kit) -> Alert {
    let (one, two) = (up(kit, "a:9464"), up(kit, "b:9464"));
    Alert {
        name: "ServiceDown".into(),
        tier: Tier::Critical,
        pending: "1m",
        keeps: None,
        holds: 6,
        source: Source::Service,
        expr: gone_or_flapping(&series(kit, "up", ""), "environment, job"),
        threshold: None,
        by: &["job"],
        summary: "No instance of {{ $labels.job }} can be scraped".into(),
        description: format!(
            "All of them are gone, hang, or are cut off from Prometheus.{}",
            if blackbox::is_probed(kit) {
                " The probes show whether users are served."
            } else {
                ""
            }
        ),
        reason: "Without any instance nothing works; a minute is four scrapes. One that comes and goes, and is gone for two fifths of ten minutes, crashes again and again.".into(),
        cases: vec![
            Case {
                about: "both are gone",
                series: told([(one.clone(), "1x5 0x25"), (two.clone(), "1x5 0x25")]),
                at: 10,
                fires: &[&[JOB]],
            },
            Case {
                about: "one is left",
                series: told([(one.clone(), "1x30"), (two.clone(), "1x5 0x25")]),
                at: 10,
                fires: &[],
            },
            Case {
                about: "both crash again and again",
                series: told([(one.clone(), FLAPS), (two.clone(), FLAPS)]),
                at: 26,
                fires: &[&[JOB]],
            },
            Case {
                about: "both are there most of the time",
                series: told([(one.clone(), MOSTLY), (two.clone(), MOSTLY)]),
                at: 26,
                fires: &[],
            },
            Case {
                about: "one crashes again and again, and the other one is gone",
                series: told([(one.clone(), FLAPS), (two.clone(), "0x45")]),
                at: 26,
                fires: &[&[JOB]],
            },
            Case {
                about: "one of two crashes again and again",
                series: told([(one.clone(), "1x30"), (two, FLAPS)]),
                at: 26,
                fires: &[],
            },
            Case {
                about: "an outage that is over",
                series: told([(one.clone(), OVER)]),
                at: 12,
                fires: &[],
            },
            Case {
                about: "it comes back, goes, and comes back",
                series: told([(one, RETURNS)]),
                at: 17,
                fires: &[&[JOB]],
            },
        ],
    }
}

fn service_unknown(kit: &Kit) -> Alert {
    let up_in = |name: &str| series(kit, "up", &format!("environment=\"{name}\""));
    let with = |one: String, values| {
        let others = kit.environments[1..].iter();
        let mut all: Vec<_> = others.map(|other| (up_in(&other.name), "1x30")).collect();
        all.push((one, values));
        told(all)
    };
    Alert {
        name: "ServiceUnknown".into(),
        tier: Tier::Critical,
        pending: "5m",
        keeps: None,
        holds: 0,
        source: Source::Service,
        expr: kit
            .environments
            .iter()
            .map(|one| format!("absent(up{{{},environment=\"{}\"}})", kit.job(), one.name))
            .collect::<Vec<_>>()
            .join("\nor "),
        threshold: None,
        by: &["job"],
        summary: "Prometheus knows no instance of {{ $labels.job }} in {{ $labels.environment }}".into(),
        description: "No target has this job and environment: discovery finds nothing, or they are called otherwise. All other alerts of it are silent meanwhile.".into(),
        reason: "What nobody scrapes raises no alert, and all may be gone; five minutes let a deploy pass.".into(),
        cases: vec![
            Case {
                about: "no target at all",
                series: with("up{job=\"other\"}".into(), "1x30"),
                at: 15,
                fires: &[&[JOB, "production"]],
            },
            Case {
                about: "a target of another environment",
                series: with(up_in("elsewhere"), "1x30"),
                at: 15,
                fires: &[&[JOB, "production"]],
            },
            Case {
                about: "a target that is down, which is another alert's",
                series: with(up_in("production"), "0x30"),
                at: 15,
                fires: &[],
            },
        ],
    }
}

fn metrics_absent(kit: &Kit) -> Alert {
    let target = catalog::TARGET_INFO.name();
    let (up, info) = (
        up(kit, "a:9464"),
        series(kit, target, "instance=\"a:9464\",service_name=\"shop\""),
    );
    Alert {
        name: "MetricsAbsent".into(),
        tier: Tier::Error,
        pending: "10m",
        keeps: None,
        holds: 0,
        source: Source::Service,
        expr: format!(
            "max by (environment, job, instance) (up{{{job}}}) == 1\nunless max by (environment, job, instance) ({target}{{{job}}})",
            job = kit.job()
        ),
        threshold: None,
        by: &["job", "instance"],
        summary: "{{ $labels.instance }} of {{ $labels.job }} is scraped and says nothing".into(),
        description: "It answers, but not with this library's metrics: telemetry is disabled (OTEL_SDK_DISABLED), or something else listens there.".into(),
        reason: "An instance without metrics looks healthy on every dashboard.".into(),
        cases: vec![
            Case {
                about: "an instance without metrics",
                series: told([(up.clone(), "1x30")]),
                at: 15,
                fires: &[&[JOB, "a:9464"]],
            },
            Case {
                about: "one with them",
                series: told([(up.clone(), "1x30"), (info, "1x30")]),
                at: 15,
                fires: &[],
            },
            Case {
                about: "one that is down, which is another alert's",
                series: told([(up, "0x30")]),
                at: 15,
                fires: &[],
            },
        ],
    }
}

fn restarts(kit: &Kit) -> Alert {
    let start = catalog::PROCESS_START_TIME.name();
    let one = series(kit, start, "instance=\"a:9464\"");
    Alert {
        name: "RestartsAgainAndAgain".into(),
        tier: Tier::Error,
        pending: "1m",
        keeps: None,
        holds: 24,
        source: Source::Service,
        expr: format!("sum by (environment, job, instance) (changes({start}{{{}}}[30m])) > {{threshold}}", kit.job()),
        threshold: Some(3.0),
        by: &["job", "instance"],
        summary: "{{ $labels.instance }} of {{ $labels.job }} began anew {{ $value }} times in half an hour".into(),
        description: "It crashes or is killed: see its last lines of the log, and why its container ended.".into(),
        reason: "A deploy with a roll-back makes two or three restarts, not four in half an hour.".into(),
        cases: vec![
            Case {
                about: "four restarts",
                series: told([(one.clone(), "100x5 200x5 300x5 400x5 500x20")]),
                at: 26,
                fires: &[&[JOB, "a:9464"]],
            },
            Case {
                about: "three restarts",
                series: told([(one, "100x5 200x5 300x5 400x25")]),
                at: 26,
                fires: &[],
            },
        ],
    }
}

fn versions(kit: &Kit) -> Alert {
    let build = catalog::BUILD_INFO.name();
    let of = |instance: &str, version: &str| {
        series(
            kit,
            build,
            &format!("instance=\"{instance}\",version=\"{version}\""),
        )
    };
    Alert {
        name: "TwoVersionsRun".into(),
        tier: Tier::Info,
        pending: "1h",
        keeps: None,
        holds: 0,
        source: Source::Service,
        expr: format!(
            "count by (environment, job) (count by (environment, job, version, revision) ({build}{{{}}})) > 1",
            kit.job()
        ),
        threshold: None,
        by: &["job"],
        summary: "{{ $value }} versions of {{ $labels.job }} run side by side".into(),
        description: "A deploy has stopped half-way, or an instance was left behind.".into(),
        reason: "A rolling deploy is over in an hour.".into(),
        cases: vec![
            Case {
                about: "two versions for longer than an hour",
                series: told([(of("a:9464", "1"), "1x90"), (of("b:9464", "2"), "1x90")]),
                at: 70,
                fires: &[&[JOB]],
            },
            Case {
                about: "two instances of one version",
                series: told([(of("a:9464", "1"), "1x90"), (of("b:9464", "1"), "1x90")]),
                at: 70,
                fires: &[],
            },
        ],
    }
}

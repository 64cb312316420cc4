//! What a service runs out of: processor, memory, files, workers, connections, room in queues.

use ecolaura_monitoring::catalog;

use crate::kit::Kit;
use crate::prometheus::alert::{Alert, Case, JOB, Source, told};
use crate::prometheus::alerts::series;
use crate::tier::Tier;

/// One instance.
const A: &str = "instance=\"a:9464\"";

pub(super) fn alerts(kit: &Kit) -> Vec<Alert> {
    vec![
        throttled(kit),
        memory(kit),
        killed(kit),
        files(kit),
        lag(kit),
        pool(kit),
        queue(kit),
    ]
}

fn throttled(kit: &Kit) -> Alert {
    let (periods, throttled) = (
        catalog::SYSTEM_CPU_PERIODS.name(),
        catalog::SYSTEM_CPU_THROTTLED_PERIODS.name(),
    );
    let of = |name: &str| series(kit, name, &format!("{A},scope=\"container\""));
    let job = kit.job();
    let rate =
        |name: &str| format!("sum by (environment, job, instance) (rate({name}{{{job}}}[5m]))");
    Alert {
        name: "ProcessorThrottled".into(),
        tier: Tier::Warning,
        pending: "15m",
        keeps: None,
        holds: 1,
        source: Source::Service,
        expr: format!("{}\n/ {} > {{threshold}}", rate(throttled), rate(periods)),
        threshold: Some(0.25),
        by: &["job", "instance"],
        summary: "{{ $labels.instance }} of {{ $labels.job }} waits for its processor quota".into(),
        description: "In {{ $value | humanizePercentage }} of the periods it used its quota up and had to wait: requests are slow for no reason of their own.".into(),
        reason: "A quarter of the periods is when the slowest requests show it; less comes with every burst.".into(),
        cases: vec![
            Case {
                about: "more than a quarter of the periods",
                series: told([(of(periods), "0+600x60"), (of(throttled), "0+162x60")]),
                at: 30,
                fires: &[&[JOB, "a:9464"]],
            },
            Case {
                about: "a quarter of them",
                series: told([(of(periods), "0+600x60"), (of(throttled), "0+150x60")]),
                at: 30,
                fires: &[],
            },
            Case {
                about: "one that begins anew",
                series: told([
                    (of(periods), "0+600x20 0+600x40"),
                    (of(throttled), "0+300x20 0+300x40"),
                ]),
                at: 40,
                fires: &[&[JOB, "a:9464"]],
            },
        ],
    }
}

fn memory(kit: &Kit) -> Alert {
    let (used, limit) = (
        catalog::SYSTEM_MEMORY_USED.name(),
        catalog::SYSTEM_MEMORY_LIMIT.name(),
    );
    let of = |name: &str, scope: &str| series(kit, name, &format!("{A},scope=\"{scope}\""));
    let job = kit.job();
    let max = |name: &str| format!("max by (environment, job, instance, scope) ({name}{{{job}}})");
    Alert {
        name: "MemoryNearLimit".into(),
        tier: Tier::Error,
        pending: "10m",
        keeps: None,
        holds: 0,
        source: Source::Service,
        expr: format!("{}\n/ {} > {{threshold}}", max(used), max(limit)),
        threshold: Some(0.9),
        by: &["job", "instance", "scope"],
        summary: "{{ $labels.instance }} of {{ $labels.job }} uses {{ $value | humanizePercentage }} of the memory of its {{ $labels.scope }}".into(),
        description: "When there is none left the kernel kills the process, and what it was doing is lost.".into(),
        reason: "A tenth is what a burst takes; above it the next one kills.".into(),
        cases: vec![
            Case {
                about: "95 % of the container's",
                series: told([(of(used, "container"), "95x40"), (of(limit, "container"), "100x40")]),
                at: 20,
                fires: &[&[JOB, "a:9464", "container"]],
            },
            Case {
                about: "90 % of it",
                series: told([(of(used, "container"), "90x40"), (of(limit, "container"), "100x40")]),
                at: 20,
                fires: &[],
            },
            Case {
                about: "a container without a limit on a machine with room",
                series: told([
                    (of(used, "container"), "95x40"),
                    (of(used, "host"), "50x40"),
                    (of(limit, "host"), "100x40"),
                ]),
                at: 20,
                fires: &[],
            },
        ],
    }
}

fn killed(kit: &Kit) -> Alert {
    let kills = catalog::SYSTEM_MEMORY_OOM_KILLS.name();
    let one = series(kit, kills, &format!("{A},scope=\"container\""));
    Alert {
        name: "KilledForMemory".into(),
        tier: Tier::Error,
        pending: "0s",
        keeps: None,
        holds: 11,
        source: Source::Service,
        expr: format!("sum by (environment, job, instance) (increase({kills}{{{}}}[15m])) > 0", kit.job()),
        threshold: None,
        by: &["job", "instance"],
        summary: "A process in the container of {{ $labels.instance }} was killed: there was no memory left".into(),
        description: match kit.has_alert("targets", "RestartsAgainAndAgain") {
            true => "The kernel killed it. If it was the service itself, see RestartsAgainAndAgain.".into(),
            false => "The kernel killed it.".into(),
        },
        reason: "Each one is work that was lost.".into(),
        cases: vec![
            Case {
                about: "one is killed",
                series: told([(one.clone(), "0x10 1x40")]),
                at: 15,
                fires: &[&[JOB, "a:9464"]],
            },
            Case {
                about: "one was killed long ago",
                series: told([(one.clone(), "1x60")]),
                at: 30,
                fires: &[],
            },
            Case {
                about: "a container that begins anew",
                series: told([(one, "3x10 0x40")]),
                at: 15,
                fires: &[],
            },
        ],
    }
}

fn files(kit: &Kit) -> Alert {
    let (open, max) = (
        catalog::PROCESS_OPEN_FDS.name(),
        catalog::PROCESS_MAX_FDS.name(),
    );
    let of = |name: &str| series(kit, name, A);
    let job = kit.job();
    Alert {
        name: "FileDescriptorsRunOut".into(),
        tier: Tier::Error,
        pending: "5m",
        keeps: None,
        holds: 0,
        source: Source::Service,
        expr: format!("{open}{{{job}}} / {max}{{{job}}} > {{threshold}}"),
        threshold: Some(0.8),
        by: &["job", "instance"],
        summary: "{{ $labels.instance }} of {{ $labels.job }} has {{ $value | humanizePercentage }} of its file descriptors open".into(),
        description: "When there is none left it takes no connection any more. A leak of connections, or a limit that is too low.".into(),
        reason: "At four fifths there is time to act before nothing can be opened.".into(),
        cases: vec![
            Case {
                about: "nine of ten",
                series: told([(of(open), "900x30"), (of(max), "1000x30")]),
                at: 10,
                fires: &[&[JOB, "a:9464"]],
            },
            Case {
                about: "eight of ten",
                series: told([(of(open), "800x30"), (of(max), "1000x30")]),
                at: 10,
                fires: &[],
            },
        ],
    }
}

fn lag(kit: &Kit) -> Alert {
    let lag = catalog::TOKIO_LAG.name();
    let bucket = |le: &str| series(kit, &format!("{lag}_bucket"), &format!("{A},le=\"{le}\""));
    Alert {
        name: "RuntimeBlocked".into(),
        tier: Tier::Warning,
        pending: "10m",
        keeps: None,
        holds: 1,
        source: Source::Service,
        expr: format!(
            "histogram_quantile(0.9, sum by (environment, job, instance, le) (rate({lag}_bucket{{{}}}[5m]))) > {{threshold}}",
            kit.job()
        ),
        threshold: Some(0.1),
        by: &["job", "instance"],
        summary: "Tasks of {{ $labels.instance }} of {{ $labels.job }} wait {{ $value | humanizeDuration }} before they run".into(),
        description: "All workers of the runtime are busy or blocked: a handler computes or waits without await. Move it to spawn_blocking.".into(),
        reason: "A tenth of a second is added to every request; one task in ten having to wait so long is no accident.".into(),
        cases: vec![
            Case {
                about: "more than one task in ten waits longer",
                series: told([
                    (bucket("0.1"), "0+897x40"),
                    (bucket("0.5"), "0+1000x40"),
                    (bucket("+Inf"), "0+1000x40"),
                ]),
                at: 20,
                fires: &[&[JOB, "a:9464"]],
            },
            Case {
                about: "an instance that begins anew and is blocked again",
                series: told([
                    (bucket("0.1"), "0x40"),
                    (bucket("0.5"), "0+60x18 0+60x22"),
                    (bucket("+Inf"), "0+60x18 0+60x22"),
                ]),
                at: 20,
                fires: &[&[JOB, "a:9464"]],
            },
            Case {
                about: "tasks that run within a tenth",
                series: told([
                    (bucket("0.1"), "0+60x40"),
                    (bucket("0.5"), "0+60x40"),
                    (bucket("+Inf"), "0+60x40"),
                ]),
                at: 20,
                fires: &[],
            },
        ],
    }
}

fn pool(kit: &Kit) -> Alert {
    let (connections, max) = (
        catalog::DB_POOL_CONNECTIONS.name(),
        catalog::DB_POOL_CONNECTIONS_MAX.name(),
    );
    let in_use = series(
        kit,
        connections,
        &format!("{A},pool=\"shop\",state=\"in_use\""),
    );
    let most = series(kit, max, &format!("{A},pool=\"shop\""));
    let job = kit.job();
    Alert {
        name: "PoolExhausted".into(),
        tier: Tier::Error,
        pending: "5m",
        keeps: None,
        holds: 0,
        source: Source::Service,
        // A pool of one connection is in use whenever it works.
        expr: format!(
            "sum by (environment, job, instance, pool) (min_over_time({connections}{{{job},state=\"in_use\"}}[5m]))\n/ sum by (environment, job, instance, pool) ({max}{{{job}}} > 1) >= 1"
        ),
        threshold: None,
        by: &["job", "instance", "pool"],
        summary: "All connections of the pool {{ $labels.pool }} of {{ $labels.instance }} are in use".into(),
        description: "Whoever wants one waits: see db_pool_acquire_seconds, and which queries are slow in db_query_duration_seconds.".into(),
        reason: "For ten minutes no scrape found one that was free.".into(),
        cases: vec![
            Case {
                about: "none is free",
                series: told([(in_use.clone(), "10x40"), (most.clone(), "10x40")]),
                at: 15,
                fires: &[&[JOB, "a:9464", "shop"]],
            },
            Case {
                about: "now and then one is free",
                series: told([
                    (in_use.clone(), "10 10 10 9 10 10 10 9 10 10 10 9 10 10 10 9 10 10"),
                    (most.clone(), "10x40"),
                ]),
                at: 15,
                fires: &[],
            },
            Case {
                about: "a pool of two",
                series: told([(in_use.clone(), "2x40"), (most.clone(), "2x40")]),
                at: 15,
                fires: &[&[JOB, "a:9464", "shop"]],
            },
            Case {
                about: "a pool of one",
                series: told([(in_use, "1x40"), (most, "1x40")]),
                at: 15,
                fires: &[],
            },
        ],
    }
}

fn queue(kit: &Kit) -> Alert {
    let (depth, capacity) = (catalog::QUEUE_DEPTH.name(), catalog::QUEUE_CAPACITY.name());
    let of = |name: &str| series(kit, name, &format!("{A},queue=\"letters\""));
    let job = kit.job();
    Alert {
        name: "QueueFills".into(),
        tier: Tier::Warning,
        pending: "10m",
        keeps: None,
        holds: 0,
        source: Source::Service,
        expr: format!("{depth}{{{job}}} / {capacity}{{{job}}} > {{threshold}}"),
        threshold: Some(0.8),
        by: &["job", "instance", "queue"],
        summary: "The queue {{ $labels.queue }} of {{ $labels.instance }} is {{ $value | humanizePercentage }} full".into(),
        description: "More comes in than is worked on. When it is full, what comes is turned away.".into(),
        reason: "A fifth of the room is left to act; a burst is worked off in ten minutes.".into(),
        cases: vec![
            Case {
                about: "nine tenths",
                series: told([(of(depth), "900x40"), (of(capacity), "1000x40")]),
                at: 15,
                fires: &[&[JOB, "a:9464", "letters"]],
            },
            Case {
                about: "eight tenths",
                series: told([(of(depth), "800x40"), (of(capacity), "1000x40")]),
                at: 15,
                fires: &[],
            },
        ],
    }
}

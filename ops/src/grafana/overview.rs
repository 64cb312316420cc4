//! System Overview: whether all is well, and what the service runs out of.

use ecolaura_monitoring::catalog;

use crate::grafana::dashboard::{Dashboard, Row};
use crate::grafana::panel::Panel;
use crate::grafana::panel::View::{Lines, Number, Stacked, Table};
use crate::grafana::{quantile, rate, series};
use crate::kit::Kit;
use crate::prometheus::recording::FAULTS;

pub(super) fn dashboard(kit: &Kit) -> Dashboard {
    let mut rows = vec![now(kit)];
    rows.extend(super::api::objectives(kit));
    rows.extend([
        instances(),
        machine(),
        traffic(),
        runtime(),
        resources(),
        watching(),
        versions(),
    ]);
    Dashboard {
        name: "system-overview",
        title: "System Overview",
        about: "Whether all is well: what is up, what fails, and what the instances run out of.",
        rows,
        by_endpoint: false,
    }
}

fn now(kit: &Kit) -> Row {
    let requests = catalog::HTTP_REQUESTS.name();
    let api = format!("{}/d/{}", kit.dashboards, kit.dashboard("api-performance"));
    let firing = "ALERTS{alertstate=\"firing\",severity!=\"info\",job=~\"$job\",environment=~\"$environment\"}";
    Row::new(
        "Now",
        [
            Panel::new(Number, "Instances up", "Instances that answer to /metrics.")
                .ask(format!("sum({})", series("up", "")), "up"),
            Panel::new(Number, "Alerts", "Alerts that fire, but for those that are only noted. 0 is good.")
                .ask(format!("count({firing}) or vector(0)"), "firing")
                .bad_above(1.0, 3.0)
                .link("Alerts", format!("{}/alerting/list", kit.dashboards)),
            Panel::new(Number, "Requests", "Requests that ended, a second.")
                .ask(format!("sum(rate({}[$__rate_interval]))", series(requests, "")), "requests")
                .unit("reqps")
                .link("API Performance", &api),
            Panel::new(Number, "Errors", "Share of requests that ended in 5xx, a panic or a timeout. An alert comes at 5 %.")
                .ask(super::api::error_ratio(""), "errors")
                .unit("percentunit")
                .bad_above(0.01, 0.05)
                .link("API Performance", &api),
            Panel::new(Number, "99 % within", "Time that 99 of 100 requests took at most.")
                .ask(quantile(0.99, "", catalog::HTTP_REQUEST_DURATION.name(), ""), "p99")
                .unit("s")
                .bad_above(0.5, 1.0)
                .link("API Performance", &api),
            Panel::new(Number, "Users now", "Different users of the last 5 to 10 minutes, over all instances, each once.")
                .ask(
                    "sum(active_users:estimate{job=~\"$job\",environment=~\"$environment\",window=\"10m\"})",
                    "users",
                ),
            Panel::new(Lines, "Requests by outcome", "Requests a second by how they ended. Cancelled: the client went away before there was an answer.")
                .ask(rate("outcome", requests, ""), "{{outcome}}")
                .unit("reqps"),
            Panel::new(Lines, "Failed, by instance", "Requests a second that ended in 5xx, a panic or a timeout. One instance alone points at that machine.")
                .ask(rate("instance", requests, FAULTS), "{{instance}}")
                .unit("reqps"),
        ],
    )
}

fn instances() -> Row {
    let started = catalog::PROCESS_START_TIME.name();
    Row::new(
        "Instances",
        [
            Panel::new(Lines, "Up", "1 while an instance answers to /metrics, 0 while it does not.")
                .ask(series("up", ""), "{{instance}}")
                .max(1.0)
                .width(8),
            Panel::new(Lines, "Processor", "Processors that each process used.")
                .ask(rate("instance", catalog::PROCESS_CPU.name(), ""), "{{instance}}")
                .width(8),
            Panel::new(Lines, "Memory", "RAM of each process, and address space that is mapped of that which may be.")
                .ask(series(catalog::PROCESS_RESIDENT_MEMORY.name(), ""), "{{instance}}")
                .unit("bytes")
                .width(8),
            Panel::new(Lines, "Running since", "Time since each process began. Back at 0 it began anew.")
                .ask(format!("time() - {}", series(started, "")), "{{instance}}")
                .unit("s")
                .width(8),
            Panel::new(Lines, "File descriptors", "Share of the file descriptors that are open. An alert comes at 80 %.")
                .ask(
                    format!(
                        "{} / {}",
                        series(catalog::PROCESS_OPEN_FDS.name(), ""),
                        series(catalog::PROCESS_MAX_FDS.name(), "")
                    ),
                    "{{instance}}",
                )
                .unit("percentunit")
                .bad_above(0.6, 0.8)
                .width(8),
            Panel::new(Lines, "Threads and address space", "Threads of each process. More and more of them are blocking work that does not end.")
                .ask(series(catalog::PROCESS_THREADS.name(), ""), "{{instance}}")
                .width(8),
        ],
    )
}

fn machine() -> Row {
    let cpu = catalog::SYSTEM_CPU.name();
    let (used, limit) = (
        catalog::SYSTEM_MEMORY_USED.name(),
        catalog::SYSTEM_MEMORY_LIMIT.name(),
    );
    let by = "instance, scope";
    Row::new(
        "Processor, memory and disks",
        [
            Panel::new(Lines, "Processors in use", "Of the host all that were not idle; of the container those that it used. The dashed lines are how many there are.")
                .ask(rate(by, cpu, "mode!~\"idle|iowait|steal\""), "{{instance}} {{scope}}")
                .ask(series(catalog::SYSTEM_CPU_CORES.name(), ""), "{{instance}} {{scope}}: there are"),
            Panel::new(Lines, "Memory in use", "Share of the memory that cannot be had back at once. An alert comes at 90 %.")
                .ask(format!("max by ({by}) ({})\n/ max by ({by}) ({})", series(used, ""), series(limit, "")), "{{instance}} {{scope}}")
                .unit("percentunit")
                .bad_above(0.8, 0.9),
            Panel::new(Lines, "Throttled", "Share of the periods in which a container used its quota up and had to wait, and processors' worth of waiting.")
                .ask(
                    format!(
                        "{}\n/ {}",
                        rate(by, catalog::SYSTEM_CPU_THROTTLED_PERIODS.name(), ""),
                        rate(by, catalog::SYSTEM_CPU_PERIODS.name(), "")
                    ),
                    "{{instance}}: periods",
                )
                .ask(rate(by, catalog::SYSTEM_CPU_THROTTLED.name(), ""), "{{instance}}: waiting")
                .unit("percentunit")
                .width(8),
            Panel::new(Lines, "Pressure", "Share of the time in which tasks that had something to do waited for processor, memory or disk: some of them, or all (full).")
                .ask(rate("scope, resource, stalled", catalog::SYSTEM_PRESSURE.name(), ""), "{{scope}} {{resource}} {{stalled}}")
                .unit("percentunit")
                .width(8),
            Panel::new(Lines, "Killed for memory", "Processes that the kernel killed since there was no memory left.")
                .ask(format!("sum by ({by}) (increase({}[$__rate_interval]))", series(catalog::SYSTEM_MEMORY_OOM_KILLS.name(), "")), "{{instance}} {{scope}}")
                .width(8),
            Panel::new(Lines, "Disk throughput", "Bytes a second that were read and written, over all disks.")
                .ask(rate("instance, direction", catalog::SYSTEM_DISK_BYTES.name(), ""), "{{instance}} {{direction}}")
                .unit("Bps")
                .width(8),
            Panel::new(Lines, "Disk operations", "Reads and writes a second, over all disks.")
                .ask(rate("instance, direction", catalog::SYSTEM_DISK_OPERATIONS.name(), ""), "{{instance}} {{direction}}")
                .unit("iops")
                .width(8),
            Panel::new(Lines, "Disks busy", "Share of the time in which a disk had something to do. At 100 % work waits for it.")
                .ask(rate("instance, device", catalog::SYSTEM_DISK_BUSY.name(), ""), "{{instance}} {{device}}")
                .unit("percentunit")
                .width(8),
        ],
    )
}

fn traffic() -> Row {
    let by = "instance, direction";
    Row::new(
        "Network",
        [
            Panel::new(Lines, "Throughput", "Bytes a second that were received and sent, in the network namespace of the process.")
                .ask(rate(by, catalog::SYSTEM_NETWORK_BYTES.name(), ""), "{{instance}} {{direction}}")
                .unit("Bps")
                .width(8),
            Panel::new(Lines, "Packets", "Packets a second.")
                .ask(rate(by, catalog::SYSTEM_NETWORK_PACKETS.name(), ""), "{{instance}} {{direction}}")
                .unit("pps")
                .width(8),
            Panel::new(Lines, "Lost", "Packets a second that devices dropped, and errors.")
                .ask(rate(by, catalog::SYSTEM_NETWORK_DROPPED.name(), ""), "{{instance}} {{direction}}: dropped")
                .ask(rate(by, catalog::SYSTEM_NETWORK_ERRORS.name(), ""), "{{instance}} {{direction}}: errors")
                .unit("pps")
                .width(8),
        ],
    )
}

fn runtime() -> Row {
    let workers = catalog::TOKIO_WORKERS.name();
    Row::new(
        "Runtime",
        [
            Panel::new(Lines, "Workers busy", "Share of the time in which the workers of the runtime ran tasks. At 100 % tasks wait.")
                .ask(
                    format!(
                        "{}\n/ sum by (instance) ({})",
                        rate("instance", catalog::TOKIO_WORKER_BUSY.name(), ""),
                        series(workers, "")
                    ),
                    "{{instance}}",
                )
                .unit("percentunit")
                .max(1.0)
                .width(8),
            Panel::new(Lines, "Lag", "Time that 90 and 99 of 100 new tasks waited at most before they ran, and how long one waits now. An alert comes at 100 ms.")
                .ask(quantile(0.9, "instance", catalog::TOKIO_LAG.name(), ""), "{{instance}} p90")
                .ask(quantile(0.99, "instance", catalog::TOKIO_LAG.name(), ""), "{{instance}} p99")
                .ask(series(catalog::TOKIO_LAG_CURRENT.name(), ""), "{{instance}} now")
                .unit("s")
                .bad_above(0.05, 0.1)
                .width(8),
            Panel::new(Lines, "Tasks", "Tasks that have begun and not ended, and those that wait in the queue of all workers.")
                .ask(series(catalog::TOKIO_TASKS_ALIVE.name(), ""), "{{instance}} alive")
                .ask(series(catalog::TOKIO_GLOBAL_QUEUE_DEPTH.name(), ""), "{{instance}} waiting")
                .width(8),
            Panel::new(Lines, "Workers going to sleep", "Times a second that a worker found nothing to do. Many at a high load are work in pieces that are too small.")
                .ask(rate("instance", catalog::TOKIO_WORKER_PARKS.name(), ""), "{{instance}}")
                .unit("ops")
                .width(8),
            Panel::new(Lines, "Address space", "Address space that each process has mapped, and may map where that is limited.")
                .ask(series(catalog::PROCESS_VIRTUAL_MEMORY.name(), ""), "{{instance}}")
                .ask(series(catalog::PROCESS_VIRTUAL_MEMORY_MAX.name(), ""), "{{instance}}: limit")
                .unit("bytes")
                .width(8),
        ],
    )
}

fn resources() -> Row {
    let (pool, queue) = ("instance, pool", "instance, queue");
    Row::new(
        "Pools, queues and caches",
        [
            Panel::new(
                Lines,
                "Connections",
                "Connections of each pool that are in use and idle, and how many there may be.",
            )
            .ask(
                format!(
                    "sum by ({pool}, state) ({})",
                    series(catalog::DB_POOL_CONNECTIONS.name(), "")
                ),
                "{{pool}} {{state}}",
            )
            .ask(
                series(catalog::DB_POOL_CONNECTIONS_MAX.name(), ""),
                "{{pool}}: at most",
            )
            .width(8),
            Panel::new(
                Lines,
                "Waiting for a connection",
                "Time until 99 of 100 had a connection, and how many wait where the pool tells.",
            )
            .ask(
                quantile(0.99, "pool, outcome", catalog::DB_POOL_ACQUIRE.name(), ""),
                "{{pool}} {{outcome}}",
            )
            .exemplars()
            .unit("s")
            .width(8),
            Panel::new(
                Lines,
                "Waiting tasks",
                "Tasks that wait for a connection, where the pool tells.",
            )
            .ask(
                format!(
                    "sum by ({pool}) ({})",
                    series(catalog::DB_POOL_WAITING.name(), "")
                ),
                "{{pool}}",
            )
            .width(8),
            Panel::new(Lines, "Queues", "Items that wait in each queue.")
                .ask(
                    format!(
                        "sum by ({queue}) ({})",
                        series(catalog::QUEUE_DEPTH.name(), "")
                    ),
                    "{{instance}} {{queue}}",
                )
                .width(8),
            Panel::new(
                Lines,
                "Queues, full",
                "Share of the room of each queue that is taken. An alert comes at 80 %.",
            )
            .ask(
                format!(
                    "sum by ({queue}) ({})\n/ sum by ({queue}) ({})",
                    series(catalog::QUEUE_DEPTH.name(), ""),
                    series(catalog::QUEUE_CAPACITY.name(), "")
                ),
                "{{instance}} {{queue}}",
            )
            .unit("percentunit")
            .bad_above(0.5, 0.8)
            .width(8),
            Panel::new(
                Lines,
                "Caches",
                "Share of the look-ups that found what was wanted.",
            )
            .ask(
                format!(
                    "{}\n/ {}",
                    rate("cache", catalog::CACHE_REQUESTS.name(), "outcome=\"hit\""),
                    rate("cache", catalog::CACHE_REQUESTS.name(), "")
                ),
                "{{cache}}",
            )
            .unit("percentunit")
            .max(1.0)
            .width(8),
        ],
    )
}

fn watching() -> Row {
    let lost = |title: &str, about: &str, metric: &catalog::Metric, by: &str| {
        Panel::new(Lines, title, format!("{about} 0 is good."))
            .ask(
                format!(
                    "sum by ({by}) (increase({}[$__rate_interval]))",
                    series(metric.name(), "")
                ),
                format!("{{{{{by}}}}}"),
            )
            .width(8)
    };
    Row::new(
        "Monitoring itself",
        [
            Panel::new(Stacked, "Log lines", "Lines a second by level.")
                .ask(
                    rate("log_level", catalog::LOG_LINES.name(), ""),
                    "{{log_level}}",
                )
                .width(8),
            Panel::new(
                Lines,
                "Spans",
                "Spans a second that the collector took, and that were dropped.",
            )
            .ask(rate("job", catalog::SPANS_EXPORTED.name(), ""), "taken")
            .ask(
                rate("reason", catalog::SPANS_DROPPED.name(), ""),
                "dropped: {{reason}}",
            )
            .width(8),
            Panel::new(
                Lines,
                "Scrapes",
                "Answers of /metrics a second by status, and those that were not taken whole.",
            )
            .ask(
                rate("status_code", catalog::SCRAPES.name(), ""),
                "{{status_code}}",
            )
            .ask(rate("job", catalog::SCRAPES_CUT_OFF.name(), ""), "cut off")
            .width(8),
            lost(
                "Log lines dropped",
                "Lines that were not written, by reason.",
                &catalog::LOG_LINES_DROPPED,
                "reason",
            ),
            lost(
                "Series refused",
                "Label sets for which a metric had no room.",
                &catalog::SERIES_REFUSED,
                "metric",
            ),
            lost(
                "Values refused",
                "Values that a metric is not for.",
                &catalog::OBSERVATIONS_REFUSED,
                "metric",
            ),
            lost(
                "Families refused",
                "Families of other crates that were left out of a scrape.",
                &catalog::FAMILIES_REFUSED,
                "family",
            ),
        ],
    )
}

fn versions() -> Row {
    Row::new(
        "Versions",
        [
            Panel::new(Table, "What runs", "What each instance was built from.")
                .ask(
                    format!(
                        "max by (instance, version, revision, rustc) ({})",
                        series(catalog::BUILD_INFO.name(), "")
                    ),
                    "",
                )
                .width(12),
            Panel::new(
                Table,
                "What it says of itself",
                "Attributes of each instance (OpenTelemetry resource).",
            )
            .ask(series(catalog::TARGET_INFO.name(), ""), "")
            .width(12),
        ],
    )
}

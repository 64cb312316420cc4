//! System Overview: whether all is well, and what the service runs out of.

use ecolaura_monitoring::catalog;
use ecolaura_monitoring::metrics::Metric;

use crate::blackbox::{self, CERTIFICATE, HEALTH_JOB, PROBE_JOB};
use crate::grafana::dashboard::{Dashboard, Row};
use crate::grafana::panel::Panel;
use crate::grafana::panel::View::{Lines, Number, Stacked, Table};
use crate::grafana::{quantile, rate, series};
use crate::kit::Kit;
use crate::prometheus::recording::FAULTS;

pub(super) fn dashboard(kit: &Kit) -> Dashboard {
    let mut rows = vec![now(kit)];
    rows.extend(super::api::objectives(kit));
    if blackbox::is_probed(kit) {
        rows.push(outside());
    }
    rows.extend([
        instances(),
        machine(),
        network(),
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
    let users = Panel::new(
        Number,
        "Users now",
        "Different users of the last 5 to 10 minutes, over all instances, each once.",
    )
    .ask(
        "sum(active_users:estimate{job=~\"$job\",environment=~\"$environment\",window=\"10m\"})",
        "users",
    );
    let numbers = [
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
            Panel::new(Number, "Errors", "Share of requests that ended in 5xx, a panic or a timeout.{?HighErrorRate: An alert fires at {percent}.?}")
                .ask(super::api::error_ratio(""), "errors")
                .unit("percentunit")
                .bad_above(0.01, 0.05)
                .link("API Performance", &api),
            Panel::new(Number, "99 % within", "Time that 99 of 100 requests took at most.")
                .ask(quantile(0.99, "", catalog::HTTP_REQUEST_DURATION.name(), ""), "p99")
                .unit("s")
                .bad_above(0.5, 1.0)
                .link("API Performance", &api),
    ];
    let over_time = [
            Panel::new(Lines, "Requests by outcome", "Requests a second by how they ended. Cancelled: the client went away before there was an answer.")
                .ask(rate("outcome", requests, ""), "{{outcome}}")
                .unit("reqps"),
            Panel::new(Lines, "Failed, by instance", "Requests a second that ended in 5xx, a panic or a timeout. One instance alone points at that machine.")
                .ask(rate("instance", requests, FAULTS), "{{instance}}")
                .unit("reqps"),
    ];
    let users = kit.has_business().then_some(users);
    Row::new("Now", numbers.into_iter().chain(users).chain(over_time))
}

/// What the Blackbox Exporter sees, whose jobs are called after the service's.
fn outside() -> Row {
    let of = |name: &str, job: &str, labels: &str| {
        format!("{name}{{job=~\"$job{job}\",environment=~\"$environment\"{labels}}}")
    };
    let expiry = of(
        "probe_ssl_earliest_cert_expiry",
        PROBE_JOB,
        &format!(",module=\"{CERTIFICATE}\""),
    );
    Row::new(
        "From outside",
        [
            Panel::new(Lines, "Asked as a customer", "1 while a page, a certificate or a step of a journey is as it should be, 0 while it is not.")
                .ask(of("probe_success", PROBE_JOB, ""), "{{module}} {{instance}}")
                .max(1.0),
            Panel::new(Lines, "How long it takes", "From the look-up of the name to the last byte.")
                .ask(of("probe_duration_seconds", PROBE_JOB, ""), "{{module}} {{instance}}")
                .unit("s"),
            Panel::new(Lines, "Ready", "1 while an instance says that it is to get requests.{?ServiceNotReady: An alert fires when none is for two minutes.?}")
                .ask(of("probe_success", HEALTH_JOB, ""), "{{instance}}")
                .max(1.0),
            Panel::new(Lines, "Certificates", "Time until they expire.{?CertificateExpires: Alerts fire at three weeks and at two days.?}")
                .ask(format!("min by (instance) ({expiry}) - time()"), "{{instance}}")
                .unit("s")
                .bad_below(21.0 * 86_400.0, 2.0 * 86_400.0),
        ],
    )
}

fn instances() -> Row {
    let (started, killed) = (
        catalog::PROCESS_START_TIME.name(),
        catalog::SYSTEM_MEMORY_OOM_KILLS.name(),
    );
    let panel = |title: &str, about: &str| Panel::new(Lines, title, about).width(8);
    Row::new(
        "Instances",
        [
            panel("Up", "1 while an instance answers to /metrics, 0 while it does not.")
                .ask(series("up", ""), "{{instance}}")
                .max(1.0),
            panel("Processor", "Processors that each process used.")
                .ask(rate("instance", catalog::PROCESS_CPU.name(), ""), "{{instance}}"),
            panel("Memory", "RAM of each process.")
                .ask(series(catalog::PROCESS_RESIDENT_MEMORY.name(), ""), "{{instance}}")
                .unit("bytes"),
            panel("Restarts", "How often each process began anew, and how many processes of its container were killed since there was no memory left. 0 is good.")
                .ask(format!("sum by (instance) (changes({}[$__rate_interval]))", series(started, "")), "{{instance}}: began anew")
                .ask(format!("sum by (instance) (increase({}[$__rate_interval]))", series(killed, "")), "{{instance}}: killed"),
            panel("Running since", "Time since each process began.")
                .ask(format!("time() - {}", series(started, "")), "{{instance}}")
                .unit("s"),
            panel("File descriptors", "Share of the file descriptors that are open.{?FileDescriptorsRunOut: An alert fires at {percent}.?}")
                .ask(
                    format!(
                        "{} / {}",
                        series(catalog::PROCESS_OPEN_FDS.name(), ""),
                        series(catalog::PROCESS_MAX_FDS.name(), "")
                    ),
                    "{{instance}}",
                )
                .unit("percentunit")
                .bad_above(0.6, 0.8),
        ],
    )
}

fn machine() -> Row {
    let (used, limit) = (
        catalog::SYSTEM_MEMORY_USED.name(),
        catalog::SYSTEM_MEMORY_LIMIT.name(),
    );
    let (throttled, periods) = (
        catalog::SYSTEM_CPU_THROTTLED_PERIODS.name(),
        catalog::SYSTEM_CPU_PERIODS.name(),
    );
    let by = "instance, scope";
    let panel = |title: &str, about: &str| Panel::new(Lines, title, about);
    Row::new(
        "Processor, memory and disks",
        [
            panel("Processors in use", "Of the host all that were not idle; of the container those that it used; how many there are; and how many more it waited for when its quota was used up.")
                .ask(rate(by, catalog::SYSTEM_CPU.name(), "mode!~\"idle|iowait|steal\""), "{{instance}} {{scope}}")
                .ask(series(catalog::SYSTEM_CPU_CORES.name(), ""), "{{instance}} {{scope}}: there are")
                .ask(rate(by, catalog::SYSTEM_CPU_THROTTLED.name(), ""), "{{instance}} {{scope}}: wanted beyond the quota"),
            panel("Memory in use", "Share of the memory that cannot be had back at once.{?MemoryNearLimit: An alert fires at {percent}.?}")
                .ask(format!("max by ({by}) ({})\n/ max by ({by}) ({})", series(used, ""), series(limit, "")), "{{instance}} {{scope}}")
                .unit("percentunit")
                .bad_above(0.8, 0.9),
            panel("What work waits for", "Share of the time in which some tasks, or all (full), waited for processor, memory or disk; of a container also the share of periods in which its processor quota was used up.")
                .ask(rate("instance, scope, resource, stalled", catalog::SYSTEM_PRESSURE.name(), ""), "{{instance}} {{scope}} {{resource}} {{stalled}}")
                .ask(format!("{}\n/ {}", rate(by, throttled, ""), rate(by, periods, "")), "{{instance}}: quota used up")
                .unit("percentunit"),
            panel("Disks busy", "Share of the time in which a disk had something to do. At 100 % work waits for it.")
                .ask(rate("instance, device", catalog::SYSTEM_DISK_BUSY.name(), ""), "{{instance}} {{device}}")
                .unit("percentunit"),
            panel("Disk throughput", "Bytes a second that were read and written, over all disks.")
                .ask(rate("instance, direction", catalog::SYSTEM_DISK_BYTES.name(), ""), "{{instance}} {{direction}}")
                .unit("Bps"),
            panel("Disk operations", "Reads and writes a second, over all disks.")
                .ask(rate("instance, direction", catalog::SYSTEM_DISK_OPERATIONS.name(), ""), "{{instance}} {{direction}}")
                .unit("iops"),
        ],
    )
}

fn network() -> Row {
    let by = "instance, direction";
    let panel = |title: &str, about: &str| Panel::new(Lines, title, about).width(8);
    Row::new(
        "Network",
        [
            panel("Throughput", "Bytes a second that were received and sent, in the network namespace of the process.")
                .ask(rate(by, catalog::SYSTEM_NETWORK_BYTES.name(), ""), "{{instance}} {{direction}}")
                .unit("Bps"),
            panel("Packets", "Packets a second.")
                .ask(rate(by, catalog::SYSTEM_NETWORK_PACKETS.name(), ""), "{{instance}} {{direction}}")
                .unit("pps"),
            panel("Lost", "Packets a second that devices dropped, and errors. 0 is good.")
                .ask(rate(by, catalog::SYSTEM_NETWORK_DROPPED.name(), ""), "{{instance}} {{direction}}: dropped")
                .ask(rate(by, catalog::SYSTEM_NETWORK_ERRORS.name(), ""), "{{instance}} {{direction}}: errors")
                .unit("pps"),
        ],
    )
}

fn runtime() -> Row {
    let busy = rate("instance", catalog::TOKIO_WORKER_BUSY.name(), "");
    let workers = series(catalog::TOKIO_WORKERS.name(), "");
    let panel = |title: &str, about: &str| Panel::new(Lines, title, about).width(8);
    Row::new(
        "Runtime",
        [
            panel("Workers busy", "Share of the time in which the workers of the runtime ran tasks. At 100 % tasks wait.")
                .ask(format!("{busy}\n/ sum by (instance) ({workers})"), "{{instance}}")
                .unit("percentunit")
                .max(1.0),
            panel("Lag", "Time that 90 and 99 of 100 new tasks waited at most before they ran, and how long one waits now.{?RuntimeBlocked: An alert fires at {milliseconds}.?}")
                .ask(quantile(0.9, "instance", catalog::TOKIO_LAG.name(), ""), "{{instance}} p90")
                .ask(quantile(0.99, "instance", catalog::TOKIO_LAG.name(), ""), "{{instance}} p99")
                .ask(series(catalog::TOKIO_LAG_CURRENT.name(), ""), "{{instance}} now")
                .unit("s")
                .bad_above(0.05, 0.1),
            panel("Tasks", "Tasks that have begun and not ended, and those that wait in the queue of all workers.")
                .ask(series(catalog::TOKIO_TASKS_ALIVE.name(), ""), "{{instance}} alive")
                .ask(series(catalog::TOKIO_GLOBAL_QUEUE_DEPTH.name(), ""), "{{instance}} waiting"),
            panel("Workers going to sleep", "Times a second that a worker found nothing to do. Many at a high load are work in pieces that are too small.")
                .ask(rate("instance", catalog::TOKIO_WORKER_PARKS.name(), ""), "{{instance}}")
                .unit("ops"),
            panel("Threads", "Threads of each process. More and more of them are blocking work that does not end.")
                .ask(series(catalog::PROCESS_THREADS.name(), ""), "{{instance}}"),
            panel("Address space", "Address space that each process has mapped, and may map where that is limited.")
                .ask(series(catalog::PROCESS_VIRTUAL_MEMORY.name(), ""), "{{instance}}")
                .ask(series(catalog::PROCESS_VIRTUAL_MEMORY_MAX.name(), ""), "{{instance}}: limit")
                .unit("bytes"),
        ],
    )
}

fn resources() -> Row {
    let (pool, queue) = ("instance, pool", "instance, queue");
    let depth = format!(
        "sum by ({queue}) ({})",
        series(catalog::QUEUE_DEPTH.name(), "")
    );
    let capacity = format!(
        "sum by ({queue}) ({})",
        series(catalog::QUEUE_CAPACITY.name(), "")
    );
    let cache = catalog::CACHE_REQUESTS.name();
    Row::new(
        "Pools, queues and caches",
        [
            Panel::new(Lines, "Connections", "Connections of each pool that are in use and idle, how many there may be, and where the pool tells how many tasks wait for one.")
                .ask(format!("sum by ({pool}, state) ({})", series(catalog::DB_POOL_CONNECTIONS.name(), "")), "{{pool}} {{state}}")
                .ask(series(catalog::DB_POOL_CONNECTIONS_MAX.name(), ""), "{{pool}}: at most")
                .ask(format!("sum by ({pool}) ({})", series(catalog::DB_POOL_WAITING.name(), "")), "{{pool}}: waiting")
                .width(8),
            Panel::new(Lines, "Waiting for a connection", "Time until 99 of 100 had a connection, or gave up.")
                .ask(quantile(0.99, "pool, outcome", catalog::DB_POOL_ACQUIRE.name(), ""), "{{pool}} {{outcome}}")
                .exemplars()
                .unit("s")
                .width(8),
            Panel::new(Lines, "Caches", "Share of the look-ups that found what was wanted.")
                .ask(
                    format!("{}\n/ {}", rate("cache", cache, "outcome=\"hit\""), rate("cache", cache, "")),
                    "{{cache}}",
                )
                .unit("percentunit")
                .max(1.0)
                .width(8),
            Panel::new(Lines, "Queues", "Items that wait in each queue.").ask(&depth, "{{instance}} {{queue}}"),
            Panel::new(Lines, "Queues, full", "Share of the room of each queue that is taken.{?QueueFills: An alert fires at {percent}.?}")
                .ask(format!("{depth}\n/ {capacity}"), "{{instance}} {{queue}}")
                .unit("percentunit")
                .bad_above(0.5, 0.8),
        ],
    )
}

fn watching() -> Row {
    let grown = |by: &str, metric: &Metric| {
        format!(
            "sum by ({by}) (increase({}[$__rate_interval]))",
            series(metric.name(), "")
        )
    };
    Row::new(
        "Monitoring itself",
        [
            Panel::new(Stacked, "Log lines", "Lines a second by level.")
                .ask(rate("log_level", catalog::LOG_LINES.name(), ""), "{{log_level}}")
                .width(8),
            Panel::new(Lines, "Spans", "Spans a second that the collector took, and that were dropped.")
                .ask(rate("job", catalog::SPANS_EXPORTED.name(), ""), "taken")
                .ask(rate("reason", catalog::SPANS_DROPPED.name(), ""), "dropped: {{reason}}")
                .width(8),
            Panel::new(Lines, "Scrapes", "Answers of /metrics a second by status, and those that were not taken whole.")
                .ask(rate("status_code", catalog::SCRAPES.name(), ""), "{{status_code}}")
                .ask(rate("job", catalog::SCRAPES_CUT_OFF.name(), ""), "cut off")
                .width(8),
            Panel::new(Lines, "Log lines dropped", "Lines that were not written, by reason. 0 is good.")
                .ask(grown("reason", &catalog::LOG_LINES_DROPPED), "{{reason}}"),
            Panel::new(Lines, "Refused", "Label sets for which a metric had no room, values that a metric is not for, and families of other crates that were left out. 0 is good.")
                .ask(grown("metric", &catalog::SERIES_REFUSED), "{{metric}}: label sets")
                .ask(grown("metric", &catalog::OBSERVATIONS_REFUSED), "{{metric}}: values")
                .ask(grown("family", &catalog::FAMILIES_REFUSED), "{{family}}"),
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

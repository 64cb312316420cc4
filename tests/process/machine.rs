//! `system_*` and `tokio_*` tell what other readings of the machine and the runtime tell, in every format, and only where they are wanted.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::future::pending;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use ecolaura_monitoring::metrics::{Gauge, Kind};
use ecolaura_monitoring::{Monitoring, catalog};
use tokio::runtime::Builder;

use support::eventually::eventually;
use support::metric_family::{Metric, MetricType, families};
use support::scrape::{OPEN_METRICS, PROTOBUF, scrape, send};

fn monitoring() -> Monitoring {
    let builder = Monitoring::builder("test").metrics(|metrics| metrics.with_system_metrics());
    builder.build().expect("the environment is empty")
}

fn is_ours(name: &str) -> bool {
    name.starts_with("system_") || name.starts_with("tokio_")
}

#[track_caller]
fn value(monitoring: &Monitoring, name: &str, labels: &[(&str, &str)]) -> f64 {
    let value = monitoring.recorded().value(name, labels);
    value.unwrap_or_else(|| panic!("{name} {labels:?} is missing"))
}

fn text(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// Expects a number to lie between what `read` finds before it and after it, but for the error of `read`.
#[track_caller]
fn agrees(what: &str, error: f64, read: impl Fn() -> f64, found: impl Fn() -> f64) {
    let (before, found, after) = (read(), found(), read());
    let is = (before - error..=after + error).contains(&found);
    assert!(is, "{what}: {found} is not in {before} to {after}");
}

/// The values of a label that the series of a family have.
fn values_of(monitoring: &Monitoring, name: &str, label: &str) -> BTreeSet<String> {
    let sets = monitoring.recorded().label_sets(name);
    let labels = sets.into_iter().flatten();
    let values = labels.filter(|(name, _)| name == label);
    values.map(|(_, value)| value).collect()
}

#[test]
fn processor_time_is_that_of_all_processors() {
    let monitoring = monitoring();
    // Those of the processors, each rounded down to a hundredth of a second, in place of the sum that is shown.
    let processors = || -> Vec<Vec<f64>> {
        let stat = text("/proc/stat");
        let lines = stat.lines().filter_map(|line| line.strip_prefix("cpu"));
        let lines = lines.filter(|line| !line.starts_with(' '));
        let numbers = |line: &str| {
            line.split(' ')
                .skip(1)
                .map(|number| number.parse().unwrap())
                .collect()
        };
        lines.map(numbers).collect()
    };
    let modes = [
        "user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal",
    ];
    for (at, mode) in modes.into_iter().enumerate() {
        let labels = [("scope", "host"), ("mode", mode)];
        let read = || processors().iter().map(|numbers| numbers[at]).sum::<f64>() / 100.0;
        let found = || value(&monitoring, "system_cpu_seconds_total", &labels);
        // The kernel corrects how long it was idle.
        agrees(mode, 0.02 * processors().len() as f64 + 0.2, read, found);
    }
    let host = [("scope", "host")];
    let cores = value(&monitoring, "system_cpu_cores", &host);
    assert_eq!(cores, processors().len() as f64);
}

#[test]
fn memory_is_that_of_the_machine() {
    let monitoring = monitoring();
    let kib = |word: &str| -> f64 {
        let meminfo = text("/proc/meminfo");
        let words: Vec<&str> = meminfo.split_whitespace().collect();
        let at = words.iter().position(|found| *found == word).unwrap();
        words[at + 1].parse().unwrap()
    };
    let host = [("scope", "host")];
    let all = value(&monitoring, "system_memory_limit_bytes", &host);
    assert_eq!(all, kib("MemTotal:") * 1024.0);
    let read = || (kib("MemTotal:") - kib("MemAvailable:")) * 1024.0;
    let found = || value(&monitoring, "system_memory_used_bytes", &host);
    agrees("used", all * 0.1, read, found);
}

#[test]
fn disks_are_those_of_the_machine() {
    let monitoring = monitoring();
    let entries = fs::read_dir("/sys/block").into_iter().flatten();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let is_disk = |name: &String| {
        let others = [
            "loop", "ram", "zram", "dm-", "md", "zd", "ublkb", "sr", "fd",
        ];
        let slaves = fs::read_dir(format!("/sys/block/{name}/slaves"));
        let lies_upon = slaves.is_ok_and(|slaves| slaves.count() > 0);
        let is_hidden = text(format!("/sys/block/{name}/hidden")) == "1\n";
        let stat = text(format!("/sys/block/{name}/stat"));
        let has_done_something = stat.split_whitespace().any(|number| number != "0");
        !others.iter().any(|other| name.starts_with(other))
            && !lies_upon
            && !is_hidden
            && has_done_something
    };
    let disks: BTreeSet<String> = names.filter(is_disk).collect();
    let family = "system_disk_busy_seconds_total";
    let shown = values_of(&monitoring, family, "device");
    let shown: BTreeSet<String> = shown.iter().map(|name| name.replace('/', "!")).collect();
    assert!(shown.is_subset(&disks) && shown.len() == disks.len().min(64));
    for name in shown {
        // A file of the disk's own, in place of that of all.
        let number = |at: usize| -> f64 {
            let stat = text(format!("/sys/block/{name}/stat"));
            stat.split_whitespace().nth(at).unwrap().parse().unwrap()
        };
        let device = name.replace('!', "/");
        for (family, direction, at, unit) in [
            ("system_disk_operations_total", Some("read"), 0, 1.0),
            ("system_disk_bytes_total", Some("read"), 2, 512.0),
            ("system_disk_operations_total", Some("write"), 4, 1.0),
            ("system_disk_bytes_total", Some("write"), 6, 512.0),
            ("system_disk_busy_seconds_total", None, 9, 0.001),
        ] {
            let mut labels = vec![("scope", "host"), ("device", &*device)];
            labels.extend(direction.map(|direction| ("direction", direction)));
            let read = || number(at) * unit;
            agrees(family, 1e-6, read, || value(&monitoring, family, &labels));
        }
    }
}

#[test]
fn network_devices_are_those_that_count_once() {
    let monitoring = monitoring();
    let entries = fs::read_dir("/sys/class/net").unwrap();
    let folders = entries.map(|entry| entry.unwrap().path());
    let all: Vec<_> = folders
        .filter(|folder| folder.join("ifindex").exists() && !folder.ends_with("lo"))
        .collect();
    let has_carried = |folder: &&std::path::PathBuf| {
        let files = [
            "rx_bytes",
            "rx_errors",
            "rx_dropped",
            "tx_bytes",
            "tx_errors",
            "tx_dropped",
        ];
        let numbers = files.map(|file| text(folder.join("statistics").join(file)));
        numbers.iter().any(|number| number.trim() != "0")
    };
    let name =
        |folder: &std::path::PathBuf| folder.file_name().unwrap().to_str().unwrap().to_owned();
    let names = all.iter().filter(has_carried).map(name);
    let names: BTreeSet<String> = names.collect();
    let shown = values_of(&monitoring, "system_network_bytes_total", "device");
    assert!(
        shown.is_subset(&names) && shown.is_empty() == names.is_empty(),
        "{shown:?}"
    );
    // Hardware is never left out, but for a device whose work another one counts.
    let is_hardware = |folder: &&std::path::PathBuf| {
        folder.join("device").exists() && !folder.join("master/device").exists()
    };
    let hardware: BTreeSet<String> = all
        .iter()
        .filter(has_carried)
        .filter(is_hardware)
        .map(name)
        .collect();
    assert!(shown.is_superset(&hardware), "{shown:?}");
    for name in shown {
        // Files of the device's own, in place of that of all.
        let number = |file: &str| -> f64 {
            let number = text(format!("/sys/class/net/{name}/statistics/{file}"));
            number.trim().parse().unwrap()
        };
        for (family, direction, files) in [
            ("system_network_bytes_total", "receive", &["rx_bytes"][..]),
            ("system_network_bytes_total", "transmit", &["tx_bytes"]),
            ("system_network_packets_total", "receive", &["rx_packets"]),
            ("system_network_packets_total", "transmit", &["tx_packets"]),
            ("system_network_errors_total", "receive", &["rx_errors"]),
            ("system_network_errors_total", "transmit", &["tx_errors"]),
            (
                "system_network_dropped_total",
                "receive",
                &["rx_dropped", "rx_missed_errors"],
            ),
            ("system_network_dropped_total", "transmit", &["tx_dropped"]),
        ] {
            let labels = [
                ("scope", "namespace"),
                ("device", &*name),
                ("direction", direction),
            ];
            let read = || files.iter().map(|file| number(file)).sum();
            agrees(family, 0.0, read, || value(&monitoring, family, &labels));
        }
    }
}

#[test]
fn pressure_is_that_of_the_machine() {
    let monitoring = monitoring();
    let family = "system_pressure_seconds_total";
    for resource in ["cpu", "memory", "io"] {
        let path = format!("/proc/pressure/{resource}");
        for stalled in ["some", "full"] {
            let labels = [
                ("scope", "host"),
                ("resource", resource),
                ("stalled", stalled),
            ];
            // A kernel may be built or started without; that of all that use processors says nothing.
            let is_told = !text(&path).is_empty() && (resource, stalled) != ("cpu", "full");
            let found = monitoring.recorded().value(family, &labels);
            assert_eq!(found.is_some(), is_told, "{labels:?}");
            if is_told {
                let read = || -> f64 {
                    let text = text(&path);
                    let line = text.lines().find(|line| line.starts_with(stalled)).unwrap();
                    line.rsplit('=').next().unwrap().parse::<f64>().unwrap() / 1e6
                };
                agrees(resource, 0.0, read, || value(&monitoring, family, &labels));
            }
        }
    }
}

#[test]
fn a_container_is_a_group_that_is_no_root() {
    let monitoring = monitoring();
    let scopes = values_of(&monitoring, "system_cpu_seconds_total", "scope");
    let cgroup = text("/proc/self/cgroup");
    let group = cgroup.lines().find_map(|line| line.strip_prefix("0::"));
    let has_mount = text("/proc/self/mountinfo").contains(" - cgroup2 ");
    if group.is_none() || !has_mount {
        assert!(!scopes.contains("container"));
    }
    let host = "host".to_owned();
    assert!(scopes.contains(&host) && scopes.len() <= 2);
}

/// All series of ours in a scrape: the kind of their family, and each number by its name and labels.
fn series(body: &[u8]) -> BTreeMap<String, (MetricType, f64)> {
    let mut all = BTreeMap::new();
    for family in families(body) {
        let kind = MetricType::try_from(family.kind).unwrap();
        let ours = family.metric.iter().filter(|_| is_ours(&family.name));
        for metric in ours.filter(|_| kind != MetricType::Histogram) {
            let labels = metric
                .label
                .iter()
                .map(|label| format!("{}={}", label.name, label.value));
            let name = format!("{} {}", family.name, labels.collect::<Vec<_>>().join(","));
            let before = all.insert(name.clone(), (kind, number(metric)));
            assert_eq!(before, None, "{name} twice");
        }
    }
    all
}

fn number(metric: &Metric) -> f64 {
    let counter = metric.counter.as_ref();
    let gauge = metric.gauge.as_ref().map(|gauge| gauge.value);
    counter.map_or_else(|| gauge.unwrap(), |counter| counter.value)
}

#[tokio::test(flavor = "multi_thread")]
async fn counters_never_fall() {
    let monitoring = monitoring();
    let mut before = series(&scrape(&monitoring, PROTOBUF).await);
    for _ in 0..50 {
        tokio::spawn(async { black_box(vec![1u8; 1 << 16]) })
            .await
            .unwrap();
        let now = series(&scrape(&monitoring, PROTOBUF).await);
        for (name, (kind, number)) in &now {
            assert!(number.is_finite() && *number >= 0.0, "{name} {number}");
            if let (MetricType::Counter, Some((_, was))) = (kind, before.get(name)) {
                assert!(number >= was, "{name}: {number} after {was}");
            }
        }
        before = now;
    }
}

#[tokio::test]
async fn protobuf_has_their_types_and_no_start_that_nobody_knows() {
    let body = scrape(&monitoring(), PROTOBUF).await;
    let mut found = 0;
    for family in families(&body)
        .iter()
        .filter(|family| is_ours(&family.name))
    {
        let ours = catalog::ALL
            .iter()
            .find(|metric| metric.name() == family.name);
        let ours = ours.expect("a family of the catalogue");
        let kind = match ours.kind() {
            Kind::Counter => MetricType::Counter,
            _ => MetricType::Gauge,
        };
        assert_eq!(family.kind, kind as i32, "{}", family.name);
        assert_eq!(family.unit, ours.base_unit().as_str());
        for metric in &family.metric {
            let labels: Vec<&str> = metric.label.iter().map(|label| &*label.name).collect();
            let mut expected = ours.label_names().to_vec();
            expected.sort_unstable();
            assert_eq!(labels, expected);
            assert!(
                metric
                    .counter
                    .as_ref()
                    .is_none_or(|counter| counter.start.is_none())
            );
            found += 1;
        }
    }
    assert!(found > 20, "{found}");
}

/// Each line of the text formats belongs to the family above it and ends in a number.
#[tokio::test]
async fn both_texts_are_whole() {
    let monitoring = monitoring();
    for accept in ["text/plain", OPEN_METRICS] {
        let body = scrape(&monitoring, accept).await;
        let text = std::str::from_utf8(&body).unwrap();
        let (mut family, mut heads, mut found) = ("", BTreeSet::new(), 0);
        for line in text.lines() {
            match line.strip_prefix("# TYPE ") {
                Some(head) => {
                    family = head.split(' ').next().unwrap();
                    assert!(heads.insert(family), "{family} twice");
                }
                None if is_ours(line) => {
                    assert!(line.starts_with(family), "{line} is not of {family}");
                    let number: f64 = line.rsplit(' ').next().unwrap().parse().unwrap();
                    assert!(number.is_finite() && number >= 0.0, "{line}");
                    found += 1;
                }
                None => {}
            }
        }
        assert!(found > 20, "{text}");
    }
    let body = scrape(&monitoring, OPEN_METRICS).await;
    let text = std::str::from_utf8(&body).unwrap();
    let head = "# TYPE system_cpu_seconds counter\n# UNIT system_cpu_seconds seconds\n";
    assert!(text.contains(head), "{text}");
    let line = "\nsystem_cpu_seconds_total{scope=\"host\",mode=\"user\"} ";
    assert!(text.contains(line), "{text}");
}

#[tokio::test]
async fn a_scrape_of_some_names_has_those() {
    let line = "GET /metrics?name[]=system_cpu_cores&name[]=tokio_workers";
    let body = send(&monitoring(), line, &[("accept", PROTOBUF)])
        .await
        .body;
    let found: Vec<_> = families(&body)
        .into_iter()
        .map(|family| family.name)
        .collect();
    assert_eq!(found, ["system_cpu_cores", "tokio_workers"]);
}

#[tokio::test]
async fn build_shows_them_only_when_told_to() {
    let none = Monitoring::builder("test").build().unwrap();
    let text = none.metrics().render();
    assert!(!text.lines().any(is_ours), "{text}");
    let off = Monitoring::builder("test")
        .metrics(|metrics| metrics.without_system_metrics())
        .build()
        .unwrap();
    assert_eq!(off.metrics().render(), text);
}

#[test]
fn their_names_are_not_free() {
    let own = monitoring().metrics();
    let cores = own.dynamic::<Gauge, 1>(catalog::SYSTEM_CPU_CORES);
    let workers = own.gauge(catalog::TOKIO_WORKERS);
    for error in [cores.unwrap_err(), workers.unwrap_err()] {
        assert!(error.to_string().contains("belongs to the library"));
    }
}

#[test]
fn without_a_runtime_there_are_no_numbers_of_one() {
    let text = monitoring().metrics().render();
    assert!(!text.contains("tokio_"), "{text}");
    assert!(text.contains("\nsystem_cpu_cores{"), "{text}");
}

#[test]
fn a_runtime_that_has_ended_says_nothing() {
    let runtimes = [
        Builder::new_current_thread().build().unwrap(),
        Builder::new_multi_thread()
            .worker_threads(1)
            .build()
            .unwrap(),
    ];
    for runtime in runtimes {
        let monitoring = runtime.block_on(async { monitoring() });
        assert_eq!(value(&monitoring, "tokio_workers", &[]), 1.0);
        drop(runtime);
        let text = monitoring.metrics().render();
        assert!(!text.contains("tokio_"), "{text}");
        assert!(text.contains("\nsystem_cpu_cores{"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn workers_and_tasks_are_counted() {
    let monitoring = monitoring();
    assert_eq!(value(&monitoring, "tokio_workers", &[]), 3.0);
    let before = value(&monitoring, "tokio_tasks_alive", &[]);
    assert_eq!(before, 0.0, "none of ours is counted");
    let tasks: Vec<_> = (0..5).map(|_| tokio::spawn(pending::<()>())).collect();
    assert_eq!(value(&monitoring, "tokio_tasks_alive", &[]), before + 5.0);
    for task in tasks {
        task.abort();
        let _ = task.await;
    }
    eventually("the tasks end", async || {
        match value(&monitoring, "tokio_tasks_alive", &[]) {
            alive if alive == before => Ok(()),
            alive => Err(format!("{alive} are alive")),
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn busy_time_is_that_of_the_work() {
    let monitoring = monitoring();
    let busy = || value(&monitoring, "tokio_worker_busy_seconds_total", &[]);
    let (before, parks) = (busy(), value(&monitoring, "tokio_worker_parks_total", &[]));
    let began = Instant::now();
    let work = tokio::spawn(async {
        let began = Instant::now();
        while began.elapsed() < Duration::from_millis(200) {
            black_box(began);
        }
    });
    work.await.unwrap();
    eventually("the work is seen", async || match busy() - before {
        grown if grown >= 0.2 => Ok(()),
        grown => Err(format!("{grown} s more")),
    })
    .await;
    assert!(
        busy() - before <= began.elapsed().as_secs_f64(),
        "of one worker"
    );
    assert!(value(&monitoring, "tokio_worker_parks_total", &[]) > parks);
}

#[tokio::test]
async fn the_lag_of_a_runtime_is_watched_by_init_alone() {
    let text = monitoring().metrics().render();
    assert!(!text.contains("tokio_lag"), "{text}");
    assert!(text.contains("\ntokio_workers 1\n"), "{text}");
}

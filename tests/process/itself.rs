//! `process_*` tells what other readings of the process tell, in every format, and only where it is wanted.
//!
//! The numbers are those of a whole process, so each test of them runs itself again in a process of its own.

use std::env;
use std::fs::{self, File};
use std::hint::black_box;
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::SystemTime;

use cpu_time::ProcessTime;
use ecolaura_monitoring::{Monitoring, MonitoringBuilder, catalog};
use prometheus::{IntGauge, Registry};

use support::metric_family::{MetricType, families, family};
use support::scrape::{OPEN_METRICS, PROTOBUF, scrape, send};
use support::this_test;

/// When the process that tests in processes of their own come from started one, in seconds since the epoch.
const STARTED: &str = "PROCESS_TEST_STARTED";

/// All families but the one that only a limit has.
const ALWAYS: [&str; 7] = [
    "process_cpu_seconds_total",
    "process_open_fds",
    "process_max_fds",
    "process_virtual_memory_bytes",
    "process_resident_memory_bytes",
    "process_start_time_seconds",
    "process_threads",
];

fn builder() -> MonitoringBuilder {
    Monitoring::builder("test").metrics(|metrics| metrics.with_system_metrics())
}

fn now() -> f64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.expect("after 1970").as_secs_f64()
}

/// Whether this process has this test alone. If not, runs the test of this name once more, in one that has, started by `program`
/// if there is one.
fn is_alone_in(test: &str, program: Option<&str>) -> bool {
    if env::var_os(STARTED).is_some() {
        return true;
    }
    let own = env::current_exe().expect("a test knows its own path");
    let mut command = match program {
        None => Command::new(own),
        Some(program) => {
            let mut shell = Command::new("sh");
            shell.args(["-c", program]).arg(own);
            shell
        }
    };
    let again = command
        .args(["--exact", test, "--test-threads=1"])
        .env(STARTED, now().to_string())
        .output()
        .expect("the test runs again");
    let output = String::from_utf8_lossy(&again.stdout);
    let errors = String::from_utf8_lossy(&again.stderr);
    assert!(
        again.status.success() && output.contains("1 passed"),
        "{output}{errors}"
    );
    false
}

fn is_alone(test: &str) -> bool {
    is_alone_in(test, None)
}

#[track_caller]
fn value(monitoring: &Monitoring, name: &str) -> f64 {
    let value = monitoring.recorded().value(name, &[]);
    value.unwrap_or_else(|| panic!("{name} is missing"))
}

/// A number of a file of the kernel: what follows a word at the start of a line.
fn number(path: &str, word: &str) -> f64 {
    let text = fs::read_to_string(path).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(word));
    let first = line.and_then(|line| line.split_whitespace().next());
    first.unwrap().parse().unwrap()
}

#[track_caller]
fn near(found: f64, expected: f64, tolerance: f64) {
    let is = (found - expected).abs() <= tolerance;
    assert!(is, "{found} is not within {tolerance} of {expected}");
}

fn names(text: &str) -> Vec<&str> {
    let heads = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE process_"));
    heads.collect()
}

#[test]
fn memory_is_what_the_kernel_says() {
    if !is_alone(&this_test!()) {
        return;
    }
    let monitoring = builder().build().unwrap();
    for (name, word) in [
        ("process_resident_memory_bytes", "VmRSS:"),
        ("process_virtual_memory_bytes", "VmSize:"),
    ] {
        let expected = number("/proc/self/status", word) * 1024.0;
        near(value(&monitoring, name), expected, expected * 0.2);
    }
    let before = value(&monitoring, "process_resident_memory_bytes");
    let used = black_box(vec![1u8; 64 << 20]);
    let grown = value(&monitoring, "process_resident_memory_bytes") - before;
    near(grown, used.len() as f64, 8e6);
}

#[test]
fn open_files_are_counted_exactly() {
    if !is_alone(&this_test!()) {
        return;
    }
    let monitoring = builder().build().unwrap();
    let before = value(&monitoring, "process_open_fds");
    let listed = fs::read_dir("/proc/self/fd").unwrap().count();
    assert_eq!(before, (listed - 1) as f64, "the list itself is one");
    let open = || File::open("/dev/null").unwrap();
    let files: Vec<File> = (0..10).map(|_| open()).collect();
    assert_eq!(value(&monitoring, "process_open_fds"), before + 10.0);
    drop(files);
    assert_eq!(value(&monitoring, "process_open_fds"), before);
}

#[test]
fn threads_are_counted_exactly() {
    if !is_alone(&this_test!()) {
        return;
    }
    let monitoring = builder().build().unwrap();
    let before = value(&monitoring, "process_threads");
    thread::scope(|scope| {
        let waiting: Vec<_> = (0..3).map(|_| mpsc::channel::<()>()).collect();
        let senders: Vec<_> = waiting
            .into_iter()
            .map(|(sender, receiver)| {
                scope.spawn(move || receiver.recv());
                sender
            })
            .collect();
        assert_eq!(value(&monitoring, "process_threads"), before + 3.0);
        drop(senders);
    });
}

#[test]
fn processor_time_is_that_of_the_clock() {
    if !is_alone(&this_test!()) {
        return;
    }
    let monitoring = builder().build().unwrap();
    let clock = || ProcessTime::now().as_duration().as_secs_f64();
    let burn = move || {
        let from = clock();
        while clock() - from < 0.1 {
            black_box(names("# TYPE process_threads gauge"));
        }
    };
    let before = value(&monitoring, "process_cpu_seconds_total");
    near(before, clock(), 0.05);
    burn();
    thread::spawn(burn).join().unwrap(); // a thread that has ended counts too
    let after = value(&monitoring, "process_cpu_seconds_total");
    near(after, clock(), 0.05);
    near(after - before, 0.2, 0.05);
}

#[test]
fn the_process_began_when_it_was_started() {
    if !is_alone(&this_test!()) {
        return;
    }
    let monitoring = builder().build().unwrap();
    let start = value(&monitoring, "process_start_time_seconds");
    assert!(start >= number("/proc/stat", "btime "), "after boot");
    let started: f64 = env::var(STARTED).unwrap().parse().unwrap();
    // The time of boot is in whole seconds, rounded down.
    assert!((started - 1.02..=now()).contains(&start), "{start}");
    let later = value(&monitoring, "process_start_time_seconds");
    assert_eq!(later, start, "it does not move");
}

#[test]
fn limits_are_those_that_hold() {
    let limits = "ulimit -S -n 123 && ulimit -v 4000000 && exec \"$0\" \"$@\"";
    if !is_alone_in(&this_test!(), Some(limits)) {
        return;
    }
    let monitoring = builder().build().unwrap();
    assert_eq!(value(&monitoring, "process_max_fds"), 123.0);
    let most = value(&monitoring, "process_virtual_memory_max_bytes");
    assert_eq!(most, 4_000_000.0 * 1024.0);
}

#[test]
fn a_process_without_a_descriptor_left_tells_so() {
    let limit = "ulimit -n 100 && exec \"$0\" \"$@\"";
    if !is_alone_in(&this_test!(), Some(limit)) {
        return;
    }
    let monitoring = builder().build().expect("a monitoring");
    let before = value(&monitoring, "process_open_fds");
    let mut taken = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        taken.push(file);
    }
    let open = value(&monitoring, "process_open_fds");
    assert_eq!(open, before + taken.len() as f64);
    assert_eq!(value(&monitoring, "process_max_fds"), 100.0);
    let threads = value(&monitoring, "process_threads");
    let (done, wait) = mpsc::channel::<()>();
    let one_more = thread::spawn(move || wait.recv());
    assert_eq!(value(&monitoring, "process_threads"), threads + 1.0);
    drop(done);
    let _ = one_more.join();
}

#[test]
fn no_limit_is_no_number() {
    if !is_alone_in(&this_test!(), Some("exec \"$0\" \"$@\"")) {
        return;
    }
    let limits = fs::read_to_string("/proc/self/limits").unwrap();
    let is_unlimited = |line: &str| line.starts_with("Max address space         unlimited");
    let text = builder().build().unwrap().metrics().render();
    let has = text.contains("process_virtual_memory_max_bytes");
    assert_eq!(has, !limits.lines().any(is_unlimited));
    assert!(!text.contains("NaN") && !text.contains("Inf"), "{text}");
}

#[test]
fn init_shows_them() {
    if is_alone(&this_test!()) {
        let builder = Monitoring::builder("test").without_listener();
        let text = builder.init().unwrap().metrics().render();
        assert!(names(&text).len() >= ALWAYS.len(), "{text}");
    }
}

#[test]
fn init_leaves_them_out_when_told_to() {
    if is_alone(&this_test!()) {
        let builder = Monitoring::builder("test").without_listener();
        let text = builder
            .metrics(|metrics| metrics.without_system_metrics())
            .init()
            .unwrap();
        let text = text.metrics().render();
        assert_eq!(names(&text), Vec::<&str>::new());
        assert!(!text.contains("system_") && !text.contains("tokio_"));
    }
}

#[test]
fn build_shows_them_only_when_told_to() {
    let text = |builder: MonitoringBuilder| builder.build().unwrap().metrics().render();
    let none = text(Monitoring::builder("test"));
    assert_eq!(names(&none), Vec::<&str>::new());
    let all = text(builder());
    for name in ALWAYS {
        assert!(all.contains(&format!("\n{name} ")), "{name}");
    }
}

#[tokio::test]
async fn text_has_their_types() {
    let text = scrape(&builder().build().unwrap(), "text/plain").await;
    let text = std::str::from_utf8(&text).unwrap();
    for name in ALWAYS {
        let kind = match name.ends_with("_total") {
            true => "counter",
            false => "gauge",
        };
        assert!(text.contains(&format!("# TYPE {name} {kind}\n{name} ")));
    }
}

#[tokio::test]
async fn open_metrics_has_their_types_and_units() {
    let monitoring = builder()
        .metrics(|metrics| metrics.with_created_series())
        .build()
        .unwrap();
    let start = value(&monitoring, "process_start_time_seconds");
    let text = scrape(&monitoring, OPEN_METRICS).await;
    let text = std::str::from_utf8(&text).unwrap();
    let cpu = catalog::PROCESS_CPU.help();
    for part in [
        format!(
            "# TYPE process_cpu_seconds counter\n# UNIT process_cpu_seconds seconds\n\
             # HELP process_cpu_seconds {cpu}\nprocess_cpu_seconds_total "
        ),
        format!("\nprocess_cpu_seconds_created {start:.3}\n"),
        "# TYPE process_resident_memory_bytes gauge\n# UNIT process_resident_memory_bytes bytes\n"
            .to_owned(),
        format!("\nprocess_start_time_seconds {start}\n"),
        "# TYPE process_open_fds gauge\n".to_owned(),
    ] {
        assert!(text.contains(&part), "{part} is not in\n{text}");
    }
}

#[tokio::test]
async fn protobuf_has_their_types_and_the_start() {
    let monitoring = builder().build().unwrap();
    let body = scrape(&monitoring, PROTOBUF).await;
    let cpu = family(&body, "process_cpu_seconds_total");
    assert_eq!(cpu.kind, MetricType::Counter as i32);
    assert_eq!(cpu.unit, "seconds");
    let [series] = &cpu.metric[..] else {
        panic!("one series")
    };
    let counter = series.counter.as_ref().unwrap();
    assert!(series.label.is_empty() && counter.value > 0.0);
    let start = counter.start.unwrap();
    let start = start.seconds as f64 + f64::from(start.nanos) / 1e9;
    near(
        start,
        value(&monitoring, "process_start_time_seconds"),
        0.000_001,
    );
    for name in &ALWAYS[1..] {
        let found = family(&body, name);
        assert_eq!(found.kind, MetricType::Gauge as i32, "{name}");
        assert!(found.metric[0].gauge.as_ref().unwrap().value > 0.0);
    }
}

#[tokio::test]
async fn a_scrape_of_some_names_has_those() {
    let monitoring = builder().build().unwrap();
    let line = "GET /metrics?name[]=process_threads&name[]=process_open_fds";
    let headers = [("accept", PROTOBUF)];
    let body = send(&monitoring, line, &headers).await.body;
    let found: Vec<_> = families(&body)
        .into_iter()
        .map(|family| family.name)
        .collect();
    assert_eq!(found, ["process_open_fds", "process_threads"]);
}

#[test]
fn ours_are_shown_where_a_registry_has_the_same() {
    let bridged = |names: &[&str]| {
        let registry = Registry::new();
        for name in names {
            let gauge = IntGauge::new(*name, "Theirs.").unwrap();
            gauge.set(-7);
            registry.register(Box::new(gauge)).unwrap();
        }
        Monitoring::builder("test").metrics(|metrics| metrics.prometheus_registry(registry))
    };
    let both = bridged(&["process_threads", "process_open_fds", "process_other"]);
    let both = both
        .metrics(|metrics| metrics.with_system_metrics())
        .build()
        .unwrap();
    let text = both.metrics().render();
    assert_eq!(text.matches("# TYPE process_threads ").count(), 1);
    assert_eq!(text.matches("-7").count(), 1, "{text}");
    assert!(text.contains("\nprocess_other -7\n"), "{text}");
    let reason = [("reason", "duplicate")];
    let refused = both.recorded();
    let refused = refused.value("monitoring_families_refused_total", &reason);
    assert_eq!(refused, Some(2.0), "of the collection before this one");

    let theirs = bridged(&["process_threads"]).build().unwrap();
    assert!(theirs.metrics().render().contains("\nprocess_threads -7\n"));
}

#[test]
fn their_names_are_not_free() {
    let own = builder().build().unwrap().metrics();
    let error = own.gauge(catalog::PROCESS_THREADS).unwrap_err();
    assert!(error.to_string().contains("belongs to the library"));
}

//! Where another recorder of the `metrics` crate is installed, or another subscriber of `tracing`, `init` says so, leaves it in place and works.

use std::io::Write;
use std::sync::Mutex;
use support::alone;

use ecolaura_monitoring::Monitoring;
use ecolaura_monitoring::metrics::Metric;
use metrics::{NoopRecorder, counter};

static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOG.lock().expect("no panic").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn init_leaves_another_recorder_in_place() {
    if !alone!() {
        return;
    }
    tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(|| Log)
        .init();
    metrics::set_global_recorder(NoopRecorder).expect("the first one");
    let builder = Monitoring::builder("test").listen(([127, 0, 0, 1], 0));
    let monitoring = builder.init().expect("that is no error");
    counter!("elsewhere").increment(1);
    let own = Metric::counter("own_total", "O.");
    monitoring.metrics().counter(own).expect("a counter").inc();
    let recorded = monitoring.recorded();
    assert_eq!(recorded.value("elsewhere", &[]), None);
    assert_eq!(recorded.value("own_total", &[]), Some(1.0));

    let log = String::from_utf8(LOG.lock().expect("no panic").clone()).expect("text");
    let warnings: Vec<_> = log.lines().filter(|line| line.contains("WARN")).collect();
    let mut expected = vec!["another recorder of the `metrics` crate is installed already"];
    expected.insert(
        0,
        "another subscriber of `tracing` was installed before `init`",
    );
    assert_eq!(warnings.len(), expected.len(), "{log}");
    for (warning, expected) in warnings.iter().zip(expected) {
        assert!(warning.contains(expected), "{warning}");
    }
}

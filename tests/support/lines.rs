//! A monitoring whose log lines are kept here.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ecolaura_monitoring::{LogFormat, Monitoring, MonitoringBuilder};
use serde_json::{Map, Value};
use tracing_subscriber::layer::SubscriberExt as _;

/// Where the lines of a monitoring end up.
#[derive(Clone, Default)]
pub struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    /// All lines so far, each as it was written.
    pub fn all(&self) -> Vec<String> {
        let bytes = self.0.lock().expect("no panic").clone();
        let text = String::from_utf8(bytes).expect("UTF-8");
        assert!(text.is_empty() || text.ends_with('\n'), "whole lines");
        text.lines().map(str::to_owned).collect()
    }
}

/// A monitoring that writes lines of JSON.
pub fn logged(choose: impl FnOnce(MonitoringBuilder) -> MonitoringBuilder) -> (Lines, Monitoring) {
    let lines = Lines::default();
    let builder = Monitoring::builder("test")
        .logs(|logs| logs.writer(lines.clone()))
        .logs(|logs| logs.format(LogFormat::Ecs));
    (lines, choose(builder).build().expect("a monitoring"))
}

/// Does something whose events are logged.
pub fn within<T>(monitoring: &Monitoring, work: impl FnOnce() -> T) -> T {
    let subscriber = tracing_subscriber::registry().with(monitoring.log_layer());
    tracing::subscriber::with_default(subscriber, work)
}

/// What was written of it, as JSON. Waits until all of it is.
pub fn written(lines: &Lines, monitoring: &Monitoring) -> Vec<Map<String, Value>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    let flushed = runtime.block_on(monitoring.flush(Duration::from_secs(20)));
    flushed.expect("all is written");
    let read = |line: &String| serde_json::from_str(line).expect("JSON");
    lines.all().iter().map(read).collect()
}

/// The lines of some work.
pub fn lines_of(work: impl FnOnce()) -> Vec<Map<String, Value>> {
    let (lines, monitoring) = logged(|builder| builder);
    within(&monitoring, work);
    written(&lines, &monitoring)
}

/// The labels of a line.
pub fn labels(line: &Map<String, Value>) -> Map<String, Value> {
    let labels = line.get("labels").and_then(Value::as_object);
    labels.cloned().unwrap_or_default()
}

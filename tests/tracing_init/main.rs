//! What `init` makes of `tracing` and of the crate `log`, in lines and in spans. `init` installs what the process has one of.

mod closures;
mod errors;
mod key_values;
mod layers;
mod once;
mod otel;
mod parents;

use std::cell::Cell;
use std::fmt;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use ecolaura_monitoring::{LogFormat, Monitoring};
use serde_json::{Map, Value};
use tokio::runtime::Runtime;

use support::collector::{Collector, Span};
use support::exchange::{request, send};
use support::lines::{Lines, labels};

/// The one monitoring of this process.
struct Installed {
    monitoring: Monitoring,
    lines: Lines,
    collector: Collector,
    runtime: Runtime,
}

static INSTALLED: LazyLock<Installed> = LazyLock::new(|| {
    let runtime = Runtime::new().expect("a runtime");
    let collector = runtime.block_on(Collector::start());
    let lines = Lines::default();
    let monitoring = Monitoring::builder("test")
        .listen(([127, 0, 0, 1], 0))
        .traces(|traces| traces.otlp_endpoint(collector.endpoint()))
        .logs(|logs| logs.writer(lines.clone()))
        .logs(|logs| logs.format(LogFormat::Ecs))
        .logs(|logs| logs.filter("info,tracing_init=debug"))
        .init();
    Installed {
        monitoring: monitoring.expect("a monitoring"),
        lines,
        collector,
        runtime,
    }
});

/// Does something in the handler of a request whose spans are recorded. Gives back the status of its answer.
fn in_request(path: &'static str, work: impl FnOnce() + Send + 'static) -> u16 {
    let work = Arc::new(Mutex::new(Some(work)));
    let handler = async move || {
        let work = work.lock().expect("no panic").take();
        work.expect("one request")();
    };
    let app = Router::new().route(path, get(handler));
    answered(app, path)
}

/// Sends one request to an app, and gives back the status of its answer.
fn answered(app: Router, path: &str) -> u16 {
    let app = app.layer(INSTALLED.monitoring.layer());
    let line = format!("GET {path}");
    // A task of its own, since a panic that nobody catches ends the connection.
    let answer = INSTALLED
        .runtime
        .spawn(async move { send(app, request(&line)).await });
    INSTALLED
        .runtime
        .block_on(answer)
        .map_or(500, |answer| answer.0)
}

fn flush() {
    let flush = INSTALLED.monitoring.flush(Duration::from_secs(20));
    let flushed = INSTALLED.runtime.block_on(flush);
    flushed.expect("all is written and sent");
}

/// The only span of this name.
#[track_caller]
fn span(name: &str) -> Span {
    flush();
    INSTALLED.collector.span(name)
}

/// The only line for which something holds.
#[track_caller]
fn line_where(is: impl Fn(&Map<String, Value>) -> bool) -> Map<String, Value> {
    flush();
    let read = |line: String| serde_json::from_str::<Map<_, _>>(&line).expect("JSON");
    let lines = INSTALLED.lines.all().into_iter().map(read);
    let mut found: Vec<_> = lines.filter(is).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

/// The only line with this message.
#[track_caller]
fn line(message: &str) -> Map<String, Value> {
    line_where(|line| line["message"] == message)
}

/// May be formatted once, as what `format` of itertools returns.
struct Once(Cell<Option<&'static str>>);

impl Once {
    fn new(text: &'static str) -> Self {
        Self(Cell::new(Some(text)))
    }
}

impl fmt::Display for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.take().expect("formatted only once"))
    }
}

impl fmt::Debug for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

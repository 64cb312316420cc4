//! A process that ends sends the spans that wait, and says how many it could not send: when `main` returns, whoever serves, and by a panic.
//!
//! Each situation is a process of its own whose `main` is the one below: what happens when `main` returns is not seen from within a test.

use std::env;
use std::process::{Command, ExitCode, Output};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use ecolaura_monitoring::{Monitoring, MonitoringBuilder};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use support::collector::{Answer, Collector};
use support::exchange::{request, send};

/// Says to a process in which situation it is.
const SITUATION: &str = "PROCESS_END_SITUATION";

type Result = std::result::Result<(), Box<dyn std::error::Error>>;

/// How a process ends: its name, what it does, and how many spans it makes.
type Situation = (&'static str, fn() -> Result, usize);

const SITUATIONS: &[Situation] = &[
    ("a command", command, 3),
    ("axum::serve", axum_serve, 2),
    ("a clone in the state of the app", state, 1),
    ("a worker has the last clone", worker, 3),
    ("dropped at once", dropped_at_once, 5),
    ("in a static of the service", in_a_static, 2),
    ("main returns an error", error, 1),
    ("main panics", panic, 1),
    ("another thread panics before", panic_elsewhere, 2),
    ("serve", serve, 2),
    ("a flush before", flushed, 3),
    ("a span of tracing", span_of_tracing, 2),
];

fn main() -> ExitCode {
    match env::var(SITUATION) {
        Ok(name) => {
            let situation = SITUATIONS.iter().find(|(known, ..)| *known == name);
            let (_, run, _) = situation.expect("a known situation");
            match run() {
                Ok(()) => ExitCode::SUCCESS,
                Err(_) => ExitCode::FAILURE,
            }
        }
        Err(_) => {
            let runtime = Runtime::new().expect("threads");
            runtime.block_on(async {
                spans_arrive().await;
                losses_are_said().await;
                a_collector_that_hangs().await;
                without_logs().await;
                without_logs_by_the_environment().await;
                a_log_that_nobody_takes().await;
                nothing_is_said_where_nothing_is_lost().await;
            });
            ExitCode::SUCCESS
        }
    }
}

// --- what the processes do ------------------------------------------------------------------------------------------------------

fn monitoring() -> MonitoringBuilder {
    let builder = Monitoring::builder("test").listen(([127, 0, 0, 1], 0));
    match env::var("PROCESS_END_LOGS").as_deref() {
        Ok("none") => builder.without_logs(),
        _ => builder,
    }
}

fn app(monitoring: &Monitoring) -> Router {
    Router::new()
        .route("/", get(async || "answered"))
        .route(
            "/span",
            get(async || tracing::info_span!("packing").in_scope(|| "packed")),
        )
        .layer(monitoring.layer())
}

/// A span for each request.
fn answer(app: &Router, times: usize) {
    let runtime = Runtime::new().expect("threads");
    runtime.block_on(async {
        for _ in 0..times {
            assert_eq!(send(app.clone(), request("GET /")).await.0, 200);
        }
    });
}

fn command() -> Result {
    let monitoring = monitoring().init()?;
    answer(&app(&monitoring), 3); // and its runtime is gone
    Ok(())
}

fn span_of_tracing() -> Result {
    let monitoring = monitoring().init()?;
    let app = app(&monitoring);
    let answered = Runtime::new()?.block_on(send(app, request("GET /span")));
    assert_eq!(answered.0, 200);
    Ok(())
}

/// Serves until a request has come.
async fn serve_one(app: Router) -> Result {
    let (stop, stopped) = oneshot::channel::<()>();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let client = {
        let app = app.clone();
        async move {
            assert_eq!(send(app, request("GET /")).await.0, 200);
            drop(stop);
        }
    };
    let stopped = async move { drop(stopped.await) };
    let served = axum::serve(listener, app).with_graceful_shutdown(stopped);
    let (served, ()) = tokio::join!(served.into_future(), client);
    Ok(served?)
}

fn flushed() -> Result {
    let monitoring = monitoring().init()?;
    answer(&app(&monitoring), 1);
    let flushed = Runtime::new()?.block_on(monitoring.flush(Duration::from_secs(20)));
    let _ = flushed; // an error, where the collector is away
    answer(&app(&monitoring), 2);
    Ok(())
}

fn axum_serve() -> Result {
    Runtime::new()?.block_on(async {
        let monitoring = monitoring().init()?;
        let app = app(&monitoring);
        serve_one(app.clone()).await?;
        serve_one(app).await
    })
}

fn state() -> Result {
    let runtime = Runtime::new()?;
    runtime.block_on(async {
        let monitoring = monitoring().init()?;
        let handler = async |_: axum::extract::State<Monitoring>| "answered";
        let app = Router::new().route("/", get(handler));
        let app = app.layer(monitoring.layer()).with_state(monitoring);
        serve_one(app).await
    })
}

fn worker() -> Result {
    let monitoring = monitoring().init()?;
    let worker = thread::spawn(move || answer(&app(&monitoring), 3));
    worker.join().map_err(|_| "a panic".into())
}

/// What is recorded after the last value is gone is sent as well.
fn dropped_at_once() -> Result {
    let app = app(&monitoring().init()?);
    answer(&app, 2);
    answer(&app, 3);
    Ok(())
}

/// One that is never dropped.
fn in_a_static() -> Result {
    static MONITORING: OnceLock<Monitoring> = OnceLock::new();
    let monitoring = monitoring().init()?;
    answer(&app(MONITORING.get_or_init(|| monitoring)), 2);
    Ok(())
}

fn error() -> Result {
    let monitoring = monitoring().init()?;
    answer(&app(&monitoring), 1);
    Err("it failed".into())
}

fn panic() -> Result {
    let monitoring = monitoring().init()?;
    answer(&app(&monitoring), 1);
    panic!("out of main");
}

fn panic_elsewhere() -> Result {
    let monitoring = monitoring().init()?;
    answer(&app(&monitoring), 1);
    let clone = monitoring.clone();
    let panicking = thread::spawn(move || {
        let _monitoring = clone;
        panic!("in a thread");
    });
    assert!(panicking.join().is_err());
    answer(&app(&monitoring), 1);
    Ok(())
}

fn serve() -> Result {
    Runtime::new()?.block_on(async {
        let monitoring = monitoring().init()?;
        let app = app(&monitoring);
        let client = app.clone();
        let stop = async move {
            for _ in 0..2 {
                assert_eq!(send(client.clone(), request("GET /")).await.0, 200);
            }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        Ok(monitoring.serve_until(listener, app, stop).await?)
    })
}

// --- what becomes of it ---------------------------------------------------------------------------------------------------------

/// Runs a process in a situation; its spans go to this address.
async fn process(situation: &'static str, collector: &str, logs: &'static str) -> Output {
    let mut command = Command::new(env::current_exe().expect("a test knows its own path"));
    command
        .env(SITUATION, situation)
        .env("PROCESS_END_LOGS", logs)
        .env(
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            format!("{collector}/v1/traces?token=canary"),
        );
    if logs == "by the environment" {
        command.env("OTEL_LOGS_EXPORTER", "none");
    }
    let output = tokio::task::spawn_blocking(move || command.output());
    output.await.expect("no panic").expect("it runs")
}

fn text(output: &[u8]) -> String {
    String::from_utf8_lossy(output).into_owned()
}

/// The lines of the log that a process wrote, as JSON.
fn lines(output: &Output) -> Vec<Value> {
    let text = text(&output.stdout);
    let lines = text.lines().filter(|line| line.starts_with('{'));
    let read = |line| serde_json::from_str(line).expect("JSON");
    lines.map(read).collect()
}

async fn spans_arrive() {
    for (situation, _, spans) in SITUATIONS {
        let collector = Collector::start().await;
        let output = process(situation, &collector.endpoint(), "").await;
        assert_eq!(collector.number(), *spans, "{situation}: {output:?}");
        println!("{situation}: all spans arrived");
    }
}

/// The warnings of a process.
fn warnings(output: &Output) -> Vec<String> {
    let lines = lines(output).into_iter();
    let warnings = lines.filter(|line| line["log.level"] == "warn");
    let message = |line: Value| line["message"].as_str().expect("text").to_owned();
    warnings.map(message).collect()
}

/// With their number, the reason, and the address that was asked.
async fn losses_are_said() {
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let nobody = format!("http://{}", free.local_addr().expect("an address"));
    drop(free);
    let refuses = Collector::answering(vec![Answer::Fails(400); 100]).await;
    for (collector, why) in [
        (nobody, "Connection refused"),
        (refuses.endpoint(), "it answered 400 Bad Request"),
    ] {
        for (situation, _, spans) in SITUATIONS {
            let output = process(situation, &collector, "").await;
            assert!(!format!("{output:?}").contains("canary"), "{output:?}");
            let numbers = match *situation {
                "a flush before" => vec!["1 span was".to_owned(), "2 spans were".to_owned()],
                _ if *spans == 1 => vec!["1 span was".to_owned()],
                _ => vec![format!("{spans} spans were")],
            };
            let warnings = warnings(&output);
            assert_eq!(warnings.len(), numbers.len(), "{situation}: {warnings:?}");
            for (warning, number) in warnings.iter().zip(numbers) {
                let expected = format!("{number} not exported to {collector}/v1/traces: {why}");
                assert!(warning.starts_with(&expected), "{situation}: {warning}");
            }
        }
    }
    println!("what is lost is said");
}

/// The end waits for some seconds, and no longer.
async fn a_collector_that_hangs() {
    let never = Collector::answering(vec![Answer::Never; 100]).await;
    for situation in ["a command", "serve"] {
        let begun = Instant::now();
        let output = process(situation, &never.endpoint(), "").await;
        assert!(begun.elapsed() < Duration::from_secs(30), "{output:?}");
        let [told] = &warnings(&output)[..] else {
            panic!("{situation}: {output:?}");
        };
        let address = format!(
            " spans were not exported to {}/v1/traces: ",
            never.endpoint()
        );
        assert!(
            told.contains(&address) && told.contains("in time"),
            "{told}"
        );
    }
    println!("an end does not hang");
}

/// Where nobody writes a log, standard error has it.
async fn without_logs() {
    let refuses = Collector::answering(vec![Answer::Fails(400); 100]).await;
    let output = process("a command", &refuses.endpoint(), "none").await;
    let told = text(&output.stderr);
    assert!(
        told.contains("3 spans were not exported to http://"),
        "{told}"
    );
    println!("without a log it is said as well");
}

/// `OTEL_LOGS_EXPORTER=none` is about lines alone: spans of `tracing` arrive, and what is lost is on standard error.
async fn without_logs_by_the_environment() {
    const SITUATION: &str = "a span of tracing";
    let collector = Collector::start().await;
    let output = process(SITUATION, &collector.endpoint(), "by the environment").await;
    assert_eq!(collector.number(), 2, "{output:?}");
    assert_eq!(text(&output.stdout), "");
    let refuses = Collector::answering(vec![Answer::Fails(400); 100]).await;
    let output = process(SITUATION, &refuses.endpoint(), "by the environment").await;
    let told = text(&output.stderr);
    assert!(
        told.contains("2 spans were not exported to http://"),
        "{output:?}"
    );
    assert_eq!(text(&output.stdout), "");
    println!("without a log by the environment spans of tracing arrive");
}

/// Where the log itself is lost, standard error has that.
async fn a_log_that_nobody_takes() {
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let nobody = format!("http://{}", free.local_addr().expect("an address"));
    drop(free);
    let mut command = Command::new(env::current_exe().expect("a test knows its own path"));
    command
        .env(SITUATION, "a command")
        .env("OTEL_LOGS_EXPORTER", "otlp")
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", &nobody);
    let output = tokio::task::spawn_blocking(move || command.output());
    let output = output.await.expect("no panic").expect("it runs");
    let told = text(&output.stderr);
    assert!(told.contains("of the log w"), "{output:?}");
    assert!(told.contains("not written: "), "{output:?}");
    println!("a log that is lost is said as well");
}

async fn nothing_is_said_where_nothing_is_lost() {
    for logs in ["", "none"] {
        let collector = Collector::start().await;
        for situation in ["a command", "serve", "dropped at once"] {
            let output = process(situation, &collector.endpoint(), logs).await;
            assert!(warnings(&output).is_empty(), "{output:?}");
            let told = text(&output.stderr);
            assert!(!told.contains("exported"), "{situation}: {told}");
        }
    }
    println!("nothing is said where nothing is lost");
}

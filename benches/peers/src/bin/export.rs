//! Spans from two threads to a collector over a socket, ours and those of `opentelemetry_sdk`'s batch processor: how many arrive.
//!
//! `cargo run --release --manifest-path benches/peers/Cargo.toml --bin export`. Each row is a process of its own that makes spans at a rate for
//! two seconds; the collector is this one, takes everything, and counts.

use std::convert::Infallible;
use std::env;
use std::hint::black_box;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::pin::pin;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};
use tower_layer::Layer as _;

use ecolaura_monitoring::{Monitoring, Sampling, TracingLayer, monitor};
use http::{Request, Response};
use opentelemetry::trace::{Tracer as _, TracerProvider as _};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tower_service::Service;
use tracing::info_span;
use tracing_subscriber::layer::SubscriberExt as _;

/// Spans of a trace: one for the request, the others for what it does.
const SPANS: u64 = 10;
const SECONDS: f64 = 2.0;
const THREADS: u64 = 2;

const CONTENDERS: [&str; 4] = [
    "ours: #[monitor]",
    "ours: tracing",
    "opentelemetry_sdk: API",
    "opentelemetry_sdk: tracing",
];
/// Spans a second, of both threads; 0 is as many as they can make.
const RATES: [u64; 4] = [300_000, 400_000, 600_000, 0];
const QUEUES: [&str; 2] = ["2048", "65536"];

fn main() {
    let args: Vec<String> = env::args().skip(1).collect();
    match &args[..] {
        [contender, rate, collector] => {
            let rate = rate.parse().expect("a rate");
            println!("{}", make(contender, rate, collector));
        }
        only => rows(only.first().map_or("", |only| only)),
    }
}

// --- the collector --------------------------------------------------------------------------------------------------------------

static ARRIVED: AtomicU64 = AtomicU64::new(0);
static REQUESTS: AtomicU64 = AtomicU64::new(0);

fn collector() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.expect("a connection");
            thread::spawn(move || serve(stream));
        }
    });
    format!("http://{address}")
}

fn serve(mut stream: TcpStream) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut reader = BufReader::with_capacity(1 << 18, stream.try_clone().ok()?);
    let mut body = Vec::new();
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.parse().ok()?;
            }
        }
        body.resize(length, 0);
        reader.read_exact(&mut body).ok()?;
        ARRIVED.fetch_add(count(&body), Ordering::Relaxed);
        REQUESTS.fetch_add(1, Ordering::Relaxed);
        let answer =
            b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(answer).ok()?;
    }
}

/// Spans of a request: the fields 2 of the fields 2 of its fields 1.
fn count(request: &[u8]) -> u64 {
    let of = |message, wanted| fields(message).filter(move |(field, _)| *field == wanted);
    of(request, 1)
        .flat_map(|(_, resource)| of(resource, 2))
        .map(|(_, scope)| of(scope, 2).count() as u64)
        .sum()
}

/// Fields that have a length, which all of these are.
fn fields(mut message: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    std::iter::from_fn(move || {
        let tag = varint(&mut message)?;
        let length = varint(&mut message)? as usize;
        let (field, rest) = message.split_at_checked(length)?;
        message = rest;
        Some((tag >> 3, field))
    })
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for place in 0..10 {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn rows(only: &str) {
    let collector = collector();
    let program = env::current_exe().expect("its own path");
    println!("| | queue | spans made a second | arrived | spans a request |");
    println!("|---|---|---|---|---|");
    for queue in QUEUES {
        for rate in RATES {
            for contender in CONTENDERS {
                if !contender.contains(only) {
                    continue;
                }
                let before = ARRIVED.load(Ordering::Relaxed);
                let requests = REQUESTS.load(Ordering::Relaxed);
                let output = Command::new(&program)
                    .args([contender, &rate.to_string(), &collector])
                    .env("OTEL_BSP_MAX_QUEUE_SIZE", queue)
                    .stderr(Stdio::null())
                    .output()
                    .expect("it runs");
                let text = String::from_utf8_lossy(&output.stdout).into_owned();
                let (made, took) = text.trim().split_once(' ').expect("two numbers");
                let (made, took): (f64, f64) = (
                    made.parse().expect("a number"),
                    took.parse().expect("a number"),
                );
                let arrived = (ARRIVED.load(Ordering::Relaxed) - before) as f64;
                let requests = REQUESTS.load(Ordering::Relaxed) - requests;
                println!(
                    "| {contender} | {queue} | {:.0} | {:.2} % | {:.0} |",
                    made / took,
                    100.0 * arrived / made,
                    arrived / requests.max(1) as f64
                );
            }
        }
    }
}

// --- what makes spans -----------------------------------------------------------------------------------------------------------

/// Makes spans; gives back how many, and in how many seconds.
fn make(contender: &str, rate: u64, collector: &str) -> String {
    match contender {
        "ours: #[monitor]" => ours(collector, rate, || {
            (0..SPANS - 1).for_each(|n| step(black_box(n)))
        }),
        "ours: tracing" => {
            let subscriber = tracing_subscriber::registry().with(TracingLayer::new());
            tracing::subscriber::set_global_default(subscriber).expect("the only one");
            ours(collector, rate, || {
                for n in 0..SPANS - 1 {
                    info_span!("step", n).in_scope(|| black_box(n));
                }
            })
        }
        "opentelemetry_sdk: API" => theirs(collector, rate, |provider| {
            let tracer = provider.tracer("bench");
            move || {
                tracer.in_span("request", |_| {
                    for n in 0..SPANS - 1 {
                        tracer.in_span("step", |_| black_box(n));
                    }
                });
            }
        }),
        "opentelemetry_sdk: tracing" => theirs(collector, rate, |provider| {
            let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("bench"));
            let subscriber = tracing_subscriber::registry().with(layer);
            let _ = tracing::subscriber::set_global_default(subscriber);
            || {
                info_span!("request").in_scope(|| {
                    for n in 0..SPANS - 1 {
                        info_span!("step", n).in_scope(|| black_box(n));
                    }
                });
            }
        }),
        other => panic!("{other}?"),
    }
}

#[monitor("step")]
fn step(n: u64) {
    black_box(n);
}

fn ours(collector: &str, rate: u64, work: impl Fn() + Clone + Send + Sync + 'static) -> String {
    let sampling = Sampling::ratio(1.0).max_per_second(u32::MAX);
    let builder = Monitoring::builder("bench")
        .traces(|traces| traces.sampling(sampling))
        .without_logs();
    let monitoring = builder
        .traces(|traces| traces.otlp_endpoint(collector))
        .build()
        .expect("a monitoring");
    let result = paced(rate, || {
        let mut service = monitoring.layer().layer(Worked(work.clone()));
        move || {
            let mut answer = pin!(service.call(Request::new(String::new())));
            let answer = answer
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()));
            drop(answer);
        }
    });
    drop(monitoring);
    result
}

/// Works when it is polled, as handlers do.
#[derive(Clone)]
struct Worked<F>(F);

impl<F: Fn() + Clone> Service<Request<String>> for Worked<F> {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = std::pin::Pin<Box<Works<F>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<String>) -> Self::Future {
        Box::pin(Works(self.0.clone()))
    }
}

struct Works<F>(F);

impl<F: Fn()> Future for Works<F> {
    type Output = Result<Response<String>, Infallible>;

    fn poll(self: std::pin::Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        (self.0)();
        Poll::Ready(Ok(Response::new(String::new())))
    }
}

fn theirs<W: FnMut() + Send>(
    collector: &str,
    rate: u64,
    work: impl Fn(&SdkTracerProvider) -> W,
) -> String {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_endpoint(format!("{collector}/v1/traces"))
        .build()
        .expect("an exporter");
    let provider = SdkTracerProvider::builder()
        .with_sampler(Sampler::AlwaysOn)
        .with_batch_exporter(exporter)
        .build();
    let result = paced(rate, || work(&provider));
    let _ = provider.shutdown();
    result
}

/// Does work on two threads, so often that its spans come at this rate.
fn paced<W: FnMut() + Send>(rate: u64, work: impl Fn() -> W) -> String {
    let begun = Instant::now();
    let each = match rate {
        0 => Duration::ZERO,
        rate => Duration::from_secs_f64(SPANS as f64 * THREADS as f64 / rate as f64),
    };
    let traces: u64 = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                let mut work = work();
                scope.spawn(move || {
                    let (mut traces, mut due) = (0, begun);
                    while begun.elapsed().as_secs_f64() < SECONDS {
                        work();
                        traces += 1;
                        due = wait(due + each);
                    }
                    traces
                })
            })
            .collect();
        let threads = threads.into_iter();
        threads.map(|thread| thread.join().expect("no panic")).sum()
    });
    format!("{} {}", traces * SPANS, begun.elapsed().as_secs_f64())
}

/// Sleeps where there is time for it. What a thread missed because it had no processor it does not catch up on all at once: that would be another
/// rate.
fn wait(due: Instant) -> Instant {
    let now = Instant::now();
    let ahead = due.saturating_duration_since(now);
    if ahead > Duration::from_micros(300) {
        thread::sleep(ahead - Duration::from_micros(100));
    }
    due.max(now - Duration::from_millis(1))
}

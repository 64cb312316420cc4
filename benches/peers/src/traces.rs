//! A request that belongs to a trace: metrics and spans of ours, and the spans alone of the stack that is used most.

use std::future::Future;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::LazyLock;
use std::thread;
use std::time::Duration;

use axum_tracing_opentelemetry::middleware::OtelAxumLayer;
use ecolaura_monitoring::{AccessLog, Monitoring, Sampling};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider, SpanData, SpanExporter,
};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::support::app::{self, Client, REQUESTS, served};
use crate::support::{Contender, Measured, Plan, Work, measure, table};

/// A collector that takes everything and looks at nothing.
static SINK: LazyLock<String> = LazyLock::new(|| {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            thread::spawn(move || {
                while take(&mut stream).is_some() {
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
                }
            });
        }
    });
    format!("http://{address}")
});

/// Reads one request with its body.
fn take(stream: &mut impl Read) -> Option<()> {
    let mut bytes = Vec::new();
    let mut piece = [0; 65536];
    loop {
        let read = stream.read(&mut piece).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&piece[..read]);
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let length = head.split("content-length: ").nth(1)?;
        let length: usize = length.lines().next()?.trim().parse().ok()?;
        let mut rest = vec![0; (end + 4 + length).saturating_sub(bytes.len())];
        return stream.read_exact(&mut rest).ok();
    }
}

fn ours(sampling: Sampling) -> Monitoring {
    let builder = Monitoring::builder("traced").traces(|traces| traces.sampling(sampling));
    builder
        .traces(|traces| traces.otlp_endpoint(&**SINK))
        .build()
        .expect("a monitoring")
}

static NOT_SAMPLED: LazyLock<Monitoring> = LazyLock::new(|| ours(Sampling::none()));
static WITH_LINES: LazyLock<Monitoring> = LazyLock::new(|| {
    let builder = Monitoring::builder("traced").traces(|traces| traces.sampling(Sampling::none()));
    let builder = builder
        .traces(|traces| traces.otlp_endpoint(&**SINK))
        .logs(|logs| logs.writer(std::io::sink()));
    builder.build().expect("a monitoring")
});
static WITHOUT_LINES: LazyLock<Monitoring> = LazyLock::new(|| {
    let builder = Monitoring::builder("traced").traces(|traces| traces.sampling(Sampling::none()));
    let builder = builder
        .traces(|traces| traces.otlp_endpoint(&**SINK))
        .logs(|logs| logs.writer(std::io::sink()));
    let builder = builder.logs(|logs| logs.access_log(AccessLog::none()));
    builder.build().expect("a monitoring")
});
static COLLECTED: LazyLock<Monitoring> = LazyLock::new(|| ours(Sampling::ratio(0.0)));
static SAMPLED: LazyLock<Monitoring> =
    LazyLock::new(|| ours(Sampling::ratio(1.0).max_per_second(u32::MAX)));

/// Takes everything and looks at nothing.
#[derive(Debug)]
struct Nowhere;

impl SpanExporter for Nowhere {
    fn export(&self, _spans: Vec<SpanData>) -> impl Future<Output = OTelSdkResult> + Send {
        std::future::ready(Ok(()))
    }
}

fn provider(sampler: Sampler) -> SdkTracerProvider {
    let config = BatchConfigBuilder::default().with_scheduled_delay(Duration::from_secs(1));
    let processor = BatchSpanProcessor::builder(Nowhere).with_batch_config(config.build());
    SdkTracerProvider::builder()
        .with_sampler(sampler)
        .with_span_processor(processor.build())
        .build()
}

static OFF: LazyLock<SdkTracerProvider> = LazyLock::new(|| provider(Sampler::AlwaysOff));
static ON: LazyLock<SdkTracerProvider> = LazyLock::new(|| provider(Sampler::AlwaysOn));

/// Work that is done under a subscriber of its own.
struct Under<W>(W, tracing::Dispatch);

impl<W: Work> Work for Under<W> {
    fn prepare(&mut self) {
        self.0.prepare();
    }

    fn run(&mut self) {
        tracing::dispatcher::with_default(&self.1, || self.0.run());
    }
}

fn theirs(provider: &SdkTracerProvider) -> impl Work + use<> {
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("bench"));
    let subscriber = tracing_subscriber::registry().with(layer.with_filter(LevelFilter::TRACE));
    let app = app::plain().layer(OtelAxumLayer::default());
    Under(Client::of(served(app)), subscriber.into())
}

pub(crate) fn traces() {
    let contenders = [
        Contender::new("bare", || Client::of(served(app::plain()))),
        Contender::new("ours: metrics, not sampled", || {
            Client::of(served(app::plain().layer(NOT_SAMPLED.layer())))
        }),
        Contender::new("ours: metrics, not sampled, log scope", || {
            Client::of(served(app::plain().layer(WITHOUT_LINES.layer())))
        }),
        Contender::new("ours: metrics, not sampled, a line for each", || {
            Client::of(served(app::plain().layer(WITH_LINES.layer())))
        }),
        Contender::new("ours: metrics, kept if it fails", || {
            Client::of(served(app::plain().layer(COLLECTED.layer())))
        }),
        Contender::new("ours: metrics, sampled, exported", || {
            Client::of(served(app::plain().layer(SAMPLED.layer())))
        }),
        Contender::new("axum-tracing-opentelemetry 0.42, sampler off", || {
            theirs(&OFF)
        }),
        Contender::new("axum-tracing-opentelemetry 0.42, on, batch", || theirs(&ON)),
    ];
    let measured = measure(&Plan::new(16, REQUESTS), &contenders);
    let [bare, _, not_sampled, _, collected, sampled, off, on] = &measured[..] else {
        unreachable!("as many as contenders");
    };
    let over = |one: &Measured, other: &Measured| one.over(bare).alone / other.over(bare).alone;
    let rows: Vec<table::Row> = measured
        .iter()
        .skip(1)
        .map(|m| {
            vec![
                m.name.to_owned(),
                format!("{:.0}", m.over(bare).alone),
                format!("{:.2}", m.over(bare).two_to_one()),
                format!("{:.2}", over(m, off)),
                format!("{:.2}", over(m, on)),
                format!("{:.2}", m.allocations - bare.allocations),
            ]
        })
        .collect();
    let headings = [
        "request, 32 routes",
        "ns over bare",
        "2 threads / 1",
        "/ theirs off",
        "/ theirs on",
        "allocations over bare",
    ];
    table::print("A request in a trace", &headings, &rows);
    table::target(
        "not sampled, with its log scope / theirs with the sampler off",
        over(not_sampled, off),
        1.0 / 6.0,
    );
    table::target("sampled and exported / theirs", over(sampled, on), 0.5);
    table::target("kept if it fails / sampled", over(collected, sampled), 1.5);
}

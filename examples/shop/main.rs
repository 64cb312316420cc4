//! A small web shop for sustainable products, monitored end to end.
//!
//! ```text
//! cargo run --example shop
//! ```
//!
//! It prints what to open in a browser, sends itself some traffic so that there is something to see,
//! and closes on Ctrl-C. `cargo run --example shop -- --help` lists its flags.

mod api;
mod args;
mod error;
mod extract;
mod metrics;
mod store;
mod traffic;

use std::error::Error;
use std::io::stderr;
use std::net::SocketAddr;
use std::process::ExitCode;

use ecolaura_monitoring::{Monitoring, TracingLayer};
use tokio::net::TcpListener;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::api::AppState;
use crate::args::Args;
use crate::metrics::Metrics;
use crate::store::Store;

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::registry()
        .with(tracing_subscriber::fmt::layer().with_writer(stderr))
        .with(LevelFilter::INFO)
        .with(TracingLayer::new())
        .init();
    match run(Args::from_command_line()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("shop: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(args.listen)
        .await
        .map_err(|error| format!("cannot listen on {}: {error}", args.listen))?;
    let shop = listener.local_addr()?;
    let monitoring = Monitoring::builder("ecolaura-api")
        .listen(args.monitoring)
        .init()?;
    let store = Store::open(args.database.as_deref())
        .await
        .map_err(|error| format!("cannot open the database: {error}"))?;
    let metrics = Metrics::register(monitoring.metrics())?;

    let database = store.clone();
    monitoring.health().ready("database", move || {
        let database = database.clone();
        async move { database.ping().await }
    });

    let app = api::router(AppState { store, metrics }).layer(monitoring.layer());
    announce(shop, monitoring.listen_addr(), args.requests_per_second);
    if let Some(rate) = args.requests_per_second {
        tokio::spawn(traffic::run(shop, rate));
    }
    Ok(monitoring.serve(listener, app).await?)
}

/// Prints what there is to look at.
fn announce(shop: SocketAddr, monitoring: Option<SocketAddr>, traffic: Option<u32>) {
    println!("The Ecolaura shop is open. Ctrl-C closes it.\n");
    println!("  products  http://{shop}/api/v1/products");
    if let Some(monitoring) = monitoring {
        println!("  metrics   http://{monitoring}/metrics");
        println!("  health    http://{monitoring}/health/ready");
    }
    println!(
        "  traces    to a Jaeger on this machine, if there is one, or to OTEL_EXPORTER_OTLP_ENDPOINT"
    );
    let traffic = traffic.unwrap_or(0);
    println!("  traffic   {traffic} requests per second of its own\n");
}

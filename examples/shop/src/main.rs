//! A small web shop for sustainable products, monitored end to end.
//!
//! ```text
//! cargo run -p shop
//! ```
//!
//! It prints what to open in a browser, sends itself some traffic so that there is something to see,
//! and closes on Ctrl-C. `cargo run -p shop -- --help` lists its flags.

mod api;
mod args;
mod business;
mod error;
mod extract;
mod mail;
mod metrics;
mod purpose;
mod store;
mod traffic;

use std::error::Error;
use std::io::{IsTerminal as _, stdout};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use ecolaura_monitoring::{AccessLog, Monitoring};
use tokio::net::TcpListener;

use crate::api::AppState;
use crate::args::Args;
use crate::mail::Mail;
use crate::metrics::Metrics;
use crate::store::Store;

#[tokio::main]
async fn main() -> ExitCode {
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
        .map_err(|error| cannot_listen(args.listen, &error, "--listen"))?;
    let shop = listener.local_addr()?;
    let monitoring = Monitoring::builder("ecolaura-api")
        .version(env!("CARGO_PKG_VERSION"))
        .listen(args.monitoring)
        .logs(|logs| logs.access_log(access_log()))
        .init()
        .map_err(|error| match error.source() {
            Some(source) if error.is_listener() => {
                cannot_listen(args.monitoring, source, "--monitoring")
            }
            _ => error.to_string(),
        })?;
    let store = Store::open(args.database.as_deref(), monitoring.clone())
        .await
        .map_err(|error| format!("cannot open the database: {error}"))?;
    let metrics = Metrics::register(monitoring.metrics())?;

    let database = store.clone();
    monitoring.health().ready("database", move || {
        let database = database.clone();
        async move { database.ping().await }
    })?;

    let app = api::router(AppState {
        store,
        metrics,
        authentication: monitoring.authentication(),
        business: business::register(&monitoring)?,
        mail: Mail::open(&monitoring)?,
    })
    .layer(monitoring.layer());
    announce(shop, monitoring.listen_addr(), args.requests_per_second);
    if let Some(rate) = args.requests_per_second {
        tokio::spawn(traffic::run(shop, rate));
    }
    Ok(monitoring.serve(listener, app).await?)
}

fn cannot_listen(address: SocketAddr, error: &dyn Error, flag: &str) -> String {
    format!("cannot listen on {address}: {error}. Choose another address with {flag} HOST:PORT")
}

/// A line for each request; where somebody reads along, only of those that failed or took long, and of some others.
fn access_log() -> AccessLog {
    match stdout().is_terminal() {
        true => AccessLog::failures()
            .slower_than(Duration::from_millis(250))
            .sample_ratio(0.02),
        false => AccessLog::all(),
    }
}

/// Prints what there is to look at, not where the log goes.
fn announce(shop: SocketAddr, monitoring: Option<SocketAddr>, traffic: Option<u32>) {
    eprintln!("The Ecolaura shop is open. Ctrl-C closes it.\n");
    eprintln!("  products  http://{shop}/api/v1/products");
    if let Some(monitoring) = monitoring {
        eprintln!("  metrics   http://{monitoring}/metrics");
        eprintln!("  health    http://{monitoring}/health/ready");
    }
    eprintln!(
        "  traces    to a Jaeger on this machine, if there is one, or to OTEL_EXPORTER_OTLP_ENDPOINT"
    );
    let traffic = traffic.unwrap_or(0);
    eprintln!("  traffic   {traffic} requests per second of its own\n");
}

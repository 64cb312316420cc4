//! A monitoring whose spans go to a collector in this process, and what tests of traces do with both.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::OnceLock;
use std::time::Duration;

use axum::body::Body;
use ecolaura_monitoring::{Monitoring, MonitoringBuilder, TracingLayer, monitor};
use http::Request;
use tracing::{Dispatch, Instrument as _, info, info_span};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;

use super::collector::Collector;
use super::exchange::request;

pub const SERVER: i32 = 2;
pub const INTERNAL: i32 = 1;

pub const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
pub const UNSAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

pub async fn traced() -> (Collector, Monitoring) {
    built(|builder| builder).await
}

pub async fn built(
    choose: impl FnOnce(MonitoringBuilder) -> MonitoringBuilder,
) -> (Collector, Monitoring) {
    // Somebody is interested in all spans from the start: a callsite that is first reached while nobody is may stay switched off.
    static INTERESTED: OnceLock<Dispatch> = OnceLock::new();
    INTERESTED.get_or_init(|| Dispatch::new(subscriber()));
    let collector = Collector::start().await;
    let builder =
        Monitoring::builder("test").traces(|traces| traces.otlp_endpoint(collector.endpoint()));
    let monitoring = choose(builder).build().expect("a monitoring");
    (collector, monitoring)
}

pub async fn flushed(monitoring: &Monitoring) {
    let flushed = monitoring.flush(Duration::from_secs(20)).await;
    flushed.expect("all is sent");
}

pub fn with_header(line: &str, name: &str, value: &str) -> Request<Body> {
    let mut request = request(line);
    let value = value.parse().expect("a value");
    request
        .headers_mut()
        .append(http::HeaderName::try_from(name).expect("a name"), value);
    request
}

pub fn subscriber() -> impl tracing::Subscriber + for<'a> LookupSpan<'a> + Send + Sync {
    tracing_subscriber::registry().with(TracingLayer::new())
}

pub fn pairs(told: &[(&str, &str)]) -> BTreeMap<String, String> {
    let told = told.iter();
    told.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

pub fn now() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    u64::try_from(now.expect("after 1970").as_nanos()).expect("before 2554")
}

#[monitor("/orders")]
pub async fn order() -> Result<&'static str, Infallible> {
    charge(7);
    async { info!(parcels = 2, "packed") }
        .instrument(info_span!("pack", shelf = "B", heavy = true, weight = 1.5))
        .await;
    Ok("ordered")
}

#[monitor("charge")]
pub fn charge(euros: u64) {
    let _price = info_span!("price", euros).entered();
}

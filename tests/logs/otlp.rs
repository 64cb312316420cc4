//! Lines go to a collector by OTLP, where that is asked for, and one that is away keeps nobody waiting.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use ecolaura_monitoring::Monitoring;
use prost::Message;
use tokio::net::TcpListener;
use tracing::{error, info, info_span};
use tracing_subscriber::layer::SubscriberExt as _;

// Source of the messages: `opentelemetry/proto/collector/logs/v1/logs_service.proto` and what it includes.

#[derive(Clone, PartialEq, Message)]
struct ExportLogsServiceRequest {
    #[prost(message, repeated, tag = "1")]
    resource_logs: Vec<ResourceLogs>,
}

#[derive(Clone, PartialEq, Message)]
struct ResourceLogs {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scope_logs: Vec<ScopeLogs>,
}

#[derive(Clone, PartialEq, Message)]
struct Resource {
    #[prost(message, repeated, tag = "1")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct ScopeLogs {
    #[prost(message, repeated, tag = "2")]
    log_records: Vec<LogRecord>,
}

#[derive(Clone, PartialEq, Message)]
struct LogRecord {
    #[prost(fixed64, tag = "1")]
    time_unix_nano: u64,
    #[prost(int32, tag = "2")]
    severity_number: i32,
    #[prost(string, tag = "3")]
    severity_text: String,
    #[prost(message, optional, tag = "5")]
    body: Option<AnyValue>,
    #[prost(message, repeated, tag = "6")]
    attributes: Vec<KeyValue>,
    #[prost(bytes = "vec", tag = "9")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "10")]
    span_id: Vec<u8>,
    #[prost(fixed64, tag = "11")]
    observed_time_unix_nano: u64,
}

#[derive(Clone, PartialEq, Message)]
struct KeyValue {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<AnyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct AnyValue {
    #[prost(oneof = "Value", tags = "1, 2, 3, 4, 5")]
    value: Option<Value>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Value {
    #[prost(string, tag = "1")]
    Text(String),
    #[prost(bool, tag = "2")]
    Bool(bool),
    #[prost(int64, tag = "3")]
    Int(i64),
    #[prost(double, tag = "4")]
    Double(f64),
    #[prost(message, tag = "5")]
    Array(ArrayValue),
}

#[derive(Clone, PartialEq, Message)]
struct ArrayValue {
    #[prost(message, repeated, tag = "1")]
    values: Vec<AnyValue>,
}

fn text(value: &Option<AnyValue>) -> String {
    match value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(Value::Text(text)) => text.clone(),
        Some(Value::Bool(value)) => value.to_string(),
        Some(Value::Int(value)) => value.to_string(),
        Some(Value::Double(value)) => value.to_string(),
        Some(Value::Array(array)) => {
            let values = array.values.iter().cloned().map(|value| text(&Some(value)));
            values.collect::<Vec<_>>().join(",")
        }
        None => String::new(),
    }
}

fn told(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let told: BTreeMap<_, _> = attributes
        .iter()
        .map(|one| (one.key.clone(), text(&one.value)))
        .collect();
    assert_eq!(told.len(), attributes.len(), "a key is told twice");
    told
}

/// What came, and how the next requests are answered.
#[derive(Default)]
struct Received {
    answers: Vec<StatusCode>,
    requests: Vec<ExportLogsServiceRequest>,
}

type Shared = Arc<Mutex<Received>>;

async fn collector(answers: &[StatusCode]) -> (SocketAddr, Shared) {
    let received = Received {
        answers: answers.to_vec(),
        ..Received::default()
    };
    let shared = Arc::new(Mutex::new(received));
    let take = async |State(shared): State<Shared>, body: Bytes| {
        let mut shared = shared.lock().unwrap();
        if !shared.answers.is_empty() {
            return shared.answers.remove(0);
        }
        let request = ExportLogsServiceRequest::decode(body).expect("a request");
        shared.requests.push(request);
        StatusCode::OK
    };
    let app = Router::new()
        .route("/v1/logs", post(take))
        .with_state(Arc::clone(&shared));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    (address, shared)
}

fn records(shared: &Shared) -> Vec<LogRecord> {
    let shared = shared.lock().unwrap();
    let scopes = shared
        .requests
        .iter()
        .flat_map(|request| &request.resource_logs)
        .flat_map(|of| &of.scope_logs);
    scopes.flat_map(|scope| scope.log_records.clone()).collect()
}

fn log(monitoring: &Monitoring, work: impl FnOnce()) {
    let subscriber = tracing_subscriber::registry().with(monitoring.log_layer());
    tracing::subscriber::with_default(subscriber, work);
}

fn now() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    u64::try_from(now.unwrap().as_nanos()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_as_records() {
    let (address, shared) = collector(&[]).await;
    let builder = Monitoring::builder("test").version("1.2.3");
    let monitoring = builder
        .logs(|logs| logs.otlp_endpoint(format!("http://{address}")))
        .build()
        .unwrap();
    let start = now();
    log(&monitoring, || {
        let _span = info_span!("pack", shelf = "B").entered();
        info!(
            user.id = 7,
            http.response.status_code = 200,
            "packed \"two\"\n🌱"
        );
        error!(error = "no tape", "failed");
    });
    monitoring
        .authentication()
        .failed("password", "wrong")
        .record();
    let app = Router::new()
        .route("/", post(async || "four"))
        .layer(monitoring.layer());
    let request = http::Request::post("/").header(
        "traceparent",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
    );
    let answer = tower::ServiceExt::oneshot(app, request.body(axum::body::Body::empty()).unwrap())
        .await
        .unwrap();
    axum::body::to_bytes(answer.into_body(), 100).await.unwrap();
    assert!(monitoring.flush(Duration::from_secs(20)).await.is_ok());

    let records = records(&shared);
    let told_of: Vec<_> = records
        .iter()
        .map(|record| {
            (
                text(&record.body),
                &*record.severity_text,
                record.severity_number,
            )
        })
        .collect();
    assert_eq!(
        told_of,
        [
            ("packed \"two\"\n🌱".to_owned(), "INFO", 9),
            ("failed".to_owned(), "ERROR", 17),
            ("login by password: failure".to_owned(), "WARN", 13),
            ("POST / 200".to_owned(), "INFO", 9),
        ]
    );
    for record in &records {
        assert!(
            (start - 1000..=now()).contains(&record.time_unix_nano),
            "{record:?}"
        );
        assert_eq!(record.time_unix_nano, record.observed_time_unix_nano);
    }
    let mut first = told(&records[0].attributes);
    assert!(
        first
            .remove("log.origin.file.line")
            .unwrap()
            .parse::<u32>()
            .unwrap()
            > 0
    );
    let expected = [
        ("event.dataset", "application"),
        ("http.response.status_code", "200"),
        ("log.logger", "logs::otlp"),
        ("log.origin.file.name", "tests/logs/otlp.rs"),
        ("shelf", "B"),
        ("user.id", "7"),
    ];
    assert_eq!(
        first,
        expected
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into()
    );
    let access = &records[3];
    assert_eq!(
        access.trace_id,
        0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736_u128.to_be_bytes()
    );
    assert_eq!(access.span_id, 0x00f0_67aa_0ba9_02b7_u64.to_be_bytes());
    let access = told(&access.attributes);
    assert_eq!(access["event.category"], "web");
    assert_eq!(access["endpoint"], "/");
    let request = shared.lock().unwrap().requests[0].clone();
    let resource = told(
        &request.resource_logs[0]
            .resource
            .as_ref()
            .unwrap()
            .attributes,
    );
    assert_eq!(resource["service.name"], "test");
    assert_eq!(resource["service.version"], "1.2.3");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_busy_gets_them_later() {
    let (address, shared) = collector(&[StatusCode::SERVICE_UNAVAILABLE; 2]).await;
    let monitoring = Monitoring::builder("test")
        .logs(|logs| logs.otlp_endpoint(format!("http://{address}")))
        .build()
        .unwrap();
    log(&monitoring, || info!("once"));
    assert!(monitoring.flush(Duration::from_secs(20)).await.is_ok());
    assert_eq!(records(&shared).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_keeps_nobody_waiting() {
    let (address, shared) = collector(&[StatusCode::BAD_REQUEST]).await;
    let monitoring = Monitoring::builder("test")
        .logs(|logs| logs.otlp_endpoint(format!("http://{address}")))
        .build()
        .unwrap();
    log(&monitoring, || info!("refused"));
    let _ = monitoring.flush(Duration::from_secs(20)).await;
    let refused = || {
        monitoring
            .metrics()
            .render()
            .contains("dropped_total{reason=\"write_failed\"} 1")
    };
    let start = Instant::now();
    while !refused() {
        assert!(start.elapsed() < Duration::from_secs(30), "it is counted");
    }
    assert!(records(&shared).is_empty());

    // Nobody is there: this ends all the same, and what finds no room is counted.
    let nobody = Monitoring::builder("test").logs(|logs| logs.otlp_endpoint("http://127.0.0.1:9"));
    let nobody = nobody
        .logs(|logs| logs.max_lines_per_second(u32::MAX))
        .build()
        .unwrap();
    log(&nobody, || (0..10_000).for_each(|n| info!(n, "line")));
    let text = nobody.metrics().render();
    let lost = text.lines().find_map(|line| {
        line.strip_prefix("monitoring_log_lines_dropped_total{reason=\"queue_full\"} ")
    });
    assert!(lost.unwrap().parse::<u32>().unwrap() > 0, "{text}");
}

#[test]
fn a_wrong_address_is_an_error_at_start() {
    let builder = Monitoring::builder("test").logs(|logs| logs.otlp_endpoint("collector:4318"));
    let error = builder.build().unwrap_err().to_string();
    assert!(
        error.contains("the address of `.logs(|logs| logs.otlp_endpoint(…))` is `collector:4318`, which is no URL"),
        "{error}"
    );
}

/// Texts arrive as they are, not as JSON writes them; numbers of the schema are numbers, and of two fields of one name the schema's is kept.
#[tokio::test(flavor = "multi_thread")]
async fn values_arrive_as_they_are() {
    const ODD: &str = "a \"quote\" \\ and\nlines \u{1b}[31m \u{202e} grün 🌱";
    let (address, shared) = collector(&[]).await;
    let monitoring = Monitoring::builder("test")
        .logs(|logs| logs.otlp_endpoint(format!("http://{address}")))
        .build()
        .unwrap();
    log(&monitoring, || {
        info!(
            shelf = ODD,
            password = ODD,
            http.response.status_code = 200,
            "{ODD}"
        );
    });
    assert!(monitoring.flush(Duration::from_secs(20)).await.is_ok());
    let records = records(&shared);
    assert_eq!(text(&records[0].body), ODD);
    let fields = told(&records[0].attributes);
    assert_eq!(fields["shelf"], ODD);
    assert_eq!(fields["password"], "[redacted]");
    let mut attributes = records[0].attributes.iter();
    let status = attributes.find(|one| one.key == "http.response.status_code");
    let status = status.and_then(|one| one.value.clone()?.value);
    assert_eq!(status, Some(Value::Int(200)));
}

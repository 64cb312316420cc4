//! A collector in this process: takes spans by OTLP over HTTP, read by a library that knows nothing of our writer.
//!
//! Source of the messages: `opentelemetry/proto/collector/trace/v1/trace_service.proto` and what it includes; names and numbers are those of
//! that file.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Debug;
use std::io::Read as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::serve::Listener;
use prost::Message;
use tokio::net::TcpListener;
use tokio::sync::watch;

#[derive(Clone, PartialEq, Message)]
struct ExportTraceServiceRequest {
    #[prost(message, repeated, tag = "1")]
    resource_spans: Vec<ResourceSpans>,
}

#[derive(Clone, PartialEq, Message)]
struct ResourceSpans {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scope_spans: Vec<ScopeSpans>,
}

#[derive(Clone, PartialEq, Message)]
struct Resource {
    #[prost(message, repeated, tag = "1")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct ScopeSpans {
    #[prost(message, optional, tag = "1")]
    scope: Option<InstrumentationScope>,
    #[prost(message, repeated, tag = "2")]
    spans: Vec<Span>,
}

#[derive(Clone, PartialEq, Message)]
struct InstrumentationScope {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    version: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct Span {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    span_id: Vec<u8>,
    #[prost(string, tag = "3")]
    pub trace_state: String,
    #[prost(bytes = "vec", tag = "4")]
    parent_span_id: Vec<u8>,
    #[prost(string, tag = "5")]
    pub name: String,
    #[prost(int32, tag = "6")]
    pub kind: i32,
    #[prost(fixed64, tag = "7")]
    pub start_time_unix_nano: u64,
    #[prost(fixed64, tag = "8")]
    pub end_time_unix_nano: u64,
    #[prost(message, repeated, tag = "9")]
    attributes: Vec<KeyValue>,
    #[prost(uint32, tag = "10")]
    pub dropped_attributes_count: u32,
    #[prost(message, repeated, tag = "11")]
    pub events: Vec<Event>,
    #[prost(message, optional, tag = "15")]
    status: Option<Status>,
    #[prost(fixed32, tag = "16")]
    pub flags: u32,
}

#[derive(Clone, PartialEq, Message)]
pub struct Event {
    #[prost(fixed64, tag = "1")]
    pub time_unix_nano: u64,
    #[prost(string, tag = "2")]
    pub name: String,
    #[prost(message, repeated, tag = "3")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(string, tag = "2")]
    message: String,
    #[prost(int32, tag = "3")]
    code: i32,
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
    #[prost(oneof = "Value", tags = "1, 2, 3, 4")]
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
}

fn told(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let text = |value: &KeyValue| match value.value.as_ref().and_then(|value| value.value.as_ref())
    {
        Some(Value::Text(text)) => text.clone(),
        Some(Value::Bool(value)) => value.to_string(),
        Some(Value::Int(value)) => value.to_string(),
        Some(Value::Double(value)) => value.to_string(),
        None => String::new(),
    };
    let told: BTreeMap<_, _> = attributes
        .iter()
        .map(|one| (one.key.clone(), text(one)))
        .collect();
    assert_eq!(told.len(), attributes.len(), "a key is told twice");
    told
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Span {
    pub fn trace(&self) -> String {
        assert_eq!(self.trace_id.len(), 16);
        hex(&self.trace_id)
    }

    pub fn id(&self) -> String {
        assert_eq!(self.span_id.len(), 8);
        hex(&self.span_id)
    }

    /// The parent's id; empty where there is none.
    pub fn parent(&self) -> String {
        hex(&self.parent_span_id)
    }

    /// What is told of it, as text.
    pub fn attributes(&self) -> BTreeMap<String, String> {
        told(&self.attributes)
    }

    pub fn attribute(&self, key: &str) -> Option<String> {
        self.attributes().remove(key)
    }

    /// The code and the message of its status: 0 where it has none, 1 for OK, 2 for an error.
    pub fn status(&self) -> (i32, String) {
        let status = self.status.clone().unwrap_or_default();
        (status.code, status.message)
    }

    /// Why it failed; `None` where it did not.
    pub fn error(&self) -> Option<&str> {
        let status = self.status.as_ref()?;
        assert_eq!(status.code, 2, "set, and no error");
        Some(&status.message)
    }
}

impl Event {
    pub fn attributes(&self) -> BTreeMap<String, String> {
        told(&self.attributes)
    }
}

/// How it answers a request.
#[derive(Clone, Debug)]
pub enum Answer {
    Takes,
    /// So many of the spans it does not take.
    Rejects(u8),
    Fails(u16),
    /// And says after how many milliseconds it may be asked again, of which HTTP knows whole seconds.
    FailsFor(u16, u16),
    /// Takes them once so many requests wait for an answer at the same time.
    Together(usize),
    /// And takes a while for it.
    Slowly,
    /// What no collector says.
    Garbage,
    Never,
}

/// A collector under test.
#[derive(Clone)]
pub struct Collector {
    pub address: SocketAddr,
    state: Arc<Mutex<Received>>,
    /// Requests that wait for others.
    waiting: watch::Sender<usize>,
}

#[derive(Default)]
struct Received {
    /// How the next requests are answered; those after that are taken.
    answers: VecDeque<Answer>,
    requests: usize,
    /// When each of them came.
    arrivals: Vec<Instant>,
    /// Spans and bytes of each request whose spans it took.
    sizes: Vec<(usize, usize)>,
    headers: HeaderMap,
    bytes: Vec<u8>,
    resource: BTreeMap<String, String>,
    spans: Vec<Span>,
}

impl Collector {
    /// Listens, and answers these before it takes all.
    pub async fn answering(answers: impl IntoIterator<Item = Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        Self::over(listener, address, answers)
    }

    /// Answers what comes over other connections.
    pub fn over<L: Listener<Addr: Debug>>(
        listener: L,
        address: SocketAddr,
        answers: impl IntoIterator<Item = Answer>,
    ) -> Self {
        let collector = Self::at(address, answers);
        let app = Router::new()
            .route("/v1/traces", post(take))
            .with_state(collector.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        collector
    }

    /// One whose requests somebody else takes.
    pub fn at(address: SocketAddr, answers: impl IntoIterator<Item = Answer>) -> Self {
        let received = Received {
            answers: answers.into_iter().collect(),
            ..Received::default()
        };
        let state = Arc::new(Mutex::new(received));
        let waiting = watch::Sender::new(0);
        Self {
            address,
            state,
            waiting,
        }
    }

    /// Waits until so many requests do.
    pub async fn together(&self, number: usize) {
        self.waiting.send_modify(|waiting| *waiting += 1);
        let mut waiting = self.waiting.subscribe();
        let enough = waiting.wait_for(|waiting| *waiting >= number).await;
        enough.expect("the sender is here");
    }

    /// How a request with these headers is answered.
    pub fn asked(&self, headers: HeaderMap) -> Answer {
        let mut state = self.state.lock().expect("no panic");
        state.requests += 1;
        state.arrivals.push(Instant::now());
        state.headers = headers;
        state.answers.pop_front().unwrap_or(Answer::Takes)
    }

    /// Takes the spans of a request.
    pub fn takes(&self, bytes: &[u8]) {
        let request = ExportTraceServiceRequest::decode(bytes).expect("spans");
        let mut state = self.state.lock().expect("no panic");
        state.bytes.extend_from_slice(bytes);
        let spans = state.spans.len();
        for of_resource in request.resource_spans {
            state.resource = told(&of_resource.resource.expect("a resource").attributes);
            for of_scope in of_resource.scope_spans {
                let scope = of_scope.scope.expect("a scope");
                assert_eq!(scope.name, "ecolaura-monitoring");
                state.spans.extend(of_scope.spans);
            }
        }
        let spans = state.spans.len() - spans;
        state.sizes.push((spans, bytes.len()));
    }

    pub async fn start() -> Self {
        Self::answering([]).await
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All spans that it took.
    pub fn spans(&self) -> Vec<Span> {
        self.state.lock().expect("no panic").spans.clone()
    }

    /// The one span of this name.
    #[track_caller]
    pub fn span(&self, name: &str) -> Span {
        let spans = self.spans();
        let names: Vec<_> = spans.iter().map(|span| span.name.clone()).collect();
        let mut found = spans.into_iter().filter(|span| span.name == name);
        let span = found
            .next()
            .unwrap_or_else(|| panic!("{name} is not among {names:?}"));
        assert!(
            found.next().is_none(),
            "{name} is more than once in {names:?}"
        );
        span
    }

    pub fn resource(&self) -> BTreeMap<String, String> {
        self.state.lock().expect("no panic").resource.clone()
    }

    pub fn requests(&self) -> usize {
        self.state.lock().expect("no panic").requests
    }

    /// When each request came.
    pub fn arrivals(&self) -> Vec<Instant> {
        self.state.lock().expect("no panic").arrivals.clone()
    }

    /// Spans and bytes of each request whose spans it took.
    pub fn sizes(&self) -> Vec<(usize, usize)> {
        self.state.lock().expect("no panic").sizes.clone()
    }

    /// How many spans it has taken.
    pub fn number(&self) -> usize {
        self.state.lock().expect("no panic").spans.len()
    }

    /// A header of the last request.
    pub fn header(&self, name: &str) -> Option<String> {
        let state = self.state.lock().expect("no panic");
        let value = state.headers.get(name)?;
        value.to_str().ok().map(str::to_owned)
    }

    /// Whether a text is anywhere in what came, uncompressed.
    pub fn has_seen(&self, text: &str) -> bool {
        let state = self.state.lock().expect("no panic");
        state
            .bytes
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    }
}

async fn take(State(collector): State<Collector>, headers: HeaderMap, body: Bytes) -> Response {
    let rejected = match collector.asked(headers.clone()) {
        Answer::Takes => 0,
        Answer::Slowly => {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            0
        }
        Answer::Rejects(number) => number,
        Answer::Garbage => return "<html>what do you want?</html>".into_response(),
        Answer::Never => std::future::pending().await,
        Answer::Together(number) => {
            collector.together(number).await;
            0
        }
        Answer::Fails(status) => return failed(status).into_response(),
        Answer::FailsFor(status, milliseconds) => {
            let seconds = (milliseconds / 1000).to_string();
            return (failed(status), [("retry-after", seconds)]).into_response();
        }
    };
    let bytes = match headers.get("content-encoding") {
        None => body.to_vec(),
        Some(_) => {
            let mut bytes = Vec::new();
            let mut decoder = flate2::read::GzDecoder::new(&*body);
            decoder.read_to_end(&mut bytes).expect("gzip");
            bytes
        }
    };
    collector.takes(&bytes);
    match rejected {
        0 => Response::default(),
        number => vec![0x0a, 2, 0x08, number].into_response(),
    }
}

fn failed(status: u16) -> StatusCode {
    StatusCode::from_u16(status).expect("a status")
}

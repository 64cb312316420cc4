//! A request has a span that says what became of it, and what is done for the request has spans below it.
#![cfg(all(
    feature = "axum",
    feature = "macros",
    feature = "testing",
    feature = "traces"
))]

mod support {
    #[allow(dead_code)]
    pub(crate) mod battery;
    #[allow(dead_code)]
    pub(crate) mod collector;
    #[allow(dead_code)]
    pub(crate) mod exchange;
    #[allow(dead_code)]
    pub(crate) mod script;
}

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::pending;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::routing::{get, post};
use ecolaura_monitoring::{
    InCurrentTrace as _, Monitoring, MonitoringBuilder, Sampling, TraceContext, TracingLayer,
    monitor,
};
use http::{Request, StatusCode};
use tokio::sync::oneshot;
use tower::{ServiceExt as _, service_fn};
use tower_http::catch_panic::CatchPanicLayer;
use tracing::instrument::WithSubscriber as _;
use tracing::{Instrument as _, info, info_span};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;

use crate::support::collector::{Collector, Span};
use crate::support::exchange::{drop_half_way, head, request, send};
use crate::support::script::{Script, Step};

const SERVER: i32 = 2;
const INTERNAL: i32 = 1;

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const UNSAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

async fn traced() -> (Collector, Monitoring) {
    built(|builder| builder).await
}

async fn built(
    choose: impl FnOnce(MonitoringBuilder) -> MonitoringBuilder,
) -> (Collector, Monitoring) {
    let collector = Collector::start().await;
    let builder = Monitoring::builder("test").collector(collector.endpoint());
    let monitoring = choose(builder).build().expect("a monitoring");
    (collector, monitoring)
}

async fn flushed(monitoring: &Monitoring) {
    assert!(
        monitoring.flush(Duration::from_secs(20)).await,
        "all is sent"
    );
}

fn with_header(line: &str, name: &str, value: &str) -> Request<Body> {
    let mut request = request(line);
    let value = value.parse().expect("a value");
    request
        .headers_mut()
        .append(http::HeaderName::try_from(name).expect("a name"), value);
    request
}

fn subscriber() -> impl tracing::Subscriber + for<'a> LookupSpan<'a> + Send + Sync {
    tracing_subscriber::registry().with(TracingLayer::new())
}

fn pairs(told: &[(&str, &str)]) -> BTreeMap<String, String> {
    let told = told.iter();
    told.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

// --- the span of a request ----------------------------------------------------------------------------------------------------

#[tokio::test]
async fn a_request_begins_a_trace_and_says_what_became_of_it() {
    let (collector, monitoring) = built(|builder| builder.version("1.2.3")).await;
    let app = Router::new()
        .route("/boxes/{id}", get(async |Path(_id): Path<u32>| "a box"))
        .layer(monitoring.layer());
    let before = now();
    send(app.clone(), request("GET /boxes/7?sort=size")).await;
    send(app.clone(), request("GET /nowhere")).await;
    send(app.clone(), request("BREW /boxes/7")).await;
    flushed(&monitoring).await;

    let span = collector.span("GET /boxes/{id}");
    assert_eq!(
        (span.kind, span.parent(), span.error()),
        (SERVER, String::new(), None)
    );
    assert_ne!(span.trace(), "0".repeat(32));
    assert_eq!(span.trace_state, "");
    assert_eq!(span.flags, 1);
    assert!(
        before <= span.start_time_unix_nano && span.start_time_unix_nano <= span.end_time_unix_nano
    );
    assert!(span.end_time_unix_nano <= now());
    let expected = [
        ("http.request.method", "GET"),
        ("http.response.status_code", "200"),
        ("http.route", "/boxes/{id}"),
        ("network.protocol.version", "1.1"),
        ("url.path", "/boxes/7"),
        ("url.scheme", "http"),
    ];
    assert_eq!(span.attributes(), pairs(&expected));

    let unmatched = collector.span("GET");
    assert_eq!(
        unmatched.error(),
        None,
        "what the client did wrong is no error here"
    );
    assert_eq!(unmatched.attribute("http.route"), None);
    assert_eq!(
        unmatched.attribute("http.response.status_code").as_deref(),
        Some("404")
    );
    let unknown = collector.span("HTTP /boxes/{id}");
    assert_eq!(
        unknown.attribute("http.request.method").as_deref(),
        Some("_OTHER")
    );
    assert_ne!(unknown.trace(), unmatched.trace());

    let resource = collector.resource();
    assert_eq!(resource["service.name"], "test");
    assert_eq!(resource["service.version"], "1.2.3");
    assert_eq!(resource["telemetry.sdk.language"], "rust");
}

fn now() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    u64::try_from(now.expect("after 1970").as_nanos()).expect("before 2554")
}

#[tokio::test]
async fn a_request_goes_on_with_the_trace_of_its_sender() {
    let (collector, monitoring) = traced().await;
    let app = Router::new()
        .route(
            "/",
            get(async || TraceContext::current().expect("a context").traceparent()),
        )
        .layer(monitoring.layer());
    let mut sent = with_header("GET /", "traceparent", PARENT);
    sent.headers_mut()
        .append("tracestate", "a=1,b=2".parse().expect("a value"));
    let (_, seen) = send(app.clone(), sent).await;
    flushed(&monitoring).await;
    let span = collector.span("GET /");
    assert_eq!(span.trace(), &PARENT[3..35]);
    assert_eq!(span.parent(), &PARENT[36..52]);
    assert_eq!(span.trace_state, "a=1,b=2");
    assert_eq!(
        seen,
        format!("00-{}-{}-01", span.trace(), span.id()),
        "what the handler sees"
    );
}

/// What is no `traceparent`, or more than one, begins a trace of its own.
#[tokio::test]
async fn malformed_headers_begin_a_trace() {
    let (collector, monitoring) = traced().await;
    let app = Router::new()
        .route("/", get(async || ""))
        .layer(monitoring.layer());
    for header in [
        "",
        "00",
        "nonsense",
        &PARENT[..54],
        &PARENT.replace("00-4b", "ff-4b"),
    ] {
        let mut sent = with_header("GET /", "traceparent", header);
        sent.headers_mut()
            .append("tracestate", "a=1".parse().expect("a value"));
        send(app.clone(), sent).await;
    }
    let mut twice = with_header("GET /", "traceparent", PARENT);
    twice
        .headers_mut()
        .append("traceparent", PARENT.parse().expect("a value"));
    send(app.clone(), twice).await;
    let mut bytes = request("GET /");
    let value = http::HeaderValue::from_bytes(b"00-\xff\xfe").expect("a value that is no text");
    bytes.headers_mut().append("traceparent", value);
    send(app, bytes).await;
    flushed(&monitoring).await;
    let spans = collector.spans();
    assert_eq!(spans.len(), 7);
    for span in &spans {
        assert_ne!(span.trace(), &PARENT[3..35]);
        assert_eq!((span.parent(), &*span.trace_state), (String::new(), ""));
    }
    let traces: std::collections::BTreeSet<_> = spans.iter().map(Span::trace).collect();
    assert_eq!(traces.len(), 7);
}

#[tokio::test]
async fn what_went_wrong_is_told() {
    let (collector, monitoring) = traced().await;
    let app = Router::new()
        .route("/fails", get(async || StatusCode::SERVICE_UNAVAILABLE))
        .route("/refused", get(async || StatusCode::FORBIDDEN))
        .route("/panics", get(panics))
        .route("/late", get(async || StatusCode::GATEWAY_TIMEOUT))
        .route("/never", get(pending::<&'static str>))
        .route(
            "/half",
            get(async || Script::new([Step::Data(4), Step::Wait]).body()),
        )
        .layer(CatchPanicLayer::new())
        .layer(monitoring.layer());
    for path in ["/fails", "/refused", "/panics", "/late"] {
        send(app.clone(), request(&format!("GET {path}"))).await;
    }
    drop_half_way(app.clone().oneshot(request("GET /never")));
    drop(head(app.clone(), request("GET /half")).await);
    let service = service_fn(async |_: Request<Body>| Err::<http::Response<Body>, _>("no"));
    let failing = monitoring.wrap(service);
    let _ = failing.oneshot(request("GET /error")).await;
    flushed(&monitoring).await;

    for (name, status, error_type, error) in [
        ("GET /fails", "503", "503", Some("")),
        ("GET /refused", "403", "", None),
        ("GET /panics", "500", "500", Some("")),
        ("GET /late", "504", "timeout", Some("a time limit ran out")),
        (
            "GET /never",
            "",
            "cancelled",
            Some("the client went away before the answer"),
        ),
        (
            "GET /half",
            "200",
            "aborted",
            Some("the client went away during the answer"),
        ),
        ("GET", "", "server_error", Some("")),
    ] {
        let span = collector.span(name);
        let told = |key| span.attribute(key).unwrap_or_default();
        assert_eq!(told("http.response.status_code"), status, "{name}");
        assert_eq!(told("error.type"), error_type, "{name}");
        assert_eq!(span.error(), error, "{name}");
    }
}

async fn panics() -> &'static str {
    panic!("as it is meant to");
}

/// A panic that nobody catches on the way is told as such.
#[tokio::test]
async fn a_panic_is_told() {
    let (collector, monitoring) = traced().await;
    let app = Router::new()
        .route("/", get(panics))
        .layer(monitoring.layer());
    let caught = tokio::spawn(app.oneshot(request("GET /"))).await;
    assert!(caught.is_err_and(|error| error.is_panic()));
    flushed(&monitoring).await;
    let span = collector.span("GET /");
    assert_eq!(span.error(), Some("the handler panicked"));
    assert_eq!(span.attribute("error.type").as_deref(), Some("panic"));
}

// --- what is done for a request -----------------------------------------------------------------------------------------------

#[monitor("/orders")]
async fn order() -> Result<&'static str, Infallible> {
    charge(7);
    async { info!(parcels = 2, "packed") }
        .instrument(info_span!("pack", shelf = "B", heavy = true, weight = 1.5))
        .await;
    Ok("ordered")
}

#[monitor("charge")]
fn charge(euros: u64) {
    let _price = info_span!("price", euros).entered();
}

#[tokio::test]
async fn spans_of_functions_and_of_tracing_nest_below_the_request() {
    let (collector, monitoring) = traced().await;
    let app = Router::new()
        .route("/orders", post(order))
        .layer(monitoring.layer());
    send(app, request("POST /orders"))
        .with_subscriber(subscriber())
        .await;
    flushed(&monitoring).await;
    let spans = collector.spans();
    assert_eq!(spans.len(), 5, "{spans:?}");
    let request = collector.span("POST /orders");
    let chain = [
        ("order", &request),
        ("charge", &collector.span("order")),
        ("price", &collector.span("charge")),
    ];
    for (name, parent) in chain {
        let span = collector.span(name);
        assert_eq!(span.parent(), parent.id(), "{name}");
        assert_eq!((span.trace(), span.kind), (request.trace(), INTERNAL));
        assert!(
            parent.start_time_unix_nano <= span.start_time_unix_nano,
            "{name}"
        );
        assert!(
            span.end_time_unix_nano <= parent.end_time_unix_nano,
            "{name}"
        );
        assert_eq!(span.error(), None);
    }
    let function = collector.span("order").attribute("code.function.name");
    assert_eq!(function.as_deref(), Some("traces::order"));
    assert_eq!(
        collector.span("price").attribute("euros").as_deref(),
        Some("7")
    );
    let pack = collector.span("pack");
    assert_eq!(pack.parent(), collector.span("order").id());
    let expected = [
        ("code.module.name", "traces"),
        ("heavy", "true"),
        ("shelf", "B"),
        ("weight", "1.5"),
    ];
    assert_eq!(pack.attributes(), pairs(&expected));
    let [packed] = &pack.events[..] else {
        panic!("{:?}", pack.events);
    };
    assert_eq!(packed.name, "packed");
    assert_eq!(
        packed.attributes(),
        pairs(&[("level", "INFO"), ("parcels", "2")])
    );
    assert!((pack.start_time_unix_nano..=pack.end_time_unix_nano).contains(&packed.time_unix_nano));
}

#[monitor("/broken")]
async fn broken() -> Result<(), StatusCode> {
    Err(StatusCode::BAD_GATEWAY)
}

#[monitor("/missing")]
async fn missing() -> Result<(), (StatusCode, &'static str)> {
    Err((StatusCode::NOT_FOUND, "no such box"))
}

#[monitor("fails")]
async fn fails() -> Result<(), String> {
    Err("no".to_owned())
}

#[monitor("waits")]
async fn waits() {
    pending().await
}

#[tokio::test]
async fn functions_that_fail_say_so() {
    let (collector, monitoring) = traced().await;
    let handler = async || {
        let _ = fails().await;
        drop_half_way(waits());
        info!("on the request itself");
    };
    let app = Router::new()
        .route("/missing", get(missing))
        .route("/broken", get(broken))
        .route("/", get(handler))
        .layer(monitoring.layer());
    send(app.clone(), request("GET /"))
        .with_subscriber(subscriber())
        .await;
    send(app.clone(), request("GET /missing")).await;
    send(app, request("GET /broken")).await;
    flushed(&monitoring).await;
    assert_eq!(collector.span("missing").error(), None, "it is a 404");
    assert_eq!(collector.span("broken").error(), Some(""));
    assert_eq!(collector.span("fails").error(), Some(""));
    assert_eq!(collector.span("waits").error(), Some("it was given up"));
    let events = collector.span("GET /").events;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].name, "on the request itself");
}

#[tokio::test]
async fn what_comes_after_a_span_is_not_below_it() {
    let (collector, monitoring) = traced().await;
    let handler = async || {
        info_span!("one").in_scope(|| info_span!("inner").in_scope(|| {}));
        info_span!("two").in_scope(|| {});
        let explicit = info_span!("explicit");
        info_span!(parent: &explicit, "child").in_scope(|| {});
        info_span!(parent: None, "nobody's").in_scope(|| {});
        charge(3);
    };
    let app = Router::new()
        .route("/", get(handler))
        .layer(monitoring.layer());
    send(app, request("GET /"))
        .with_subscriber(subscriber())
        .await;
    flushed(&monitoring).await;
    for (name, parent) in [
        ("one", "GET /"),
        ("inner", "one"),
        ("two", "GET /"),
        ("explicit", "GET /"),
        ("child", "explicit"),
        ("charge", "GET /"),
    ] {
        let (span, parent) = (collector.span(name), collector.span(parent));
        assert_eq!(span.parent(), parent.id(), "{name}");
    }
    assert_eq!(collector.spans().len(), 8, "and the price of the charge");
}

/// Guards may be given up in any order.
#[tokio::test]
async fn spans_that_end_in_another_order() {
    let (collector, monitoring) = traced().await;
    let handler = async || {
        let (a, b) = (info_span!("a"), info_span!("b"));
        let in_a = a.enter();
        let in_b = b.enter();
        drop(in_a);
        charge(1);
        drop(in_b);
        info_span!("after").in_scope(|| {});
    };
    let app = Router::new()
        .route("/", get(handler))
        .layer(monitoring.layer());
    send(app, request("GET /"))
        .with_subscriber(subscriber())
        .await;
    flushed(&monitoring).await;
    for (name, parent) in [("b", "GET /"), ("charge", "b"), ("after", "GET /")] {
        let (span, parent) = (collector.span(name), collector.span(parent));
        assert_eq!(span.parent(), parent.id(), "{name}");
    }
}

/// Work that goes on for long and says much of itself on a span that has ended keeps no room from what comes after.
#[tokio::test]
async fn events_of_work_that_outlives_its_request() {
    let (collector, monitoring) = traced().await;
    let (done, finished) = oneshot::channel::<()>();
    let done = std::sync::Mutex::new(Some(done));
    let handler = async move || {
        let done = done.lock().expect("no panic").take();
        let work = async move {
            tokio::task::yield_now().await;
            for n in 0..600 {
                info!(n, "on the request, which has ended");
            }
            info_span!("last").in_scope(|| info!("heard"));
            drop(done);
        };
        tokio::spawn(work.in_current_trace().with_subscriber(subscriber()));
    };
    let handler = std::sync::Arc::new(handler);
    let handler = move || {
        let handler = handler.clone();
        async move { handler().await }
    };
    let app = Router::new()
        .route("/", get(handler))
        .layer(monitoring.layer());
    send(app, request("GET /")).await;
    finished.await.expect_err("dropped at the end");
    tokio::task::yield_now().await;
    flushed(&monitoring).await;
    let events = collector.span("last").events;
    assert_eq!(events.len(), 1);
    assert!(collector.span("GET /").events.is_empty());
}

#[tokio::test]
async fn a_layer_that_is_there_twice() {
    let (collector, monitoring) = traced().await;
    let handler = async || info_span!("once").in_scope(|| {});
    let app = Router::new()
        .route("/", get(handler))
        .layer(monitoring.layer());
    let twice = subscriber().with(TracingLayer::new());
    let answer = send(app, request("GET /")).with_subscriber(twice).await;
    assert_eq!(answer.0, 200);
    flushed(&monitoring).await;
    let request = collector.span("GET /");
    assert_eq!(collector.span("once").trace(), request.trace());
}

/// A service that calls another one in the same process, with a monitoring of its own.
#[tokio::test]
async fn two_monitorings_have_traces_of_their_own() {
    let (outer, outside) = traced().await;
    let (inner, inside) = traced().await;
    let called = Router::new()
        .route("/called", get(async || charge(1)))
        .layer(inside.layer());
    let handler = async move || {
        send(called, request("GET /called")).await;
        charge(2);
    };
    let app = Router::new()
        .route("/", get(handler))
        .layer(outside.layer());
    send(app, request("GET /")).await;
    flushed(&outside).await;
    flushed(&inside).await;
    for (collector, name) in [(&outer, "GET /"), (&inner, "GET /called")] {
        let (request, charge) = (collector.span(name), collector.span("charge"));
        assert_eq!(charge.parent(), request.id(), "{name}");
        assert_eq!(charge.trace(), request.trace(), "{name}");
    }
    assert_ne!(
        outer.span("GET /").trace(),
        inner.span("GET /called").trace()
    );
}

/// Also when the answer is sent by then.
#[tokio::test(flavor = "multi_thread")]
async fn spawned_work_stays_in_the_trace() {
    let (collector, monitoring) = traced().await;
    let (answered, wait) = oneshot::channel::<()>();
    let (done, finished) = oneshot::channel::<()>();
    let parts = std::sync::Mutex::new(Some((wait, done)));
    let handler = async move || {
        let (wait, done) = parts.lock().expect("no panic").take().expect("one request");
        let mail = async move {
            let _ = wait.await;
            charge(1);
            let _ = done.send(());
        };
        tokio::spawn(mail.in_current_trace());
        tokio::spawn(async { charge(2) }.with_subscriber(subscriber()));
    };
    let handler = std::sync::Arc::new(handler);
    let handler = move || {
        let handler = handler.clone();
        async move { handler().await }
    };
    let app = Router::new()
        .route("/", get(handler))
        .layer(monitoring.layer());
    send(app, request("GET /")).await;
    let _ = answered.send(());
    finished.await.expect("the work ends");
    let charged = async || {
        flushed(&monitoring).await;
        collector.spans().iter().any(|span| span.name == "charge")
    };
    for _ in 0..1000 {
        if charged().await {
            break;
        }
        tokio::task::yield_now().await;
    }
    let (request, charge) = (collector.span("GET /"), collector.span("charge"));
    assert_eq!(
        (charge.trace(), charge.parent()),
        (request.trace(), request.id())
    );
}

/// Two requests on one thread, each with work between its awaits.
#[tokio::test]
async fn requests_that_take_turns_do_not_mix() {
    let (collector, monitoring) = traced().await;
    let handler = async |Path(name): Path<String>| {
        for step in 0..3 {
            let span = info_span!("step", name, step);
            async { tokio::task::yield_now().await }
                .instrument(span)
                .await;
            tokio::task::yield_now().await;
        }
    };
    let app = Router::new()
        .route("/{name}", get(handler))
        .layer(monitoring.layer());
    let both = async {
        tokio::join!(
            send(app.clone(), request("GET /a")),
            send(app.clone(), request("GET /b"))
        )
    };
    both.with_subscriber(subscriber()).await;
    flushed(&monitoring).await;
    let spans = collector.spans();
    assert_eq!(spans.len(), 8);
    for request in spans.iter().filter(|span| span.kind == SERVER) {
        let name = request.attribute("url.path").expect("a path");
        let below = spans.iter().filter(|span| span.parent() == request.id());
        let names: Vec<_> = below.map(|span| span.attribute("name")).collect();
        assert_eq!(names, vec![Some(name[1..].to_owned()); 3]);
    }
}

// --- which are kept -------------------------------------------------------------------------------------------------------------

/// The names of the spans that are exported of requests that end in each way, with this sampling and header.
async fn kept(sampling: Sampling, traceparent: Option<&str>) -> Vec<String> {
    let (collector, monitoring) = built(|builder| builder.sampling(sampling)).await;
    let slow = async || tokio::time::sleep(Duration::from_millis(30)).await;
    let app = Router::new()
        .route("/good", get(order))
        .route(
            "/bad",
            get(async || {
                charge(1);
                StatusCode::INTERNAL_SERVER_ERROR
            }),
        )
        .route("/slow", get(slow))
        .layer(monitoring.layer());
    for path in ["/good", "/bad", "/slow"] {
        let line = format!("GET {path}");
        let sent = match traceparent {
            Some(value) => with_header(&line, "traceparent", value),
            None => request(&line),
        };
        send(app.clone(), sent).await;
    }
    flushed(&monitoring).await;
    let mut names: Vec<_> = collector
        .spans()
        .into_iter()
        .map(|span| span.name)
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn sampling() {
    let none = Sampling::ratio(0.0);
    let all = [
        "GET /bad",
        "GET /good",
        "GET /slow",
        "charge",
        "charge",
        "order",
    ];
    for (sampling, traceparent, expected) in [
        (Sampling::default(), None, &all[..]),
        (Sampling::none(), None, &[]),
        (Sampling::none(), Some(PARENT), &all),
        (Sampling::none().ask_parent(false), Some(PARENT), &[]),
        (none, None, &["GET /bad", "charge"]),
        (none.keep_failed(false), None, &[]),
        (
            Sampling::default(),
            Some(UNSAMPLED),
            &["GET /bad", "charge"],
        ),
        (Sampling::default().ask_parent(false), Some(UNSAMPLED), &all),
        (
            none.keep_failed(false)
                .keep_slower_than(Duration::from_millis(20)),
            None,
            &["GET /slow"],
        ),
        (
            Sampling::default().at_most(0),
            None,
            &["GET /bad", "charge"],
        ),
    ] {
        let found = kept(sampling, traceparent).await;
        assert_eq!(found, expected, "{sampling:?} {traceparent:?}");
    }
}

/// Also what was recorded before that was known.
#[tokio::test]
async fn what_is_kept_at_last_has_the_state_of_its_trace() {
    let (collector, monitoring) = traced().await;
    let handler = async || {
        charge(1);
        StatusCode::BAD_GATEWAY
    };
    let app = Router::new()
        .route("/", get(handler))
        .layer(monitoring.layer());
    let mut sent = with_header("GET /", "traceparent", UNSAMPLED);
    let state = "a=1".parse().expect("a value");
    sent.headers_mut().append("tracestate", state);
    send(app, sent).await;
    flushed(&monitoring).await;
    for name in ["GET /", "charge"] {
        let span = collector.span(name);
        assert_eq!(span.trace(), &UNSAMPLED[3..35]);
        assert_eq!((&*span.trace_state, span.flags), ("a=1", 1), "{name}");
    }
}

/// Spans of a trace that is exported in any case leave while it goes on; what happened during the others stays.
#[tokio::test]
async fn a_trace_of_many_spans() {
    let (collector, monitoring) = traced().await;
    let handler = async || {
        info!("early");
        for n in 0..200 {
            charge(n);
        }
        info!("late");
    };
    let app = Router::new()
        .route("/", get(handler))
        .layer(monitoring.layer());
    send(app, request("GET /"))
        .with_subscriber(subscriber())
        .await;
    flushed(&monitoring).await;
    assert_eq!(collector.spans().len(), 401);
    let events = collector.span("GET /").events;
    let names: Vec<_> = events.iter().map(|event| &*event.name).collect();
    assert_eq!(names, ["early", "late"]);
}

/// Of a trace that may be thrown away there is an end to what is collected.
#[tokio::test]
async fn a_trace_of_too_many_spans() {
    let (collector, monitoring) = built(|builder| builder.sampling(Sampling::ratio(0.0))).await;
    let handler = async || {
        for n in 0..400 {
            charge(n);
        }
        StatusCode::BAD_GATEWAY
    };
    let app = Router::new()
        .route("/", get(handler))
        .layer(monitoring.layer());
    send(app, request("GET /")).await;
    flushed(&monitoring).await;
    assert_eq!(collector.spans().len(), 257);
    let recorded = monitoring.recorded();
    let name = "monitoring_spans_dropped_total";
    let dropped = recorded.value(name, &[("reason", "buffer_full")]);
    assert_eq!(dropped, Some(144.0));
}

/// When everything fails, a tenth of what is begun in a second is kept of it.
#[tokio::test]
async fn no_more_than_some_are_kept_a_second() {
    let sampling = Sampling::ratio(0.0).at_most(20);
    let (collector, monitoring) = built(|builder| builder.sampling(sampling)).await;
    let app = Router::new()
        .route("/", get(async || StatusCode::BAD_GATEWAY))
        .layer(monitoring.layer());
    let begun = std::time::Instant::now();
    for _ in 0..200 {
        send(app.clone(), request("GET /")).await;
    }
    let seconds = usize::try_from(begun.elapsed().as_secs()).expect("not that long") + 2;
    flushed(&monitoring).await;
    let kept = collector.spans().len();
    assert!((2..=2 * seconds).contains(&kept), "{kept} in {seconds} s");
}

/// A stream's span begins with the request and ends with the stream.
#[tokio::test]
async fn a_stream_has_one_span() {
    let (collector, monitoring) = traced().await;
    let events = async || {
        let body = Script::new([Step::Data(4), Step::Data(4)]).body();
        ([(http::header::CONTENT_TYPE, "text/event-stream")], body)
    };
    let app = Router::new()
        .route("/events", get(events))
        .layer(monitoring.layer());
    let before = now();
    let answer = head(app, request("GET /events")).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    let answered = now();
    http_body_util::BodyExt::collect(answer.into_body())
        .await
        .expect("a whole body");
    flushed(&monitoring).await;
    let span = collector.span("GET /events");
    assert!(
        span.start_time_unix_nano < answered - 20_000_000 && before <= span.start_time_unix_nano
    );
    assert!(span.end_time_unix_nano >= answered);
    assert_eq!(
        span.attribute("http.response.status_code").as_deref(),
        Some("200")
    );
}

/// What is kept since it failed is what exemplars lead to.
#[tokio::test]
async fn exemplars_lead_to_spans_that_are_exported() {
    let (collector, monitoring) = built(|builder| builder.sampling(Sampling::ratio(0.0))).await;
    let app = Router::new()
        .route("/good", get(async || ""))
        .route("/bad", get(async || StatusCode::BAD_GATEWAY))
        .layer(monitoring.layer());
    send(app.clone(), request("GET /good")).await;
    send(app, request("GET /bad")).await;
    flushed(&monitoring).await;
    let span = collector.span("GET /bad");
    let answer = monitoring
        .metrics()
        .encode([b"application/openmetrics-text".as_slice()]);
    let text = String::from_utf8(answer.body).expect("text");
    let exemplar = format!(
        "{{trace_id=\"{}\",span_id=\"{}\"}}",
        span.trace(),
        span.id()
    );
    let with_exemplar: Vec<_> = text.lines().filter(|line| line.contains("# {")).collect();
    assert!(!with_exemplar.is_empty());
    for line in with_exemplar {
        assert!(line.contains(&exemplar) && line.contains("/bad"), "{line}");
    }
}

#[tokio::test]
async fn propagators_none_and_no_traces_at_all() {
    let (collector, monitoring) = built(|builder| builder.without_traces()).await;
    let context = async || format!("{:?}", TraceContext::current());
    let app = Router::new()
        .route("/", get(context))
        .layer(monitoring.layer());
    let (_, seen) = send(app.clone(), with_header("GET /", "traceparent", PARENT)).await;
    assert_eq!(seen, format!("Some({PARENT})"), "that of the sender");
    let (_, seen) = send(app.clone(), with_header("GET /", "traceparent", UNSAMPLED)).await;
    assert_eq!(seen, "None");
    flushed(&monitoring).await;
    assert_eq!(collector.requests(), 0);
}

// --- secrets --------------------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn nothing_secret_leaves() {
    let (collector, monitoring) = traced().await;
    let handler = async || {
        info_span!("login", user = "anna", password = "canary-1", api_key = ?"canary-2").in_scope(
            || {
                info!(access_token = "canary-3", "let in");
            },
        );
    };
    let app = Router::new()
        .route("/login", post(handler))
        .layer(monitoring.layer());
    let mut sent = with_header(
        "POST /login?token=canary-4",
        "authorization",
        "Bearer canary-5",
    );
    sent.headers_mut()
        .append("cookie", "session=canary-6".parse().expect("a value"));
    *sent.body_mut() = Body::from("canary-7");
    send(app, sent).with_subscriber(subscriber()).await;
    flushed(&monitoring).await;
    let login = collector.span("login");
    assert_eq!(login.attribute("user").as_deref(), Some("anna"));
    assert_eq!(login.attribute("password").as_deref(), Some("[redacted]"));
    assert_eq!(login.events.len(), 1);
    assert!(collector.has_seen("anna"), "the test sees what came");
    assert!(!collector.has_seen("canary"));
}

#[tokio::test]
async fn long_texts_are_cut_and_too_many_fields_counted() {
    let (collector, monitoring) = traced().await;
    let handler = async || {
        let long = "ü".repeat(500_000);
        info_span!("long", text = %long, debug = ?long, plain = long.as_str()).in_scope(|| {});
    };
    let app = Router::new()
        .route("/", get(handler))
        .layer(monitoring.layer());
    send(app, request("GET /"))
        .with_subscriber(subscriber())
        .await;
    flushed(&monitoring).await;
    let span = collector.span("long");
    for key in ["text", "debug", "plain"] {
        let length = span.attribute(key).expect("a text").len();
        assert!((4094..=4096).contains(&length), "{key}: {length}");
    }
    assert_eq!(span.dropped_attributes_count, 0);
}

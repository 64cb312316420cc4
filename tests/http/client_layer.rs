//! A request to another service is measured, and takes the trace along.

use std::convert::Infallible;
use std::future::pending;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::{get, post};
use ecolaura_monitoring::{Monitoring, Sampling, TraceContext};
use http::{HeaderMap, Request, Response, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpListener;
use tower::{Layer as _, ServiceExt as _, service_fn};

use support::collector::{Collector, Span};
use support::exchange::{drop_half_way, panics, request, send};

const CLIENT: i32 = 3;
const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const UNSAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

fn monitoring(name: &str, collector: &Collector) -> Monitoring {
    let builder =
        Monitoring::builder(name).traces(|traces| traces.otlp_endpoint(collector.endpoint()));
    builder.build().expect("a monitoring")
}

async fn flushed(monitoring: &Monitoring) {
    let flushed = monitoring.flush(Duration::from_secs(20)).await;
    flushed.expect("all is sent");
}

async fn served(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

fn count(monitoring: &Monitoring, labels: &[(&str, &str)]) -> Option<u64> {
    let recorded = monitoring.recorded();
    let times = recorded.histogram("http_client_request_duration_seconds", labels)?;
    Some(times.count)
}

fn response(status: StatusCode) -> Response<Body> {
    let response = Response::builder().status(status).body(Body::empty());
    response.expect("a response")
}

/// Two services, each with a monitoring of its own, and a real connection between them.
#[tokio::test]
async fn one_trace_through_two_services() {
    let collector = Collector::start().await;
    let shop = monitoring("shop", &collector);
    let payments = monitoring("payments", &collector);
    let charge = Router::new()
        .route("/charge", post(async || "charged"))
        .layer(payments.layer());
    let address = served(charge).await;
    let client = Client::builder(TokioExecutor::new()).build_http::<Body>();
    let client = shop.client_layer("payments").layer(client);
    let order = async move || {
        let uri = format!("http://{address}/charge?card=canary");
        let request = Request::post(uri).body(Body::empty());
        let answer = client.oneshot(request.expect("a request")).await;
        answer.expect("an answer").status()
    };
    let app = Router::new()
        .route("/orders", post(order))
        .layer(shop.layer());
    let mut sent = request("POST /orders");
    for (name, value) in [("traceparent", PARENT), ("tracestate", "a=1")] {
        let value = value.parse().expect("a value");
        sent.headers_mut().append(name, value);
    }
    assert_eq!(send(app, sent).await.0, 200);
    flushed(&shop).await;
    flushed(&payments).await;

    let order = collector.span("POST /orders");
    let call = collector.span("POST");
    let charge = collector.span("POST /charge");
    assert_eq!(order.parent(), &PARENT[36..52]);
    assert_eq!((call.parent(), call.kind), (order.id(), CLIENT));
    assert_eq!(charge.parent(), call.id());
    for span in [&order, &call, &charge] {
        assert_eq!(span.trace(), &PARENT[3..35]);
        assert_eq!(span.trace_state, "a=1");
    }
    let port = address.port().to_string();
    let url = format!("http://{address}/charge");
    for (key, value) in [
        ("http.request.method", "POST"),
        ("http.response.status_code", "200"),
        ("peer.service", "payments"),
        ("server.address", "127.0.0.1"),
        ("server.port", &*port),
        ("url.full", &*url),
    ] {
        assert_eq!(call.attribute(key).as_deref(), Some(value), "{key}");
    }
    assert_eq!(call.error(), None);
    assert!(!collector.has_seen("canary"));
    let labels = [
        ("method", "POST"),
        ("peer", "payments"),
        ("status_code", "200"),
    ];
    assert_eq!(count(&shop, &labels), Some(1));
    assert_eq!(count(&payments, &[]), None);
}

/// Without a request of ours there is no trace to take along, but there is a time.
#[tokio::test]
async fn how_requests_end() {
    let collector = Collector::start().await;
    let monitoring = monitoring("test", &collector);
    let layer = monitoring.client_layer("other");
    for status in [
        StatusCode::OK,
        StatusCode::NOT_FOUND,
        StatusCode::BAD_GATEWAY,
    ] {
        let answering = service_fn(move |_: Request<Body>| {
            std::future::ready(Ok::<_, Infallible>(response(status)))
        });
        let answer = layer.layer(answering).oneshot(request("GET /")).await;
        assert_eq!(answer.expect("an answer").status(), status);
    }
    let failing = service_fn(async |_: Request<Body>| Err::<Response<Body>, _>("no"));
    let failed = layer.layer(failing).oneshot(request("GET /")).await;
    assert_eq!(failed.expect_err("it fails"), "no");
    let never =
        service_fn(async |_: Request<Body>| pending::<Result<Response<Body>, Infallible>>().await);
    drop_half_way(layer.layer(never).oneshot(request("GET /")));
    let late = tower::timeout::Timeout::new(never, Duration::from_millis(1));
    let late = layer.layer(late).oneshot(request("GET /")).await;
    late.expect_err("it is late");
    for status in ["200", "404", "502", "error", "cancelled", "timeout"] {
        let labels = [
            ("method", "GET"),
            ("peer", "other"),
            ("status_code", status),
        ];
        assert_eq!(count(&monitoring, &labels), Some(1), "{status}");
    }
    flushed(&monitoring).await;
    assert_eq!(collector.spans().len(), 0);
}

#[tokio::test]
async fn failures_are_told_in_the_span() {
    let collector = Collector::start().await;
    let monitoring = monitoring("test", &collector);
    let layer = monitoring.client_layer("other");
    let handler = async move || {
        let refusing = service_fn(|_: Request<Body>| {
            std::future::ready(Ok::<_, Infallible>(response(StatusCode::FORBIDDEN)))
        });
        let _ = layer
            .layer(refusing)
            .oneshot(request("GET http://a/x"))
            .await;
        let failing = service_fn(|_: Request<Body>| {
            std::future::ready(Err::<Response<Body>, _>(std::fmt::Error))
        });
        let sent = request("PUT https://user:canary@b:8443/y");
        let _ = layer.layer(failing).oneshot(sent).await;
        let _ = layer.layer(failing).oneshot(request("BREW /")).await;
    };
    let app = Router::new()
        .route("/", post(handler))
        .layer(monitoring.layer());
    send(app, request("POST /")).await;
    flushed(&monitoring).await;
    let (refused, failed) = (collector.span("GET"), collector.span("PUT"));
    assert_eq!(refused.attribute("error.type").as_deref(), Some("403"));
    assert_eq!(refused.attribute("server.port").as_deref(), Some("80"));
    assert_eq!(failed.attribute("error.type").as_deref(), Some("error"));
    let url = failed.attribute("url.full");
    assert_eq!(url.as_deref(), Some("https://b:8443/y"));
    assert!(refused.error().is_some() && failed.error().is_some());
    let original = |span: &Span| span.attribute("http.request.method_original");
    assert_eq!(original(&failed), None);
    let brewed = original(&collector.span("HTTP"));
    assert_eq!(brewed.as_deref(), Some("BREW"));
    assert!(!collector.has_seen("canary"));
}

/// What the caller says himself stays; what is not recorded is told as such.
#[tokio::test]
async fn headers() {
    let collector = Collector::start().await;
    let monitoring = monitoring("test", &collector);
    let layer = monitoring.client_layer("other");
    let echo = service_fn(async |request: Request<Body>| {
        let header = request.headers().get("traceparent");
        let header = header.map(|value| value.as_bytes().to_vec());
        Ok::<_, Infallible>(Response::new(Body::from(header.unwrap_or_default())))
    });
    let client = layer.layer(echo);
    let handler = async move |headers: HeaderMap| {
        let mut sent = request("GET /");
        if let Some(own) = headers.get("own") {
            sent.headers_mut().insert("traceparent", own.clone());
        }
        client.oneshot(sent).await.expect("an answer")
    };
    let app = Router::new()
        .route("/", get(handler))
        .layer(monitoring.layer());
    let mut own = request("GET /");
    let value = "as it is".parse().expect("a value");
    own.headers_mut().insert("own", value);
    assert_eq!(send(app.clone(), own).await.1, "as it is");

    let mut sent = request("GET /");
    let value = UNSAMPLED.parse().expect("a value");
    sent.headers_mut().insert("traceparent", value);
    let (_, seen) = send(app, sent).await;
    let seen = String::from_utf8(seen.to_vec()).expect("text");
    assert_eq!((&seen[..36], &seen[52..]), (&UNSAMPLED[..36], "-00"));
    let context = TraceContext::from_traceparent(&seen).expect("well-formed");
    assert_ne!(context.span_id(), &UNSAMPLED[36..52], "a span of its own");
}

/// What another service is told of the trace by a request with these headers: `traceparent` and `tracestate`.
async fn told(monitoring: &Monitoring, headers: &[(&str, &str)]) -> (String, String) {
    let layer = monitoring.client_layer("other");
    let echo = service_fn(async |request: Request<Body>| {
        let told = ["traceparent", "tracestate"].map(|name| {
            let value = request.headers().get(name);
            value.map_or("-", |value| value.to_str().expect("text"))
        });
        Ok::<_, Infallible>(Response::new(Body::from(told.join("|"))))
    });
    let client = layer.layer(echo);
    let handler = async move || client.oneshot(request("GET /")).await.expect("an answer");
    let app = Router::new()
        .route("/", get(handler))
        .layer(monitoring.layer());
    let mut sent = request("GET /");
    for (name, value) in headers {
        let name = http::HeaderName::try_from(*name).expect("a name");
        let value = value.parse().expect("a value");
        sent.headers_mut().append(name, value);
    }
    let (_, told) = send(app, sent).await;
    let told = String::from_utf8(told.to_vec()).expect("text");
    let (parent, state) = told.split_once('|').expect("two values");
    (parent.to_owned(), state.to_owned())
}

/// Whatever is collected of it.
#[tokio::test]
async fn the_state_of_a_trace_goes_on() {
    let collector = Collector::start().await;
    let sampled = [("traceparent", PARENT), ("tracestate", "a=1,b=2")];
    let unsampled = [("traceparent", UNSAMPLED), ("tracestate", "a=1,b=2")];
    for sampling in [Sampling::default(), Sampling::none()] {
        let builder =
            Monitoring::builder("test").traces(|traces| traces.otlp_endpoint(collector.endpoint()));
        let monitoring = builder
            .traces(|traces| traces.sampling(sampling))
            .build()
            .expect("a monitoring");
        for headers in [sampled, unsampled] {
            let (parent, state) = told(&monitoring, &headers).await;
            assert_eq!(state, "a=1,b=2", "{headers:?} {sampling:?}");
            assert_eq!(parent[..36], PARENT[..36]);
            assert_ne!(parent[36..52], PARENT[36..52], "a span of its own");
        }
        // Of which there is no trace, there is no state either; and one that is malformed nobody gets.
        let (_, state) = told(&monitoring, &unsampled[1..]).await;
        assert_eq!(state, "-");
        for malformed in ["a=1,b", "A=1", "a=", &"a=1,".repeat(33)] {
            let headers = [sampled[0], ("tracestate", malformed)];
            let (parent, state) = told(&monitoring, &headers).await;
            assert_eq!((&parent[..36], &*state), (&PARENT[..36], "-"));
        }
        // Of more than 512 bytes whole members are passed on.
        let members: Vec<String> = (10..40)
            .map(|at| format!("k{at}=0123456789abcdef"))
            .collect();
        let long = [sampled[0], ("tracestate", &members.join(","))];
        let (_, state) = told(&monitoring, &long).await;
        assert_eq!(state, members[..24].join(","), "{sampling:?}");
        flushed(&monitoring).await;
    }
}

/// A service that makes no spans hands on what it is told as it came.
#[tokio::test]
async fn without_spans_the_trace_goes_on_unchanged() {
    let monitoring = Monitoring::builder("test").without_traces();
    let monitoring = monitoring.build().expect("a monitoring");
    let random = PARENT.replace("-01", "-03");
    let later = format!("{}-and-more", PARENT.replace("00-4b", "01-4b"));
    for parent in [PARENT, UNSAMPLED, &random, &later] {
        let long = [
            ["k=0123456789"; 31].join(","),
            "a=".to_owned() + &"v".repeat(200),
        ]
        .join(",");
        let cut = ["k=0123456789"; 31].join(",");
        let (_, state) = told(
            &monitoring,
            &[("traceparent", parent), ("tracestate", &long)],
        )
        .await;
        assert_eq!(state, cut);
        for state in ["a=1", "-"] {
            let headers = [("traceparent", parent), ("tracestate", state)];
            let headers = &headers[..1 + usize::from(state != "-")];
            let (told_parent, told_state) = told(&monitoring, headers).await;
            assert_eq!((&*told_parent, &*told_state), (parent, state));
        }
    }
    let twice = [("traceparent", PARENT), ("traceparent", PARENT)];
    let malformed = [("traceparent", "00-nonsense"), ("tracestate", "a=1")];
    for headers in [&[][..], &twice, &malformed] {
        let (parent, state) = told(&monitoring, headers).await;
        assert_eq!((&*parent, &*state), ("-", "-"), "{headers:?}");
    }
}

/// What panics in the client itself is an error; what panics beside it gives the request up.
#[tokio::test]
async fn a_client_that_panics_and_one_that_waits_meanwhile() {
    let collector = Collector::start().await;
    let monitoring = monitoring("test", &collector);
    let layer = monitoring.client_layer("payments");
    let answers = |is_waiting: bool| {
        service_fn(move |_: Request<Body>| async move {
            if is_waiting {
                return pending().await;
            }
            if true {
                panics_with(BROKEN);
            }
            Ok::<_, Infallible>(response(StatusCode::OK))
        })
    };
    let (waits, panicking) = (layer.layer(answers(true)), layer.layer(answers(false)));
    panics(BROKEN, async {
        let waits = waits.oneshot(request("GET http://payments/waits"));
        let _ = tokio::join!(
            waits,
            panicking.oneshot(request("GET http://payments/panics"))
        );
    });
    let status = |code| count(&monitoring, &[("status_code", code)]);
    assert_eq!((status("cancelled"), status("error")), (Some(1), Some(1)));
}

const BROKEN: &str = "the client broke";

fn panics_with(text: &'static str) {
    std::panic::panic_any(text)
}

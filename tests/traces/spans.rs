//! A request has a span that says what became of it, and nothing that is secret.

use std::future::pending;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::routing::{get, post};
use ecolaura_monitoring::TraceContext;
use http::{Request, StatusCode};
use tower::Layer as _;
use tower::{ServiceExt as _, service_fn};
use tower_http::catch_panic::CatchPanicLayer;
use tracing::instrument::WithSubscriber as _;
use tracing::{info, info_span};

use support::collector::Span;
use support::exchange::{drop_half_way, head, request, send};
use support::script::{Script, Step};
use support::traced::{
    PARENT, SERVER, UNSAMPLED, built, flushed, now, pairs, subscriber, traced, with_header,
};

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
    let original = |span: &Span| span.attribute("http.request.method_original");
    assert_eq!(original(&unknown).as_deref(), Some("BREW"));
    assert_eq!(original(&unmatched), None);
    assert_ne!(unknown.trace(), unmatched.trace());

    let resource = collector.resource();
    assert_eq!(resource["service.name"], "test");
    assert_eq!(resource["service.version"], "1.2.3");
    assert_eq!(resource["telemetry.sdk.language"], "rust");
}

/// A client may call its method what it likes, and as long as it likes.
#[tokio::test]
async fn a_method_is_told_as_it_came_but_not_all_of_it() {
    let (collector, monitoring) = traced().await;
    let app = Router::new()
        .route("/", get(async || ""))
        .layer(monitoring.layer());
    let long = "BREW-".repeat(1000);
    send(app, request(&format!("{long} /"))).await;
    flushed(&monitoring).await;
    let span = collector.span("HTTP /");
    let original = span.attribute("http.request.method_original");
    assert_eq!(original.as_deref(), Some(&long[..32]));
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

/// Longer than what everyone has to pass on: whole members, in their order.
#[tokio::test]
async fn a_span_has_a_long_tracestate_by_whole_members() {
    let (collector, monitoring) = traced().await;
    let app = Router::new()
        .route("/", get(async || ""))
        .layer(monitoring.layer());
    let members: Vec<String> = (1..=9)
        .map(|at| format!("v{at}={}", "x".repeat(60)))
        .collect();
    let vendor = format!("vendor={}", "x".repeat(150));
    for (sent, expected) in [
        (members.join(","), members[..8].join(",")),
        (
            [&members[..4], std::slice::from_ref(&vendor), &members[4..7]]
                .concat()
                .join(","),
            members[..7].join(","),
        ),
    ] {
        let mut request = with_header("GET /", "traceparent", PARENT);
        let state = sent.parse().expect("a value");
        request.headers_mut().append("tracestate", state);
        send(app.clone(), request).await;
        flushed(&monitoring).await;
        let spans = collector.spans();
        let span = spans.last().expect("a span");
        assert_eq!(
            (span.trace(), &span.trace_state),
            (PARENT[3..35].to_owned(), &expected),
            "{sent}"
        );
    }
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
    let failing = monitoring.layer().layer(service);
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

/// Where no name says so, by its looks: in messages, fields, numbers, statements and paths.
#[tokio::test]
async fn nothing_that_looks_secret_leaves() {
    let (collector, monitoring) = traced().await;
    let handler = async || {
        let span = info_span!(
            "pay",
            note = "Bearer canary1canary1",
            card = 4_111_111_111_111_111_u64
        );
        let _entered = span.enter();
        info!(
            db.statement = "SELECT * FROM users WHERE name = 'canary2'",
            seen = ?("cookie", "canary3=x"),
            "paid with 4111 1111 1111 1111 by canary4@example.org, {{\"api_key\":\"canary5\"}}"
        );
    };
    let app = Router::new()
        .route("/users/{mail}", get(handler))
        .layer(monitoring.layer());
    send(app, request("GET /users/canary6@example.org"))
        .with_subscriber(subscriber())
        .await;
    flushed(&monitoring).await;
    let span = collector.span("GET /users/{mail}");
    assert_eq!(
        span.attribute("url.path").as_deref(),
        Some("/users/[redacted]")
    );
    let pay = collector.span("pay");
    assert_eq!(pay.attribute("card").as_deref(), Some("[redacted]"));
    assert_eq!(pay.events.len(), 1);
    assert!(!collector.has_seen("canary"));
    assert!(!collector.has_seen("4111 1111"));
}

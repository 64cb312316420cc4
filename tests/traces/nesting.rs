//! What is done for a request has spans below that of the request, in whatever order it is begun and ended.

use std::future::pending;

use axum::Router;
use axum::extract::Path;
use axum::routing::{get, post};
use ecolaura_monitoring::{InCurrentTrace as _, TracingLayer, monitor};
use http::StatusCode;
use tokio::sync::oneshot;
use tracing::instrument::WithSubscriber as _;
use tracing::{Instrument as _, info, info_span};
use tracing_subscriber::layer::SubscriberExt as _;

use support::exchange::{drop_half_way, request, send};
use support::traced::{INTERNAL, SERVER, charge, flushed, order, pairs, subscriber, traced};

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
    assert_eq!(function.as_deref(), Some("support::traced::order"));
    assert_eq!(
        collector.span("price").attribute("euros").as_deref(),
        Some("7")
    );
    let pack = collector.span("pack");
    assert_eq!(pack.parent(), collector.span("order").id());
    let expected = [
        ("code.module.name", "support::traced"),
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
        info_span!(parent: None, "without a parent").in_scope(|| {});
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
        ("without a parent", "GET /"),
        ("charge", "GET /"),
    ] {
        let (span, parent) = (collector.span(name), collector.span(parent));
        assert_eq!(span.parent(), parent.id(), "{name}");
    }
    assert_eq!(collector.spans().len(), 9, "and the price of the charge");
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

/// What work does that never ends is exported all the same.
#[tokio::test]
async fn work_without_an_end() {
    let (collector, monitoring) = traced().await;
    let handler = async || {
        let work = async {
            tokio::task::yield_now().await;
            charge(1);
            pending::<()>().await
        };
        tokio::spawn(work.in_current_trace());
    };
    let app = Router::new()
        .route("/", get(handler))
        .layer(monitoring.layer());
    send(app, request("GET /")).await;
    for _ in 0..1000 {
        flushed(&monitoring).await;
        if collector.spans().len() == 2 {
            break;
        }
    }
    let (request, charge) = (collector.span("GET /"), collector.span("charge"));
    assert_eq!(charge.parent(), request.id());
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

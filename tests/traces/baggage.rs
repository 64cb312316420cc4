//! Baggage comes with a request, can be read and added to by those who work on it, and goes on with requests to other services; and it is
//! seen nowhere else.

use std::convert::Infallible;
use std::env;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use ecolaura_monitoring::http::ClientLayer;
use ecolaura_monitoring::{
    Baggage, InCurrentTrace as _, Monitoring, Sampling, WithBaggage as _, monitor,
};
use http::{HeaderMap, Request, Response, StatusCode};
use tower::{Layer as _, ServiceExt as _, service_fn};
use tracing::instrument::WithSubscriber as _;
use tracing::{Instrument as _, info, info_span};

use support::exchange::{request, send};
use support::own_process;
use support::this_test;
use support::traced::{PARENT, built, flushed, subscriber, traced, with_header};

/// The `baggage` that another service would get with a request from here; `-` where there is none.
async fn sent(layer: ClientLayer) -> String {
    sent_with(layer, HeaderMap::new()).await
}

async fn sent_with(layer: ClientLayer, headers: HeaderMap) -> String {
    let mut request = request("GET http://other/");
    *request.headers_mut() = headers;
    let client = layer.layer(service_fn(other));
    let answer = client.oneshot(request).await.expect("an answer");
    let body = axum::body::to_bytes(answer.into_body(), 100_000).await;
    String::from_utf8(body.expect("a body").to_vec()).expect("text")
}

/// The other service, which answers with the baggage that it gets.
async fn other(request: Request<Body>) -> Result<Response<Body>, Infallible> {
    let lines = request.headers().get_all("baggage").iter();
    let lines: Vec<_> = lines.map(|line| line.to_str().expect("text")).collect();
    let answer = match lines.is_empty() {
        true => "-".to_owned(),
        false => lines.join("\n"),
    };
    Ok(Response::new(Body::from(answer)))
}

async fn ask(app: Router, request: Request<Body>) -> String {
    let (status, answer) = send(app, request).await;
    assert_eq!(status, 200, "{answer:?}");
    String::from_utf8(answer.to_vec()).expect("text")
}

/// What the handler of a request with these lines of baggage sees, and what it sends.
async fn through(monitoring: &Monitoring, lines: &[&str]) -> (String, String) {
    let layer = monitoring.client_layer("other");
    let handler = async move || {
        let baggage = Baggage::current();
        let seen: Vec<_> = baggage
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        format!("{}\n{}", seen.join("|"), sent(layer).await)
    };
    let app = Router::new()
        .route("/", get(handler))
        .layer(monitoring.layer());
    let mut request = request("GET /");
    for line in lines {
        let line = http::HeaderValue::from_bytes(line.as_bytes()).expect("a value");
        request.headers_mut().append("baggage", line);
    }
    let before = Baggage::current();
    let answer = ask(app, request).await;
    let (seen, sent) = answer.split_once('\n').expect("two lines");
    assert_eq!(Baggage::current(), before, "it is not left behind");
    (seen.to_owned(), sent.to_owned())
}

/// Whatever becomes of the trace.
#[tokio::test]
async fn it_comes_and_goes_on() {
    let (_collector, all) = traced().await;
    let (_collector, none) =
        built(|builder| builder.traces(|traces| traces.sampling(Sampling::none()))).await;
    let (_collector, without) = built(|builder| builder.without_traces()).await;
    let many: Vec<String> = (0..70).map(|n| format!("k{n}=v")).collect();
    for monitoring in [all, none, without] {
        for (lines, seen, sent) in [
            (&[][..], "", "-"),
            (
                &["plan=forest;since=2019"],
                "plan=forest",
                "plan=forest;since=2019",
            ),
            (&["a=1", "b=%C3%BC,c"], "a=1|b=ü", "a=1,b=%C3%BC"),
            (&["nonsense"], "", "-"),
            (&["a=x%ffy"], "a=x\u{fffd}y", "a=x%ffy"),
            (&["a=ü,b=1"], "b=1", "b=1"),
        ] {
            let found = through(&monitoring, lines).await;
            assert_eq!(found, (seen.to_owned(), sent.to_owned()), "{lines:?}");
        }
        let (_, sent) = through(&monitoring, &[&many.join(",")]).await;
        assert_eq!(sent, many[..64].join(","));
        flushed(&monitoring).await;
    }
}

#[tokio::test]
async fn a_service_adds_entries() {
    let (_collector, monitoring) = traced().await;
    let layer = monitoring.client_layer("other");

    #[monitor("add")]
    async fn add(layer: ClientLayer) -> String {
        // Made before there is more: what is current where it is worked on counts.
        let later = sent(layer).instrument(info_span!("later"));
        let baggage = Baggage::current().with("own", "ü").with("came", "2");
        let within = async {
            let mut all = vec![sent(layer).await, later.await];
            let inner = Baggage::current().without("came");
            all.push(sent(layer).with_baggage(inner).await);
            let spawned = tokio::spawn(sent(layer).in_current_trace());
            all.push(spawned.await.expect("no panic"));
            let spawned = tokio::spawn(sent(layer).in_current_span().with_current_subscriber());
            all.push(spawned.await.expect("no panic"));
            all.push(sent(layer).await);
            all
        };
        let mut all = within.with_baggage(baggage).await;
        all.push(sent(layer).await);
        all.join("\n")
    }
    let handler = async move || add(layer).instrument(info_span!("outer")).await;
    let app = Router::new()
        .route("/", get(handler))
        .layer(monitoring.layer());
    let request = with_header("GET /", "baggage", "came=1");
    let answer = ask(app, request).with_subscriber(subscriber()).await;
    let (own, outer) = ("own=%C3%BC,came=2", "came=1");
    let lines: Vec<_> = answer.lines().collect();
    // The fifth works on the span of a request that began without it.
    assert_eq!(lines, [own, own, "own=%C3%BC", own, outer, own, outer]);
}

/// Where there is no request there may be baggage.
#[tokio::test]
async fn outside_of_requests() {
    let (_collector, monitoring) = traced().await;
    let layer = monitoring.client_layer("other");
    assert_eq!(sent(layer).await, "-");
    let baggage = Baggage::default().with("job", "nightly");
    assert_eq!(
        sent(layer).with_baggage(baggage.clone()).await,
        "job=nightly"
    );
    let seen = baggage.in_scope(|| Baggage::current().header().to_owned());
    assert_eq!(seen, "job=nightly");
    // A request is another matter, though it be served in this process.
    let served = through(&monitoring, &["a=1"]).with_baggage(baggage);
    assert_eq!(served.await.1, "a=1");
    assert!(Baggage::current().is_empty());
}

/// What the caller says himself stays.
#[tokio::test]
async fn a_header_that_is_there_stays() {
    let (_collector, monitoring) = traced().await;
    let layer = monitoring.client_layer("other");
    let handler = async move || {
        let own = [(http::HeaderName::from_static("baggage"), "own=1")];
        let own = own.map(|(name, value)| (name, value.parse().expect("a value")));
        sent_with(layer, HeaderMap::from_iter(own)).await
    };
    let app = Router::new()
        .route("/", get(handler))
        .layer(monitoring.layer());
    let request = with_header("GET /", "baggage", "came=1");
    assert_eq!(ask(app, request).await, "own=1");
}

/// Neither in spans nor in metrics, whatever becomes of the request.
#[tokio::test]
async fn it_is_seen_nowhere_else() {
    let (collector, monitoring) = traced().await;
    let layer = monitoring.client_layer("other");
    let handler = async move || {
        info_span!("work").in_scope(|| info!(baggage = ?Baggage::current(), "worked"));
        sent(layer).await;
        StatusCode::INTERNAL_SERVER_ERROR
    };
    let app = Router::new()
        .route("/", get(handler))
        .layer(monitoring.layer());
    let mut request = with_header("GET /", "baggage", "canary=canary;canary");
    let parent = PARENT.parse().expect("a value");
    request.headers_mut().insert("traceparent", parent);
    let (status, _) = send(app, request).with_subscriber(subscriber()).await;
    assert_eq!(status, 500);
    flushed(&monitoring).await;
    assert_eq!(collector.spans().len(), 3);
    assert!(collector.has_seen("Baggage { entries: 1 }"));
    assert!(!collector.has_seen("canary"));
    assert!(!monitoring.metrics().render().contains("canary"));
}

/// The environment belongs to the whole process, so this test runs itself again.
#[tokio::test]
async fn propagators_choose() {
    const PROPAGATORS: &str = "OTEL_PROPAGATORS";
    let test = this_test!();
    let Ok(list) = env::var(PROPAGATORS) else {
        for list in ["tracecontext", "baggage", "none", "tracecontext,baggage"] {
            let again = own_process::run(&test)
                .env(PROPAGATORS, list)
                .output()
                .expect("the test runs again");
            let output = String::from_utf8_lossy(&again.stdout);
            let is_good = again.status.success() && output.contains("1 passed");
            assert!(is_good, "{list}: {output}");
        }
        return;
    };
    let (_collector, traced) = traced().await;
    let (_collector, without) = built(|builder| builder.without_traces()).await;
    for monitoring in [traced, without] {
        let (seen, sent) = through(&monitoring, &["a=1"]).await;
        let expected = match list.contains("baggage") {
            true => ("a=1", "a=1"),
            false => ("", "-"),
        };
        assert_eq!((&*seen, &*sent), expected, "{list}");
        flushed(&monitoring).await;
    }
}

//! One request in process, without a socket, and its answer.

use std::fmt::{Debug, Display};
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use ecolaura_monitoring::Monitoring;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use tower::{Service, ServiceExt as _};

use super::battery::check;

/// A request without a body, written as `METHOD target`.
pub fn request(line: &str) -> Request<Body> {
    with_body(line, Body::empty())
}

/// A request, written as `METHOD target`.
pub fn with_body(line: &str, body: Body) -> Request<Body> {
    let (method, target) = line.split_once(' ').expect("a method and a target");
    let request = Request::builder().method(method).uri(target).body(body);
    request.expect("a valid request")
}

/// Sends a request and reads the answer to its end.
pub async fn send<S, B>(service: S, request: Request<Body>) -> (u16, Bytes)
where
    S: Service<Request<Body>, Response = Response<B>, Error: Debug>,
    B: http_body::Body<Error: Debug>,
{
    let answer = service.oneshot(request).await.expect("an answer");
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.expect("a whole body");
    (status, body.to_bytes())
}

/// Sends these requests and expects these counts, as [`check`] does.
pub async fn check_counts<S, B>(monitoring: &Monitoring, app: S, lines: &[&str], expected: &[&str])
where
    S: Service<Request<Body>, Response = Response<B>, Error: Debug> + Clone,
    B: http_body::Body<Error: Debug>,
{
    for line in lines {
        send(app.clone(), request(line)).await;
    }
    check(monitoring, expected);
}

/// Sends a request and gives the answer back when its head is there.
pub async fn head<S, B>(service: S, request: Request<Body>) -> Response<B>
where
    S: Service<Request<Body>, Response = Response<B>, Error: Debug>,
{
    service.oneshot(request).await.expect("an answer")
}

/// The error of a service that fails.
pub async fn error<S, B>(service: S, request: Request<Body>) -> String
where
    S: Service<Request<Body>, Response = Response<B>, Error: Display>,
{
    match service.oneshot(request).await {
        Ok(answer) => panic!("answered with {}", answer.status()),
        Err(error) => error.to_string(),
    }
}

/// Runs a future until it waits, then drops it: a client that goes away.
pub fn drop_half_way(future: impl Future) {
    let mut future = pin!(future);
    assert!(poll_once(future.as_mut()).is_pending());
}

/// Runs a future that waits for nothing, and expects a panic with this text.
pub fn panics(text: &str, future: impl Future) {
    let mut future = pin!(future);
    let caught =
        std::panic::catch_unwind(AssertUnwindSafe(|| poll_once(future.as_mut()).is_ready()));
    let payload = caught.expect_err("it does not panic");
    assert_eq!(payload.downcast_ref(), Some(&text), "another panic");
}

fn poll_once<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Time that is spent here, on purpose and at least so long.
pub fn spend(time: Duration) {
    let started = Instant::now();
    while started.elapsed() < time {
        std::hint::spin_loop();
    }
}

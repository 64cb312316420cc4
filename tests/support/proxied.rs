//! A small service with our layer, to stand behind a proxy: it answers in every way that one can see, and says which trace it saw.

use std::future::pending;
use std::io;
use std::net::SocketAddr;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Request};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{get, post};
use ecolaura_monitoring::{Monitoring, TraceContext};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::yield_now;
use tokio_stream::StreamExt as _;

use super::folder::empty_folder;
use super::nginx::Nginx;
use super::ports::free;

/// The header of an answer that says which `traceparent` its request came with.
pub const SEEN: &str = "x-seen-traceparent";
/// The same of `tracestate`.
pub const SEEN_STATE: &str = "x-seen-tracestate";
/// The trace that the handler worked in, by our layer.
pub const CURRENT: &str = "x-current-trace";

pub struct Service {
    pub address: SocketAddr,
    /// Tells of each request that has begun to wait.
    pub waiting: mpsc::UnboundedReceiver<()>,
}

impl Service {
    pub async fn start() -> Self {
        let monitoring = Monitoring::builder("ecolaura-api").without_traces().build();
        let monitoring = monitoring.expect("a monitoring");
        let (begun, waiting) = mpsc::unbounded_channel();
        let wait = move || {
            let _ = begun.send(());
            pending::<StatusCode>()
        };
        let app = Router::new()
            .route("/api/v1/products", get(async || "[]"))
            .route("/api/v1/products/{id}", get(product))
            .route(
                "/api/v1/orders",
                post(async |body: Bytes| body.len().to_string()),
            )
            .route("/broken", get(async || StatusCode::INTERNAL_SERVER_ERROR))
            .route(
                "/moved",
                get(async || (StatusCode::FOUND, [("location", "/")])),
            )
            .route("/empty", get(async || StatusCode::NO_CONTENT))
            .route("/waits", get(wait))
            .route("/endless", get(async || body(Ending::Never)))
            .route("/cut-off", get(async || body(Ending::Early)))
            .layer(from_fn(tell))
            .layer(monitoring.layer());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address, waiting }
    }
}

async fn product(Path(id): Path<u32>) -> Result<String, StatusCode> {
    match id {
        1..=9 => Ok(format!(r#"{{"id":{id}}}"#)),
        _ => Err(StatusCode::NOT_FOUND),
    }
}

enum Ending {
    Never,
    Early,
}

/// A body in pieces that does not come to its end.
fn body(ending: Ending) -> Body {
    let pieces = std::iter::repeat_with(|| io::Result::Ok("some of it "));
    match ending {
        Ending::Never => Body::from_stream(tokio_stream::iter(pieces)),
        Ending::Early => {
            let lost = std::iter::once(Err(io::Error::other("the rest is lost")));
            // One after the other, so that what came before has been sent.
            let pieces = tokio_stream::iter(pieces.take(1).chain(lost)).then(async |piece| {
                yield_now().await;
                piece
            });
            Body::from_stream(pieces)
        }
    }
}

/// Which trace it came with, and which one it is in.
async fn tell(request: Request, next: Next) -> Response {
    let told = [("traceparent", SEEN), ("tracestate", SEEN_STATE)].map(|(from, to)| {
        let value = request.headers().get(from).cloned();
        (to, value)
    });
    let current = TraceContext::current().map(|current| current.trace_id());
    let mut answer = next.run(request).await;
    for (name, value) in told {
        if let Some(value) = value {
            answer.headers_mut().insert(name, value);
        }
    }
    if let Some(current) = current {
        let current = current.parse().expect("hexadecimal digits");
        answer.headers_mut().insert(CURRENT, current);
    }
    answer
}

/// An nginx and what it stands in front of, with a place for each thing that can go wrong between the two.
pub async fn behind_nginx(name: &str, log: &str) -> (Nginx, Service) {
    let service = Service::start().await;
    let (up, down) = (service.address, free());
    let locations = format!(
        "client_max_body_size 2m;
        location / {{ proxy_pass http://{up}; proxy_buffering off; }}
        location /small {{ client_max_body_size 1k; proxy_pass http://{up}; }}
        location /late {{ proxy_read_timeout 120ms; proxy_pass http://{up}/waits; }}
        location /later {{ proxy_read_timeout 1100ms; proxy_pass http://{up}/waits; }}
        location /gone {{ proxy_pass http://{down}; }}
        location /silent {{ return 444; }}"
    );
    (
        Nginx::start(&empty_folder(name), log, &locations).await,
        service,
    )
}

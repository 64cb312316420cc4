//! The service under measurement: an axum router with 32 routes whose handlers do nothing.

use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use ecolaura_monitoring::monitor;
use http::{Request, Response, Uri};
use http_body::Body as _;
use tower_service::Service;

use crate::support::Work;
use crate::support::floor::Handles;

/// Requests in a batch: each route twice.
pub(crate) const REQUESTS: usize = 64;

macro_rules! routes {
    ($($resource:ident $all:tt $one:tt $path:tt,)*) => {
        /// The routes as axum writes them.
        pub(crate) const TEMPLATES: [&str; 32] = [$($all, $one,)*];

        const PATHS: [&str; 32] = [$($all, $path,)*];

        /// The routes, measured by nobody.
        pub(crate) fn plain() -> Router {
            Router::new()$(
                .route($all, get(plain::$resource::all))
                .route($one, get(plain::$resource::one))
            )*
        }

        /// The routes, each handler with the floor inside.
        pub(crate) fn floored() -> Router {
            Router::new()$(
                .route($all, get(floored::$resource::all))
                .route($one, get(floored::$resource::one))
            )*
        }

        /// The routes, each handler with `#[monitor]`.
        pub(crate) fn monitored() -> Router {
            Router::new()$(
                .route($all, get(monitored::$resource::all))
                .route($one, get(monitored::$resource::one))
            )*
        }

        mod plain {$(
            pub(super) mod $resource {
                pub(crate) async fn all() -> &'static str {
                    "[]"
                }

                pub(crate) async fn one() -> &'static str {
                    "{}"
                }
            }
        )*}

        mod floored {$(
            pub(super) mod $resource {
                use super::super::*;

                pub(crate) async fn all() -> &'static str {
                    static HANDLES: Handles = Handles::new();
                    let started = Instant::now();
                    let answer = async { "[]" }.await;
                    HANDLES.record(started);
                    answer
                }

                pub(crate) async fn one() -> &'static str {
                    static HANDLES: Handles = Handles::new();
                    let started = Instant::now();
                    let answer = async { "{}" }.await;
                    HANDLES.record(started);
                    answer
                }
            }
        )*}

        mod monitored {$(
            pub(super) mod $resource {
                use super::super::*;

                #[monitor($all)]
                pub(crate) async fn all() -> &'static str {
                    "[]"
                }

                #[monitor($one)]
                pub(crate) async fn one() -> &'static str {
                    "{}"
                }
            }
        )*}
    };
}

routes! {
    products "/api/v1/products" "/api/v1/products/{id}" "/api/v1/products/17",
    subscriptions "/api/v1/subscriptions" "/api/v1/subscriptions/{id}" "/api/v1/subscriptions/a83",
    boxes "/api/v1/boxes" "/api/v1/boxes/{id}" "/api/v1/boxes/2",
    orders "/api/v1/orders" "/api/v1/orders/{id}" "/api/v1/orders/900017",
    customers "/api/v1/customers" "/api/v1/customers/{id}" "/api/v1/customers/31",
    carts "/api/v1/carts" "/api/v1/carts/{id}" "/api/v1/carts/4711",
    payments "/api/v1/payments" "/api/v1/payments/{id}" "/api/v1/payments/f00d",
    refunds "/api/v1/refunds" "/api/v1/refunds/{id}" "/api/v1/refunds/8",
    invoices "/api/v1/invoices" "/api/v1/invoices/{id}" "/api/v1/invoices/2026-11",
    coupons "/api/v1/coupons" "/api/v1/coupons/{id}" "/api/v1/coupons/spring",
    reviews "/api/v1/reviews" "/api/v1/reviews/{id}" "/api/v1/reviews/55",
    suppliers "/api/v1/suppliers" "/api/v1/suppliers/{id}" "/api/v1/suppliers/12",
    shipments "/api/v1/shipments" "/api/v1/shipments/{id}" "/api/v1/shipments/77",
    stocks "/api/v1/stocks" "/api/v1/stocks/{id}" "/api/v1/stocks/6",
    categories "/api/v1/categories" "/api/v1/categories/{id}" "/api/v1/categories/soap",
    sessions "/api/v1/sessions" "/api/v1/sessions/{id}" "/api/v1/sessions/9c1e",
}

/// The router as a server has it: `axum::serve` does this, so that no request has to make its route from the handler.
pub(crate) fn served(router: Router) -> Router {
    router.with_state(())
}

/// A thread that sends a batch of requests to a service, as a server would, and reads the answers to their end.
pub(crate) struct Client<S> {
    service: S,
    requests: Vec<Request<Body>>,
}

impl<S> Client<S> {
    pub(crate) fn of(service: S) -> Self {
        Self {
            service,
            requests: Vec::with_capacity(REQUESTS),
        }
    }
}

impl<S, B> Work for Client<S>
where
    S: Service<Request<Body>, Response = Response<B>>,
    B: http_body::Body,
{
    fn prepare(&mut self) {
        self.requests.extend((0..REQUESTS).map(|number| {
            let path = PATHS[(number * 7) % PATHS.len()]; // not in the order of the routes
            let mut request = Request::new(Body::empty());
            *request.uri_mut() = Uri::from_static(path);
            request
        }));
    }

    #[inline(never)]
    fn run(&mut self) {
        for request in self.requests.drain(..) {
            serve(&mut self.service, request);
        }
    }
}

/// Sends one request and reads the answer, stopping where a server stops: at the body's announced end.
fn serve<S, B>(service: &mut S, request: Request<Body>)
where
    S: Service<Request<Body>, Response = Response<B>>,
    B: http_body::Body,
{
    let mut context = Context::from_waker(Waker::noop());
    let response = match pin!(service.call(request)).poll(&mut context) {
        Poll::Ready(Ok(response)) => response,
        Poll::Ready(Err(_)) | Poll::Pending => panic!("the handlers answer at once"),
    };
    assert!(response.status().is_success());
    let mut body = pin!(response.into_body());
    while !body.is_end_stream() {
        match body.as_mut().poll_frame(&mut context) {
            Poll::Ready(Some(frame)) => drop(black_box(frame)),
            _ => break,
        }
    }
}

//! The future: waits for the head and hands the measurement to the body.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use crate::http::body::ResponseBody;
use crate::http::head::{Announced, answered, is_upgrade, served};
use crate::http::timeout;
use crate::observe::{Head, Request};

pin_project! {
    /// The response of a [`Monitor`](crate::http::Monitor).
    ///
    /// Dropped before it is ready, the request counts as cancelled.
    pub struct ResponseFuture<F> {
        #[pin]
        pub(crate) inner: F,
        pub(crate) request: Option<Request>,
        // The request came by HTTP/1.
        pub(crate) is_http1: bool,
    }
}

impl<F> ResponseFuture<F> {
    pub(crate) fn unmeasured(inner: F) -> Self {
        Self {
            inner,
            request: None,
            is_http1: true,
        }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
    E: 'static,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(request) = this.request.as_mut() else {
            let polled = this.inner.poll(cx);
            return polled.map_ok(|response| response.map(ResponseBody::unmeasured));
        };
        let working = request.enter();
        // The response stays where the service wrote it until all is seen: every move of it takes time.
        let mut polled = this.inner.poll(cx);
        working.leave(match &polled {
            Poll::Ready(Ok(response)) => Some(served(response.status(), *this.is_http1)),
            _ => None,
        });
        let mut announced = Announced::Nothing;
        match &mut polled {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Ok(response)) if is_upgrade(response, request.method(), *this.is_http1) => {
                request.answered(response.status(), Head::Upgrade);
                upgraded(response, this.request.take());
            }
            Poll::Ready(Ok(response)) => match answered(response, request, *this.is_http1) {
                Some(follows) => announced = follows,
                None => *this.request = None,
            },
            Poll::Ready(Err(error)) => {
                request.failed(timeout::outcome(error));
                *this.request = None;
            }
        }
        polled.map_ok(|response| {
            response.map(|body| ResponseBody::measured(body, this.request.take(), announced))
        })
    }
}

#[cfg(feature = "server")]
fn upgraded<B>(response: &mut Response<B>, request: Option<Request>) {
    if let Some(request) = request {
        let upgraded = crate::http::Upgraded::new(request);
        response.extensions_mut().insert(upgraded);
    }
}

#[cfg(not(feature = "server"))]
fn upgraded<B>(_response: &mut Response<B>, request: Option<Request>) {
    drop(request); // nobody sees the life of the connection
}

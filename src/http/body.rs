//! The response body: counts bytes and sees the end.

use std::cmp::Ordering;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::http::head::{Announced, grpc_status};
use crate::http::timeout;
use crate::observe::Request;
use crate::outcome::Outcome;

pin_project! {
    /// A response body that is measured until its end, or until it is dropped.
    pub struct ResponseBody<B> {
        #[pin]
        inner: B,
        request: Option<Request>,
        announced: Announced,
    }
}

impl<B> ResponseBody<B> {
    #[inline]
    pub(crate) fn unmeasured(inner: B) -> Self {
        Self::measured(inner, None, Announced::Nothing)
    }

    #[inline]
    pub(crate) fn measured(inner: B, request: Option<Request>, announced: Announced) -> Self {
        Self {
            inner,
            request,
            announced,
        }
    }
}

/// What a frame means for the request.
enum Seen {
    /// The body goes on.
    More,
    /// It has given all that was announced: a server of HTTP/1.1 asks for no more.
    AllSent,
    /// It has given more than was announced.
    TooMuch,
    /// Nothing comes after trailers: no server asks.
    Trailers,
}

#[inline]
fn see<D: Buf>(frame: &Frame<D>, request: &mut Request, announced: &mut Announced) -> Seen {
    if let Some(data) = frame.data_ref() {
        request.sent(data.remaining());
        return match *announced {
            Announced::Length(length) => match request.bytes_sent().cmp(&length) {
                Ordering::Less => Seen::More,
                Ordering::Equal => Seen::AllSent,
                Ordering::Greater => Seen::TooMuch,
            },
            _ => Seen::More,
        };
    }
    let Some(trailers) = frame.trailers_ref() else {
        return Seen::More;
    };
    match announced {
        Announced::Grpc(status) => *status = grpc_status(trailers).or(*status),
        // A call whose message has a length that is known.
        Announced::Length(length)
            if request.bytes_sent() == *length && trailers.contains_key("grpc-status") =>
        {
            *announced = Announced::Grpc(grpc_status(trailers));
        }
        _ => {}
    }
    Seen::Trailers
}

/// What is wrong with a body that has ended: less may have come than was announced.
#[inline]
fn failure(request: &Request, announced: Announced) -> Option<Outcome> {
    match announced {
        Announced::Length(length) if request.bytes_sent() < length => Some(Outcome::ServerError),
        _ => None,
    }
}

impl<B: Body> Body for ResponseBody<B>
where
    B::Error: 'static,
{
    type Data = B::Data;
    type Error = B::Error;

    #[inline]
    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let Some(request) = this.request.as_mut() else {
            return this.inner.poll_frame(cx);
        };
        let working = request.enter();
        let polled = this.inner.as_mut().poll_frame(cx);
        // A server does not ask a body for more that says it has ended.
        let is_over = matches!(polled, Poll::Ready(Some(Ok(_)))) && this.inner.is_end_stream();
        working.leave(None);
        let failure = match &polled {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Some(Ok(frame))) => match see(frame, request, this.announced) {
                Seen::TooMuch => Some(Outcome::ServerError),
                Seen::Trailers => failure(request, *this.announced),
                _ if is_over => failure(request, *this.announced),
                Seen::AllSent => {
                    request.all_is_sent();
                    return polled;
                }
                Seen::More => return polled,
            },
            Poll::Ready(None) => failure(request, *this.announced),
            Poll::Ready(Some(Err(error))) => Some(timeout::outcome(error)),
        };
        match failure {
            None => request.completed(this.announced.grpc()),
            Some(outcome) => request.failed(outcome),
        }
        *this.request = None;
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl<B: Default> Default for ResponseBody<B> {
    fn default() -> Self {
        Self::unmeasured(B::default())
    }
}

impl<B> std::fmt::Debug for ResponseBody<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResponseBody")
            .field("measured", &self.request.is_some())
            .finish_non_exhaustive()
    }
}

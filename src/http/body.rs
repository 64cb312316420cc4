//! The response body: counts bytes and sees the end.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::http::future::{Announced, grpc_status};
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

/// Whether all that was announced is sent.
#[inline]
fn is_sent(request: &Request, announced: Announced) -> bool {
    matches!(announced, Announced::Length(length) if request.bytes_sent() >= length)
}

/// Takes in what a frame says.
#[inline]
fn see<D: Buf>(frame: &Frame<D>, request: &mut Request, announced: &mut Announced) {
    if let Some(data) = frame.data_ref() {
        request.sent(data.remaining());
    } else if let (Announced::Grpc(status), Some(trailers)) = (announced, frame.trailers_ref()) {
        *status = grpc_status(trailers).or(*status);
    }
}

impl<B: Body> Body for ResponseBody<B> {
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
        working.leave(None);
        match &polled {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Some(Ok(frame))) => {
                see(frame, request, this.announced);
                // A server does not ask a body for more that says it has ended, or has sent all that it announced.
                if !is_sent(request, *this.announced) && !this.inner.is_end_stream() {
                    return polled;
                }
                request.completed(this.announced.grpc());
            }
            Poll::Ready(None) => {
                request.completed(this.announced.grpc());
            }
            Poll::Ready(Some(Err(_))) => request.failed(Outcome::ServerError),
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

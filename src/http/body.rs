//! The response body: counts bytes and sees the end.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::http::future::{UNKNOWN, grpc_status};
use crate::observe::Request;
use crate::outcome::Outcome;

pin_project! {
    /// A response body that is measured until its end, or until it is dropped.
    pub struct ResponseBody<B> {
        #[pin]
        inner: B,
        measurement: Option<Measurement>,
    }
}

/// A request whose body is under way.
struct Measurement {
    request: Request,
    /// The length at which the server stops asking for more.
    length: Option<u64>,
    /// For a gRPC call, its status if it is known.
    grpc: Option<Option<u16>>,
}

impl<B> ResponseBody<B> {
    pub(crate) fn unmeasured(inner: B) -> Self {
        Self {
            inner,
            measurement: None,
        }
    }

    pub(crate) fn measured(
        inner: B,
        request: Request,
        length: Option<u64>,
        grpc: Option<Option<u16>>,
    ) -> Self {
        Self {
            inner,
            measurement: Some(Measurement {
                request,
                length,
                grpc,
            }),
        }
    }
}

impl Measurement {
    fn see<D: Buf>(&mut self, frame: &Frame<D>) {
        if let Some(data) = frame.data_ref() {
            self.request.sent(data.remaining());
        } else if let (Some(status), Some(trailers)) = (&mut self.grpc, frame.trailers_ref()) {
            *status = grpc_status(trailers).or(*status);
        }
    }

    /// Whether all that was announced is sent. The trailers of a gRPC call come after that.
    fn is_whole(&self) -> bool {
        self.grpc.is_none() && self.length == Some(self.request.bytes_sent())
    }

    fn complete(self) {
        self.request
            .completed(self.grpc.map(|status| status.unwrap_or(UNKNOWN)));
    }
}

impl<B: Body> Body for ResponseBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let Some(measurement) = this.measurement.as_mut() else {
            return this.inner.poll_frame(cx);
        };
        let polled = ready!(
            measurement
                .request
                .run(|| this.inner.as_mut().poll_frame(cx))
        );
        let ended = match &polled {
            Some(Ok(frame)) => {
                measurement.see(frame);
                // A server does not ask a body for more that says it has ended, or has sent all that it announced.
                measurement.is_whole() || this.inner.is_end_stream()
            }
            Some(Err(_)) => {
                if let Some(measurement) = this.measurement.take() {
                    measurement.request.failed(Outcome::ServerError);
                }
                false
            }
            None => true,
        };
        if ended {
            if let Some(measurement) = this.measurement.take() {
                measurement.complete();
            }
        }
        Poll::Ready(polled)
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
            .field("measured", &self.measurement.is_some())
            .finish_non_exhaustive()
    }
}

//! The request body: counts the bytes that the service reads, without changing the body's type.

use http_body::Body;

use crate::observe::Received;

/// Sees to it that the bytes of a request's body are known when the request ends.
#[inline]
pub(crate) fn measure<B: Body + 'static>(body: &mut B) -> Received {
    if body.is_end_stream() {
        return Received::Nothing;
    }
    #[cfg(feature = "axum")]
    if let Some(counted) = counted::count(body) {
        return counted;
    }
    Received::Unknown // what a head declares need not come, and nobody need read it
}

#[cfg(feature = "axum")]
mod counted {
    use std::any::Any;
    use std::pin::Pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::task::{Context, Poll};

    use bytes::Bytes;
    use http_body::{Body, Frame, SizeHint};

    use crate::observe::Received;

    /// Wraps axum's body, which can hold any other, in one that counts.
    #[inline(never)]
    pub(super) fn count<B: Body + 'static>(body: &mut B) -> Option<Received> {
        let body = (body as &mut dyn Any).downcast_mut::<axum::body::Body>()?;
        let bytes = Arc::new(AtomicU64::new(0));
        let inner = std::mem::take(body);
        *body = axum::body::Body::new(Counted {
            inner,
            bytes: Arc::clone(&bytes),
        });
        Some(Received::Counted(bytes))
    }

    struct Counted {
        inner: axum::body::Body,
        bytes: Arc<AtomicU64>,
    }

    impl Body for Counted {
        type Data = Bytes;
        type Error = axum::Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
            let polled = Pin::new(&mut self.inner).poll_frame(cx);
            if let Poll::Ready(Some(Ok(frame))) = &polled {
                if let Some(data) = frame.data_ref() {
                    self.bytes.fetch_add(data.len() as u64, Ordering::Relaxed);
                }
            }
            polled
        }

        fn is_end_stream(&self) -> bool {
            self.inner.is_end_stream()
        }

        fn size_hint(&self) -> SizeHint {
            self.inner.size_hint()
        }
    }
}

//! A body that does what it is told, step by step.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use http::HeaderMap;
use http_body::{Frame, SizeHint};

/// What the body does next.
#[derive(Clone)]
pub enum Step {
    /// Gives so many bytes.
    Data(usize),
    /// Gives trailers, the last thing it does.
    Trailers(HeaderMap),
    /// Waits for ever.
    Wait,
    /// Fails.
    Fail,
    /// Panics.
    Panic,
}

/// What a body that fails says.
pub const FAILED: &str = "the disk is gone";

/// What a body that panics says.
pub const PANICKED: &str = "the disk is on fire";

pub struct Script {
    steps: VecDeque<Step>,
    length: Option<u64>,
    says_its_end: bool,
    panics_at_its_end: bool,
}

impl Script {
    /// A body that takes these steps and then ends, which it says only when it is asked once more.
    pub fn new<const N: usize>(steps: [Step; N]) -> Self {
        Self {
            steps: steps.into(),
            length: None,
            says_its_end: false,
            panics_at_its_end: false,
        }
    }

    /// Says that it is at its end as soon as it is: the server then does not ask once more.
    pub fn saying_its_end(self) -> Self {
        Self {
            says_its_end: true,
            ..self
        }
    }

    /// Panics when it is asked whether it is at its end, and is.
    pub fn panicking_at_its_end(self) -> Self {
        Self {
            panics_at_its_end: true,
            ..self
        }
    }

    /// Announces a length: the server then asks for no more than that.
    pub fn announcing(self, length: u64) -> Self {
        Self {
            length: Some(length),
            ..self
        }
    }

    pub fn body(self) -> Body {
        Body::new(self)
    }
}

impl http_body::Body for Script {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let frame = match self.steps.pop_front() {
            None => return Poll::Ready(None),
            Some(Step::Data(bytes)) => Ok(Frame::data(vec![b'x'; bytes].into())),
            Some(Step::Trailers(trailers)) => Ok(Frame::trailers(trailers)),
            Some(Step::Fail) => Err(io::Error::other(FAILED)),
            Some(Step::Panic) => std::panic::panic_any(PANICKED),
            Some(Step::Wait) => {
                self.steps.push_front(Step::Wait);
                return Poll::Pending;
            }
        };
        Poll::Ready(Some(frame))
    }

    fn is_end_stream(&self) -> bool {
        if self.panics_at_its_end && self.steps.is_empty() {
            std::panic::panic_any(PANICKED);
        }
        self.says_its_end && self.steps.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        self.length
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

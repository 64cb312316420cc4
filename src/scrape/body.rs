//! The answer's body: pieces as they come, or the whole where it is one piece.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::sync::mpsc;

/// Part of an answer.
pub(crate) struct Piece {
    pub(crate) bytes: Bytes,
    pub(crate) is_last: bool,
}

/// The pieces of an answer.
pub(crate) struct Pieces {
    first: Option<Piece>,
    /// `None` when the last piece is there.
    rest: Option<mpsc::Receiver<Piece>>,
}

impl Pieces {
    /// Waits for the first piece; `None` when there will be none.
    pub(crate) async fn first_of(mut pieces: mpsc::Receiver<Piece>) -> Option<Self> {
        let first = pieces.recv().await?;
        Some(Self {
            rest: (!first.is_last).then_some(pieces),
            first: Some(first),
        })
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let piece = match (self.first.take(), &mut self.rest) {
            (Some(first), _) => first,
            (None, None) => return Poll::Ready(None),
            (None, Some(rest)) => match ready!(rest.poll_recv(cx)) {
                Some(piece) => piece,
                None => {
                    // Half an answer must not look like a whole one.
                    self.rest = None;
                    let why = "the scrape was given up";
                    return Poll::Ready(Some(Err(io::Error::other(why))));
                }
            },
        };
        if piece.is_last {
            self.rest = None;
        }
        Poll::Ready(Some(Ok(Frame::data(piece.bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_none() && self.rest.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let known = self
            .first
            .as_ref()
            .map_or(0, |piece| piece.bytes.len() as u64);
        match self.rest {
            None => SizeHint::with_exact(known),
            Some(_) => SizeHint::new(),
        }
    }
}

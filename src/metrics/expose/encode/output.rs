//! Where writers write: a buffer that is handed on piece by piece, so that a large scrape is never held as a whole.
//!
//! A protobuf message begins with its length, so it is buffered until its end. The largest message bounds the memory.

use crate::protobuf::put_length;

/// Takes a full buffer and returns an empty one, or `None` when nobody wants more.
pub(crate) type Give<'a> = &'a mut dyn FnMut(Vec<u8>) -> Option<Vec<u8>>;

/// A buffer under construction.
pub(crate) struct Output<'a> {
    pub(crate) bytes: Vec<u8>,
    /// Full buffers before it, of a message whose length is not known yet.
    held: Vec<Vec<u8>>,
    /// An empty buffer for later.
    spare: Option<Vec<u8>>,
    give: Option<Give<'a>>,
    is_done: bool,
}

/// Size at which a buffer is handed on.
pub(crate) const PIECE: usize = 48 * 1024;

/// What a series adds to a buffer that is nearly full. More makes it grow.
pub(crate) const ROOM: usize = 8 * 1024;

impl<'a> Output<'a> {
    /// Hands pieces to `give`.
    #[cfg_attr(not(feature = "server"), allow(dead_code))]
    pub(crate) fn in_pieces(give: Give<'a>) -> Self {
        Self {
            bytes: Vec::with_capacity(PIECE + ROOM),
            held: Vec::new(),
            spare: None,
            give: Some(give),
            is_done: false,
        }
    }

    /// Keeps everything.
    pub(crate) fn whole() -> Self {
        Self {
            bytes: Vec::new(),
            held: Vec::new(),
            spare: None,
            give: None,
            is_done: false,
        }
    }

    /// Whether the buffer waits to be handed on.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.bytes.len() >= PIECE && self.give.is_some()
    }

    /// Here the buffer may be handed on.
    #[inline]
    pub(crate) fn pause(&mut self) {
        if self.is_full() {
            self.hand_on();
        }
    }

    #[cold]
    fn hand_on(&mut self) {
        let full = std::mem::take(&mut self.bytes);
        self.give(full);
        self.bytes = self.spare.take().unwrap_or_default();
    }

    fn give(&mut self, piece: Vec<u8>) {
        let Some(give) = &mut self.give else {
            return;
        };
        self.spare = give(piece);
        if self.spare.is_none() {
            self.is_done = true;
            self.give = None;
        }
    }

    /// The same within a message: a full buffer is kept until the message ends.
    #[inline]
    pub(crate) fn pause_in_message(&mut self) {
        if self.is_full() {
            self.hold();
        }
    }

    #[cold]
    fn hold(&mut self) {
        let empty = self.spare.take();
        let empty = empty.unwrap_or_else(|| Vec::with_capacity(PIECE + ROOM));
        self.held.push(std::mem::replace(&mut self.bytes, empty));
    }

    /// Ends a message: writes its length to `begun`, where `BYTES` are reserved, and hands on the buffers that were kept.
    #[inline]
    pub(crate) fn end_message<const BYTES: usize>(&mut self, begun: usize) {
        if self.held.is_empty() {
            put_length::<BYTES>(&mut self.bytes, begun, 0);
        } else {
            self.end_held::<BYTES>(begun);
        }
        self.pause();
    }

    #[cold]
    fn end_held<const BYTES: usize>(&mut self, begun: usize) {
        let mut held = std::mem::take(&mut self.held).into_iter();
        if let Some(mut first) = held.next() {
            let rest: usize = held.as_slice().iter().map(Vec::len).sum();
            put_length::<BYTES>(&mut first, begun, rest + self.bytes.len());
            self.give(first);
        }
        held.for_each(|piece| self.give(piece));
    }

    /// Whether nobody wants more.
    pub(crate) fn is_done(&self) -> bool {
        self.is_done
    }

    /// What was not handed on.
    pub(crate) fn rest(self) -> Vec<u8> {
        match self.is_done {
            true => Vec::new(),
            false => self.bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protobuf::padded_varint;

    const LENGTH: usize = 5;

    /// Writes messages of these lengths for a reader that takes `wanted` pieces. Returns all pieces, and whether the reader is gone.
    fn written(lengths: &[usize], wanted: usize) -> (Vec<Vec<u8>>, bool) {
        let mut pieces = Vec::new();
        let mut give = |piece| {
            pieces.push(piece);
            (pieces.len() < wanted).then(Vec::new)
        };
        let mut out = Output::in_pieces(&mut give);
        for length in lengths {
            let begun = out.bytes.len();
            out.bytes.extend_from_slice(&[0; LENGTH]);
            for _ in 0..*length {
                out.bytes.push(7);
                out.pause_in_message();
            }
            out.end_message::<LENGTH>(begun);
        }
        let (is_done, rest) = (out.is_done(), out.rest());
        pieces.push(rest);
        (pieces, is_done)
    }

    #[test]
    fn a_message_has_its_length_first_whatever_its_size() {
        for lengths in [
            &[0][..],
            &[1, 100, 0],
            &[PIECE - LENGTH - 1, 1, PIECE - LENGTH, 1, PIECE - LENGTH + 1],
            &[10, 5 * PIECE, 10, 3 * PIECE + 1, 2 * PIECE],
        ] {
            let (pieces, _) = written(lengths, usize::MAX);
            assert!(pieces.iter().all(|piece| piece.len() <= PIECE + ROOM));
            let expected = lengths.iter().flat_map(|length| {
                let head = padded_varint::<LENGTH>(*length as u64).into_iter();
                head.chain(std::iter::repeat_n(7, *length))
            });
            assert!(pieces.concat().into_iter().eq(expected), "{lengths:?}");
        }
    }

    #[test]
    fn nothing_is_kept_for_a_reader_that_is_gone() {
        let (pieces, is_done) = written(&[5 * PIECE, 5 * PIECE], 2);
        assert!(is_done);
        assert_eq!(pieces.len(), 3, "two that were taken, and no rest");
        assert!(pieces[2].is_empty());
    }
}

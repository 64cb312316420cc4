//! Where writers write: a buffer that is handed on piece by piece, so that a large scrape is never held as a whole.

/// Takes a full buffer and returns an empty one, or `None` when nobody wants more.
pub(crate) type Give<'a> = &'a mut dyn FnMut(Vec<u8>) -> Option<Vec<u8>>;

/// A buffer under construction.
pub(crate) struct Output<'a> {
    pub(crate) bytes: Vec<u8>,
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
            give: Some(give),
            is_done: false,
        }
    }

    /// Keeps everything.
    pub(crate) fn whole() -> Self {
        Self {
            bytes: Vec::new(),
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
        let Some(give) = &mut self.give else {
            return;
        };
        match give(std::mem::take(&mut self.bytes)) {
            Some(empty) => self.bytes = empty,
            None => {
                self.is_done = true;
                self.give = None;
            }
        }
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

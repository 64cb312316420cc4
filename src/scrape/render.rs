//! Rendering, on a thread of its own: pieces go out as they are ready, and wait for the scraper until its time is over.

use std::time::Duration;

use bytes::Bytes;
use flate2::write::GzEncoder;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::{Instant, timeout_at};

use crate::metrics::{Counter, Output, PIECE, ROOM, Registry, Rendering};
use crate::scrape::body::Piece;
use crate::scrape::compression::Compression;
use crate::scrape::places::{PATIENCE, Place};

/// If a moment is noticed so long after it came, nobody had the time to read in between.
const LATE: Duration = Duration::from_millis(50);

/// What is to be rendered, and how.
pub(crate) struct Order {
    pub(crate) rendering: Rendering,
    pub(crate) compression: Compression,
    pub(crate) timeout: Duration,
    /// Counts answers that are not taken whole.
    pub(crate) cut_off: Option<Counter>,
}

/// Begins an answer; its pieces come out of what is returned. `place` is held until it is rendered or given up.
pub(super) fn start(registry: Registry, order: Order, place: Place) -> mpsc::Receiver<Piece> {
    let (sender, pieces) = mpsc::channel(1);
    let sending = Sending {
        sender,
        runtime: Handle::current(),
        until: Instant::now() + order.timeout,
        place,
    };
    tokio::task::spawn_blocking(move || {
        let is_taken = render(registry, &order, &sending).is_some();
        if let Some(cut_off) = order.cut_off.filter(|_| !is_taken) {
            cut_off.inc();
        }
    });
    pieces
}

/// `None` when the answer is not taken whole.
fn render(registry: Registry, order: &Order, sending: &Sending) -> Option<()> {
    let rendering = &order.rendering;
    match order.compression {
        Compression::Identity => plain(registry, rendering, sending),
        Compression::Gzip => {
            let encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
            compressed(registry, rendering, sending, encoder)
        }
        #[cfg(feature = "zstd")]
        Compression::Zstd => {
            let encoder = zstd::Encoder::new(Vec::new(), 1).ok()?;
            compressed(registry, rendering, sending, encoder)
        }
    }
}

/// The way to the scraper.
struct Sending {
    sender: mpsc::Sender<Piece>,
    runtime: Handle,
    until: Instant,
    place: Place,
}

impl Sending {
    /// Sends a piece; `None` when the scraper is gone or its time is over, or it does not read and others wait.
    fn send(&self, bytes: Vec<u8>, is_last: bool) -> Option<()> {
        let piece = Piece {
            bytes: Bytes::from(bytes),
            is_last,
        };
        match self.sender.try_send(piece) {
            Ok(()) => Some(()),
            Err(TrySendError::Closed(_)) => None,
            Err(TrySendError::Full(piece)) => {
                let room = self.runtime.block_on(self.room())?;
                room.send(piece);
                Some(())
            }
        }
    }

    /// Waits until the scraper has taken the piece before.
    async fn room(&self) -> Option<mpsc::Permit<'_, Piece>> {
        loop {
            let soon = (Instant::now() + PATIENCE).min(self.until);
            if let Ok(room) = timeout_at(soon, self.sender.reserve()).await {
                return room.ok();
            }
            let is_late = soon.elapsed() > LATE;
            if soon == self.until || (!is_late && self.place.is_wanted()) {
                return None;
            }
        }
    }
}

fn plain(registry: Registry, rendering: &Rendering, sending: &Sending) -> Option<()> {
    let mut is_wanted = true;
    let mut give = |piece| {
        is_wanted = sending.send(piece, false).is_some();
        is_wanted.then(|| Vec::with_capacity(PIECE + ROOM))
    };
    let rest = registry.write(rendering, Output::in_pieces(&mut give));
    is_wanted.then_some(())?;
    sending.send(rest, true)
}

/// A compressor that writes to a buffer.
trait Encoder: std::io::Write {
    fn buffer(&mut self) -> &mut Vec<u8>;
    fn end(self) -> std::io::Result<Vec<u8>>;
}

impl Encoder for GzEncoder<Vec<u8>> {
    fn buffer(&mut self) -> &mut Vec<u8> {
        self.get_mut()
    }

    fn end(self) -> std::io::Result<Vec<u8>> {
        self.finish()
    }
}

#[cfg(feature = "zstd")]
impl Encoder for zstd::Encoder<'_, Vec<u8>> {
    fn buffer(&mut self) -> &mut Vec<u8> {
        self.get_mut()
    }

    fn end(self) -> std::io::Result<Vec<u8>> {
        self.finish()
    }
}

fn compressed(
    registry: Registry,
    rendering: &Rendering,
    sending: &Sending,
    mut encoder: impl Encoder,
) -> Option<()> {
    let mut is_wanted = true;
    let mut give = |mut piece: Vec<u8>| {
        is_wanted = encoder.write_all(&piece).is_ok();
        if is_wanted && encoder.buffer().len() >= PIECE {
            is_wanted = sending
                .send(std::mem::take(encoder.buffer()), false)
                .is_some();
        }
        piece.clear();
        is_wanted.then_some(piece)
    };
    let rest = registry.write(rendering, Output::in_pieces(&mut give));
    is_wanted.then_some(())?;
    encoder.write_all(&rest).ok()?;
    sending.send(encoder.end().ok()?, true)
}

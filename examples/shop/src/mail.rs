//! Letters to customers, written by somebody who has a queue.

use std::time::Duration;

use ecolaura_monitoring::resources::QueueState;
use ecolaura_monitoring::{Error, Monitoring};
use tokio::sync::mpsc;

/// So many letters may wait.
const ROOM: usize = 1000;

/// How long one takes.
const WRITING: Duration = Duration::from_millis(40);

#[derive(Clone)]
pub(crate) struct Mail(mpsc::Sender<Letter>);

/// What is to be written. To whom would be in it too.
pub(crate) enum Letter {
    Welcome,
}

impl Mail {
    pub(crate) fn open(monitoring: &Monitoring) -> Result<Self, Error> {
        let (queue, mut letters) = mpsc::channel(ROOM);
        let depth = queue.downgrade();
        monitoring.queue("letters", move || {
            let free = depth.upgrade().map_or(ROOM, |queue| queue.capacity());
            QueueState::new(ROOM - free).capacity(ROOM)
        })?;
        tokio::spawn(async move {
            while let Some(Letter::Welcome) = letters.recv().await {
                tokio::time::sleep(WRITING).await;
            }
        });
        Ok(Self(queue))
    }

    /// Has it written; where too many wait already, it is not.
    pub(crate) fn send(&self, letter: Letter) {
        if self.0.try_send(letter).is_err() {
            tracing::warn!("a letter is not written, since too many wait");
        }
    }
}

//! What `tracing` is told on this thread, as text: a line such as `WARN the disk is full` for each event.

use std::io;
use std::sync::{Arc, Mutex, OnceLock};

use tracing::Dispatch;
use tracing::subscriber::DefaultGuard;

#[derive(Clone, Default)]
pub struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    /// Captures what is logged on this thread until the guard is dropped.
    pub fn start() -> (Self, DefaultGuard) {
        // Beside another one: a callsite that a thread without a subscriber reaches first stays switched off where there is but one.
        static ANOTHER: OnceLock<Dispatch> = OnceLock::new();
        ANOTHER.get_or_init(|| Self::default().dispatch());
        let captured = Self::default();
        let guard = tracing::dispatcher::set_default(&captured.dispatch());
        (captured, guard)
    }

    fn dispatch(&self) -> Dispatch {
        let writer = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .without_time()
            .with_target(false)
            .with_ansi(false)
            .with_writer(move || writer.clone());
        subscriber.into()
    }

    /// All lines so far that contain this text.
    pub fn lines(&self, text: &str) -> Vec<String> {
        let bytes = self.0.lock().expect("no panic").clone();
        let all = String::from_utf8(bytes).expect("UTF-8");
        let lines = all.lines().map(|line| line.trim().to_owned());
        lines.filter(|line| line.contains(text)).collect()
    }
}

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

//! The connections of a service: how many are open, and what is known of each.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::Version;
use tokio::sync::{Notify, watch};

use crate::observe;

/// How far a service has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Serving,
    /// New connections are accepted. Each answer ends its connection.
    Draining,
    /// No connection is accepted any more. What is under way finishes.
    Stopping,
    /// The drain timeout has passed: connections are dropped as they are.
    CutOff,
}

/// All connections of a service.
pub(super) struct Connections {
    phase: watch::Sender<Phase>,
    /// Whether it is draining or stopping: asked for each answer.
    ends_connections: AtomicBool,
    open: AtomicUsize,
    upgraded: AtomicUsize,
    /// Connections that are open, or that have a request which has not been dropped.
    in_use: AtomicUsize,
    one_has_ended: Notify,
}

/// Connections that are open at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Open {
    pub(super) all: usize,
    /// Those of them that are HTTP no more.
    pub(super) upgraded: usize,
}

impl Open {
    /// How many there are, such as `1 connection`.
    pub(super) fn number(self) -> String {
        match self.all {
            1 => "1 connection".to_owned(),
            all => format!("{all} connections"),
        }
    }
}

/// `3 connections still open, 2 of them upgraded`
impl fmt::Display for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} still open", self.number())?;
        match self.upgraded {
            0 => Ok(()),
            upgraded => write!(f, ", {upgraded} of them upgraded"),
        }
    }
}

impl Connections {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            phase: watch::Sender::new(Phase::Serving),
            ends_connections: AtomicBool::new(false),
            open: AtomicUsize::new(0),
            upgraded: AtomicUsize::new(0),
            in_use: AtomicUsize::new(0),
            one_has_ended: Notify::new(),
        })
    }

    /// From now on each answer ends its connection.
    pub(super) fn drain(&self) {
        self.enter(Phase::Draining);
    }

    /// From now on what is idle is closed, and what is under way is the last of its connection.
    pub(super) fn stop(&self) {
        self.enter(Phase::Stopping);
    }

    /// Drops all connections that are still HTTP, with their requests.
    pub(super) fn cut_off(&self) {
        self.enter(Phase::CutOff);
    }

    fn enter(&self, phase: Phase) {
        self.ends_connections.store(true, Ordering::Relaxed);
        self.phase.send_replace(phase);
    }

    pub(super) fn open(&self) -> Open {
        let upgraded = self.upgraded.load(Ordering::Acquire);
        Open {
            all: self.open.load(Ordering::Acquire),
            upgraded,
        }
    }

    /// Waits until no connection of HTTP is left, nor a request of one.
    pub(super) async fn are_cut_off(&self) {
        while self.in_use.load(Ordering::Acquire) > self.upgraded.load(Ordering::Acquire) {
            self.one_has_ended.notified().await;
        }
    }

    /// Waits until none is open.
    pub(super) async fn have_ended(&self) {
        while self.open().all > 0 {
            self.one_has_ended.notified().await;
        }
    }
}

/// One connection, as its socket, its requests and its task know it.
pub(super) struct Tracked {
    all: Arc<Connections>,
    /// The request that it was upgraded by, where that is measured, until the connection ends.
    upgraded_by: Mutex<Option<observe::Request>>,
    /// One of `HTTP`, `UPGRADED` and `ENDED`.
    state: AtomicU8,
    /// It had a request of HTTP/2.
    is_http2: AtomicBool,
    /// A request of HTTP/1 is under way: of those there is one at a time.
    has_request: AtomicBool,
    /// Something was read that belongs to no request so far.
    has_begun_head: AtomicBool,
    /// The client has not read what was written.
    is_writing: AtomicBool,
}

const HTTP: u8 = 0;
const UPGRADED: u8 = 1;
const ENDED: u8 = 2;

impl Tracked {
    /// The phases of the service that follow, of which the present one is the first.
    pub(super) fn phases(&self) -> watch::Receiver<Phase> {
        self.all.phase.subscribe()
    }

    /// One more connection is open, until [`ended`](Self::ended).
    pub(super) fn begin(all: &Arc<Connections>) -> Arc<Self> {
        all.open.fetch_add(1, Ordering::AcqRel);
        all.in_use.fetch_add(1, Ordering::AcqRel);
        Arc::new(Self {
            all: Arc::clone(all),
            upgraded_by: Mutex::default(),
            state: AtomicU8::new(HTTP),
            is_http2: AtomicBool::new(false),
            has_request: AtomicBool::new(false),
            has_begun_head: AtomicBool::new(false),
            is_writing: AtomicBool::new(false),
        })
    }

    /// Something was read from the socket.
    pub(super) fn has_read(&self) {
        if !self.has_request.load(Ordering::Relaxed) {
            self.has_begun_head.store(true, Ordering::Relaxed);
        }
    }

    /// Something was written, or waits until the client reads.
    pub(super) fn has_written(&self, waits: bool) {
        self.is_writing.store(waits, Ordering::Relaxed);
    }

    /// Whether the client has not read what was written.
    pub(super) fn is_writing(&self) -> bool {
        self.is_writing.load(Ordering::Relaxed)
    }

    /// A request begins. Of HTTP/1 it is under way until [`answered`](Self::answered).
    pub(super) fn asked(&self, version: Version) {
        self.has_begun_head.store(false, Ordering::Relaxed);
        if version < Version::HTTP_2 {
            self.has_request.store(true, Ordering::Relaxed);
        } else {
            self.is_http2.store(true, Ordering::Relaxed);
        }
    }

    /// The request of HTTP/1 has ended.
    pub(super) fn answered(&self) {
        self.has_request.store(false, Ordering::Relaxed);
    }

    /// Whether an answer is to end its connection.
    pub(super) fn is_last_answer(&self) -> bool {
        self.all.ends_connections.load(Ordering::Relaxed)
    }

    /// It was upgraded by this request.
    pub(super) fn upgraded_by(&self, request: Option<observe::Request>) {
        let mut upgraded_by = self
            .upgraded_by
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *upgraded_by, request);
        drop(upgraded_by);
        drop(before);
    }

    /// The server is done with it. If it is still open, it was upgraded.
    pub(super) fn served(&self) {
        self.all.upgraded.fetch_add(1, Ordering::AcqRel);
        let (order, otherwise) = (Ordering::AcqRel, Ordering::Acquire);
        let was_open = self
            .state
            .compare_exchange(HTTP, UPGRADED, order, otherwise);
        if was_open.is_err() {
            self.all.upgraded.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// Its socket is closed.
    pub(super) fn ended(&self) {
        self.upgraded_by(None);
        if self.state.swap(ENDED, Ordering::AcqRel) == UPGRADED {
            self.all.upgraded.fetch_sub(1, Ordering::AcqRel);
        }
        self.all.open.fetch_sub(1, Ordering::AcqRel);
        self.all.one_has_ended.notify_one();
    }

    /// Whether hyper may be told that the connection is to end: it closes one that is idle, also while a head comes.
    pub(super) fn may_be_told(&self, phase: Phase) -> bool {
        let is_http2 = self.is_http2.load(Ordering::Relaxed);
        match phase {
            Phase::Serving => false,
            // HTTP/1 is told by the next answer. The first request of HTTP/2 is waited for: some clients give up a
            // connection that is told before it.
            Phase::Draining => is_http2,
            Phase::Stopping | Phase::CutOff => {
                is_http2 || !self.has_begun_head.load(Ordering::Relaxed)
            }
        }
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        self.all.in_use.fetch_sub(1, Ordering::AcqRel);
        self.all.one_has_ended.notify_one();
    }
}

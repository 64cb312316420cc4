//! Pools of connections: how many there are, and how long it takes to get one.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::catalog;
use crate::error::Error;
use crate::metrics::{Histogram, resolve};
use crate::observe::Start;
use crate::resources::families::Resources;
use crate::resources::source::{Watched, check, check_room};
use crate::trace_context::TraceContext;

/// Something that knows how many connections it has, such as a closure that asks a pool of `sqlx` or `deadpool`.
///
/// It is asked at each scrape, and must not wait.
pub trait Pool: Send + Sync + 'static {
    /// What it has now.
    fn state(&self) -> PoolState;
}

impl<F: Fn() -> PoolState + Send + Sync + 'static> Pool for F {
    fn state(&self) -> PoolState {
        self()
    }
}

/// The connections of a pool now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolState {
    pub(crate) open: usize,
    pub(crate) idle: usize,
    pub(crate) max: Option<usize>,
    pub(crate) waiting: Option<usize>,
}

impl PoolState {
    /// So many connections are open, and so many of these are idle.
    pub const fn new(open: usize, idle: usize) -> Self {
        Self {
            open,
            idle,
            max: None,
            waiting: None,
        }
    }

    /// So many may be open. Default: nobody knows.
    pub const fn max(mut self, max: usize) -> Self {
        self.max = Some(max);
        self
    }

    /// So many tasks wait for one. Default: nobody knows.
    pub const fn waiting(mut self, waiting: usize) -> Self {
        self.waiting = Some(waiting);
        self
    }
}

/// The connections of a pool; get it from [`Monitoring::pool`](crate::Monitoring::pool). Copying it costs nothing.
#[derive(Clone, Copy, Debug)]
pub struct Connections(Option<Waits>);

/// How long it took to get a connection, by what became of it.
#[derive(Clone, Copy, Debug)]
struct Waits {
    success: Histogram,
    failure: Histogram,
    cancelled: Histogram,
}

impl Connections {
    /// Those of nobody.
    pub(crate) fn unwatched() -> Self {
        Self(None)
    }

    /// Measures how long it takes to get a connection: `db_pool_acquire_seconds`, from when it is asked for first.
    pub fn acquire<F, T, E>(self, connection: F) -> Acquire<F>
    where
        F: Future<Output = Result<T, E>>,
    {
        Acquire {
            connection,
            waiting: Waiting {
                waits: self.0,
                since: None,
            },
        }
    }
}

impl Resources {
    /// Asks this pool at each scrape.
    pub(crate) fn pool(&'static self, name: &str, pool: impl Pool) -> Result<Connections, Error> {
        const WHAT: &str = "pool()";
        let _one_at_a_time = self.registration();
        check(WHAT, name, self.registry, &self.pools)?;
        let times = self.registry.own(catalog::DB_POOL_ACQUIRE);
        check_room(WHAT, name, self.registry, times, 3)?;
        self.add_pool(Watched::new(name, move || pool.state()));
        let wait = |outcome| resolve(times, &[name, outcome]);
        Ok(Connections(Some(Waits {
            success: wait("success"),
            failure: wait("failure"),
            cancelled: wait("cancelled"),
        })))
    }
}

pin_project! {
    /// A connection that is waited for; see [`Connections::acquire`].
    #[must_use = "it waits when it is awaited"]
    pub struct Acquire<F> {
        #[pin]
        connection: F,
        waiting: Waiting,
    }
}

/// Recorded once: with an outcome, or dropped.
struct Waiting {
    waits: Option<Waits>,
    since: Option<Start>,
}

impl Waiting {
    fn end(&mut self, which: fn(&Waits) -> Histogram) {
        if let (Some(waits), Some(since)) = (&self.waits, self.since.take()) {
            which(waits).record(since.nanoseconds(), TraceContext::present().as_ref());
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.end(|waits| waits.cancelled);
    }
}

impl<F, T, E> Future for Acquire<F>
where
    F: Future<Output = Result<T, E>>,
{
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        this.waiting.since.get_or_insert_with(Start::now);
        let result = std::task::ready!(this.connection.poll(cx));
        this.waiting.end(match result {
            Ok(_) => |waits| waits.success,
            Err(_) => |waits| waits.failure,
        });
        Poll::Ready(result)
    }
}

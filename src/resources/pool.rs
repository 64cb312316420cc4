//! Pools of connections: how many there are, and how long it takes to get one.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::catalog;
use crate::error::Error;
use crate::metrics::{Gauge, Histogram, Registry, resolve};
use crate::observe::Start;
use crate::resources::source::{ask, check, shown};
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
    open: usize,
    idle: usize,
    max: Option<usize>,
    waiting: Option<usize>,
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
    pub(crate) fn watch(
        registry: Option<Registry>,
        name: &str,
        pool: impl Pool,
    ) -> Result<Self, Error> {
        let Some(registry) = registry else {
            return Ok(Self(None));
        };
        let connections = registry.own(catalog::DB_POOL_CONNECTIONS);
        check("pool()", name, registry, connections, &[name, "idle"])?;
        let gauge = |metric| resolve::<Gauge>(registry.own(metric), &[name]);
        let of = |state| resolve::<Gauge>(connections, &[name, state]);
        let (idle, in_use) = (of("idle"), of("in_use"));
        let now = ask(|| pool.state()).unwrap_or_default();
        let max = now.max.map(|_| gauge(catalog::DB_POOL_CONNECTIONS_MAX));
        let waiting = now.waiting.map(|_| gauge(catalog::DB_POOL_WAITING));
        registry.refresh(move || {
            let state = ask(|| pool.state());
            idle.set(shown(state.map(|state| state.idle)));
            // A pool may change between its two answers.
            in_use.set(shown(
                state.map(|state| state.open.saturating_sub(state.idle)),
            ));
            if let Some(max) = max {
                max.set(shown(state.and_then(|state| state.max)));
            }
            if let Some(waiting) = waiting {
                waiting.set(shown(state.and_then(|state| state.waiting)));
            }
        });
        let times = registry.own(catalog::DB_POOL_ACQUIRE);
        let wait = |outcome| resolve(times, &[name, outcome]);
        Ok(Self(Some(Waits {
            success: wait("success"),
            failure: wait("failure"),
            cancelled: wait("cancelled"),
        })))
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
            which(waits).record(since.nanoseconds(), TraceContext::present());
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

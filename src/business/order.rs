//! An order while it is processed.

use std::time::Duration;

use crate::business::recorder::Recorders;
use crate::metrics::{Histogram, nanoseconds};
use crate::observe::Start;
use crate::trace_context::TraceContext;

/// What became of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderOutcome {
    /// It was accepted.
    Completed,
    /// It was not, for a reason that is the customer's: no money, nothing left of what was wanted.
    Rejected,
    /// It was not, for a reason that is ours.
    Failed,
    /// Nobody waits for it any more.
    Cancelled,
}

impl OrderOutcome {
    /// All outcomes.
    pub const ALL: [Self; 4] = [
        Self::Completed,
        Self::Rejected,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The label value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// An order that is being processed; get it from [`Business::order`](crate::business::Business::order).
///
/// It counts once, in `order_processing_seconds`, with the time since it was made. Dropped without an outcome it is `cancelled`, as when the
/// client goes away and its handler is dropped, and `failed` while the thread panics. A `?` drops it too: see [`settled`](Self::settled).
///
/// ```
/// # async fn pay() -> Result<bool, std::io::Error> { Ok(true) }
/// # async fn handler(business: ecolaura_monitoring::business::Business) -> Result<(), std::io::Error> {
/// let order = business.order();
/// match pay().await {
///     Ok(true) => order.completed(),
///     Ok(false) => order.rejected(),
///     Err(error) => {
///         order.failed();
///         return Err(error);
///     }
/// }
/// # Ok(()) }
/// ```
#[must_use = "dropped without an outcome it is a cancelled one"]
#[derive(Debug)]
pub struct Order(Option<Processing>);

struct Processing {
    recorders: &'static Recorders,
    start: Start,
}

impl Order {
    pub(crate) fn begin(recorders: Option<&'static Recorders>) -> Self {
        let begin = |recorders| Processing {
            recorders,
            start: Start::now(),
        };
        Self(recorders.map(begin))
    }

    /// It was accepted.
    pub fn completed(self) {
        self.end(OrderOutcome::Completed);
    }

    /// It was not accepted, for a reason that is the customer's: no money, nothing left of what was wanted.
    pub fn rejected(self) {
        self.end(OrderOutcome::Rejected);
    }

    /// It was not accepted, for a reason that is ours.
    pub fn failed(self) {
        self.end(OrderOutcome::Failed);
    }

    /// It was accepted if this is `Ok`, and else failed for a reason that is ours.
    ///
    /// ```
    /// # async fn pay() -> Result<(), std::io::Error> { Ok(()) }
    /// # async fn handler(business: ecolaura_monitoring::business::Business) -> Result<(), std::io::Error> {
    /// let order = business.order();
    /// order.settled(pay().await)?; // `pay().await?` alone would drop the order, which is then a cancelled one
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// The one that it was given.
    pub fn settled<T, E>(self, result: Result<T, E>) -> Result<T, E> {
        self.end(match result {
            Ok(_) => OrderOutcome::Completed,
            Err(_) => OrderOutcome::Failed,
        });
        result
    }

    /// It has this outcome.
    pub fn end(mut self, outcome: OrderOutcome) {
        self.record(outcome);
    }

    fn record(&mut self, outcome: OrderOutcome) {
        if let Some(processing) = self.0.take() {
            let nanoseconds = processing.start.nanoseconds();
            processing.recorders.orders.record(outcome, nanoseconds);
        }
    }
}

impl Drop for Order {
    fn drop(&mut self) {
        self.record(match std::thread::panicking() {
            true => OrderOutcome::Failed,
            false => OrderOutcome::Cancelled,
        });
    }
}

impl std::fmt::Debug for Processing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Processing").finish_non_exhaustive()
    }
}

/// How long orders of each outcome took.
pub(crate) struct Orders(pub(crate) [Histogram; OrderOutcome::ALL.len()]);

impl Orders {
    pub(crate) fn took(&self, outcome: OrderOutcome, time: Duration) {
        self.record(outcome, nanoseconds(time));
    }

    fn record(&self, outcome: OrderOutcome, nanoseconds: u64) {
        self.0[outcome as usize].record(nanoseconds, TraceContext::present().as_ref());
    }
}

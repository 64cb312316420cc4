//! Units of work, from their start to exactly one finish: a request and a monitored function.
//!
//! This is the only place that tells the signals what happened. An edge (the tower layer, the attribute) only
//! says what it sees: a head, bytes, an end, a drop.

mod clock;
mod endpoint;
mod families;
#[cfg(feature = "macros")]
mod function;
mod histogram_cache;
#[cfg(feature = "macros")]
mod in_place;
#[cfg_attr(not(feature = "logs"), path = "unlogged.rs")]
mod logged;
#[cfg(feature = "macros")]
mod measured;
mod meter;
#[cfg(feature = "macros")]
mod misuse;
mod objective;
mod outgoing;
#[cfg(feature = "axum")]
mod place;
#[cfg(feature = "logs")]
mod query;
mod request;
#[cfg(feature = "macros")]
pub mod returned;
mod route;
mod scope;
mod traced;

#[cfg(feature = "logs")]
pub(crate) use crate::trace::current::{Entered, Open};
pub(crate) use clock::Start;
pub(crate) use endpoint::Endpoint;
pub use families::MetricNaming;
#[cfg(feature = "macros")]
pub use function::{Call, Registered, Site};
#[cfg(feature = "macros")]
pub use in_place::CallInPlace;
#[cfg(feature = "macros")]
pub use measured::Measured;
pub(crate) use meter::Meter;
pub use objective::Objective;
#[cfg(feature = "reqwest")]
pub(crate) use outgoing::Target;
pub(crate) use outgoing::{End, Outgoing, Peer};
#[cfg(feature = "logs")]
pub(crate) use query::{Queried, QueryOutcome};
pub(crate) use request::{Head, Received, Request};
#[cfg(feature = "testing")]
pub(crate) use scope::outside;
pub(crate) use scope::{name_endpoint, within};

//! Bounded label values: what is not in a small closed set becomes one value.

mod method;
mod transport;
mod value;

pub use method::Method;
pub(crate) use transport::Transport;
pub use value::{LabelSet, LabelValue};

/// `endpoint` of a request that no route matched or named.
pub(crate) const UNMATCHED: &str = "unmatched";

/// Each label's value in the series that takes what a full family refuses.
pub(crate) const OVERFLOW: &str = "_overflow";

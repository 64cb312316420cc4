//! What each signal starts with.

use crate::observe::Meter;
use crate::setup::service::Service;
use crate::setup::variables::Variables;

/// What each signal starts with.
#[allow(dead_code, reason = "which of it is used, features say")]
pub(crate) struct Start<'a> {
    /// Whether it is the monitoring of the process, made by `init`.
    pub(crate) is_global: bool,
    pub(crate) service: &'a Service,
    pub(crate) variables: &'a Variables<'a>,
    pub(crate) meter: &'static Meter,
}

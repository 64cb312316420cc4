//! The values of an event or span of `tracing`, each formatted once, however many layers read them.
//!
//! Formatting a value runs code of the service. It may be slow, work only once, log, or panic. So it runs in one place, while no lock and no
//! borrow of ours is held, and the result stays on the thread until all layers have read it.

mod captured;
#[cfg(feature = "logs")]
mod key_values;
mod reading;
mod visit;

pub(crate) use captured::{Fields, Name, Text, Value};
#[cfg(feature = "logs")]
pub(crate) use key_values::with_key_values;
pub(crate) use reading::{event_begins, of_event, of_record, of_span, skip_record};
#[cfg(feature = "logs")]
pub(crate) use visit::LONGEST;
#[cfg(feature = "traces")]
pub(crate) use visit::keep_at_least;

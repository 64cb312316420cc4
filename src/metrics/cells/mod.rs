//! What is recorded into: integer cells, spread over threads where they are busy, and what a scrape reads of them.

pub(super) mod counter;
pub(super) mod exemplar;
pub(super) mod exemplar_filter;
pub(super) mod gauge;
pub(super) mod histogram;
pub(super) mod layout;
pub(super) mod losses;
pub(super) mod native;
pub(super) mod snapshot;
pub(super) mod stripe;
pub(super) mod timestamp;
pub(super) mod traffic;
pub(super) mod wide;

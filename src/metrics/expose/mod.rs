//! Exposition: what a scrape hands on, family by family, and the formats that it is written in.

pub(super) mod encode;
pub(super) mod filter;
pub(super) mod shown;
pub(super) mod sink;

//! The operations kit of ecolaura-monitoring: what runs beside a service, made from its catalogue so that it cannot name what is not there.
//!
//! The folder `deploy/` holds what this writes; a test compares them.

pub mod prometheus;

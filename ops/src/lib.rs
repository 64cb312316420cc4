//! The operations kit of ecolaura-monitoring: what runs beside a service, made from its catalogue so that it cannot name what is not there.
//!
//! The folder `deploy/` holds what this writes for the shop; a test compares them.

mod alertmanager;
mod answer;
mod blackbox;
mod check;
pub mod elastic;
mod environment;
mod error;
mod expression;
mod family;
mod file;
mod grafana;
mod journey;
mod kit;
mod mail;
mod manifest;
mod names;
mod objective;
mod parts;
mod place;
pub mod prometheus;
mod readme;
mod runbooks;
mod stack;
mod template;
mod threshold;
mod tier;
mod write;
mod yaml;

pub use answer::Answer;
pub use error::Error;
pub use family::Family;
pub use file::File;
pub use journey::{Journey, Step};
pub use kit::Kit;
pub use objective::Slo;
pub use tier::Tier;
pub use write::Written;

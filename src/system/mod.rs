//! What the operating system and the runtime say, read when a scrape asks for it and at no other time.
//!
//! The one exception is how long the runtime lets a task wait, which nobody knows who does not try: see [`lag`].

mod container;
mod disk;
mod file;
mod group;
mod host;
mod known;
mod lag;
mod machine;
mod network;
mod pressure;
mod proc_self;
mod process;
mod runtime;
mod words;

pub(crate) use lag::watch;
pub(crate) use machine::Machine;
pub(crate) use process::Process;
pub(crate) use runtime::Runtime;

#[cfg(test)]
mod fixture;

/// Devices that a family shows, so that a machine of thousands does not flood who stores them.
pub(crate) const MOST_DEVICES: usize = 64;

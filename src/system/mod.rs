//! What the operating system says, read when a scrape asks for it and at no other time.

mod proc_self;
mod process;

pub(crate) use process::Process;

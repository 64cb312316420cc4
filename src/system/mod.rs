//! What the operating system says, read when a scrape asks for it and at no other time.

mod file;
mod proc_self;
mod process;
mod shown;
mod words;

pub(crate) use process::Process;

#[cfg(test)]
mod fixture;

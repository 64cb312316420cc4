//! The panic hook: one redacted record of each panic.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::fmt::Write as _;
use std::io::Write as _;
use std::panic::{self, PanicHookInfo};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::catalog;
use crate::logs::{Logs, Panicked};
use crate::redact;
use crate::setup::monitoring::Monitoring;

/// A panic hook as it is; the standard library says `Box<dyn Fn…>` alone.
type Hook = dyn Fn(&PanicHookInfo<'_>) + Sync + Send + 'static;

/// Printed once where there is no backtrace, as the standard library does.
const NOTE: &str = "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace";

/// Writes a record of each panic to the log from now on. A hook that the service installed before still runs after it; that of the
/// standard library does not, which would print the same to standard error with all that is secret in it.
pub(crate) fn record_panics(logs: &'static Logs) {
    let own = installed();
    panic::set_hook(Box::new(move |info| {
        record(logs, info);
        if let Some(own) = &own {
            own(info);
        }
        if ends_process(info) {
            if let Some(kept) = Monitoring::kept() {
                kept.finish(); // there is no later
            }
        }
    }));
}

/// The hook that the service has installed, if it has.
fn installed() -> Option<Box<Hook>> {
    let hook = take();
    // When one is taken, that of the standard library is in its place: this is it. Two hooks that hold no data are at the same address,
    // so what tells them apart is their code, which a comparison of such pointers looks at too.
    let of_std = take();
    let is_of_std = std::ptr::eq::<Hook>(&*hook, &*of_std);
    (!is_of_std).then_some(hook)
}

/// Both hooks come from here, so that both know their code by the same address.
#[inline(never)]
fn take() -> Box<Hook> {
    panic::take_hook()
}

fn record(logs: &'static Logs, info: &PanicHookInfo<'_>) {
    let thread = thread::current();
    let name = thread.name();
    let message = message(info);
    let location = info.location().map(ToString::to_string);
    let backtrace = Backtrace::capture(); // as RUST_BACKTRACE says
    let is_captured = backtrace.status() == BacktraceStatus::Captured;
    let backtrace = is_captured.then(|| backtrace.to_string());
    let mut headline = format!("thread '{}' panicked", name.unwrap_or("<unnamed>"));
    if let Some(location) = &location {
        let _ = write!(headline, " at {location}");
    }
    let place = info.location().zip(location.as_deref());
    let head = headline.len();
    let _ = write!(headline, ": {message}");
    let panicked = Panicked {
        headline: &headline,
        message,
        thread: name,
        place: place.map(|(place, text)| (place.file(), place.line(), text)),
        backtrace: backtrace.as_deref(),
    };
    let note = backtrace.as_deref().or_else(|| note());
    let is_written = write(logs, &panicked);
    if let Some(note) = note.filter(|_| is_written && logs.is_for_people()) {
        logs.write_for_people(note);
    }
    // Otherwise the console does not show why the process ends.
    if !is_written || !logs.is_stdout {
        let message = redact::text(message);
        let head = redact::text(&headline[..head]);
        let mut text = format!("\n{head}:\n{message}\n");
        if let Some(note) = note {
            let _ = writeln!(text, "{}", redact::text(note));
        }
        let _ = std::io::stderr().write_all(text.as_bytes());
    }
}

/// Writes it to the log, through the subscriber where that hands it to the log: only so it has the fields of the spans around it.
/// Whether the log has it.
fn write(logs: &'static Logs, panicked: &Panicked<'_>) -> bool {
    let is_wanted = logs.takes_panics();
    let is_written = logs.emit_panic(|| event(logs, panicked));
    is_written.unwrap_or_else(|| is_wanted && logs.write_panic(panicked))
}

fn event(logs: &Logs, panicked: &Panicked<'_>) {
    // People read all of it in the first line.
    let is_for_store = !logs.is_for_people();
    let place = panicked.place.filter(|_| is_for_store);
    tracing::error!(
        target: catalog::PANIC,
        {
            "error.type" = is_for_store.then_some(catalog::PANIC),
            "error.message" = is_for_store.then_some(panicked.message),
            "error.stack_trace" = panicked.backtrace.filter(|_| is_for_store),
            "process.thread.name" = panicked.thread.filter(|_| is_for_store),
            "code.file.path" = place.map(|(file, _, _)| file),
            "code.line.number" = place.map(|(_, line, _)| line),
            "panic.location" = place.map(|(_, _, location)| location),
        },
        "{}",
        panicked.headline
    );
}

fn message<'a>(info: &'a PanicHookInfo<'_>) -> &'a str {
    let payload = info.payload();
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("Box<dyn Any>") // as the standard library has it
}

/// Where there is no backtrace: how to get one, the first time.
fn note() -> Option<&'static str> {
    static IS_SAID: AtomicBool = AtomicBool::new(false);
    (!IS_SAID.swap(true, Ordering::Relaxed)).then_some(NOTE)
}

/// Whether the process ends with this panic, so that lines have to be written now. Where `main` panics, the values that it drops see to it.
fn ends_process(info: &PanicHookInfo<'_>) -> bool {
    cfg!(panic = "abort") || cannot_unwind(info)
}

/// A panic of `core` about one that cannot go on, after which it aborts. Whether a panic can unwind is not to be asked in stable Rust.
fn cannot_unwind(info: &PanicHookInfo<'_>) -> bool {
    const MESSAGES: [&str; 2] = [
        "panic in a function that cannot unwind",
        "panic in a destructor during cleanup",
    ];
    let is_of_core = |place: &panic::Location<'_>| place.file().ends_with("panicking.rs");
    info.location().is_some_and(is_of_core) && MESSAGES.contains(&message(info))
}

//! `cargo +nightly fuzz run traceparent`: what is read of any `traceparent` header.
#![no_main]

use ecolaura_monitoring::TraceContext;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some(context) = TraceContext::from_traceparent(data) else {
        return;
    };
    let written = context.traceparent();
    // As it came, but for the version and for flags that nobody knows.
    assert_eq!(written.as_bytes()[2..53], data[2..53]);
    assert_eq!(context.is_sampled(), written.ends_with("-01"));
    assert_ne!(context.trace_id(), "0".repeat(32));
    assert_ne!(context.span_id(), "0".repeat(16));
    assert_eq!(TraceContext::from_traceparent(&written), Some(context));
});

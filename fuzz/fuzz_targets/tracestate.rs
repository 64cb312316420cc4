//! `cargo +nightly fuzz run tracestate`: which `tracestate` headers are handed on.
#![no_main]

use ecolaura_monitoring::__fuzz::hands_on;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if !hands_on(data) {
        return;
    }
    let state = std::str::from_utf8(data).expect("text");
    assert!(state.len() <= 512);
    let members = state
        .split(',')
        .map(|member| member.trim_matches([' ', '\t']));
    let members: Vec<&str> = members.filter(|member| !member.is_empty()).collect();
    assert!((1..=32).contains(&members.len()));
    for member in members {
        let (key, value) = member.split_once('=').expect("a pair");
        assert!(!key.is_empty() && !value.is_empty());
        assert!(!value.contains('=') && !key.contains(' '));
        assert!(hands_on(member.as_bytes()), "{member}");
    }
    // What one of them lacks, all lack.
    assert!(!hands_on(&[data, b",="].concat()));
});

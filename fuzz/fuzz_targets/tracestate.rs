//! `cargo +nightly fuzz run tracestate`: what is passed on of `tracestate` headers.
#![no_main]

use ecolaura_monitoring::__fuzz::passed_on;
use libfuzzer_sys::fuzz_target;

fn members(list: &str) -> Vec<&str> {
    let members = list
        .split(',')
        .map(|member| member.trim_matches([' ', '\t']));
    members.filter(|member| !member.is_empty()).collect()
}

fuzz_target!(|data: &[u8]| {
    let Some(state) = passed_on(data) else {
        return;
    };
    let came = members(std::str::from_utf8(data).expect("text"));
    let state = state.to_str().expect("text");
    assert!(state.len() <= 512);
    assert!((1..=32).contains(&came.len()));
    // Whole members in their order.
    let mut rest = came.iter();
    for member in members(state) {
        assert!(rest.any(|one| *one == member), "{member}");
    }
    for member in came {
        let (key, value) = member.split_once('=').expect("a pair");
        assert!(!key.is_empty() && !value.is_empty());
        assert!(!value.contains('=') && !key.contains(' '));
        assert!(
            member.len() == 513 || passed_on(member.as_bytes()).is_some(),
            "{member}"
        );
    }
    // What one of them lacks, all lack.
    assert!(passed_on(&[data, b",="].concat()).is_none());
});

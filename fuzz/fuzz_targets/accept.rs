//! `cargo +nightly fuzz run accept`: what any `Accept` header is answered with.
#![no_main]

use ecolaura_monitoring::__fuzz::content_type;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let lines = || data.split(|byte| *byte == b'\n');
    let answer = content_type(lines());
    // The first type is the fallback: another one has to be asked for by its name.
    let types = [
        "text/plain; ",
        "application/openmetrics-text; ",
        "application/vnd.google.protobuf; ",
    ];
    assert!(
        types.iter().any(|start| answer.starts_with(start)),
        "{answer}"
    );
    let lower = data.to_ascii_lowercase();
    let has = |text: &str| {
        lower
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    for name in &types[1..] {
        let name = name.trim_end_matches("; ");
        assert!(
            !answer.starts_with(name) || has(name),
            "{answer} was not asked for"
        );
    }

    if data.len() < 15_000 {
        let unknown = b"application/json;q=1".as_slice();
        assert_eq!(content_type([unknown].into_iter().chain(lines())), answer);
        assert_eq!(content_type(lines().chain([unknown])), answer);
        assert_eq!(
            content_type(lines().chain(lines())),
            answer,
            "the same twice"
        );
    }
});

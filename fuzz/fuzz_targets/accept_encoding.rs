//! `cargo +nightly fuzz run accept_encoding`: how any `Accept-Encoding` header has the answer compressed.
#![no_main]

use ecolaura_monitoring::__fuzz::content_encoding;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let lines = || data.split(|byte| *byte == b'\n');
    let answer = content_encoding(lines());
    assert!(matches!(answer, None | Some("gzip" | "zstd")), "{answer:?}");
    if let Some(name) = answer {
        let lower = data.to_ascii_lowercase();
        let named = lower
            .windows(name.len())
            .any(|part| part == name.as_bytes());
        assert!(named || data.contains(&b'*'), "{name} was not asked for");
    }

    if data.len() < 15_000 {
        let unknown = b"br;q=1".as_slice();
        assert_eq!(
            content_encoding([unknown].into_iter().chain(lines())),
            answer
        );
        assert_eq!(content_encoding(lines().chain([unknown])), answer);
        assert_eq!(
            content_encoding(lines().chain(lines())),
            answer,
            "the same twice"
        );
    }
});

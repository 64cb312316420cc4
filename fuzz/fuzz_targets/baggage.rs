//! `cargo +nightly fuzz run baggage`: what is read of any `baggage` header, and what goes on of it.
#![no_main]

use ecolaura_monitoring::Baggage;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let baggage = Baggage::from_header(data);
    let header = baggage.header();
    assert!(baggage.len() <= 64 && header.len() <= 8192);
    assert!(header.is_ascii());
    assert_eq!(Baggage::from_header(header), baggage, "the same again");
    // Whole entries, as they came.
    for entry in header.split(',').filter(|entry| !entry.is_empty()) {
        let entry = entry.as_bytes();
        assert!(data.windows(entry.len()).any(|part| part == entry));
    }
    for (name, value) in baggage.iter() {
        assert_eq!(baggage.get(name).as_ref(), Some(&value));
        let without = baggage.clone().without(name);
        assert_eq!(
            (without.get(name), without.len()),
            (None, baggage.len() - 1)
        );
        // Written anew it may be longer, and find no room.
        let again = without.with(name, &value);
        assert!(again.get(name).is_none_or(|read| read == value));
    }
});

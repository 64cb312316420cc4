//! What compiles without `#[monitor]` compiles with it, and does the same: values, drop order, and auto traits.
//!
//! Every file in `corpus/` is compiled twice from one source, as it is and with the attribute on each `item!`.
#![allow(unused, clippy::all, clippy::unwrap_used)] // The corpus holds unusual code on purpose.

mod harness;

mod attributes;

use std::panic::{AssertUnwindSafe, catch_unwind};

use ecolaura_monitoring::Monitoring;

const FILES: [(&str, &str); 6] = [
    ("values", include_str!("corpus/values.rs")),
    ("generics", include_str!("corpus/generics.rs")),
    ("opaque", include_str!("corpus/opaque.rs")),
    ("methods", include_str!("corpus/methods.rs")),
    ("futures", include_str!("corpus/futures.rs")),
    ("drops", include_str!("corpus/drops.rs")),
];

/// Compiles all files; `item!` is in scope.
macro_rules! all_files {
    () => {
        pub(crate) mod values {
            use crate::corpus::harness::*;
            include!("corpus/values.rs");
        }
        pub(crate) mod generics {
            use crate::corpus::harness::*;
            include!("corpus/generics.rs");
        }
        pub(crate) mod opaque {
            use crate::corpus::harness::*;
            include!("corpus/opaque.rs");
        }
        pub(crate) mod methods {
            use crate::corpus::harness::*;
            include!("corpus/methods.rs");
        }
        pub(crate) mod futures {
            use crate::corpus::harness::*;
            include!("corpus/futures.rs");
        }
        pub(crate) mod drops {
            use crate::corpus::harness::*;
            include!("corpus/drops.rs");
        }
    };
}

mod plain {
    macro_rules! item {
        ($($tokens:tt)*) => { $($tokens)* };
    }
    all_files!();
}

mod measured {
    macro_rules! item {
        ($($tokens:tt)*) => { #[::ecolaura_monitoring::monitor("corpus")] $($tokens)* };
    }
    all_files!();
}

/// Runs a file of the corpus in both forms: the logs are equal, and each item was counted.
fn compare(name: &str, plain: fn(), measured: fn()) {
    let expected = harness::logged(plain);
    let monitoring = Monitoring::builder("test").build().expect("a monitoring");
    let found = monitoring.enter(|| harness::logged(measured));
    for (expected, found) in expected.iter().zip(&found) {
        assert_eq!(found, expected, "{name}");
    }
    assert_eq!(found.len(), expected.len(), "{name}");
    let labels = [("endpoint", "corpus")];
    let calls = monitoring.recorded().value("request_count_total", &labels);
    let items = items(name) as f64;
    assert!(
        calls.is_some_and(|calls| calls >= items),
        "{calls:?} of {items} in {name}"
    );
}

fn items(name: &str) -> usize {
    let (_, text) = FILES
        .iter()
        .find(|(known, _)| *known == name)
        .expect("a file");
    text.matches("item! {").count()
}

#[test]
fn the_corpus_is_large() {
    let all: usize = FILES.iter().map(|(name, _)| items(name)).sum();
    assert!(all >= 150, "{all}");
}

macro_rules! tests {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            compare(stringify!($name), plain::$name::run, measured::$name::run);
        }
    )*};
}

tests!(values generics opaque methods futures drops);

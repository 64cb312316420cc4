//! What the files of the corpus use: a log, values that log their drop, and questions about auto traits.

pub(crate) use std::cell::{Cell, RefCell};
pub(crate) use std::future::Future;
pub(crate) use std::pin::Pin;

pub(crate) use std::panic::{AssertUnwindSafe, catch_unwind};
pub(crate) use support::monitored::{drop_half_way, pause, run as wait};

thread_local! {
    static LOG: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

pub(crate) fn log(line: impl Into<String>) {
    LOG.with_borrow_mut(|log| log.push(line.into()));
}

/// What is logged meanwhile.
pub(crate) fn logged(work: fn()) -> Vec<String> {
    LOG.take();
    work();
    let log = LOG.take();
    assert!(!log.is_empty());
    log
}

/// Logs the expression and its value.
macro_rules! show {
    ($value:expr) => {{
        let value = format!("{:?}", $value);
        crate::corpus::harness::log(format!("{} = {value}", stringify!($value)));
    }};
}

/// Logs the expression, and after it all that is logged while it is evaluated.
macro_rules! step {
    ($value:expr) => {{
        crate::corpus::harness::log(concat!("-- ", stringify!($value)));
        let _ = $value;
        crate::corpus::harness::log("--");
    }};
}

/// Logs which auto traits the value has.
macro_rules! traits {
    ($value:expr) => {
        match $value {
            value => {
                use crate::corpus::harness::*;
                let asked = Asked::of(&value);
                crate::corpus::harness::log(format!(
                    "{}: Send {} Sync {} Unpin {} RefUnwindSafe {}",
                    stringify!($value),
                    asked.is_send(),
                    asked.is_sync(),
                    asked.is_unpin(),
                    asked.is_ref_unwind_safe(),
                ));
            }
        }
    };
}

pub(crate) use {show, step, traits};

pub(crate) struct Asked<T>(std::marker::PhantomData<T>);

impl<T> Asked<T> {
    pub(crate) fn of(_: &T) -> Self {
        Self(std::marker::PhantomData)
    }
}

macro_rules! questions {
    ($($question:ident $trait:path, $fallback:ident;)*) => {$(
        impl<T: $trait> Asked<T> {
            #[allow(dead_code)]
            pub(crate) fn $question(&self) -> bool {
                true
            }
        }
        pub(crate) trait $fallback {
            fn $question(&self) -> bool {
                false
            }
        }
        impl<T> $fallback for Asked<T> {}
    )*};
}

questions! {
    is_send Send, FallbackSend;
    is_sync Sync, FallbackSync;
    is_unpin Unpin, FallbackUnpin;
    is_ref_unwind_safe std::panic::RefUnwindSafe, FallbackRefUnwindSafe;
}

/// Logs its drop.
#[derive(Debug)]
pub(crate) struct Noisy(pub(crate) &'static str);

impl Drop for Noisy {
    fn drop(&mut self) {
        log(format!("drop {}", self.0));
    }
}

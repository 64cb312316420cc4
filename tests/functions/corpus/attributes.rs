//! Other attributes above and below `#[monitor]`, with a `return` in each body.

use std::error::Error;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use tracing::instrument;

use crate::corpus::harness::*;
use ecolaura_monitoring::monitor;
use support::monitored::check;

type Parsed = Result<u8, Box<dyn Error + Send + Sync>>;

/// Functions of each form, below one attribute and above the other.
macro_rules! forms {
    ($name:ident, [$(#[$above:meta])*], [$(#[$below:meta])*]) => {
        mod $name {
            use super::*;

            $(#[$above])* #[monitor("attributes")] $(#[$below])*
            fn sync(s: &str) -> Parsed { if s == "7" { return Ok(7); } Ok(s.parse()?) }

            $(#[$above])* #[monitor("attributes")] $(#[$below])*
            async fn later(s: &str) -> Parsed { pause().await; if s == "7" { return Ok(7); } Ok(s.parse()?) }

            $(#[$above])* #[monitor("attributes")] $(#[$below])*
            async fn patterns((s, _): (&str, u8), [a, ..]: [u8; 2], _: &u8, mut b: u8) -> Parsed { b += 1; pause().await; if s == "7" { return Ok(7 + a - b); } Ok(s.parse()?) }

            pub(super) fn run() {
                for s in ["1", "7", "x"] {
                    show!((sync(s).ok(), wait(later(s)).ok(), wait(patterns((s, 1), [2, 3], &1, 1)).ok()));
                }
            }
        }
    };
}

/// Functions that return a future whose block can be seen.
macro_rules! blocks {
    ($name:ident, [$(#[$above:meta])*], [$(#[$below:meta])*]) => {
        mod $name {
            use super::*;

            $(#[$above])* #[monitor("attributes")] $(#[$below])*
            fn block(s: &str) -> impl Future<Output = Parsed> { let t = s; async move { pause().await; if t == "7" { return Ok(7); } Ok(t.parse()?) } }

            $(#[$above])* #[monitor("attributes")] $(#[$below])*
            fn boxed(s: &str) -> Pin<Box<dyn Future<Output = Parsed> + Send + '_>> { Box::pin(async move { pause().await; if s == "7" { return Ok(7); } Ok(s.parse()?) }) }

            #[async_trait::async_trait]
            trait Parses {
                async fn parse(&self, s: &str) -> Parsed;
                async fn parse_mut(&mut self, s: String) -> Parsed;
            }

            struct Parser(u8);

            #[async_trait::async_trait]
            impl Parses for Parser {
                $(#[$above])* #[monitor("attributes")] $(#[$below])*
                async fn parse(&self, s: &str) -> Parsed { pause().await; if s == "7" { return Ok(self.0); } Ok(s.parse()?) }

                $(#[$above])* #[monitor("attributes")] $(#[$below])*
                async fn parse_mut(&mut self, s: String) -> Parsed { self.0 += 1; pause().await; if s == "7" { return Ok(self.0); } Ok(s.parse()?) }
            }

            pub(super) fn run() {
                for s in ["1", "7", "x"] {
                    show!((wait(block(s)).ok(), wait(boxed(s)).ok(), wait(Parser(7).parse(s)).ok(), wait(Parser(6).parse_mut(s.into())).ok()));
                }
            }
        }
    };
}

forms!(plain, [], []);
forms!(above, [#[instrument]], []);
forms!(above_err, [#[instrument(err)]], []);
forms!(above_ret, [#[instrument(ret, err(Debug), skip_all)]], []);
forms!(below, [], [#[instrument]]);
forms!(below_err, [], [#[instrument(err)]]);
forms!(below_ret, [], [#[instrument(ret, err(Debug), skip_all)]]);
forms!(between, [#[instrument(err)] #[allow(clippy::all)]], [#[allow(unused)] #[instrument(ret)] #[inline]]);
forms!(conditional, [#[cfg_attr(all(), instrument(err))]], [#[cfg_attr(all(), instrument(err))] #[cfg_attr(any(), missing)]]);
forms!(another_monitor, [#[crate::corpus::attributes::other(err)]], [#[crate::corpus::attributes::other(err)]]);

blocks!(plain_blocks, [], []);
blocks!(blocks_above, [#[instrument(skip_all)]], []);
blocks!(blocks_above_err, [#[instrument(skip_all, err)]], []);
blocks!(blocks_above_ret, [#[instrument(skip_all, ret, err)]], []);
blocks!(blocks_below, [], [#[instrument(skip_all)]]);
blocks!(blocks_below_err, [], [#[instrument(skip_all, err)]]);
blocks!(blocks_below_ret, [], [#[instrument(skip_all, ret, err)]]);
blocks!(blocks_below_debug, [], [#[instrument(skip_all, ret(Display), err(Debug))]]);
blocks!(blocks_both, [#[instrument(skip_all, err)]], [#[instrument(skip_all, ret)]]);

use tracing::instrument as other;

// --- fields that name arguments -----------------------------------------------------------------------------------------------

#[monitor("fields")]
#[instrument(skip(state), fields(id = %id, name, kept = state.0))]
async fn fields(
    State(state): State<(u8, Arc<Mutex<u8>>)>,
    Path((id, name)): Path<(u8, String)>,
    _: u8,
) -> Result<String, axum::http::StatusCode> {
    pause().await;
    if id == 0 {
        return Err(axum::http::StatusCode::NOT_FOUND);
    }
    Ok(format!(
        "{name}{}",
        state.1.lock().unwrap_or_else(|e| e.into_inner())
    ))
}

// --- attributes that look at the signature, or change it ----------------------------------------------------------------------

#[monitor("/debugged")]
#[axum::debug_handler]
async fn debugged_below(
    _: State<u8>,
    Path(id): Path<u8>,
    mut _body: String,
) -> Result<String, axum::http::StatusCode> {
    if id == 0 {
        return Err(axum::http::StatusCode::NOT_FOUND);
    }
    Ok(id.to_string())
}

#[axum::debug_handler]
#[monitor("/debugged")]
async fn debugged_above(
    State(_): State<u8>,
    Path((id, _)): Path<(u8, u8)>,
    _: String,
) -> impl axum::response::IntoResponse {
    id.to_string()
}

#[monitor("/debugged")]
#[axum::debug_middleware]
async fn middleware(
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> axum::response::Response {
    next.run(request).await
}

#[monitor("main")]
#[tokio::main(flavor = "current_thread")]
async fn main_below() -> Result<u8, Box<dyn Error>> {
    if tokio::runtime::Handle::try_current().is_err() {
        return Err("no runtime".into());
    }
    tokio::task::yield_now().await;
    Ok("1".parse()?)
}

#[tokio::main(flavor = "current_thread")]
#[monitor("main")]
async fn main_above() -> Result<u8, Box<dyn Error>> {
    if tokio::runtime::Handle::try_current().is_err() {
        return Err("no runtime".into());
    }
    tokio::task::yield_now().await;
    Ok("1".parse()?)
}

#[monitor("test")]
#[tokio::test]
async fn a_test_below() -> Result<(), Box<dyn Error>> {
    if tokio::runtime::Handle::try_current().is_err() {
        return Err("no runtime".into());
    }
    Ok(())
}

#[tokio::test]
#[monitor("test")]
async fn a_test_above() {
    if tokio::runtime::Handle::try_current().is_ok() {
        return;
    }
    panic!("no runtime");
}

#[monitor("test")]
#[test]
fn a_plain_test() -> Result<(), Box<dyn Error>> {
    let _: u8 = "1".parse()?;
    Ok(())
}

#[test]
fn other_attributes_change_nothing() {
    let expected = logged(plain::run);
    let forms = [
        above::run,
        above_err::run,
        above_ret::run,
        below::run,
        below_err::run,
        below_ret::run,
        between::run,
        conditional::run,
        another_monitor::run,
    ];
    for form in forms {
        check("attributes", &[("200", 6), ("500", 3)], || {
            assert_eq!(logged(form), expected)
        });
    }
}

#[test]
fn other_attributes_change_nothing_of_what_returns_a_future() {
    let expected = logged(plain_blocks::run);
    let forms = [
        blocks_above::run,
        blocks_above_err::run,
        blocks_above_ret::run,
        blocks_below::run,
        blocks_below_err::run,
        blocks_below_ret::run,
        blocks_below_debug::run,
        blocks_both::run,
    ];
    for form in forms {
        check("attributes", &[("200", 8), ("500", 4)], || {
            assert_eq!(logged(form), expected)
        });
    }
}

#[test]
fn another_attribute_finds_the_arguments_by_name() {
    let state = (1, Arc::new(Mutex::new(2)));
    let call = |id| wait(fields(State(state.clone()), Path((id, "name".into())), 3)).ok();
    assert_eq!((call(0), call(1)), (None, Some("name2".into())));
}

#[test]
fn handlers_and_mains_keep_their_attributes() {
    assert_eq!(
        wait(debugged_below(State(1), Path(2), "".into())),
        Ok("2".into())
    );
    let _ = wait(debugged_above(State(1), Path((2, 3)), "".into()));
    let _ = axum::middleware::from_fn::<_, ()>(middleware);
    check("main", &[("200", 2)], || {
        assert_eq!((main_below().ok(), main_above().ok()), (Some(1), Some(1)));
    });
}

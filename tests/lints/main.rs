//! A crate that denies all it can still compiles with `#[monitor]` and the derives in it. Nothing runs here: the compiler and clippy
//! are the test.
#![forbid(unsafe_code)]
#![deny(warnings, missing_docs, future_incompatible, rust_2018_idioms)]
#![deny(single_use_lifetimes, tail_expr_drop_order, unused_qualifications)]
#![deny(trivial_casts, unreachable_pub, unused_lifetimes, unused_results)]
#![deny(clippy::all, clippy::pedantic, clippy::nursery)]
#![deny(clippy::absolute_paths, clippy::allow_attributes)]
#![deny(clippy::arithmetic_side_effects, clippy::as_conversions)]
#![deny(clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![deny(clippy::implicit_return, clippy::min_ident_chars)]
#![deny(clippy::let_underscore_must_use, clippy::let_underscore_untyped)]
#![deny(clippy::missing_docs_in_private_items, clippy::unwrap_used)]
#![deny(clippy::pattern_type_mismatch, clippy::shadow_same)]
#![deny(clippy::shadow_reuse, clippy::shadow_unrelated)]
#![allow(clippy::needless_return, reason = "`implicit_return` asks for it")]

use core::future::{Future, ready};
use core::num::ParseIntError;
use core::pin::Pin;

use ecolaura_monitoring::metrics::{LabelSet, LabelValue};
use ecolaura_monitoring::monitor;

/// A label.
#[derive(Clone, Copy, Debug, LabelValue)]
enum Plan {
    /// Small.
    Seedling,
    /// Big.
    #[label(name = "forest")]
    Forest,
}

/// Two labels.
#[derive(Clone, Copy, Debug, LabelSet)]
struct Packed {
    /// Which.
    plan: Plan,
    /// Whether it is a gift.
    gift: bool,
}

/// Has methods.
#[derive(Clone, Copy, Debug)]
struct Shelf {
    /// How many.
    count: u32,
}

impl Shelf {
    /// A method.
    #[monitor("shelf")]
    async fn twice(&self, other: &Self) -> u32 {
        pause(other.count).await;
        return self.count.saturating_mul(2);
    }
}

/// Waits.
async fn pause(count: u32) {
    let _: u32 = ready(count).await;
}

/// Sync, with items after its first statement's place.
#[monitor("sync", method = "POST", slo(latency = "1s", target = 99))]
fn sync(text: &str) -> Result<u32, ParseIntError> {
    /// Doubles.
    const fn double(count: u32) -> u32 {
        return count.saturating_mul(2);
    }
    return Ok(double(text.parse()?));
}

/// Returns nothing.
#[monitor("nothing")]
fn nothing() {}

/// Returns nothing, later.
#[monitor("/nothing")]
async fn nothing_later(count: u32) {
    /// Begins.
    const START: u32 = 1;
    pause(START.saturating_add(count)).await;
}

/// Generic.
#[monitor("/generic")]
async fn generic<Value: Sync>(value: &Value) -> Option<&Value> {
    pause(1).await;
    return Some(value);
}

/// Takes arguments of every kind.
#[monitor("arguments")]
fn arguments(
    (first, _): (u32, u32),
    mut second: Vec<u32>,
    _third: &str,
    _: Vec<u32>,
    #[expect(unused_variables, reason = "on purpose")] fourth: u32,
) -> Vec<u32> {
    second.push(first);
    return second;
}

/// The same, later.
#[monitor("arguments")]
async fn arguments_later(_first: Vec<u32>, second: Vec<u32>, _: Vec<u32>) -> Vec<u32> {
    pause(1).await;
    return second;
}

/// Returns a closure.
#[monitor("closure")]
fn closure(count: u32) -> impl Fn(&str) -> Option<u32> {
    return move |text| return count.checked_add(text.parse().ok()?);
}

/// Boxed.
#[monitor("boxed")]
fn boxed(count: &u32) -> Pin<Box<dyn Future<Output = u32> + Send + '_>> {
    return other(*count);
}

/// Made by hand.
#[monitor("other")]
fn other<'any>(count: u32) -> Pin<Box<dyn Future<Output = u32> + Send + 'any>> {
    return Box::pin(async move {
        pause(count).await;
        return count;
    });
}

#[test]
fn a_strict_crate_compiles() {
    let shelf = Shelf { count: 1 };
    drop(shelf.twice(&shelf));
    assert_eq!(sync("2"), Ok(4), "a number");
    nothing();
    assert_eq!(arguments((1, 2), vec![], "", vec![], 3), [1], "the first");
    drop(arguments_later(vec![], vec![], vec![]));
    assert_eq!(closure(1)("2"), Some(3), "the sum");
    drop(nothing_later(1));
    drop(generic(&1));
    drop(boxed(&1));
    drop(other(1));
    let packed = Packed {
        plan: Plan::Forest,
        gift: true,
    };
    assert_eq!(packed.index(), 3, "the last of four");
    assert_eq!(Plan::Seedling.index(), 0, "the first of two");
}

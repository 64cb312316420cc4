//! What must hold in every order in which threads can meet. `tests/models.rs` runs them.

pub mod exemplars;
pub mod registration;
pub mod sums;

/// Tries all orders with at most three switches that no thread asked for.
fn check(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

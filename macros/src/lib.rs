//! The attribute `#[monitor]` and the derives for label types of the crate `ecolaura-monitoring`, which re-exports them.
//!
//! Each entry runs the same three steps, kept apart: parse (what was written), check (what it means), expand (what becomes of it).

use proc_macro::TokenStream;

mod args;
mod arguments;
mod check;
mod endpoint;
mod expand;
mod item;
mod label;
mod options;
mod output;
mod shape;

/// Measures the function it stands on: how often it was called, how it ended, how long it took.
///
/// ```ignore
/// #[monitor("/api/v1/products")]
/// async fn get_products() -> &'static str {
///     "[]"
/// }
/// ```
///
/// # What appears
///
/// ```text
/// request_count_total{method="GET",endpoint="/api/v1/products",http_status="200"} 1
/// request_latency_seconds_count{endpoint="/api/v1/products"} 1
/// ```
///
/// An endpoint that is called for a request under the layer counts with the method of the request and the status that the client
/// got. Otherwise the method is that of the option, else `GET` for an endpoint and `_OTHER` for another function; and the status is
/// what the value tells: a `StatusCode`, a `Response`, a tuple that starts with one, or any type that implements `HttpStatus`, also
/// as either side of a `Result`; any other `Err` is 500 and everything else is 200.
///
/// # The first argument
///
/// A text that starts with `/` is an endpoint: the route as the router has it, such as `"/api/v1/boxes/{id}"`. Any other text names
/// a function that is no endpoint, such as `"pack_box"`.
///
/// # Options
///
/// - `method = "POST"`: the method to count under where no request tells it. One of the nine standard methods.
/// - `slo(latency = "250ms", target = 99.9)`: the objective of this function, listed by `Objective::all()`. `target` is the
///   percentage of calls that have to succeed, and with a `latency` (`ns`, `us`, `ms`, `s`, `m`) have to do so in time.
/// - `crate = some::path`: where the crate `ecolaura_monitoring` is found, for crates that re-export or rename it.
///
/// # What it stands on
///
/// `async` and sync functions, methods, generics, `impl Trait`, `unsafe` and `extern` functions. A function that returns a boxed
/// future or an `impl Future` (so also one under `#[async_trait]`) is measured while its future runs, not while it is made; this
/// is seen from the return type (`Pin<Box<dyn Future…>>`, `BoxFuture`, `impl Future`), or from a body that ends in
/// `Box::pin(async …)` or in an `async` block. An `impl Future` with traits other than `Send`, `Sync` and `Unpin` is measured while
/// it is made. Types, documentation, attributes and auto traits (`Send`, `Sync`, `Unpin`) stay as written.
///
/// # When it counts
///
/// Each call that began to run counts once: finished, left early, panicked (500) or dropped before its end (499). A future that was
/// never polled did not run and does not count.
///
/// Arguments are dropped in the order of the language, as without the attribute, and the run time includes this.
///
/// # Other attributes
///
/// `#[monitor]` works above and below `#[tracing::instrument]`, `#[axum::debug_handler]`, `#[tokio::main]` and the like. If an
/// attribute that is not one of the compiler's follows, arguments keep their names for it. Then the parts of an argument that its
/// pattern does not bind (`_`, `..`) are dropped after the end of the call.
///
/// # What it counts as
///
/// Under the layer, an endpoint has the request's method and the status that the client got. A named function has the request's
/// method too, but the status of its own value, since a handler may well answer 200 after it failed: that of a type which
/// implements `HttpStatus` (`StatusCode`, `Response`, a tuple that starts with one, your own error type), else 500 for `Err` and
/// 200 for everything else. So has an endpoint outside of the layer; its method is then `method`, or GET. An endpoint that is dropped
/// before its end counts as 499, also where a timeout inside the layer dropped it and the client got 504.
///
/// # What is not measured
///
/// A `const fn` cannot be: it may run in the compiler. In a sync function marked `#[track_caller]`, `Location::caller()` answers with a
/// place inside that function.
#[proc_macro_attribute]
pub fn monitor(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::monitor(args.into(), item.into()).into()
}

/// Makes an enum without fields a label's value: each variant is one text, by default its name in `snake_case`.
///
/// ```ignore
/// #[derive(Clone, Copy, LabelValue)]
/// enum Plan {
///     Seedling,                       // "seedling"
///     #[label(name = "full-forest")]
///     Forest,                         // "full-forest"
/// }
/// ```
///
/// `#[label(crate = some::path)]` on the enum tells where the crate `ecolaura_monitoring` is found.
#[proc_macro_derive(LabelValue, attributes(label))]
pub fn label_value(input: TokenStream) -> TokenStream {
    label::value::derive(input.into()).into()
}

/// Makes a struct of label values the labels of a metric: each field is one label, by default named as the field.
///
/// ```ignore
/// #[derive(Clone, Copy, LabelSet)]
/// struct Packed {
///     plan: Plan,                     // plan="…"
///     #[label(name = "type")]
///     kind: Kind,                     // type="…"
/// }
/// ```
///
/// `#[label(crate = some::path)]` on the struct tells where the crate `ecolaura_monitoring` is found.
#[proc_macro_derive(LabelSet, attributes(label))]
pub fn label_set(input: TokenStream) -> TokenStream {
    label::set::derive(input.into()).into()
}

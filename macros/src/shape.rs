//! How a function does its work: at once, or in a future, and which one.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::parse::Parser as _;
use syn::{Block, Expr, ExprAsync, ExprCall, Pat, Stmt, Type};

use crate::item::Function;
use crate::output::{self, Future};

/// The forms of functions that are measured in different ways.
pub(crate) enum Shape {
    /// `fn f() -> T { … }`: while it runs.
    Sync(Type),
    /// `async fn f() -> T { … }`: while its future runs.
    Async(Type),
    /// `-> !`: it ends in no other way than by panic or drop.
    Endless,
    /// The value is a closure: while the function runs. The body stays in place.
    Closure,
    /// `async fn f() -> impl Fn(…) { …; |…| … }`: while its future runs, up to the closure. The body stays in place.
    AsyncClosure { before: Vec<Stmt>, closure: Stmt },
    /// The body ends in an `async` block: while that runs.
    Block(AsyncTail),
    /// The body makes a future in another way: while that runs.
    Future { made: Type, future: Future },
}

impl Shape {
    /// Whether the body moves into a block that has to capture the arguments.
    pub(crate) fn captures_arguments(&self) -> bool {
        matches!(
            self,
            Shape::Sync(_) | Shape::Async(_) | Shape::Future { .. }
        )
    }
}

/// Input: `…; Box::pin(async move { … })` or `…; async move { … }`
pub(crate) struct AsyncTail {
    /// The statements before it.
    pub(crate) before: Vec<Stmt>,
    /// `Box::pin`
    pub(crate) wrapper: Option<Expr>,
    pub(crate) block: ExprAsync,
    /// What it resolves to, where that is written.
    pub(crate) output: Output,
}

/// What an `async` block resolves to.
pub(crate) enum Output {
    Written(Box<Type>),
    /// The return type may be an alias of a boxed future.
    Alias,
    Unknown,
}

/// Decides how `function` is measured.
pub(crate) fn of(function: &Function) -> Shape {
    let returned = output::returned(&function.signature.output);
    if matches!(returned, Type::Never(_)) {
        return Shape::Endless;
    }
    let body = Block::parse_within.parse2(function.body.tokens.clone());
    let body = body.unwrap_or_default();
    if function.signature.asyncness.is_some() {
        return match async_closure(&returned, body) {
            Some((before, closure)) => Shape::AsyncClosure { before, closure },
            None => Shape::Async(output::nameable(returned)),
        };
    }
    let future = output::future(&returned);
    if is_closure(&returned, &body) {
        return Shape::Closure;
    }
    let tail = async_tail(body);
    match (tail, future) {
        (Some((before, wrapper, block)), future)
            if future.is_none() || !before.iter().any(leaves_early) =>
        {
            let output = match future.map(|future| future.output) {
                Some(Some(output)) => Output::Written(Box::new(output::nameable(output))),
                None if output::may_be_alias(&returned) => Output::Alias,
                _ => Output::Unknown,
            };
            Shape::Block(AsyncTail {
                before,
                wrapper,
                block,
                output,
            })
        }
        (_, Some(future)) => Shape::Future {
            made: output::nameable(returned),
            future,
        },
        (_, None) => Shape::Sync(output::nameable(returned)),
    }
}

/// Whether the function returns a closure, as far as its tokens show.
///
/// The compiler infers the types of the closure's arguments from the return type of the function that directly contains it.
fn is_closure(returned: &Type, body: &[Stmt]) -> bool {
    match returned {
        Type::Group(inner) => is_closure(&inner.elem, body),
        Type::Paren(inner) => is_closure(&inner.elem, body),
        Type::ImplTrait(opaque) if output::is_callable(opaque) => true,
        Type::ImplTrait(_) => matches!(last(body), Some(Expr::Closure(_))),
        // The first element of a tuple decides on the status.
        Type::Tuple(parts) => match (parts.elems.first(), last(body)) {
            (Some(Type::ImplTrait(opaque)), _) if output::is_callable(opaque) => true,
            (_, Some(Expr::Tuple(tail))) => {
                matches!(tail.elems.first(), Some(Expr::Closure(_)))
            }
            _ => false,
        },
        _ => false,
    }
}

/// Input: `…; |a| …`, where the type of an argument has to be inferred.
fn async_closure(returned: &Type, mut body: Vec<Stmt>) -> Option<(Vec<Stmt>, Stmt)> {
    match last(&body)? {
        Expr::Closure(closure) if closure.inputs.iter().any(is_inferred) => {}
        _ => return None,
    }
    let closure = body.pop()?;
    let is_whole = is_closure(returned, std::slice::from_ref(&closure));
    (is_whole && !body.iter().any(leaves_early)).then_some((body, closure))
}

fn is_inferred(argument: &Pat) -> bool {
    !matches!(argument, Pat::Type(_))
}

/// The expression at the end of the body.
fn last(body: &[Stmt]) -> Option<&Expr> {
    let Some(Stmt::Expr(last, _)) = body.last() else {
        return None;
    };
    inner(last)
}

fn inner(expression: &Expr) -> Option<&Expr> {
    match expression {
        Expr::Block(block) => last(&block.block.stmts),
        Expr::Unsafe(block) => last(&block.block.stmts),
        Expr::Return(returned) => inner(returned.expr.as_deref()?),
        Expr::Paren(inside) => inner(&inside.expr),
        other => Some(other),
    }
}

fn async_tail(mut before: Vec<Stmt>) -> Option<(Vec<Stmt>, Option<Expr>, ExprAsync)> {
    match before.pop()? {
        Stmt::Expr(Expr::Async(block), None) if block.attrs.is_empty() => {
            Some((before, None, block))
        }
        Stmt::Expr(Expr::Call(call), None) => {
            let (wrapper, block) = box_pin(call)?;
            Some((before, Some(wrapper), block))
        }
        _ => None,
    }
}

/// Input: `Box::pin(async move { … })`. Output: `Box::pin` and the block.
fn box_pin(call: ExprCall) -> Option<(Expr, ExprAsync)> {
    let Expr::Path(called) = &*call.func else {
        return None;
    };
    let mut names = called.path.segments.iter().rev();
    if names.next()?.ident != "pin" || names.next()?.ident != "Box" || call.args.len() != 1 {
        return None;
    }
    match call.args.into_iter().next()? {
        Expr::Async(block) if block.attrs.is_empty() => Some((*call.func, block)),
        _ => None,
    }
}

/// Whether `return` stands anywhere in it. One that belongs to a closure is taken for one of the function: that costs speed only.
fn leaves_early(statement: &Stmt) -> bool {
    fn holds_return(tokens: TokenStream) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Ident(word) => word == "return",
            TokenTree::Group(group) => holds_return(group.stream()),
            _ => false,
        })
    }
    holds_return(statement.to_token_stream())
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;
    use crate::item;

    fn shape(function: TokenStream) -> &'static str {
        match of(&item::parse(function).expect("a function")) {
            Shape::Sync(_) => "sync",
            Shape::Async(_) => "async",
            Shape::Endless => "endless",
            Shape::Closure => "closure",
            Shape::AsyncClosure { .. } => "async closure",
            Shape::Block(tail) if tail.wrapper.is_some() => "boxed block",
            Shape::Block(_) => "block",
            Shape::Future { future, .. } if future.boxed => "boxed future",
            Shape::Future { .. } => "future",
        }
    }

    #[test]
    fn plain_functions_run_at_once_or_in_their_future() {
        assert_eq!(
            shape(quote!(
                fn f() {}
            )),
            "sync"
        );
        assert_eq!(
            shape(quote!(
                async fn f() -> impl Future<Output = u8> {
                    async { 1 }
                }
            )),
            "async"
        );
        assert_eq!(
            shape(quote!(
                unsafe extern "C" fn f() -> u8 {
                    1
                }
            )),
            "sync"
        );
        assert_eq!(
            shape(quote!(
                fn f() -> Pin<Box<dyn Stream>> {
                    Box::pin(s())
                }
            )),
            "sync"
        );
        assert_eq!(
            shape(quote!(
                fn f() -> ! {
                    loop {}
                }
            )),
            "endless"
        );
        assert_eq!(
            shape(quote!(
                async fn f() -> ! {
                    loop {}
                }
            )),
            "endless"
        );
    }

    #[test]
    fn a_closure_that_is_returned_stays_in_place() {
        let cases = [
            (
                quote!(
                    fn f() -> impl Fn(&str) -> usize {
                        g()
                    }
                ),
                "closure",
            ),
            (
                quote!(
                    fn f() -> impl Own {
                        |s| s.len()
                    }
                ),
                "closure",
            ),
            (
                quote!(
                    fn f() -> (impl Fn(&str), u8) {
                        (|s| g(s), 1)
                    }
                ),
                "closure",
            ),
            (
                quote!(
                    fn f() -> (StatusCode, impl Fn(u8)) {
                        (s, |_: u8| {})
                    }
                ),
                "sync",
            ),
            (
                quote!(
                    fn f() -> Box<dyn Fn(u8)> {
                        Box::new(|_| {})
                    }
                ),
                "sync",
            ),
            (
                quote!(
                    async fn f() -> impl Fn(&str) {
                        a;
                        return |s| g(s);
                    }
                ),
                "async closure",
            ),
            (
                quote!(
                    async fn f() -> impl Fn(&str) {
                        a;
                        |s: &str| g(s)
                    }
                ),
                "async",
            ),
            (
                quote!(
                    async fn f() -> impl Fn(&str) {
                        if a {
                            return b;
                        }
                        |s| g(s)
                    }
                ),
                "async",
            ),
            (
                quote!(
                    async fn f() -> Box<dyn Fn(u8)> {
                        |s| g(s)
                    }
                ),
                "async",
            ),
        ];
        for (function, expected) in cases {
            assert_eq!(shape(function.clone()), expected, "{function}");
        }
    }

    #[test]
    fn a_last_async_block_is_what_runs() {
        let boxed = quote!(Pin<Box<dyn Future<Output = u8>>>);
        assert_eq!(
            shape(quote!(fn f() -> #boxed { let a = 1; Box::pin(async move { a }) })),
            "boxed block"
        );
        assert_eq!(
            shape(quote!(fn f() -> #boxed { ::std::boxed::Box::pin(async { return 1 }) })),
            "boxed block"
        );
        assert_eq!(
            shape(quote!(
                fn f() -> Alias {
                    Box::pin(async { 1 })
                }
            )),
            "boxed block"
        );
        assert_eq!(
            shape(quote!(
                fn f() -> impl Future<Output = u8> {
                    async { 1 }
                }
            )),
            "block"
        );
    }

    #[test]
    fn another_future_is_measured_from_outside() {
        let boxed = quote!(Pin<Box<dyn Future<Output = u8>>>);
        assert_eq!(shape(quote!(fn f() -> #boxed { g() })), "boxed future");
        assert_eq!(
            shape(quote!(fn f() -> #boxed { Box::pin(g()) })),
            "boxed future"
        );
        assert_eq!(
            shape(quote!(fn f() -> #boxed { if a { return g(); } Box::pin(async { 1 }) })),
            "boxed future"
        );
        assert_eq!(
            shape(quote!(
                fn f() -> BoxFuture<'static, u8> {
                    async { 1 }.boxed()
                }
            )),
            "boxed future"
        );
        assert_eq!(
            shape(quote!(
                fn f() -> impl Future<Output = u8> + Send {
                    g()
                }
            )),
            "future"
        );
        assert_eq!(
            shape(quote!(
                fn f() -> impl Future<Output = u8> {
                    if a {
                        return g(1);
                    }
                    g(2)
                }
            )),
            "future"
        );
    }
}

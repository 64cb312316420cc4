//! Captures the arguments of a function in the measured block, so that they are dropped in the language's order.
//!
//! A function drops its local variables, then its arguments, last to first. A closure drops its captured variables in the order of
//! their first use. The generated block therefore uses every argument as a whole before the body, last to first:
//!
//! ```text
//! fn f(&self, a: A, (b, c): (B, C)) { body }      let _ = &c; let _ = &b; let _ = &a; let _ = &self; { body }
//! ```
//!
//! This does not work for a pattern that leaves part of its value unbound. It must not be done for a variable that the body does
//! not use: the compiler would no longer warn. Such an argument and all arguments after it are renamed in the signature, and
//! bound to their patterns in the block, first to last. `_` and an unused `_a` are renamed and captured:
//!
//! ```text
//! fn f(_: A, (b, _): (B, C), d: D)                fn f(arg0: A, arg1: (B, C), arg2: D)
//! { body }                                        let _ = &arg0; let arg1 = arg1; let (b, _) = arg1; let d = arg2; { body }
//! ```
//!
//! Arguments keep their names if another attribute follows, because it may refer to them (`#[instrument(skip(a))]`). In that case
//! unbound parts are dropped after the measurement.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, format_ident, quote_spanned};
use syn::{Attribute, FnArg, Pat, PatIdent, PatType, Signature, Type};

use crate::item::Function;

/// The arguments of a function, and how the measured block captures them.
pub(crate) struct Arguments {
    /// The signature, with renamed arguments.
    pub(crate) signature: Signature,
    /// The statements that capture the arguments.
    pub(crate) captures: TokenStream,
}

/// Decides how the arguments of `function` are captured.
pub(crate) fn of(function: &Function) -> Arguments {
    let mut signature = function.signature.clone();
    let may_rename = function.attributes.iter().all(is_inert);
    let mut captures = Vec::new();
    let mut bound = TokenStream::new();
    for (index, argument) in signature.inputs.iter_mut().enumerate() {
        match argument {
            FnArg::Receiver(receiver) => {
                let this = Ident::new("self", receiver.self_token.span);
                captures.push(capture(&this, &[]));
            }
            FnArg::Typed(typed) => {
                let bindings = Bindings::of(&typed.pat, &function.body.tokens);
                let is_reference = matches!(*typed.ty, Type::Reference(_));
                match bindings.way {
                    // Dropping a reference has no effect.
                    Way::Ignore if may_rename && is_reference => {}
                    Way::Ignore if may_rename && bound.is_empty() => {
                        let renamed = rename(typed, index);
                        captures.push(capture(&renamed.name, &typed.attrs));
                    }
                    Way::Ignore if may_rename => bound.extend(rename(typed, index).whole()),
                    way if may_rename && (matches!(way, Way::Bind) || !bound.is_empty()) => {
                        bound.extend(rename(typed, index).parts());
                    }
                    _ => {
                        let names = bindings.names.iter();
                        captures.extend(names.map(|name| capture(name, &typed.attrs)));
                    }
                }
            }
        }
    }
    captures.reverse();
    captures.push(bound);
    Arguments {
        signature,
        captures: captures.into_iter().collect(),
    }
}

/// Output: `let _ = &name;`
fn capture(name: &Ident, attributes: &[Attribute]) -> TokenStream {
    let conditions = attributes
        .iter()
        .filter(|attribute| is_condition(attribute));
    quote_spanned!(Span::mixed_site()=> #(#conditions)* let _ = &#name;)
}

/// An argument with another name.
struct Renamed {
    name: Ident,
    pattern: Pat,
    conditions: Vec<Attribute>,
    lint_levels: Vec<Attribute>,
}

/// Renames an argument. Its lint levels move to its pattern, its conditions belong to both.
fn rename(typed: &mut PatType, index: usize) -> Renamed {
    let name = hygienic_name(&typed.pat, index);
    let pattern = std::mem::replace(&mut *typed.pat, Pat::Verbatim(name.to_token_stream()));
    let (lint_levels, attributes): (Vec<_>, Vec<_>) = std::mem::take(&mut typed.attrs)
        .into_iter()
        .partition(is_lint_level);
    typed.attrs = attributes;
    Renamed {
        name,
        pattern,
        conditions: typed
            .attrs
            .iter()
            .filter(|one| is_condition(one))
            .cloned()
            .collect(),
        lint_levels,
    }
}

/// A name that the body does not see. The documentation shows it: that of a variable stays the same.
fn hygienic_name(pattern: &Pat, index: usize) -> Ident {
    match pattern {
        Pat::Ident(variable) if is_plain(variable) => {
            let mut name = variable.ident.clone();
            name.set_span(name.span().resolved_at(Span::mixed_site()));
            name
        }
        _ => format_ident!("argument_{index}", span = Span::mixed_site()),
    }
}

impl Renamed {
    /// Output: `let arg = arg;`
    fn whole(&self) -> TokenStream {
        let Self {
            name, conditions, ..
        } = self;
        quote_spanned!(Span::mixed_site()=> #(#conditions)* let #name = #name;)
    }

    /// Output: `let arg = arg; let pattern = arg;`, or `let a = arg;` for a variable
    fn parts(&self) -> TokenStream {
        let Self {
            name,
            pattern,
            conditions,
            lint_levels,
        } = self;
        let whole = match pattern {
            Pat::Ident(variable) if is_plain(variable) => None,
            _ => Some(self.whole()),
        };
        quote_spanned! {Span::mixed_site()=>
            #whole #(#conditions)* #(#lint_levels)* let #pattern = #name;
        }
    }
}

/// How an argument gets into the block.
enum Way {
    /// Its variables are captured.
    Capture,
    /// The body does not see it: it is captured as a whole.
    Ignore,
    /// It is bound to its pattern.
    Bind,
}

/// The variables of a pattern.
struct Bindings {
    names: Vec<Ident>,
    way: Way,
}

impl Bindings {
    fn of(pattern: &Pat, body: &TokenStream) -> Self {
        let (mut names, mut is_complete) = (Vec::new(), true);
        collect(pattern, &mut names, &mut is_complete);
        let is_used = |name: &Ident| contains(&name.to_string(), body.clone());
        let way = match pattern {
            Pat::Wild(_) => Way::Ignore,
            Pat::Ident(variable)
                if is_plain(variable)
                    && variable.ident.to_string().starts_with('_')
                    && !is_used(&variable.ident) =>
            {
                Way::Ignore
            }
            _ if is_complete && names.iter().all(is_used) => Way::Capture,
            _ => Way::Bind,
        };
        Self { names, way }
    }
}

/// Collects the variables of a pattern, and whether every part of the value is moved into one.
fn collect(pattern: &Pat, names: &mut Vec<Ident>, is_complete: &mut bool) {
    let mut all = |parts: &mut dyn Iterator<Item = &Pat>| {
        parts.for_each(|part| collect(part, names, is_complete));
    };
    match pattern {
        Pat::Paren(inner) => collect(&inner.pat, names, is_complete),
        Pat::Tuple(inner) => all(&mut inner.elems.iter()),
        Pat::TupleStruct(inner) => all(&mut inner.elems.iter()),
        Pat::Slice(inner) => all(&mut inner.elems.iter()),
        Pat::Struct(inner) => {
            all(&mut inner.fields.iter().map(|field| &*field.pat));
            *is_complete &= inner.rest.is_none();
        }
        Pat::Ident(variable) => {
            names.push(variable.ident.clone());
            *is_complete &= is_plain(variable);
            if let Some((_, inner)) = &variable.subpat {
                collect(inner, names, is_complete);
            }
        }
        Pat::Reference(inner) => {
            collect(&inner.pat, names, is_complete);
            *is_complete = false;
        }
        _ => *is_complete = false,
    }
}

/// Whether it is `a` or `mut a`, neither `ref a` nor `a @ pattern`.
fn is_plain(variable: &PatIdent) -> bool {
    variable.by_ref.is_none() && variable.subpat.is_none()
}

/// Whether a name is in these tokens, also in a format string such as `"{name}"`.
fn contains(name: &str, tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(word) => word == name,
        TokenTree::Literal(literal) => literal.to_string().contains(name),
        TokenTree::Group(group) => contains(name, group.stream()),
        TokenTree::Punct(_) => false,
    })
}

fn is_condition(attribute: &Attribute) -> bool {
    let path = attribute.path();
    path.is_ident("cfg") || path.is_ident("cfg_attr")
}

fn is_lint_level(attribute: &Attribute) -> bool {
    let levels = ["allow", "deny", "expect", "forbid", "warn"];
    levels.iter().any(|level| attribute.path().is_ident(level))
}

/// Whether an attribute is one of the compiler's own that does not look at arguments.
fn is_inert(attribute: &Attribute) -> bool {
    let known = [
        "cfg",
        "cold",
        "deprecated",
        "doc",
        "export_name",
        "inline",
        "link_section",
        "must_use",
        "no_mangle",
        "target_feature",
        "track_caller",
        "unsafe",
    ];
    let path = attribute.path();
    let is_tool = |name| {
        path.segments
            .first()
            .is_some_and(|first| first.ident == name)
    };
    is_lint_level(attribute)
        || known.iter().any(|name| path.is_ident(name))
        || ["clippy", "diagnostic", "rustfmt"].into_iter().any(is_tool)
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;
    use crate::item;

    #[track_caller]
    fn check(function: TokenStream, inputs: TokenStream, captures: TokenStream) {
        let found = of(&item::parse(function).expect("a function"));
        let found_inputs = found.signature.inputs.to_token_stream();
        assert_eq!(found_inputs.to_string(), inputs.to_string());
        assert_eq!(found.captures.to_string(), captures.to_string());
    }

    #[test]
    fn arguments_are_captured_last_to_first() {
        check(
            quote! {
                fn f(&self, a: A, (b, mut c): (B, C), _d: D) { a; b; format!("{c}"); _d }
            },
            quote!(&self, a: A, (b, mut c): (B, C), _d: D),
            quote!(let _ = &_d; let _ = &c; let _ = &b; let _ = &a; let _ = &self;),
        );
        check(
            quote!(
                fn f() {}
            ),
            quote!(),
            quote!(),
        );
        check(
            quote!(
                fn f(#[cfg(x)] a: A, _: &B) {
                    a
                }
            ),
            quote!(#[cfg(x)] a: A, _: &B),
            quote!(#[cfg(x)] let _ = &a;),
        );
    }

    #[test]
    fn an_argument_without_a_used_name_is_renamed() {
        check(
            quote!(
                fn f(_: A, #[cfg(x)] _b: B, c: C) {
                    c
                }
            ),
            quote!(argument_0: A, #[cfg(x)] _b: B, c: C),
            quote! {
                let _ = &c;
                #[cfg(x)] let _ = &_b;
                let _ = &argument_0;
            },
        );
    }

    #[test]
    fn an_argument_that_is_not_bound_completely_is_renamed() {
        check(
            quote!(
                fn f(a: A, (b, _): (B, C), #[allow(unused)] mut d: D, _: E) {
                    a;
                    b
                }
            ),
            quote! {
                a: A,
                argument_1: (B, C),
                d: D,
                argument_3: E
            },
            quote! {
                let _ = &a;
                let argument_1 = argument_1;
                let (b, _) = argument_1;
                #[allow(unused)] let mut d = d;
                let argument_3 = argument_3;
            },
        );
        check(
            quote!(
                fn f(unused: A) {}
            ),
            quote!(unused: A),
            quote!(let unused = unused;),
        );
    }

    #[test]
    fn arguments_keep_their_names_for_an_attribute_that_follows() {
        check(
            quote! {
                #[doc = "d"]
                #[instrument(skip(unused))]
                fn f((a, _): A, unused: B, _: C, _d: D) { a }
            },
            quote!((a, _): A, unused: B, _: C, _d: D),
            quote!(let _ = &_d; let _ = &unused; let _ = &a;),
        );
    }
}

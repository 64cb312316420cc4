//! What a function returns, as far as its signature shows it.

use syn::{
    GenericArgument, Path, PathArguments, PathSegment, ReturnType, Type, TypeImplTrait,
    TypeParamBound, parse_quote,
};

/// A return type that is a future.
pub(crate) struct Future {
    /// `Pin<Box<…>>`, not `impl Future`.
    pub(crate) boxed: bool,
    /// What it resolves to, where that is written.
    pub(crate) output: Option<Type>,
}

/// The type after the arrow, `()` without one.
pub(crate) fn returned(output: &ReturnType) -> Type {
    match output {
        ReturnType::Default => parse_quote!(()),
        ReturnType::Type(_, returned) => (**returned).clone(),
    }
}

/// Input: `Result<impl Display, Error>`. Output: `Result<_, Error>`, which may be written inside a body.
pub(crate) fn nameable(mut written: Type) -> Type {
    infer_impl_trait(&mut written);
    written
}

fn infer_impl_trait(written: &mut Type) {
    match written {
        Type::ImplTrait(_) => *written = parse_quote!(_),
        Type::Array(inner) => infer_impl_trait(&mut inner.elem),
        Type::Group(inner) => infer_impl_trait(&mut inner.elem),
        Type::Paren(inner) => infer_impl_trait(&mut inner.elem),
        Type::Reference(inner) => infer_impl_trait(&mut inner.elem),
        Type::Slice(inner) => infer_impl_trait(&mut inner.elem),
        Type::Tuple(inner) => inner.elems.iter_mut().for_each(infer_impl_trait),
        Type::Path(inner) => inner.path.segments.iter_mut().for_each(infer_in_segment),
        Type::TraitObject(inner) => inner.bounds.iter_mut().for_each(infer_in_bound),
        _ => {}
    }
}

fn infer_in_bound(bound: &mut TypeParamBound) {
    if let TypeParamBound::Trait(bound) = bound {
        bound.path.segments.iter_mut().for_each(infer_in_segment);
    }
}

fn infer_in_segment(segment: &mut PathSegment) {
    if let PathArguments::AngleBracketed(arguments) = &mut segment.arguments {
        for argument in &mut arguments.args {
            match argument {
                GenericArgument::Type(inner) => infer_impl_trait(inner),
                GenericArgument::AssocType(inner) => infer_impl_trait(&mut inner.ty),
                _ => {}
            }
        }
    }
}

/// Whether this is `Pin<Box<dyn Future<Output = T>>>`, `BoxFuture<'_, T>`, `LocalBoxFuture<'_, T>` or `impl Future<Output = T>`.
pub(crate) fn future(written: &Type) -> Option<Future> {
    match written {
        Type::Group(inner) => future(&inner.elem),
        Type::Paren(inner) => future(&inner.elem),
        Type::ImplTrait(inner) => opaque_future(inner, false),
        Type::Path(inner) => boxed_future(&inner.path),
        _ => None,
    }
}

/// An `impl Future` without other traits such as `Clone`: the measured future could not implement those.
fn opaque_future(opaque: &TypeImplTrait, boxed: bool) -> Option<Future> {
    let known = ["Future", "Send", "Sync", "Unpin"];
    let is_known = |bound: &TypeParamBound| match bound {
        TypeParamBound::Trait(bound) => {
            let last = bound.path.segments.last();
            last.is_some_and(|last| known.iter().any(|name| last.ident == name))
        }
        _ => true,
    };
    let future = in_bounds(&opaque.bounds, boxed)?;
    opaque.bounds.iter().all(is_known).then_some(future)
}

/// Whether this may be an alias of a boxed future, such as `Self::Future`.
pub(crate) fn may_be_alias(written: &Type) -> bool {
    match written {
        Type::Group(inner) => may_be_alias(&inner.elem),
        Type::Paren(inner) => may_be_alias(&inner.elem),
        Type::Path(_) => true,
        _ => false,
    }
}

/// Whether this is `impl Fn(…) -> …` or the like.
pub(crate) fn is_callable(opaque: &TypeImplTrait) -> bool {
    let callable = [
        "Fn",
        "FnMut",
        "FnOnce",
        "AsyncFn",
        "AsyncFnMut",
        "AsyncFnOnce",
    ];
    opaque.bounds.iter().any(|bound| match bound {
        TypeParamBound::Trait(bound) => {
            let last = bound.path.segments.last();
            last.is_some_and(|last| callable.iter().any(|name| last.ident == name))
        }
        _ => false,
    })
}

fn boxed_future(path: &Path) -> Option<Future> {
    let last = path.segments.last()?;
    let argument = first_type(last)?;
    if last.ident == "BoxFuture" || last.ident == "LocalBoxFuture" {
        return Some(Future {
            boxed: true,
            output: Some(argument.clone()),
        });
    }
    let Type::Path(pointer) = argument else {
        return None;
    };
    let pointer = pointer.path.segments.last()?;
    if last.ident != "Pin" || pointer.ident != "Box" {
        return None;
    }
    match first_type(pointer)? {
        Type::TraitObject(inner) => in_bounds(&inner.bounds, true),
        Type::ImplTrait(inner) => opaque_future(inner, true),
        _ => None,
    }
}

fn first_type(segment: &PathSegment) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(inner) => Some(inner),
        _ => None,
    })
}

fn in_bounds<'a>(
    bounds: impl IntoIterator<Item = &'a TypeParamBound>,
    boxed: bool,
) -> Option<Future> {
    let future = bounds.into_iter().find_map(|bound| match bound {
        TypeParamBound::Trait(bound) => {
            let last = bound.path.segments.last()?;
            (last.ident == "Future").then_some(last)
        }
        _ => None,
    })?;
    Some(Future {
        boxed,
        output: associated_output(future),
    })
}

fn associated_output(future: &PathSegment) -> Option<Type> {
    let PathArguments::AngleBracketed(arguments) = &future.arguments else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::AssocType(output) if output.ident == "Output" => Some(output.ty.clone()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::ToTokens as _;

    fn text(of: &Type) -> String {
        of.to_token_stream().to_string()
    }

    #[test]
    fn only_the_impl_trait_is_left_to_inference() {
        let cases: [(Type, Type); 7] = [
            (parse_quote!(u8), parse_quote!(u8)),
            (parse_quote!(impl Display), parse_quote!(_)),
            (
                parse_quote!(Result<impl Display + 'a, Error>),
                parse_quote!(Result<_, Error>),
            ),
            (
                parse_quote!((impl Display, &'a [u8])),
                parse_quote!((_, &'a [u8])),
            ),
            (parse_quote!([impl Copy; 2]), parse_quote!([_; 2])),
            (
                parse_quote!(&'a mut Option<impl Copy>),
                parse_quote!(&'a mut Option<_>),
            ),
            (parse_quote!(Box<dyn Fn()>), parse_quote!(Box<dyn Fn()>)),
        ];
        for (written, expected) in cases {
            assert_eq!(text(&nameable(written)), text(&expected));
        }
    }

    #[test]
    fn futures_are_known_by_their_type() {
        let output: Type = parse_quote!(Result<u8, Error>);
        let cases: [(Type, bool); 6] = [
            (
                parse_quote!(Pin<Box<dyn Future<Output = #output> + Send + 'a>>),
                true,
            ),
            (
                parse_quote!(::core::pin::Pin<Box<dyn ::core::future::Future<Output = #output>>>),
                true,
            ),
            (parse_quote!(BoxFuture<'_, #output>), true),
            (
                parse_quote!(futures::future::LocalBoxFuture<'static, #output>),
                true,
            ),
            (
                parse_quote!(impl Future<Output = #output> + Send + use<'a>),
                false,
            ),
            (
                parse_quote!(impl Send + std::future::Future<Output = #output>),
                false,
            ),
        ];
        for (written, boxed) in cases {
            let found = future(&written).unwrap_or_else(|| panic!("{}", text(&written)));
            assert_eq!(found.boxed, boxed, "{}", text(&written));
            assert_eq!(found.output.map(|t| text(&t)), Some(text(&output)));
        }
    }

    #[test]
    fn other_types_are_no_futures() {
        let cases: [Type; 6] = [
            parse_quote!(u8),
            parse_quote!(Pin<Box<dyn Stream<Item = u8>>>),
            parse_quote!(Pin<&mut F>),
            parse_quote!(Box<dyn Future<Output = u8>>),
            parse_quote!(impl Display),
            parse_quote!(&dyn Future<Output = u8>),
        ];
        for written in cases {
            assert!(future(&written).is_none(), "{}", text(&written));
        }
    }
}

//! Expand: from a checked plan and a function to the measured function.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Path, Result, Token, Type};

use crate::arguments::{self, Arguments};
use crate::check::{self, Objective, Plan};
use crate::item::{Body, Function};
use crate::output::Future;
use crate::shape::{AsyncTail, Output, Shape};
use crate::{args, item, shape};

/// Parses, checks, expands. A mistake becomes one message, and the item stays as it was written, so that nothing else breaks.
pub(crate) fn monitor(args: TokenStream, item: TokenStream) -> TokenStream {
    measured(args, item.clone()).unwrap_or_else(|error| {
        let message = error.into_compile_error();
        if item::is_closure(&item) {
            quote!({ #message #item })
        } else {
            quote!(#message #item)
        }
    })
}

fn measured(args: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let args = args::parse(args)?;
    let function = item::parse(item)?;
    let plan = check::plan(args)?;
    check::function(&function)?;
    Ok(expand(&plan, &function))
}

// Input:
//     #[doc = "…"]
//     pub async fn f(x: X) -> R { body }
//
// Output:
//     #[doc = "…"]
//     pub async fn f(x: X) -> R {
//         static __ECOLAURA_SITE: Site = …;
//         submit! { Registered(&__ECOLAURA_SITE) }
//         measured body
//     }
fn expand(plan: &Plan, function: &Function) -> TokenStream {
    let Function {
        attributes,
        visibility,
        body,
        ..
    } = function;
    let private = Private { krate: &plan.krate };
    let site = private.site(plan, &function.signature.ident.unraw().to_string());
    let shape = shape::of(function);
    let (signature, captures) = match shape.captures_arguments() {
        true => {
            let Arguments {
                signature,
                captures,
            } = arguments::of(function);
            (signature, captures)
        }
        false => (function.signature.clone(), TokenStream::new()),
    };
    let measured = private.body(shape, body, &captures);
    let inner = &body.attributes;
    let block = braced(body.braces, quote!(#(#inner)* #site #measured));
    quote!(#(#attributes)* #visibility #signature #block)
}

/// Writes what uses the runtime half of the crate, `krate::__private`.
struct Private<'a> {
    krate: &'a Path,
}

impl Private<'_> {
    fn path(&self, name: &str) -> TokenStream {
        let krate = self.krate;
        let name = format_ident!("{name}", span = Span::mixed_site());
        quote!(#krate::__private::#name)
    }

    // Output:
    //     static __ECOLAURA_SITE: Site = Site::new("/a", module, "f").method(Method::Post).objective(Some(1), 99900);
    //     submit! { Registered(&__ECOLAURA_SITE) }
    fn site(&self, plan: &Plan, function: &str) -> TokenStream {
        let [site, inventory, registered] =
            ["Site", "inventory", "Registered"].map(|name| self.path(name));
        let subject = plan.subject.value();
        let method = plan.method.as_ref().map(|variant| {
            let method = self.path("Method");
            quote!(.method(#method::#variant))
        });
        let objective = plan.objective.as_ref().map(objective);
        quote! {
            static __ECOLAURA_SITE: #site =
                #site::new(#subject, ::core::module_path!(), #function) #method #objective;
            #inventory::submit! { #registered(&__ECOLAURA_SITE) }
        }
    }

    fn body(&self, shape: Shape, body: &Body, captures: &TokenStream) -> TokenStream {
        let braces = body.braces;
        let written = braced(transparent(braces), body.tokens.clone());
        match shape {
            Shape::Sync(returned) => {
                let call = self.call(&returned, braces, captures, &written);
                self.counted(&entered(&call), None)
            }
            Shape::Async(returned) => {
                let block = block(&returned, braces, captures, &written);
                self.counted(&awaited(&block), None)
            }
            Shape::Endless => self.uncounted("start", &written),
            Shape::Closure => self.uncounted("start_in_place", &written),
            Shape::AsyncClosure { before, closure } => {
                let finish = quote_spanned!(Span::mixed_site()=> __ecolaura_call.finish(200););
                let block = quote!(#(#before)* #finish #closure);
                self.uncounted("start", &braced(transparent(braces), block))
            }
            Shape::Block(tail) => self.tail(&tail),
            Shape::Future { made, future } => {
                let made = self.call(&made, braces, captures, &written);
                self.future(&made, &future)
            }
        }
    }

    // Output:
    //     let call = start(&__ECOLAURA_SITE);
    //     let out: R = value;
    //     call.finish({ use status::*; (&&&&&Probe(&out)).status() });
    //     return out;
    //
    // `value` may panic or be dropped; then `call` is, and tells so.
    fn counted(&self, value: &TokenStream, returned: Option<&Type>) -> TokenStream {
        let start = self.path("start");
        let out = quote_spanned!(Span::mixed_site()=> __ecolaura_out);
        let status = self.status(&quote_spanned!(Span::mixed_site()=> &#out));
        let returned = returned.map(|returned| quote!(: #returned));
        quote_spanned! {Span::mixed_site()=>
            let __ecolaura_call = #start(&__ECOLAURA_SITE);
            let #out #returned = #value;
            __ecolaura_call.finish(#status);
            return #out;
        }
    }

    // Output:
    //     { use status::*; (&&&&&Probe(value)).status() }
    fn status(&self, value: &TokenStream) -> TokenStream {
        let status = self.path("status");
        quote_spanned!(Span::mixed_site()=> { use #status::*; (&&&&&Probe(#value)).status() })
    }

    // Output:
    //     let call = start(&__ECOLAURA_SITE);
    //     { body }
    //
    // The body stays in the function itself; the call ends when it is dropped.
    fn uncounted(&self, start: &str, body: &TokenTree) -> TokenStream {
        let start = self.path(start);
        quote_spanned! {Span::mixed_site()=>
            let __ecolaura_call = #start(&__ECOLAURA_SITE);
            #body
        }
    }

    // Input:
    //     { body }
    //
    // Output:
    //     call_once(move || -> R { captures; { body } })
    //
    // so that `return` and `?` leave the closure. Through `call_once` it is known to run once, and may give its arguments away.
    fn call(
        &self,
        returned: &Type,
        braces: Span,
        captures: &TokenStream,
        body: &TokenTree,
    ) -> TokenStream {
        let call_once = self.path("call_once");
        let body = match captures.is_empty() {
            true => body.clone(),
            false => braced(unlinted(braces), quote!(#captures #body)),
        };
        quote_spanned!(Span::mixed_site()=> #call_once(move || -> #returned #body))
    }

    // Input:
    //     before; Box::pin(async move { body })
    //
    // Output:
    //     before; Box::pin(async move { … let out: R = call.within(async move { body }).await; … })
    //
    // The tail keeps the user's tokens, or tokens that resolve like them: an attribute that follows uses their spans for its own tokens.
    fn tail(&self, tail: &AsyncTail) -> TokenStream {
        let AsyncTail {
            before,
            wrapper,
            block,
            output,
        } = tail;
        let (alias, counted) = match output {
            Output::Written(output) => {
                (None, self.counted(&awaited(&quote!(#block)), Some(output)))
            }
            Output::Unknown => (None, self.counted(&awaited(&quote!(#block)), None)),
            Output::Alias => {
                let block = quote_spanned!(Span::mixed_site()=> __ecolaura_output.of(#block));
                (Some(self.alias()), self.counted(&awaited(&block), None))
            }
        };
        let asyncness = &block.async_token;
        let capture = match output {
            // So that it captures a copy. A future that is returned cannot borrow from the function anyway.
            Output::Alias => Some(Token![move](transparent(asyncness.span))),
            _ => block.capture,
        };
        let counted = braced(transparent(block.block.brace_token.span.join()), counted);
        let measured = quote!(#asyncness #capture #counted);
        match wrapper {
            Some(box_pin) => quote!(#alias #(#before)* #box_pin(#measured)),
            None => quote!(#alias #(#before)* #measured),
        }
    }

    // Output:
    //     let returned = Returned::new();
    //     if let Some(out) = returned.never() { return out; }
    //     let output = { use returned::*; (&&returned).output() };
    //
    // so that the output type of a future behind an alias is known before its status is looked up.
    fn alias(&self) -> TokenStream {
        let returned = self.path("returned");
        quote_spanned! {Span::mixed_site()=>
            let __ecolaura_returned = #returned::Returned::new();
            if let ::core::option::Option::Some(__ecolaura_out) = __ecolaura_returned.never() {
                return __ecolaura_out;
            }
            let __ecolaura_output = {
                use #returned::*;
                (&&__ecolaura_returned).output()
            };
        }
    }

    // Input:
    //     call_once(…)
    //
    // Output:
    //     return Box::pin(measured(&__ECOLAURA_SITE, call_once(…), |out| status of out));
    fn future(&self, made: &TokenStream, future: &Future) -> TokenStream {
        let measured = self.path("measured");
        let out = quote_spanned!(Span::mixed_site()=> __ecolaura_out);
        let status = self.status(&out);
        let mut measured = quote_spanned! {Span::mixed_site()=>
            #measured(&__ECOLAURA_SITE, #made, |#out| #status)
        };
        if future.boxed {
            measured = quote!(::std::boxed::Box::pin(#measured));
        }
        quote_spanned!(Span::mixed_site()=> return #measured;)
    }
}

// Input:
//     { body }
//
// Output:
//     async move {
//         if let Some(out) = None::<R> { return out; }
//         captures;
//         { body }
//     }
//
// so that `return` and `?` leave the block. An `async` block cannot name its type: the return that never comes does. The body keeps
// its own braces, so that its items still come first in their block.
fn block(returned: &Type, braces: Span, captures: &TokenStream, body: &TokenTree) -> TokenStream {
    let typed = quote_spanned! {unlinted(returned.span())=>
        if let ::core::option::Option::Some(__ecolaura_out) = ::core::option::Option::None::<#returned> {
            return __ecolaura_out;
        }
    };
    let block = braced(unlinted(braces), quote!(#typed #captures #body));
    quote_spanned!(Span::mixed_site()=> async move #block)
}

// Output:
//     call.within(future).await
//
// so that what the future does, it does for the call.
fn awaited(future: &TokenStream) -> TokenStream {
    quote_spanned!(Span::mixed_site()=> __ecolaura_call.within(#future).await)
}

// Output:
//     { let entered = call.enter(); value }
fn entered(value: &TokenStream) -> TokenStream {
    quote_spanned! {Span::mixed_site()=>
        {
            let __ecolaura_entered = __ecolaura_call.enter();
            #value
        }
    }
}

fn objective(objective: &Objective) -> TokenStream {
    let Objective {
        latency_ns,
        target_millipercent,
    } = objective;
    let latency = match latency_ns {
        Some(latency) => quote!(::core::option::Option::Some(#latency)),
        None => quote!(::core::option::Option::None),
    };
    quote!(.objective(#latency, #target_millipercent))
}

/// The same place, but as written by the macro, where lints have nothing to say.
fn unlinted(place: Span) -> Span {
    Span::mixed_site().located_at(place)
}

/// The same place, also exempt from lints, where names resolve as they do at the attribute.
fn transparent(place: Span) -> Span {
    Span::call_site().located_at(place)
}

/// Braces that keep their place in the user's source, so that what the compiler says about them points there.
fn braced(place: Span, tokens: impl ToTokens) -> TokenTree {
    let mut group = Group::new(Delimiter::Brace, tokens.into_token_stream());
    group.set_span(place);
    group.into()
}

//! Parse: the function under `#[monitor]` as it was written.

use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::{Attribute, Error, Ident, LitStr, Result, Signature, Token, Visibility, braced, token};

/// A function with a body; the body's tokens stay unread.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    pub(crate) body: Body,
}

/// What stands between the braces, and where these are.
pub(crate) struct Body {
    pub(crate) braces: Span,
    /// `#![allow(…)]` at its top.
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) tokens: TokenStream,
}

/// Input: `#[doc = "…"] pub async fn f<T>(&self, t: T) -> T { … }`
///
/// # Errors
///
/// What stands there instead, at its place.
pub(crate) fn parse(tokens: TokenStream) -> Result<Function> {
    Function::parse.parse2(tokens)
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        if !is_function(&input.fork())? {
            return Err(Error::new(input.span(), instead(&input.fork())));
        }
        // `safe` stands in `extern` blocks only, before functions without a body.
        input.parse::<Option<Token![safe]>>()?;
        let signature: Signature = input.parse()?;
        if input.peek(Token![;]) {
            return Err(Error::new(
                signature.ident.span(),
                "this has no body to measure: put `#[monitor]` on the function that has one",
            ));
        }
        Ok(Self {
            attributes,
            visibility,
            signature,
            body: input.parse()?,
        })
    }
}

impl Parse for Body {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let content;
        let braces = braced!(content in input);
        Ok(Self {
            braces: braces.span.join(),
            attributes: content.call(Attribute::parse_inner)?,
            tokens: content.parse()?,
        })
    }
}

/// Whether `fn` comes after the words that may stand before it.
fn is_function(input: ParseStream<'_>) -> Result<bool> {
    while input.peek(Token![const])
        || input.peek(Token![async])
        || input.peek(Token![unsafe])
        || input.peek(Token![safe])
        || input.peek(Token![extern])
    {
        input.call(Ident::parse_any)?;
        input.parse::<Option<LitStr>>()?;
    }
    Ok(input.peek(Token![fn]) && !input.peek2(token::Paren))
}

/// Whether these tokens are an expression, not an item.
pub(crate) fn is_closure(tokens: &TokenStream) -> bool {
    let begins = |input: ParseStream<'_>| {
        let begins = begins_closure(input)?;
        input.parse::<TokenStream>().map(|_| begins)
    };
    begins.parse2(tokens.clone()).unwrap_or_default()
}

fn begins_closure(input: ParseStream<'_>) -> Result<bool> {
    input.parse::<Option<Token![async]>>()?;
    input.parse::<Option<Token![move]>>()?;
    Ok(input.peek(Token![|]) || input.peek(Token![||]))
}

/// The answer to what is no function.
fn instead(input: ParseStream<'_>) -> &'static str {
    let ahead = input.fork();
    let _ = ahead.parse::<Option<Token![unsafe]>>();
    if ahead.peek(Token![impl]) || ahead.peek(Token![trait]) {
        "`#[monitor]` measures one function: put it on each method in here that is to be measured"
    } else if ahead.peek(Token![mod]) {
        "`#[monitor]` measures one function: put it on each function in here that is to be measured"
    } else if begins_closure(input).unwrap_or_default() {
        "`#[monitor]` measures a function, and this is a closure: make it a `fn`"
    } else {
        "`#[monitor]` measures a function, and this is none: put it on a `fn`"
    }
}

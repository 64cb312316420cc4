//! Parse: lists of options, `key = value, key(…)`. An option has a slot; one that is there twice is found by its full slot.

use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Ident, Path, Result, Token};

/// Hands the key of each option of a comma-separated list to `assign`, which reads what follows the key.
pub(crate) fn each(
    input: ParseStream<'_>,
    mut assign: impl FnMut(&Ident) -> Result<()>,
) -> Result<()> {
    while !input.is_empty() {
        let key = input.call(Ident::parse_any).map_err(|error| {
            Error::new(error.span(), "write an option here, such as `key = value`")
        })?;
        assign(&key)?;
        if !input.is_empty() {
            comma(input)?;
        }
    }
    Ok(())
}

/// Puts a value into its slot.
pub(crate) fn fill<T>(
    slot: &mut Option<T>,
    key: &Ident,
    value: impl FnOnce() -> Result<T>,
) -> Result<()> {
    if slot.is_some() {
        return Err(Error::new(
            key.span(),
            format!("`{key}` is given twice: keep one"),
        ));
    }
    *slot = Some(value()?);
    Ok(())
}

/// Reads the `=` and the literal after `key`; `example` is a value as it could be written.
pub(crate) fn literal<T: Parse>(key: &Ident, example: &str, input: ParseStream<'_>) -> Result<T> {
    equals(key, example, input)?;
    input
        .fork()
        .parse::<T>()
        .map_err(|_| Error::new(input.span(), format!("write `{key} = {example}`")))?;
    input.parse()
}

/// Reads the `=` and the path after `crate`.
pub(crate) fn path(key: &Ident, input: ParseStream<'_>) -> Result<Path> {
    const EXAMPLE: &str = "some::path";
    equals(key, EXAMPLE, input)?;
    let place = input.span();
    Path::parse_mod_style(input)
        .map_err(|_| Error::new(place, format!("write `{key} = {EXAMPLE}`")))
}

fn equals(key: &Ident, example: &str, input: ParseStream<'_>) -> Result<()> {
    match input.parse::<Option<Token![=]>>()? {
        Some(_) => Ok(()),
        None => Err(Error::new(key.span(), format!("write `{key} = {example}`"))),
    }
}

pub(crate) fn comma(input: ParseStream<'_>) -> Result<()> {
    match input.parse::<Option<Token![,]>>()? {
        Some(_) => Ok(()),
        None => Err(Error::new(input.span(), "write a comma before this")),
    }
}

/// The answer to a key that is no option; `known` says which are.
pub(crate) fn unknown(key: &Ident, known: &str) -> Error {
    Error::new(key.span(), format!("there is no option `{key}`; {known}"))
}

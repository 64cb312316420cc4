//! Parse: `#[label(…)]`, on a type, a variant or a field.

use syn::parse::ParseStream;
use syn::{Attribute, Ident, LitStr, Path, Result, parse_quote};

use crate::options;

/// Input: `#[label(crate = some::path)]`, on the type.
pub(super) fn of_type(attributes: &[Attribute]) -> Result<Path> {
    let mut krate = None;
    each(attributes, |key, input| match key.to_string().as_str() {
        "crate" => options::fill(&mut krate, key, || options::path(key, input)),
        _ => Err(options::unknown(key, "the only one here is `crate`")),
    })?;
    Ok(krate.unwrap_or_else(|| parse_quote!(::ecolaura_monitoring)))
}

/// Input: `#[label(name = "…")]`, on a variant or a field.
pub(super) fn of_member(attributes: &[Attribute]) -> Result<Option<LitStr>> {
    let mut name = None;
    each(attributes, |key, input| match key.to_string().as_str() {
        "name" => options::fill(&mut name, key, || options::literal(key, "\"text\"", input)),
        _ => Err(options::unknown(key, "the only one here is `name`")),
    })?;
    Ok(name)
}

fn each(
    attributes: &[Attribute],
    mut assign: impl FnMut(&Ident, ParseStream<'_>) -> Result<()>,
) -> Result<()> {
    let labels = attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("label"));
    for label in labels {
        label.parse_args_with(|input: ParseStream<'_>| {
            options::each(input, |key| assign(key, input))
        })?;
    }
    Ok(())
}

//! `#[derive(LabelValue)]`: an enum whose variants are texts.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt as _;
use syn::{Data, DeriveInput, Error, Fields, Ident, Path, Result, Variant};

use super::attribute;

/// A checked enum.
struct Values {
    krate: Path,
    /// Each variant and its text.
    variants: Vec<(Ident, String)>,
}

/// Parses, checks, expands. A mistake becomes one message, and an empty implementation keeps the uses of the type in order.
pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let input = match syn::parse2::<DeriveInput>(input) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    match check(&input) {
        Ok(values) => expand(&input.ident, &values),
        Err(error) => {
            let message = error.into_compile_error();
            let krate = attribute::of_type(&input.attrs)
                .unwrap_or_else(|_| syn::parse_quote!(::ecolaura_monitoring));
            let fallback = fallback(&input, &krate);
            quote!(#message #fallback)
        }
    }
}

fn check(input: &DeriveInput) -> Result<Values> {
    let krate = attribute::of_type(&input.attrs)?;
    let Data::Enum(data) = &input.data else {
        return Err(Error::new(
            input.ident.span(),
            "`LabelValue` is for enums: each variant is one text",
        ));
    };
    if !input.generics.params.is_empty() {
        return Err(Error::new_spanned(
            &input.generics,
            "`LabelValue` is for enums without generic parameters",
        ));
    }
    if data.variants.is_empty() {
        return Err(Error::new(
            input.ident.span(),
            "a label without a text cannot be written: add a variant",
        ));
    }
    let mut variants: Vec<(Ident, String)> = Vec::new();
    for variant in &data.variants {
        let text = text(variant)?;
        if let Some((first, _)) = variants.iter().find(|(_, other)| *other == text) {
            return Err(Error::new(
                variant.ident.span(),
                format!(
                    "`{first}` has the text \"{text}\" already: give this one another by `#[label(name = \"…\")]`"
                ),
            ));
        }
        variants.push((variant.ident.clone(), text));
    }
    Ok(Values { krate, variants })
}

fn text(variant: &Variant) -> Result<String> {
    if !matches!(variant.fields, Fields::Unit) {
        return Err(Error::new(
            variant.ident.span(),
            "a label's texts are all known beforehand: take the fields away",
        ));
    }
    let Some(name) = attribute::of_member(&variant.attrs)? else {
        return Ok(snake_case(&variant.ident.unraw().to_string()));
    };
    let text = name.value();
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err(Error::new(
            name.span(),
            "a label's text is not empty and has no control characters",
        ));
    }
    Ok(text)
}

/// `FullForest` to `full_forest`, `HTTPError` to `http_error`, `V2` to `v2`.
fn snake_case(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| letters[before]);
        let next_is_lower = letters.get(at + 1).is_some_and(|next| next.is_lowercase());
        let new_word = letter.is_uppercase()
            && before
                .is_some_and(|before| before != '_' && (!before.is_uppercase() || next_is_lower));
        if new_word {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

// Input:
//     enum Plan { Seedling, Forest }
//
// Output:
//     impl LabelValue for Plan {
//         const VALUES: &'static [&'static str] = &["seedling", "forest"];
//         fn index(self) -> usize { match self { Self::Seedling => 0, Self::Forest => 1 } }
//     }
fn expand(name: &Ident, values: &Values) -> TokenStream {
    let krate = &values.krate;
    let texts = values.variants.iter().map(|(_, text)| text);
    let arms = values
        .variants
        .iter()
        .enumerate()
        .map(|(index, (variant, _))| quote!(Self::#variant => #index));
    quote! {
        #[automatically_derived]
        impl #krate::metrics::LabelValue for #name {
            const VALUES: &'static [&'static str] = &[#(#texts),*];

            fn index(self) -> usize {
                match self { #(#arms),* }
            }
        }
    }
}

fn fallback(input: &DeriveInput, krate: &Path) -> TokenStream {
    let name = &input.ident;
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #generics #krate::metrics::LabelValue for #name #arguments #bounds {
            const VALUES: &'static [&'static str] = &[""];

            fn index(self) -> usize {
                0
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variant_is_written_in_snake_case() {
        let cases = [
            ("Seedling", "seedling"),
            ("FullForest", "full_forest"),
            ("HTTPError", "http_error"),
            ("V2", "v2"),
            ("A", "a"),
            ("AB", "ab"),
            ("Card3Ds", "card3_ds"),
            ("Already_Split", "already_split"),
            ("Größe", "größe"),
        ];
        for (name, expected) in cases {
            assert_eq!(snake_case(name), expected);
        }
    }

    fn texts(input: TokenStream) -> std::result::Result<Vec<String>, String> {
        let input = syn::parse2(input).expect("a type");
        let values = check(&input).map_err(|error| error.to_string())?;
        Ok(values.variants.into_iter().map(|(_, text)| text).collect())
    }

    #[test]
    fn a_name_replaces_the_variants() {
        let input = quote!(
            enum Plan {
                Seedling,
                #[label(name = "the forest")]
                Forest = 7,
            }
        );
        assert_eq!(
            texts(input),
            Ok(vec!["seedling".into(), "the forest".into()])
        );
    }

    #[test]
    fn wrong_uses_are_refused() {
        let cases = [
            (
                quote!(
                    struct Plan;
                ),
                "is for enums",
            ),
            (
                quote!(
                    enum Plan {}
                ),
                "add a variant",
            ),
            (
                quote!(
                    enum Plan<'a> {
                        A,
                    }
                ),
                "without generic parameters",
            ),
            (
                quote!(
                    enum Plan {
                        A(u8),
                    }
                ),
                "take the fields away",
            ),
            (
                quote!(
                    enum Plan {
                        A,
                        #[label(name = "a")]
                        B,
                    }
                ),
                "`A` has the text \"a\" already",
            ),
            (
                quote!(
                    enum Plan {
                        #[label(name = "")]
                        A,
                    }
                ),
                "is not empty",
            ),
            (
                quote!(
                    enum Plan {
                        #[label(nam = "a")]
                        A,
                    }
                ),
                "there is no option `nam`",
            ),
            (
                quote!(
                    enum Plan {
                        #[label(name = "a", name = "b")]
                        A,
                    }
                ),
                "given twice",
            ),
            (
                quote!(
                    enum Plan {
                        #[label(name = 1)]
                        A,
                    }
                ),
                "write `name = \"text\"`",
            ),
            (
                quote!(
                    #[label(name = "x")]
                    enum Plan {
                        A,
                    }
                ),
                "the only one here is `crate`",
            ),
        ];
        for (input, expected) in cases {
            let written = input.to_string();
            let message = texts(input).expect_err(&written);
            assert!(message.contains(expected), "{written}: {message}");
        }
    }
}

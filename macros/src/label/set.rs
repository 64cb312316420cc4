//! `#[derive(LabelSet)]`: a struct whose fields are labels.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Data, DeriveInput, Error, Field, Fields, Ident, Path, Result, Type};

use super::attribute;

/// A checked struct.
struct Labels {
    krate: Path,
    fields: Vec<Label>,
}

struct Label {
    field: Ident,
    name: String,
    value: Type,
}

/// Parses, checks, expands. A mistake becomes one message, and an empty implementation keeps the uses of the type in order.
pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let input = match syn::parse2::<DeriveInput>(input) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    match check(&input) {
        Ok(labels) => expand(&input, &labels),
        Err(error) => {
            let message = error.into_compile_error();
            let krate = attribute::of_type(&input.attrs)
                .unwrap_or_else(|_| syn::parse_quote!(::ecolaura_monitoring));
            let none = Labels {
                krate,
                fields: Vec::new(),
            };
            let fallback = expand(&input, &none);
            quote!(#message #fallback)
        }
    }
}

fn check(input: &DeriveInput) -> Result<Labels> {
    let krate = attribute::of_type(&input.attrs)?;
    let fields = match &input.data {
        Data::Struct(data) => &data.fields,
        _ => {
            return Err(Error::new(
                input.ident.span(),
                "`LabelSet` is for structs: each field is one label",
            ));
        }
    };
    let Fields::Named(fields) = fields else {
        return Err(Error::new(
            input.ident.span(),
            "a label needs a name: write the fields as `{ name: Type }`",
        ));
    };
    let mut labels: Vec<Label> = Vec::new();
    for field in &fields.named {
        let label = label(field)?;
        if let Some(first) = labels.iter().find(|other| other.name == label.name) {
            return Err(Error::new(
                label.field.span(),
                format!(
                    "`{}` is the label `{}` already: give this one another name",
                    first.field, label.name
                ),
            ));
        }
        labels.push(label);
    }
    Ok(Labels {
        krate,
        fields: labels,
    })
}

fn label(field: &Field) -> Result<Label> {
    let Some(ident) = field.ident.clone() else {
        return Err(Error::new(field.span(), "a label needs a name"));
    };
    let (name, place) = match attribute::of_member(&field.attrs)? {
        Some(name) => (name.value(), name.span()),
        None => (ident.unraw().to_string(), ident.span()),
    };
    check_name(&name, place)?;
    Ok(Label {
        field: ident,
        name,
        value: field.ty.clone(),
    })
}

fn check_name(name: &str, place: Span) -> Result<()> {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    if !name.starts_with(first) || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Err(Error::new(
            place,
            "a label's name starts with a letter or `_` and holds only ASCII letters, digits and `_`",
        ));
    }
    if name.starts_with("__") || name == "le" || name == "quantile" {
        return Err(Error::new(
            place,
            format!("`{name}` is reserved by Prometheus: give the label another name"),
        ));
    }
    Ok(())
}

// Input:
//     struct Packed { plan: Plan, gift: bool }
//
// Output:
//     impl LabelSet for Packed {
//         const NAMES: &'static [&'static str] = &["plan", "gift"];
//         const CARDINALITY: usize = 1 * VALUES of Plan * VALUES of bool;
//         fn index(self) -> usize { … }
//         fn value(index: usize, label: usize) -> &'static str { … }
//     }
fn expand(input: &DeriveInput, labels: &Labels) -> TokenStream {
    let Labels { krate, fields } = labels;
    let name = &input.ident;
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    let names = fields.iter().map(|label| &label.name);
    let values: Vec<TokenStream> = fields.iter().map(|label| values(krate, label)).collect();
    let index = index(krate, fields, &values);
    let value = value(&values);
    quote! {
        #[automatically_derived]
        impl #generics #krate::metrics::LabelSet for #name #arguments #bounds {
            const NAMES: &'static [&'static str] = &[#(#names),*];
            const CARDINALITY: usize = 1 #(* #values.len())*;
            #index
            #value
        }
    }
}

// Output:
//     <Plan as LabelValue>::VALUES
fn values(krate: &Path, label: &Label) -> TokenStream {
    let value = &label.value;
    quote_spanned!(value.span()=> <#value as #krate::metrics::LabelValue>::VALUES)
}

// Output:
//     fn index(self) -> usize {
//         let index = 0;
//         let index = index * VALUES of Plan + self.plan.index();
//         …
//         index
//     }
fn index(krate: &Path, fields: &[Label], values: &[TokenStream]) -> TokenStream {
    let steps = fields.iter().zip(values).map(|(label, values)| {
        let Label { field, value, .. } = label;
        quote! {
            let index = index * #values.len() + <#value as #krate::metrics::LabelValue>::index(self.#field);
        }
    });
    quote! {
        fn index(self) -> usize {
            let index = 0usize;
            #(#steps)*
            index
        }
    }
}

// Output:
//     fn value(index: usize, label: usize) -> &'static str {
//         the last field counts fastest: divide it away until `label` is the last
//     }
fn value(values: &[TokenStream]) -> TokenStream {
    let count = values.len();
    quote! {
        fn value(index: usize, label: usize) -> &'static str {
            let labels: [&'static [&'static str]; #count] = [#(#values),*];
            let mut rest = index;
            for (at, values) in ::core::iter::Iterator::rev(::core::iter::Iterator::enumerate(
                ::core::iter::IntoIterator::into_iter(labels),
            )) {
                let count = ::core::cmp::Ord::max(values.len(), 1);
                if at == label {
                    return values.get(rest % count).copied().unwrap_or_default();
                }
                rest /= count;
            }
            ""
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(input: TokenStream) -> std::result::Result<Vec<String>, String> {
        let input = syn::parse2(input).expect("a type");
        let labels = check(&input).map_err(|error| error.to_string())?;
        Ok(labels.fields.into_iter().map(|label| label.name).collect())
    }

    #[test]
    fn fields_are_labels() {
        let input = quote!(
            struct Packed {
                plan: Plan,
                r#type: Kind,
                #[label(name = "gift_box")]
                gift: bool,
            }
        );
        assert_eq!(
            names(input),
            Ok(vec!["plan".into(), "type".into(), "gift_box".into()])
        );
        assert_eq!(
            names(quote!(
                struct None {}
            )),
            Ok(Vec::new())
        );
    }

    #[test]
    fn wrong_uses_are_refused() {
        let cases = [
            (
                quote!(
                    enum Packed {
                        A,
                    }
                ),
                "is for structs",
            ),
            (
                quote!(
                    struct Packed(Plan);
                ),
                "a label needs a name",
            ),
            (
                quote!(
                    struct Packed;
                ),
                "a label needs a name",
            ),
            (
                quote!(
                    struct Packed {
                        le: Plan,
                    }
                ),
                "reserved by Prometheus",
            ),
            (
                quote!(
                    struct Packed {
                        __plan: Plan,
                    }
                ),
                "reserved by Prometheus",
            ),
            (
                quote!(
                    struct Packed {
                        größe: Plan,
                    }
                ),
                "only ASCII letters",
            ),
            (
                quote!(
                    struct Packed {
                        #[label(name = "a-b")]
                        plan: Plan,
                    }
                ),
                "only ASCII letters",
            ),
            (
                quote!(
                    struct Packed {
                        #[label(name = "")]
                        plan: Plan,
                    }
                ),
                "only ASCII letters",
            ),
            (
                quote!(
                    struct Packed {
                        a: A,
                        #[label(name = "a")]
                        b: A,
                    }
                ),
                "`a` is the label `a` already",
            ),
            (
                quote!(
                    struct Packed {
                        #[label(crate = a)]
                        a: A,
                    }
                ),
                "the only one here is `name`",
            ),
        ];
        for (input, expected) in cases {
            let written = input.to_string();
            let message = names(input).expect_err(&written);
            assert!(message.contains(expected), "{written}: {message}");
        }
    }
}

//! Check: what the written arguments mean. From here on everything is known to be right.

use syn::{Error, Ident, Lit, LitStr, Path, Result, parse_quote};

use crate::args::{Args, Slo};
use crate::endpoint;
use crate::item::Function;

/// What to expand to.
pub(crate) struct Plan {
    pub(crate) subject: LitStr,
    /// A variant of the runtime's `Method`.
    pub(crate) method: Option<Ident>,
    pub(crate) objective: Option<Objective>,
    pub(crate) krate: Path,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Objective {
    pub(crate) latency_ns: Option<u64>,
    pub(crate) target_millipercent: u32,
}

/// # Errors
///
/// The first argument whose value is not allowed, at its place.
pub(crate) fn plan(args: Args) -> Result<Plan> {
    let Args { subject, options } = args;
    endpoint::check(&subject.value()).map_err(|message| Error::new(subject.span(), message))?;
    Ok(Plan {
        subject,
        method: options.method.as_ref().map(method).transpose()?,
        objective: options.slo.as_ref().map(objective).transpose()?,
        krate: options
            .krate
            .unwrap_or_else(|| parse_quote!(::ecolaura_monitoring)),
    })
}

/// # Errors
///
/// What about this function cannot be measured, at its place.
pub(crate) fn function(function: &Function) -> Result<()> {
    if let Some(constness) = &function.signature.constness {
        return Err(Error::new(
            constness.span,
            "a `const fn` may run in the compiler, where nothing is measured: take `const` or `#[monitor]` away",
        ));
    }
    match function
        .attributes
        .iter()
        .find(|attribute| is_monitor(attribute.path()))
    {
        Some(second) => Err(Error::new_spanned(
            second,
            "this function is measured already: keep one `#[monitor]`",
        )),
        None => Ok(()),
    }
}

fn is_monitor(path: &Path) -> bool {
    let mut names = path.segments.iter().rev();
    let last = names.next().is_some_and(|name| name.ident == "monitor");
    last && names
        .next()
        .is_none_or(|name| name.ident == "ecolaura_monitoring")
}

const METHODS: [(&str, &str); 9] = [
    ("GET", "Get"),
    ("HEAD", "Head"),
    ("POST", "Post"),
    ("PUT", "Put"),
    ("DELETE", "Delete"),
    ("CONNECT", "Connect"),
    ("OPTIONS", "Options"),
    ("TRACE", "Trace"),
    ("PATCH", "Patch"),
];

fn method(text: &LitStr) -> Result<Ident> {
    let written = text.value();
    if let Some((_, variant)) = METHODS.iter().find(|(name, _)| *name == written) {
        return Ok(Ident::new(variant, proc_macro2::Span::call_site()));
    }
    let upper = written.to_ascii_uppercase();
    let message = if METHODS.iter().any(|(name, _)| *name == upper) {
        format!("write the method in upper case: `method = \"{upper}\"`")
    } else {
        format!(
            "there is no method `{written}`; there are {}",
            METHODS.map(|(name, _)| name).join(", ")
        )
    };
    Err(Error::new(text.span(), message))
}

fn objective(slo: &Slo) -> Result<Objective> {
    let Some(target) = &slo.target else {
        return Err(Error::new(
            slo.key.span(),
            "say how many percent have to meet it: `slo(target = 99.9)`",
        ));
    };
    let latency = slo.latency.as_ref().map(|text| {
        nanoseconds(&text.value()).ok_or_else(|| Error::new(text.span(), WRONG_LATENCY))
    });
    Ok(Objective {
        latency_ns: latency.transpose()?,
        target_millipercent: digits(target)
            .and_then(|digits| millipercent(&digits))
            .ok_or_else(|| Error::new(target.span(), WRONG_TARGET))?,
    })
}

const WRONG_LATENCY: &str = "a latency is a number above 0 and a unit (`ns`, `us`, `ms`, `s` or `m`), such as `\"200ms\"` or `\"1.5s\"`";
const WRONG_TARGET: &str =
    "a target is a percentage above 0 and below 100 with at most 3 decimals, such as `99.9`";

/// The digits of a number without suffix, as they were written.
fn digits(literal: &Lit) -> Option<String> {
    match literal {
        Lit::Int(number) => Some(number.to_string()),
        Lit::Float(number) => Some(number.to_string()),
        _ => None,
    }
}

fn nanoseconds(text: &str) -> Option<u64> {
    let (number, unit) = text.split_at(text.find(|c: char| c.is_ascii_alphabetic())?);
    let (decimals, factor) = match unit {
        "ns" => (0, 1),
        "us" => (3, 1),
        "ms" => (6, 1),
        "s" => (9, 1),
        "m" => (9, 60),
        _ => return None,
    };
    scaled(number, decimals)?
        .checked_mul(factor)
        .filter(|nanoseconds| *nanoseconds > 0)
}

fn millipercent(text: &str) -> Option<u32> {
    let value = scaled(text, 3)?;
    u32::try_from(value)
        .ok()
        .filter(|value| (1..100_000).contains(value))
}

/// A decimal number times 10 to the power of `decimals`, exactly: `scaled("99.9", 3)` is 99900.
fn scaled(text: &str, decimals: usize) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !plain(whole) || !plain(fraction) || fraction.trim_end_matches('0').len() > decimals {
        return None;
    }
    format!("{whole}{fraction:0<decimals$.decimals$}")
        .parse()
        .ok()
}

#[cfg(test)]
mod tests;

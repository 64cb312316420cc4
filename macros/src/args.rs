//! Parse: the arguments of `#[monitor(…)]` as they were written, each value with its place. What they mean is for `check`.

use proc_macro2::TokenStream;
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::{Error, Ident, Lit, LitStr, Path, Result, Token, parenthesized, token};

use crate::options;

/// The first argument and the options.
pub(crate) struct Args {
    pub(crate) subject: LitStr,
    pub(crate) options: Options,
}

/// One slot for each option.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) method: Option<LitStr>,
    pub(crate) slo: Option<Slo>,
    pub(crate) krate: Option<Path>,
}

/// The objective as written, and where.
pub(crate) struct Slo {
    pub(crate) key: Ident,
    pub(crate) latency: Option<LitStr>,
    pub(crate) target: Option<Lit>,
}

/// Input: `"/api/v1/boxes", method = "POST", slo(latency = "200ms", target = 99.9), crate = some::path`
///
/// # Errors
///
/// The first thing that is not of this form, at its place.
pub(crate) fn parse(tokens: TokenStream) -> Result<Args> {
    Args::parse.parse2(tokens)
}

const NO_SUBJECT: &str = "say what is measured: `#[monitor(\"/api/v1/products\")]` for an endpoint, \
     `#[monitor(\"pack_box\")]` for another function";
const SUBJECT_IS_NO_TEXT: &str = "the first argument is the endpoint's route as a text in quotes: \
     `#[monitor(\"/api/v1/products\")]`";

impl Parse for Args {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.is_empty() {
            return Err(Error::new(input.span(), NO_SUBJECT));
        }
        if input.fork().parse::<LitStr>().is_err() {
            return Err(Error::new(input.span(), SUBJECT_IS_NO_TEXT));
        }
        let subject = input.parse()?;
        let mut options = Options::default();
        if !input.is_empty() {
            options::comma(input)?;
        }
        options::each(input, |key| options.assign(key, input))?;
        Ok(Self { subject, options })
    }
}

impl Options {
    fn assign(&mut self, key: &Ident, input: ParseStream<'_>) -> Result<()> {
        match key.to_string().as_str() {
            "method" => options::fill(&mut self.method, key, || {
                options::literal(key, "\"POST\"", input)
            }),
            "slo" => options::fill(&mut self.slo, key, || Slo::parse(key, input)),
            "crate" => options::fill(&mut self.krate, key, || options::path(key, input)),
            _ => Err(options::unknown(
                key,
                "the options are `method`, `slo` and `crate`",
            )),
        }
    }
}

impl Slo {
    fn parse(key: &Ident, input: ParseStream<'_>) -> Result<Self> {
        if !input.peek(token::Paren) {
            let form = "an objective is written `slo(latency = \"200ms\", target = 99.9)`; \
                the latency may be left out";
            return Err(Error::new(key.span(), form));
        }
        let content;
        parenthesized!(content in input);
        let mut slo = Self {
            key: key.clone(),
            latency: None,
            target: None,
        };
        options::each(&content, |key| slo.assign(key, &content))?;
        Ok(slo)
    }

    fn assign(&mut self, key: &Ident, input: ParseStream<'_>) -> Result<()> {
        match key.to_string().as_str() {
            "latency" => options::fill(&mut self.latency, key, || {
                options::literal(key, "\"200ms\"", input)
            }),
            "target" => options::fill(&mut self.target, key, || {
                let target = options::literal(key, "99.9", input)?;
                match input.parse::<Option<Token![%]>>()? {
                    Some(sign) => Err(Error::new(
                        sign.span,
                        "leave `%` out: `target` is a percentage already",
                    )),
                    None => Ok(target),
                }
            }),
            _ => Err(options::unknown(key, "`slo` has `latency` and `target`")),
        }
    }
}

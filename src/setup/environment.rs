//! The environment, read as OpenTelemetry defines it; a wrong value is an error, an empty one is none.
//!
//! Source: OpenTelemetry's environment variable specification.

use std::net::SocketAddr;

use crate::error::Error;
use crate::metrics::ExemplarFilter;
use crate::setup::{exemplars, propagators};
use crate::trace::Propagators;

/// What the environment says.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Environment {
    pub(crate) disabled: bool,
    pub(crate) service_name: Option<String>,
    pub(crate) attributes: Vec<(String, String)>,
    /// Where the own listener listens, unless the code says so.
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) propagators: Propagators,
    pub(crate) exemplars: ExemplarFilter,
}

/// Looks a variable up; an empty one is none.
pub(crate) type Lookup<'a> = &'a dyn Fn(&str) -> Result<Option<String>, Error>;

/// An empty value is none.
fn meant(value: Option<String>) -> Option<String> {
    let value = value.map(|value| value.trim().to_owned());
    value.filter(|value| !value.is_empty())
}

/// A variable of the process' environment.
pub(crate) fn variable(name: &str) -> Result<Option<String>, Error> {
    match std::env::var(name) {
        Ok(value) => Ok(meant(Some(value))),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => {
            Err(Error::configuration(format!("{name} is not valid UTF-8")))
        }
    }
}

const DISABLED: &str = "OTEL_SDK_DISABLED";
const SERVICE_NAME: &str = "OTEL_SERVICE_NAME";
const ATTRIBUTES: &str = "OTEL_RESOURCE_ATTRIBUTES";
const HOST: &str = "OTEL_EXPORTER_PROMETHEUS_HOST";
const PORT: &str = "OTEL_EXPORTER_PROMETHEUS_PORT";

impl Environment {
    /// Reads the process' environment.
    pub(crate) fn read() -> Result<Self, Error> {
        Self::from(&|name| variable(name))
    }

    fn from(lookup: Lookup<'_>) -> Result<Self, Error> {
        let variable = |name: &str| lookup(name).map(meant);
        Ok(Self {
            disabled: disabled(variable(DISABLED)?)?,
            service_name: variable(SERVICE_NAME)?,
            attributes: attributes(variable(ATTRIBUTES)?)?,
            listen: listen(variable(HOST)?, variable(PORT)?)?,
            propagators: propagators::read(variable(propagators::NAME)?)?,
            exemplars: exemplars::read(variable(exemplars::NAME)?)?,
        })
    }
}

fn disabled(value: Option<String>) -> Result<bool, Error> {
    match value {
        None => Ok(false),
        Some(value) if value.eq_ignore_ascii_case("true") => Ok(true),
        Some(value) if value.eq_ignore_ascii_case("false") => Ok(false),
        Some(value) => Err(Error::configuration(format!(
            "{DISABLED} is `{value}`: set it to `true` or `false`, or unset it"
        ))),
    }
}

fn attributes(value: Option<String>) -> Result<Vec<(String, String)>, Error> {
    match value {
        Some(list) => pairs(ATTRIBUTES, &list, false),
        None => Ok(Vec::new()),
    }
}

/// `key=value,key=value`, values percent-encoded. Errors name the place, not the value: it may be a secret.
///
/// `bare_equals`: whether `=` in a value may stand as it is, as in what ends a base64 text.
pub(crate) fn pairs(
    name: &str,
    list: &str,
    bare_equals: bool,
) -> Result<Vec<(String, String)>, Error> {
    let pairs = list.split(',').map(str::trim).enumerate();
    pairs
        .filter(|(_, pair)| !pair.is_empty())
        .map(|(at, pair)| {
            attribute(pair, bare_equals).ok_or_else(|| {
                Error::configuration(format!(
                    "{name}: entry {} is malformed: write `key=value,key=value`, with `,`, `=` \
                     and `%` in values percent-encoded",
                    at + 1
                ))
            })
        })
        .collect()
}

fn attribute(pair: &str, bare_equals: bool) -> Option<(String, String)> {
    let (key, value) = pair.split_once('=')?;
    let key = key.trim();
    let is_key = |c: char| c.is_ascii_graphic() && !"\"(),/:;<=>?@[\\]{}".contains(c);
    if key.is_empty() || !key.chars().all(is_key) {
        return None;
    }
    Some((key.to_owned(), percent_decoded(value.trim(), bare_equals)?))
}

fn percent_decoded(value: &str, bare_equals: bool) -> Option<String> {
    let mut bytes = value.bytes();
    let mut decoded = Vec::with_capacity(value.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let (high, low) = (digit(bytes.next())?, digit(bytes.next())?);
                u8::try_from(high * 16 + low).ok()?
            }
            b'=' if !bare_equals => return None,
            other => other,
        });
    }
    String::from_utf8(decoded).ok()
}

fn listen(host: Option<String>, port: Option<String>) -> Result<Option<SocketAddr>, Error> {
    if host.is_none() && port.is_none() {
        return Ok(None);
    }
    let host = host.as_deref().unwrap_or("localhost");
    let host = match host {
        "localhost" => "127.0.0.1",
        other => other.trim_start_matches('[').trim_end_matches(']'),
    };
    let ip = host.parse().map_err(|_| {
        Error::configuration(format!(
            "{HOST} is `{host}`: set it to an IP address such as `0.0.0.0`, or to `localhost`"
        ))
    })?;
    let port = match port.as_deref() {
        None => crate::setup::builder::DEFAULT_PORT,
        Some(port) => port.parse().map_err(|_| {
            Error::configuration(format!(
                "{PORT} is `{port}`: set it to a port number from 0 to 65535"
            ))
        })?,
    };
    Ok(Some(SocketAddr::new(ip, port)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Environment, String> {
        let lookup = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            Ok(found.map(|(_, value)| (*value).to_owned()))
        };
        Environment::from(&lookup).map_err(|error| error.to_string())
    }

    fn pairs(list: &str) -> Vec<(String, String)> {
        read(&[(ATTRIBUTES, list)]).unwrap().attributes
    }

    #[test]
    fn nothing_set_or_empty_is_the_default() {
        assert_eq!(read(&[]), Ok(Environment::default()));
        let empty = [DISABLED, SERVICE_NAME, ATTRIBUTES, HOST, PORT].map(|name| (name, " "));
        assert_eq!(read(&empty), Ok(Environment::default()));
    }

    #[test]
    fn disabled_is_true_or_false() {
        assert!(read(&[(DISABLED, "TRUE")]).unwrap().disabled);
        assert!(!read(&[(DISABLED, "False")]).unwrap().disabled);
        for wrong in ["yes", "1", "tru"] {
            let error = read(&[(DISABLED, wrong)]).unwrap_err();
            assert!(
                error.starts_with(&format!("OTEL_SDK_DISABLED is `{wrong}`")),
                "{error}"
            );
        }
    }

    #[test]
    fn attributes_are_decoded() {
        let expected = [("a.b", "c d"), ("e", ""), ("f", "ü")];
        let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(pairs("a.b=c%20d, e= ,f=%C3%BC,"), expected);
    }

    #[test]
    fn malformed_attributes_are_errors_that_keep_the_value() {
        for wrong in [
            "secret",
            "=secret",
            "a b=secret",
            "k=se%zzcret",
            "k=secret=x",
            "k=%ff",
        ] {
            let error = read(&[(ATTRIBUTES, &format!("ok=1,{wrong}"))]).unwrap_err();
            assert!(error.contains("entry 2 is malformed"), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn host_and_port() {
        let listen = |variables: &[_]| read(variables).map(|env| env.listen.unwrap().to_string());
        assert_eq!(listen(&[(HOST, "0.0.0.0")]), Ok("0.0.0.0:9464".into()));
        assert_eq!(listen(&[(PORT, "0")]), Ok("127.0.0.1:0".into()));
        assert_eq!(
            listen(&[(HOST, "::1"), (PORT, "9000")]),
            Ok("[::1]:9000".into())
        );
        assert!(
            listen(&[(HOST, "example.org")])
                .unwrap_err()
                .contains("IP address")
        );
        for wrong in ["65536", "-1", "http"] {
            assert!(
                listen(&[(PORT, wrong)])
                    .unwrap_err()
                    .contains("port number")
            );
        }
    }
}

//! The environment, read as OpenTelemetry defines it.
//!
//! Source: OpenTelemetry's environment variable and resource specifications.

use std::net::{SocketAddr, ToSocketAddrs as _};

use crate::error::Error;
use crate::metrics::ExemplarFilter;
use crate::setup::variables::{self, Variables, Wrong};
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

const DISABLED: &str = "OTEL_SDK_DISABLED";
const SERVICE_NAME: &str = "OTEL_SERVICE_NAME";
const ATTRIBUTES: &str = "OTEL_RESOURCE_ATTRIBUTES";
const METRICS_EXPORTER: &str = "OTEL_METRICS_EXPORTER";
const HOST: &str = "OTEL_EXPORTER_PROMETHEUS_HOST";
const PORT: &str = "OTEL_EXPORTER_PROMETHEUS_PORT";

impl Environment {
    pub(crate) fn from(variables: &Variables<'_>) -> Result<Self, Error> {
        metrics_exporter(variables);
        Ok(Self {
            disabled: disabled(variables),
            service_name: variables.text(SERVICE_NAME),
            attributes: attributes(variables),
            listen: listen(variables)?,
            propagators: propagators::read(variables),
            exemplars: exemplars::read(variables),
        })
    }
}

/// Only `true` is true, by the specification.
fn disabled(variables: &Variables<'_>) -> bool {
    let words = [("false", false), ("true", true)];
    variables.choice(&[DISABLED], &words).unwrap_or_default()
}

/// Metrics are exposed and never sent, whatever is asked for.
fn metrics_exporter(variables: &Variables<'_>) {
    let Some(value) = variables.text(METRICS_EXPORTER) else {
        return;
    };
    let is_other = |name: &&str| !name.is_empty() && !name.eq_ignore_ascii_case("prometheus");
    let others: Vec<_> = value.split(',').map(str::trim).filter(is_other).collect();
    if !others.is_empty() {
        variables.warn(&Wrong {
            name: METRICS_EXPORTER,
            value: &value,
            parts: &others,
            instead: "`prometheus`: metrics are served at /metrics and sent nowhere; `.without_listener()` has none served",
            accepted: "`prometheus`",
        });
    }
}

fn attributes(variables: &Variables<'_>) -> Vec<(String, String)> {
    let Some(list) = variables.text(ATTRIBUTES) else {
        return Vec::new();
    };
    let accepted = "`key=value,key=value`, with `,`, `=` and `%` in values percent-encoded";
    match pairs(&list) {
        Ok(pairs) => {
            let is_bare = |pair: &str| {
                pair.split_once('=')
                    .is_some_and(|(_, value)| value.contains('='))
            };
            // No value: an attribute may be what only the service's own people know.
            let keys = list.split(',').filter(|pair| is_bare(pair));
            let keys = keys
                .filter_map(|pair| pair.split_once('='))
                .map(|(key, _)| key.trim());
            for key in keys {
                variables.add(format!(
                    "{ATTRIBUTES}: the value of `{key}` has a `=` in it: using all after the first one. Accepted: {accepted}"
                ));
            }
            pairs
        }
        // All of it, as the specification wants it.
        Err(at) => {
            variables.add(format!(
                "{ATTRIBUTES}: entry {at} is malformed: using none of them. Accepted: {accepted}"
            ));
            Vec::new()
        }
    }
}

/// `key=value,key=value`, values percent-encoded. `Err` with the number of the entry that is malformed.
pub(crate) fn pairs(list: &str) -> Result<Vec<(String, String)>, usize> {
    let pairs = list.split(',').map(str::trim).enumerate();
    pairs
        .filter(|(_, pair)| !pair.is_empty())
        .map(|(at, pair)| attribute(pair).ok_or(at + 1))
        .collect()
}

fn attribute(pair: &str) -> Option<(String, String)> {
    let (key, value) = pair.split_once('=')?;
    let key = key.trim();
    let is_key = |c: char| c.is_ascii_graphic() && !"\"(),/:;<=>?@[\\]{}".contains(c);
    if key.is_empty() || !key.chars().all(is_key) {
        return None;
    }
    Some((key.to_owned(), percent_decoded(value.trim())?))
}

fn percent_decoded(value: &str) -> Option<String> {
    let mut bytes = value.bytes();
    let mut decoded = Vec::with_capacity(value.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let (high, low) = (digit(bytes.next())?, digit(bytes.next())?);
                u8::try_from(high * 16 + low).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(decoded).ok()
}

/// Errors where it cannot be used: a service that listens at another address is neither scraped nor probed.
fn listen(variables: &Variables<'_>) -> Result<Option<SocketAddr>, Error> {
    let (host, port) = (variables.required(HOST)?, variables.required(PORT)?);
    if host.is_none() && port.is_none() {
        return Ok(None);
    }
    let port = match port.as_deref() {
        None => crate::setup::builder::DEFAULT_PORT,
        Some(port) => port.parse().map_err(|_| {
            Error::configuration(format!(
                "{PORT} is `{}`: set it to a port number from 0 to 65535",
                variables::shown(port)
            ))
        })?,
    };
    let host = match host.as_deref() {
        None | Some("localhost") => "127.0.0.1",
        Some(other) => other.trim_start_matches('[').trim_end_matches(']'),
    };
    let found = (host, port).to_socket_addrs();
    let address = found.ok().and_then(|mut found| found.next());
    let address = address.ok_or_else(|| {
        Error::configuration(format!(
            "{HOST} is `{}`, which is no address and has none: set it to an IP address such as `0.0.0.0`, or to a name \
             of this machine such as `localhost`",
            variables::shown(host)
        ))
    })?;
    Ok(Some(address))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::variables::tests::with;

    /// What the environment says, and what is warned of.
    fn read(variables: &[(&str, &str)]) -> (Environment, Vec<String>) {
        let (read, warnings) = with(variables, Environment::from);
        (read.unwrap(), warnings)
    }

    fn error(variables: &[(&str, &str)]) -> String {
        let (read, _) = with(variables, Environment::from);
        read.unwrap_err().to_string()
    }

    /// What was set by mistake may be a secret, and an error may be printed anywhere.
    #[cfg(feature = "server")]
    #[test]
    fn errors_show_no_secret() {
        for (name, value) in [
            (PORT, "token=hunter2"),
            (HOST, "https://u:hunter2@h"),
            (HOST, "password=hunter2\nINFO forged"),
        ] {
            let error = error(&[(name, value)]);
            let is_clean = !error.contains("hunter2") && !error.contains('\n');
            assert!(is_clean && error.contains(name), "{error}");
        }
    }

    #[test]
    fn nothing_set_or_empty_is_the_default() {
        assert_eq!(read(&[]), (Environment::default(), vec![]));
        let names = [
            DISABLED,
            SERVICE_NAME,
            ATTRIBUTES,
            METRICS_EXPORTER,
            HOST,
            PORT,
        ];
        let empty = names.map(|name| (name, " "));
        assert_eq!(read(&empty), (Environment::default(), vec![]));
    }

    #[test]
    fn only_true_disables() {
        for (value, disabled) in [("TRUE", true), ("true", true), ("False", false)] {
            let (environment, warnings) = read(&[(DISABLED, value)]);
            assert_eq!(
                (environment.disabled, warnings),
                (disabled, vec![]),
                "{value}"
            );
        }
        for value in ["yes", "1", "tru"] {
            let (environment, warnings) = read(&[(DISABLED, value)]);
            assert!(!environment.disabled);
            let expected = format!(
                "OTEL_SDK_DISABLED is `{value}`, which cannot be used: using `false` instead. Accepted: `false`, `true`"
            );
            assert_eq!(warnings, [expected]);
        }
    }

    #[test]
    fn metrics_are_exposed_whatever_is_asked_for() {
        for value in ["prometheus", "Prometheus,"] {
            assert_eq!(read(&[(METRICS_EXPORTER, value)]).1, [""; 0]);
        }
        for (value, parts) in [
            ("none", "`none`"),
            ("otlp", "`otlp`"),
            ("console", "`console`"),
            ("otlp,prometheus", "`otlp`"),
            ("otlp, console", "`otlp` and `console`"),
        ] {
            let (environment, warnings) = read(&[(METRICS_EXPORTER, value)]);
            assert_eq!(environment, Environment::default());
            let [warning] = &warnings[..] else {
                panic!("{warnings:?}");
            };
            let start = format!(
                "OTEL_METRICS_EXPORTER is `{value}`, of which {parts} cannot be used: using `prometheus`: metrics are served at"
            );
            assert!(warning.starts_with(&start), "{warning}");
        }
    }

    #[test]
    fn attributes_are_decoded() {
        let expected = [("a.b", "c d"), ("e", ""), ("f", "ü")];
        let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let (environment, warnings) = read(&[(ATTRIBUTES, "a.b=c%20d, e= ,f=%C3%BC,")]);
        assert_eq!(
            (&environment.attributes[..], warnings),
            (&expected[..], vec![])
        );
    }

    /// Others take it so.
    #[test]
    fn a_value_with_an_equals_sign_is_used() {
        let (environment, warnings) = read(&[(ATTRIBUTES, "a=b=secret,c=d")]);
        let expected = [("a", "b=secret"), ("c", "d")];
        let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(environment.attributes, expected);
        let [warning] = &warnings[..] else {
            panic!("{warnings:?}");
        };
        let start = "OTEL_RESOURCE_ATTRIBUTES: the value of `a` has a `=` in it: using all after the first one. Accepted: `key=value";
        assert!(
            warning.starts_with(start) && !warning.contains("secret"),
            "{warning}"
        );
    }

    /// The specification: all of it is discarded. The value is not shown, it may be a secret.
    #[test]
    fn of_malformed_attributes_none_is_used() {
        for wrong in ["secret", "=secret", "a b=secret", "k=se%zzcret", "k=%ff"] {
            let (environment, warnings) = read(&[(ATTRIBUTES, &format!("ok=1,{wrong}"))]);
            assert_eq!(environment.attributes, [], "{wrong}");
            let [warning] = &warnings[..] else {
                panic!("{warnings:?}");
            };
            let start =
                "OTEL_RESOURCE_ATTRIBUTES: entry 2 is malformed: using none of them. Accepted: ";
            assert!(
                warning.starts_with(start) && !warning.contains("secret"),
                "{warning}"
            );
        }
    }

    #[test]
    fn host_and_port() {
        let listen = |variables: &[_]| read(variables).0.listen.unwrap().to_string();
        assert_eq!(listen(&[(HOST, "0.0.0.0")]), "0.0.0.0:9464");
        assert_eq!(listen(&[(HOST, "localhost")]), "127.0.0.1:9464");
        assert_eq!(listen(&[(PORT, "0")]), "127.0.0.1:0");
        assert_eq!(listen(&[(HOST, "::1"), (PORT, "9000")]), "[::1]:9000");
        assert_eq!(listen(&[(HOST, "[::]"), (PORT, "9000")]), "[::]:9000");
    }

    /// Who scrapes and probes would look elsewhere.
    #[test]
    fn where_to_listen_is_an_error_if_it_is_wrong() {
        let wrong = error(&[(HOST, "no host.invalid")]);
        assert!(
            wrong.contains("IP address") && wrong.contains("`no host.invalid`"),
            "{wrong}"
        );
        for wrong in ["65536", "-1", "http"] {
            assert!(error(&[(PORT, wrong)]).contains("port number"));
        }
    }
}

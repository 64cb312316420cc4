//! Where the environment wants the admin listener.
//!
//! Source: OpenTelemetry's environment variable specification.

use std::net::{SocketAddr, ToSocketAddrs as _};

use crate::error::Error;
use crate::setup::variables::{self, Variables};

/// The port of the admin listener, which is that of OpenTelemetry's Prometheus exporter.
pub(super) const DEFAULT_PORT: u16 = 9464;

const HOST: &str = "OTEL_EXPORTER_PROMETHEUS_HOST";
const PORT: &str = "OTEL_EXPORTER_PROMETHEUS_PORT";

/// Errors where it cannot be used: a service that listens at another address is neither scraped nor probed.
pub(super) fn of_environment(variables: &Variables<'_>) -> Result<Option<SocketAddr>, Error> {
    let (host, port) = (variables.required(HOST)?, variables.required(PORT)?);
    if host.is_none() && port.is_none() {
        return Ok(None);
    }
    let port = match port.as_deref() {
        None => DEFAULT_PORT,
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

    fn error(variables: &[(&str, &str)]) -> String {
        let (read, _) = with(variables, of_environment);
        read.unwrap_err().to_string()
    }

    #[test]
    fn nothing_set_or_empty_is_the_default() {
        for variables in [&[][..], &[(HOST, " "), (PORT, " ")]] {
            let (read, warnings) = with(variables, of_environment);
            assert_eq!((read.unwrap(), warnings), (None, vec![]));
        }
    }

    /// What was set by mistake may be a secret, and an error may be printed anywhere.
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
    fn host_and_port() {
        let listen = |variables: &[_]| {
            with(variables, of_environment)
                .0
                .unwrap()
                .unwrap()
                .to_string()
        };
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

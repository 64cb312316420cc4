//! What the environment says of the collector of a signal, as OpenTelemetry defines it.
//!
//! Source: OpenTelemetry's environment variable and OTLP exporter specifications.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Uri};

use crate::error::Error;
#[cfg(feature = "tls")]
use crate::otlp::{File, Files};
use crate::otlp::{Protocol, Settings, Signal};
use crate::setup::environment::{Lookup, pairs};

/// Where a signal is sent, and how.
pub(crate) fn settings(variable: Lookup<'_>, signal: Signal) -> Result<Settings, Error> {
    let mut settings = Settings::of(signal);
    if let Some((name, protocol)) = of(variable, signal, "PROTOCOL")? {
        settings.protocol = self::protocol(&name, &protocol)?;
    }
    settings.endpoint = Uri::from_static(settings.protocol.default_endpoint(signal));
    if let Some((name, value)) = of(variable, signal, "ENDPOINT")? {
        let is_base = name == "OTEL_EXPORTER_OTLP_ENDPOINT";
        settings.endpoint = endpoint(&name, &value, is_base, settings.protocol, signal)?;
    }
    if let Some((name, value)) = of(variable, signal, "HEADERS")? {
        settings.headers = headers(&name, &value)?;
    }
    #[cfg(feature = "tls")]
    {
        settings.files = files(variable, signal)?;
    }
    if let Some((name, value)) = of(variable, signal, "COMPRESSION")? {
        settings.gzip = match value.to_ascii_lowercase().as_str() {
            "gzip" => true,
            "none" => false,
            other => return Err(wrong(&name, other, "set it to `gzip` or `none`")),
        };
    }
    if let Some((name, value)) = of(variable, signal, "TIMEOUT")? {
        settings.timeout = milliseconds(&name, &value)?;
    }
    // Both limit a batch with its repetitions: the shorter one counts.
    let of_batches = |what: &str| {
        let name = format!("OTEL_{}_{what}", signal.batches());
        let value = variable(&name)?;
        Ok::<_, Error>(value.map(|value| (name, value)))
    };
    if let Some((name, value)) = of_batches("EXPORT_TIMEOUT")? {
        settings.timeout = settings.timeout.min(milliseconds(&name, &value)?);
    }
    if let Some((name, value)) = of_batches("SCHEDULE_DELAY")? {
        settings.delay = milliseconds(&name, &value)?;
    }
    if let Some((name, value)) = of_batches("MAX_EXPORT_BATCH_SIZE")? {
        settings.batch = number(&name, &value, 1)?;
    }
    Ok(settings)
}

/// That of the signal alone, else that of all; and which it was.
fn of(variable: Lookup<'_>, signal: Signal, what: &str) -> Result<Option<(String, String)>, Error> {
    for name in [
        format!("OTEL_EXPORTER_OTLP_{}_{what}", signal.name()),
        format!("OTEL_EXPORTER_OTLP_{what}"),
    ] {
        if let Some(value) = variable(&name)? {
            return Ok(Some((name, value)));
        }
    }
    Ok(None)
}

/// What connections are secured with. A client's certificate is nothing without its key.
#[cfg(feature = "tls")]
fn files(variable: Lookup<'_>, signal: Signal) -> Result<Files, Error> {
    let file = |what: &str| {
        let found = of(variable, signal, what)?;
        Ok::<_, Error>(found.map(|(name, path)| File { name, path }))
    };
    let client = match (file("CLIENT_CERTIFICATE")?, file("CLIENT_KEY")?) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (None, None) => None,
        (Some(one), None) | (None, Some(one)) => {
            let what = "a client's certificate and its key belong together: set OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and \
                        OTEL_EXPORTER_OTLP_CLIENT_KEY";
            return Err(wrong(&one.name, &one.path, what));
        }
    };
    Ok(Files {
        certificate: file("CERTIFICATE")?,
        client,
    })
}

fn protocol(name: &str, protocol: &str) -> Result<Protocol, Error> {
    match protocol.to_ascii_lowercase().as_str() {
        "http/protobuf" => Ok(Protocol::HttpProtobuf),
        #[cfg(feature = "grpc")]
        "grpc" => Ok(Protocol::Grpc),
        #[cfg(not(feature = "grpc"))]
        "grpc" => {
            let what = "enable the feature `grpc` of ecolaura-monitoring for it, or set it to `http/protobuf`";
            Err(wrong(name, protocol, what))
        }
        _ => {
            let what = "what is sent goes by `http/protobuf` or `grpc`: set it to one of them, or unset it";
            Err(wrong(name, protocol, what))
        }
    }
}

/// A base gets the path of the signal; an endpoint of the signal is taken as it is. With gRPC the path is that of the call, whichever is given.
pub(crate) fn endpoint(
    name: &str,
    value: &str,
    is_base: bool,
    protocol: Protocol,
    signal: Signal,
) -> Result<Uri, Error> {
    let uri: Option<Uri> = value.parse().ok();
    // Not the value, in which there may be a password.
    let malformed = || {
        let what = "is no address: write it as `http://collector:4318`";
        Error::configuration(format!("{name} {what}"))
    };
    let uri = uri
        .filter(|uri| uri.host().is_some())
        .ok_or_else(malformed)?;
    if uri
        .authority()
        .is_some_and(|host| host.as_str().contains('@'))
    {
        let what =
            "has a user name in it: put what it takes to be let in into OTEL_EXPORTER_OTLP_HEADERS";
        return Err(Error::configuration(format!("{name} {what}")));
    }
    match uri.scheme_str() {
        Some("http") => {}
        Some("https") if cfg!(feature = "tls") => {}
        Some("https") => {
            let what = "begins with `https`, which is not built in: enable the feature `tls` of ecolaura-monitoring, or send spans to a \
                        collector beside the service, by `http`";
            return Err(Error::configuration(format!("{name} {what}")));
        }
        _ => return Err(malformed()),
    }
    #[cfg(feature = "grpc")]
    if protocol == Protocol::Grpc {
        let call = Uri::from_static(protocol.default_endpoint(signal));
        let mut parts = uri.into_parts();
        parts.path_and_query = call.into_parts().path_and_query;
        return Uri::from_parts(parts).map_err(|_| malformed());
    }
    let _ = protocol;
    if !is_base {
        return Ok(uri);
    }
    let base = uri.to_string();
    let whole = format!("{}{}", base.trim_end_matches('/'), signal.path());
    whole.parse().map_err(|_| malformed())
}

/// `name=value,name=value`. Errors name the place, not the value, which is most likely a secret.
fn headers(name: &str, value: &str) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::new();
    for (at, (key, value)) in pairs(name, value, true)?.into_iter().enumerate() {
        let key = HeaderName::from_bytes(key.as_bytes());
        let value = HeaderValue::from_str(&value);
        let (Ok(key), Ok(mut value)) = (key, value) else {
            let what = "is no header: write `name=value,name=value`";
            return Err(Error::configuration(format!(
                "{name}: entry {} {what}",
                at + 1
            )));
        };
        value.set_sensitive(true);
        headers.append(key, value);
    }
    Ok(headers)
}

/// A value of which case does not matter.
pub(crate) fn lower(value: Option<String>) -> Option<String> {
    value.map(|value| value.to_ascii_lowercase())
}

pub(crate) fn wrong(name: &str, value: &str, what: impl Display) -> Error {
    Error::configuration(format!("{name} is `{value}`: {what}"))
}

fn milliseconds(name: &str, value: &str) -> Result<Duration, Error> {
    let milliseconds = number(name, value, 1)? as u64;
    Ok(Duration::from_millis(milliseconds))
}

pub(crate) fn number<N: FromStr + PartialOrd + Display>(
    name: &str,
    value: &str,
    least: N,
) -> Result<N, Error> {
    match value.parse() {
        Ok(number) if number >= least => Ok(number),
        _ => Err(wrong(
            name,
            value,
            format!("set it to a whole number from {least}"),
        )),
    }
}

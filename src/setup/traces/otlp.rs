//! What the environment says of the collector of a signal, as OpenTelemetry defines it.
//!
//! Source: OpenTelemetry's environment variable and OTLP exporter specifications.

#[cfg(any(feature = "tls", not(feature = "grpc")))]
use std::fmt::Display;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Uri};

use crate::error::Error;
#[cfg(feature = "tls")]
use crate::otlp::{File, Files};
use crate::otlp::{Protocol, Settings, Signal};
use crate::setup::service::pairs;
use crate::setup::variables::{Variables, shown};

/// Where a signal is sent, and how. Errors are what would have nothing arrive.
pub(crate) fn settings(variables: &Variables<'_>, signal: Signal) -> Result<Settings, Error> {
    let mut settings = Settings::of(signal);
    settings.protocol = protocol(variables, signal)?;
    settings.endpoint = Uri::from_static(settings.protocol.default_endpoint(signal));
    if let Some((name, value)) = of(variables, signal, "ENDPOINT")? {
        let is_base = name == "OTEL_EXPORTER_OTLP_ENDPOINT";
        settings.endpoint = endpoint(&name, &value, is_base, settings.protocol, signal)?;
    }
    if let Some((name, value)) = of(variables, signal, "HEADERS")? {
        settings.headers = headers(&name, &value)?;
    }
    #[cfg(feature = "tls")]
    {
        settings.files = files(variables, signal)?;
    }
    let [of_signal, of_all] = names(signal, "COMPRESSION");
    let compression = [("none", false), ("gzip", true)];
    let gzip = variables.choice(&[&of_signal, &of_all], &compression);
    settings.gzip = gzip.unwrap_or_default();
    let [of_signal, of_all] = names(signal, "TIMEOUT");
    settings.timeout = milliseconds(variables, &[&of_signal, &of_all], settings.timeout);
    // Both limit a batch with its repetitions: the shorter one counts.
    let of_batches = |what: &str| format!("OTEL_{}_{what}", signal.batches());
    let longest = milliseconds(
        variables,
        &[&of_batches("EXPORT_TIMEOUT")],
        settings.timeout,
    );
    settings.timeout = settings.timeout.min(longest);
    settings.delay = milliseconds(variables, &[&of_batches("SCHEDULE_DELAY")], settings.delay);
    let batch = of_batches("MAX_EXPORT_BATCH_SIZE");
    settings.batch = variables.number(&[&batch], settings.batch, 1);
    Ok(settings)
}

/// The variable of the signal alone, and that of all.
fn names(signal: Signal, what: &str) -> [String; 2] {
    [
        format!("OTEL_EXPORTER_OTLP_{}_{what}", signal.name()),
        format!("OTEL_EXPORTER_OTLP_{what}"),
    ]
}

/// That of the signal alone, else that of all; and which it was.
fn of(
    variables: &Variables<'_>,
    signal: Signal,
    what: &str,
) -> Result<Option<(String, String)>, Error> {
    for name in names(signal, what) {
        if let Some(value) = variables.required(&name)? {
            return Ok(Some((name, value)));
        }
    }
    Ok(None)
}

/// What connections are secured with. A client's certificate is nothing without its key.
#[cfg(feature = "tls")]
fn files(variables: &Variables<'_>, signal: Signal) -> Result<Files, Error> {
    let file = |what: &str| {
        let found = of(variables, signal, what)?;
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

/// How it is sent. gRPC where it is not built in is an error: a collector that speaks it understands nothing else.
fn protocol(variables: &Variables<'_>, signal: Signal) -> Result<Protocol, Error> {
    let names = names(signal, "PROTOCOL");
    let names = names.each_ref().map(String::as_str);
    #[cfg(not(feature = "grpc"))]
    for name in names {
        match variables.text(name) {
            Some(value) if value.eq_ignore_ascii_case("grpc") => {
                let what = "enable the feature `grpc` of ecolaura-monitoring for it, or set it to `http/protobuf`";
                return Err(wrong(name, &value, what));
            }
            Some(_) => break,
            None => {}
        }
    }
    let words = [
        ("http/protobuf", Protocol::HttpProtobuf),
        #[cfg(feature = "grpc")]
        ("grpc", Protocol::Grpc),
    ];
    let protocol = variables.choice(&names, &words);
    Ok(protocol.unwrap_or(Protocol::HttpProtobuf))
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
    let malformed = || {
        // One with a user name is not shown, as there may be a password beside it.
        let what = match value.contains('@') {
            true => String::new(),
            false => format!("is `{}`, which ", shown(value)),
        };
        Error::configuration(format!(
            "{name} {what}is no URL of http or https: write it as `http://collector:4318`"
        ))
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
    let malformed = |at: usize| {
        let what = "is malformed: write `name=value,name=value`, with `,` and `%` in values percent-encoded";
        Error::configuration(format!("{name}: entry {at} {what}"))
    };
    let pairs = pairs(value).map_err(malformed)?;
    for (at, (key, value)) in pairs.into_iter().enumerate() {
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

#[cfg(any(feature = "tls", not(feature = "grpc")))]
fn wrong(name: &str, value: &str, what: impl Display) -> Error {
    let value = shown(value);
    Error::configuration(format!("{name} is `{value}`: {what}"))
}

fn milliseconds(variables: &Variables<'_>, names: &[&str], default: Duration) -> Duration {
    let default = u64::try_from(default.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(variables.number(names, default, 1))
}

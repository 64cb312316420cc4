//! What the environment says of traces, as OpenTelemetry defines it.
//!
//! Source: OpenTelemetry's environment variable and OTLP exporter specifications.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Uri};

use crate::error::Error;
#[cfg(feature = "tls")]
use crate::otlp::{File, Files};
use crate::otlp::{Protocol, Settings, To};
use crate::setup::environment::{Lookup, pairs};
use crate::trace::{Limits, Sampling};

/// What the environment says of traces.
#[derive(Debug, PartialEq)]
pub(crate) struct Traces {
    /// Where they go; `None` when nobody wants them.
    pub(crate) exporter: Option<Settings>,
    pub(crate) sampling: Option<Sampling>,
    pub(crate) limits: Limits,
}

impl Default for Traces {
    /// What is meant when nothing is said.
    fn default() -> Self {
        Self {
            exporter: Some(Settings::default()),
            sampling: None,
            limits: Limits::default(),
        }
    }
}

/// Spans that may wait, whatever is asked for: room for them is made at start.
const MOST_QUEUED: usize = 1 << 20;

const EXPORTER: &str = "OTEL_TRACES_EXPORTER";
const SAMPLER: &str = "OTEL_TRACES_SAMPLER";
const SAMPLER_ARG: &str = "OTEL_TRACES_SAMPLER_ARG";

impl Traces {
    pub(crate) fn from(variable: Lookup<'_>) -> Result<Self, Error> {
        let Some(exporter) = exporter(variable)? else {
            return Ok(Self {
                exporter: None,
                ..Self::default() // of what nobody uses nothing is wrong
            });
        };
        Ok(Self {
            exporter: Some(exporter),
            sampling: sampling(variable(SAMPLER)?, variable(SAMPLER_ARG)?)?,
            limits: limits(variable)?,
        })
    }
}

/// A value of which case does not matter.
fn lower(value: Option<String>) -> Option<String> {
    value.map(|value| value.to_ascii_lowercase())
}

fn wrong(name: &str, value: &str, what: impl Display) -> Error {
    Error::configuration(format!("{name} is `{value}`: {what}"))
}

fn exporter(variable: Lookup<'_>) -> Result<Option<Settings>, Error> {
    match lower(variable(EXPORTER)?).as_deref() {
        None | Some("otlp") => settings(variable).map(Some),
        Some("console") => {
            let mut settings = settings(variable)?;
            settings.to = To::Console;
            Ok(Some(settings))
        }
        Some("none") => Ok(None),
        Some(other) => {
            let what = "set it to `otlp`, `console` or `none`";
            Err(wrong(EXPORTER, other, what))
        }
    }
}

/// That of traces alone, else that of all signals; and which it was.
fn of_traces(variable: Lookup<'_>, what: &str) -> Result<Option<(String, String)>, Error> {
    for name in [
        format!("OTEL_EXPORTER_OTLP_TRACES_{what}"),
        format!("OTEL_EXPORTER_OTLP_{what}"),
    ] {
        if let Some(value) = variable(&name)? {
            return Ok(Some((name, value)));
        }
    }
    Ok(None)
}

fn settings(variable: Lookup<'_>) -> Result<Settings, Error> {
    let mut settings = Settings::default();
    if let Some((name, protocol)) = of_traces(variable, "PROTOCOL")? {
        settings.protocol = self::protocol(&name, &protocol)?;
    }
    settings.endpoint = Uri::from_static(settings.protocol.default_endpoint());
    if let Some((name, value)) = of_traces(variable, "ENDPOINT")? {
        let is_base = name == "OTEL_EXPORTER_OTLP_ENDPOINT";
        settings.endpoint = endpoint(&name, &value, is_base, settings.protocol)?;
    }
    if let Some((name, value)) = of_traces(variable, "HEADERS")? {
        settings.headers = headers(&name, &value)?;
    }
    #[cfg(feature = "tls")]
    {
        settings.files = files(variable)?;
    }
    if let Some((name, value)) = of_traces(variable, "COMPRESSION")? {
        settings.gzip = match value.to_ascii_lowercase().as_str() {
            "gzip" => true,
            "none" => false,
            other => return Err(wrong(&name, other, "set it to `gzip` or `none`")),
        };
    }
    if let Some((name, value)) = of_traces(variable, "TIMEOUT")? {
        settings.timeout = milliseconds(&name, &value)?;
    }
    // Both limit a batch with its repetitions: the shorter one counts.
    const EXPORT: &str = "OTEL_BSP_EXPORT_TIMEOUT";
    if let Some(value) = variable(EXPORT)? {
        settings.timeout = settings.timeout.min(milliseconds(EXPORT, &value)?);
    }
    const DELAY: &str = "OTEL_BSP_SCHEDULE_DELAY";
    if let Some(value) = variable(DELAY)? {
        settings.delay = milliseconds(DELAY, &value)?;
    }
    const BATCH: &str = "OTEL_BSP_MAX_EXPORT_BATCH_SIZE";
    if let Some(value) = variable(BATCH)? {
        settings.batch = number(BATCH, &value, 1)?;
    }
    Ok(settings)
}

/// What connections are secured with. A client's certificate is nothing without its key.
#[cfg(feature = "tls")]
fn files(variable: Lookup<'_>) -> Result<Files, Error> {
    let file = |what: &str| {
        let found = of_traces(variable, what)?;
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
            let what =
                "spans are sent by `http/protobuf` or `grpc`: set it to one of them, or unset it";
            Err(wrong(name, protocol, what))
        }
    }
}

/// A base gets the path of traces; an endpoint of traces is taken as it is. With gRPC the path is that of the call, whichever is given.
pub(crate) fn endpoint(
    name: &str,
    value: &str,
    is_base: bool,
    protocol: Protocol,
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
        let call = Uri::from_static(protocol.default_endpoint());
        let mut parts = uri.into_parts();
        parts.path_and_query = call.into_parts().path_and_query;
        return Uri::from_parts(parts).map_err(|_| malformed());
    }
    let _ = protocol;
    if !is_base {
        return Ok(uri);
    }
    let base = uri.to_string();
    let whole = format!("{}/v1/traces", base.trim_end_matches('/'));
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

fn sampling(sampler: Option<String>, argument: Option<String>) -> Result<Option<Sampling>, Error> {
    let Some(sampler) = lower(sampler) else {
        return Ok(None);
    };
    let (asks_parent, kind) = match sampler.strip_prefix("parentbased_") {
        Some(kind) => (true, kind),
        None => (false, sampler.as_str()),
    };
    let ratio = match kind {
        "always_on" => 1.0,
        "always_off" => 0.0,
        "traceidratio" => ratio(argument.as_deref())?,
        _ => {
            let what = "set it to `parentbased_always_on`, `parentbased_always_off` or `parentbased_traceidratio`, \
                        or to one of these without `parentbased_`";
            return Err(wrong(SAMPLER, &sampler, what));
        }
    };
    // Just what it says: no limit, and nothing that is kept besides.
    let sampling = Sampling::ratio(ratio).ask_parent(asks_parent);
    Ok(Some(sampling.at_most(u32::MAX).keep_failed(false)))
}

fn ratio(argument: Option<&str>) -> Result<f64, Error> {
    let Some(argument) = argument else {
        return Ok(1.0);
    };
    match argument.parse() {
        Ok(ratio) if (0.0..=1.0).contains(&ratio) => Ok(ratio),
        _ => Err(wrong(
            SAMPLER_ARG,
            argument,
            "set it to a number from 0 to 1",
        )),
    }
}

fn limits(variable: Lookup<'_>) -> Result<Limits, Error> {
    let mut limits = Limits::default();
    let read = |limit: &mut usize, names: &[&str], least: usize| {
        for name in names {
            if let Some(value) = variable(name)? {
                *limit = number(name, &value, least)?;
                return Ok::<(), Error>(());
            }
        }
        Ok(())
    };
    read(&mut limits.queue, &["OTEL_BSP_MAX_QUEUE_SIZE"], 1)?;
    limits.queue = limits.queue.min(MOST_QUEUED);
    read(&mut limits.events, &["OTEL_SPAN_EVENT_COUNT_LIMIT"], 0)?;
    let attributes = [
        "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
        "OTEL_ATTRIBUTE_COUNT_LIMIT",
    ];
    read(&mut limits.attributes, &attributes, 0)?;
    let text = [
        "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
        "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    ];
    read(&mut limits.text, &text, 0)?;
    Ok(limits)
}

fn milliseconds(name: &str, value: &str) -> Result<Duration, Error> {
    let milliseconds = number(name, value, 1)? as u64;
    Ok(Duration::from_millis(milliseconds))
}

fn number<N: FromStr + PartialOrd + Display>(
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Traces, String> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            Ok(found.map(|(_, value)| (*value).to_owned()))
        };
        Traces::from(&variable).map_err(|error| error.to_string())
    }

    fn exporter(variables: &[(&str, &str)]) -> Settings {
        read(variables).unwrap().exporter.unwrap()
    }

    #[test]
    fn nothing_said_is_a_collector_beside_the_service() {
        let traces = read(&[]).unwrap();
        assert_eq!(traces, Traces::default());
        let endpoint = exporter(&[]).endpoint;
        assert_eq!(endpoint, "http://localhost:4318/v1/traces");
    }

    #[test]
    fn endpoints() {
        let of = |variables: &[(&str, &str)]| exporter(variables).endpoint.to_string();
        let (all, traces) = (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        );
        assert_eq!(of(&[(all, "http://c:1")]), "http://c:1/v1/traces");
        assert_eq!(of(&[(all, "http://c:1/")]), "http://c:1/v1/traces");
        assert_eq!(of(&[(all, "http://c/base/")]), "http://c/base/v1/traces");
        assert_eq!(
            of(&[(traces, "http://c:1/as/it/is")]),
            "http://c:1/as/it/is"
        );
        assert_eq!(of(&[(traces, "http://c:1")]), "http://c:1/");
        assert_eq!(
            of(&[(all, "http://a"), (traces, "http://b/x")]),
            "http://b/x"
        );
        for (value, expected) in [
            ("collector", "is no address"),
            ("collector:4318", "is no address"),
            ("ftp://collector", "is no address"),
            ("http://user:secret@collector", "OTEL_EXPORTER_OTLP_HEADERS"),
        ] {
            let error = read(&[(all, value)]).unwrap_err();
            assert!(error.contains(all) && error.contains(expected), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[cfg(feature = "grpc")]
    #[test]
    fn endpoints_of_grpc() {
        const CALL: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
        let of = |name: &str, value: &str| {
            let protocol = ("OTEL_EXPORTER_OTLP_PROTOCOL", "gRPC");
            exporter(&[protocol, (name, value)]).endpoint.to_string()
        };
        assert_eq!(of("OTHER", ""), format!("http://localhost:4317{CALL}"));
        for name in [
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        ] {
            for value in ["http://c:1", "http://c:1/", "http://c:1/v1/traces?x"] {
                assert_eq!(of(name, value), format!("http://c:1{CALL}"));
            }
        }
    }

    #[cfg(not(feature = "grpc"))]
    #[test]
    fn grpc_is_a_feature() {
        let error = read(&[("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]).unwrap_err();
        assert!(error.contains("enable the feature `grpc`"), "{error}");
    }

    #[test]
    fn headers_are_not_shown() {
        let name = "OTEL_EXPORTER_OTLP_HEADERS";
        let headers =
            exporter(&[(name, "authorization=Basic c2VjcmV0Cg==,x-team=the%20shop")]).headers;
        assert_eq!(headers["authorization"], "Basic c2VjcmV0Cg==");
        assert_eq!(headers["x-team"], "the shop");
        assert!(!format!("{headers:?}").contains("c2V"));
        for value in ["secret", "a=b,c d=secret", "a=b,c=secret%0a"] {
            let error = read(&[(name, value)]).unwrap_err();
            assert!(error.contains(name) && !error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn samplers() {
        let of = |sampler: &str, argument: &str| {
            let read = read(&[(SAMPLER, sampler), (SAMPLER_ARG, argument)]);
            read.map(|traces| traces.sampling.unwrap())
        };
        let ratio = |ratio, parent| {
            let sampling = Sampling::ratio(ratio).ask_parent(parent);
            Ok(sampling.at_most(u32::MAX).keep_failed(false))
        };
        assert_eq!(of("always_on", "0.5"), ratio(1.0, false));
        assert_eq!(of("always_off", ""), ratio(0.0, false));
        assert_eq!(of("traceidratio", "0.25"), ratio(0.25, false));
        assert_eq!(of("parentbased_always_on", ""), ratio(1.0, true));
        assert_eq!(of("parentbased_always_off", ""), ratio(0.0, true));
        assert_eq!(of("parentbased_traceidratio", "1"), ratio(1.0, true));
        for (sampler, argument) in [
            ("jaeger_remote", ""),
            ("sometimes", ""),
            ("traceidratio", "2"),
            ("traceidratio", "-0.1"),
            ("traceidratio", "NaN"),
            ("parentbased_traceidratio", "half"),
        ] {
            let error = of(sampler, argument).unwrap_err();
            assert!(error.contains("OTEL_TRACES_SAMPLER"), "{error}");
        }
    }

    #[test]
    fn the_rest() {
        let settings = exporter(&[
            ("OTEL_TRACES_EXPORTER", "OTLP"),
            ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "250"),
            ("OTEL_BSP_SCHEDULE_DELAY", "200"),
            ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "64"),
        ]);
        assert!(settings.gzip);
        assert_eq!(settings.timeout, Duration::from_millis(250));
        assert_eq!(settings.delay, Duration::from_millis(200));
        assert_eq!(settings.batch, 64);
        assert_eq!(settings.to, To::Collector);
        assert_eq!(exporter(&[(EXPORTER, "console")]).to, To::Console);
        for (of_batch, of_request, expected) in [
            ("", "", 10_000),
            ("30000", "", 10_000),
            ("300", "", 300),
            ("300", "200", 200),
            ("40000", "50000", 40_000),
        ] {
            let variables = [
                ("OTEL_BSP_EXPORT_TIMEOUT", of_batch),
                ("OTEL_EXPORTER_OTLP_TIMEOUT", of_request),
            ];
            let given = variables.into_iter().filter(|(_, value)| !value.is_empty());
            let timeout = exporter(&given.collect::<Vec<_>>()).timeout;
            assert_eq!(timeout, Duration::from_millis(expected));
        }
        let none = [(EXPORTER, "none"), (SAMPLER, "of nobody's business")];
        assert_eq!(read(&none).unwrap().exporter, None);
        let limits = read(&[
            ("OTEL_BSP_MAX_QUEUE_SIZE", "7"),
            ("OTEL_SPAN_EVENT_COUNT_LIMIT", "1"),
            ("OTEL_ATTRIBUTE_COUNT_LIMIT", "2"),
            ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "3"),
            ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "4"),
        ]);
        let limits = limits.unwrap().limits;
        let found = (limits.queue, limits.events, limits.attributes, limits.text);
        assert_eq!(found, (7, 1, 3, 4));
    }

    #[test]
    fn wrong_values_are_named() {
        for (name, value) in [
            ("OTEL_TRACES_EXPORTER", "jaeger"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
            ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "br"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "soon"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "0"),
            ("OTEL_BSP_EXPORT_TIMEOUT", "0"),
            ("OTEL_BSP_SCHEDULE_DELAY", "-1"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "0"),
            ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1.5"),
            ("OTEL_SPAN_EVENT_COUNT_LIMIT", "many"),
        ] {
            let error = read(&[(name, value)]).unwrap_err();
            assert!(error.starts_with(name) || error.contains(value), "{error}");
        }
    }
}

//! What the environment says of traces.

use std::time::Duration;

use super::*;
use crate::setup::variables::tests::with;

fn read(variables: &[(&str, &str)]) -> Result<Traces, String> {
    let (read, _) = with(variables, Traces::from);
    read.map_err(|error| error.to_string())
}

/// What is read, where something is warned of, and the warnings.
fn warned(variables: &[(&str, &str)]) -> (Traces, Vec<String>) {
    let (read, warnings) = with(variables, Traces::from);
    (read.unwrap(), warnings)
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
        ("collector", "is `collector`, which is no URL"),
        ("collector:4318", "is `collector:4318`, which is no URL"),
        ("ftp://collector", "is `ftp://collector`, which is no URL"),
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
    let headers = exporter(&[(name, "authorization=Basic c2VjcmV0Cg==,x-team=the%20shop")]).headers;
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
        let variables = [(SAMPLER, sampler), (SAMPLER_ARG, argument)];
        with(&variables, sampling)
    };
    let ratio = |ratio, parent| {
        let sampling = Sampling::ratio(ratio).parent_based(parent);
        Some(sampling.max_per_second(u32::MAX).keep_failed(false))
    };
    for (sampler, argument, expected) in [
        ("", "", None),
        ("always_on", "0.5", ratio(1.0, false)),
        ("always_off", "", ratio(0.0, false)),
        ("traceidratio", "0.25", ratio(0.25, false)),
        ("parentbased_always_on", "", ratio(1.0, true)),
        ("parentbased_always_off", "", ratio(0.0, true)),
        ("ParentBased_TraceIdRatio", "1", ratio(1.0, true)),
    ] {
        assert_eq!(of(sampler, argument), (expected, vec![]), "{sampler}");
    }
    for argument in ["0.5", "0,5"] {
        let (sampling, warnings) = of("", argument);
        assert_eq!(sampling, None);
        let expected = format!(
            "OTEL_TRACES_SAMPLER_ARG is `{argument}`, but without OTEL_TRACES_SAMPLER it has no effect: set OTEL_TRACES_SAMPLER to \
             `parentbased_traceidratio` as well"
        );
        assert_eq!(warnings, [expected]);
    }
    for argument in ["0,5", "2", "-0.1", "NaN", "half"] {
        let (sampling, warnings) = of("parentbased_traceidratio", argument);
        assert_eq!(sampling, ratio(1.0, true));
        let expected = format!(
            "OTEL_TRACES_SAMPLER_ARG is `{argument}`, which cannot be used: using `1` instead. Accepted: a number from 0 to 1, such as \
             `0.5`"
        );
        assert_eq!(warnings, [expected]);
    }
    for sampler in ["jaeger_remote", "xray", "sometimes", "parentbased_"] {
        let (sampling, warnings) = of(sampler, "");
        assert_eq!(sampling, None);
        let [warning] = &warnings[..] else {
            panic!("{warnings:?}");
        };
        let start = format!(
            "OTEL_TRACES_SAMPLER is `{sampler}`, which cannot be used: using the default, all traces up to 100 a second"
        );
        assert!(
            warning.starts_with(&start) && warning.contains("`parentbased_always_on`"),
            "{warning}"
        );
    }
}

#[test]
fn exporters() {
    const ONE: &str = "but each signal has one exporter: using `otlp`";
    for (value, to, why) in [
        ("otlp", Some(To::Collector), ""),
        ("OTLP,", Some(To::Collector), ""),
        ("console", Some(To::Console), ""),
        ("none", None, ""),
        ("otlp,console", Some(To::Collector), ONE),
        ("console, otlp", Some(To::Collector), ONE),
        (
            "zipkin,console",
            Some(To::Console),
            "of which `zipkin` cannot be used: using `console` instead",
        ),
        (
            "jaeger",
            Some(To::Collector),
            "which cannot be used: using `otlp` instead",
        ),
        (
            "zipkin,jaeger",
            Some(To::Collector),
            "of which `zipkin` and `jaeger` cannot be used: using `otlp` instead",
        ),
    ] {
        let (traces, warnings) = warned(&[(EXPORTER, value)]);
        assert_eq!(traces.exporter.map(|settings| settings.to), to, "{value}");
        if why.is_empty() {
            assert_eq!(warnings, [""; 0], "{value}");
            continue;
        }
        let expected = format!(
            "OTEL_TRACES_EXPORTER is `{value}`, {why}. Accepted: one of `otlp`, `console`, `none`"
        );
        assert_eq!(warnings, [expected]);
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
    let none = [
        (EXPORTER, "none"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "of nobody's business"),
    ];
    let (traces, warnings) = warned(&none);
    assert_eq!((traces.exporter, warnings), (None, vec![]));
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

/// The service starts with what is meant without them.
#[test]
fn wrong_values_are_warned_of() {
    let most = &*(MOST_QUEUED + 1).to_string();
    for (name, value, used) in [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json", "http/protobuf"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "udp", "http/protobuf"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "br", "none"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "soon", "10000"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "0", "10000"),
        ("OTEL_BSP_EXPORT_TIMEOUT", "0", "10000"),
        ("OTEL_BSP_SCHEDULE_DELAY", "-1", "5000"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "0", "2048"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", most, "1048576"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1.5", "512"),
        ("OTEL_SPAN_EVENT_COUNT_LIMIT", "many", "256"),
    ] {
        let (traces, warnings) = warned(&[(name, value)]);
        let [warning] = &warnings[..] else {
            panic!("{name} {warnings:?}");
        };
        let start = format!(
            "{name} is `{value}`, which cannot be used: using `{used}` instead. Accepted: "
        );
        assert!(warning.starts_with(&start), "{warning}");
        if value != most {
            assert_eq!(traces, Traces::default(), "{name}");
        }
    }
    // The variable of all counts where that of the signal cannot be used.
    let (traces, warnings) = warned(&[
        ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "br"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
    ]);
    assert!(traces.exporter.unwrap().gzip && warnings[0].contains("using `gzip` instead"));
}

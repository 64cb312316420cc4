//! What a platform sets for all its services keeps none of them from starting: what cannot be used is warned of in the log, and what would leave the
//! service blind or unsafe is an error. Each case is a process of its own, whose environment it is.

use std::env;
use std::net::TcpListener;
use std::process::Output;
use support::lines;
use support::own_process;
use support::this_test;

use ecolaura_monitoring::Monitoring;
use serde_json::Value;

/// Says in a process of its own which case it is.
const CASE: &str = "ENVIRONMENT_CASE";

/// Runs a test of this file in a process of its own with these variables.
fn again(test: &str, case: &str, variables: &[(&str, &str)]) -> Output {
    own_process::run(test)
        .env(CASE, case)
        .envs(variables.iter().copied())
        .output()
        .expect("the test runs again")
}

/// The records of the log that a process wrote to standard output.
fn log_of(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).expect("UTF-8");
    // The test's own words stand before the first one.
    let read = |line: &str| serde_json::from_str(&line[line.find('{')?..]).ok();
    text.lines().filter_map(read).collect()
}

/// The warnings among them.
fn warnings_of(output: &Output) -> Vec<String> {
    let log = log_of(output);
    let warnings = log.iter().filter(|line| line["log.level"] == "warn");
    warnings
        .map(|line| line["message"].as_str().expect("a text").to_owned())
        .collect()
}

fn start() -> Result<Monitoring, ecolaura_monitoring::Error> {
    Monitoring::builder("test")
        .listen(([127, 0, 0, 1], 0))
        .init()
}

/// A service starts, and each of these is one warning that names the variable, the value, what is used instead and what is accepted.
#[test]
fn what_others_can_use_is_warned_of() {
    if env::var_os(CASE).is_some() {
        drop(start().expect("it starts"));
        return;
    }
    for (name, value, used, accepted) in [
        (
            "OTEL_PROPAGATORS",
            "tracecontext,b3",
            "`tracecontext`",
            "`baggage`",
        ),
        ("OTEL_TRACES_EXPORTER", "otlp,console", "`otlp`", "`none`"),
        ("OTEL_TRACES_EXPORTER", "zipkin", "`otlp`", "`console`"),
        ("OTEL_LOGS_EXPORTER", "logging", "`console`", "`otlp`"),
        ("OTEL_METRICS_EXPORTER", "none", "/metrics", "`prometheus`"),
        ("OTEL_METRICS_EXPORTER", "otlp", "/metrics", "`prometheus`"),
        (
            "OTEL_METRICS_EXEMPLAR_FILTER",
            "sometimes",
            "`trace_based`",
            "`always_off`",
        ),
        (
            "OTEL_TRACES_SAMPLER",
            "jaeger_remote",
            "the default",
            "`parentbased_always_on`",
        ),
        (
            "OTEL_RESOURCE_ATTRIBUTES",
            "a=b=c",
            "after the first one",
            "`key=value",
        ),
        (
            "OTEL_RESOURCE_ATTRIBUTES",
            "a=b,c",
            "none of them",
            "`key=value",
        ),
        ("OTEL_SDK_DISABLED", "1", "`false`", "`true`"),
        (
            "OTEL_EXPORTER_OTLP_PROTOCOL",
            "http/json",
            "`http/protobuf`",
            "`http/protobuf`",
        ),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd", "`none`", "`gzip`"),
        (
            "OTEL_EXPORTER_OTLP_TIMEOUT",
            "10s",
            "`10000`",
            "a whole number from 1",
        ),
        (
            "OTEL_BSP_MAX_QUEUE_SIZE",
            "-1",
            "`2048`",
            "a whole number from 1",
        ),
        (
            "OTEL_SPAN_EVENT_COUNT_LIMIT",
            "many",
            "`256`",
            "a whole number from 0",
        ),
        ("RUST_LOG", "info,shop=loud", "`info`", "`debug`"),
        ("RUST_LOG", "debugg", "the target", "`warn`"),
    ] {
        let output = again(&this_test!(), value, &[(name, value)]);
        assert!(output.status.success(), "{name} {output:?}");
        let warnings = warnings_of(&output);
        let [warning] = &warnings[..] else {
            panic!("{name}={value}: {warnings:?}\n{output:?}");
        };
        let shown = value.contains('=') && name.ends_with("ATTRIBUTES") || warning.contains(value);
        assert!(warning.starts_with(name) && shown, "{warning}");
        assert!(
            warning.contains(used) && warning.contains(accepted),
            "{warning}"
        );
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(!stderr.contains(name), "once, and in the log: {stderr}");
    }
}

/// The sampler's argument counts as not set, and so all traces are kept.
#[test]
fn a_ratio_with_a_comma() {
    if env::var_os(CASE).is_some() {
        drop(start().expect("it starts"));
        return;
    }
    let variables = [
        ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
        ("OTEL_TRACES_SAMPLER_ARG", "0,5"),
    ];
    let output = again(&this_test!(), "ratio", &variables);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(
        warnings_of(&output),
        [
            "OTEL_TRACES_SAMPLER_ARG is `0,5`, which cannot be used: using `1` instead. Accepted: a number from 0 to 1, such as `0.5`"
        ]
    );
}

/// Nothing is warned of where nothing is wrong.
#[test]
fn what_can_be_used_is_not_warned_of() {
    if env::var_os(CASE).is_some() {
        drop(start().expect("it starts"));
        return;
    }
    for variables in [
        &[][..],
        &[
            ("OTEL_PROPAGATORS", "tracecontext,baggage"),
            ("OTEL_TRACES_EXPORTER", "none"),
            ("OTEL_METRICS_EXPORTER", "prometheus"),
            ("OTEL_LOGS_EXPORTER", "console"),
            ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
            ("OTEL_TRACES_SAMPLER_ARG", "0.5"),
            (
                "OTEL_RESOURCE_ATTRIBUTES",
                "deployment.environment.name=staging,team=green",
            ),
            ("OTEL_SDK_DISABLED", "false"),
            ("RUST_LOG", "info,test_crate,[span]=debug"),
        ],
    ] {
        let output = again(&this_test!(), "good", variables);
        assert!(output.status.success(), "{output:?}");
        assert_eq!(warnings_of(&output), [""; 0]);
    }
}

/// What would leave the service blind, or open.
#[test]
fn what_would_leave_the_service_blind_or_unsafe_is_an_error() {
    if let Ok(expected) = env::var(CASE) {
        let error = Monitoring::init("test").expect_err("an error").to_string();
        assert!(error.contains(&expected), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
        return;
    }
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    for (name, value, expected) in [
        ("OTEL_EXPORTER_PROMETHEUS_PORT", &*port, "cannot listen on"),
        ("OTEL_EXPORTER_PROMETHEUS_PORT", "http", "port number"),
        ("OTEL_EXPORTER_PROMETHEUS_HOST", "no host", "IP address"),
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "collector:4318",
            "is no URL of http or https",
        ),
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "http://a:hunter2@b",
            "OTEL_EXPORTER_OTLP_HEADERS",
        ),
        (
            "OTEL_EXPORTER_OTLP_HEADERS",
            "authorization hunter2",
            "entry 1 is malformed",
        ),
        (
            "MONITORING_CONTROL_TOKEN",
            "hunter2",
            "MONITORING_CONTROL_TOKEN is too short",
        ),
        (
            "MONITORING_USER_HASH_KEY",
            "hunter2",
            "MONITORING_USER_HASH_KEY is too short",
        ),
    ] {
        let test = &this_test!();
        let variables = [("OTEL_EXPORTER_PROMETHEUS_PORT", "0"), (name, value)];
        let output = again(test, expected, &variables);
        assert!(output.status.success(), "{name} {output:?}");
    }
}

/// What is wrong in the code stays an error, also of what the environment may have wrong.
#[test]
fn the_code_has_to_be_right() {
    for filter in ["shop=loud", "my_crate", "[span=debug"] {
        let builder = Monitoring::builder("test").logs(|logs| logs.without_subscriber());
        let error = builder
            .logs(|logs| logs.filter(filter))
            .build()
            .expect_err("an error");
        assert!(error.is_configuration(), "{error}");
    }
}

/// The first line of a handler's log says what is wrong also where lines go to a writer, and where nobody made a subscriber it is on standard error.
#[test]
fn warnings_are_seen_wherever_the_log_is() {
    const VARIABLE: [(&str, &str); 1] = [("OTEL_SDK_DISABLED", "1")];
    let test = this_test!();
    const WARNING: &str = "OTEL_SDK_DISABLED is `1`";
    if let Ok(case) = env::var(CASE) {
        match &*case {
            "writer" => {
                let (lines, monitoring) = lines::logged(|builder| builder);
                let written = lines::written(&lines, &monitoring);
                let message = written[0]["message"].as_str().expect("a text");
                assert!(message.starts_with(WARNING), "{message}");
            }
            "no log" => drop(Monitoring::builder("test").without_logs().build()),
            _ => drop(Monitoring::builder("test").build()),
        }
        return;
    }
    for (case, on_stderr) in [("writer", 0), ("no log", 1), ("none asked for", 1)] {
        let output = again(&test, case, &VARIABLE);
        assert!(output.status.success(), "{output:?}");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(
            stderr.matches(WARNING).count(),
            on_stderr,
            "{case}: {stderr}"
        );
    }
}

/// A tool that wants no log gets none: neither of its start nor of its end.
#[tokio::test]
async fn without_logs_nothing_is_printed() {
    let test = this_test!();
    if let Ok(case) = env::var(CASE) {
        let builder = Monitoring::builder("test").listen(([127, 0, 0, 1], 0));
        let builder = match &*case {
            "code" => builder.without_logs(),
            "code, and more" => builder
                .logs(|logs| logs.without_subscriber())
                .without_logs()
                .logs(|logs| logs.filter("trace")),
            "the other way round" => builder
                .without_logs()
                .logs(|logs| logs.without_subscriber()),
            _ => builder,
        };
        let monitoring = builder.without_traces().init().expect("it starts");
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let app = axum::Router::<()>::new();
        monitoring
            .serve_until(listener, app, async {})
            .await
            .expect("it stops");
        return;
    }
    for (case, variables) in [
        ("code", &[][..]),
        ("code, and more", &[]),
        ("the other way round", &[]),
        ("the environment", &[("OTEL_LOGS_EXPORTER", "none")]),
    ] {
        let output = again(&test, case, variables);
        assert!(output.status.success(), "{output:?}");
        let stderr = String::from_utf8_lossy(&output.stderr);
        let said: Vec<_> = stderr
            .lines()
            .filter(|line| !line.trim().is_empty())
            .collect();
        assert_eq!(said, [""; 0], "{case}");
        assert_eq!(log_of(&output), [Value::Null; 0], "{case}");
    }
}

//! Set-up: what is wrong is said at start, and what is right is reachable.

use std::net::TcpListener;

use ecolaura_monitoring::Monitoring;
use support::client::Client;

#[tokio::test]
async fn the_own_listener_serves_metrics_and_health() {
    let monitoring = Monitoring::builder("test")
        .listen(([127, 0, 0, 1], 0))
        .build()
        .unwrap();
    let at = format!("http://{}", monitoring.listen_addr().unwrap());
    let client = Client::new();
    let metrics = client.get(&format!("{at}/metrics")).await.unwrap();
    assert!(
        metrics
            .lines()
            .any(|line| line == "target_info{service_name=\"test\"} 1")
    );
    for what in ["live", "ready", "startup"] {
        let body = client.get(&format!("{at}/health/{what}")).await.unwrap();
        // The order of members says nothing: it is another one where somebody turns on `serde_json/preserve_order`.
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body, serde_json::json!({ "checks": {}, "status": "pass" }));
    }
    for (method, path, status) in [
        ("POST", "/metrics", 405),
        ("HEAD", "/metrics", 200),
        ("GET", "/x", 404),
    ] {
        let answer = client
            .send(method, &format!("{at}{path}"), "")
            .await
            .unwrap();
        assert_eq!(answer.0, status, "{method} {path}");
    }
    let counted = |code| {
        monitoring
            .recorded()
            .value("monitoring_scrapes_total", &[("status_code", code)])
    };
    assert_eq!((counted("200"), counted("405")), (Some(2.0), Some(1.0)));
}

/// `/` lists what is there and nothing else.
#[tokio::test]
async fn the_first_page_lists_every_path() {
    const PATHS: [&str; 5] = [
        "/control",
        "/health/live",
        "/health/ready",
        "/health/startup",
        "/metrics",
    ];
    for (token, expected) in [(None, &PATHS[1..]), (Some("0123456789abcdef"), &PATHS[..])] {
        let builder = Monitoring::builder("test").listen(([127, 0, 0, 1], 0));
        let builder = match token {
            Some(token) => builder.server(|server| server.control_token(token)),
            None => builder,
        };
        let monitoring = builder.build().unwrap();
        let at = format!("http://{}", monitoring.listen_addr().unwrap());
        let client = Client::new();
        let index = client.get(&format!("{at}/")).await.unwrap();
        let path = |line: &str| {
            let (path, what) = line.split_once(' ').expect("a path and what it is for");
            assert!(!what.trim().is_empty(), "{index}");
            path.to_owned()
        };
        let mut listed: Vec<_> = index.lines().map(path).collect();
        listed.sort();
        assert_eq!(listed, expected);
        assert_eq!(index.contains("needs the token"), token.is_some());
        for path in PATHS {
            let (status, _) = client
                .send("GET", &format!("{at}{path}"), "")
                .await
                .unwrap();
            let expected = match (path, token) {
                ("/control", None) => 404,
                ("/control", Some(_)) => 401,
                _ => 200,
            };
            assert_eq!(status, expected, "{path}");
        }
    }
}

#[tokio::test]
async fn the_own_listener_closes_with_the_last_clone() {
    let monitoring = Monitoring::builder("test")
        .listen(([127, 0, 0, 1], 0))
        .build()
        .unwrap();
    let address = monitoring.listen_addr().unwrap();
    let clone = monitoring.clone();
    drop(monitoring);
    let client = Client::new();
    client
        .get(&format!("http://{address}/metrics"))
        .await
        .unwrap();
    drop((clone, client));
    while std::net::TcpStream::connect(address).is_ok() {
        tokio::task::yield_now().await;
    }
}

#[test]
fn a_port_in_use_is_named_with_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let error = Monitoring::builder("test")
        .listen(address)
        .build()
        .unwrap_err();
    assert!(error.is_listener());
    let text = error.to_string();
    for part in [
        address.to_string().as_str(),
        ".listen(",
        "OTEL_EXPORTER_PROMETHEUS_PORT",
    ] {
        assert!(text.contains(part), "`{text}` does not say `{part}`");
    }
}

#[test]
fn the_listener_needs_no_runtime_of_the_service() {
    let monitoring = Monitoring::builder("test")
        .listen(([127, 0, 0, 1], 0))
        .build()
        .unwrap();
    assert_ne!(monitoring.listen_addr().unwrap().port(), 0);
}

#[test]
fn nothing_listens_unless_asked() {
    assert_eq!(
        Monitoring::builder("test").build().unwrap().listen_addr(),
        None
    );
}

#[test]
fn a_service_without_a_name_or_room_is_refused() {
    for (builder, part) in [
        (Monitoring::builder(""), "OTEL_SERVICE_NAME"),
        (
            Monitoring::builder("test").metrics(|metrics| metrics.max_series(0)),
            "max_series",
        ),
        (
            Monitoring::builder("test").resource_attribute(" ", "x"),
            "empty key",
        ),
    ] {
        let error = builder.build().unwrap_err();
        assert!(error.is_configuration());
        assert!(error.to_string().contains(part), "{error}");
    }
}

/// What is switched off stays so, whatever is said before or after it.
#[test]
fn what_is_switched_off_stays_off() {
    use ecolaura_monitoring::{LogsConfig, MonitoringBuilder};
    type Call = fn(MonitoringBuilder) -> MonitoringBuilder;
    let log: [(&str, Call); 5] = [
        ("subscriber", |builder| {
            builder.logs(LogsConfig::without_subscriber)
        }),
        ("writer", |builder| {
            builder.logs(|logs| logs.writer(std::io::sink()))
        }),
        ("collector", |builder| {
            builder.logs(|logs| logs.otlp_endpoint("http://localhost:1"))
        }),
        ("both", |builder| {
            let builder = builder.logs(|logs| logs.otlp_endpoint("http://localhost:1"));
            builder.logs(|logs| logs.writer(std::io::sink()))
        }),
        ("filter", |builder| builder.logs(|logs| logs.filter("info"))),
    ];
    for (name, call) in log {
        let builder = || Monitoring::builder("test");
        for builder in [
            call(builder()).without_logs(),
            call(builder().without_logs()),
        ] {
            let monitoring = builder.build().expect("a monitoring");
            assert!(monitoring.log_layer().is_none(), "{name}");
        }
    }
    let listen: Call = |builder| builder.listen(([127, 0, 0, 1], 0));
    let builder = || Monitoring::builder("test");
    for builder in [
        listen(builder()).without_listener(),
        listen(builder().without_listener()),
    ] {
        assert_eq!(builder.build().expect("a monitoring").listen_addr(), None);
    }
    let collector: Call =
        |builder| builder.traces(|traces| traces.otlp_endpoint("http://localhost:1"));
    for builder in [
        collector(builder()).without_traces(),
        collector(builder().without_traces()),
    ] {
        let monitoring = builder.build().expect("a monitoring");
        let text = monitoring.metrics().render();
        assert!(!text.contains("monitoring_spans_exported_total"), "{text}");
    }
}

/// A log has one place to go: what is said twice is an error, in either order, and nothing is dropped silently.
#[test]
fn a_log_that_is_to_go_to_two_places() {
    let builder = || Monitoring::builder("test");
    for builder in [
        builder()
            .logs(|logs| logs.writer(std::io::sink()))
            .logs(|logs| logs.otlp_endpoint("http://localhost:1")),
        builder()
            .logs(|logs| logs.otlp_endpoint("http://localhost:1"))
            .logs(|logs| logs.writer(std::io::sink())),
    ] {
        let error = builder.build().expect_err("an error").to_string();
        assert_eq!(
            error,
            "the log has a `writer` and an `otlp_endpoint`: choose one of them"
        );
    }
}

#[test]
fn of_two_attributes_of_one_key_the_last_counts() {
    let builder = Monitoring::builder("test").resource_attribute("team", "red");
    let text = builder.resource_attribute("team", "green").build().unwrap();
    let text = text.metrics().render();
    assert!(
        text.contains(r#"target_info{service_name="test",team="green"} 1"#),
        "{text}"
    );
}

#[test]
fn resource_attributes_are_labels_of_target_info() {
    let builder =
        Monitoring::builder("test").resource_attribute("deployment.environment.name", "a\"b");
    let text = builder.build().unwrap().metrics().render();
    let expected = r#"target_info{service_name="test",deployment_environment_name="a\"b"} 1"#;
    assert!(text.lines().any(|line| line == expected), "{text}");
}

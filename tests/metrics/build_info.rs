//! `build_info` has what the service gives, and nothing else.

use ecolaura_monitoring::{Monitoring, MonitoringBuilder};

use support::metric_family::{MetricType, family};
use support::scrape::{OPEN_METRICS, PROTOBUF, scrape};

fn builder() -> MonitoringBuilder {
    Monitoring::builder("test")
}

/// The series, without the family's name.
#[track_caller]
fn check(builder: MonitoringBuilder, expected: &[&str]) {
    let text = builder.build().unwrap().metrics().render();
    let found: Vec<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("build_info"))
        .collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn what_is_given_is_shown() {
    check(builder(), &[]);
    check(builder().version("1.2.3"), &[r#"{version="1.2.3"} 1"#]);
    check(
        builder().revision("0a1b2c3"),
        &[r#"{revision="0a1b2c3"} 1"#],
    );
    check(
        builder()
            .rustc("1.85.0")
            .revision("0a1b2c3")
            .version("1.2.3"),
        &[r#"{version="1.2.3",revision="0a1b2c3",rustc="1.85.0"} 1"#],
    );
    check(builder().version("1").version("2"), &[r#"{version="2"} 1"#]);
}

#[test]
fn what_is_empty_is_not_given() {
    check(builder().version(" ").revision("").rustc("\n"), &[]);
    let read = "0a1b2c3\n"; // as a file ends
    check(builder().revision(read), &[r#"{revision="0a1b2c3"} 1"#]);
}

#[test]
fn it_cannot_overflow() {
    let monitoring = builder().version("1").build().unwrap();
    let refused = "monitoring_series_refused_total";
    let of_it = monitoring
        .recorded()
        .value(refused, &[("metric", "build_info")]);
    assert_eq!(of_it, None);
}

#[tokio::test]
async fn each_format_has_its_type() {
    let monitoring = builder().version("1.2.3").build().unwrap();
    let help = ecolaura_monitoring::catalog::BUILD_INFO.help();
    let body = scrape(&monitoring, "text/plain").await;
    let text = format!(
        "# HELP build_info {help}\n# TYPE build_info gauge\nbuild_info{{version=\"1.2.3\"}} 1\n"
    );
    assert!(String::from_utf8_lossy(&body).contains(&text));
    let body = scrape(&monitoring, OPEN_METRICS).await;
    let text =
        format!("# TYPE build info\n# HELP build {help}\nbuild_info{{version=\"1.2.3\"}} 1\n");
    assert!(String::from_utf8_lossy(&body).contains(&text));
    let body = scrape(&monitoring, PROTOBUF).await;
    let found = family(&body, "build_info");
    assert_eq!(found.kind, MetricType::Gauge as i32);
    assert_eq!(found.metric[0].label[0].value, "1.2.3");
}

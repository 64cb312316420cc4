//! Attempts to authenticate are counted and told of, without telling who it was.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ecolaura_monitoring::MonitoringBuilder;
use serde_json::{Map, Value, json};
use support::lines::{logged, written};

const KEY: &str = "0123456789abcdef";

fn attempts(
    choose: impl FnOnce(MonitoringBuilder) -> MonitoringBuilder,
) -> (Vec<Map<String, Value>>, String) {
    let (lines, monitoring) = logged(choose);
    let authentication = monitoring.authentication();
    let v4 = Ipv4Addr::new(192, 0, 2, 7);
    let mara = authentication
        .succeeded("password")
        .user("mara@example.org");
    mara.clone().source(v4.into()).record();
    authentication
        .failed("password", "wrong_password")
        .user("mara@example.org")
        .record();
    authentication
        .failed("passkey", "expired")
        .source(IpAddr::V6(v4.to_ipv6_mapped()))
        .record();
    authentication
        .succeeded("token")
        .action("logout")
        .source(Ipv6Addr::LOCALHOST.into())
        .record();
    drop(mara); // not recorded, not counted
    let read = written(&lines, &monitoring);
    assert!(!lines.all().join("").contains("mara"));
    (read, monitoring.metrics().render())
}

#[test]
fn attempts_are_counted_and_told_of() {
    let (mut read, metrics) = attempts(|builder| builder.user_hash_key(KEY));
    for series in [
        r#"{mechanism="password",outcome="success"} 1"#,
        r#"{mechanism="password",outcome="failure"} 1"#,
        r#"{mechanism="passkey",outcome="failure"} 1"#,
    ] {
        let line = format!("authentication_attempts_total{series}\n");
        assert!(metrics.contains(&line), "{line}{metrics}");
    }
    assert!(
        !metrics.contains("mechanism=\"token\""),
        "who logs out proves nothing"
    );
    let hash = read[0]["user.hash"].clone();
    assert_eq!(hash.as_str().unwrap().len(), 32);
    assert_eq!(read[1]["user.hash"], hash, "the same one");
    let mut first = read.remove(0);
    first.remove("@timestamp");
    let expected = json!({
        "log.level": "info",
        "message": "login by password: success",
        "ecs.version": "9.4.0",
        "service.name": "test",
        "event.dataset": "authentication",
        "event.kind": "event",
        "event.category": ["authentication"],
        "event.type": ["start"],
        "event.action": "login",
        "event.outcome": "success",
        "user.hash": hash,
        "source.ip": "192.0.2.7",
        "labels": {"mechanism": "password"},
    });
    assert_eq!(Value::Object(first), expected);
    assert_eq!(read[0]["log.level"], "warn");
    assert_eq!(read[0]["event.reason"], "wrong_password");
    assert!(!read[0].contains_key("source.ip"), "only where it is said");
    assert_eq!(read[1]["source.ip"], "192.0.2.7");
    assert!(!read[1].contains_key("user.hash"));
    assert_eq!(
        (&read[2]["event.type"], &read[2]["event.action"]),
        (&json!(["end"]), &json!("logout"))
    );
}

#[test]
fn a_user_is_known_by_who_has_the_key() {
    let hash = |key: &str| attempts(|builder| builder.user_hash_key(key)).0[0]["user.hash"].clone();
    assert_eq!(hash(KEY), hash(KEY), "in each process that has it");
    assert_ne!(hash(KEY), hash("another key of 16"));
    let of_one_process = || attempts(|builder| builder).0[0]["user.hash"].clone();
    assert_ne!(of_one_process(), of_one_process());
}

//! Every alert is complete: what somebody who is woken up by it wants to know, of metrics that there are, and tried in each way.

#[path = "support/promql.rs"]
mod promql;

use std::collections::BTreeSet;
use std::time::Duration;

use ecolaura_monitoring_ops::prometheus::{Alert, Makes, Told, alerts};
use ecolaura_monitoring_ops::{Answer, Kit, Slo, Tier};

use crate::promql::{is_known, series};

fn kit() -> Kit {
    let quick = Duration::from_millis(250);
    Kit::new("ecolaura-api")
        .probe("https://shop.example")
        .objective(Slo::new("orders", "/api/v1/orders", 99.9).within(quick))
}

fn all() -> Vec<Alert> {
    let groups = alerts(&kit()).expect("a kit").into_iter();
    groups.flat_map(|(_, alerts)| alerts).collect()
}

#[test]
fn every_series_exists() {
    for alert in all() {
        let named = series(&alert.expr);
        assert!(
            !named.is_empty() || alert.name == "Watchdog",
            "{}",
            alert.name
        );
        for name in named {
            assert!(is_known(&name), "{}: {name}", alert.name);
        }
    }
}

/// Also in Kubernetes, where some are asked for otherwise.
#[test]
fn every_series_in_kubernetes_exists() {
    let files = kit().files().expect("a kit");
    let rules = files
        .iter()
        .find(|file| file.path == "kubernetes/rules.yml");
    let rules = &rules.expect("it is there").text;
    let mut named = BTreeSet::new();
    for expr in rules.split("expr: |-\n").skip(1) {
        // It ends where a line begins with fewer blanks.
        let lines = expr
            .lines()
            .take_while(|line| line.starts_with("            "));
        let expr: String = lines.flat_map(|line| [line, "\n"]).collect();
        named.extend(series(&expr));
    }
    assert!(
        named.contains("kube_pod_status_ready") && named.len() > 30,
        "{named:?}"
    );
    for name in named {
        assert!(is_known(&name), "{name}");
    }
}

#[test]
fn every_alert_says_what_is_wanted() {
    let kit = kit();
    let mut names = BTreeSet::new();
    for alert in all() {
        let name = &alert.name;
        assert!(names.insert(name.clone()), "{name} is there twice");
        let rule = alert.rule(&kit);
        let Makes::Alert { annotations, .. } = &rule.makes else {
            panic!("{name} is no alert");
        };
        let keys: Vec<&str> = annotations.iter().map(|(key, _)| *key).collect();
        assert_eq!(keys, ["summary", "description", "reason", "runbook_url"]);
        for (key, text) in annotations {
            assert!(text.len() > 10, "{name}: {key}");
            // Runbooks show each place by its name.
            for place in text.split("{{ ").skip(1) {
                let is_plain = place.starts_with("$labels.") || place.starts_with("$value");
                assert!(is_plain, "{name}: {key}: {place}");
            }
            // A label that the result does not have is an empty text.
            for used in text.split("$labels.").skip(1) {
                let label: String = used
                    .chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                    .collect();
                assert!(
                    label == "environment" || alert.by.contains(&label.as_str()),
                    "{name}: {key} names {label}"
                );
            }
        }
        let labels: Vec<&str> = rule.labels.iter().map(|(label, _)| *label).collect();
        assert_eq!(labels[..3], ["severity", "team", "about"]);
    }
    // One of each tier, at least.
    for tier in Tier::ALL {
        assert!(all().iter().any(|alert| alert.tier == tier), "{tier:?}");
    }
}

/// Each fires in a case of its own, and does not in another one; so it can be seen to be right, and to be needed.
#[test]
fn every_alert_is_tried_both_ways() {
    for alert in all() {
        let fires = |case: &&ecolaura_monitoring_ops::prometheus::Case| !case.fires.is_empty();
        let firing = alert.cases.iter().filter(fires).count();
        assert!(firing > 0, "{} never fires", alert.name);
        let is_watchdog = alert.name == "Watchdog";
        assert!(
            is_watchdog || firing < alert.cases.len(),
            "{} always fires",
            alert.name
        );
    }
}

/// Whether a series falls: `0+60x20 0+60x20` begins anew after twenty minutes.
fn falls(values: &str) -> bool {
    let number = |text: &str| text.parse::<f64>().expect("a number");
    let mut before = f64::NEG_INFINITY;
    for part in values.split(' ').filter(|part| *part != "stale") {
        let (from, times) = part.split_once('x').unwrap_or((part, "0"));
        let (from, step) = from.split_once('+').unwrap_or((from, "0"));
        if number(from) < before {
            return true;
        }
        before = number(from) + number(step) * number(times);
    }
    false
}

/// What counts is tried over a restart.
#[test]
fn every_alert_is_tried_over_restarts() {
    let ends = ["_total", "_count", "_sum", "_bucket"];
    let counts = |(name, _): &&Told| {
        let name = name.split('{').next().unwrap_or_default();
        ends.iter().any(|end| name.ends_with(end))
    };
    let mut counting = 0;
    for alert in all() {
        let told = alert.cases.iter().flat_map(|case| &case.series);
        let counters: Vec<&Told> = told.filter(counts).collect();
        if !counters.is_empty() {
            let begins_anew = counters.iter().any(|(_, values)| falls(values));
            assert!(begins_anew, "{}", alert.name);
            counting += 1;
        }
    }
    assert!(counting > 20, "{counting}");
}

/// And all of it where there is nothing: then only what is about absence fires.
#[test]
fn every_alert_is_tried_without_data() {
    for alert in all() {
        let own = [
            "job=\"ecolaura-api",
            "job=\"prometheus",
            "job=\"alertmanager",
        ];
        let is_own = |(name, _): &Told| own.iter().any(|job| name.contains(job));
        let mut without = alert
            .cases
            .iter()
            .filter(|case| !case.series.iter().any(is_own));
        let is_of_absence =
            ["Watchdog", "ServiceUnknown", "ProbesAbsent"].contains(&alert.name.as_str());
        let fires = without.next().expect("there is one").fires;
        assert_eq!(!fires.is_empty(), is_of_absence, "{}", alert.name);
    }
}

#[track_caller]
fn is_refused(kit: Kit, says: &str) {
    let error = kit.files().expect_err("it cannot be");
    assert!(error.to_string().contains(says), "{error}");
}

#[test]
fn kits_that_cannot_be() {
    let with = |slo: Slo| Kit::new("shop").objective(slo);
    is_refused(Kit::new(""), "job ``: give it a name");
    is_refused(
        Kit::new("shop").probe("shop.example"),
        "address `shop.example`: give it as https://",
    );
    for odd in [
        "http://shop:9464",
        "shop",
        ":9464",
        "shop:",
        "shop:0",
        "shop:65536",
        "shop:+1",
        "::1:9464",
        "[::1]",
        "[shop]:9464",
        "[::1:9464",
        "shop:9464/metrics",
    ] {
        is_refused(
            Kit::new("shop").targets([odd]),
            &format!("target `{odd}`: give it as host:port"),
        );
    }
    is_refused(
        Kit::new("shop").runbooks("runbooks"),
        "address `runbooks`: give it as https://",
    );
    is_refused(Kit::new("a\"b"), "job `a\"b`: give it a name");
    let long = "a".repeat(51);
    for odd in ["-", "..", "1", "null", "True", "é", "a-", "a.", &long] {
        is_refused(Kit::new(odd), &format!("job `{odd}`: give it a name"));
    }
    is_refused(
        Kit::new("prometheus"),
        "job `prometheus`: a program of the kit is called so",
    );
    for secret in ["https://me:pw@shop.example", "https://me@shop.example/a"] {
        let error = Kit::new("shop").probe(secret).files();
        let error = error.expect_err("it cannot be").to_string();
        assert!(
            error.contains("token_file") && !error.contains("me"),
            "{error}"
        );
    }
    is_refused(
        Kit::new("shop").probe("https://"),
        "address `https://`: give it as https://",
    );
    for odd in [
        "/etc/passwd",
        "/run/secrets/alertmanager/../x",
        "/run/secrets/alertmanager/",
    ] {
        is_refused(
            Kit::new("shop").deadman(odd),
            "name one in /run/secrets/alertmanager/",
        );
    }
    for odd in [0, 9464] {
        is_refused(
            Kit::new("shop").port(odd),
            &format!("port {odd}: give it the one at which customers are answered"),
        );
    }
    for odd in ["Prometheus", "JAEGER", "elasticsearch_set.up"] {
        is_refused(Kit::new(odd), "a program of the kit is called so");
        is_refused(
            Kit::new("shop").targets([format!("{odd}:9464")]),
            "a program of the kit is called so",
        );
    }
    is_refused(
        Kit::new("shop")
            .targets(["a:1"])
            .environment("staging", ["a:1"]),
        "an instance is of one environment",
    );
    for (odd, says) in [
        ("America/", "give it as UTC, or as a place"),
        ("Europe//Berlin", "give it as Europe/Berlin"),
    ] {
        is_refused(Kit::new("shop").time_zone(odd), says);
    }
    for odd in ["https://a/%zz", "https://a/%", "https://a/%2"] {
        is_refused(Kit::new("shop").deadman(odd), "two digits behind each %");
    }
    is_refused(
        Kit::new("shop").runbooks("https://a/)](javascript:x)"),
        "give it as https://",
    );
    is_refused(
        with(Slo::new("a", "/a", 99.999_999_99)),
        "leaves nothing that may fail",
    );
    is_refused(
        with(Slo::new("a", "/a\u{7}", 99.0)),
        "is no template of a route such as",
    );
    is_refused(Kit::new("shop").team("a b"), "team `a b`: give it a name");
    is_refused(
        with(Slo::new("a", "/a", 100.0)),
        "leaves nothing that may fail",
    );
    is_refused(
        with(Slo::new("a", "/a", 0.0)),
        "leaves nothing that may fail",
    );
    is_refused(
        with(Slo::new("a", "/a", f64::NAN)),
        "leaves nothing that may fail",
    );
    is_refused(with(Slo::new("a", "/a", 90.0)), "no failure is fast enough");
    is_refused(
        with(Slo::new("a", "/a", 93.05)),
        "Give it more than 93.06 %",
    );
    is_refused(
        with(Slo::new("a b", "/a", 99.0)),
        "objective `a b`: give it a name",
    );
    is_refused(
        with(Slo::new("a", "/\"", 99.0)),
        "is no template of a route",
    );
    let odd = Duration::from_millis(300);
    is_refused(
        with(Slo::new("a", "/a", 99.0).within(odd)),
        "nobody can tell what took 0.3 s",
    );
    let twice = with(Slo::new("a", "/a", 99.0)).objective(Slo::new("a", "/b", 99.0));
    is_refused(twice, "objective `a` is there twice");
    is_refused(
        Kit::new("shop").threshold("HighLoad", 0.5),
        "there is no alert `HighLoad` with a threshold to set",
    );
    is_refused(
        Kit::new("shop").threshold("ServiceDown", 0.5),
        "there is no alert `ServiceDown` with a threshold to set",
    );
    is_refused(
        Kit::new("shop").threshold("HighErrorRate", f64::NAN),
        "threshold NaN of `HighErrorRate` (a share of requests): give it a number above 0",
    );
    is_refused(
        Kit::new("shop").environment("a b", ["a:1"]),
        "environment `a b`: give it a name",
    );
    for odd in ["pre-prod", "Prod2"] {
        is_refused(
            Kit::new("shop").environment(odd, ["a:1"]),
            &format!("environment `{odd}`: give it a name of small letters"),
        );
    }
    is_refused(
        Kit::new("shop").environment("staging", [""; 0]),
        "environment `staging` has no targets",
    );
    is_refused(
        Kit::new("shop").environment("production", ["a:1"]),
        "environment `production` is there twice",
    );
    is_refused(
        Kit::new("shop").without("HighLoad"),
        "there is no alert `HighLoad`",
    );
}

/// What an instance tells of, as text and as OpenMetrics, and of whom: a function may be called like a route, and what is in no template is no route.
const ANSWERED: &str = r#"
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{method="GET",endpoint="/in/buckets",le="+Inf"} 2
http_request_duration_seconds_count{method="GET",endpoint="/api/v1/orders/{id}",status_code="200"} 2
http_request_duration_seconds_count{status_code="200",endpoint="/odd/\",}",method="GET"} 2 # {trace_id="1"} 0.2
http_request_duration_seconds_count{endpoint="unmatched",method="GET"} 2
# TYPE request_latency_seconds histogram
request_latency_seconds_count{endpoint="send_mail"} 7
request_latency_seconds_count{endpoint="/of/calls"} 7
"#;

/// An objective is on what the service has, where that is known.
#[test]
fn objectives_are_on_what_is_there() {
    let answer = |text: &str| Answer::read(text).expect("metrics");
    let with = |name: &str| {
        let kit = Kit::new("shop").objective(Slo::new("a", name, 99.0));
        kit.answer(answer(ANSWERED))
    };
    for there in ["/api/v1/orders/{id}", "send_mail"] {
        let files = with(there).files();
        assert!(files.is_ok(), "{there}: {:?}", files.err());
    }
    let known = ", but of /api/v1/orders/{id}, /odd/\\\",}, send_mail. Name it as they do";
    for missing in [
        "/api/v1/orders/",
        "/in/buckets",
        "/of/calls",
        "unmatched",
        "api/v1/orders/{id}",
    ] {
        is_refused(
            with(missing),
            &format!("objective `a`: the metrics that were given tell of no `{missing}`{known}"),
        );
    }
    // Another instance was asked for it.
    let other = "# TYPE a counter\nhttp_request_duration_seconds_count{endpoint=\"/mine\"} 1\n";
    assert!(with("/mine").answer(answer(other)).files().is_ok());
    // Where nothing is told, nothing is known.
    let kit = Kit::new("shop").answer(answer("# TYPE a counter\na 1\n"));
    for any in ["/mine", "mine"] {
        let kit = kit.clone().objective(Slo::new("a", any, 99.0));
        assert!(kit.files().is_ok(), "{any}");
    }
}

/// A route may look like a place in the cases.
#[test]
fn routes_are_tried_as_they_are() {
    let kit = Kit::new("shop").objective(Slo::new("jobs", "/jobs/{job}/{slo}", 99.9));
    let files = kit.files().expect("a kit");
    let text = |path: &str| {
        let file = files.iter().find(|file| file.path == path);
        &file.expect("it is there").text
    };
    let endpoint = "endpoint=\\\"/jobs/{job}/{slo}\\\"";
    assert!(text("prometheus/alerts.test.yml").contains(endpoint));
    assert!(text("prometheus/recording.rules.yml").contains("endpoint=\"/jobs/{job}/{slo}\""));
    for file in files.iter().filter(|file| file.path.ends_with(".test.yml")) {
        assert!(!file.text.contains("{its "), "{}", file.path);
        assert!(!file.text.contains("/jobs/shop"), "{}", file.path);
    }
}

/// Where nobody is to probe, nobody is told that nobody does.
#[test]
fn without_probes_there_are_no_alerts_of_them() {
    let groups = alerts(&Kit::new("shop")).expect("a kit");
    let names = groups
        .iter()
        .flat_map(|(_, alerts)| alerts)
        .map(|alert| &alert.name);
    let of_probes = |name: &&String| {
        let begins = ["Probe", "Certificate", "Journey"];
        begins.iter().any(|begin| name.starts_with(begin)) || name.ends_with("NotReady")
    };
    assert_eq!(names.filter(of_probes).count(), 0);
    let probed = all();
    assert_eq!(
        probed
            .iter()
            .map(|alert| &alert.name)
            .filter(of_probes)
            .count(),
        7
    );
}

#[test]
fn alerts_can_be_left_out() {
    let kit = kit().without("TwoVersionsRun");
    let left = alerts(&kit).expect("a kit");
    let names: Vec<&String> = left
        .iter()
        .flat_map(|(_, alerts)| alerts)
        .map(|alert| &alert.name)
        .collect();
    assert_eq!(names.len(), all().len() - 1);
    assert!(!names.iter().any(|name| *name == "TwoVersionsRun"));
}

#[test]
fn thresholds_can_be_set() {
    let usual = all();
    let with = usual.iter().filter(|alert| alert.threshold.is_some());
    assert!(with.count() >= 15);
    for alert in usual {
        let Some(usual) = alert.threshold else {
            assert!(!alert.expr.contains("{threshold}"), "{}", alert.name);
            continue;
        };
        let kit = kit().threshold(&alert.name, usual / 2.0);
        let groups = alerts(&kit).expect("a kit");
        let mut set = groups.iter().flat_map(|(_, alerts)| alerts);
        let set = set.find(|set| set.name == alert.name).expect("it is there");
        assert_eq!(set.threshold, Some(usual / 2.0));
        assert!(set.cases.is_empty(), "they try the usual one");
        let texts = |alert: &Alert| [alert.expr.clone(), alert.description.clone()].concat();
        let is_there = texts(set).contains(&(usual / 2.0).to_string());
        assert!(is_there && texts(set) != texts(&alert), "{}", alert.name);
        assert!(
            set.reason.starts_with("Set for this service"),
            "{}",
            set.reason
        );
    }
}

/// A group is left out as a whole, and nothing else.
#[test]
fn groups_can_be_left_out() {
    let all = alerts(&kit()).expect("alerts");
    assert_eq!(all.len(), 8);
    for (group, _) in &all {
        let left: Vec<&str> = alerts(&kit().without(*group))
            .expect("alerts")
            .iter()
            .map(|(name, _)| *name)
            .collect();
        let others: Vec<&str> = all
            .iter()
            .map(|(name, _)| *name)
            .filter(|name| name != group)
            .collect();
        assert_eq!(left, others);
        kit().without(*group).files().expect("a kit");
    }
    is_refused(
        kit().without("shops"),
        "there is no alert `shops` to leave out, nor a group of them; there are HighRequestLatency,",
    );
}

/// Budgets are what somebody would write, with no digits of binary fractions.
#[test]
fn thresholds_are_plain_numbers() {
    let files = kit().files().expect("a kit");
    let alerts = files
        .iter()
        .find(|file| file.path.ends_with("alerts.rules.yml"))
        .expect("alerts");
    for threshold in ["> 0.0144\n", "> 0.006\n", "> 0.003\n", "> 0.001\n"] {
        assert!(alerts.text.contains(threshold), "{threshold}");
    }
}

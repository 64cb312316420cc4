//! A kit as its reader finds it: no text names what this kit does not have.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use ecolaura_monitoring::catalog;
use ecolaura_monitoring_ops::prometheus::alerts;
use ecolaura_monitoring_ops::{Answer, File, Journey, Kit, Slo, Step};

/// A kit that has all there is.
fn full() -> Kit {
    let journey = Journey::new("purchase", "https://store.example");
    Kit::new("store")
        .team("me")
        .probe("https://store.example")
        .journey(journey.step(Step::get("browse", "/").token_file("/run/secrets/blackbox/token")))
        .objective(Slo::new("pages", "/pages/{id}", 99.0))
        .mail("mail.example:587", "a@mail.example", "b@mail.example")
        .deadman("/run/secrets/alertmanager/deadman-url")
        .answer(own())
}

fn own() -> Answer {
    let metrics = "# HELP parcels_sent Parcels sent.\n# TYPE parcels_sent counter\nparcels_sent_total{carrier=\"bike\"} 3\n";
    Answer::read(metrics).expect("metrics")
}

/// Options that a service may be given, by what they leave out.
fn kits() -> Vec<(&'static str, Kit)> {
    let store = || Kit::new("store").team("me");
    let without = |groups: &[&str]| {
        groups
            .iter()
            .fold(store(), |kit, group| kit.without(*group))
    };
    let mut kits = vec![
        ("all", full()),
        ("a team", store()),
        ("a service without business", without(&["business"])),
        (
            "one with metrics of its own",
            without(&["business"]).answer(own()),
        ),
        (
            "one with an objective",
            without(&["business"]).objective(Slo::new("pages", "/pages/{id}", 99.0)),
        ),
        (
            "one that is probed",
            without(&["business"]).probe("https://store.example"),
        ),
        (
            "no alerts on resources",
            without(&["resources", "monitoring"]),
        ),
        ("no alerts on Prometheus", without(&["pipeline"])),
        ("no alerts on targets", without(&["targets", "probes"])),
        (
            "no alerts but those on targets",
            without(&[
                "requests",
                "objectives",
                "resources",
                "business",
                "monitoring",
                "probes",
                "pipeline",
            ]),
        ),
        (
            "no alerts but those on probes",
            without(&[
                "requests",
                "objectives",
                "targets",
                "resources",
                "business",
                "monitoring",
                "pipeline",
            ])
            .probe("https://store.example"),
        ),
        (
            "no alerts but those on requests",
            without(&[
                "objectives",
                "targets",
                "resources",
                "business",
                "monitoring",
                "probes",
                "pipeline",
            ]),
        ),
    ];
    let groups = alerts(&store()).expect("alerts").into_iter();
    kits.extend(groups.map(|(group, _)| (group, without(&[group]))));
    kits
}

/// A kit, and what it consists of.
struct Made {
    about: &'static str,
    kit: Kit,
    files: Vec<File>,
}

/// All of them. The first has all there is.
fn all() -> &'static [Made] {
    static ALL: OnceLock<Vec<Made>> = OnceLock::new();
    let made = |(about, kit): (&'static str, Kit)| {
        let files = kit.files().expect("a kit");
        Made { about, kit, files }
    };
    ALL.get_or_init(|| kits().into_iter().map(made).collect())
}

/// The names of all alerts of a kit.
fn names_of_alerts(made: &Made) -> BTreeSet<String> {
    let groups = alerts(&made.kit).expect("alerts");
    groups
        .into_iter()
        .flat_map(|(_, alerts)| alerts)
        .map(|alert| alert.name)
        .collect()
}

fn paths(made: &Made) -> BTreeSet<String> {
    made.files.iter().map(|file| file.path.clone()).collect()
}

/// The titles of dashboards.
fn titles(made: &Made) -> BTreeSet<String> {
    let dashboards = made
        .files
        .iter()
        .filter(|file| file.path.starts_with("grafana/dashboards/"));
    let title = |file: &File| {
        let dashboard: serde_json::Value = serde_json::from_str(&file.text).expect("JSON");
        let title = dashboard["title"].as_str().expect("a title").to_owned();
        title.trim_start_matches("store / ").to_owned()
    };
    dashboards.map(title).collect()
}

/// Whether it stands there as a word of its own.
fn mentions(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    text.match_indices(word).any(|(at, _)| {
        !text[..at].ends_with(is_part) && !text[at + word.len()..].starts_with(is_part)
    })
}

/// Files in which a word stands that should not, each with its first line.
fn found(made: &Made, words: impl IntoIterator<Item = String>) -> Vec<String> {
    let words: Vec<String> = words.into_iter().collect();
    let mut found = Vec::new();
    // Tests of rules make series up.
    for file in made
        .files
        .iter()
        .filter(|file| !file.path.ends_with(".test.yml"))
    {
        for word in words.iter().filter(|word| mentions(&file.text, word)) {
            let line = file.text.lines().find(|line| mentions(line, word));
            let line = line.unwrap_or_default().trim();
            found.push(format!("{}: {}: `{word}` in {line}", made.about, file.path));
        }
    }
    found
}

/// Fails with all of them.
#[track_caller]
fn none(found: &[String]) {
    let lines = found.join("\n");
    assert!(found.is_empty(), "{} lines:\n{lines}", found.len());
}

/// An alert, a file or a dashboard that a kit leaves out is named nowhere in it.
#[test]
fn texts_name_what_there_is() {
    let (full, mut wrong) = (&all()[0], Vec::new());
    for made in all() {
        let of = |names: fn(&Made) -> BTreeSet<String>| &names(full) - &names(made);
        let (alerts, titles, paths) = (of(names_of_alerts), of(titles), of(paths));
        let ends = paths
            .iter()
            .filter_map(|path| path.rsplit('/').next())
            .map(str::to_owned);
        // `README.md` is in several folders.
        let ends = ends.filter(|end| {
            made.files
                .iter()
                .all(|file| !file.path.ends_with(end.as_str()))
        });
        wrong.extend(found(made, alerts.into_iter().chain(titles).chain(ends)));
    }
    none(&wrong);
}

/// Names and words of what a service sells.
fn business() -> impl Iterator<Item = String> {
    let metrics = [
        catalog::ACTIVE_USERS,
        catalog::ACTIVE_USERS_SKETCH,
        catalog::SIGN_UPS,
        catalog::ORDER_PROCESSING,
        catalog::REVENUE,
        catalog::REFUNDS,
        catalog::BOX_FILL,
        catalog::BOX_STAGES,
        catalog::BOX_STAGE_TIME,
        catalog::SATISFACTION,
        catalog::JOURNEY_STEPS,
    ];
    let words = [
        "active users",
        "Active users",
        "daily_active_users",
        "orders",
        "boxes",
        "plan that was not announced",
    ];
    let names = metrics.into_iter().map(|metric| metric.name().to_owned());
    names.chain(words.map(str::to_owned))
}

/// Nor is what such names stand for.
#[test]
fn texts_do_not_speak_of_what_was_left_out() {
    let mut wrong = Vec::new();
    for made in all() {
        let options = format!("{:?}", made.kit);
        let mut words: Vec<String> = ["platform", "monitoring document"]
            .map(str::to_owned)
            .into();
        if options.contains("\"business\"") {
            words.extend(business());
        }
        for (option, of_it) in [
            ("https://store.example", &["blackbox", "Blackbox"][..]),
            (
                "/pages/{id}",
                &["slo:requests_bad:ratio", "objectives", "Objectives"],
            ),
            (
                "deadman-url",
                &["deadman-url", "raises an alarm", "the heartbeat receiver"],
            ),
            ("mail.example", &["smtp-password", "ticket by mail"]),
        ] {
            if !options.contains(option) {
                words.extend(of_it.iter().map(|word| (*word).to_owned()));
            }
        }
        wrong.extend(found(made, words));
    }
    none(&wrong);
}

/// Sums are worked out, not left to the reader.
#[test]
fn sums_are_worked_out() {
    let is_number = |text: &str| text.parse::<f64>().is_ok();
    let is_sum = |words: &[&str]| {
        is_number(words[0]) && ["+", "-"].contains(&words[1]) && is_number(words[2])
    };
    let set = full().threshold("TrafficGone", 1.5).files().expect("a kit");
    let mut sums = Vec::new();
    for file in all().iter().flat_map(|made| &made.files).chain(&set) {
        if !file.path.ends_with("rules.yml") && !file.path.ends_with(".md") {
            continue;
        }
        for line in file.text.lines() {
            let words: Vec<&str> = line.split([' ', '(', ')']).collect();
            if words.windows(3).any(is_sum) {
                sums.push(format!("{}: {}", file.path, line.trim()));
            }
        }
    }
    none(&sums);
    // It is a number of its own where it was set.
    let rules = set
        .iter()
        .find(|file| file.path == "prometheus/alerts.rules.yml");
    assert!(
        rules
            .expect("it is there")
            .text
            .contains("[4h]) > 1.7 unless")
    );
}

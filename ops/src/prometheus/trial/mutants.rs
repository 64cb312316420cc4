//! Whether the cases of alerts would notice: each number that an expression compares or counts with is moved a little, each `max` is taken for a
//! `min`, each label by which two sides are joined is left out, and then some case must fail. How far it looks back and for how long it must hold is
//! not moved; the latter has tries of its own.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use std::{env, fs, process};

use crate::journey::{Journey, Step};
use crate::kit::Kit;
use crate::objective::Slo;
use crate::prometheus::alert::Alert;
use crate::prometheus::alerts::alerts;
use crate::prometheus::recording;
use crate::prometheus::rule::{Group, Makes, Rule, rule_file};
use crate::prometheus::trial::pace::Pace;
use crate::prometheus::trial::tries::tries;
use crate::prometheus::trial::{with_names, write_head, write_result};

use support::component::component;

/// An alert with another expression.
struct Mutant {
    what: String,
    expr: String,
}

/// The expression as it is, and all that are a little other.
fn mutants(expr: &str) -> Vec<Mutant> {
    let as_it_is = Mutant {
        what: "nothing".to_owned(),
        expr: expr.to_owned(),
    };
    let mut all = vec![as_it_is];
    let words = words(expr);
    let mut other = |at: usize, old: &str, new: &str| {
        let number = words
            .iter()
            .filter(|(place, word)| *place <= at && old.split(' ').next() == Some(word))
            .count();
        all.push(Mutant {
            what: format!("{old} number {number} as {new}"),
            expr: [&expr[..at], new, &expr[at + old.len()..]].concat(),
        });
    };
    for &(at, word) in &words {
        match word {
            // Of what is put beside each other alone: sums of several are refused, as loudly as can be.
            "on" if ["and ", "or ", "unless "]
                .iter()
                .any(|set| expr[..at].ends_with(set)) =>
            {
                let end = at + expr[at..].find(')').map_or(0, |end| end + 1);
                let list = &expr[at..end];
                shorter(list)
                    .iter()
                    .for_each(|short| other(at, list, short));
            }
            "max" => other(at, word, "min"),
            "min" => other(at, word, "max"),
            _ => {
                let Ok(number) = word.parse::<f64>() else {
                    continue;
                };
                for near in near(number) {
                    other(at, word, &near.to_string());
                }
            }
        }
    }
    all
}

/// A list of labels in brackets, without each of them that does not stand there alone.
fn shorter(list: &str) -> Vec<String> {
    let (head, labels) = list.split_once('(').unwrap_or((list, ""));
    let labels: Vec<&str> = labels.trim_end_matches(')').split(", ").collect();
    let without = |left: &&str| {
        let others: Vec<&str> = labels.iter().copied().filter(|one| one != left).collect();
        format!("{head}({})", others.join(", "))
    };
    let all = labels.iter().filter(|_| labels.len() > 1);
    all.map(without).collect()
}

/// A number a little lower, and a little higher. Of few things there is one more, or one fewer.
fn near(number: f64) -> Vec<f64> {
    match number {
        0.0 => vec![1.5],
        1.0..=3.0 => vec![number - 1.0, number + 1.0],
        _ => vec![number * 0.85, number * 1.15],
    }
}

/// The words and numbers of an expression, but for those in selectors and times, with their places.
fn words(expr: &str) -> Vec<(usize, &str)> {
    let mut words = Vec::new();
    let mut rest = 0;
    while let Some(first) = expr[rest..].chars().next() {
        let end = match first {
            '{' => expr[rest..].find('}'),
            '[' => expr[rest..].find(']'),
            _ => None,
        };
        let is_part = |c: char| c.is_ascii_alphanumeric() || "_:.".contains(c);
        let length = match end {
            Some(end) => end + 1,
            None if is_part(first) => {
                let length = expr[rest..].find(|c| !is_part(c));
                let length = length.unwrap_or(expr.len() - rest);
                words.push((rest, &expr[rest..rest + length]));
                length
            }
            None => first.len_utf8(),
        };
        rest += length;
    }
    words
}

/// Those of which no case of the alert fails.
fn unnoticed(kit: &Kit, alert: &Alert, folder: &Path) -> Vec<String> {
    let mutants = mutants(&alert.expr);
    let called = |number: usize| format!("{}{number}", alert.name);
    let of = |(number, mutant): (usize, &Mutant)| -> Rule {
        let itself = format!("alertname=\"{}\"", alert.name);
        let renamed = format!("alertname=\"{}\"", called(number));
        let mut rule = alert.rule(kit);
        rule.expr = mutant.expr.replace(&itself, &renamed);
        if let Makes::Alert { name, .. } = &mut rule.makes {
            *name = called(number);
        }
        rule
    };
    let looking = Group {
        name: "looking".to_owned(),
        interval: None,
        rules: mutants.iter().enumerate().map(of).collect(),
    };
    let mut groups = recording::groups(kit);
    groups.retain(|_| alert.expr.contains(':'));
    groups.push(looking);
    let order: String = groups
        .iter()
        .map(|group| format!("  - {}\n", group.name))
        .collect();
    write(&folder.join("mutants.rules.yml"), &rule_file(&[], &groups));
    let all = tries(alert);
    let mut noticed = BTreeSet::new();
    for pace in Pace::ALL {
        let mut text = format!(
            "rule_files: [mutants.rules.yml]\nevaluation_interval: {}m\ngroup_eval_order:\n{order}tests:\n",
            pace.minutes()
        );
        let here = all.iter().filter(|one| one.pace == pace);
        for one in here {
            write_head(&mut text, alert, one);
            for number in 0..mutants.len() {
                write_result(&mut text, alert, one, &called(number));
            }
        }
        if !text.ends_with("tests:\n") {
            write(&folder.join("mutants.test.yml"), &with_names(kit, &text));
            noticed.extend(failed(folder));
        }
    }
    assert!(
        !noticed.contains(&called(0)),
        "{}: its own cases fail",
        alert.name
    );
    let left = mutants.iter().enumerate().skip(1);
    let left = left.filter(|(number, _)| !noticed.contains(&called(*number)));
    left.map(|(_, mutant)| format!("{}: {}", alert.name, mutant.what))
        .collect()
}

/// The alerts whose expectations fail.
fn failed(folder: &Path) -> BTreeSet<String> {
    let mut promtool = Command::new(component("promtool"));
    let promtool = promtool.args(["test", "rules", "mutants.test.yml"]);
    let output = promtool
        .current_dir(folder)
        .output()
        .expect("promtool runs");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(
        said.contains("SUCCESS") || said.contains("got:"),
        "no case was tried: {said}"
    );
    let names = said
        .lines()
        .filter(|line| line.trim_start().starts_with("expr:"));
    let names = names.filter_map(|line| {
        line.split("ALERTS{alertname=\\\"")
            .nth(1)?
            .split('\\')
            .next()
    });
    names.map(str::to_owned).collect()
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).expect("it can be written");
}

fn kit() -> Kit {
    let journey = Journey::new("subscription", "https://shop.example")
        .step(Step::get("browse", "/"))
        .step(Step::get("look", "/boxes"))
        .step(Step::get("choose", "/plans"))
        .step(Step::get("pay", "/payments"))
        .step(Step::get("order", "/orders"));
    Kit::new("ecolaura-api")
        .probe("https://shop.example")
        .journey(journey)
}

/// `alike`: what no case can notice, since there is one job, or one series for each set of labels that `max` or `min` leaves, or since it fires
/// whatever its number is.
#[track_caller]
fn each_is_noticed(name: &str, kit: &Kit, of: impl Fn(&Alert) -> bool, alike: &[&str]) {
    let folder = env::temp_dir().join(format!("ecolaura-{name}-{}", process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    let groups = alerts(kit).expect("a kit");
    let all: Vec<&Alert> = groups
        .iter()
        .flat_map(|(_, alerts)| alerts)
        .filter(|alert| of(alert))
        .collect();
    assert!(!all.is_empty());
    let left: Vec<String> = all
        .iter()
        .flat_map(|alert| unnoticed(kit, alert, &folder))
        .collect();
    fs::remove_dir_all(&folder).expect("it can be removed");
    assert_eq!(left, alike);
}

#[test]
fn a_little_other_alerts_are_noticed() {
    let alike = [
        "TrafficGone: on (environment, job) number 1 as on (environment)",
        "TrafficGone: on (environment, job) number 2 as on (environment)",
        "TrafficGone: on (environment, job) number 3 as on (environment)",
        "TrafficGone: on (environment, job) number 4 as on (environment)",
        "InstanceDown: max number 1 as min",
        "MetricsAbsent: max number 1 as min",
        "MetricsAbsent: max number 2 as min",
        "MemoryNearLimit: max number 1 as min",
        "MemoryNearLimit: max number 2 as min",
        "InstanceNotReady: max number 1 as min",
        "CertificateExpires: min number 1 as max",
        "CertificateExpiresNow: min number 1 as max",
        "Watchdog: 1 number 1 as 0",
        "Watchdog: 1 number 1 as 2",
    ];
    each_is_noticed("alerts", &kit(), |_| true, &alike);
}

#[test]
fn a_little_other_alerts_of_pods_are_noticed() {
    let alike = [
        "ServiceNotReady: max number 2 as min",
        "InstanceNotReady: max number 1 as min",
        "InstanceNotReady: max number 2 as min",
    ];
    let of = |alert: &Alert| alert.name.ends_with("NotReady") || alert.name == "ProbesAbsent";
    each_is_noticed("pods", &kit().in_kubernetes(), of, &alike);
}

/// What is recorded of an objective has no labels that `max` could drop, but for those of the alert.
const BURNS: [&str; 3] = [
    "max number 1 as min",
    "max number 2 as min",
    "max number 3 as min",
];

#[test]
fn a_little_other_objectives_are_noticed() {
    let quick = Duration::from_millis(250);
    let kit = kit().objective(Slo::new("orders", "/api/v1/orders", 99.9).within(quick));
    let of = |alert: &Alert| {
        alert.name.starts_with("BudgetBurns") || alert.name.starts_with("Objective")
    };
    let names = ["AtOnce", "Fast", "", "Slowly"];
    let alike = names.map(|name| BURNS.map(|what| format!("BudgetBurns{name}: {what}")));
    let alike: Vec<&str> = alike.as_flattened().iter().map(String::as_str).collect();
    each_is_noticed("requests", &kit, of, &alike);
}

#[test]
fn a_little_other_objectives_of_calls_are_noticed() {
    let quick = Duration::from_millis(250);
    let kit = kit().objective(Slo::new("mail", "send_mail", 99.5).within(quick));
    let alike = BURNS.map(|what| format!("BudgetBurnsAtOnce: {what}"));
    let alike = alike.each_ref().map(String::as_str);
    let of = |alert: &Alert| alert.name == "BudgetBurnsAtOnce";
    each_is_noticed("calls", &kit, of, &alike);
}

#[test]
fn numbers_and_words() {
    let found: Vec<&str> = words("max by (a) (x:rate5m{b=\"1\"}[5m] offset 1d) > 0.5")
        .into_iter()
        .map(|(_, word)| word)
        .collect();
    assert_eq!(found, ["max", "by", "a", "x:rate5m", "offset", "1d", "0.5"]);
    let all = mutants("min(a) > 2");
    let all: Vec<&str> = all.iter().map(|one| one.expr.as_str()).collect();
    assert_eq!(
        all,
        ["min(a) > 2", "max(a) > 2", "min(a) > 1", "min(a) > 3"]
    );
    let all = mutants("a and on (b, c) d or on (e) f * on (g, h) i");
    let all: Vec<&str> = all.iter().skip(1).map(|one| one.expr.as_str()).collect();
    assert_eq!(
        all,
        [
            "a and on (c) d or on (e) f * on (g, h) i",
            "a and on (b) d or on (e) f * on (g, h) i"
        ]
    );
}

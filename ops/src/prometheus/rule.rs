//! Rules, and the file that Prometheus reads them from.

use std::fmt::Write as _;

/// Rules that are evaluated one after the other.
#[derive(Clone, Debug)]
pub struct Group {
    /// What it is called; unique in its file.
    pub name: &'static str,
    /// How often it is evaluated, as Prometheus writes times: `1m`.
    pub interval: &'static str,
    /// Its rules, in their order.
    pub rules: Vec<Rule>,
}

/// A recording rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The name of the series that it makes.
    pub record: &'static str,
    /// What they are made of, on one line or more.
    pub expr: String,
    /// Labels that they have besides.
    pub labels: Vec<(&'static str, String)>,
}

/// The text of a file with these groups. `about` says what they are for, a line of comment each.
pub fn rule_file(about: &[&str], groups: &[Group]) -> String {
    let mut text = String::new();
    for line in about {
        text += format!("# {line}").trim_end();
        text.push('\n');
    }
    text += "groups:\n";
    for group in groups {
        // Writing into memory does not fail.
        let _ = write!(
            text,
            "  - name: {}\n    interval: {}\n    rules:\n",
            group.name, group.interval
        );
        for rule in &group.rules {
            let _ = writeln!(text, "      - record: {}", rule.record);
            text += "        expr: |-\n";
            for line in rule.expr.lines() {
                let _ = writeln!(text, "          {line}");
            }
            if !rule.labels.is_empty() {
                text += "        labels:\n";
            }
            for (name, value) in &rule.labels {
                let _ = writeln!(text, "          {name}: {value:?}");
            }
        }
    }
    text
}

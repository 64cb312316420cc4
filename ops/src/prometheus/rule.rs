//! Rules, and the file that Prometheus reads them from.

use std::fmt::Write as _;

/// Rules that are evaluated one after the other.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// What it is called; unique in its file.
    pub(crate) name: String,
    /// How often it is evaluated, as Prometheus writes times: `1m`. `None`: as often as Prometheus evaluates rules.
    pub(crate) interval: Option<&'static str>,
    /// Its rules, in their order.
    pub(crate) rules: Vec<Rule>,
}

/// A rule: what it makes, and of what.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Rule {
    /// What it makes.
    pub makes: Makes,
    /// The expression, on one line or more.
    pub expr: String,
    /// Labels that the result has besides.
    pub labels: Vec<(&'static str, String)>,
}

/// What a rule makes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Makes {
    /// Series of this name.
    Record(String),
    /// An alert.
    Alert {
        /// What it is called.
        name: String,
        /// How long the expression must have had a result.
        pending: &'static str,
        /// How long it goes on to fire after that.
        keeps: Option<&'static str>,
        /// What is told of it.
        annotations: Vec<(&'static str, String)>,
    },
}

impl Rule {
    /// A rule that records series.
    pub(crate) fn record(name: impl Into<String>, expr: impl Into<String>) -> Self {
        Self {
            makes: Makes::Record(name.into()),
            expr: expr.into(),
            labels: Vec::new(),
        }
    }

    /// With a label more.
    pub(crate) fn label(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.labels.push((name, value.into()));
        self
    }
}

/// The text of a file with these groups. `about` says what they are for, a line of comment each.
pub(crate) fn rule_file(about: &[&str], groups: &[Group]) -> String {
    let mut text = String::new();
    for line in about {
        text += format!("# {line}").trim_end();
        text.push('\n');
    }
    text + "groups:\n" + &groups_text(groups)
}

/// The same without a head: a list of groups.
pub(crate) fn groups_text(groups: &[Group]) -> String {
    let mut text = String::new();
    for group in groups {
        // Writing into memory does not fail.
        let _ = writeln!(text, "  - name: {}", group.name);
        if let Some(interval) = group.interval {
            let _ = writeln!(text, "    interval: {interval}");
        }
        text += "    rules:\n";
        group
            .rules
            .iter()
            .for_each(|rule| write_rule(&mut text, rule));
    }
    text
}

fn write_rule(text: &mut String, rule: &Rule) {
    let _ = match &rule.makes {
        Makes::Record(name) => writeln!(text, "      - record: {name}"),
        Makes::Alert { name, .. } => writeln!(text, "      - alert: {name}"),
    };
    text.push_str("        expr: |-\n");
    for line in rule.expr.lines() {
        let _ = writeln!(text, "          {line}");
    }
    let Makes::Alert {
        pending,
        keeps,
        annotations,
        ..
    } = &rule.makes
    else {
        write_map(text, "labels", &rule.labels);
        return;
    };
    if *pending != "0s" {
        let _ = writeln!(text, "        for: {pending}");
    }
    if let Some(keeps) = keeps {
        let _ = writeln!(text, "        keep_firing_for: {keeps}");
    }
    write_map(text, "labels", &rule.labels);
    write_map(text, "annotations", annotations);
}

fn write_map(text: &mut String, name: &str, entries: &[(&'static str, String)]) {
    if entries.is_empty() {
        return;
    }
    let _ = writeln!(text, "        {name}:");
    for (key, value) in entries {
        let _ = writeln!(text, "          {key}: {}", quoted(value));
    }
}

/// A text as YAML has it on one line, whatever is in it.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for one in text.chars() {
        match one {
            '"' | '\\' => quoted.extend(['\\', one]),
            '\n' => quoted.push_str("\\n"),
            // What YAML does not take as it is, or takes for the end of a line.
            one if one.is_control()
                || matches!(
                    one,
                    '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
                ) =>
            {
                let _ = write!(quoted, "\\u{:04x}", u32::from(one));
            }
            one => quoted.push(one),
        }
    }
    quoted + "\""
}

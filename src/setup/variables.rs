//! Variables of the environment: looked up, and warned of where a value cannot be used.
//!
//! OpenTelemetry's specification wants a service to start all the same where an enumeration has an unknown value, or a number or
//! boolean cannot be read: a platform sets such variables for all its services. What would leave the service blind or unsafe is an error
//! of whoever asks.
//!
//! Source: OpenTelemetry's environment variable specification.

use std::cell::RefCell;
use std::ffi::OsString;
#[cfg(any(feature = "traces", test))]
use std::fmt::Display;
#[cfg(any(feature = "traces", test))]
use std::str::FromStr;

use crate::error::Error;
use crate::redact;

/// Looks a variable up.
pub(crate) type Lookup<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// How much of a wrong value is shown.
const LONGEST: usize = 200;

/// The variables, and what there is to say of them.
pub(crate) struct Variables<'a> {
    lookup: Lookup<'a>,
    warnings: RefCell<Vec<String>>,
}

/// What is wrong with a value, and what happens instead.
pub(crate) struct Wrong<'a> {
    pub(crate) name: &'a str,
    pub(crate) value: &'a str,
    /// The parts of a list that are wrong, where it is not all of it.
    pub(crate) parts: &'a [&'a str],
    /// What is used: the end of "using …".
    pub(crate) instead: &'a str,
    pub(crate) accepted: &'a str,
}

impl Variables<'_> {
    /// Those of the process.
    pub(crate) fn of_process() -> Variables<'static> {
        Variables::new(&|name| std::env::var_os(name))
    }

    pub(crate) fn new(lookup: Lookup<'_>) -> Variables<'_> {
        Variables {
            lookup,
            warnings: RefCell::default(),
        }
    }

    /// A value, without white space around it; an empty one is none. One that is not UTF-8 is none either, and warned of.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let value = (self.lookup)(name)?;
        match value.to_str() {
            Some(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            None => {
                self.add(format!("{name} is not valid UTF-8: it is ignored"));
                None
            }
        }
    }

    /// The same of a variable that is not to be left out: what is not UTF-8 is an error.
    #[cfg_attr(
        not(any(
            feature = "business",
            feature = "logs",
            feature = "server",
            feature = "traces"
        )),
        allow(dead_code)
    )]
    pub(crate) fn required(&self, name: &str) -> Result<Option<String>, Error> {
        let value = (self.lookup)(name);
        match value.is_some_and(|value| value.to_str().is_none()) {
            true => Err(Error::configuration(format!("{name} is not valid UTF-8"))),
            false => Ok(self.text(name)),
        }
    }

    /// Which of these words the first of the variables has that has one; case does not matter. Else the first word.
    pub(crate) fn choice<T: Copy>(&self, names: &[&str], words: &[(&str, T)]) -> Option<T> {
        let find = |value: &str| {
            let is = |(word, _): &&(&str, T)| word.eq_ignore_ascii_case(value);
            words.iter().find(is).copied()
        };
        let accepted: Vec<_> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
        let default = words.first().copied()?;
        let shown = |(word, _): &(&str, T)| format!("`{word}`");
        let (_, choice) = self.first(names, find, default, shown, &accepted.join(", "));
        Some(choice)
    }

    /// The number of the first of the variables that has one which is not below the least. Else the default.
    #[cfg(any(feature = "traces", test))]
    pub(crate) fn number<N: FromStr + PartialOrd + Display + Copy>(
        &self,
        names: &[&str],
        default: N,
        least: N,
    ) -> N {
        let parse = |value: &str| value.parse().ok().filter(|number| *number >= least);
        let accepted = format!("a whole number from {least}");
        self.first(
            names,
            parse,
            default,
            |number| format!("`{number}`"),
            &accepted,
        )
    }

    /// What the first of the variables says that says something. What cannot be used counts as not set.
    pub(crate) fn first<T>(
        &self,
        names: &[&str],
        parse: impl Fn(&str) -> Option<T>,
        default: T,
        shown: impl Fn(&T) -> String,
        accepted: &str,
    ) -> T {
        let mut wrong = Vec::new();
        let found = names.iter().find_map(|name| {
            let value = self.text(name)?;
            let parsed = parse(&value);
            if parsed.is_none() {
                wrong.push((*name, value));
            }
            parsed
        });
        let used = found.unwrap_or(default);
        for (name, value) in wrong {
            self.warn(&Wrong {
                name,
                value: &value,
                parts: &[],
                instead: &shown(&used),
                accepted,
            });
        }
        used
    }

    /// Warns of a value. It is shown: no secret may be in it, and what looks like one is redacted.
    pub(crate) fn warn(&self, wrong: &Wrong<'_>) {
        let Wrong {
            name,
            value,
            parts,
            instead,
            accepted,
        } = *wrong;
        let value = shown(value);
        let parts: Vec<_> = parts
            .iter()
            .map(|part| format!("`{}`", shown(part)))
            .collect();
        let which = match parts.is_empty() {
            true => "which".to_owned(),
            false => format!("of which {}", parts.join(" and ")),
        };
        self.add(format!(
            "{name} is `{value}`, {which} cannot be used: using {instead} instead. Accepted: {accepted}"
        ));
    }

    /// Warns in other words.
    pub(crate) fn add(&self, warning: String) {
        let mut warnings = self.warnings.borrow_mut();
        // Two signals may read the same variable.
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }

    pub(crate) fn into_warnings(self) -> Vec<String> {
        self.warnings.into_inner()
    }
}

/// Which exporter a list means: of all that there are, by what they are good for, the first one that is in it. There is one for each
/// signal, so others in the list are warned of.
#[cfg(any(feature = "logs", feature = "traces"))]
pub(crate) fn exporter_of_list(
    variables: &Variables<'_>,
    name: &str,
    default: &'static str,
    all: &[&'static str],
) -> &'static str {
    let Some(list) = variables.text(name) else {
        return default;
    };
    let names = list
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty());
    let names: Vec<_> = names.collect();
    let is_there = |known: &&&str| names.iter().any(|name| name.eq_ignore_ascii_case(known));
    let chosen = all.iter().find(is_there).copied().unwrap_or(default);
    let others = names
        .into_iter()
        .filter(|name| !name.eq_ignore_ascii_case(chosen));
    let others: Vec<_> = others.collect();
    let is_known = |other: &&str| all.iter().any(|known| other.eq_ignore_ascii_case(known));
    let unknown: Vec<_> = others
        .iter()
        .copied()
        .filter(|other| !is_known(other))
        .collect();
    let all: Vec<_> = all.iter().map(|name| format!("`{name}`")).collect();
    let accepted = format!("one of {}", all.join(", "));
    if !unknown.is_empty() {
        variables.warn(&Wrong {
            name,
            value: &list,
            parts: if unknown == [list.as_str()] {
                &[]
            } else {
                &unknown
            },
            instead: &format!("`{chosen}`"),
            accepted: &accepted,
        });
    } else if !others.is_empty() {
        let list = shown(&list);
        variables.add(format!(
            "{name} is `{list}`, but each signal has one exporter: using `{chosen}`. Accepted: {accepted}"
        ));
    }
    chosen
}

/// A value as it may be shown.
pub(crate) fn shown(value: &str) -> String {
    redact::one_line(value, LONGEST)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// What something makes of these variables, and what it warns of.
    pub(crate) fn with<T>(
        variables: &[(&str, &str)],
        read: impl FnOnce(&Variables<'_>) -> T,
    ) -> (T, Vec<String>) {
        let lookup = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        let variables = Variables::new(&lookup);
        let read = read(&variables);
        (read, variables.into_warnings())
    }

    #[test]
    fn an_empty_value_is_none() {
        for value in ["", " ", "\t\n"] {
            let read = with(&[("A", value)], |variables| variables.text("A"));
            assert_eq!(read, (None, vec![]));
        }
        let read = with(&[("A", " b c ")], |variables| variables.text("A"));
        assert_eq!(read, (Some("b c".into()), vec![]));
    }

    #[cfg(unix)]
    #[test]
    fn what_is_not_text_is_ignored_or_an_error() {
        use std::os::unix::ffi::OsStringExt as _;

        let lookup = |_: &str| Some(OsString::from_vec(vec![0xff]));
        let variables = Variables::new(&lookup);
        assert_eq!(variables.text("A"), None);
        let error = variables.required("A").unwrap_err().to_string();
        assert_eq!(error, "A is not valid UTF-8");
        assert_eq!(
            variables.into_warnings(),
            ["A is not valid UTF-8: it is ignored"]
        );
    }

    #[test]
    fn a_number_that_cannot_be_used_counts_as_not_set() {
        let number = |variables: &Variables<'_>| variables.number(&["A", "B"], 7, 1);
        let warning = |name: &str, value: &str, used: u32| {
            format!(
                "{name} is `{value}`, which cannot be used: using `{used}` instead. Accepted: a whole number from 1"
            )
        };
        for (a, b, used, warnings) in [
            ("", "", 7, vec![]),
            ("3", "soon", 3, vec![]),
            ("", "3", 3, vec![]),
            ("soon", "3", 3, vec![warning("A", "soon", 3)]),
            (
                "0",
                "-1",
                7,
                vec![warning("A", "0", 7), warning("B", "-1", 7)],
            ),
            ("1.5", "", 7, vec![warning("A", "1.5", 7)]),
            ("99999999999", "", 7, vec![warning("A", "99999999999", 7)]),
        ] {
            assert_eq!(
                with(&[("A", a), ("B", b)], number),
                (used, warnings),
                "{a} {b}"
            );
        }
    }

    #[test]
    fn a_word_that_nobody_knows_counts_as_not_set() {
        let words = [("gzip", 1), ("none", 2)];
        let choice = |variables: &Variables<'_>| variables.choice(&["A"], &words);
        assert_eq!(with(&[], choice), (Some(1), vec![]));
        assert_eq!(with(&[("A", "None")], choice), (Some(2), vec![]));
        let warning =
            "A is `zstd`, which cannot be used: using `gzip` instead. Accepted: `gzip`, `none`";
        assert_eq!(
            with(&[("A", "zstd")], choice),
            (Some(1), vec![warning.into()])
        );
    }

    #[test]
    fn a_warning_is_one_line_without_secrets() {
        let long = "x".repeat(10_000);
        for (value, expected) in [
            ("a\nb\u{1b}[31m", "`ab[31m`"),
            (
                "postgres://user:hunter2@host",
                "`postgres://[redacted]@host`",
            ),
            (&*long, &*format!("`{}…`", "x".repeat(LONGEST))),
        ] {
            let (_, warnings) = with(&[("A", value)], |variables| variables.number(&["A"], 1, 1));
            let [warning] = &warnings[..] else {
                panic!("{warnings:?}");
            };
            assert!(warning.contains(expected), "{warning}");
            assert!(
                !warning.contains("hunter2") && warning.lines().count() == 1,
                "{warning}"
            );
        }
    }
}

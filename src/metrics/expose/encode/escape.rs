//! Names of metrics and labels as a scraper wants them written.
//!
//! A *legacy* name has only letters, digits and `_`, that of a metric also `:`, and does not start with a digit.
//! Everything else is made one, unless the scraper takes any name. Two names may become the same.
//!
//! Source: the escaping schemes of the Prometheus documentation; where it and the Go implementation differ, the latter, since
//! that is what reads it back.

use std::fmt::Write as _;

use crate::metrics::expose::encode::format::Escaping;

/// Whose name it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    Metric,
    Label,
}

/// Whether every scraper can read the name; the empty one none can.
pub(crate) fn is_legacy(name: &str, owner: Owner) -> bool {
    let name = name.as_bytes();
    let starts_well = name.first().is_some_and(|first| !first.is_ascii_digit());
    starts_well && name.iter().all(|byte| is_plain(*byte, owner))
}

/// Appends the name. Under [`Escaping::AllowUtf8`] as it is: quotes are the format's.
///
/// An empty name becomes `_`, with values `U__`, so that the result is a name in any case.
pub(crate) fn escape(out: &mut String, name: &str, owner: Owner, escaping: Escaping) {
    match escaping {
        Escaping::AllowUtf8 => out.push_str(name),
        _ if is_legacy(name, owner) => out.push_str(name), // as it is, whatever a `_` in it would mean
        Escaping::Values => values(out, name, owner),
        Escaping::Underscores | Escaping::Dots if name.is_empty() => out.push('_'),
        Escaping::Underscores => each(out, name, owner, |out, c| match c {
            Char::Plain(c) => out.push(c),
            Char::Other(_) => out.push('_'),
        }),
        Escaping::Dots => each(out, name, owner, |out, c| match c {
            Char::Plain('_') => out.push_str("__"),
            Char::Plain(c) => out.push(c),
            Char::Other('.') => out.push_str("_dot_"),
            Char::Other(_) => out.push_str("__"),
        }),
    }
}

fn values(out: &mut String, name: &str, owner: Owner) {
    out.push_str("U__");
    each(out, name, owner, |out, c| match c {
        Char::Plain('_') => out.push_str("__"),
        Char::Plain(c) => out.push(c),
        Char::Other(c) => {
            let _ = write!(out, "_{:x}_", u32::from(c)); // writing to a String does not fail
        }
    });
}

/// A character that may stand where it does in a legacy name, or another.
enum Char {
    Plain(char),
    Other(char),
}

fn each(out: &mut String, name: &str, owner: Owner, push: impl Fn(&mut String, Char)) {
    for (at, c) in name.char_indices() {
        let byte = u8::try_from(c).ok().filter(u8::is_ascii);
        let plain = byte.is_some_and(|byte| is_plain(byte, owner));
        push(
            out,
            match plain && !(at == 0 && c.is_ascii_digit()) {
                true => Char::Plain(c),
                false => Char::Other(c),
            },
        );
    }
}

/// Digits are: where they may not stand is for the caller to know.
const fn is_plain(byte: u8, owner: Owner) -> bool {
    match byte {
        b'_' => true,
        b':' => matches!(owner, Owner::Metric),
        byte => byte.is_ascii_alphanumeric(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Escaping; 4] = [
        Escaping::Underscores,
        Escaping::Dots,
        Escaping::Values,
        Escaping::AllowUtf8,
    ];

    fn escaped(name: &str, owner: Owner, escaping: Escaping) -> String {
        let mut out = String::from("before ");
        escape(&mut out, name, owner, escaping);
        out.strip_prefix("before ").unwrap().to_owned()
    }

    /// A name, and what it is with underscores, dots, values.
    type Row = (&'static str, &'static str, &'static str, &'static str);

    #[track_caller]
    fn check(owner: Owner, rows: &[Row]) {
        for (name, underscores, dots, values) in rows {
            let found = ALL.map(|escaping| escaped(name, owner, escaping));
            let expected = [*underscores, *dots, *values, *name];
            assert_eq!(found, expected, "{owner:?} {name:?}");
        }
    }

    #[test]
    fn names_of_metrics() {
        check(
            Owner::Metric,
            &[
                ("requests", "requests", "requests", "requests"),
                ("a_b", "a_b", "a_b", "a_b"),
                ("_a__", "_a__", "_a__", "_a__"),
                ("a:b", "a:b", "a:b", "a:b"),
                (":", ":", ":", ":"),
                ("a1", "a1", "a1", "a1"),
                ("a.b", "a_b", "a_dot_b", "U__a_2e_b"),
                ("a.b_c", "a_b_c", "a_dot_b__c", "U__a_2e_b__c"),
                (".", "_", "_dot_", "U___2e_"),
                ("..", "__", "_dot__dot_", "U___2e__2e_"),
                ("1a", "_a", "__a", "U___31_a"),
                ("1.5", "__5", "___dot_5", "U___31__2e_5"),
                ("a b", "a_b", "a__b", "U__a_20_b"),
                ("a-b/c", "a_b_c", "a__b__c", "U__a_2d_b_2f_c"),
                ("größe", "gr__e", "gr____e", "U__gr_f6__df_e"),
                ("花", "_", "__", "U___82b1_"),
                ("🦀x", "_x", "__x", "U___1f980_x"),
                ("\u{fffd}", "_", "__", "U___fffd_"),
                ("a\n\"\\", "a___", "a______", "U__a_a__22__5c_"),
                ("U__a_2e_b", "U__a_2e_b", "U__a_2e_b", "U__a_2e_b"),
                ("", "_", "_", "U__"),
            ],
        );
    }

    #[test]
    fn a_label_has_no_colon() {
        check(
            Owner::Label,
            &[
                ("a:b", "a_b", "a__b", "U__a_3a_b"),
                (":", "_", "__", "U___3a_"),
                ("a_b", "a_b", "a_b", "a_b"),
                (
                    "service.name",
                    "service_name",
                    "service_dot_name",
                    "U__service_2e_name",
                ),
                ("9", "_", "__", "U___39_"),
                ("", "_", "_", "U__"),
            ],
        );
    }

    #[test]
    fn what_is_legacy() {
        for name in ["a", "_", "Z9", "a_b", "__name__"] {
            assert!(is_legacy(name, Owner::Metric) && is_legacy(name, Owner::Label));
        }
        for name in [":", "a:b"] {
            assert!(is_legacy(name, Owner::Metric) && !is_legacy(name, Owner::Label));
        }
        for name in ["", "0", "0a", "a.b", "a b", "ä", "a\0", "é1"] {
            assert!(!is_legacy(name, Owner::Metric) && !is_legacy(name, Owner::Label));
        }
    }

    #[test]
    fn any_name_becomes_legacy_and_a_legacy_name_stays() {
        let characters: Vec<char> = "ab_Z:09. -/\\\"\n\0äß花🦀\u{fffd}U".chars().collect();
        let mut random = fastrand::Rng::with_seed(13);
        for _ in 0..20_000 {
            let length = random.usize(..8);
            let name = (0..length).map(|_| characters[random.usize(..characters.len())]);
            let name: String = name.collect();
            for owner in [Owner::Metric, Owner::Label] {
                for escaping in [Escaping::Underscores, Escaping::Dots, Escaping::Values] {
                    let escaped = escaped(&name, owner, escaping);
                    assert!(is_legacy(&escaped, owner), "{name:?} became {escaped:?}");
                    if is_legacy(&name, owner) {
                        assert_eq!(escaped, name);
                    }
                }
                assert_eq!(escaped(&name, owner, Escaping::AllowUtf8), name);
            }
        }
    }
}

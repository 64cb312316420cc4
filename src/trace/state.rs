//! What the systems that a trace went through say of it: `tracestate`, passed on as it came.
//!
//! A list of more than 512 bytes is shortened by whole members, in the order that the standard recommends.
//!
//! Source: W3C Trace Context, sections 3.3.1.1 to 3.3.1.5. Keys as its level 2 has them, among which are all of level 1.

use std::borrow::Cow;

use http::header::{HeaderMap, HeaderName, HeaderValue};

/// Made once: a name given as text is parsed for each request.
pub(crate) static TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// Bytes that are passed on: as many as the standard asks everyone to pass on.
const LONGEST: usize = 512;

/// Bytes of a member. Longer ones are removed first.
const LONG_MEMBER: usize = 128;

/// Members of the list.
const MOST: usize = 32;

/// Reads it from all of its lines. `None` where there is none, or where anything in it is malformed: then it is not passed on.
pub(crate) fn read(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut lines = headers.get_all(&TRACESTATE).iter();
    let first = lines.next()?;
    let state = match lines.next() {
        None => Cow::Borrowed(first.as_bytes()),
        Some(second) => {
            let lines = [first, second].into_iter().chain(lines);
            let lines: Vec<_> = lines.map(HeaderValue::as_bytes).collect();
            Cow::Owned(lines.join(&b","[..]))
        }
    };
    if !is_well_formed(&state) {
        return None;
    }
    if state.len() > LONGEST {
        return HeaderValue::from_bytes(&shortened(&state)?).ok();
    }
    match state {
        Cow::Borrowed(_) => Some(first.clone()),
        Cow::Owned(state) => HeaderValue::from_bytes(&state).ok(),
    }
}

/// Whether it is a list of 1 to 32 members, between which there may be empty ones.
pub(crate) fn is_well_formed(state: &[u8]) -> bool {
    let mut number = 0;
    members(state).all(|member| {
        number += 1;
        is_member(member)
    }) && (1..=MOST).contains(&number)
}

/// The members that fit, in their order: the last of those with more than 128 bytes are removed first, then the last of all.
///
/// `None` where none fits: a member can have 513 bytes.
fn shortened(state: &[u8]) -> Option<Vec<u8>> {
    let mut kept: Vec<&[u8]> = members(state).collect();
    let length = |kept: &[&[u8]]| {
        let bytes: usize = kept.iter().map(|member| member.len()).sum();
        bytes + kept.len().saturating_sub(1)
    };
    while length(&kept) > LONGEST {
        let long = kept.iter().rposition(|member| member.len() > LONG_MEMBER);
        kept.remove(long.unwrap_or(kept.len() - 1));
    }
    (!kept.is_empty()).then(|| kept.join(&b","[..]))
}

/// The members of a list, without blanks around them and without empty ones.
fn members(state: &[u8]) -> impl Iterator<Item = &[u8]> {
    let members = state.split(|byte| *byte == b',').map(trimmed);
    members.filter(|member| !member.is_empty())
}

fn is_member(member: &[u8]) -> bool {
    let Some(equals) = member.iter().position(|byte| *byte == b'=') else {
        return false;
    };
    let (key, value) = (&member[..equals], &member[equals + 1..]);
    let begins = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let goes_on = |byte: &u8| begins(byte) || b"_-*/@".contains(byte);
    let is_value = |byte: &u8| (b' '..=b'~').contains(byte) && !b",=".contains(byte);
    key.len() <= 256
        && key.first().is_some_and(begins)
        && key.iter().all(goes_on)
        && (1..=256).contains(&value.len())
        && value.iter().all(is_value)
}

/// Without the blanks and tabs around it.
pub(crate) fn trimmed(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_lines(lines: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("tracestate", line.parse().unwrap());
        }
        read(&headers).map(|state| state.to_str().unwrap().to_owned())
    }

    #[test]
    fn well_formed() {
        let longest = format!("a={}", "v".repeat(256));
        let key = format!("{}=v", "k".repeat(256));
        let most = vec!["a=1"; 32].join(",");
        for state in [
            "a=1",
            "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7",
            "a=1, \tb=2\t,,c=3,",
            "0tenant@vendor=x y",
            "a_-*/=!\"#$%&'()*+-./:;<>?@[\\]^_`{|}~",
            &longest,
            &key,
            &most,
        ] {
            assert_eq!(read_lines(&[state]).as_deref(), Some(state), "{state}");
        }
        assert_eq!(read_lines(&["a=1", "b=2", "c=3"]).unwrap(), "a=1,b=2,c=3");
    }

    #[test]
    fn malformed() {
        let too_long = format!("a={}", "v".repeat(257));
        let long_key = format!("{}=v", "k".repeat(257));
        let too_many = vec!["a=1"; 33].join(",");
        let longest = format!("a={}", "v".repeat(256));
        for state in [
            "",
            " , ,",
            "a",
            "a=",
            "=1",
            "A=1",
            "_a=1",
            "a b=1",
            "a =1",
            "a=1=2",
            "a=1,b",
            "a=\u{fc}",
            &too_long,
            &long_key,
            &too_many,
            &"a=1234567,".repeat(60),
            &format!("{},b", "a=1234567,".repeat(31)),
            &format!("{longest},{longest},b"),
        ] {
            assert_eq!(read_lines(&[state]), None, "{state}");
        }
        assert_eq!(read_lines(&[]), None);
        assert_eq!(read_lines(&["a=1", "B=2"]), None);
    }

    /// A member of this many bytes.
    fn member(key: &str, bytes: usize) -> String {
        format!("{key}={}", "v".repeat(bytes - key.len() - 1))
    }

    #[test]
    fn more_than_512_bytes() {
        let list = |members: &[(&str, usize)]| {
            let members = members.iter().map(|(key, bytes)| member(key, *bytes));
            members.collect::<Vec<_>>().join(",")
        };
        let short: Vec<(String, usize)> = (0..30).map(|at| (format!("k{at:02}"), 19)).collect();
        let short: Vec<(&str, usize)> = short.iter().map(|(key, n)| (&**key, *n)).collect();
        for (what, sent, expected) in [
            (
                "512 bytes exactly",
                &[("a", 128), ("b", 128), ("c", 128), ("d", 125)][..],
                "abcd",
            ),
            (
                "513",
                &[("a", 128), ("b", 128), ("c", 128), ("d", 126)],
                "abc",
            ),
            (
                "the last ones are removed",
                &[
                    ("a", 100),
                    ("b", 100),
                    ("c", 100),
                    ("d", 100),
                    ("e", 100),
                    ("f", 100),
                ],
                "abcde",
            ),
            (
                "a long one is removed first",
                &[("a", 200), ("b", 100), ("c", 100), ("d", 100), ("e", 100)],
                "bcde",
            ),
            (
                "the last long one is removed first",
                &[("a", 200), ("b", 129), ("c", 128), ("d", 128)],
                "acd",
            ),
            ("all long ones", &[("a", 257), ("b", 257), ("c", 10)], "ac"),
            (
                "long ones, then the last",
                &[("a", 258), ("b", 128), ("c", 128), ("d", 128), ("e", 128)],
                "bcd",
            ),
            ("long ones alone", &[("a", 256), ("b", 255)], "ab"),
            (
                "one that alone is too long",
                &[(&"k".repeat(256), 513), ("b", 9)],
                "b",
            ),
        ] {
            let expected = sent.iter().filter(|(key, _)| expected.contains(key));
            let expected: Vec<_> = expected.copied().collect();
            assert_eq!(read_lines(&[&list(sent)]), Some(list(&expected)), "{what}");
        }
        let found = read_lines(&[&list(&short[..10]), &list(&short[10..])]);
        assert_eq!(found, Some(list(&short[..25])), "in two lines");
        let blanks = list(&short[..20]).replace(',', "\t ,, ");
        assert_eq!(blanks.len(), 19 * 20 + 19 * 5, "{blanks}");
        assert_eq!(read_lines(&[&blanks]), Some(blanks.clone()), "as it came");
        let blanks = list(&short[..25]).replace(',', "\t ,, ");
        let without = list(&short[..25]);
        assert_eq!(
            read_lines(&[&blanks]),
            Some(without),
            "blanks are removed first"
        );
        let alone = format!("{}={}", "k".repeat(256), "v".repeat(256));
        assert_eq!(read_lines(&[&alone]), None, "nothing fits");
    }

    /// Whatever comes: whole members in their order, no more than 512 bytes, and nothing is missing that the order of removal leaves room for.
    #[test]
    fn lists_of_any_length() {
        let mut random = fastrand::Rng::with_seed(513);
        let mut shortened = 0;
        for _ in 0..20_000 {
            let most = if random.bool() { 60 } else { 250 };
            let members: Vec<String> = (0..random.usize(1..=32))
                .map(|at| member(&format!("k{at}"), random.usize(5..most)))
                .collect();
            let sent = members.join(",");
            let found = read_lines(&[&sent]).unwrap();
            let kept: Vec<&str> = found.split(',').collect();
            assert!(found.len() <= 512, "{sent}");
            if sent.len() <= 512 {
                assert_eq!(found, sent);
                continue;
            }
            shortened += 1;
            let is_kept = |member: &&String| kept.contains(&member.as_str());
            let in_order: Vec<&String> = members.iter().filter(is_kept).collect();
            assert_eq!(in_order, kept, "{sent}");
            let removed = || members.iter().filter(|member| !is_kept(member));
            let (long, short): (Vec<&String>, Vec<&String>) =
                removed().partition(|m| m.len() > 128);
            // What was removed last would not fit.
            let last = match short.first() {
                Some(first) => {
                    assert!(kept.iter().all(|member| member.len() <= 128), "{sent}");
                    first
                }
                None => long[0],
            };
            assert!(found.len() + 1 + last.len() > 512, "{sent}");
        }
        assert!(shortened > 5_000, "{shortened}");
    }

    /// The same decided another way; the fuzz target of this name goes on from here.
    #[test]
    fn headers_that_nobody_sends() {
        let mut random = fastrand::Rng::with_seed(32);
        let mut read = 0;
        for _ in 0..100_000 {
            let length = random.usize(..24);
            let state: String = (0..length)
                .map(|_| char::from(b"aaa00===,,Z _@~\t"[random.usize(..16)]))
                .collect();
            let members = state
                .split(',')
                .map(|member| member.trim_matches([' ', '\t']));
            let members: Vec<_> = members.filter(|member| !member.is_empty()).collect();
            let is_good = |member: &&str| match member.split_once('=') {
                None => false,
                Some((key, value)) => {
                    key.starts_with(['a', '0'])
                        && !key.contains(['Z', ' ', '~', '\t'])
                        && !value.is_empty()
                        && !value.contains(['=', '\t'])
                }
            };
            let expected = !members.is_empty() && members.iter().all(is_good);
            assert_eq!(is_well_formed(state.as_bytes()), expected, "{state:?}");
            read += usize::from(expected);
        }
        assert!(read > 1_000, "{read}");
    }
}

//! What the systems that a trace went through say of it: `tracestate`, handed on as it came.
//!
//! Source: W3C Trace Context. Keys as its level 2 has them, among which are all of level 1.

use http::header::{HeaderMap, HeaderName, HeaderValue};

/// Made once: a name given as text is parsed for each request.
pub(crate) static TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// Bytes of it, which is as much as everyone has to hand on.
const LONGEST: usize = 512;

/// Members of the list.
const MOST: usize = 32;

/// Reads it from all of its lines. `None` where there is none, or where anything in it is wrong: then nobody hands it on.
pub(crate) fn read(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut lines = headers.get_all(&TRACESTATE).iter();
    let first = lines.next()?;
    let state = match lines.next() {
        None => first.clone(),
        Some(second) => {
            let lines = [first, second].into_iter().chain(lines);
            let lines: Vec<_> = lines.map(HeaderValue::as_bytes).collect();
            HeaderValue::from_bytes(&lines.join(&b","[..])).ok()?
        }
    };
    is_well_formed(state.as_bytes()).then_some(state)
}

/// Whether it is a list of 1 to 32 members, between which there may be empty ones.
pub(crate) fn is_well_formed(state: &[u8]) -> bool {
    let mut members = 0;
    state.len() <= LONGEST
        && state.split(|byte| *byte == b',').all(|member| {
            let member = trimmed(member);
            members += usize::from(!member.is_empty());
            member.is_empty() || is_member(member)
        })
        && (1..=MOST).contains(&members)
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
        ] {
            assert_eq!(read_lines(&[state]), None, "{state}");
        }
        assert_eq!(read_lines(&[]), None);
        assert_eq!(read_lines(&["a=1", "B=2"]), None);
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

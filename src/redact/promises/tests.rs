use std::collections::BTreeMap;
use std::fmt::Debug;

use fastrand::Rng;
use serde_json::json;

use super::*;
use crate::redact::view::WORK;

/// How many texts a test tries.
const TEXTS: usize = 6_000;

/// What texts are made of that look as if they held secrets.
const PARTS: [&str; 97] = [
    " ",
    " ",
    " ",
    "\n",
    "\n",
    "\t",
    "\r\n",
    "\0",
    "\u{7f}",
    "a",
    "b",
    "Z",
    "0",
    "7",
    "4111",
    "1111",
    "4111111111111111",
    "12",
    "ü",
    "卡",
    "😀",
    "\u{a0}",
    "“",
    "\"",
    "\"",
    "\"",
    "'",
    "`",
    "\\",
    "\\\"",
    "\\\\\\\"",
    "\\n",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "<",
    ">",
    ",",
    ", ",
    ";",
    ".",
    ".",
    ":",
    ": ",
    "::",
    "=",
    "=",
    " = ",
    "==",
    "=>",
    "&",
    "?",
    "/",
    "//",
    "://",
    "http://",
    "@",
    "@host.org",
    "%40",
    "%3D",
    "%26",
    "-",
    "-----",
    "-----BEGIN PRIVATE KEY-----",
    "-----END PRIVATE KEY-----",
    "_",
    "+",
    "#",
    "|",
    "%",
    "password",
    "password=",
    "\"token\":",
    "token: ",
    "email: ",
    "Cookie: ",
    "key",
    "api",
    "Some(",
    "null",
    "Bearer",
    "Bearer ",
    "basic ",
    "Digest ",
    "eyJ",
    "eyJhbGci",
    ".eyJ",
    "ghp_",
    "AKIA",
    "sk_live_",
    "xoxb-",
    "[redacted]",
    "redacted",
    "c4nary@x.org",
];

/// What texts are made of that hold nothing.
const CLEAN: [&str; 47] = [
    " ",
    " ",
    " ",
    "\n",
    "\t",
    "\0",
    "\u{1b}[0m",
    "ü",
    "Ärger",
    "卡",
    "😀",
    "\u{202e}",
    "\"",
    "'",
    "\\",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ", ",
    ": ",
    "=",
    "&",
    "?",
    "/",
    "http://host/",
    "-- ",
    "order",
    "GET",
    "/api/v1",
    "status",
    "200",
    "id",
    "user",
    "a",
    "1732400000123456789",
    "4bf92f3577b34da6a3ce929d0e0e4736",
    "550e8400-e29b-41d4-a716-446655440000",
    "3.141592653589793",
    "2026-11-23T22:32:56.123Z",
    "author",
    "keys",
    "Some(7)",
    "basics",
    "tower@0.5.2 ",
];

fn text_of(parts: &[&str], random: &mut Rng) -> String {
    let length = random.usize(..24);
    let parts = (0..length).map(|_| parts[random.usize(..parts.len())]);
    parts.collect()
}

#[test]
fn promises_hold_for_texts_that_look_like_secrets() {
    let mut random = Rng::with_seed(1);
    for _ in 0..TEXTS {
        let mut data = vec![random.u8(..), random.u8(..), random.u8(..)];
        data.extend_from_slice(text_of(&PARTS, &mut random).as_bytes());
        hold(&data);
    }
}

#[test]
fn promises_hold_for_any_bytes() {
    let mut random = Rng::with_seed(2);
    for _ in 0..TEXTS {
        let length = random.usize(..64);
        let data: Vec<u8> = match random.bool() {
            true => (0..length).map(|_| random.u8(..)).collect(),
            false => (0..length).map(|_| random.u8(b' '..0x7f)).collect(),
        };
        hold(&data);
    }
}

#[test]
fn texts_that_hold_nothing_stay_as_they_are() {
    let mut random = Rng::with_seed(3);
    for _ in 0..TEXTS {
        let clean = text_of(&CLEAN, &mut random);
        assert_eq!(text(&clean), clean);
        assert_eq!(pieces(&clean).count(), usize::from(!clean.is_empty()));
    }
}

/// A text of anything, with the canary somewhere in it.
fn secret(random: &mut Rng) -> String {
    let mut text = [text_of(&PARTS, random), text_of(&PARTS, random)];
    text[0].truncate(text[0].rfind(|c: char| c.is_ascii()).unwrap_or_default());
    text.join(CANARY)
}

#[derive(Debug)]
#[allow(dead_code)]
struct Login<'a> {
    user: &'a str,
    password: &'a str,
    api_key: Option<String>,
    tokens: Vec<&'a str>,
    headers: BTreeMap<&'a str, &'a str>,
    form: Vec<(&'a str, &'a str)>,
    count: usize,
}

/// However serde and `Debug` write a value of a name, and however often that is quoted again.
#[test]
fn what_others_write_is_found() {
    let mut random = Rng::with_seed(4);
    for _ in 0..TEXTS / 4 {
        let secret = &*secret(&mut random);
        let login = Login {
            user: "anna",
            password: secret,
            api_key: Some(secret.to_owned()),
            tokens: vec!["a", secret],
            headers: BTreeMap::from([("authorization", secret), ("host", "x")]),
            form: vec![("password", secret), ("user", "anna")],
            count: 7,
        };
        let json = json!({
            "user": "anna", "password": secret, "nested": { "client_secret": secret, "token": [1, secret] },
            "credentials": { "id": secret, "of": ["a", { "b": secret }] }, "count": 7,
        });
        for written in [
            format!("{login:?}"),
            format!("{login:#?}"),
            json.to_string(),
            format!("{json:#}"),
            format!("{json:?}"),
        ] {
            is_hidden(&written);
            is_hidden(&format!("{written:?}"));
            is_hidden(&json!([{ "body": written }]).to_string());
            is_hidden(&json!({ "a": format!("{written:?}") }).to_string());
        }
    }
}

#[track_caller]
fn is_hidden(written: &str) {
    let told = text(written);
    assert!(written.contains(CANARY));
    assert!(!told.contains(CANARY), "{written}\n{told}");
    assert!(told.contains("count") && told.contains("anna"), "{told}");
    assert_eq!(text(&told), told);
}

fn work_of(given: &str) -> usize {
    WORK.set(0);
    text(given);
    WORK.take()
}

/// Looks at no byte more than so many times, whatever the text is made of.
#[test]
fn work_is_in_proportion_to_the_text() {
    const MOST: usize = 60;
    let is_in_proportion = |part: &str, length: usize| {
        let text = part.repeat(length / part.len());
        let work = work_of(&text);
        assert!(work <= MOST * length, "{part:?}: {} times", work / length);
    };
    for byte in 0..128_u8 {
        is_in_proportion(&char::from(byte).to_string(), 1 << 16);
    }
    for part in PARTS {
        is_in_proportion(part, 1 << 16);
    }
    let mut random = Rng::with_seed(5);
    for _ in 0..TEXTS / 4 {
        let part = text_of(&PARTS, &mut random);
        if !part.is_empty() {
            is_in_proportion(&part, 1 << 13);
        }
    }
    // What was found to take long.
    for part in [
        "token='a ",
        "a://b:c/",
        "=\\\\\\\\",
        "2345 ",
        ".eyJ",
        "eyJ.",
        "a@b.",
        "%40",
        "token=-----BEGIN ",
        "token:Some(",
        "\"a\", ",
    ] {
        is_in_proportion(part, 1 << 16);
    }
}

#[test]
fn a_megabyte_takes_a_thousand_times_as_long_as_a_kilobyte() {
    for part in [
        "@",
        "1",
        "4",
        "eyJ",
        "=",
        ":",
        "\"",
        "'",
        "-",
        "a@",
        "token=",
        "password=\"",
    ] {
        let times = |length: usize| work_of(&part.repeat(length / part.len()));
        let (short, long) = (times(1 << 12), times(1 << 20));
        assert!(long <= short * 300, "{part}: {short}, {long}");
    }
}

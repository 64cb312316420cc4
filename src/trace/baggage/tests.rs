//! What is read of `baggage` headers, and what is written.

use std::collections::BTreeMap;

use super::member::{LONGEST, MOST};
use super::*;

fn entries(header: &str) -> Vec<(String, String)> {
    let baggage = Baggage::from_header(header);
    let entries = baggage.iter();
    entries
        .map(|(name, value)| (name.to_owned(), value.into_owned()))
        .collect()
}

fn read(lines: &[&str]) -> Baggage {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append("baggage", line.parse().unwrap());
    }
    Baggage::read(&headers)
}

/// The examples of the standard, and what it says of spaces.
#[test]
fn well_formed() {
    let read = |header| entries(header);
    let expected = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    };
    for (header, pairs) in [
        (
            "key1=value1;property1;property2, key2 = value2, key3=value3; propertyKey=propertyValue",
            &[("key1", "value1"), ("key2", "value2"), ("key3", "value3")][..],
        ),
        ("userId=Am%C3%A9lie", &[("userId", "Amélie")]),
        ("serverNode=DF%2028", &[("serverNode", "DF 28")]),
        ("a=1\t;\tp\t=\tx ,\tb\t=2", &[("a", "1"), ("b", "2")]),
        ("empty=", &[("empty", "")]),
        ("a=b=c==", &[("a", "b=c==")]),
        ("A=1,a=2", &[("A", "1"), ("a", "2")]),
        ("twice=1,b=2,twice=3", &[("b", "2"), ("twice", "3")]),
        ("!#$%&'*+-.^_`|~9=x", &[("!#$%&'*+-.^_`|~9", "x")]),
        // A `%` that begins no byte, and bytes that are no text.
        (
            "a=100%,b=%4,c=%zz%41",
            &[("a", "100%"), ("b", "%4"), ("c", "%zzA")],
        ),
        ("a=x%FFy,b=%C3", &[("a", "x\u{fffd}y"), ("b", "\u{fffd}")]),
    ] {
        assert_eq!(read(header), expected(pairs), "{header}");
    }
}

#[test]
fn malformed_entries_are_left_out() {
    for entry in [
        "",
        " ",
        "a",
        "=1",
        "a b=1",
        "a\"=1",
        "é=1",
        "a=é",
        "a=x y",
        "a=\"x\"",
        "a=x\\y",
        "a=1;",
        "a=1;;p",
        "a=1;p q",
        "a=1;p=x y",
        "a=1;=x",
    ] {
        let header = format!("first=1,{entry},last=2");
        assert_eq!(entries(&header).len(), 2, "{entry}");
        assert!(Baggage::from_header(entry).is_empty(), "{entry}");
    }
    assert!(Baggage::from_header(b"a=\xff").is_empty());
}

/// What comes as one line of good entries goes on byte for byte; else what is good of it does.
#[test]
fn goes_on() {
    for (lines, header) in [
        (&["a=1;p=%20, b = 2"][..], "a=1;p=%20,b = 2"),
        (&["a=1;p,b=%c3%bc"], "a=1;p,b=%c3%bc"),
        (&["a=1", "b=2,c=3"], "a=1,b=2,c=3"),
        (&["a=1,nonsense", "a=2"], "a=2"),
        (&["nonsense"], ""),
        (&[], ""),
    ] {
        let read = read(lines);
        assert_eq!(read.header(), header, "{lines:?}");
        assert_eq!(read.is_empty(), header.is_empty());
        assert_eq!(read.list().is_none(), header.is_empty());
    }
}

#[test]
fn no_more_than_there_is_room_for() {
    let many: Vec<String> = (0..100).map(|n| format!("k{n}=v")).collect();
    let kept = Baggage::from_header(many.join(","));
    assert_eq!(kept.header(), many[..MOST].join(","));
    assert_eq!(kept.clone().with("more", "1"), kept);
    assert_eq!(kept.clone().with("k7", "w").get("k7").unwrap(), "w");
    assert_eq!(kept.clone().with("k7", "w").len(), MOST);

    let long = format!("a={}", "x".repeat(LONGEST - 2));
    assert_eq!(Baggage::from_header(&long).header(), long);
    assert!(Baggage::from_header(format!("{long}x")).is_empty());
    // An entry without room is left out as a whole, and others after it are not.
    let some = format!("a={},b={},c=3", "x".repeat(5000), "y".repeat(5000));
    let kept = Baggage::from_header(&some);
    let names: Vec<_> = kept.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["a", "c"]);
    assert_eq!(kept.clone().with("b", &"y".repeat(5000)), kept);
    // A value that is no longer true does not stay.
    let changed = kept.clone().with("c", &"y".repeat(5000));
    assert_eq!(changed, kept.clone().without("c"));
    assert_eq!(kept.without("a").with("b", &"y".repeat(5000)).len(), 2);
    // Of a header that somebody sends to keep us busy not all is read.
    let endless = "x,".repeat(1_000_000) + "a=1";
    assert!(Baggage::from_header(endless).is_empty());
}

#[test]
fn entries_of_our_own() {
    let baggage = Baggage::default()
        .with("plan", "forest, and more; \"50 %\" \\")
        .with("name", "Jürgen")
        .with("no name", "1")
        .with("", "1");
    assert_eq!(
        baggage.header(),
        "plan=forest%2C%20and%20more%3B%20%2250%20%25%22%20%5C,name=J%C3%BCrgen"
    );
    assert_eq!(
        baggage.get("plan").unwrap(),
        "forest, and more; \"50 %\" \\"
    );
    assert_eq!(baggage.get("no name"), None);
    assert_eq!(baggage.len(), 2);
    assert_eq!(baggage.clone().without("plan").header(), "name=J%C3%BCrgen");
    assert_eq!(baggage.clone().without("other"), baggage);
    // It may end up in a log.
    assert_eq!(format!("{baggage:?}"), "Baggage { entries: 2 }");
}

/// Whatever is added is read back by whoever gets the header.
#[test]
fn any_text_comes_through() {
    let mut random = fastrand::Rng::with_seed(8192);
    for _ in 0..2_000 {
        let mut expected = BTreeMap::new();
        let mut baggage = Baggage::default();
        for _ in 0..random.usize(..12) {
            let name = format!("n{}", random.u8(..8));
            let length = random.usize(..12);
            let any = |random: &mut fastrand::Rng| match random.bool() {
                true => random.char(..),
                false => char::from(b"%,;= \"\\A4z~\t"[random.usize(..12)]),
            };
            let value: String = (0..length).map(|_| any(&mut random)).collect();
            baggage = baggage.with(&name, &value);
            expected.insert(name, value);
        }
        let read = read(&[baggage.header()]);
        assert_eq!(read, baggage);
        let found = read.iter();
        let found: BTreeMap<_, _> = found
            .map(|(name, value)| (name.to_owned(), value.into_owned()))
            .collect();
        assert_eq!(found, expected);
        assert_eq!(read.len(), expected.len());
    }
}

/// What is read of headers that are nearly right stays as it is from then on; the fuzz target of this name goes on from here.
#[test]
fn headers_that_nobody_sends() {
    let mut random = fastrand::Rng::with_seed(64);
    let mut read = 0;
    for _ in 0..100_000 {
        let length = random.usize(..32);
        let header: Vec<u8> = (0..length)
            .map(|_| match random.u8(..16) {
                0 => random.u8(..),
                _ => b"ab=,;% 4fF\t"[random.usize(..11)],
            })
            .collect();
        let baggage = Baggage::from_header(&header);
        let again = Baggage::from_header(baggage.header());
        assert_eq!(again, baggage, "{header:?}");
        let texts = baggage.header().split(',').map(str::as_bytes);
        for text in texts.filter(|text| !text.is_empty()) {
            let has = header.windows(text.len()).any(|part| part == text);
            assert!(has, "{header:?} has no {text:?}");
        }
        for (name, value) in baggage.iter() {
            assert_eq!(baggage.get(name).as_ref(), Some(&value));
            let set = baggage.clone().with(name, &value);
            assert_eq!(set.get(name).as_ref(), Some(&value));
            assert_eq!(set.len(), baggage.len());
        }
        read += baggage.len();
    }
    assert!(read > 10_000, "{read}");
}

use super::*;

fn one(text: &str) -> Clause<'_> {
    let mut all = clauses(std::iter::once(text.as_bytes()));
    let clause = all.next().unwrap();
    assert!(all.next().is_none(), "{text}");
    clause
}

fn names(lines: &[&[u8]]) -> Vec<String> {
    let found = clauses(lines.iter().copied());
    let names = found.map(|clause| String::from_utf8_lossy(clause.name).into_owned());
    names.collect()
}

#[track_caller]
fn weighs(q: &str, thousandths: u16) {
    assert_eq!(
        one(&format!("x;q={q}")).weight(),
        Weight(thousandths),
        "{q}"
    );
}

#[test]
fn weights_have_up_to_three_decimals() {
    assert_eq!(one("x").weight(), Weight::FULL);
    for (q, thousandths) in [
        ("1", 1000),
        ("1.", 1000),
        ("1.0", 1000),
        ("1.000", 1000),
        ("0.999", 999),
        ("0.75", 750),
        ("0.5", 500),
        ("0.05", 50),
        ("0.001", 1),
        ("0", 0),
        ("0.", 0),
        ("0.000", 0),
        ("\"0.5\"", 500),
        (" 0.5 ", 500),
        ("\"0\\.5\"", 500),
    ] {
        weighs(q, thousandths);
    }
}

#[test]
fn what_is_no_weight_weighs_nothing() {
    for q in [
        "",
        "2",
        "10",
        "1.1",
        "1.001",
        "9",
        "00.5",
        "01",
        ".5",
        "0.5000",
        "1.0000",
        "-0",
        "-1",
        "+1",
        "0,5;",
        "0.5x",
        "0 .5",
        "0.-5",
        "1e0",
        "1e9",
        "0x1",
        "NaN",
        "nan",
        "inf",
        "Infinity",
        "½",
        "\"0.5",
        "0.5\"",
        "'1'",
        "\"\"",
        "\"",
        "99999999999999999999",
        "1.999999999999999999",
    ] {
        let text = format!("x;q={}", q.replace(',', "\\"));
        assert_eq!(one(&text).weight(), Weight::NONE, "{q}");
    }
    assert_eq!(one("x;q").weight(), Weight::NONE);
    assert_eq!(one("x; q = ;a=b").weight(), Weight::NONE);
}

#[test]
fn of_several_weights_the_first_counts() {
    assert_eq!(one("x;q=0.1;q=1").weight(), Weight(100));
    assert_eq!(one("x;Q=0.1;q=1").weight(), Weight(100));
    assert_eq!(one("x;q=NaN;q=1").weight(), Weight::NONE);
}

#[test]
fn parameters_have_names_in_any_case_quotes_and_blanks() {
    for text in [
        "x;version=1.0.0",
        "x; version=1.0.0",
        " x ; version = 1.0.0 ",
        "x\t;\tversion\t=\t1.0.0\t",
        "x;VERSION=1.0.0",
        "x;version=\"1.0.0\"",
        "x;version = \"1.0.0\" ;a",
        "x;version=\"1\\.0\\.0\"",
        "x;;;version=1.0.0;;",
        "x;a=\"b;version=2\";version=1.0.0",
        "x;a=\"b,version=2\";version=1.0.0",
        "x;a=\"\\\";version=2\";version=1.0.0",
        "x;a=\"\\\\\";version=1.0.0",
        "x;a;version=1.0.0;version=2",
        "x;a=b=c;version=1.0.0",
    ] {
        let clause = one(text);
        assert!(clause.is("X") && !clause.is("xx"), "{text}");
        assert!(clause.parameter("version").unwrap().is("1.0.0"), "{text}");
        assert!(clause.parameter("ersion").is_none(), "{text}");
    }
}

#[test]
fn values_that_are_no_values_equal_nothing() {
    for text in [
        "x;version=\"1.0.0",
        "x;version=1.0.0\"",
        "x;version=\"1.0.0\"x",
        "x;version=\"1.0.0\\\"",
        "x;version='1.0.0'",
        "x;version= 1.0 .0",
        "x;version=1\\.0.0",
        "x;version==1.0.0",
        "x;version",
        "x;version=",
        "x;version=\"\"",
    ] {
        assert!(
            !one(text).parameter("version").unwrap().is("1.0.0"),
            "{text}"
        );
    }
}

#[test]
fn clauses_are_separated_by_commas_outside_of_quotes_and_by_lines() {
    assert_eq!(names(&[]), [""; 0]);
    assert_eq!(
        names(&[b"", b" ", b",", b" ,\t,", b";q=1", b"; ;"]),
        [""; 0]
    );
    assert_eq!(names(&[b"a,b", b" c ,, d;x=1, "]), ["a", "b", "c", "d"]);
    assert_eq!(names(&[b"a;x=\"b,c\",d"]), ["a", "d"]);
    assert_eq!(names(&[b"a;x=\"b\\\",c\",d"]), ["a", "d"]);
    // What one line leaves open does not reach into the next.
    assert_eq!(names(&[b"a;x=\"b,c", b"d"]), ["a", "d"]);
    assert_eq!(names(&[b"a;x=\"b\\", b"d"]), ["a", "d"]);
    assert_eq!(names(&[b"\xff\x00,a"]), ["\u{fffd}\0", "a"]);
}

/// `length` bytes that are one clause.
fn filler(length: usize) -> Vec<u8> {
    vec![b'x'; length]
}

#[test]
fn what_is_beyond_the_limit_is_not_read() {
    let mut text = filler(LIMIT - 3);
    text.extend(b",ab");
    assert_eq!(names(&[&text])[1], "ab", "fits exactly");
    text.extend(b",c");
    assert_eq!(names(&[&text]).len(), 2, "the next one is beyond");
    text.truncate(LIMIT);
    text.push(b'c');
    assert_eq!(names(&[&text]).len(), 1, "half a clause is none");
    assert_eq!(names(&[&filler(LIMIT)]).len(), 1);
    assert_eq!(names(&[&filler(LIMIT + 1)]).len(), 0);
    assert_eq!(names(&[&filler(LIMIT + 1), b"a"]).len(), 0);
}

#[test]
fn the_limit_is_over_all_lines() {
    let half = filler(LIMIT / 2);
    assert_eq!(names(&[&half, &half[1..]]).len(), 2);
    assert_eq!(names(&[&half, &half]).len(), 1, "with the comma between");
    assert_eq!(names(&[&half, &half, b"a"]).len(), 1);
    assert_eq!(names(&[&half, &half[1..], b"a"]).len(), 2);
    assert_eq!(names(&[&half, &half[3..], b"a"]).len(), 3);
    assert_eq!(names(&vec![&b""[..]; LIMIT]).len(), 0);
    let mut lines = vec![&b""[..]; LIMIT];
    lines.push(b"");
    lines.push(b"a");
    assert_eq!(names(&lines).len(), 0, "empty lines cost as well");
}

#[test]
fn clauses_are_not_counted() {
    let text = vec!["a;q=0.1"; 4000].join(",");
    assert!(text.len() < LIMIT);
    assert_eq!(names(&[text.as_bytes()]).len(), 4000);
}

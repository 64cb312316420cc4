//! Statements that people write, and some that they do not.

use super::*;

#[test]
fn what_statements_do() {
    for (statement, expected) in [
        ("SELECT 1", "SELECT"),
        ("  select *\nfrom boxes", "SELECT"),
        ("-- why\n/* not */ INSERT INTO boxes VALUES (1)", "INSERT"),
        ("(SELECT 1) UNION (SELECT 2)", "SELECT"),
        (
            "WITH a AS (SELECT 1), b AS (DELETE FROM x RETURNING *) UPDATE y SET z = 1",
            "UPDATE",
        ),
        (
            "WITH RECURSIVE \"a\"(n) AS (VALUES (1)) SELECT n FROM a",
            "SELECT",
        ),
        ("START TRANSACTION", "BEGIN"),
        ("begin immediate", "BEGIN"),
        ("PRAGMA foreign_keys = ON", "PRAGMA"),
        ("VACUUM", "_OTHER"),
        ("'SELECT'", "_OTHER"),
        ("", "_OTHER"),
    ] {
        assert_eq!(OPERATIONS[operation(statement)], expected, "{statement}");
    }
}

#[test]
fn values_are_not_shown() {
    for (statement, expected) in [
        (
            "SELECT * FROM boxes WHERE id = 7",
            "SELECT * FROM boxes WHERE id = ?",
        ),
        (
            "SELECT a1, b_2 FROM t3 WHERE c = $1 AND d = ?",
            "SELECT a1, b_2 FROM t3 WHERE c = $1 AND d = ?",
        ),
        ("x = 'it''s', z = ''", "x = ?, z = ?"),
        (
            "VALUES (-1, 2.5e-7, .5, 0xFF, 1_000)",
            "VALUES (-?, ?, ?, ?, ?)",
        ),
        (
            "a = E'x\\n' OR b = x'00ff' OR c = N'y'",
            "a = ? OR b = ? OR c = ?",
        ),
        ("SELECT $$secret$$, $tag$ it's $$ $tag$", "SELECT ?, ?"),
        (
            "SELECT \"name\", `other` FROM \"users\" AS \"u\" WHERE u.\"name\" = \"hunter2\"",
            "SELECT ?, `other` FROM \"users\" AS \"u\" WHERE u.\"name\" = ?",
        ),
        (
            "INSERT INTO t VALUES (\"secret\")",
            "INSERT INTO t VALUES (?)",
        ),
        ("SELECT  1 -- hunter2\n\t, /* hunter2 */ 2", "SELECT ? , ?"),
        ("a = 'not closed", "a = ?"),
        ("j->>'key' #> '{a}'", "j->>?…"),
        ("SET @x = :name", "SET @x = :name"),
        ("naïve = 'ü🌱'", "naïve = ?"),
    ] {
        assert_eq!(without_values(statement, 1000), expected);
    }
    assert_eq!(without_values("SELECT abcdef FROM x", 10), "SELECT abc…");
}

/// Of any statement that is made of values and harmless words no value is left.
#[test]
fn statements_that_nobody_writes() {
    const PIECES: [&str; 14] = [
        "SELECT",
        "a",
        "=",
        "(",
        ")",
        ",",
        "'hunter2'",
        "'it''s hunter2'",
        "4711",
        "$$hunter2$$",
        "/* hunter2 */",
        "-- hunter2\n",
        "E'hunter2\\''",
        "\"col\"",
    ];
    let mut random = fastrand::Rng::with_seed(9);
    for _ in 0..20_000 {
        let pieces = (0..random.usize(..12)).map(|_| PIECES[random.usize(..PIECES.len())]);
        let statement = pieces.collect::<Vec<_>>().join(" ");
        let text = without_values(&statement, 500);
        assert!(
            !text.contains("hunter2") && !text.contains("4711"),
            "{statement}: {text}"
        );
        assert!(!text.contains('\n') && !text.contains("  "), "{text:?}");
        assert_eq!(without_values(&text, 500), text, "once is enough");
    }
    // Whatever it is, it comes to an end and stays text.
    for _ in 0..20_000 {
        let characters = (0..random.usize(..30)).map(|_| random.char('\0'..'\u{2100}'));
        let statement: String = characters.chain("'\"$`/*-#".chars()).collect();
        without_values(&statement, 500);
        operation(&statement);
    }
}

/// What one database takes for the end of a value and another one does not: nothing is told after it.
#[test]
fn where_databases_differ() {
    for statement in [
        r"INSERT INTO users VALUES ('mara\', 'hunter2!', 'hunter.mara@example.org')",
        r"INSERT INTO users VALUES ('mara\'s', 'hunter2')",
        r#"SELECT "a\", 'hunter2' FROM t"#,
        r"SELECT `a\`, 'hunter2' FROM t",
        "/* a /* b */ don't */ , 'hunter2!'",
        "a # 'x\nhunter2 y'",
        "1--'a\nhunter2!'",
        "SELECT [it's], 'hunter2' FROM t",
        "q'[it's hunter2]'",
        "nq'{it's hunter2}'",
        "SELECT E'\\'hunter2'",
        "a = 'x' \"hunter2\"",
        "CREATE USER mara IDENTIFIED BY \"hunter2\"",
        "SELECT \"hunter2\"",
        "CASE WHEN x THEN \"hunter2\" ELSE \"hunter3\" END",
        "a = N\"hunter2\" OR a = _utf8mb4\"hunter2\" OR a = BINARY \"hunter2\"",
        "a = $1hunter2",
        "a = @4711hunter2 OR a[1:4711hunter] OR a = ٣hunter2",
        r#""SELECT * FROM t WHERE a = 'hunter2' AND b = \"hunter2\"""#,
        "a = 'hunter2",
        "a = \"hunter2",
        "a = $tag$hunter2",
        "/* hunter2",
        "-- hunter2",
        "# hunter2",
    ] {
        let text = without_values(statement, 1000);
        assert!(!text.contains("hunter"), "{statement}: {text}");
    }
    let begun = without_values(r"SELECT a FROM b WHERE c = 'd\' AND e = 'f'", 1000);
    assert_eq!(begun, "SELECT a FROM b WHERE c = ?…");
}

#[test]
fn errors_without_what_they_quote() {
    for (message, expected) in [
        (
            "UNIQUE constraint failed: boxes.owner",
            "UNIQUE constraint failed: boxes.owner",
        ),
        (
            "Duplicate entry 'mara@example.org' for key 'email'",
            "Duplicate entry '?'",
        ),
        (
            "invalid input syntax for type integer: \"hunter2\"",
            "invalid input syntax for type integer: \"?\"",
        ),
        (
            "Key (email)=(hunter2) already exists.",
            "Key (?) already exists.",
        ),
        ("near \"hunter2", "near \"?"),
        ("", ""),
    ] {
        assert_eq!(error(message), expected);
    }
    for message in [
        "can't cast 'hunter2 swordfish' to integer",
        "invalid input syntax: \"a\"hunter2 swordfish\"",
        "it's 'hunter2', isn't it 'swordfish'",
        "near \"hunter2\" or 'swordfish'",
        "('hunter2') \"swordfish\"",
    ] {
        let told = error(message);
        assert!(
            !told.contains("hunter2") && !told.contains("swordfish"),
            "{told}"
        );
    }
    assert!(error(&"x".repeat(10_000)).len() <= 256);
}

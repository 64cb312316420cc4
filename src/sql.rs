//! Statements of SQL: what they do, and their text without the values in it.

/// What a statement can do: the values of `operation`. The last stands for all others.
pub(crate) const OPERATIONS: [&str; 20] = [
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "REPLACE",
    "MERGE",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "SAVEPOINT",
    "RELEASE",
    "CREATE",
    "ALTER",
    "DROP",
    "TRUNCATE",
    "CALL",
    "SET",
    "PRAGMA",
    "EXPLAIN",
    "_OTHER",
];

/// The place in [`OPERATIONS`] of what a statement does.
pub(crate) fn operation(statement: &str) -> usize {
    let mut is_with = false;
    let mut depth = 0_usize;
    for token in Tokens(statement) {
        match token {
            Token::Mark('(') => depth += 1,
            Token::Mark(')') => depth = depth.saturating_sub(1),
            // The tables that `WITH` names stand in brackets, what is done with them does not; a whole statement in brackets has none before it.
            Token::Word(word) if depth == 0 || !is_with => {
                let is = |known: &&str| known.eq_ignore_ascii_case(word);
                match OPERATIONS.iter().position(is) {
                    Some(place) => return place,
                    None if word.eq_ignore_ascii_case("WITH") => is_with = true,
                    None if word.eq_ignore_ascii_case("START") => return 6, // a transaction
                    None if is_with => {}
                    None => break,
                }
            }
            Token::Word(_) | Token::Space | Token::Comment(_) | Token::Mark(_) => {}
            Token::Literal | Token::Quoted(_) if is_with => {}
            Token::Literal | Token::Quoted(_) => break,
        }
    }
    OPERATIONS.len() - 1
}

/// A statement on one line, with `?` for each value and without comments, as much of it as so many bytes hold.
///
/// What stands between double quotes is a name in standard SQL and a value in MySQL: where a value may stand it is taken for one.
pub(crate) fn without_values(statement: &str, longest: usize) -> String {
    let mut text = String::new();
    let mut is_value_next = false;
    for token in Tokens(statement) {
        if text.len() > longest {
            break;
        }
        match token {
            Token::Space | Token::Comment(_) => {
                if !text.is_empty() && !text.ends_with(' ') {
                    text.push(' ');
                }
                continue;
            }
            Token::Literal => text.push('?'),
            Token::Quoted(name) if is_value_next && name.starts_with('"') => text.push('?'),
            Token::Quoted(name) => text.push_str(name),
            Token::Word(word) => text.push_str(word),
            Token::Mark(mark) => text.push(mark),
        }
        is_value_next = match token {
            Token::Mark(mark) => "=<>(,+-*/|!~%".contains(mark),
            Token::Word(word) => {
                let before = [
                    "LIKE", "ILIKE", "IN", "VALUES", "BETWEEN", "AND", "REGEXP", "RLIKE", "SET",
                    "LIMIT",
                ];
                before.iter().any(|known| known.eq_ignore_ascii_case(word))
            }
            _ => false,
        };
    }
    let text = text.trim_end();
    let cut = crate::text::cut(text, longest);
    match cut.len() == text.len() {
        true => cut.to_owned(),
        false => format!("{cut}…"),
    }
}

/// What a statement is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Token<'a> {
    Space,
    Comment(&'a str),
    /// A keyword, a name, or a parameter such as `$1`.
    Word(&'a str),
    /// What stands in double quotes, backticks or brackets of its own, with them.
    Quoted(&'a str),
    /// A text or number.
    Literal,
    Mark(char),
}

struct Tokens<'a>(&'a str);

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let rest = self.0;
        let first = rest.chars().next()?;
        let (token, length) = match first {
            c if c.is_whitespace() => {
                let end = rest.find(|c: char| !c.is_whitespace());
                (Token::Space, end.unwrap_or(rest.len()))
            }
            '-' if rest.starts_with("--") => comment(rest, rest.find('\n')),
            '#' if !rest.starts_with("#>") && !rest.starts_with("#-") => {
                comment(rest, rest.find('\n'))
            }
            '/' if rest.starts_with("/*") => comment(rest, rest[2..].find("*/").map(|at| at + 4)),
            '\'' => (Token::Literal, quoted(rest, '\'')),
            '"' | '`' => {
                let length = quoted(rest, first);
                (Token::Quoted(&rest[..length]), length)
            }
            '$' => dollar(rest),
            '0'..='9' => (Token::Literal, number(rest)),
            '.' if rest[1..].starts_with(|c: char| c.is_ascii_digit()) => {
                (Token::Literal, 1 + number(&rest[1..]))
            }
            c if is_word(c) => word(rest),
            other => (Token::Mark(other), other.len_utf8()),
        };
        self.0 = &rest[length..];
        Some(token)
    }
}

fn comment(rest: &str, end: Option<usize>) -> (Token<'_>, usize) {
    let end = end.unwrap_or(rest.len());
    (Token::Comment(&rest[..end]), end)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '@' | ':')
}

/// A word, or a text that begins with letters: `E'…'`, `x'…'`, `N'…'`, `_utf8'…'`.
fn word(rest: &str) -> (Token<'_>, usize) {
    let end = rest.find(|c| !is_word(c) && c != '$').unwrap_or(rest.len());
    match rest[end..].starts_with('\'') {
        true => (Token::Literal, end + quoted(&rest[end..], '\'')),
        false => (Token::Word(&rest[..end]), end),
    }
}

/// The length of what stands between quotes, with them. A quote is doubled or has a backslash before it, as the one or the other database
/// has it: what is taken for longer than it is hides more, not less.
fn quoted(rest: &str, quote: char) -> usize {
    let mut characters = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = characters.next() {
        if c == '\\' {
            characters.next();
        } else if c == quote {
            match characters.peek() {
                Some((_, next)) if *next == quote => drop(characters.next()),
                _ => return at + c.len_utf8(),
            }
        }
    }
    rest.len()
}

/// `$1`, or a text between two equal tags: `$$…$$`, `$tag$…$tag$`.
fn dollar(rest: &str) -> (Token<'_>, usize) {
    let name = rest[1..].find(|c: char| !c.is_alphanumeric() && c != '_');
    let end = name.map_or(rest.len(), |at| at + 1);
    if !rest[end..].starts_with('$') {
        return (Token::Word(&rest[..end]), end);
    }
    let tag = &rest[..=end];
    let close = rest[tag.len()..].find(tag);
    let length = close.map_or(rest.len(), |at| tag.len() + at + tag.len());
    (Token::Literal, length)
}

/// The length of a number, with all letters and points that stick to it.
fn number(rest: &str) -> usize {
    let mut before = '0';
    let ends = |c: char| {
        let is_exponent = matches!(c, '+' | '-') && matches!(before, 'e' | 'E');
        let goes_on = c.is_alphanumeric() || matches!(c, '.' | '_') || is_exponent;
        before = c;
        !goes_on
    };
    rest.find(ends).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
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
            ("x = 'it''s', y = 'a\\'b', z = ''", "x = ?, y = ?, z = ?"),
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
                "SELECT \"name\", `other` FROM \"users\" WHERE \"name\" = \"hunter2\"",
                "SELECT \"name\", `other` FROM \"users\" WHERE \"name\" = ?",
            ),
            (
                "INSERT INTO t VALUES (\"secret\")",
                "INSERT INTO t VALUES (?)",
            ),
            ("SELECT  1 -- hunter2\n\t, /* hunter2 */ 2", "SELECT ? , ?"),
            ("a = 'not closed", "a = ?"),
            ("j->>'key' #> '{a}'", "j->>? #> ?"),
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
}

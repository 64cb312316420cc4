//! Statements and errors of databases without the values in them.

use crate::sql::tokens::{DIALECTS, Dialect, Token, Tokens};
use crate::text::cut;

/// Names of fields that hold a statement: OpenTelemetry's, now and before.
const STATEMENTS: [&str; 2] = ["db.query.text", "db.statement"];

/// The longest error that is told.
const LONGEST_ERROR: usize = 256;

/// Whether a field of this name holds a statement.
pub(crate) fn is_statement(name: &str) -> bool {
    STATEMENTS.contains(&name)
}

/// A statement on one line, with `?` for each value and without comments, as much of it as so many bytes hold.
///
/// Databases read quotes and comments differently: where it is not clear what is a value, the text ends.
pub(crate) fn without_values(statement: &str, longest: usize) -> String {
    let unquoted = undebugged(statement);
    // What is not shown is not looked at.
    let seen = cut(&unquoted, longest.saturating_mul(8));
    let mut texts = DIALECTS.iter().map(|dialect| read(seen, dialect, longest));
    let mut text = texts.next().unwrap_or_default();
    let mut is_clear = true;
    for other in texts {
        let pairs = text.char_indices().zip(other.chars());
        let same = pairs.take_while(|((_, one), other)| one == other).last();
        let same = same.map_or(0, |((at, c), _)| at + c.len_utf8());
        is_clear &= same == text.len() && same == other.len();
        text.truncate(same);
    }
    let shown = cut(text.trim_end(), longest);
    let is_whole = is_clear && shown.len() == text.trim_end().len() && seen.len() == unquoted.len();
    match is_whole {
        true => shown.to_owned(),
        false => format!("{shown}…"),
    }
}

/// What an error of a database says, but for what it quotes, which may be what a client sent: from the first quote of a kind to its last one.
pub(crate) fn error(message: &str) -> String {
    let message = cut(message, LONGEST_ERROR);
    let letter = |at: usize, c: char| {
        let before = message[..at].chars().next_back();
        let after = message[at + c.len_utf8()..].chars().next();
        let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        is_letter(before) && is_letter(after)
    };
    // An apostrophe within a word opens nothing.
    let opens = |(at, c): &(usize, char)| {
        matches!(c, '\'' | '"' | '`' | '(') && !(*c == '\'' && letter(*at, *c))
    };
    let Some((at, open)) = message.char_indices().find(opens) else {
        return message.to_owned();
    };
    let close = if open == '(' { ')' } else { open };
    let (before, quoted) = message.split_at(at + open.len_utf8());
    match quoted.rfind(close) {
        Some(end) => {
            let (close, rest) = quoted[end..].split_at(close.len_utf8());
            format!("{before}?{close}{}", error(rest))
        }
        None => format!("{before}?"),
    }
}

/// A statement that was written as `Debug` has it, as it was before.
fn undebugged(statement: &str) -> std::borrow::Cow<'_, str> {
    let inside = statement.strip_prefix('"');
    let inside = inside.and_then(|inside| inside.strip_suffix('"'));
    match inside {
        Some(inside) => {
            let plain = inside.replace("\\\"", "\"").replace("\\n", "\n");
            plain.replace("\\'", "'").replace("\\\\", "\\").into()
        }
        None => statement.into(),
    }
}

/// As one database reads it.
fn read(statement: &str, dialect: &Dialect, longest: usize) -> String {
    /// Words after which a name stands.
    const BEFORE_NAMES: [&str; 10] = [
        "FROM",
        "JOIN",
        "INTO",
        "UPDATE",
        "TABLE",
        "INDEX",
        "VIEW",
        "AS",
        "REFERENCES",
        "ONLY",
    ];
    let mut text = String::new();
    let mut is_name_next = false;
    let mut tokens = Tokens::of(statement, *dialect).peekable();
    while let Some(token) = tokens.next() {
        if text.len() > longest {
            break;
        }
        match token {
            Token::Space | Token::Comment => {
                if !text.is_empty() && !text.ends_with(' ') {
                    text.push(' ');
                }
                continue;
            }
            Token::Literal => text.push('?'),
            // A name in standard SQL, and a value in MySQL.
            Token::Quoted(name) if name.starts_with('"') => {
                let is_name = is_name_next || tokens.peek() == Some(&Token::Mark('.'));
                text.push_str(if is_name { name } else { "?" });
            }
            Token::Quoted(name) => text.push_str(name),
            Token::Word(word) => text.push_str(word),
            Token::Mark(mark) => text.push(mark),
        }
        is_name_next = match token {
            Token::Mark(mark) => mark == '.',
            Token::Word(word) => BEFORE_NAMES
                .iter()
                .any(|known| known.eq_ignore_ascii_case(word)),
            _ => false,
        };
    }
    text
}

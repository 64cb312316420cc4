//! What statements are made of, as each database reads them.

/// How a database reads what others read differently.
#[derive(Clone, Copy)]
pub(super) struct Dialect {
    /// A backslash takes the meaning from the quote after it, in a text without a letter before.
    has_backslashes: bool,
    /// A comment may have comments in it.
    nests_comments: bool,
    /// `#` begins a comment.
    has_hashes: bool,
    /// Two dashes begin a comment only where a blank follows.
    wants_blank: bool,
    /// A name may stand in brackets.
    has_brackets: bool,
}

const STANDARD: Dialect = Dialect {
    has_backslashes: false,
    nests_comments: false,
    has_hashes: false,
    wants_blank: false,
    has_brackets: false,
};

/// SQLite and the standard, PostgreSQL, MySQL, MySQL without backslashes, SQL Server.
pub(super) const DIALECTS: [Dialect; 5] = [
    STANDARD,
    Dialect {
        nests_comments: true,
        ..STANDARD
    },
    Dialect {
        has_backslashes: true,
        has_hashes: true,
        wants_blank: true,
        ..STANDARD
    },
    Dialect {
        has_hashes: true,
        wants_blank: true,
        ..STANDARD
    },
    Dialect {
        nests_comments: true,
        has_brackets: true,
        ..STANDARD
    },
];

/// What a statement is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Token<'a> {
    Space,
    Comment,
    /// A keyword, a name, or a parameter such as `$1`.
    Word(&'a str),
    /// A name in double quotes, backticks or brackets, with them.
    Quoted(&'a str),
    /// A text or number.
    Literal,
    Mark(char),
}

/// The parts of a statement, in order.
pub(super) struct Tokens<'a> {
    rest: &'a str,
    dialect: Dialect,
}

impl<'a> Tokens<'a> {
    pub(super) fn of(statement: &'a str, dialect: Dialect) -> Self {
        Self {
            rest: statement,
            dialect,
        }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let (rest, dialect) = (self.rest, self.dialect);
        let first = rest.chars().next()?;
        let (token, length) = match first {
            c if c.is_whitespace() => {
                let end = rest.find(|c: char| !c.is_whitespace());
                (Token::Space, end.unwrap_or(rest.len()))
            }
            '-' if begins_comment(rest, dialect) => (Token::Comment, to_line_end(rest)),
            '#' if dialect.has_hashes => (Token::Comment, to_line_end(rest)),
            '/' if rest.starts_with("/*") => (Token::Comment, comment(rest, dialect)),
            '\'' => (Token::Literal, quoted(rest, '\'', dialect.has_backslashes)),
            '"' => name(rest, '"', dialect.has_backslashes),
            '`' => name(rest, '`', false),
            '[' if dialect.has_brackets => name(rest, ']', false),
            '$' => dollar(rest),
            c if c.is_numeric() => (Token::Literal, number(rest)),
            '.' if rest[1..].starts_with(|c: char| c.is_numeric()) => {
                (Token::Literal, 1 + number(&rest[1..]))
            }
            '@' | ':' if rest[1..].starts_with(is_word) => {
                let (_, length) = word(&rest[1..], dialect);
                match rest[1..].starts_with(|c: char| c.is_numeric()) {
                    true => (Token::Literal, 1 + length),
                    false => (Token::Word(&rest[..=length]), 1 + length),
                }
            }
            c if is_word(c) => word(rest, dialect),
            other => (Token::Mark(other), other.len_utf8()),
        };
        self.rest = &rest[length..];
        Some(token)
    }
}

fn begins_comment(rest: &str, dialect: Dialect) -> bool {
    let Some(after) = rest.strip_prefix("--") else {
        return false;
    };
    let is_blank = |c: char| c.is_whitespace() || c.is_control();
    !dialect.wants_blank || after.is_empty() || after.starts_with(is_blank)
}

fn to_line_end(rest: &str) -> usize {
    rest.find('\n').unwrap_or(rest.len())
}

/// The length of a comment between `/*` and `*/`.
fn comment(rest: &str, dialect: Dialect) -> usize {
    let (mut depth, mut at) = (1, 2);
    while depth > 0 {
        let inside = &rest[at..];
        let Some(close) = inside.find("*/") else {
            return rest.len();
        };
        match inside
            .find("/*")
            .filter(|open| dialect.nests_comments && *open < close)
        {
            Some(open) => (depth, at) = (depth + 1, at + open + 2),
            None => (depth, at) = (depth - 1, at + close + 2),
        }
    }
    at
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// A word, or a text that begins with letters: `E'…'`, `x'…'`, `N"…"`, `_utf8'…'`, `q'[…]'`.
fn word(rest: &str, dialect: Dialect) -> (Token<'_>, usize) {
    let end = rest.find(|c| !is_word(c) && c != '$').unwrap_or(rest.len());
    let (word, after) = rest.split_at(end);
    let is = |known: &str| word.eq_ignore_ascii_case(known);
    if after.starts_with('\'') {
        let length = match () {
            () if is("q") || is("nq") => chosen(after),
            () => quoted(after, '\'', is("e") || dialect.has_backslashes),
        };
        return (Token::Literal, end + length);
    }
    if after.starts_with('"') && (is("n") || word.starts_with('_')) {
        return (
            Token::Literal,
            end + quoted(after, '"', dialect.has_backslashes),
        );
    }
    (Token::Word(word), end)
}

/// The length of what stands between quotes, with them. A quote is doubled, or has a backslash before it where that is so.
fn quoted(rest: &str, quote: char, has_backslashes: bool) -> usize {
    let mut characters = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = characters.next() {
        if c == '\\' && has_backslashes {
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

/// The length of a text whose quotes are chosen, as Oracle has it: `'[it's]'`.
fn chosen(rest: &str) -> usize {
    let mut characters = rest[1..].chars();
    let close = match characters.next() {
        Some('[') => ']',
        Some('(') => ')',
        Some('{') => '}',
        Some('<') => '>',
        Some(other) => other,
        None => return rest.len(),
    };
    let end = format!("{close}'");
    let inside = characters.as_str();
    let start = rest.len() - inside.len();
    inside
        .find(&end)
        .map_or(rest.len(), |at| start + at + end.len())
}

/// A name between quotes; one that is not closed is none.
fn name(rest: &str, close: char, has_backslashes: bool) -> (Token<'_>, usize) {
    let length = quoted(rest, close, has_backslashes);
    match length > 1 && rest[..length].ends_with(close) {
        true => (Token::Quoted(&rest[..length]), length),
        false => (Token::Literal, length),
    }
}

/// `$1`, or a text between two equal tags: `$$…$$`, `$tag$…$tag$`.
fn dollar(rest: &str) -> (Token<'_>, usize) {
    let end = rest[1..]
        .find(|c: char| !is_word(c))
        .map_or(rest.len(), |at| at + 1);
    if rest[end..].starts_with('$') {
        let tag = &rest[..=end];
        let close = rest[tag.len()..].find(tag);
        let length = close.map_or(rest.len(), |at| tag.len() + at + tag.len());
        return (Token::Literal, length);
    }
    let is_parameter = rest[1..end].bytes().all(|byte| byte.is_ascii_digit());
    match is_parameter {
        true => (Token::Word(&rest[..end]), end),
        false => (Token::Literal, end),
    }
}

/// The length of a number, with all letters and points that stick to it.
fn number(rest: &str) -> usize {
    let mut before = '0';
    let ends = |c: char| {
        let is_exponent = matches!(c, '+' | '-') && matches!(before, 'e' | 'E');
        let goes_on = is_word(c) || c == '.' || is_exponent;
        before = c;
        !goes_on
    };
    rest.find(ends).unwrap_or(rest.len())
}

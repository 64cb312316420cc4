//! Texts inside of a line: without what must not be told, always one line, and never longer than there is room for.

use crate::fields::Text;
use crate::redact;
use crate::text::cut;

/// How a line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// A JSON object by the Elastic Common Schema.
    Ecs,
    /// A `LogRecord` of OTLP.
    Otlp,
    /// For people.
    Text,
    /// For people, in colours.
    Coloured,
}

impl Style {
    pub(crate) fn is_for_people(self) -> bool {
        matches!(self, Self::Text | Self::Coloured)
    }
}

/// What stands for the rest of a text that is cut.
const CUT: &str = "…";

/// Appends a text that somebody wrote, in at most so many bytes, of which there are more than the sign of a cut takes.
pub(crate) fn told(out: &mut Vec<u8>, text: &str, most: usize, style: Style) {
    let end = out.len() + most.saturating_sub(CUT.len());
    // What is cut away is not looked at: a text of a megabyte costs no more than one that just fits.
    let seen = cut(text, 2 * most + redact::BEYOND);
    let mut fits = seen.len() == text.len();
    let mut pieces = redact::pieces(seen).peekable();
    while let Some(piece) = pieces.next() {
        // What is at the end of a text that goes on may be half of a secret, which nobody has found.
        let is_open = pieces.peek().is_none() && seen.len() < text.len();
        let known = match is_open {
            true => cut(piece, piece.len().saturating_sub(redact::BEYOND)),
            false => piece,
        };
        if !append(out, known, end, style) {
            fits = false;
            break;
        }
    }
    if !fits {
        out.extend_from_slice(CUT.as_bytes());
    }
}

/// Appends the text of a field, in at most so many bytes, as [`told`] does.
pub(crate) fn formatted(out: &mut Vec<u8>, text: Text<'_>, most: usize, style: Style) {
    let is_short = text.as_str().len() <= 2 * most;
    match is_short && text.is_plain() {
        true => shown(out, text.as_str(), most, style),
        false => told(out, text.as_str(), most, style),
    }
}

/// Appends a text in which nothing is that must not be told, in at most so many bytes.
pub(crate) fn shown(out: &mut Vec<u8>, text: &str, most: usize, style: Style) {
    let end = out.len() + most.saturating_sub(CUT.len());
    if !append(out, text, end, style) {
        out.extend_from_slice(CUT.as_bytes());
    }
}

/// Appends a text of our own.
pub(crate) fn plain(out: &mut Vec<u8>, text: &str, style: Style) {
    append(out, text, usize::MAX, style);
}

/// Appends as much of a piece as fits before this end; whether that was all.
fn append(out: &mut Vec<u8>, piece: &str, end: usize, style: Style) -> bool {
    let mut rest = piece;
    if style == Style::Otlp {
        return push(out, rest, end); // its length tells where it ends
    }
    while let Some(at) = rest.bytes().position(|byte| MAY_BE_SPECIAL[byte as usize]) {
        let (good, special) = rest.split_at(at);
        let mut characters = special.chars();
        let Some(character) = characters.next() else {
            break;
        };
        rest = characters.as_str();
        let mut buffer = [0; 6];
        let written = match is_special(character, style) {
            true => escaped(character, &mut buffer),
            false => character.encode_utf8(&mut buffer).as_bytes(),
        };
        if !push(out, good, end) || written.len() > end.saturating_sub(out.len()) {
            return false;
        }
        out.extend_from_slice(written);
    }
    push(out, rest, end)
}

fn push(out: &mut Vec<u8>, text: &str, end: usize) -> bool {
    let fits = cut(text, end.saturating_sub(out.len()));
    out.extend_from_slice(fits.as_bytes());
    fits.len() == text.len()
}

/// The bytes with which a special character may begin.
const MAY_BE_SPECIAL: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = true;
        byte += 1;
    }
    let more = [b'"', b'\\', 0x7f, 0xc2, 0xe2];
    let mut at = 0;
    while at < more.len() {
        table[more[at] as usize] = true;
        at += 1;
    }
    table
};

fn is_special(c: char, style: Style) -> bool {
    match c {
        '"' | '\\' => style == Style::Ecs,
        // What a terminal obeys, and what some readers of lines take for the end of one.
        '\0'..'\u{20}' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' => true,
        // What turns the direction in which people read.
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        _ => false,
    }
}

fn escaped(c: char, buffer: &mut [u8; 6]) -> &[u8] {
    match c {
        '"' => br#"\""#,
        '\\' => br"\\",
        '\n' => br"\n",
        '\r' => br"\r",
        '\t' => br"\t",
        other => {
            const DIGITS: &[u8; 16] = b"0123456789abcdef";
            *buffer = *br"\u0000";
            for (place, shift) in [(2, 12), (3, 8), (4, 4), (5, 0)] {
                buffer[place] = DIGITS[other as usize >> shift & 15];
            }
            buffer
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str, most: usize, style: Style) -> String {
        let mut out = b"before ".to_vec();
        told(&mut out, text, most, style);
        let out = String::from_utf8(out).expect("whole characters");
        out.strip_prefix("before ").unwrap().to_owned()
    }

    #[test]
    fn what_json_escapes() {
        for (text, expected) in [
            ("", ""),
            ("plain", "plain"),
            ("grün 🌱", "grün 🌱"),
            ("a\"b\\c", r#"a\"b\\c"#),
            ("a\nb\r\tc", r"a\nb\r\tc"),
            ("\0\u{1b}[31m\u{7f}", r"\u0000\u001b[31m\u007f"),
            ("\u{80}\u{9f}\u{a0}", "\\u0080\\u009f\u{a0}"),
            ("\u{2028}\u{2029}\u{2030}", "\\u2028\\u2029\u{2030}"),
            ("\u{202e}x\u{2066}", "\\u202ex\\u2066"),
        ] {
            assert_eq!(written(text, 100, Style::Ecs), expected);
        }
        assert_eq!(written("\"a\\\n\u{1b}", 100, Style::Text), r#""a\\n\u001b"#);
    }

    #[test]
    fn what_is_too_long_is_cut() {
        assert_eq!(written("123456", 9, Style::Ecs), "123456");
        assert_eq!(written("1234567", 9, Style::Ecs), "123456…");
        assert_eq!(written("12345ü", 9, Style::Ecs), "12345…");
        assert_eq!(
            written("12345\n78", 9, Style::Ecs),
            "12345…",
            "no half of an escape"
        );
        assert_eq!(written(&"x".repeat(1 << 20), 9, Style::Ecs), "xxxxxx…");
        assert_eq!(
            written(&"\u{1b}".repeat(100), 16, Style::Ecs),
            r"\u001b\u001b…"
        );
    }

    /// Any text is one line, is read back as it was, and takes no more than its room.
    #[test]
    fn texts_that_nobody_writes() {
        const CHARACTERS: [char; 16] = [
            'a', ' ', '"', '\\', '/', 'u', '\n', '\r', '\0', '\u{1b}', '\u{85}', 'ü', '\u{2028}',
            '\u{fffd}', '🌱', '\u{7f}',
        ];
        let mut random = fastrand::Rng::with_seed(3);
        for _ in 0..20_000 {
            let characters = (0..random.usize(..40)).map(|_| CHARACTERS[random.usize(..16)]);
            let text: String = characters.collect();
            let most = random.usize(3..200);
            let line = written(&text, most, Style::Ecs);
            assert!(line.len() <= most, "{line:?}");
            assert!(line.chars().all(|c| !c.is_control() && c != '\u{2028}'));
            let read = serde_json::from_str::<String>(&format!("\"{line}\""));
            let read = read.expect("JSON");
            match read.strip_suffix('…') {
                Some(start) => assert!(text.starts_with(start)),
                None => assert_eq!(read, text),
            }
        }
    }
}

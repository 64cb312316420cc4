//! Names of fields: which of them tell that what they hold is secret.

use super::view::work;

/// In how far what a name stands for is nobody else's business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Secret {
    /// A header whose value goes to the end of its line.
    Line,
    /// What opens something: a password, a key.
    Credential,
    /// What belongs to a person: an address, a number.
    Personal,
}

/// Parts of names of credentials, wherever they are in a name.
const PARTS: [Part; 30] = parts([
    "authorization",
    "cookie",
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "pwd",
    "secret",
    "credential",
    "token",
    "bearer",
    "jwt",
    "csrf",
    "apikey",
    "accesskey",
    "accountkey",
    "authkey",
    "encryptionkey",
    "masterkey",
    "privatekey",
    "signingkey",
    "signature",
    "sessionid",
    "sessid",
    "otpcode",
    "creditcard",
    "cardnumber",
    "cvv",
    "cvc",
    "urlquery",
]);

/// Names of headers, which other names may end in.
const LINES: [Part; 3] = parts(["authorization", "cookie", "cookies"]);

/// Last words of names of credentials.
const LAST: [Part; 4] = parts(["otp", "totp", "sig", "cardno"]);

/// The last word of a name of a password, but not a name by itself: tests pass, and people board with one.
const PASS: Part = Part::new("pass");

/// Last words of names of what belongs to a person.
const PERSONAL: [Part; 11] = parts([
    "email",
    "emails",
    "emailaddress",
    "mailaddress",
    "phone",
    "phones",
    "phonenumber",
    "telephone",
    "msisdn",
    "iban",
    "ssn",
]);

/// Last words of names that only tell something about a secret: how many there are, where it is, whether it is there.
const ABOUT: [Part; 35] = parts([
    "count",
    "length",
    "len",
    "size",
    "limit",
    "total",
    "remaining",
    "used",
    "type",
    "kind",
    "sent",
    "valid",
    "verified",
    "enabled",
    "required",
    "expired",
    "expiry",
    "expires",
    "expiresat",
    "expiresin",
    "ttl",
    concat!("end", "point"), // not the label of this name
    "file",
    "path",
    "policy",
    "tokenizer",
    // How many pieces of text, as they are counted by language models.
    "maxtokens",
    "mintokens",
    "numtokens",
    "totaltokens",
    "prompttokens",
    "inputtokens",
    "outputtokens",
    "cachedtokens",
    "completiontokens",
]);

/// For each three letters whether a part or a last word above ends in them, so that others are looked at no further.
static ENDINGS: [u64; 512] = endings();

/// Whether a field of this name holds what is nobody else's business.
///
/// Counts letters only, in lower or upper case: `apiKey`, `API_KEY` and `x-api-key2` are one.
///
/// - Secret is whatever has `password`, `token`, `cookie`, … in its name, as in `old_password_hash`. Words that are short or mean many things
///   count as the last word alone, as in `db_pass` and `user.otp`: not `pass`, `passenger` or `hotpath`.
/// - So are the names of what belongs to a person, as the last word: `email`, `user.phone_number`, `iban`; not `email_template` or
///   `microphone`. Names of people, their birthdays and where they live are not judged.
/// - `key`, `card` and `author` alone say nothing. Names that end in what is told *about* a secret are not secret: `token_type`, `password_length`,
///   `email_sent`, `max_tokens`, `tokens_used`.
pub(crate) fn is_secret(name: &str) -> bool {
    kind(name).is_some()
}

/// In how far what this name stands for is secret.
pub(super) fn kind(name: &str) -> Option<Secret> {
    work(name.len());
    let (mut letters, mut is_credential, mut is_ending) = (Letters::default(), false, false);
    let (mut is_start, mut was_lower) = (true, false);
    for byte in name.bytes() {
        if !byte.is_ascii_alphabetic() {
            (is_start, was_lower) = (true, false);
            continue;
        }
        let is_upper = byte.is_ascii_uppercase();
        letters.add(byte, is_start || (is_upper && was_lower));
        (is_start, was_lower) = (false, !is_upper);
        is_ending = letters.may_end();
        is_credential |= is_ending && PARTS.iter().any(|part| letters.end_in(part));
    }
    let last = |words: &[Part]| words.iter().any(|word| letters.end_in_word(word));
    match is_credential {
        true if last(&ABOUT) => None,
        true if last(&LINES) => Some(Secret::Line),
        true => Some(Secret::Credential),
        false if !is_ending => None,
        false if last(&LAST) => Some(Secret::Credential),
        false if letters.number > PASS.length && last(&[PASS]) => Some(Secret::Credential),
        false if last(&PERSONAL) => Some(Secret::Personal),
        false => None,
    }
}

/// The place of a letter in the alphabet.
const fn code(letter: u8) -> u8 {
    (letter | 0x20) - b'a' + 1
}

/// The text of a field without the query of the address that it holds, if its name says that it holds one.
pub(crate) fn without_query<'a>(name: &str, text: &'a str) -> &'a str {
    let Some((before, _)) = text.split_once('?') else {
        return text;
    };
    let last = name.rsplit(['.', '_']).next().unwrap_or_default();
    match last {
        "uri" | "url" | "full" | "target" | "href" | "path" => before,
        _ => text,
    }
}

/// The last letters of a name, as far as it is read.
#[derive(Default)]
struct Letters {
    /// Twelve of them, five bits each.
    last: u64,
    /// For each of the last 64 whether a word starts with it.
    starts: u64,
    number: u32,
}

/// How many letters there are in [`Letters::last`].
const KEPT: usize = 12;

impl Letters {
    #[inline]
    fn add(&mut self, letter: u8, is_start: bool) {
        self.last = self.last << 5 | u64::from(code(letter));
        self.starts = self.starts << 1 | u64::from(is_start);
        self.number = self.number.saturating_add(1);
    }

    /// Whether something may end here.
    #[inline]
    fn may_end(&self) -> bool {
        let [of_table, bit] = place(self.last);
        ENDINGS[of_table] >> bit & 1 == 1
    }

    fn end_in(&self, part: &Part) -> bool {
        self.last & part.mask == part.letters
    }

    fn end_in_word(&self, word: &Part) -> bool {
        self.end_in(word) && self.starts >> (word.length - 1) & 1 == 1
    }
}

/// A part of names; of a long one its last letters.
#[derive(Clone, Copy)]
struct Part {
    letters: u64,
    mask: u64,
    length: u32,
}

impl Part {
    const fn new(text: &str) -> Self {
        let text = text.as_bytes();
        let (mut letters, mut mask) = (0, 0);
        let mut at = text.len().saturating_sub(KEPT);
        while at < text.len() {
            letters = letters << 5 | code(text[at]) as u64;
            mask = mask << 5 | 31;
            at += 1;
        }
        Self {
            letters,
            mask,
            length: text.len() as u32,
        }
    }
}

const fn parts<const N: usize>(texts: [&str; N]) -> [Part; N] {
    let mut parts = [Part::new(""); N];
    let mut at = 0;
    while at < N {
        parts[at] = Part::new(texts[at]);
        at += 1;
    }
    parts
}

/// Where in the table the last three of these letters are.
const fn place(letters: u64) -> [usize; 2] {
    let three = (letters & 0x7fff) as usize;
    [three / 64, three % 64]
}

const fn endings() -> [u64; 512] {
    let mut table = [0; 512];
    let lists: [&[Part]; 4] = [&PARTS, &LAST, &[PASS], &PERSONAL];
    let mut list = 0;
    while list < lists.len() {
        let mut at = 0;
        while at < lists[list].len() {
            let [of_table, bit] = place(lists[list][at].letters);
            table[of_table] |= 1 << bit;
            at += 1;
        }
        list += 1;
    }
    table
}

/// Whether a byte is of a name such as `x-api-key` or `user.password`.
pub(super) fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

#[cfg(test)]
mod tests;

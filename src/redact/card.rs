//! Numbers of payment cards: an issuer's prefix, a length that it uses, and the check digit.
//!
//! All three together hide few other numbers. Of random numbers of a length these are taken for cards, per thousand:
//! 13 digits 11, 14 digits 4, 15 digits 2, 16 digits 40, 17 and 18 digits 18, 19 digits 29. Tests measure it, and that all 63 test numbers
//! of 19 schemes are found that payment providers publish.
//!
//! Not found are cards of 12 digits (some of Maestro), those of UATP (15 digits from 1: one in ten numbers of that length would be hidden),
//! old ones of JCB (1800), and those of schemes that do without the check digit (UzCard, Humo, Napas).

use super::view::{Found, View};

/// How many digits the longest has.
const LONGEST: usize = 19;

/// Digits of a prefix that identify an issuer here.
const PREFIX: usize = 4;

/// The lengths of cards whose first four digits are these: a bit for each.
///
/// Source: the table of issuer identification numbers in Wikipedia's "Payment card number", and the ranges that card forms of payment
/// providers know.
fn lengths(prefix: u16) -> u32 {
    const fn to_longest(from: u32) -> u32 {
        (1 << (LONGEST + 1)) - (1 << from)
    }
    match prefix {
        2131 => 1 << 15,               // JCB, old
        2200..=2205 => to_longest(16), // Mir, BORICA, PayPak
        2221..=2720 => 1 << 16,        // Mastercard
        3000..=3059 | 3095 | 3600..=3699 | 3800..=3999 => 1 << 14 | to_longest(16), // Diners Club, Hipercard
        3400..=3499 | 3700..=3799 => 1 << 15, // American Express
        3528..=3589 => to_longest(16),        // JCB, RuPay
        4903 | 4905 | 4911 | 4936 => 1 << 16 | to_longest(18), // Switch
        4000..=4999 => 1 << 13 | 1 << 16 | 1 << 19, // Visa, Dankort, Elo
        5018 | 5020 | 5038 | 5893 | 6304 | 6759 | 6761..=6763 => to_longest(13), // Maestro
        5000..=5099 | 5600..=5899 => to_longest(16), // Maestro, Dankort, Elo, Verve, RuPay
        5100..=5599 => 1 << 16,               // Mastercard
        6000..=6099 => to_longest(16),        // Discover, RuPay, Hipercard, UkrCard
        6200..=6299 => to_longest(16),        // UnionPay, Discover
        6300..=6399 | 6700..=6799 => to_longest(16), // Maestro, Laser, Switch, Elo, Hiper
        6440..=6599 => to_longest(16),        // Discover, RuPay, Elo, Verve, Troy, Dina
        8100..=8299 => to_longest(16),        // UnionPay, RuPay
        9792 => 1 << 16,                      // Troy
        _ => 0,
    }
}

/// Whether cards begin with this digit.
fn begins_card(digit: u8) -> bool {
    matches!(digit, b'2'..=b'6' | b'8' | b'9')
}

/// Whether a number may be that of a payment card.
pub(crate) fn is_card_number(number: u64) -> bool {
    if number < 2_000_000_000_000 {
        return false;
    }
    let mut digits = [0; 20];
    let (mut rest, mut first) = (number, digits.len());
    while rest > 0 && first > 0 {
        first -= 1;
        digits[first] = (rest % 10) as u8;
        rest /= 10;
    }
    let mut digits_read = Digits::default();
    digits[first..]
        .iter()
        .for_each(|digit| digits_read.add(*digit));
    digits_read.are_card()
}

/// Finds one that starts here, in one run or in groups by single spaces or hyphens. It touches no other letters or digits, and is no part
/// of a decimal fraction.
pub(super) fn find(view: View<'_>, start: usize) -> Found {
    let is_fraction = view.before(start) == b'.' && view.before(start - 1).is_ascii_digit();
    match end(view, start) {
        Some(end) if !is_fraction && view.begins_word(start) => Ok(start..end),
        _ => Err(start),
    }
}

/// Where the longest that starts here ends.
pub(super) fn end(view: View<'_>, start: usize) -> Option<usize> {
    if !begins_card(view.at(start)) {
        return None;
    }
    let (mut digits, mut found, mut place) = (Digits::default(), None, start);
    loop {
        let mut length = 0;
        while length <= LONGEST && view.at(place + length).is_ascii_digit() {
            digits.add(view.at(place + length) - b'0');
            length += 1;
        }
        let end = place + length;
        // A whole number may be long; cards show groups of three to six. That of a UUID or of a date has others.
        let is_whole = place == start;
        let is_of_other = match view.at(end) {
            b'.' => view.at(end + 1).is_ascii_digit(),
            byte => byte.is_ascii_alphanumeric(),
        };
        if is_of_other || digits.number > LONGEST || !(is_whole || length <= 6) {
            return found;
        }
        if digits.are_card() {
            found = Some(end);
        }
        let next = end + separator(view, end);
        if next == end || !view.at(next).is_ascii_digit() || !(3..=6).contains(&length) {
            return found;
        }
        place = next;
    }
}

/// How many bytes what stands between two groups has here: a space, also one that does not break lines or is encoded, or a hyphen.
fn separator(view: View<'_>, place: usize) -> usize {
    let bytes = [0, 1, 2].map(|next| view.at(place + next));
    match bytes {
        [b' ' | b'-' | b'+', ..] => 1,
        [0xc2, 0xa0, _] => 2,
        [b'%', b'2', b'0'] | [0xe2, 0x80, 0xaf] => 3,
        _ => 0,
    }
}

/// Digits, read from the front.
#[derive(Default)]
struct Digits {
    /// What they add up to where those in even places are doubled, and where those in odd places are: the check digit of ISO/IEC 7812
    /// makes one of them, by the length, a multiple of ten.
    sums: [usize; 2],
    number: usize,
    /// The first four.
    prefix: u16,
}

impl Digits {
    fn add(&mut self, digit: u8) {
        if self.number < PREFIX {
            self.prefix = self.prefix * 10 + u16::from(digit);
        }
        let digit = usize::from(digit);
        let doubled = digit * 2 - if digit > 4 { 9 } else { 0 };
        let place = self.number % 2;
        self.sums[place] += doubled;
        self.sums[1 - place] += digit;
        self.number += 1;
    }

    fn are_card(&self) -> bool {
        self.number <= LONGEST
            && self.sums[self.number % 2] % 10 == 0
            && lengths(self.prefix) >> self.number & 1 == 1
    }
}

#[cfg(test)]
mod tests;

//! Numbers of payment cards.

use super::view::{Found, View};

/// How many digits the longest has.
const LONGEST: usize = 19;

/// Whether a number may be that of a payment card: 13 to 19 digits, of which the first is 2 to 6 and the last the check digit of the others.
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
    let mut luhn = Luhn::default();
    digits[first..].iter().for_each(|digit| luhn.add(*digit));
    luhn.is_valid() && matches!(digits[first], 2..=6)
}

/// Finds one that starts here, in one run or in groups by single spaces or dashes. It touches no other letters or digits, and is no part
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
    if !matches!(view.at(start), b'2'..=b'6') {
        return None;
    }
    let (mut luhn, mut found, mut place) = (Luhn::default(), None, start);
    loop {
        let mut length = 0;
        while length <= LONGEST && view.at(place + length).is_ascii_digit() {
            luhn.add(view.at(place + length) - b'0');
            length += 1;
        }
        let end = place + length;
        // A whole number may be long; cards show groups of three to six. That of a UUID or of a date has others.
        let is_whole = place == start;
        let is_of_other = match view.at(end) {
            b'.' => view.at(end + 1).is_ascii_digit(),
            byte => byte.is_ascii_alphanumeric(),
        };
        if is_of_other || luhn.digits > LONGEST || !(is_whole || length <= 6) {
            return found;
        }
        if luhn.is_valid() {
            found = Some(end);
        }
        let goes_on = matches!(view.at(end), b' ' | b'-') && view.at(end + 1).is_ascii_digit();
        if !goes_on || !(3..=6).contains(&length) {
            return found;
        }
        place = end + 1;
    }
}

/// The check digit of ISO/IEC 7812, read from the front.
#[derive(Default)]
struct Luhn {
    /// What the digits add up to where those in even places are doubled, and where those in odd places are.
    sums: [usize; 2],
    digits: usize,
}

impl Luhn {
    fn add(&mut self, digit: u8) {
        let digit = usize::from(digit);
        let doubled = digit * 2 - if digit > 4 { 9 } else { 0 };
        let place = self.digits % 2;
        self.sums[place] += doubled;
        self.sums[1 - place] += digit;
        self.digits += 1;
    }

    fn is_valid(&self) -> bool {
        (13..=LONGEST).contains(&self.digits) && self.sums[self.digits % 2] % 10 == 0
    }
}

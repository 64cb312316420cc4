//! Numbers as the text formats write them.

use std::io::Write as _;

/// Writes a whole number.
#[inline]
pub(crate) fn whole(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Writes a number in its shortest form; `+Inf`, `-Inf`, `NaN`.
pub(crate) fn float(out: &mut Vec<u8>, value: f64) {
    let written = if value.is_nan() {
        out.write_all(b"NaN")
    } else if value.is_infinite() {
        out.write_all(if value > 0.0 { b"+Inf" } else { b"-Inf" })
    } else if value != 0.0 && !(1e-5..1e17).contains(&value.abs()) {
        write!(out, "{value:e}")
    } else {
        write!(out, "{value}")
    };
    debug_assert!(written.is_ok()); // writing to a Vec does not fail
}

/// Writes a whole number of which so many digits are decimal places, exactly, without zeros at the end.
pub(crate) fn decimal(out: &mut Vec<u8>, value: u128, places: u32) {
    let one = 10u128.pow(places);
    match u64::try_from(value / one) {
        Ok(units) => whole(out, units),
        Err(_) => out.extend_from_slice((value / one).to_string().as_bytes()),
    }
    let mut rest = (value % one) as u64;
    if rest == 0 {
        return;
    }
    let mut digits = places as usize;
    while rest % 10 == 0 {
        rest /= 10;
        digits -= 1;
    }
    out.push(b'.');
    let mut buffer = itoa::Buffer::new();
    let text = buffer.format(rest).as_bytes();
    out.extend(std::iter::repeat_n(b'0', digits - text.len()));
    out.extend_from_slice(text);
}

/// Writes a whole number with as many digits, zeros first.
pub(crate) fn padded(out: &mut Vec<u8>, value: u64, digits: usize) {
    let mut buffer = itoa::Buffer::new();
    let text = buffer.format(value).as_bytes();
    out.extend(std::iter::repeat_n(b'0', digits.saturating_sub(text.len())));
    out.extend_from_slice(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_in_their_shortest_form() {
        for (value, expected) in [
            (0.0, "0"),
            (1.0, "1"),
            (0.075, "0.075"),
            (-2.5, "-2.5"),
            (1e300, "1e300"),
            (2.5e-9, "2.5e-9"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
        ] {
            assert_eq!(text(|out| float(out, value)), expected);
        }
    }

    #[test]
    fn decimals_are_exact() {
        for (value, places, expected) in [
            (0, 9, "0"),
            (1, 9, "0.000000001"),
            (75_000_000, 9, "0.075"),
            (1_000_000_000, 9, "1"),
            (12_345_000_001, 9, "12.345000001"),
            (1 << 70, 0, "1180591620717411303424"),
            ((1 << 70) + 5, 6, "1180591620717411.303429"),
            (17, 0, "17"),
            (1_500_000, 6, "1.5"),
        ] {
            assert_eq!(text(|out| decimal(out, value, places)), expected);
        }
        assert_eq!(text(|out| padded(out, 7, 3)), "007");
    }
}

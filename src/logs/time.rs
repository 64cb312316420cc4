//! Moments as ISO 8601 has them.

use std::time::{SystemTime, UNIX_EPOCH};

const SECONDS_A_DAY: u64 = 86_400;

/// Appends a moment in UTC, to the microsecond: `2026-11-23T08:05:34.853123Z`.
pub(crate) fn write(out: &mut Vec<u8>, at: SystemTime) {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (days, rest) = (
        since.as_secs() / SECONDS_A_DAY,
        since.as_secs() % SECONDS_A_DAY,
    );
    let (year, month, day) = date(days);
    digits(out, year, 4);
    for (before, number) in [
        (b'-', month),
        (b'-', day),
        (b'T', rest / 3600),
        (b':', rest / 60 % 60),
        (b':', rest % 60),
    ] {
        out.push(before);
        digits(out, number, 2);
    }
    out.push(b'.');
    digits(out, u64::from(since.subsec_micros()), 6);
    out.push(b'Z');
}

/// Year, month and day, so many days after 1970-01-01: years begin in March, so that the day that comes and goes is the last.
fn date(days: u64) -> (u64, u64, u64) {
    const ERA: u64 = 146_097; // the days of 400 years
    let days = days + 719_468; // since 0000-03-01
    let (era, day) = (days / ERA, days % ERA);
    let year = (day - day / 1460 + day / 36_524 - day / (ERA - 1)) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153; // from March
    let of_month = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + u64::from(month <= 2), month, of_month)
}

fn digits(out: &mut Vec<u8>, number: u64, width: usize) {
    let start = out.len();
    out.resize(start + width, b'0');
    let mut rest = number;
    for place in out[start..].iter_mut().rev() {
        *place = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn written(seconds: u64, nanoseconds: u32) -> String {
        let mut out = Vec::new();
        write(&mut out, UNIX_EPOCH + Duration::new(seconds, nanoseconds));
        String::from_utf8(out).unwrap()
    }

    /// The seconds are those that `date --utc --date=… +%s` tells.
    #[test]
    fn moments() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00"),
            (951_782_399, "2000-02-28T23:59:59"),
            (951_782_400, "2000-02-29T00:00:00"),
            (951_868_800, "2000-03-01T00:00:00"),
            (1_582_934_400, "2020-02-29T00:00:00"),
            (1_735_689_599, "2024-12-31T23:59:59"),
            (1_740_787_200, "2025-03-01T00:00:00"),
            (1_795_478_399, "2026-11-23T23:59:59"),
            (4_107_542_400, "2100-03-01T00:00:00"),
            (253_402_300_799, "9999-12-31T23:59:59"),
        ] {
            assert_eq!(written(seconds, 0), format!("{expected}.000000Z"));
        }
        assert_eq!(written(1, 1_999), "1970-01-01T00:00:01.000001Z");
        assert_eq!(written(1, 999_999_999), "1970-01-01T00:00:01.999999Z");
    }

    #[test]
    fn a_clock_before_1970_is_no_panic() {
        let mut out = Vec::new();
        write(&mut out, UNIX_EPOCH - Duration::from_secs(1));
        assert_eq!(out, b"1970-01-01T00:00:00.000000Z");
    }
}

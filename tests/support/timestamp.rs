//! Points in time as log lines tell them: ISO 8601 in UTC.

/// Since 1970, of a time such as `2026-11-22T10:00:00Z` with up to nine digits after a point; nothing of any other text.
pub fn nanoseconds(text: &str) -> Option<i64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let [year, month, day] = numbers(date, '-', &[4, 2, 2])?;
    let [hour, minute, second] = numbers(time, ':', &[2, 2, 2])?;
    let [fraction] = numbers(&format!("{fraction:0<9}"), '.', &[9])?;
    let february = if is_leap(year) { 29 } else { 28 };
    let months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let before = usize::try_from(month.checked_sub(1)?).ok()?;
    let is_cut = text.ends_with(".Z");
    let is_date = (1..=*months.get(before)?).contains(&day) && year >= 1970;
    if !is_date || is_cut || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let leap_days = (1970..year).filter(|year| is_leap(*year)).count();
    let months: i64 = months.iter().take(before).sum();
    let days = 365 * (year - 1970) + i64::try_from(leap_days).ok()? + months + day - 1;
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000_000_000 + fraction)
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// The numbers between separators, each of just so many digits.
fn numbers<const N: usize>(text: &str, separator: char, digits: &[usize; N]) -> Option<[i64; N]> {
    let mut parts = text.split(separator);
    let mut numbers = [0; N];
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let part = parts.next()?;
        let plain = part.len() == *digits && part.bytes().all(|byte| byte.is_ascii_digit());
        *number = plain.then(|| part.parse().ok())??;
    }
    parts.next().is_none().then_some(numbers)
}

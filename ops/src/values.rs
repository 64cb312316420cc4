//! What flags of the command take.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use ecolaura_monitoring_ops::{Answer, Journey, Slo};

/// `HighErrorRate=0.02`
pub(crate) fn threshold(value: &str) -> Result<(String, f64), String> {
    let number = |(alert, number): (&str, &str)| Some((alert.to_owned(), number.parse().ok()?));
    value.split_once('=').and_then(number).ok_or_else(|| {
        format!("--threshold takes ALERT=NUMBER, such as HighErrorRate=0.02, not {value:?}")
    })
}

/// The answer of an instance in a file.
pub(crate) fn answer(file: &OsString) -> Result<Answer, String> {
    let parse = |text: &str| Answer::read(text).map_err(|error| error.to_string());
    read("--metrics", METRICS, file, parse)
}

/// The journey in a file.
pub(crate) fn journey(file: &OsString) -> Result<Journey, String> {
    let parse = |text: &str| {
        Journey::from_json(text).map_err(|error| format!("{error}. --journey takes {JOURNEY}"))
    };
    read("--journey", JOURNEY, file, parse)
}

/// What the flags take that name a file.
const METRICS: &str = "a file with what /metrics answers, such as `curl -s http://localhost:9464/metrics > FILE` writes";
const JOURNEY: &str = r#"a file with JSON such as {"journey": "purchase", "address": "https://shop.example", "steps": [{"step": "browse", "path": "/products"}]}"#;

/// The size of a file, in bytes, from which on nobody wrote it by hand and no service answered so.
const LARGEST: u64 = 64 << 20;

/// What is in a file, or why that cannot be told.
fn read<T>(
    flag: &str,
    takes: &str,
    file: &OsString,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, String> {
    let path = Path::new(file);
    let told = |why: &dyn std::fmt::Display| format!("{flag} {}: {why}", path.display());
    let unread = |error: std::io::Error| told(&format!("{error}. {flag} takes {takes}"));
    let mut text = String::new();
    let file = File::open(path).map_err(unread)?;
    let read = file.take(LARGEST + 1).read_to_string(&mut text);
    match read.map_err(unread)? {
        read if read as u64 > LARGEST => Err(told(&"there is no end of it after 64 MiB")),
        _ => parse(&text).map_err(|error| told(&error)),
    }
}

/// `orders=/api/v1/orders,99.9,250ms`
pub(crate) fn objective(text: &str) -> Result<Slo, String> {
    let wrong = || {
        format!(
            "--objective takes NAME=ROUTE,PERCENT[,TIME], such as orders=/api/v1/orders,99.9,250ms, not {text:?}"
        )
    };
    let (name, rest) = text.split_once('=').ok_or_else(wrong)?;
    let mut parts = rest.split(',');
    let (route, percent) = (
        parts.next().ok_or_else(wrong)?,
        parts.next().ok_or_else(wrong)?,
    );
    let percent: f64 = percent.trim_end_matches('%').parse().map_err(|_| wrong())?;
    let slo = Slo::new(name, route, percent);
    let slo = match parts.next() {
        None => slo,
        Some(time) => slo.within(duration(time).ok_or_else(wrong)?),
    };
    match parts.next() {
        None => Ok(slo),
        Some(_) => Err(wrong()),
    }
}

/// `250ms`, `1s`, `2.5s`
fn duration(text: &str) -> Option<Duration> {
    let seconds = match text.strip_suffix("ms") {
        Some(milliseconds) => milliseconds.parse::<f64>().ok()? / 1000.0,
        None => text.strip_suffix('s')?.parse().ok()?,
    };
    Duration::try_from_secs_f64(seconds).ok()
}

//! Values and names as Grafana writes them.

use super::picture::Series;

/// A value with its unit.
pub fn shown(value: f64, unit: &str) -> String {
    if value.is_nan() {
        return "–".to_owned();
    }
    if value.is_infinite() {
        return "+Inf".to_owned();
    }
    match unit {
        "s" => seconds(value),
        "percentunit" => format!("{} %", short(value * 100.0)),
        "bytes" => scaled(value, 1024.0, &["B", "KiB", "MiB", "GiB", "TiB"]),
        "Bps" => scaled(value, 1000.0, &["B/s", "kB/s", "MB/s", "GB/s"]),
        "reqps" => format!(
            "{} req/s",
            scaled(value, 1000.0, &["", "K", "M"]).trim_end()
        ),
        "ops" => format!(
            "{} ops/s",
            scaled(value, 1000.0, &["", "K", "M"]).trim_end()
        ),
        "iops" => format!("{} io/s", scaled(value, 1000.0, &["", "K", "M"]).trim_end()),
        "pps" => format!("{} p/s", scaled(value, 1000.0, &["", "K", "M"]).trim_end()),
        _ => scaled(value, 1000.0, &["", "K", "Mil", "Bil"])
            .trim_end()
            .to_owned(),
    }
}

fn seconds(value: f64) -> String {
    let (size, unit) = match value.abs() {
        0.0 => (1.0, "s"),
        size if size < 1e-3 => (1e-6, "µs"),
        size if size < 1.0 => (1e-3, "ms"),
        size if size < 60.0 => (1.0, "s"),
        size if size < 3600.0 => (60.0, "min"),
        _ => (3600.0, "h"),
    };
    format!("{} {unit}", short(value / size))
}

fn scaled(value: f64, base: f64, units: &[&str]) -> String {
    let mut value = value;
    let mut place = 0;
    while value.abs() >= base && place + 1 < units.len() {
        value /= base;
        place += 1;
    }
    format!("{} {}", short(value), units[place])
}

/// Three digits that count.
fn short(value: f64) -> String {
    let places = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    let text = format!("{value:.places$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// What a series is called: the legend with the values of its labels, or all of them.
pub fn of_legend(legend: &str, series: &Series) -> String {
    series
        .labels
        .iter()
        .fold(legend.to_owned(), |legend, (name, value)| {
            legend.replace(&format!("{{{{{name}}}}}"), value)
        })
}

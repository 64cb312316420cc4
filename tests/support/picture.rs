//! A dashboard as a picture (SVG), drawn from its panels and from what a real Prometheus answered.

use std::fmt::Write as _;

use super::grafana::{Dashboard, Panel};
use super::picture_value::{of_legend, shown};

/// Pixels of a column and of a line of the grid, of which a dashboard has 24 columns.
const COLUMN: f64 = 52.0;
const LINE: f64 = 30.0;
const HEAD: f64 = 46.0;
const COLOURS: [&str; 10] = [
    "#73bf69", "#f2cc0c", "#8ab8ff", "#ff780a", "#f2495c", "#5794f2", "#b877d9", "#705da0",
    "#37872d", "#fade2a",
];

/// A series: what it is called, and its values by time from 0 to 1.
#[derive(Clone)]
pub struct Series {
    pub name: String,
    pub labels: Vec<(String, String)>,
    pub points: Vec<(f64, f64)>,
}

/// What was answered to one query of a panel.
pub type Answer = Vec<Series>;

/// The picture of its first rows. `answers` has those of each panel of each of these, query by query.
pub fn picture(dashboard: &Dashboard, answers: &[Vec<Vec<Answer>>]) -> String {
    let mut body = String::new();
    let mut bottom = HEAD;
    for (row, answers) in dashboard.rows.iter().zip(answers) {
        let sign = if row.is_closed { "▸" } else { "▾" };
        let title = format!("{sign} {}", row.title);
        text(
            &mut body,
            (12.0, bottom + 20.0),
            "start",
            "#ccccdc",
            14.0,
            &title,
        );
        let panels: &[Panel] = if row.is_closed { &[] } else { &row.panels };
        let top = panels
            .iter()
            .map(|panel| at(panel, "y"))
            .fold(f64::MAX, f64::min);
        let mut end = 0.0_f64;
        for (panel, answers) in panels.iter().zip(answers) {
            let y = bottom + LINE + (at(panel, "y") - top) * LINE;
            end = end.max(y + at(panel, "h") * LINE);
            draw(&mut body, panel, answers, (at(panel, "x") * COLUMN, y));
        }
        bottom = end.max(bottom + LINE);
    }
    let (width, height) = (24.0 * COLUMN, bottom + 8.0);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"Inter,Helvetica,Arial,sans-serif\" role=\"img\" aria-label=\"{title}\">\n<rect width=\"{width}\" height=\"{height}\" fill=\"#111217\"/>\n<text x=\"12\" y=\"30\" font-size=\"18\" fill=\"#ffffff\">{title}</text>\n{body}</svg>\n",
        title = escaped(&dashboard.title)
    )
}

fn at(panel: &Panel, name: &str) -> f64 {
    panel.json["gridPos"][name].as_f64().expect("a number")
}

/// Where something is drawn: from x and y on, so wide and so high.
#[derive(Clone, Copy)]
struct Space {
    x: f64,
    y: f64,
    w: f64,
    h: f64,
}

fn draw(body: &mut String, panel: &Panel, answers: &[Answer], (x, y): (f64, f64)) {
    let (w, h) = (at(panel, "w") * COLUMN - 8.0, at(panel, "h") * LINE - 8.0);
    let (x, y) = (x + 4.0, y + 4.0);
    let _ = writeln!(
        body,
        "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{h:.1}\" rx=\"2\" fill=\"#181b1f\" stroke=\"#2d2f35\"/>"
    );
    text(
        body,
        (x + 8.0, y + 18.0),
        "start",
        "#ccccdc",
        12.5,
        &panel.title,
    );
    let space = Space {
        x: x + 8.0,
        y: y + 28.0,
        w: w - 16.0,
        h: h - 36.0,
    };
    let mut all: Vec<Series> = Vec::new();
    for ((_, legend), answer) in panel.targets.iter().zip(answers) {
        all.extend(answer.iter().map(|series| Series {
            name: of_legend(legend, series),
            ..series.clone()
        }));
    }
    let unit = panel.json["fieldConfig"]["defaults"]["unit"]
        .as_str()
        .unwrap_or("short");
    if all.is_empty() {
        text(
            body,
            (x + w / 2.0, y + h / 2.0 + 8.0),
            "middle",
            "#7b8087",
            14.0,
            "No data",
        );
        return;
    }
    match panel.json["type"].as_str() {
        Some("stat") => number(body, panel, &all, unit, space),
        Some("bargauge") => bars(body, &all, unit, space),
        Some("heatmap") => heatmap(body, &all, unit, space),
        Some("table") => table(body, &all, unit, space),
        _ => lines(body, panel, &all, unit, space),
    }
}

fn text(body: &mut String, (x, y): (f64, f64), anchor: &str, fill: &str, size: f64, what: &str) {
    let _ = writeln!(
        body,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{fill}\" font-size=\"{size}\">{}</text>",
        escaped(what)
    );
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}

fn last(series: &Series) -> f64 {
    series.points.last().map_or(f64::NAN, |(_, value)| *value)
}

/// The colour of a value by the panel's thresholds.
fn judged(panel: &Panel, value: f64) -> &str {
    let steps = panel.json["fieldConfig"]["defaults"]["thresholds"]["steps"].as_array();
    let reached = steps.into_iter().flatten().rev().find(|step| {
        step["value"]
            .as_f64()
            .is_none_or(|threshold| value >= threshold)
    });
    match reached.and_then(|step| step["color"].as_str()) {
        Some("red") => "#f2495c",
        Some("yellow") => "#f2cc0c",
        _ => "#73bf69",
    }
}

fn number(body: &mut String, panel: &Panel, all: &[Series], unit: &str, space: Space) {
    let width = space.w / all.len() as f64;
    for (place, series) in all.iter().enumerate() {
        let x = space.x + width * place as f64;
        let part = Space {
            x,
            y: space.y + space.h * 0.55,
            w: width,
            h: space.h * 0.45,
        };
        let colour = judged(panel, last(series));
        let top = extent(std::slice::from_ref(series), 0.0);
        line(body, series, part, (0.0, top), colour, 0.25);
        let size = if all.len() > 1 { 22.0 } else { 28.0 };
        text(
            body,
            (x + width / 2.0, space.y + 34.0),
            "middle",
            colour,
            size,
            &shown(last(series), unit),
        );
        if all.len() > 1 {
            text(
                body,
                (x + width / 2.0, space.y + 52.0),
                "middle",
                "#ccccdc",
                11.0,
                &series.name,
            );
        }
    }
}

/// The largest value, or at least this.
fn extent(all: &[Series], least: f64) -> f64 {
    let values = all.iter().flat_map(|series| &series.points);
    let most = values
        .map(|(_, value)| *value)
        .filter(|value| value.is_finite());
    match most.fold(least, f64::max) {
        0.0 => 1.0,
        most => most,
    }
}

fn line(
    body: &mut String,
    series: &Series,
    space: Space,
    (low, high): (f64, f64),
    colour: &str,
    fill: f64,
) {
    let place = |(time, value): &(f64, f64)| {
        let share = ((value - low) / (high - low)).clamp(0.0, 1.0);
        format!(
            "{:.1},{:.1}",
            space.x + time * space.w,
            space.y + space.h * (1.0 - share)
        )
    };
    let known = series.points.iter().filter(|(_, value)| value.is_finite());
    let known: Vec<_> = known.collect();
    let (Some(first), Some(end)) = (known.first(), known.last()) else {
        return;
    };
    let points: Vec<String> = known.iter().map(|point| place(point)).collect();
    let points = points.join(" ");
    if fill > 0.0 {
        let floor = space.y + space.h;
        let (from, to) = (space.x + first.0 * space.w, space.x + end.0 * space.w);
        let _ = writeln!(
            body,
            "<polygon points=\"{from:.1},{floor:.1} {points} {to:.1},{floor:.1}\" fill=\"{colour}\" opacity=\"{fill}\"/>"
        );
    }
    let _ = writeln!(
        body,
        "<polyline points=\"{points}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.3\"/>"
    );
}

fn lines(body: &mut String, panel: &Panel, all: &[Series], unit: &str, space: Space) {
    let is_stacked =
        panel.json["fieldConfig"]["defaults"]["custom"]["stacking"]["mode"] == "normal";
    let mut all = all.to_vec();
    if is_stacked {
        for upper in 1..all.len() {
            let below = all[upper - 1].points.clone();
            for point in &mut all[upper].points {
                let under = below.iter().find(|(time, _)| *time == point.0);
                point.1 += under.map_or(
                    0.0,
                    |(_, value)| if value.is_finite() { *value } else { 0.0 },
                );
            }
        }
    }
    let high = extent(
        &all,
        panel.json["fieldConfig"]["defaults"]["max"]
            .as_f64()
            .unwrap_or(0.0),
    );
    let chart = Space {
        x: space.x + 58.0,
        w: space.w - 58.0,
        h: space.h - 22.0,
        ..space
    };
    for step in 0..=4 {
        let share = f64::from(step) / 4.0;
        let y = chart.y + chart.h * (1.0 - share);
        let _ = writeln!(
            body,
            "<line x1=\"{:.1}\" y1=\"{y:.1}\" x2=\"{:.1}\" y2=\"{y:.1}\" stroke=\"#2a2d33\"/>",
            chart.x,
            chart.x + chart.w
        );
        text(
            body,
            (chart.x - 5.0, y + 4.0),
            "end",
            "#8e9297",
            10.0,
            &shown(high * share, unit),
        );
    }
    for (place, series) in all.iter().enumerate().rev() {
        let colour = COLOURS[place % COLOURS.len()];
        line(
            body,
            series,
            chart,
            (0.0, high),
            colour,
            if is_stacked { 0.35 } else { 0.0 },
        );
    }
    legend(
        body,
        &all,
        Space {
            y: space.y + space.h - 4.0,
            ..space
        },
    );
}

fn legend(body: &mut String, all: &[Series], space: Space) {
    let mut x = space.x;
    for (place, series) in all.iter().enumerate() {
        let colour = COLOURS[place % COLOURS.len()];
        let width = 22.0 + 5.6 * series.name.chars().count() as f64;
        if x + width > space.x + space.w {
            text(body, (x, space.y), "start", "#8e9297", 10.0, "…");
            break;
        }
        let _ = writeln!(
            body,
            "<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"10\" height=\"3\" fill=\"{colour}\"/>",
            space.y - 5.0
        );
        text(
            body,
            (x + 14.0, space.y),
            "start",
            "#ccccdc",
            10.0,
            &series.name,
        );
        x += width;
    }
}

fn bars(body: &mut String, all: &[Series], unit: &str, space: Space) {
    let most = extent(all, 0.0);
    let mut all = all.to_vec();
    all.sort_by(|one, other| last(other).total_cmp(&last(one)));
    let shown_bars = all.len().min(8);
    let height = (space.h / shown_bars as f64).min(30.0);
    for (place, series) in all.iter().take(shown_bars).enumerate() {
        let y = space.y + height * place as f64;
        let x = space.x + 170.0;
        let room = space.w - 250.0;
        text(
            body,
            (x - 8.0, y + height * 0.65),
            "end",
            "#ccccdc",
            11.0,
            &series.name,
        );
        let _ = writeln!(
            body,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{room:.1}\" height=\"{:.1}\" fill=\"#22252b\"/><rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"#73bf69\" opacity=\"0.8\"/>",
            height - 5.0,
            room * (last(series) / most).clamp(0.0, 1.0),
            height - 5.0
        );
        text(
            body,
            (x + room + 8.0, y + height * 0.65),
            "start",
            "#73bf69",
            11.0,
            &shown(last(series), unit),
        );
    }
}

/// A line of cells for each bucket: what fell into it and not into the one below.
fn heatmap(body: &mut String, all: &[Series], unit: &str, space: Space) {
    let bound = |series: &Series| {
        let le = series.labels.iter().find(|(name, _)| name == "le");
        le.map_or(f64::INFINITY, |(_, le)| le.parse().unwrap_or(f64::INFINITY))
    };
    let mut all = all.to_vec();
    all.sort_by(|one, other| bound(one).total_cmp(&bound(other)));
    let chart = Space {
        x: space.x + 58.0,
        w: space.w - 58.0,
        ..space
    };
    let height = chart.h / all.len() as f64;
    let mut cells = Vec::new();
    for (row, series) in all.iter().enumerate() {
        for (place, (time, value)) in series.points.iter().enumerate() {
            let below = row
                .checked_sub(1)
                .and_then(|row| all[row].points.get(place));
            let own = value - below.map_or(0.0, |(_, value)| *value);
            if own > 1e-9 {
                cells.push((row, *time, own));
            }
        }
        if row % 2 == 0 || all.len() < 8 {
            let y = chart.y + chart.h - height * row as f64 - 2.0;
            text(
                body,
                (chart.x - 5.0, y),
                "end",
                "#8e9297",
                10.0,
                &shown(bound(series), unit),
            );
        }
    }
    let most = cells.iter().map(|(_, _, own)| *own).fold(0.0, f64::max);
    let columns = all
        .iter()
        .map(|series| series.points.len())
        .max()
        .unwrap_or(1);
    let width = chart.w / columns as f64;
    for (row, time, own) in cells {
        let strength = (own / most).sqrt();
        let hue = 240.0 - 200.0 * strength;
        let _ = writeln!(
            body,
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"hsl({hue:.0},75%,{:.0}%)\"/>",
            chart.x + time * (chart.w - width),
            chart.y + chart.h - height * (row + 1) as f64,
            width.max(1.0) + 0.3,
            (height - 1.0).max(1.0),
            30.0 + 30.0 * strength
        );
    }
}

fn table(body: &mut String, all: &[Series], unit: &str, space: Space) {
    let Some(first) = all.first() else { return };
    let mut columns: Vec<&str> = first.labels.iter().map(|(name, _)| name.as_str()).collect();
    columns.retain(|name| *name != "__name__");
    let width = space.w / (columns.len() + 1) as f64;
    let fits = |text: &str| {
        text.chars()
            .take((width / 6.2) as usize)
            .collect::<String>()
    };
    for (place, name) in columns.iter().chain(&["Value"]).enumerate() {
        let x = space.x + width * place as f64;
        text(
            body,
            (x, space.y + 10.0),
            "start",
            "#8ab8ff",
            11.0,
            &fits(name),
        );
    }
    let rows = ((space.h - 16.0) / 20.0) as usize;
    for (row, series) in all.iter().take(rows).enumerate() {
        let y = space.y + 30.0 + 20.0 * row as f64;
        for (place, name) in columns.iter().enumerate() {
            let value = series.labels.iter().find(|(label, _)| label == name);
            let value = value.map_or("", |(_, value)| value);
            text(
                body,
                (space.x + width * place as f64, y),
                "start",
                "#ccccdc",
                11.0,
                &fits(value),
            );
        }
        let x = space.x + width * columns.len() as f64;
        text(
            body,
            (x, y),
            "start",
            "#ccccdc",
            11.0,
            &shown(last(series), unit),
        );
    }
}

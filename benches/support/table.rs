//! Output: one table, and a line for each target.

/// A row of text cells.
pub(crate) type Row = Vec<String>;

/// Prints rows under headings, as a table of Markdown.
pub(crate) fn print(title: &str, headings: &[&str], rows: &[Row]) {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells
            .chain([headings[column].chars().count()])
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..headings.len()).map(width).collect();
    println!("\n## {title}\n");
    line(headings.iter().copied(), &widths);
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    line(rule.iter().map(String::as_str), &widths);
    for row in rows {
        line(row.iter().map(String::as_str), &widths);
    }
}

fn line<'a>(cells: impl Iterator<Item = &'a str>, widths: &[usize]) {
    for (column, (cell, width)) in cells.zip(widths).enumerate() {
        match column {
            0 => print!("| {cell:<width$} |"),
            _ => print!(" {cell:>width$} |"),
        }
    }
    println!();
}

/// What the project promises, and what was measured.
pub(crate) fn target(what: &str, measured: f64, at_most: f64) {
    let verdict = if measured <= at_most + 0.005 {
        "met"
    } else {
        "missed"
    };
    println!("{what}: {measured:.2} (target ≤ {at_most}, {verdict})");
}

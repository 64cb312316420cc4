//! The README's metric table is made from the catalogue.

use ecolaura_monitoring::catalog;
use ecolaura_monitoring::metrics::{Kind, Metric};
use support::folder::repository;

const BEGIN: &str = "<!-- metrics: made from src/catalog, compared by tests/house/catalog.rs -->\n";
const END: &str = "<!-- end of metrics -->";

fn row(metric: &Metric) -> String {
    let labels: Vec<String> = metric
        .label_names()
        .iter()
        .map(|label| format!("`{label}`"))
        .collect();
    let labels = match labels.is_empty() {
        true => "–".to_owned(),
        false => labels.join(", "),
    };
    let kind = metric.kind().as_str();
    format!(
        "| `{}` | {kind} | {labels} | {} |\n",
        metric.name(),
        metric.help()
    )
}

fn table() -> String {
    let rows: String = catalog::ALL.iter().map(row).collect();
    format!("| name | kind | labels | what |\n|---|---|---|---|\n{rows}")
}

/// To update the README: `UPDATE=1 cargo test --test catalog`.
#[test]
fn the_readme_lists_every_metric() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    let (before, rest) = readme
        .split_once(BEGIN)
        .expect("the README marks the table's begin");
    let (found, after) = rest
        .split_once(END)
        .expect("the README marks the table's end");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, format!("{before}{BEGIN}{}{END}{after}", table())).unwrap();
        return;
    }
    assert_eq!(found, table(), "run `UPDATE=1 cargo test --test catalog`");
}

/// The first lines that a newcomer copies: a dependency that can be had, and versions that fit.
#[test]
fn the_readme_names_dependencies_that_there_are() {
    let [readme, manifest] = ["README.md", "Cargo.toml"].map(|name| {
        let path = repository().join(name);
        std::fs::read_to_string(path).unwrap()
    });
    let blocks = readme.split("```toml\n").skip(1);
    let lines = blocks.flat_map(|rest| rest.split("```").next().unwrap_or_default().lines());
    let lines: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(" = ")).collect();
    let named = |name: &str| {
        let mut named = lines.clone();
        named.retain(|(one, _)| *one == name);
        named
    };
    // Until it is published, which wants the address of its repository.
    if !manifest.contains("\nrepository = ") {
        assert!(named("ecolaura-monitoring").len() > 1);
        for (_, source) in named("ecolaura-monitoring") {
            assert!(source.starts_with("{ git = "), "{source}");
        }
    }
    for name in ["axum", "reqwest", "tower-layer", "tower-service", "tokio"] {
        assert!(!named(name).is_empty(), "{name}");
        for (_, version) in named(name) {
            let version = version.split('"').nth(1).expect("a version");
            let ours = [
                format!("\n{name} = \"{version}"),
                format!("\n{name} = {{ version = \"{version}"),
            ];
            assert!(
                ours.iter().any(|ours| manifest.contains(ours)),
                "{name} {version}"
            );
        }
    }
}

#[test]
fn histograms_hold_the_bounds_that_alerts_use() {
    for metric in catalog::ALL.iter().filter(|m| m.kind() == Kind::Histogram) {
        assert!(!metric.upper_bounds().is_empty(), "{}", metric.name());
    }
    assert!(catalog::HTTP_REQUEST_DURATION.upper_bounds().contains(&0.5));
    assert!(catalog::REQUEST_LATENCY.upper_bounds().contains(&0.5));
}

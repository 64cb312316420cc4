//! Runbooks: one for each alert, in the five steps, with queries of series that there are and links that lead somewhere.

#[path = "support/promql.rs"]
mod promql;

use std::collections::BTreeSet;

use ecolaura_monitoring_ops::prometheus::{Alert, alerts};
use ecolaura_monitoring_ops::{File, Kit, Slo};
use promql_parser::parser;

use crate::promql::{is_known, series};

/// Names that have the places of others in them.
fn kit() -> Kit {
    Kit::new("JOBS-of-TEAM")
        .team("DEPLOYMENT-JOB")
        .probe("https://shop.example")
        .objective(Slo::new("good", "/good", 99.9))
}

fn all() -> Vec<Alert> {
    let groups = alerts(&kit()).expect("a kit").into_iter();
    groups.flat_map(|(_, alerts)| alerts).collect()
}

fn pages() -> Vec<File> {
    let mut files = kit().files().expect("a kit");
    files.retain(|file| file.path.starts_with("runbooks/"));
    files
}

fn page(name: &str) -> String {
    let path = format!("runbooks/{name}.md");
    let pages = pages();
    let page = pages.iter().find(|file| file.path == path);
    page.unwrap_or_else(|| panic!("no {path}")).text.clone()
}

/// What stands between these, each time.
fn between<'a>(text: &'a str, begin: &str, end: &str) -> Vec<&'a str> {
    let parts = text.split(begin).skip(1);
    parts
        .filter_map(|part| Some(part.split_once(end)?.0))
        .collect()
}

/// The queries of a page: a block is one, or each of its lines is.
fn queries(text: &str) -> Vec<&str> {
    let blocks = between(text, "```promql\n", "\n```");
    blocks
        .into_iter()
        .flat_map(|block| match parser::parse(block) {
            Ok(_) => vec![block],
            Err(_) => block.lines().collect(),
        })
        .collect()
}

#[test]
fn every_alert_has_a_page_of_five_steps() {
    for alert in all() {
        let text = page(&alert.name);
        let steps: Vec<&str> = between(&text, "\n## ", "\n");
        let expected = [
            "1. Alert",
            "2. Assess",
            "3. Respond",
            "4. Resolve",
            "5. Review",
        ];
        assert_eq!(steps, expected, "{}", alert.name);
        for step in text.split("\n## ").skip(1) {
            let (_, says) = step.split_once('\n').expect("a heading");
            assert!(says.trim().len() > 50, "{}: {step}", alert.name);
        }
        // What it looks at, and something to look at besides.
        let queries = queries(&text);
        assert!(queries.contains(&alert.expr.as_str()), "{}", alert.name);
        assert!(queries.len() >= 3, "{}: {queries:?}", alert.name);
        assert!(text.contains(&alert.reason), "{}", alert.name);
    }
}

/// Where alerts link to is a page, and each page is in the index.
#[test]
fn no_page_is_without_an_alert() {
    let guides = [
        "README",
        "incident",
        "post-mortem",
        "retention",
        "thresholds",
    ];
    let names: BTreeSet<String> = all().into_iter().map(|alert| alert.name).collect();
    let index = page("README");
    for file in pages() {
        let name = file
            .path
            .trim_start_matches("runbooks/")
            .trim_end_matches(".md");
        assert!(names.contains(name) || guides.contains(&name), "{name}");
        let is_linked = index.contains(&format!("({name}.md)"));
        assert!(is_linked || name == "README", "{name}");
    }
    let rules = kit().files().expect("a kit");
    let rules = rules
        .iter()
        .find(|file| file.path.ends_with("alerts.rules.yml"));
    let rules = &rules.expect("alerts").text;
    for name in &names {
        let link = format!("https://runbooks.example/{name}.md\"");
        assert!(rules.contains(&link), "{name}");
    }
}

/// Dashboards link to the index.
#[test]
fn dashboards_lead_to_the_index() {
    let files = kit().files().expect("a kit");
    let dashboards = files
        .iter()
        .filter(|file| file.path.starts_with("grafana/dashboards/"));
    let link = "\"url\": \"https://runbooks.example/README.md\"";
    assert_eq!(
        dashboards.filter(|file| file.text.contains(link)).count(),
        5
    );
}

#[test]
fn queries_are_of_series_that_there_are() {
    for file in pages() {
        for query in queries(&file.text) {
            for name in series(query) {
                assert!(is_known(&name), "{}: {name} in {query}", file.path);
            }
            let is_of_the_service = query.contains("job=\"JOBS-of-TEAM");
            let is_of_others = query.contains("prometheus_")
                || query.contains("alertmanager_")
                || query.contains("ALERTS")
                || query.contains("(kube_")
                || query.contains("(up)")
                || query.contains("job=~\"JOBS-of-TEAM-")
                || ["vector(1)", "sum by (job) (scrape_samples_scraped)"].contains(&query);
            assert!(is_of_the_service || is_of_others, "{}: {query}", file.path);
        }
    }
}

#[test]
fn links_lead_somewhere() {
    let pages = pages();
    let paths: BTreeSet<&str> = pages.iter().map(|file| file.path.as_str()).collect();
    for File { path, text } in &pages {
        // Code is not prose: a range of PromQL is no link.
        let prose: String = text.split("```").step_by(2).collect();
        let prose: String = prose.split('`').step_by(2).collect();
        for (place, _) in prose.match_indices('[') {
            let (name, after) = prose[place + 1..].split_once(']').expect("it ends");
            if let Some(to) = after.strip_prefix('(') {
                let (to, _) = to.split_once(')').expect("it ends");
                assert!(
                    paths.contains(format!("runbooks/{to}").as_str()),
                    "{path}: {to}"
                );
                continue;
            }
            let defined = format!("\n[{}]: ", name.to_lowercase());
            assert!(text.to_lowercase().contains(&defined), "{path}: {name}");
        }
        for to in between(text, "]: incident.md#", "\n") {
            let heading = format!("\n### {}\n", to.replace('-', " "));
            assert!(
                page("incident").to_lowercase().contains(&heading),
                "{path}: {to}"
            );
        }
    }
}

/// `*job: Title*` is a search that is in the kit for Kibana.
#[test]
fn searches_are_there() {
    let files = kit().files().expect("a kit");
    let kibana = files.iter().find(|file| file.path == "kibana/logs.ndjson");
    let kibana = &kibana.expect("objects").text;
    let mut number = 0;
    for File { path, text } in pages() {
        let text = text.replace('\n', " ");
        for title in between(&text, "*JOBS-of-TEAM: ", "*") {
            let title = format!("\"title\":\"JOBS-of-TEAM: {title}\"");
            assert!(kibana.contains(&title), "{path}: {title}");
            number += 1;
        }
    }
    assert!(number > 10, "{number}");
}

/// Names stand where they belong, also such as have the places of others in them.
#[test]
fn names_are_those_of_the_service() {
    let files = kit().files().expect("a kit");
    for File { path, text } in &files {
        // Nothing else in the kit is called so.
        let rest = text
            .replace("JOBS-of-TEAM", "")
            .replace("DEPLOYMENT-JOB", "");
        for place in ["JOB", "TEAM", "DEPLOYMENT"] {
            let found = rest.lines().find(|line| line.contains(place));
            assert_eq!(found, None, "{path}");
        }
    }
    let incident = page("incident");
    assert!(incident.contains("kubectl rollout undo deployment/jobs-of-team`"));
    assert!(incident.contains("`#DEPLOYMENT-JOB-alerts`"));
    let service = files
        .iter()
        .find(|file| file.path == "kubernetes/service.yml");
    let service = &service.expect("it is there").text;
    assert!(service.contains("            - name: POD_NAME\n"));
    assert!(service.contains("k8s.pod.name=$(POD_NAME),"));
}

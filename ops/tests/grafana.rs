//! The dashboards are what Grafana takes, keep to the rules that its linter of dashboards has, and name only series that there are.

#[path = "support/promql.rs"]
mod promql;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

use ecolaura_monitoring::metrics::Metric;
use ecolaura_monitoring_ops::{Answer, Family, Kit, Slo};
use serde_json::Value;

use crate::promql::{is_known, series};
use support::component::component;

const PARCELS: Metric = Metric::counter("parcels_sent_total", "Parcels sent.").labels(&["carrier"]);

/// A kit with all that dashboards can have.
fn kit() -> Kit {
    let answered = "\
# TYPE weight_bytes gauge
weight_bytes{x) or vector(1) or sum by (y=\"1\"} 1
# HELP parcel_seconds Time to pack a parcel.
# TYPE parcel_seconds histogram
parcel_seconds_bucket{kind=\"a\\\"b,c=\\\"\",le=\"+Inf\"} 1
# TYPE old summary
old{quantile=\"0.5\",of=\"a\"} 1
# TYPE up_to counter
up_to_total{x=\"1\",y=\"2\"} 1
# TYPE build info
build_info{version=\"1\"} 1
# TYPE depot info
depot_info{town=\"Jena\"} 1
# TYPE door stateset
door{door=\"open\",gate=\"1\"} 1
# TYPE waiting gaugehistogram
# HELP waiting Who waits.
waiting_bucket{le=\"+Inf\"} 1
# HELP up_to
# TYPE up_to counter
up_to_total {z=\"1\", spaced = \"1\" } 1
#\tTYPE  spread   counter\t
spread_total{by=\"x\",inf=\"1\",without=\"2\"} 1
# TYPE inf gauge
inf 1
# TYPE group_left gauge
group_left 1
# TYPE http_requests counter
http_requests_total{method=\"GET\"} 1
";
    Kit::new("ecolaura-api")
        .probe("https://shop.example")
        .metric(Family::from(&PARCELS))
        .objective(Slo::new("orders", "/api/v1/orders", 99.9))
        .answer(Answer::read(answered).expect("metrics"))
}

fn dashboards(kit: &Kit) -> Vec<(String, Value)> {
    let files = kit.files().expect("a kit").into_iter();
    let dashboards = files.filter(|file| file.path.starts_with("grafana/dashboards/"));
    dashboards
        .map(|file| {
            let json = serde_json::from_str(&file.text).expect("JSON");
            (file.path, json)
        })
        .collect()
}

fn list<'a>(of: &'a Value, name: &str) -> &'a Vec<Value> {
    of[name]
        .as_array()
        .unwrap_or_else(|| panic!("no {name} in {of}"))
}

fn text<'a>(of: &'a Value, name: &str) -> &'a str {
    of[name]
        .as_str()
        .unwrap_or_else(|| panic!("no {name} in {of}"))
}

/// All panels, also those in rows that are closed.
fn panels(dashboard: &Value) -> Vec<&Value> {
    let all = list(dashboard, "panels").iter();
    all.flat_map(|panel| match text(panel, "type") {
        "row" => list(panel, "panels").iter().collect(),
        _ => vec![panel],
    })
    .collect()
}

/// All that it asks, with where.
fn asked(dashboard: &Value) -> Vec<(&str, &str)> {
    let of_panel = |panel| {
        let targets = list(panel, "targets").iter();
        targets.map(move |target| (text(panel, "title"), text(target, "expr")))
    };
    let panels = panels(dashboard).into_iter().flat_map(of_panel);
    let marks = list(&dashboard["annotations"], "list").iter();
    panels
        .chain(marks.map(|mark| (text(mark, "name"), text(mark, "expr"))))
        .collect()
}

#[test]
fn grafana_takes_them() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("grafana_takes_them");
    fs::create_dir_all(&folder).expect("a folder");
    let long = Kit::new("the-service-with-a-name-too-long-for-grafana");
    let all = dashboards(&kit()).into_iter().chain(dashboards(&long));
    let mut files = Vec::new();
    for (path, dashboard) in all {
        let uid = text(&dashboard, "uid");
        assert!(
            uid.len() <= 40 && path.ends_with(&format!("/{uid}.json")),
            "{path}"
        );
        let file = folder.join(format!("{uid}.json"));
        fs::write(&file, dashboard.to_string()).expect("it can be written");
        files.push(file);
    }
    assert_eq!(files.len(), 10);
    let output = Command::new(component("check-dashboards"))
        .args(&files)
        .output();
    let output = output.expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");

    // What passes can fail.
    let (_, mut wrong) = dashboards(&kit()).remove(0);
    wrong["panels"][1]["options"]["colour"] = "red".into();
    let file = folder.join("wrong.json");
    fs::write(&file, wrong.to_string()).expect("it can be written");
    let output = Command::new(component("check-dashboards"))
        .arg(&file)
        .output();
    let output = output.expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        !output.status.success() && said.contains("unexpected field 'colour'"),
        "{said}"
    );
}

/// Source: the rules of grafana/dashboard-linter.
#[test]
fn variables_choose_the_data_source_the_job_and_the_instance() {
    for (path, dashboard) in dashboards(&kit()) {
        assert_eq!(dashboard["editable"], false, "{path}");
        let variables = list(&dashboard["templating"], "list");
        let named = |name: &str| {
            let mut all = variables.iter();
            all.find(|variable| variable["name"] == name)
                .unwrap_or_else(|| panic!("{path}: {name}"))
        };
        let source = named("datasource");
        assert_eq!(
            (&source["type"], &source["query"], &source["label"]),
            (
                &"datasource".into(),
                &"prometheus".into(),
                &"Data source".into()
            )
        );
        for (name, label, all) in [
            ("job", "Job", ".+"),
            ("instance", "Instance", ".+"),
            ("environment", "Environment", ".*"),
        ] {
            let variable = named(name);
            assert_eq!(variable["type"], "query", "{path}: {name}");
            assert_eq!(variable["label"], label, "{path}: {name}");
            assert_eq!(variable["allValue"], all, "{path}: {name}");
            assert_eq!(variable["multi"], true, "{path}: {name}");
            assert_eq!(variable["includeAll"], true, "{path}: {name}");
            // When the time that is shown changes.
            assert_eq!(variable["refresh"], 2, "{path}: {name}");
            assert_eq!(
                variable["datasource"]["uid"], "${datasource}",
                "{path}: {name}"
            );
        }
    }
}

/// Source: the rules of grafana/dashboard-linter.
#[test]
fn panels_are_whole() {
    for (path, dashboard) in dashboards(&kit()) {
        let mut ids = BTreeSet::new();
        for panel in panels(&dashboard) {
            let title = text(panel, "title");
            assert!(!title.is_empty(), "{path}");
            assert!(text(panel, "description").len() > 10, "{path}: {title}");
            assert!(ids.insert(panel["id"].as_u64()), "{path}: {title}");
            assert_eq!(
                panel["datasource"]["uid"], "${datasource}",
                "{path}: {title}"
            );
            let targets = list(panel, "targets");
            assert!(!targets.is_empty(), "{path}: {title}");
            let refs: BTreeSet<_> = targets.iter().map(|target| text(target, "refId")).collect();
            assert_eq!(refs.len(), targets.len(), "{path}: {title}");
        }
    }
}

#[test]
fn panels_lie_beside_each_other() {
    for (path, dashboard) in dashboards(&kit()) {
        let mut taken = BTreeSet::new();
        let all = list(&dashboard, "panels").iter();
        for panel in all {
            let at = |name: &str| panel["gridPos"][name].as_u64().expect("a number");
            assert!(at("x") + at("w") <= 24 && at("w") > 0, "{path}: {panel}");
            for x in at("x")..at("x") + at("w") {
                for y in at("y")..at("y") + at("h") {
                    assert!(taken.insert((x, y)), "{path}: {}", panel["title"]);
                }
            }
        }
    }
}

/// What is asked of the job and the instance that are chosen, but for what is no instance's.
#[test]
fn expressions_look_at_what_is_chosen() {
    for (path, dashboard) in dashboards(&kit()) {
        for (title, expr) in asked(&dashboard) {
            for part in expr.split('{').skip(1) {
                let labels = part.split('}').next().unwrap_or_default();
                assert!(labels.contains("job=~\"$job"), "{path}: {title}: {expr}");
                let of_all = [
                    "slo:",
                    "active_users:",
                    "daily_active_users",
                    "ALERTS{",
                    "job:",
                    // Whoever is probed is no instance, or is called after one.
                    "probe_",
                ];
                let is_of_all = of_all.iter().any(|name| expr.contains(name));
                assert!(
                    is_of_all || labels.contains("instance=~\"$instance\""),
                    "{path}: {title}: {expr}"
                );
            }
            let is_fixed = expr.split('[').skip(1).any(|range| {
                let range = range.split(']').next().unwrap_or_default();
                !["$__rate_interval", "$__range"].contains(&range)
            });
            // Budgets are of 30 days.
            assert!(
                !is_fixed || expr.contains("[30d]"),
                "{path}: {title}: {expr}"
            );
        }
    }
}

/// A counter itself says nothing: only how fast it grows does.
#[test]
fn counters_are_asked_how_fast_they_grow() {
    for (path, dashboard) in dashboards(&kit()) {
        for (title, expr) in asked(&dashboard) {
            for (at, _) in expr.match_indices("_total{") {
                let before = &expr[..at];
                let call = before.rfind('(').map_or("", |open| &before[..open]);
                assert!(
                    call.ends_with("rate") || call.ends_with("increase"),
                    "{path}: {title}: {expr}"
                );
            }
        }
    }
}

#[test]
fn every_series_exists() {
    let own = [
        "parcels_sent_total",
        "weight_bytes",
        "parcel_seconds",
        "old",
        "up_to_total",
        "depot_info",
        "door",
        "spread_total",
    ];
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for (path, dashboard) in dashboards(&kit()) {
        for (title, expr) in asked(&dashboard) {
            let named = series(
                &expr
                    .replace("$__rate_interval", "5m")
                    .replace("$__range", "1h"),
            );
            assert!(!named.is_empty(), "{path}: {title}");
            for name in named {
                let stem = ["_bucket", "_sum", "_count"]
                    .iter()
                    .find_map(|end| name.strip_suffix(end));
                let own = own.iter().find(|own| name == **own || stem == Some(**own));
                assert!(own.is_some() || is_known(&name), "{path}: {title}: {name}");
                seen.extend(own);
            }
        }
    }
    assert_eq!(seen.len(), own.len(), "each has a row: {seen:?}");
}

#[test]
fn metrics_of_its_own_are_read() {
    let dashboards = dashboards(&kit());
    let (_, business) = dashboards
        .iter()
        .find(|(path, _)| path.contains("business"))
        .expect("it is there");
    let rows = list(business, "panels")
        .iter()
        .filter(|row| row["collapsed"] == true);
    let rows: Vec<_> = rows
        .map(|row| (text(row, "title"), list(row, "panels")))
        .collect();
    let titles: Vec<_> = rows.iter().map(|(title, _)| *title).collect();
    assert_eq!(
        titles,
        [
            "parcels_sent_total",
            "weight_bytes",
            "parcel_seconds",
            "old",
            "up_to_total",
            "depot_info",
            "door",
            "spread_total",
        ]
    );
    let first = |row: usize| {
        let (_, panels) = rows[row];
        let defaults = &panels[0]["fieldConfig"]["defaults"];
        (
            text(&panels[0]["targets"][0], "expr"),
            text(defaults, "unit"),
        )
    };
    let chosen = "job=~\"$job\",environment=~\"$environment\",instance=~\"$instance\"";
    assert_eq!(
        first(0),
        (
            &*format!("sum by (carrier) (rate(parcels_sent_total{{{chosen}}}[$__rate_interval]))"),
            "ops"
        )
    );
    assert_eq!(
        first(1),
        (
            &*format!("sum by (job) (weight_bytes{{{chosen}}})"),
            "bytes"
        )
    );
    let buckets =
        format!("sum by (kind, le) (rate(parcel_seconds_bucket{{{chosen}}}[$__rate_interval]))");
    assert_eq!(
        first(2),
        (&*format!("histogram_quantile(0.99, {buckets})"), "s")
    );
    assert!(
        first(3).0.starts_with("sum by (of) (rate(old_sum{"),
        "{:?}",
        first(3)
    );
    assert_eq!(
        first(4).0,
        format!("sum by (x, y, spaced, z) (rate(up_to_total{{{chosen}}}[$__rate_interval]))")
    );
    assert_eq!(
        first(5).0,
        format!("count by (town) (depot_info{{{chosen}}})")
    );
    assert_eq!(
        first(6).0,
        format!("sum by (door, gate) (door{{{chosen}}})")
    );
}

/// Prometheus renames labels that its targets have too.
#[test]
fn labels_of_targets_are_asked_for_by_their_new_names() {
    let metrics =
        "# TYPE sent counter\nsent_total{instance=\"a\",job=\"b\",environment=\"c\",pod=\"d\"} 1\n";
    let kit = Kit::new("shop").answer(Answer::read(metrics).expect("metrics"));
    let dashboards = dashboards(&kit);
    let mut asked = dashboards
        .iter()
        .flat_map(|(_, dashboard)| asked(dashboard));
    let by =
        "sum by (exported_environment, exported_instance, exported_job, pod) (rate(sent_total{";
    assert!(asked.any(|(_, expr)| expr.starts_with(by)), "{by}");
}

/// What two instances answer is put together, and what one of them contradicts is told.
#[test]
fn metrics_that_are_there_twice() {
    let of = |text: &str| Answer::read(text).expect("metrics");
    let first = of(
        "# TYPE crate gauge\ncrate{of=\"a\"} 1\n# TYPE crate_count gauge\ncrate_count{other=\"b\"} 1\n",
    );
    let second = of("# HELP crate Letters.\n# TYPE crate gauge\ncrate{at=\"1\",of=\"a\"} 1\n");
    let kit = Kit::new("shop").answer(first).answer(second);
    let dashboards = dashboards(&kit);
    let of_it = dashboards
        .iter()
        .flat_map(|(_, dashboard)| asked(dashboard));
    let of_it: Vec<&str> = of_it
        .map(|(_, expr)| expr)
        .filter(|expr| expr.starts_with("sum") && expr.contains("(crate"))
        .collect();
    let chosen = "job=~\"$job\",environment=~\"$environment\",instance=~\"$instance\"";
    assert_eq!(
        of_it,
        [
            format!("sum by (of, at) (crate{{{chosen}}})"),
            format!("sum by (other) (crate_count{{{chosen}}})")
        ]
    );
    let other = of("# TYPE crate counter\ncrate 1\n");
    let error = kit
        .answer(other)
        .files()
        .expect_err("it cannot be")
        .to_string();
    assert!(
        error.contains("metric `crate` is there twice: it is of two types"),
        "{error}"
    );
    let text = "# TYPE crate counter\n# TYPE crate counter\n# TYPE crate gauge\n";
    let error = Answer::read(text).expect_err("two types").to_string();
    assert!(
        error.contains("metric `crate` is of two types, `counter` and `gauge`"),
        "{error}"
    );
    assert!(Answer::read("\u{feff}# TYPE crate counter\r\ncrate 1\r\n").is_ok());
    for text in ["", "up 1\n", "# HELP up Whether it is up.\nup 1\n"] {
        let error = Answer::read(text).expect_err("no types").to_string();
        assert!(error.contains("no metrics with a line `# TYPE`"), "{error}");
    }
}

/// Two panels whose titles and expressions services were promised.
#[test]
fn the_panels_that_were_promised_are_there() {
    let dashboards = dashboards(&kit());
    let (_, api) = dashboards
        .iter()
        .find(|(path, _)| path.contains("api-performance"))
        .expect("it is there");
    for (title, plugin, expr) in [
        (
            "Request Rate",
            "timeseries",
            "sum(rate(http_requests_total{job=\"ecolaura-api\"}[5m])) by (status_code)",
        ),
        (
            "Response Time",
            "heatmap",
            "sum(rate(http_request_duration_seconds_bucket{job=\"ecolaura-api\"}[5m])) by (le)",
        ),
    ] {
        let mut all = panels(api).into_iter();
        let panel = all
            .find(|panel| panel["title"] == title)
            .expect("it is there");
        assert_eq!(panel["type"], plugin);
        let asked = text(&panel["targets"][0], "expr")
            .replace("$__rate_interval", "5m")
            .replace("job=~\"$job\"", "job=\"ecolaura-api\"")
            .replace(
                ",environment=~\"$environment\",instance=~\"$instance\",endpoint=~\"$endpoint\"",
                "",
            );
        assert_eq!(asked, expr);
        assert!(text(panel, "description").contains(expr));
    }
}

/// From a point on a graph to its trace, from there to the log, and back.
#[test]
fn data_sources_lead_to_each_other() {
    let files = kit().files().expect("a kit");
    let sources = files
        .iter()
        .find(|file| file.path.ends_with("datasources/ecolaura.yml"));
    let sources = &sources.expect("it is there").text;
    for line in [
        "    uid: prometheus\n",
        "        - name: trace_id\n          datasourceUid: jaeger\n",
        "        datasourceUid: logs\n",
        "        - field: trace.id\n          datasourceUid: jaeger\n",
    ] {
        assert!(sources.contains(line), "{line}");
    }
    let exemplars = dashboards(&kit())
        .iter()
        .flat_map(|(_, dashboard)| panels(dashboard).into_iter().cloned().collect::<Vec<_>>())
        .filter(|panel| panel["targets"][0]["exemplar"] == true)
        .count();
    assert!(exemplars > 5, "{exemplars}");
}

//! What an expression of PromQL names.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use ecolaura_monitoring::catalog;
use ecolaura_monitoring::metrics::{Kind, Metric};
use ecolaura_monitoring_ops::{Kit, Slo};
use promql_parser::parser::{self, Expr};
use promql_parser::util::{ExprVisitor, walk_expr};

/// Series of others: of Prometheus itself, and of the Blackbox Exporter.
const OF_OTHERS: [&str; 19] = [
    "kube_pod_status_ready",
    "alertmanager_notifications_failed_total",
    "alertmanager_notifications_total",
    "probe_duration_seconds",
    "prometheus_notifications_errors_total",
    "prometheus_rule_group_last_duration_seconds",
    "prometheus_tsdb_head_samples_appended_total",
    "prometheus_tsdb_head_series",
    "probe_failed_due_to_regex",
    "probe_http_status_code",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "up",
    "ALERTS",
    "probe_success",
    "probe_ssl_earliest_cert_expiry",
    "prometheus_rule_evaluation_failures_total",
    "prometheus_notifications_dropped_total",
    "prometheus_notifications_alertmanagers_discovered",
];

#[derive(Default)]
struct Names(BTreeSet<String>);

impl ExprVisitor for Names {
    type Error = ();

    fn pre_visit(&mut self, expr: &Expr) -> Result<bool, ()> {
        match expr {
            Expr::VectorSelector(selector) => self.0.extend(selector.name.clone()),
            Expr::MatrixSelector(selector) => self.0.extend(selector.vs.name.clone()),
            _ => {}
        }
        Ok(true)
    }
}

/// The names of the series in an expression.
#[track_caller]
pub(crate) fn series(expr: &str) -> BTreeSet<String> {
    let parsed = parser::parse(expr).unwrap_or_else(|error| panic!("{expr}: {error}"));
    let mut names = Names::default();
    walk_expr(&mut names, &parsed).expect("it does not fail");
    names.0
}

/// All names that a metric of the catalogue has as series.
fn known() -> BTreeSet<String> {
    let of = |metric: &Metric| -> Vec<String> {
        match metric.kind() {
            Kind::Histogram => ["_bucket", "_sum", "_count"]
                .map(|part| format!("{}{part}", metric.name()))
                .to_vec(),
            _ => vec![metric.name().to_owned()],
        }
    };
    catalog::ALL.iter().flat_map(of).collect()
}

/// What the rules of a kit record.
static RECORDED: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let slo = Slo::new("orders", "/api/v1/orders", 99.9);
    let files = Kit::new("shop").objective(slo).files().expect("a kit");
    let rules = files
        .iter()
        .filter(|file| file.path.ends_with(".rules.yml"));
    let lines = rules.flat_map(|file| file.text.lines());
    let names = lines.filter_map(|line| line.trim().strip_prefix("- record: "));
    names.map(str::to_owned).collect()
});

/// Whether there is such a series: of the catalogue, of others, or recorded by the rules of the kit.
pub(crate) fn is_known(name: &str) -> bool {
    RECORDED.contains(name) || OF_OTHERS.contains(&name) || known().contains(name)
}

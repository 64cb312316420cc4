//! What Prometheus is started with: whom it scrapes, which rules it has, and whom it tells of alerts.

use std::fmt::Write as _;

use crate::blackbox;
use crate::file::head;
use crate::kit::Kit;
use crate::yaml::map;

/// Which Prometheus the configuration is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    /// Refuses settings that it does not know, such as those of native histograms.
    Two,
    /// 3.8 or newer.
    Three,
}

/// The configuration of a Prometheus of this version.
pub(crate) fn file(kit: &Kit, version: Version) -> String {
    let start = match version {
        Version::Two => {
            "Prometheus 2.42 or newer: prometheus --config.file=prometheus-2.yml --enable-feature=exemplar-storage"
        }
        Version::Three => "Prometheus 3.8 or newer: prometheus --enable-feature=exemplar-storage",
    };
    let mut text = head(start);
    if let Some(looks_back) = kit.looks_back() {
        let _ = writeln!(
            text,
            "# {looks_back}: start it with --storage.tsdb.retention.time=31d as well."
        );
    }
    text += &GLOBAL.replace("EVALUATED", EVALUATED);
    let _ = write!(
        text,
        "scrape_configs:\n  - job_name: {}\n    file_sd_configs:\n      - files: [targets/{}.yml]\n",
        kit.job, kit.job
    );
    if version == Version::Three {
        text += NATIVE;
    }
    if blackbox::is_probed(kit) {
        write_probed(&mut text, kit);
    }
    text += OWN;
    text
}

/// What the Blackbox Exporter asks.
fn write_probed(text: &mut String, kit: &Kit) {
    let (every, _) = blackbox::EVERY;
    let _ = write!(
        text,
        "  # What customers would see: asked from outside, by a Blackbox Exporter.\n  - job_name: {}\n    scrape_interval: {every}\n    metrics_path: /probe\n    static_configs:\n",
        blackbox::job(kit)
    );
    for probe in blackbox::probes(kit) {
        let _ = writeln!(
            text,
            "      - targets: ['{}']\n        labels: {}",
            probe.target,
            map(&probe.labels(kit))
        );
    }
    text.push_str(PROBED);
    let _ = write!(
        text,
        "  # Whether each instance is ready, by its own word.\n  - job_name: {}\n    metrics_path: /probe\n    params:\n      module: [{}]\n    file_sd_configs:\n      - files: [targets/{}.yml]\n{ASKED_FOR_HEALTH}",
        blackbox::health_job(kit),
        blackbox::HEALTH,
        kit.job
    );
}

/// Where the instances of the service are.
pub(crate) fn targets(kit: &Kit) -> String {
    let mut text = String::from(
        "# Where the instances are: what /metrics listens at. Prometheus reads this file again when it changes.\n",
    );
    for environment in &kit.environments {
        let targets = environment
            .targets
            .iter()
            .map(|target| format!("'{target}'"));
        let targets: Vec<String> = targets.collect();
        let _ = writeln!(
            text,
            "- targets: [{}]\n  labels: {{environment: {}}}",
            targets.join(", "),
            environment.name
        );
    }
    text
}

/// How often rules are evaluated, unless their group says otherwise.
pub(crate) const EVALUATED: &str = "15s";

const GLOBAL: &str = "\
global:
  scrape_interval: 15s
  scrape_timeout: 10s
  # More often than every 5 minutes, after which a series is forgotten; alerts wait for whole minutes.
  evaluation_interval: EVALUATED
rule_files:
  - '*.rules.yml'
alerting:
  alertmanagers:
    - static_configs:
        - targets: ['alertmanager:9093']
";

const NATIVE: &str = "    # Quantiles to 4 %, from a microsecond to an hour, at a tenth of the series, beside the classic buckets that rules ask for.
    scrape_native_histograms: true
    always_scrape_classic_histograms: true
";

/// The exporter is asked, and told whom to ask.
const PROBED: &str = "    relabel_configs:
      - source_labels: [module]
        target_label: __param_module
      - source_labels: [__address__]
        target_label: __param_target
      - source_labels: [__param_target]
        target_label: instance
      - target_label: __address__
        replacement: blackbox:9115
";

const ASKED_FOR_HEALTH: &str = "    relabel_configs:
      - source_labels: [__address__]
        target_label: instance
      - source_labels: [__address__]
        target_label: __param_target
        replacement: http://$1/health/ready
      - target_label: __address__
        replacement: blackbox:9115
";

/// Those that watch: alerts of the kit look at their series too.
const OWN: &str = "  - job_name: prometheus
    static_configs:
      - targets: ['localhost:9090']
  - job_name: alertmanager
    static_configs:
      - targets: ['alertmanager:9093']
";

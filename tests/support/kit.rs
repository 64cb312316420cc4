//! Prometheus' configuration and rules in `deploy/`, for programs that answer elsewhere, and much quicker.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

const CONFIG: &str = include_str!("../../deploy/prometheus/prometheus.yml");

pub const RULES: [(&str, &str); 3] = [
    (
        "recording.rules.yml",
        include_str!("../../deploy/prometheus/recording.rules.yml"),
    ),
    (
        "alerts.rules.yml",
        include_str!("../../deploy/prometheus/alerts.rules.yml"),
    ),
    (
        "active-users.rules.yml",
        include_str!("../../deploy/prometheus/active-users.rules.yml"),
    ),
];

/// Where the programs are that Prometheus asks.
pub struct Places {
    /// What stands before the shop.
    pub front: SocketAddr,
    pub blackbox: SocketAddr,
    /// Where the shop answers to `/metrics`.
    pub shop: SocketAddr,
    pub prometheus: SocketAddr,
}

/// Writes them into `folder`, each file of rules as `rules` makes it; where the configuration is.
pub fn write(folder: &Path, places: &Places, rules: impl Fn(&str) -> String) -> PathBuf {
    let write = |name: &str, text: &str| {
        let file = folder.join(name);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(&file, text).expect("it can be written");
        file
    };
    for (name, text) in RULES {
        write(name, &rules(text));
    }
    let Places {
        front,
        blackbox,
        shop,
        prometheus,
    } = places;
    let targets = format!("- targets: ['{shop}']\n  labels: {{environment: production}}\n");
    write("targets/ecolaura-api.yml", &targets);
    let quicker = |what: &str, time: &str| (format!("{what}: {time}"), format!("{what}: 2s"));
    let instead = [
        ("https://shop.example".into(), format!("https://{front}")),
        ("shop.example:443".into(), front.to_string()),
        ("blackbox:9115".into(), blackbox.to_string()),
        // Nobody: it is asked what fires, not who is told.
        ("alertmanager:9093".into(), "127.0.0.1:9".into()),
        ("localhost:9090".into(), prometheus.to_string()),
        quicker("scrape_interval", "15s"),
        quicker("scrape_interval", "30s"),
        quicker("scrape_timeout", "10s"),
        (
            "evaluation_interval: 15s".into(),
            "evaluation_interval: 1s".into(),
        ),
    ];
    let mut config = CONFIG.to_owned();
    for (what, instead) in instead {
        assert!(config.contains(&what), "{what}");
        config = config.replace(&what, &instead);
    }
    write("prometheus.yml", &config)
}

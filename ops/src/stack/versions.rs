//! The versions of all programs, in one place.

use std::fmt::Write as _;

use crate::file::{File, head};

/// A program, its image, and the version that the kit is made for.
pub(super) struct Program {
    /// In `versions.env`, as `PROMETHEUS_VERSION` and so on.
    pub(super) name: &'static str,
    pub(super) image: &'static str,
    pub(super) version: &'static str,
}

const fn program(name: &'static str, image: &'static str, version: &'static str) -> Program {
    Program {
        name,
        image,
        version,
    }
}

impl Program {
    /// Its image in its version, for files that have no variables.
    pub(super) fn image(&self) -> String {
        format!("{}:{}", self.image, self.version)
    }
}

pub(super) const BLACKBOX: Program = program("BLACKBOX", "prom/blackbox-exporter", "v0.28.0");

/// All of them. The tests run Prometheus, Alertmanager, the Blackbox Exporter and Jaeger in these versions, and OpenSearch in the place of Elasticsearch.
pub(super) const PROGRAMS: [Program; 9] = [
    program("PROMETHEUS", "prom/prometheus", "v3.16.0"),
    program("ALERTMANAGER", "prom/alertmanager", "v0.31.1"),
    BLACKBOX,
    program("JAEGER", "jaegertracing/jaeger", "2.13.0"),
    program("GRAFANA", "grafana/grafana", "13.2.3"),
    program("ELASTICSEARCH", "elasticsearch", "8.19.0"),
    program("KIBANA", "kibana", "8.19.0"),
    program("LOGSTASH", "logstash", "8.19.0"),
    program("FILEBEAT", "elastic/filebeat", "8.19.0"),
];

/// The file that compose reads.
pub(super) fn file() -> File {
    let mut text = head("The versions of all programs, which compose.yaml reads.");
    for Program { name, version, .. } in PROGRAMS {
        let _ = writeln!(text, "{name}_VERSION={version}");
    }
    File::new("versions.env", text)
}

//! What Jaeger 2 is started with: traces in, three days of them on disk, and answers.

use crate::file::{File, head};

pub(super) fn file() -> File {
    let head = head("Jaeger 2: jaeger --config jaeger.yml");
    File::new("jaeger/jaeger.yml", head + JAEGER)
}

const JAEGER: &str = "\
service:
  extensions: [jaeger_storage, jaeger_query, healthcheckv2]
  pipelines:
    traces:
      receivers: [otlp]
      # What finds no room is refused, and the service tells so: monitoring_spans_dropped_total.
      processors: [memory_limiter, batch]
      exporters: [jaeger_storage_exporter]
  telemetry:
    metrics:
      level: none
extensions:
  healthcheckv2:
    use_v2: true
    http:
      endpoint: 0.0.0.0:13133
  jaeger_storage:
    backends:
      disk:
        badger:
          directories:
            keys: /var/lib/jaeger/keys
            values: /var/lib/jaeger/values
          ephemeral: false
          # After that they are gone. How much that is says the share of traces that is kept (OTEL_TRACES_SAMPLER).
          ttl:
            spans: 72h
          maintenance_interval: 5m
  jaeger_query:
    storage:
      traces: disk
    http:
      endpoint: 0.0.0.0:16686
    grpc:
      endpoint: 0.0.0.0:16685
    # Traces of its own answers are nobody's.
    enable_tracing: false
receivers:
  otlp:
    protocols:
      http:
        endpoint: 0.0.0.0:4318
      grpc:
        endpoint: 0.0.0.0:4317
processors:
  memory_limiter:
    check_interval: 1s
    limit_mib: 400
  batch: {}
exporters:
  jaeger_storage_exporter:
    trace_storage: disk
";

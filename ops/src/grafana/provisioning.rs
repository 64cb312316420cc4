//! Where Grafana finds dashboards, metrics, traces and logs, so that each leads to the other.

use crate::file::{File, head};
use crate::kit::Kit;
use crate::place::filled;

/// The files of `provisioning`.
pub(super) fn files(kit: &Kit) -> Vec<File> {
    let datasources = head("Where Grafana asks. Put it into provisioning/datasources.")
        + &filled(DATASOURCES, &[("JOB", &kit.job), ("LOGS", &kit.logs())]);
    let dashboards = head(
        "Where Grafana finds the dashboards. Put it into provisioning/dashboards, and them into /var/lib/grafana/dashboards.",
    ) + &kit.named(DASHBOARDS);
    vec![
        File::new("grafana/provisioning/datasources/ecolaura.yml", datasources),
        File::new("grafana/provisioning/dashboards/ecolaura.yml", dashboards),
    ]
}

const DATASOURCES: &str = r#"apiVersion: 1
datasources:
  - name: Prometheus
    uid: prometheus
    type: prometheus
    access: proxy
    url: http://prometheus:9090
    isDefault: true
    jsonData:
      httpMethod: POST
      # $__rate_interval is made of it: four scrapes at least.
      timeInterval: 15s
      # A point on a graph is a request; it leads to its trace.
      exemplarTraceIdDestinations:
        - name: trace_id
          datasourceUid: jaeger
          urlDisplayLabel: Trace
  - name: Jaeger
    uid: jaeger
    type: jaeger
    access: proxy
    url: http://jaeger:16686
    jsonData:
      # From a span to its lines of the log.
      tracesToLogsV2:
        datasourceUid: logs
        spanStartTimeShift: -1m
        spanEndTimeShift: 1m
        filterByTraceID: false
        filterBySpanID: false
        customQuery: true
        query: 'trace.id:"$${__trace.traceId}"'
      tracesToMetrics:
        datasourceUid: prometheus
        spanStartTimeShift: -10m
        spanEndTimeShift: 10m
        tags:
          - key: http.route
            value: endpoint
        queries:
          - name: Latency of this endpoint
            query: 'histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket{job="JOB",$$__tags}[5m])))'
          - name: Requests to this endpoint
            query: 'sum by (status_code) (rate(http_requests_total{job="JOB",$$__tags}[5m]))'
      nodeGraph:
        enabled: true
  - name: Logs
    uid: logs
    type: elasticsearch
    access: proxy
    url: http://elasticsearch:9200
    jsonData:
      index: 'LOGS.*'
      timeField: '@timestamp'
      logMessageField: message
      logLevelField: log.level
      # From a line to the trace of its request.
      dataLinks:
        - field: trace.id
          datasourceUid: jaeger
          url: '$${__value.raw}'
          urlDisplayLabel: Trace
  - name: Alertmanager
    uid: alertmanager
    type: alertmanager
    access: proxy
    url: http://alertmanager:9093
    jsonData:
      implementation: prometheus
      handleGrafanaManagedAlerts: false
"#;

const DASHBOARDS: &str = r#"apiVersion: 1
providers:
  - name: JOB
    folder: JOB
    type: file
    # What is changed in the browser would be gone with the next file.
    allowUiUpdates: false
    disableDeletion: false
    updateIntervalSeconds: 30
    options:
      path: /var/lib/grafana/dashboards
      foldersFromFilesStructure: false
"#;

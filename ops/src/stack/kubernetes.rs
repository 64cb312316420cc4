//! The service in Kubernetes, and what the Prometheus Operator has to know of it.

use std::collections::BTreeSet;

use ecolaura_monitoring::catalog;

use crate::error::Error;
use crate::file::{File, head};
use crate::kit::Kit;
use crate::prometheus::{EVALUATED, rule_files};
use crate::stack::{exporter, probes};
use crate::yaml::indented;

pub(super) fn files(kit: &Kit) -> Result<Vec<File>, Error> {
    let image = image(kit);
    let (port, own_port) = (kit.port.to_string(), kit.own_port().to_string());
    let with_names = |text: &str| {
        let production = kit.environments[0].name.as_str();
        kit.named_with(
            text,
            &[
                ("ENVIRONMENT", production),
                ("IMAGE", &image),
                ("PORT_OF_CUSTOMERS", &port),
                ("PORT_OF_METRICS", &own_port),
            ],
        )
    };
    let service =
        head("The service: kubectl apply -f service.yml. Its image is what --image names.")
            + &with_names(SERVICE);
    let monitor = MONITOR.replace("DROPPED", &dropped(kit));
    let mut monitoring =
        head("What the Prometheus Operator scrapes. Its selectors must choose the label `team`.")
            + &with_names(&monitor);
    monitoring += &probes::probes(kit);
    let mut rules = head("The rules of prometheus/*.rules.yml.") + &with_names(RULES);
    for text in rule_files(&kit.in_kubernetes())? {
        let groups = text
            .split_once("groups:\n")
            .map_or("", |(_, groups)| groups);
        rules += &indented(&with_intervals(groups), 2);
    }
    let mut files = vec![
        File::new("kubernetes/service.yml", service),
        File::new("kubernetes/monitoring.yml", monitoring),
        File::new("kubernetes/rules.yml", rules),
    ];
    files.extend(exporter::file(kit));
    Ok(files)
}

/// Groups with the interval that they have from `prometheus.yml` elsewhere: a Prometheus of the Operator evaluates every 30 seconds unless it is told.
fn with_intervals(groups: &str) -> String {
    let mut text = String::new();
    let mut lines = groups.lines().peekable();
    while let Some(line) = lines.next() {
        text += &format!("{line}\n");
        let has_interval = lines
            .peek()
            .is_some_and(|next| next.starts_with("    interval:"));
        if line.starts_with("  - name:") && !has_interval {
            text += &format!("    interval: {EVALUATED}\n");
        }
    }
    text
}

/// The labels that the Operator adds to the targets of a ServiceMonitor, and that no rule and no dashboard of the kit needs.
const TARGET_LABELS: [&str; 4] = ["container", "endpoint", "node", "service"];

/// Those of them that metrics of the service have too, as a regular expression: targets lose them, so that metrics keep theirs.
fn dropped(kit: &Kit) -> String {
    let of_catalog = catalog::ALL.iter().flat_map(|metric| metric.label_names());
    let own = kit.metrics.iter().flat_map(|metric| &metric.labels);
    let used: BTreeSet<&str> = of_catalog.copied().chain(own.map(String::as_str)).collect();
    let both: Vec<&str> = TARGET_LABELS
        .into_iter()
        .filter(|label| used.contains(label))
        .collect();
    both.join("|")
}

/// The service's name as Kubernetes takes it.
pub(crate) fn name(kit: &Kit) -> String {
    plain(&kit.job)
}

/// A name as Kubernetes takes it: small letters, digits and dashes, and not too many.
pub(super) fn plain(name: &str) -> String {
    let plain = |c: char| match c.to_ascii_lowercase() {
        c if c.is_ascii_alphanumeric() => c,
        _ => '-',
    };
    let name: String = name.chars().map(plain).take(50).collect();
    name.trim_matches('-').to_owned()
}

/// The image of the service.
fn image(kit: &Kit) -> String {
    let usual = || format!("{}:1.0.0", name(kit));
    kit.image.clone().unwrap_or_else(usual)
}

const SERVICE: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: DEPLOYMENT
  labels: {app.kubernetes.io/name: DEPLOYMENT, team: TEAM}
spec:
  replicas: 2
  selector:
    matchLabels: {app.kubernetes.io/name: DEPLOYMENT}
  template:
    metadata:
      labels: {app.kubernetes.io/name: DEPLOYMENT, team: TEAM}
    spec:
      # It drains for 25 seconds, after it has been taken out of the service.
      terminationGracePeriodSeconds: 45
      # It asks Kubernetes for nothing.
      automountServiceAccountToken: false
      securityContext:
        runAsNonRoot: true
        seccompProfile: {type: RuntimeDefault}
      containers:
        - name: service
          image: 'IMAGE'
          ports:
            - {name: http, containerPort: PORT_OF_CUSTOMERS}
            - {name: monitoring, containerPort: PORT_OF_METRICS}
          # What it is to be told besides, such as where its database is: kubectl create secret generic DEPLOYMENT-env --from-env-file=service.env
          envFrom: [{secretRef: {name: DEPLOYMENT-env, optional: true}}]
          env:
            - name: POD_NAME
              valueFrom: {fieldRef: {fieldPath: metadata.name}}
            - name: POD_NAMESPACE
              valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
            - name: OTEL_RESOURCE_ATTRIBUTES
              value: service.instance.id=$(POD_NAME),k8s.pod.name=$(POD_NAME),k8s.namespace.name=$(POD_NAMESPACE),deployment.environment.name=ENVIRONMENT
            - {name: OTEL_EXPORTER_OTLP_ENDPOINT, value: 'http://jaeger:4318'}
            - {name: OTEL_EXPORTER_PROMETHEUS_HOST, value: 0.0.0.0}
            - {name: OTEL_EXPORTER_PROMETHEUS_PORT, value: 'PORT_OF_METRICS'}
            # Without this secret there is no /control: kubectl create secret generic DEPLOYMENT-control --from-file=token=secrets/control-token
            - name: MONITORING_CONTROL_TOKEN
              valueFrom: {secretKeyRef: {name: DEPLOYMENT-control, key: token, optional: true}}
          startupProbe:
            httpGet: {path: /health/startup, port: monitoring}
            periodSeconds: 2
            failureThreshold: 60
          readinessProbe:
            httpGet: {path: /health/ready, port: monitoring}
            periodSeconds: 5
            timeoutSeconds: 5
          livenessProbe:
            httpGet: {path: /health/live, port: monitoring}
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 6
          # Endpoints learn of it before it stops listening.
          lifecycle:
            preStop: {sleep: {seconds: 5}}
          resources:
            requests: {cpu: 100m, memory: 128Mi}
            limits: {memory: 256Mi}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {drop: [ALL]}
---
apiVersion: v1
kind: Service
metadata:
  name: DEPLOYMENT
  labels: {app.kubernetes.io/name: DEPLOYMENT, team: TEAM}
spec:
  selector: {app.kubernetes.io/name: DEPLOYMENT}
  ports:
    - {name: http, port: 80, targetPort: http}
    - {name: monitoring, port: PORT_OF_METRICS, targetPort: monitoring}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: DEPLOYMENT
spec:
  minAvailable: 1
  selector:
    matchLabels: {app.kubernetes.io/name: DEPLOYMENT}
---
# Whoever may ask for the service may not ask for its metrics: only namespaces with the label monitoring: 'true' may.
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: DEPLOYMENT
spec:
  podSelector:
    matchLabels: {app.kubernetes.io/name: DEPLOYMENT}
  policyTypes: [Ingress]
  ingress:
    - ports: [{port: http}]
    - ports: [{port: monitoring}]
      from:
        - namespaceSelector:
            matchLabels: {monitoring: 'true'}
";

const MONITOR: &str = "\
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: DEPLOYMENT
  labels: {team: TEAM}
spec:
  selector:
    matchLabels: {app.kubernetes.io/name: DEPLOYMENT}
  endpoints:
    - port: monitoring
      interval: 15s
      scrapeTimeout: 10s
      relabelings:
        # Rules and dashboards select by these labels.
        - {targetLabel: job, replacement: JOB}
        - {targetLabel: environment, replacement: ENVIRONMENT}
        # The Operator adds this label to each target, and metrics of the service have a label of the same name. Prometheus would rename theirs to exported_….
        - {action: labeldrop, regex: DROPPED}
";

const RULES: &str = "\
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: DEPLOYMENT
  labels: {team: TEAM}
spec:
  groups:
";

//! The Blackbox Exporter in Kubernetes.

use std::collections::BTreeSet;

use crate::blackbox;
use crate::file::{File, head};
use crate::journey::TOKENS;
use crate::kit::Kit;
use crate::stack::kubernetes;
use crate::stack::versions::BLACKBOX;
use crate::yaml::indented;

/// What it is called: two services in one namespace have one each, with modules of its own.
pub(super) fn name(kit: &Kit) -> String {
    format!("{}-blackbox", kubernetes::name(kit))
}

/// Its file: none where nothing is probed.
pub(super) fn file(kit: &Kit) -> Option<File> {
    if !blackbox::is_probed(kit) {
        return None;
    }
    let (tokens, name) = (blackbox::tokens(kit), name(kit));
    let head = head(&format!(
        "The Blackbox Exporter, in the namespace of the Prometheus that asks it: kubectl apply -f blackbox.yml, and after a change of its modules kubectl rollout restart deployment/{name}."
    ));
    let (mounted, volume) = match tokens.is_empty() {
        true => ("", ""),
        false => (MOUNTED, VOLUME),
    };
    let (config, image) = (blackbox::config(kit), BLACKBOX.image());
    let places = [
        ("WANTED", wanted(&tokens, &name)),
        ("MODULES", indented(&config, 4)),
        (
            "MOUNTED",
            mounted.replace("TOKENS", TOKENS.trim_end_matches('/')),
        ),
        ("VOLUME", volume.replace("EXPORTER", &name)),
        ("EXPORTER", name),
        ("IMAGE", image),
    ];
    let places = places
        .each_ref()
        .map(|(place, text)| (*place, text.as_str()));
    let text = head + &kit.named_with(EXPORTER, &places);
    Some(File::new("kubernetes/blackbox.yml", text))
}

/// How the tokens come to it.
fn wanted(tokens: &BTreeSet<&str>, name: &str) -> String {
    if tokens.is_empty() {
        return String::new();
    }
    let files: Vec<String> = tokens
        .iter()
        .map(|token| format!("'--from-file=secrets/blackbox/{token}'"))
        .collect();
    format!(
        "# Before: kubectl create secret generic {name} {}\n",
        files.join(" ")
    )
}

const MOUNTED: &str = "            - {name: tokens, mountPath: TOKENS, readOnly: true}\n";

const VOLUME: &str = "        - name: tokens
          secret: {secretName: EXPORTER, defaultMode: 0440}
";

const EXPORTER: &str = "\
WANTEDapiVersion: v1
kind: ConfigMap
metadata:
  name: EXPORTER
  labels: {app.kubernetes.io/name: EXPORTER, team: TEAM}
data:
  blackbox.yml: |
MODULES---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: EXPORTER
  labels: {app.kubernetes.io/name: EXPORTER, team: TEAM}
spec:
  replicas: 1
  selector:
    matchLabels: {app.kubernetes.io/name: EXPORTER}
  template:
    metadata:
      labels: {app.kubernetes.io/name: EXPORTER, team: TEAM}
    spec:
      automountServiceAccountToken: false
      securityContext:
        runAsNonRoot: true
        # Its image names its user by a word, which Kubernetes cannot tell from root.
        runAsUser: 65534
        runAsGroup: 65534
        fsGroup: 65534
        seccompProfile: {type: RuntimeDefault}
      containers:
        - name: blackbox
          image: IMAGE
          args: [--config.file=/etc/blackbox/blackbox.yml]
          ports:
            - {name: probe, containerPort: 9115}
          readinessProbe:
            httpGet: {path: /-/healthy, port: probe}
          livenessProbe:
            httpGet: {path: /-/healthy, port: probe}
            failureThreshold: 6
          resources:
            requests: {cpu: 10m, memory: 32Mi}
            limits: {memory: 128Mi}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {drop: [ALL]}
          volumeMounts:
            - {name: modules, mountPath: /etc/blackbox, readOnly: true}
MOUNTED      volumes:
        - name: modules
          configMap: {name: EXPORTER}
VOLUME---
apiVersion: v1
kind: Service
metadata:
  name: EXPORTER
  labels: {app.kubernetes.io/name: EXPORTER, team: TEAM}
spec:
  selector: {app.kubernetes.io/name: EXPORTER}
  ports:
    - {name: probe, port: 9115, targetPort: probe}
---
# Whoever reaches it can have it ask anybody, with the tokens of journeys: only the Operator's Prometheus may, in its namespace.
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: EXPORTER
spec:
  podSelector:
    matchLabels: {app.kubernetes.io/name: EXPORTER}
  policyTypes: [Ingress]
  ingress:
    - ports: [{port: probe}]
      from:
        - podSelector:
            matchLabels: {app.kubernetes.io/name: prometheus}
";

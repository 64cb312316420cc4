//! In Kubernetes: a real Prometheus scrapes the shop as the Prometheus Operator configures it, and every metric keeps its labels.
//!
//! The Operator's own code writes the scrape configuration. Only discovery is replaced, by one target with the labels that discovery would give it.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use support::eventually::eventually;
use support::folder::empty_folder;
use support::process::component;
use support::prometheus::{Prometheus, Server};
use support::shop::Shop;

const RULES: &str = include_str!("../../deploy/prometheus/recording.rules.yml");
const KIT: &str = include_str!("../../deploy/kubernetes/monitoring.yml");
const DOCUMENTATION: &str = include_str!("../../docs/operations.md");

/// The monitor of the kit, and those that the documentation shows to copy.
#[tokio::test(flavor = "multi_thread")]
async fn labels_of_the_service_survive_the_operator() {
    let folder = empty_folder("e2e_operator");
    let shop = Shop::open(&folder.join("shop.sqlite")).await;
    for (name, manifest, monitor) in [
        ("kit", first_document(KIT), "ServiceMonitor"),
        (
            "service_monitor",
            documented("ServiceMonitor"),
            "ServiceMonitor",
        ),
        ("pod_monitor", documented("PodMonitor"), "PodMonitor"),
    ] {
        let folder = folder.join(name);
        fs::create_dir(&folder).expect("a folder of its own");
        let scrape = scrape_config(&folder, manifest, monitor, shop.monitoring);
        let job = scrape["job_name"].as_str().expect("a name").to_owned();
        let rules = RULES.replace("interval: 1m\n", "interval: 1s\n");
        let server = Server::THREE;
        let prometheus =
            Prometheus::start_with(server, &folder, &job, scrape, &rules, json!({})).await;
        keeps_labels(&prometheus, &shop, name).await;
    }
}

async fn keeps_labels(prometheus: &Prometheus, shop: &Shop, name: &str) {
    let target = r#"up{job="ecolaura-api",environment="production",namespace="shop",pod="ecolaura-api-7d9f-abcde",container="service"} == 1"#;
    eventually(target, async || prometheus.value(target).await).await;
    // Dashboards ask by endpoint, objectives for one endpoint.
    for expression in [
        r#"sum(rate(http_requests_total{job="ecolaura-api",endpoint="/api/v1/orders"}[5m])) > 0"#,
        r#"sum(slo:requests:rate5m{job="ecolaura-api",slo="orders"}) > 0"#,
    ] {
        eventually(&format!("{name}: {expression}"), async || {
            shop.send(
                "POST",
                "/api/v1/orders",
                r#"{"items":[{"product_id":1,"quantity":1}]}"#,
            )
            .await;
            prometheus.value(expression).await
        })
        .await;
    }
    // Prometheus renames a label of the service that the target has too.
    let labels = prometheus
        .api("labels")
        .await
        .expect("the names of all labels");
    let labels: Vec<&str> = labels
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    assert!(labels.contains(&"endpoint"), "{name}: {labels:?}");
    let renamed: Vec<_> = labels
        .iter()
        .filter(|label| label.starts_with("exported_"))
        .collect();
    assert!(renamed.is_empty(), "{name}: {renamed:?}");
}

/// What the Operator writes for this manifest, with one target in place of discovery.
fn scrape_config(folder: &Path, manifest: &str, monitor: &str, target: SocketAddr) -> Value {
    let file = folder.join("monitor.yml");
    fs::write(&file, manifest).expect("the manifest is written");
    let output = Command::new(component("check-stack")).arg(&file).output();
    let output = output.expect("check-stack runs");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{printed}");
    let line = printed
        .lines()
        .find_map(|line| line.strip_prefix("scrapes "));
    // The Operator's program puts the number of the shard in.
    let line = line
        .unwrap_or_else(|| panic!("{printed}"))
        .replace("$(SHARD)", "0");
    let mut scrape: Value = serde_json::from_str(&line).expect("JSON");
    let config = scrape.as_object_mut().expect("an object");
    config
        .remove("kubernetes_sd_configs")
        .expect("it discovers its targets");
    config.insert(
        "static_configs".to_owned(),
        json!([{ "targets": [target], "labels": discovered(monitor) }]),
    );
    for interval in ["scrape_interval", "scrape_timeout"] {
        config.insert(interval.to_owned(), json!("1s"));
    }
    scrape
}

/// The labels that discovery gives a target: of the role `endpoints` for a ServiceMonitor, of the role `pod` for a PodMonitor.
fn discovered(monitor: &str) -> Value {
    let mut labels = json!({
        "__meta_kubernetes_namespace": "shop",
        "__meta_kubernetes_pod_name": "ecolaura-api-7d9f-abcde",
        "__meta_kubernetes_pod_node_name": "node-1",
        "__meta_kubernetes_pod_phase": "Running",
        "__meta_kubernetes_pod_container_name": "service",
        "__meta_kubernetes_pod_container_port_name": "monitoring",
        "__meta_kubernetes_pod_label_app_kubernetes_io_name": "ecolaura-api",
        "__meta_kubernetes_pod_labelpresent_app_kubernetes_io_name": "true",
    });
    if monitor == "ServiceMonitor" {
        let of_service = json!({
            "__meta_kubernetes_service_name": "ecolaura-api",
            "__meta_kubernetes_service_label_app_kubernetes_io_name": "ecolaura-api",
            "__meta_kubernetes_service_labelpresent_app_kubernetes_io_name": "true",
            "__meta_kubernetes_endpoint_port_name": "monitoring",
            "__meta_kubernetes_endpoint_address_target_kind": "Pod",
            "__meta_kubernetes_endpoint_address_target_name": "ecolaura-api-7d9f-abcde",
        });
        let of_service = of_service.as_object().cloned().unwrap_or_default();
        labels
            .as_object_mut()
            .expect("an object")
            .extend(of_service);
    }
    labels
}

fn first_document(manifest: &str) -> &str {
    manifest.split("\n---\n").next().unwrap_or(manifest)
}

/// The block of the documentation with a manifest of this kind.
fn documented(kind: &str) -> &'static str {
    let mut blocks = DOCUMENTATION.split("```yaml\n").skip(1);
    let blocks = blocks.find_map(|rest| {
        let (block, _) = rest.split_once("```")?;
        block.contains(&format!("kind: {kind}\n")).then_some(block)
    });
    blocks.unwrap_or_else(|| panic!("docs/operations.md shows no {kind}"))
}

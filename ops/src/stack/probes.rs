//! What the Prometheus Operator has the Blackbox Exporter ask: a Probe for each of its modules.

use serde_json::{Value, json};
use siphasher::sip::SipHasher13;

use crate::blackbox::{self, Probe};
use crate::kit::Kit;
use crate::names::kubernetes_name;

/// The Probes, as the template of `monitoring.yml` takes them. Whether instances are ready Kubernetes knows by itself.
pub(super) fn probes(kit: &Kit) -> Vec<Value> {
    let mut names = Vec::new();
    let probes = by_module(kit).into_iter().map(|(probe, targets)| {
        let name = unique(called(kit, &probe), &probe, &names);
        names.push(name.clone());
        let labels: Value = probe
            .labels(kit)
            .into_iter()
            .map(|(label, value)| (label, json!(value)))
            .collect();
        json!({ "name": name, "module": probe.module, "labels": labels, "targets": targets })
    });
    probes.collect()
}

/// One of each module, and whom it asks.
fn by_module(kit: &Kit) -> Vec<(Probe, Vec<String>)> {
    let mut by_module: Vec<(Probe, Vec<String>)> = Vec::new();
    for probe in blackbox::probes(kit) {
        let target = probe.target.clone();
        let mut known = by_module.iter_mut();
        match known.find(|(one, _)| one.module == probe.module) {
            Some((_, targets)) => targets.push(target),
            None => by_module.push((probe, vec![target])),
        }
    }
    by_module
}

/// What it is called: after the service, and what it asks. Dots are between the parts alone, so that no two parts look like one.
fn called(kit: &Kit, probe: &Probe) -> String {
    let parts = [kit.job.as_str()].into_iter().chain(probe.what());
    parts.map(kubernetes_name).collect::<Vec<_>>().join(".")
}

/// A name that no other has: names that differ are the same for Kubernetes where they differ in `_`, `.` or capitals alone.
fn unique(name: String, probe: &Probe, names: &[String]) -> String {
    if !names.contains(&name) {
        return name;
    }
    let hash = SipHasher13::new().hash(probe.module.as_bytes()) as u32;
    format!("{name}-{hash:08x}")
}

//! What the Prometheus Operator has the Blackbox Exporter ask: a Probe for each of its modules.

use crate::blackbox::{self, Probe};
use crate::kit::Kit;
use crate::stack::exporter;
use crate::stack::kubernetes::{name, plain};
use crate::yaml::map;

use siphasher::sip::SipHasher13;

/// The Probes. Whether instances are ready Kubernetes knows by itself.
pub(super) fn probes(kit: &Kit) -> String {
    let mut text = String::new();
    let mut names = Vec::new();
    for (probe, targets) in by_module(kit) {
        let name = of_its_own(called(kit, &probe), &probe, &names);
        text += &format!(
            "---\napiVersion: monitoring.coreos.com/v1\nkind: Probe\nmetadata:\n  name: {name}\n  labels: {{team: {}}}\n\
             spec:\n  jobName: {}\n  module: {}\n  interval: {}\n  prober:\n    url: {}:9115\n\
             \x20 targets:\n    staticConfig:\n      labels: {}\n      static: [{}]\n",
            kit.team,
            blackbox::job(kit),
            probe.module,
            blackbox::EVERY.0,
            exporter::name(kit),
            map(&probe.labels(kit)),
            targets.join(", ")
        );
        names.push(name);
    }
    text
}

/// One of each module, and whom it asks.
fn by_module(kit: &Kit) -> Vec<(Probe, Vec<String>)> {
    let mut by_module: Vec<(Probe, Vec<String>)> = Vec::new();
    for probe in blackbox::probes(kit) {
        let target = format!("'{}'", probe.target);
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
    let parts = probe.what().into_iter().map(plain);
    [name(kit)]
        .into_iter()
        .chain(parts)
        .collect::<Vec<_>>()
        .join(".")
}

/// A name that no other has: names that differ are the same for Kubernetes where they differ in `_`, `.` or capitals alone.
fn of_its_own(name: String, probe: &Probe, names: &[String]) -> String {
    match names.contains(&name) {
        true => {
            let hash = SipHasher13::new().hash(probe.module.as_bytes()) as u32;
            format!("{name}-{hash:08x}")
        }
        false => name,
    }
}

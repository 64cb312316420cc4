//! What the Blackbox Exporter asks from outside, and of whom.

mod modules;
mod probe;

use crate::file::File;
use crate::kit::Kit;

pub(crate) use modules::{CERTIFICATE, HEALTH, PAGE, file as config};
pub(crate) use probe::{EVERY, HEALTH_JOB, PROBE_JOB, Probe, health_job, is_probed, job, probes};

/// The files for the Blackbox Exporter: none where nothing is probed.
pub(crate) fn files(kit: &Kit) -> Vec<File> {
    match is_probed(kit) {
        true => vec![File::new("blackbox/blackbox.yml", config(kit))],
        false => Vec::new(),
    }
}

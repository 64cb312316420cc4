//! What the Blackbox Exporter asks from outside, and of whom.

mod modules;
mod probe;

use std::collections::BTreeSet;

use crate::error::Error;
use crate::file::File;
use crate::journey::TOKENS;
use crate::kit::Kit;

pub(crate) use modules::{CERTIFICATE, HEALTH, PAGE, file as config};
pub(crate) use probe::{EVERY, Probe, health_job, is_probed, job, probes};

/// The names of the files with tokens that steps of journeys want.
pub(crate) fn tokens(kit: &Kit) -> BTreeSet<&str> {
    let steps = kit.journeys.iter().flat_map(|journey| &journey.steps);
    let files = steps.filter_map(|step| step.token_file.as_deref()?.strip_prefix(TOKENS));
    files.collect()
}

/// The files for the Blackbox Exporter: none where nothing is probed.
pub(crate) fn files(kit: &Kit) -> Result<Option<File>, Error> {
    is_probed(kit).then(|| config(kit)).transpose()
}

//! What Alertmanager reads: who is told of what, how, and how often.

mod receivers;
mod routes;
mod templates;

use crate::file::File;
use crate::kit::Kit;
use crate::parts::Parts;

pub(crate) use receivers::SECRETS;
pub(crate) use routes::{ALWAYS, heartbeat, tiers, told};

/// The files for Alertmanager.
pub(crate) fn files(kit: &Kit, parts: &Parts) -> Vec<File> {
    vec![
        File::new("alertmanager/alertmanager.yml", routes::file(kit, parts)),
        File::new("alertmanager/templates/ecolaura.tmpl", templates::file(kit)),
    ]
}

//! What Prometheus reads: its configuration, recording rules, alerts, and tests of them.

mod active_users;
mod alert;
mod alerts;
pub(crate) mod recording;
pub(crate) mod rule;
mod scrape;
mod trial;

pub(crate) use scrape::EVALUATED;

use active_users::active_users;
pub(crate) use alert::Source;
pub use alert::{Alert, Case, Told};
pub use alerts::alerts;
pub use rule::{Makes, Rule};

use crate::error::Error;
use crate::file::File;
use crate::kit::Kit;
use crate::prometheus::rule::Group;
use crate::prometheus::scrape::Version;
use crate::prometheus::trial::Pace;

/// The groups of all files of rules.
pub(crate) fn groups(kit: &Kit) -> Result<Vec<Group>, Error> {
    let mut groups = recording::groups(kit);
    groups.extend(alerts::groups(kit)?);
    if kit.has_business() {
        groups.extend(active_users::groups());
    }
    Ok(groups)
}

/// The files for Prometheus.
pub(crate) fn files(kit: &Kit) -> Result<Vec<File>, Error> {
    let mut files = vec![
        File::new(
            "prometheus/prometheus.yml",
            scrape::file(kit, Version::Three),
        ),
        File::new(
            "prometheus/prometheus-2.yml",
            scrape::file(kit, Version::Two),
        ),
        File::new(
            format!("prometheus/targets/{}.yml", kit.job),
            scrape::targets(kit),
        ),
        File::new("prometheus/recording.rules.yml", recording::file(kit)?),
        File::new("prometheus/alerts.rules.yml", alerts::file(kit)?),
    ];
    if kit.has_business() {
        files.push(File::new(
            "prometheus/active-users.rules.yml",
            active_users(),
        ));
        files.push(File::new(
            "prometheus/active-users.test.yml",
            active_users::trial(),
        ));
    }
    for pace in Pace::ALL {
        let name = format!("prometheus/{}", pace.file());
        files.push(File::new(name, trial::file(kit, pace)?));
    }
    Ok(files)
}

//! The modules of the Blackbox Exporter: `ops/blackbox/blackbox.yml`, filled. How it asks, and which answers are right.

use serde_json::{Value, json};

use crate::error::Error;
use crate::file::File;
use crate::journey::{Journey, Step};
use crate::kit::Kit;
use crate::template;

/// A page that is answered at all.
pub(crate) const PAGE: &str = "http_2xx";
/// A certificate, also one that nobody accepts any more.
pub(crate) const CERTIFICATE: &str = "tls";
/// An instance that says that it is ready.
pub(crate) const HEALTH: &str = "health";

/// The module that takes a step.
pub(super) fn of_step(journey: &Journey, step: &Step) -> String {
    // No name has a slash in it, so no two steps share a module.
    format!("journey/{}/{}", journey.name, step.name)
}

/// The configuration of the exporter.
pub(crate) fn file(kit: &Kit) -> Result<File, Error> {
    let journeys: Vec<Value> = kit.journeys.iter().map(journey).collect();
    template::file(
        "blackbox/blackbox.yml",
        include_str!("../../blackbox/blackbox.yml"),
        kit,
        json!({ "journeys": journeys }),
    )
}

fn journey(journey: &Journey) -> Value {
    let step = |step: &Step| {
        json!({
            "module": of_step(journey, step),
            "status": step.status,
            "json": step.json,
            "token_file": step.token_file,
            "expect": step.expect,
        })
    };
    let steps: Vec<Value> = journey.steps.iter().map(step).collect();
    json!({ "name": journey.name, "steps": steps })
}

#[cfg(test)]
mod tests {
    use super::{CERTIFICATE, HEALTH, PAGE};

    #[test]
    fn the_file_has_the_modules_that_are_asked_for() {
        let text = include_str!("../../blackbox/blackbox.yml");
        for module in [PAGE, CERTIFICATE, HEALTH] {
            assert!(text.contains(&format!("\n  {module}:\n")), "{module}");
        }
    }
}

//! What to do when an alert fires: a page for each, and what they share.

mod guide;
mod index;
mod link;
mod page;
mod source;

use crate::error::Error;
use crate::file::{File, MADE};
use crate::kit::Kit;
use crate::parts::Parts;
use crate::prometheus::{Alert, alerts};

/// What stands at the head of each page.
fn head() -> String {
    format!("<!-- {MADE} -->\n")
}

/// The pages.
pub(crate) fn files(kit: &Kit, parts: &Parts) -> Result<Vec<File>, Error> {
    let alerts: Vec<Alert> = alerts(kit)?
        .into_iter()
        .flat_map(|(_, alerts)| alerts)
        .collect();
    let mut files = Vec::new();
    for alert in &alerts {
        files.push(file(kit, &alert.name, page::page(kit, parts, alert)?));
    }
    for (name, text) in guide::pages(kit, parts, &alerts) {
        files.push(file(kit, name, text));
    }
    files.push(file(kit, "README", index::page(kit, parts, &alerts)));
    Ok(files)
}

/// A page, with where its links lead.
fn file(kit: &Kit, name: &str, text: String) -> File {
    let links = link::definitions(kit, &text);
    File::new(format!("runbooks/{name}.md"), text + &links)
}

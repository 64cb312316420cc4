//! Where the links of pages lead that have a name and no address.

use crate::kit::Kit;

/// The addresses of those that are in a text.
pub(super) fn definitions(kit: &Kit, text: &str) -> String {
    let dashboard = |name: &str| format!("{}/d/{}", kit.dashboards, kit.dashboard(name));
    let traces = |more: &str| {
        format!(
            "{}/search?service={}&lookback=1h{more}",
            kit.traces, kit.job
        )
    };
    let at_once = |what: &str| format!("incident.md#{what}");
    let all = [
        ("System Overview", dashboard("system-overview")),
        ("API Performance", dashboard("api-performance")),
        ("User Journey", dashboard("user-journey")),
        ("Subscription Box Lifecycle", dashboard("box-lifecycle")),
        (
            "failed traces",
            traces("&tags=%7B%22error%22%3A%22true%22%7D"),
        ),
        ("roll back", at_once("roll-back")),
        ("restart", at_once("restart")),
        ("scale", at_once("scale")),
        ("more detail", at_once("more-detail")),
        ("silence", at_once("silence")),
    ];
    // Small and large letters are the same in names of links.
    let lower = text.to_lowercase();
    let used = all
        .iter()
        .filter(|(name, _)| lower.contains(&format!("[{}]", name.to_lowercase())));
    let lines = used.map(|(name, address)| format!("[{name}]: {address}\n"));
    let lines: String = lines.collect();
    match lines.is_empty() {
        true => lines,
        false => format!("\n{lines}"),
    }
}

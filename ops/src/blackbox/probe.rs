//! Whom the Blackbox Exporter asks, and by which of its modules.

use crate::blackbox::modules;
use crate::journey::{Journey, Step};
use crate::kit::Kit;

/// How often, as Prometheus writes it, and in seconds.
pub(crate) const EVERY: (&str, f64) = ("30s", 30.0);

/// What is asked from outside.
pub(crate) struct Probe {
    /// The module that asks.
    pub(crate) module: String,
    /// Whom it asks.
    pub(crate) target: String,
    /// Labels of its series besides.
    more: Vec<(&'static str, String)>,
}

impl Probe {
    /// Whether the service sees a request.
    pub(crate) fn is_request(&self) -> bool {
        self.module != modules::CERTIFICATE
    }

    /// The labels of its series.
    pub(crate) fn labels<'a>(&'a self, kit: &'a Kit) -> Vec<(&'static str, &'a str)> {
        let all = [
            ("environment", kit.environments[0].name.as_str()),
            ("module", &self.module),
        ];
        let more = self
            .more
            .iter()
            .map(|(name, value)| (*name, value.as_str()));
        all.into_iter().chain(more).collect()
    }

    /// What it asks, in the words of the kit: the kind, and for a step of a journey both names.
    pub(crate) fn what(&self) -> Vec<&str> {
        let kind = match self.module.as_str() {
            modules::PAGE => "page",
            modules::CERTIFICATE => "certificate",
            _ => "journey",
        };
        let names = self.more.iter().map(|(_, value)| value.as_str());
        [kind].into_iter().chain(names).collect()
    }
}

/// Whether anything of the service is probed.
pub(crate) fn is_probed(kit: &Kit) -> bool {
    !kit.probes.is_empty() || !kit.journeys.is_empty()
}

/// What the job of what is asked from outside is called, after the service.
pub(crate) const PROBE_JOB: &str = "-probe";
/// The same of the job that asks each instance whether it is ready.
pub(crate) const HEALTH_JOB: &str = "-health";

/// The job of what is asked from outside.
pub(crate) fn job(kit: &Kit) -> String {
    kit.job.clone() + PROBE_JOB
}

/// The job that asks each instance whether it is ready.
pub(crate) fn health_job(kit: &Kit) -> String {
    kit.job.clone() + HEALTH_JOB
}

/// All that is asked from outside: addresses, the certificates of those that have one, and the steps of journeys.
pub(crate) fn probes(kit: &Kit) -> Vec<Probe> {
    let page = |address: &String| Probe {
        module: modules::PAGE.to_owned(),
        target: address.clone(),
        more: Vec::new(),
    };
    let certificate = |target: String| Probe {
        module: modules::CERTIFICATE.to_owned(),
        target,
        more: Vec::new(),
    };
    let step = |journey: &Journey, step: &Step| Probe {
        module: modules::of_step(journey, step),
        target: format!("{}{}", journey.address, step.path),
        more: vec![
            ("journey", journey.name.clone()),
            ("step", step.name.clone()),
        ],
    };
    let steps = kit
        .journeys
        .iter()
        .flat_map(|journey| journey.steps.iter().map(move |one| step(journey, one)));
    let pages = kit.probes.iter().map(page);
    let certificates = certificates(kit).into_iter().map(certificate);
    pages.chain(certificates).chain(steps).collect()
}

/// Where TLS is spoken, each place once.
fn certificates(kit: &Kit) -> Vec<String> {
    let journeys = kit.journeys.iter().map(|journey| &journey.address);
    let mut places: Vec<String> = Vec::new();
    for address in kit.probes.iter().chain(journeys) {
        let place = tls(address);
        places.extend(place.filter(|place| !places.contains(place)));
    }
    places
}

/// The host and port of an address of https.
fn tls(address: &str) -> Option<String> {
    let rest = address.strip_prefix("https://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    // Colons within brackets are those of IPv6.
    let has_port = host.rsplit(']').next().is_some_and(|end| end.contains(':'));
    Some(match has_port {
        true => host.to_owned(),
        false => format!("{host}:443"),
    })
}

#[cfg(test)]
mod tests {
    use super::tls;

    #[test]
    fn places_of_certificates() {
        for (address, place) in [
            ("https://shop.example", Some("shop.example:443")),
            ("https://shop.example/a:b?c", Some("shop.example:443")),
            ("https://shop.example:8443/", Some("shop.example:8443")),
            ("https://[::1]", Some("[::1]:443")),
            ("https://[::1]:8443", Some("[::1]:8443")),
            ("http://shop.example", None),
        ] {
            assert_eq!(tls(address).as_deref(), place, "{address}");
        }
    }
}

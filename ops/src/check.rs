//! What cannot be a kit is told before anything is made of it.

use crate::alertmanager::SECRETS;
use crate::error::Error;
use crate::kit::Kit;
use crate::mail::Mail;
use crate::names::{
    is_address, is_base, is_image, is_name, is_once, is_secret, is_secret_address, is_time_zone,
};
use crate::threshold;

/// What programs of the kit are called, as jobs or in compose.
const TAKEN: [&str; 11] = [
    "alertmanager",
    "blackbox",
    "elasticsearch",
    "elasticsearch-set-up",
    "filebeat",
    "grafana",
    "jaeger",
    "jaeger-set-up",
    "kibana",
    "logstash",
    "prometheus",
];

/// Whether a program of the kit is called so, as compose or Kubernetes write names.
fn is_taken(name: &str) -> bool {
    let name = name.to_lowercase().replace(['_', '.'], "-");
    TAKEN.contains(&name.as_str())
}

impl Kit {
    /// That it can be a kit.
    pub(crate) fn check(&self) -> Result<(), Error> {
        is_name("job", &self.job)?;
        if is_taken(&self.job) {
            return Err(Error::new(format!(
                "job `{}`: a program of the kit is called so; give the service another name",
                self.job
            )));
        }
        is_name("team", &self.team)?;
        for environment in &self.environments {
            environment.check()?;
        }
        let targets = self.environments.iter().flat_map(|one| &one.targets);
        is_once(
            "target",
            targets.clone(),
            "an instance is of one environment",
        )?;
        let hosts = targets.filter_map(|target| target.rsplit_once(':'));
        if let Some((host, _)) = hosts.into_iter().find(|(host, _)| is_taken(host)) {
            return Err(Error::new(format!(
                "target at `{host}`: a program of the kit is called so; give the service another name"
            )));
        }
        let environments = self.environments.iter().map(|one| &one.name);
        is_once("environment", environments, "give all its targets at once")?;
        for (alert, value) in &self.thresholds {
            threshold::check(alert, *value)?;
        }
        self.check_addresses()?;
        is_once("probe", &self.probes, "ask it once")?;
        let another = "give one of them another name";
        for journey in &self.journeys {
            journey.check()?;
        }
        is_once(
            "journey",
            self.journeys.iter().map(|one| &one.name),
            another,
        )?;
        for objective in &self.objectives {
            objective.check()?;
            objective.check_is_there(&self.endpoints)?;
        }
        let metrics = self.metrics.iter().map(|one| &one.name);
        is_once("metric", metrics, "it is of two types, so rename one")?;
        let objectives = self.objectives.iter().map(|one| &one.name);
        is_once("objective", objectives, another)
    }

    /// That what it links to and tells can be.
    fn check_addresses(&self) -> Result<(), Error> {
        if self.port == 0 || self.port == self.own_port() {
            return Err(Error::new(format!(
                "port {}: give it the one at which customers are answered, which is not that of /metrics",
                self.port
            )));
        }
        if let Some(file) = self.deadman.as_ref().filter(|place| place.starts_with('/')) {
            is_secret("dead man's switch", file, SECRETS)?;
        }
        let links = [&self.runbooks, &self.dashboards, &self.traces];
        let own = self.prometheus.iter().chain(&self.alertmanager);
        links
            .into_iter()
            .chain(own)
            .try_for_each(|one| is_base(one))?;
        self.probes.iter().try_for_each(|one| is_address(one))?;
        let mut deadman = self.deadman.iter().filter(|place| !place.starts_with('/'));
        deadman.try_for_each(|one| is_secret_address("dead man's switch", one))?;
        let silent = ["pipeline", "Watchdog"];
        if self.deadman.is_some()
            && self
                .without
                .iter()
                .any(|one| silent.contains(&one.as_str()))
        {
            return Err(Error::new(
                "dead man's switch: it hears of the alert Watchdog, which is left out: leave out the switch as well, or keep the group `pipeline`",
            ));
        }
        self.mail.iter().try_for_each(Mail::check)?;
        self.image.iter().try_for_each(|image| is_image(image))?;
        is_time_zone(&self.time_zone)
    }
}

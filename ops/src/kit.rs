//! A service, and what of the kit is made for it.

use std::collections::BTreeMap;

use crate::alertmanager;
use crate::blackbox;
use crate::elastic;
use crate::environment::Environment;
use crate::error::Error;
use crate::family::Family;
use crate::file::File;
use crate::grafana;
use crate::journey::Journey;
use crate::objective::Slo;
use crate::place::filled;
use crate::prometheus;
use crate::runbooks;
use crate::stack::{self, kubernetes_name};

use siphasher::sip::SipHasher13;

/// The team of what has no other.
pub(crate) const ANYBODY: &str = "platform";

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

/// What the environment with customers is called.
const PRODUCTION: &str = "production";

/// A service for which the kit is made.
///
/// ```
/// use ecolaura_monitoring_ops::Kit;
///
/// let kit = Kit::new("ecolaura-api").team("shop");
/// for file in kit.files()? {
///     println!("{}", file.path);
/// }
/// # Ok::<(), ecolaura_monitoring_ops::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Kit {
    pub(crate) job: String,
    pub(crate) team: String,
    /// The first is the one with customers.
    pub(crate) environments: Vec<Environment>,
    pub(crate) probes: Vec<String>,
    pub(crate) journeys: Vec<Journey>,
    pub(crate) runbooks: String,
    pub(crate) dashboards: String,
    pub(crate) traces: String,
    pub(crate) objectives: Vec<Slo>,
    pub(crate) without: Vec<String>,
    pub(crate) thresholds: BTreeMap<String, f64>,
    pub(crate) metrics: Vec<Family>,
    /// Whether rules are for the Prometheus Operator.
    pub(crate) in_kubernetes: bool,
}

impl Kit {
    /// The kit of a service that Prometheus scrapes as the job of this name.
    pub fn new(job: impl Into<String>) -> Self {
        let job = job.into();
        Self {
            team: ANYBODY.to_owned(),
            environments: vec![Environment::new(PRODUCTION, [format!("{job}:9464")])],
            probes: Vec::new(),
            journeys: Vec::new(),
            runbooks: "https://runbooks.example".to_owned(),
            dashboards: "https://grafana.example".to_owned(),
            traces: "https://jaeger.example".to_owned(),
            job,
            objectives: Vec::new(),
            without: Vec::new(),
            thresholds: BTreeMap::new(),
            metrics: Vec::new(),
            in_kubernetes: false,
        }
    }

    /// Who looks after it: the label `team` of its alerts. Default: `platform`.
    pub fn team(mut self, team: impl Into<String>) -> Self {
        self.team = team.into();
        self
    }

    /// Where its instances in the environment `production` answer to `/metrics`. Default: the job's name, at port 9464.
    pub fn targets(mut self, targets: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.environments[0] = Environment::new(PRODUCTION, targets);
        self
    }

    /// Another environment, and where its instances answer to `/metrics`.
    ///
    /// Environments are told apart by the label `environment`, and nobody is woken up for any but `production`.
    pub fn environment(
        mut self,
        name: impl Into<String>,
        targets: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.environments.push(Environment::new(name, targets));
        self
    }

    /// A metric that the service has besides those of the catalogue: a dashboard shows it.
    pub fn metric(mut self, metric: Family) -> Self {
        self.metrics.push(metric);
        self
    }

    /// An address of the service that a Blackbox Exporter asks from outside: it is to be answered with 2xx. Where it is one of `https`, its
    /// certificate is looked at too. Default: none; without addresses and journeys there is no exporter, and there are no alerts of probes.
    pub fn probe(mut self, address: impl Into<String>) -> Self {
        self.probes.push(address.into());
        self
    }

    /// What customers do, which a Blackbox Exporter tries from outside. Default: nothing.
    pub fn journey(mut self, journey: Journey) -> Self {
        self.journeys.push(journey);
        self
    }

    /// Where its runbooks are to be read. Default: `https://runbooks.example`.
    pub fn runbooks(mut self, address: impl Into<String>) -> Self {
        self.runbooks = without_slash(address);
        self
    }

    /// Where Grafana is: messages lead there. Default: `https://grafana.example`.
    pub fn grafana(mut self, address: impl Into<String>) -> Self {
        self.dashboards = without_slash(address);
        self
    }

    /// Where Jaeger is: messages lead there. Default: `https://jaeger.example`.
    pub fn jaeger(mut self, address: impl Into<String>) -> Self {
        self.traces = without_slash(address);
        self
    }

    /// An objective, which has alerts of its own.
    pub fn objective(mut self, objective: Slo) -> Self {
        self.objectives.push(objective);
        self
    }

    /// Leaves an alert out.
    pub fn without(mut self, alert: impl Into<String>) -> Self {
        self.without.push(alert.into());
        self
    }

    /// Sets the threshold of an alert: a share for what is a share, seconds for a time.
    ///
    /// The tests of that alert are left out: they try the usual one.
    pub fn threshold(mut self, alert: impl Into<String>, value: f64) -> Self {
        self.thresholds.insert(alert.into(), value);
        self
    }

    /// All files of the kit.
    ///
    /// # Errors
    ///
    /// When a name or an objective cannot be. The text says what to do.
    pub fn files(&self) -> Result<Vec<File>, Error> {
        self.check()?;
        let mut files = prometheus::files(self)?;
        files.extend(alertmanager::files(self));
        files.extend(blackbox::files(self));
        files.extend(grafana::files(self));
        files.extend(stack::files(self)?);
        files.extend(elastic::files(self));
        files.extend(runbooks::files(self)?);
        Ok(files)
    }

    /// The same in a cluster of Kubernetes, which has one environment.
    pub(crate) fn in_kubernetes(&self) -> Self {
        let mut kit = self.clone();
        kit.environments.truncate(1);
        kit.in_kubernetes = true;
        kit
    }

    /// What Prometheus takes as the selector of the job.
    pub(crate) fn job(&self) -> String {
        format!("job=\"{}\"", self.job)
    }

    /// A text with the names of this service in place of `JOB`, `TEAM` and `DEPLOYMENT`.
    pub(crate) fn named(&self, text: &str) -> String {
        self.named_with(text, &[])
    }

    /// The same, with what belongs into more places.
    pub(crate) fn named_with(&self, text: &str, more: &[(&str, &str)]) -> String {
        let deployment = kubernetes_name(self);
        let names = [
            ("DEPLOYMENT", deployment.as_str()),
            ("TEAM", &self.team),
            ("JOB", &self.job),
        ];
        filled(text, &[&names[..], more].concat())
    }

    /// The uid of a dashboard, by which links find it: at most 40 characters.
    pub(crate) fn dashboard(&self, name: &str) -> String {
        let whole = format!("{}-{name}", self.job);
        if whole.len() <= 40 {
            return whole;
        }
        let hash = SipHasher13::new().hash(self.job.as_bytes()) as u32;
        let cut = 40 - name.len() - "-00000000-".len();
        format!("{}-{hash:08x}-{name}", &self.job[..cut])
    }

    /// That its names can be in rules.
    pub(crate) fn check(&self) -> Result<(), Error> {
        is_name("job", &self.job)?;
        if TAKEN.contains(&self.job.as_str()) {
            return Err(Error::new(format!(
                "job `{}`: a program of the kit is called so; give the service another name",
                self.job
            )));
        }
        is_name("team", &self.team)?;
        for (place, environment) in self.environments.iter().enumerate() {
            environment.check()?;
            let before = &self.environments[..place];
            if before.iter().any(|known| known.name == environment.name) {
                return Err(Error::new(format!(
                    "environment `{}` is there twice: give all its targets at once",
                    environment.name
                )));
            }
        }
        for (alert, threshold) in &self.thresholds {
            if !(*threshold > 0.0 && threshold.is_finite()) {
                return Err(Error::new(format!(
                    "threshold {threshold} of `{alert}`: give it a number above 0, or leave the alert out"
                )));
            }
        }
        let links = [&self.runbooks, &self.dashboards, &self.traces];
        for address in links.into_iter().chain(&self.probes) {
            is_address(address)?;
        }
        for (place, journey) in self.journeys.iter().enumerate() {
            journey.check()?;
            let before = &self.journeys[..place];
            if before.iter().any(|known| known.name == journey.name) {
                return Err(Error::new(format!(
                    "journey `{}` is there twice: give one of them another name",
                    journey.name
                )));
            }
        }
        for (place, objective) in self.objectives.iter().enumerate() {
            objective.check()?;
            let before = &self.objectives[..place];
            if before.iter().any(|known| known.name == objective.name) {
                return Err(Error::new(format!(
                    "objective `{}` is there twice: give one of them another name",
                    objective.name
                )));
            }
        }
        Ok(())
    }
}

/// That this can be the value of a label, and part of a file's name.
pub(crate) fn is_name(what: &str, name: &str) -> Result<(), Error> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    // Else YAML takes it for something else than a text, or a path for another folder.
    let is_word = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && !["null", "true", "false", "yes", "no", "on", "off", "y", "n"]
            .contains(&name.to_lowercase().as_str());
    if is_word && name.chars().all(is_plain) {
        return Ok(());
    }
    Err(Error::new(format!(
        "{what} `{name}`: give it a name of letters, digits, `-`, `_` and `.` that begins with a letter and is no word of YAML"
    )))
}

/// An address that paths follow.
fn without_slash(address: impl Into<String>) -> String {
    address.into().trim_end_matches('/').to_owned()
}

/// That this can be an address in files, and in links.
pub(crate) fn is_address(address: &str) -> Result<(), Error> {
    let is_plain = |c: char| c.is_ascii_graphic() && !"'\"\\{}`()<>".contains(c);
    let scheme = ["https://", "http://"];
    let rest = scheme.iter().find_map(|one| address.strip_prefix(one));
    let authority = rest.and_then(|rest| rest.split(['/', '?', '#']).next());
    if authority.is_some_and(|authority| authority.contains('@')) {
        return Err(Error::new(
            "an address has a user or a password in it, which would stand in files and labels: give it without; a step of a journey can have a token_file",
        ));
    }
    let has_host = authority.is_some_and(|authority| !authority.is_empty());
    if has_host && address.chars().all(is_plain) {
        return Ok(());
    }
    Err(Error::new(format!(
        "address `{address}`: give it as https://…, without quotes, blanks, brackets and braces"
    )))
}

//! A service, and what of the kit is made for it.

use std::collections::{BTreeMap, BTreeSet};

use crate::alertmanager;
use crate::answer::Answer;
use crate::blackbox;
use crate::elastic;
use crate::environment::Environment;
use crate::error::Error;
use crate::family::Family;
use crate::file::File;
use crate::grafana;
use crate::journey::Journey;
use crate::mail::Mail;
use crate::names::{kubernetes_name, without_slash};
use crate::objective::Slo;
use crate::parts::Parts;
use crate::place::filled;
use crate::prometheus;
use crate::readme;
use crate::runbooks;
use crate::stack;

use siphasher::sip::SipHasher13;

/// What the environment with customers is called.
pub(crate) const PRODUCTION: &str = "production";

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
    /// Where people reach Prometheus and Alertmanager, which they then link to.
    pub(crate) prometheus: Option<String>,
    pub(crate) alertmanager: Option<String>,
    pub(crate) deadman: Option<String>,
    pub(crate) mail: Option<Mail>,
    pub(crate) time_zone: String,
    pub(crate) image: Option<String>,
    /// Where customers are answered.
    pub(crate) port: u16,
    pub(crate) objectives: Vec<Slo>,
    pub(crate) without: Vec<String>,
    pub(crate) thresholds: BTreeMap<String, f64>,
    pub(crate) metrics: Vec<Family>,
    /// The routes and functions that it is known to have.
    pub(crate) endpoints: BTreeSet<String>,
    /// Whether rules are for the Prometheus Operator.
    pub(crate) in_kubernetes: bool,
    pub(crate) command: Option<String>,
}

impl Kit {
    /// The kit of a service that Prometheus scrapes as the job of this name.
    pub fn new(job: impl Into<String>) -> Self {
        let job = job.into();
        Self {
            team: "platform".to_owned(),
            environments: vec![Environment::new(PRODUCTION, [format!("{job}:9464")])],
            probes: Vec::new(),
            journeys: Vec::new(),
            runbooks: "https://runbooks.example".to_owned(),
            dashboards: "https://grafana.example".to_owned(),
            traces: "https://jaeger.example".to_owned(),
            prometheus: None,
            alertmanager: None,
            deadman: None,
            mail: None,
            time_zone: "UTC".to_owned(),
            image: None,
            port: 3000,
            job,
            objectives: Vec::new(),
            without: Vec::new(),
            thresholds: BTreeMap::new(),
            metrics: Vec::new(),
            endpoints: BTreeSet::new(),
            in_kubernetes: false,
            command: None,
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

    /// A metric that the service has besides those of the catalogue: a dashboard shows it. What is there twice has the labels of both.
    pub fn metric(mut self, metric: Family) -> Self {
        metric.join(&mut self.metrics);
        self
    }

    /// What an instance answers to `/metrics`: a dashboard shows the metrics that it has besides those of the catalogue. Each objective must be on a route
    /// or a function that it, or another instance, tells of, if they tell of any.
    pub fn answer(self, answer: Answer) -> Self {
        let mut kit = answer.added.into_iter().fold(self, Self::metric);
        kit.endpoints.extend(answer.endpoints);
        kit
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

    /// Where people reach Prometheus: alerts link to it. Default: they link to what its host calls itself.
    pub fn prometheus(mut self, address: impl Into<String>) -> Self {
        self.prometheus = Some(without_slash(address));
        self
    }

    /// Where people reach Alertmanager: messages link to it. Default: they link to what its host calls itself.
    pub fn alertmanager(mut self, address: impl Into<String>) -> Self {
        self.alertmanager = Some(without_slash(address));
        self
    }

    /// Who raises an alarm when Alertmanager no longer says that alerts come through: told every minute, by POST. An address, or, since who knows that can
    /// keep the alarm quiet, a file with it below `/run/secrets/alertmanager`. Default: nobody.
    pub fn deadman(mut self, address: impl Into<String>) -> Self {
        self.deadman = Some(address.into());
        self
    }

    /// How tickets are mailed: the server as host:port, the address that writes (by which the server knows it, too), and the one that they go to.
    /// Default: they are told in the chat alone.
    pub fn mail(
        mut self,
        host: impl Into<String>,
        from: impl Into<String>,
        to: impl Into<String>,
    ) -> Self {
        self.mail = Some(Mail {
            host: host.into(),
            from: from.into(),
            to: to.into(),
        });
        self
    }

    /// Whose nights and weekends are quiet, such as `Europe/Berlin`. Default: `UTC`.
    pub fn time_zone(mut self, zone: impl Into<String>) -> Self {
        self.time_zone = zone.into();
        self
    }

    /// The image of the service in Kubernetes, and in compose where `SERVICE_IMAGE` names no other. Default: one of the service's name at 1.0.0 in
    /// Kubernetes, none in compose.
    pub fn image(mut self, image: impl Into<String>) -> Self {
        self.image = Some(image.into());
        self
    }

    /// The port at which the service answers customers, in its container. Default: 3000. That of `/metrics` is the one of the targets in production.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// An objective, which has alerts of its own.
    pub fn objective(mut self, objective: Slo) -> Self {
        self.objectives.push(objective);
        self
    }

    /// Leaves an alert out, or a group of them: `business` for a service that sells nothing, which leaves out its dashboards and the rules of active users too, and `requests`, `objectives`, `targets`, `resources`,
    /// `monitoring`, `probes` and `pipeline`, which is about Prometheus and Alertmanager.
    pub fn without(mut self, alert: impl Into<String>) -> Self {
        self.without.push(alert.into());
        self
    }

    /// Sets the threshold of an alert, in what `runbooks/thresholds.md` says: a share below 1, seconds, days, or so many in a time.
    ///
    /// The tests of that alert are left out: they try the usual one.
    pub fn threshold(mut self, alert: impl Into<String>, value: f64) -> Self {
        self.thresholds.insert(alert.into(), value);
        self
    }

    /// The command that makes this kit, for its `README.md`. Default: none, and `README.md` names the crate.
    pub fn made_by(mut self, command: impl Into<String>) -> Self {
        self.command = Some(command.into());
        self
    }

    /// All files of the kit.
    ///
    /// # Errors
    ///
    /// When a name or an objective cannot be. The text says what to do.
    pub fn files(&self) -> Result<Vec<File>, Error> {
        self.check()?;
        let parts = Parts::of(self)?;
        let mut files = prometheus::files(self)?;
        files.extend(alertmanager::files(self, &parts)?);
        files.extend(blackbox::files(self)?);
        files.extend(grafana::files(self, &parts)?);
        files.extend(stack::files(self)?);
        files.extend(elastic::files(self)?);
        files.extend(runbooks::files(self, &parts)?);
        files.push(readme::file(self, &parts, &files));
        Ok(files)
    }

    /// The same in a cluster of Kubernetes, which has one environment.
    pub(crate) fn in_kubernetes(&self) -> Self {
        let mut kit = self.clone();
        kit.environments.truncate(1);
        kit.in_kubernetes = true;
        kit
    }

    /// Whether it has this alert of this group, where there is something that the alert looks at.
    pub(crate) fn has_alert(&self, group: &str, alert: &str) -> bool {
        let mut without = self.without.iter();
        !without.any(|without| without == group || without == alert)
    }

    /// Whether the service sells something.
    pub(crate) fn has_business(&self) -> bool {
        self.has_alert("business", "")
    }

    /// What looks back further than Prometheus keeps its data by default, as the beginning of a sentence.
    pub(crate) fn looks_back(&self) -> Option<&'static str> {
        match (!self.objectives.is_empty(), self.has_business()) {
            (true, true) => Some("Objectives and active users look back 30 days"),
            (true, false) => Some("Objectives look back 30 days"),
            (false, true) => Some("Active users look back 30 days"),
            (false, false) => None,
        }
    }

    /// The port of `/metrics`: that of the targets in production, where it is one.
    pub(crate) fn own_port(&self) -> u16 {
        let targets = self.environments[0].targets.iter();
        let ports = targets.filter_map(|target| target.rsplit_once(':')?.1.parse().ok());
        let ports: BTreeSet<u16> = ports.collect();
        match ports.first() {
            Some(port) if ports.len() == 1 => *port,
            _ => 9464,
        }
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
        let deployment = kubernetes_name(&self.job);
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
}

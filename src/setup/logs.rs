//! Has lines written: from what code and environment say to the thread that writes.

use std::io::Write;
use std::time::Duration;

use tracing::subscriber::NoSubscriber;

use crate::catalog;
use crate::database::Queries;
use crate::error::Error;
use crate::logs::{AccessLog, DEFAULT_FILTER, Filter, LogFormat, Logs, Settings, Target, Writer};
use crate::observe::Meter;
#[cfg(feature = "traces")]
use crate::otlp::{LineCollector, Signal};
use crate::setup::builder::MonitoringBuilder;
#[cfg(feature = "traces")]
use crate::setup::collector;
use crate::setup::environment::{Environment, Lookup, variable};
use crate::setup::subscriber::Logging;

const FILTER: &str = "RUST_LOG";
const EXPORTER: &str = "OTEL_LOGS_EXPORTER";

/// What a service has chosen for its logs.
pub(crate) struct LogChoices {
    wanted: Wanted,
    format: LogFormat,
    filter: Option<String>,
    writer: Option<Box<dyn Write + Send>>,
    #[cfg(feature = "traces")]
    collector: Option<String>,
    lines_per_second: u32,
    access: AccessLog,
    slow_query: Duration,
}

/// Who writes lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    /// A subscriber of ours, for `init`, unless somebody else has installed one; for `build` nobody.
    Default,
    /// Our layer in a subscriber of the service's own.
    Layer,
    Nobody,
}

impl Default for LogChoices {
    fn default() -> Self {
        Self {
            wanted: Wanted::Default,
            format: LogFormat::default(),
            filter: None,
            writer: None,
            #[cfg(feature = "traces")]
            collector: None,
            lines_per_second: 1000,
            access: AccessLog::default(),
            slow_query: Duration::from_secs(1),
        }
    }
}

impl LogChoices {
    /// Whether the code says where lines go.
    fn is_told_where(&self) -> bool {
        #[cfg(feature = "traces")]
        if self.collector.is_some() {
            return true;
        }
        self.writer.is_some()
    }

    /// Where lines go: where the code says, else where the environment does.
    fn destination(&mut self) -> Result<To, Error> {
        #[cfg(feature = "traces")]
        if let Some(endpoint) = self.collector.take() {
            return Ok(To::Collector(Some(endpoint)));
        }
        match self.writer.take() {
            Some(writer) => Ok(To::Writer(writer)),
            None => destination(&variable),
        }
    }
}

impl std::fmt::Debug for LogChoices {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogChoices")
            .field("wanted", &self.wanted)
            .field("format", &self.format)
            .field("filter", &self.filter)
            .field("lines_per_second", &self.lines_per_second)
            .field("access", &self.access)
            .finish_non_exhaustive()
    }
}

impl MonitoringBuilder {
    /// How lines look. Default: text on a terminal, else JSON by the Elastic Common Schema.
    pub fn log_format(mut self, format: LogFormat) -> Self {
        self.logs.format = format;
        self
    }

    /// Which lines are written: a level, and what differs from it by target. Default: what `RUST_LOG` says, or else `info`.
    ///
    /// ```
    /// # use ecolaura_monitoring::Monitoring;
    /// let builder = Monitoring::builder("shop").log_filter("info,hyper=warn,shop::orders=debug");
    /// # let _ = builder;
    /// ```
    pub fn log_filter(mut self, directives: impl Into<String>) -> Self {
        self.logs.filter = Some(directives.into());
        self
    }

    /// Where lines go. Default: standard output.
    ///
    /// A thread of its own writes to it, some lines at a time. With it a monitoring that is made by [`build`](Self::build) writes lines too.
    pub fn log_writer(mut self, writer: impl Write + Send + 'static) -> Self {
        self.logs.writer = Some(Box::new(writer));
        self
    }

    /// Sends lines to a collector by OTLP instead: the base of its address, such as `http://collector:4318`. Default: what `OTEL_LOGS_EXPORTER`
    /// says (`console`, `otlp` or `none`), or else standard output.
    ///
    /// They are sent once a second, and as spans are: `OTEL_EXPORTER_OTLP_*` (or `OTEL_EXPORTER_OTLP_LOGS_*`) and `OTEL_BLRP_SCHEDULE_DELAY` say
    /// how. While the collector is away a batch is tried for ten seconds, then dropped and counted, and so are those that wait beyond 4,096 lines or 8 MiB.
    #[cfg(feature = "traces")]
    pub fn log_collector(mut self, endpoint: impl Into<String>) -> Self {
        self.logs.collector = Some(endpoint.into());
        self
    }

    /// How many lines a second each place in the code may write. Default: 1,000; `u32::MAX` is no limit.
    ///
    /// Those beyond are counted in `monitoring_log_lines_dropped_total`, and the next line of that place says how many there were
    /// (`labels.lines_held_back`). Where none comes within 5 to 10 seconds, or before a flush or the end, a warning of its own says it for
    /// each such place; beyond 64 places one for all others.
    pub fn log_lines_per_second(mut self, most: u32) -> Self {
        self.logs.lines_per_second = most;
        self
    }

    /// Which requests have a line when they end. Default: all.
    pub fn access_log(mut self, access: AccessLog) -> Self {
        self.logs.access = access;
        self
    }

    /// How long a query of a database may take before its line is a warning. Default: 1 s.
    ///
    /// Lines of other queries are for debugging, and of failed ones errors: all are there with the filter `info,database=debug`.
    pub fn slow_query(mut self, time: Duration) -> Self {
        self.logs.slow_query = time;
        self
    }

    /// Writes no lines, and installs no subscriber of `tracing`.
    pub fn without_logs(mut self) -> Self {
        self.logs.wanted = Wanted::Nobody;
        self
    }

    /// Installs no subscriber of `tracing`: the service has one of its own, with [`log_layer`](crate::Monitoring::log_layer) in it.
    pub fn without_subscriber(mut self) -> Self {
        self.logs.wanted = Wanted::Layer;
        self
    }

    /// Has lines written, where somebody wants them.
    pub(crate) fn log(
        &mut self,
        global: bool,
        environment: &Environment,
        meter: &'static Meter,
    ) -> Result<Option<Logging>, Error> {
        let mut choices = std::mem::take(&mut self.logs);
        let share = choices.access.share;
        if !(0.0..=1.0).contains(&share) {
            let why = format!("the share of the access log is {share}: a share is from 0 to 1");
            return Err(Error::configuration(why));
        }
        // One that was there for a while, for a thread alone, is gone.
        let is_nobody = |dispatch: &tracing::Dispatch| dispatch.is::<NoSubscriber>();
        let is_free = global && tracing::dispatcher::get_default(is_nobody);
        let wanted = match choices.wanted {
            Wanted::Default => is_free || choices.is_told_where(),
            Wanted::Layer => true,
            Wanted::Nobody => false,
        };
        if !wanted {
            if global && choices.wanted == Wanted::Default {
                tracing::warn!(
                    "another subscriber of `tracing` was installed before `init`: no lines of requests, queries and logins are written, and none by \
                     the Elastic Common Schema. Remove it, or use `.without_subscriber()` and `monitoring.log_layer()`, or `.without_logs()`"
                );
            }
            return Ok(None);
        }
        let filter = match choices.filter.take() {
            Some(directives) => Filter::new(&directives)?,
            None => filter_of_environment()?,
        };
        let to = choices.destination()?;
        let is_stdout = matches!(to, To::Stdout);
        let Some(target) = self.target(to, environment)? else {
            return Ok(None);
        };
        let settings = Settings {
            format: match target.patience.is_zero() {
                true => choices.format,
                false => LogFormat::Ecs, // which is what is sent
            },
            is_stdout,
            is_patient: !target.patience.is_zero(),
            filter,
            most_per_second: choices.lines_per_second,
            access: choices.access,
            slow_query: choices.slow_query,
            service: &self.service(environment),
        };
        let logs = Logs::new(meter.registry, settings);
        let writer = Writer::start(logs, meter.registry, target).map_err(Error::log_writer)?;
        let _ = logs.queries.set(Box::new(Queries::new(meter)));
        meter.log(logs);
        Ok(Some(Logging {
            logs,
            writer,
            subscribes: is_free && choices.wanted == Wanted::Default,
        }))
    }

    /// What lines are written to, if they are.
    #[cfg_attr(
        not(feature = "traces"),
        allow(unused_variables, clippy::unnecessary_wraps)
    )]
    fn target(&self, to: To, environment: &Environment) -> Result<Option<Target>, Error> {
        Ok(Some(match to {
            To::Writer(writer) => Target::at_once(writer),
            To::Stdout => Target::at_once(std::io::stdout()),
            #[cfg(feature = "traces")]
            To::Collector(endpoint) => {
                let mut settings = collector::settings(&variable, Signal::Logs)?;
                if let Some(endpoint) = endpoint {
                    let (name, protocol) = ("the log collector's address", settings.protocol);
                    settings.endpoint =
                        collector::endpoint(name, &endpoint, true, protocol, Signal::Logs)?;
                }
                let patience = settings.delay;
                let resource = self.resource_of_signals(environment);
                let to = Box::new(LineCollector::new(&resource, settings)?);
                Target { to, patience }
            }
            To::Nowhere => return Ok(None),
        }))
    }

    /// What lines tell of the service.
    fn service(&self, environment: &Environment) -> Vec<(&'static str, String)> {
        let given = |keys: &[&str]| {
            let known = self.attributes.iter().chain(&environment.attributes);
            let is = |(key, _): &&(String, String)| keys.contains(&key.as_str());
            known.into_iter().find(is).map(|(_, value)| value.clone())
        };
        let version = Some(self.version.clone()).filter(|version| !version.is_empty());
        let environment = given(&["deployment.environment.name", "deployment.environment"]);
        let told = [
            (catalog::SERVICE_NAME, Some(self.service_name.clone())),
            (
                catalog::SERVICE_VERSION,
                version.or_else(|| given(&["service.version"])),
            ),
            (catalog::SERVICE_ENVIRONMENT, environment),
            (catalog::SERVICE_NODE_NAME, given(&["service.instance.id"])),
        ];
        told.into_iter()
            .filter_map(|(name, value)| Some((name, value.filter(|value| !value.is_empty())?)))
            .collect()
    }
}

/// The filter of the environment.
fn filter_of_environment() -> Result<Filter, Error> {
    match variable(FILTER)? {
        Some(directives) => Filter::new(&directives)
            .map_err(|error| Error::configuration(format!("{FILTER}: {error}"))),
        None => Filter::new(DEFAULT_FILTER),
    }
}

/// Where lines go.
enum To {
    Writer(Box<dyn Write + Send>),
    Stdout,
    /// That of the code, or of the environment.
    #[cfg(feature = "traces")]
    Collector(Option<String>),
    Nowhere,
}

/// What the environment says of where lines go.
fn destination(variable: Lookup<'_>) -> Result<To, Error> {
    let Some(value) = variable(EXPORTER)? else {
        return Ok(To::Stdout);
    };
    match value.to_ascii_lowercase().as_str() {
        "console" => Ok(To::Stdout),
        "none" => Ok(To::Nowhere),
        #[cfg(feature = "traces")]
        "otlp" => Ok(To::Collector(None)),
        _ => Err(Error::configuration(format!(
            "{EXPORTER} is `{value}`: set it to `console` (standard output, which is the default), `otlp` or `none`{}",
            match cfg!(feature = "traces") {
                true => "",
                false => "; `otlp` needs the feature `traces` of ecolaura-monitoring",
            }
        ))),
    }
}

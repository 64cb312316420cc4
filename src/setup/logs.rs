//! Has lines written: from what code and environment say to the thread that writes.

use std::io::Write;
use std::time::Duration;

use tracing::subscriber::NoSubscriber;

use crate::catalog;
use crate::database::Queries;
use crate::error::Error;
use crate::logs::{
    ACCEPTED_FILTERS, AccessLog, DEFAULT_FILTER, Filter, LogFormat, Logs, Settings, Target, Writer,
};
use crate::observe::Meter;
#[cfg(feature = "traces")]
use crate::otlp::{LineCollector, Signal};
use crate::setup::builder::MonitoringBuilder;
#[cfg(feature = "traces")]
use crate::setup::collector;
use crate::setup::environment::Environment;
use crate::setup::subscriber::Logging;
use crate::setup::variables::{Variables, Wrong, exporter_of_list};

const FILTER: &str = "RUST_LOG";
const EXPORTER: &str = "OTEL_LOGS_EXPORTER";

/// What a service has chosen for its logs.
pub(crate) struct LogChoices {
    without_logs: bool,
    /// Our layer in a subscriber of the service's own.
    without_subscriber: bool,
    format: LogFormat,
    filter: Option<String>,
    writer: Option<Box<dyn Write + Send>>,
    #[cfg(feature = "traces")]
    collector: Option<String>,
    lines_per_second: u32,
    access: AccessLog,
    slow_query: Duration,
}

/// What becomes of the log.
pub(crate) enum Log {
    Written(Logging),
    /// Another subscriber is installed, or none: that of a monitoring made by `build`.
    Elsewhere,
    /// Switched off, by the code or the environment.
    Off {
        /// Whether `init` installs a subscriber for spans.
        #[cfg_attr(not(feature = "traces"), allow(dead_code))]
        subscribes: bool,
    },
}

impl Log {
    pub(crate) fn is_off(&self) -> bool {
        matches!(self, Self::Off { .. })
    }

    /// Whether `init` installs a subscriber for spans alone.
    #[cfg(feature = "traces")]
    pub(crate) fn is_for_spans_alone(&self) -> bool {
        matches!(self, Self::Off { subscribes: true })
    }

    pub(crate) fn into_logging(self) -> Option<Logging> {
        match self {
            Self::Written(logging) => Some(logging),
            Self::Elsewhere | Self::Off { .. } => None,
        }
    }
}

impl Default for LogChoices {
    fn default() -> Self {
        Self {
            without_logs: false,
            without_subscriber: false,
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
    fn destination(&mut self, variables: &Variables<'_>) -> Result<To, Error> {
        let writer = self.writer.take();
        #[cfg(feature = "traces")]
        match (self.collector.take(), &writer) {
            (Some(endpoint), None) => return Ok(To::Collector(Some(endpoint))),
            (Some(_), Some(_)) => {
                let why = "the log has a `log_writer` and a `log_collector`: choose one of them";
                return Err(Error::configuration(why));
            }
            (None, _) => {}
        }
        Ok(match writer {
            Some(writer) => To::Writer(writer),
            None => destination(variables),
        })
    }
}

impl std::fmt::Debug for LogChoices {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("LogChoices");
        #[cfg(feature = "traces")]
        shown.field("collector", &self.collector);
        shown
            .field("without_logs", &self.without_logs)
            .field("without_subscriber", &self.without_subscriber)
            .field("format", &self.format)
            .field("filter", &self.filter)
            .field("lines_per_second", &self.lines_per_second)
            .field("access", &self.access)
            .field("slow_query", &self.slow_query)
            .field("writer", &self.writer.is_some())
            .finish_non_exhaustive()
    }
}

impl MonitoringBuilder {
    /// How lines look. Default: text on a terminal, else JSON by the Elastic Common Schema. To a collector it makes no difference.
    pub fn log_format(mut self, format: LogFormat) -> Self {
        self.logs.format = format;
        self
    }

    /// Which lines are written: a level, and what differs from it by target, or by a span that a line is in. Default: what `RUST_LOG` says, or
    /// else `info`.
    ///
    /// The language is that of `EnvFilter` of `tracing-subscriber`, such as `info,[packing{order=7}]=debug`; a value is a number, a boolean or
    /// a regular expression. What is no directive is an error here, and in `RUST_LOG` warned of and left out. So is, but here alone, a single word
    /// that is no level: write `my_crate=trace`.
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

    /// Where lines go. Default: standard output. It is an error to name a [`log_collector`](Self::log_collector) as well.
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

    /// Writes no lines, and installs no subscriber of `tracing` and no panic hook, whatever else is said of the log.
    ///
    /// For spans of `tracing` add [`TracingLayer`](crate::TracingLayer) to a subscriber of your own. `OTEL_LOGS_EXPORTER=none` writes no lines
    /// either, but `init` then installs a subscriber for those spans, which takes events only into spans.
    ///
    /// Then nothing is said of start and stop either; through `tracing`, if the service has a subscriber of its own. Standard error has warnings
    /// alone, such as of a value in the environment that cannot be used.
    pub fn without_logs(mut self) -> Self {
        self.logs.without_logs = true;
        self
    }

    /// Installs no subscriber of `tracing`: the service has one of its own, with [`log_layer`](crate::Monitoring::log_layer) in it.
    pub fn without_subscriber(mut self) -> Self {
        self.logs.without_subscriber = true;
        self
    }

    /// Has lines written, where somebody wants them.
    pub(crate) fn log(
        &mut self,
        global: bool,
        environment: &Environment,
        variables: &Variables<'_>,
        meter: &'static Meter,
    ) -> Result<Log, Error> {
        let mut choices = std::mem::take(&mut self.logs);
        let share = choices.access.share;
        if !(0.0..=1.0).contains(&share) {
            let why = format!("the share of the access log is {share}: a share is from 0 to 1");
            return Err(Error::configuration(why));
        }
        if choices.without_logs {
            // Nor a subscriber: the service may install its own later.
            return Ok(Log::Off { subscribes: false });
        }
        // One that was there for a while, for a thread alone, is gone.
        let is_nobody = |dispatch: &tracing::Dispatch| dispatch.is::<NoSubscriber>();
        let is_free = global && tracing::dispatcher::get_default(is_nobody);
        if !(is_free || choices.without_subscriber || choices.is_told_where()) {
            if global {
                tracing::warn!(
                    "another subscriber of `tracing` was installed before `init`: no lines of requests, queries and logins are written, and none by \
                     the Elastic Common Schema. Remove it, or use `.without_subscriber()` and `monitoring.log_layer()`, or `.without_logs()`"
                );
            }
            return Ok(Log::Elsewhere);
        }
        let filter = match choices.filter.take() {
            Some(directives) => Filter::new(&directives)?,
            None => filter_of_environment(variables)?,
        };
        let to = choices.destination(variables)?;
        let is_stdout = matches!(to, To::Stdout);
        let subscribes = is_free && !choices.without_subscriber;
        let Some(target) = self.target(to, environment, variables)? else {
            return Ok(Log::Off { subscribes });
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
        Ok(Log::Written(Logging {
            logs,
            writer,
            subscribes,
        }))
    }

    /// What lines are written to, if they are.
    #[cfg_attr(
        not(feature = "traces"),
        allow(unused_variables, clippy::unnecessary_wraps)
    )]
    fn target(
        &self,
        to: To,
        environment: &Environment,
        variables: &Variables<'_>,
    ) -> Result<Option<Target>, Error> {
        Ok(Some(match to {
            To::Writer(writer) => Target::at_once(writer),
            To::Stdout => Target::at_once(std::io::stdout()),
            #[cfg(feature = "traces")]
            To::Collector(endpoint) => {
                let mut settings = collector::settings(variables, Signal::Logs)?;
                if let Some(endpoint) = endpoint {
                    let (name, protocol) =
                        ("the address of `.log_collector(…)`", settings.protocol);
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
fn filter_of_environment(variables: &Variables<'_>) -> Result<Filter, Error> {
    let Some(list) = variables.text(FILTER) else {
        return Filter::new(DEFAULT_FILTER);
    };
    let read = Filter::lenient(&list);
    if !read.wrong.is_empty() {
        variables.warn(&Wrong {
            name: FILTER,
            value: &list,
            parts: &read.wrong,
            instead: &format!("`{}`", read.filter.directives()),
            accepted: ACCEPTED_FILTERS,
        });
    }
    for word in read.words {
        variables.add(format!(
            "{FILTER}: `{word}` is no level, so it is taken for the target whose lines are written. Accepted: {ACCEPTED_FILTERS}"
        ));
    }
    Ok(read.filter)
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
fn destination(variables: &Variables<'_>) -> To {
    let exporters = [
        #[cfg(feature = "traces")]
        "otlp",
        "console",
        "none",
    ];
    match exporter_of_list(variables, EXPORTER, "console", &exporters) {
        #[cfg(feature = "traces")]
        "otlp" => To::Collector(None),
        "none" => To::Nowhere,
        _ => To::Stdout,
    }
}

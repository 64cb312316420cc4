//! Which lines are written, how they look, and where they go.

use std::io::Write;
use std::time::Duration;

use tracing::subscriber::NoSubscriber;

use crate::catalog;
use crate::database::Queries;
use crate::error::Error;
use crate::logs::{
    ACCEPTED_FILTERS, AccessLog, DEFAULT_FILTER, Filter, LogFormat, Logs, Settings, Target, Writer,
};
#[cfg(feature = "traces")]
use crate::otlp::{LineCollector, Signal};
use crate::setup::logs::{Lines, Log};
use crate::setup::service::Service;
use crate::setup::start::Start;
#[cfg(feature = "traces")]
use crate::setup::traces::otlp;
use crate::setup::variables::{Variables, Wrong, exporter_of_list};

const FILTER: &str = "RUST_LOG";
const EXPORTER: &str = "OTEL_LOGS_EXPORTER";

/// Which lines are written, how they look, and where they go; see [`MonitoringBuilder::logs`](crate::MonitoringBuilder::logs).
pub struct LogsConfig {
    /// See [`MonitoringBuilder::without_logs`](crate::MonitoringBuilder::without_logs).
    pub(crate) is_off: bool,
    /// Our layer in a subscriber of the service's own.
    without_subscriber: bool,
    format: LogFormat,
    filter: Option<String>,
    writer: Option<Box<dyn Write + Send>>,
    #[cfg(feature = "traces")]
    otlp_endpoint: Option<String>,
    max_lines_per_second: u32,
    access_log: AccessLog,
    slow_query: Duration,
}

impl Default for LogsConfig {
    fn default() -> Self {
        Self {
            is_off: false,
            without_subscriber: false,
            format: LogFormat::default(),
            filter: None,
            writer: None,
            #[cfg(feature = "traces")]
            otlp_endpoint: None,
            max_lines_per_second: 1000,
            access_log: AccessLog::default(),
            slow_query: Duration::from_secs(1),
        }
    }
}

impl std::fmt::Debug for LogsConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("LogsConfig");
        #[cfg(feature = "traces")]
        shown.field("otlp_endpoint", &self.otlp_endpoint);
        shown
            .field("is_off", &self.is_off)
            .field("without_subscriber", &self.without_subscriber)
            .field("format", &self.format)
            .field("filter", &self.filter)
            .field("max_lines_per_second", &self.max_lines_per_second)
            .field("access_log", &self.access_log)
            .field("slow_query", &self.slow_query)
            .field("writer", &self.writer.is_some())
            .finish_non_exhaustive()
    }
}

impl LogsConfig {
    /// How lines look. Default: text on a terminal, else JSON by the Elastic Common Schema. To a collector it makes no difference.
    pub fn format(mut self, format: LogFormat) -> Self {
        self.format = format;
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
    /// let builder = Monitoring::builder("shop").logs(|logs| logs.filter("info,hyper=warn,shop::orders=debug"));
    /// # let _ = builder;
    /// ```
    pub fn filter(mut self, directives: impl Into<String>) -> Self {
        self.filter = Some(directives.into());
        self
    }

    /// Where lines go. Default: standard output. It is an error to name an [`otlp_endpoint`](Self::otlp_endpoint) as well.
    ///
    /// A thread of its own writes to it, some lines at a time. With it, an `otlp_endpoint` or
    /// [`without_subscriber`](Self::without_subscriber) a monitoring that is made by [`build`](crate::MonitoringBuilder::build) writes lines too.
    pub fn writer(mut self, writer: impl Write + Send + 'static) -> Self {
        self.writer = Some(Box::new(writer));
        self
    }

    /// Sends lines to a collector by OTLP instead: the base of its address, such as `http://collector:4318`. Default: what `OTEL_LOGS_EXPORTER`
    /// says (`console`, `otlp` or `none`), or else standard output.
    ///
    /// They are sent once a second, and as spans are: `OTEL_EXPORTER_OTLP_*` (or `OTEL_EXPORTER_OTLP_LOGS_*`) and `OTEL_BLRP_SCHEDULE_DELAY` say
    /// how. While the collector is away a batch is tried for ten seconds, then dropped and counted, and so are those that wait beyond 4,096 lines or 8 MiB.
    #[cfg(feature = "traces")]
    pub fn otlp_endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.otlp_endpoint = Some(endpoint.into());
        self
    }

    /// How many lines a second each place in the code may write. Default: 1,000; `u32::MAX` is no limit.
    ///
    /// Those beyond are counted in `monitoring_log_lines_dropped_total`, and the next line of that place says how many there were
    /// (`labels.lines_held_back`). Where none comes within 5 to 10 seconds, or before a flush or the end, a warning of its own says it for
    /// each such place; beyond 64 places one for all others.
    pub fn max_lines_per_second(mut self, most: u32) -> Self {
        self.max_lines_per_second = most;
        self
    }

    /// Which requests have a line when they end. Default: all.
    pub fn access_log(mut self, access: AccessLog) -> Self {
        self.access_log = access;
        self
    }

    /// How long a query of a database may take before its line is a warning. Default: 1 s.
    ///
    /// Lines of other queries are for debugging, and of failed ones errors: all are there with the filter `info,database=debug`.
    pub fn slow_query(mut self, time: Duration) -> Self {
        self.slow_query = time;
        self
    }

    /// Installs no subscriber of `tracing`: the service has one of its own, with [`log_layer`](crate::Monitoring::log_layer) in it.
    pub fn without_subscriber(mut self) -> Self {
        self.without_subscriber = true;
        self
    }

    /// Has lines written, where somebody wants them.
    pub(crate) fn start(mut self, start: &Start<'_>) -> Result<Log, Error> {
        let ratio = self.access_log.sample_ratio;
        if !(0.0..=1.0).contains(&ratio) {
            let why =
                format!("the sample ratio of the access log is {ratio}: a share is from 0 to 1");
            return Err(Error::configuration(why));
        }
        if self.is_off {
            // Nor a subscriber: the service may install its own later.
            return Ok(Log::Off { subscribes: false });
        }
        // One that was there for a while, for a thread alone, is gone.
        let is_nobody = |dispatch: &tracing::Dispatch| dispatch.is::<NoSubscriber>();
        let is_free = start.is_global && tracing::dispatcher::get_default(is_nobody);
        if !(is_free || self.without_subscriber || self.has_destination()) {
            if start.is_global {
                tracing::warn!(
                    "another subscriber of `tracing` was installed before `init`: no lines of requests, queries and logins are written, and none by \
                     the Elastic Common Schema. Remove it, or use `.logs(|logs| logs.without_subscriber())` and `monitoring.log_layer()`, or `.without_logs()`"
                );
            }
            return Ok(Log::Elsewhere);
        }
        let filter = match self.filter.take() {
            Some(directives) => Filter::new(&directives)?,
            None => filter_of_environment(start.variables)?,
        };
        let to = self.destination(start.variables)?;
        let is_stdout = matches!(to, To::Stdout);
        let subscribes = is_free && !self.without_subscriber;
        let Some(target) = to.target(start)? else {
            return Ok(Log::Off { subscribes });
        };
        let is_patient = !target.patience.is_zero();
        let settings = Settings {
            format: self.format,
            is_stdout,
            is_patient,
            filter,
            most_per_second: self.max_lines_per_second,
            access: self.access_log,
            slow_query: self.slow_query,
            service: &fields(start.service),
        };
        let registry = start.meter.registry;
        let logs = Logs::new(registry, settings);
        let writer = Writer::start(logs, registry, target).map_err(Error::log_writer)?;
        let _ = logs.queries.set(Box::new(Queries::new(start.meter)));
        start.meter.log(logs);
        Ok(Log::Written(Lines {
            logs,
            writer,
            subscribes,
        }))
    }

    /// Whether the code says where lines go.
    fn has_destination(&self) -> bool {
        #[cfg(feature = "traces")]
        if self.otlp_endpoint.is_some() {
            return true;
        }
        self.writer.is_some()
    }

    /// Where lines go: where the code says, else where the environment does.
    fn destination(&mut self, variables: &Variables<'_>) -> Result<To, Error> {
        let writer = self.writer.take();
        #[cfg(feature = "traces")]
        match (self.otlp_endpoint.take(), &writer) {
            (Some(endpoint), None) => return Ok(To::Collector(Some(endpoint))),
            (Some(_), Some(_)) => {
                let why = "the log has a `writer` and an `otlp_endpoint`: choose one of them";
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

impl To {
    /// What lines are written to, if they are.
    #[cfg_attr(
        not(feature = "traces"),
        allow(unused_variables, clippy::unnecessary_wraps)
    )]
    fn target(self, start: &Start<'_>) -> Result<Option<Target>, Error> {
        Ok(Some(match self {
            To::Writer(writer) => Target::at_once(writer),
            To::Stdout => Target::at_once(std::io::stdout()),
            #[cfg(feature = "traces")]
            To::Collector(endpoint) => {
                let mut settings = otlp::settings(start.variables, Signal::Logs)?;
                if let Some(endpoint) = endpoint {
                    let name = "the address of `.logs(|logs| logs.otlp_endpoint(…))`";
                    let protocol = settings.protocol;
                    settings.endpoint =
                        otlp::endpoint(name, &endpoint, true, protocol, Signal::Logs)?;
                }
                let patience = settings.delay;
                let to = Box::new(LineCollector::new(&start.service.resource(), settings)?);
                Target { to, patience }
            }
            To::Nowhere => return Ok(None),
        }))
    }
}

/// What each line has of the service.
fn fields(service: &Service) -> Vec<(&'static str, String)> {
    let environment = ["deployment.environment.name", "deployment.environment"];
    let fields = [
        (catalog::SERVICE_NAME, Some(&*service.name)),
        (catalog::SERVICE_VERSION, service.version()),
        (
            catalog::SERVICE_ENVIRONMENT,
            service.attribute(&environment),
        ),
        (
            catalog::SERVICE_NODE_NAME,
            service.attribute(&["service.instance.id"]),
        ),
    ];
    let given = fields.into_iter().filter_map(|(name, value)| {
        let value = value.filter(|value| !value.is_empty())?;
        Some((name, value.to_owned()))
    });
    given.collect()
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

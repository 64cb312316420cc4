//! What a service has chosen for its logs.

use std::io::IsTerminal as _;
use std::sync::OnceLock;
use std::time::Duration;

use crate::logs::access::AccessLog;
use crate::logs::callsite::Callsites;
use crate::logs::escape::Style;
use crate::logs::filter::Filter;
use crate::logs::line::Format;
use crate::logs::output::Output;
use crate::logs::own::Verdicts;
use crate::logs::query::TakesQueries;
use crate::metrics::Registry;

/// How lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogFormat {
    /// Text where standard output is a terminal and nothing else was chosen to write to, else ECS.
    #[default]
    Auto,
    /// JSON by the Elastic Common Schema.
    Ecs,
    /// For people.
    Text,
}

impl LogFormat {
    /// `is_stdout`: lines go to standard output.
    fn style(self, is_stdout: bool) -> Style {
        let is_terminal = is_stdout && std::io::stdout().is_terminal();
        let wants_colours = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        match self {
            Self::Ecs => Style::Ecs,
            Self::Auto if !is_terminal => Style::Ecs,
            Self::Auto | Self::Text if is_terminal && wants_colours => Style::Coloured,
            Self::Auto | Self::Text => Style::Text,
        }
    }
}

/// What a service has chosen.
pub(crate) struct Settings<'a> {
    pub(crate) format: LogFormat,
    pub(crate) is_stdout: bool,
    /// Whether lines wait for others to be sent with, as records of OTLP.
    pub(crate) is_patient: bool,
    pub(crate) filter: Filter,
    pub(crate) most_per_second: u32,
    pub(crate) access: AccessLog,
    pub(crate) slow_query: Duration,
    /// What lines tell of the service.
    pub(crate) service: &'a [(&'static str, String)],
}

/// The logs of one monitoring.
pub(crate) struct Logs {
    /// Whether lines go to standard output.
    pub(crate) is_stdout: bool,
    pub(crate) format: Format,
    pub(crate) filter: Filter,
    pub(crate) callsites: Callsites,
    pub(crate) verdicts: Verdicts,
    pub(crate) access: AccessLog,
    /// A query that takes this long is told of.
    pub(crate) slow_query: Duration,
    /// Who is told of queries.
    pub(crate) queries: OnceLock<Box<dyn TakesQueries>>,
    pub(crate) output: &'static Output,
}

impl Logs {
    pub(crate) fn new(registry: Registry, settings: Settings<'_>) -> &'static Self {
        let style = match settings.is_patient {
            true => Style::Otlp,
            false => settings.format.style(settings.is_stdout),
        };
        Box::leak(Box::new(Self {
            is_stdout: settings.is_stdout,
            format: Format::new(style, settings.service),
            filter: settings.filter,
            verdicts: Verdicts::default(),
            callsites: Callsites::new(settings.most_per_second, style),
            access: settings.access,
            slow_query: settings.slow_query,
            queries: OnceLock::new(),
            output: Output::new(registry, settings.is_patient),
        }))
    }
}

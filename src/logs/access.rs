//! One line for each request.

use std::time::{Duration, SystemTime};

use tracing::Level;

use crate::catalog::{self, Dataset};
use crate::logs::Logs;
use crate::logs::escape::{plain, told};
use crate::logs::line::Head;
use crate::logs::output::{Content, Line};
use crate::logs::pairs::{Kind, Pairs};
use crate::outcome::Outcome;
use crate::trace_context::TraceContext;

/// The longest path that is shown.
const LONGEST_PATH: usize = 2048;

/// Which requests have a line in the access log.
///
/// ```
/// use std::time::Duration;
/// use ecolaura_monitoring::{AccessLog, Monitoring};
///
/// # fn main() -> Result<(), ecolaura_monitoring::Error> {
/// let few = AccessLog::failures().slower_than(Duration::from_millis(500)).sample_ratio(0.01);
/// let monitoring = Monitoring::builder("ecolaura-api").logs(|logs| logs.access_log(few)).build()?;
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use = "hand it to the builder"]
pub struct AccessLog {
    failures: bool,
    slower_than: Option<Duration>,
    pub(crate) sample_ratio: f64,
}

impl Default for AccessLog {
    /// All requests.
    fn default() -> Self {
        Self::all()
    }
}

impl AccessLog {
    /// All requests.
    pub const fn all() -> Self {
        Self::none().sample_ratio(1.0)
    }

    /// None.
    pub const fn none() -> Self {
        Self {
            failures: false,
            slower_than: None,
            sample_ratio: 0.0,
        }
    }

    /// Those that were answered with 5xx, panicked, ran into a timeout, or whose client went away.
    pub const fn failures() -> Self {
        Self {
            failures: true,
            ..Self::none()
        }
    }

    /// Also those that took longer than this, a stream until its head.
    pub const fn slower_than(mut self, time: Duration) -> Self {
        self.slower_than = Some(time);
        self
    }

    /// Also this share of all, from 0 to 1. A wrong number is an error of [`MonitoringBuilder::init`](crate::MonitoringBuilder::init).
    ///
    /// By chance, whatever clients send.
    pub const fn sample_ratio(mut self, ratio: f64) -> Self {
        self.sample_ratio = ratio;
        self
    }

    /// Whether there is any line.
    pub(crate) fn is_any(&self) -> bool {
        self.failures || self.slower_than.is_some() || self.sample_ratio > 0.0
    }

    fn wants(&self, ended: &Ended) -> bool {
        let is_slow = |most: Duration| u128::from(ended.until_head_or_end) > most.as_nanos();
        self.sample_ratio >= 1.0
            || (self.failures && ended.outcome.has_failed())
            || self.slower_than.is_some_and(is_slow)
            || (self.sample_ratio > 0.0 && fastrand::f64() < self.sample_ratio)
    }
}

/// A request that may have a line when it ends.
pub(crate) struct Visit {
    pub(crate) path: Vec<u8>,
    version: &'static str,
    /// Nanoseconds until its head, of a stream.
    pub(crate) until_head: Option<u64>,
    ended: Option<Ended>,
}

impl Visit {
    /// One with room for a path of so many bytes.
    pub(crate) fn with_room(bytes: usize) -> Self {
        Self {
            path: Vec::with_capacity(bytes),
            version: "",
            until_head: None,
            ended: None,
        }
    }
}

/// What became of it.
#[derive(Clone, Copy)]
pub(crate) struct Ended {
    pub(crate) at: SystemTime,
    pub(crate) method: &'static str,
    /// The template of the route that it matched.
    pub(crate) endpoint: &'static str,
    /// The status that it counts with: 499 where the client went away before there was one.
    pub(crate) code: u16,
    pub(crate) outcome: Outcome,
    /// Nanoseconds until its end, with the life of a stream.
    pub(crate) nanoseconds: u64,
    /// Nanoseconds until its end; of a stream, until its head.
    pub(crate) until_head_or_end: u64,
    /// Bytes of both bodies.
    pub(crate) received: Option<u64>,
    pub(crate) sent: u64,
    pub(crate) context: Option<TraceContext>,
}

impl Ended {
    fn level(&self) -> Level {
        match self.outcome {
            Outcome::ServerError | Outcome::Panic | Outcome::Timeout => Level::ERROR,
            _ => Level::INFO,
        }
    }

    /// By its status, as the access logs of proxies have it.
    fn event_outcome(&self) -> &'static str {
        match (self.outcome, self.code) {
            (Outcome::Success, ..400) => "success",
            _ => "failure",
        }
    }
}

impl Logs {
    /// A request with this path begins.
    pub(crate) fn begun(&self, path: &str, version: &'static str) -> Box<Visit> {
        let mut visit = self.output.visit();
        visit.path.clear();
        let path = crate::text::cut(path, LONGEST_PATH);
        visit.path.extend_from_slice(path.as_bytes());
        (visit.version, visit.until_head, visit.ended) = (version, None, None);
        visit
    }

    /// It has ended.
    pub(crate) fn ended(&self, mut visit: Box<Visit>, ended: Ended) {
        if !self.access.wants(&ended) {
            return self.output.recycle(Content::Access(visit));
        }
        visit.ended = Some(ended);
        self.output.put(Line {
            dataset: Dataset::Access,
            level: ended.level(),
            content: Content::Access(visit),
        });
    }

    /// Writes the line of a request that has ended.
    pub(crate) fn write_access(&self, out: &mut Vec<u8>, visit: &Visit) {
        let Some(ended) = &visit.ended else { return };
        let style = self.format.style;
        let path = String::from_utf8_lossy(&visit.path);
        let head = Head {
            at: ended.at,
            level: ended.level(),
            dataset: Dataset::Access,
            context: ended.context,
            target: Dataset::Access.as_str(),
            tail: b"",
        };
        let mut message = Vec::new();
        plain(&mut message, ended.method, style);
        message.push(b' ');
        told(&mut message, &path, LONGEST_PATH, style);
        message.push(b' ');
        message.extend_from_slice(itoa::Buffer::new().format(ended.code).as_bytes());
        let mut pairs = Pairs::default();
        self.describe(ended, &path, visit.version, &mut pairs);
        self.format.write(out, &head, &message, &pairs);
    }

    fn describe(&self, ended: &Ended, path: &str, version: &str, pairs: &mut Pairs) {
        let style = self.format.style;
        if !style.is_for_people() {
            pairs.add_event(style, "web", "access");
            pairs.add_text(
                style,
                Kind::Schema,
                catalog::EVENT_OUTCOME,
                ended.event_outcome(),
            );
            pairs.add_text(
                style,
                Kind::Schema,
                catalog::HTTP_REQUEST_METHOD,
                ended.method,
            );
            pairs.add_text(style, Kind::Schema, catalog::URL_PATH, path);
            let code = u64::from(ended.code);
            pairs.add_number(
                style,
                Kind::Schema,
                catalog::HTTP_RESPONSE_STATUS_CODE,
                code,
            );
        }
        pairs.add_duration(style, ended.nanoseconds);
        if !style.is_for_people() {
            if let Some(received) = ended.received {
                pairs.add_number(
                    style,
                    Kind::Schema,
                    catalog::HTTP_REQUEST_BODY_BYTES,
                    received,
                );
            }
            pairs.add_text(style, Kind::Schema, catalog::HTTP_VERSION, version);
        }
        pairs.add_number(
            style,
            Kind::Schema,
            catalog::HTTP_RESPONSE_BODY_BYTES,
            ended.sent,
        );
        pairs.add_text(style, Kind::Label, catalog::ENDPOINT, ended.endpoint);
        pairs.add_text(style, Kind::Label, catalog::OUTCOME, ended.outcome.as_str());
    }
}

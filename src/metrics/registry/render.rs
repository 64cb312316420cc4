//! A registry as a scraper wants to read it.

use crate::metrics::expose::encode::{Exposition, Format, OpenMetrics, Output, Protobuf, Text};
use crate::metrics::expose::filter::Only;
use crate::metrics::expose::sink::Sink;
use crate::metrics::registry::Registry;

/// Everything in one format; see [`Registry::encode`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Encoded {
    /// The value of the `Content-Type` header.
    pub content_type: &'static str,
    /// What was written.
    pub body: Vec<u8>,
}

/// How a scrape wants everything written.
pub(crate) struct Rendering {
    pub(crate) exposition: Exposition,
    /// Only these families; all when there are none.
    pub(crate) names: Vec<String>,
    /// Whether histograms have their native side, where the format can hold it.
    pub(crate) native: bool,
    /// Whether OpenMetrics tells when counting began.
    pub(crate) created: bool,
}

impl Default for Rendering {
    fn default() -> Self {
        Self {
            exposition: Exposition::default(),
            names: Vec::new(),
            native: true,
            created: false,
        }
    }
}

impl Registry {
    /// Everything as Prometheus text 0.0.4, for services that have a `/metrics` handler of their own.
    ///
    /// Serve it as [`TEXT_CONTENT_TYPE`](crate::metrics::TEXT_CONTENT_TYPE). Takes a few milliseconds of CPU for each
    /// thousand histograms: not on a thread that answers requests.
    pub fn render(self) -> String {
        let text = self.write(&Rendering::default(), Output::whole());
        String::from_utf8(text).unwrap_or_default() // the text formats are UTF-8
    }

    /// Everything in the format that the lines of an `Accept` header ask for, for services that have a `/metrics` handler of their own.
    ///
    /// Text 0.0.4 and 1.0.0, OpenMetrics 1.0 and Prometheus' protobuf; text 0.0.4 where nothing else is asked for. Costs as
    /// [`render`](Self::render).
    ///
    /// ```
    /// # fn main() -> Result<(), ecolaura_monitoring::Error> {
    /// # let monitoring = ecolaura_monitoring::Monitoring::builder("docs").build()?;
    /// let accept = "application/openmetrics-text;version=1.0.0,*/*;q=0.1";
    /// let answer = monitoring.metrics().encode([accept.as_bytes()]);
    /// assert!(answer.content_type.starts_with("application/openmetrics-text"));
    /// assert!(answer.body.ends_with(b"# EOF\n"));
    /// # Ok(()) }
    /// ```
    pub fn encode<'a>(self, accept: impl IntoIterator<Item = &'a [u8]>) -> Encoded {
        let exposition = Exposition::negotiate(accept.into_iter());
        let rendering = Rendering {
            exposition,
            ..self.rendering()
        };
        Encoded {
            content_type: exposition.content_type(),
            body: self.write(&rendering, Output::whole()),
        }
    }

    /// How a scrape is written unless it asks for something else.
    pub(crate) fn rendering(self) -> Rendering {
        let (native, created) = self.shown();
        Rendering {
            native,
            created,
            ..Rendering::default()
        }
    }

    /// Writes everything, and returns what the output did not hand on.
    pub(crate) fn write(self, rendering: &Rendering, out: Output<'_>) -> Vec<u8> {
        let escaping = rendering.exposition.escaping();
        match rendering.exposition.format() {
            Format::Text | Format::Text1 => {
                let mut text = Text::new(out, escaping);
                self.collect_only(rendering, &mut text);
                text.finish()
            }
            Format::OpenMetrics0 | Format::OpenMetrics1 => {
                let mut text = OpenMetrics::new(out, escaping, rendering.created);
                self.collect_only(rendering, &mut text);
                text.finish()
            }
            Format::Protobuf => {
                let mut protobuf = Protobuf::new(out, escaping, rendering.native);
                self.collect_only(rendering, &mut protobuf);
                protobuf.finish()
            }
        }
    }

    fn collect_only(self, rendering: &Rendering, sink: &mut dyn Sink) {
        match rendering.names.is_empty() {
            true => self.collect(sink),
            false => self.collect(&mut Only::new(&rendering.names, sink)),
        }
    }
}

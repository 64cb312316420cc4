//! Lines of the log to a collector: what the thread that writes lines writes to, where it is asked for.

use std::io::{self, Write};
use std::time::Instant;

use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::error::Error;
use crate::otlp::client::Client;
use crate::otlp::deliver::{Patience, Urgency, deliver};
use crate::otlp::encode::{self, Accepted};
use crate::otlp::records;
use crate::otlp::settings::Settings;

/// Sends what is written to it, which is records: those of one `write` are a request, which has its time.
///
/// Whoever writes waits; the lines that come meanwhile wait before it, and are dropped and counted where there are too many.
pub(crate) struct Collector {
    runtime: Runtime,
    client: Client,
    resource: Vec<u8>,
    settings: Settings,
    /// Nothing changes while lines are under way; who would say so.
    _urgency: watch::Sender<Urgency>,
    urgency: watch::Receiver<Urgency>,
}

impl Collector {
    pub(crate) fn new(resource: &[(String, String)], settings: Settings) -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Error::exporter)?;
        let (sender, urgency) = watch::channel(Urgency::default());
        let client = {
            let _entered = runtime.enter();
            Client::new(settings.clone())?
        };
        Ok(Self {
            runtime,
            client,
            resource: encode::resource(resource),
            settings,
            _urgency: sender,
            urgency,
        })
    }
}

impl Write for Collector {
    fn write(&mut self, written: &[u8]) -> io::Result<usize> {
        let (request, number) = records::request(&self.resource, written);
        if number == 0 {
            return Ok(written.len());
        }
        let body = self.client.body(request);
        // Its time begins when the collector may be asked again.
        let begin = self.client.throttled().unwrap_or_else(Instant::now);
        let patience = Patience {
            by: begin + self.settings.timeout,
            is_patient: true,
        };
        let delivered = deliver(&self.client, body, patience, &mut self.urgency);
        let address = self.client.address();
        match self.runtime.block_on(delivered) {
            Ok(Accepted { rejected: 0, .. }) => Ok(written.len()),
            Ok(Accepted { rejected, why }) => Err(io::Error::other(format!(
                "{address} rejected {rejected} of {number}: {why}"
            ))),
            Err(failure) => Err(io::Error::other(format!(
                "{number} were not exported to {address}: {}",
                failure.why
            ))),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

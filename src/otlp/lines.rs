//! Lines of the log to a collector: what the thread that writes lines writes to, where it is asked for.

use std::io::{self, Write};
use std::time::Instant;

use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::error::Error;
use crate::otlp::client::Client;
use crate::otlp::exporter::{Haste, deliver};
use crate::otlp::settings::Settings;
use crate::otlp::{encode, records};

/// Sends what is written to it, which is lines of JSON: those of one `write` are a request, which has its time.
///
/// Whoever writes waits; the lines that come meanwhile wait before it, and are dropped and counted where there are too many.
pub(crate) struct Collector {
    runtime: Runtime,
    client: Client,
    resource: Vec<u8>,
    settings: Settings,
    /// Nobody is in haste here; who would say so.
    _haste: watch::Sender<Haste>,
    hastes: watch::Receiver<Haste>,
}

impl Collector {
    pub(crate) fn new(resource: &[(String, String)], settings: Settings) -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Error::exporter)?;
        let (haste, hastes) = watch::channel(Haste::default());
        let client = {
            let _entered = runtime.enter();
            Client::new(settings.clone())?
        };
        Ok(Self {
            runtime,
            client,
            resource: encode::resource(resource),
            settings,
            _haste: haste,
            hastes,
        })
    }
}

impl Write for Collector {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        let (request, number) = records::request(&self.resource, lines);
        if number == 0 {
            return Ok(lines.len());
        }
        let body = self.client.body(request);
        let by = Instant::now() + self.settings.timeout;
        let delivered = deliver(&self.client, body, by, true, &mut self.hastes);
        match self.runtime.block_on(delivered) {
            Ok(0) => Ok(lines.len()),
            Ok(rejected) => Err(io::Error::other(format!("{rejected} lines were rejected"))),
            Err(failure) => Err(io::Error::other(failure.why)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

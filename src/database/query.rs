//! A query that a service says is one.

use std::fmt::Display;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use pin_project_lite::pin_project;
use tracing::Span;

use crate::catalog;
use crate::database::queries::listen;
use crate::logs::Listener;
use crate::observe::{Entered, Meter, Open, Queried, QueryOutcome};

pin_project! {
    /// A future that is a query; see [`Monitoring::query`](crate::Monitoring::query).
    #[must_use = "it runs when it is awaited"]
    pub struct Query<F> {
        #[pin]
        future: Option<F>,
        running: Option<Running>,
    }

    /// What is told of the query while its future is dropped is part of it.
    impl<F> PinnedDrop for Query<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if let Some(running) = this.running {
                let _listening = Listening(listen(Some(Arc::clone(&running.listener))));
                let _connected = running.connection.enter();
                this.future.set(None);
            }
        }
    }
}

/// A query under way. Dropped, it is cancelled.
struct Running {
    meter: &'static Meter,
    name: String,
    system: Option<&'static str>,
    /// When it was polled first.
    started: Option<Instant>,
    listener: Arc<Listener>,
    /// Takes it along to other threads.
    connection: Span,
    span: Option<Open>,
    is_told: bool,
    /// It was polled and waits: what panics meanwhile is something else.
    is_waiting: bool,
}

impl<F> Query<F> {
    /// `meter` is `None` when telemetry is disabled.
    pub(crate) fn new(meter: Option<&'static Meter>, name: String, future: F) -> Self {
        let running = |meter| Running {
            meter,
            name,
            system: None,
            started: None,
            listener: Arc::default(),
            connection: Span::none(),
            span: None,
            is_told: false,
            is_waiting: false,
        };
        Self {
            future: Some(future),
            running: meter.map(running),
        }
    }

    /// Says of which database it is, for the span: `db.system.name` as OpenTelemetry has it, such as `postgresql`, `mysql` or `sqlite`.
    ///
    /// ```
    /// # async fn service() -> Result<(), std::io::Error> {
    /// # let monitoring = ecolaura_monitoring::Monitoring::builder("docs").build().unwrap();
    /// # async fn fetch_all() -> Result<Vec<String>, std::io::Error> { Ok(Vec::new()) }
    /// monitoring.query("SELECT products", fetch_all()).system("sqlite").await?;
    /// # Ok(()) }
    /// ```
    pub fn system(mut self, name: &'static str) -> Self {
        if let Some(running) = &mut self.running {
            running.system = Some(name);
        }
        self
    }
}

impl Running {
    fn begin(&mut self) {
        if self.started.is_none() {
            self.started = Some(Instant::now());
            self.span = Open::begin(self.name.clone().into());
        }
    }

    fn end(&mut self, outcome: QueryOutcome, error: Option<&str>) {
        let Some(started) = self.started else {
            return; // nobody ever asked for it
        };
        if std::mem::replace(&mut self.is_told, true) {
            return;
        }
        let heard = self.listener.heard();
        let queried = Queried {
            name: Some(&self.name),
            system: self.system,
            statement: &heard.statement,
            took: started.elapsed(),
            rows: heard.rows,
            outcome,
            error,
        };
        queried.tell(self.meter, self.span.take());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if std::thread::panicking() && !self.is_waiting {
            self.end(QueryOutcome::Failure, Some("it panicked"));
        } else {
            self.end(QueryOutcome::Cancelled, None);
        }
    }
}

/// What the thread works on again when this is dropped.
struct Listening(Option<Arc<Listener>>);

impl Drop for Listening {
    fn drop(&mut self) {
        listen(self.0.take());
    }
}

impl<F, T, E> Future for Query<F>
where
    F: Future<Output = Result<T, E>>,
    E: Display,
{
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T, E>> {
        let this = self.project();
        let Some(future) = this.future.as_pin_mut() else {
            return Poll::Pending; // only while it is dropped
        };
        let Some(running) = this.running else {
            return future.poll(cx);
        };
        running.begin();
        let _entered = Entered::into(running.span.as_ref());
        let _listening = Listening(listen(Some(Arc::clone(&running.listener))));
        if running.connection.is_none() {
            running.connection = tracing::info_span!(target: catalog::QUERY_SPAN, "query");
        }
        let result = {
            let _connected = running.connection.enter();
            running.is_waiting = false;
            match future.poll(cx) {
                Poll::Ready(result) => result,
                Poll::Pending => {
                    running.is_waiting = true;
                    return Poll::Pending;
                }
            }
        };
        match &result {
            Ok(_) => running.end(QueryOutcome::Success, None),
            Err(error) => running.end(QueryOutcome::Failure, Some(&error.to_string())),
        }
        Poll::Ready(result)
    }
}

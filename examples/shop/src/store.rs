//! What the shop remembers, in SQLite; all SQL is here, a file for each group of tables.

mod boxes;
mod customers;
mod feedback;
mod orders;
mod products;
mod subscriptions;

use std::path::Path;
use std::sync::{Arc, Mutex};

use deadpool_sqlite::rusqlite::trace::{TraceEvent, TraceEventCodes};
use deadpool_sqlite::rusqlite::types::{FromSqlError, FromSqlResult, ValueRef};
use deadpool_sqlite::rusqlite::{self, Connection};
use deadpool_sqlite::{Config, Hook, HookError, Pool, Runtime};
use ecolaura_monitoring::Monitoring;
use ecolaura_monitoring::resources::{Connections, PoolState};
use serde::de::value::{Error as ValueError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer as _};
use tracing::Span;

use crate::error::Error;

pub(crate) use self::boxes::{Moved, Stage, SubscriptionBox};
pub(crate) use self::orders::{Order, OrderItem};
pub(crate) use self::products::Product;
use self::products::Shelf;
pub(crate) use self::subscriptions::{Plan, Subscription};

/// A database in memory that all connections share, until the last one is closed.
const IN_MEMORY: &str = "file:shop?mode=memory&cache=shared";

#[derive(Clone)]
pub(crate) struct Store {
    pool: Pool,
    /// Keeps a database in memory open: the pool closes a connection when the client who waits for it leaves.
    _open: Arc<Mutex<Connection>>,
    connections: Connections,
    monitoring: Monitoring,
    shelf: Shelf,
}

impl Store {
    /// Opens the database in `file`, created if it is missing, or one in memory.
    pub(crate) async fn open(
        file: Option<&Path>,
        monitoring: Monitoring,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let path = file.unwrap_or(Path::new(IN_MEMORY));
        let open = Connection::open(path)?;
        open.execute_batch("PRAGMA journal_mode = WAL")?;
        open.execute_batch(include_str!("store/schema.sql"))?;
        let builder = Config::new(path).builder(Runtime::Tokio1)?;
        // Connections that share a database in memory lock its tables for one another.
        let builder = builder.max_size(if file.is_some() { 10 } else { 1 });
        // SQLite heeds references between tables only where a connection asks for it.
        let heed_references = Hook::async_fn(|connection, _| {
            Box::pin(async move {
                let on = |db: &mut Connection| db.pragma_update(None, "foreign_keys", true);
                let done = connection.interact(on).await;
                done.map_err(|error| HookError::message(error.to_string()))?
                    .map_err(HookError::Backend)
            })
        });
        let pool = builder.post_create(heed_references).build()?;
        let asked = pool.clone();
        let connections = monitoring.pool("shop", move || {
            let status = asked.status();
            PoolState::new(status.size, status.available).max(status.max_size)
        })?;
        let shelf = Shelf::new(monitoring.cache("products")?);
        Ok(Self {
            pool,
            _open: Arc::new(Mutex::new(open)),
            connections,
            monitoring,
            shelf,
        })
    }

    /// Runs `work` with a connection, on a thread that may block, in the current span.
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let connection = self.connections.acquire(self.pool.get()).await?;
        let span = Span::current();
        let work = move |db: &mut Connection| {
            db.trace_v2(TraceEventCodes::SQLITE_TRACE_PROFILE, Some(report));
            let result = span.in_scope(|| work(db));
            db.trace_v2(TraceEventCodes::empty(), None);
            result
        };
        connection.interact(work).await?
    }

    /// The same under a name, so that it is known how long it took and whether it failed. A row that is missing is no failure: ask for it with
    /// `optional()`.
    async fn query<T: Send + 'static>(
        &self,
        name: &str,
        query: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        let query = self.with(move |db| Ok(query(db)?));
        self.monitoring.query(name, query).system("sqlite").await
    }

    /// Whether the database answers.
    pub(crate) async fn ping(&self) -> Result<(), Error> {
        // Reads a page of the file, which `SELECT 1` would not.
        let sql = "SELECT 1 FROM products LIMIT 1";
        self.with(|db| Ok(db.query_row(sql, [], |_| Ok(()))?)).await
    }
}

/// Reports each statement that has run. The monitoring counts every event with these two fields as a query, of whatever database.
fn report(event: TraceEvent<'_>) {
    if let TraceEvent::Profile(statement, took) = event {
        let sql = &*statement.sql();
        tracing::debug!(target: "sqlite", elapsed_secs = took.as_secs_f64(), db.query.text = sql);
    }
}

/// A value that is kept by the name that it has in JSON.
fn by_name<T: DeserializeOwned>(value: ValueRef<'_>) -> FromSqlResult<T> {
    let name: StrDeserializer<'_, ValueError> = value.as_str()?.into_deserializer();
    T::deserialize(name).map_err(FromSqlError::other)
}

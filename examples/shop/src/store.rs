//! What the shop remembers, in SQLite; all SQL is here, a file for each group of tables.

mod boxes;
mod customers;
mod feedback;
mod orders;
mod products;
mod subscriptions;

use std::fmt::Display;
use std::path::Path;

use ecolaura_monitoring::Monitoring;
use ecolaura_monitoring::resources::{Connections, PoolState};
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};

pub(crate) use self::boxes::{Moved, Stage, SubscriptionBox};
pub(crate) use self::orders::{Order, OrderItem};
pub(crate) use self::products::Product;
use self::products::Shelf;
pub(crate) use self::subscriptions::{Plan, Subscription};

#[derive(Clone)]
pub(crate) struct Store {
    pool: SqlitePool,
    connections: Connections,
    monitoring: Monitoring,
    shelf: Shelf,
}

impl Store {
    /// Opens the database in `file`, made if it is not there, or else one in memory.
    pub(crate) async fn open(
        file: Option<&Path>,
        monitoring: Monitoring,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let (pool, options) = match file {
            Some(file) => (
                SqlitePoolOptions::new(),
                SqliteConnectOptions::new()
                    .filename(file)
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal),
            ),
            // A database in memory belongs to its connection: the pool keeps exactly one, for ever. It is not tested
            // before use either, since a client who leaves during the test would close it.
            None => (
                SqlitePoolOptions::new()
                    .min_connections(1)
                    .max_connections(1)
                    .idle_timeout(None)
                    .max_lifetime(None)
                    .test_before_acquire(false),
                SqliteConnectOptions::new().filename(":memory:"),
            ),
        };
        let pool = pool.connect_with(options).await?;
        sqlx::raw_sql(include_str!("store/schema.sql"))
            .execute(&pool)
            .await?;
        let asked = pool.clone();
        let connections = monitoring.pool("shop", move || {
            let max = asked.options().get_max_connections();
            PoolState::new(asked.size() as usize, asked.num_idle()).max(max as usize)
        })?;
        let shelf = Shelf::new(monitoring.cache("products")?);
        Ok(Self {
            pool,
            connections,
            monitoring,
            shelf,
        })
    }

    /// Runs a query under a name, so that it is known how long it took and whether it failed. That something is not there is no failure: it is
    /// asked for by `fetch_optional`.
    async fn query<T, E: Display>(
        &self,
        name: &str,
        query: impl std::future::Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        self.monitoring.query(name, query).system("sqlite").await
    }

    /// Whether the database answers.
    pub(crate) async fn ping(&self) -> Result<(), sqlx::Error> {
        // Reads a page of the file, which `SELECT 1` would not.
        sqlx::query("SELECT 1 FROM products LIMIT 1")
            .execute(&self.pool)
            .await
            .map(drop)
    }
}

//! The shelf.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use deadpool_sqlite::rusqlite::{self, Connection, OptionalExtension as _, Row};
use ecolaura_monitoring::resources::Cache;
use serde::Serialize;

use super::Store;
use crate::error::Error;

/// How long the list of products is taken as it was.
const FRESH: Duration = Duration::from_secs(1);

#[derive(Clone, Serialize)]
pub(crate) struct Product {
    id: i64,
    name: String,
    price_cents: i64,
    available: bool,
}

/// The list of products, and since when.
type Seen = (Instant, Vec<Product>);

/// The list of products, as it was lately.
#[derive(Clone)]
pub(super) struct Shelf {
    seen: Arc<Mutex<Option<Seen>>>,
    counted: Cache,
}

impl Shelf {
    pub(super) fn new(counted: Cache) -> Self {
        Self {
            seen: Arc::default(),
            counted,
        }
    }

    fn get(&self) -> Option<Vec<Product>> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = seen.as_ref().filter(|(since, _)| since.elapsed() < FRESH);
        match fresh {
            Some(_) => self.counted.hit(),
            None => self.counted.miss(),
        }
        fresh.map(|(_, products)| products.clone())
    }

    fn put(&self, products: Vec<Product>) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        *seen = Some((Instant::now(), products));
    }
}

impl Store {
    pub(crate) async fn products(&self) -> Result<Vec<Product>, Error> {
        if let Some(products) = self.shelf.get() {
            return Ok(products);
        }
        let sql = "SELECT * FROM products ORDER BY id";
        let products = self.query("SELECT products", |db| all(db, sql)).await?;
        self.shelf.put(products.clone());
        Ok(products)
    }

    pub(crate) async fn product(&self, id: i64) -> Result<Product, Error> {
        let sql = "SELECT * FROM products WHERE id = ?";
        let found = self.query("SELECT product", move |db| {
            db.query_row(sql, [id], Product::from_row).optional()
        });
        found.await?.ok_or(Error::NotFound)
    }

    /// Three available products, others each time.
    pub(crate) async fn recommendations(&self) -> Result<Vec<Product>, Error> {
        let sql = "SELECT * FROM products WHERE available ORDER BY random() LIMIT 3";
        self.query("SELECT recommendations", |db| all(db, sql))
            .await
    }
}

impl Product {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            name: row.get("name")?,
            price_cents: row.get("price_cents")?,
            available: row.get("available")?,
        })
    }
}

fn all(db: &Connection, sql: &str) -> rusqlite::Result<Vec<Product>> {
    let mut query = db.prepare(sql)?;
    query.query_map([], Product::from_row)?.collect()
}

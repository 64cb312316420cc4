//! The shelf.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ecolaura_monitoring::resources::Cache;
use serde::Serialize;
use sqlx::FromRow;

use super::Store;
use crate::error::Error;

/// How long the list of products is taken as it was.
const FRESH: Duration = Duration::from_secs(1);

#[derive(Clone, Serialize, FromRow)]
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
        let query = sqlx::query_as("SELECT * FROM products ORDER BY id").fetch_all(&self.pool);
        let products: Vec<Product> = self.query("SELECT products", query).await?;
        self.shelf.put(products.clone());
        Ok(products)
    }

    pub(crate) async fn product(&self, id: i64) -> Result<Product, Error> {
        let query = sqlx::query_as("SELECT * FROM products WHERE id = ?").bind(id);
        let found = self.query("SELECT product", query.fetch_optional(&self.pool));
        found.await?.ok_or(Error::NotFound)
    }

    /// Three available products, others each time.
    pub(crate) async fn recommendations(&self) -> Result<Vec<Product>, Error> {
        let sql = "SELECT * FROM products WHERE available ORDER BY random() LIMIT 3";
        let query = sqlx::query_as(sql).fetch_all(&self.pool);
        Ok(self.query("SELECT recommendations", query).await?)
    }
}

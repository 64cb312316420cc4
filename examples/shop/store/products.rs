//! The shelf.

use serde::Serialize;
use sqlx::FromRow;

use super::Store;
use crate::error::Error;

#[derive(Serialize, FromRow)]
pub(crate) struct Product {
    id: i64,
    name: String,
    price_cents: i64,
    available: bool,
}

impl Store {
    pub(crate) async fn products(&self) -> Result<Vec<Product>, Error> {
        let query = sqlx::query_as("SELECT * FROM products ORDER BY id");
        Ok(self
            .query("SELECT products", query.fetch_all(&self.pool))
            .await?)
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

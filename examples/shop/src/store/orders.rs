//! Orders and what is in them.

use serde::{Deserialize, Serialize};
use sqlx::{FromRow, SqliteConnection};
use tracing::instrument;

use super::Store;
use crate::error::Error;
use crate::purpose::Purpose;

#[derive(Serialize)]
pub(crate) struct Order {
    id: i64,
    pub(crate) total_cents: i64,
    items: Vec<OrderItem>,
}

#[derive(Serialize, Deserialize, FromRow)]
pub(crate) struct OrderItem {
    pub(crate) product_id: i64,
    pub(crate) quantity: i64,
}

impl Store {
    /// Sells all of `items` at the prices of the shelf, or none of them.
    ///
    /// Its queries are told of by sqlx, in the span of this function.
    #[instrument(skip_all)]
    pub(crate) async fn place_order(
        &self,
        items: Vec<OrderItem>,
        purpose: Purpose,
    ) -> Result<Order, Error> {
        let mut tx = self.connections.acquire(self.pool.begin()).await?;
        // Writes first: SQLite may refuse to let a transaction write after it has read.
        let insert = sqlx::query("INSERT INTO orders (total_cents) VALUES (0)");
        let id = insert.execute(&mut *tx).await?.last_insert_rowid();
        let mut total_cents = 0;
        for item in &items {
            total_cents += price(&mut tx, item.product_id).await? * item.quantity;
            let sql = "INSERT INTO order_items (order_id, product_id, quantity) VALUES (?, ?, ?)";
            sqlx::query(sql)
                .bind(id)
                .bind(item.product_id)
                .bind(item.quantity)
                .execute(&mut *tx)
                .await?;
        }
        let update = sqlx::query("UPDATE orders SET total_cents = ? WHERE id = ?");
        let update = update.bind(total_cents).bind(id);
        update.execute(&mut *tx).await?;
        purpose.end(tx).await?;
        Ok(Order {
            id,
            total_cents,
            items,
        })
    }

    /// Gives the money of an order back, once; how much that is.
    #[instrument(skip_all)]
    pub(crate) async fn refund_order(&self, id: i64) -> Result<i64, Error> {
        let sql = "UPDATE orders SET is_refunded = TRUE WHERE id = ? AND NOT is_refunded RETURNING total_cents";
        let update = sqlx::query_scalar(sql).bind(id).fetch_optional(&self.pool);
        match self.query("UPDATE order", update).await? {
            Some(total_cents) => Ok(total_cents),
            None => {
                self.order(id).await?; // it may not be there
                Err(Error::Conflict("this order is refunded already"))
            }
        }
    }

    pub(crate) async fn order(&self, id: i64) -> Result<Order, Error> {
        let sql = "SELECT total_cents FROM orders WHERE id = ?";
        let total_cents = sqlx::query_scalar(sql).bind(id);
        let total_cents = total_cents.fetch_optional(&self.pool);
        let total_cents = self.query("SELECT order", total_cents).await?;
        let total_cents = total_cents.ok_or(Error::NotFound)?;
        let sql = "SELECT product_id, quantity FROM order_items WHERE order_id = ? ORDER BY rowid";
        let items = sqlx::query_as(sql).bind(id).fetch_all(&self.pool);
        let items = self.query("SELECT order_items", items).await?;
        Ok(Order {
            id,
            total_cents,
            items,
        })
    }
}

async fn price(db: &mut SqliteConnection, product_id: i64) -> Result<i64, Error> {
    let sql = "SELECT price_cents, available FROM products WHERE id = ?";
    let query = sqlx::query_as(sql).bind(product_id);
    match query.fetch_optional(db).await? {
        Some((price_cents, true)) => Ok(price_cents),
        Some((_, false)) => Err(Error::Conflict("a product in this order is sold out")),
        None => Err(Error::UnknownReference),
    }
}

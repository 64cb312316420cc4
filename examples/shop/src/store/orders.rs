//! Orders and what is in them.

use deadpool_sqlite::rusqlite::TransactionBehavior::Immediate;
use deadpool_sqlite::rusqlite::{Connection, OptionalExtension as _};
use serde::{Deserialize, Serialize};
use tracing::{Instrument as _, info_span};

use super::Store;
use crate::error::Error;
use crate::purpose::Purpose;

#[derive(Serialize)]
pub(crate) struct Order {
    id: i64,
    pub(crate) total_cents: i64,
    items: Vec<OrderItem>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct OrderItem {
    pub(crate) product_id: i64,
    pub(crate) quantity: i64,
}

impl Store {
    /// Sells all of `items` at the prices of the shelf, or none of them.
    ///
    /// Each statement is reported by itself, in the span of this function.
    pub(crate) async fn place_order(
        &self,
        items: Vec<OrderItem>,
        purpose: Purpose,
    ) -> Result<Order, Error> {
        self.with(move |db| {
            let tx = db.transaction_with_behavior(Immediate)?;
            tx.execute("INSERT INTO orders (total_cents) VALUES (0)", [])?;
            let id = tx.last_insert_rowid();
            let mut total_cents = 0;
            for item in &items {
                total_cents += price(&tx, item.product_id)? * item.quantity;
                let sql =
                    "INSERT INTO order_items (order_id, product_id, quantity) VALUES (?, ?, ?)";
                tx.execute(sql, [id, item.product_id, item.quantity])?;
            }
            let sql = "UPDATE orders SET total_cents = ? WHERE id = ?";
            tx.execute(sql, [total_cents, id])?;
            purpose.end(tx)?;
            Ok(Order {
                id,
                total_cents,
                items,
            })
        })
        .instrument(info_span!("place_order"))
        .await
    }

    /// Gives the money of an order back, once; how much that is.
    pub(crate) async fn refund_order(&self, id: i64) -> Result<i64, Error> {
        let sql = "UPDATE orders SET is_refunded = TRUE WHERE id = ? AND NOT is_refunded RETURNING total_cents";
        let update = self.query("UPDATE order", move |db| {
            db.query_row(sql, [id], |row| row.get(0)).optional()
        });
        match update.instrument(info_span!("refund_order")).await? {
            Some(total_cents) => Ok(total_cents),
            None => {
                self.order(id).await?; // it may be missing
                Err(Error::Conflict("this order is refunded already"))
            }
        }
    }

    pub(crate) async fn order(&self, id: i64) -> Result<Order, Error> {
        let sql = "SELECT total_cents FROM orders WHERE id = ?";
        let total_cents = self.query("SELECT order", move |db| {
            db.query_row(sql, [id], |row| row.get(0)).optional()
        });
        let total_cents = total_cents.await?.ok_or(Error::NotFound)?;
        let sql = "SELECT product_id, quantity FROM order_items WHERE order_id = ? ORDER BY rowid";
        let items = self.query("SELECT order_items", move |db| {
            let mut query = db.prepare(sql)?;
            let items = query.query_map([id], |row| {
                Ok(OrderItem {
                    product_id: row.get("product_id")?,
                    quantity: row.get("quantity")?,
                })
            });
            items?.collect()
        });
        Ok(Order {
            id,
            total_cents,
            items: items.await?,
        })
    }
}

fn price(db: &Connection, product_id: i64) -> Result<i64, Error> {
    let sql = "SELECT price_cents, available FROM products WHERE id = ?";
    let query = db.query_row(sql, [product_id], |row| Ok((row.get(0)?, row.get(1)?)));
    match query.optional()? {
        Some((price_cents, true)) => Ok(price_cents),
        Some((_, false)) => Err(Error::Conflict("a product in this order is sold out")),
        None => Err(Error::UnknownReference),
    }
}

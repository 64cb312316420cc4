//! Subscriptions, and the boxes sent to their subscribers.

use ecolaura_monitoring::metrics::LabelValue;
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, SqliteConnection};
use tracing::instrument;

use super::Store;
use crate::error::Error;

#[derive(Clone, Copy, Serialize, Deserialize, sqlx::Type, LabelValue)]
#[serde(rename_all = "snake_case")]
#[sqlx(rename_all = "snake_case")]
pub(crate) enum Plan {
    Seedling,
    Forest,
}

/// A subscription, without the subscriber's address: numbers can be guessed.
#[derive(Serialize, FromRow)]
pub(crate) struct Subscription {
    id: i64,
    plan: Plan,
}

#[derive(Clone, Copy, Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(rename_all = "snake_case")]
pub(crate) enum Stage {
    Open,
    Filled,
    Shipped,
}

#[derive(Serialize, FromRow)]
pub(crate) struct SubscriptionBox {
    id: i64,
    subscription_id: i64,
    pub(crate) plan: Plan,
    stage: Stage,
}

impl Store {
    pub(crate) async fn subscribe(&self, email: &str, plan: Plan) -> Result<Subscription, Error> {
        let sql = "INSERT INTO subscriptions (email, plan) VALUES (?, ?) RETURNING id, plan";
        let query = sqlx::query_as(sql).bind(email).bind(plan);
        let query = query.fetch_one(&self.pool);
        Ok(self.query("INSERT subscription", query).await?)
    }

    pub(crate) async fn subscription(&self, id: i64) -> Result<Subscription, Error> {
        let query = sqlx::query_as("SELECT id, plan FROM subscriptions WHERE id = ?").bind(id);
        let query = query.fetch_optional(&self.pool);
        let found = self.query("SELECT subscription", query).await?;
        found.ok_or(Error::NotFound)
    }

    #[instrument(skip_all)]
    pub(crate) async fn open_box(&self, subscription_id: i64) -> Result<SubscriptionBox, Error> {
        let mut db = self.pool.acquire().await?;
        let insert = sqlx::query("INSERT INTO boxes (subscription_id, stage) VALUES (?, ?)")
            .bind(subscription_id)
            .bind(Stage::Open);
        let id = insert.execute(&mut *db).await?.last_insert_rowid();
        Ok(find_box(&mut db, id).await?)
    }

    #[instrument(skip_all)]
    pub(crate) async fn fill_box(
        &self,
        id: i64,
        product_ids: &[i64],
    ) -> Result<SubscriptionBox, Error> {
        let mut tx = self.pool.begin().await?;
        let filled = move_box(&mut tx, id, Stage::Open, Stage::Filled).await?;
        let filled = filled.ok_or(Error::Conflict("only an open box can be filled"))?;
        for product_id in product_ids {
            sqlx::query("INSERT INTO box_items (box_id, product_id) VALUES (?, ?)")
                .bind(id)
                .bind(product_id)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(filled)
    }

    #[instrument(skip_all)]
    pub(crate) async fn ship_box(&self, id: i64) -> Result<SubscriptionBox, Error> {
        let mut db = self.pool.acquire().await?;
        let shipped = move_box(&mut db, id, Stage::Filled, Stage::Shipped).await?;
        shipped.ok_or(Error::Conflict("only a filled box can be shipped"))
    }
}

async fn find_box(db: &mut SqliteConnection, id: i64) -> Result<SubscriptionBox, sqlx::Error> {
    let sql = "SELECT boxes.id, subscription_id, plan, stage
               FROM boxes JOIN subscriptions ON subscriptions.id = subscription_id
               WHERE boxes.id = ?";
    sqlx::query_as(sql).bind(id).fetch_one(db).await
}

/// Moves a box to its next stage; `None` if it is not at the one before.
async fn move_box(
    db: &mut SqliteConnection,
    id: i64,
    from: Stage,
    to: Stage,
) -> Result<Option<SubscriptionBox>, sqlx::Error> {
    let sql = "UPDATE boxes SET stage = ? WHERE id = ? AND stage = ?";
    let update = sqlx::query(sql).bind(to).bind(id).bind(from);
    let moved = update.execute(&mut *db).await?.rows_affected() > 0;
    let found = find_box(db, id).await?;
    Ok(moved.then_some(found))
}

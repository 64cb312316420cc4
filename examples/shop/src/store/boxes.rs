//! The boxes sent to subscribers, and where each of them is.

use std::time::Duration;

use ecolaura_monitoring::business::BoxStage;
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, SqliteConnection};
use tracing::instrument;

use super::{Plan, Store};
use crate::error::Error;

/// So many seconds are told of each second that a box stays somewhere: in this shop a day is over in two.
const SECONDS_PER_SECOND: i64 = 43_200;

#[derive(Clone, Copy, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(rename_all = "snake_case")]
pub(crate) enum Stage {
    Created,
    Curated,
    Packed,
    Shipped,
    Delivered,
    Returned,
}

impl From<Stage> for BoxStage {
    fn from(stage: Stage) -> Self {
        match stage {
            Stage::Created => Self::Created,
            Stage::Curated => Self::Curated,
            Stage::Packed => Self::Packed,
            Stage::Shipped => Self::Shipped,
            Stage::Delivered => Self::Delivered,
            Stage::Returned => Self::Returned,
        }
    }
}

#[derive(Serialize, FromRow)]
pub(crate) struct SubscriptionBox {
    id: i64,
    subscription_id: i64,
    pub(crate) plan: Plan,
    pub(crate) stage: Stage,
    /// How many products are in it.
    #[serde(skip)]
    pub(crate) products: u8,
}

/// A box that has come to a stage, from another one.
pub(crate) struct Moved {
    pub(crate) moved: SubscriptionBox,
    pub(crate) from: Stage,
    pub(crate) spent: Duration,
}

impl Store {
    #[instrument(skip_all)]
    pub(crate) async fn create_box(&self, subscription_id: i64) -> Result<SubscriptionBox, Error> {
        let mut db = self.connections.acquire(self.pool.acquire()).await?;
        let insert = sqlx::query("INSERT INTO boxes (subscription_id) VALUES (?)");
        let insert = insert.bind(subscription_id);
        let id = insert.execute(&mut *db).await?.last_insert_rowid();
        Ok(find_box(&mut db, id).await?)
    }

    /// Chooses what goes into a box.
    #[instrument(skip_all)]
    pub(crate) async fn curate_box(&self, id: i64, product_ids: &[i64]) -> Result<Moved, Error> {
        let mut tx = self.connections.acquire(self.pool.begin()).await?;
        let curated = step(&mut tx, id, Stage::Curated).await?;
        let mut curated = curated.ok_or(Error::Conflict("only a new box can be curated"))?;
        for product_id in product_ids {
            sqlx::query("INSERT INTO box_items (box_id, product_id) VALUES (?, ?)")
                .bind(id)
                .bind(product_id)
                .execute(&mut *tx)
                .await?;
        }
        curated.moved = find_box(&mut tx, id).await?;
        tx.commit().await?;
        Ok(curated)
    }

    #[instrument(skip_all)]
    pub(crate) async fn move_box(&self, id: i64, to: Stage) -> Result<Moved, Error> {
        let mut tx = self.connections.acquire(self.pool.begin()).await?;
        let moved = step(&mut tx, id, to).await?;
        let moved = moved.ok_or(Error::Conflict("a box does not go there from where it is"))?;
        tx.commit().await?;
        Ok(moved)
    }
}

async fn find_box(db: &mut SqliteConnection, id: i64) -> Result<SubscriptionBox, sqlx::Error> {
    let sql = "SELECT boxes.id, subscription_id, plan, stage,
                      (SELECT count(*) FROM box_items WHERE box_id = boxes.id) AS products
               FROM boxes JOIN subscriptions ON subscriptions.id = subscription_id
               WHERE boxes.id = ?";
    sqlx::query_as(sql).bind(id).fetch_one(db).await
}

/// Moves a box to its next stage; `None` if it is not at one that leads there.
async fn step(db: &mut SqliteConnection, id: i64, to: Stage) -> Result<Option<Moved>, sqlx::Error> {
    let leading = BoxStage::ALL
        .into_iter()
        .filter(|from| from.leads_to(to.into()));
    let leading: Vec<&str> = leading.map(BoxStage::as_str).collect();
    // Writes first: SQLite may refuse to let a transaction write after it has read.
    let sql = "INSERT INTO box_moves (box_id, from_stage, to_stage, spent_seconds)
               SELECT id, stage, ?, max(0, unixepoch('subsec') - since) * ?
               FROM boxes WHERE id = ? AND instr(?, stage)
               RETURNING from_stage, spent_seconds";
    let step = sqlx::query_as(sql)
        .bind(to)
        .bind(SECONDS_PER_SECOND)
        .bind(id)
        .bind(leading.join(" "));
    let step: Option<(Stage, f64)> = step.fetch_optional(&mut *db).await?;
    sqlx::query("UPDATE boxes SET stage = ?, since = unixepoch('subsec') WHERE id = ? AND ?")
        .bind(to)
        .bind(id)
        .bind(step.is_some())
        .execute(&mut *db)
        .await?;
    let moved = find_box(db, id).await?;
    Ok(step.map(|(from, spent)| Moved {
        moved,
        from,
        spent: Duration::from_secs_f64(spent),
    }))
}

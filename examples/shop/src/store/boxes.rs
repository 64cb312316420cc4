//! The boxes sent to subscribers, and where each of them is.

use std::time::Duration;

use deadpool_sqlite::rusqlite::TransactionBehavior::Immediate;
use deadpool_sqlite::rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use deadpool_sqlite::rusqlite::{self, Connection, OptionalExtension as _, params};
use ecolaura_monitoring::business::BoxStage;
use serde::{Deserialize, Serialize};
use tracing::{Instrument as _, info_span};

use super::{Plan, Store, by_name};
use crate::error::Error;

/// So many seconds are told of each second that a box stays somewhere: in this shop a day is over in two.
const SECONDS_PER_SECOND: i64 = 43_200;

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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

impl ToSql for Stage {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(BoxStage::from(*self).as_str().into())
    }
}

impl FromSql for Stage {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        by_name(value)
    }
}

#[derive(Serialize)]
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
    pub(crate) async fn create_box(&self, subscription_id: i64) -> Result<SubscriptionBox, Error> {
        self.with(move |db| {
            let sql = "INSERT INTO boxes (subscription_id) VALUES (?)";
            db.execute(sql, [subscription_id])?;
            Ok(find_box(db, db.last_insert_rowid())?)
        })
        .instrument(info_span!("create_box"))
        .await
    }

    /// Chooses what goes into a box.
    pub(crate) async fn curate_box(&self, id: i64, product_ids: Vec<i64>) -> Result<Moved, Error> {
        self.with(move |db| {
            let tx = db.transaction_with_behavior(Immediate)?;
            let curated = step(&tx, id, Stage::Curated)?;
            let mut curated = curated.ok_or(Error::Conflict("only a new box can be curated"))?;
            for product_id in product_ids {
                let sql = "INSERT INTO box_items (box_id, product_id) VALUES (?, ?)";
                tx.execute(sql, [id, product_id])?;
            }
            curated.moved = find_box(&tx, id)?;
            tx.commit()?;
            Ok(curated)
        })
        .instrument(info_span!("curate_box"))
        .await
    }

    pub(crate) async fn move_box(&self, id: i64, to: Stage) -> Result<Moved, Error> {
        self.with(move |db| {
            let tx = db.transaction_with_behavior(Immediate)?;
            let moved = step(&tx, id, to)?;
            let moved = moved.ok_or(Error::Conflict("a box does not go there from where it is"))?;
            tx.commit()?;
            Ok(moved)
        })
        .instrument(info_span!("move_box"))
        .await
    }
}

fn find_box(db: &Connection, id: i64) -> rusqlite::Result<SubscriptionBox> {
    let sql = "SELECT boxes.id, subscription_id, plan, stage,
                      (SELECT count(*) FROM box_items WHERE box_id = boxes.id) AS products
               FROM boxes JOIN subscriptions ON subscriptions.id = subscription_id
               WHERE boxes.id = ?";
    db.query_row(sql, [id], |row| {
        Ok(SubscriptionBox {
            id: row.get("id")?,
            subscription_id: row.get("subscription_id")?,
            plan: row.get("plan")?,
            stage: row.get("stage")?,
            products: row.get("products")?,
        })
    })
}

/// Moves a box to its next stage; `None` if it is not at one that leads there.
fn step(db: &Connection, id: i64, to: Stage) -> rusqlite::Result<Option<Moved>> {
    let leading = BoxStage::ALL
        .into_iter()
        .filter(|from| from.leads_to(to.into()));
    let leading: Vec<&str> = leading.map(BoxStage::as_str).collect();
    let sql = "INSERT INTO box_moves (box_id, from_stage, to_stage, spent_seconds)
               SELECT id, stage, ?, max(0, unixepoch('subsec') - since) * ?
               FROM boxes WHERE id = ? AND instr(?, stage)
               RETURNING from_stage, spent_seconds";
    let step = db.query_row(
        sql,
        params![to, SECONDS_PER_SECOND, id, leading.join(" ")],
        |row| Ok((row.get(0)?, row.get(1)?)),
    );
    let step: Option<(Stage, f64)> = step.optional()?;
    let sql = "UPDATE boxes SET stage = ?, since = unixepoch('subsec') WHERE id = ? AND ?";
    db.execute(sql, params![to, id, step.is_some()])?;
    let moved = find_box(db, id)?;
    Ok(step.map(|(from, spent)| Moved {
        moved,
        from,
        spent: Duration::from_secs_f64(spent),
    }))
}

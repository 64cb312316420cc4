//! Subscriptions.

use deadpool_sqlite::rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use deadpool_sqlite::rusqlite::{self, OptionalExtension as _, Row, params};
use ecolaura_monitoring::metrics::LabelValue;
use serde::{Deserialize, Serialize};

use super::{Store, by_name};
use crate::error::Error;
use crate::purpose::Purpose;

#[derive(Clone, Copy, Serialize, Deserialize, LabelValue)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Plan {
    Seedling,
    Forest,
}

/// A subscription, without the subscriber's address: numbers can be guessed.
#[derive(Serialize)]
pub(crate) struct Subscription {
    id: i64,
    plan: Plan,
}

impl ToSql for Plan {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(Self::VALUES[self.index()].into())
    }
}

impl FromSql for Plan {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        by_name(value)
    }
}

impl Subscription {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            plan: row.get("plan")?,
        })
    }
}

impl Store {
    pub(crate) async fn subscribe(
        &self,
        email: &str,
        plan: Plan,
        purpose: Purpose,
    ) -> Result<Subscription, Error> {
        let sql = "INSERT INTO subscriptions (email, plan) VALUES (?, ?) RETURNING id, plan";
        let email = email.to_owned();
        self.query("INSERT subscription", move |db| {
            let tx = db.transaction()?;
            let subscription = tx.query_row(sql, params![email, plan], Subscription::from_row)?;
            purpose.end(tx)?;
            Ok(subscription)
        })
        .await
    }

    pub(crate) async fn subscription(&self, id: i64) -> Result<Subscription, Error> {
        let sql = "SELECT id, plan FROM subscriptions WHERE id = ?";
        let found = self.query("SELECT subscription", move |db| {
            db.query_row(sql, [id], Subscription::from_row).optional()
        });
        found.await?.ok_or(Error::NotFound)
    }
}

//! Subscriptions.

use ecolaura_monitoring::metrics::LabelValue;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use super::Store;
use crate::error::Error;
use crate::purpose::Purpose;

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

impl Store {
    pub(crate) async fn subscribe(
        &self,
        email: &str,
        plan: Plan,
        purpose: Purpose,
    ) -> Result<Subscription, Error> {
        let mut tx = self.connections.acquire(self.pool.begin()).await?;
        let sql = "INSERT INTO subscriptions (email, plan) VALUES (?, ?) RETURNING id, plan";
        let query = sqlx::query_as(sql).bind(email).bind(plan);
        let query = query.fetch_one(&mut *tx);
        let subscription = self.query("INSERT subscription", query).await?;
        purpose.end(tx).await?;
        Ok(subscription)
    }

    pub(crate) async fn subscription(&self, id: i64) -> Result<Subscription, Error> {
        let query = sqlx::query_as("SELECT id, plan FROM subscriptions WHERE id = ?").bind(id);
        let query = query.fetch_optional(&self.pool);
        let found = self.query("SELECT subscription", query).await?;
        found.ok_or(Error::NotFound)
    }
}

//! What customers say of the shop.

use super::Store;
use crate::error::Error;

impl Store {
    pub(crate) async fn keep_feedback(&self, touchpoint: &str, score: u8) -> Result<(), Error> {
        let sql = "INSERT INTO feedback (touchpoint, score) VALUES (?, ?)";
        let query = sqlx::query(sql).bind(touchpoint).bind(score);
        let query = query.execute(&self.pool);
        self.query("INSERT feedback", query).await?;
        Ok(())
    }
}

//! What customers say of the shop.

use deadpool_sqlite::rusqlite::params;

use super::Store;
use crate::error::Error;

impl Store {
    pub(crate) async fn keep_feedback(&self, touchpoint: &str, score: u8) -> Result<(), Error> {
        let sql = "INSERT INTO feedback (touchpoint, score) VALUES (?, ?)";
        let touchpoint = touchpoint.to_owned();
        let insert = self.query("INSERT feedback", move |db| {
            db.execute(sql, params![touchpoint, score])
        });
        insert.await.map(drop)
    }
}

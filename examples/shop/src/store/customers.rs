//! Who may log in.

use sqlx::FromRow;

use super::Store;
use crate::error::Error;

#[derive(FromRow)]
pub(crate) struct Customer {
    pub(crate) name: String,
    pub(crate) password_hash: String,
}

impl Store {
    pub(crate) async fn customer(&self, email: &str) -> Result<Option<Customer>, Error> {
        let sql = "SELECT name, password_hash FROM customers WHERE email = ?";
        let query = sqlx::query_as(sql).bind(email);
        let query = query.fetch_optional(&self.pool);
        Ok(self.query("SELECT customer", query).await?)
    }
}

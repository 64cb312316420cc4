//! Who may log in.

use deadpool_sqlite::rusqlite::OptionalExtension as _;

use super::Store;
use crate::error::Error;

pub(crate) struct Customer {
    pub(crate) name: String,
    pub(crate) password_hash: String,
}

impl Store {
    pub(crate) async fn customer(&self, email: &str) -> Result<Option<Customer>, Error> {
        let sql = "SELECT name, password_hash FROM customers WHERE email = ?";
        let email = email.to_owned();
        self.query("SELECT customer", move |db| {
            let customer = db.query_row(sql, [email], |row| {
                Ok(Customer {
                    name: row.get("name")?,
                    password_hash: row.get("password_hash")?,
                })
            });
            customer.optional()
        })
        .await
    }
}

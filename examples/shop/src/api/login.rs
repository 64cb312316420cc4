//! Log in, without telling strangers who is a customer.

use axum::extract::State;
use ecolaura_monitoring::authentication::Authentication;
use ecolaura_monitoring::business::Business;
use ecolaura_monitoring::monitor;
use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;

use crate::error::Error;
use crate::extract::Json;
use crate::store::Store;

/// A hash that no password has: an unknown address costs as much time as a known one.
const NOBODY: &str = "$2b$10$Zk7gZ0P3JUDyJUDqZAyuKO...............................";

#[derive(Deserialize)]
pub(super) struct Credentials {
    email: String,
    password: String,
}

#[derive(Serialize)]
pub(super) struct Welcome {
    name: String,
}

/// Says who came. A real shop would also hand out a session; how is a question of its own.
#[monitor("/api/v1/login")]
pub(super) async fn login(
    State(store): State<Store>,
    State(authentication): State<Authentication>,
    State(business): State<Business>,
    Json(credentials): Json<Credentials>,
) -> Result<Json<Welcome>, Error> {
    let email = credentials.email;
    let (name, hash) = match store.customer(&email).await? {
        Some(customer) => (Some(customer.name), customer.password_hash),
        None => (None, NOBODY.to_owned()),
    };
    // Slow on purpose, so not on a thread that serves others.
    let right = spawn_blocking(move || is_right(&credentials.password, &hash)).await?;
    let (attempt, answer) = match name {
        Some(name) if right => (
            authentication.succeeded("password"),
            Ok(Json(Welcome { name })),
        ),
        Some(_) => (
            authentication.failed("password", "wrong_password"),
            Err(Error::WrongLogin),
        ),
        None => (
            authentication.failed("password", "unknown_user"),
            Err(Error::WrongLogin),
        ),
    };
    attempt.user(&email).record();
    if answer.is_ok() {
        business.user_seen(&email);
    }
    answer
}

/// bcrypt makes a stolen table of hashes costly to guess, and needs no memory worth mentioning;
/// take Argon2 where 20 MiB for each login are no matter. More than 72 bytes are wrong, not cut.
fn is_right(password: &str, hash: &str) -> bool {
    bcrypt::non_truncating_verify(password, hash).unwrap_or(false)
}

//! What a service can run out of: connections of pools, room in queues, luck with caches.
//!
//! Each is named once, at start. Pools and queues are asked when somebody scrapes, and at no other time:
//!
//! ```
//! # use std::collections::HashMap;
//! # use std::sync::mpsc;
//! use ecolaura_monitoring::resources::{PoolState, QueueState};
//!
//! # struct Pool;
//! # impl Pool { fn size(&self) -> u32 { 3 } fn num_idle(&self) -> usize { 1 } async fn acquire(&self) -> Result<(), String> { Ok(()) } }
//! # async fn service() -> Result<(), Box<dyn std::error::Error>> {
//! # let monitoring = ecolaura_monitoring::Monitoring::builder("docs").build()?;
//! # let pool = std::sync::Arc::new(Pool);
//! # let asked = std::sync::Arc::clone(&pool);
//! // Of sqlx; others have other names for it. `waiting` where the pool tells.
//! let connections = monitoring.pool("orders", move || {
//!     PoolState::new(asked.size() as usize, asked.num_idle()).max(10)
//! })?;
//! let connection = connections.acquire(pool.acquire()).await?; // db_pool_acquire_seconds
//!
//! let (emails, _worker) = tokio::sync::mpsc::channel::<String>(100);
//! let depth = emails.clone();
//! monitoring.queue("emails", move || QueueState::new(depth.max_capacity() - depth.capacity()).capacity(100))?;
//!
//! let products = monitoring.cache("products")?;
//! # let (known, id) = (HashMap::from([(1, "soap")]), 1);
//! match known.get(&id) {
//!     Some(_product) => products.hit(),
//!     None => products.miss(),
//! }
//! # let _ = connection;
//! # Ok(()) }
//! ```
//!
//! What is asked must not wait: the scrape waits for it. One that panics is shown as `NaN`, until it does not.

mod cache;
mod pool;
mod queue;
mod source;

pub use cache::Cache;
pub use pool::{Acquire, Connections, Pool, PoolState};
pub use queue::QueueState;

pub(crate) use queue::watch;

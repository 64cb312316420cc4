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
//! let depth = emails.downgrade(); // else the worker would wait for ever for the last sender to go
//! monitoring.queue("emails", move || {
//!     let free = depth.upgrade().map_or(100, |emails| emails.capacity());
//!     QueueState::new(100 - free).capacity(100)
//! })?;
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
//! What is asked must not wait: the scrape waits for it. One that panics is not shown, until it does not. What a closure holds is never dropped:
//! give it what does not keep a queue open, such as a weak sender.

mod cache;
mod families;
mod pool;
mod queue;
mod source;

pub use cache::Cache;
pub use pool::{Acquire, Connections, Pool, PoolState};
pub use queue::QueueState;

pub(crate) use families::Resources;

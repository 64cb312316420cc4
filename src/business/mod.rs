//! What the service is for, in numbers: users, sign-ups, orders, money, boxes, satisfaction, journeys.
//!
//! The names that occur are announced once, at start; each thing that happens is then one call, from anywhere:
//!
//! ```
//! # fn main() -> Result<(), ecolaura_monitoring::Error> {
//! # let monitoring = ecolaura_monitoring::Monitoring::builder("docs").build()?;
//! let business = monitoring
//!     .business()
//!     .plans(["seedling", "forest"])
//!     .currencies(["EUR"])
//!     .touchpoints(["delivery"])
//!     .journey("subscription", ["browse", "sign_up", "first_box"])
//!     .register()?; // Copy: keep it in the state of the app
//!
//! business.user_seen("mara@example.org"); // active users; the id stays in the process
//! business.signed_up("forest");
//! business.step("subscription", "sign_up");
//!
//! let order = business.order(); // from here on it is being processed
//! business.revenue(24_90, "EUR"); // cents
//! order.completed(); // dropped before, it is cancelled
//!
//! business.box_filled("forest", 7.0 / 8.0);
//! business.satisfaction("delivery", 5); // of 5
//! # Ok(()) }
//! ```
//!
//! - **What is announced is there from 0**, so that Prometheus sees the first of each.
//! - **Nothing else gets in.** A plan, touchpoint, journey or step that was not announced, a currency that ISO 4217 does not have, a negative
//!   amount, a score off the scale, a box that goes backwards: it is not recorded but counted in `monitoring_observations_refused_total`, and
//!   told by `tracing`: the same once, and five a minute of each family at most. No call fails, panics or waits.
//! - **Money** is counted in whole minor units (cents; yen, which has none) and divided when it is shown, so no sum drifts.
//! - **A call costs** a lookup of the name and one or two relaxed atomic adds, and allocates nothing; `user_seen` one keyed hash and a look at
//!   the clock.
//!
//! # Over many replicas
//!
//! Everything is added up over replicas with `sum`, but users: the same user comes to many. [`Business::user_seen`] keeps a sketch of whom
//! this process has seen in the last minutes, which is exported as 128 series; recording rules merge the sketches of all replicas, over any
//! time. See [`Business::user_seen`].
//!
//! # A recorder of your own
//!
//! What is not here is made in the same way, from [`metrics`](crate::metrics):
//!
//! ```
//! # #[cfg(feature = "macros")]
//! # mod service {
//! use ecolaura_monitoring::metrics::{Counter, Family, LabelSet, LabelValue, Metric, Registry};
//!
//! const TREES: Metric = Metric::counter("trees_planted_total", "Trees planted, by region.").checked();
//!
//! #[derive(Clone, Copy, LabelValue)]
//! pub enum Region { Coast, Highlands }
//!
//! #[derive(Clone, Copy, LabelSet)]
//! struct By { region: Region }
//!
//! #[derive(Clone, Copy)]
//! pub struct Trees(Family<Counter, By>);
//!
//! impl Trees {
//!     pub fn register(registry: Registry) -> Result<Self, ecolaura_monitoring::Error> {
//!         Ok(Self(registry.counter_family(TREES)?.init_all()))
//!     }
//!
//!     pub fn planted(self, region: Region, trees: u64) {
//!         self.0.get(By { region }).add(trees);
//!     }
//! }
//!
//! # fn main_of(monitoring: &ecolaura_monitoring::Monitoring) -> Result<(), ecolaura_monitoring::Error> {
//! let trees = Trees::register(monitoring.metrics())?; // at start; then from anywhere:
//! trees.planted(Region::Coast, 12);
//! # Ok(()) }
//! # }
//! ```

mod boxes;
mod builder;
mod money;
mod name;
mod order;
mod recorder;
mod refusal;
mod sketch;
mod users;

pub use boxes::BoxStage;
pub use builder::BusinessBuilder;
pub use name::Name;
pub use order::{Order, OrderOutcome};
pub use recorder::Business;

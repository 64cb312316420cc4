//! What the shop is for, by the names that occur in it.

use ecolaura_monitoring::business::Business;
use ecolaura_monitoring::metrics::LabelValue as _;
use ecolaura_monitoring::{Error, Monitoring};

use crate::store::Plan;

/// The way to a subscription.
pub(crate) const SUBSCRIPTION: &str = "subscription";

/// Where customers are asked how content they are.
pub(crate) const TOUCHPOINTS: [&str; 2] = ["delivery", "support"];

/// The currency of all prices.
pub(crate) const CURRENCY: &str = "EUR";

pub(crate) fn register(monitoring: &Monitoring) -> Result<Business, Error> {
    monitoring
        .business()
        .plans(Plan::VALUES)
        .currencies([CURRENCY])
        .touchpoints(TOUCHPOINTS)
        .journey(SUBSCRIPTION, ["browse", "look_closer", "sign_up", "box"])
        .register()
}

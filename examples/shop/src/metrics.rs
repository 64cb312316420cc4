//! The shop's own numbers, beside those that monitoring takes by itself.

use ecolaura_monitoring::metrics::{Counter, Family, Histogram, LabelSet, Metric, Registry};

use crate::store::Plan;

const BOXES_PACKED: Metric = Metric::counter("boxes_packed_total", "Boxes packed, by plan.");
const ORDER_ITEMS: Metric = Metric::histogram("order_items", "Items in an order.");

#[derive(Clone, Copy, LabelSet)]
pub(crate) struct ByPlan {
    pub(crate) plan: Plan,
}

#[derive(Clone, Copy)]
pub(crate) struct Metrics {
    pub(crate) boxes_packed: Family<Counter, ByPlan>,
    pub(crate) order_items: Histogram,
}

impl Metrics {
    pub(crate) fn register(registry: Registry) -> Result<Self, ecolaura_monitoring::Error> {
        Ok(Self {
            boxes_packed: registry.counter_family(BOXES_PACKED)?.init_all(),
            order_items: registry.histogram(ORDER_ITEMS)?,
        })
    }
}

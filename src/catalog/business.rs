//! What the service is for: users, sign-ups, orders, money, boxes.

use crate::catalog::{Metric, Unit};

/// Users seen by one process.
pub const ACTIVE_USERS: Metric = Metric::gauge(
    "active_users",
    "Different users that this process has seen in the last 5 to 10 minutes, estimated. Not to be added up over processes: that is what the sketch is for.",
);

/// The registers of the sketch that users are counted with.
pub const ACTIVE_USERS_SKETCH: Metric = Metric::gauge(
    "active_users_sketch",
    "Which users this process has seen in the last 5 to 10 minutes, as a sketch that recording rules merge: eight registers in each word.",
)
.labels(&["key_id", "word"]);

/// Subscriptions that began.
pub const SIGN_UPS: Metric = Metric::counter(
    "subscription_signups_total",
    "Subscriptions that were signed up for, by plan.",
)
.labels(&["plan"]);

/// How long orders take.
pub const ORDER_PROCESSING: Metric = Metric::histogram(
    "order_processing_seconds",
    "Time from the start of an order's processing to its outcome.",
)
.unit(Unit::Seconds)
.labels(&["outcome"])
.buckets(&[
    0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0,
]);

/// Money that came in.
pub const REVENUE: Metric = Metric::counter(
    "revenue_total",
    "Money that came in, in units of the currency (euros, not cents).",
)
.labels(&["currency"]);

/// Money that went back.
pub const REFUNDS: Metric = Metric::counter(
    "refunds_total",
    "Money that went back to customers, in units of the currency (euros, not cents).",
)
.labels(&["currency"]);

/// How full boxes are.
pub const BOX_FILL: Metric = Metric::histogram(
    "subscription_box_fill_ratio",
    "How full a box is when it is packed, by plan: 1 is full.",
)
.unit(Unit::Ratio)
.labels(&["plan"])
.buckets(&[0.25, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 1.0]);

/// Boxes on their way.
pub const BOX_STAGES: Metric = Metric::counter(
    "subscription_box_stage_total",
    "Boxes that came to a stage of their life.",
)
.labels(&["stage"]);

/// How long they stay.
pub const BOX_STAGE_TIME: Metric = Metric::histogram(
    "subscription_box_stage_seconds",
    "Time that boxes were in a stage when they left it.",
)
.unit(Unit::Seconds)
.labels(&["stage"])
.buckets(&[
    60.0,
    600.0,
    3_600.0,
    14_400.0,
    43_200.0,
    86_400.0,
    172_800.0,
    259_200.0,
    432_000.0,
    604_800.0,
    1_209_600.0,
    2_592_000.0,
]);

/// How content customers are.
pub const SATISFACTION: Metric = Metric::histogram(
    "customer_satisfaction_score",
    "Scores that customers gave, from 1 to 5, by where they were asked.",
)
.labels(&["touchpoint"])
.buckets(&[1.0, 2.0, 3.0, 4.0, 5.0]);

/// Steps of journeys.
pub const JOURNEY_STEPS: Metric = Metric::counter(
    "user_journey_steps_total",
    "Steps that users have taken on a journey through the service.",
)
.labels(&["journey", "step"]);

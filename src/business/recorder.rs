//! The recorders, one call each.

use std::time::Duration;

use crate::business::boxes::BoxStage;
use crate::business::money::{Money, Way};
use crate::business::name::{Name, Named};
use crate::business::order::{Order, OrderOutcome, Orders};
use crate::business::refusal::{Checked, Why};
use crate::business::users::Users;
use crate::metrics::{Counter, Histogram, nanoseconds};
use crate::trace_context::TraceContext;

/// What the service is for, in numbers; see [`business`](crate::business). Copying it costs nothing.
#[derive(Clone, Copy)]
pub struct Business(pub(crate) Option<&'static Recorders>);

/// Where it is recorded; `None` in a [`Business`] whose telemetry is disabled.
pub(crate) struct Recorders {
    pub(crate) users: &'static Users,
    pub(crate) money: Money,
    pub(crate) orders: Orders,
    pub(crate) sign_ups: (Checked, Named<Counter>),
    pub(crate) box_fill: (Checked, Named<Histogram>),
    pub(crate) satisfaction: (Checked, Named<Histogram>),
    pub(crate) journeys: (Checked, Named<Named<Counter>>),
    pub(crate) boxes: Boxes,
}

/// Boxes, by stage.
pub(crate) struct Boxes {
    pub(crate) refused: Checked,
    pub(crate) entered: [Counter; BoxStage::ALL.len()],
    pub(crate) time: [Histogram; BoxStage::ALL.len()],
}

impl Business {
    /// A user does something: an id, a name, an address, of 1 to 1,024 bytes. Of it only a hash is kept, and of that only a few bits.
    ///
    /// Always the same bytes for one user: `Mara@` and `mara@` are two, and so are an id as text and as a number.
    ///
    /// Exported as `active_users`, an estimate for this process and the last 5 to 10 minutes, and as `active_users_sketch`, from which recording
    /// rules (`deploy/prometheus/active-users.rules.yml`) make `active_users:estimate{window="1h"}`, `"1d"`, `"7d"`, `"30d"` and
    /// `daily_active_users` for all replicas together, each user once. They are there from the first user on: 128 series of each process.
    ///
    /// The standard error is 3.25 %, below 2,000 users less. For what is billed ask the database or the log: `user.hash` of the
    /// [authentication log](crate::authentication).
    ///
    /// All replicas need the same key, which nobody else knows or can guess (`openssl rand -hex 32`; no phrase, since its `key_id` lets one try): `MONITORING_USER_HASH_KEY`, or
    /// [`user_hash_key`](crate::MonitoringBuilder::user_hash_key). Sketches with different keys are not merged but added up. Without a key a public
    /// one is used, which is told once.
    #[inline]
    pub fn user_seen(self, id: impl AsRef<[u8]>) {
        if let Some(recorders) = self.0 {
            recorders.users.seen(id.as_ref());
        }
    }

    /// A subscription was signed up for: `subscription_signups_total`.
    #[inline]
    pub fn signed_up(self, plan: impl Name) {
        let Some(recorders) = self.0 else { return };
        let (checked, plans) = &recorders.sign_ups;
        match plans.get(plan.text()) {
            Some(counter) => counter.inc(),
            None => checked.refuse(Why::NotAnnounced, plan.text()),
        }
    }

    /// An order begins to be processed; it counts when it has an outcome. Dropped without one, as by `?`, it counts as cancelled: see
    /// [`Order::settled`].
    #[inline]
    pub fn order(self) -> Order {
        Order::begin(self.0)
    }

    /// An order was processed, in a time that was measured elsewhere: over several processes, say.
    #[inline]
    pub fn order_processed(self, outcome: OrderOutcome, time: Duration) {
        if let Some(recorders) = self.0 {
            recorders.orders.took(outcome, time);
        }
    }

    /// Money came in: `revenue_total`, in units. `minor` is in minor units as ISO 4217 has them: cents of EUR, yen of JPY, thousandths of KWD.
    ///
    /// Below 10^15 and not negative; what goes back is a [`refund`](Self::refund). A currency that was not announced is shown from then on.
    ///
    /// Store it and tell of it in work that goes on when the client leaves, such as a task of its own: a handler that is dropped between the two has
    /// stored what nobody counts.
    #[inline]
    pub fn revenue(self, minor: i64, currency: impl AsRef<str>) {
        if let Some(recorders) = self.0 {
            recorders.money.add(Way::In, minor, currency.as_ref());
        }
    }

    /// Money went back to a customer: `refunds_total`, in units. A positive amount, in minor units.
    #[inline]
    pub fn refund(self, minor: i64, currency: impl AsRef<str>) {
        if let Some(recorders) = self.0 {
            recorders.money.add(Way::Back, minor, currency.as_ref());
        }
    }

    /// A box was packed, so full: `subscription_box_fill_ratio`. From 0 to 1, which is full.
    #[inline]
    pub fn box_filled(self, plan: impl Name, ratio: f64) {
        let Some(recorders) = self.0 else { return };
        let (checked, plans) = &recorders.box_fill;
        match plans.get(plan.text()) {
            None => checked.refuse(Why::NotAnnounced, plan.text()),
            Some(_) if !(0.0..=1.0).contains(&ratio) => checked.refuse(Why::OffScale, ratio),
            Some(histogram) => histogram.observe_with_exemplar(ratio, TraceContext::present()),
        }
    }

    /// There is a new box: `subscription_box_stage_total{stage="created"}`.
    #[inline]
    pub fn box_created(self) {
        if let Some(recorders) = self.0 {
            recorders.boxes.entered[BoxStage::Created as usize].inc();
        }
    }

    /// A box goes from one stage to the next, after so long in the first: `subscription_box_stage_total` of the second, and
    /// `subscription_box_stage_seconds` of the first.
    ///
    /// One that [does not lead](BoxStage::leads_to) to the other is refused. Call it when the move is stored: a move that is told twice counts
    /// twice.
    #[inline]
    pub fn box_moved(self, from: BoxStage, to: BoxStage, spent: Duration) {
        let Some(recorders) = self.0 else { return };
        let boxes = &recorders.boxes;
        if !from.leads_to(to) {
            let refused = &boxes.refused;
            return refused.refuse(Why::IllegalOrder, format_args!("{from} to {to}"));
        }
        boxes.entered[to as usize].inc();
        let nanoseconds = nanoseconds(spent);
        boxes.time[from as usize].record(nanoseconds, TraceContext::present().as_ref());
    }

    /// A customer gave a score from 1, not at all content, to 5: `customer_satisfaction_score`.
    #[inline]
    pub fn satisfaction(self, touchpoint: impl Name, score: u8) {
        let Some(recorders) = self.0 else { return };
        let (checked, touchpoints) = &recorders.satisfaction;
        match touchpoints.get(touchpoint.text()) {
            None => checked.refuse(Why::NotAnnounced, touchpoint.text()),
            Some(_) if !(1..=5).contains(&score) => checked.refuse(Why::OffScale, score),
            Some(histogram) => {
                histogram.observe_with_exemplar(score.into(), TraceContext::present());
            }
        }
    }

    /// A user takes a step of a journey: `user_journey_steps_total`. How many go on is the quotient of two steps.
    #[inline]
    pub fn step(self, journey: impl Name, step: impl Name) {
        let Some(recorders) = self.0 else { return };
        let (checked, journeys) = &recorders.journeys;
        match journeys.get(journey.text()) {
            None => checked.refuse(Why::NotAnnounced, journey.text()),
            Some(steps) => match steps.get(step.text()) {
                None => checked.refuse(Why::NotAnnounced, step.text()),
                Some(counter) => counter.inc(),
            },
        }
    }
}

impl std::fmt::Debug for Business {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Business")
            .field("is_recording", &self.0.is_some())
            .finish_non_exhaustive()
    }
}

//! The names that occur, announced once.

use crate::business::boxes::BoxStage;
use crate::business::money::{self, Money};
use crate::business::name::Named;
use crate::business::order::{OrderOutcome, Orders};
use crate::business::recorder::{Boxes, Business, Recorders};
use crate::business::refusal::Checked;
use crate::business::users::{self, Users};
use crate::catalog;
use crate::error::Error;
use crate::metrics::{Registry, check_names, resolve};
use crate::observe::Meter;

/// The fewest label sets that a family must have room for: the words of a sketch, the currencies of the world.
const LEAST_SERIES: usize = 256;

/// The names that occur in a service's business; get it from [`Monitoring::business`](crate::Monitoring::business).
#[must_use = "call `register`"]
pub struct BusinessBuilder {
    /// `None` when telemetry is disabled.
    meter: Option<&'static Meter>,
    /// What users are hashed with, where somebody chose it.
    key: Option<[u8; 16]>,
    plans: Vec<String>,
    currencies: Vec<String>,
    touchpoints: Vec<String>,
    journeys: Vec<(String, Vec<String>)>,
}

impl BusinessBuilder {
    pub(crate) fn new(meter: Option<&'static Meter>, key: Option<[u8; 16]>) -> Self {
        Self {
            meter,
            key,
            plans: Vec::new(),
            currencies: Vec::new(),
            touchpoints: Vec::new(),
            journeys: Vec::new(),
        }
    }

    /// The plans of subscriptions: `plan` of sign-ups and boxes. Default: none.
    pub fn plans(mut self, names: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        self.plans.extend(texts(names));
        self
    }

    /// The currencies, by their codes in ISO 4217, that are shown from the start; others are from when they occur. Default: none.
    pub fn currencies(mut self, codes: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        self.currencies.extend(texts(codes));
        self
    }

    /// Where customers are asked how content they are: `touchpoint`. Default: none.
    pub fn touchpoints(mut self, names: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        self.touchpoints.extend(texts(names));
        self
    }

    /// A journey of users through the service, and its steps. Default: none.
    pub fn journey(
        mut self,
        name: impl Into<String>,
        steps: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Self {
        self.journeys.push((name.into(), texts(steps).collect()));
        self
    }

    /// Makes the series of all that was announced, at 0.
    ///
    /// # Errors
    ///
    /// When a name is empty, too long or there twice, a journey has no steps, a currency is not in ISO 4217, `max_series` is below 256 or too
    /// low for the names, or it was called before for this monitoring. The text says what to do.
    pub fn register(self) -> Result<Business, Error> {
        check_names("business(): plans", &self.plans)?;
        check_names("business(): touchpoints", &self.touchpoints)?;
        let journeys: Vec<String> = self.journeys.iter().map(|(name, _)| name.clone()).collect();
        check_names("business(): journeys", &journeys)?;
        for (name, steps) in &self.journeys {
            let what = format!("business(): steps of the journey `{name}`");
            check_names(&what, steps)?;
            if steps.is_empty() {
                return Err(Error::configuration(format!(
                    "{what}: there are none: name them in their order"
                )));
            }
        }
        let codes = self.currencies.iter().map(String::as_str);
        if let Some(code) = codes.clone().find(|code| !money::is_currency(code)) {
            return Err(Error::configuration(format!(
                "business(): currencies: ISO 4217 has no currency `{code}` with units: give its code, such as EUR"
            )));
        }
        let Some(meter) = self.meter else {
            return Ok(Business(None));
        };
        let registry = meter.registry;
        if registry.cap() < LEAST_SERIES {
            return Err(Error::configuration(format!(
                "business(): max_series is {}: give it {LEAST_SERIES} or more",
                registry.cap()
            )));
        }
        let steps = self.journeys.iter().map(|(_, steps)| steps.len()).sum();
        for (what, names) in [
            ("plans", self.plans.len()),
            ("touchpoints", self.touchpoints.len()),
            ("steps of all journeys", steps),
        ] {
            if names > registry.cap() {
                return Err(Error::configuration(format!(
                    "business(): {names} {what} find no room: max_series is {}",
                    registry.cap()
                )));
            }
        }
        let users: &'static Users = Box::leak(Box::new(Users::new(self.key)));
        if !registry.ask(users::METRICS, users) {
            return Err(Error::configuration(
                "business(): it is registered already: keep what `register` returned, which is Copy",
            ));
        }
        let recorders: &'static Recorders = Box::leak(Box::new(self.recorders(registry, users)));
        codes.for_each(|code| recorders.money.announce(code));
        Ok(Business(Some(recorders)))
    }

    fn recorders(&self, registry: Registry, users: &'static Users) -> Recorders {
        let checked = |metric| Checked::new(metric, registry);
        let sign_ups = checked(catalog::SIGN_UPS);
        let box_fill = checked(catalog::BOX_FILL);
        let satisfaction = checked(catalog::SATISFACTION);
        let steps = checked(catalog::JOURNEY_STEPS);
        let journeys = self.journeys.iter().map(|(journey, names)| {
            let counter = |step: &String| (step.clone(), steps.resolve(&[journey, step]));
            (journey.clone(), Named::new(names.iter().map(counter)))
        });
        let journeys = Named::new(journeys);
        let orders = registry.own(catalog::ORDER_PROCESSING);
        let boxes = checked(catalog::BOX_STAGES);
        let stage_time = registry.own(catalog::BOX_STAGE_TIME);
        Recorders {
            users,
            money: Money::new(registry),
            orders: Orders(OrderOutcome::ALL.map(|outcome| resolve(orders, &[outcome.as_str()]))),
            sign_ups: sign_ups.named(&self.plans),
            box_fill: box_fill.named(&self.plans),
            satisfaction: satisfaction.named(&self.touchpoints),
            journeys: (steps, journeys),
            boxes: Boxes {
                entered: BoxStage::ALL.map(|stage| boxes.resolve(&[stage.as_str()])),
                time: BoxStage::ALL.map(|stage| resolve(stage_time, &[stage.as_str()])),
                refused: boxes,
            },
        }
    }
}

fn texts(names: impl IntoIterator<Item = impl AsRef<str>>) -> impl Iterator<Item = String> {
    let names = names.into_iter();
    names.map(|name| name.as_ref().to_owned())
}

impl std::fmt::Debug for BusinessBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BusinessBuilder")
            .field("plans", &self.plans)
            .field("currencies", &self.currencies)
            .field("touchpoints", &self.touchpoints)
            .field("journeys", &self.journeys)
            .finish_non_exhaustive()
    }
}

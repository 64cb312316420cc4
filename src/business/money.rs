//! Money: whole minor units of currencies that there are.

use std::collections::HashMap;
use std::sync::OnceLock;

use foldhash::fast::FixedState;
use iso_currency::Currency;

use crate::business::refusal::{Checked, Why};
use crate::catalog::{self, Metric};
use crate::metrics::{Counter, Part, Registry, own_shape};

/// From so many minor units on an amount is a mistake: ten million million euros, and more rials than any order has. Sums are exact up to nine
/// times that (2^53).
const MOST: u64 = 1_000_000_000_000_000;

/// What came in and what went back, by currency.
pub(crate) struct Money {
    revenue: Checked,
    refunds: Checked,
    /// All that there are. Their series are made when they occur first.
    currencies: HashMap<[u8; 3], OnceLock<Till>, FixedState>,
}

/// The series of one currency.
struct Till {
    revenue: Counter,
    refunds: Counter,
}

/// Which way money goes.
#[derive(Clone, Copy)]
pub(crate) enum Way {
    In,
    Back,
}

impl Money {
    pub(crate) fn new(registry: Registry) -> Self {
        let family = |metric: Metric| {
            let views = [(metric, Part::Divided(minor_units))];
            let series = registry.own_views(own_shape(&metric), metric.label_names(), &views);
            Checked::of(metric, series)
        };
        // By its numbers, of which there are few, ISO 4217 can be gone through.
        let all = (0..1000).filter_map(Currency::from_numeric);
        let with_units = all.filter(|currency| currency.exponent().is_some());
        let entry = |currency: Currency| Some((key(currency.code())?, OnceLock::new()));
        Self {
            revenue: family(catalog::REVENUE),
            refunds: family(catalog::REFUNDS),
            currencies: with_units.filter_map(entry).collect(),
        }
    }

    /// Shows this currency from now on, from 0.
    pub(crate) fn announce(&self, code: &str) {
        let _ = self.till(code);
    }

    #[inline]
    pub(crate) fn add(&self, way: Way, minor: i64, code: &str) {
        let of = match way {
            Way::In => &self.revenue,
            Way::Back => &self.refunds,
        };
        let Some(till) = self.till(code) else {
            return of.refuse(Why::NoCurrency, code);
        };
        match u64::try_from(minor) {
            Err(_) => of.refuse(Why::Negative, code),
            Ok(MOST..) => of.refuse(Why::TooLarge, code),
            Ok(minor) => match way {
                Way::In => till.revenue.add(minor),
                Way::Back => till.refunds.add(minor),
            },
        }
    }

    #[inline]
    fn till(&self, code: &str) -> Option<&Till> {
        let key = key(code)?;
        let till = self.currencies.get(&key)?;
        Some(till.get_or_init(|| self.first(&key)))
    }

    #[cold]
    fn first(&self, key: &[u8; 3]) -> Till {
        let labels = [std::str::from_utf8(key).unwrap_or_default()];
        Till {
            revenue: self.revenue.resolve(&labels),
            refunds: self.refunds.resolve(&labels),
        }
    }
}

/// Whether ISO 4217 has this currency, and it has units: gold and what is for testing have none.
pub(crate) fn is_currency(code: &str) -> bool {
    let known = Currency::from_code(&code.to_ascii_uppercase());
    known.and_then(Currency::exponent).is_some()
}

/// A code as it is looked up, however it is written.
#[inline]
fn key(code: &str) -> Option<[u8; 3]> {
    let mut key: [u8; 3] = code.as_bytes().try_into().ok()?;
    key.make_ascii_uppercase();
    Some(key)
}

/// How many minor units a unit of a currency has.
fn minor_units(labels: &[&str]) -> f64 {
    let currency = labels.first().and_then(|code| Currency::from_code(code));
    let exponent = currency.and_then(Currency::exponent).unwrap_or_default();
    10_f64.powi(exponent.into())
}

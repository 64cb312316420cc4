//! Objectives that functions state beside themselves and that are found when the program is linked.

use std::time::Duration;

/// What `#[monitor("…", slo(latency = "250ms", target = 99.9))]` states.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Objective {
    pub(crate) endpoint: &'static str,
    pub(crate) module: &'static str,
    pub(crate) function: &'static str,
    pub(crate) latency: Option<Duration>,
    pub(crate) target_thousandths: u32,
}

impl Objective {
    /// The endpoint template or function name.
    pub fn endpoint(&self) -> &'static str {
        self.endpoint
    }

    /// The module and name of the function that states it.
    pub fn function(&self) -> (&'static str, &'static str) {
        (self.module, self.function)
    }

    /// The time within which a call is good; `None` when only success counts.
    pub fn latency(&self) -> Option<Duration> {
        self.latency
    }

    /// The share of good calls that is promised, in percent.
    pub fn target(&self) -> f64 {
        f64::from(self.target_thousandths) / 1000.0
    }

    /// All objectives that are linked into this program, sorted by endpoint.
    ///
    /// ```
    /// for objective in ecolaura_monitoring::Objective::all() {
    ///     println!("{} {}%", objective.endpoint(), objective.target());
    /// }
    /// ```
    pub fn all() -> Vec<Objective> {
        #[cfg(feature = "macros")]
        let mut all = super::function::objectives();
        #[cfg(not(feature = "macros"))]
        let mut all: Vec<Objective> = Vec::new();
        all.sort_by_key(|objective| (objective.endpoint, objective.module, objective.function));
        all
    }
}

//! What can be changed.

use std::net::IpAddr;

use serde_json::Value;

#[cfg(feature = "logs")]
use crate::logs::{Filter, Logs};
#[cfg(feature = "traces")]
use crate::trace::Tracer;

/// Something that can be changed.
pub(crate) trait Dial: Send + Sync {
    fn name(&self) -> &'static str;

    /// What it is set to.
    fn now(&self) -> Value;

    /// What is wrong with a value, if something is.
    fn problem(&self, value: &Value) -> Option<String>;

    /// Sets it to a value with which nothing is wrong.
    fn set(&self, value: &Value);
}

/// What is told of in the log.
pub(crate) struct Audited<'a> {
    pub(crate) action: &'static str,
    pub(crate) is_success: bool,
    pub(crate) from: Option<IpAddr>,
    /// What is set to what.
    pub(crate) what: &'a [(&'static str, String)],
}

/// Tells it; whether it could be told.
pub(crate) type Audit = Box<dyn Fn(&Audited<'_>) -> bool + Send + Sync>;

/// A value as it is told.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Which lines are written.
#[cfg(feature = "logs")]
pub(crate) struct LogFilter(pub(crate) &'static Logs);

#[cfg(feature = "logs")]
impl Dial for LogFilter {
    fn name(&self) -> &'static str {
        "log_filter"
    }

    fn now(&self) -> Value {
        self.0.filter.directives().into()
    }

    fn problem(&self, value: &Value) -> Option<String> {
        match value.as_str() {
            Some(directives) => {
                let error = Filter::new(directives).err();
                error.map(|error| error.to_string())
            }
            None => Some("log_filter is a text, such as \"info,sqlx=warn\"".to_owned()),
        }
    }

    fn set(&self, value: &Value) {
        let directives = value.as_str().unwrap_or_default();
        let _ = self.0.filter.set(directives); // it was looked at before
    }
}

/// The share of traces that begin here and are recorded.
#[cfg(feature = "traces")]
pub(crate) struct SamplingRatio(pub(crate) &'static Tracer);

#[cfg(feature = "traces")]
impl Dial for SamplingRatio {
    fn name(&self) -> &'static str {
        "sampling_ratio"
    }

    fn now(&self) -> Value {
        self.0.ratio().into()
    }

    fn problem(&self, value: &Value) -> Option<String> {
        let is_share = value
            .as_f64()
            .is_some_and(|ratio| (0.0..=1.0).contains(&ratio));
        (!is_share).then(|| "sampling_ratio is a number from 0 to 1".to_owned())
    }

    fn set(&self, value: &Value) {
        if let Some(ratio) = value.as_f64() {
            self.0.set_ratio(ratio);
        }
    }
}

//! Why a registration is refused, in words.

use crate::catalog::{Kind, Metric};
use crate::error::Error;

/// That a metric is registered as what it is described as.
pub(crate) fn expect_kind(metric: &Metric, kind: Kind) -> Result<(), Error> {
    if metric.kind() == kind {
        return Ok(());
    }
    Err(Error::metric(format!(
        "metric `{}` is described as a {} and registered as a {}",
        metric.name(),
        metric.kind().as_str(),
        kind.as_str()
    )))
}

/// Says in which respect two descriptions of one name differ.
pub(crate) fn clash(known: &Metric, new: &Metric) -> Error {
    if known.name() != new.name() {
        return Error::metric(format!(
            "metrics `{}` and `{}` have the same name in OpenMetrics, where a counter's has no `_total`: \
             give one of them another name",
            known.name(),
            new.name()
        ));
    }
    let differ = |what: &str, known: String, new: String| {
        format!("has {what} {known}, and is registered again with {new}")
    };
    let how = if known.kind() != new.kind() {
        let (known, new) = (known.kind().as_str(), new.kind().as_str());
        differ("kind", known.into(), new.into())
    } else if known.label_names() != new.label_names() {
        let (known, new) = (known.label_names(), new.label_names());
        differ("the labels", format!("{known:?}"), format!("{new:?}"))
    } else if known.upper_bounds() != new.upper_bounds() {
        let (known, new) = (known.upper_bounds(), new.upper_bounds());
        differ("the buckets", format!("{known:?}"), format!("{new:?}"))
    } else {
        differ(
            "unit and help",
            format!("{:?}, {:?}", known.base_unit(), known.help()),
            format!("{:?}, {:?}", new.base_unit(), new.help()),
        )
    };
    Error::metric(format!(
        "metric `{}` {how}: give one of them another name, or make the descriptions equal",
        new.name()
    ))
}

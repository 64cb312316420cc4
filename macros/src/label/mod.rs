//! The derives for label types: `LabelValue` for the texts of one label, `LabelSet` for the labels of a metric.

mod attribute;
pub(crate) mod set;
pub(crate) mod value;

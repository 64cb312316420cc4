//! Labels as types: a finite set of values, so that a lookup is an index.

/// One label's values: a type with finitely many, such as an enum without fields.
///
/// Derive it: the values are the variants in snake case.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use ecolaura_monitoring::metrics::LabelValue;
///
/// #[derive(Clone, Copy, LabelValue)]
/// enum Plan {
///     Seedling,
///     #[label(name = "old-growth")]
///     OldGrowth,
/// }
/// assert_eq!(Plan::VALUES, ["seedling", "old-growth"]);
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a label's value",
    label = "has no finite list of values",
    note = "a label is an enum without fields that derives `LabelValue`, or `bool`: free text would make series without end"
)]
pub trait LabelValue: Copy + 'static {
    /// The text of each value, by index.
    const VALUES: &'static [&'static str];

    /// This value's place in [`VALUES`](Self::VALUES).
    fn index(self) -> usize;
}

/// A metric's labels: a type with finitely many values, such as a struct of [`LabelValue`]s.
///
/// Derive it: the label names are the field names.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use ecolaura_monitoring::metrics::{LabelSet, LabelValue};
///
/// #[derive(Clone, Copy, LabelValue)]
/// enum Plan { Seedling, Forest }
///
/// #[derive(Clone, Copy, LabelSet)]
/// struct Packed { plan: Plan, gift: bool }
///
/// assert_eq!(Packed::NAMES, ["plan", "gift"]);
/// assert_eq!(Packed::CARDINALITY, 4);
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a set of labels",
    label = "has no label names",
    note = "the labels of a metric are a struct of `LabelValue`s that derives `LabelSet`, or `()` for none"
)]
pub trait LabelSet: Copy + 'static {
    /// The label names.
    const NAMES: &'static [&'static str];

    /// How many label sets there are.
    const CARDINALITY: usize;

    /// This label set's number, below [`CARDINALITY`](Self::CARDINALITY).
    fn index(self) -> usize;

    /// The text of label number `label` in label set number `index`.
    fn value(index: usize, label: usize) -> &'static str;
}

impl LabelValue for bool {
    const VALUES: &'static [&'static str] = &["false", "true"];

    fn index(self) -> usize {
        usize::from(self)
    }
}

impl LabelSet for () {
    const NAMES: &'static [&'static str] = &[];
    const CARDINALITY: usize = 1;

    fn index(self) -> usize {
        0
    }

    fn value(_index: usize, _label: usize) -> &'static str {
        ""
    }
}

//! The life of a subscription box.

use std::fmt;

/// A stage in the life of a subscription box.
///
/// A box is created, curated, packed, shipped, and then delivered, or returned, which can still happen after it was delivered.
///
/// ```
/// use ecolaura_monitoring::business::BoxStage;
///
/// let stage = BoxStage::named("shipped"); // as it is kept in a database, say
/// assert!(stage.is_some_and(|stage| stage.leads_to(BoxStage::Delivered)));
/// assert!(!BoxStage::Delivered.leads_to(BoxStage::Packed));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoxStage {
    /// It is known that there will be one.
    Created,
    /// What goes into it is chosen.
    Curated,
    /// It is in the box.
    Packed,
    /// It is on its way.
    Shipped,
    /// It is with the customer.
    Delivered,
    /// It came back.
    Returned,
}

impl BoxStage {
    /// All stages, in their order.
    pub const ALL: [Self; 6] = [
        Self::Created,
        Self::Curated,
        Self::Packed,
        Self::Shipped,
        Self::Delivered,
        Self::Returned,
    ];

    /// The label value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Curated => "curated",
            Self::Packed => "packed",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Returned => "returned",
        }
    }

    /// The stage of this name, as [`as_str`](Self::as_str) has it.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == name)
    }

    /// Whether a box goes from this stage to that one.
    pub const fn leads_to(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Created, Self::Curated)
                | (Self::Curated, Self::Packed)
                | (Self::Packed, Self::Shipped)
                | (Self::Shipped, Self::Delivered | Self::Returned)
                | (Self::Delivered, Self::Returned)
        )
    }
}

impl fmt::Display for BoxStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

//! What `describe_counter!` and its like say of a family: help and unit.

use std::sync::Arc;

use crate::catalog::{Kind, Unit};

/// Help and unit of a family, as they were last described.
#[derive(Clone)]
pub(crate) struct Description {
    pub(crate) help: Arc<str>,
    unit: Option<metrics::Unit>,
}

impl Description {
    /// That of a family which nobody has described.
    pub(crate) fn none() -> Self {
        Self {
            help: Arc::from(""),
            unit: None,
        }
    }

    /// Takes in another description. One without a unit does not take back that of before.
    pub(crate) fn change(&mut self, unit: Option<metrics::Unit>, help: &str) {
        self.unit = unit.or(self.unit);
        self.help = Arc::from(help);
    }

    /// The unit that is shown: the described one, if it is a base unit and the name ends in it.
    pub(crate) fn shown_unit(&self, name: &str, kind: Kind) -> Unit {
        let stem = match kind {
            Kind::Counter => name.strip_suffix("total").unwrap_or(name),
            _ => name,
        };
        let unit = self.unit.map_or(Unit::None, base);
        match ends_in(stem.trim_end_matches(['_', '.']), unit) {
            true => unit,
            false => Unit::None,
        }
    }

    /// The unit whose buckets a histogram has: the described one, else that in which its name ends.
    pub(crate) fn recorded_unit(&self, name: &str) -> Unit {
        let by_name = || {
            let mut units = [Unit::Seconds, Unit::Bytes].into_iter();
            units.find(|unit| ends_in(name, *unit))
        };
        self.unit.map(base).or_else(by_name).unwrap_or(Unit::None)
    }
}

/// Nothing is rescaled, so that milliseconds are plain numbers.
fn base(unit: metrics::Unit) -> Unit {
    match unit {
        metrics::Unit::Seconds => Unit::Seconds,
        metrics::Unit::Bytes => Unit::Bytes,
        _ => Unit::None,
    }
}

fn ends_in(name: &str, unit: Unit) -> bool {
    let before = name.strip_suffix(unit.as_str());
    before.is_some_and(|before| before.ends_with(['_', '.']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(unit: Option<metrics::Unit>) -> Description {
        let mut description = Description::none();
        description.change(unit, "H.");
        description
    }

    #[track_caller]
    fn shown(unit: metrics::Unit, kind: Kind, name: &str, expected: Unit) {
        let found = described(Some(unit)).shown_unit(name, kind);
        assert_eq!(found, expected, "{name}");
    }

    #[track_caller]
    fn recorded(unit: Option<metrics::Unit>, name: &str, expected: Unit) {
        assert_eq!(described(unit).recorded_unit(name), expected, "{name}");
    }

    #[test]
    fn a_unit_is_shown_where_the_name_ends_in_it() {
        use metrics::Unit as Described;
        shown(
            Described::Seconds,
            Kind::Histogram,
            "t_seconds",
            Unit::Seconds,
        );
        shown(Described::Seconds, Kind::Gauge, "t.seconds", Unit::Seconds);
        shown(
            Described::Bytes,
            Kind::Counter,
            "sent_bytes_total",
            Unit::Bytes,
        );
        shown(
            Described::Bytes,
            Kind::Counter,
            "sent.bytes.total",
            Unit::Bytes,
        );
        shown(Described::Bytes, Kind::Counter, "sent_bytes", Unit::Bytes);
        shown(Described::Seconds, Kind::Gauge, "t", Unit::None);
        shown(Described::Seconds, Kind::Gauge, "seconds", Unit::None);
        shown(
            Described::Milliseconds,
            Kind::Gauge,
            "t_seconds",
            Unit::None,
        );
    }

    #[test]
    fn a_histogram_has_the_buckets_of_its_unit() {
        use metrics::Unit as Described;
        recorded(None, "t_seconds", Unit::Seconds);
        recorded(None, "t.bytes", Unit::Bytes);
        recorded(None, "t", Unit::None);
        recorded(Some(Described::Seconds), "t", Unit::Seconds);
        recorded(Some(Described::Bytes), "t", Unit::Bytes);
        recorded(Some(Described::Milliseconds), "t", Unit::None);
        recorded(Some(Described::Milliseconds), "t_seconds", Unit::None);
    }

    #[test]
    fn a_description_without_a_unit_leaves_it() {
        let mut description = described(Some(metrics::Unit::Seconds));
        description.change(None, "Other.");
        assert_eq!(description.recorded_unit("t"), Unit::Seconds);
        assert_eq!(&*description.help, "Other.");
    }
}

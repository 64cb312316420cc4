//! Keys and values of records of the crate `log`.
//!
//! An event of `tracing` has the fields of its callsite and no others, so these go beside it.

use std::cell::Cell;

use log::kv::{Error, Key, Source, Value, VisitSource, VisitValue};
use tracing::Event;
use tracing_log::NormalizeEvent as _;

use crate::fields::captured::{EntryValue, Fields};
use crate::fields::visit::caught;
use std::fmt::Write as _;

thread_local! {
    /// Those of the record that the thread hands to `tracing`.
    static OF_RECORD: Cell<Option<Box<Fields>>> = const { Cell::new(None) };
}

/// Does something in which a log record becomes an event: the event has the record's keys and values as fields.
pub(crate) fn with_key_values(source: &dyn Source, work: impl FnOnce()) {
    let mut fields = None;
    // A source may be of any kind, and it is the service's own code.
    let is_any = caught(|| source.count() > 0);
    if is_any.unwrap_or_default() {
        let mut all = Box::<Fields>::default();
        let _ = caught(|| source.visit(&mut Keys(&mut all)));
        fields = Some(all);
    }
    let before = swap(fields);
    let _restoring = Restoring(before);
    work();
}

/// Adds the keys and values of the record that this event is made of, if it is of one.
pub(super) fn append(event: &Event<'_>, fields: &mut Fields) {
    if let Some(of_record) = swap(None) {
        if event.is_log() {
            fields.append(&of_record);
        }
        swap(Some(of_record));
    }
}

fn swap(fields: Option<Box<Fields>>) -> Option<Box<Fields>> {
    let before = OF_RECORD.try_with(|kept| kept.replace(fields));
    before.ok().flatten()
}

/// What was there before is there again when this is dropped.
struct Restoring(Option<Box<Fields>>);

impl Drop for Restoring {
    fn drop(&mut self) {
        swap(self.0.take());
    }
}

struct Keys<'a>(&'a mut Fields);

impl<'kvs> VisitSource<'kvs> for Keys<'_> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
        let mut found = None;
        let text = self.0.format(key.as_str(), |out| {
            // An error means that what is too long is cut.
            let _ = value.visit(&mut OneValue(out, &mut found));
            Ok(())
        });
        let value = match found {
            Some(Found::Null) => return Ok(()),
            Some(Found::Value(value)) => value,
            None => EntryValue::text(text),
        };
        let key = self.0.copy("", key.as_str());
        self.0.push_key(key, value);
        Ok(())
    }
}

/// What a value is, other than a text.
enum Found {
    Null,
    Value(EntryValue),
}

struct OneValue<'a, 'b>(&'a mut crate::text::Short<'b>, &'a mut Option<Found>);

impl OneValue<'_, '_> {
    fn found(&mut self, value: Found) -> Result<(), Error> {
        *self.1 = Some(value);
        Ok(())
    }
}

impl<'v> VisitValue<'v> for OneValue<'_, '_> {
    fn visit_any(&mut self, value: Value<'_>) -> Result<(), Error> {
        write!(self.0, "{value}").map_err(Error::from)
    }

    fn visit_null(&mut self) -> Result<(), Error> {
        self.found(Found::Null)
    }

    fn visit_u64(&mut self, value: u64) -> Result<(), Error> {
        self.found(Found::Value(EntryValue::Unsigned(value)))
    }

    fn visit_i64(&mut self, value: i64) -> Result<(), Error> {
        self.found(Found::Value(EntryValue::Int(value)))
    }

    fn visit_f64(&mut self, value: f64) -> Result<(), Error> {
        self.found(Found::Value(EntryValue::Float(value)))
    }

    fn visit_bool(&mut self, value: bool) -> Result<(), Error> {
        self.found(Found::Value(EntryValue::Bool(value)))
    }

    fn visit_str(&mut self, value: &str) -> Result<(), Error> {
        write!(self.0, "{value}").map_err(Error::from)
    }
}

//! Which layers have read the values that the thread keeps.

use std::cell::Cell;

use tracing::Event;
use tracing::field::Visit;
use tracing::span::{Attributes, Id, Record};

use crate::fields::captured::Fields;
#[cfg(feature = "logs")]
use crate::fields::key_values;

thread_local! {
    /// The values that were read last. Taken while they are written or read: formatting a value may log, and so come here again.
    static KEPT: Cell<Option<Box<Reading>>> = const { Cell::new(None) };
    /// A number of the event that the layers of this thread look at.
    static EVENT: Cell<u32> = const { Cell::new(0) };
}

#[derive(Default)]
struct Reading {
    what: Option<What>,
    /// The addresses of the layers that have read it.
    readers: Vec<usize>,
    is_captured: bool,
    fields: Fields,
}

/// What the values belong to.
#[derive(PartialEq)]
enum What {
    /// The number and the address of an event.
    Event(u32, usize),
    /// A span that begins: its id, its callsite and the address of its values, since two registries may give the same id.
    Span(u64, usize, usize),
    /// Values recorded on a span later: its id and the address of the values.
    Record(u64, usize),
}

/// A layer learns of an event. Layers call this in `event_enabled`, which comes to all layers before `on_event` does to any, so that values
/// which a layer left unread are not taken for those of the next event.
pub(crate) fn event_begins() {
    EVENT.set(EVENT.get().wrapping_add(1));
}

/// Reads the values of an event. `reader` is the layer.
pub(crate) fn of_event<R, T>(reader: &R, event: &Event<'_>, read: impl FnOnce(&Fields) -> T) -> T {
    let number = EVENT.get();
    let what = What::Event(number, std::ptr::from_ref(event).addr());
    let capture = |fields: &mut Fields| {
        event.record(fields);
        #[cfg(feature = "logs")]
        key_values::append(event, fields);
        EVENT.set(number); // what was logged meanwhile has been read
    };
    of(address(reader), what, capture, read)
}

/// Reads the values with which a span begins.
pub(crate) fn of_span<R, T>(
    reader: &R,
    id: &Id,
    attributes: &Attributes<'_>,
    read: impl FnOnce(&Fields) -> T,
) -> T {
    let callsite = std::ptr::from_ref(attributes.metadata()).addr();
    let values = std::ptr::from_ref(attributes).addr();
    let what = What::Span(id.into_u64(), callsite, values);
    let capture = |fields: &mut Fields| attributes.record(fields as &mut dyn Visit);
    of(address(reader), what, capture, read)
}

/// Reads values that are recorded on a span later. A layer that does not want them calls [`skip_record`]: two such calls for one span differ only
/// in that each layer has seen the one before.
pub(crate) fn of_record<R, T>(
    reader: &R,
    id: &Id,
    values: &Record<'_>,
    read: impl FnOnce(&Fields) -> T,
) -> T {
    let what = What::Record(id.into_u64(), std::ptr::from_ref(values).addr());
    let capture = |fields: &mut Fields| values.record(fields as &mut dyn Visit);
    of(address(reader), what, capture, read)
}

/// A layer skips values that are recorded on a span later.
pub(crate) fn skip_record<R>(reader: &R, id: &Id, values: &Record<'_>) {
    let mut reading = take();
    let what = What::Record(id.into_u64(), std::ptr::from_ref(values).addr());
    reading.begin(address(reader), what);
    put(reading);
}

fn of<T>(
    reader: usize,
    what: What,
    capture: impl FnOnce(&mut Fields),
    read: impl FnOnce(&Fields) -> T,
) -> T {
    let mut reading = take();
    reading.begin(reader, what);
    if !reading.is_captured {
        capture(&mut reading.fields);
        reading.is_captured = true;
    }
    let result = read(&reading.fields);
    put(reading);
    result
}

impl Reading {
    /// A layer reads something: what is kept, if it is of that and the layer has not read it before, or else something new.
    fn begin(&mut self, reader: usize, what: What) {
        if self.what.as_ref() != Some(&what) || self.readers.contains(&reader) {
            self.what = Some(what);
            self.readers.clear();
            self.is_captured = false;
            self.fields.clear();
        }
        self.readers.push(reader);
    }
}

fn address<R>(reader: &R) -> usize {
    std::ptr::from_ref(reader).addr()
}

fn take() -> Box<Reading> {
    let kept = KEPT.try_with(Cell::take);
    kept.ok().flatten().unwrap_or_default()
}

fn put(reading: Box<Reading>) {
    let _ = KEPT.try_with(|kept| kept.set(Some(reading)));
}

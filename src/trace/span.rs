//! What is known of a span when it has ended.

use std::borrow::Cow;

use http::HeaderValue;

/// Something that was done, from its beginning to its end.
#[derive(Debug)]
pub(crate) struct Span {
    pub(crate) id: u64,
    /// The span that it was done for; 0 where it is the first of its trace.
    pub(crate) parent: u64,
    pub(crate) name: Cow<'static, str>,
    pub(crate) kind: Kind,
    /// Nanoseconds since the Unix epoch.
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) attributes: Vec<Attribute>,
    /// Attributes that found no room.
    pub(crate) lost: u32,
    /// Events that found no room.
    pub(crate) lost_events: u32,
    pub(crate) status: Status,
}

/// On whose behalf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Internal,
    Server,
    #[allow(dead_code)] // of the client layer
    Client,
    #[allow(dead_code)] // of the layer for `tracing`, as is the next
    Producer,
    #[allow(dead_code)]
    Consumer,
}

/// Whether it failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Unset,
    /// A service says that it did not, whatever else is known.
    #[allow(dead_code)] // of the layer for `tracing`
    Ok,
    Error(Cow<'static, str>),
}

impl Status {
    /// It has failed, for this reason unless a better one is known.
    pub(crate) fn fail(&mut self, why: Cow<'static, str>) {
        match self {
            Self::Ok => {}
            Self::Error(known) if !known.is_empty() => {}
            _ => *self = Self::Error(why),
        }
    }
}

/// Something that happened during a span.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) span: u64,
    /// Nanoseconds since the Unix epoch.
    pub(crate) at: u64,
    pub(crate) name: Cow<'static, str>,
    pub(crate) attributes: Vec<Attribute>,
}

/// What is told of a span or event.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Attribute {
    pub(crate) key: Cow<'static, str>,
    pub(crate) value: Value,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(Cow<'static, str>),
}

/// Spans of one trace that have ended, and what happened during them.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) trace: [u64; 2],
    /// What the systems before this one said, handed on as it came.
    pub(crate) state: Option<HeaderValue>,
    pub(crate) spans: Vec<Span>,
    pub(crate) events: Vec<Event>,
    /// What they take of the room that all share: to be given back.
    pub(crate) bytes: usize,
}

/// The bytes of a text that are its own.
#[allow(clippy::ptr_arg, reason = "it matters whether it is borrowed")]
fn owned(text: &Cow<'static, str>) -> usize {
    match text {
        Cow::Borrowed(_) => 0,
        Cow::Owned(text) => text.len(),
    }
}

impl Attribute {
    pub(crate) fn text(key: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        Self {
            key: key.into(),
            value: Value::Text(value.into()),
        }
    }

    pub(crate) fn int(key: &'static str, value: i64) -> Self {
        Self {
            key: key.into(),
            value: Value::Int(value),
        }
    }

    /// The bytes that it takes, roughly.
    pub(crate) fn size(&self) -> usize {
        let value = match &self.value {
            Value::Text(text) => owned(text),
            _ => 0,
        };
        size_of::<Self>() + owned(&self.key) + value
    }
}

impl Span {
    /// The bytes that it takes, roughly.
    pub(crate) fn size(&self) -> usize {
        size_of::<Self>()
            + owned(&self.name)
            + self.attributes.iter().map(Attribute::size).sum::<usize>()
    }
}

impl Event {
    /// The bytes that it takes, roughly.
    pub(crate) fn size(&self) -> usize {
        size_of::<Self>()
            + owned(&self.name)
            + self.attributes.iter().map(Attribute::size).sum::<usize>()
    }
}

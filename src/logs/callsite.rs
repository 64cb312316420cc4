//! What is known of each place in the code that logs, worked out once.

use std::hash::{BuildHasher as _, Hash as _, Hasher as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use foldhash::fast::FixedState;
use tracing::Metadata;
use tracing::callsite::Identifier;

use crate::catalog::{self, Field};
use crate::limiter::Limiter;
use crate::logs::escape::{Style, told};
use crate::logs::filter::Verdict;
use crate::logs::line::{field, number};
use crate::logs::own::Origin;
use crate::logs::query;
use crate::metrics::Bounded;
use crate::redact;
use crate::sql::is_statement;
use crate::text::cut;

/// Places that are known at most; what comes after is worked out each time.
const MOST: usize = 16_384;

/// The longest name of a field that is shown.
const LONGEST_NAME: usize = 256;

/// All places that have logged.
pub(crate) struct Callsites {
    style: Style,
    known: Bounded<Callsite>,
    hasher: FixedState,
    /// Lines a second that each may write.
    most_per_second: u32,
    /// What those share for which there is no room.
    of_others: Arc<Limit>,
}

/// How many lines a place may write, and how many of it were held back.
pub(crate) struct Limit {
    limiter: Limiter,
    /// Lines that were not written since the last one that was.
    held_back: AtomicU64,
}

impl Limit {
    fn new(most_per_second: u32) -> Self {
        Self {
            limiter: Limiter::new(most_per_second),
            held_back: AtomicU64::new(0),
        }
    }

    pub(crate) fn admits(&self) -> bool {
        self.limiter.admits()
    }

    /// Takes the number of lines that were held back.
    #[inline]
    fn take(&self) -> u64 {
        match self.held_back.load(Ordering::Relaxed) {
            0 => 0,
            _ => self.held_back.swap(0, Ordering::Relaxed),
        }
    }
}

/// A place in the code that logs, or begins a span.
pub(crate) struct Callsite {
    place: Place,
    /// Where it is, for lines of text.
    pub(crate) target: Box<str>,
    /// The fields of a line that tell of it, written.
    pub(crate) tail: Box<[u8]>,
    pub(crate) fields: Box<[Meaning]>,
    pub(crate) role: Role,
    pub(crate) limiter: Arc<Limit>,
    /// Whether its lines are wanted.
    pub(crate) verdict: Verdict,
}

/// What a place has to do with queries of databases, or with panics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Nothing,
    /// Its events tell of them.
    Tells,
    /// Its spans connect them with what is told of them.
    Connects,
    /// Its events are the records of panics, not of queries.
    Panics,
}

impl Role {
    pub(crate) fn of(metadata: &Metadata<'_>) -> Self {
        match () {
            () if query::tells_of_queries(metadata) => Self::Tells,
            () if query::connects(metadata) => Self::Connects,
            () if metadata.is_event() && metadata.target() == catalog::PANIC => Self::Panics,
            () => Self::Nothing,
        }
    }
}

/// What tells one from another.
#[derive(PartialEq)]
enum Place {
    Of(Identifier),
    /// All records of the crate `log` are from five places of `tracing`, one for each level: by a hash of what tells them apart, and the
    /// beginning of their target.
    OfLog(Identifier, u64, Box<str>),
}

/// What a field of an event or span is in a line.
pub(crate) enum Meaning {
    Message,
    /// It tells of the place, which is told already.
    Known,
    Secret(Key),
    Schema(&'static Field, Key),
    /// A statement, of which the values are not told.
    Statement(Key),
    Label(Key),
}

/// A field's name as a label, as it is written in a line.
pub(crate) struct Key(pub(crate) Box<[u8]>);

impl Callsites {
    pub(crate) fn new(most_per_second: u32, style: Style) -> Self {
        Self {
            style,
            known: Bounded::new(MOST),
            hasher: FixedState::default(),
            most_per_second,
            of_others: Arc::new(Limit::new(most_per_second)),
        }
    }

    /// Takes how many lines of each place were held back and not announced by a later line of it: of all places, or of those alone
    /// that have been idle since. `None` stands for the places that are not known one by one. Returns whether some are left.
    pub(crate) fn take_held_back(
        &'static self,
        of_all: bool,
        mut announce: impl FnMut(Option<&'static Callsite>, u64),
    ) -> bool {
        let mut is_any_left = false;
        let known = self
            .known
            .iter()
            .map(|known| (&*known.limiter, Some(known)));
        for (limit, callsite) in known.chain([(&*self.of_others, None)]) {
            if limit.held_back.load(Ordering::Relaxed) == 0 {
                continue;
            }
            if !of_all && !limit.limiter.is_idle() {
                is_any_left = true;
                continue;
            }
            let number = limit.take();
            if number > 0 {
                announce(callsite, number);
            }
        }
        is_any_left
    }

    /// How many lines a second each place may write.
    pub(crate) fn most_per_second(&self) -> u32 {
        self.most_per_second
    }

    /// Hands the place on that this tells of.
    pub(crate) fn with<T>(
        &'static self,
        metadata: &Metadata<'_>,
        is_of_log: bool,
        work: impl FnOnce(&Callsite) -> T,
    ) -> T {
        let id = metadata.callsite();
        let mut hasher = self.hasher.build_hasher();
        id.hash(&mut hasher);
        if is_of_log {
            (metadata.target(), metadata.file(), metadata.line()).hash(&mut hasher);
        }
        let hash = hasher.finish();
        let is = |known: &Callsite| match &known.place {
            Place::Of(known) => !is_of_log && *known == id,
            Place::OfLog(known, known_hash, target) => {
                let is_target = metadata.target().starts_with(&**target);
                is_of_log && *known == id && *known_hash == hash && is_target
            }
        };
        if let Some(known) = self.known.find(hash, is) {
            return work(known);
        }
        let place = || match is_of_log {
            true => Place::OfLog(
                id.clone(),
                hash,
                cut(metadata.target(), LONGEST_NAME).into(),
            ),
            false => Place::Of(id.clone()),
        };
        let limiter = || Arc::new(Limit::new(self.most_per_second));
        let make = || Callsite::new(self.style, metadata, is_of_log, place(), limiter());
        match self.known.add(hash, is, make, |_| {}) {
            Some(known) => work(known),
            None => {
                let shared = Arc::clone(&self.of_others);
                work(&Callsite::new(
                    self.style,
                    metadata,
                    is_of_log,
                    place(),
                    shared,
                ))
            }
        }
    }
}

impl Callsite {
    fn new(
        style: Style,
        metadata: &Metadata<'_>,
        is_of_log: bool,
        place: Place,
        limiter: Arc<Limit>,
    ) -> Self {
        let is_of_other_code =
            metadata.is_event() && metadata.fields().field(catalog::ORIGIN_FILE).is_some();
        Self {
            place,
            target: cut(metadata.target(), LONGEST_NAME).into(),
            tail: tail(style, metadata, is_of_other_code),
            role: Role::of(metadata),
            fields: metadata
                .fields()
                .iter()
                .map(|field| match catalog::origin(field.name()) {
                    Some(origin) if is_of_other_code => {
                        Meaning::Schema(origin, Key::of(style, field.name()))
                    }
                    _ => Meaning::of(style, field.name(), is_of_log),
                })
                .collect(),
            limiter,
            verdict: Verdict::default(),
        }
    }

    /// Where its lines come from.
    pub(crate) fn origin(&self) -> Origin<'_> {
        Origin {
            target: &self.target,
            tail: &self.tail,
        }
    }

    /// A line of it is not written. Whether it is the first since the last announcement.
    pub(crate) fn hold_back(&self) -> bool {
        self.limiter.held_back.fetch_add(1, Ordering::Relaxed) == 0
    }

    /// How many were not since this was asked last.
    #[inline]
    pub(crate) fn held_back(&self) -> u64 {
        self.limiter.take()
    }
}

/// `,"log.logger":…,"log.origin.file.name":…,"log.origin.file.line":…`
fn tail(style: Style, metadata: &Metadata<'_>, is_of_other_code: bool) -> Box<[u8]> {
    let mut tail = Vec::new();
    field(&mut tail, style, catalog::LOG_LOGGER, metadata.target());
    if is_of_other_code {
        return tail.into(); // the event's fields say the rest
    }
    if let Some(file) = metadata.file() {
        field(&mut tail, style, catalog::LOG_ORIGIN_FILE_NAME, file);
    }
    if let Some(line) = metadata.line() {
        number(&mut tail, style, catalog::LOG_ORIGIN_FILE_LINE, line.into());
    }
    tail.into()
}

impl Meaning {
    /// What a key of a record of the crate `log` is.
    pub(crate) fn of_key(style: Style, name: &str) -> Self {
        match Self::of(style, name, false) {
            Self::Message => Self::Label(Key::of(style, name)), // the record has its own
            meaning => meaning,
        }
    }

    fn of(style: Style, name: &str, is_of_log: bool) -> Self {
        if name == "message" {
            return Self::Message;
        }
        if is_of_log && name.starts_with("log.") {
            return Self::Known;
        }
        let key = Key::of(style, name);
        if redact::is_secret(name) {
            return Self::Secret(key);
        }
        if is_statement(name) {
            return Self::Statement(key);
        }
        match catalog::open(name) {
            Some(field) => Self::Schema(field, key),
            None => Self::Label(key),
        }
    }
}

impl Key {
    /// Labels have no dots, stars or backslashes, by the rules of ecs-logging.
    pub(crate) fn of(style: Style, name: &str) -> Self {
        let plain_name = name.replace(['.', '*', '\\'], "_");
        let mut key = Vec::new();
        let style = if style.is_for_people() {
            Style::Ecs
        } else {
            style
        };
        told(&mut key, &plain_name, LONGEST_NAME, style);
        Self(key.into())
    }
}

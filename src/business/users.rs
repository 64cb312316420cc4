//! Users, of whom only a sketch is kept.

use std::hash::Hasher as _;
use std::sync::OnceLock;
use std::time::Instant;

use siphasher::sip::SipHasher13;
use siphasher::sip128::{Hasher128 as _, SipHasher24};

use crate::business::refusal::{Refusals, Why};
use crate::business::sketch::{self, PER_WORD, REGISTERS, Sketch, WORDS};
use crate::catalog::{self, Kind, Metric};
use crate::metrics::{Account, Looked, Sink, Source, Type, Value, show};

/// How long a slot is: each user is seen for at least as long, so a scrape in five minutes is enough.
const SLOT_SECONDS: u64 = 300;

/// The longest id of a user.
const LONGEST: usize = 1024;

/// The label of sketches whose key everybody knows.
const PUBLIC: &str = "public";

/// The families of users.
pub(crate) const METRICS: &[Metric] = &[catalog::ACTIVE_USERS, catalog::ACTIVE_USERS_SKETCH];

/// Whom this process has seen lately.
pub(crate) struct Users {
    refusals: Refusals,
    key: [u8; 16],
    /// What tells sketches with another key apart.
    label: String,
    /// Of the system, also where requests are timed by the processor's counter, which is not trusted for a year.
    begun: Instant,
    /// There is none before the first user.
    seen: OnceLock<Sketch>,
}

/// The registers at one time, and whose they are.
struct Ranks<'a> {
    label: &'a str,
    all: [u32; REGISTERS],
}

impl Ranks<'_> {
    const FAMILIES: [Looked<Self>; 2] = [
        (catalog::ACTIVE_USERS, |ranks, shown| {
            let users = sketch::estimate(ranks.all.into_iter()).round();
            shown.series(&[], Some(Value::Number(users)));
        }),
        // Also of registers that are empty: an estimate needs to know.
        (catalog::ACTIVE_USERS_SKETCH, |ranks, shown| {
            for (number, registers) in (0..WORDS).zip(ranks.all.chunks(PER_WORD)) {
                let mut buffer = itoa::Buffer::new();
                let labels = [ranks.label, buffer.format(number)];
                shown.series(&labels, Some(Value::Whole(sketch::word(registers))));
            }
        }),
    ];
}

impl Users {
    /// `key` is `None` where nobody chose one for all replicas.
    pub(crate) fn new(key: Option<[u8; 16]>) -> Self {
        let (key, label) = match key {
            Some(key) => {
                // Not the key itself, with which the log tells users apart: what is learnt of one says nothing of the other.
                let derived = |what: &str| {
                    let mut hasher = SipHasher24::new_with_key(&key);
                    hasher.write(what.as_bytes());
                    hasher.finish128()
                };
                let label = derived("name of the key").as_u128() as u32;
                (derived("active users").as_bytes(), format!("{label:08x}"))
            }
            None => ([0; 16], PUBLIC.to_owned()),
        };
        Self {
            refusals: Refusals::new(catalog::ACTIVE_USERS_SKETCH),
            key,
            label,
            begun: Instant::now(),
            seen: OnceLock::new(),
        }
    }

    #[inline]
    pub(crate) fn seen(&self, id: &[u8]) {
        if id.is_empty() || id.len() > LONGEST {
            return self.refusals.refuse(Why::NoUser, id.len());
        }
        let mut hasher = SipHasher13::new_with_key(&self.key);
        hasher.write(id);
        let sketch = match self.seen.get() {
            Some(sketch) => sketch,
            None => self.first(),
        };
        sketch.insert(hasher.finish(), self.slot());
    }

    #[inline]
    fn slot(&self) -> u32 {
        (self.begun.elapsed().as_secs() / SLOT_SECONDS) as u32
    }

    #[cold]
    fn first(&self) -> &Sketch {
        let mut is_new = false;
        let sketch = self.seen.get_or_init(|| {
            is_new = true;
            Sketch::new()
        });
        // Not before it is there: whoever hears of it may see users too.
        if is_new && self.label == PUBLIC {
            tracing::warn!(
                "users are counted with a key that everybody knows: who reads /metrics can find out whether somebody was here, and who chooses \
                 ids can make up users. Set MONITORING_USER_HASH_KEY, to the same value for all replicas"
            );
        }
        sketch
    }
}

impl Source for Users {
    fn collect(&self, taken: &dyn Fn(&str, Type) -> bool, sink: &mut dyn Sink) {
        let Some(sketch) = self.seen.get() else {
            return;
        };
        let mut ranks = Ranks {
            label: &self.label,
            all: [0; REGISTERS],
        };
        let now = sketch.ranks(self.slot());
        ranks
            .all
            .iter_mut()
            .zip(now)
            .for_each(|(rank, now)| *rank = now);
        show(&Ranks::FAMILIES, &ranks, taken, sink);
    }

    fn accounts(&self) -> Vec<Account<'_>> {
        let refused = self.refusals.losses();
        vec![Account::new(
            refused,
            catalog::ACTIVE_USERS_SKETCH.name(),
            Kind::Gauge,
            false,
        )]
    }
}

//! Users, of whom only a sketch is kept.

use std::hash::Hasher as _;
use std::sync::OnceLock;

use siphasher::sip::SipHasher13;
use siphasher::sip128::{Hasher128 as _, SipHasher24};

use crate::business::refusal::{Checked, Why};
use crate::business::sketch::{self, PER_WORD, REGISTERS, Sketch, WORDS};
use crate::catalog;
use crate::metrics::{Gauge, Registry};
use crate::observe::Start;

/// How long a slot is: each user is seen for at least as long, so a scrape in five minutes is enough.
const SLOT_NANOSECONDS: u64 = 300 * 1_000_000_000;

/// The longest id of a user.
const LONGEST: usize = 1024;

/// The label of sketches whose key everybody knows.
const PUBLIC: &str = "public";

/// Whom this process has seen lately.
pub(crate) struct Users {
    registry: Registry,
    refused: Checked,
    key: [u8; 16],
    /// What tells sketches with another key apart.
    label: String,
    begun: Start,
    /// There is none before the first user.
    seen: OnceLock<&'static Sketch>,
}

impl Users {
    /// `key` is `None` where nobody chose one for all replicas.
    pub(crate) fn new(registry: Registry, key: Option<[u8; 16]>) -> Self {
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
            registry,
            refused: Checked::new(catalog::ACTIVE_USERS_SKETCH, registry),
            key,
            label,
            begun: Start::now(),
            seen: OnceLock::new(),
        }
    }

    #[inline]
    pub(crate) fn seen(&'static self, id: &[u8]) {
        if id.is_empty() || id.len() > LONGEST {
            return self.refused.refuse(Why::NoUser, "");
        }
        let mut hasher = SipHasher13::new_with_key(&self.key);
        hasher.write(id);
        let sketch = self.seen.get_or_init(|| self.first());
        sketch.insert(hasher.finish(), self.slot());
    }

    #[inline]
    fn slot(&self) -> u32 {
        (self.begun.nanoseconds() / SLOT_NANOSECONDS) as u32
    }

    /// From now on there are series of all registers, be they empty: an estimate needs to know.
    #[cold]
    fn first(&'static self) -> &'static Sketch {
        if self.label == PUBLIC {
            tracing::warn!(
                "users are counted with a key that everybody knows: who reads /metrics can find out whether somebody was here, and who chooses \
                 ids can make up users. Set MONITORING_USER_HASH_KEY, to the same value for all replicas"
            );
        }
        let sketch: &'static Sketch = Box::leak(Box::new(Sketch::new()));
        let word = |number: usize| {
            let labels = [self.label.as_str(), &number.to_string()];
            self.refused.resolve(&labels)
        };
        let words: Vec<Gauge> = (0..WORDS).map(word).collect();
        let active: Gauge = Checked::new(catalog::ACTIVE_USERS, self.registry).resolve(&[]);
        self.registry.refresh(move || {
            let mut ranks = [0; REGISTERS];
            let now = sketch.ranks(self.slot());
            ranks
                .iter_mut()
                .zip(now)
                .for_each(|(rank, now)| *rank = now);
            for (gauge, ranks) in words.iter().zip(ranks.chunks(PER_WORD)) {
                gauge.set(sketch::word(ranks) as f64);
            }
            active.set(sketch::estimate(ranks.into_iter()).round());
        });
        sketch
    }
}

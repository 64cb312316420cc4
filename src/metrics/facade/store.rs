//! Everything that was recorded with the `metrics` crate: families by name and kind, and the series of each key.

use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use foldhash::fast::FixedState;

use crate::catalog::{self, Kind};
use crate::metrics::counter::Counter;
use crate::metrics::facade::family::{Family, Found, One};
use crate::metrics::facade::labels::LabelPairs;
use crate::metrics::family::{Series, hash};
use crate::metrics::index::Index;
use crate::metrics::labelled::resolve;
use crate::metrics::list::AppendList;
use crate::metrics::losses::Account;
use crate::metrics::registry::{Registry, Source};
use crate::metrics::sink::{Sink, Type};
use crate::metrics::snapshot::Snapshot;

pub(crate) struct Store {
    cap: usize,
    hasher: FixedState,
    families: Index<Family>,
    all: AppendList<Family>,
    count: Mutex<usize>,
    /// Whether the cap on families is reached: a new one then takes no lock.
    full: AtomicBool,
    keys: [Keys; 3],
    refused: &'static Series,
}

/// The series of each key of a kind, as many as there are series: a key that is another spelling of one is not kept.
struct Keys {
    index: Index<Known>,
    count: Mutex<usize>,
}

struct Known {
    key: metrics::Key,
    series: &'static One,
}

impl Store {
    pub(crate) fn new(registry: Registry) -> Self {
        Self {
            cap: registry.cap(),
            hasher: FixedState::with_seed(registry.seed()),
            families: Index::new(),
            all: AppendList::new(),
            count: Mutex::new(0),
            full: AtomicBool::new(false),
            keys: [const { Keys::new() }; 3],
            refused: registry.own(catalog::FAMILIES_REFUSED),
        }
    }

    /// The series of a key; `None` when its family finds no room.
    #[inline]
    pub(crate) fn series(&'static self, kind: Kind, key: &metrics::Key) -> Option<&'static One> {
        let keys = &self.keys[kind as usize];
        let hash = self.hash(key);
        match keys.index.find(hash, |known| known.key == *key) {
            Some(known) => Some(known.series),
            None => self.unknown(kind, key, hash),
        }
    }

    /// The crate adds the hashes of labels up without mixing them; an index wants every bit of it to count.
    fn hash(&self, key: &metrics::Key) -> u64 {
        self.hasher.hash_one(key.get_hash())
    }

    #[cold]
    fn unknown(&'static self, kind: Kind, key: &metrics::Key, hash: u64) -> Option<&'static One> {
        let family = self.family(kind, key.name())?;
        match family.resolve(&LabelPairs::of(key, kind)) {
            Found::Known(one) => Some(one),
            Found::New(one) => {
                self.keys[kind as usize].insert(hash, key, one);
                Some(one)
            }
        }
    }

    /// The family of a name and kind, made if it is new and there is room.
    pub(crate) fn family(&'static self, kind: Kind, name: &str) -> Option<&'static Family> {
        let name = if name.is_empty() { "_" } else { name };
        let hash = hash(self.hasher.build_hasher(), &[name]);
        let is = |family: &Family| family.kind == kind && *family.name == *name;
        if let Some(known) = self.families.find(hash, is) {
            return Some(known);
        }
        if self.full.load(Ordering::Relaxed) {
            self.refuse("full");
            return None;
        }
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = self.families.find(hash, is) {
            return Some(known);
        }
        if *count >= self.cap {
            self.full.store(true, Ordering::Relaxed);
            self.refuse("full");
            return None;
        }
        let family = Family::new(name, kind, self.cap, self.hasher.clone());
        let family = self.all.push(family);
        self.families.insert(*count, hash, family);
        *count += 1;
        Some(family)
    }

    fn refuse(&self, reason: &str) {
        resolve::<Counter>(self.refused, &[reason]).inc();
    }
}

impl Keys {
    const fn new() -> Self {
        Self {
            index: Index::new(),
            count: Mutex::new(0),
        }
    }

    fn insert(&self, hash: u64, key: &metrics::Key, series: &'static One) {
        let known = Box::leak(Box::new(Known {
            key: key.to_retained(),
            series,
        }));
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        self.index.insert(*count, hash, known);
        *count += 1;
    }
}

impl Source for &'static Store {
    fn collect(&self, taken: &dyn Fn(&str, Type) -> bool, sink: &mut dyn Sink) {
        let mut scratch = Snapshot::default();
        for family in self.all.iter() {
            if sink.is_done() {
                return;
            }
            if !family.collect(taken, sink, &mut scratch) {
                self.refuse("duplicate");
            }
        }
    }

    fn accounts(&self) -> Vec<Account<'_>> {
        self.all.iter().filter_map(Family::account).collect()
    }
}

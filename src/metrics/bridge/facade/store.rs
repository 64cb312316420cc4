//! Everything that was recorded with the `metrics` crate: families by name and kind, and the series of each key.

use std::hash::BuildHasher as _;

use foldhash::fast::FixedState;

use crate::catalog::{self, Kind};
use crate::metrics::bridge::facade::family::{Family, Found, Series};
use crate::metrics::bridge::facade::labels::LabelPairs;
use crate::metrics::cells::snapshot::Snapshot;
use crate::metrics::expose::sink::{Sink, Type};
use crate::metrics::lockfree::bounded::Bounded;
use crate::metrics::registry::account::Account;
use crate::metrics::registry::counter::Counter;
use crate::metrics::registry::family::{FamilyCore, hash};
use crate::metrics::registry::labelled::resolve;
use crate::metrics::registry::{Registry, Source};

pub(crate) struct Store {
    cap: usize,
    hasher: FixedState,
    families: Bounded<Family>,
    /// The series of each key of a kind, as many as there are series: a key that is another spelling of one is not kept.
    keys: [Bounded<Known>; 3],
    refused: &'static FamilyCore,
}

struct Known {
    key: metrics::Key,
    series: &'static Series,
}

impl Store {
    pub(crate) fn new(registry: Registry) -> Self {
        Self {
            cap: registry.cap(),
            hasher: FixedState::with_seed(registry.seed()),
            families: Bounded::new(registry.cap()),
            keys: std::array::from_fn(|_| Bounded::new(usize::MAX)),
            refused: registry.own(catalog::FAMILIES_REFUSED),
        }
    }

    /// The series of a key; `None` when its family finds no room.
    #[inline]
    pub(crate) fn series(&'static self, kind: Kind, key: &metrics::Key) -> Option<&'static Series> {
        let keys = &self.keys[kind as usize];
        let hash = self.hash(key);
        match keys.find(hash, |known| known.key == *key) {
            Some(known) => Some(known.series),
            None => self.unknown(kind, key, hash),
        }
    }

    /// The crate adds the hashes of labels up without mixing them; an index wants every bit of it to count.
    fn hash(&self, key: &metrics::Key) -> u64 {
        self.hasher.hash_one(key.get_hash())
    }

    #[cold]
    fn unknown(
        &'static self,
        kind: Kind,
        key: &metrics::Key,
        hash: u64,
    ) -> Option<&'static Series> {
        let family = self.family(kind, key.name())?;
        match family.resolve(&LabelPairs::of(key, kind)) {
            Found::Known(one) => Some(one),
            Found::New(one) => {
                let is = |known: &Known| known.key == *key;
                let make = || Known {
                    key: key.to_retained(),
                    series: one,
                };
                self.keys[kind as usize].add(hash, is, make, |_| {});
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
        let make = || Family::new(name, kind, self.cap, self.hasher.clone());
        let added = self.families.add(hash, is, make, |_| {});
        if added.is_none() {
            self.refuse("", "full"); // as many as there are names, and there is no end to them
        }
        added
    }

    fn refuse(&self, family: &str, reason: &str) {
        resolve::<Counter>(self.refused, &[family, reason]).inc();
    }
}

impl Source for &'static Store {
    fn collect(&self, taken: &dyn Fn(&str, Type) -> bool, sink: &mut dyn Sink) {
        let mut scratch = Snapshot::default();
        for family in self.families.iter() {
            if sink.is_done() {
                return;
            }
            if !family.collect(taken, sink, &mut scratch) {
                self.refuse(&family.name, "duplicate");
            }
        }
    }

    fn accounts(&self) -> Vec<Account<'_>> {
        self.families.iter().filter_map(Family::account).collect()
    }
}

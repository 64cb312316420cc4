//! The registry: every family of a service, registered once and collected without a lock.

pub(super) mod account;
pub(super) mod counter;
pub(super) mod family;
pub(super) mod gauge;
pub(super) mod histogram;
pub(super) mod labelled;
pub(super) mod names;
mod refusal;
pub(super) mod render;
pub(super) mod static_labels;
pub(super) mod view;

use std::cell::RefCell;
use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, OnceLock, PoisonError};

use foldhash::fast::FixedState;

use crate::catalog::validate;
use crate::catalog::{self, Kind, Metric};
use crate::error::Error;
use crate::label::LabelSet;
use crate::metrics::cells::snapshot::Snapshot;
use crate::metrics::expose::sink::{Sink, Type};
use crate::metrics::lockfree::list::AppendList;
use crate::metrics::registry::account::Account;
use crate::metrics::registry::counter::Counter;
use crate::metrics::registry::family::{FamilyCore, Shape, leak, shape_of};
use crate::metrics::registry::gauge::Gauge;
use crate::metrics::registry::histogram::Histogram;
use crate::metrics::registry::labelled::{DynamicFamily, Family, Handle, resolve};
use crate::metrics::registry::refusal::{clash, expect_kind};
use crate::metrics::registry::view::{Part, View};

/// Label sets that a family holds unless told otherwise.
pub(crate) const DEFAULT_CAP: usize = 10_000;

/// Where a service's own metrics are registered; `/metrics` shows all of them.
///
/// Get it from [`Monitoring::metrics`](crate::Monitoring::metrics). Copying it costs nothing. What is
/// registered lives as long as the process: that is what makes handles plain references. Register once, at start,
/// and keep the handles: each registration of a family keeps a small table of its own.
///
/// # Errors
///
/// Each registration returns an error when the description breaks a rule (the text says which), or
/// when the name is taken by a family of another kind, unit, help, label list or bucket list.
/// Registering the same description again returns the same series.
#[derive(Clone, Copy)]
pub struct Registry(&'static Inner);

struct Inner {
    families: AppendList<FamilyCore>,
    sources: AppendList<Box<dyn Source>>,
    /// Families of the catalogue that nobody records: they are asked for.
    asked: AppendList<Asked>,
    registration: Mutex<()>,
    cap: usize,
    seed: u64,
    /// Whether histograms have their native side, and OpenMetrics tells when counting began.
    shown: OnceLock<(bool, bool)>,
}

/// Families of the catalogue that are made at each collection.
struct Asked {
    metrics: &'static [Metric],
    source: &'static dyn Source,
}

/// Something that has families of its own, read at each collection.
pub(crate) trait Source: Send + Sync {
    /// Hands on the families, but those of which `taken` says that another one has their name. Asking takes the name.
    fn collect(&self, taken: &dyn Fn(&str, Type) -> bool, sink: &mut dyn Sink);

    /// Whether its families are of the catalogue: nobody can register their names, so that only other sources have them.
    fn is_of_catalogue(&self) -> bool {
        false
    }

    /// What its families could not record, where that is ours to count.
    fn accounts(&self) -> Vec<Account<'_>> {
        Vec::new()
    }
}

impl Registry {
    pub(crate) fn new(cap: usize) -> Self {
        Self(Box::leak(Box::new(Inner {
            families: AppendList::new(),
            sources: AppendList::new(),
            asked: AppendList::new(),
            registration: Mutex::new(()),
            cap,
            seed: RandomState::new().hash_one(0),
            shown: OnceLock::new(),
        })))
    }

    /// A counter without labels.
    ///
    /// # Errors
    ///
    /// See [`Registry`].
    pub fn counter(self, metric: Metric) -> Result<Counter, Error> {
        self.single(metric)
    }

    /// A gauge without labels.
    ///
    /// # Errors
    ///
    /// See [`Registry`].
    pub fn gauge(self, metric: Metric) -> Result<Gauge, Error> {
        self.single(metric)
    }

    /// A histogram without labels.
    ///
    /// # Errors
    ///
    /// See [`Registry`].
    pub fn histogram(self, metric: Metric) -> Result<Histogram, Error> {
        self.single(metric)
    }

    /// Counters with the labels of `L`.
    ///
    /// # Errors
    ///
    /// See [`Registry`].
    pub fn counter_family<L: LabelSet>(self, metric: Metric) -> Result<Family<Counter, L>, Error> {
        self.typed(metric)
    }

    /// Gauges with the labels of `L`.
    ///
    /// # Errors
    ///
    /// See [`Registry`].
    pub fn gauge_family<L: LabelSet>(self, metric: Metric) -> Result<Family<Gauge, L>, Error> {
        self.typed(metric)
    }

    /// Histograms with the labels of `L`.
    ///
    /// # Errors
    ///
    /// See [`Registry`].
    pub fn histogram_family<L: LabelSet>(
        self,
        metric: Metric,
    ) -> Result<Family<Histogram, L>, Error> {
        self.typed(metric)
    }

    /// Series whose label values are known only at run time; the label names are the metric's.
    ///
    /// Prefer a [`Family`] where the values are a closed set. Here the cap on label sets is all that bounds
    /// them: what does not fit is recorded in a series whose labels are `_overflow`, and counted in
    /// `monitoring_series_refused_total`.
    ///
    /// # Errors
    ///
    /// See [`Registry`].
    pub fn dynamic<H: Handle, const N: usize>(
        self,
        metric: Metric,
    ) -> Result<DynamicFamily<H, N>, Error> {
        expect_kind(&metric, H::KIND)?;
        if metric.label_names().len() != N {
            return Err(Error::metric(format!(
                "metric `{}` is described with the labels {:?} and registered with {N} of them",
                metric.name(),
                metric.label_names()
            )));
        }
        self.register(metric, metric.label_names())
            .map(DynamicFamily::new)
    }

    fn single<H: Handle>(self, metric: Metric) -> Result<H, Error> {
        let series = self.typed_series::<H, ()>(metric)?;
        Ok(resolve(series, &[]))
    }

    fn typed<H: Handle, L: LabelSet>(self, metric: Metric) -> Result<Family<H, L>, Error> {
        self.typed_series::<H, L>(metric).map(Family::new)
    }

    fn typed_series<H: Handle, L: LabelSet>(
        self,
        metric: Metric,
    ) -> Result<&'static FamilyCore, Error> {
        expect_kind(&metric, H::KIND)?;
        let given = metric.label_names();
        if !given.is_empty() && given != L::NAMES {
            return Err(Error::metric(format!(
                "metric `{}` is described with the labels {given:?} and registered with {:?}: \
                 leave the description's labels out, or make them equal",
                metric.name(),
                L::NAMES
            )));
        }
        self.register(metric.labels(L::NAMES), L::NAMES)
    }

    fn register(
        self,
        metric: Metric,
        labels: &'static [&'static str],
    ) -> Result<&'static FamilyCore, Error> {
        let refuse = |why: &str| Error::metric(format!("metric `{}`: {why}", metric.name()));
        // Also where they are the same in OpenMetrics alone, and whether or not the library has it already.
        let is_counter = |metric: &Metric| metric.kind() == Kind::Counter;
        let is_own = |own: &Metric| {
            own.name() == metric.name()
                || stem(own.name(), is_counter(own)) == stem(metric.name(), is_counter(&metric))
        };
        if catalog::ALL.iter().any(is_own) {
            return Err(refuse("this name belongs to the library, choose another"));
        }
        if let Some(problem) = validate::problem(&metric) {
            return Err(refuse(problem.as_str()));
        }
        let shape = shape_of(&metric).map_err(|why| refuse(&why))?;
        self.add(metric, shape, labels)
    }

    fn add(
        self,
        metric: Metric,
        shape: Shape,
        labels: &'static [&'static str],
    ) -> Result<&'static FamilyCore, Error> {
        self.add_views(shape, labels, &[(metric, Part::Whole)])
    }

    fn add_views(
        self,
        shape: Shape,
        labels: &'static [&'static str],
        views: &[(Metric, Part)],
    ) -> Result<&'static FamilyCore, Error> {
        let _one_at_a_time = self
            .0
            .registration
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for (metric, _) in views {
            match self.like(metric.name(), metric.kind() == Kind::Counter) {
                Some((known, series)) if known == *metric => return Ok(series),
                Some((known, _)) => return Err(clash(&known, metric)),
                None => {}
            }
        }
        let views = views
            .iter()
            .map(|(metric, part)| View::new(*metric, *part, labels));
        let series = FamilyCore::new(shape, labels, views.collect(), self.0.cap, self.0.seed);
        Ok(self.0.families.push(series))
    }

    /// Whether a histogram has series of this name.
    fn is_part_of_histogram(self, name: &str) -> bool {
        let parts = ["_bucket", "_sum", "_count"].into_iter();
        let mut stems = parts.filter_map(|part| name.strip_suffix(part));
        stems.any(|stem| {
            let family = self.find(stem);
            family.is_some_and(|(metric, _)| metric.kind() == Kind::Histogram)
        })
    }

    /// How many label sets a family holds.
    pub(crate) fn cap(self) -> usize {
        self.0.cap
    }

    /// The seed of this registry's hashes.
    #[cfg(feature = "metrics")]
    pub(crate) fn seed(self) -> u64 {
        self.0.seed
    }

    /// Whether both are the same registry.
    #[cfg(feature = "prometheus")]
    pub(crate) fn is(self, other: Registry) -> bool {
        std::ptr::eq(self.0, other.0)
    }

    /// The family of this name, and its series.
    fn find(self, name: &str) -> Option<(Metric, &'static FamilyCore)> {
        let of =
            |series: &'static FamilyCore| series.views().iter().map(move |view| (view, series));
        let mut families = self.0.families.iter().flat_map(of);
        families
            .find(|(view, _)| view.metric.name() == name)
            .map(|(view, series)| (view.metric, series))
    }

    /// The family of this name, or one that has the same in OpenMetrics.
    fn like(self, name: &str, is_counter: bool) -> Option<(Metric, &'static FamilyCore)> {
        self.find(name).or_else(|| {
            let of = |series: &'static FamilyCore| series.views().iter().map(move |v| (v, series));
            let mut families = self.0.families.iter().flat_map(of);
            families
                .find(|(view, _)| {
                    let metric = &view.metric;
                    stem(metric.name(), metric.kind() == Kind::Counter) == stem(name, is_counter)
                })
                .map(|(view, series)| (view.metric, series))
        })
    }

    /// A family of the catalogue whose handles the library keeps.
    pub(crate) fn own(self, metric: Metric) -> &'static FamilyCore {
        let shape = own_shape(&metric);
        self.own_views(shape, metric.label_names(), &[(metric, Part::Whole)])
    }

    /// Families of the catalogue that show parts of what is recorded by these labels.
    pub(crate) fn own_views(
        self,
        shape: Shape,
        labels: &'static [&'static str],
        views: &[(Metric, Part)],
    ) -> &'static FamilyCore {
        self.add_views(shape, labels, views)
            .expect("the library registers its own families first")
    }

    /// Says what is shown unless a scrape asks for something else: the native side of histograms, and in OpenMetrics when counting
    /// began.
    pub(crate) fn show(self, native: bool, created: bool) {
        let _ = self.0.shown.set((native, created));
    }

    pub(crate) fn shown(self) -> (bool, bool) {
        self.0.shown.get().copied().unwrap_or((true, false))
    }

    /// Says who is measured: one series, always 1.
    pub(crate) fn set_target(self, names: &[&str], values: &[&str]) {
        self.set_info(catalog::TARGET_INFO, names, values);
    }

    /// Says what is running, by the labels of the catalogue that have a value; nothing if none has.
    pub(crate) fn set_build(self, values: [&str; 3]) {
        let names = catalog::BUILD_INFO.label_names();
        let given = names.iter().copied().zip(values);
        let given = given.filter(|(_, value)| !value.is_empty());
        let (names, values): (Vec<_>, Vec<_>) = given.unzip();
        if !names.is_empty() {
            self.set_info(catalog::BUILD_INFO, &names, &values);
        }
    }

    fn set_info(self, metric: Metric, names: &[&str], values: &[&str]) {
        let names: Box<[&'static str]> = names.iter().map(|name| leak(name)).collect();
        let names: &'static [&'static str] = Box::leak(names);
        if let Ok(info) = self.add(metric.labels(names), Shape::Gauge, names) {
            resolve::<Gauge>(info, values).set(1.0);
        }
    }

    /// Shows what this has as well. Where two sources have a family of one name, that of the first is shown.
    #[cfg(any(feature = "metrics", feature = "prometheus", feature = "system"))]
    pub(crate) fn add_source(self, source: impl Source + 'static) {
        self.0.sources.push(Box::new(source));
    }

    /// Asks this for families of the catalogue at each collection; whether nobody is asked for them already.
    pub(crate) fn ask(self, metrics: &'static [Metric], source: &'static dyn Source) -> bool {
        let registration = self.0.registration.lock();
        let _one_at_a_time = registration.unwrap_or_else(PoisonError::into_inner);
        let is_new = metrics.iter().all(|metric| !self.is_asked(metric.name()));
        if is_new {
            self.0.asked.push(Asked { metrics, source });
        }
        is_new
    }

    /// Whether a family of this name is one that is asked for.
    fn is_asked(self, name: &str) -> bool {
        let metrics = self.0.asked.iter().flat_map(|asked| asked.metrics);
        metrics
            .into_iter()
            .any(|own| own.name() == name || stem(own.name(), own.kind() == Kind::Counter) == name)
    }

    /// Hands on every family, the bridged ones last; takes no lock that a recorder can wait for.
    pub(crate) fn collect(self, sink: &mut dyn Sink) {
        self.collect_own(sink);
        let hasher = FixedState::with_seed(self.0.seed);
        let seen = RefCell::new(HashSet::with_hasher(hasher));
        let take = |name: &str, kind: Type, is_ours: &dyn Fn(&String) -> bool| {
            let (mut names, mut seen) = (kind.names(name), seen.borrow_mut());
            names.push(stem(name, kind == Type::Ours(Kind::Counter)).to_owned());
            let taken = names
                .iter()
                .any(|name| is_ours(name) || seen.contains(name));
            if !taken {
                seen.extend(names);
            }
            taken
        };
        let is_ours = |name: &String| {
            let is_ours = reserved(name) || self.is_asked(name) || self.like(name, false).is_some();
            is_ours || self.is_part_of_histogram(name)
        };
        for source in self.0.sources.iter() {
            if sink.is_done() {
                return;
            }
            match source.is_of_catalogue() {
                true => source.collect(&|name, kind| take(name, kind, &|_| false), sink),
                false => source.collect(&|name, kind| take(name, kind, &is_ours), sink),
            }
        }
    }

    /// Hands on every family but the bridged ones.
    pub(crate) fn collect_own(self, sink: &mut dyn Sink) {
        let mut scratch = Snapshot::default();
        // OpenMetrics wants to know first who speaks.
        let is_target = |family: &&FamilyCore| family.name() == catalog::TARGET_INFO.name();
        let (target, others) = (self.0.families.iter(), self.0.families.iter());
        for family in target
            .filter(is_target)
            .chain(others.filter(|f| !is_target(f)))
        {
            if sink.is_done() {
                return;
            }
            family.collect(sink, &mut scratch);
        }
        for asked in self.0.asked.iter() {
            if sink.is_done() {
                return;
            }
            asked.source.collect(&|_, _| false, sink);
        }
        let own = self.0.families.iter().flat_map(FamilyCore::accounts);
        let asked = self
            .0
            .asked
            .iter()
            .flat_map(|asked| asked.source.accounts());
        let others = self.0.sources.iter().flat_map(|source| source.accounts());
        account::collect(own.chain(asked).chain(others), sink);
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let views = self.0.families.iter().flat_map(FamilyCore::views);
        f.debug_list()
            .entries(views.map(|view| view.metric.name()))
            .finish()
    }
}

/// The shape of a family of the catalogue.
pub(crate) fn own_shape(metric: &Metric) -> Shape {
    shape_of(metric).expect("the catalogue's buckets are checked by a test")
}

/// A family's name in OpenMetrics, where a counter's has no `_total`. Two families must not share it.
fn stem(name: &str, is_counter: bool) -> &str {
    match name.strip_suffix("_total") {
        Some(stem) if is_counter => stem,
        _ => name,
    }
}

/// Names of families that are made at collection.
fn reserved(name: &str) -> bool {
    name == catalog::SERIES_REFUSED.name() || name == catalog::OBSERVATIONS_REFUSED.name()
}

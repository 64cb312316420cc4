//! Which lines are written, as it is told at start and while the service runs.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata};
use tracing_log::AsLog as _;
use tracing_subscriber::filter::Targets;

use crate::catalog;
use crate::error::Error;

/// Which lines are written. Asked once for each place that logs, and again when it has changed.
pub(crate) struct Filter {
    targets: RwLock<(Targets, String)>,
    version: AtomicU64,
    /// Whether the crate `log` is to know what is wanted, too.
    is_bridged: AtomicBool,
    /// Whether what nobody wants is switched off by this.
    gates: AtomicBool,
}

/// Whether something is written, as one version of a filter has it: asked once for each.
#[derive(Default)]
pub(crate) struct Verdict(AtomicU64);

impl Verdict {
    #[inline]
    pub(crate) fn of(&self, filter: &Filter, ask: impl FnOnce() -> bool) -> bool {
        let (version, known) = (filter.version(), self.0.load(Ordering::Relaxed));
        if known >> 1 == version {
            return known & 1 == 1;
        }
        let wanted = ask();
        let verdict = version << 1 | u64::from(wanted);
        self.0.store(verdict, Ordering::Relaxed);
        wanted
    }
}

/// What is written unless told otherwise.
pub(crate) const DEFAULT: &str = "info";

impl Filter {
    pub(crate) fn new(directives: &str) -> Result<Self, Error> {
        Ok(Self {
            targets: RwLock::new((parse(directives)?, directives.to_owned())),
            version: AtomicU64::new(1),
            is_bridged: AtomicBool::new(false),
            gates: AtomicBool::new(false),
        })
    }

    /// Steps with each change; the first is 1.
    #[inline]
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// Whether lines of this place are written.
    pub(crate) fn wants(&self, metadata: &Metadata<'_>) -> bool {
        self.admits(metadata.target(), metadata.level())
    }

    pub(crate) fn admits(&self, target: &str, level: &Level) -> bool {
        let targets = self.targets.read().unwrap_or_else(PoisonError::into_inner);
        targets.0.would_enable(target, level)
    }

    /// The most detailed level of all.
    pub(crate) fn most_detailed(&self) -> LevelFilter {
        let targets = self.targets.read().unwrap_or_else(PoisonError::into_inner);
        let levels = targets.0.iter().map(|(_, level)| level);
        levels
            .chain(targets.0.default_level())
            .max()
            .unwrap_or(LevelFilter::OFF)
    }

    /// Tells the crate `log` what is wanted, now and whenever it changes.
    pub(crate) fn bridge(&self) {
        self.is_bridged.store(true, Ordering::Relaxed);
        tracing_log::log::set_max_level(self.most_detailed().as_log());
    }

    /// What nobody wants is switched off by this, and has to be asked again when it changes.
    pub(crate) fn gates(&self) {
        self.gates.store(true, Ordering::Relaxed);
    }

    /// As it was told.
    #[cfg_attr(not(feature = "server"), allow(dead_code))]
    pub(crate) fn directives(&self) -> String {
        let targets = self.targets.read().unwrap_or_else(PoisonError::into_inner);
        targets.1.clone()
    }

    /// From now on these.
    #[cfg_attr(not(feature = "server"), allow(dead_code))]
    pub(crate) fn set(&self, directives: &str) -> Result<(), Error> {
        let parsed = parse(directives)?;
        {
            let mut targets = self.targets.write().unwrap_or_else(PoisonError::into_inner);
            *targets = (parsed, directives.to_owned());
            self.version.fetch_add(1, Ordering::Release);
        }
        if self.gates.load(Ordering::Relaxed) {
            tracing::callsite::rebuild_interest_cache();
        }
        if self.is_bridged.load(Ordering::Relaxed) {
            self.bridge();
        }
        Ok(())
    }
}

/// Streams whose lines are wanted from this level on where only other targets are named: failed queries, logins, panics, start and stop.
const NEEDED: [&str; 4] = [
    "database",
    "authentication",
    catalog::PANIC,
    env!("CARGO_CRATE_NAME"),
];

fn parse(directives: &str) -> Result<Targets, Error> {
    let trimmed = directives.split(',').map(str::trim);
    let trimmed: Vec<&str> = trimmed.filter(|directive| !directive.is_empty()).collect();
    // A word that is no level would be the name of a target; what stands in brackets tells spans and fields apart elsewhere.
    let is_well_formed = |directive: &&str| {
        let is_level = directive.parse::<LevelFilter>().is_ok();
        let names_target = directive.contains('=') && !directive.contains(['[', ']', '{', '}']);
        is_level || names_target
    };
    let is_well_formed = !trimmed.is_empty() && trimmed.iter().all(is_well_formed);
    let parsed = is_well_formed.then(|| trimmed.join(",").parse::<Targets>().ok());
    let parsed = parsed.flatten().ok_or_else(|| {
        Error::configuration(format!(
            "the log filter is `{directives}`: write a level (`off`, `error`, `warn`, `info`, `debug`, `trace`), and what differs from \
             it by target, such as `info,sqlx=warn,shop::orders=debug`"
        ))
    })?;
    if parsed.default_level().is_some() {
        return Ok(parsed);
    }
    let named: Vec<String> = parsed.iter().map(|(target, _)| target.to_owned()).collect();
    let missing = NEEDED
        .iter()
        .filter(|needed| !named.iter().any(|named| named == *needed));
    let missing = missing.map(|needed| (*needed, LevelFilter::INFO));
    Ok(parsed.with_targets(missing))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_by_target() {
        let filter = Filter::new(" info, hyper=off ,,shop::orders=debug,").unwrap();
        assert!(filter.admits("shop", &Level::INFO));
        assert!(!filter.admits("shop", &Level::DEBUG));
        assert!(filter.admits("shop::orders::pack", &Level::DEBUG));
        assert!(!filter.admits("hyper::client", &Level::ERROR));
        assert_eq!(filter.most_detailed(), LevelFilter::DEBUG);
    }

    /// Where only some targets are named, what everybody needs is still written.
    #[test]
    fn a_filter_without_a_level() {
        let filter = Filter::new("shop=debug").unwrap();
        assert!(!filter.admits("hyper", &Level::ERROR));
        for needed in NEEDED {
            assert!(filter.admits(needed, &Level::INFO) && !filter.admits(needed, &Level::DEBUG));
        }
        let filter = Filter::new("shop=debug,database=off").unwrap();
        assert!(!filter.admits("database", &Level::ERROR));
        assert!(filter.admits("authentication", &Level::WARN));
        assert!(
            !Filter::new("off")
                .unwrap()
                .admits("database", &Level::ERROR)
        );
    }

    #[test]
    fn a_change_is_seen_by_those_who_asked_before() {
        let filter = Filter::new(DEFAULT).unwrap();
        let before = filter.version();
        filter.set("warn").unwrap();
        assert!(filter.version() > before);
        assert!(!filter.admits("shop", &Level::INFO));
        assert_eq!(filter.directives(), "warn");
        assert_eq!(filter.most_detailed(), LevelFilter::WARN);
    }

    #[test]
    fn a_wrong_filter_is_refused_and_changes_nothing() {
        let filter = Filter::new(DEFAULT).unwrap();
        for wrong in [
            "shop=loud",
            "info,[span]=debug",
            "verbose",
            "debugg,shop=info",
            "",
            " , ",
        ] {
            let error = filter.set(wrong).unwrap_err().to_string();
            assert!(error.starts_with(&format!("the log filter is `{wrong}`: ")));
        }
        assert_eq!((filter.directives(), filter.version()), ("info".into(), 1));
    }
}

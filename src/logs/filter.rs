//! Which lines are written, as it is told at start and while the service runs.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata};
use tracing_log::AsLog as _;
use tracing_subscriber::filter::Targets;

use crate::error::Error;

/// Which lines are written. Asked once for each place that logs, and again when it has changed.
pub(crate) struct Filter {
    targets: RwLock<(Targets, String)>,
    version: AtomicU64,
    /// Whether the crate `log` is to know what is wanted, too.
    is_bridged: AtomicBool,
}

/// What is written unless told otherwise.
pub(crate) const DEFAULT: &str = "info";

impl Filter {
    pub(crate) fn new(directives: &str) -> Result<Self, Error> {
        Ok(Self {
            targets: RwLock::new((parse(directives)?, directives.to_owned())),
            version: AtomicU64::new(1),
            is_bridged: AtomicBool::new(false),
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
        tracing::callsite::rebuild_interest_cache();
        if self.is_bridged.load(Ordering::Relaxed) {
            self.bridge();
        }
        Ok(())
    }
}

fn parse(directives: &str) -> Result<Targets, Error> {
    let trimmed: Vec<&str> = directives.split(',').map(str::trim).collect();
    let directives = &*trimmed.join(",");
    // What stands in brackets tells spans and fields apart elsewhere, and here it would be part of a name.
    let parsed = match directives.contains(['[', ']', '{', '}']) {
        false => directives.parse().ok(),
        true => None,
    };
    parsed.ok_or_else(|| {
        Error::configuration(format!(
            "the log filter is `{directives}`: write a level (`off`, `error`, `warn`, `info`, `debug`, `trace`), and what differs from \
             it by target, such as `info,sqlx=warn,shop::orders=debug`"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_by_target() {
        let filter = Filter::new(" info, hyper=off ,shop::orders=debug").unwrap();
        assert!(filter.admits("shop", &Level::INFO));
        assert!(!filter.admits("shop", &Level::DEBUG));
        assert!(filter.admits("shop::orders::pack", &Level::DEBUG));
        assert!(!filter.admits("hyper::client", &Level::ERROR));
        assert_eq!(filter.most_detailed(), LevelFilter::DEBUG);
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
        for wrong in ["shop=loud", "info,[span]=debug", "a=b=c"] {
            let error = filter.set(wrong).unwrap_err().to_string();
            assert!(error.starts_with(&format!("the log filter is `{wrong}`: ")));
        }
        assert_eq!((filter.directives(), filter.version()), ("info".into(), 1));
    }
}

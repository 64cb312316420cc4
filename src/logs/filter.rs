//! Which lines are written, as it is told at start and while the service runs.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata};
use tracing_log::AsLog as _;

use crate::catalog;
use crate::error::Error;
use crate::fields::Fields;
use crate::logs::directives::{Directive, Directives, Within};

/// Which lines are written. Asked once for each place that logs, and again when it has changed.
pub(crate) struct Filter {
    told: RwLock<Told>,
    version: AtomicU64,
    /// Up to which level lines may be written for the spans that they are in; 0 where spans do not count.
    in_spans: AtomicU8,
    /// Whether the crate `log` is to know what is wanted, too.
    is_bridged: AtomicBool,
    /// Whether what nobody wants is switched off by this.
    gates: AtomicBool,
}

struct Told {
    directives: Arc<Directives>,
    /// As they were written.
    text: String,
}

/// A filter of the environment, and what may not have been meant.
pub(crate) struct Lenient<'a> {
    pub(crate) filter: Filter,
    /// What is no directive.
    pub(crate) wrong: Vec<&'a str>,
    /// Targets that look like levels with a typing error: then nearly nothing is written.
    pub(crate) words: Vec<&'a str>,
}

/// What one version of a filter has written in a span.
pub(crate) struct InSpan {
    version: u64,
    within: Within,
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
    /// That of the code and of operators, in which everything has to be right.
    pub(crate) fn new(directives: &str) -> Result<Self, Error> {
        Ok(Self::of(strict(directives)?))
    }

    /// That of the environment: what is no directive is left out. Where none is left, it is the default.
    pub(crate) fn lenient(list: &str) -> Lenient<'_> {
        let (known, wrong) = Directives::parse(list);
        let words = known.iter().filter(|(_, directive)| directive.is_bare());
        let words = words.map(|(word, _)| *word);
        let told = match known.is_empty() {
            true => told(&Directives::parse(DEFAULT).0),
            false => told(&known),
        };
        Lenient {
            words: words.filter(|word| looks_like_level(word)).collect(),
            filter: Self::of(told),
            wrong,
        }
    }

    fn of(told: Told) -> Self {
        Self {
            in_spans: AtomicU8::new(in_spans(&told.directives)),
            told: RwLock::new(told),
            version: AtomicU64::new(1),
            is_bridged: AtomicBool::new(false),
            gates: AtomicBool::new(false),
        }
    }

    fn told(&self) -> RwLockReadGuard<'_, Told> {
        self.told.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Steps with each change; the first is 1.
    #[inline]
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// Whether lines of this place are written, whatever span they are in.
    pub(crate) fn wants(&self, metadata: &Metadata<'_>) -> bool {
        let (target, level) = (metadata.target(), metadata.level());
        let told = self.told();
        told.directives.admits(target, level, Some(metadata))
    }

    pub(crate) fn admits(&self, target: &str, level: &Level) -> bool {
        self.told().directives.admits(target, level, None)
    }

    /// Whether lines of this level may be written for the spans that they are in.
    #[inline]
    pub(crate) fn asks_spans(&self, level: &Level) -> bool {
        detail(level) <= self.in_spans.load(Ordering::Relaxed)
    }

    /// Whether something of this place may be written, or counts for what is.
    pub(crate) fn may_want(&self, metadata: &Metadata<'_>) -> bool {
        self.wants(metadata)
            || self.asks_spans(metadata.level())
            || self.told().directives.asks_for(metadata)
    }

    /// What is written in a span with these values; `None` where it does not count.
    pub(crate) fn begin(&self, span: &Metadata<'_>, values: &Fields) -> Option<InSpan> {
        if self.in_spans.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let (directives, version) = self.current();
        let within = directives.within(span, values)?;
        Some(InSpan { version, within })
    }

    /// What more is known of a span with these values, for [`take_in`](Self::take_in).
    pub(crate) fn matched(&self, open: &[(usize, u64)], values: &Fields) -> Vec<(usize, u64)> {
        self.current().0.matched(open, values)
    }

    /// Takes in what more is known of a span.
    pub(crate) fn take_in(&self, span: &mut InSpan, matched: &[(usize, u64)]) {
        let (directives, version) = self.current();
        if version == span.version {
            directives.add(&mut span.within, matched);
        }
    }

    /// Whether a line of this level is written in a span. Of one that began before the filter was changed the values are not known.
    pub(crate) fn wants_in(
        &self,
        level: &Level,
        kept: Option<&InSpan>,
        span: &Metadata<'_>,
    ) -> bool {
        let (directives, version) = self.current();
        let within = match kept {
            Some(kept) if kept.version == version => kept.within.level,
            None if version == FIRST => return false,
            _ => match directives.within(span, &Fields::default()) {
                Some(within) => within.level,
                None => return false,
            },
        };
        *level <= within
    }

    fn current(&self) -> (Arc<Directives>, u64) {
        let told = self.told();
        (Arc::clone(&told.directives), self.version())
    }

    /// The most detailed level of all.
    pub(crate) fn most_detailed(&self) -> LevelFilter {
        let told = self.told();
        match told.directives.asks_for_values() {
            true => LevelFilter::TRACE, // any span may be the one
            false => told.directives.most_detailed(),
        }
    }

    /// Tells the crate `log` what is wanted, now and whenever it changes.
    pub(crate) fn bridge(&self) {
        self.is_bridged.store(true, Ordering::Relaxed);
        let most_detailed = self.told().directives.most_detailed();
        tracing_log::log::set_max_level(most_detailed.as_log());
    }

    /// What nobody wants is switched off by this, and has to be asked again when it changes.
    pub(crate) fn gates(&self) {
        self.gates.store(true, Ordering::Relaxed);
    }

    /// As it was told.
    pub(crate) fn directives(&self) -> String {
        self.told().text.clone()
    }

    /// From now on these.
    #[cfg_attr(not(feature = "server"), allow(dead_code))]
    pub(crate) fn set(&self, directives: &str) -> Result<(), Error> {
        let told = strict(directives)?;
        {
            let mut known = self.told.write().unwrap_or_else(PoisonError::into_inner);
            let in_spans = in_spans(&told.directives);
            *known = told;
            self.in_spans.store(in_spans, Ordering::Relaxed);
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

/// Whether a word is likely to be meant as a level.
fn looks_like_level(word: &str) -> bool {
    const LEVELS: [&str; 5] = ["err", "warn", "inf", "debug", "trace"];
    let word = word.to_ascii_lowercase();
    let is_word = word.bytes().all(|byte| byte.is_ascii_lowercase());
    is_word && (word == "verbose" || LEVELS.iter().any(|level| word.starts_with(level)))
}

/// The first version of a filter.
const FIRST: u64 = 1;

impl InSpan {
    /// The directives that wait for values.
    pub(crate) fn open(&self) -> &[(usize, u64)] {
        &self.within.open
    }
}

/// How detailed lines of a level are; more is more.
fn detail(level: &Level) -> u8 {
    match *level {
        Level::ERROR => 1,
        Level::WARN => 2,
        Level::INFO => 3,
        Level::DEBUG => 4,
        _ => 5,
    }
}

fn in_spans(directives: &Directives) -> u8 {
    let level = directives.most_detailed_in_spans().into_level();
    level.as_ref().map_or(0, detail)
}

/// Streams whose lines are wanted from this level on where only other targets are named: failed queries, logins, panics, start and stop.
const NEEDED: [&str; 4] = [
    "database",
    "authentication",
    catalog::PANIC,
    env!("CARGO_CRATE_NAME"),
];

/// What is accepted, for errors and warnings.
pub(crate) const ACCEPTED: &str = "a level (`off`, `error`, `warn`, `info`, `debug`, `trace`), and what differs from it by target or span, such as \
     `info,sqlx=warn,shop::orders=debug,[packing{order=7}]=trace`";

/// A word that is no level is refused: it would be the name of a target, and all else would not be written.
fn strict(list: &str) -> Result<Told, Error> {
    let (known, wrong) = Directives::parse(list);
    let is_bare = known.iter().any(|(_, directive)| directive.is_bare());
    if !wrong.is_empty() || is_bare || known.is_empty() {
        return Err(Error::configuration(format!(
            "the log filter is `{list}`: write {ACCEPTED}"
        )));
    }
    Ok(Told {
        text: list.to_owned(),
        ..told(&known)
    })
}

fn told(known: &[(&str, Directive)]) -> Told {
    // So that it can be set again, as when a change at `/control` is over.
    let texts = known
        .iter()
        .map(|(text, directive)| match directive.is_bare() {
            true => format!("{text}=trace"),
            false => (*text).to_owned(),
        });
    let texts: Vec<_> = texts.collect();
    let all = known.iter().map(|(_, directive)| directive.clone());
    let mut directives = Directives::new(all.clone());
    if !directives.has_default() {
        let missing = NEEDED.iter().filter(|needed| !directives.names(needed));
        let missing = missing.map(|needed| Directive::of_target(needed, LevelFilter::INFO));
        directives = Directives::new(all.chain(missing.collect::<Vec<_>>()));
    }
    Told {
        directives: Arc::new(directives),
        text: texts.join(","),
    }
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
            "info,[span=debug",
            "info,shop[span{a}=debug",
            "info,[span{a=(}]=debug",
            "verbose",
            "debugg,shop=info",
            "",
            " , ",
        ] {
            let error = filter.set(wrong).unwrap_err().to_string();
            assert!(error.starts_with(&format!("the log filter is `{wrong}`: ")));
        }
        filter.set("info,[packing]=debug").unwrap();
        filter.set("info").unwrap();
        assert_eq!((filter.directives(), filter.version()), ("info".into(), 3));
    }

    /// A platform's filter for all its services does not keep one of them from starting.
    #[test]
    fn a_filter_of_the_environment_leaves_out_what_is_wrong() {
        for (list, used, left_out) in [
            ("my_crate", "my_crate=trace", vec![]),
            ("info, [span]=debug", "info,[span]=debug", vec![]),
            ("warn,shop=loud,é[", "warn", vec!["shop=loud", "é["]),
            ("shop=loud", "info", vec!["shop=loud"]),
            ("=debug,info", "info", vec!["=debug"]),
            ("2", "2", vec![]),
            (" , ", "info", vec![]),
        ] {
            let read = Filter::lenient(list);
            let found = (&*read.filter.directives(), read.wrong);
            assert_eq!(found, (used, left_out), "{list}");
            assert_eq!(read.words, [""; 0], "{list}");
            read.filter.set(used).expect("what `/control` returns to");
        }
        for list in ["debugg", "warning,shop=info", "verbose"] {
            let word = list.split(',').next().unwrap();
            assert_eq!(Filter::lenient(list).words, [word]);
        }
        let filter = Filter::lenient("my_crate").filter;
        assert!(filter.admits("my_crate::a", &Level::TRACE));
        assert!(!filter.admits("hyper", &Level::ERROR));
        assert!(filter.admits(NEEDED[0], &Level::INFO));
    }
}

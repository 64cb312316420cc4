//! What `RUST_LOG` says means what `EnvFilter` of tracing-subscriber makes of it. Each filter has a process of its own, whose environment it is.

use std::collections::BTreeSet;
use std::env;
use std::sync::{Arc, Mutex};
use support::lines;
use support::own_process;
use support::this_test;

use ecolaura_monitoring::{LogFormat, Monitoring};
use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Span, Subscriber, debug_span, event, info_span};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

/// Names the filter that a process of its own tries.
const CASE: &str = "LOG_FILTERS_CASE";

/// What `EnvFilter` takes, and what it makes of each is what is written.
const FILTERS: &[&str] = &[
    // Levels, as words and numbers.
    "error",
    "INFO",
    "trace",
    "off",
    "2",
    "5",
    "0",
    // Targets.
    "shop",
    "shop::orders",
    "shop=warn",
    "shop=",
    "shop=INFO",
    "shop=3",
    "warn,shop=debug",
    "debug,shop=warn",
    "info,shop=off,shop::orders=trace",
    "info,shop=trace,shop::orders=off",
    "shop=debug,shop=error",
    "error,info",
    "sh=debug",
    "info,hyper=off",
    "-x,shop",
    "::a=info,shop=info",
    "_shop=info",
    "warn,packing]=debug",
    // Names of fields.
    "[{order}]=debug",
    "info,[{order}]=trace",
    "shop[{order}]=trace,error",
    "shop::orders[{order}]=off,debug",
    "error,[{nothing}]=trace",
    // Spans.
    "[packing]",
    "[packing]=debug",
    "info,[packing]=debug",
    "info,[packing]=off",
    "error,[packing]=info,[sending]=trace",
    "info,[sending]=debug",
    "shop[packing]=trace",
    "hyper[packing]=trace",
    "warn,shop=error,shop[packing]=debug",
    "[quiet]=trace",
    "info,[quiet]=debug",
    "[nothing]=trace",
    "[]=trace,warn",
    // Fields of spans.
    "[packing{order}]=debug",
    "info,[{order}]=debug",
    "[packing{nothing}]=debug,error",
    "[{late}]=trace,info",
    "[packing{order=7}]=trace",
    "info,[packing{order=8}]=trace",
    "info,[packing{heavy=true}]=debug",
    "info,[packing{heavy=false}]=debug",
    "info,[packing{weight=0.5}]=debug",
    "info,[packing{left=-3}]=debug",
    "info,[packing{what=tape}]=debug",
    "info,[packing{what=ta}]=debug",
    "info,[packing{what=ape}]=debug",
    "info,[packing{what=t.*e}]=debug",
    "info,[packing{what=.*}]=debug",
    "info,[packing{what=glue|tape}]=debug",
    "info,[packing{shown=Some.*}]=debug",
    "info,[packing{shown=Some\\(3\\)}]=debug",
    "info,[packing{late=9}]=debug",
    "info,[packing{late=8}]=debug",
    "info,[sending{order=7}]=debug",
    "warn,[packing{order=7}]=info,[packing{order=8}]=trace",
    "warn,[packing{order=7}]=info,[packing{heavy=true}]=trace",
];

/// What `EnvFilter` refuses; it leaves these out as well where it may.
const WRONG: &[&str] = &[
    "info,shop=loud",
    "warn,=debug",
    "warn,[packing=debug",
    "warn,[packing{order=7]=debug",
    "warn,[packing{}]=debug",
    "warn,[packing{what=(}]=debug",
    "warn,[packing]debug",
    "warn,shop=debug=info",
    "warn,.shop=info",
];

/// Lines of each level and of several targets, each of which says where it is.
fn log(place: &str) {
    macro_rules! of_targets {
        ($($target:literal)*) => {$(
            event!(target: $target, Level::ERROR, "{place} {} error", $target);
            event!(target: $target, Level::WARN, "{place} {} warn", $target);
            event!(target: $target, Level::INFO, "{place} {} info", $target);
            event!(target: $target, Level::DEBUG, "{place} {} debug", $target);
            event!(target: $target, Level::TRACE, "{place} {} trace", $target);
            event!(target: $target, Level::DEBUG, order = 1, "{place} {} field", $target);
        )*};
    }
    of_targets!("shop" "shop::orders" "shopping" "hyper" "else::where");
}

fn packing() -> Span {
    info_span!(
        target: "shop",
        "packing",
        order = 7,
        heavy = true,
        weight = 0.5,
        left = -3,
        what = "tape",
        shown = ?Some(3),
        late = tracing::field::Empty,
    )
}

/// All that is logged, in and out of spans.
fn work() {
    log("alone");
    let span = packing();
    span.in_scope(|| log("packing"));
    span.record("late", 9);
    span.in_scope(|| {
        log("late");
        info_span!(target: "hyper", "sending").in_scope(|| log("sending in packing"));
        debug_span!(target: "shop", "quiet").in_scope(|| log("quiet in packing"));
    });
    info_span!(target: "hyper", "sending", order = 8).in_scope(|| {
        log("sending");
        packing().in_scope(|| log("packing in sending"));
    });
    debug_span!(target: "shop", "quiet").in_scope(|| log("quiet"));
    log("afterwards");
}

/// Keeps the messages of what it is shown.
#[derive(Clone, Default)]
struct Messages(Arc<Mutex<BTreeSet<String>>>);

impl Visit for Messages {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            self.0.lock().unwrap().insert(format!("{value:?}"));
        }
    }
}

impl<S: Subscriber> Layer<S> for Messages {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        event.record(&mut self.clone());
    }
}

fn of_env_filter(filter: &str) -> BTreeSet<String> {
    let messages = Messages::default();
    let subscriber = tracing_subscriber::registry()
        .with(EnvFilter::new(filter))
        .with(messages.clone());
    tracing::subscriber::with_default(subscriber, work);
    let messages = messages.0.lock().unwrap();
    messages.clone()
}

fn of_ours(lines: &lines::Lines, monitoring: &Monitoring) -> BTreeSet<String> {
    let written = lines::written(lines, monitoring);
    let of_work = written.iter().filter(|line| {
        // Start, and what is warned of.
        let logger = line.get("log.logger").and_then(Value::as_str);
        logger.is_some_and(|logger| !logger.starts_with("ecolaura_monitoring"))
    });
    let message = |line: &serde_json::Map<_, Value>| line["message"].as_str().unwrap().to_owned();
    of_work.map(message).collect()
}

fn same(found: &BTreeSet<String>, expected: &BTreeSet<String>, how: &str) {
    let missing: Vec<_> = expected.difference(found).collect();
    let beyond: Vec<_> = found.difference(expected).collect();
    assert!(
        missing.is_empty() && beyond.is_empty(),
        "{how}: without {missing:?}, with {beyond:?}"
    );
}

/// Both in this process, whose `RUST_LOG` is the filter.
fn compare(filter: &str) {
    let start = || {
        let lines = lines::Lines::default();
        let builder = Monitoring::builder("test")
            .without_listener()
            .without_traces();
        let builder = builder
            .logs(|logs| logs.format(LogFormat::Ecs))
            .logs(|logs| logs.writer(lines.clone()));
        (
            lines,
            builder.logs(|logs| logs.max_lines_per_second(u32::MAX)),
        )
    };
    let expected = of_env_filter(filter);
    // A layer in a subscriber that lets everything through, and the subscriber that `init` installs, which does not.
    let (lines, builder) = start();
    let monitoring = builder.build().unwrap();
    lines::within(&monitoring, work);
    let found = of_ours(&lines, &monitoring);
    same(&found, &expected, "as a layer");
    let (lines, builder) = start();
    let monitoring = builder.init().unwrap();
    work();
    let found = of_ours(&lines, &monitoring);
    same(&found, &expected, "from `init`");
}

fn try_each(test: &str, filters: &[&str]) {
    if let Ok(filter) = env::var(CASE) {
        return compare(&filter);
    }
    for filter in filters {
        let output = own_process::run(test)
            .env(CASE, filter)
            .env("RUST_LOG", filter)
            .output()
            .expect("it runs again");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{filter}\n{told}");
    }
}

#[test]
fn what_env_filter_takes_means_the_same() {
    try_each(&this_test!(), FILTERS);
}

#[test]
fn what_env_filter_leaves_out_is_left_out() {
    for filter in WRONG {
        assert!(EnvFilter::try_new(filter).is_err(), "{filter}");
    }
    try_each(&this_test!(), WRONG);
}

/// `EnvFilter` takes neither.
#[test]
fn white_space_and_several_fields() {
    for (filter, same) in [
        ("info, shop = debug ,", "info,shop=debug"),
        (
            "info,[packing{order=7,heavy=true}]=debug",
            "info,[packing{order=7}]=debug",
        ),
        (
            "info,[packing{order=7,heavy=false}]=debug",
            "info,[packing{order=8}]=debug",
        ),
    ] {
        assert_eq!(written(filter), written(same), "{filter}");
    }
}

fn written(filter: &str) -> BTreeSet<String> {
    let (lines, monitoring) = lines::logged(|builder| {
        let builder = builder.logs(|logs| logs.max_lines_per_second(u32::MAX));
        builder.logs(|logs| logs.filter(filter))
    });
    lines::within(&monitoring, work);
    of_ours(&lines, &monitoring)
}

/// An explicit parent, and a span that is entered on the thread but has nothing to do with a line. And values count from when they are known,
/// which `EnvFilter` has only when a span is entered again.
#[test]
fn a_line_is_judged_by_the_spans_that_it_is_in() {
    let filter = "info,[packing]=debug,[sending{order=9}]=debug";
    let (lines, monitoring) = lines::logged(|builder| builder.logs(|logs| logs.filter(filter)));
    lines::within(&monitoring, || {
        let span = packing();
        event!(parent: &span, Level::DEBUG, "has it for a parent");
        let _entered = span.entered();
        event!(parent: None, Level::DEBUG, "has none");
        event!(Level::DEBUG, "is in it");
    });
    lines::within(&monitoring, || {
        let span = info_span!("sending", order = tracing::field::Empty).entered();
        event!(Level::DEBUG, "before it is known");
        span.record("order", 9);
        event!(Level::DEBUG, "since it is known");
    });
    let found = of_ours(&lines, &monitoring);
    let expected = ["has it for a parent", "is in it", "since it is known"];
    assert_eq!(found, expected.map(str::to_owned).into());
}

//! One record of each panic, without secrets: in the log where there is one, or else on standard error. Each case is a process of its own, since
//! a panic hook is the process'.

use std::env;
use std::fmt;
use std::panic::{self, catch_unwind, panic_any};
use std::process::Output;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use ecolaura_monitoring::{LogFormat, Monitoring, MonitoringBuilder};
use http::Request;
use serde_json::Value;
use tower::ServiceExt as _;
use tracing::{info, info_span};

use support::lines::Lines;
use support::own_process;
use support::this_test;

/// Names the case that a process of its own runs.
const CASE: &str = "PANIC_HOOK_CASE";

/// What it panics with, and what of it must not be seen.
const SECRET: &str = "hunter2";

/// The line below, in which it panics.
const LINE: u64 = line!() as u64 + 3;

fn fail() {
    panic!("no tape: token={SECRET}");
}

fn fails() {
    let thread = std::thread::Builder::new().name("packing".into());
    let packing = thread.spawn(fail).expect("a thread");
    assert!(packing.join().is_err());
}

fn builder() -> MonitoringBuilder {
    let builder = Monitoring::builder("test").without_listener();
    builder
        .without_traces()
        .logs(|logs| logs.format(LogFormat::Ecs))
}

fn started(builder: MonitoringBuilder) -> Monitoring {
    builder.init().expect("a monitoring")
}

/// A value that panics while it is written.
struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        fail();
        Ok(())
    }
}

/// Panics when it is dropped.
struct Late;

impl Drop for Late {
    fn drop(&mut self) {
        fail();
    }
}

struct Case {
    name: &'static str,
    run: fn(),
    variables: &'static [(&'static str, &'static str)],
    /// Records in the log on standard output.
    records: usize,
    /// What standard error has, each once; nothing else of a panic.
    told: &'static [&'static str],
    /// What of it is the service's own doing, with the secret.
    is_secret_told: bool,
}

const PLAIN: Case = Case {
    name: "the hook of the standard library",
    run: || {
        let _monitoring = started(builder());
        fails();
    },
    variables: &[],
    records: 1,
    told: &[],
    is_secret_told: false,
};

const CASES: &[Case] = &[
    PLAIN,
    Case {
        name: "a hook of the service that holds nothing",
        run: || {
            panic::set_hook(Box::new(|info| eprintln!("own hook: {info}")));
            (PLAIN.run)();
        },
        told: &["own hook: panicked at tests/globals/panic_hook.rs"],
        is_secret_told: true,
        ..PLAIN
    },
    Case {
        name: "a hook of the service that holds something",
        run: || {
            let text = env::var(CASE).expect("a text");
            panic::set_hook(Box::new(move |_| eprintln!("own hook: {text}")));
            (PLAIN.run)();
        },
        told: &["own hook: a hook of the service that holds something"],
        ..PLAIN
    },
    Case {
        name: "a hook of the service that does nothing",
        run: || {
            panic::set_hook(Box::new(|_| {}));
            (PLAIN.run)();
        },
        ..PLAIN
    },
    Case {
        name: "a hook that wraps that of the standard library",
        run: || {
            let of_std = panic::take_hook();
            panic::set_hook(Box::new(move |info| of_std(info)));
            (PLAIN.run)();
        },
        told: &["thread 'packing'"],
        is_secret_told: true,
        ..PLAIN
    },
    Case {
        name: "a hook that is installed after `init`",
        run: || {
            let _monitoring = started(builder());
            let ours = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                eprintln!("own hook");
                ours(info);
            }));
            fails();
        },
        told: &["own hook"],
        ..PLAIN
    },
    Case {
        name: "twice",
        run: || {
            let _monitoring = started(builder());
            fails();
            fails();
        },
        records: 2,
        ..PLAIN
    },
    Case {
        name: "a value that is no text",
        run: || {
            let _monitoring = started(builder());
            assert!(catch_unwind(|| panic_any(7)).is_err());
        },
        ..PLAIN
    },
    Case {
        name: "in a request",
        run: || {
            let monitoring = started(builder());
            let handler = async || {
                let _span = info_span!("packing", order = 7).entered();
                fail();
            };
            let app = Router::new()
                .route("/", get(handler))
                .layer(monitoring.layer());
            let runtime = tokio::runtime::Builder::new_current_thread().build();
            let request = Request::get("/").body(Body::empty()).expect("a request");
            let answer = async { app.oneshot(request).await };
            let answer = panic::AssertUnwindSafe(|| runtime.expect("one").block_on(answer));
            assert!(catch_unwind(answer).is_err());
        },
        ..PLAIN
    },
    Case {
        name: "a value panics while it is logged",
        run: || {
            let _monitoring = started(builder());
            let _ = catch_unwind(|| info!("{Broken}"));
        },
        ..PLAIN
    },
    Case {
        name: "a filter that leaves everything out",
        run: PLAIN.run,
        variables: &[("RUST_LOG", "off")],
        records: 0,
        told: &[
            "thread 'packing' panicked at tests/globals/panic_hook.rs",
            "no tape: token=[redacted]",
            "note: run with `RUST_BACKTRACE=1`",
        ],
        ..PLAIN
    },
    Case {
        name: "a filter that names other targets",
        run: PLAIN.run,
        variables: &[("RUST_LOG", "shop=warn")],
        ..PLAIN
    },
    Case {
        name: "a log that goes elsewhere",
        run: || {
            let lines = Lines::default();
            let monitoring = started(builder().logs(|logs| logs.writer(lines.clone())));
            fails();
            drop(monitoring);
            let all = lines.all();
            let record = all
                .iter()
                .find(|line| line.contains("\"error.type\":\"panic\""));
            assert!(record.is_some_and(|line| !line.contains(SECRET)), "{all:?}");
        },
        records: 0,
        told: &[
            "thread 'packing' panicked at tests/globals/panic_hook.rs",
            "no tape: token=[redacted]",
        ],
        ..PLAIN
    },
    Case {
        name: "a subscriber without our layer",
        run: || {
            let _monitoring = started(builder().logs(|logs| logs.without_subscriber()));
            let subscriber = tracing_subscriber::registry();
            tracing::subscriber::set_global_default(subscriber).expect("the first one");
            fails();
        },
        ..PLAIN
    },
    Case {
        name: "no log",
        run: || {
            let _monitoring = started(builder().without_logs());
            fails();
        },
        records: 0,
        told: &["thread 'packing'"],
        is_secret_told: true, // nothing of ours is in its way
        ..PLAIN
    },
    Case {
        name: "a panic while another one unwinds ends the process",
        run: || {
            let _monitoring = started(builder());
            let _late = Late;
            fail();
        },
        records: 3, // both, and that the process is at its end
        ..PLAIN
    },
];

fn run(case: &Case) -> Output {
    let test = "panic_hook::each_panic_has_one_record";
    own_process::run(test)
        .env_remove("RUST_BACKTRACE")
        .env(CASE, case.name)
        .envs(case.variables.iter().copied())
        .output()
        .expect("it runs again")
}

#[test]
fn each_panic_has_one_record() {
    if let Ok(name) = env::var(CASE) {
        let case = CASES.iter().find(|case| case.name == name);
        return (case.expect("a case").run)();
    }
    for case in CASES {
        let output = run(case);
        let [stdout, stderr] =
            [output.stdout, output.stderr].map(|text| String::from_utf8(text).expect("UTF-8"));
        let name = case.name;
        // The test's own words stand before the first one.
        let read = |line: &str| {
            let start = line.find('{')?;
            serde_json::from_str::<Value>(&line[start..]).ok()
        };
        let lines = stdout.lines().filter_map(read);
        let records: Vec<_> = lines.filter(|line| line["error.type"] == "panic").collect();
        assert_eq!(records.len(), case.records, "{name}\n{stdout}\n{stderr}");
        assert!(!stdout.contains(SECRET), "{name}\n{stdout}");
        assert_eq!(
            stderr.contains(SECRET),
            case.is_secret_told,
            "{name}\n{stderr}"
        );
        for told in case.told {
            assert_eq!(stderr.matches(told).count(), 1, "{name}: {told}\n{stderr}");
        }
        let of_panics = stderr.lines().filter(|line| line.contains("panicked at"));
        assert!(of_panics.count() <= case.told.len(), "{name}\n{stderr}");
        records.iter().for_each(|record| check(name, record));
    }
}

/// What a record says.
fn check(name: &str, record: &Value) {
    let is_of_core = record["error.message"] == "panic in a destructor during cleanup";
    let is_any = name == "a value that is no text";
    assert_eq!(record["log.level"], "error", "{name}");
    assert_eq!(record["log.logger"], "panic", "{name}");
    if !is_of_core {
        assert_eq!(
            record["log.origin.file.name"], "tests/globals/panic_hook.rs",
            "{name}"
        );
        let line = record["log.origin.file.line"].as_u64().expect("a line");
        assert_eq!(line == LINE, !is_any, "{name}: {line}");
        let (place, message) = match is_any {
            true => (
                format!("tests/globals/panic_hook.rs:{line}:"),
                "Box<dyn Any>",
            ),
            false => (
                format!("tests/globals/panic_hook.rs:{LINE}:5"),
                "no tape: token=[redacted]",
            ),
        };
        assert_eq!(record["error.message"], message, "{name}");
        let headline = record["message"].as_str().expect("a text");
        assert!(
            headline.contains(&format!(" panicked at {place}")),
            "{name}: {headline}"
        );
        assert!(headline.ends_with(message), "{name}: {headline}");
        let location = record["labels"]["panic_location"].as_str().expect("a text");
        assert!(location.starts_with(&place), "{name}: {location}");
    }
    if name == PLAIN.name {
        assert_eq!(record["process.thread.name"], "packing");
    }
    if name == "in a request" {
        assert_eq!(record["trace.id"].as_str().map(str::len), Some(32));
        assert_eq!(record["labels"]["order"], "7", "the fields of its spans");
    }
}

/// Whoever develops sees what happened, where, and how to see more.
#[test]
fn on_a_terminal_a_panic_is_for_people() {
    let test = this_test!();
    if env::var(CASE).is_ok() {
        let _monitoring = started(builder().logs(|logs| logs.format(LogFormat::Text)));
        fails();
        return fails();
    }
    for (variable, expected) in [
        (
            "0",
            "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace",
        ),
        ("1", "globals/panic_hook.rs"),
    ] {
        let output = own_process::run(&test)
            .env("RUST_BACKTRACE", variable)
            .env(CASE, &test)
            .output()
            .expect("it runs again");
        let [stdout, stderr] =
            [output.stdout, output.stderr].map(|text| String::from_utf8(text).expect("UTF-8"));
        let headline = format!(
            "ERROR panic: thread 'packing' panicked at tests/globals/panic_hook.rs:{LINE}:5: no tape: token=[redacted]"
        );
        let is_headline = |line: &str| line.ends_with(&headline);
        assert_eq!(
            stdout.lines().filter(|line| is_headline(line)).count(),
            2,
            "{stdout}"
        );
        let next = stdout.lines().skip_while(|line| !is_headline(line)).skip(1);
        let until = next
            .take_while(|line| !is_headline(line))
            .collect::<Vec<_>>();
        assert!(until.iter().any(|line| line.contains(expected)), "{stdout}");
        assert_eq!(
            stdout.matches("note: run with").count(),
            usize::from(variable == "0")
        );
        assert!(
            !stdout.contains(SECRET) && !stderr.contains("panicked at"),
            "{stdout}\n{stderr}"
        );
    }
}

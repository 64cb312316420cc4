//! The house as it is planned: which module may use which, what each file starts with, and where names of ours are written.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use ecolaura_monitoring::catalog;
use support::folder::repository;

/// A module, its level, and the modules that it may use besides itself.
struct Module {
    name: &'static str,
    level: u8,
    uses: &'static [&'static str],
}

const fn module(name: &'static str, level: u8, uses: &'static [&'static str]) -> Module {
    Module { name, level, uses }
}

/// Words (0), metrics and what texts may show (1), values of fields (2), logs and traces (3), work (4), edges (5), whole (6), and beside it what only tests use (7).
const MODULES: [Module; 31] = [
    module("text", 0, &[]),
    module("catalog", 0, &[]),
    module("completion", 0, &[]),
    module("error", 0, &[]),
    module("label", 0, &[]),
    module("limiter", 0, &[]),
    module("outcome", 0, &[]),
    module("protobuf", 0, &[]),
    module("redact", 1, &["text"]),
    module("sql", 1, &["text"]),
    module("status", 0, &[]),
    module("trace_context", 0, &[]),
    module(
        "metrics",
        1,
        &[
            "catalog",
            "error",
            "label",
            "protobuf",
            "text",
            "trace_context",
        ],
    ),
    module("fields", 2, &["redact", "sql", "text"]),
    module(
        "logs",
        3,
        &[
            "catalog",
            "error",
            "fields",
            "limiter",
            "metrics",
            "outcome",
            "protobuf",
            "redact",
            "sql",
            "text",
            "trace_context",
        ],
    ),
    module(
        "trace",
        3,
        &[
            "catalog",
            "fields",
            "limiter",
            "metrics",
            "outcome",
            "redact",
            "sql",
            "trace_context",
        ],
    ),
    module(
        "observe",
        4,
        &[
            "catalog",
            "label",
            "logs",
            "metrics",
            "outcome",
            "redact",
            "sql",
            "trace",
            "trace_context",
        ],
    ),
    module("__private", 5, &["label", "observe", "status"]),
    module(
        "authentication",
        5,
        &["catalog", "logs", "metrics", "observe", "trace_context"],
    ),
    module(
        "business",
        5,
        &[
            "catalog",
            "error",
            "label",
            "limiter",
            "metrics",
            "observe",
            "text",
            "trace_context",
        ],
    ),
    module("control", 5, &["limiter", "logs", "metrics", "trace"]),
    module("database", 5, &["catalog", "logs", "observe"]),
    module("health", 5, &["error"]),
    module("http", 5, &["error", "label", "observe", "outcome"]),
    module(
        "otlp",
        5,
        &[
            "catalog",
            "completion",
            "error",
            "logs",
            "metrics",
            "protobuf",
            "redact",
            "trace",
        ],
    ),
    module(
        "resources",
        5,
        &["catalog", "error", "metrics", "observe", "trace_context"],
    ),
    module("scrape", 5, &["catalog", "metrics"]),
    module("system", 5, &["catalog", "metrics"]),
    module(
        "setup",
        6,
        &[
            "authentication",
            "business",
            "catalog",
            "completion",
            "control",
            "database",
            "error",
            "health",
            "http",
            "logs",
            "metrics",
            "observe",
            "otlp",
            "redact",
            "resources",
            "scrape",
            "system",
            "trace",
        ],
    ),
    module("__fuzz", 7, &["metrics", "redact", "scrape", "trace"]),
    module("testing", 7, &["metrics", "observe", "setup"]),
];

/// The wings of `metrics/`, from the bottom up: each may use only those before it.
const WINGS: [&str; 5] = ["lockfree", "cells", "expose", "registry", "bridge"];

/// Crates whose types stay in one place, and the modules that may name them.
const CRATES: [(&str, &[&str]); 29] = [
    ("axum", &["control", "health", "http", "scrape", "setup"]),
    ("crossbeam_queue", &["logs"]),
    ("fastant", &["observe"]),
    ("fastrand", &["logs", "otlp", "trace"]),
    ("flate2", &["otlp", "scrape"]),
    ("form_urlencoded", &["scrape"]),
    ("http_body_util", &["otlp"]),
    ("hyper", &["otlp", "setup"]),
    ("hyper_rustls", &["otlp"]),
    (
        "foldhash",
        &["business", "logs", "metrics", "observe", "trace"],
    ),
    ("iso_currency", &["business"]),
    ("itoa", &["business", "logs", "metrics"]),
    ("inventory", &["__private", "observe"]),
    ("log", &["fields", "logs"]),
    ("matchit", &["http"]),
    // The crate of this name: our module is always written `crate::metrics`, which begins no such path.
    ("metrics", &["metrics", "setup"]),
    ("percent_encoding", &["setup", "trace"]),
    ("prometheus", &["metrics", "setup"]),
    ("reqwest", &["http"]),
    ("rustls", &["otlp"]),
    ("rustls_native_certs", &["otlp"]),
    ("serde_json", &["control", "health"]),
    ("siphasher", &["authentication", "business", "setup"]),
    (
        "tokio",
        &["control", "health", "otlp", "scrape", "setup", "system"],
    ),
    (
        "tracing",
        &[
            "business", "database", "fields", "health", "logs", "observe", "otlp", "setup", "trace",
        ],
    ),
    ("tracing_core", &["trace"]),
    ("tracing_log", &["fields", "logs"]),
    ("tracing_subscriber", &["logs", "setup", "trace"]),
    ("zstd", &["scrape"]),
];

/// A file of the library, and what of it is code: no comments and no unit tests.
struct File {
    path: PathBuf,
    text: String,
    code: String,
}

impl File {
    fn read(path: PathBuf) -> Self {
        let text = fs::read_to_string(&path).expect("a file of the library");
        let code = code(&text);
        Self { path, text, code }
    }

    /// The module of the first level that it belongs to; `lib` for the root.
    fn module(&self) -> &str {
        let path = self.inside();
        let first = path.components().next().expect("a file has a name");
        let name = first.as_os_str().to_str().expect("a plain name");
        name.strip_suffix(".rs").unwrap_or(name)
    }

    /// Whether it is the file of a module of the first level, whose parent is the root.
    fn is_first_level(&self) -> bool {
        let path = self.inside();
        let parts = path.components().count();
        parts == 1 || (parts == 2 && path.ends_with("mod.rs"))
    }

    fn inside(&self) -> &Path {
        self.path.strip_prefix(source()).expect("a file in src")
    }
}

fn source() -> PathBuf {
    repository().join("src")
}

fn files() -> Vec<File> {
    let mut files = Vec::new();
    let mut folders = vec![source()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of the library") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && !path.ends_with("tests.rs")
            {
                files.push(File::read(path));
            }
        }
    }
    files.sort_by(|one, two| one.path.cmp(&two.path));
    assert!(files.len() > MODULES.len(), "the files were not found");
    files
}

/// The text without comments, and without the unit tests, which stand at the end.
fn code(text: &str) -> String {
    let text = text.split("\n#[cfg(test)]\nmod ").next().unwrap_or(text);
    let lines = text.lines().map(|line| match comment(line) {
        Some(at) => &line[..at],
        None => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Where a line's comment starts: at the first `//` outside of a string.
fn comment(line: &str) -> Option<usize> {
    let slashes = line.match_indices("//").map(|(at, _)| at);
    let quotes = |at: usize| line[..at].replace("\\\"", "").matches('"').count();
    slashes.into_iter().find(|at| quotes(*at) % 2 == 0)
}

/// What follows each `prefix` of a path in the code, as far as it is a name.
fn names_after(code: &str, prefix: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices(prefix) {
        if !code[..at].ends_with(|c| is_part(c) || c == ':') {
            let rest = &code[at + prefix.len()..];
            names.insert(rest.chars().take_while(|c| is_part(*c)).collect());
        }
    }
    names
}

/// Whether a name stands in the code, and not as a part of another.
fn mentions(code: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    code.match_indices(name).any(|(at, _)| {
        let (before, after) = (&code[..at], &code[at + name.len()..]);
        !before.ends_with(is_part) && !after.starts_with(is_part)
    })
}

/// Expects nothing to have been found; else tells all of it.
#[track_caller]
fn none(findings: impl IntoIterator<Item = String>) {
    let mut all = String::new();
    for finding in findings {
        let _ = writeln!(all, "{finding}");
    }
    assert!(all.is_empty(), "\n{all}");
}

#[test]
fn every_module_has_its_place() {
    let found: BTreeSet<_> = files()
        .iter()
        .map(|file| file.module().to_owned())
        .collect();
    let planned = MODULES.iter().map(|module| module.name).chain(["lib"]);
    assert_eq!(found, planned.map(str::to_owned).collect());
}

#[test]
fn a_module_uses_only_what_stands_below_it() {
    for Module { name, level, uses } in MODULES {
        for used in uses {
            let below = MODULES.iter().find(|module| module.name == *used);
            let below = below.unwrap_or_else(|| panic!("{used} is no module"));
            assert!(
                below.level < level,
                "{name} stands beside {used} or below it"
            );
        }
    }
}

#[test]
fn a_wing_of_the_metrics_uses_only_those_below_it() {
    let mut findings = Vec::new();
    for file in files() {
        let Ok(inside) = file.inside().strip_prefix("metrics") else {
            continue;
        };
        if inside.parent() == Some(Path::new("")) {
            continue; // what the wings offer to others
        }
        let wing = inside.components().next().expect("it is in a folder");
        let level = |name: &str| WINGS.iter().position(|wing| *wing == name);
        let own = wing.as_os_str().to_str().and_then(level);
        let own = own.unwrap_or_else(|| panic!("{} is in no wing", file.path.display()));
        for used in names_after(&file.code, "crate::metrics::") {
            if level(&used).is_none_or(|used| used > own) {
                findings.push(format!(
                    "{} uses crate::metrics::{used}",
                    file.path.display()
                ));
            }
        }
    }
    none(findings);
}

#[test]
fn modules_use_only_what_they_may() {
    let mut findings = Vec::new();
    for file in files() {
        let Some(module) = MODULES.iter().find(|module| module.name == file.module()) else {
            continue; // the root uses everything
        };
        for used in names_after(&file.code, "crate::") {
            let is_module = MODULES.iter().any(|module| module.name == used);
            if !is_module {
                let what = "name the module that it is in";
                findings.push(format!("{}: crate::{used}: {what}", file.path.display()));
            } else if used != module.name && !module.uses.contains(&&*used) {
                let may = module.uses;
                findings.push(format!(
                    "{}: uses {used}, may use {may:?}",
                    file.path.display()
                ));
            }
        }
    }
    none(findings);
}

/// The table above promises nothing that nobody needs.
#[test]
fn modules_use_all_that_they_may() {
    let files = files();
    let mut findings = Vec::new();
    for module in &MODULES {
        let own = files.iter().filter(|file| file.module() == module.name);
        let used: BTreeSet<_> = own
            .flat_map(|file| names_after(&file.code, "crate::"))
            .collect();
        for may in module.uses.iter().filter(|may| !used.contains(**may)) {
            findings.push(format!("{} does not use {may}", module.name));
        }
    }
    none(findings);
}

#[test]
fn paths_are_written_so_that_this_test_can_read_them() {
    let mut findings = Vec::new();
    for file in files() {
        for pattern in [
            "use crate::{",
            "super::super",
            "use crate as ",
            "ecolaura_monitoring::",
        ] {
            if file.code.contains(pattern) && file.module() != "lib" {
                findings.push(format!("{}: {pattern}", file.path.display()));
            }
        }
        let above = names_after(&file.code, "super::");
        if file.is_first_level() && !above.is_empty() {
            findings.push(format!(
                "{}: super:: is the root here: {above:?}",
                file.path.display()
            ));
        }
    }
    none(findings);
}

#[test]
fn types_of_other_crates_stay_in_one_place() {
    let mut findings = Vec::new();
    for file in files() {
        for (krate, modules) in CRATES {
            let names = names_after(&file.code, &format!("{krate}::"));
            if !names.is_empty() && !modules.contains(&file.module()) {
                findings.push(format!("{}: {krate}::{names:?}", file.path.display()));
            }
        }
    }
    none(findings);
}

#[test]
fn the_root_has_no_logic() {
    let root = files().into_iter().find(|file| file.module() == "lib");
    let root = root.expect("a root").code;
    let root = root.replace("struct Readme;", ""); // which has the README's examples tested
    for word in [
        "fn ", "struct ", "enum ", "trait ", "impl ", "static ", "const ",
    ] {
        assert!(!root.contains(word), "{word}");
    }
}

#[test]
fn each_file_says_first_what_it_is() {
    let mut findings = Vec::new();
    for file in files() {
        let docs = file.text.lines().map_while(|line| line.strip_prefix("//!"));
        let first: Vec<_> = docs
            .map(str::trim)
            .take_while(|line| !line.is_empty())
            .collect();
        let first = first.join(" ");
        let is_sentence = first.starts_with(|c: char| c.is_uppercase() || "`[".contains(c))
            && first.ends_with(['.', ':']);
        if !is_sentence {
            findings.push(format!("{}: {first:?}", file.path.display()));
        }
    }
    none(findings);
}

#[test]
fn names_of_the_catalogue_are_written_there_alone() {
    let labels = catalog::ALL.iter().flat_map(|metric| metric.label_names());
    let literals: BTreeSet<_> = labels.map(|label| format!("\"{label}\"")).collect();
    let mut findings = Vec::new();
    for file in files().iter().filter(|file| file.module() != "catalog") {
        for metric in catalog::ALL {
            if mentions(&file.code, metric.name()) {
                findings.push(format!("{}: {}", file.path.display(), metric.name()));
            }
        }
        // The fields of its JSON are its own, whatever they are called; and a media type has parameters.
        let has_others = file.module() == "health" || file.path.ends_with("encode/accept.rs");
        let labels = literals.iter().filter(|_| !has_others);
        for literal in labels.filter(|literal| file.code.contains(&***literal)) {
            findings.push(format!("{}: {literal}", file.path.display()));
        }
    }
    none(findings);
}

#[test]
fn names_are_told_from_parts_of_others() {
    assert!(mentions("a(queue_depth)", "queue_depth"));
    assert!(mentions("global_queue_depth, queue_depth", "queue_depth"));
    assert!(!mentions("global_queue_depth(queue_depths)", "queue_depth"));
}

#[test]
fn code_is_told_from_comments() {
    assert_eq!(code("a // b"), "a ");
    assert_eq!(
        code("let url = \"http://x\"; // b"),
        "let url = \"http://x\"; "
    );
    assert_eq!(
        code("//! docs\nuse x;\n\n#[cfg(test)]\nmod tests {}"),
        "\nuse x;"
    );
    let names = names_after(
        "use crate::a::B; x(crate::c); my_crate::d; ::crate::e; crate::a",
        "crate::",
    );
    assert_eq!(names, ["a", "c"].map(str::to_owned).into());
}

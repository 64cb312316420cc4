//! The folder `deploy/` holds what the command writes for the shop.
//!
//! To update it: `UPDATE=1 cargo test --package ecolaura-monitoring-ops --test deploy`. What was changed there by hand is not overwritten.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

/// Runs the command in the folder of the repository.
fn ops(out: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ecolaura-ops"));
    command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    command.arg("--out").arg(out).args(more);
    command.output().expect("it runs")
}

const SHOP: [&str; 22] = [
    "--journey",
    "examples/shop/journey.json",
    "--probe",
    "https://shop.example/api/v1/products",
    "--job",
    "ecolaura-api",
    "--team",
    "shop",
    "--deadman",
    "https://deadman.example/ecolaura",
    "--mail-host",
    "mail.example:587",
    "--mail-from",
    "alertmanager@mail.example",
    "--mail-to",
    "shop@mail.example",
    "--objective",
    "orders=/api/v1/orders,99.9,250ms",
    "--objective",
    "products=/api/v1/products,99.5%,0.25s",
    "--metrics",
    "ops/tests/shop.metrics",
];

/// What an instance answers that was asked for orders.
const ASKED: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/deploy_asked.metrics");

/// An empty folder of a test's own.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // It is not there on the first run.
    let _ = fs::remove_dir_all(&folder);
    folder
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

/// The files of a folder below another one, with their texts.
fn files(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).expect("a folder") {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    let text = fs::read_to_string(&path).expect("a text");
                    let path = path.strip_prefix(folder).expect("it is in there");
                    found.push((path.to_owned(), text));
                }
            }
        }
    }
    found.sort();
    found
}

#[test]
fn the_kit_of_the_shop_is_written() {
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy");
    if env::var_os("UPDATE").is_some() {
        let output = ops(&deploy, &SHOP);
        assert!(output.status.success(), "{}", said(&output));
    }
    let made = folder("deploy");
    let output = ops(&made, &SHOP);
    assert!(output.status.success(), "{}", said(&output));
    let made = files(&made);
    assert!(made.len() > 10, "{made:?}");
    for (path, text) in made {
        let written = fs::read_to_string(deploy.join(&path)).unwrap_or_default();
        assert!(
            written == text,
            "{} is not what is made: UPDATE=1 cargo test --package ecolaura-monitoring-ops --test deploy",
            path.display()
        );
    }
}

/// What the command prints ends with what to do next, and is no list of all files.
#[test]
fn the_command_ends_with_what_to_do_next() {
    let made = folder("deploy_next");
    let with = |flags: &[&str]| {
        let output = ops(&made, &[&["--job", "store"], flags].concat());
        assert!(output.status.success(), "{}", said(&output));
        said(&output)
    };
    let first = with(&[]);
    let lines: Vec<&str> = first.lines().collect();
    assert_eq!(lines.len(), 4, "{first}");
    assert!(
        lines[0].contains("deploy_next: wrote ") && lines[0].ends_with(" files"),
        "{first}"
    );
    let readme = made.join("README.md");
    let next = format!("Next: read {}.", readme.display());
    assert!(lines[1].starts_with(&next) && readme.exists(), "{first}");
    assert!(lines[2].ends_with("docker compose up"), "{first}");
    assert!(lines[3].contains("kubectl apply"), "{first}");
    let again = with(&[]);
    assert!(
        again.lines().count() == 1 && again.ends_with(" files are up to date\n"),
        "{again}"
    );
    // What changes is listed where it is little, what is removed always.
    let fewer = with(&["--without", "QueueFills"]);
    for line in [
        "  updated prometheus/alerts.rules.yml\n",
        "  removed runbooks/QueueFills.md\n",
    ] {
        assert!(fewer.contains(line), "{fewer}");
    }
}

/// README.md names all that is in the folder, nothing else, and the command that made it.
#[test]
fn the_readme_has_what_is_in_the_kit() {
    for (name, flags) in [
        ("deploy_readme", &SHOP[..]),
        (
            "deploy_readme_few",
            &["--job", "store", "--without", "business"][..],
        ),
    ] {
        let made = folder(name);
        let output = ops(&made, flags);
        assert!(output.status.success(), "{}", said(&output));
        let readme = fs::read_to_string(made.join("README.md")).expect("it is there");
        // What a kit cannot know is said where it is started from.
        for flag in ["--runbooks", "--grafana", "--jaeger", "--deadman"] {
            let is_set = flags.contains(&flag);
            let is_said = readme.contains(&format!("`{flag} ADDRESS`"));
            assert_ne!(is_set, is_said, "{name}: {flag}");
        }
        let entries = fs::read_dir(&made).expect("a folder");
        let entries = entries.map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("a text")
        });
        for entry in entries.filter(|entry| !entry.starts_with('.') && entry != "README.md") {
            assert!(
                readme.contains(&format!("`{entry}")),
                "{name}: {entry} is not in\n{readme}"
            );
        }
        for row in readme.lines().filter_map(|line| line.strip_prefix("| `")) {
            let path = row.split('`').next().expect("a path");
            assert!(made.join(path).exists(), "{name}: {path}");
        }
        for file in readme.split("-f ").skip(1) {
            let file = file.split_whitespace().next().expect("a file");
            assert!(made.join(file).exists(), "{name}: {file}");
        }
        // Every secret that compose names.
        let compose = fs::read_to_string(made.join("compose.yaml")).expect("it is there");
        let secrets = compose.lines().filter_map(|line| line.strip_prefix("#   "));
        let secrets: Vec<&str> = secrets.collect();
        assert!(secrets.len() > 2, "{compose}");
        for secret in secrets {
            assert!(
                readme.contains(&format!("> {secret}\n")),
                "{name}: {secret} is not in\n{readme}"
            );
        }
        // The same command makes the same kit.
        let command = readme
            .split("```sh\necolaura-ops ")
            .nth(1)
            .expect("a command");
        let command = command.split("\n```").next().unwrap_or_default();
        let again = format!(
            "{} {}",
            env!("CARGO_BIN_EXE_ecolaura-ops"),
            command.replace("FOLDER", &made.display().to_string())
        );
        let mut shell = Command::new("sh");
        shell.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        shell.env("DEADMAN_ADDRESS", "https://deadman.example/ecolaura");
        let output = shell.args(["-c", &again]).output().expect("it runs");
        assert!(
            said(&output).ends_with(" files are up to date\n"),
            "{again}: {}",
            said(&output)
        );
    }
}

#[test]
fn what_was_changed_by_hand_stays() {
    let made = folder("deploy_by_hand");
    assert!(ops(&made, &SHOP).status.success());
    let alerts = made.join("prometheus/alerts.rules.yml");
    let before = files(&made);

    // The same again changes nothing.
    let again = ops(&made, &SHOP);
    assert!(
        again.status.success() && !said(&again).contains("updated"),
        "{}",
        said(&again)
    );
    assert_eq!(files(&made), before);

    let by_hand = fs::read_to_string(&alerts).expect("alerts") + "# mine\n";
    fs::write(&alerts, &by_hand).expect("it can be written");
    let changed = files(&made);
    let other = ["--job", "ecolaura-api", "--team", "other"];
    let refused = ops(&made, &other);
    assert_eq!(refused.status.code(), Some(2));
    let why = said(&refused);
    assert!(
        why.contains("prometheus/alerts.rules.yml") && why.contains("Move them away"),
        "{why}"
    );
    assert!(!why.contains("recording.rules.yml"), "{why}");
    assert_eq!(files(&made), changed, "nothing is written at all");

    fs::remove_file(&alerts).expect("it is moved away");
    let other = ops(&made, &other);
    let told = said(&other);
    assert!(
        other.status.success() && told.contains(": updated "),
        "{told}"
    );
}

/// What the kit no longer has is removed, unless somebody has changed it: that is told.
#[test]
fn what_is_no_longer_of_the_kit_goes() {
    let made = folder("deploy_gone");
    let with = |flags: &[&str]| {
        let output = ops(&made, &[&["--job", "a"], flags].concat());
        assert!(output.status.success(), "{}", said(&output));
        said(&output)
    };
    let runbook = made.join("runbooks/QueueFills.md");
    let modules = made.join("blackbox/blackbox.yml");
    with(&["--probe", "https://shop.example"]);
    fs::write(&modules, "# mine\n").expect("it can be written");
    let told = with(&["--without", "QueueFills"]);
    assert!(
        told.contains("  removed runbooks/QueueFills.md\n"),
        "{told}"
    );
    let left =
        "  kept blackbox/blackbox.yml: it was changed by hand and is no longer part of the kit\n";
    assert!(told.contains(left), "{told}");
    assert!(!runbook.exists() && modules.exists());
    // It is told once: from there on the file is somebody's own.
    let told = with(&["--without", "QueueFills"]);
    assert!(!told.contains("kept"), "{told}");
}

/// Two services in one folder would remove each other's files.
#[test]
fn a_folder_has_the_kit_of_one_service() {
    let made = folder("deploy_two");
    assert!(ops(&made, &["--job", "a_b"]).status.success());
    let before = files(&made);
    let refused = ops(&made, &["--job", "a-b"]);
    assert_eq!(refused.status.code(), Some(2));
    let why = said(&refused);
    for part in [
        "the kit of `a_b`",
        "give `a-b` a folder of its own",
        "the line `job` of kit.manifest",
    ] {
        assert!(why.contains(part), "{why}");
    }
    assert_eq!(files(&made), before, "nothing is written at all");

    // It does what it says.
    let manifest = made.join("kit.manifest");
    let text = fs::read_to_string(&manifest).expect("a manifest");
    let renamed = text.replace("\njob a_b\n", "\njob a-b\n");
    fs::write(&manifest, renamed).expect("it can be written");
    let output = ops(&made, &["--job", "a-b"]);
    let told = said(&output);
    assert!(output.status.success(), "{told}");
    assert!(
        told.contains("  removed prometheus/targets/a_b.yml\n"),
        "{told}"
    );
    let alone = folder("deploy_one");
    assert!(ops(&alone, &["--job", "a-b"]).status.success());
    assert_eq!(files(&made), files(&alone));
}

/// Files of somebody else are not taken for old ones of the kit.
#[test]
fn a_file_that_is_not_of_the_kit_stays() {
    let made = folder("deploy_others");
    fs::create_dir_all(made.join("alertmanager")).expect("a folder");
    let theirs = made.join("alertmanager/alertmanager.yml");
    fs::write(&theirs, "route: {}\n").expect("it can be written");
    let refused = ops(&made, &SHOP);
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        said(&refused).contains("alertmanager/alertmanager.yml"),
        "{}",
        said(&refused)
    );
    assert_eq!(files(&made).len(), 1);
}

/// Nor is what stands beside a file taken for the command's own, or written through where it leads elsewhere.
#[cfg(unix)]
#[test]
fn what_leads_elsewhere_is_not_written_through() {
    let made = folder("deploy_elsewhere");
    fs::create_dir_all(made.join("prometheus")).expect("a folder");
    let precious = made.with_extension("precious");
    fs::write(&precious, "mine").expect("it can be written");
    let aside = made.join("prometheus/prometheus.yml.ecolaura-ops");
    std::os::unix::fs::symlink(&precious, &aside).expect("a link");
    let other = made.join("kit.manifest.ecolaura-ops");
    fs::write(&other, "half of").expect("it can be written");
    let refused = ops(&made, &SHOP);
    assert_eq!(refused.status.code(), Some(2));
    let why = said(&refused);
    for left in [&aside, &other] {
        assert!(why.contains(&left.display().to_string()), "{why}");
    }
    assert!(why.contains("Move them away"), "{why}");
    assert_eq!(fs::read_to_string(&precious).expect("a text"), "mine");
    // Nothing is left of what was begun.
    fs::remove_file(&aside).expect("it is moved away");
    fs::remove_file(&other).expect("it is moved away");
    assert_eq!(files(&made), []);
}

/// What cannot be said, read or made is told, and no panic.
#[cfg(unix)]
#[test]
fn what_the_system_refuses_is_told() {
    let made = folder("deploy_system");
    let mut command = Command::new(env!("CARGO_BIN_EXE_ecolaura-ops"));
    command.args(["--job", "shop", "--out"]).arg(&made);
    let full = fs::File::create("/dev/full").expect("it is there");
    let output = command.stdout(full).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    let why = said(&output);
    assert!(why.contains("what was done cannot be told"), "{why}");

    let endless = ops(&made, &["--job", "shop", "--metrics", "/dev/zero"]);
    assert_eq!(endless.status.code(), Some(2));
    let why = said(&endless);
    assert!(why.contains("/dev/zero: there is no end of it"), "{why}");

    let nowhere = folder("deploy_nowhere");
    // From a run before this one.
    let _ = fs::remove_file(&nowhere);
    std::os::unix::fs::symlink("no/such/folder", &nowhere).expect("a link");
    let refused = ops(&nowhere, &["--job", "shop"]);
    assert_eq!(refused.status.code(), Some(2));
    let why = said(&refused);
    assert!(why.contains("there can be no folder"), "{why}");
}

/// What is no text is not taken for one.
#[cfg(unix)]
#[test]
fn an_objective_is_a_text() {
    use std::os::unix::ffi::OsStrExt as _;
    let made = folder("deploy_bytes");
    let odd = std::ffi::OsStr::from_bytes(b"a=/x\xff,99");
    let mut command = Command::new(env!("CARGO_BIN_EXE_ecolaura-ops"));
    command.args(["--job", "shop", "--out"]).arg(&made);
    let output = command.arg("--objective").arg(odd).output();
    let output = output.expect("it runs");
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(!made.exists());
}

/// The flags that a text begins with, as help and tables have them: before what they are for.
fn flags<'a>(lines: impl Iterator<Item = &'a str>, until: &str) -> BTreeSet<String> {
    let heads = lines.map(|line| line.split(until).next().unwrap_or_default());
    let words = heads.flat_map(|head| head.split(|c: char| !c.is_ascii_lowercase() && c != '-'));
    let flags = words.filter(|word| word.starts_with("--"));
    flags.map(str::to_owned).collect()
}

#[test]
fn help_and_documentation_name_the_same() {
    let help = said(&ops(&folder("deploy_help"), &["--help"]));
    let lines = help.lines().filter(|line| line.starts_with("  --"));
    let helped = flags(lines.map(str::trim_start), "  ");
    let documentation = include_str!("../../docs/operations.md");
    let rows = documentation.lines();
    let rows = rows.filter_map(|line| line.strip_prefix("| `--"));
    let rows: Vec<String> = rows.map(|row| format!("--{row}")).collect();
    let mut documented = flags(rows.iter().map(String::as_str), " | ");
    documented.extend(["--help", "--out"].map(str::to_owned));
    assert!(helped.len() > 20, "{helped:?}");
    assert_eq!(helped, documented);
    // And each is one.
    for flag in &helped {
        let told = said(&ops(&folder("deploy_help"), &[flag]));
        assert!(!told.contains("invalid option"), "{flag}: {told}");
    }
    let rules = include_str!("../../deploy/prometheus/alerts.rules.yml");
    let alerts = rules.matches("      - alert: ").count();
    let number = format!("{alerts} alerts in four tiers");
    for text in [documentation, include_str!("../../CHANGELOG.md")] {
        assert!(text.contains(&number), "{number}");
    }
}

/// A value in a wrong syntax: the command says which syntax the flag wants, with an example.
#[test]
fn a_flag_says_which_syntax_it_wants() {
    let out = folder("deploy_syntax");
    let journey = r#"--journey takes a file with JSON such as {"journey": "purchase", "address": "https://shop.example", "steps": [{"step""#;
    let metrics = "--metrics takes a file with what /metrics answers, such as `curl -s http://localhost:9464/metrics > FILE` writes";
    for (flag, wrong, wants) in [
        ("--journey", "purchase=browse,order", journey),
        ("--journey", "Cargo.toml", journey),
        ("--journey", "ops", journey),
        ("--metrics", "http://localhost:9464/metrics", metrics),
        (
            "--metrics",
            "Cargo.toml",
            "curl http://127.0.0.1:9464/metrics",
        ),
        (
            "--objective",
            "/orders 99",
            "--objective takes NAME=ROUTE,PERCENT[,TIME], such as orders=",
        ),
        (
            "--threshold",
            "HighErrorRate 2%",
            "--threshold takes ALERT=NUMBER, such as HighErrorRate=0.02",
        ),
        ("--target", "shop", "give it as host:port"),
        (
            "--probe",
            "shop.example",
            "give it as https://host or https://host:port/path",
        ),
        (
            "--grafana",
            "grafana:3000",
            "give it as https://host or https://host:port/path",
        ),
        ("--port", "0x80", "--port takes a port, such as 3000"),
        (
            "--time-zone",
            "CEST",
            "give it as UTC, or as a place such as Europe/Berlin",
        ),
        (
            "--image",
            "my image",
            "give it as registry.example/service:1.0.0",
        ),
    ] {
        let output = ops(&out, &["--job", "store", flag, wrong]);
        let why = said(&output);
        assert_eq!(output.status.code(), Some(2), "{flag} {wrong}: {why}");
        assert!(why.contains(wants), "{flag} {wrong}: {why}");
        assert!(!out.exists(), "{flag} {wrong}: nothing is written");
    }
}

#[test]
fn wrong_flags_are_told() {
    let out = folder("deploy_flags");
    let asked = "# TYPE http_request_duration_seconds histogram\nhttp_request_duration_seconds_count{endpoint=\"/orders\"} 1\n";
    fs::write(ASKED, asked).expect("it can be written");
    for (flags, told) in [
        (&[][..], "--job is missing"),
        (&["--job"][..], "missing argument"),
        (&["--job", "a b"][..], "job `a b`: give it a name"),
        (&["--job", "a", "--colour"][..], "invalid option '--colour'"),
        (
            &["--job", "a", "--port", "http"][..],
            "--port takes a port, such as 3000",
        ),
        (
            &["--job", "a", "--objective", "orders"][..],
            "--objective takes NAME=ROUTE,PERCENT[,TIME]",
        ),
        (
            &["--job", "a", "--objective", "o=/o,many"][..],
            "--objective takes NAME=ROUTE,PERCENT[,TIME]",
        ),
        (
            &["--job", "a", "--objective", "o=/o,99,soon"][..],
            "--objective takes NAME=ROUTE,PERCENT[,TIME]",
        ),
        (
            &["--job", "a", "--objective", "o=/o,99,1s,more"][..],
            "--objective takes NAME=ROUTE,PERCENT[,TIME]",
        ),
        (
            &["--job", "a", "--objective", "o=/o,99,-1s"][..],
            "--objective takes NAME=ROUTE,PERCENT[,TIME]",
        ),
        (
            &["--job", "a", "--objective", "o=/o,100"][..],
            "leaves nothing that may fail",
        ),
        (
            &["--job", "a", "--threshold", "HighErrorRate"][..],
            "--threshold takes ALERT=NUMBER",
        ),
        (
            &["--job", "a", "--threshold", "Watchdog=1"][..],
            "there is no alert `Watchdog` with a threshold",
        ),
        (
            &["--job", "a", "--target", "staging=http://a:1"][..],
            "target `http://a:1`: give it as host:port",
        ),
        (
            &["--job", "a", "--job", "b"][..],
            "--job is there twice: give it once",
        ),
        (
            &[
                "--job",
                "a",
                "--threshold",
                "QueueFills=0.5",
                "--threshold",
                "QueueFills=0.6",
            ][..],
            "--threshold QueueFills is there twice: give it once",
        ),
        (
            &["--job", "a", "--target", "a:1", "--target", "a:1"][..],
            "environment `production`: target `a:1` is there twice: give it once",
        ),
        (
            &["--job", "a", "--probe", "http://a", "--probe", "http://a"][..],
            "probe `http://a` is there twice: ask it once",
        ),
        (
            &["--job", "a", "--mail-to", "b@mail.example"][..],
            "--mail-host, --mail-from and --mail-to are of use together",
        ),
        (
            &["--job", "a", "--metrics", "no/such/file"][..],
            "--metrics no/such/file: No such file",
        ),
        (
            &["--job", "a", "--journey", "no/such/file"][..],
            "--journey no/such/file: No such file",
        ),
        (
            &["--job", "a", "--journey", "Cargo.toml"][..],
            "--journey Cargo.toml: expected value at line 1",
        ),
        (
            &["--job", "a", "--metrics", "Cargo.toml"][..],
            "there are no metrics with a line `# TYPE`: give it all that /metrics answers",
        ),
        (
            &[
                "--job",
                "a",
                "--objective",
                "o=/order,99",
                "--metrics",
                ASKED,
            ][..],
            "objective `o`: the metrics that were given tell of no `/order`, but of /orders",
        ),
        (
            &["--job", "a", "--without", "Nothing"][..],
            "there is no alert `Nothing`",
        ),
    ] {
        let output = ops(&out, flags);
        assert_eq!(output.status.code(), Some(2), "{flags:?}");
        assert!(said(&output).contains(told), "{flags:?}: {}", said(&output));
        assert!(!out.exists(), "{flags:?}: nothing is written");
    }
}

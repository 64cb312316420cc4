//! The Blackbox Exporter's configuration: the exporter takes it, whatever a journey is made of, and what cannot be is told.

#[path = "../../tests/support/component.rs"]
mod component;

use std::path::Path;
use std::process::Command;
use std::{env, fs};

use ecolaura_monitoring_ops::{File, Journey, Kit, Step};

use crate::component::component;

fn text(kit: &Kit, path: &str) -> String {
    let files = kit.files().expect("a kit");
    let file = files.iter().find(|file| file.path == path);
    file.unwrap_or_else(|| panic!("no {path}")).text.clone()
}

/// What the exporter says of a configuration, and whether it takes it.
fn check(name: &str, text: &str) -> (bool, String) {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&file, text).expect("it can be written");
    let mut command = Command::new(component("blackbox"));
    command
        .arg("--config.check")
        .arg("--config.file")
        .arg(&file);
    let output = command.output().expect("it runs");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    (output.status.success(), said)
}

/// Steps with all that is delicate in YAML, JSON and regular expressions.
fn odd() -> Kit {
    let step = Step::post(
        "a.b",
        "/a?b=c&d=%20",
        r#"{"text":"it's \"so\": #1\n{{ x }}"}"#,
    );
    let step = step
        .status(202)
        .expect(r#"^\{"a": *'\d+'\\n\}$"#)
        .token_file("/run/secrets/blackbox/a token");
    // As they are in a text, and not as JSON would write them.
    let delicate = "a\u{7}\r\u{85}\u{2028}\u{feff}b\tc";
    let journey = Journey::new("x-1", "http://[::1]:3000")
        .step(Step::get("a", "/").expect(delicate))
        .step(Step::get("braces", "/").expect(r#"{"total":{"cents":\d{3},"\p{Greek}":\{"#))
        .step(step);
    Kit::new("mail_worker.2").journey(journey)
}

#[test]
fn the_exporter_takes_its_configuration() {
    let modules = text(&odd(), "blackbox/blackbox.yml");
    let (is_good, said) = check("blackbox.yml", &modules);
    assert!(is_good, "{said}\n{modules}");
    // What passes can fail.
    let (is_good, _) = check(
        "blackbox_wrong.yml",
        &modules.replace("prober: tcp", "prober: tcp\n    frobs: 1"),
    );
    assert!(!is_good);
}

#[test]
fn a_step_is_what_was_asked_for() {
    let kit = odd();
    let modules = text(&kit, "blackbox/blackbox.yml");
    for line in [
        "  journey/x-1/a.b:",
        "      valid_status_codes: [202]",
        "      method: POST",
        r#"      body: "{\"text\":\"it's \\\"so\\\": #1\\n{{ x }}\"}""#,
        r#"      authorization: {credentials_file: "/run/secrets/blackbox/a token"}"#,
        r#"      fail_if_body_not_matches_regexp: ["^\\{\"a\": *'\\d+'\\\\n\\}$"]"#,
    ] {
        assert!(
            modules.contains(&format!("{line}\n")),
            "{line} is not in\n{modules}"
        );
    }
    let config = text(&kit, "prometheus/prometheus.yml");
    assert!(config.contains("      - targets: ['http://[::1]:3000/a?b=c&d=%20']\n        labels: {environment: 'production', module: 'journey/x-1/a.b', journey: 'x-1', step: 'a.b'}\n"), "{config}");
    // Over http there is no certificate to look at.
    assert!(!config.contains("module: 'tls'"));
}

/// Compose gives the exporter the tokens that steps want.
#[test]
fn tokens_are_mounted_where_they_are_wanted() {
    let mounted = "target: /run/secrets/blackbox,";
    assert!(text(&odd(), "compose.yaml").contains(mounted));
    let without = Kit::new("shop").probe("https://shop.example");
    assert!(!text(&without, "compose.yaml").contains(mounted));
}

/// Addresses that share a place share the look at its certificate.
#[test]
fn a_certificate_is_looked_at_once() {
    let kit = Kit::new("shop")
        .probe("https://shop.example/a")
        .probe("https://shop.example/b")
        .probe("https://pay.example:8443")
        .journey(Journey::new("j", "https://shop.example").step(Step::get("a", "/a")));
    let config = text(&kit, "prometheus/prometheus.yml");
    assert_eq!(config.matches("module: 'tls'").count(), 2);
    assert_eq!(config.matches("['shop.example:443']").count(), 1);
    assert_eq!(config.matches("['pay.example:8443']").count(), 1);
}

/// Without anything to probe there is no exporter, nor whatever waits for one.
#[test]
fn nobody_is_asked_for_nothing() {
    for File { path, text } in Kit::new("shop").files().expect("a kit") {
        assert!(!path.starts_with("blackbox/"), "{path}");
        let is_about_it = path.starts_with("prometheus/") || path == "compose.yaml";
        assert!(!is_about_it || !text.contains("blackbox:"), "{path}");
    }
}

#[track_caller]
fn is_refused(journey: Journey, says: &str) {
    let error = Kit::new("shop").journey(journey).files();
    let error = error.expect_err("it cannot be").to_string();
    assert!(error.contains(says), "{error}");
}

#[test]
fn journeys_that_cannot_be() {
    let journey = |step: Step| Journey::new("j", "https://shop.example").step(step);
    let a = || Step::get("a", "/a");
    is_refused(
        Journey::new("j", "https://shop.example"),
        "journey `j` has no steps",
    );
    is_refused(
        Journey::new("a b", "https://shop.example").step(a()),
        "journey `a b`: give it a name",
    );
    is_refused(
        Journey::new("j", "shop.example").step(a()),
        "address `shop.example`: give it as https://",
    );
    is_refused(
        Journey::new("j", "https://shop.example/").step(a()),
        "give it without `/`",
    );
    is_refused(
        Journey::new("j", "https://shop.example?a").step(a()),
        "give it without `/`",
    );
    is_refused(
        journey(a()).step(a()),
        "journey `j`: step `a` is there twice",
    );
    is_refused(
        journey(Step::get("a/b", "/a")),
        "step `a/b`: give it a name",
    );
    is_refused(journey(Step::get("a", "a")), "path `a`: give it as /");
    is_refused(journey(Step::get("a", "/a b")), "path `/a b`: give it as /");
    is_refused(journey(Step::get("a", "/'")), "path `/'`: give it as /");
    is_refused(journey(a().status(99)), "99 is no status of HTTP");
    is_refused(journey(a().expect("a(")), "`a(` is no regular expression");
    is_refused(
        journey(a().token_file("a")),
        "name one in /run/secrets/blackbox/",
    );
    is_refused(
        journey(Step::post("a", "/a", "{")),
        "what it sends is no JSON",
    );
    let twice = Kit::new("shop").journey(journey(a())).journey(journey(a()));
    let error = twice.files().expect_err("it cannot be").to_string();
    assert!(error.contains("journey `j` is there twice"), "{error}");
}

#[test]
fn files_of_journeys_that_cannot_be() {
    for (text, says) in [
        ("", "EOF"),
        ("{}", "missing field `journey`"),
        (
            r#"{"journey":"j","address":"https://a","steps":[{"step":"a","path":"/","expects":"b"}]}"#,
            "unknown field `expects`",
        ),
        (
            r#"{"journey":"j","address":"https://a","steps":[{"step":"a","path":"/","status":70000}]}"#,
            "line 1",
        ),
    ] {
        let error = Journey::from_json(text).expect_err("it cannot be");
        assert!(error.to_string().contains(says), "{error}");
    }
}

//! The Blackbox Exporter's configuration: the exporter takes it, whatever a journey is made of, and what cannot be is told.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

use ecolaura_monitoring_ops::{File, Journey, Kit, Step};

use support::component::component;

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
        .token_file("/run/secrets/blackbox/a-token.1");
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
        r#"      authorization: {credentials_file: "/run/secrets/blackbox/a-token.1"}"#,
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

/// An instance is ready where it says so: a 200 alone is not enough.
#[test]
fn readiness_is_told_by_the_answer() {
    let modules = text(&odd(), "blackbox/blackbox.yml");
    let (_, health) = modules.split_once("\n  health:\n").expect("a module");
    let (health, _) = health.split_once("\n  tls:\n").expect("another");
    let line = "      fail_if_body_json_not_matches_cel: body.status == 'pass'\n";
    assert!(health.contains(line), "{health}");
    // The exporter knows whether it is an expression.
    let wrong = modules.replace("== 'pass'", "= 'pass'");
    let (is_good, said) = check("blackbox_cel.yml", &wrong);
    assert!(!is_good, "{said}");
}

/// Compose gives the exporter the tokens that steps want.
#[test]
fn tokens_are_mounted_where_they_are_wanted() {
    let mounted = "target: /run/secrets/blackbox,";
    assert!(text(&odd(), "services.yaml").contains(mounted));
    let without = Kit::new("shop").probe("https://shop.example");
    assert!(!text(&without, "services.yaml").contains(mounted));
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
        let is_about_it = ["prometheus/", "kubernetes/", "services.yaml"]
            .iter()
            .any(|begin| path.starts_with(begin));
        let asks = text.contains("blackbox") || text.contains("kind: Probe");
        assert!(!is_about_it || !asks, "{path}");
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
    for odd in ["/%", "/%2", "/%zz", "/a%20b%"] {
        let says = format!("path `{odd}`: give it as /");
        is_refused(journey(Step::get("a", odd)), &says);
    }
    // What begins an answer is no answer.
    for odd in [99, 100, 199, 600] {
        let says = format!("{odd} is no status that an answer of HTTP ends with");
        is_refused(journey(a().status(odd)), &says);
    }
    for empty in [204, 205, 304] {
        is_refused(
            journey(a().status(empty).expect("a")),
            &format!("an answer with {empty} has no body to expect anything in"),
        );
    }
    is_refused(journey(a().expect("")), "step `a`: it expects nothing");
    is_refused(journey(a().expect("a(")), "`a(` is no regular expression");
    for odd in ["", ".", "..", "a/b", "a b", "it's $(id)", "é"] {
        is_refused(
            journey(a().token_file(format!("/run/secrets/blackbox/{odd}"))),
            "name one in /run/secrets/blackbox/, of letters",
        );
    }
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

/// What an exporter says of an expression.
enum Exporter {
    Takes,
    Refuses,
    /// It means something else than who knows Rust's expressions would think.
    Misunderstands,
}

/// An expression is refused that the exporter would refuse, or take for something else.
#[test]
fn expressions_are_those_of_the_exporter() {
    use Exporter::{Misunderstands, Refuses, Takes};
    let usual = text(&expecting("@@"), "blackbox/blackbox.yml");
    for (expression, exporter, says) in [
        (r"(?i)a(?s-m:b)(?U)c", Takes, ""),
        (r"(?P<a>b)(?<c>d)", Takes, ""),
        (r"[^[:alpha:]\d\pL]\p{Lu}\P{Greek}\x{e9}\xe9\a\z", Takes, ""),
        (r"(?:a{10}){100}b{1000}(?:c*)+", Takes, ""),
        (r#"{"a":{5:{"b"},{,5}\\{1}"#, Takes, ""),
        (r"\-\&\~\b\B", Takes, ""),
        (r"a\u00e9", Refuses, r"has no `\u` and `\U`: write `\x{e9}`"),
        (r"[\u{e9}]", Refuses, r"write `\x{e9}`"),
        (r"\U0001F600", Refuses, r"write `\x{1f600}`"),
        (r"(?x)a", Refuses, "its flags are i, m, s and U"),
        (r"(?u:a)", Refuses, "its flags are i, m, s and U"),
        (r"(?i-R)a", Refuses, "its flags are i, m, s and U"),
        (r"a{1001}", Refuses, "more than 1000 times"),
        (r"a{2,1001}", Refuses, "more than 1000 times"),
        (r"a{1001,}", Refuses, "more than 1000 times"),
        (r"(?:a{101}b){10}", Refuses, "more than 1000 times"),
        (r"a**", Refuses, "two repetitions follow each other"),
        (r"a{2}{3}", Refuses, "two repetitions follow each other"),
        (r"a(?=b)", Refuses, "look-around"),
        (r"a(?<!b)", Refuses, "look-around"),
        (r"(a)\1", Refuses, "backreferences"),
        (r"(?<a.b>c)", Refuses, "the group `a.b`"),
        (r"\p{Alphabetic}", Refuses, "has no class `Alphabetic`"),
        (r"\p{sc=Greek}", Refuses, "has no class `sc`"),
        (r"a(", Refuses, "is no regular expression"),
        (r"[a-z&&b]", Misunderstands, "no operators in its classes"),
        (r"[+--]", Misunderstands, "no operators in its classes"),
        (r"[a~~b]", Misunderstands, "no operators in its classes"),
        (r"[a[b]]", Misunderstands, "a class in a class"),
        (r"\<a\>", Misunderstands, "write those"),
    ] {
        let quoted = expression.replace('\\', r"\\").replace('"', r#"\""#);
        let (is_good, said) = check("blackbox_expression.yml", &usual.replace("@@", &quoted));
        assert_eq!(
            is_good,
            !matches!(exporter, Refuses),
            "{expression}: {said}"
        );
        match (expecting(expression).files(), exporter) {
            (Ok(_), Takes) => {}
            (Err(error), Refuses | Misunderstands) => {
                let error = error.to_string();
                assert!(error.contains(says), "{expression}: {error}");
            }
            (made, _) => panic!("{expression}: {:?}", made.err()),
        }
    }
}

fn expecting(expression: &str) -> Kit {
    let step = Step::get("a", "/a").expect(expression);
    Kit::new("shop").journey(Journey::new("j", "https://shop.example").step(step))
}

/// Nothing is a GET, `null` is a text as any other.
#[test]
fn null_is_sent() {
    let journey = |step: &str| {
        let text = format!(r#"{{"journey":"j","address":"https://a","steps":[{step}]}}"#);
        Journey::from_json(&text).expect("a journey")
    };
    for (step, same) in [
        (r#"{"step":"a","path":"/"}"#, Step::get("a", "/")),
        (
            r#"{"step":"a","path":"/","json":null}"#,
            Step::post("a", "/", "null"),
        ),
        (
            r#"{"step":"a","path":"/","json": [1, 2]}"#,
            Step::post("a", "/", "[1, 2]"),
        ),
    ] {
        assert_eq!(journey(step), Journey::new("j", "https://a").step(same));
    }
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

//! Alertmanager's configuration: amtool takes it, whatever was told of those who are told.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

use ecolaura_monitoring_ops::Kit;

use support::component::component;

const FILE: &str = "alertmanager/alertmanager.yml";

/// The file of a kit, which amtool is to take.
#[track_caller]
fn taken(name: &str, kit: &Kit) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // It is not there on the first run.
    let _ = fs::remove_dir_all(&folder);
    kit.write(&folder).expect("a kit");
    let mut command = Command::new(component("amtool"));
    let output = command.arg("check-config").arg(folder.join(FILE)).output();
    let output = output.expect("it runs");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{said}");
    fs::read_to_string(folder.join(FILE)).expect("a file")
}

/// What nobody has named is not told: it could but fail.
#[test]
fn nobody_is_told_who_was_not_named() {
    let text = taken("alertmanager_plain", &Kit::new("shop"));
    assert!(!text.contains(".example"), "{text}");
    assert!(
        !text.contains("email_configs") && !text.contains("smtp_"),
        "{text}"
    );
    assert!(
        text.contains("  - name: deadman\n  - name: platform-page\n"),
        "{text}"
    );
    assert!(
        text.contains("  - name: platform-ticket\n    slack_configs:\n"),
        "{text}"
    );
    for flag in [
        "--deadman",
        "--mail-host",
        "--mail-from",
        "--mail-to",
        "--time-zone",
    ] {
        assert!(text.contains(flag), "its head says what changes it: {flag}");
    }
}

#[test]
fn who_was_named_is_told() {
    let kit = Kit::new("shop")
        .team("TEAM")
        .deadman("https://dead.example/ping?MAIL=1#TEAM")
        .mail("[::1]:25", "HOST@mail.example", "shop+tickets@mail.example")
        .time_zone("America/Argentina/Buenos_Aires");
    let text = taken("alertmanager_told", &kit);
    for (line, number) in [
        ("      - url: 'https://dead.example/ping?MAIL=1#TEAM'", 1),
        ("  smtp_smarthost: '[::1]:25'", 1),
        ("  smtp_from: 'HOST@mail.example'", 1),
        ("  smtp_auth_username: 'HOST@mail.example'", 1),
        ("      - to: 'shop+tickets@mail.example'", 1),
        ("      - location: America/Argentina/Buenos_Aires", 2),
    ] {
        assert_eq!(
            text.matches(&format!("{line}\n")).count(),
            number,
            "{line} in\n{text}"
        );
    }
}

#[test]
fn what_cannot_be_is_told() {
    let kit = || Kit::new("shop");
    let mail = |host: &str, from: &str, to: &str| kit().mail(host, from, to);
    let (from, to) = ("a@mail.example", "b@mail.example");
    for (kit, says) in [
        (
            mail("mail.example", from, to),
            "mail server `mail.example`: give it as host:port",
        ),
        (
            mail("mail.example:0", from, to),
            "mail server `mail.example:0`",
        ),
        (mail("mail:25", "a", to), "`a` is no address of mail"),
        (
            mail("mail:25", from, "Bo <b@mail.example>"),
            "is no address of mail",
        ),
        (mail("mail:25", from, "b@"), "`b@` is no address of mail"),
        (
            mail("mail:25", from, "b@c@d"),
            "`b@c@d` is no address of mail",
        ),
        (
            kit().deadman("dead.example"),
            "dead man's switch: an address that cannot be, and is not repeated here: give it as https://",
        ),
        (
            kit().time_zone("Berlin"),
            "time zone `Berlin`: give it as Europe/Berlin",
        ),
        (
            kit().time_zone("america/new york"),
            "time zone `america/new york`: give it as America/New_York",
        ),
        (
            kit().time_zone("Europe/Atlantis"),
            "time zone `Europe/Atlantis`: give it as UTC, or as a place such as",
        ),
        (kit().time_zone("CET"), "time zone `CET`: give it as UTC"),
        (kit().time_zone(""), "time zone ``: give it as UTC"),
        (
            kit().time_zone("Europe/Berlin'"),
            "time zone `Europe/Berlin'`",
        ),
        (kit().image("shop:"), "image `shop:`: give it as"),
        (kit().image("a b"), "image `a b`: give it as"),
        (
            kit().prometheus("https://a/?b"),
            "address `https://a/?b`: paths follow it",
        ),
        (
            kit().alertmanager("https://a#b"),
            "address `https://a#b`: paths follow it",
        ),
        (
            kit().runbooks("https://a?b"),
            "address `https://a?b`: paths follow it",
        ),
        (
            kit().grafana("https://a?b"),
            "address `https://a?b`: paths follow it",
        ),
        (
            kit().jaeger("https://:80"),
            "address `https://:80`: give it as https://",
        ),
    ] {
        let error = kit.files().expect_err("it cannot be").to_string();
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn what_everybody_calls_utc_is_told() {
    for zone in ["gmt", "utc", "Z"] {
        let error = Kit::new("shop").time_zone(zone).files();
        let error = error.expect_err("it cannot be").to_string();
        assert_eq!(error, format!("time zone `{zone}`: give it as UTC"));
    }
}

/// Who sees an error learns nothing that is a secret.
#[test]
fn secrets_are_not_repeated() {
    for address in [
        "ftp://user:S3CRET@host/x",
        "HTTPS://user:S3CRET@host/x",
        "user:S3CRET@host",
        "https://host/S3CRET{}",
        "hooks.example/S3CRET",
    ] {
        let error = Kit::new("shop").deadman(address).files();
        let error = error.expect_err("it cannot be").to_string();
        assert!(!error.contains("S3CRET"), "{error}");
        assert!(error.contains("give it"), "{error}");
        let error = Kit::new("shop").probe(address).files();
        let error = error.expect_err("it cannot be").to_string();
        assert!(
            !address.contains('@') || !error.contains("S3CRET"),
            "{error}"
        );
    }
}

/// What it hears of is not left out.
#[test]
fn a_dead_mans_switch_needs_the_watchdog() {
    for left in ["pipeline", "Watchdog"] {
        let kit = Kit::new("shop").without(left);
        assert!(kit.files().is_ok(), "{left}");
        let error = kit.deadman("https://deadman.example").files();
        let error = error.expect_err("it cannot be").to_string();
        assert!(error.contains("keep the group `pipeline`"), "{error}");
    }
}

/// A time in whole seconds: `30s` or `1m`.
fn seconds(time: &str) -> u32 {
    let (number, unit) = time.split_at(time.len() - 1);
    let number: u32 = number.parse().expect("a number");
    match unit {
        "s" => number,
        "m" => 60 * number,
        other => panic!("{other}"),
    }
}

/// The dead man's switch is told every minute. Alertmanager looks once in an interval, and tells again what it told longer ago than it is to repeat it;
/// since telling takes a moment, what it told just that long ago waits for the next interval.
#[test]
fn the_dead_mans_switch_is_told_every_minute() {
    let text = taken("alertmanager_minute", &Kit::new("shop"));
    let (_, route) = text.split_once("alertname=\"Watchdog\"").expect("a route");
    let time = |name: &str| {
        let (_, rest) = route.split_once(name).expect("it is there");
        seconds(rest.lines().next().expect("a line"))
    };
    let (interval, repeat) = (time("group_interval: "), time("repeat_interval: "));
    assert_eq!((repeat / interval + 1) * interval, 60);
}

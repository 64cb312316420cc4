//! Routes, receivers, and which alerts make others needless.

use std::fmt::Write as _;

use crate::kit::{ANYBODY, Kit};
use crate::prometheus::recording::about;
use crate::tier::Tier;

/// How a tier is told.
struct Telling {
    tier: Tier,
    /// What its receiver is called, after the team.
    receiver: &'static str,
    /// How long to wait for more of the group, for changes of it, and before it is told again.
    wait: &'static str,
    interval: &'static str,
    /// A multiple of the interval: Alertmanager looks no more often.
    repeat: &'static str,
    why: &'static str,
}

const TELLINGS: [Telling; 4] = [
    Telling {
        tier: Tier::Critical,
        receiver: "page",
        wait: "10s",
        interval: "1m",
        repeat: "1h",
        why: "somebody is woken up, and again every hour until it is over",
    },
    Telling {
        tier: Tier::Error,
        receiver: "ticket",
        wait: "30s",
        interval: "5m",
        repeat: "4h",
        why: "told in the chat, and a ticket by mail",
    },
    Telling {
        tier: Tier::Warning,
        receiver: "chat",
        wait: "1m",
        interval: "5m",
        repeat: "12h",
        why: "told in the chat",
    },
    Telling {
        tier: Tier::Info,
        receiver: "log",
        wait: "5m",
        interval: "30m",
        repeat: "24h",
        why: "kept for later, and not at night",
    },
];

/// The tiers, and how each is told.
pub(crate) fn tiers() -> impl Iterator<Item = (Tier, &'static str)> {
    TELLINGS.iter().map(|telling| (telling.tier, telling.why))
}

/// What is told whatever its tier, and how: the first route of the file.
pub(crate) const ALWAYS: (&str, &str) = (
    "Watchdog",
    "told all the time, to somebody outside who raises an alarm when it stops",
);

/// How an alert of this name and tier is told.
pub(crate) fn told(alert: &str, tier: Tier) -> &'static str {
    let mut tiers = tiers();
    // Every tier has a telling of its own.
    match tiers.find(|(one, _)| *one == tier) {
        Some((_, why)) if alert != ALWAYS.0 => why,
        _ => ALWAYS.1,
    }
}

/// The file of routes.
pub(crate) fn file(kit: &Kit) -> String {
    let mut text = String::new();
    for line in about(
        "Who is told of what. The addresses are to be replaced; secrets are read from files, never written here.",
    ) {
        let _ = writeln!(text, "# {line}");
    }
    text += HEAD;
    let mut teams = vec![kit.team.as_str()];
    teams.retain(|team| *team != ANYBODY);
    for team in &teams {
        let _ = writeln!(
            text,
            "    - matchers: ['team=\"{team}\"']\n      receiver: {team}-chat\n      routes:"
        );
        routes(&mut text, kit, team, "        ");
    }
    text += "    # Of no team that is known, or of none.\n";
    routes(&mut text, kit, ANYBODY, "    ");
    text += INHIBITIONS;
    text += "receivers:\n";
    text += DEADMAN;
    for team in teams.into_iter().chain([ANYBODY]) {
        let _ = write!(text, "{}", RECEIVERS.replace("TEAM", team));
    }
    text
}

fn routes(text: &mut String, kit: &Kit, team: &str, indent: &str) {
    let others: Vec<&str> = kit.environments[1..]
        .iter()
        .map(|environment| environment.name.as_str())
        .collect();
    if !others.is_empty() {
        // A dot in a name is a dot.
        let others = others.join("|").replace('.', "[.]");
        let _ = writeln!(
            text,
            "{indent}- matchers: ['environment=~\"{others}\"', 'severity=~\"critical|error\"'] # no customers there: nobody is woken up\n{indent}  receiver: {team}-chat"
        );
    }
    for Telling {
        tier,
        receiver,
        wait,
        interval,
        repeat,
        why,
    } in &TELLINGS
    {
        let _ = writeln!(
            text,
            "{indent}- matchers: ['severity=\"{}\"'] # {why}",
            tier.as_str()
        );
        let _ = writeln!(text, "{indent}  receiver: {team}-{receiver}");
        let _ = writeln!(
            text,
            "{indent}  group_wait: {wait}\n{indent}  group_interval: {interval}\n{indent}  repeat_interval: {repeat}"
        );
        if *tier == Tier::Info {
            let _ = writeln!(text, "{indent}  mute_time_intervals: [quiet-hours]");
        }
    }
}

const HEAD: &str = "\
global:
  smtp_smarthost: mail.example:587
  smtp_from: alertmanager@mail.example
  smtp_auth_username: alertmanager
  smtp_auth_password_file: /run/secrets/alertmanager/smtp-password
templates:
  - templates/*.tmpl
time_intervals:
  - name: quiet-hours
    time_intervals:
      # Yours, such as Europe/Berlin.
      - location: UTC
        times: [{start_time: '22:00', end_time: '24:00'}, {start_time: '00:00', end_time: '07:00'}]
      - location: UTC
        weekdays: [saturday, sunday]
route:
  receiver: platform-chat
  # Not by instance: ten that fail together are one message.
  group_by: [alertname, job, environment]
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 12h
  routes:
    # What always fires is told all the time, to somebody outside who raises an alarm when it stops.
    - matchers: ['alertname=\"Watchdog\"']
      receiver: deadman
      group_wait: 0s
      group_interval: 1m
      repeat_interval: 1m
";

const INHIBITIONS: &str = "\
inhibit_rules:
  # The same trouble, of a higher tier.
  - source_matchers: ['severity=\"critical\"']
    target_matchers: ['severity=~\"error|warning|info\"']
    equal: [job, environment, about, slo, subject]
  - source_matchers: ['severity=\"error\"']
    target_matchers: ['severity=~\"warning|info\"']
    equal: [job, environment, about, slo, subject]
  - source_matchers: ['severity=\"warning\"']
    target_matchers: ['severity=\"info\"']
    equal: [job, environment, about, slo, subject]
  # Where no instance is left nothing else of the service is news, but for what is not about instances.
  - source_matchers: ['alertname=\"ServiceDown\"']
    target_matchers: ['severity=~\"error|warning|info\"', 'about!~\"certificate|budget\"']
    equal: [job, environment]
  # Where no instance answers, no step of a journey is answered.
  - source_matchers: ['alertname=~\"ServiceDown|ServiceNotReady\"']
    target_matchers: ['alertname=\"JourneyFails\"']
    equal: [job, environment]
";

const DEADMAN: &str = r#"  - name: deadman
    webhook_configs:
      - url: https://deadman.example/ecolaura
        send_resolved: false
"#;

const RECEIVERS: &str = r#"  - name: TEAM-page
    pagerduty_configs:
      - routing_key_file: /run/secrets/alertmanager/TEAM-pagerduty-key
        description: '{{ template "ecolaura.page" . }}'
        severity: '{{ .CommonLabels.severity }}'
        details: {text: '{{ template "ecolaura.text" . }}'}
    slack_configs:
      - api_url_file: /run/secrets/alertmanager/TEAM-slack-url
        channel: '#TEAM-alerts'
        send_resolved: true
        title: '{{ template "ecolaura.title" . }}'
        text: '{{ template "ecolaura.text" . }}'
  - name: TEAM-ticket
    email_configs:
      - to: TEAM@mail.example
        send_resolved: true
        headers: {Subject: '{{ template "ecolaura.title" . }}'}
        html: ''
        text: '{{ template "ecolaura.text" . }}'
    slack_configs:
      - api_url_file: /run/secrets/alertmanager/TEAM-slack-url
        channel: '#TEAM-alerts'
        send_resolved: true
        title: '{{ template "ecolaura.title" . }}'
        text: '{{ template "ecolaura.text" . }}'
  - name: TEAM-chat
    slack_configs:
      - api_url_file: /run/secrets/alertmanager/TEAM-slack-url
        channel: '#TEAM-alerts'
        send_resolved: true
        title: '{{ template "ecolaura.title" . }}'
        text: '{{ template "ecolaura.text" . }}'
  - name: TEAM-log
    webhook_configs:
      - url: http://logstash:8080/alerts
        send_resolved: true
"#;

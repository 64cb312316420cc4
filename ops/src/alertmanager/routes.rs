//! Routes, receivers, and which alerts make others needless.

use std::fmt::Write as _;

use super::receivers;
use crate::file;
use crate::kit::Kit;
use crate::names::as_expression;
use crate::parts::Parts;
use crate::place::filled;
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

impl Telling {
    fn why(&self, kit: &Kit) -> &'static str {
        match (self.tier, &kit.mail) {
            (Tier::Error, None) => {
                "told in the chat; no tickets are mailed, since the kit was made without --mail-to"
            }
            _ => self.why,
        }
    }
}

/// The tiers, and how each is told.
pub(crate) fn tiers(kit: &Kit) -> impl Iterator<Item = (Tier, &'static str)> {
    TELLINGS
        .iter()
        .map(|telling| (telling.tier, telling.why(kit)))
}

/// The alert that fires all the time. Its route is the first one of the file, whatever its tier.
pub(crate) const ALWAYS: &str = "Watchdog";

/// Where that alert is sent.
pub(crate) fn heartbeat(kit: &Kit) -> &'static str {
    match kit.deadman {
        Some(_) => {
            "sent every minute to the heartbeat receiver, which raises an alarm when it stops"
        }
        None => "sent nowhere, since the kit was made without --deadman",
    }
}

/// How an alert of this name and tier is told.
pub(crate) fn told(kit: &Kit, alert: &str, tier: Tier) -> &'static str {
    let mut tiers = tiers(kit);
    // Every tier has a telling of its own.
    match tiers.find(|(one, _)| *one == tier) {
        Some((_, why)) if alert != ALWAYS => why,
        _ => heartbeat(kit),
    }
}

/// The file of routes.
///
/// One team receives everything: alerts of another service that reach this Alertmanager are better received there than by nobody.
pub(crate) fn file(kit: &Kit, parts: &Parts) -> String {
    let mut text = parts.text(&head(kit));
    routes(&mut text, kit);
    text += &parts.text(INHIBITIONS);
    text += "receivers:\n";
    if parts.has(ALWAYS) {
        text += &receivers::deadman(kit);
    }
    text + &receivers::of_team(kit)
}

/// What is said at its head, and what holds for all routes.
fn head(kit: &Kit) -> String {
    let text = file::head(ABOUT) + &receivers::server(kit);
    let places = [
        ("HEAD", text.as_str()),
        ("ZONE", &kit.time_zone),
        ("TEAM", &kit.team),
    ];
    filled(HEAD, &places)
}

fn routes(text: &mut String, kit: &Kit) {
    let (team, indent) = (&kit.team, "    ");
    let others: Vec<&str> = kit.environments[1..]
        .iter()
        .map(|environment| environment.name.as_str())
        .collect();
    if !others.is_empty() {
        let others = as_expression(&others);
        let _ = writeln!(
            text,
            "{indent}- matchers: ['environment=~\"{others}\"', 'severity=~\"critical|error\"'] # no customers there: nobody is woken up\n{indent}  receiver: {team}-chat"
        );
    }
    for telling in &TELLINGS {
        let Telling {
            tier,
            receiver,
            wait,
            interval,
            repeat,
            ..
        } = telling;
        let why = telling.why(kit);
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

const ABOUT: &str = "\
Who is told of what. Secrets are read from files, never written here. What of it changes by which flag:
{?Watchdog:#   --deadman ADDRESS, or a file with it: a heartbeat receiver for the Watchdog, which fires all the time; without it the Watchdog is sent nowhere
?}#   --mail-host, --mail-from, --mail-to: how tickets are mailed, and to whom; without them they are in the chat alone
#   --time-zone ZONE: whose nights and weekends are quiet";

const HEAD: &str = "\
HEADtemplates:
  - templates/*.tmpl
time_intervals:
  - name: quiet-hours
    time_intervals:
      - location: ZONE
        times: [{start_time: '22:00', end_time: '24:00'}, {start_time: '00:00', end_time: '07:00'}]
      - location: ZONE
        weekdays: [saturday, sunday]
route:
  receiver: TEAM-chat
  # Not by instance: ten that fail together are one message.
  group_by: [alertname, job, environment]
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 12h
  routes:
{?Watchdog:    # It fires all the time. ?}{?heartbeat:The heartbeat receiver raises an alarm when it stops.?}{?no-heartbeat:Made without --deadman, the receiver sends it nowhere.?}{?Watchdog:
    - matchers: ['alertname=\"Watchdog\"']
      receiver: deadman
      group_wait: 0s
      # Every minute: what was told less than 50 seconds ago is told at the next interval but one.
      group_interval: 30s
      repeat_interval: 50s
?}";

const INHIBITIONS: &str = "\
inhibit_rules:
  # The same trouble, of a higher tier. Alerts of others do not say what they are about, and are told all.
  - source_matchers: ['severity=\"critical\"', 'about=~\".+\"']
    target_matchers: ['severity=~\"error|warning|info\"', 'about=~\".+\"']
    equal: [job, environment, about, slo, subject]
  - source_matchers: ['severity=\"error\"', 'about=~\".+\"']
    target_matchers: ['severity=~\"warning|info\"', 'about=~\".+\"']
    equal: [job, environment, about, slo, subject]
  - source_matchers: ['severity=\"warning\"', 'about=~\".+\"']
    target_matchers: ['severity=\"info\"', 'about=~\".+\"']
    equal: [job, environment, about, slo, subject]
{?ServiceDown:  # Where no instance is left nothing else of the service is news, but for what is not about instances.
  - source_matchers: ['alertname=\"ServiceDown\"', 'about=\"ServiceDown\"']
    target_matchers: ['severity=~\"error|warning|info\"', 'about=~\".+\"', 'about!~\"certificate|budget?}{?ProbesAbsent:|ProbesAbsent?}{?ServiceDown:\"']
    equal: [job, environment]
?}{?JourneyFails:  # Where no instance is ready, no step of a journey is answered. That none can be scraped, or one page fails, says nothing of journeys.
  - source_matchers: ['alertname=\"ServiceNotReady\"', 'about=\"readiness\"']
    target_matchers: ['alertname=\"JourneyFails\"', 'about=~\".+\"']
    equal: [job, environment]
?}";

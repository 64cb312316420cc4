//! Receivers: how a team hears of what, and whoever watches from outside.

use crate::kit::Kit;
use crate::place::filled;

/// The mail server, where tickets are mailed.
pub(super) fn server(kit: &Kit) -> String {
    match &kit.mail {
        None => String::new(),
        Some(mail) => filled(SERVER, &[("HOST", &mail.host), ("FROM", &mail.from)]),
    }
}

/// Who is told all the time that alerts come through. Without an address nothing is sent, so that nothing fails.
pub(super) fn deadman(kit: &Kit) -> String {
    match &kit.deadman {
        None => "  - name: deadman\n".to_owned(),
        Some(file) if file.starts_with('/') => {
            filled(DEADMAN, &[("KEY", "url_file"), ("PLACE", file)])
        }
        Some(address) => filled(DEADMAN, &[("KEY", "url"), ("PLACE", address)]),
    }
}

/// How a team is told, for each tier.
pub(super) fn of_team(kit: &Kit) -> String {
    let team = &kit.team;
    let mail = match &kit.mail {
        None => String::new(),
        Some(mail) => filled(MAIL, &[("ADDRESS", &mail.to)]),
    };
    let chat = filled(CHAT, &[("TEAM", team)]);
    filled(
        RECEIVERS,
        &[("TEAM", team), ("MAIL", &mail), ("CHAT", &chat)],
    )
}

const SERVER: &str = "\
global:
  smtp_smarthost: 'HOST'
  smtp_from: 'FROM'
  smtp_auth_username: 'FROM'
  smtp_auth_password_file: /run/secrets/alertmanager/smtp-password
";

const DEADMAN: &str = "  - name: deadman
    webhook_configs:
      - KEY: 'PLACE'
        send_resolved: false
";

/// Where Alertmanager finds secrets.
pub(crate) const SECRETS: &str = "/run/secrets/alertmanager/";

const MAIL: &str = r#"    email_configs:
      - to: 'ADDRESS'
        send_resolved: true
        headers: {Subject: '{{ template "ecolaura.title" . }}'}
        html: ''
        text: '{{ template "ecolaura.text" . }}'
"#;

const CHAT: &str = r#"    slack_configs:
      - api_url_file: /run/secrets/alertmanager/TEAM-slack-url
        channel: '#TEAM-alerts'
        send_resolved: true
        title: '{{ template "ecolaura.title" . }}'
        text: '{{ template "ecolaura.text" . }}'
"#;

const RECEIVERS: &str = r#"  - name: TEAM-page
    pagerduty_configs:
      - routing_key_file: /run/secrets/alertmanager/TEAM-pagerduty-key
        description: '{{ template "ecolaura.page" . }}'
        severity: '{{ .CommonLabels.severity }}'
        details: {text: '{{ template "ecolaura.text" . }}'}
CHAT  - name: TEAM-ticket
MAILCHAT  - name: TEAM-chat
CHAT  - name: TEAM-log
    webhook_configs:
      - url: http://logstash:8080/alerts
        send_resolved: true
"#;

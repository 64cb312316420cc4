//! The modules of the Blackbox Exporter: how it asks, and which answers are right.

use std::fmt::Write as _;

use crate::file::head;
use crate::journey::{Journey, Step};
use crate::kit::Kit;
use crate::place::filled;
use crate::prometheus::rule::quoted;

/// A page that is answered at all.
pub(crate) const PAGE: &str = "http_2xx";
/// A certificate, also one that nobody accepts any more.
pub(crate) const CERTIFICATE: &str = "tls";
/// An instance that says that it is ready.
pub(crate) const HEALTH: &str = "health";

/// The module that takes a step.
pub(super) fn of_step(journey: &Journey, step: &Step) -> String {
    // No name has a slash in it, so no two steps share a module.
    format!("journey/{}/{}", journey.name, step.name)
}

/// The configuration of the exporter.
pub(crate) fn file(kit: &Kit) -> String {
    let mut text = head(
        "What the Blackbox Exporter asks, 0.27 or newer: blackbox_exporter --config.file=blackbox.yml",
    );
    let places = [
        ("PAGE", PAGE),
        ("HEALTH", HEALTH),
        ("CERTIFICATE", CERTIFICATE),
    ];
    text += &filled(GENERAL, &places);
    for journey in &kit.journeys {
        let _ = writeln!(
            text,
            "  # The journey {}, each of its steps by itself.",
            journey.name
        );
        for step in &journey.steps {
            write_step(&mut text, journey, step);
        }
    }
    text
}

const GENERAL: &str = "\
modules:
  # Whether it is answered at all, with 2xx and, by https, with a certificate that is accepted. The baggage tells the service that no customer asks.
  PAGE:
    prober: http
    timeout: 5s
    http:
      preferred_ip_protocol: ip4
      headers: {baggage: synthetic=true}
  # Whether an instance is ready, and says so itself.
  HEALTH:
    prober: http
    timeout: 5s
    http:
      preferred_ip_protocol: ip4
      follow_redirects: false
      valid_status_codes: [200]
      fail_if_body_json_not_matches_cel: body.status == 'pass'
  # When a certificate expires: asked without accepting it, so that one that has expired can be seen as well.
  CERTIFICATE:
    prober: tcp
    timeout: 5s
    tcp:
      preferred_ip_protocol: ip4
      tls: true
      tls_config: {insecure_skip_verify: true}
";

fn write_step(text: &mut String, journey: &Journey, step: &Step) {
    let _ = write!(
        text,
        "  {}:\n    prober: http\n    timeout: 5s\n    http:\n      preferred_ip_protocol: ip4\n      follow_redirects: false\n      valid_status_codes: [{}]\n",
        of_step(journey, step),
        step.status
    );
    let headers = match step.json {
        Some(_) => "{baggage: synthetic=true, content-type: application/json}",
        None => "{baggage: synthetic=true}",
    };
    let _ = writeln!(text, "      headers: {headers}");
    if let Some(json) = &step.json {
        let _ = writeln!(text, "      method: POST\n      body: {}", quoted(json));
    }
    if let Some(file) = &step.token_file {
        let _ = writeln!(
            text,
            "      authorization: {{credentials_file: {}}}",
            quoted(file)
        );
    }
    if let Some(expression) = &step.expect {
        let _ = writeln!(
            text,
            "      fail_if_body_not_matches_regexp: [{}]",
            quoted(expression)
        );
    }
}

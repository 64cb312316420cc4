//! The whole stack on one machine.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use crate::blackbox;
use crate::file::{File, head};
use crate::kit::Kit;
use crate::stack::versions::PROGRAMS;

pub(super) fn files(kit: &Kit) -> [File; 3] {
    let secrets: String = secrets(kit)
        .iter()
        .map(|file| format!("#   secrets/{file}\n"))
        .collect();
    let compose = head(
        "The service and all that watches it, on one machine: docker compose up, 2.24 or newer",
    ) + &kit.named_with(COMPOSE, &[("SECRETS", &secrets)]);
    let filebeat =
        head("Sends what the container of the service prints to Logstash.") + &kit.named(FILEBEAT);
    [
        File::new("compose.yaml", compose),
        File::new(
            "services.yaml",
            head("What compose.yaml starts.") + &services(kit),
        ),
        File::new("filebeat/filebeat.yml", filebeat),
    ]
}

/// The service, and all that watches it.
fn services(kit: &Kit) -> String {
    let mut services = SERVICES.replace("PROBER", &prober(kit));
    for program in PROGRAMS {
        let image = format!(
            "{}:${{{}_VERSION:?versions.env has it}}",
            program.image, program.name
        );
        services = services.replace(&format!("IMAGE_{}", program.name), &image);
    }
    let of_service = networks_of_service(kit);
    let (networks, of_prometheus) = match blackbox::is_probed(kit) {
        true => (NETWORKS, "    networks: [default, probing]\n"),
        false => ("", ""),
    };
    let looks_back = kit.looks_back().map(|why| format!("      # {why}.\n"));
    let retention = looks_back.unwrap_or_default();
    let places = [
        ("OWN_IMAGE", image(kit)),
        ("PORT_OF_CUSTOMERS", kit.port.to_string()),
        ("PORT_OF_METRICS", kit.own_port().to_string()),
        ("RETENTION", retention),
        ("PROMETHEUS_AT", reached(kit.prometheus.as_deref())),
        ("ALERTMANAGER_AT", reached(kit.alertmanager.as_deref())),
        ("NETWORKS_OF_SERVICE", of_service),
        ("NETWORKS_OF_PROMETHEUS", of_prometheus.to_owned()),
        ("NETWORKS", networks.to_owned()),
    ];
    let places = places
        .each_ref()
        .map(|(place, value)| (*place, value.as_str()));
    kit.named_with(&services, &places)
}

/// Hosts that are somewhere else for each container.
const OUTSIDE: [&str; 2] = ["localhost", "host.docker.internal"];

/// Where the service is, under its name and what else Prometheus calls it.
fn networks_of_service(kit: &Kit) -> String {
    let hosts = kit.environments[0].targets.iter().filter_map(|target| {
        let (host, _) = target.rsplit_once(':')?;
        let is_address = host.starts_with('[') || host.parse::<Ipv4Addr>().is_ok();
        (!is_address && host != kit.job && !OUTSIDE.contains(&host)).then(|| format!("'{host}'"))
    });
    let hosts: BTreeSet<String> = hosts.collect();
    let hosts: Vec<String> = hosts.into_iter().collect();
    let aliases = match hosts.is_empty() {
        true => "{}".to_owned(),
        false => format!("{{aliases: [{}]}}", hosts.join(", ")),
    };
    match blackbox::is_probed(kit) {
        true => format!("    networks: {{default: {aliases}, probed: {aliases}}}\n"),
        false if hosts.is_empty() => String::new(),
        false => format!("    networks: {{default: {aliases}}}\n"),
    }
}

/// The image of the service, which the environment can name as well.
fn image(kit: &Kit) -> String {
    match &kit.image {
        Some(image) => format!("${{SERVICE_IMAGE:-{image}}}"),
        None => "${SERVICE_IMAGE:?name the image of the service}".to_owned(),
    }
}

/// What a program is told of the address at which people reach it. Its own paths stay as they are, since others ask for them.
fn reached(address: Option<&str>) -> String {
    match address {
        Some(address) => format!(
            "      - '--web.external-url={}'\n      - --web.route-prefix=/\n",
            // Compose puts variables in for single ones.
            address.replace('$', "$$")
        ),
        None => String::new(),
    }
}

/// The files that receivers and journeys read.
pub(crate) fn secrets(kit: &Kit) -> BTreeSet<String> {
    let team = &kit.team;
    let of_team = ["slack-url", "pagerduty-key"].map(|what| format!("alertmanager/{team}-{what}"));
    let tokens = blackbox::tokens(kit).into_iter();
    let tokens = tokens.map(|token| format!("blackbox/{token}"));
    let mail = kit.mail.iter().map(|_| "alertmanager/smtp-password");
    let deadman = kit.deadman.iter();
    let deadman = deadman.filter_map(|file| file.strip_prefix("/run/secrets/"));
    let others = mail.chain(deadman).chain(["grafana-password"]);
    let others = others.map(str::to_owned);
    of_team.into_iter().chain(tokens).chain(others).collect()
}

/// The Blackbox Exporter, with the tokens of journeys: where anything is probed.
fn prober(kit: &Kit) -> String {
    if !blackbox::is_probed(kit) {
        return String::new();
    }
    let tokens = match blackbox::tokens(kit).is_empty() {
        true => "",
        false => TOKENS,
    };
    BLACKBOX.replace("TOKENS", tokens)
}

/// What `docker compose` begins with. It includes the services with the file that has the versions, which a plain `docker compose` would not read.
const COMPOSE: &str = "\
#
# Before: name the image, by --image or as SERVICE_IMAGE in the environment or in .env, where MONITORING_CONTROL_TOKEN opens /control,
# and SERVICE_MEMORY gives the service more than 512m;
# and write the secrets, each a file without a line break at its end:
SECRETS# Elasticsearch has no passwords here: only this network reaches it, and this machine at its port. Elsewhere turn its security on.
name: DEPLOYMENT
include:
  - path: services.yaml
    env_file: versions.env
";

/// Ports are open on this machine alone. Secrets are files of `secrets/`, of which a missing one is told.
const SERVICES: &str = include_str!("services.yaml");

const BLACKBOX: &str = "  blackbox:
    image: IMAGE_BLACKBOX
    <<: *bare
    # Whoever reaches it can have it ask anybody, with the tokens of journeys: it listens where Prometheus alone is.
    command: [--config.file=/etc/blackbox/blackbox.yml, '--web.listen-address=for-prometheus:9115']
    networks: {probing: {aliases: [for-prometheus]}, probed: {}}
    read_only: true
    volumes:
      - {type: bind, source: ./blackbox, target: /etc/blackbox, read_only: true, bind: {create_host_path: false}}
TOKENS    mem_limit: 128m
    restart: unless-stopped

";

const NETWORKS: &str = "networks:
  default: {}
  # Prometheus, and the exporter that it asks.
  probing: {internal: true}
  # The exporter, and the service that it asks; from here it reaches what is outside too.
  probed: {}
";

const TOKENS: &str = "      - {type: bind, source: ./secrets/blackbox, target: /run/secrets/blackbox, read_only: true, bind: {create_host_path: false}}\n";

const FILEBEAT: &str = "\
filebeat.inputs:
  - type: filestream
    id: JOB
    paths: ['/var/lib/docker/containers/*/*-json.log']
    parsers:
      - ndjson:
          target: docker
    processors:
      - drop_event:
          when:
            not:
              equals:
                docker.attrs.tag: JOB
      # The line as the service wrote it; Docker ends it with a line break.
      - copy_fields:
          fields: [{from: docker.log, to: message}]
          fail_on_error: false
      - drop_fields:
          fields: [docker]
      - add_fields:
          target: event
          fields: {dataset: application}
output.logstash:
  hosts: ['logstash:5044']
logging.level: warning
";

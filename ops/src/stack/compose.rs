//! The whole stack on one machine.

use std::collections::BTreeSet;

use crate::blackbox;
use crate::file::File;
use crate::kit::{ANYBODY, Kit};
use crate::prometheus::recording::about;
use crate::stack::versions::PROGRAMS;

pub(super) fn files(kit: &Kit) -> [File; 2] {
    let head = |what: &str| -> String {
        let lines = about(what);
        lines.iter().map(|line| format!("# {line}\n")).collect()
    };
    let mut compose = COMPOSE.replace("PROBER", &prober(kit));
    let secrets: String = secrets(kit)
        .iter()
        .map(|file| format!("#   secrets/{file}\n"))
        .collect();
    for program in PROGRAMS {
        let image = format!(
            "{}:${{{}_VERSION:?--env-file versions.env}}",
            program.image, program.name
        );
        compose = compose.replace(&format!("IMAGE_{}", program.name), &image);
    }
    let compose = head(
        "The service and all that watches it, on one machine: docker compose --env-file versions.env up",
    ) + &kit.named_with(
        &compose,
        &[
            ("SECRETS", &secrets),
            ("ALIASES", &aliases(kit)),
            ("OWN_IMAGE", &image(kit)),
            ("PROMETHEUS_AT", &reached(kit.prometheus.as_deref())),
            ("ALERTMANAGER_AT", &reached(kit.alertmanager.as_deref())),
        ],
    );
    let filebeat =
        head("Sends what the container of the service prints to Logstash.") + &kit.named(FILEBEAT);
    [
        File::new("compose.yaml", compose),
        File::new("filebeat/filebeat.yml", filebeat),
    ]
}

/// What Prometheus calls the service, where that is not its name here.
fn aliases(kit: &Kit) -> String {
    let hosts = kit.environments[0].targets.iter().filter_map(|target| {
        let (host, _) = target.rsplit_once(':')?;
        let is_name = host.starts_with(|c: char| c.is_ascii_alphabetic());
        (is_name && host != kit.job).then_some(host)
    });
    let hosts: BTreeSet<&str> = hosts.collect();
    match hosts.is_empty() {
        true => String::new(),
        false => {
            let hosts: Vec<&str> = hosts.into_iter().collect();
            format!(
                "    networks: {{default: {{aliases: [{}]}}}}\n",
                hosts.join(", ")
            )
        }
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
fn secrets(kit: &Kit) -> BTreeSet<String> {
    let teams = [kit.team.as_str(), ANYBODY];
    let of_teams = teams.iter().flat_map(|team| {
        ["slack-url", "pagerduty-key"].map(|what| format!("alertmanager/{team}-{what}"))
    });
    let steps = kit.journeys.iter().flat_map(|journey| &journey.steps);
    let tokens = steps.filter_map(|step| step.token_file.as_deref()?.strip_prefix("/run/secrets/"));
    let mail = kit.mail.iter().map(|_| "alertmanager/smtp-password");
    let others = tokens.chain(mail).chain(["grafana-password"]);
    of_teams.chain(others.map(str::to_owned)).collect()
}

/// The Blackbox Exporter, with the tokens of journeys: where anything is probed.
fn prober(kit: &Kit) -> String {
    if !blackbox::is_probed(kit) {
        return String::new();
    }
    let mut steps = kit.journeys.iter().flat_map(|journey| &journey.steps);
    let has_tokens = steps.any(|step| step.token_file.is_some());
    BLACKBOX.replace("TOKENS", if has_tokens { TOKENS } else { "" })
}

/// Ports are open on this machine alone. Secrets are files of `secrets/`, of which a missing one is told.
const COMPOSE: &str = r##"#
# Before: export SERVICE_IMAGE (or --image), and write the secrets, each a file without a line break at its end:
SECRETS# By --prometheus and --alertmanager these two learn where people reach them: messages and alerts link there.
# Elasticsearch has no passwords here: only this network reaches it, and this machine at its port. Elsewhere turn its security on.
name: JOB
services:
  JOB:
    image: OWN_IMAGE
    environment:
      OTEL_EXPORTER_PROMETHEUS_HOST: 0.0.0.0
      OTEL_EXPORTER_OTLP_ENDPOINT: http://jaeger:4318
      OTEL_RESOURCE_ATTRIBUTES: deployment.environment.name=production
    ports: ['127.0.0.1:3000:3000']
ALIASES    # It drains for 25 seconds.
    stop_grace_period: 40s
    mem_limit: 512m
    read_only: true
    cap_drop: [ALL]
    security_opt: ['no-new-privileges:true']
    restart: unless-stopped
    # By the tag Filebeat knows its lines.
    logging:
      driver: json-file
      options: {tag: JOB, max-size: 50m, max-file: '3'}

  prometheus:
    image: IMAGE_PROMETHEUS
    command:
      - --config.file=/etc/prometheus/prometheus.yml
      - --storage.tsdb.path=/prometheus
      # Objectives and active users look back 30 days.
      - --storage.tsdb.retention.time=31d
      - --enable-feature=exemplar-storage
PROMETHEUS_AT    ports: ['127.0.0.1:9090:9090']
    volumes:
      - {type: bind, source: ./prometheus, target: /etc/prometheus, read_only: true, bind: {create_host_path: false}}
      - prometheus:/prometheus
    healthcheck:
      test: [CMD, wget, --quiet, --output-document=-, 'http://localhost:9090/-/ready']
      interval: 10s
      retries: 12
    mem_limit: 2g
    restart: unless-stopped

  alertmanager:
    image: IMAGE_ALERTMANAGER
    command:
      - --config.file=/etc/alertmanager/alertmanager.yml
      - --storage.path=/alertmanager
      - --cluster.listen-address=
ALERTMANAGER_AT    ports: ['127.0.0.1:9093:9093']
    volumes:
      - {type: bind, source: ./alertmanager, target: /etc/alertmanager, read_only: true, bind: {create_host_path: false}}
      - {type: bind, source: ./secrets/alertmanager, target: /run/secrets/alertmanager, read_only: true, bind: {create_host_path: false}}
      - alertmanager:/alertmanager
    healthcheck:
      test: [CMD, wget, --quiet, --output-document=-, 'http://localhost:9093/-/ready']
      interval: 10s
      retries: 12
    mem_limit: 256m
    restart: unless-stopped

PROBER  jaeger:
    image: IMAGE_JAEGER
    command: [--config, /etc/jaeger/jaeger.yml]
    # Its own user may not write to a new volume.
    user: '0'
    ports: ['127.0.0.1:16686:16686']
    volumes:
      - {type: bind, source: ./jaeger, target: /etc/jaeger, read_only: true, bind: {create_host_path: false}}
      - jaeger:/var/lib/jaeger
    mem_limit: 1g
    restart: unless-stopped

  grafana:
    image: IMAGE_GRAFANA
    environment:
      GF_SECURITY_ADMIN_PASSWORD__FILE: /run/secrets/grafana-password
      GF_USERS_ALLOW_SIGN_UP: 'false'
      GF_ANALYTICS_REPORTING_ENABLED: 'false'
    secrets: [grafana-password]
    ports: ['127.0.0.1:3001:3000']
    volumes:
      - {type: bind, source: ./grafana/provisioning, target: /etc/grafana/provisioning, read_only: true, bind: {create_host_path: false}}
      - {type: bind, source: ./grafana/dashboards, target: /var/lib/grafana/dashboards, read_only: true, bind: {create_host_path: false}}
      - grafana:/var/lib/grafana
    depends_on:
      prometheus: {condition: service_healthy}
    healthcheck:
      test: [CMD, wget, --quiet, --output-document=-, 'http://localhost:3000/api/health']
      interval: 10s
      retries: 12
    mem_limit: 512m
    restart: unless-stopped

  elasticsearch:
    image: IMAGE_ELASTICSEARCH
    environment:
      discovery.type: single-node
      xpack.security.enabled: 'false'
      ES_JAVA_OPTS: -Xms1g -Xmx1g
    ports: ['127.0.0.1:9200:9200']
    volumes: ['elasticsearch:/usr/share/elasticsearch/data']
    healthcheck:
      test: [CMD, curl, --silent, --fail, 'http://localhost:9200/_cluster/health?wait_for_status=yellow&timeout=5s']
      interval: 10s
      retries: 30
    mem_limit: 2g
    restart: unless-stopped

  # Puts templates, pipelines and lifecycles there, in the order of elasticsearch/README.md, and ends.
  elasticsearch-set-up:
    image: IMAGE_ELASTICSEARCH
    entrypoint: [/bin/bash, -ec]
    command:
      - |
        cd /kit
        for kind in _ilm/policy _ingest/pipeline _component_template _index_template; do
          for file in "$$kind"/*.json; do
            curl --silent --show-error --fail-with-body -X PUT "http://elasticsearch:9200/$${file%.json}" -H 'Content-Type: application/json' --data-binary "@$$file"
          done
        done
    volumes:
      - {type: bind, source: ./elasticsearch, target: /kit, read_only: true, bind: {create_host_path: false}}
    depends_on:
      elasticsearch: {condition: service_healthy}
    restart: on-failure

  logstash:
    image: IMAGE_LOGSTASH
    environment:
      ELASTICSEARCH: http://elasticsearch:9200
      ENVIRONMENT: production
      # Filebeat and Alertmanager are in other containers.
      BEATS_HOST: 0.0.0.0
      ALERTS_HOST: 0.0.0.0
      XPACK_MONITORING_ENABLED: 'false'
      LS_JAVA_OPTS: -Xms512m -Xmx512m
    volumes:
      - {type: bind, source: ./logstash, target: /usr/share/logstash/pipeline, read_only: true, bind: {create_host_path: false}}
    depends_on:
      elasticsearch-set-up: {condition: service_completed_successfully}
    mem_limit: 1g
    restart: unless-stopped

  filebeat:
    image: IMAGE_FILEBEAT
    # To read what containers print.
    user: '0'
    command: [--strict.perms=false, -e]
    volumes:
      - {type: bind, source: ./filebeat/filebeat.yml, target: /usr/share/filebeat/filebeat.yml, read_only: true, bind: {create_host_path: false}}
      - /var/lib/docker/containers:/var/lib/docker/containers:ro
      - filebeat:/usr/share/filebeat/data
    depends_on: [logstash]
    mem_limit: 256m
    restart: unless-stopped

  kibana:
    image: IMAGE_KIBANA
    environment:
      ELASTICSEARCH_HOSTS: http://elasticsearch:9200
      TELEMETRY_OPTIN: 'false'
    ports: ['127.0.0.1:5601:5601']
    depends_on:
      elasticsearch: {condition: service_healthy}
    healthcheck:
      test: [CMD, curl, --silent, --fail, 'http://localhost:5601/api/status']
      interval: 10s
      retries: 30
    mem_limit: 1g
    restart: unless-stopped

volumes:
  prometheus:
  alertmanager:
  jaeger:
  grafana:
  elasticsearch:
  filebeat:
secrets:
  grafana-password:
    file: ./secrets/grafana-password
"##;

const BLACKBOX: &str = "  blackbox:
    image: IMAGE_BLACKBOX
    command: [--config.file=/etc/blackbox/blackbox.yml]
    volumes:
      - {type: bind, source: ./blackbox, target: /etc/blackbox, read_only: true, bind: {create_host_path: false}}
TOKENS    mem_limit: 128m
    restart: unless-stopped

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

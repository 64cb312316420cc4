//! What Logstash is started with, for those who want it between the files and the store. It reads and sends; all else does the pipeline.

use std::fmt::Write as _;

use crate::elastic::STREAMS;
use crate::file::File;
use crate::kit::Kit;

/// The files that are read, and whose lines they are if they do not say it.
fn inputs(kit: &Kit) -> [(&'static str, String, &'static str); 3] {
    [
        (
            "service",
            format!("/var/log/{}/*.ndjson", kit.job),
            "application",
        ),
        ("nginx", "/var/log/nginx/*.ndjson".to_owned(), "access"),
        (
            "postgresql",
            "/var/lib/postgresql/*/main/log/*.json".to_owned(),
            "database",
        ),
    ]
}

pub(crate) fn file(kit: &Kit) -> File {
    let mut text = format!(
        "# Logstash 8 or newer: sends the lines of {job}, and of what stands beside it, to their streams as they are. What becomes of them there\n\
         # says the ingest pipeline {logs}, so that it is the same without Logstash.\n\
         #\n\
         #     ELASTICSEARCH=http://localhost:9200 logstash -f logs.conf\n\
         #\n\
         # In logstash.yml, `dead_letter_queue.enable: true` keeps what the store refuses.\n\ninput {{\n",
        job = kit.job,
        logs = kit.logs(),
    );
    for (id, path, dataset) in inputs(kit) {
        let _ = write!(
            text,
            "  file {{\n    id => \"{id}\"\n    path => [\"{path}\"]\n    add_field => {{ \"[event][dataset]\" => \"{dataset}\" }}\n  }}\n"
        );
    }
    let streams = STREAMS.map(|stream| format!("\"{stream}\"")).join(", ");
    let _ = write!(
        text,
        "  beats {{
    id => \"beats\"
    host => \"${{BEATS_HOST:127.0.0.1}}\"
    port => 5044
  }}
  # What Alertmanager has to note: the receivers `…-log` of alertmanager.yml.
  http {{
    id => \"alerts\"
    host => \"${{ALERTS_HOST:127.0.0.1}}\"
    port => 8080
    add_field => {{ \"[event][dataset]\" => \"application\" }}
  }}
}}

filter {{
  # A document for each alert of the group.
  if [alerts] {{
    split {{
      id => \"one_alert\"
      field => \"alerts\"
    }}
  }}
  # Only looked at, not sent: the stream is what the line says, or else what its input says.
  json {{
    id => \"look\"
    source => \"message\"
    target => \"[@metadata][line]\"
    skip_on_invalid_json => true
  }}
  if [@metadata][line][event.dataset] in [{streams}] {{
    mutate {{
      id => \"stream_of_line\"
      replace => {{ \"[data_stream][dataset]\" => \"{datasets}%{{[@metadata][line][event.dataset]}}\" }}
    }}
  }} else if [event][dataset] in [{streams}] {{
    mutate {{
      id => \"stream_of_input\"
      replace => {{ \"[data_stream][dataset]\" => \"{datasets}%{{[event][dataset]}}\" }}
    }}
  }} else {{
    mutate {{
      id => \"stream_of_others\"
      replace => {{ \"[data_stream][dataset]\" => \"{datasets}application\" }}
    }}
  }}
  mutate {{
    id => \"environment\"
    replace => {{
      \"[data_stream][type]\" => \"logs\"
      \"[data_stream][namespace]\" => \"${{ENVIRONMENT:{environment}}}\"
    }}
    remove_field => [\"[event][original]\"]
  }}
}}

output {{
  # For OpenSearch, its plugin logstash-output-opensearch: `opensearch`, with the same hosts, and in place of the data stream
  # action => \"create\" and index => \"logs-%{{[data_stream][dataset]}}-%{{[data_stream][namespace]}}\".
  elasticsearch {{
    id => \"store\"
    hosts => [\"${{ELASTICSEARCH:http://localhost:9200}}\"]
    # user => \"…\"
    # password => \"${{PASSWORD}}\" of `bin/logstash-keystore add PASSWORD`
    data_stream => \"true\"
  }}
}}
",
        datasets = kit.datasets(),
        environment = kit.log_environment(),
    );
    File::new("logstash/logs.conf", text)
}

//! What keeps and shows log lines: streams with fixed fields, their pipeline and their end, for Elasticsearch and for OpenSearch, what Logstash
//! sends, and what Kibana shows.
//!
//! The path of a file below `elasticsearch/` or `opensearch/` is the address that it is put to.

mod field;
mod guide;
mod kibana;
mod lifecycle;
mod logstash;
mod pipeline;
mod template;

pub use field::{FIELDS, Type};

use crate::file::File;
use crate::kit::Kit;

/// Who keeps the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Store {
    /// 8.9 or newer.
    Elasticsearch,
    /// 2.19 or newer.
    OpenSearch,
}

impl Store {
    const ALL: [Self; 2] = [Self::Elasticsearch, Self::OpenSearch];

    /// Where its files are.
    fn folder(self) -> &'static str {
        match self {
            Self::Elasticsearch => "elasticsearch",
            Self::OpenSearch => "opensearch",
        }
    }
}

/// The streams, by what their lines have as `event.dataset`.
pub(crate) const STREAMS: [&str; 4] = ["application", "access", "database", "authentication"];

impl Kit {
    /// What the streams of the service are called before their own name. Data streams are lower-case, and have dashes between their parts alone.
    pub(crate) fn datasets(&self) -> String {
        format!("{}.", plain(&self.job))
    }

    /// What all that is stored for the service's streams is called.
    pub(crate) fn logs(&self) -> String {
        format!("logs-{}", plain(&self.job))
    }

    /// The environment of lines that nobody has sent to one.
    pub(crate) fn log_environment(&self) -> String {
        plain(&self.environments[0].name)
    }
}

fn plain(name: &str) -> String {
    name.to_lowercase().replace('-', "_")
}

/// The files for those who keep and show log lines.
pub(crate) fn files(kit: &Kit) -> Vec<File> {
    let mut files = Vec::new();
    for store in Store::ALL {
        files.extend(template::files(kit, store));
        files.extend(pipeline::files(kit, store));
        files.push(lifecycle::file(kit, store));
        files.push(guide::file(kit, store));
    }
    files.push(logstash::file(kit));
    files.push(kibana::file(kit));
    files
}

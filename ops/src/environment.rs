//! Environments: production, and those where nobody's customers are.

use crate::error::Error;
use crate::names::{is_host_and_port, is_name, is_once};

/// An environment, and where its instances are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Environment {
    /// The label `environment` of its series.
    pub(crate) name: String,
    pub(crate) targets: Vec<String>,
}

impl Environment {
    pub(crate) fn new(
        name: impl Into<String>,
        targets: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self {
            name: name.into(),
            targets: targets.into_iter().map(Into::into).collect(),
        }
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        is_name("environment", &self.name)?;
        // It is part of the names of indices, and of what stands behind a dash there.
        if self
            .name
            .contains(|c: char| c == '-' || c.is_ascii_uppercase())
        {
            return Err(Error::new(format!(
                "environment `{}`: give it a name of small letters, digits, `_` and `.`, since the log's indices are called after it",
                self.name
            )));
        }
        if self.targets.is_empty() {
            return Err(Error::new(format!(
                "environment `{}` has no targets: give it one as host:port",
                self.name
            )));
        }
        for target in &self.targets {
            if !is_host_and_port(target) {
                return Err(Error::new(format!(
                    "target `{target}`: give it as host:port, with a port from 1 to 65535, an address of IPv6 in brackets, without http:// and path"
                )));
            }
        }
        let what = format!("environment `{}`: target", self.name);
        is_once(&what, &self.targets, "give it once")
    }
}

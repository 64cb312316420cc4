//! How all of it is started: Jaeger, compose, Kubernetes, and the versions of all programs.

mod compose;
mod exporter;
mod jaeger;
mod kubernetes;
mod probes;
mod versions;

use crate::error::Error;
use crate::file::File;
use crate::kit::Kit;

pub(crate) use compose::secrets;
pub(crate) use kubernetes::name as kubernetes_name;

/// The files for it.
pub(crate) fn files(kit: &Kit) -> Result<Vec<File>, Error> {
    let mut files = vec![versions::file(), jaeger::file()];
    // What compose reads from there belongs into no repository.
    files.push(File::new(".gitignore", "secrets/\n.env\nservice.env\n"));
    files.extend(compose::files(kit));
    files.extend(kubernetes::files(kit)?);
    Ok(files)
}

//! Whom to believe that it is the collector, and what to show it: TLS for the exporter.

use std::sync::Arc;

use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use crate::error::Error;
use crate::otlp::settings::{File, Protocol, Settings};
use crate::redact;

/// A connector for the endpoint, which need not be one of https.
pub(super) fn connector(
    http: HttpConnector,
    settings: &Settings,
) -> Result<HttpsConnector<HttpConnector>, Error> {
    let is_https = settings.endpoint.scheme_str() == Some("https");
    let roots = match (is_https, &settings.files.certificate) {
        (false, _) => RootCertStore::empty(), // which nobody asks
        (true, Some(file)) => given(file)?,
        (true, None) => of_the_system()?,
    };
    // Not the process' own provider, which others may choose, and which need not be there.
    let provider = Arc::new(ring::default_provider());
    let config =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| Error::configuration(error.to_string()))?;
    let config = config.with_root_certificates(roots);
    let config = match &settings.files.client {
        Some((certificate, key)) if is_https => {
            let shown = certificates(certificate)?;
            let secret = PrivateKeyDer::from_pem_slice(&read(key)?)
                .map_err(|_| wrong(key, "has no private key in PEM in it"))?;
            let config = config.with_client_auth_cert(shown, secret);
            config.map_err(|error| wrong(key, &format!("does not fit: {error}")))?
        }
        _ => config.with_no_client_auth(),
    };
    let builder = HttpsConnectorBuilder::new().with_tls_config(config);
    let builder = builder.https_or_http();
    Ok(match settings.protocol {
        Protocol::HttpProtobuf => builder.enable_http1().wrap_connector(http),
        #[cfg(feature = "grpc")]
        Protocol::Grpc => builder.enable_http2().wrap_connector(http),
    })
}

fn given(file: &File) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(file)? {
        let added = roots.add(certificate);
        added.map_err(|error| wrong(file, &format!("is of no use: {error}")))?;
    }
    Ok(roots)
}

fn of_the_system() -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    // Some of a system's are often malformed, and it does without.
    roots.add_parsable_certificates(found.certs);
    match roots.is_empty() {
        false => Ok(roots),
        true => Err(Error::configuration(
            "this system has no certificates of authorities, by which a collector is known: install them (`ca-certificates`), or name a file \
             with that of your collector in OTEL_EXPORTER_OTLP_CERTIFICATE",
        )),
    }
}

fn certificates(file: &File) -> Result<Vec<CertificateDer<'static>>, Error> {
    let pem = read(file)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(wrong(file, "has no certificate in PEM in it")),
    }
}

fn read(file: &File) -> Result<Vec<u8>, Error> {
    std::fs::read(&file.path).map_err(|error| wrong(file, &format!("cannot be read: {error}")))
}

/// Bytes of a path that are shown.
const LONGEST_PATH: usize = 200;

fn wrong(file: &File, what: &str) -> Error {
    let File { name, path } = file;
    let path = redact::one_line(path, LONGEST_PATH); // it may be the key itself by mistake
    Error::configuration(format!("{name} is `{path}`, which {what}"))
}

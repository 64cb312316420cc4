//! Spans go to a collector by https: to one that is what its certificate says, and to no other.
//!
//! The environment belongs to the whole process, so what exports runs in one of its own.

use std::env;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use ecolaura_monitoring::Monitoring;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};
use tokio_rustls::server::TlsStream;

use support::collector::Collector;
use support::exchange::{request, send};
use support::own_process;

/// Says in a process of its own where it is to send spans.
const WITHIN: &str = "TRACES_TLS_TEST";
const CERTIFICATE: &str = "OTEL_EXPORTER_OTLP_CERTIFICATE";
const OF_TRACES: &str = "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE";
const CLIENT: &str = "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE";
const KEY: &str = "OTEL_EXPORTER_OTLP_CLIENT_KEY";

// --- who is who ---------------------------------------------------------------------------------------------------------------

/// An authority that was made for a test.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new([]).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Self {
            issuer: Issuer::new(params, key),
            pem,
        }
    }

    /// A certificate and its key.
    fn certifies(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new([name.to_owned()]).expect("a name");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        (certificate.pem(), key.serialize_pem())
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        let own = CertificateDer::from_pem_slice(self.pem.as_bytes()).expect("a certificate");
        roots.add(own).expect("an authority");
        roots
    }
}

/// Connections that are secured.
struct Secured {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for Secured {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        loop {
            let (stream, address) = self.listener.accept().await.expect("a connection");
            if let Ok(secured) = self.acceptor.accept(stream).await {
                return (secured, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A collector with a certificate of this authority, which lets in whom the other one knows, if there is one.
async fn collector(authority: &Authority, name: &str, clients: Option<&Authority>) -> Collector {
    let (secured, address) = secured(authority, name, clients).await;
    Collector::over(secured, address, [])
}

/// Where such a collector listens; it speaks whatever HTTP it is asked for.
async fn secured(
    authority: &Authority,
    name: &str,
    clients: Option<&Authority>,
) -> (Secured, SocketAddr) {
    let (certificate, key) = authority.certifies(name);
    let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).expect("PEM");
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("PEM");
    let provider = Arc::new(ring::default_provider());
    let config = ServerConfig::builder_with_provider(Arc::clone(&provider));
    let config = config
        .with_safe_default_protocol_versions()
        .expect("versions");
    let config = match clients {
        None => config.with_no_client_auth(),
        Some(clients) => {
            let roots = Arc::new(clients.roots());
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider);
            config.with_client_cert_verifier(verifier.build().expect("a verifier"))
        }
    };
    let config = config.with_single_cert(vec![certificate], key);
    let mut config = config.expect("a certificate");
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    (Secured { listener, acceptor }, address)
}

// --- what exports -------------------------------------------------------------------------------------------------------------

/// In a process of its own: sends a span, and says what became of it.
#[tokio::test]
async fn exports() {
    let Ok(endpoint) = env::var(WITHIN) else {
        return;
    };
    let builder = Monitoring::builder("test").traces(|traces| traces.otlp_endpoint(endpoint));
    let monitoring = match builder.build() {
        Ok(monitoring) => monitoring,
        Err(error) => {
            println!("refused: {error}");
            return;
        }
    };
    let app = Router::new().layer(monitoring.layer());
    send(app, request("GET /")).await;
    // With time for one try, and not for a second one.
    let flushed = monitoring.flush(Duration::from_millis(1_500)).await;
    println!("sent: {}", flushed.is_ok());
}

/// What becomes of a span with these variables.
async fn sent(endpoint: String, variables: &[(&str, &Path)]) -> String {
    let mut again = own_process::run("tls::exports");
    again.env(WITHIN, endpoint).envs(variables.iter().copied());
    let output = tokio::task::spawn_blocking(move || again.output());
    let output = output.await.expect("no panic").expect("it runs");
    let told = String::from_utf8(output.stdout).expect("text");
    let end = |line: &str| Some(line[line.find("sent: ").or(line.find("refused: "))?..].to_owned());
    let end = told.lines().find_map(end);
    end.unwrap_or_else(|| panic!("{told}"))
}

/// A file of this test's own.
fn file(name: &str, text: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, text).expect("a file");
    path
}

fn https(collector: &Collector) -> String {
    format!("https://{}", collector.address)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_is_known_by_its_certificate() {
    let (authority, other) = (Authority::new(), Authority::new());
    let own = file("tls_own.pem", &authority.pem);
    let others = file("tls_others.pem", &other.pem);
    let both = file("tls_both.pem", &format!("{}\n{}", other.pem, authority.pem));

    let collector = self::collector(&authority, "127.0.0.1", None).await;
    for (variables, expected) in [
        (&[(CERTIFICATE, &*own)][..], true),
        (&[(CERTIFICATE, &both)], true),
        (&[(CERTIFICATE, &others), (OF_TRACES, &own)], true),
        (&[(CERTIFICATE, &others)], false),
        (&[(CERTIFICATE, &own), (OF_TRACES, &others)], false),
        // By those of the system, where this one is not among them.
        (&[], false),
    ] {
        let before = collector.spans().len();
        let end = sent(https(&collector), variables).await;
        let is_sent = end == "sent: true";
        // A system may have no certificates at all.
        let is_refused = end == "sent: false" || end.contains("OTEL_EXPORTER_OTLP_CERTIFICATE");
        assert!(
            is_sent == expected && (is_sent || is_refused),
            "{variables:?}: {end}"
        );
        assert_eq!(collector.spans().len() - before, usize::from(expected));
    }
    // One with another name is another one.
    let collector = self::collector(&authority, "collector.example", None).await;
    let end = sent(https(&collector), &[(CERTIFICATE, &own)]).await;
    assert_eq!((&*end, collector.spans().len()), ("sent: false", 0));
}
#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_speaks_grpc() {
    let authority = Authority::new();
    let own = file("tls_grpc.pem", &authority.pem);
    let (secured, address) = secured(&authority, "127.0.0.1", None).await;
    let collector = support::collector_grpc::over(secured, address);
    let grpc = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", Path::new("grpc"));
    let end = sent(https(&collector), &[grpc, (CERTIFICATE, &own)]).await;
    assert_eq!(end, "sent: true");
    assert_eq!(collector.spans().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_is_known_by_its_certificate() {
    let (authority, clients, other) = (Authority::new(), Authority::new(), Authority::new());
    let collector = self::collector(&authority, "127.0.0.1", Some(&clients)).await;
    let own = file("tls_clients_own.pem", &authority.pem);
    let written = |name: &str, (certificate, key): (String, String)| {
        let certificate = file(&format!("{name}.pem"), &certificate);
        (certificate, file(&format!("{name}.key"), &key))
    };
    let (certificate, key) = written("tls_client", clients.certifies("shop"));
    let (others, others_key) = written("tls_client_of_others", other.certifies("shop"));
    for (variables, expected) in [
        (&[(CLIENT, &*certificate), (KEY, &*key)][..], "sent: true"),
        (&[(CLIENT, &others), (KEY, &others_key)], "sent: false"),
        (&[], "sent: false"),
    ] {
        let variables = [&[(CERTIFICATE, &*own)], variables].concat();
        let end = sent(https(&collector), &variables).await;
        assert_eq!(end, expected, "{variables:?}");
    }
    assert_eq!(collector.spans().len(), 1);

    for (variables, expected) in [
        (&[(CLIENT, &*certificate)][..], "belong together"),
        (&[(KEY, &key)], "belong together"),
        (
            &[(CLIENT, &certificate), (KEY, &others_key)],
            "does not fit",
        ),
        (
            &[(CLIENT, &certificate), (KEY, &certificate)],
            "no private key",
        ),
        (&[(CLIENT, &key), (KEY, &key)], "no certificate"),
    ] {
        let variables = [&[(CERTIFICATE, &*own)], variables].concat();
        let end = sent(https(&collector), &variables).await;
        assert!(end.starts_with("refused: "), "{end}");
        assert!(end.contains(expected) && end.contains("CLIENT_"), "{end}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_none_are_refused_at_start() {
    let nowhere = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tls_nowhere.pem");
    let text = file("tls_text.pem", "no certificate");
    for (path, expected) in [
        (&nowhere, "cannot be read"),
        (&text, "no certificate in PEM"),
    ] {
        let end = sent("https://127.0.0.1:9".to_owned(), &[(CERTIFICATE, path)]).await;
        assert!(end.contains(CERTIFICATE) && end.contains(expected), "{end}");
        // Where there is no https nobody looks at it.
        let end = sent("http://127.0.0.1:9".to_owned(), &[(CERTIFICATE, path)]).await;
        assert_eq!(end, "sent: false");
    }
}

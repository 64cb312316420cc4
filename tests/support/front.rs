//! A real nginx that speaks TLS in front of a service, and whoever signs its certificates.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::net::TcpStream;

use super::eventually::eventually;
use super::ports::free;
use super::process::{Process, component};

/// Who signs certificates.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate.
    pub file: PathBuf,
}

impl Authority {
    pub fn new(folder: &Path) -> Self {
        let mut params = CertificateParams::new([]).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("a certificate").pem();
        let file = folder.join("authority.pem");
        fs::write(&file, pem).expect("it can be written");
        Self {
            issuer: Issuer::new(params, key),
            file,
        }
    }
}

pub struct Front {
    pub address: SocketAddr,
    service: SocketAddr,
    process: Option<Process>,
}

impl Front {
    /// Starts it with its files in `folder`, and a certificate that is good for so long.
    pub async fn start(
        folder: &Path,
        authority: &Authority,
        good: Duration,
        service: SocketAddr,
    ) -> Self {
        let mut front = Self {
            address: free(),
            service,
            process: None,
        };
        front.certify(folder, authority, good).await;
        front
    }

    /// Starts it again, with another certificate.
    pub async fn certify(&mut self, folder: &Path, authority: &Authority, good: Duration) {
        self.process = None;
        let key = KeyPair::generate().expect("a key");
        let name = self.address.ip().to_string();
        let mut params = CertificateParams::new([name]).expect("a name");
        params.not_after = (SystemTime::now() + good).into();
        let certificate = params.signed_by(&key, &authority.issuer);
        let write = |name: &str, text: &str| {
            fs::write(folder.join(name), text).expect("it can be written");
        };
        write(
            "certificate.pem",
            &certificate.expect("a certificate").pem(),
        );
        write("key.pem", &key.serialize_pem());
        write("nginx.conf", &self.configuration(folder));
        let file = folder.join("nginx.conf");
        let mut command = Command::new(component("nginx"));
        command.arg("-p").arg(folder).arg("-c").arg(file);
        self.process = Some(Process::start(&mut command));
        eventually("nginx's answer", async || {
            let connection = TcpStream::connect(self.address).await;
            connection.map(drop).map_err(|error| error.to_string())
        })
        .await;
    }

    /// One process without rights to give up, so that it ends as one; and no file outside of its folder.
    fn configuration(&self, folder: &Path) -> String {
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("{name}_temp_path \"{}\";\n", folder.join(name).display()));
        let Self {
            address, service, ..
        } = self;
        format!(
            "daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log stderr notice;\nevents {{}}\n\
             http {{\n{}access_log off;\nserver {{\nlisten {address} ssl;\n\
             ssl_certificate certificate.pem;\nssl_certificate_key key.pem;\n\
             location / {{ proxy_pass http://{service}; }}\n}}\n}}\n",
            temporary.concat()
        )
    }
}

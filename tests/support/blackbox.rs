//! A real Blackbox Exporter with the modules in `deploy/`.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use super::process::{Process, component};

const MODULES: &str = include_str!("../../deploy/blackbox/blackbox.yml");

pub struct Blackbox {
    pub address: SocketAddr,
    _process: Process,
}

impl Blackbox {
    /// Starts it with its files in `folder`; it accepts certificates of the authority whose own is in this file.
    pub async fn start(folder: &Path, authority: &Path) -> Self {
        let file = folder.join("blackbox.yml");
        fs::write(&file, MODULES).expect("it can be written");
        let mut command = Command::new(component("blackbox"));
        command.arg(format!("--config.file={}", file.display()));
        command.arg("--web.listen-address=127.0.0.1:0");
        let mut process = Process::start(command.env("SSL_CERT_FILE", authority));
        let address = process.line("the exporter's address", |line| {
            let (_, rest) = line.split_once("Listening on")?;
            let (_, address) = rest.split_once("address=")?;
            address.split_whitespace().next()?.parse().ok()
        });
        Self {
            address: address.await,
            _process: process,
        }
    }
}

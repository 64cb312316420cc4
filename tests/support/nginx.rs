//! A real nginx in front of a service, with the access log that `deploy/nginx` describes, and the lines that it writes.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use tokio::net::TcpStream;

use super::eventually::eventually;
use super::ports::free;
use super::process::{Process, component};

/// A time zone that is not UTC, and needs no file.
const ZONE: &str = "XYZ-05:45";

pub struct Nginx {
    pub address: SocketAddr,
    /// Where it speaks HTTP/2 and nothing else.
    pub http_2: SocketAddr,
    log: PathBuf,
    /// How many lines were read.
    read: usize,
    _process: Process,
}

impl Nginx {
    /// Starts it with its files in `folder`: the log's description in `log`, and a server with these `locations`.
    pub async fn start(folder: &Path, log: &str, locations: &str) -> Self {
        let (address, http_2) = (free(), free());
        let described = folder.join("ecs-access-log.conf");
        write(&described, log);
        let configuration = folder.join("nginx.conf");
        let access_log = folder.join("access.ndjson");
        let text = configuration_text(
            folder,
            [address, http_2],
            &described,
            &access_log,
            locations,
        );
        write(&configuration, &text);
        let mut command = Command::new(component("nginx"));
        command.arg("-p").arg(folder).arg("-c").arg(&configuration);
        let mut process = Process::start(command.env("TZ", ZONE));
        process
            .line("nginx's start", |line| {
                line.contains("nginx/").then_some(())
            })
            .await;
        // Somebody who says nothing, of whom there is no line.
        eventually("nginx's answer", async || {
            let connection = TcpStream::connect(address).await;
            connection.map(drop).map_err(|error| error.to_string())
        })
        .await;
        Self {
            address,
            http_2,
            log: access_log,
            read: 0,
            _process: process,
        }
    }

    /// The next line of the log, without its end.
    pub async fn line(&mut self) -> String {
        let log = &self.log;
        let read = self.read;
        let line = eventually("a line of the access log", async || {
            let lines = lines(log)?;
            lines.get(read).cloned().ok_or(format!("{read} lines"))
        });
        let line = line.await;
        self.read += 1;
        line
    }

    /// How many lines there are that were not read yet.
    pub fn unread(&self) -> usize {
        let lines = lines(&self.log).expect("a log of whole lines");
        lines.len() - self.read
    }
}

/// One process without rights to give up, so that it ends as one; and no file outside of its folder.
fn configuration_text(
    folder: &Path,
    [address, http_2]: [SocketAddr; 2],
    described: &Path,
    access_log: &Path,
    locations: &str,
) -> String {
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path \"{}\";", folder.join(name).display()))
        .join("\n");
    let (described, access_log) = (described.display(), access_log.display());
    let pid = folder.join("nginx.pid");
    let pid = pid.display();
    format!(
        "daemon off;\nmaster_process off;\npid \"{pid}\";\nerror_log stderr notice;\nevents {{}}\n\
         http {{\n{temporary}\ninclude \"{described}\";\naccess_log \"{access_log}\" ecs_access;\n\
         server {{\nlisten {address};\nlisten {http_2} http2;\n{locations}\n}}\n}}\n"
    )
}

fn write(file: &Path, text: &str) {
    fs::write(file, text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
}

/// All that is there, each of them whole.
fn lines(log: &Path) -> Result<Vec<String>, String> {
    let text = fs::read(log).map_err(|error| format!("{}: {error}", log.display()))?;
    let text = String::from_utf8(text).map_err(|error| error.to_string())?;
    match text.is_empty() || text.ends_with('\n') {
        true => Ok(text.split_terminator('\n').map(str::to_owned).collect()),
        false => Err(format!("half a line: {text}")),
    }
}

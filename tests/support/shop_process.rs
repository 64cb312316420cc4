//! The example shop as a process of its own, which ends with the test, also when that panics.

use std::net::SocketAddr;
use std::process::{ExitStatus, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStderr, Command};
use tokio::time::timeout;

use super::client::Client;
use super::process::program;

/// Ample for a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);

pub struct Shop {
    process: Child,
    /// Kept, since printing to a closed pipe is an error.
    _stderr: Lines<BufReader<ChildStderr>>,
    address: SocketAddr,
    pub monitoring: SocketAddr,
    client: Client,
}

impl Shop {
    /// Starts it on free ports.
    pub async fn open(flags: &[&str]) -> Self {
        Self::open_at("127.0.0.1:0", flags).await
    }

    /// Starts it, and its monitoring, at this address.
    pub async fn open_at(address: &str, flags: &[&str]) -> Self {
        let mut process = command(flags)
            .args(["--listen", address, "--monitoring", address])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the shop starts");
        let stderr = process.stderr.take().expect("its output is piped");
        let mut stderr = BufReader::new(stderr).lines();
        Self {
            address: printed("products", &mut stderr).await,
            monitoring: printed("metrics", &mut stderr).await,
            process,
            _stderr: stderr,
            client: Client::new(),
        }
    }

    /// Where it answers, and where its monitoring does.
    pub fn addresses(&self) -> [SocketAddr; 2] {
        [self.address, self.monitoring]
    }

    pub async fn send(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let url = format!("http://{}{path}", self.address);
        let answer = self.client.send(method, &url, body).await;
        let (status, answer) = answer.expect("an answer");
        if answer.is_empty() {
            return (status, Value::Null);
        }
        match serde_json::from_str(&answer) {
            Ok(answer) => (status, answer),
            Err(error) => panic!("{path}: {status}: {answer}: {error}"),
        }
    }

    /// Sends a request and leaves without waiting for the answer.
    pub async fn send_and_leave(&self, method: &str, path: &str, body: &str) {
        let mut connection = TcpStream::connect(self.address).await.expect("it listens");
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n{body}"
        );
        let sent = connection.write_all(request.as_bytes()).await;
        sent.expect("the request is taken");
    }

    /// What `/health/ready` says, with status 200.
    pub async fn ready(&self) -> Value {
        let url = format!("http://{}/health/ready", self.monitoring);
        let ready = self.client.get(&url).await.expect("the shop is ready");
        serde_json::from_str(&ready).expect("JSON")
    }

    /// The lines of one name in a scrape, sorted.
    pub async fn metric(&self, name: &str) -> Vec<String> {
        let url = format!("http://{}/metrics", self.monitoring);
        let scrape = self.client.get(&url).await.expect("a scrape succeeds");
        let named = |line: &&str| line.split(['{', ' ']).next() == Some(name);
        let mut lines: Vec<_> = scrape.lines().filter(named).map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    }

    /// Asks it to end, as a process manager does, and waits until it has.
    pub async fn close(mut self) -> ExitStatus {
        let process = self.process.id().expect("it still runs").to_string();
        let kill = Command::new("kill").args(["-TERM", &process]).status();
        assert!(kill.await.expect("there is a kill command").success());
        let end = timeout(DEADLINE, self.process.wait()).await;
        end.expect("it ends in time").expect("it is waited for")
    }
}

/// Runs the shop to its end, and returns what it printed.
pub async fn run(flags: &[&str]) -> Output {
    let output = timeout(DEADLINE, command(flags).output()).await;
    output.expect("it ends in time").expect("the shop starts")
}

fn command(flags: &[&str]) -> Command {
    let mut command = Command::new(program("shop"));
    command.args(flags).stdin(Stdio::null()).kill_on_drop(true);
    // Not to whatever listens on this machine.
    command.env("OTEL_TRACES_EXPORTER", "none");
    command
}

/// The address in a line such as `  metrics   http://127.0.0.1:9464/metrics`.
async fn printed(what: &str, lines: &mut Lines<BufReader<ChildStderr>>) -> SocketAddr {
    loop {
        let line = timeout(DEADLINE, lines.next_line()).await;
        let line = line.expect("a line in time").expect("text");
        let line = line.unwrap_or_else(|| panic!("the shop has ended without its {what}"));
        if let Some(url) = line.trim().strip_prefix(what) {
            let address = url.split('/').nth(2).unwrap_or_default();
            return address.parse().expect("an address");
        }
    }
}

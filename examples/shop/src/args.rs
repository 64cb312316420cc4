//! The command line: what can be set, its defaults, and what a mistake says.

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs as _};
use std::path::PathBuf;
use std::process::exit;

use lexopt::prelude::*;

const HELP: &str = "\
A small web shop, monitored end to end.

Usage: cargo run -p shop -- [FLAGS]

  --listen HOST:PORT          where the shop answers        [127.0.0.1:3000]
  --monitoring HOST:PORT      where its monitoring answers  [127.0.0.1:9464]
  --database FILE             keep the data in this file    [in memory]
  --requests-per-second N     own traffic, from 1 to 1000   [20]
  --no-traffic                no traffic of its own
  --help                      print this

Port 0 takes any free port; the shop prints which one it got.";

pub(crate) struct Args {
    pub(crate) listen: SocketAddr,
    pub(crate) monitoring: SocketAddr,
    /// `None` keeps the data in memory.
    pub(crate) database: Option<PathBuf>,
    /// `None` leaves all traffic to others.
    pub(crate) requests_per_second: Option<u32>,
}

impl Args {
    /// The arguments of this process; ends it with code 2 if they make no sense.
    pub(crate) fn from_command_line() -> Self {
        Self::parse(lexopt::Parser::from_env()).unwrap_or_else(|error| {
            eprintln!("shop: {error}\nTry --help.");
            exit(2)
        })
    }

    fn parse(mut parser: lexopt::Parser) -> Result<Self, lexopt::Error> {
        let mut args = Self {
            listen: (Ipv4Addr::LOCALHOST, 3000).into(),
            monitoring: (Ipv4Addr::LOCALHOST, 9464).into(),
            database: None,
            requests_per_second: Some(20),
        };
        let mut own_traffic = true;
        while let Some(arg) = parser.next()? {
            match arg {
                Long("listen") => args.listen = address("--listen", parser.value()?)?,
                Long("monitoring") => args.monitoring = address("--monitoring", parser.value()?)?,
                Long("database") => args.database = Some(parser.value()?.into()),
                Long("requests-per-second") => args.requests_per_second = rate(parser.value()?)?,
                Long("no-traffic") => own_traffic = false,
                Short('h') | Long("help") => {
                    println!("{HELP}");
                    exit(0)
                }
                other => return Err(other.unexpected()),
            }
        }
        args.requests_per_second = args.requests_per_second.filter(|_| own_traffic);
        Ok(args)
    }
}

/// The address that is meant: of a name with several, the first of IPv4.
fn address(flag: &str, value: OsString) -> Result<SocketAddr, String> {
    let wrong = || {
        format!(
            "{flag} takes HOST:PORT, such as 127.0.0.1:3000, localhost:3000 or [::1]:3000, not {value:?}"
        )
    };
    let text = value.to_str().ok_or_else(wrong)?;
    let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
    let is_bare_ipv6 = host.contains(':') && !host.starts_with('[');
    if host.is_empty() || is_bare_ipv6 || port.parse::<u16>().is_err() {
        return Err(wrong());
    }
    let found = text
        .to_socket_addrs()
        .map_err(|error| format!("{flag} {text}: {error}"))?;
    let found: Vec<SocketAddr> = found.collect();
    let ipv4 = found.iter().find(|address| address.is_ipv4());
    ipv4.or(found.first()).copied().ok_or_else(wrong)
}

fn rate(value: OsString) -> Result<Option<u32>, String> {
    match value.parse() {
        Ok(rate @ 1..=1000) => Ok(Some(rate)),
        _ => Err(format!(
            "--requests-per-second takes a number from 1 to 1000, not {value:?}"
        )),
    }
}

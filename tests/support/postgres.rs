//! A real PostgreSQL that logs as `deploy/postgresql` says, and the lines that it writes.

use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use super::eventually::eventually;
use super::ports::free;
use super::process::Process;
use super::unprivileged::Programs;

const LOGGING: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../deploy/postgresql/logging.conf"
);

pub struct Postgres {
    address: SocketAddr,
    programs: Programs,
    data: PathBuf,
    process: Option<Process>,
}

impl Postgres {
    /// Starts it with its data in a folder inside of `folder`, and all statements in its log.
    pub async fn start(folder: &Path) -> Self {
        let data = folder.join("postgres");
        fs::create_dir(&data).expect("a folder of its own");
        let programs = Programs::beside("postgres", folder);
        programs.own(&data);
        let initialised = programs
            .command("initdb")
            .args(["--username=postgres", "--auth=trust", "--no-sync"])
            .args(["--locale=C", "--encoding=UTF8", "--pgdata"])
            .arg(&data)
            .output();
        succeeded("initdb", initialised);
        let address = free();
        configure(&data, address);
        let mut command = programs.command("postgres");
        let process = Process::start(command.arg("-D").arg(&data));
        let postgres = Self {
            address,
            programs,
            data,
            process: Some(process),
        };
        eventually("PostgreSQL's answer", async || {
            let output = postgres.psql().arg("--list").output();
            let output = output.map_err(|error| error.to_string())?;
            match output.status.success() {
                true => Ok(()),
                false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
            }
        })
        .await;
        postgres
    }

    /// Sends each of these by itself, in one session that calls itself `name`. One that fails does not keep the others back.
    pub fn run(&self, name: &str, statements: &[&str]) {
        let mut psql = self.psql();
        psql.env("PGAPPNAME", name);
        for statement in statements {
            psql.args(["--command", statement]);
        }
        psql.output().expect("psql runs");
    }

    /// Sends one statement the way that drivers do, prepared and with parameters, which the server is told to log.
    pub fn run_prepared(&self, folder: &Path, statement: &str, parameters: &[&str]) {
        let file = folder.join("prepared.sql");
        fs::write(&file, statement).expect("a file");
        let mut pgbench = self.programs.command("pgbench");
        pgbench.args(["--no-vacuum", "--transactions=1", "--protocol=extended"]);
        pgbench.env("PGOPTIONS", "-c log_parameter_max_length=-1");
        for parameter in parameters {
            pgbench.args(["--define", parameter]);
        }
        let output = self
            .connect(&mut pgbench)
            .arg("--file")
            .arg(&file)
            .arg("postgres")
            .output();
        succeeded("pgbench", output);
    }

    /// The lines of the log, once one of them has this text.
    pub async fn lines_until(&self, text: &str) -> Vec<Value> {
        eventually("a line of PostgreSQL's log", async || {
            let mut lines = String::new();
            for entry in fs::read_dir(self.data.join("log")).map_err(|error| error.to_string())? {
                let file = entry.map_err(|error| error.to_string())?.path();
                if file
                    .extension()
                    .is_some_and(|extension| extension == "json")
                {
                    lines += &fs::read_to_string(&file).map_err(|error| error.to_string())?;
                }
            }
            if !lines.ends_with('\n') || !lines.contains(text) {
                return Err(format!(
                    "{} lines, and none with {text}",
                    lines.lines().count()
                ));
            }
            let lines = lines.lines().map(serde_json::from_str);
            lines
                .collect::<Result<_, _>>()
                .map_err(|error| error.to_string())
        })
        .await
    }

    fn psql(&self) -> Command {
        let mut psql = self.programs.command("psql");
        psql.args(["--no-psqlrc", "--dbname=postgres"]);
        self.connect(&mut psql);
        psql
    }

    fn connect<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        let port = self.address.port().to_string();
        command
            .args(["--host=127.0.0.1", "--username=postgres", "--port"])
            .arg(port)
    }
}

impl Drop for Postgres {
    /// By its own means first: it has processes and memory that others do not clean up.
    fn drop(&mut self) {
        let stop = self
            .programs
            .command("pg_ctl")
            .args(["stop", "--mode=immediate", "--pgdata"])
            .arg(&self.data)
            .output();
        drop(stop);
        drop(self.process.take());
    }
}

fn configure(data: &Path, address: SocketAddr) {
    let port = address.port();
    let file = data.join("postgresql.conf");
    let file = fs::OpenOptions::new().append(true).open(file);
    let text = format!(
        "include '{LOGGING}'\nlog_min_duration_statement = 0\nlisten_addresses = '127.0.0.1'\nport = {port}\n\
         unix_socket_directories = ''\ndynamic_shared_memory_type = mmap\nfsync = off\n"
    );
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.expect("initdb made it");
}

fn succeeded(what: &str, output: std::io::Result<Output>) {
    let output = output.unwrap_or_else(|error| panic!("{what}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what}: {}: {said}", output.status);
}

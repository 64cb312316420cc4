//! Programs that run beside a test and end with it, also when it panics.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::{env, thread};

use super::eventually::eventually;

pub use super::component::component;

/// A running program. What it prints is kept, and shown if the test fails.
pub struct Process {
    program: PathBuf,
    child: Child,
    output: Arc<Mutex<Vec<String>>>,
}

impl Process {
    pub fn start(command: &mut Command) -> Self {
        let program = PathBuf::from(command.get_program());
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = child.unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        let output = Arc::default();
        keep_lines(child.stdout.take(), &output);
        keep_lines(child.stderr.take(), &output);
        Self {
            program,
            child,
            output,
        }
    }

    /// What `find` makes of the first line in which it finds something.
    pub async fn line<T>(&mut self, what: &str, find: impl Fn(&str) -> Option<T>) -> T {
        eventually(what, async || {
            if let Some(found) = self.output().iter().find_map(|line| find(line)) {
                return Ok(found);
            }
            match self.child.try_wait() {
                Ok(Some(status)) => panic!("{} has ended: {status}", self.program.display()),
                _ => Err("no such line was printed".to_owned()),
            }
        })
        .await
    }

    /// All lines that it has printed so far.
    pub fn output(&self) -> Vec<String> {
        self.output
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone afterwards.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            let output = self.output().join("\n");
            eprintln!("--- {} printed:\n{output}", self.program.display());
        }
    }
}

fn keep_lines(pipe: Option<impl Read + Send + 'static>, output: &Arc<Mutex<Vec<String>>>) {
    let pipe = pipe.expect("the output is piped");
    let output = Arc::clone(output);
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            output
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(line);
        }
    });
}

/// A program of this workspace: `cargo test --workspace` builds it beside the tests.
pub fn program(name: &str) -> PathBuf {
    let test = env::current_exe().expect("a test knows its own path");
    let profile = test.ancestors().nth(2).unwrap_or(Path::new(""));
    let program = profile
        .join(name)
        .with_extension(env::consts::EXE_EXTENSION);
    assert!(
        program.is_file(),
        "{} is missing: run `cargo test --workspace --all-features`, which builds it, or `cargo build --package {name}`",
        program.display(),
    );
    program
}

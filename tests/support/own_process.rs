//! Tests that need a process of their own: for its environment, its standard streams, or a global that can be set once.

use std::env;
use std::process::Command;

/// Says to a process that it runs one test alone.
const ALONE: &str = "ECOLAURA_TEST_RUNS_ALONE";

/// The path of the test in which this is written, as `--exact` takes it. Also within an `async fn`.
#[macro_export]
macro_rules! this_test {
    () => {{
        fn here() {}
        $crate::own_process::test_of(std::any::type_name_of_val(&here))
    }};
}

/// Whether this process runs the current test alone. Where it does not, runs the test in such a process, and fails with it:
/// a test that needs this begins with `if !alone!() { return; }`.
#[macro_export]
macro_rules! alone {
    () => {
        $crate::own_process::alone(&$crate::this_test!())
    };
}

/// `http::endings::test::{{closure}}::here` without the crate and what stands within the test.
pub fn test_of(inner: &str) -> String {
    let test = inner
        .trim_end_matches("::here")
        .replace("::{{closure}}", "");
    let (_crate, test) = test.split_once("::").expect("a path within a crate");
    test.to_owned()
}

/// A command that runs this test alone, in a process that the caller gives its environment.
pub fn run(test: &str) -> Command {
    let mut command = Command::new(env::current_exe().expect("a test knows its own path"));
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]);
    command
}

/// See [`alone!`](crate::alone).
pub fn alone(test: &str) -> bool {
    if env::var_os(ALONE).is_some() {
        return true;
    }
    let output = run(test).env(ALONE, "yes").output().expect("it runs again");
    let [stdout, stderr] =
        [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    let passed = output.status.success() && stdout.contains("1 passed");
    assert!(
        passed,
        "{test}, alone: {}\n{stdout}\n{stderr}",
        output.status
    );
    false
}

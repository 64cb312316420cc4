//! What the command prints: the command itself, for the kit's README, and what became of the files.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::Path;

use ecolaura_monitoring_ops::Written;

/// The flags of this process as a shell takes them, a line for each. The folder is left open, and so is an address that is a secret.
pub(crate) fn command(args: impl IntoIterator<Item = OsString>) -> String {
    let args = args
        .into_iter()
        .map(|arg| arg.to_string_lossy().into_owned());
    let args = args.flat_map(|arg| match arg.split_once('=') {
        Some((flag, value)) if flag.starts_with("--") => vec![flag.to_owned(), value.to_owned()],
        _ => vec![arg],
    });
    let mut text = "ecolaura-ops".to_owned();
    let mut line = String::new();
    for arg in args {
        if arg.starts_with("--") && !line.is_empty() {
            let _ = write!(text, " {line} \\\n ");
            line.clear();
        }
        let value = match line.as_str() {
            "--out" => "FOLDER".to_owned(),
            // Whoever knows it can keep the alarm quiet.
            "--deadman" if !arg.starts_with('/') => "\"$DEADMAN_ADDRESS\"".to_owned(),
            _ => quoted(&arg),
        };
        if !line.is_empty() {
            line.push(' ');
        }
        line += &value;
    }
    text + " " + &line
}

fn quoted(arg: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    match !arg.is_empty() && arg.chars().all(is_plain) {
        true => arg.to_owned(),
        false => format!("'{}'", arg.replace('\'', r"'\''")),
    }
}

/// So many changed files are listed. More are counted.
const LISTED: usize = 10;

/// What was written, and what to do next.
pub(crate) fn report(folder: &Path, written: &Written) -> String {
    let Written {
        changed,
        unchanged,
        removed,
        left,
        ..
    } = written;
    let (all, out) = (changed.len() + unchanged.len(), folder.display());
    let mut text = match (changed.len(), unchanged.len()) {
        (0, _) => format!("{out}: all {all} files are up to date\n"),
        (_, 0) => format!("{out}: wrote {all} files\n"),
        (changed, _) => format!("{out}: updated {changed} of {all} files\n"),
    };
    if !unchanged.is_empty() && changed.len() <= LISTED {
        list(&mut text, "updated", changed);
    }
    list(&mut text, "removed", removed);
    for file in left {
        let _ = writeln!(
            text,
            "  kept {file}: it was changed by hand and is no longer part of the kit"
        );
    }
    if !changed.is_empty() {
        let _ = write!(
            text,
            "Next: read {}. It lists what is in the kit, the secrets to write, and the commands that start it:\n  \
             on one machine      docker compose up\n  in Kubernetes       kubectl apply -f kubernetes/…\n",
            folder.join("README.md").display()
        );
    }
    text
}

fn list(text: &mut String, what: &str, files: &[String]) {
    for file in files {
        let _ = writeln!(text, "  {what} {file}");
    }
}

#[cfg(test)]
mod tests {
    use super::command;

    #[test]
    fn the_command_can_be_run_again() {
        for (args, expected) in [
            (
                &["--job", "a", "--out", "/home/me/kit"][..],
                "ecolaura-ops --job a \\\n  --out FOLDER",
            ),
            (
                &["--out=kit", "--job=a"],
                "ecolaura-ops --out FOLDER \\\n  --job a",
            ),
            (
                &["--job", "a", "--objective", "o=/x/{id},99.9,1s"],
                "ecolaura-ops --job a \\\n  --objective 'o=/x/{id},99.9,1s'",
            ),
            (&["--objective=o=/x,99"], "ecolaura-ops --objective o=/x,99"),
            (
                &["--deadman", "https://hc.example/SECRET"],
                "ecolaura-ops --deadman \"$DEADMAN_ADDRESS\"",
            ),
            (
                &["--deadman=https://hc.example/SECRET"],
                "ecolaura-ops --deadman \"$DEADMAN_ADDRESS\"",
            ),
            (
                &["--deadman", "/run/secrets/alertmanager/url"],
                "ecolaura-ops --deadman /run/secrets/alertmanager/url",
            ),
            (&["--journey", "it's"], "ecolaura-ops --journey 'it'\\''s'"),
        ] {
            assert_eq!(command(args.iter().map(Into::into)), expected);
        }
    }
}

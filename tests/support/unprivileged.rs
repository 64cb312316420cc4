//! Programs that refuse to run as root, run by somebody else where the test is root's.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::process::component;

/// `nobody` on every Linux.
const NOBODY: u32 = 65_534;

/// The programs in one folder, and who runs them.
pub struct Programs {
    folder: PathBuf,
    user: User,
}

#[derive(Clone, Copy)]
enum User {
    Ourselves,
    /// Who may still write where root may, since that is where the test's folder can be.
    Nobody,
    /// Root under the number of nobody, for programs that are in a folder of root's own, where nobody runs any.
    Namespace,
}

impl Programs {
    /// Those beside this component, for a test with this folder.
    pub fn beside(name: &str, folder: &Path) -> Self {
        let program = component(name).canonicalize().expect("it is there");
        let owner = fs::metadata(folder).expect("the test's folder").uid();
        let user = match owner == 0 {
            false => User::Ourselves,
            true if runs(User::Nobody, &program) => User::Nobody,
            true => User::Namespace,
        };
        let folder = program.parent().expect("it is in a folder").to_owned();
        Self { folder, user }
    }

    /// Hands them a folder to write to.
    pub fn own(&self, folder: &Path) {
        if let User::Nobody = self.user {
            chown(folder, Some(NOBODY), Some(NOBODY)).expect("root may do so");
        }
    }

    pub fn command(&self, name: &str) -> Command {
        let program = self.folder.join(name);
        assert!(program.is_file(), "{} is not there", program.display());
        command(self.user, &program)
    }
}

/// Asked of the system, as the program itself does.
fn runs(user: User, program: &Path) -> bool {
    let status = command(user, Path::new("test"))
        .arg("-x")
        .arg(program)
        .status();
    status.is_ok_and(|status| status.success())
}

fn command(user: User, program: &Path) -> Command {
    let nobody = NOBODY.to_string();
    let (tool, arguments): (&str, &[&str]) = match user {
        User::Ourselves => return Command::new(program),
        User::Nobody => (
            "setpriv",
            &[
                "--reuid",
                &nobody,
                "--regid",
                &nobody,
                "--clear-groups",
                "--inh-caps=-all,+dac_override",
                "--ambient-caps=-all,+dac_override",
            ],
        ),
        User::Namespace => (
            "unshare",
            &["--user", "--map-user", &nobody, "--map-group", &nobody],
        ),
    };
    let mut command = Command::new(tool);
    command.args(arguments).arg("--").arg(program);
    command
}

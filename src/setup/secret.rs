//! What only the service and its operators know.

use crate::error::Error;
use crate::setup::variables::Variables;

/// The fewest bytes of a secret.
const SHORTEST: usize = 16;

/// A text that is never shown.
#[derive(Clone)]
pub(crate) struct Secret(pub(crate) String);

impl Secret {
    /// What code gives (by the method `code`), else the environment (by the variable `name`), if either does.
    pub(crate) fn from(
        given: Option<Self>,
        code: &str,
        name: &str,
        variables: &Variables<'_>,
    ) -> Result<Option<Self>, Error> {
        let given = given.map(|Self(text)| (code, text));
        let (name, text) = match given {
            Some(given) => given,
            None => match variables.required(name)? {
                Some(text) => (name, text),
                None => return Ok(None),
            },
        };
        match text.len() < SHORTEST {
            true => Err(Error::configuration(format!(
                "{name} is too short: give it {SHORTEST} bytes or more that nobody can guess, such as `openssl rand -hex 32` prints"
            ))),
            false => Ok(Some(Self(text))),
        }
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

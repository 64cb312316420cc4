//! How tickets are mailed.

use crate::error::Error;
use crate::names::is_host_and_port;

/// The server, who writes, and to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mail {
    pub(crate) host: String,
    pub(crate) from: String,
    pub(crate) to: String,
}

impl Mail {
    pub(crate) fn check(&self) -> Result<(), Error> {
        if !is_host_and_port(&self.host) {
            return Err(Error::new(format!(
                "mail server `{}`: give it as host:port, such as mail.example:587",
                self.host
            )));
        }
        let wrong = [&self.from, &self.to];
        match wrong.into_iter().find(|address| !is_of_mail(address)) {
            None => Ok(()),
            Some(address) => Err(Error::new(format!(
                "`{address}` is no address of mail: give it as somebody@mail.example"
            ))),
        }
    }
}

/// That it is one address, without a name beside it.
fn is_of_mail(address: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.+".contains(c);
    let Some((name, host)) = address.split_once('@') else {
        return false;
    };
    [name, host]
        .iter()
        .all(|part| !part.is_empty() && part.chars().all(is_plain))
}

//! What names and addresses have to be, so that all files of the kit can have them.

use std::collections::BTreeSet;

use crate::error::Error;

/// That this can be the value of a label, and part of a file's name.
pub(crate) fn is_name(what: &str, name: &str) -> Result<(), Error> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    // Else YAML takes it for something else than a text, or a path for another folder.
    let is_word = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && !["null", "true", "false", "yes", "no", "on", "off", "y", "n"]
            .contains(&name.to_lowercase().as_str());
    if is_word && name.chars().all(is_plain) {
        return Ok(());
    }
    Err(Error::new(format!(
        "{what} `{name}`: give it a name of letters, digits, `-`, `_` and `.` that begins with a letter and is no word of YAML"
    )))
}

/// An address that paths follow.
pub(crate) fn without_slash(address: impl Into<String>) -> String {
    address.into().trim_end_matches('/').to_owned()
}

/// That this can be an address in files, and in links.
pub(crate) fn is_address(address: &str) -> Result<(), Error> {
    let is_plain = |c: char| c.is_ascii_graphic() && !"'\"\\{}`()<>".contains(c);
    let scheme = ["https://", "http://"];
    let rest = scheme.iter().find_map(|one| address.strip_prefix(one));
    let authority = rest.and_then(|rest| rest.split(['/', '?', '#']).next());
    if authority.is_some_and(|authority| authority.contains('@')) {
        return Err(Error::new(
            "an address has a user or a password in it, which would stand in files and labels: give it without; a step of a journey can have a token_file",
        ));
    }
    let has_host = authority.is_some_and(|authority| !authority.is_empty());
    if has_host && address.chars().all(is_plain) {
        return Ok(());
    }
    Err(Error::new(format!(
        "address `{address}`: give it as https://…, without quotes, blanks, brackets and braces"
    )))
}

/// That none of these is there twice.
pub(crate) fn is_once<'a>(
    what: &str,
    names: impl IntoIterator<Item = &'a String>,
    advice: &str,
) -> Result<(), Error> {
    let mut known = BTreeSet::new();
    match names.into_iter().find(|name| !known.insert(name.as_str())) {
        None => Ok(()),
        Some(twice) => Err(Error::new(format!(
            "{what} `{twice}` is there twice: {advice}"
        ))),
    }
}

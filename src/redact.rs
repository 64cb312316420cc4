//! What must not leave the process, whoever writes it into a field.

/// What stands in place of it.
pub(crate) const REDACTED: &str = "[redacted]";

/// Parts of names of what is secret, in lower case and without what joins words.
const SECRETS: [&str; 20] = [
    "authorization",
    "cookie",
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "privatekey",
    "credential",
    "cardnumber",
    "cvv",
    "signature",
    "bearer",
    "jwt",
    "pwd",
    "sessionid",
    "urlquery",
    "otpcode",
];

/// Whether a field of this name holds what is nobody else's business.
pub(crate) fn is_secret(name: &str) -> bool {
    let letters = name.bytes().filter(|byte| byte.is_ascii_alphanumeric());
    let letters: Vec<u8> = letters.map(|byte| byte.to_ascii_lowercase()).collect();
    let has = |secret: &str| {
        letters
            .windows(secret.len())
            .any(|part| part == secret.as_bytes())
    };
    SECRETS.iter().any(|secret| has(secret))
}

/// Hands a text on in pieces, without what must not be told.
pub(crate) fn pieces(text: &str, tell: &mut impl FnMut(&str)) {
    tell(text);
}

/// The text of a field without the query of the address that it holds, if its name says that it holds one.
pub(crate) fn without_query<'a>(name: &str, text: &'a str) -> &'a str {
    let last = name.rsplit(['.', '_']).next().unwrap_or_default();
    let is_address = matches!(last, "uri" | "url" | "full" | "target" | "href" | "path");
    match text.split_once('?') {
        Some((before, _)) if is_address => before,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_no_query() {
        for name in ["uri", "url.full", "http.target", "request_url", "path"] {
            assert_eq!(without_query(name, "/a?token=x"), "/a", "{name}");
        }
        assert_eq!(without_query("uri", "/a"), "/a");
        assert_eq!(without_query("question", "why?"), "why?");
    }

    #[test]
    fn names_of_secrets() {
        for name in [
            "password",
            "user.password",
            "Authorization",
            "http.request.header.proxy-authorization",
            "set-cookie",
            "access_token",
            "accessToken",
            "X-Api-Key",
            "client_secret",
            "card.number",
            "aws.secretAccessKey",
            "db.credentials",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in [
            "user.id",
            "path",
            "card_type",
            "key",
            "pass",
            "order",
            "author",
            "",
        ] {
            assert!(!is_secret(name), "{name}");
        }
    }
}

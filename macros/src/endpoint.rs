//! Check: is this text a route as the router has it, or the name of a function? Pure: text in, verdict out.

/// The longest text that names a function or a route; each is kept once for every series.
const LONGEST: usize = 256;

/// # Errors
///
/// What is wrong with the text, and what to write instead.
pub(crate) fn check(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("the text is empty: write the route, such as `/api/v1/products`".into());
    }
    if text.len() > LONGEST {
        return Err(format!(
            "this has more than {LONGEST} bytes: write the route, such as `/api/v1/products`"
        ));
    }
    if let Some(c) = text.chars().find(|c| c.is_whitespace() || c.is_control()) {
        return Err(format!(
            "take {c:?} out: a route has no white space and no control characters"
        ));
    }
    if let Some(path) = path_of_url(text) {
        return Err(format!("leave scheme and host out: write `{path}`"));
    }
    if text.starts_with('/') {
        route(text)
    } else {
        name(text)
    }
}

fn path_of_url(text: &str) -> Option<&str> {
    let scheme = text.find("://").map(|at| at + "://".len());
    let after = scheme.or_else(|| text.starts_with("//").then_some("//".len()))?;
    Some(
        text[after..]
            .find('/')
            .map_or("/", |at| &text[after + at..]),
    )
}

fn name(text: &str) -> Result<(), String> {
    if text.contains('/') {
        return Err(format!("a route starts with `/`: write `/{text}`"));
    }
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    let other = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ':');
    if text.starts_with(first) && text.chars().all(other) {
        return Ok(());
    }
    Err("a route starts with `/`; a function's name starts with a letter or `_` and holds only ASCII letters, digits, `_`, `.` and `:`".into())
}

fn route(text: &str) -> Result<(), String> {
    if let Some(at) = text.find('?') {
        return Err(format!(
            "leave the query string out: write `{}`",
            &text[..at]
        ));
    }
    if let Some(at) = text.find('#') {
        return Err(format!("leave the fragment out: write `{}`", &text[..at]));
    }
    text.split('/').try_for_each(segment)
}

fn segment(text: &str) -> Result<(), String> {
    if let Some(name) = text.strip_prefix(':') {
        return Err(format!(
            "write `{{{}}}` instead of `{text}`",
            or(name, "id")
        ));
    }
    if let Some(name) = text.strip_prefix('*') {
        return Err(format!(
            "write `{{*{}}}` instead of `{text}`",
            or(name, "rest")
        ));
    }
    braces(text)
}

fn or<'a>(text: &'a str, default: &'a str) -> &'a str {
    if text.is_empty() { default } else { text }
}

/// A parameter is `{name}` or `{*name}` within one segment; `{{` and `}}` are the characters themselves.
fn braces(segment: &str) -> Result<(), String> {
    let mut rest = segment;
    while let Some(at) = rest.find(['{', '}']) {
        let found = &rest[at..];
        if found.starts_with("{{") || found.starts_with("}}") {
            rest = &found[2..];
            continue;
        }
        let Some((parameter, after)) = found
            .strip_prefix('{')
            .and_then(|inside| inside.split_once('}'))
        else {
            return Err(format!(
                "the braces in `{segment}` do not pair up: a parameter is written `{{id}}`"
            ));
        };
        parameter_name(parameter)?;
        rest = after;
    }
    Ok(())
}

fn parameter_name(parameter: &str) -> Result<(), String> {
    let name = parameter.strip_prefix('*').unwrap_or(parameter);
    if name.is_empty() {
        return Err(format!(
            "name the parameter `{{{parameter}}}`: `{{id}}` or `{{*rest}}`"
        ));
    }
    if name.contains(['{', '*', ':']) {
        return Err(format!(
            "`{{{parameter}}}` is no parameter: write `{{id}}` or `{{*rest}}`"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn routes_and_names_are_accepted() {
        let accepted = [
            "/",
            "/api/v1/products",
            "/boxes/{id}",
            "/boxes/{id}/items/{item}",
            "/files/{*rest}",
            "/a/",
            "/a{{b}}c",
            "/v1.2/~x/a-b_c",
            "/a:b",
            "/a*b",
            "/größe",
            "/%20",
            "pack_box",
            "_private",
            "shop::orders",
            "checkout.total",
            "x",
        ];
        for text in accepted {
            assert_eq!(check(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn a_refused_text_says_what_to_write() {
        let refused = [
            ("", "write the route"),
            ("/a b", "take ' ' out"),
            ("/a\nb", r"take '\n' out"),
            ("/a\u{7}", "no control characters"),
            ("/a?b=c", "write `/a`"),
            ("/a#top", "write `/a`"),
            ("https://shop.test/api/v1", "write `/api/v1`"),
            ("http://shop.test", "write `/`"),
            ("//shop.test/api", "write `/api`"),
            ("/boxes/:id", "write `{id}` instead of `:id`"),
            ("/files/*rest", "write `{*rest}` instead of `*rest`"),
            ("/files/*", "write `{*rest}` instead of `*`"),
            ("/boxes/{id", "do not pair up"),
            ("/boxes/id}", "do not pair up"),
            ("/boxes/{a/b}", "do not pair up"),
            ("/boxes/{}", "name the parameter"),
            ("/boxes/{*}", "name the parameter"),
            ("/boxes/{a{b}", "is no parameter"),
            ("/boxes/{:id}", "is no parameter"),
            ("api/v1/products", "write `/api/v1/products`"),
            ("pack-box", "starts with a letter"),
            ("9lives", "starts with a letter"),
        ];
        for (text, expected) in refused {
            let message = check(text).expect_err(text);
            assert!(message.contains(expected), "{text:?}: {message}");
        }
    }

    #[test]
    fn a_text_without_end_is_refused() {
        assert_eq!(check(&format!("/{}", "a".repeat(255))), Ok(()));
        assert!(check(&format!("/{}", "a".repeat(256))).is_err());
    }
}

//! The request method as one of ten values.

/// One of the nine standard methods, or any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Delete,
    Connect,
    Options,
    Trace,
    Patch,
    Other,
}

impl Method {
    /// The number of values.
    pub(crate) const COUNT: usize = 10;

    /// The label value: the method, or `_OTHER`.
    ///
    /// Source: OpenTelemetry's `http.request.method`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Delete => "DELETE",
            Method::Connect => "CONNECT",
            Method::Options => "OPTIONS",
            Method::Trace => "TRACE",
            Method::Patch => "PATCH",
            Method::Other => "_OTHER",
        }
    }

    /// What a client called a method that is `_OTHER` here: as it is written, but no more of it than this.
    ///
    /// Source: OpenTelemetry's `http.request.method_original`.
    #[inline]
    pub(crate) fn original(method: &http::Method) -> Option<&str> {
        const LONGEST: usize = 32;
        let name = method.as_str();
        // Any byte of it is a letter, or a sign that takes one byte.
        (Method::from(method) == Method::Other).then(|| name.get(..LONGEST).unwrap_or(name))
    }
}

impl From<&http::Method> for Method {
    #[inline]
    fn from(method: &http::Method) -> Self {
        match *method {
            http::Method::GET => Method::Get,
            http::Method::HEAD => Method::Head,
            http::Method::POST => Method::Post,
            http::Method::PUT => Method::Put,
            http::Method::DELETE => Method::Delete,
            http::Method::CONNECT => Method::Connect,
            http::Method::OPTIONS => Method::Options,
            http::Method::TRACE => Method::Trace,
            http::Method::PATCH => Method::Patch,
            _ => Method::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_methods_and_the_rest() {
        let of = |name: &str| Method::from(&http::Method::from_bytes(name.as_bytes()).unwrap());
        for name in [
            "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
        ] {
            assert_eq!(of(name).as_str(), name);
        }
        for name in ["get", "QUERY", "PROPFIND", "X"] {
            assert_eq!(of(name).as_str(), "_OTHER");
        }
        let original = |name: &str| {
            let method = http::Method::from_bytes(name.as_bytes()).unwrap();
            Method::original(&method).map(str::to_owned)
        };
        assert_eq!(original("GET"), None);
        assert_eq!(original("get").as_deref(), Some("get"));
        assert_eq!(original(&"X".repeat(1000)), Some("X".repeat(32)));
    }
}

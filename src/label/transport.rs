//! How a request came: scheme and version of HTTP, as one of a few values.

use http::{Request, Version};

/// Scheme and version of a request. The default stands for all, where names do not tell them apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Transport {
    is_https: bool,
    version: HttpVersion,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum HttpVersion {
    #[default]
    Http11,
    Http10,
    Http2,
    Http3,
}

impl Transport {
    /// The number of values.
    pub(crate) const COUNT: usize = 8;

    /// The scheme is that of the request's target; a target without one, as HTTP/1.1 has it, counts as `http`.
    #[inline(never)]
    pub(crate) fn of<B>(request: &Request<B>) -> Self {
        Self {
            is_https: request.uri().scheme() == Some(&http::uri::Scheme::HTTPS),
            version: match request.version() {
                Version::HTTP_09 | Version::HTTP_10 => HttpVersion::Http10,
                Version::HTTP_2 => HttpVersion::Http2,
                Version::HTTP_3 => HttpVersion::Http3,
                _ => HttpVersion::Http11,
            },
        }
    }

    /// A number below [`COUNT`](Self::COUNT); 0 is the default.
    pub(crate) const fn index(self) -> usize {
        self.version as usize * 2 + self.is_https as usize
    }

    /// OpenTelemetry's `url.scheme`.
    pub(crate) const fn scheme(self) -> &'static str {
        if self.is_https { "https" } else { "http" }
    }

    /// OpenTelemetry's `network.protocol.version`.
    pub(crate) const fn version(self) -> &'static str {
        match self.version {
            HttpVersion::Http10 => "1.0",
            HttpVersion::Http11 => "1.1",
            HttpVersion::Http2 => "2",
            HttpVersion::Http3 => "3",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_and_versions() {
        let mut seen = Vec::new();
        for (target, scheme) in [
            ("/boxes", "http"),
            ("http://host/boxes", "http"),
            ("https://host/boxes", "https"),
            ("gopher://host/boxes", "http"),
        ] {
            for (version, text) in [
                (Version::HTTP_11, "1.1"),
                (Version::HTTP_10, "1.0"),
                (Version::HTTP_2, "2"),
                (Version::HTTP_3, "3"),
            ] {
                let request = Request::builder().uri(target).version(version);
                let transport = Transport::of(&request.body(()).unwrap());
                assert_eq!((transport.scheme(), transport.version()), (scheme, text));
                assert!(transport.index() < Transport::COUNT);
                seen.push(transport.index());
            }
        }
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), Transport::COUNT);
        assert_eq!(Transport::default().index(), 0);
    }
}

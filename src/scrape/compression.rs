//! The `Accept-Encoding` header of a scrape: whether to compress the answer, and how.
//!
//! The one of the highest weight is taken; at equal weights compression before none. A coding that is listed twice has the higher
//! of its weights, and `*` stands for those that are not listed. `x-gzip` is not answered: a scraper looks for exactly `gzip`.
//!
//! What cannot be satisfied is answered uncompressed: whoever can read nothing else at least sees why.

use crate::metrics::{Weight, clauses};

/// How the body of an answer is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    Identity,
    Gzip,
    #[cfg(feature = "zstd")]
    Zstd,
}

impl Compression {
    /// Chooses by all lines of the header, in one pass.
    pub(crate) fn choose<'a>(accept_encoding: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut listed = Listed::default();
        for clause in clauses(accept_encoding) {
            let weight = if clause.is("gzip") {
                &mut listed.gzip
            } else if clause.is("identity") {
                &mut listed.identity
            } else if clause.is("*") {
                &mut listed.others
            } else if clause.is("zstd") {
                &mut listed.zstd
            } else {
                continue;
            };
            *weight = (*weight).max(Some(clause.weight()));
        }
        listed.best()
    }

    /// The value of the `Content-Encoding` header, if it is sent.
    pub(crate) fn content_encoding(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            #[cfg(feature = "zstd")]
            Self::Zstd => Some("zstd"),
        }
    }
}

/// The weight of each coding that the header names.
#[derive(Default)]
struct Listed {
    gzip: Option<Weight>,
    zstd: Option<Weight>,
    identity: Option<Weight>,
    others: Option<Weight>,
}

impl Listed {
    fn best(&self) -> Compression {
        let gzip = self.gzip.or(self.others).unwrap_or(Weight::NONE);
        // Allowed also where it is not listed, but then not wanted: any coding that is listed comes first.
        let identity = self.identity.or(self.others).unwrap_or(Weight::NONE);
        // Not by `*`: fewer readers know it than say so.
        #[cfg(feature = "zstd")]
        if self
            .zstd
            .is_some_and(|zstd| zstd > Weight::NONE && zstd >= gzip.max(identity))
        {
            return Compression::Zstd;
        }
        match gzip > Weight::NONE && gzip >= identity {
            true => Compression::Gzip,
            false => Compression::Identity,
        }
    }
}

#[cfg(test)]
mod tests;

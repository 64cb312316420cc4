//! What a scrape's query asks for.

/// Families that a scrape may name.
const MAX_NAMES: usize = 100;

/// A scrape's query.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Query {
    /// `name[]`: these families only; all when there are none.
    pub(crate) names: Vec<String>,
    /// `native`: whether histograms have their native side.
    pub(crate) native: Option<bool>,
}

impl Query {
    /// Reads a query. What it does not know it leaves to others.
    pub(crate) fn read(query: &str) -> Result<Self, &'static str> {
        let mut read = Self::default();
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*key {
                "name[]" if read.names.len() == MAX_NAMES => {
                    return Err("ask for 100 families at most, or for all of them\n");
                }
                "name[]" => read.names.push(value.into_owned()),
                "native" => {
                    read.native = match &*value {
                        "0" | "false" => Some(false),
                        "1" | "true" => Some(true),
                        _ => return Err("`native` is 0 or 1\n"),
                    }
                }
                _ => {}
            }
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<(Vec<String>, Option<bool>), &'static str> {
        Query::read(query).map(|query| (query.names, query.native))
    }

    #[test]
    fn names_and_native() {
        for (query, names, native) in [
            ("", &[][..], None),
            ("name[]=up", &["up"], None),
            (
                "name%5B%5D=a_b&x=y&name[]=c%2Bd+e&native=0",
                &["a_b", "c+d e"],
                Some(false),
            ),
            ("native=1&native=false", &[], Some(false)),
            ("name=up&&=&name[]", &[""], None),
            ("name[]=%ff%fe", &["\u{fffd}\u{fffd}"], None),
        ] {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(read(query), Ok((names, native)), "{query}");
        }
    }

    #[test]
    fn too_many_names_and_no_number() {
        let many = |n: usize| vec!["name[]=x"; n].join("&");
        assert!(read(&many(100)).is_ok());
        assert!(read(&many(101)).is_err());
        assert!(read("native=").is_err());
        assert!(read("native=maybe").is_err());
    }
}

//! Names and values that travel with a request through all the services that work on it.
//!
//! Source: W3C Baggage.

mod member;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::trace::baggage::member::{Member, encoded, is_token, join};
use crate::trace::current;

/// Made once: a name given as text is parsed for each request.
pub(crate) static BAGGAGE: HeaderName = HeaderName::from_static("baggage");

/// Names and values that travel with a request through all the services that work on it, such as for which customer it is.
///
/// They come in the header `baggage` and go on with requests that the [client layer](crate::Monitoring::client_layer) sees, unless
/// `OTEL_PROPAGATORS` leaves `baggage` out. By themselves they are never part of a label, a span or a log line: whoever wants to see one asks
/// for it. Any client can send them: trust no value, and tell other companies' services no secret.
///
/// ```
/// use ecolaura_monitoring::{Baggage, WithBaggage as _};
///
/// # async fn charge() {}
/// async fn order() {
///     let baggage = Baggage::current().with("plan", "forest");
///     charge().with_baggage(baggage).await; // requests that it sends have the entry
/// }
/// ```
///
/// A list has at most 64 entries and 8,192 bytes; what finds no room is left out. Of two entries with one name the later one counts. Two lists
/// are equal when their entries are, in the same order and written in the same way.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Baggage {
    /// Members that are well-formed, no two of them with one name, and no more than there is room for.
    list: Option<Arc<HeaderValue>>,
}

impl Baggage {
    /// That of what this thread works on: of the request, or what [`with_baggage`](crate::WithBaggage::with_baggage) has put in its
    /// place. Empty outside of both.
    pub fn current() -> Self {
        current::along().baggage().cloned().unwrap_or_default()
    }

    /// Reads a `baggage` header. Entries that are malformed are left out.
    ///
    /// ```
    /// # use ecolaura_monitoring::Baggage;
    /// let baggage = Baggage::from_header("plan=forest, name=J%C3%BCrgen;from=crm, nonsense");
    /// assert_eq!(baggage.get("name").as_deref(), Some("Jürgen"));
    /// assert_eq!(baggage.len(), 2);
    /// ```
    pub fn from_header(header: impl AsRef<[u8]>) -> Self {
        Self::of(join([header.as_ref()].into_iter()))
    }

    /// Reads it from all of its lines.
    #[cold]
    pub(crate) fn read(headers: &HeaderMap) -> Self {
        let lines = || headers.get_all(&BAGGAGE).iter();
        let joined = join(lines().map(HeaderValue::as_bytes));
        match lines().next() {
            // One line of which nothing was left out need not be copied.
            Some(line) if !joined.is_empty() && line.as_bytes() == joined.as_bytes() => Self {
                list: Some(Arc::new(line.clone())),
            },
            _ => Self::of(joined),
        }
    }

    /// Of a list that is as it has to be.
    fn of(list: String) -> Self {
        let list = Some(list).filter(|list| !list.is_empty());
        let list = list.and_then(|list| HeaderValue::try_from(list).ok());
        Self {
            list: list.map(Arc::new),
        }
    }

    /// The value of this name.
    ///
    /// What is not UTF-8 in it is replaced by `U+FFFD`.
    pub fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        let member = self.members().find(|member| member.name == name)?;
        Some(member.decoded())
    }

    /// All names and their values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
        self.members().map(|member| (member.name, member.decoded()))
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.members().count()
    }

    /// Whether there is none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.list.is_none()
    }

    /// The same with one entry more, or with another value where there is one of this name.
    ///
    /// A name is letters, digits and ``!#$%&'*+-.^_`|~``; an entry with another one is left out, as is one for which there is no room; a
    /// value that it had before is gone then, since it is no longer true. A value is any text.
    pub fn with(self, name: &str, value: &str) -> Self {
        if !is_token(name.as_bytes()) {
            return self;
        }
        let entry = format!("{name}={}", encoded(value));
        let others = self.members().filter(|member| member.name != name);
        let others: Vec<&str> = others.map(|member| member.text).collect();
        let list = [&others[..], &[&entry]].concat().join(",");
        match others.len() < member::MOST && list.len() <= member::LONGEST {
            true => Self::of(list),
            false => self.without(name),
        }
    }

    /// The same without this entry.
    pub fn without(self, name: &str) -> Self {
        let others = self.members().filter(|member| member.name != name);
        let others: Vec<&str> = others.map(|member| member.text).collect();
        Self::of(others.join(","))
    }

    /// The `baggage` header with which it goes on elsewhere, for clients that the client layer does not see; empty when there is nothing.
    pub fn header(&self) -> &str {
        let list = self.list();
        list.and_then(|list| list.to_str().ok()).unwrap_or_default()
    }

    /// Does something with this as what is [`current`](Self::current). For futures there is
    /// [`with_baggage`](crate::WithBaggage::with_baggage).
    ///
    /// ```
    /// # use ecolaura_monitoring::Baggage;
    /// let plan = Baggage::default().with("plan", "forest");
    /// let seen = plan.in_scope(|| Baggage::current().get("plan").map(String::from));
    /// assert_eq!(seen.as_deref(), Some("forest"));
    /// ```
    pub fn in_scope<T>(&self, work: impl FnOnce() -> T) -> T {
        let _entered = current::Carrying::begin(self.clone());
        work()
    }

    pub(crate) fn list(&self) -> Option<&HeaderValue> {
        self.list.as_deref()
    }

    fn members(&self) -> impl Iterator<Item = Member<'_>> {
        let members = self.header().split(',');
        members.filter_map(|member| Member::read(member.as_bytes()))
    }
}

impl fmt::Debug for Baggage {
    // How many, not which: this may end up in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Baggage")
            .field("entries", &self.len())
            .finish()
    }
}

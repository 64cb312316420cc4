//! Directives of a log filter: which lines are written, by target, level, and the spans that they are in.
//!
//! They are read and mean what `EnvFilter` of tracing-subscriber makes of them; a test compares both. Where that does not take white space
//! after a comma, or more than one field of a span, this does. Lines are judged by the spans that they belong to, also where another one is
//! entered on the thread.

use std::collections::HashSet;

use regex_lite::Regex;
use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata};

use crate::fields::{self, Fields};
use crate::text::cut;

/// How much of a value is compared with a pattern.
const LONGEST_VALUE: usize = 4096;

/// All directives of a filter.
#[derive(Default)]
pub(crate) struct Directives {
    /// By target and fields, the most specific first.
    of_targets: Vec<Directive>,
    of_spans: Vec<Directive>,
}

/// One directive: `target[span{field=value}]=level`, with all parts but one left out.
#[derive(Clone, Debug)]
pub(crate) struct Directive {
    target: Option<String>,
    span: Option<String>,
    fields: Vec<FieldMatch>,
    level: LevelFilter,
    /// Whether there is nothing but a name, which may be a level with a typing error as well as a target.
    is_bare: bool,
}

#[derive(Clone, Debug)]
struct FieldMatch {
    name: String,
    value: Option<Value>,
}

#[derive(Clone, Debug)]
enum Value {
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Pattern(Regex),
}

impl Directive {
    /// Whether it is one word that no level has: who writes it in the code or at `/control` may mean a level.
    pub(crate) fn is_bare(&self) -> bool {
        self.is_bare
    }

    /// All lines of a target from a level on.
    pub(crate) fn of_target(target: &str, level: LevelFilter) -> Self {
        Self {
            target: Some(target.to_owned()),
            span: None,
            fields: Vec::new(),
            level,
            is_bare: false,
        }
    }

    /// Reads one, if it is one.
    fn parse(text: &str) -> Option<Self> {
        let first = text.chars().next()?;
        if !(first.is_alphanumeric() || "[-:_".contains(first)) {
            return None;
        }
        let mut directive = Self {
            target: None,
            span: None,
            fields: Vec::new(),
            level: LevelFilter::TRACE,
            is_bare: false,
        };
        let Some(end) = text.find(['=', '[']) else {
            match text.parse() {
                Ok(level) => directive.level = level,
                Err(_) => {
                    directive.target = Some(text.to_owned());
                    directive.is_bare = true;
                }
            }
            return Some(directive);
        };
        let (target, mut rest) = text.split_at(end);
        directive.target = Some(target.trim_end().to_owned()).filter(|target| !target.is_empty());
        if let Some(span) = rest.strip_prefix('[') {
            rest = directive.parse_span(span)?;
        }
        if rest.is_empty() {
            return Some(directive);
        }
        match rest.strip_prefix('=')?.trim() {
            "" => {}
            level => directive.level = level.parse().ok()?,
        }
        Some(directive)
    }

    /// Reads `span{field=value}]`, and gives back what comes after it.
    fn parse_span<'a>(&mut self, text: &'a str) -> Option<&'a str> {
        let end = text.find([']', '{'])?;
        let (name, rest) = text.split_at(end);
        if let Some(rest) = rest.strip_prefix(']') {
            self.span = Some(name.to_owned());
            return Some(rest);
        }
        self.span = Some(name.to_owned()).filter(|name| !name.is_empty());
        let (fields, rest) = rest.strip_prefix('{')?.split_once('}')?;
        for field in fields.split(',') {
            self.fields.push(FieldMatch::parse(field.trim())?);
        }
        rest.strip_prefix(']')
    }

    fn tells_of_spans(&self) -> bool {
        self.span.is_some() || !self.fields.is_empty()
    }

    /// Whether it judges events by itself: by their target, and by the names of their fields.
    fn tells_of_events(&self) -> bool {
        self.span.is_none() && self.fields.iter().all(|field| field.value.is_none())
    }

    fn is_of_target(&self, target: &str) -> bool {
        let known = self.target.as_deref();
        known.is_none_or(|known| target.starts_with(known))
    }

    fn has_fields_of(&self, metadata: &Metadata<'_>) -> bool {
        let fields = metadata.fields();
        self.fields
            .iter()
            .all(|known| fields.field(&*known.name).is_some())
    }

    /// By what the more specific one of two comes first.
    fn specificity(&self) -> (Option<usize>, usize) {
        (self.target.as_ref().map(String::len), self.fields.len())
    }

    /// The target and the fields: of several directives for the same ones the last counts.
    fn subject(&self) -> (Option<String>, Vec<String>) {
        let fields = self.fields.iter().map(|field| field.name.clone());
        (self.target.clone(), fields.collect())
    }
}

impl FieldMatch {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('=');
        let name = parts.next().filter(|name| !name.is_empty())?;
        let value = match parts.next() {
            Some(value) => Some(Value::parse(value)?),
            None => None,
        };
        Some(Self {
            name: name.to_owned(),
            value,
        })
    }
}

impl Value {
    fn parse(text: &str) -> Option<Self> {
        None.or_else(|| text.parse().ok().map(Self::Bool))
            .or_else(|| text.parse().ok().map(Self::Unsigned))
            .or_else(|| text.parse().ok().map(Self::Signed))
            .or_else(|| text.parse().ok().map(Self::Float))
            .or_else(|| Regex::new(text).ok().map(Self::Pattern))
    }
}

impl Directives {
    /// Reads a list; the directives that are none as they are written.
    pub(crate) fn parse(list: &str) -> (Vec<(&str, Directive)>, Vec<&str>) {
        let (mut known, mut wrong) = (Vec::new(), Vec::new());
        for text in split(list) {
            match Directive::parse(text) {
                Some(directive) => known.push((text, directive)),
                None => wrong.push(text),
            }
        }
        (known, wrong)
    }

    pub(crate) fn new(all: impl IntoIterator<Item = Directive>) -> Self {
        let all: Vec<_> = all.into_iter().collect();
        let mut directives = Self::default();
        let mut subjects = HashSet::new();
        for directive in all.iter().rev() {
            if directive.tells_of_events() && subjects.insert(directive.subject()) {
                directives.of_targets.push(directive.clone());
            }
        }
        directives.of_targets.reverse();
        directives.of_spans = all;
        directives.of_spans.retain(Directive::tells_of_spans);
        let specificity = |directive: &Directive| std::cmp::Reverse(directive.specificity());
        directives.of_targets.sort_by_key(specificity);
        directives
    }

    /// Whether it sets the default level.
    pub(crate) fn has_default(&self) -> bool {
        let is_default = |known: &Directive| known.target.is_none() && known.fields.is_empty();
        self.of_targets.iter().any(is_default)
    }

    /// Whether it names a target, and just this.
    pub(crate) fn names(&self, target: &str) -> bool {
        let mut targets = self.of_targets.iter().map(|known| known.target.as_deref());
        targets.any(|known| known == Some(target))
    }

    /// Whether a line is written wherever it is. Without metadata it has no fields.
    pub(crate) fn admits(
        &self,
        target: &str,
        level: &Level,
        metadata: Option<&Metadata<'_>>,
    ) -> bool {
        let mut of_it = self.of_targets.iter().filter(|known| {
            known.is_of_target(target)
                && match metadata {
                    Some(metadata) => metadata.is_span() || known.has_fields_of(metadata),
                    None => known.fields.is_empty(),
                }
        });
        of_it.next().is_some_and(|known| *level <= known.level)
    }

    /// The most detailed level of lines that are written wherever they are, or in some span.
    pub(crate) fn most_detailed(&self) -> LevelFilter {
        let all = self.of_targets.iter().chain(&self.of_spans);
        all.map(|known| known.level)
            .max()
            .unwrap_or(LevelFilter::OFF)
    }

    /// The most detailed level of lines that are written in some span.
    pub(crate) fn most_detailed_in_spans(&self) -> LevelFilter {
        let all = self.of_spans.iter().map(|known| known.level);
        all.max().unwrap_or(LevelFilter::OFF)
    }

    /// Whether spans of a place count for what is written in them.
    pub(crate) fn asks_for(&self, span: &Metadata<'_>) -> bool {
        span.is_span() && self.for_span(span).next().is_some()
    }

    /// Those for spans of a place.
    fn for_span<'a>(
        &'a self,
        span: &'a Metadata<'a>,
    ) -> impl Iterator<Item = (usize, &'a Directive)> {
        self.of_spans.iter().enumerate().filter(move |(_, known)| {
            known.is_of_target(span.target())
                && known.span.as_deref().is_none_or(|name| name == span.name())
                && known.has_fields_of(span)
        })
    }

    /// Whether the values of fields count.
    pub(crate) fn asks_for_values(&self) -> bool {
        let mut fields = self.of_spans.iter().flat_map(|known| &known.fields);
        fields.any(|field| field.value.is_some())
    }

    /// What is written in a span with these values, if it counts at all.
    pub(crate) fn within(&self, span: &Metadata<'_>, values: &Fields) -> Option<Within> {
        let mut within = Within {
            level: LevelFilter::OFF,
            open: Vec::new(),
        };
        let mut is_any = false;
        for (place, directive) in self.for_span(span) {
            is_any = true;
            let has_values = directive.fields.iter().any(|field| field.value.is_some());
            match has_values {
                true => within.open.push((place, 0)),
                false => within.level = within.level.max(directive.level),
            }
        }
        let matched = self.matched(&within.open, values);
        self.add(&mut within, &matched);
        is_any.then_some(within)
    }

    /// Which fields of these directives have the values that they want.
    pub(crate) fn matched(&self, open: &[(usize, u64)], values: &Fields) -> Vec<(usize, u64)> {
        let mut matched = open.to_vec();
        for (place, found) in &mut matched {
            let directive = self.of_spans.get(*place);
            for (at, wanted) in directive.iter().flat_map(|known| &known.fields).enumerate() {
                let is = |(name, value): (fields::Name<'_>, fields::Value<'_>)| {
                    let expected = wanted.value.as_ref();
                    wanted.name == name.as_str()
                        && expected.is_some_and(|expected| expected.is(value))
                };
                if values.iter().any(is) {
                    *found |= bit(at);
                }
            }
        }
        matched
    }

    /// Takes in what was found of a span.
    pub(crate) fn add(&self, within: &mut Within, matched: &[(usize, u64)]) {
        for (place, fields) in matched {
            let open = within.open.iter_mut().find(|(known, _)| known == place);
            let (Some((_, known)), Some(directive)) = (open, self.of_spans.get(*place)) else {
                continue;
            };
            *known |= fields;
            let wanted = directive.fields.iter().enumerate();
            let wanted = wanted.filter(|(_, field)| field.value.is_some());
            if wanted.into_iter().all(|(at, _)| *known & bit(at) != 0) {
                within.level = within.level.max(directive.level);
            }
        }
    }
}

/// What is written in a span besides what is written everywhere.
#[derive(Debug)]
pub(crate) struct Within {
    pub(crate) level: LevelFilter,
    /// Directives that want values, and which of their fields had them.
    pub(crate) open: Vec<(usize, u64)>,
}

/// A field of a directive among its first 64: those beyond are never found.
fn bit(at: usize) -> u64 {
    u32::try_from(at)
        .ok()
        .and_then(|at| 1u64.checked_shl(at))
        .unwrap_or_default()
}

impl Value {
    /// Whether a field has this value.
    fn is(&self, value: fields::Value<'_>) -> bool {
        use fields::Value as Given;
        match (self, value) {
            // As in `EnvFilter`: the first match has to be the end of the text.
            (Self::Pattern(pattern), Given::Text(text)) => {
                let text = cut(text.as_str(), LONGEST_VALUE);
                pattern
                    .find(text)
                    .is_some_and(|found| found.end() == text.len())
            }
            (Self::Bool(wanted), Given::Bool(value)) => *wanted == value,
            (Self::Unsigned(wanted), Given::Unsigned(value)) => *wanted == value,
            (Self::Unsigned(wanted), Given::Int(value)) => u64::try_from(value) == Ok(*wanted),
            (Self::Signed(wanted), Given::Int(value)) => *wanted == value,
            (Self::Float(wanted), Given::Float(value)) if wanted.is_nan() => value.is_nan(),
            (Self::Float(wanted), Given::Float(value)) => (value - wanted).abs() < f64::EPSILON,
            _ => false,
        }
    }
}

/// The directives of a list: what is between commas that stand in no brackets.
fn split(list: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0usize;
    let parts = list.split(move |c: char| {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    });
    parts.map(str::trim).filter(|part| !part.is_empty())
}

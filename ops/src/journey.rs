//! What a customer does, step by step, as it is tried from outside.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::error::Error;
use crate::expression;
use crate::names::{has_escapes, is_address, is_name, is_once, is_secret};

/// What a customer does with the service, in steps that a Blackbox Exporter tries from outside, each by itself.
///
/// Every request carries `baggage: synthetic=true`, by which the service can tell it from those of customers.
///
/// ```
/// use ecolaura_monitoring_ops::{Journey, Kit, Step};
///
/// let journey = Journey::new("subscription", "https://shop.example")
///     .step(Step::get("browse", "/api/v1/products").expect(r#""id":\d+"#))
///     .step(Step::post("order", "/api/v1/orders", r#"{"items":[{"product_id":1,"quantity":1}]}"#).status(201));
/// let kit = Kit::new("ecolaura-api").journey(journey);
/// # kit.files()?;
/// # Ok::<(), ecolaura_monitoring_ops::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journey {
    pub(crate) name: String,
    pub(crate) address: String,
    pub(crate) steps: Vec<Step>,
}

/// Where the exporter finds tokens.
pub(crate) const TOKENS: &str = "/run/secrets/blackbox/";

/// A request of a [`Journey`], and the answer that it must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub(crate) name: String,
    pub(crate) path: String,
    /// What is sent: a POST of JSON. `None` is a GET.
    pub(crate) json: Option<String>,
    pub(crate) status: u16,
    pub(crate) expect: Option<String>,
    pub(crate) token_file: Option<String>,
}

impl Journey {
    /// A journey of this name, without steps, through the service at this address, without a slash at the end.
    pub fn new(name: impl Into<String>, address: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            address: address.into(),
            steps: Vec::new(),
        }
    }

    /// With one more step.
    pub fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// A journey as a file of JSON has it.
    ///
    /// ```
    /// let journey = ecolaura_monitoring_ops::Journey::from_json(
    ///     r#"{
    ///         "journey": "subscription", "address": "https://shop.example", "steps": [
    ///             { "step": "browse", "path": "/api/v1/products", "expect": "\"id\":\\d+" },
    ///             { "step": "sign_up", "path": "/api/v1/subscriptions", "json": { "plan": "forest" }, "status": 201 }
    ///         ]
    ///     }"#,
    /// )?;
    /// # Ok::<(), ecolaura_monitoring_ops::Error>(())
    /// ```
    ///
    /// A step with `json` is a POST of it, one without a GET. `status` is 200 unless it is told, `expect` a regular expression (RE2) that is to be
    /// found in the answer, `token_file` where the exporter reads a bearer token from.
    ///
    /// # Errors
    ///
    /// When the text is no JSON, or has fields that are missing or not known: the text says which, and where.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        let written: Written = serde_json::from_str(text.trim_start_matches('\u{feff}'))
            .map_err(|error| Error::new(error.to_string()))?;
        let steps = written.steps.into_iter().map(|step| Step {
            name: step.step,
            path: step.path,
            json: step.json.map(|json| json.get().to_owned()),
            status: step.status,
            expect: step.expect,
            token_file: step.token_file,
        });
        Ok(Self {
            name: written.journey,
            address: written.address,
            steps: steps.collect(),
        })
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        let name = &self.name;
        is_name("journey", name)?;
        is_address(&self.address)?;
        if self.address.contains(['?', '#']) || self.address.ends_with('/') {
            return Err(Error::new(format!(
                "address `{}` of journey `{name}`: the paths of its steps follow it, so give it without `/`, `?` and `#` at its end",
                self.address
            )));
        }
        if self.steps.is_empty() {
            return Err(Error::new(format!(
                "journey `{name}` has no steps: give it one"
            )));
        }
        self.steps.iter().try_for_each(Step::check)?;
        let names = self.steps.iter().map(|step| &step.name);
        is_once(
            &format!("journey `{name}`: step"),
            names,
            "give one of them another name",
        )
    }
}

impl Step {
    /// A GET of this path, which is to be answered with 200.
    pub fn get(name: impl Into<String>, path: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            path: path.into(),
            json: None,
            status: 200,
            expect: None,
            token_file: None,
        }
    }

    /// A POST of this JSON, which is to be answered with 200 unless [`status`](Self::status) says otherwise.
    pub fn post(name: impl Into<String>, path: impl Into<String>, json: impl Into<String>) -> Self {
        Self {
            json: Some(json.into()),
            ..Self::get(name, path)
        }
    }

    /// The status that the answer must have.
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// A regular expression (RE2) that must be found in the body of the answer.
    pub fn expect(mut self, expression: impl Into<String>) -> Self {
        self.expect = Some(expression.into());
        self
    }

    /// The file from which the exporter reads a bearer token for it, in `/run/secrets/blackbox/`.
    pub fn token_file(mut self, file: impl Into<String>) -> Self {
        self.token_file = Some(file.into());
        self
    }

    fn check(&self) -> Result<(), Error> {
        is_name("step", &self.name)?;
        let refuse = |why: String| Err(Error::new(format!("step `{}`: {why}", self.name)));
        let is_plain = |c: char| c.is_ascii_graphic() && !"'\"\\{}`#".contains(c);
        if !self.path.starts_with('/')
            || !self.path.chars().all(is_plain)
            || !has_escapes(&self.path)
        {
            return refuse(format!(
                "path `{}`: give it as /…, without quotes, blanks and braces, and with two digits behind each %",
                self.path
            ));
        }
        if !(200..=599).contains(&self.status) {
            return refuse(format!(
                "{} is no status that an answer of HTTP ends with: give it one from 200 to 599",
                self.status
            ));
        }
        if let Some(expression) = &self.expect {
            if expression.is_empty() {
                return refuse("it expects nothing: leave `expect` out, or say what".to_owned());
            }
            if [204, 205, 304].contains(&self.status) {
                return refuse(format!(
                    "an answer with {} has no body to expect anything in: leave `expect` out",
                    self.status
                ));
            }
            if let Err(why) = expression::check(expression) {
                return refuse(format!("`{expression}` {why}"));
            }
        }
        if let Some(json) = &self.json {
            if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(json) {
                return refuse(format!("what it sends is no JSON: {error}"));
            }
        }
        let Some(file) = &self.token_file else {
            return Ok(());
        };
        is_secret("token", file, TOKENS)
    }
}

/// A journey as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    journey: String,
    address: String,
    steps: Vec<WrittenStep>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenStep {
    step: String,
    path: String,
    /// `null` is what is sent, not nothing.
    #[serde(default, deserialize_with = "sent")]
    json: Option<Box<RawValue>>,
    #[serde(default = "ok")]
    status: u16,
    expect: Option<String>,
    token_file: Option<String>,
}

fn sent<'a, D: Deserializer<'a>>(json: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Deserialize::deserialize(json).map(Some)
}

fn ok() -> u16 {
    200
}

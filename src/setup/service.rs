//! The service that is measured: its name, version and attributes, by the code and the environment.
//!
//! Source: OpenTelemetry's environment variable and resource specifications.

use percent_encoding::percent_decode_str;

use crate::error::Error;
use crate::metrics::Registry;
use crate::setup::variables::Variables;

/// What the code says of the service.
#[derive(Debug, Default)]
pub(crate) struct Identity {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) revision: String,
    pub(crate) rustc: String,
    pub(crate) attributes: Vec<(String, String)>,
}

/// The service.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) name: String,
    #[cfg_attr(not(any(feature = "logs", feature = "traces")), allow(dead_code))]
    version: String,
    /// The code's, then the environment's.
    attributes: Vec<(String, String)>,
    /// Nothing is recorded.
    pub(crate) is_disabled: bool,
}

const DISABLED: &str = "OTEL_SDK_DISABLED";
const SERVICE_NAME: &str = "OTEL_SERVICE_NAME";
const ATTRIBUTES: &str = "OTEL_RESOURCE_ATTRIBUTES";

impl Service {
    pub(crate) fn new(identity: &Identity, variables: &Variables<'_>) -> Result<Self, Error> {
        if identity.name.trim().is_empty() {
            return Err(Error::configuration(
                "the service has no name: give `Monitoring::init` one, such as `ecolaura-api`, or set \
                 OTEL_SERVICE_NAME and use `Monitoring::from_env`",
            ));
        }
        let mut attributes = identity.attributes.clone();
        attributes.extend(self::attributes(variables));
        if attributes.iter().any(|(key, _)| key.trim().is_empty()) {
            let why = "a resource attribute has an empty key";
            return Err(Error::configuration(why));
        }
        Ok(Self {
            name: identity.name.clone(),
            version: identity.version.clone(),
            attributes,
            is_disabled: is_disabled(variables),
        })
    }

    /// Shows it in `target_info` and `build_info`.
    pub(crate) fn show(&self, registry: Registry, identity: &Identity) {
        let labels = self.labels();
        let labels = labels.iter().map(|(name, value)| (&**name, &**value));
        let (names, values): (Vec<_>, Vec<_>) = labels.unzip();
        registry.set_target(&names, &values);
        let build = [&identity.version, &identity.revision, &identity.rustc];
        registry.set_build(build.map(|given| given.trim()));
    }

    /// The labels of `target_info`: the service's name first.
    fn labels(&self) -> Vec<(String, String)> {
        let name = [("service.name".to_owned(), self.name.clone())];
        let mut labels: Vec<(String, String)> = Vec::new();
        for (key, value) in name.iter().chain(&self.attributes) {
            let label = label_name(key);
            if labels.iter().all(|(known, _)| *known != label) {
                labels.push((label, value.clone()));
            }
        }
        labels
    }

    /// The version, or else the attribute that says it.
    #[cfg(feature = "logs")]
    pub(crate) fn version(&self) -> Option<&str> {
        let version = Some(&*self.version).filter(|version| !version.is_empty());
        version.or_else(|| self.attribute(&["service.version"]))
    }

    /// The first attribute with one of these keys.
    #[cfg(feature = "logs")]
    pub(crate) fn attribute(&self, keys: &[&str]) -> Option<&str> {
        let mut attributes = self.attributes.iter();
        let found = attributes.find(|(key, _)| keys.contains(&&**key));
        found.map(|(_, value)| &**value)
    }

    /// The resource of all that is sent by OTLP: the code's attributes win over the environment's.
    #[cfg(feature = "traces")]
    pub(crate) fn resource(&self) -> Vec<(String, String)> {
        let own = [
            ("service.name", self.name.as_str()),
            ("service.version", self.version.as_str()),
            ("telemetry.sdk.name", env!("CARGO_PKG_NAME")),
            ("telemetry.sdk.language", "rust"),
            ("telemetry.sdk.version", env!("CARGO_PKG_VERSION")),
        ];
        let own = own.into_iter().filter(|(_, value)| !value.is_empty());
        let own = own.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let mut resource: Vec<(String, String)> = Vec::new();
        for (key, value) in own.chain(self.attributes.iter().cloned()) {
            if resource.iter().all(|(known, _)| *known != key) {
                resource.push((key, value));
            }
        }
        resource
    }
}

/// The name that the environment gives the service.
pub(crate) fn name_of_environment(variables: &Variables<'_>) -> Option<String> {
    let attribute = |(key, value): (String, String)| (key == "service.name").then_some(value);
    let attributes = || attributes(variables).into_iter().rev();
    variables
        .text(SERVICE_NAME)
        .or_else(|| attributes().find_map(attribute))
}

/// Only `true` is true, by the specification.
fn is_disabled(variables: &Variables<'_>) -> bool {
    let words = [("false", false), ("true", true)];
    variables.choice(&[DISABLED], &words).unwrap_or_default()
}

fn attributes(variables: &Variables<'_>) -> Vec<(String, String)> {
    let Some(list) = variables.text(ATTRIBUTES) else {
        return Vec::new();
    };
    let accepted = "`key=value,key=value`, with `,`, `=` and `%` in values percent-encoded";
    match pairs(&list) {
        Ok(pairs) => {
            let is_bare = |pair: &str| {
                pair.split_once('=')
                    .is_some_and(|(_, value)| value.contains('='))
            };
            // No value: an attribute may be what only the service's own people know.
            let keys = list.split(',').filter(|pair| is_bare(pair));
            let keys = keys
                .filter_map(|pair| pair.split_once('='))
                .map(|(key, _)| key.trim());
            for key in keys {
                variables.add(format!(
                    "{ATTRIBUTES}: the value of `{key}` has a `=` in it: using all after the first one. Accepted: {accepted}"
                ));
            }
            pairs
        }
        // All of it, as the specification wants it.
        Err(at) => {
            variables.add(format!(
                "{ATTRIBUTES}: entry {at} is malformed: using none of them. Accepted: {accepted}"
            ));
            Vec::new()
        }
    }
}

/// `key=value,key=value`, values percent-encoded. `Err` with the number of the entry that is malformed.
pub(crate) fn pairs(list: &str) -> Result<Vec<(String, String)>, usize> {
    let pairs = list.split(',').map(str::trim).enumerate();
    pairs
        .filter(|(_, pair)| !pair.is_empty())
        .map(|(at, pair)| attribute(pair).ok_or(at + 1))
        .collect()
}

fn attribute(pair: &str) -> Option<(String, String)> {
    let (key, value) = pair.split_once('=')?;
    let key = key.trim();
    let is_key = |c: char| c.is_ascii_graphic() && !"\"(),/:;<=>?@[\\]{}".contains(c);
    if key.is_empty() || !key.chars().all(is_key) {
        return None;
    }
    Some((key.to_owned(), percent_decoded(value.trim())?))
}

/// The text; `None` where a `%` begins no byte, or the bytes are no text.
fn percent_decoded(value: &str) -> Option<String> {
    let is_byte = |after: &str| {
        let digits = after.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    let is_encoded = value.split('%').skip(1).all(is_byte);
    let decoded = percent_decode_str(value).decode_utf8().ok()?;
    is_encoded.then(|| decoded.into_owned())
}

/// An attribute's key as a label: what Prometheus does not allow becomes `_`.
fn label_name(key: &str) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let name: String = key.chars().map(allowed).collect();
    match name.starts_with(|c: char| c.is_ascii_digit()) || name.starts_with("__") {
        true => format!("key_{}", name.trim_start_matches('_')),
        false => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::variables::tests::with;

    fn identity(attributes: &[(&str, &str)]) -> Identity {
        let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        Identity {
            name: "shop".to_owned(),
            attributes: attributes.iter().map(own).collect(),
            ..Identity::default()
        }
    }

    /// The service in this environment, and what is warned of.
    fn read(variables: &[(&str, &str)]) -> (Service, Vec<String>) {
        let identity = identity(&[]);
        let (service, warnings) = with(variables, |variables| Service::new(&identity, variables));
        (service.unwrap(), warnings)
    }

    #[test]
    fn code_wins_over_the_environment() {
        let identity = identity(&[("team", "green")]);
        let environment = [(ATTRIBUTES, "team=red,service.name=x,a-b=1")];
        let (service, _) = with(&environment, |variables| Service::new(&identity, variables));
        let expected = [("service_name", "shop"), ("team", "green"), ("a_b", "1")];
        let expected = expected.map(|(k, v)| (k.to_owned(), v.to_owned()));
        assert_eq!(service.unwrap().labels(), expected);
    }

    #[test]
    fn the_name_of_the_environment() {
        let attributes = (ATTRIBUTES, "service.name=one,service.name=two");
        for (variables, expected) in [
            (&[][..], None),
            (&[attributes], Some("two")),
            (&[(SERVICE_NAME, "three"), attributes], Some("three")),
        ] {
            let (name, _) = with(variables, name_of_environment);
            assert_eq!(name.as_deref(), expected, "{variables:?}");
        }
    }

    #[test]
    fn keys_become_label_names() {
        assert_eq!(
            label_name("deployment.environment.name"),
            "deployment_environment_name"
        );
        assert_eq!(label_name("1st"), "key_1st");
        assert_eq!(label_name("__meta"), "key_meta");
        assert_eq!(label_name("größe"), "gr__e");
    }

    #[test]
    fn a_service_has_a_name() {
        let nameless = Identity {
            name: " ".to_owned(),
            ..Identity::default()
        };
        let (error, _) = with(&[], |variables| Service::new(&nameless, variables));
        let error = error.unwrap_err();
        assert!(error.is_configuration() && error.to_string().contains("OTEL_SERVICE_NAME"));
    }

    #[test]
    fn nothing_set_or_empty_is_the_default() {
        let names = [DISABLED, SERVICE_NAME, ATTRIBUTES];
        for variables in [&[][..], &names.map(|name| (name, " "))] {
            let (service, warnings) = read(variables);
            assert_eq!(
                (service.is_disabled, &service.attributes[..]),
                (false, &[][..])
            );
            assert_eq!(warnings, [""; 0]);
        }
    }

    #[test]
    fn only_true_disables() {
        for (value, disabled) in [("TRUE", true), ("true", true), ("False", false)] {
            let (environment, warnings) = read(&[(DISABLED, value)]);
            assert_eq!(
                (environment.is_disabled, warnings),
                (disabled, vec![]),
                "{value}"
            );
        }
        for value in ["yes", "1", "tru"] {
            let (environment, warnings) = read(&[(DISABLED, value)]);
            assert!(!environment.is_disabled);
            let expected = format!(
                "OTEL_SDK_DISABLED is `{value}`, which cannot be used: using `false` instead. Accepted: `false`, `true`"
            );
            assert_eq!(warnings, [expected]);
        }
    }

    #[test]
    fn attributes_are_decoded() {
        let expected = [("a.b", "c d"), ("e", ""), ("f", "ü")];
        let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let (environment, warnings) = read(&[(ATTRIBUTES, "a.b=c%20d, e= ,f=%C3%BC,")]);
        assert_eq!(
            (&environment.attributes[..], warnings),
            (&expected[..], vec![])
        );
    }

    /// Others take it so.
    #[test]
    fn a_value_with_an_equals_sign_is_used() {
        let (environment, warnings) = read(&[(ATTRIBUTES, "a=b=secret,c=d")]);
        let expected = [("a", "b=secret"), ("c", "d")];
        let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(environment.attributes, expected);
        let [warning] = &warnings[..] else {
            panic!("{warnings:?}");
        };
        let start = "OTEL_RESOURCE_ATTRIBUTES: the value of `a` has a `=` in it: using all after the first one. Accepted: `key=value";
        assert!(
            warning.starts_with(start) && !warning.contains("secret"),
            "{warning}"
        );
    }

    /// The specification: all of it is discarded. The value is not shown, it may be a secret.
    #[test]
    fn of_malformed_attributes_none_is_used() {
        for wrong in ["secret", "=secret", "a b=secret", "k=se%zzcret", "k=%ff"] {
            let (environment, warnings) = read(&[(ATTRIBUTES, &format!("ok=1,{wrong}"))]);
            assert_eq!(environment.attributes, [], "{wrong}");
            let [warning] = &warnings[..] else {
                panic!("{warnings:?}");
            };
            let start =
                "OTEL_RESOURCE_ATTRIBUTES: entry 2 is malformed: using none of them. Accepted: ";
            assert!(
                warning.starts_with(start) && !warning.contains("secret"),
                "{warning}"
            );
        }
    }
}

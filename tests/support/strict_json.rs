//! JSON read as strictly as a log store may: a key that an object has twice is an error, and the order of keys is kept.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// An object of JSON, and its keys as they were written.
pub struct Object {
    pub keys: Vec<String>,
    pub fields: Map<String, Value>,
}

/// The one object that `text` is.
pub fn object(text: &str) -> Result<Object, String> {
    let parsed = serde_json::from_str::<Strict>(text).map_err(|error| error.to_string())?;
    match parsed {
        Strict {
            value: Value::Object(fields),
            keys,
        } => Ok(Object { keys, fields }),
        Strict { value, .. } => Err(format!("not an object: {value}")),
    }
}

/// A value, and its keys if it is an object.
struct Strict {
    value: Value,
    keys: Vec<String>,
}

impl<T: Into<Value>> From<T> for Strict {
    fn from(value: T) -> Self {
        Self {
            value: value.into(),
            keys: Vec::new(),
        }
    }
}

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Strict;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Strict, E> {
        Ok(Value::Null.into())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Strict, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Strict, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Strict, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Strict, E> {
        let number = Number::from_f64(value).ok_or_else(|| E::custom("not a number of JSON"))?;
        Ok(Value::Number(number).into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Strict, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Strict, A::Error> {
        let mut values = Vec::new();
        while let Some(item) = items.next_element::<Strict>()? {
            values.push(item.value);
        }
        Ok(Value::Array(values).into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Strict, A::Error> {
        let mut keys = Vec::new();
        let mut fields = Map::new();
        while let Some((key, entry)) = entries.next_entry::<String, Strict>()? {
            if fields.insert(key.clone(), entry.value).is_some() {
                return Err(A::Error::custom(format!("the key {key} is there twice")));
            }
            keys.push(key);
        }
        Ok(Strict {
            value: Value::Object(fields),
            keys,
        })
    }
}

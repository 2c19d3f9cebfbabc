//! Members of types that hold JSON as it stands.

use std::cell::Cell;

use serde::{
    Deserializer,
    de::{DeserializeSeed, Error as _},
};
use serde_json::{Map, Value};

use super::{JsonError, Whole, read::unexpected};

/// Any value. (`serde_json` would take a member of a name of its own for more text to parse.)
pub(crate) fn value<'d, D: Deserializer<'d>>(deserializer: D) -> Result<Value, D::Error> {
    Whole { strict: false, depth: 0, cause: &Cell::new(JsonError::Syntax) }.deserialize(deserializer)
}

/// An object.
pub(crate) fn members<'d, D: Deserializer<'d>>(deserializer: D) -> Result<Map<String, Value>, D::Error> {
    match value(deserializer)? {
        Value::Object(members) => Ok(members),
        other => Err(D::Error::custom(unexpected(&other, &"a map"))),
    }
}

/// An object that is there.
pub(crate) fn stated_members<'d, D: Deserializer<'d>>(deserializer: D) -> Result<Option<Map<String, Value>>, D::Error> {
    members(deserializer).map(Some)
}

/// An object, or null in place of one.
pub(crate) fn optional_members<'d, D: Deserializer<'d>>(
    deserializer: D,
) -> Result<Option<Map<String, Value>>, D::Error> {
    match value(deserializer)? {
        Value::Null => Ok(None),
        Value::Object(members) => Ok(Some(members)),
        other => Err(D::Error::custom(unexpected(&other, &"a map"))),
    }
}

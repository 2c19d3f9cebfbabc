//! Strict JSON in: UTF-8, no byte order mark, no duplicate member at any depth, bounded depth, and numbers that every
//! reader of the same bytes understands alike.
//!
//! Where two readers of one document can disagree, an attacker lets one check what the other uses. So a document that
//! parsers read differently is refused here: duplicate members (the first or the last wins, RFC 8259 §4), integers past
//! 2^53 − 1 (JavaScript rounds them, RFC 7493 §2.2), numbers that overflow to infinity, and lone surrogates.

mod member;
mod read;
mod read_error;
mod text;

use std::{cell::Cell, fmt};

use serde::de::{DeserializeOwned, DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

pub(crate) use member::{members, optional_members, stated_members, value};
pub(crate) use read::{read, read_open};
pub(crate) use read_error::{ReadError, pointer_step};
pub use text::JsonText;

/// How deep a document may nest. The claims of real issuers nest two or three levels.
pub const MAX_DEPTH: u8 = 32;

/// The largest integer that a double holds exactly together with all smaller ones (RFC 7493 §2.2).
const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// Why a document was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum JsonError {
    /// Not JSON, not UTF-8, or with a byte order mark.
    Syntax,
    /// A member stands twice in one object.
    Duplicate,
    /// Nested deeper than [`MAX_DEPTH`].
    TooDeep,
    /// A number that not every reader understands alike.
    Number,
    /// The document is no object.
    NotAnObject,
}

impl fmt::Display for JsonError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Syntax => "not JSON in UTF-8",
            Self::Duplicate => "a member stands twice in one object",
            Self::TooDeep => "nested too deep",
            Self::Number => "a number that not every reader understands alike",
            Self::NotAnObject => "not an object",
        })
    }
}

impl std::error::Error for JsonError {}

/// Reads a type out of one JSON document, which may say more than the type knows; none where it is not understood.
pub(crate) fn read_open_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    read_open(&parse(bytes).ok()?).ok()
}

/// Reads one JSON document.
///
/// # Errors
/// See [`JsonError`]; the strictest cause wins over the parser's own.
pub fn parse(bytes: &[u8]) -> Result<Value, JsonError> {
    parse_by(bytes, true)
}

/// Reads what is JSON, whether or not every reader of it finds the same there, for diagnosis: of members of one name the
/// last counts.
pub(crate) fn parse_leniently(bytes: &[u8]) -> Option<Value> {
    parse_by(bytes, false).ok()
}

fn parse_by(bytes: &[u8], strict: bool) -> Result<Value, JsonError> {
    let cause = Cell::new(JsonError::Syntax);
    let text = std::str::from_utf8(bytes).map_err(|_| JsonError::Syntax)?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Whole { strict, depth: 0, cause: &cause }.deserialize(&mut reader).map_err(|_| cause.get())?;
    reader.end().map_err(|_| JsonError::Syntax)?;
    Ok(value)
}

/// Reads one JSON document that must be an object.
///
/// # Errors
/// As [`parse`], and [`JsonError::NotAnObject`].
pub fn parse_object(bytes: &[u8]) -> Result<Map<String, Value>, JsonError> {
    match parse(bytes)? {
        Value::Object(members) => Ok(members),
        _ => Err(JsonError::NotAnObject),
    }
}

/// An object of these members, filled one by one: to collect them is to sort them first, by code that would be in the
/// binary for that alone.
pub(crate) fn object(members: impl IntoIterator<Item = (String, Value)>) -> Map<String, Value> {
    let mut object = Map::new();
    for (name, value) in members {
        object.insert(name, value);
    }
    object
}

/// The byte at which a document goes wrong that is refused, for diagnosis: none where [`parse_object`] takes it.
#[must_use]
pub fn place_of_fault(bytes: &[u8]) -> Option<usize> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return Some(error.valid_up_to()),
    };
    let cause = Cell::new(JsonError::Syntax);
    let mut reader = serde_json::Deserializer::from_str(text);
    let error = match (Whole { strict: true, depth: 0, cause: &cause }).deserialize(&mut reader) {
        Ok(value) => match reader.end() {
            Ok(()) if value.is_object() => return None,
            // Another value than an object is wrong from its beginning.
            Ok(()) => return Some(text.len().saturating_sub(text.trim_start().len())),
            Err(error) => error,
        },
        Err(error) => error,
    };
    // The parser tells the line, from one, and how many bytes of it were read.
    let lines = text.split_inclusive('\n').take(error.line().saturating_sub(1));
    let line = lines.fold(0, |sum: usize, line| sum.saturating_add(line.len()));
    let byte = line.saturating_add(error.column().saturating_sub(1)).min(text.len());
    Some(byte)
}

/// Reads one value at some depth, leaving the cause of a refusal where the caller finds it: the parser's error type
/// carries only text.
struct Whole<'c> {
    /// Whether what readers do not agree about is refused.
    strict: bool,
    depth: u8,
    cause: &'c Cell<JsonError>,
}

impl Whole<'_> {
    fn refuse<E: serde::de::Error>(&self, cause: JsonError) -> E {
        self.cause.set(cause);
        E::custom(cause)
    }

    fn inner<E: serde::de::Error>(&self) -> Result<Self, E> {
        match self.depth.checked_add(1) {
            Some(depth) if depth <= MAX_DEPTH => Ok(Self { depth, ..*self }),
            _ if !self.strict => Ok(Self { ..*self }),
            _ => Err(self.refuse(JsonError::TooDeep)),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Whole<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Whole<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        if self.strict && value > MAX_SAFE_INTEGER {
            return Err(self.refuse(JsonError::Number));
        }
        Ok(Value::Number(value.into()))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        if self.strict && value.unsigned_abs() > MAX_SAFE_INTEGER {
            return Err(self.refuse(JsonError::Number));
        }
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        // An integer too large for 64 bits arrives here as a float: the same rule holds for it.
        if self.strict && value.fract() == 0.0 && value.abs() > 9_007_199_254_740_991.0 {
            return Err(self.refuse(JsonError::Number));
        }
        Number::from_f64(value).map(Value::Number).ok_or_else(|| self.refuse(JsonError::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(self.inner()?)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if self.strict && object.contains_key(&name) {
                self.cause.set(JsonError::Duplicate);
                return Err(A::Error::custom(JsonError::Duplicate));
            }
            let value = members.next_value_seed(self.inner()?)?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> JsonError {
        parse(text.as_bytes()).expect_err(text)
    }

    #[test]
    fn a_duplicate_member_is_refused_at_any_depth_and_in_any_spelling() {
        assert_eq!(refused(r#"{"exp":1,"exp":2}"#), JsonError::Duplicate);
        assert_eq!(refused(r#"{"exp":1,"\u0065xp":2}"#), JsonError::Duplicate);
        assert_eq!(refused(r#"{"a":[{"b":1,"b":1}]}"#), JsonError::Duplicate);
        assert_eq!(refused(r#"{"__proto__":1,"__proto__":2}"#), JsonError::Duplicate);
    }

    #[test]
    fn the_same_name_in_two_objects_is_no_duplicate() {
        assert!(parse(br#"{"a":{"b":1},"c":{"b":1},"b":1}"#).is_ok());
    }

    #[test]
    fn numbers_that_readers_disagree_about_are_refused() {
        assert_eq!(refused("9007199254740992"), JsonError::Number);
        assert_eq!(refused("-9007199254740992"), JsonError::Number);
        assert_eq!(refused("123456789012345678901234567890"), JsonError::Number);
        assert_eq!(refused("1e17"), JsonError::Number);
        assert_eq!(refused("1e400"), JsonError::Syntax);
        assert_eq!(parse(b"9007199254740991"), Ok(Value::from(9_007_199_254_740_991_u64)));
        assert_eq!(parse(b"1.5"), Ok(Value::from(1.5)));
        assert!(parse(b"-0").is_ok());
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        assert!(parse(nested(usize::from(MAX_DEPTH)).as_bytes()).is_ok());
        assert_eq!(refused(&nested(usize::from(MAX_DEPTH) + 1)), JsonError::TooDeep);
        assert_eq!(refused(&nested(5_000)), JsonError::TooDeep);
    }

    #[test]
    fn what_is_not_json_in_utf8_is_refused() {
        for text in
            ["", "{", "{}{}", "{} x", "\u{feff}{}", "{'a':1}", "{\"a\":NaN}", "[1,]", "\"\\ud800\"", "01", "{\"a\":1,}"]
        {
            assert_eq!(refused(text), JsonError::Syntax, "{text:?}");
        }
        assert_eq!(parse(b"\"\xff\""), Err(JsonError::Syntax));
    }

    #[test]
    fn the_place_of_a_fault_is_told() {
        for (text, place) in [
            ("{}", None),
            ("[]", Some(0)),
            ("", Some(0)),
            ("{\"a\":1,}", Some(7)),
            ("{\n\"a\":x}", Some(6)),
            ("{} x", Some(3)),
            ("{\"a\":1,\"a\":2}", Some(9)),
            ("{\"a\":9007199254740992}", Some(20)),
        ] {
            assert_eq!(place_of_fault(text.as_bytes()), place, "{text:?}");
        }
        assert_eq!(place_of_fault(b"{\"a\xff"), Some(3));
    }

    #[test]
    fn an_object_is_asked_for_by_name() {
        assert_eq!(parse_object(b"[]"), Err(JsonError::NotAnObject));
        assert!(parse_object(b" {\"a\":null} ").is_ok());
    }
}

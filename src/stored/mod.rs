//! What the records of keys and of clients share: the version of their format, times and spans as people write them, who
//! is named, scopes, and how what an administrator sends and what the store
//! holds is read. It knows neither of the two.

mod base62;
mod body;
mod moment;
pub(crate) mod record;
mod version;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error as _},
};
use serde_json::Value;

use crate::json;

pub(crate) use base62::{BASE, letter};
pub(crate) use body::read_body;
pub use moment::{Moment, Second, Span};
pub use version::FormatVersion;

/// How often a change is tried over what others wrote meanwhile. Each failure means that somebody else got on.
pub(crate) const ATTEMPTS: usize = 16;

/// The shortest text that could be a secret, in bytes. One this long is quoted in no words about a document.
pub(crate) const SHORTEST_SECRET: usize = 20;

/// Whether a member that shall name somebody names nobody. One of the wrong type is left to the reader of the record.
pub(crate) fn is_unnamed(member: Option<&Value>) -> bool {
    match member {
        None | Some(Value::Null) => true,
        Some(Value::String(name)) => name.trim().is_empty(),
        Some(_) => false,
    }
}

/// `scope-token` of RFC 6749 §3.3: printable ASCII without the space, the quote and the backslash.
pub(crate) fn is_scope_token(scope: &str) -> bool {
    !scope.is_empty() && scope.bytes().all(|byte| matches!(byte, b'!' | b'#'..=b'[' | b']'..=b'~'))
}

/// Scopes that stand once each.
///
/// # Errors
/// In words, where one stands twice.
pub(crate) fn distinct(scopes: Vec<String>) -> Result<Vec<String>, String> {
    let mut seen = std::collections::BTreeSet::new();
    match scopes.iter().find(|scope| !seen.insert(scope.as_str())) {
        Some(_) => Err("a scope stands twice".to_owned()),
        None => Ok(scopes),
    }
}

/// A member that is there, be it null. (It does not ask for an option, which the reader would find where there is nothing.)
#[expect(clippy::option_option, reason = "left out, null, and a value are three things")]
pub(crate) fn present<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    match json::value(deserializer)? {
        Value::Null => Ok(Some(None)),
        value => json::read(&value).map(|value| Some(Some(value))).map_err(D::Error::custom),
    }
}

/// A member that is there with a value. Null would read as if something had been taken away, and nothing would be.
pub(crate) fn stated<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

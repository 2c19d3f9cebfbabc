//! A snapshot: a key set with where and when it was fetched, how long it is good, and its digest (contract §4).

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::json;

/// Why a snapshot was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SnapshotError {
    /// It is no snapshot and no key set; the words say what is wrong with it.
    Malformed(String),
    /// Its keys are not those that its digest was made of.
    DigestMismatch,
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(what) => write!(formatter, "neither a snapshot nor a JSON Web Key Set: {what}"),
            Self::DigestMismatch => formatter.write_str("the keys of the snapshot do not match its digest"),
        }
    }
}

impl std::error::Error for SnapshotError {}

/// The last second of the year 9999. A larger `fetchedAt` was written in milliseconds, and the keys would never age.
const LAST_SECOND: i64 = 253_402_300_799;

/// A key set and what is known of its age. A bare key set is a snapshot that does not age.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    keys: Map<String, Value>,
    source: Option<String>,
    fetched_at: Option<i64>,
    max_age: Option<i64>,
    shared: Shared,
}

/// What the store keeps of a set beside that, so that another isolate can go on where this one stopped.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Shared {
    /// Whose set it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) issuer: Option<String>,
    /// The entity tag of the issuer's answer (RFC 9110 §8.8.3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) etag: Option<String>,
    /// What is left of the issuer's and the policy's word on it, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stale_while_revalidate: Option<i64>,
    /// The same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stale_if_error: Option<i64>,
}

/// The members of a snapshot. Others are refused: one of them could be a limit.
const MEMBERS: [&str; 9] =
    ["keys", "source", "fetchedAt", "maxAge", "digest", "issuer", "etag", "staleWhileRevalidate", "staleIfError"];

/// What a snapshot holds beside its keys.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    #[serde(deserialize_with = "json::value")]
    keys: Value,
    source: Option<String>,
    fetched_at: i64,
    max_age: u32,
    digest: String,
}

impl Snapshot {
    /// Reads a snapshot, or a bare key set: an object whose only known member is `keys`.
    ///
    /// # Errors
    /// [`SnapshotError`]
    pub fn from_json(value: &Value) -> Result<Self, SnapshotError> {
        let malformed = |what: &str| SnapshotError::Malformed(what.to_owned());
        let members = value.as_object().ok_or_else(|| malformed("no JSON object"))?;
        if !members.get("keys").is_some_and(Value::is_array) {
            return Err(malformed("no array `keys`"));
        }
        let aged = ["fetchedAt", "maxAge", "digest", "source"].iter().any(|name| members.contains_key(*name));
        if !aged {
            return Ok(Self::new(value.get("keys").cloned().unwrap_or_default(), None, None, None));
        }
        if let Some(name) = members.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
            return Err(SnapshotError::Malformed(format!("unknown member `{name}`")));
        }
        let words = |error: json::ReadError| malformed(error.words());
        let (envelope, shared): (Envelope, Shared) =
            (json::read_open(value).map_err(words)?, json::read_open(value).map_err(words)?);
        if envelope.digest != digest(&envelope.keys) {
            return Err(SnapshotError::DigestMismatch);
        }
        if envelope.fetched_at > LAST_SECOND {
            return Err(malformed("`fetchedAt` is in seconds since the Unix epoch"));
        }
        let max_age = i64::from(envelope.max_age);
        let read = Self::new(envelope.keys, envelope.source, Some(envelope.fetched_at), Some(max_age));
        Ok(Self { shared, ..read })
    }

    /// Makes a snapshot of a key set fetched at this time (seconds since the Unix epoch), good for this many seconds.
    ///
    /// # Errors
    /// [`SnapshotError::Malformed`] where there is no array `keys`.
    pub fn take(set: &Value, source: &str, fetched_at: i64, max_age: u32) -> Result<Self, SnapshotError> {
        let bare = Self::from_json(&serde_json::json!({ "keys": set.get("keys").cloned().unwrap_or_default() }))?;
        Ok(Self {
            source: Some(source.to_owned()),
            fetched_at: Some(fetched_at),
            max_age: Some(max_age.into()),
            ..bare
        })
    }

    pub(super) fn new(keys: Value, source: Option<String>, fetched_at: Option<i64>, max_age: Option<i64>) -> Self {
        let keys = crate::json::object([("keys".to_owned(), keys)]);
        Self { keys, source, fetched_at, max_age, shared: Shared::default() }
    }

    /// A bare key set of the value of its `keys`.
    pub(super) fn of_keys(keys: Value) -> Self {
        Self::new(keys, None, None, None)
    }

    /// The same snapshot with what the store keeps of it.
    pub(super) fn with_shared(self, shared: Shared) -> Self {
        Self { shared, ..self }
    }

    pub(super) const fn shared(&self) -> &Shared {
        &self.shared
    }

    /// When its keys were fetched, in seconds since the Unix epoch; none for a bare key set.
    #[must_use]
    pub const fn fetched_at(&self) -> Option<i64> {
        self.fetched_at
    }

    /// For how long after that they are good, in seconds; none for a bare key set.
    #[must_use]
    pub const fn max_age(&self) -> Option<i64> {
        self.max_age
    }

    /// Where they were fetched.
    #[must_use]
    pub fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// The array `keys` as JSON text.
    pub(super) fn written_keys(&self) -> Arc<str> {
        self.keys.get("keys").map(Value::to_string).unwrap_or_default().into()
    }

    /// The digest of its keys.
    #[must_use]
    pub fn digest(&self) -> String {
        self.keys.get("keys").map(digest).unwrap_or_default()
    }

    /// The key set: an object with the one member `keys`.
    #[must_use]
    pub const fn key_set(&self) -> &Map<String, Value> {
        &self.keys
    }

    /// The last second, since the Unix epoch, at which the keys may still vouch for a token; none where they do not age.
    #[must_use]
    pub fn good_until(&self) -> Option<i64> {
        // A sum past the end of time must not read as "does not age".
        Some(self.fetched_at?.saturating_add(self.max_age?))
    }

    /// The snapshot as it is written to a file.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut members = match serde_json::to_value(&self.shared) {
            Ok(Value::Object(shared)) => shared,
            _ => Map::new(),
        };
        members.extend(self.keys.clone());
        if let (Some(fetched_at), Some(max_age)) = (self.fetched_at, self.max_age) {
            let keys = members.get("keys").map(digest);
            members.insert("digest".to_owned(), keys.into());
            members.insert("fetchedAt".to_owned(), fetched_at.into());
            members.insert("maxAge".to_owned(), max_age.into());
        }
        if let Some(source) = &self.source {
            members.insert("source".to_owned(), source.as_str().into());
        }
        Value::Object(members)
    }
}

/// SHA-256 over the array `keys` as JSON without white space and with sorted members, in lower-case hex.
fn digest(keys: &Value) -> String {
    format!("sha-256:{}", base16ct::lower::encode_string(&Sha256::digest(keys.to_string())))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn keys() -> Value {
        json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }] })
    }

    #[test]
    fn a_snapshot_reads_back_what_it_wrote() {
        let snapshot = Snapshot::take(&keys(), "https://issuer.example/jwks", 1_000, 60).expect("a key set");
        let written = snapshot.to_json();
        assert_eq!(Snapshot::from_json(&written), Ok(snapshot.clone()));
        assert_eq!(snapshot.good_until(), Some(1_060));
        assert!(written["digest"].as_str().is_some_and(|digest| digest.starts_with("sha-256:")));
    }

    #[test]
    fn a_bare_key_set_does_not_age() {
        let bare = Snapshot::from_json(&keys()).expect("a key set");
        assert_eq!(bare.good_until(), None);
        assert_eq!(bare.to_json(), keys());
    }

    #[test]
    fn changed_keys_do_not_pass_for_the_fetched_ones() {
        let mut written = Snapshot::take(&keys(), "https://issuer.example/jwks", 0, 60).expect("a key set").to_json();
        written["keys"][0]["x"] = json!("AAAA");
        assert_eq!(Snapshot::from_json(&written), Err(SnapshotError::DigestMismatch));
    }

    #[test]
    fn what_is_no_key_set_is_refused() {
        for value in [
            json!([]),
            json!({}),
            json!({ "keys": {} }),
            json!({ "keys": [], "fetchedAt": 1 }),
            json!({ "keys": [], "fetchedAt": 1, "maxAge": 1, "digest": "x", "notAfter": 3 }),
            json!({ "keys": [], "fetchedAt": 1, "maxAge": -1, "digest": "x" }),
        ] {
            assert!(matches!(Snapshot::from_json(&value), Err(SnapshotError::Malformed(_))), "{value}");
        }
    }
}

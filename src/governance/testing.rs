//! What the tests of this room share: one key that no rule finds fault with but for its missing end, and changes to it.

use serde_json::{Value, json};

use super::KeyReading;

/// When the tests take place.
pub(super) const NOW: i64 = 1_780_000_000;

/// The id of the key.
pub(super) const ID: &str = "4fJ9aZ0kQ2mX7bTe";

/// The digest of its secret, which nothing here ever shows.
pub(super) const DIGEST: &str = "sha-256:12dc815627bb7a6ae6e71432efbda319c721f5070c20ea2628cdf10c3e45ef0e";

/// Its record with these members in place of its own.
pub(super) fn record_json(change: &Value) -> Value {
    let mut record = json!({
        "v": 1, "digest": DIGEST, "organization": "org_1", "owner": "ada", "revoker": "sec", "name": "export",
        "environment": "live", "scopes": ["reports:read"], "created": NOW - 10 * 86_400,
    });
    for (name, value) in change.as_object().expect("an object") {
        record[name] = value.clone();
    }
    record
}

/// The key with these members, and no notes of its use.
pub(super) fn key(change: &Value) -> KeyReading {
    KeyReading::of(ID, Some(record_json(change).to_string().as_bytes()), None)
}

/// The key with these members and these notes of its use.
pub(super) fn key_used(change: &Value, usage: &Value) -> KeyReading {
    KeyReading::of(ID, Some(record_json(change).to_string().as_bytes()), Some(usage.to_string().as_bytes()))
}

//! What is noted of a client's tokens, as JSON under `client-usage/<id>`: beside the record, so that a note never stands in the
//! way of a change of the record.

use serde::{Deserialize, Serialize};

use crate::{json, stored::FormatVersion};

/// Where the store holds the notes about the client with this id.
#[must_use]
pub fn client_usage_key(id: &str) -> String {
    format!("client-usage/{id}")
}

/// What is known of a client's tokens. All times are whole seconds since the Unix epoch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientUsage {
    /// The version of this format.
    #[serde(rename = "v")]
    pub version: FormatVersion,
    /// When a token of the client was let through, as far as it was noted. Where one was later, no more than `precision`
    /// later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_token: Option<i64>,
    /// How far the last one may lie after `last_token`, in seconds: they are noted at most this often.
    #[serde(default)]
    pub precision: u32,
}

impl ClientUsage {
    /// Reads notes. What cannot be read is worth no more than no note.
    #[must_use]
    pub fn from_store(bytes: Option<&[u8]>) -> Self {
        bytes.and_then(json::read_open_bytes).unwrap_or_default()
    }

    /// The notes as the store shall hold them.
    ///
    /// # Errors
    /// None that is known.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

//! What is noted of a key's use (contract §5.3), as JSON under `usage/<id>`: beside the record, so that a note never
//! stands in the way of a change of the record, and one that is lost takes nothing else with it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::FormatVersion;
use crate::json;

/// Where the store holds the notes about the key with this id.
#[must_use]
pub fn usage_key(id: &str) -> String {
    format!("usage/{id}")
}

/// What is known of a key's use. All times are whole seconds since the Unix epoch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// The version of this format.
    #[serde(rename = "v")]
    pub version: FormatVersion,
    /// A use that was noted: the key was let through then. Where it was used later, no more than `precision` later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used: Option<i64>,
    /// How far the last use may lie after `last_used`, in seconds: uses are noted at most this often.
    #[serde(default)]
    pub precision: u32,
    /// The scopes that a request needed when the key was let through, with a time at which it was so.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub exercised: BTreeMap<String, i64>,
    /// When the key was last presented where keys of the other environment are taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_environment: Option<i64>,
    /// That the key was seen where others could read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exposed: Option<Exposure>,
}

/// Where a key was seen that others could read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Exposure {
    /// When that became known.
    pub at: i64,
    /// Where: `plain_http`, or what a report calls the place.
    pub place: String,
}

impl Usage {
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

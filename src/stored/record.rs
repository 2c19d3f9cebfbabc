//! Records as the store holds them, read strictly.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::FormatVersion;
use crate::json;

/// The members of a record of this version.
///
/// # Errors
/// In words, which quote nothing of the record.
pub(crate) fn members(bytes: &[u8]) -> Result<Map<String, Value>, String> {
    let members = json::parse_object(bytes).map_err(|error| format!("the record is {error}"))?;
    if members.get("v").and_then(Value::as_u64) != Some(FormatVersion::NUMBER) {
        return Err("the record is not of version 1".to_owned());
    }
    Ok(members)
}

/// The record that these are the members of.
///
/// # Errors
/// Words that name members and never quote what they hold.
pub(crate) fn of_members<T: DeserializeOwned>(members: Map<String, Value>) -> Result<T, String> {
    json::read(&Value::Object(members)).map_err(|error| {
        let words = error.words();
        // This one message of the reader's names a member; most of its others quote a value.
        if words.starts_with("missing field") {
            return format!("the record is not complete: {words}");
        }
        match error.path() {
            path if path.is_empty() => "the record does not follow its format".to_owned(),
            path => format!("the record does not follow its format at `{path}`"),
        }
    })
}

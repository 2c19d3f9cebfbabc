//! What an administrator sends, read strictly.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::SHORTEST_SECRET;
use crate::json;

/// The longest words about a body, in bytes. Longer ones quote what is no member, and nobody has to read it.
const LONGEST_WORDS: usize = 1024;

/// A body, read strictly; one that is empty is an object without members.
///
/// # Errors
/// In words, which quote nothing that is long enough for a secret.
pub(crate) fn read_body<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    let members = if body.is_empty() {
        Map::new()
    } else {
        json::parse_object(body).map_err(|error| format!("the body is {error}"))?
    };
    let document = Value::Object(members);
    json::read(&document).map_err(|error| {
        let (path, words) = (error.path(), error.words().to_owned());
        let words = if path.is_empty() { words } else { format!("`{path}`: {words}") };
        if words.len() > LONGEST_WORDS {
            "a member of the body is not understood".to_owned()
        } else {
            without_texts(words, &document)
        }
    })
}

/// Words about a document, with none of its texts in them that is long enough for a key: one may stand where it does not
/// belong, and the words are put on record.
fn without_texts(words: String, document: &Value) -> String {
    let hide = |words: String, text: &str| {
        if text.len() < SHORTEST_SECRET {
            return words;
        }
        words.replace(text, "…").replace(&text.escape_debug().to_string(), "…")
    };
    match document {
        Value::String(text) => hide(words, text),
        Value::Array(items) => items.iter().fold(words, without_texts),
        Value::Object(members) => {
            members.iter().fold(words, |words, (name, value)| without_texts(hide(words, name), value))
        }
        _ => words,
    }
}

//! What explanations and previews are handed over, as JSON text.

use serde_json::Value;
use wasm_bindgen::prelude::{JsError, JsValue};

use crate::{host::UnixMillis, json};

/// A document that may be left out; `what` it is stands in the error.
pub(super) fn document(text: Option<&str>, what: &str) -> Result<Option<Value>, JsError> {
    text.map(|text| json::parse(text.as_bytes())).transpose().map_err(|error| JsError::new(&format!("{what}: {error}")))
}

/// A time in milliseconds since the Unix epoch. At a time that is none, nothing could be said to have ended.
pub(super) fn time(now: &JsValue) -> Result<UnixMillis, JsError> {
    let now = now.as_f64().filter(|now| now.is_finite());
    let now = now.ok_or_else(|| JsError::new("`now` is a time in milliseconds since the Unix epoch"))?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a float that is too large saturates, which is as far as time goes"
    )]
    let now = UnixMillis(now as i64);
    Ok(now)
}

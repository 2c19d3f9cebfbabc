//! The inspector behind the page.

use serde_json::Value;
use wasm_bindgen::prelude::{JsError, wasm_bindgen};

use crate::{inspect, json};

/// Everything that can be said of a pasted credential, as JSON. `keys` is a key set or a snapshot as JSON text, or
/// empty; `now` is in milliseconds since the Unix epoch.
///
/// # Errors
/// Where `keys` is not JSON.
#[wasm_bindgen(js_name = inspect)]
pub fn inspect_credential(credential: &str, keys: &str, now: f64) -> Result<String, JsError> {
    let keys: Option<Value> = if keys.trim().is_empty() {
        None
    } else {
        Some(json::parse(keys.as_bytes()).map_err(|error| JsError::new(&format!("the key set: {error}")))?)
    };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a float that is too large saturates, which is as far as time goes"
    )]
    let now = crate::host::UnixMillis(now as i64);
    Ok(serde_json::to_string(&inspect::inspect(credential, keys.as_ref(), now))?)
}

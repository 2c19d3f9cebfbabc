//! The preview behind the policy tab of the page.

use serde_json::Value;
use wasm_bindgen::prelude::{JsError, JsValue, wasm_bindgen};

use super::{given, refusal::refused_policy};
use crate::{
    gate::{Given, RequestToPreview, preview},
    json,
};

/// What a gate of this policy would make of a request, as JSON. `keys` is a key set or a snapshot, and `record` the record
/// of a key, all of them JSON text. `now` is in milliseconds since the Unix epoch.
///
/// # Errors
/// Every fault of the policy, and where the request, `keys` or `record` cannot be read.
#[expect(clippy::needless_pass_by_value, reason = "what may be left out is handed over by value")]
#[wasm_bindgen(js_name = previewRequest)]
pub fn preview_request(
    policy: &str,
    request: &str,
    keys: Option<String>,
    record: Option<String>,
    now: &JsValue,
) -> Result<String, JsValue> {
    let request = json::parse_object(request.as_bytes()).map_err(|error| error.to_string());
    let request = request.and_then(RequestToPreview::read).map_err(|error| JsError::new(&error))?;
    let keys = given::document(keys.as_deref(), "the key set")?;
    let record = match given::document(record.as_deref(), "the record")? {
        Some(Value::Object(record)) => Some(record),
        Some(_) => return Err(JsError::new("the record: no JSON object").into()),
        None => None,
    };
    let stands_in = Given { keys: keys.as_ref(), record: record.as_ref() };
    let previewed = preview(policy, request, stands_in, given::time(now)?).map_err(|error| refused_policy(&error))?;
    serde_json::to_string(&previewed).map_err(|error| JsError::from(error).into())
}

//! The inspector behind the page and the command line.

use wasm_bindgen::prelude::{JsError, JsValue, wasm_bindgen};

use super::{given, refusal::refused_policy};
use crate::inspect::{Against, inspect};

/// Everything that can be said of a credential, as JSON. `policy` is that of a verifier of tokens or of a gate as JSON
/// text, and `keys` a key set or a snapshot as JSON text; either may be left out. `now` is in milliseconds since the Unix
/// epoch.
///
/// # Errors
/// Every fault of the policy, and where `keys` is not JSON.
#[expect(clippy::needless_pass_by_value, reason = "what may be left out is handed over by value")]
#[wasm_bindgen(js_name = inspect)]
pub fn inspect_credential(
    credential: &str,
    policy: Option<String>,
    keys: Option<String>,
    now: &JsValue,
) -> Result<String, JsValue> {
    let keys = given::document(keys.as_deref(), "the key set")?;
    let against = Against { policy: policy.as_deref(), keys: keys.as_ref() };
    let report = inspect(credential, against, given::time(now)?).map_err(|error| refused_policy(&error))?;
    serde_json::to_string(&report).map_err(|error| JsError::from(error).into())
}

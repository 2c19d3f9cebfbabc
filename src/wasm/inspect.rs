//! The inspector behind the page and the command line.

use serde::Serialize;
use wasm_bindgen::prelude::{JsError, JsValue, wasm_bindgen};

use super::{given, refusal::refused_policy};
use crate::{
    host::UnixMillis,
    inspect::{Against, LIFECYCLE, forgeries, inspect},
    policy::PolicyError,
};

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
    judged(policy.as_deref(), keys.as_deref(), now, |against, now| inspect(credential, against, now))
}

/// What an attacker would make of a token, as JSON, judged as [`inspect_credential`] judges it.
///
/// # Errors
/// As [`inspect_credential`].
#[expect(clippy::needless_pass_by_value, reason = "what may be left out is handed over by value")]
#[wasm_bindgen(js_name = forgeries)]
pub fn forgeries_of(
    token: &str,
    policy: Option<String>,
    keys: Option<String>,
    now: &JsValue,
) -> Result<String, JsValue> {
    judged(policy.as_deref(), keys.as_deref(), now, |against, now| forgeries(token, against, now))
}

/// What governs a standing credential and what an expiring one, as JSON.
///
/// # Errors
/// None that is known: texts have a form in JSON.
#[wasm_bindgen]
pub fn lifecycle() -> Result<String, JsValue> {
    text(&LIFECYCLE)
}

fn judged<T: Serialize>(
    policy: Option<&str>,
    keys: Option<&str>,
    now: &JsValue,
    say: impl FnOnce(Against<'_>, UnixMillis) -> Result<T, PolicyError>,
) -> Result<String, JsValue> {
    let keys = given::document(keys, "the key set")?;
    let said =
        say(Against { policy, keys: keys.as_ref() }, given::time(now)?).map_err(|error| refused_policy(&error))?;
    text(&said)
}

fn text(said: &impl Serialize) -> Result<String, JsValue> {
    serde_json::to_string(said).map_err(|error| JsError::from(error).into())
}

//! The faults of a policy, for JavaScript.

use js_sys::{Error, JSON, Reflect};
use wasm_bindgen::prelude::JsValue;

use crate::policy::PolicyError;
#[cfg(feature = "package")]
use crate::policy::PolicyFault;

/// An error of the name `PolicyError`, with all faults in its message and one by one in its member `faults`.
pub(in crate::wasm) fn refused_policy(error: &PolicyError) -> JsValue {
    refusal(&error.to_string(), error)
}

/// As [`refused_policy`], of a document that is a part of a policy.
#[cfg(feature = "package")]
pub(in crate::wasm) fn refused(what: &str, error: &PolicyError) -> JsValue {
    let words = |fault: &PolicyFault| {
        let hint = fault.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
        format!("{}: {}{hint}", fault.pointer, fault.reason).trim_start_matches(": ").to_owned()
    };
    let words: Vec<String> = error.0.iter().map(words).collect();
    refusal(&format!("{what} refused: {}", words.join("; ")), error)
}

fn refusal(message: &str, error: &PolicyError) -> JsValue {
    let refusal = Error::new(message);
    refusal.set_name("PolicyError");
    let faults = serde_json::to_string(&error.0).ok().and_then(|faults| JSON::parse(&faults).ok());
    // Texts cannot fail to be written, and an error that was just made takes any member. Its message has them anyway.
    if let Some(faults) = faults {
        let _ = Reflect::set(&refusal, &"faults".into(), &faults);
    }
    refusal.into()
}

//! What the npm package calls.

mod client_admin;
mod gate;
mod host;
mod jws;
mod key_admin;
mod key_review;
mod key_sets;
mod keys;
mod options;
mod origin;
mod presented;
mod task;
mod tokens;
mod tools;

use wasm_bindgen::prelude::wasm_bindgen;

use super::refusal;
use crate::{
    gate::{Answer, Decision},
    governance::audit_event,
    host::UnixMillis,
    verdict::{Denial, Reason, verdict_document},
};

/// The verdict to give when the core itself has failed, as JSON: it cannot tell. The shell keeps it from the start, for
/// a core that has failed cannot say it any more.
#[wasm_bindgen(js_name = failedVerdict)]
#[must_use]
pub fn failed_verdict() -> String {
    verdict_document(&Err(Denial::new(Reason::HostFailed)))
}

/// The same as an answer: `{ status, headers, body }` as JSON.
#[wasm_bindgen(js_name = failedAnswer)]
#[must_use]
pub fn failed_answer() -> String {
    serde_json::to_string(&Answer::failed()).unwrap_or_default()
}

/// The audit entry of a decision that the core failed to make, as JSON, but for the time and the method.
#[wasm_bindgen(js_name = failedAudit)]
#[must_use]
pub fn failed_audit() -> String {
    let entry = audit_event(&Decision {
        verdict: Err(Denial::new(Reason::HostFailed).noting("the core failed")),
        route: None,
        method: String::new(),
        address: None,
        request_id: String::new(),
        bootstrap: false,
        limits: Vec::new(),
        started: UnixMillis(0),
        decided: UnixMillis(0),
    });
    serde_json::to_string(&entry).unwrap_or_default()
}

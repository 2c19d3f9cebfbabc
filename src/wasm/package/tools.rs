//! What the command line is made of.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use wasm_bindgen::prelude::{JsError, JsValue, wasm_bindgen};

use super::{
    host::{JsHost, Lent},
    refusal::refused_policy,
    task,
};
use crate::{
    gate::lint_policy,
    host::Host,
    json,
    key_source::take_snapshot,
    policy::{Beside, WorkersRoutes},
};

/// What came of taking a snapshot: it, or what is wrong.
#[derive(Serialize)]
#[serde(untagged)]
enum Outcome<T> {
    Taken(T),
    Failed { error: String },
}

/// Fetches the keys of an issuer, or those at the URL of a key set, as JSON, or a task.
#[wasm_bindgen(js_name = takeSnapshot)]
#[must_use]
pub fn snapshot(target: String, max_age: u32, host: JsHost) -> JsValue {
    let host = Lent::new(host, None);
    let exchange = host.exchange();
    let work = async move {
        let outcome = match take_snapshot(&host, &target, max_age).await {
            Ok(taken) => Outcome::Taken(taken),
            Err(error) => Outcome::Failed { error },
        };
        serde_json::to_string(&outcome).unwrap_or_default()
    };
    task::start(work, exchange)
}

/// The findings of a policy (JSON text), as JSON. `snapshots` is a JSON object of key sets by issuer, and `workers_routes`
/// what Cloudflare lists of the Workers routes (JSON text).
///
/// # Errors
/// Every fault of the policy.
#[wasm_bindgen(js_name = lintPolicy)]
pub fn lint(policy: &str, snapshots: &str, workers_routes: Option<String>, host: JsHost) -> Result<String, JsValue> {
    let workers_routes = workers_routes.map(|text| WorkersRoutes::read(&text)).transpose();
    let workers_routes = workers_routes.map_err(|reason| JsError::new(&reason))?;
    let beside = Beside { snapshots: read_snapshots(snapshots)?, workers_routes, ..Beside::default() };
    let findings = lint_policy(policy, &beside, Lent::new(host, None).now()).map_err(|error| refused_policy(&error))?;
    Ok(serde_json::to_string(&findings).unwrap_or_default())
}

/// Key sets by issuer.
pub(super) fn read_snapshots(text: &str) -> Result<BTreeMap<String, Value>, JsError> {
    let members =
        json::parse_object(text.as_bytes()).map_err(|error| JsError::new(&format!("the snapshots: {error}")))?;
    Ok(members.into_iter().collect())
}

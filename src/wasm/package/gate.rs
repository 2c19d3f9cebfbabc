//! The gate.

use std::rc::Rc;

use js_sys::{Function, Reflect, Uint8Array};
use serde::Serialize;
use serde_json::value::RawValue;
use wasm_bindgen::{
    JsCast,
    prelude::{JsError, JsValue, wasm_bindgen},
};
use zeroize::Zeroizing;

use super::{
    host::{JsHost, Lent},
    key_sets,
    keys::read_seals,
    refusal::refused_policy,
    task,
    tokens::{read_secrets, write_deny_snapshot},
    tools::read_snapshots,
};
use crate::{
    gate::{AssertionKeys, BootstrapSecret, ForwardFailure, Gate, GateRequest, Resources, ended_of_answer},
    governance::AuditEntry,
    host::Host,
    policy::{Beside, read_deny_entries, read_deny_list},
    revocation::{DenySigner, PublishError, Published},
    verdict::verdict_document,
};

/// A policy in front of an API.
#[wasm_bindgen(js_name = Gate)]
pub struct JsGate {
    gate: Rc<Gate>,
    host: JsHost,
}

/// What the library mode hands back.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Checked {
    verdict: Option<Box<RawValue>>,
    audit: Vec<AuditEntry>,
}

#[wasm_bindgen(js_class = Gate)]
impl JsGate {
    /// The gate of a policy (JSON text). `snapshots` is a JSON object of key sets by issuer, `secrets` one of the secrets
    /// for introspection endpoints by issuer; the seals of API keys have the current one first. `bootstrap` is the secret
    /// that administers until the first administrator has come, and `deny_signing_key` a private JWK as JSON text, where
    /// this deployment publishes deny lists. `assertion_keys` is a JSON array of private JWKs, where the policy has an
    /// assertion.
    ///
    /// # Errors
    /// Every fault of the policy.
    #[expect(clippy::too_many_arguments, reason = "each secret is handed over by itself, and read where it is")]
    #[wasm_bindgen(constructor)]
    pub fn new(
        policy: &str,
        snapshots: &str,
        secrets: &str,
        seals: Vec<Uint8Array>,
        bootstrap: Option<String>,
        deny_signing_key: Option<String>,
        assertion_keys: Option<String>,
        host: JsHost,
    ) -> Result<Self, JsValue> {
        let resources = || -> Result<Resources, JsError> {
            let deny_signing_key = deny_signing_key.map(Zeroizing::new);
            let deny_signer = deny_signing_key.map(|jwk| DenySigner::from_jwk(&jwk)).transpose()?;
            let assertion_keys = assertion_keys.map(Zeroizing::new);
            let assertion_keys = assertion_keys.map(|keys| AssertionKeys::from_json(&keys)).transpose()?;
            let beside = Beside {
                snapshots: read_snapshots(snapshots)?,
                introspection_secrets: read_secrets(secrets)?,
                ..Beside::default()
            };
            let bootstrap = bootstrap.map(BootstrapSecret::new).transpose().map_err(JsError::new)?;
            Ok(Resources { beside, seals: read_seals(seals)?, bootstrap, deny_signer, assertion_keys })
        };
        let gate = Gate::read(policy, resources()?).map_err(|error| refused_policy(&error))?;
        Ok(Self { gate: Rc::new(gate), host })
    }

    /// Whether the policy takes API keys, which are looked up in a store.
    #[wasm_bindgen(getter, js_name = takesKeys)]
    #[must_use]
    pub fn takes_keys(&self) -> bool {
        self.gate.takes_keys()
    }

    /// As [`Gate::set_restarts`].
    #[wasm_bindgen(js_name = setRestarts)]
    pub fn set_restarts(&self, restarts: u32) {
        self.gate.set_restarts(restarts);
    }

    /// The names of the limiters that the policy needs.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn limiters(&self) -> Vec<String> {
        self.gate.limiters().to_vec()
    }

    /// Puts a deny list (JSON text) in the place of the one before.
    ///
    /// # Errors
    /// What is wrong with the list; the one before then stays in force.
    #[wasm_bindgen(js_name = setDenyList)]
    pub fn set_deny_list(&self, list: &str) -> Result<(), JsValue> {
        self.gate.set_deny_list(read_deny_list(list).map_err(|error| refused_policy(&error))?);
        Ok(())
    }

    /// Decides about a request by its route: `{ verdict, audit }` as JSON, or a task.
    ///
    /// # Errors
    /// Where the request is of another shape.
    pub fn check(&self, request: JsValue) -> Result<JsValue, JsError> {
        let (gate, request, host) = self.begin(request)?;
        let exchange = host.exchange();
        let check = async move {
            let decision = gate.check(&host, &request).await;
            let verdict = RawValue::from_string(verdict_document(&decision.verdict)).ok();
            write(&Checked { verdict, audit: gate.record(&decision) })
        };
        Ok(task::start(check, exchange))
    }

    /// What to do with a request, the gate's own endpoints included: an outcome as JSON, or a task.
    ///
    /// # Errors
    /// Where the request is of another shape.
    pub fn handle(&self, request: JsValue) -> Result<JsValue, JsError> {
        let (gate, request, host) = self.begin(request)?;
        let exchange = host.exchange();
        Ok(task::start(async move { write(&gate.handle(&host, &request).await) }, exchange))
    }

    /// What to do with a request in front of a handler, the gate's own endpoints included: as JSON, or a task.
    ///
    /// # Errors
    /// Where the request is of another shape.
    pub fn guard(&self, request: JsValue) -> Result<JsValue, JsError> {
        let (gate, request, host) = self.begin(request)?;
        let exchange = host.exchange();
        Ok(task::start(async move { write(&gate.guard(&host, &request).await) }, exchange))
    }

    /// What to answer to an allowed request that the origin did not: an outcome as JSON. `failure` is `unreachable`,
    /// `timed_out`, `no_origin` or `client_left`, and `cause` a word of the host's, or empty.
    ///
    /// # Errors
    /// Where the request is of another shape.
    #[wasm_bindgen(js_name = forwardFailed)]
    pub fn forward_failed(
        &self,
        request: JsValue,
        request_id: &str,
        failure: &str,
        cause: &str,
    ) -> Result<JsValue, JsError> {
        let (gate, request, host) = self.begin(request)?;
        let failure = ForwardFailure::from_name(failure);
        let outcome = gate.forward_failed(&host, &request, request_id, failure, Some(cause));
        Ok(JsValue::from_str(&write(&outcome)))
    }

    /// As of a verifier.
    #[wasm_bindgen(js_name = refreshKeySet)]
    pub fn refresh_key_set(&self, key_set: u32, host: JsHost) -> JsValue {
        key_sets::refresh_one(&self.gate, host, key_set)
    }

    /// As of a verifier.
    pub fn refresh(&self) -> JsValue {
        key_sets::refresh_all(&self.gate, &self.host)
    }

    /// Publishes that the credentials of these entries (JSON text) are denied: `{ issuedAt, entries }` or `{ failure }`
    /// as JSON, or a task.
    ///
    /// # Errors
    /// What is wrong with the entries.
    pub fn deny(&self, entries: &str) -> Result<JsValue, JsValue> {
        let entries = read_deny_entries(entries).map_err(|error| refused_policy(&error))?;
        let host = Lent::new(self.host.clone(), None);
        let (gate, exchange) = (Rc::clone(&self.gate), host.exchange());
        Ok(task::start(async move { write_published(gate.deny(&host, entries).await) }, exchange))
    }

    /// Publishes that these entries (JSON text) are taken off the signed deny list, as [`JsGate::deny`].
    ///
    /// # Errors
    /// What is wrong with the entries.
    pub fn undeny(&self, entries: &str) -> Result<JsValue, JsValue> {
        let entries = read_deny_entries(entries).map_err(|error| refused_policy(&error))?;
        let host = Lent::new(self.host.clone(), None);
        let (gate, exchange) = (Rc::clone(&self.gate), host.exchange());
        Ok(task::start(async move { write_published(gate.undeny(&host, &entries).await) }, exchange))
    }

    /// As of a verifier.
    #[wasm_bindgen(js_name = denySnapshot)]
    #[must_use]
    pub fn deny_snapshot(&self) -> String {
        write_deny_snapshot(self.gate.deny_snapshot(Lent::new(self.host.clone(), None).now()).as_ref())
    }

    /// As of a verifier.
    #[wasm_bindgen(js_name = keySets)]
    #[must_use]
    pub fn key_sets(&self) -> String {
        key_sets::known(&self.gate, &self.host)
    }
}

impl JsGate {
    fn begin(&self, request: JsValue) -> Result<(Rc<Gate>, GateRequest, Lent), JsError> {
        let body = Reflect::get(&request, &"body".into()).ok().and_then(|body| body.dyn_into::<Function>().ok());
        Ok((Rc::clone(&self.gate), read_request(request)?, Lent::new(self.host.clone(), None).with_body(body)))
    }
}

/// A request, as the shell hands it over.
pub(super) fn read_request(request: JsValue) -> Result<GateRequest, JsError> {
    serde_wasm_bindgen::from_value(request).map_err(|error| JsError::new(&format!("the request: {error}")))
}

/// Which headers of an origin's answer end at the gate, of these names in lower case, each on a line of its own, and the
/// value of `Connection`, empty for none. The answer has the same form.
#[wasm_bindgen(js_name = endedOfAnswer)]
#[must_use]
pub fn ended(names: &str, connection: &str, is_upgrade: bool) -> String {
    let names: Vec<&str> = names.lines().collect();
    ended_of_answer(&names, Some(connection), is_upgrade).join("\n")
}

fn write_published(published: Result<Published, PublishError>) -> String {
    match published {
        Ok(published) => write(&published),
        Err(error) => write(&serde_json::json!({ "failure": error.to_string() })),
    }
}

/// Strings and numbers cannot fail to be written.
fn write(document: &impl Serialize) -> String {
    serde_json::to_string(document).unwrap_or_default()
}

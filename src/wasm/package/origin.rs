//! The check of assertions on the origin's side.

use std::rc::Rc;

use wasm_bindgen::prelude::{JsError, JsValue, wasm_bindgen};

use super::{
    gate::read_request,
    host::{JsHost, Lent},
    key_sets,
    refusal::refused_policy,
    task,
};
use crate::{gate::OriginCheck, policy::read_origin_policy, verdict::verdict_document};

/// Checks the assertions that requests carry.
#[wasm_bindgen(js_name = OriginCheck)]
pub struct JsOriginCheck {
    check: Rc<OriginCheck>,
    host: JsHost,
}

#[wasm_bindgen(js_class = OriginCheck)]
impl JsOriginCheck {
    /// The check of a policy (JSON text).
    ///
    /// # Errors
    /// Every fault of the policy.
    #[wasm_bindgen(constructor)]
    pub fn new(policy: &str, host: JsHost) -> Result<Self, JsValue> {
        let check = read_origin_policy(policy).and_then(OriginCheck::new).map_err(|error| refused_policy(&error))?;
        Ok(Self { check: Rc::new(check), host })
    }

    /// The verdict as JSON, or a task.
    ///
    /// # Errors
    /// Where the request is of another shape.
    pub fn check(&self, request: JsValue) -> Result<JsValue, JsError> {
        let request = read_request(request)?;
        let host = Lent::new(self.host.clone(), None);
        let (check, exchange) = (Rc::clone(&self.check), host.exchange());
        Ok(task::start(async move { verdict_document(&check.check(&host, &request).await) }, exchange))
    }

    /// As of a verifier.
    #[wasm_bindgen(js_name = refreshKeySet)]
    pub fn refresh_key_set(&self, key_set: u32, host: JsHost) -> JsValue {
        key_sets::refresh_one(&self.check, host, key_set)
    }

    /// As of a verifier.
    pub fn refresh(&self) -> JsValue {
        key_sets::refresh_all(&self.check, &self.host)
    }

    /// As of a verifier.
    #[wasm_bindgen(js_name = keySets)]
    #[must_use]
    pub fn key_sets(&self) -> String {
        key_sets::known(&self.check, &self.host)
    }
}

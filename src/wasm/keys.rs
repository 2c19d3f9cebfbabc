//! The checker of API keys.

use std::rc::Rc;

use js_sys::Uint8Array;
use serde_json::Value;
use wasm_bindgen::prelude::{JsError, JsValue, wasm_bindgen};

use super::{
    host::{JsHost, Lent},
    options::CheckOptions,
    task,
};
use crate::{
    api_key::{ApiKeyChecker, FormError, KeyContext, KeyForm, Seal},
    json,
    policy::ApiKeyPolicy,
    verdict::verdict_document,
};

/// Checks API keys.
#[wasm_bindgen(js_name = KeyChecker)]
pub struct JsKeyChecker {
    checker: Rc<ApiKeyChecker>,
    host: JsHost,
}

#[wasm_bindgen(js_class = KeyChecker)]
impl JsKeyChecker {
    /// A checker for keys of this form (`{ prefix, environment }` as JSON text); the seals stand apart, the current one
    /// first.
    ///
    /// # Errors
    /// What is wrong with the form.
    #[wasm_bindgen(constructor)]
    pub fn new(form: &str, seals: Vec<Uint8Array>, host: JsHost) -> Result<Self, JsError> {
        let wrong = |why: String| JsError::new(&format!("the form of the keys is refused: {why}"));
        let form = json::parse_object(form.as_bytes()).map_err(|error| wrong(error.to_string()))?;
        let form: ApiKeyPolicy =
            serde_json::from_value(Value::Object(form)).map_err(|error| wrong(error.to_string()))?;
        let form = KeyForm::new(form.prefix, form.environment, read_seals(seals)?)?;
        Ok(Self { checker: Rc::new(ApiKeyChecker::new(form)), host })
    }

    /// The verdict as JSON, or a task.
    ///
    /// # Errors
    /// Where the options are of another shape.
    pub fn check(&self, key: &str, options: &JsValue) -> Result<JsValue, JsError> {
        let options = CheckOptions::read(options, CheckOptions::OF_KEYS)?;
        let host = Lent::new(self.host.clone(), options.now);
        let (checker, key, exchange) = (Rc::clone(&self.checker), key.to_owned(), host.exchange());
        let check = async move {
            let verdict = checker.check(&host, &key, &KeyContext { ip: options.ip.as_deref() }).await;
            verdict_document(&options.require_scopes(verdict))
        };
        Ok(task::start(check, exchange))
    }
}

pub(super) fn read_seals(seals: Vec<Uint8Array>) -> Result<Vec<Seal>, FormError> {
    seals.into_iter().map(|seal| Seal::new(seal.to_vec())).collect()
}

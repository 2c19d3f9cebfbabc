//! The checker of API keys.

use std::rc::Rc;

use js_sys::Uint8Array;
use wasm_bindgen::prelude::{JsError, JsValue, wasm_bindgen};

use super::{
    host::{JsHost, Lent},
    options::CheckOptions,
    task,
};
use crate::{
    api_key::{ApiKeyChecker, FormError, KeyContext, Seal},
    host::USAGE_NOTES,
    policy::{PolicyError, PolicyFault, api_key_checker},
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
        Ok(Self { checker: Rc::new(read_checker(form, seals)?), host })
    }

    /// As of a verifier: writes the notes of when keys were used.
    #[wasm_bindgen(js_name = refreshKeySet)]
    pub fn refresh_key_set(&self, work: u32) -> JsValue {
        let host = Lent::new(self.host.clone(), None);
        let (checker, exchange) = (Rc::clone(&self.checker), host.exchange());
        let write = async move {
            if work == USAGE_NOTES {
                checker.notes().write(&host).await;
            }
            String::new()
        };
        task::start(write, exchange)
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
            let verdict = options.require_scopes(verdict);
            if let Some(id) = verdict.as_ref().ok().and_then(|grant| grant.principal.credential_id.as_deref()) {
                checker.notes().used(&host, id, &options.scopes);
            }
            verdict_document(&verdict)
        };
        Ok(task::start(check, exchange))
    }
}

pub(super) fn read_checker(form: &str, seals: Vec<Uint8Array>) -> Result<ApiKeyChecker, JsError> {
    api_key_checker(form, read_seals(seals)?)
        .map_err(|error| JsError::new(&format!("the form of the keys is refused: {}", faults(&error))))
}

/// Each fault of a form, with its place.
pub(super) fn faults(error: &PolicyError) -> String {
    let words =
        |fault: &PolicyFault| format!("{}: {}", fault.pointer, fault.reason).trim_start_matches(": ").to_owned();
    error.0.iter().map(words).collect::<Vec<_>>().join("; ")
}

pub(super) fn read_seals(seals: Vec<Uint8Array>) -> Result<Vec<Seal>, FormError> {
    seals.into_iter().map(|seal| Seal::new(seal.to_vec())).collect()
}

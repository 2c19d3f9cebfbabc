//! The checker of API keys.

use std::rc::Rc;

use js_sys::Uint8Array;
use wasm_bindgen::prelude::{JsError, JsValue, wasm_bindgen};

use super::{
    host::{JsHost, Lent},
    options::CheckOptions,
    refusal::refused,
    task,
};
use crate::{
    api_key::{ApiKeyChecker, FormError, KeyContext, Seal},
    host::{DENY_SNAPSHOT, USAGE_NOTES},
    policy::api_key_checker,
    revocation::InForce,
    verdict::verdict_document,
};

/// Checks API keys.
#[wasm_bindgen(js_name = KeyChecker)]
pub struct JsKeyChecker {
    checker: Rc<ApiKeyChecker>,
    revocation: InForce,
    host: JsHost,
}

#[wasm_bindgen(js_class = KeyChecker)]
impl JsKeyChecker {
    /// A checker for keys of this form (JSON text, with `deny` and `denySnapshot` where they apply); the seals stand apart,
    /// the current one first.
    ///
    /// # Errors
    /// What is wrong with the form.
    #[wasm_bindgen(constructor)]
    pub fn new(form: &str, seals: Vec<Uint8Array>, host: JsHost) -> Result<Self, JsValue> {
        let (checker, revocation) = read_checker(form, seals)?;
        Ok(Self { checker: Rc::new(checker), revocation, host })
    }

    /// As of a verifier: writes the notes of when keys were used, or reads the signed deny list.
    #[wasm_bindgen(js_name = refreshKeySet)]
    pub fn refresh_key_set(&self, work: u32, host: JsHost) -> JsValue {
        let host = Lent::new(host, None);
        let (checker, revocation, exchange) = (Rc::clone(&self.checker), self.revocation.clone(), host.exchange());
        let work = async move {
            match work {
                USAGE_NOTES => checker.notes().write(&host).await,
                DENY_SNAPSHOT => revocation.refresh(&host).await,
                _ => {}
            }
            String::new()
        };
        task::start(work, exchange)
    }

    /// The verdict as JSON, or a task.
    ///
    /// # Errors
    /// Where the options are of another shape.
    pub fn check(&self, key: &str, options: &JsValue) -> Result<JsValue, JsError> {
        let options = CheckOptions::read(options, CheckOptions::OF_KEYS)?;
        let host = Lent::new(self.host.clone(), options.now);
        let (checker, revocation) = (Rc::clone(&self.checker), self.revocation.clone());
        let (key, exchange) = (key.to_owned(), host.exchange());
        let check = async move {
            let context = KeyContext { ip: options.ip.as_deref() };
            let verdict = checker.check_in_force(&host, &key, &context, &revocation).await;
            let verdict = options.require_scopes(verdict);
            if let Some(id) = verdict.as_ref().ok().and_then(|grant| grant.principal.credential_id.as_deref()) {
                checker.notes().used(&host, id, &options.scopes);
            }
            verdict_document(&verdict)
        };
        Ok(task::start(check, exchange))
    }
}

pub(super) fn read_checker(form: &str, seals: Vec<Uint8Array>) -> Result<(ApiKeyChecker, InForce), JsValue> {
    let seals = read_seals(seals).map_err(JsError::from)?;
    api_key_checker(form, seals).map_err(|error| refused("the form of the keys is", &error))
}

pub(super) fn read_seals(seals: Vec<Uint8Array>) -> Result<Vec<Seal>, FormError> {
    seals.into_iter().map(|seal| Seal::new(seal.to_vec())).collect()
}

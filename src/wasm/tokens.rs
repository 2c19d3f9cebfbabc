//! The verifier of M2M tokens.

use std::{collections::BTreeMap, rc::Rc};

use wasm_bindgen::prelude::{JsError, JsValue, wasm_bindgen};

use super::{
    host::{JsHost, Lent},
    options::CheckOptions,
    task,
};
use crate::{
    m2m_token::TokenVerifier,
    policy::{dpop_rules, read_deny_list, read_token_policy, token_verifier},
    verdict::verdict_document,
};

/// Verifies M2M tokens.
#[wasm_bindgen(js_name = TokenVerifier)]
pub struct JsTokenVerifier {
    verifier: Rc<TokenVerifier>,
    host: JsHost,
}

#[wasm_bindgen(js_class = TokenVerifier)]
impl JsTokenVerifier {
    /// A verifier for the issuers of this policy (JSON text).
    ///
    /// # Errors
    /// Every fault of the policy.
    #[wasm_bindgen(constructor)]
    pub fn new(policy: &str, host: JsHost) -> Result<Self, JsError> {
        let policy = read_token_policy(policy)?;
        let verifier = token_verifier(policy.issuers, &BTreeMap::new(), policy.max_token_bytes)?
            .with_dpop_rules(dpop_rules(policy.dpop)?);
        verifier.set_deny_list(policy.deny.unwrap_or_default());
        Ok(Self { verifier: Rc::new(verifier), host })
    }

    /// Puts a deny list (JSON text) in the place of the one before.
    ///
    /// # Errors
    /// What is wrong with the list; the one before then stays in force.
    #[wasm_bindgen(js_name = setDenyList)]
    pub fn set_deny_list(&self, list: &str) -> Result<(), JsError> {
        self.verifier.set_deny_list(read_deny_list(list)?);
        Ok(())
    }

    /// The verdict as JSON, or a task.
    ///
    /// # Errors
    /// Where the options are of another shape.
    pub fn verify(&self, token: &str, options: &JsValue, synchronously: bool) -> Result<JsValue, JsError> {
        let options = CheckOptions::read(options, CheckOptions::OF_TOKENS)?;
        let host = Lent::new(self.host.clone(), options.now);
        let host = if synchronously { host.synchronously() } else { host };
        let (verifier, token, exchange) = (Rc::clone(&self.verifier), token.to_owned(), host.exchange());
        let check = async move {
            let verdict = verifier.verify_from(&host, &token, &options.sender()).await;
            verdict_document(&options.require_scopes(verdict))
        };
        Ok(task::start(check, exchange))
    }
}

//! The verifier of M2M tokens.

use std::{collections::BTreeMap, rc::Rc};

use serde_json::Value;
use wasm_bindgen::prelude::{JsError, JsValue, wasm_bindgen};

use super::{
    host::{JsHost, Lent},
    key_sets,
    options::CheckOptions,
    presented::presented,
    refusal::refused_policy,
    task::{self, Reply},
};
use crate::{
    host::Host,
    json,
    m2m_token::TokenVerifier,
    policy::{Beside, read_deny_list, read_token_verifier},
    revocation::DenySnapshotStatus,
    verdict::{Trail, verdict_document},
};

/// Verifies M2M tokens.
#[wasm_bindgen(js_name = TokenVerifier)]
pub struct JsTokenVerifier {
    verifier: Rc<TokenVerifier>,
    host: JsHost,
}

#[wasm_bindgen(js_class = TokenVerifier)]
impl JsTokenVerifier {
    /// A verifier for the issuers of this policy (JSON text). `secrets` is a JSON object of the secrets for introspection
    /// endpoints by issuer.
    ///
    /// # Errors
    /// Every fault of the policy.
    #[wasm_bindgen(constructor)]
    pub fn new(policy: &str, secrets: &str, host: JsHost) -> Result<Self, JsValue> {
        let beside = Beside { introspection_secrets: read_secrets(secrets)?, ..Beside::default() };
        let verifier = read_token_verifier(policy, &beside).map_err(|error| refused_policy(&error))?;
        Ok(Self { verifier: Rc::new(verifier), host })
    }

    /// Puts a deny list (JSON text) in the place of the one before.
    ///
    /// # Errors
    /// What is wrong with the list; the one before then stays in force.
    #[wasm_bindgen(js_name = setDenyList)]
    pub fn set_deny_list(&self, list: &str) -> Result<(), JsValue> {
        self.verifier.set_deny_list(read_deny_list(list).map_err(|error| refused_policy(&error))?);
        Ok(())
    }

    /// The most bytes of a token that is looked at.
    #[must_use]
    pub fn longest(&self) -> usize {
        self.verifier.max_token_bytes()
    }

    /// The verdict as JSON, or a task. Where the shell `knows` texts, the number alone of one that it was given before, or
    /// could have been: it asks again without `knows` for what it does not have.
    ///
    /// # Errors
    /// Where the options are of another shape.
    pub fn verify(&self, token: &str, options: &JsValue, synchronously: bool, knows: bool) -> Result<JsValue, JsError> {
        self.check(token.to_owned(), options, synchronously, knows)
    }

    /// As [`Self::verify`], of the token of so many bytes that was put down.
    ///
    /// # Errors
    /// As [`Self::verify`].
    #[wasm_bindgen(js_name = verifyPresented)]
    pub fn verify_presented(
        &self,
        length: usize,
        options: &JsValue,
        synchronously: bool,
        knows: bool,
    ) -> Result<JsValue, JsError> {
        self.check(presented(length), options, synchronously, knows)
    }

    /// Does what is to be done behind a request for the key set of this number; nothing, or a task. `host` is what is lent
    /// to this work alone, so that it can be stopped.
    #[wasm_bindgen(js_name = refreshKeySet)]
    pub fn refresh_key_set(&self, key_set: u32, host: JsHost) -> JsValue {
        key_sets::refresh_one(&self.verifier, host, key_set)
    }

    /// Fetches the key sets by the clock; what is known of them then, as JSON, or a task.
    pub fn refresh(&self) -> JsValue {
        key_sets::refresh_all(&self.verifier, &self.host)
    }

    /// What is known of the signed deny list, as JSON; `null` without strict mode.
    #[wasm_bindgen(js_name = denySnapshot)]
    #[must_use]
    pub fn deny_snapshot(&self) -> String {
        write_deny_snapshot(self.verifier.deny_snapshot(Lent::new(self.host.clone(), None).now()).as_ref())
    }

    /// What is known of the key sets that are fetched, as JSON.
    #[wasm_bindgen(js_name = keySets)]
    #[must_use]
    pub fn key_sets(&self) -> String {
        key_sets::known(&self.verifier, &self.host)
    }
}

impl JsTokenVerifier {
    fn check(&self, token: String, options: &JsValue, synchronously: bool, knows: bool) -> Result<JsValue, JsError> {
        let options = CheckOptions::read(options, CheckOptions::OF_TOKENS)?;
        let host = Lent::new(self.host.clone(), options.now);
        let host = if synchronously { host.synchronously() } else { host };
        let (verifier, exchange) = (Rc::clone(&self.verifier), host.exchange());
        let check = async move {
            let good = match verifier.check_along(&host, &token, &options.sender(), &Trail::default()).await {
                Ok(good) => good,
                Err(denial) => return verdict_document(&Err(denial)).into(),
            };
            if !options.scopes_in(good.scopes()) {
                return verdict_document(&options.require_scopes(Ok(good.grant()))).into();
            }
            match good.number().filter(|_| knows) {
                Some(number) => Reply::Known(number),
                None => good.document().into(),
            }
        };
        Ok(task::start_replying(check, exchange))
    }
}

/// Strings and numbers cannot fail to be written.
pub(super) fn write_deny_snapshot(status: Option<&DenySnapshotStatus>) -> String {
    serde_json::to_string(&status).unwrap_or_default()
}

/// The secrets for introspection endpoints, by issuer.
pub(super) fn read_secrets(text: &str) -> Result<BTreeMap<String, String>, JsError> {
    let wrong = || JsError::new("the secrets for introspection: an object of strings, by issuer");
    let members = json::parse_object(text.as_bytes()).map_err(|_| wrong())?;
    let secret = |(issuer, secret): (String, Value)| Some((issuer, secret.as_str()?.to_owned()));
    members.into_iter().map(secret).collect::<Option<_>>().ok_or_else(wrong)
}

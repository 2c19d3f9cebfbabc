//! The verifier of signatures alone.

use std::rc::Rc;

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::Serialize;
use serde_json::value::RawValue;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use super::{
    host::{JsHost, Lent},
    refusal::refused_policy,
    task,
};
use crate::{
    jose::{JwsVerifier, VerifiedJws},
    policy::jws_verifier,
    verdict::verdict_document,
};

/// Verifies signatures in the compact form.
#[wasm_bindgen(js_name = JwsVerifier)]
pub struct JsJwsVerifier {
    verifier: Rc<JwsVerifier>,
    host: JsHost,
}

/// What is handed back of a signature that holds.
#[derive(Serialize)]
struct Verified<'v> {
    ok: bool,
    header: &'v RawValue,
    /// In base64url.
    payload: String,
    kid: Option<&'v str>,
    algorithm: &'v str,
}

#[wasm_bindgen(js_class = JwsVerifier)]
impl JsJwsVerifier {
    /// A verifier with this key set or snapshot (JSON text) for `{ algorithms, maxBytes }` (JSON text).
    ///
    /// # Errors
    /// Every fault of them.
    #[wasm_bindgen(constructor)]
    pub fn new(jwks: &str, policy: &str, host: JsHost) -> Result<Self, JsValue> {
        let verifier = jws_verifier(jwks, policy).map_err(|error| refused_policy(&error))?;
        Ok(Self { verifier: Rc::new(verifier), host })
    }

    /// What was signed, or the denial, as JSON, or a task.
    pub fn verify(&self, compact: &str) -> JsValue {
        let host = Lent::new(self.host.clone(), None);
        let (verifier, compact, exchange) = (Rc::clone(&self.verifier), compact.to_owned(), host.exchange());
        let check = async move {
            match verifier.verify(&host, &compact).await {
                Ok(jws) => document(&jws),
                Err(denial) => verdict_document(&Err(denial)),
            }
        };
        task::start(check, exchange)
    }
}

/// A header that was parsed before cannot fail to be written.
fn document(jws: &VerifiedJws) -> String {
    let Ok(header) = serde_json::from_str(&jws.header) else { return String::new() };
    let payload = Base64UrlUnpadded::encode_string(&jws.payload);
    let (kid, algorithm) = (jws.key_id.as_deref(), jws.algorithm.name());
    serde_json::to_string(&Verified { ok: true, header, payload, kid, algorithm }).unwrap_or_default()
}

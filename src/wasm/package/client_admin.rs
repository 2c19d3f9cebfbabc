//! The records of M2M clients.

use wasm_bindgen::prelude::{JsError, JsValue, wasm_bindgen};

use super::{
    host::{JsHost, Lent},
    key_admin::outcome,
    task,
};
use crate::m2m_client::{ClientLife, ClientOperation, Listing, read_listing};

/// Puts clients on record, and changes what is known of them.
#[wasm_bindgen(js_name = ClientAdmin)]
pub struct JsClientAdmin {
    host: JsHost,
}

#[wasm_bindgen(js_class = ClientAdmin)]
impl JsClientAdmin {
    /// The clients in the store of a host.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(host: JsHost) -> Self {
        Self { host }
    }

    /// Carries out a step: `{ done }` or `{ failed: { code, status, message } }` as JSON, or a task.
    ///
    /// # Errors
    /// Where there is no step of this name.
    #[wasm_bindgen(js_name = carryOut)]
    pub fn carry_out(&self, name: &str, id: Option<String>, body: &str) -> Result<JsValue, JsError> {
        if ClientOperation::named(name, id.as_deref()).is_none() {
            return Err(JsError::new("there is no such step in the life of a client"));
        }
        let host = Lent::new(self.host.clone(), None);
        let exchange = host.exchange();
        let (name, body) = (name.to_owned(), body.to_owned());
        let step = async move {
            let Some(operation) = ClientOperation::named(&name, id.as_deref()) else { return String::new() };
            let done = ClientLife.carry_out(&host, operation, body.as_bytes(), None).await;
            outcome(done.map(|done| done.document))
        };
        Ok(task::start(step, exchange))
    }
}

/// The clients of an issuer's own listing (`auth0` or `workos`), as bodies of imports: `{ clients, passed }` as JSON.
///
/// # Errors
/// Where there is no such listing, and where the text is none.
#[wasm_bindgen(js_name = readClientListing)]
pub fn read_client_listing(from: &str, text: &str, issuer: &str) -> Result<String, JsError> {
    let listing =
        Listing::named(from).ok_or_else(|| JsError::new("the listings that are known are `auth0` and `workos`"))?;
    let read = read_listing(listing, text, issuer).map_err(|words| JsError::new(&words))?;
    serde_json::to_string(&read).map_err(|error| JsError::new(&error.to_string()))
}

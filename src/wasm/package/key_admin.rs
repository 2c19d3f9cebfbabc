//! The life of API keys.

use std::{fmt::Display, rc::Rc};

use js_sys::Uint8Array;
use serde::Serialize;
use serde_json::value::RawValue;
use wasm_bindgen::prelude::{JsError, JsValue, wasm_bindgen};

use super::{
    host::{JsHost, Lent},
    keys::read_checker,
    task,
};
use crate::{
    api_key::{KeyLife, LifeError, Operation, read_body},
    verdict::Denial,
};

/// Issues, changes and ends API keys.
#[wasm_bindgen(js_name = KeyAdmin)]
pub struct JsKeyAdmin {
    life: Rc<KeyLife>,
    host: JsHost,
}

/// What a step came to.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Outcome<'o> {
    /// It was done.
    Done(Box<RawValue>),
    /// It was not.
    Failed { code: &'o str, status: u16, message: String },
}

#[wasm_bindgen(js_class = KeyAdmin)]
impl JsKeyAdmin {
    /// The life of the keys of this form (JSON text, as of a checker); the seals stand apart, the current one first.
    ///
    /// # Errors
    /// What is wrong with the form.
    #[wasm_bindgen(constructor)]
    pub fn new(form: &str, seals: Vec<Uint8Array>, host: JsHost) -> Result<Self, JsValue> {
        let (checker, _) = read_checker(form, seals)?;
        Ok(Self { life: Rc::new(checker.life().clone()), host })
    }

    /// Carries out a step: `{ done }` or `{ failed: { code, status, message } }` as JSON, or a task.
    ///
    /// # Errors
    /// Where there is no step of this name.
    #[wasm_bindgen(js_name = carryOut)]
    pub fn carry_out(&self, name: &str, id: Option<String>, body: &str) -> Result<JsValue, JsError> {
        if Operation::named(name, id.as_deref()).is_none() {
            return Err(JsError::new("there is no such step in the life of a key"));
        }
        let host = Lent::new(self.host.clone(), None);
        let (life, exchange) = (Rc::clone(&self.life), host.exchange());
        let (name, body) = (name.to_owned(), body.to_owned());
        let step = async move {
            let Some(operation) = Operation::named(&name, id.as_deref()) else { return String::new() };
            let done = life.carry_out(&host, operation, body.as_bytes(), None).await;
            outcome(done.map(|done| done.document))
        };
        Ok(task::start(step, exchange))
    }

    /// Ends a key for whoever holds it. `body` says by whom and why.
    #[wasm_bindgen(js_name = revokeHeld)]
    pub fn revoke_held(&self, key: &str, body: &str) -> JsValue {
        let host = Lent::new(self.host.clone(), None);
        let (life, exchange) = (Rc::clone(&self.life), host.exchange());
        let (key, body) = (key.to_owned(), body.to_owned());
        let step = async move {
            let request = match read_body(body.as_bytes()) {
                Ok(request) => request,
                Err(error) => return outcome(Err::<String, _>(error)),
            };
            match life.revoke_held(&host, &key, &request).await {
                Ok(held) => {
                    outcome(held.record.public_json(&held.id).map_err(|error| LifeError::Unreadable(error.to_string())))
                }
                Err(denial) => failed(&denial, denial.note.clone()),
            }
        };
        task::start(step, exchange)
    }
}

pub(super) fn outcome<E: Display + Into<Denial>>(done: Result<String, E>) -> String {
    match done {
        // What the core writes is JSON.
        Ok(text) => RawValue::from_string(text).map_or_else(
            |error| failed(&LifeError::Unreadable(error.to_string()).into(), None),
            |document| write(&Outcome::Done(document)),
        ),
        Err(error) => {
            // Who holds the store may read what it says.
            let words = error.to_string();
            failed(&error.into(), Some(words))
        }
    }
}

fn failed(denial: &Denial, words: Option<String>) -> String {
    let facts = denial.reason.facts();
    let message = words.unwrap_or_else(|| facts.title.to_owned());
    write(&Outcome::Failed { code: facts.code, status: facts.status, message })
}

/// Strings and numbers cannot fail to be written.
fn write(outcome: &Outcome<'_>) -> String {
    serde_json::to_string(outcome).unwrap_or_default()
}

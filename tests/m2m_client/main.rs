//! The records of M2M clients: what is done with them, by one and by several at once, over a store that fails.

#[path = "../key_life/shelf.rs"]
#[allow(dead_code, reason = "what makes keys is not used here")]
mod shelf;

mod at_once;
mod imported;
mod notes;
mod whole_life;

use edgeward::{
    m2m_client::{ClientError, ClientLife, ClientOperation},
    verdict::Denial,
};
use pollster::block_on;
use serde_json::{Value, json};

use crate::shelf::Clerk;

/// Carries out a step, as the library and the command line do.
fn step(clerk: &Clerk, name: &str, id: Option<&str>, body: &Value) -> Result<Value, ClientError> {
    let operation = ClientOperation::named(name, id).expect("a step");
    let done = block_on(ClientLife.carry_out(clerk, operation, body.to_string().as_bytes(), None))?;
    Ok(serde_json::from_str(&done.document).expect("JSON"))
}

fn refused(clerk: &Clerk, name: &str, id: Option<&str>, body: &Value) -> (&'static str, String) {
    let error = step(clerk, name, id, body).expect_err("a refusal");
    let words = error.to_string();
    (Denial::from(error).reason.code(), words)
}

fn client() -> Value {
    json!({
        "issuer": "https://login.example/", "clientId": "export", "name": "nightly export", "organization": "org_1",
        "owner": "ada", "revoker": "sec", "scopes": ["reports:read"],
    })
}

fn with(mut document: Value, member: &str, value: Value) -> Value {
    document[member] = value;
    document
}

/// Puts the client on record and gives its id.
fn added(clerk: &Clerk) -> String {
    let done = step(clerk, "add", None, &client()).expect("a client");
    done["id"].as_str().expect("an id").to_owned()
}

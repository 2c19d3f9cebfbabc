//! The signed assertion: what the gate says to the origin, and what the origin makes of it.

mod key_set;
mod made;
mod origin;
mod policy;
mod rotation;

use edgeward::{
    gate::{AssertionKeys, Forward, Gate, GateRequest, OriginCheck, Resources},
    policy::{read_origin_policy, read_policy},
};
use serde_json::{Value, json};

use crate::{
    stage::{self, Stage, request},
    support::{decode, edited, key, with},
};

pub(crate) const GATE: &str = "https://api.example";
pub(crate) const ORIGIN: &str = "https://origin.example";
pub(crate) const KEY_SET: &str = "/.well-known/jwks.json";

/// A private test key under this name.
pub(crate) fn private(name: &str, kid: &str) -> Value {
    with(&key(name), "kid", kid.into())
}

pub(crate) fn keys(jwks: &[Value]) -> AssertionKeys {
    AssertionKeys::from_json(&json!(jwks).to_string()).expect("keys")
}

/// The policy of the stage, with an assertion for the origin.
pub(crate) fn policy() -> Value {
    with(&stage::policy(), "assertion", json!({ "issuer": GATE, "audience": ORIGIN }))
}

/// A gate whose policy is changed so, and which signs with these keys.
pub(crate) fn gate(change: &Value, jwks: &[Value]) -> Gate {
    let policy = read_policy(&edited(&policy(), change).to_string()).expect("a policy");
    let resources = Resources { assertion_keys: Some(keys(jwks)), ..Resources::default() };
    Gate::new(policy, resources).expect("a gate")
}

/// A stage with the usual gate, which signs with an Ed25519 key.
pub(crate) fn signing() -> Stage {
    signing_with(&json!({}), &[private("ed25519", "a1")])
}

pub(crate) fn signing_with(change: &Value, jwks: &[Value]) -> Stage {
    Stage::with(gate(change, jwks))
}

/// The check of an origin that has the public keys of a gate, and whose policy is changed so.
pub(crate) fn check(jwks: &[Value], change: &Value) -> OriginCheck {
    let policy = json!({ "issuer": GATE, "audience": ORIGIN, "jwks": keys(jwks).public_key_set() });
    OriginCheck::new(read_origin_policy(&edited(&policy, change).to_string()).expect("a policy")).expect("a check")
}

/// The assertion among the headers that a gate sets.
pub(crate) fn assertion(forward: &Forward) -> String {
    let mut found = forward.set.iter().filter(|(name, _)| name == "edgeward-assertion").map(|(_, value)| value.clone());
    let assertion = found.next().expect("an assertion");
    assert_eq!(found.next(), None);
    assertion
}

/// The header and the claims of an assertion.
pub(crate) fn opened(assertion: &str) -> (Value, Value) {
    let mut segments = assertion.split('.').map(|segment| serde_json::from_slice(&decode(segment)));
    let (header, claims) = (segments.next().expect("a header"), segments.next().expect("claims"));
    (header.expect("JSON"), claims.expect("JSON"))
}

/// The request as the origin sees it: at its own address, with what the gate set.
pub(crate) fn arrived(method: &str, target: &str, forward: &Forward) -> GateRequest {
    let headers: Vec<(&str, &str)> = forward.set.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    request(method, &format!("{ORIGIN}{target}"), &headers)
}

/// A request to the origin with this assertion alone.
pub(crate) fn with_assertion(method: &str, target: &str, assertion: &str) -> GateRequest {
    request(method, target, &[("edgeward-assertion", assertion)])
}

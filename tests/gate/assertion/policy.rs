//! The policies of both sides, and what is wrong with them.

use edgeward::{
    gate::{AssertionKeys, Gate, OriginCheck, Resources, lint_policy},
    host::UnixMillis,
    policy::{Beside, PolicyError, read_origin_policy, read_policy},
};
use serde_json::{Value, json};

use super::{GATE, ORIGIN, keys, policy, private};
use crate::{
    stage,
    support::{NOW, edited, public, with},
};

fn pointers(error: PolicyError) -> Vec<String> {
    error.0.into_iter().map(|fault| fault.pointer).collect()
}

fn faults(policy: &Value, assertion_keys: Option<AssertionKeys>) -> Vec<String> {
    let policy = read_policy(&policy.to_string()).expect("a policy");
    let resources = Resources { assertion_keys, ..Resources::default() };
    Gate::new(policy, resources).map_or_else(pointers, |_| Vec::new())
}

#[test]
fn an_assertion_needs_keys_and_keys_need_an_assertion() {
    let jwks = [private("ed25519", "a1")];
    assert_eq!(faults(&policy(), Some(keys(&jwks))), [""; 0]);
    assert_eq!(faults(&policy(), None), ["/assertion"]);
    assert_eq!(faults(&stage::policy(), Some(keys(&jwks))), ["/assertion"]);
    assert_eq!(faults(&stage::policy(), None), [""; 0]);
    let wrong = edited(&policy(), &json!({ "assertion": { "issuer": "", "audience": "a" }, "prefix": "x" }));
    assert_eq!(faults(&wrong, None), ["/prefix", "/assertion/issuer", "/assertion"]);
}

#[test]
fn a_policy_is_judged_without_its_secrets() {
    let lint =
        |policy: &Value| lint_policy(&policy.to_string(), &Beside::default(), UnixMillis(NOW * 1000)).map_err(pointers);
    assert_eq!(lint(&policy()), lint(&stage::policy()));
    let wrong = with(&policy(), "assertion", json!({ "issuer": GATE, "audience": ORIGIN, "lifetime": 0 }));
    assert_eq!(lint(&wrong).expect_err("no lifetime"), ["/assertion/lifetime"]);
    assert_eq!(lint(&with(&wrong, "prefix", "x".into())).expect_err("two"), ["/prefix", "/assertion/lifetime"]);
}

#[test]
fn an_origin_is_told_every_fault_of_its_policy() {
    let good = json!({ "issuer": GATE, "audience": ORIGIN, "jwks": { "keys": [public("ed25519", "a1")] } });
    let faults = |change: &Value| match read_origin_policy(&edited(&good, change).to_string()) {
        Ok(policy) => OriginCheck::new(policy).map_or_else(pointers, |_| Vec::new()),
        Err(error) => pointers(error),
    };
    let fetched = json!({ "jwks": null, "jwksUri": "https://api.example/.well-known/jwks.json" });
    for change in
        [json!({}), fetched, json!({ "audience": [ORIGIN, "other"], "publicOrigin": GATE, "clockTolerance": 0 })]
    {
        assert_eq!(faults(&change), [""; 0], "{change}");
    }
    for (change, found) in [
        (json!({ "issuer": "" }), vec!["/issuer"]),
        (json!({ "audience": "" }), vec!["/audience"]),
        (json!({ "jwks": null }), vec!["/jwks"]),
        (json!({ "jwksUri": "http://api.example/jwks" }), vec!["/jwksUri"]),
        (json!({ "keySet": { "maxAge": 60 } }), vec!["/keySet"]),
        (json!({ "algorithms": [] }), vec!["/algorithms", "/jwks"]),
        (json!({ "publicOrigin": "https://api.example/" }), vec!["/publicOrigin"]),
        (json!({ "publicOrigin": "x", "audience": "" }), vec!["/audience", "/publicOrigin"]),
        (json!({ "scopes": [] }), vec!["/scopes"]),
        (json!({ "jwks": { "keys": [private("ed25519", "a1")] } }), vec!["/jwks"]),
    ] {
        assert_eq!(faults(&change), found, "{change}");
    }
}

//! What a policy says of keys that are fetched, and what is wrong with it.

mod support;

use edgeward::{
    key_source::Snapshot,
    m2m_token::TokenVerifier,
    policy::{PolicyError, read_token_policy, token_verifier},
};
use serde_json::{Value, json};
use support::{AUDIENCE, ISSUER, NOW, edited, faults, public};

const JWKS: &str = "https://issuer.example/jwks";
const TEMPLATE: &str = "https://login.example/{tenant}/v2.0";

fn policy(members: &Value) -> Value {
    let usual = json!({ "issuer": ISSUER, "audience": AUDIENCE, "algorithms": ["EdDSA"], "jwksUri": JWKS });
    edited(&usual, members)
}

fn template(members: &Value) -> Value {
    let usual = json!({ "issuer": TEMPLATE, "tenants": ["red", "blue"] });
    edited(&policy(&usual), members)
}

fn set() -> Value {
    json!({ "keys": [public("ed25519", "k1")] })
}

fn snapshot() -> Value {
    Snapshot::take(&set(), JWKS, NOW, 3_600).expect("a set").to_json()
}

/// The verifier of one issuer with snapshots beside it.
fn beside(issuer: &Value, snapshots: &[(&str, Value)]) -> Result<TokenVerifier, PolicyError> {
    let policy = read_token_policy(&json!({ "issuers": [issuer] }).to_string())?;
    let snapshots = snapshots.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
    token_verifier(policy.issuers, &snapshots.collect(), None)
}

fn faults_beside(issuer: &Value, snapshots: &[(&str, Value)]) -> Vec<(String, String)> {
    let PolicyError(faults) = beside(issuer, snapshots).map(|_| ()).unwrap_err();
    faults.into_iter().map(|fault| (fault.pointer, fault.reason)).collect()
}

#[test]
fn good_policies_are_accepted() {
    for issuer in [
        policy(&json!({})),
        policy(&json!({ "jwksUri": "https://issuer.example:8443/a/b?c=d" })),
        policy(&json!({ "jwksUri": "http://127.0.0.1:4000/jwks" })),
        policy(&json!({ "jwksUri": "http://[::1]:4000/jwks" })),
        policy(&json!({ "jwksUri": null, "discovery": "openid-configuration" })),
        policy(&json!({ "jwksUri": null, "discovery": "oauth-authorization-server" })),
        policy(&json!({ "jwks": snapshot() })),
        policy(&json!({ "keySet": {} })),
        policy(
            &json!({ "keySet": { "maxAge": 30, "staleWhileRevalidate": 0, "maxStale": 0, "cooldown": 5, "timeout": 100 } }),
        ),
        policy(&json!({ "keySet": { "maxAge": 86_400, "staleWhileRevalidate": 86_400, "maxStale": 604_800,
            "cooldown": 600, "timeout": 10_000 } })),
        template(&json!({})),
        template(&json!({ "jwksUri": "https://login.example/{tenant}/keys" })),
        template(&json!({ "jwksUri": null, "discovery": "openid-configuration" })),
    ] {
        assert_eq!(faults(std::slice::from_ref(&issuer)), [""; 0], "{issuer}");
    }
}

#[test]
fn each_fault_of_where_the_keys_are_names_its_place() {
    let uri = |uri: &str| json!({ "jwksUri": uri });
    for (members, place) in [
        (uri(""), "jwksUri"),
        (uri("issuer.example/jwks"), "jwksUri"),
        (uri("http://issuer.example/jwks"), "jwksUri"),
        (uri("http://localhost.evil.example/jwks"), "jwksUri"),
        (uri("HTTPS://issuer.example/jwks"), "jwksUri"),
        (uri("https://"), "jwksUri"),
        (uri("https://user:secret@issuer.example/jwks"), "jwksUri"),
        (uri("https://issuer.example/jwks#a"), "jwksUri"),
        (uri("https://issuer.example/ jwks"), "jwksUri"),
        (uri("https://issuer.example/{tenant}"), "jwksUri"),
        (uri("https://issuer.example/{kid}"), "jwksUri"),
        (uri("https://issuer.example/}"), "jwksUri"),
        (uri(&format!("https://issuer.example/{}", "a".repeat(1_024))), "jwksUri"),
        (json!({ "jwksUri": 1 }), "jwksUri"),
        (json!({ "discovery": "openid-configuration" }), "discovery"),
        (json!({ "jwksUri": null, "discovery": "oidc" }), "discovery"),
        (json!({ "jwksUri": null, "discovery": true }), "discovery"),
        // Secrets are never fetched.
        (json!({ "algorithms": ["HS256"] }), "algorithms"),
        (json!({ "algorithms": [] }), "algorithms"),
        // Beside keys that are fetched, what does not age could not be judged.
        (json!({ "jwks": set() }), "jwks"),
        (json!({ "jwks": { "keys": [] } }), "jwks"),
        (json!({ "jwks": 7 }), "jwks"),
        (json!({ "jwksUri": null, "keySet": {}, "jwks": set() }), "keySet"),
        (json!({ "jwksUri": null }), "jwks"),
    ] {
        assert_eq!(faults(&[policy(&members)]), [format!("/issuers/0/{place}")], "{members}");
    }
}

#[test]
fn each_fault_of_how_long_a_set_is_kept_names_its_place() {
    for (name, values) in [
        ("maxAge", [json!(29), json!(86_401), json!(-1), json!("60")]),
        ("staleWhileRevalidate", [json!(86_401), json!(-1), json!(1.5), json!([])]),
        ("maxStale", [json!(604_801), json!(-1), json!(true), json!("a day")]),
        ("cooldown", [json!(4), json!(0), json!(601), json!(70_000)]),
        ("timeout", [json!(99), json!(0), json!(10_001), json!(70_000)]),
        ("refresh", [json!(1), json!(2), json!(3), json!(4)]),
    ] {
        for value in values {
            let found = faults(&[policy(&json!({ "keySet": { name: value } }))]);
            assert_eq!(found, [format!("/issuers/0/keySet/{name}")], "{value}");
        }
    }
    let all = json!({ "maxAge": 1, "staleWhileRevalidate": 90_000, "maxStale": 700_000, "cooldown": 1, "timeout": 1 });
    assert_eq!(faults(&[policy(&json!({ "keySet": all }))]).len(), 5);
}

#[test]
fn metadata_are_found_by_a_name_that_is_a_url() {
    for (issuer, is_url) in [
        ("https://issuer.example", true),
        ("https://issuer.example/realms/main", true),
        ("http://localhost:4000", true),
        ("issuer.example", false),
        ("http://issuer.example", false),
        ("https://issuer.example/?realm=main", false),
        ("https://issuer.example/#main", false),
        ("urn:example:issuer", false),
    ] {
        let members = json!({ "issuer": issuer, "jwksUri": null, "discovery": "openid-configuration" });
        let found = faults(&[policy(&members)]);
        assert_eq!(found.is_empty(), is_url, "{issuer}: {found:?}");
        assert!(is_url || found == ["/issuers/0/discovery"], "{issuer}: {found:?}");
    }
}

#[test]
fn the_place_of_the_keys_of_a_template_may_be_one_too() {
    for (members, place) in [
        (json!({ "jwksUri": "https://{tenant}.example/{tenant}/keys" }), None),
        (json!({ "jwksUri": "https://login.example/{tenant" }), Some("jwksUri")),
        (json!({ "jwksUri": "http://{tenant}.example/keys" }), Some("jwksUri")),
        (json!({ "issuer": "urn:{tenant}", "jwksUri": null, "discovery": "openid-configuration" }), Some("discovery")),
    ] {
        let expected: Vec<_> = place.iter().map(|place| format!("/issuers/0/{place}")).collect();
        assert_eq!(faults(&[template(&members)]), expected, "{members}");
    }
}

#[test]
fn a_snapshot_beside_the_policy_is_taken_for_the_issuer_that_it_names() {
    let verifier = beside(&policy(&json!({})), &[(ISSUER, snapshot())]).expect("a verifier");
    let sets = verifier.key_sets(edgeward::host::UnixMillis(NOW * 1000));
    assert_eq!((sets[0].tier, sets[0].fetched_at, sets[0].keys), (Some("snapshot"), Some(NOW), 1));
    let found = faults_beside(&policy(&json!({})), &[("https://other.example/", snapshot())]);
    assert!(found[0].0 == "/issuers" && found[0].1.contains("no issuer here"), "{found:?}");
}

#[test]
fn a_snapshot_that_is_no_good_is_a_fault() {
    let mut changed = snapshot();
    changed["keys"] = json!([public("otherEd25519", "k1")]);
    for (value, words) in [
        (set(), "a bare key set does not age"),
        (changed, "do not match its digest"),
        (json!({ "keys": [] }), "a bare key set does not age"),
        (json!(null), "no JSON object"),
        (Snapshot::take(&json!({ "keys": [] }), JWKS, NOW, 60).expect("a set").to_json(), "no key in the set"),
        (Snapshot::take(&set(), JWKS, NOW * 1000, 60).expect("a set").to_json(), "seconds since the Unix epoch"),
    ] {
        let found = faults_beside(&policy(&json!({})), &[(ISSUER, value)]);
        assert!(found.len() == 1 && found[0].0 == "/issuers/0/jwks" && found[0].1.contains(words), "{found:?}");
    }
}

#[test]
fn each_tenant_may_bring_a_snapshot_where_each_has_keys_of_its_own() {
    let own = template(&json!({ "jwksUri": "https://login.example/{tenant}/keys" }));
    let name = |tenant: &str| TEMPLATE.replace("{tenant}", tenant);
    let verifier = beside(&own, &[(&name("red"), snapshot())]).expect("a verifier");
    let sets = verifier.key_sets(edgeward::host::UnixMillis(NOW * 1000));
    assert_eq!((sets.len(), sets[0].issuer.as_str(), sets[0].tier), (1, name("red").as_str(), Some("snapshot")));
    // One for all is for none of them, and one of a tenant is not for all.
    assert_eq!(faults_beside(&own, &[(TEMPLATE, snapshot())])[0].0, "/issuers/0/jwks");
    assert_eq!(
        faults_beside(&template(&json!({ "jwksUri": "https://login.example/{tenant}/keys", "jwks": snapshot() })), &[])
            [0]
        .0,
        "/issuers/0/jwks"
    );
    let shared = template(&json!({}));
    assert!(beside(&shared, &[(TEMPLATE, snapshot())]).is_ok());
    assert_eq!(faults_beside(&shared, &[(&name("red"), snapshot())])[0].0, "/issuers/0/jwks");
}

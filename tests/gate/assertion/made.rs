//! What an assertion says, of either class, and how long it is good.

use edgeward::api_key::Rotation;
use serde_json::json;

use super::{assertion, opened, private, signing, signing_with};
use crate::{
    stage::{HEADER, Stage, get, good_token, header, request},
    support::{NOW, Signer, claims, with, without},
};

#[test]
fn an_assertion_says_who_the_token_speaks_for_and_for_which_request() {
    let stage = signing();
    let forward = stage.forward(&get("https://api.example/v1/reports?page=2", &good_token()));
    let (header, claims) = opened(&assertion(&forward));
    let id = stage.last_event()["metadata"]["uid"].clone();
    assert_eq!(header, json!({ "alg": "EdDSA", "kid": "a1", "typ": "edgeward-assertion+jwt" }));
    let expected = json!({
        "iss": "https://api.example", "aud": "https://origin.example", "sub": "client-1", "client_id": "client-1",
        "org_id": "org-1", "scope": "reports:read reports:write", "iat": NOW, "exp": NOW + 30, "jti": id,
        "edgeward_class": "m2m_token", "htm": "GET", "htu": "https://api.example/v1/reports",
    });
    assert_eq!(claims, expected);
}

#[test]
fn an_assertion_names_an_api_key_by_its_id_alone() {
    let stage = signing_with(&json!({ "publicOrigin": "https://public.example" }), &[private("p256", "b1")]);
    let key = stage.key();
    let forward = stage.forward(&get("/v1/reports", key.key.reveal()));
    let (header, claims) = opened(&assertion(&forward));
    assert_eq!(header, json!({ "alg": "ES256", "kid": "b1", "typ": "edgeward-assertion+jwt" }));
    let expected = json!({
        "iss": "https://api.example", "aud": "https://origin.example", "sub": "ada", "client_id": key.id,
        "org_id": "org-9", "scope": "reports:read", "iat": NOW, "exp": NOW + 30,
        "jti": stage.last_event()["metadata"]["uid"], "edgeward_class": "api_key",
        "htm": "GET", "htu": "https://public.example/v1/reports",
    });
    assert_eq!(claims, expected);
}

#[test]
fn what_is_not_known_is_left_out() {
    let stage = signing();
    let least = json!({ "iss": claims()["iss"], "aud": claims()["aud"], "exp": NOW + 300 });
    let forward = stage.forward(&get("/v1/items/7", &Signer::EDDSA.token(&least)));
    let (_, claims) = opened(&assertion(&forward));
    let names: Vec<&String> = claims.as_object().expect("an object").keys().collect();
    assert_eq!(names, ["aud", "edgeward_class", "exp", "htm", "htu", "iat", "iss", "jti", "scope"]);
    assert_eq!((&claims["scope"], &claims["htu"]), (&json!(""), &json!("/v1/items/7")));
}

#[test]
fn no_assertion_outlives_its_credential() {
    let stage = signing_with(
        &json!({ "assertion": { "issuer": "i", "audience": "a", "lifetime": 300 } }),
        &[private("ed25519", "a1")],
    );
    let end = |credential: &str| opened(&assertion(&stage.forward(&get("/v1/items/7", credential)))).1["exp"].clone();
    let token = |expires: i64| Signer::EDDSA.token(&with(&claims(), "exp", expires.into()));
    assert_eq!(end(&token(NOW + 301)), NOW + 300);
    assert_eq!(end(&token(NOW + 7)), NOW + 7);
    let key = |expires, overlap_until: Option<i64>| {
        let issued = stage.key_with(|issued| {
            issued.record.expires = expires;
            issued.record.rotation = overlap_until.map(|end| Rotation {
                replaced_by: Some("x".into()),
                overlap_until: Some(end),
                ..Rotation::default()
            });
        });
        end(issued.key.reveal())
    };
    assert_eq!(key(None, None), NOW + 300);
    assert_eq!(key(Some(NOW + 9), None), NOW + 9);
    // A key that gives way to another ends with the overlap.
    assert_eq!(key(Some(NOW + 9), Some(NOW + 8)), NOW + 8);
    assert_eq!(key(Some(NOW + 8), Some(NOW + 9)), NOW + 8);
}

#[test]
fn each_request_has_an_assertion_of_its_own() {
    let stage = signing();
    let request = get("/v1/items/7", &good_token());
    let [one, other] = [(); 2].map(|()| assertion(&stage.forward(&request)));
    assert_ne!(opened(&one).1["jti"], opened(&other).1["jti"]);
}

#[test]
fn a_gate_that_cannot_tell_requests_apart_vouches_for_none() {
    let stage = signing();
    stage.host.has_chance.set(false);
    // The header stands there all the same, so that no other comes through.
    assert_eq!(assertion(&stage.forward(&get("/v1/items/7", &good_token()))), "");
}

#[test]
fn an_assertion_of_the_client_reaches_nobody() {
    for stage in [signing(), Stage::new()] {
        for name in ["edgeward-assertion", "Edgeward_Assertion"] {
            let bearer = format!("Bearer {}", good_token());
            let forward = stage.forward(&request("GET", "/v1/items/7", &[(HEADER, &bearer), (name, "e30.e30.AA")]));
            assert!(forward.remove.iter().any(|removed| removed.eq_ignore_ascii_case(name)), "{name}");
            assert!(!forward.set.iter().any(|(_, value)| value == "e30.e30.AA"));
        }
    }
}

#[test]
fn without_a_word_in_the_policy_there_is_none() {
    let stage = Stage::new();
    let forward = stage.forward(&get("/v1/items/7", &good_token()));
    assert!(!forward.set.iter().any(|(name, _)| name == "edgeward-assertion"));
}

#[test]
fn the_verify_endpoint_hands_out_none() {
    let stage = signing();
    let answer = stage.answer(&get("/_edgeward/verify", &good_token()));
    assert_eq!((answer.status, header(&answer, "edgeward-class")), (200, Some("m2m_token")));
    assert_eq!(header(&answer, "edgeward-assertion"), None);
    assert_eq!(stage.answer(&get("/v1/items/7", "x")).status, 401);
}

#[test]
fn no_claim_breaks_out_of_an_assertion() {
    let hostile = "a\r\nedgeward-class: x\",\"aud\":\"other\u{0}\u{2028}\u{e9}";
    let stage = signing();
    let token = Signer::EDDSA.token(&with(&without(&claims(), "org_id"), "sub", hostile.into()));
    let forward = stage.forward(&get("/v1/items/7", &token));
    let assertion = assertion(&forward);
    assert!(assertion.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')));
    let (_, claims) = opened(&assertion);
    assert_eq!((&claims["sub"], &claims["aud"]), (&json!(hostile), &json!("https://origin.example")));
}

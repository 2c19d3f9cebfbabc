//! The key set that a gate publishes.

use edgeward::{
    gate::{Answer, AssertionKeys, Outcome},
    jose::{Algorithm, KeySet, PORTABLE},
};
use pollster::block_on;
use serde_json::{Value, json};

use super::{KEY_SET, keys, private, signing_with};
use crate::{
    stage::{Stage, get, good_token, header, problem, request},
    support::{key, public},
};

fn asked(stage: &Stage, method: &str, target: &str) -> (Answer, usize) {
    let outcome = block_on(stage.gate.handle(&stage.host, &request(method, target, &[])));
    let Outcome::Respond { answer, audit } = outcome else { panic!("forwarded") };
    (answer, audit.len())
}

#[test]
fn the_public_keys_stand_at_the_well_known_place_for_everybody() {
    let stage = signing_with(&json!({}), &[private("ed25519", "a1"), private("p256", "b1"), key("otherEd25519")]);
    for (method, target) in
        [("GET", KEY_SET), ("HEAD", KEY_SET), ("GET", "https://api.example/.well-known/jwks.json?x=1")]
    {
        let (answer, events) = asked(&stage, method, target);
        // Nothing is decided about who asks.
        assert_eq!((answer.status, events), (200, 0));
        assert_eq!(header(&answer, "content-type"), Some("application/jwk-set+json"));
        assert_eq!(header(&answer, "cache-control"), Some("public, max-age=300"));
        let set: Value = serde_json::from_str(&answer.body).expect("JSON");
        let kids: Vec<&Value> = set["keys"].as_array().expect("keys").iter().map(|key| &key["kid"]).collect();
        assert_eq!((kids[0], kids[1], kids.len()), (&json!("a1"), &json!("b1"), 3));
        let mut first = public("ed25519", "a1");
        first["alg"] = json!("EdDSA");
        first["use"] = json!("sig");
        assert_eq!(set["keys"][0], first);
        let allowed = [Algorithm::EdDsa, Algorithm::Es256];
        let read = KeySet::prepare(set.as_object().expect("an object"), &allowed, PORTABLE).expect("a key set");
        assert_eq!((read.keys().len(), read.refused().len()), (3, 0));
        assert_eq!(read.keys()[2].kid(), read.keys()[2].thumbprint().as_deref());
    }
}

#[test]
fn it_is_read_and_nothing_else() {
    let stage = signing_with(&json!({}), &[private("ed25519", "a1")]);
    for method in ["POST", "DELETE", "get"] {
        let (answer, events) = asked(&stage, method, KEY_SET);
        assert_eq!((answer.status, header(&answer, "allow"), events), (405, Some("GET, HEAD"), 1));
        assert_eq!(problem(&answer)["code"], "method_not_allowed");
    }
    for target in ["/.well-known/jwks.json/", "/.well-known/JWKS.json", "/.well-known/", "/.well-known//jwks.json"] {
        assert_ne!(asked(&stage, "GET", target).0.status, 200, "{target}");
    }
}

#[test]
fn without_assertions_the_place_is_the_origins() {
    let route = json!([{ "methods": ["GET"], "path": "/.well-known/jwks.json", "classes": ["m2m_token"] }]);
    let stage = Stage::of(&crate::support::with(&crate::stage::policy(), "routes", route));
    stage.forward(&get(KEY_SET, &good_token()));
    assert_eq!(asked(&stage, "GET", KEY_SET).0.status, 401);
}

#[test]
fn a_private_key_shows_itself_nowhere() {
    let jwks = [private("ed25519", "a1"), private("p256", "b1")];
    let stage = signing_with(&json!({}), &jwks);
    let issued = stage.key();
    let said = [
        format!("{:?} {:?}", stage.gate, keys(&jwks)),
        asked(&stage, "GET", KEY_SET).0.body,
        format!("{:?}", stage.forward(&get("/v1/items/7", &good_token()))),
        format!("{:?}", stage.forward(&get("/v1/items/7", issued.key.reveal()))),
        asked(&stage, "GET", "/_edgeward/health").0.body,
    ]
    .join("\n");
    for jwk in &jwks {
        let secret = jwk["d"].as_str().expect("text");
        assert!(!said.contains(secret) && !said.contains(&secret[..12]), "{said}");
    }
    // The same of what is wrong with a key: nothing of it is quoted.
    for (member, value) in
        [("y", json!("AA")), ("crv", json!("P-384")), ("d", json!("s3cret-s3cret")), ("kid", json!(7))]
    {
        let mut wrong = jwks[1].clone();
        wrong[member] = value;
        let error = AssertionKeys::from_json(&json!([jwks[0], wrong]).to_string()).expect_err(member);
        let said = format!("{error} {error:?}");
        assert!(said.contains("key 1: ") && !said.contains("s3cret"), "{said}");
        assert!(!jwks.iter().any(|jwk| said.contains(&jwk["d"].as_str().expect("text")[..12])), "{said}");
    }
}

#[test]
fn keys_that_could_not_be_told_apart_are_refused() {
    let read = |jwks: Value| AssertionKeys::from_json(&jwks.to_string()).map(|_| ()).map_err(|error| error.to_string());
    let [one, other] = ["ed25519", "otherEd25519"].map(key);
    assert_eq!(read(json!([one, other])), Ok(()));
    let same_kid = json!([private("ed25519", "k"), private("p256", "k")]);
    assert_eq!(read(same_kid).expect_err("a kid"), "the keys of assertions: key 1 has the `kid` of a key before it");
    assert!(read(json!([one, one])).is_err(), "the same key twice");
    for wrong in [json!([]), json!({}), json!(["x"]), json!([one, null]), one.clone(), json!(vec![one.clone(); 9])] {
        let error = read(wrong.clone()).expect_err("no keys");
        assert_eq!(error, "the keys of assertions: no JSON array of 1 to 8 private JWKs", "{wrong}");
    }
    assert!(AssertionKeys::from_json("[").is_err() && AssertionKeys::from_json("").is_err());
    assert!(read(json!([public("ed25519", "k")])).expect_err("no secret").contains("key 0: `d`"));
    assert!(read(json!([key("rsa")])).expect_err("another kind").contains("key 0: `kty`"));
}

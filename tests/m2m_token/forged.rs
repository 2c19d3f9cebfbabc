//! What an attacker would make of a good token is refused, each attempt at the step that it is about, whatever the
//! algorithm, the keys and the policy are.

use std::collections::BTreeSet;

use edgeward::{
    host::UnixMillis,
    inspect::{Against, Attack, Forgery, forgeries},
    jose::Algorithm,
};
use pollster::block_on;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{
    FakeHost, NOW, Signer, claims, decode, edited, encode, header, issuer, public, try_verifier, with, without,
};

fn forge(token: &str, policy: Option<&Value>, keys: Option<&Value>) -> Vec<Forgery> {
    let policy = policy.map(Value::to_string);
    forgeries(token, Against { policy: policy.as_deref(), keys }, UnixMillis(NOW * 1000)).expect("a policy")
}

fn facts(name: &str) -> Attack {
    *Attack::ALL.iter().find(|attack| attack.facts().name == name).expect(name)
}

/// None is let through, none has the original's signature, and each ends at one of its steps.
fn refused_where_they_should_be(made: &[Forgery], token: &str, what: &str) {
    let signature = token.rsplit('.').next().expect("a signature");
    for forgery in made {
        let told = serde_json::to_string(forgery).expect("JSON");
        assert!(forgery.verdict.is_some(), "{what}: let through: {told}");
        assert!(!told.contains(signature), "{what}: {told}");
        let steps = facts(forgery.forgery).facts().steps.iter().map(|step| step.facts().name);
        let steps: Vec<_> = steps.collect();
        assert!(forgery.step.is_some_and(|step| steps.contains(&step)), "{what}: not at {steps:?}: {told}");
    }
}

#[test]
fn of_a_token_of_every_algorithm_each_forgery_ends_at_its_step() {
    let mut tried = BTreeSet::new();
    for signer in Signer::ALL {
        let token = signer.token(&claims());
        let policy = json!({ "issuers": [issuer(&signer)] });
        assert!(block_on(try_verifier(&policy).expect("a verifier").verify(&FakeHost::new(), &token)).is_ok());
        let keys = json!({ "keys": [signer.jwk()] });
        let elsewhere = edited(&issuer(&signer), &json!({ "jwks": null, "jwksUri": "https://issuer.example/keys" }));
        let elsewhere = json!({ "issuers": [elsewhere] });
        let is_secret = signer.algorithm.family().is_symmetric();
        let no_confusion = Attack::ALL.len() - if is_secret { 2 } else { 0 };
        let all = no_confusion - usize::from(signer.algorithm != Algorithm::Es256);
        let mut ways = vec![(Some(&policy), None), (None, Some(&keys)), (Some(&policy), Some(&keys))];
        // A secret stands in a policy or beside it, and is never fetched.
        if !is_secret {
            ways.push((Some(&elsewhere), Some(&keys)));
        }
        for (policy, keys) in ways {
            let made = forge(&token, policy, keys);
            assert_eq!(made.len(), all, "{}", signer.algorithm);
            refused_where_they_should_be(&made, &token, signer.algorithm.name());
            tried.extend(made.iter().map(|forgery| (forgery.forgery, forgery.step)));
        }
    }
    // Another key of the same kind.
    let token = Signer::EDDSA.token(&claims());
    let two = json!({ "keys": [Signer::EDDSA.jwk(), public(Signer::STRANGER.key, "k2")] });
    let made = forge(&token, None, Some(&two));
    refused_where_they_should_be(&made, &token, "two keys");
    tried.extend(made.iter().map(|forgery| (forgery.forgery, forgery.step)));
    // Every step of the table is one at which an attempt ended.
    for attack in Attack::ALL {
        for step in attack.facts().steps {
            let name = (attack.facts().name, Some(step.facts().name));
            assert!(tried.contains(&name), "{name:?} never came up");
        }
    }
}

#[test]
fn without_keys_each_is_refused_all_the_same() {
    let token = Signer::RS256.token(&claims());
    let made = forge(&token, None, None);
    assert!(made.iter().all(|forgery| forgery.verdict.is_some()));
    let told = |name: &str| {
        let forgery = made.iter().find(|forgery| forgery.forgery == name).expect(name);
        (forgery.step, forgery.verdict.as_ref().map(|fault| fault.code))
    };
    assert_eq!(told("alg_none"), (Some("algorithm_known"), Some("algorithm_not_allowed")));
    assert_eq!(told("hmac_confusion"), (Some("key"), Some("signing_key_unknown")));
    assert_eq!(told("payload_changed"), (Some("key"), Some("signing_key_unknown")));
    assert_eq!(told("expired"), (Some("expiry"), Some("token_expired")));
}

#[test]
fn what_is_forged_is_what_an_attacker_would_make() {
    let token = Signer::ES256.token(&claims());
    let made = forge(&token, Some(&json!({ "issuers": [issuer(&Signer::ES256)] })), None);
    let parts = |name: &str| {
        let forgery = made.iter().find(|forgery| forgery.forgery == name).expect(name);
        let token = forgery.token.as_deref().expect("a token");
        let mut parts = token.split('.');
        let mut part = || decode(parts.next().expect("a segment"));
        let (header, payload, signature) = (part(), part(), part());
        let object = |text: &[u8]| serde_json::from_slice::<Value>(text).expect("JSON");
        (object(&header), object(&payload), signature, token.rsplit_once('.').expect("a signature").0.to_owned())
    };
    let (header, payload, signature, _) = parts("alg_none");
    assert_eq!((&header["alg"], &header["kid"], &payload["sub"]), (&json!("none"), &json!("k1"), &json!("admin")));
    assert!(signature.is_empty());
    // The embedded key is that which signed it: whoever takes the key of the token lets it through.
    let (header, _, signature, input) = parts("embedded_key");
    let key = header["jwk"].as_object().expect("a key");
    let key = edgeward::jose::VerificationKey::embedded(key, Algorithm::Es256).expect("a key");
    assert!(key.verify(Algorithm::Es256, input.as_bytes(), &signature));
    let (header, _, signature, _) = parts("signature_blank");
    assert_eq!((header["alg"].as_str(), signature), (Some("ES256"), vec![0; 64]));
    // The original is not repeated, and is judged at the second of its end.
    let expired = made.iter().find(|forgery| forgery.forgery == "expired").expect("it ends");
    assert_eq!((expired.token.as_deref(), expired.at), (None, (NOW + 300) * 1000));
    assert!(made.iter().all(|forgery| forgery.forgery == "expired" || forgery.at == NOW * 1000));
}

#[test]
fn with_the_original_signature_what_was_changed_is_refused_too() {
    // The forgeries have filler in its place. What an attacker would send has the real one.
    for signer in Signer::ALL {
        let token = signer.token(&claims());
        let verifier = try_verifier(&json!({ "issuers": [issuer(&signer)] })).expect("a verifier");
        let real = token.rsplit('.').next().expect("a signature");
        for forgery in forge(&token, Some(&json!({ "issuers": [issuer(&signer)] })), None) {
            let Some(forged) = forgery.token.filter(|forged| !forged.starts_with('{')) else { continue };
            let (input, _) = forged.rsplit_once('.').expect("a signature");
            // What stripped the signature and changed nothing is the original with it.
            if forgery.forgery != "signature_stripped" {
                let verdict = block_on(verifier.verify(&FakeHost::new(), &format!("{input}.{real}")));
                assert!(verdict.is_err(), "{}: {}", signer.algorithm, forgery.forgery);
            }
        }
    }
}

#[test]
fn another_key_of_the_set_is_named_where_there_is_one() {
    let set = json!({ "keys": [public("rsa", "k1"), public("p256", "k2")] });
    let policy = json!({ "issuers": [edited(&issuer(&Signer::RS256), &json!({ "jwks": set, "algorithms": ["RS256", "ES256"] }))] });
    let made = forge(&Signer::RS256.token(&claims()), Some(&policy), None);
    let swapped = made.iter().find(|forgery| forgery.forgery == "kid_swap").expect("it is tried");
    let header: Value = serde_json::from_slice(&decode(
        swapped.token.as_deref().and_then(|token| token.split('.').next()).expect("a header"),
    ))
    .expect("JSON");
    assert_eq!((&header["kid"], swapped.step), (&json!("k2"), Some("key")));
}

#[test]
fn of_what_is_no_token_nothing_is_forged() {
    let key = "acme_live_0123456789abcdef_0123456789abcdef0123456789abcdef000000";
    let long = format!("e30.{}.AA", encode(json!({ "fill": "x".repeat(400_000) }).to_string()));
    for text in ["", "a", "a.b.c", key, &format!("{key}."), &long, "e30.e30.e30.e30.e30"] {
        assert_eq!(forge(text, None, None), []);
    }
    // What is broken is forged as far as it can be read.
    let broken = format!("e.{}.", encode(r#"{"exp":1}"#));
    let made = forge(&broken, None, None);
    assert!(made.len() > 20 && made.iter().all(|forgery| forgery.verdict.is_some()));
}

#[test]
fn a_policy_that_cannot_be_used_is_told_of() {
    let against = Against { policy: Some(r#"{"isuers":[]}"#), keys: None };
    assert!(forgeries("a.b.c", against, UnixMillis(0)).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn whatever_the_policy_is_none_is_let_through(
        place in any::<prop::sample::Index>(),
        algorithms in prop::sample::subsequence(Algorithm::ALL.to_vec(), 0..4),
        others in prop::sample::subsequence(vec![("p256", "k2"), ("ed25519", "k3"), ("rsa", "k1")], 0..3),
        tolerance in 0_u8..=120,
        max_age in prop::option::of(1_i64..7_200),
        dropped in prop::sample::subsequence(vec!["aud", "sub", "iat", "jti", "exp", "scope"], 0..3),
        kid in prop::option::of("[a-z/.' ]{0,12}"),
        handed in any::<bool>(),
        alone in any::<bool>(),
        shift in -400_i64..400,
    ) {
        let signer = Signer::ALL[place.index(Signer::ALL.len())];
        let is_secret = signer.algorithm.family().is_symmetric();
        let mut names: Vec<_> = algorithms.iter().filter(|one| one.family().is_symmetric() == is_secret).map(|one| one.name()).collect();
        if !names.contains(&signer.algorithm.name()) {
            names.push(signer.algorithm.name());
        }
        let mut keys = vec![signer.jwk()];
        if !is_secret {
            keys.extend(others.iter().map(|(key, kid)| public(key, kid)));
        }
        let mut rules = json!({ "algorithms": names, "jwks": { "keys": keys }, "clockTolerance": tolerance });
        if let Some(age) = max_age {
            rules["maxTokenAge"] = age.into();
        }
        let policy = json!({ "issuers": [edited(&issuer(&signer), &rules)] });
        let claims = dropped.iter().fold(claims(), |claims, name| without(&claims, name));
        let mut head: Value = serde_json::from_str(&header(signer.algorithm)).expect("JSON");
        head = match kid {
            Some(kid) => with(&head, "kid", kid.into()),
            None => without(&head, "kid"),
        };
        let token = signer.mint(head.to_string(), claims.to_string());
        let set = json!({ "keys": [signer.jwk()] });
        let text = policy.to_string();
        let against = Against { policy: (!alone).then_some(text.as_str()), keys: handed.then_some(&set) };
        let made = forgeries(&token, against, UnixMillis((NOW + shift) * 1000)).expect("a policy");
        prop_assert!(made.len() > 20);
        for forgery in made {
            prop_assert!(forgery.verdict.is_some() && forgery.step.is_some(), "{forgery:?}");
        }
    }

    #[test]
    fn whatever_is_handed_over_is_answered(head in any::<Vec<u8>>(), body in any::<Vec<u8>>(), text in any::<String>()) {
        let odd = json!({ (&text): text.as_str(), "exp": i64::MAX, "sub": { "admin": [1] } }).to_string();
        let strange = [Signer::HS256.mint(&head, &body), Signer::HS256.mint(&head, &odd), Signer::HS256.mint(&odd, &odd), text];
        for token in strange {
            for forgery in forge(&token, None, None) {
                prop_assert!(forgery.verdict.is_some(), "{forgery:?}");
            }
        }
    }
}

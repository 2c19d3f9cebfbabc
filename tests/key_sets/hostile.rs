//! What an issuer must not answer, and does: the keys that are good go on working.

use edgeward::verdict::Reason;
use serde_json::{Value, json};

use super::{
    issuer::{Manner, jwk, private_jwk},
    world::{Isolate, World},
};

/// An isolate that has key 1, whose set is stale.
fn warm() -> (World, Isolate) {
    let world = World::publishing(&[1]);
    let isolate = world.isolate();
    isolate.present(1).good();
    world.reach_age(&isolate, 600);
    (world, isolate)
}

#[test]
fn an_answer_that_is_of_no_use_leaves_the_set_at_hand_in_force() {
    let many: Vec<Value> = (0..10_000).map(|number| json!({ "kty": "OKP", "kid": number.to_string() })).collect();
    let secret = json!({ "kty": "oct", "k": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", "kid": "s" });
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    for manner in [
        Manner::says(json!({ "keys": many }).to_string()),
        // 100 MB are cut off by the host, and half a megabyte is too long here.
        Manner::Says(vec![b' '; 512 * 1024 + 1]),
        Manner::says(json!({ "keys": [jwk(2), secret] }).to_string()),
        Manner::says(json!({ "keys": [secret] }).to_string()),
        Manner::says(json!({ "keys": [private_jwk(1)] }).to_string()),
        Manner::says(json!({ "keys": [] }).to_string()),
        Manner::says(json!({ "keys": { "0": jwk(2) } }).to_string()),
        Manner::says(json!([jwk(2)]).to_string()),
        Manner::says(format!(r#"{{"keys":[],"keys":[{}]}}"#, jwk(2))),
        Manner::says(format!("\u{feff}{}", json!({ "keys": [jwk(2)] }))),
        Manner::says(format!("{} {}", json!({ "keys": [jwk(2)] }), "{}")),
        Manner::says(deep),
        Manner::says("<html>"),
        Manner::Says(b"{\"keys\":[\xff]}".to_vec()),
        Manner::Status(301),
        Manner::Status(302),
        Manner::Status(204),
        Manner::Status(404),
        Manner::Status(500),
    ] {
        let (world, isolate) = warm();
        world.issuer.behaves(manner.clone());
        for _ in 0..20 {
            isolate.present(1).good();
            world.pass(31);
        }
        isolate.present(2).refused(Reason::KeySetUnavailable);
        assert!(isolate.status().failure.is_some(), "{manner:?}");
        // It is answered well again.
        world.issuer.behaves(Manner::Works);
        world.issuer.publish(&[2]);
        world.pass(31);
        isolate.present(2).good();
    }
}

#[test]
fn keys_that_are_no_good_do_not_keep_the_others_from_working() {
    let set = vec![
        json!({ "kty": "new", "kid": "k5" }),
        json!({ "kty": 7 }),
        json!({}),
        json!("key"),
        json!(null),
        private_jwk(6),
        json!({ "kty": "OKP", "crv": "Ed25519", "x": "short", "kid": "k7" }),
        json!({ "kty": "OKP", "crv": "X25519", "x": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", "kid": "k8" }),
        json!({ "kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "k9" }),
        json!({ "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": 1 }),
        // One name, two keys.
        jwk(3),
        edgeward_named(4, "k3"),
        jwk(2),
    ];
    let world = World::publishing(&[]);
    world.issuer.publish_keys(&set);
    let isolate = world.isolate();
    isolate.present(2).good();
    isolate.present(3).refused(Reason::SigningKeyAmbiguous);
    for key in [6, 7, 8, 9] {
        isolate.present(key).refused(Reason::SigningKeyUnusable);
    }
    isolate.present(2).good();
    // The store holds no private part of a key.
    world.pass(1);
    let entry = world.store.get(&world.store.keys()[0]).expect("an entry");
    let private = private_jwk(6)["d"].as_str().expect("text").to_owned();
    assert!(!String::from_utf8(entry).expect("text").contains(&private), "a private key went into the store");
}

fn edgeward_named(key: u8, kid: &str) -> Value {
    let mut jwk = jwk(key);
    jwk["kid"] = json!(kid);
    jwk
}

#[test]
fn headers_of_any_kind_do_no_harm() {
    for control in ["", ",,,", "max-age", "max-age=", "max-age=-5", "max-age=1e9", "=", "max-age=\"\u{7f}\""] {
        let world = World::publishing(&[1]);
        world.issuer.cache_control.replace(Some(control));
        let isolate = world.isolate();
        isolate.present(1).good();
        assert!(isolate.status().ends <= isolate.status().fetched_at.map(|at| at + 87_000), "{control}");
    }
}

//! Keys that are found by the issuer's metadata.

use std::collections::BTreeMap;

use edgeward::verdict::Reason;
use serde_json::{Value, json};

use super::{
    issuer::{JWKS, Manner, jwk},
    support::ISSUER,
    world::{Isolate, World},
};

const OPENID: &str = "https://issuer.example/.well-known/openid-configuration";
const OAUTH: &str = "https://issuer.example/.well-known/oauth-authorization-server";

fn finding(world: &World, name: &str) -> Isolate {
    world.isolate_with(&json!({ "jwksUri": null, "discovery": name }), &BTreeMap::new())
}

fn metadata() -> Value {
    json!({ "issuer": ISSUER, "jwks_uri": JWKS, "token_endpoint": "https://issuer.example/token" })
}

#[test]
fn the_metadata_say_where_the_keys_are_and_are_asked_for_once_an_hour() {
    for (name, url) in [("openid-configuration", OPENID), ("oauth-authorization-server", OAUTH)] {
        let world = World::publishing(&[1]);
        world.issuer.put(url, metadata());
        let isolate = finding(&world, name);
        assert_eq!(isolate.present(1).good(), 10 + 100 + 100);
        let urls = || world.issuer.asked.borrow().iter().map(|asked| asked.url.clone()).collect::<Vec<_>>();
        assert_eq!(urls(), [url, JWKS]);
        assert_eq!(isolate.status().source, JWKS);
        for _ in 0..6 {
            world.reach_age(&isolate, 600);
            isolate.present(1).good();
            world.pass(1);
        }
        assert_eq!(urls()[2..], [JWKS; 6]);
        world.reach_age(&isolate, 600);
        isolate.present(1).good();
        world.pass(1);
        assert_eq!(urls()[8..], [url, JWKS]);
    }
}

#[test]
fn metadata_that_are_not_to_be_trusted_lead_nowhere() {
    let without = |name: &str| {
        let mut metadata = metadata();
        metadata.as_object_mut().expect("an object").remove(name);
        metadata
    };
    let with = |name: &str, value: Value| {
        let mut metadata = metadata();
        metadata[name] = value;
        metadata
    };
    for document in [
        with("issuer", json!("https://issuer.example")),
        with("issuer", json!("https://ISSUER.example/")),
        with("issuer", json!("https://other.example/")),
        with("issuer", json!([ISSUER])),
        without("issuer"),
        without("jwks_uri"),
        with("jwks_uri", json!(null)),
        with("jwks_uri", json!("http://issuer.example/jwks")),
        with("jwks_uri", json!("http://127.0.0.1:8080/jwks")),
        with("jwks_uri", json!("http://localhost/jwks")),
        with("jwks_uri", json!("https://user@issuer.example/jwks")),
        with("jwks_uri", json!("file:///etc/jwks")),
        with("jwks_uri", json!("/jwks")),
        with("jwks_uri", json!("")),
        with("padding", json!("x".repeat(128 * 1024))),
        json!([]),
        json!("x"),
    ] {
        let world = World::publishing(&[1]);
        world.issuer.put(OPENID, document.clone());
        for url in ["http://issuer.example/jwks", "http://127.0.0.1:8080/jwks", "http://localhost/jwks"] {
            world.issuer.put(url, json!({ "keys": [jwk(1)] }));
        }
        let isolate = finding(&world, "openid-configuration");
        let shown = document.to_string().chars().take(200).collect::<String>();
        let answered = isolate.present(1);
        assert_eq!(answered.verdict, Err(Reason::KeySetUnavailable), "{shown}");
        assert_eq!(world.issuer.times_asked(), 1, "{shown}");
        isolate.present(1).refused(Reason::KeySetUnavailable);
        assert_eq!(world.issuer.times_asked(), 1);
    }
}

#[test]
fn metadata_that_fail_cool_down_as_a_set_does() {
    for manner in [Manner::Resets, Manner::Hangs, Manner::Status(302), Manner::Status(404), Manner::says("{")] {
        let world = World::publishing(&[1]);
        world.issuer.put(OPENID, metadata());
        world.issuer.behaves(manner);
        let isolate = finding(&world, "openid-configuration");
        for _ in 0..25 {
            isolate.present(1).refused(Reason::KeySetUnavailable);
            world.pass(1);
        }
        assert_eq!(world.issuer.times_asked(), 1);
        world.issuer.behaves(Manner::Works);
        world.pass(31);
        isolate.present(1).good();
    }
}

#[test]
fn where_the_set_is_no_longer_where_it_was_the_metadata_are_asked_again() {
    let world = World::publishing(&[1]);
    world.issuer.put(OPENID, metadata());
    let isolate = finding(&world, "openid-configuration");
    isolate.present(1).good();
    let moved = "https://keys.example/jwks";
    let mut metadata = metadata();
    metadata["jwks_uri"] = json!(moved);
    world.issuer.put(OPENID, metadata);
    world.issuer.put(moved, json!({ "keys": [jwk(2)] }));
    world.issuer.remove(JWKS);
    world.reach_age(&isolate, 600);
    isolate.present(1).good();
    world.pass(31);
    isolate.present(1).good();
    world.pass(1);
    assert_eq!(isolate.present(2).good(), 0);
    assert_eq!(isolate.status().source, moved);
}

#[test]
fn the_tag_of_a_set_is_not_sent_to_another_place() {
    let world = World::publishing(&[1]);
    world.issuer.tags.set(true);
    world.issuer.put(OPENID, metadata());
    let isolate = finding(&world, "openid-configuration");
    isolate.present(1).good();
    let moved = "https://keys.example/jwks";
    let mut metadata = metadata();
    metadata["jwks_uri"] = json!(moved);
    world.issuer.put(OPENID, metadata);
    world.issuer.put(moved, json!({ "keys": [jwk(1)] }));
    world.pass(3_601);
    isolate.present(1).good();
    let last = world.issuer.asked.borrow().last().expect("a question").clone();
    assert_eq!((last.url.as_str(), last.etag), (moved, None));
}

#[test]
fn an_isolate_that_has_the_set_from_the_store_needs_no_metadata() {
    let world = World::publishing(&[1]);
    world.issuer.put(OPENID, metadata());
    let first = finding(&world, "openid-configuration");
    first.present(1).good();
    first.present(1).good();
    world.pass(1);
    let second = finding(&world, "openid-configuration");
    assert_eq!(second.present(1).verdict, Ok("store"));
    assert_eq!(world.issuer.times_asked(), 2);
}

#[test]
fn who_takes_over_from_one_that_found_the_place_goes_on_from_there() {
    let world = World::publishing(&[1]);
    world.issuer.put(OPENID, metadata());
    let isolate = finding(&world, "openid-configuration");
    let gone = isolate.begin_key(1);
    let waits = isolate.begin_key(1);
    world.time.pass(150);
    gone.abandon();
    let took = waits.wait(10_000).good();
    assert!((110 + 3_500..110 + 3_500 + 64 + 110 + 64).contains(&took), "{took}");
    let asked: Vec<_> = world.issuer.asked.borrow().iter().map(|asked| asked.url.clone()).collect();
    assert_eq!(asked, [OPENID, JWKS, JWKS]);
}

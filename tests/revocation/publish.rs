//! Publishing: no entry is lost, whoever else writes, and nothing is overwritten that is not understood.

use edgeward::revocation::{DenyEntry, DenyKeys, DenySnapshot, LONGEST_DENY_LIST, PublishError};
use pollster::block_on;
use serde_json::{Value, json};

use crate::{
    liar::{Isolate, Serves, World, policy, signer},
    support::{FakeHost, NOW, Signer, edited, key, public, with},
};

/// What the list in the store says.
fn stored(world: &World) -> DenySnapshot {
    let keys = DenyKeys::from_jwks(&policy()["denySnapshot"]["jwks"]).expect("keys");
    block_on(keys.verify(&FakeHost::new(), &world.stored().expect("a list"))).expect("a list")
}

fn entries(world: &World) -> Value {
    serde_json::to_value(stored(world).entries).expect("JSON")
}

fn organizations(world: &World) -> Vec<String> {
    let name = |entry: &Value| entry["organization"].as_str().map(str::to_owned);
    entries(world).as_array().expect("an array").iter().filter_map(name).collect()
}

fn failure(isolate: &Isolate) -> Option<String> {
    isolate.gate.deny_snapshot(edgeward::host::UnixMillis(0)).expect("strict mode").publish_failure
}

#[test]
fn what_is_denied_counts_at_once_here_and_is_dropped_when_it_is_over() {
    let world = World::new();
    let publisher = world.publisher();
    publisher.deny(&json!([{ "organization": "org-1", "until": NOW + 5 }, { "organization": "org-2" }]));
    assert_eq!(stored(&world).issued_at, NOW);
    assert_eq!(publisher.runtime.reads.borrow().len(), 0, "what was written need not be read");
    assert_eq!(publisher.gate.deny_snapshot(edgeward::host::UnixMillis(NOW * 1000)).expect("strict").entries, 2);
    world.time.pass(5_000);
    publisher.schedule();
    assert_eq!((stored(&world).issued_at, organizations(&world).len()), (NOW + 5, 2));
    world.time.pass(1_000);
    publisher.schedule();
    assert_eq!(organizations(&world), ["org-2"]);
}

#[test]
fn the_same_entry_twice_is_one_that_holds_for_longer() {
    let world = World::new();
    let publisher = world.publisher();
    publisher.deny(&json!([{ "organization": "a", "until": NOW + 100 }, { "organization": "b" }]));
    publisher.deny(&json!([{ "organization": "a", "until": NOW + 50 }, { "organization": "b", "until": NOW + 50 }]));
    assert_eq!(entries(&world), json!([{ "organization": "a", "until": NOW + 100 }, { "organization": "b" }]));
    publisher.deny(&json!([{ "organization": "a", "issuer": "i" }, { "organization": "a" }]));
    let all = json!([{ "organization": "a" }, { "organization": "a", "issuer": "i" }, { "organization": "b" }]);
    assert_eq!(entries(&world), all);
}

#[test]
fn an_api_key_stays_on_the_list_for_as_long_as_the_policy_says() {
    for (retention, days) in [(Value::Null, 30), (json!(2), 2)] {
        let world = World::new();
        let mut policy = policy();
        policy["denySnapshot"] = edited(&policy["denySnapshot"], &json!({ "retention": retention }));
        let publisher = world.isolate_with(&policy, Some(signer()));
        publisher.deny(&json!([{ "key": "k" }, { "key": "l", "until": NOW + 9 }]));
        let expected = json!([{ "key": "k", "until": NOW + days * 86_400 }, { "key": "l", "until": NOW + 9 }]);
        assert_eq!(entries(&world), expected);
    }
}

#[test]
fn an_entry_can_be_taken_off_again() {
    let world = World::new();
    let publisher = world.publisher();
    publisher.deny(&json!([{ "organization": "a", "until": NOW + 100 }, { "organization": "a", "issuer": "i" }]));
    let removed: Vec<DenyEntry> = serde_json::from_value(json!([{ "organization": "a" }])).expect("entries");
    let left = block_on(publisher.gate.undeny(&*publisher.runtime, &removed)).expect("published");
    assert_eq!(left.entries, 1);
    assert_eq!(entries(&world), json!([{ "organization": "a", "issuer": "i" }]));
}

#[test]
fn two_that_publish_at_once_lose_no_entry() {
    let world = World::new();
    let publishers = [world.publisher(), world.publisher(), world.publisher()];
    for publisher in &publishers {
        publisher.runtime.swap_takes.set(20);
    }
    // All read before any of them writes.
    let begun: Vec<_> = publishers
        .iter()
        .enumerate()
        .map(|(index, publisher)| publisher.begin_denial(&json!([{ "organization": format!("org-{index}") }])))
        .collect();
    world.time.pass(10_000);
    for one in begun {
        one.outcome().expect("over").expect("published");
    }
    assert_eq!(organizations(&world), ["org-0", "org-1", "org-2"]);
    assert!(world.store.swaps.get() > 3, "they were in each other's way");
}

#[test]
fn a_list_that_is_signed_again_loses_no_entry_that_came_in_between() {
    let world = World::new();
    let (one, other) = (world.publisher(), world.publisher());
    one.deny(&json!([{ "organization": "a" }]));
    one.runtime.swap_takes.set(50);
    let (gate, runtime) = (one.gate.clone(), one.runtime.clone());
    let again = world.time.begin(async move { gate.revocation().republish(&*runtime).await });
    world.time.pass(10);
    other.deny(&json!([{ "organization": "b" }]));
    assert!(!again.is_over());
    again.wait(10_000).expect("published");
    assert_eq!(organizations(&world), ["a", "b"]);
}

#[test]
fn who_is_in_the_way_again_and_again_is_told_of() {
    let world = World::new();
    let publisher = world.publisher();
    publisher.runtime.swaps.borrow_mut().extend([false; 7]);
    publisher.deny(&json!([{ "organization": "a" }]));
    assert_eq!(failure(&publisher), None);
    publisher.runtime.swaps.borrow_mut().extend([false; 8]);
    let refused = publisher.begin_denial(&json!([{ "organization": "b" }])).wait(60_000);
    assert_eq!(refused, Err(PublishError::Contended));
    assert_eq!(organizations(&world), ["a"]);
    assert!(failure(&publisher).expect("a failure").contains("again and again"));
}

#[test]
fn what_is_no_list_of_ours_is_left_as_it_is() {
    let payload = json!({ "iat": NOW, "entries": [] }).to_string();
    let header = json!({ "alg": "EdDSA", "typ": "edgeward-deny+jwt", "kid": "deny" });
    let own = String::from_utf8(World::new_list()).expect("text");
    for text in [
        "garbage".to_owned(),
        String::new(),
        Signer::STRANGER.mint(header.to_string(), &payload),
        Signer::EDDSA.mint(with(&header, "typ", "at+jwt".into()).to_string(), &payload),
        Signer::EDDSA.mint(header.to_string(), json!({ "iat": NOW, "entries": [], "seq": 1 }).to_string()),
        own[..own.len() - 5].to_owned(),
    ] {
        let world = World::new();
        world.put(text.clone());
        let publisher = world.publisher();
        let refused = publisher.begin_denial(&json!([{ "organization": "a" }])).wait(60_000);
        assert!(matches!(refused, Err(PublishError::Foreign(_))), "{text}: {refused:?}");
        publisher.schedule();
        assert_eq!(world.stored(), Some(text.into_bytes()));
        assert!(failure(&publisher).expect("a failure").starts_with("what the store has under"));
    }
}

#[test]
fn the_key_can_be_changed_while_both_are_trusted() {
    let world = World::new();
    let both = json!({ "keys": [public("ed25519", "deny"), public("otherEd25519", "next")] });
    let mut policy = policy();
    policy["denySnapshot"]["jwks"] = both;
    world.isolate_with(&policy, Some(signer())).deny(&json!([{ "organization": "a" }]));
    let next = with(&key("otherEd25519"), "kid", "next".into()).to_string();
    let next = edgeward::revocation::DenySigner::from_jwk(&next).expect("a key");
    world.isolate_with(&policy, Some(next)).deny(&json!([{ "organization": "b" }]));
    let keys = DenyKeys::from_jwks(&json!({ "keys": [public("otherEd25519", "next")] })).expect("keys");
    let read = block_on(keys.verify(&FakeHost::new(), &world.stored().expect("a list"))).expect("signed with it");
    assert_eq!(read.entries.len(), 2);
}

#[test]
fn a_store_that_goes_back_is_not_written_to() {
    let world = World::new();
    let publisher = world.publisher();
    publisher.deny(&json!([{ "organization": "a" }]));
    let old = world.stored();
    world.time.pass(1_000);
    publisher.deny(&json!([{ "organization": "b" }]));
    for lie in [old, None] {
        *publisher.runtime.serves_latest.borrow_mut() = Serves::This(lie);
        let refused = publisher.begin_denial(&json!([{ "organization": "c" }])).wait(60_000);
        assert_eq!(refused, Err(PublishError::Older));
    }
    *publisher.runtime.serves_latest.borrow_mut() = Serves::Error;
    let refused = publisher.begin_denial(&json!([{ "organization": "c" }])).wait(60_000);
    assert!(matches!(refused, Err(PublishError::Store(_))), "{refused:?}");
    assert_eq!(organizations(&world), ["a", "b"]);
    *publisher.runtime.serves_latest.borrow_mut() = Serves::Truth;
    publisher.deny(&json!([{ "organization": "c" }]));
    assert_eq!(organizations(&world), ["a", "b", "c"]);
}

#[test]
fn when_it_was_signed_never_goes_back() {
    let world = World::new();
    let (one, behind) = (world.publisher(), world.publisher());
    one.deny(&json!([{ "organization": "a" }]));
    behind.runtime.off.set(-3_000);
    behind.deny(&json!([{ "organization": "b" }]));
    assert_eq!((stored(&world).issued_at, organizations(&world).len()), (NOW, 2));
    // A verifier that has the first one takes the second, which is of the same second.
    assert_eq!(one.gate.deny_snapshot(edgeward::host::UnixMillis(NOW * 1000)).expect("strict").entries, 1);
    one.schedule();
    assert_eq!(one.gate.deny_snapshot(edgeward::host::UnixMillis(NOW * 1000)).expect("strict").entries, 2);
    let broken = world.publisher();
    broken.runtime.off.set(i64::MAX / 2);
    let refused = broken.begin_denial(&json!([{ "organization": "c" }]));
    world.time.pass(0);
    assert_eq!(refused.outcome(), Some(Err(PublishError::Clock)));
    assert_eq!(organizations(&world).len(), 2);
}

#[test]
fn a_list_that_would_be_too_long_is_not_written() {
    let world = World::new();
    let publisher = world.publisher();
    let many = |count: usize, length: usize| -> Value {
        (0..count).map(|index| json!({ "organization": format!("{index:0length$}") })).collect()
    };
    publisher.deny(&many(LONGEST_DENY_LIST, 6));
    let refused = publisher.begin_denial(&json!([{ "key": "k" }])).wait(60_000);
    let Err(PublishError::TooLong(words)) = refused else { panic!("{refused:?}") };
    assert_eq!(words, "65537 entries, at most 65536");
    assert_eq!(stored(&world).entries.len(), LONGEST_DENY_LIST);
    let world = World::new();
    let publisher = world.publisher();
    let refused = publisher.begin_denial(&many(4_000, 2_000)).wait(60_000);
    let Err(PublishError::TooLong(words)) = refused else { panic!("{refused:?}") };
    assert!(words.starts_with("4000 entries take ") && words.contains("bytes when signed"), "{words}");
    assert_eq!(world.stored(), None);
}

#[test]
fn who_cannot_publish_says_why() {
    let world = World::new();
    let refused = world.isolate().begin_denial(&json!([{ "key": "k" }])).wait(0);
    assert_eq!(refused, Err(PublishError::NoSigner));
    let mut loose = policy();
    loose.as_object_mut().expect("an object").remove("denySnapshot");
    let refused = world.isolate_with(&loose, None).begin_denial(&json!([{ "key": "k" }])).wait(0);
    assert_eq!(refused, Err(PublishError::NotStrict));
    let publisher = world.publisher();
    let wrong = vec![DenyEntry { issuer: Some("i".to_owned()), ..DenyEntry::of_key("k") }];
    let refused = block_on(publisher.gate.deny(&*publisher.runtime, wrong));
    assert!(matches!(refused, Err(PublishError::Entry(_))), "{refused:?}");
    assert_eq!(world.stored(), None);
}

#[test]
fn who_can_sign_does_so_behind_requests_where_nobody_did_for_half_of_the_age() {
    let world = World::new();
    let publisher = world.publisher();
    let token = crate::support::plain(&edited(&crate::support::claims(), &json!({ "exp": NOW + 10_000 })));
    // Nobody ever signed: the first request cannot be told, the next one can.
    assert_eq!(publisher.code(&token), "deny_snapshot_unavailable");
    assert_eq!(publisher.code(&token), "ok");
    let first = stored(&world).issued_at;
    for _ in 0..120 {
        world.time.pass(1_000);
        assert_eq!(publisher.code(&token), "ok");
    }
    assert!(stored(&world).issued_at > first + 60);
    assert!(world.store.swaps.get() <= 5, "{}", world.store.swaps.get());
}

impl World {
    /// The text of a list without entries.
    fn new_list() -> Vec<u8> {
        signer().sign(&DenySnapshot { issued_at: NOW, entries: Vec::new() }).into_bytes()
    }
}

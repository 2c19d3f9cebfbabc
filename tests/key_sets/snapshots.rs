//! A snapshot that a deployment brings along: good from the first request, for as long as its dates say.

use std::collections::BTreeMap;

use edgeward::{key_source::Snapshot, verdict::Reason};
use serde_json::{Value, json};

use super::{
    issuer::{JWKS, Manner, jwk},
    support::ISSUER,
    world::{Isolate, World},
};

/// A snapshot of this key, fetched so many seconds ago and good for so many.
fn snapshot(world: &World, key: u8, ago: i64, max_age: u32) -> Value {
    let set = json!({ "keys": [jwk(key)] });
    Snapshot::take(&set, JWKS, world.time.now().div_euclid(1000) - ago, max_age).expect("a snapshot").to_json()
}

fn bringing(world: &World, snapshot: Value) -> Isolate {
    world.isolate_with(&json!({}), &BTreeMap::from([(ISSUER.to_owned(), snapshot)]))
}

#[test]
fn with_a_new_snapshot_the_first_request_waits_for_nothing() {
    let world = World::publishing(&[1]);
    let isolate = bringing(&world, snapshot(&world, 1, 100, 86_400));
    let answered = isolate.present(1);
    assert_eq!((answered.good(), answered.verdict), (0, Ok("snapshot")));
    world.reach_age(&isolate, 599);
    assert_eq!((isolate.present(1).good(), world.issuer.times_asked()), (0, 0));
    // It is fetched again as early as any other.
    world.pass(1);
    assert_eq!(isolate.present(1).verdict, Ok("snapshot"));
    world.pass(1);
    assert_eq!((isolate.present(1).verdict, isolate.present(1).took), (Ok("issuer"), 0));
}

#[test]
fn an_old_snapshot_comes_after_the_store_and_the_issuer() {
    let world = World::publishing(&[1]);
    let first = world.isolate();
    first.present(1).good();
    first.present(1).good();
    world.pass(1);
    let old = snapshot(&world, 1, 2_000, 86_400);
    assert_eq!(bringing(&world, old.clone()).present(1).verdict, Ok("store"));
    world.store.lose();
    assert_eq!(bringing(&world, old.clone()).present(1).verdict, Ok("issuer"));
    world.store.lose();
    world.issuer.behaves(Manner::Resets);
    let isolate = bringing(&world, old);
    assert_eq!((isolate.present(1).took, isolate.present(1).took), (110, 0));
    assert_eq!(isolate.present(1).verdict, Ok("snapshot"));
}

#[test]
fn the_age_of_a_snapshot_is_judged_as_that_of_any_set() {
    let world = World::publishing(&[1]);
    world.issuer.behaves(Manner::Resets);
    // Its own word, and then as long as any set while its issuer fails.
    for (max_age, end) in [(604_800, 604_800 + 86_400), (60, 60 + 86_400)] {
        let isolate = bringing(&world, snapshot(&world, 1, end - 1, max_age));
        isolate.present(1).good();
        world.pass(1);
        isolate.present(1).refused(Reason::KeySetStale);
        isolate.present(2).refused(Reason::KeySetStale);
    }
    let old = bringing(&world, snapshot(&world, 1, 10_000_000, 60));
    old.present(1).refused(Reason::KeySetStale);
    world.issuer.behaves(Manner::Works);
    world.pass(31);
    old.present(1).good();
}

#[test]
fn a_snapshot_never_gives_way_to_an_older_set() {
    let world = World::publishing(&[1]);
    let first = world.isolate();
    first.present(1).good();
    first.present(1).good();
    world.pass(700);
    // Built after key 1 was removed. The store still has it.
    world.issuer.publish(&[2]);
    let isolate = bringing(&world, snapshot(&world, 2, 0, 86_400));
    isolate.present(2).good();
    world.issuer.behaves(Manner::Resets);
    for _ in 0..60 {
        world.pass(31);
        isolate.present(2).good();
        isolate.run_schedule();
        assert_eq!(isolate.present(1).verdict, Err(Reason::KeySetUnavailable));
    }
}

#[test]
fn a_snapshot_from_the_future_does_not_count() {
    let world = World::publishing(&[2]);
    let isolate = bringing(&world, snapshot(&world, 1, -3_600, 86_400));
    isolate.present(2).good();
    isolate.present(1).refused(Reason::SigningKeyUnknown);
}

#[test]
fn a_snapshot_may_stand_in_the_policy_beside_the_place_of_the_keys() {
    let world = World::publishing(&[2]);
    let members = json!({ "jwks": snapshot(&world, 1, 100, 86_400) });
    let isolate = world.isolate_with(&members, &BTreeMap::new());
    assert_eq!(isolate.present(1).verdict, Ok("snapshot"));
    assert_eq!(isolate.present(2).verdict, Ok("issuer"));
    isolate.present(1).refused(Reason::SigningKeyUnknown);
}

//! An issuer rotates its keys: a new one works, a removed one stops, and what it vouched for goes with it.

use edgeward::verdict::Reason;
use serde_json::json;

use super::{issuer::Manner, world::World};

#[test]
fn a_new_key_works_at_once_where_the_cooldown_allows() {
    let world = World::publishing(&[1]);
    let isolate = world.isolate();
    isolate.present(1).good();
    world.pass(31);
    world.issuer.publish(&[1, 2]);
    assert_eq!(isolate.present(2).good(), 110);
    // The next one comes too soon after it, and works within the cooldown.
    world.issuer.publish(&[1, 2, 3]);
    assert_eq!(isolate.present(3).refused(Reason::SigningKeyUnknown), 0);
    world.time.pass(29_000);
    isolate.present(3).refused(Reason::SigningKeyUnknown);
    world.time.pass(1_000);
    assert_eq!(isolate.present(3).good(), 110);
    // The old one worked all the while.
    assert_eq!(isolate.present(1).good(), 0);
}

#[test]
fn many_requests_with_a_new_key_share_one_fetch() {
    let world = World::publishing(&[1]);
    let isolate = world.isolate();
    isolate.present(1).good();
    world.pass(31);
    world.issuer.publish(&[1, 2]);
    let requests: Vec<_> = (0..100).map(|_| isolate.begin_key(2)).collect();
    for request in requests {
        assert!(request.wait(1_000).good() <= 250);
    }
    assert_eq!(world.issuer.times_asked(), 2);
}

#[test]
fn a_key_that_was_asked_for_before_it_was_published_works_when_the_set_is_fetched_again() {
    let world = World::publishing(&[1]);
    let isolate = world.isolate();
    isolate.present(1).good();
    world.pass(31);
    isolate.present(2).refused(Reason::SigningKeyUnknown);
    world.issuer.publish(&[1, 2]);
    world.pass(31);
    // It is on the list of those that were asked for in vain.
    isolate.present(2).refused(Reason::SigningKeyUnknown);
    world.reach_age(&isolate, 600);
    isolate.present(1).good();
    world.pass(1);
    assert_eq!(isolate.present(2).good(), 0);
}

#[test]
fn a_removed_key_stops_within_its_bound_and_not_before_the_set_changes() {
    let rules = json!({ "maxAge": 120, "staleWhileRevalidate": 60 });
    let world = World::publishing(&[1, 2]);
    let isolate = world.isolate_that(&rules);
    isolate.present(1).good();
    // Right after the set was fetched: the worst moment.
    world.issuer.publish(&[2]);
    let removed = world.time.now();
    world.reach_just_before(&isolate, 120 + 60);
    // Nobody came meanwhile: this is the last moment at which it may still vouch.
    isolate.runtime.behind.set(super::world::Behind::Never);
    isolate.present(1).good();
    world.time.pass(1);
    isolate.present(1).refused(Reason::SigningKeyUnknown);
    assert!(world.time.now() - removed <= 180_000 + 110);
    isolate.present(2).good();
}

#[test]
fn with_steady_traffic_a_removed_key_stops_once_the_set_is_stale() {
    let world = World::publishing(&[1, 2]);
    let isolate = world.isolate();
    isolate.present(1).good();
    world.issuer.publish(&[2]);
    let mut worked = 0;
    while isolate.present(1).verdict.is_ok() {
        worked += 1;
        world.pass(1);
    }
    assert!((600..=602).contains(&worked), "{worked}");
}

#[test]
fn the_facts_that_a_removed_key_vouched_for_go_with_it() {
    let world = World::publishing(&[1, 2]);
    let isolate = world.isolate();
    let (removed, kept) = (isolate.facts(1), isolate.facts(2));
    assert_eq!((isolate.judge(&removed), isolate.judge(&kept)), (Ok(()), Ok(())));
    world.issuer.publish(&[2, 3]);
    world.pass(31);
    assert_eq!(isolate.judge(&removed), Ok(()));
    // The set without it comes into force.
    isolate.present(3).good();
    assert_eq!(isolate.judge(&removed), Err(Reason::SigningKeyWithdrawn));
    assert_eq!(isolate.judge(&kept), Ok(()));
    // It comes back.
    world.issuer.publish(&[1, 2, 3]);
    world.pass(31);
    isolate.run_schedule();
    assert_eq!(isolate.judge(&removed), Ok(()));
    assert_eq!(Reason::SigningKeyWithdrawn.facts().status, 401);
}

#[test]
fn facts_are_not_judged_by_a_set_that_is_too_old() {
    let world = World::publishing(&[1]);
    let isolate = world.isolate();
    let facts = isolate.facts(1);
    world.reach_age(&isolate, 899);
    assert_eq!(isolate.judge(&facts), Ok(()));
    // Whoever keeps facts asks for the key anew where nobody can tell by them.
    world.pass(1);
    assert_eq!(isolate.judge(&facts), Err(Reason::KeySetStale));
    isolate.present(1).good();
    assert_eq!(isolate.judge(&facts), Ok(()));
    world.issuer.behaves(Manner::Resets);
    world.reach_age(&isolate, 900);
    isolate.present(1).good();
    // The failure is known.
    assert_eq!(isolate.judge(&facts), Ok(()));
}

#[test]
fn a_key_under_the_name_of_another_vouches_for_nothing_that_the_other_signed() {
    let world = World::publishing(&[1]);
    let isolate = world.isolate();
    let facts = isolate.facts(1);
    let mut impostor = super::issuer::jwk(5);
    impostor["kid"] = json!("k1");
    world.issuer.publish_keys(&[impostor]);
    world.pass(31);
    isolate.run_schedule();
    assert_eq!(isolate.judge(&facts), Err(Reason::SigningKeyWithdrawn));
    isolate.present(1).refused(Reason::SignatureInvalid);
}

#[test]
fn keys_that_stay_keep_their_number_and_the_host_is_told_of_those_that_go() {
    let world = World::publishing(&[1, 2]);
    let isolate = world.isolate();
    let (first, second) = (isolate.key_number(1), isolate.key_number(2));
    for _ in 0..3 {
        world.pass(31);
        isolate.run_schedule();
        assert_eq!((isolate.key_number(1), isolate.key_number(2)), (first, second));
    }
    assert!(isolate.runtime.forgotten.borrow().is_empty());
    world.issuer.publish(&[2, 3]);
    world.pass(31);
    isolate.run_schedule();
    assert_eq!(*isolate.runtime.forgotten.borrow(), [first]);
    assert_eq!(isolate.key_number(2), second);
    assert!(isolate.key_number(3) > second);
}

#[test]
fn a_fetch_that_ends_late_never_takes_the_place_of_a_newer_one() {
    let world = World::publishing(&[1]);
    let isolate = world.isolate();
    isolate.present(1).good();
    isolate.present(1).good();
    world.reach_age(&isolate, 600);
    // Behind this request the issuer is asked, and its answer of now, with the first key, takes long.
    world.issuer.delay.set(2_900);
    isolate.present(1).good();
    world.time.pass(100);
    // Another isolate asks later, is answered sooner, and fills the store.
    world.issuer.publish(&[2]);
    world.issuer.delay.set(100);
    world.pass(1);
    world.store.lose();
    let other = world.isolate();
    other.present(2).good();
    other.present(2).good();
    world.time.pass(300);
    let newest = world.store.get(&world.store.keys()[0]);
    world.pass(5);
    // What came late was not put over it, and the store's was taken instead.
    assert_eq!(world.store.get(&world.store.keys()[0]), newest);
    isolate.present(1).refused(Reason::SigningKeyUnknown);
    assert_eq!(isolate.present(2).verdict, Ok("store"));
}

#[test]
fn a_fetch_that_is_overdue_and_goes_on_changes_nothing_that_is_newer() {
    let world = World::publishing(&[1]);
    let isolate = world.isolate();
    // A runtime that holds a request up: its own time-outs do not run either.
    let held_up = isolate.begin_key(1);
    world.time.pass(50);
    let held_up_until = world.time.now() + 20_000;
    held_up.hold(held_up_until);
    world.pass(5);
    world.issuer.publish(&[2]);
    isolate.present(2).good();
    let facts = isolate.facts(2);
    let fetched_at = isolate.status().fetched_at;
    world.pass(30);
    assert!(held_up.is_over());
    assert_eq!(isolate.status().fetched_at, fetched_at);
    assert_eq!(isolate.judge(&facts), Ok(()));
    held_up.outcome().expect("an answer").refused(Reason::SigningKeyUnknown);
}

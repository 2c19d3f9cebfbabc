//! A set grows old while its issuer answers: fresh, stale and fetched again behind a request, waited for.

use serde_json::json;

use super::{
    issuer::{JWKS, Manner},
    store::Access,
    world::World,
};

#[test]
fn while_a_set_is_fresh_nobody_is_asked() {
    let world = World::publishing(&[1]);
    let isolate = world.isolate();
    isolate.present(1).good();
    isolate.present(1).good();
    world.reach_just_before(&isolate, 600);
    let reads = world.store.reads.get();
    assert_eq!((isolate.status().phase, isolate.present(1).good()), ("fresh", 0));
    world.time.pass(0);
    assert_eq!((world.issuer.times_asked(), world.store.reads.get()), (1, reads));
}

#[test]
fn a_stale_set_answers_at_once_and_is_fetched_again_behind_the_request() {
    let world = World::publishing(&[1]);
    let isolate = world.isolate();
    isolate.present(1).good();
    isolate.present(1).good();
    world.reach_age(&isolate, 600);
    let before = isolate.status();
    assert_eq!(before.phase, "stale");
    // As many as come: one fetch.
    for _ in 0..100 {
        assert_eq!(isolate.present(1).good(), 0);
    }
    world.pass(1);
    let after = isolate.status();
    assert_eq!((after.phase, world.issuer.times_asked(), world.store.writes.get()), ("fresh", 2, 2));
    assert_eq!(after.fetched_at, before.fetched_at.map(|second| second + 600));
}

#[test]
fn whatever_the_issuer_does_meanwhile_a_stale_set_costs_no_request_any_time() {
    for manner in [Manner::Hangs, Manner::Resets, Manner::Status(500), Manner::says("garbage"), Manner::Works] {
        let world = World::publishing(&[1]);
        let isolate = world.isolate();
        isolate.present(1).good();
        world.reach_age(&isolate, 600);
        world.issuer.behaves(manner);
        world.issuer.delay.set(2_900);
        for _ in 0..299 {
            assert_eq!(isolate.present(1).good(), 0);
            world.pass(1);
        }
        // One fetch for each cooldown, each of which began when the one before had failed.
        assert!((2..=1 + 10).contains(&world.issuer.times_asked()), "{}", world.issuer.times_asked());
    }
}

#[test]
fn a_store_that_hangs_costs_no_request_with_a_usable_set_any_time() {
    for access in [Access::Hangs, Access::Fails] {
        let world = World::publishing(&[1]);
        let isolate = world.isolate();
        isolate.present(1).good();
        world.store.behaves(access);
        isolate.present(1).good();
        for _ in 0..4 {
            world.reach_age(&isolate, 600);
            assert_eq!(isolate.present(1).good(), 0);
            world.pass(2);
            assert_eq!(isolate.status().phase, "fresh", "{access:?}");
        }
    }
}

#[test]
fn a_set_past_both_spans_is_waited_for() {
    let world = World::publishing(&[1]);
    let isolate = world.isolate();
    isolate.present(1).good();
    world.reach_just_before(&isolate, 900);
    assert_eq!(isolate.status().phase, "stale");
    world.time.pass(1);
    assert_eq!(isolate.status().phase, "ifError");
    assert_eq!(isolate.present(1).good(), 110);
    assert_eq!(world.issuer.times_asked(), 2);
}

#[test]
fn a_set_that_comes_of_age_while_a_signature_is_checked_has_vouched_already() {
    let world = World::publishing(&[1]);
    let isolate = world.isolate();
    isolate.present(1).good();
    isolate.runtime.native.set(Some(3));
    isolate.verifier.forget_facts();
    world.reach_just_before(&isolate, 900);
    assert_eq!(isolate.present(1).good(), 3);
    assert_eq!(isolate.status().phase, "ifError");
    // The next one waits for the new set, which is on its way.
    assert!((110..150).contains(&isolate.present(1).good()));
    assert_eq!(isolate.status().phase, "fresh");
}

#[test]
fn work_behind_a_request_that_the_runtime_ends_is_done_behind_a_later_one() {
    let world = World::publishing(&[1]);
    let isolate = world.isolate();
    isolate.present(1).good();
    isolate.present(1).good();
    world.reach_age(&isolate, 600);
    for _ in 0..3 {
        assert_eq!(isolate.present(1).good(), 0);
        world.time.pass(50);
        isolate.abandon_jobs();
        world.pass(40);
    }
    assert_eq!(world.issuer.times_asked(), 4);
    assert_eq!(isolate.present(1).good(), 0);
    world.pass(1);
    assert_eq!(isolate.status().phase, "fresh");
}

#[test]
fn what_the_issuer_says_shortens_a_life_and_never_lengthens_it() {
    for (control, fresh, stale) in [
        (Some("max-age=60"), 60, 300),
        (Some("max-age=60, stale-while-revalidate=20"), 60, 20),
        (Some("max-age=86400, stale-while-revalidate=86400"), 600, 300),
        (Some("no-store"), 30, 300),
        (Some("max-age=0"), 30, 300),
        (None, 600, 300),
    ] {
        let world = World::publishing(&[1]);
        world.issuer.cache_control.replace(control);
        let isolate = world.isolate();
        isolate.present(1).good();
        for (age, phase) in [(fresh, "stale"), (fresh + stale, "ifError")] {
            world.reach_just_before(&isolate, age);
            assert_ne!(isolate.status().phase, phase, "{control:?}");
            world.time.pass(1);
            assert_eq!(isolate.status().phase, phase, "{control:?}");
        }
    }
}

#[test]
fn the_policy_says_how_long_a_set_is_good() {
    let world = World::publishing(&[1]);
    let isolate =
        world.isolate_that(&json!({ "maxAge": 40, "staleWhileRevalidate": 0, "maxStale": 100, "cooldown": 5 }));
    isolate.present(1).good();
    world.reach_just_before(&isolate, 40);
    assert_eq!(isolate.present(1).good(), 0);
    world.time.pass(1);
    // There is no time in which it would be fetched behind.
    assert_eq!(isolate.present(1).good(), 110);
}

#[test]
fn a_set_that_ages_faster_than_the_cooldown_is_fetched_behind_requests_all_the_same() {
    let world = World::publishing(&[1]);
    world.issuer.cache_control.replace(Some("max-age=0, stale-while-revalidate=60"));
    let isolate = world.isolate_that(&json!({ "cooldown": 600 }));
    isolate.present(1).good();
    for _ in 0..600 {
        assert_eq!(isolate.present(1).good(), 0);
        world.pass(1);
    }
    assert!((18..=21).contains(&world.issuer.times_asked()), "{}", world.issuer.times_asked());
}

#[test]
fn an_entity_tag_spares_the_set_and_its_keys_their_preparation() {
    let world = World::publishing(&[1, 2]);
    world.issuer.tags.set(true);
    let isolate = world.isolate();
    let number = isolate.key_number(1);
    for _ in 0..3 {
        world.reach_age(&isolate, 600);
        isolate.present(1).good();
        world.pass(1);
        assert_eq!(isolate.status().phase, "fresh");
    }
    let asked = world.issuer.asked.borrow().clone();
    assert_eq!((asked.len(), asked[0].etag.clone()), (4, None));
    assert!(asked[1..].iter().all(|asked| asked.etag.is_some() && asked.url == JWKS));
    assert_eq!(isolate.key_number(1), number);
    assert!(isolate.runtime.forgotten.borrow().is_empty());
    // Another isolate goes on with the tag that the store has.
    let second = world.isolate();
    second.present(1).good();
    world.reach_age(&second, 600);
    second.present(1).good();
    world.pass(1);
    assert!(world.issuer.asked.borrow().last().is_some_and(|asked| asked.etag.is_some()));
    // And a set that changed is read again.
    world.issuer.publish(&[2, 3]);
    world.reach_age(&second, 600);
    second.present(2).good();
    world.pass(1);
    second.present(3).good();
}

#[test]
fn an_answer_304_does_not_lengthen_what_the_first_one_allowed() {
    for repeats in [true, false] {
        let world = World::publishing(&[1]);
        world.issuer.tags.set(true);
        world.issuer.repeats.set(repeats);
        world.issuer.cache_control.replace(Some("max-age=60"));
        let isolate = world.isolate();
        isolate.present(1).good();
        for _ in 0..3 {
            world.reach_age(&isolate, 60);
            assert_eq!(isolate.status().phase, "stale", "repeats: {repeats}");
            isolate.present(1).good();
            world.pass(1);
            assert_eq!(isolate.status().phase, "fresh");
        }
    }
}

#[test]
fn a_304_that_nobody_asked_for_is_a_failure() {
    let world = World::publishing(&[1]);
    world.issuer.behaves(Manner::Status(304));
    let isolate = world.isolate();
    isolate.present(1).refused(edgeward::verdict::Reason::KeySetUnavailable);
}

//! An issuer that is down: its last set is good for a stated time, and then nobody can tell.

use edgeward::verdict::Reason;
use serde_json::json;

use super::{issuer::Manner, world::World};

const KEPT: i64 = 600 + 86_400;

#[test]
fn the_first_request_waits_and_those_after_the_failure_do_not() {
    for (manner, takes) in [(Manner::Resets, 110), (Manner::Hangs, 3_010), (Manner::says(r#"{"keys":[]}"#), 110)] {
        let world = World::publishing(&[1]);
        let isolate = world.isolate();
        isolate.present(1).good();
        world.issuer.behaves(manner);
        world.reach_age(&isolate, 900);
        let many: Vec<_> = (0..10).map(|_| isolate.begin_key(1)).collect();
        for one in many {
            assert!((takes..=takes + 64).contains(&one.wait(10_000).good()));
        }
        assert_eq!(world.issuer.times_asked(), 2);
        // The failure is known: requests go on with what there is, and the issuer is asked again behind them.
        for _ in 0..600 {
            assert_eq!(isolate.present(1).good(), 0);
            world.pass(1);
        }
        let asked = world.issuer.times_asked();
        assert!((2 + 17..=2 + 20).contains(&asked), "{asked}");
    }
}

#[test]
fn a_set_is_good_until_max_stale_and_then_nobody_can_tell() {
    let world = World::publishing(&[1]);
    let isolate = world.isolate();
    isolate.present(1).good();
    let facts = isolate.facts(1);
    world.issuer.behaves(Manner::Resets);
    let end = isolate.status().fetched_at.expect("a set") + KEPT;
    assert_eq!(isolate.status().ends, Some(end));
    while world.time.now() < (end - 100) * 1000 {
        isolate.present(1).good();
        world.pass(100);
    }
    world.reach_just_before(&isolate, KEPT);
    isolate.present(1).good();
    assert_eq!(isolate.judge(&facts), Ok(()));
    world.pass(1);
    assert_eq!(isolate.status().phase, "over");
    isolate.present(1).refused(Reason::KeySetStale);
    // The same for a key that nobody ever had: 503, and not 401, for nobody can tell.
    isolate.present(9).refused(Reason::KeySetStale);
    assert_eq!(isolate.judge(&facts), Err(Reason::KeySetStale));
    assert_eq!(Reason::KeySetStale.facts().status, 503);
    // And at once, for the cooldown.
    world.pass(1);
    assert_eq!(isolate.present(1).refused(Reason::KeySetStale), 0);
}

#[test]
fn once_the_issuer_is_back_its_keys_are_too() {
    let world = World::publishing(&[1]);
    let isolate = world.isolate();
    isolate.present(1).good();
    world.issuer.behaves(Manner::Resets);
    world.reach_age(&isolate, 900);
    isolate.present(1).good();
    assert!(isolate.status().failure.is_some());
    world.issuer.behaves(Manner::Works);
    world.issuer.publish(&[2]);
    world.pass(31);
    // Behind this one.
    assert_eq!(isolate.present(1).good(), 0);
    world.pass(1);
    assert_eq!((isolate.status().phase, isolate.status().failure), ("fresh", None));
    isolate.present(1).refused(Reason::SigningKeyUnknown);
    assert_eq!(isolate.present(2).good(), 0);

    // Over, and back.
    world.issuer.behaves(Manner::Hangs);
    world.reach_age(&isolate, KEPT);
    assert_eq!(isolate.present(2).refused(Reason::KeySetStale), 3_010);
    world.issuer.behaves(Manner::Works);
    world.pass(31);
    assert_eq!(isolate.present(2).good(), 110);
}

#[test]
fn an_outage_may_be_allowed_no_time_at_all() {
    for control in [None, Some("stale-if-error=0")] {
        let world = World::publishing(&[1]);
        world.issuer.cache_control.replace(control);
        let isolate = match control {
            None => world.isolate_that(&json!({ "maxStale": 0 })),
            Some(_) => world.isolate(),
        };
        isolate.present(1).good();
        world.issuer.behaves(Manner::Resets);
        world.reach_just_before(&isolate, 900);
        isolate.present(1).good();
        world.pass(1);
        isolate.present(1).refused(Reason::KeySetStale);
    }
}

#[test]
fn a_request_that_comes_long_after_the_last_failure_waits_again() {
    let world = World::publishing(&[1]);
    let isolate = world.isolate();
    isolate.present(1).good();
    world.issuer.behaves(Manner::Resets);
    world.reach_age(&isolate, 900);
    isolate.present(1).good();
    // cooldown + staleWhileRevalidate later the failure is no news any more.
    world.pass(331);
    assert_eq!(isolate.present(1).good(), 110);
}

#[test]
fn a_fetch_that_nobody_stayed_for_counts_as_a_failure_when_it_was_overdue_and_not_when_that_was_noticed() {
    let world = World::publishing(&[1]);
    let isolate = world.isolate();
    isolate.present(1).good();
    isolate.present(1).good();
    world.reach_age(&isolate, 900);
    let gone = isolate.begin_key(1);
    world.time.pass(50);
    gone.abandon();
    world.issuer.publish(&[2]);
    // An hour later the issuer has long been well, and nothing else is known.
    world.pass(3_600);
    isolate.present(1).refused(Reason::SigningKeyUnknown);
    isolate.present(2).good();
}

#[test]
fn where_nobody_stays_to_see_the_issuer_fail_requests_go_on_with_what_there_is() {
    // Clients that give up before the time-out would otherwise never be served in an outage.
    let world = World::publishing(&[1]);
    let isolate = world.isolate();
    isolate.present(1).good();
    world.issuer.behaves(Manner::Hangs);
    world.reach_age(&isolate, 900);
    let impatient = isolate.begin_key(1);
    world.pass(1);
    impatient.abandon();
    world.pass(3);
    assert_eq!(isolate.present(1).good(), 0);
}

#[test]
fn a_removed_key_does_not_outlive_its_bound_by_requests_that_are_broken_off() {
    // While the issuer answers. Who has such a key may break off as many requests as they like.
    let world = World::publishing(&[1]);
    let isolate = world.isolate();
    isolate.present(1).good();
    isolate.present(1).good();
    world.issuer.publish(&[2]);
    world.reach_age(&isolate, 900);
    let removed_key_works_until = world.time.now() + 30_000 + 3_500 + 1_000;
    while world.time.now() < removed_key_works_until {
        let request = isolate.begin_key(1);
        world.time.pass(50);
        request.abandon();
        isolate.abandon_jobs();
        world.pass(1);
    }
    // The last of them stays.
    world.pass(40);
    isolate.present(1).refused(Reason::SigningKeyUnknown);
}

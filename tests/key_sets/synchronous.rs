//! A check that waits for nothing: it uses what is at hand, and spoils nothing for the others.

use edgeward::verdict::Reason;

use super::{issuer::Manner, world::World};

#[test]
fn without_a_set_it_cannot_tell_and_one_is_fetched_behind_it() {
    let world = World::publishing(&[1]);
    let isolate = world.isolate();
    for _ in 0..100 {
        assert_eq!(isolate.present_now(1), Err(Reason::KeySetUnavailable));
    }
    assert_eq!((world.issuer.times_asked(), world.store.reads.get()), (0, 0));
    world.pass(1);
    assert_eq!(isolate.present_now(1), Ok(()));
    assert_eq!(world.issuer.times_asked(), 1);
    // The host was not asked a hundred times.
    assert!(isolate.runtime.called.get() <= 2, "{}", isolate.runtime.called.get());
}

#[test]
fn it_does_not_stand_in_the_way_of_a_request_that_waits() {
    let world = World::publishing(&[1]);
    let isolate = world.isolate();
    isolate.runtime.behind.set(super::world::Behind::Never);
    for _ in 0..10 {
        assert_eq!(isolate.present_now(1), Err(Reason::KeySetUnavailable));
        assert_eq!(isolate.status().failure, None);
    }
    assert_eq!(isolate.present(1).good(), 110);
    assert_eq!(isolate.present_now(1), Ok(()));
    // Nor does one that waits stand in its way.
    world.reach_age(&isolate, 900);
    let waits = isolate.begin_key(1);
    assert_eq!(isolate.present_now(1), Err(Reason::KeySetUnavailable));
    waits.wait(1_000).good();
}

#[test]
fn it_uses_stale_sets_and_those_of_an_issuer_that_fails() {
    let world = World::publishing(&[1]);
    let isolate = world.isolate();
    isolate.present(1).good();
    world.issuer.behaves(Manner::Resets);
    world.reach_age(&isolate, 600);
    assert_eq!(isolate.present_now(1), Ok(()));
    world.reach_age(&isolate, 899);
    assert_eq!(isolate.present_now(1), Ok(()));
    world.pass(300);
    assert_eq!((isolate.status().phase, isolate.present_now(1)), ("ifError", Ok(())));
}

#[test]
fn a_new_key_is_fetched_behind_it() {
    let world = World::publishing(&[1]);
    let isolate = world.isolate();
    isolate.present(1).good();
    world.pass(31);
    world.issuer.publish(&[1, 2]);
    assert_eq!(isolate.present_now(2), Err(Reason::KeySetUnavailable));
    world.pass(1);
    assert_eq!(isolate.present_now(2), Ok(()));
    assert_eq!(world.issuer.times_asked(), 2);
}

#[test]
fn a_flood_of_unknown_keys_costs_no_more_than_it_does_elsewhere() {
    let world = World::publishing(&[1]);
    let isolate = world.isolate();
    isolate.present(1).good();
    world.pass(31);
    let (asked, reads) = (world.issuer.times_asked(), world.store.reads.get());
    for number in 0..3_000_u32 {
        assert!(isolate.present_now((10 + number % 200).try_into().expect("a number")).is_err());
        world.time.pass(100);
    }
    // 300 seconds of it.
    assert!(world.issuer.times_asked() - asked <= 11, "{}", world.issuer.times_asked());
    assert!(world.store.reads.get() - reads <= 66, "{}", world.store.reads.get());
    assert_eq!(isolate.present_now(1), Ok(()));
}

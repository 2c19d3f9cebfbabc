//! A clock that is set back, or that differs from the others'.

use edgeward::verdict::Reason;

use super::{
    issuer::{Manner, jwk, token_of},
    world::World,
};
use serde_json::json;

#[test]
fn after_the_clock_was_set_back_a_set_is_fetched_anew() {
    for back in [61_000, 3_600_000, 10 * 365 * 86_400_000] {
        let world = World::publishing(&[1]);
        let isolate = world.isolate();
        isolate.present(1).good();
        isolate.present(1).good();
        let facts = isolate.facts(1);
        world.pass(1);
        world.issuer.publish(&[2]);
        isolate.runtime.off.set(-back - 1_000);
        // Nobody knows how old the set is.
        assert_eq!(isolate.judge(&facts), Err(Reason::KeySetStale));
        assert_eq!(isolate.present(2).good(), 110, "{back}");
        isolate.present(1).refused(Reason::SigningKeyUnknown);
        assert_eq!(isolate.judge(&facts), Err(Reason::SigningKeyWithdrawn));
        // The store had a set from the future, and has this one now.
        isolate.present(2).good();
        world.pass(1);
        let other = world.isolate();
        other.runtime.off.set(-back - 1_000);
        assert_eq!(other.present(2).verdict, Ok("store"));
    }
}

#[test]
fn a_clock_that_is_set_back_by_little_changes_nothing() {
    let world = World::publishing(&[1]);
    let isolate = world.isolate();
    isolate.present(1).good();
    isolate.runtime.off.set(-50_000);
    for _ in 0..60 {
        assert_eq!(isolate.present(1).good(), 0);
        world.pass(1);
    }
    assert_eq!(world.issuer.times_asked(), 1);
}

#[test]
fn a_clock_that_is_set_back_while_a_request_waits_does_not_make_it_wait_for_ever() {
    for back in [100, 5_000, 3_600_000] {
        let world = World::publishing(&[1]);
        let isolate = world.isolate();
        let (leader, other) = (isolate.begin_key(1), isolate.begin_key(1));
        world.time.pass(50);
        isolate.runtime.off.set(-back);
        let (led, waited) = (leader.wait(10_000).good(), other.wait(10_000).good());
        assert!(led.max(waited) <= 400, "{back}: {led} {waited}");
    }
}

#[test]
fn a_clock_that_is_set_back_forgets_no_failure_for_ever() {
    let world = World::publishing(&[1]);
    let isolate = world.isolate();
    world.issuer.behaves(Manner::Resets);
    isolate.present(1).refused(Reason::KeySetUnavailable);
    isolate.runtime.off.set(-86_400_000);
    world.issuer.behaves(Manner::Works);
    isolate.present(1).good();
    // Nor do unknown keys stay unknown for a day.
    world.pass(31);
    isolate.present(9).refused(Reason::SigningKeyUnknown);
}

#[test]
fn a_clock_that_is_set_forward_makes_the_set_old_and_no_more() {
    let world = World::publishing(&[1]);
    let isolate = world.isolate();
    isolate.present(1).good();
    isolate.runtime.off.set(10 * 86_400_000);
    assert_eq!(isolate.present(1).good(), 110);
    isolate.runtime.off.set(0);
    assert_eq!((isolate.present(1).verdict, world.issuer.times_asked()), (Ok("store"), 2));
}

#[test]
fn clocks_that_differ_by_a_minute_share_sets() {
    let world = World::publishing(&[1]);
    let (ahead, behind) = (world.isolate(), world.isolate());
    ahead.runtime.off.set(50_000);
    ahead.present(1).good();
    ahead.present(1).good();
    world.pass(1);
    assert_eq!(behind.present(1).verdict, Ok("store"));
    // What the other's clock says of the set is believed: a key that was removed lives for a minute longer at most.
    world.issuer.publish(&[2]);
    world.pass(600 + 50);
    behind.present(1).good();
    world.pass(1);
    behind.present(1).refused(Reason::SigningKeyUnknown);
}

#[test]
fn a_set_that_left_memory_comes_back_after_the_clock_was_set_back() {
    let world = World::publishing(&[]);
    let tenants = 80_u8;
    let names: Vec<_> = (0..tenants).map(|tenant| format!("t{tenant}")).collect();
    for (number, name) in (0..tenants).zip(&names) {
        world.issuer.put(&format!("https://login.example/{name}"), json!({ "keys": [jwk(number)] }));
    }
    let uri = "https://login.example/{tenant}";
    let members = json!({ "issuer": uri, "tenants": names, "jwksUri": uri });
    let isolate = world.isolate_with(&members, &std::collections::BTreeMap::new());
    let token = |number: u8| token_of(&format!("https://login.example/t{number}"), number);
    for number in 0..tenants {
        isolate.verify(token(number)).good();
    }
    isolate.runtime.off.set(-3_600_000);
    for number in 0..tenants {
        isolate.verify(token(number)).good();
    }
}

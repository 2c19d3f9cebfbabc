//! Tokens that name a key which the set does not have: it may be new, or anybody's invention.

use edgeward::verdict::Reason;
use serde_json::json;

use super::{
    issuer::{Manner, nameless_token, unsigned_token},
    world::World,
};

#[test]
fn an_unknown_key_is_asked_for_once_for_each_cooldown() {
    let world = World::publishing(&[1]);
    let isolate = world.isolate();
    isolate.present(1).good();
    // The set is new: a moment ago there was no such key.
    assert_eq!(isolate.present(8).refused(Reason::SigningKeyUnknown), 0);
    world.pass(31);
    assert_eq!(isolate.present(8).refused(Reason::SigningKeyUnknown), 110);
    assert_eq!(world.issuer.times_asked(), 2);
    for key in 10..200 {
        assert_eq!(isolate.present(key).refused(Reason::SigningKeyUnknown), 0);
    }
    world.pass(31);
    // Another one, once; the first one, not again while the set is fresh.
    assert_eq!(isolate.present(8).refused(Reason::SigningKeyUnknown), 0);
    assert_eq!(isolate.present(9).refused(Reason::SigningKeyUnknown), 110);
    assert_eq!((world.issuer.times_asked(), isolate.present(1).good()), (3, 0));
    assert_eq!(Reason::SigningKeyUnknown.facts().status, 401);
}

#[test]
fn while_the_issuer_fails_nobody_can_tell_whether_it_has_such_a_key() {
    for manner in [Manner::Resets, Manner::Hangs, Manner::says(r#"{"keys":[]}"#), Manner::Status(503)] {
        let world = World::publishing(&[1]);
        let isolate = world.isolate();
        isolate.present(1).good();
        world.pass(31);
        world.issuer.behaves(manner);
        isolate.present(8).refused(Reason::KeySetUnavailable);
        let asked = world.issuer.times_asked();
        for key in 8..100 {
            assert_eq!(isolate.present(key).refused(Reason::KeySetUnavailable), 0);
        }
        assert_eq!((isolate.present(1).good(), world.issuer.times_asked()), (0, asked));
        // It was not asked in vain: there was no answer.
        world.issuer.behaves(Manner::Works);
        world.issuer.publish(&[1, 8]);
        world.pass(31);
        assert_eq!(isolate.present(8).good(), 110);
    }
}

#[test]
fn a_flood_of_invented_names_costs_a_handful_of_fetches() {
    let world = World::publishing(&[1]);
    let isolate = world.isolate();
    isolate.present(1).good();
    let mut requests = Vec::new();
    // 100,000 names in 100 seconds, ten at each moment, and a good token among them.
    for moment in 0..10_000 {
        requests.extend((0..10).map(|number| isolate.begin(unsigned_token(&format!("x{moment}-{number}")))));
        if moment % 100 == 0 {
            assert_eq!(isolate.present(1).good(), 0);
        }
        world.time.pass(10);
    }
    world.pass(5);
    let mut told = [0_usize; 2];
    for request in requests {
        let answered = request.outcome().expect("an answer");
        assert!(answered.took <= 110 + 64);
        match answered.verdict {
            Err(Reason::SigningKeyUnknown) => told[0] += 1,
            Err(Reason::KeySetUnavailable) => told[1] += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(told[0] > 99_000 && told[1] < 1_000, "{told:?}");
    assert!((3..=5).contains(&world.issuer.times_asked()), "{}", world.issuer.times_asked());
}

#[test]
fn those_who_break_off_gain_no_further_fetches() {
    let world = World::publishing(&[1]);
    let isolate = world.isolate();
    isolate.present(1).good();
    world.pass(31);
    let before = world.issuer.times_asked();
    for number in 0..300 {
        let request = isolate.begin(unsigned_token(&format!("x{number}")));
        world.time.pass(50);
        request.abandon();
        world.time.pass(950);
    }
    let fetches = world.issuer.times_asked() - before;
    assert!(fetches <= 10, "{fetches} fetches in 300 seconds");
    assert_eq!(isolate.present(1).good(), 0);
}

#[test]
fn of_those_who_wait_for_a_fetch_there_are_only_so_many() {
    let world = World::publishing(&[1]);
    let isolate = world.isolate();
    isolate.present(1).good();
    world.pass(31);
    world.issuer.publish(&[1, 2]);
    let requests: Vec<_> = (0..1_000).map(|_| isolate.begin_key(2)).collect();
    let at_once = requests.iter().filter(|request| request.is_over()).count();
    assert_eq!(at_once, 1_000 - 1 - 256);
    world.pass(1);
    for request in requests {
        let answered = request.outcome().expect("an answer");
        if answered.took > 0 {
            answered.good();
        } else {
            answered.refused(Reason::KeySetUnavailable);
        }
    }
    // Where no set is at hand there is no such bound: those who wait may all be good.
    let cold = world.isolate();
    let requests: Vec<_> = (0..1_000).map(|_| cold.begin_key(1)).collect();
    for request in requests {
        assert!(request.wait(1_000).good() <= 250);
    }
}

#[test]
fn a_set_that_another_isolate_fetched_lately_counts_as_asked() {
    let world = World::publishing(&[1]);
    let (first, second) = (world.isolate(), world.isolate());
    first.present(1).good();
    first.present(1).good();
    world.pass(5);
    assert_eq!(second.present(1).verdict, Ok("store"));
    second.present(8).refused(Reason::SigningKeyUnknown);
    assert_eq!(world.issuer.times_asked(), 1);
    // The first one asks for another unknown key and shares what it gets.
    world.pass(31);
    world.issuer.publish(&[1, 2]);
    first.present(9).refused(Reason::SigningKeyUnknown);
    first.present(1).good();
    world.pass(1);
    // The second one finds the new key in the store.
    assert_eq!(second.present(2).verdict, Ok("store"));
    assert_eq!(world.issuer.times_asked(), 2);
}

#[test]
fn a_key_that_is_there_and_no_good_is_not_asked_for_again() {
    let world = World::publishing(&[1]);
    let mut unusable = super::issuer::jwk(2);
    unusable["use"] = json!("enc");
    world.issuer.publish_keys(&[super::issuer::jwk(1), unusable]);
    let isolate = world.isolate();
    isolate.present(1).good();
    world.pass(31);
    isolate.present(2).refused(Reason::SigningKeyUnusable);
    assert_eq!(world.issuer.times_asked(), 1);
}

#[test]
fn a_token_that_names_no_key_is_served_by_the_only_one_that_fits() {
    let world = World::publishing(&[1]);
    let isolate = world.isolate();
    isolate.verify(nameless_token(1)).good();
    world.issuer.publish(&[1, 2]);
    world.reach_age(&isolate, 600);
    isolate.present(1).good();
    world.pass(31);
    isolate.verify(nameless_token(1)).refused(Reason::SigningKeyAmbiguous);
    assert_eq!(world.issuer.times_asked(), 2);
}

#[test]
fn a_cold_isolate_asks_for_a_key_that_the_stored_set_does_not_have_yet() {
    let world = World::publishing(&[1]);
    let warm = world.isolate();
    warm.present(1).good();
    warm.present(1).good();
    world.pass(200);
    world.issuer.publish(&[1, 2]);
    // The set in the store is 200 seconds old: nobody has asked for this key yet.
    let cold = world.isolate();
    let answered = cold.present(2);
    assert!(answered.good() <= 2 * 10 + 100, "{answered:?}");
    assert_eq!(world.issuer.times_asked(), 2);
}

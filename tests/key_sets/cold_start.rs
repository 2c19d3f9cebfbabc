//! An isolate that knows nothing yet: its first requests wait for one fetch, and none of them for ever.

use edgeward::verdict::Reason;

use super::{
    issuer::Manner,
    store::Access,
    world::{Behind, World},
};

#[test]
fn the_first_request_waits_for_one_fetch_and_the_next_for_nothing() {
    let world = World::publishing(&[1]);
    let isolate = world.isolate();
    assert_eq!(isolate.status().phase, "none");
    // The store, in 10 ms, and the issuer, in 100.
    assert_eq!(isolate.present(1).good(), 110);
    for _ in 0..100 {
        let answered = isolate.present(1);
        assert_eq!((answered.good(), answered.verdict), (0, Ok("issuer")));
    }
    assert_eq!(world.issuer.times_asked(), 1);
    // Behind the first request, the set was put into the store, once.
    world.pass(1);
    assert_eq!((world.store.keys().len(), world.store.writes.get()), (1, 1));
    let status = isolate.status();
    assert_eq!((status.phase, status.tier, status.keys, status.failure), ("fresh", Some("issuer"), 1, None));
}

#[test]
fn concurrent_first_requests_share_one_fetch() {
    let world = World::publishing(&[1]);
    let isolate = world.isolate();
    let requests: Vec<_> = (0..500).map(|_| isolate.begin_key(1)).collect();
    for request in requests {
        // They look again every 64 ms.
        assert!((110..=110 + 64).contains(&request.wait(1_000).good()));
    }
    // The second time the store is read is before the set is put there.
    assert_eq!((world.issuer.times_asked(), world.store.reads.get()), (1, 2));
}

#[test]
fn where_who_fetches_is_gone_another_takes_over_within_the_timeout() {
    // Gone while the store is asked, gone while the issuer is; dropped, or left where it is.
    for (gone_after, overdue_after) in [(5, 1_500), (50, 10 + 3_500)] {
        for is_dropped in [false, true] {
            let world = World::publishing(&[1]);
            let isolate = world.isolate();
            let leader = isolate.begin_key(1);
            let others: Vec<_> = (0..20).map(|_| isolate.begin_key(1)).collect();
            world.time.pass(gone_after);
            if is_dropped {
                leader.cancel();
            } else {
                leader.abandon();
            }
            for other in others {
                let took = other.wait(10_000).good();
                assert!((overdue_after..overdue_after + 110 + 3 * 64).contains(&took), "{took}");
            }
            assert!(world.issuer.times_asked() <= 2);
            assert!(!leader.is_over());
        }
    }
}

#[test]
fn a_row_of_leaders_who_go_away_does_not_hold_up_the_others_for_ever() {
    let world = World::publishing(&[1]);
    let isolate = world.isolate();
    let mut requests: Vec<_> = (0..6).map(|_| isolate.begin_key(1)).collect();
    for _ in 0..5 {
        // Whoever asks the issuer at the moment goes away: the first of those that are left, since all look at once.
        let asked = world.issuer.times_asked();
        let time = &world.time;
        time.pass_until(time.now() + 10_000, || world.issuer.times_asked() > asked);
        requests.remove(0).abandon();
    }
    assert!(requests.remove(0).wait(5 * 3_600).good() < 5 * 3_600);
    assert_eq!(world.issuer.times_asked(), 6);
}

#[test]
fn a_set_that_comes_too_late_for_who_asked_serves_whoever_asks_next() {
    // The request that fetched is gone; what it began goes on, where the host lets it.
    let world = World::publishing(&[1]);
    let isolate = world.isolate();
    let first = isolate.begin_key(1);
    world.pass(1);
    assert!(first.is_over());
    assert_eq!(isolate.present(1).good(), 0);
}

#[test]
fn where_the_issuer_fails_nobody_can_tell_and_it_is_left_alone_for_the_cooldown() {
    let bad_sets = [r#"{"keys":[]}"#, "{}", "[]", "", "no JSON", r#"{"keys":{}}"#, r#"{"keys":[{"kty":"?"}]}"#];
    let bad_sets = bad_sets.map(Manner::says);
    for manner in [Manner::Resets, Manner::Status(500), Manner::Status(302)].into_iter().chain(bad_sets) {
        let world = World::publishing(&[1]);
        let isolate = world.isolate();
        world.issuer.behaves(manner.clone());
        assert_eq!(isolate.present(1).refused(Reason::KeySetUnavailable), 110, "{manner:?}");
        world.issuer.behaves(Manner::Works);
        // At once, for nobody is asked.
        assert_eq!(isolate.present(1).refused(Reason::KeySetUnavailable), 0);
        world.time.pass(6_000);
        // Another isolate may have put a set into the store by now.
        assert_eq!(isolate.present(1).refused(Reason::KeySetUnavailable), 10);
        assert!(isolate.status().failure.is_some());
        world.time.pass(23_800);
        isolate.present(1).refused(Reason::KeySetUnavailable);
        assert_eq!(world.issuer.times_asked(), 1);
        world.time.pass(200);
        assert!(isolate.present(1).good() <= 110);
        assert_eq!((world.issuer.times_asked(), isolate.status().failure), (2, None));
    }
}

#[test]
fn during_a_cooldown_a_set_that_another_isolate_found_is_taken_from_the_store() {
    let world = World::publishing(&[1]);
    let (unlucky, lucky) = (world.isolate(), world.isolate());
    world.issuer.behaves(Manner::Resets);
    unlucky.present(1).refused(Reason::KeySetUnavailable);
    world.issuer.behaves(Manner::Works);
    lucky.present(1).good();
    lucky.present(1).good();
    world.pass(5);
    assert_eq!(unlucky.present(1).verdict, Ok("store"));
    assert_eq!(world.issuer.times_asked(), 2);
}

#[test]
fn an_issuer_that_hangs_costs_a_cold_request_the_timeout_and_no_more() {
    let world = World::publishing(&[1]);
    let isolate = world.isolate_that(&serde_json::json!({ "timeout": 700 }));
    world.issuer.behaves(Manner::Hangs);
    let others: Vec<_> = (0..10).map(|_| isolate.begin_key(1)).collect();
    for other in others {
        assert!((710..=710 + 64).contains(&other.wait(2_000).refused(Reason::KeySetUnavailable)));
    }
    assert_eq!(world.issuer.times_asked(), 1);
}

#[test]
fn a_store_that_does_not_answer_costs_a_cold_request_a_second_and_no_more() {
    for (access, took) in [(Access::Fails, 110), (Access::Hangs, 1_100)] {
        let world = World::publishing(&[1]);
        let isolate = world.isolate();
        world.store.behaves(access);
        assert_eq!(isolate.present(1).good(), took);
        for _ in 0..10 {
            assert_eq!(isolate.present(1).good(), 0);
            world.pass(10);
        }
        assert_eq!(world.issuer.times_asked(), 1);
    }
}

#[test]
fn a_host_without_work_behind_requests_loses_nothing_but_time() {
    let world = World::publishing(&[1]);
    let isolate = world.isolate();
    isolate.runtime.behind.set(Behind::Never);
    assert_eq!(isolate.present(1).good(), 110);
    world.reach_age(&isolate, 899);
    assert_eq!(isolate.present(1).good(), 0);
    assert_eq!(world.issuer.times_asked(), 1);
    world.pass(1);
    assert_eq!(isolate.present(1).good(), 110);
    assert_eq!((world.issuer.times_asked(), world.store.writes.get()), (2, 0));
}

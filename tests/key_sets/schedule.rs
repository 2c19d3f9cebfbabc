//! A clock fetches the sets, so that no request has to.

use super::{issuer::Manner, world::World};

#[test]
fn a_schedule_fills_the_store_and_no_isolate_ever_fetches() {
    let world = World::publishing(&[1]);
    let scheduled = world.isolate();
    for _ in 0..24 {
        scheduled.run_schedule();
        for _ in 0..5 {
            let isolate = world.isolate();
            let answered = isolate.present(1);
            assert_eq!((answered.good(), answered.verdict, isolate.times_fetched()), (10, Ok("store"), 0));
            world.pass(60);
        }
    }
    assert_eq!(world.issuer.times_asked(), 24);
    assert_eq!(world.store.writes.get(), 24);
}

#[test]
fn many_isolates_that_run_the_same_schedule_ask_once() {
    let world = World::publishing(&[1]);
    let isolates: Vec<_> = (0..10).map(|_| world.isolate()).collect();
    for isolate in &isolates {
        isolate.run_schedule();
        world.time.pass(500);
    }
    assert_eq!(world.issuer.times_asked(), 1);
}

#[test]
fn a_schedule_leaves_an_issuer_alone_that_failed_a_moment_ago_and_changes_no_verdict() {
    let world = World::publishing(&[1]);
    let isolate = world.isolate();
    isolate.run_schedule();
    world.pass(31);
    world.issuer.behaves(Manner::Hangs);
    isolate.run_schedule();
    isolate.run_schedule();
    assert_eq!((world.issuer.times_asked(), isolate.present(1).good()), (2, 0));
    world.pass(31);
    isolate.run_schedule();
    assert_eq!(world.issuer.times_asked(), 3);
}

#[test]
fn a_request_with_a_usable_set_does_not_wait_for_the_schedule() {
    let world = World::publishing(&[1]);
    let isolate = world.isolate();
    isolate.present(1).good();
    world.pass(31);
    world.issuer.behaves(Manner::Hangs);
    let run = isolate.begin_schedule();
    world.time.pass(50);
    assert_eq!(isolate.present(1).good(), 0);
    world.pass(5);
    assert!(run.is_over());
}

#[test]
fn a_cold_request_shares_what_the_schedule_fetches() {
    let world = World::publishing(&[1]);
    let isolate = world.isolate();
    let run = isolate.begin_schedule();
    let took = isolate.present(1).good();
    assert!((110..=110 + 64).contains(&took), "{took}");
    run.wait(1_000);
    assert_eq!(world.issuer.times_asked(), 1);
}

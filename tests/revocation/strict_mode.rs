//! Strict mode, where the stated bound is `maxAge`: whatever the store of records does, and whatever becomes of lists.

use std::rc::Rc;

use edgeward::{
    api_key::{Issued, KeyCaching},
    verdict::Reason,
};

use crate::{
    simulation::{
        chance::Spread,
        run::{Came, Run},
        store::Manners,
        strict::Strict,
        world::{End, HOURS, Isolate, Setting, World},
    },
    support::NOW,
};

/// The time as of which a list of the world's first second is over, in milliseconds since the Unix epoch.
const OVER: i64 = (NOW + 60) * 1000;

const STALE: Came = Came::Undecided(Reason::DenySnapshotStale);

fn without_a_list(run: &Run) -> usize {
    run.count(|seen| seen.came == STALE || seen.came == Came::Undecided(Reason::DenySnapshotUnavailable))
}

#[test]
fn the_bound_is_that_of_the_list_although_the_store_shows_old_records_for_hours() {
    for (seed, strict) in [(1, Strict::ONE_VALUE), (2, Strict::COPIES)] {
        let setting = Setting { strict: Some(strict), late: HOURS, ..Setting::of(KeyCaching::default()) };
        let run = setting.run(seed);
        run.holds(&format!("{setting:?}"));
        assert_eq!(without_a_list(&run), 0, "who signs often enough is at no one's mercy");
        assert!(run.longest() > run.bound / 2, "{} ms", run.longest());
        // The same store without strict mode: nobody hears of it.
        let trusting = Setting { strict: None, isolates: 100, ..setting }.run(seed);
        let last = trusting.log.iter().filter(|seen| seen.came == Came::Old).map(|seen| seen.at).max();
        assert!(last > Some(trusting.terms.last_old) && trusting.count(|seen| seen.came != Came::Old) == 0);
    }
}

#[test]
fn a_store_that_is_true_and_a_store_in_trouble_keep_it_too() {
    for (seed, manners, outages) in [(1, Manners::GOOD, 0), (2, Manners::POOR, 3)] {
        let strict = Some(Strict::ONE_VALUE);
        let setting = Setting { manners, outages, strict, ..Setting::of(KeyCaching::default()) };
        setting.run(seed).holds(&format!("{setting:?}"));
    }
}

#[test]
fn where_no_list_comes_any_more_nobody_can_tell_and_nobody_is_let_through() {
    let strict = Some(Strict { stops: true, ..Strict::ONE_VALUE });
    let run = Setting { strict, late: HOURS, ..Setting::of(KeyCaching::default()) }.run(3);
    run.holds("lists that stop");
    let after = |seen: &crate::simulation::run::Seen| seen.at > run.terms.last_old;
    assert!(run.count(|seen| after(seen) && seen.came == STALE) > 1000);
    assert_eq!(run.count(|seen| after(seen) && seen.came != STALE), 0);
    assert_eq!(run.count(|seen| matches!(seen.came, Came::Refused(_))), 0, "nobody was told that the key is no good");
    // Some lists were as old as the one that was signed last before the key ended, and no older.
    assert!(run.longest() > 40_000, "{} ms", run.longest());
}

/// A world of one list, of its first second, which nobody replaces where the isolate is; a key, and an isolate.
struct Stage {
    world: World,
    key: Issued,
    isolate: Rc<Isolate>,
}

impl Stage {
    fn set(caching: KeyCaching, expires: Option<i64>) -> Self {
        let strict = Some(Strict { spread: Spread::Constant(HOURS), ..Strict::ONE_VALUE });
        let spread = Spread::Constant(0);
        let setting = Setting { strict, spread, isolates: 1, places: 1, ..Setting::of(caching) };
        let world = World::new(&setting, 1);
        let key = world.issue(expires);
        let isolate = world.isolate(&setting, 0);
        Self { world, key, isolate }
    }

    /// What it answers at that time, where the store takes so long for each read in turn; and when.
    fn ask(&self, at: i64, reads: &[i64]) -> (Came, i64) {
        assert!(at >= self.world.time.now(), "that is past");
        self.world.time.pass_until(at, || false);
        *self.world.store.next.borrow_mut() = reads.iter().copied().collect();
        let (isolate, key) = (Rc::clone(&self.isolate), self.key.key.reveal().to_owned());
        let seen = self.world.time.begin(async move { isolate.answer(&key).await }).wait(100_000);
        (seen.came, seen.at)
    }
}

#[test]
fn the_bound_of_a_list_is_reached_to_the_millisecond_and_never_passed() {
    let stage = Stage::set(KeyCaching { cache: 600, ..KeyCaching::default() }, None);
    let written = stage.world.end_at(stage.world.time.now(), &stage.key.id, End::Revoked);
    assert_eq!(stage.ask(stage.world.time.now(), &[0, 0]).0, Came::Old);
    assert_eq!(stage.ask(OVER - 1, &[]), (Came::Old, OVER - 1));
    assert_eq!(stage.ask(OVER, &[]).0, STALE);
    let written = written.outcome().expect("published");
    let (bound, measured) = (60_000, OVER - 1 - written);
    assert!(measured <= bound && measured * 100 > bound * 98, "{measured} ms");
}

#[test]
fn what_a_record_says_is_held_against_the_clock_after_the_wait_for_a_list() {
    // The list of an isolate that slept is over, and the new one takes long to come. The key expires meanwhile.
    let caching = KeyCaching { cache: 600, ..KeyCaching::NONE };
    let end = OVER + 1_000;
    let stage = Stage::set(caching, Some(end / 1000));
    assert_eq!(stage.ask(OVER - 1_000, &[0, 0]).0, Came::Old);
    stage.world.store.show_list(0);
    assert_eq!(stage.ask(end - 500, &[1_000]), (Came::Refused(Reason::KeyExpired), end + 500));

    // Nor does the wait make facts last longer than the bound of the cache: what was taken away is gone.
    let stage = Stage::set(KeyCaching { cache: 30, ..KeyCaching::NONE }, None);
    let asked = OVER - 1_000;
    assert_eq!(stage.ask(asked, &[0, 0]).0, Came::Old);
    drop(stage.world.end_at(asked + 10, &stage.key.id, End::Narrowed));
    stage.world.time.pass_until(OVER, || false);
    stage.world.store.show_list(0);
    assert_eq!(stage.ask(asked + 29_500, &[1_000]).0, Came::New, "the list came after the end of the facts");
}

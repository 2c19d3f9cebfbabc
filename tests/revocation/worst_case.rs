//! The worst that the terms of the bound allow, arranged to the millisecond: so the formula is no more than what is true,
//! and no less.

use std::rc::Rc;

use edgeward::{
    api_key::{Issued, KeyCaching, store_key},
    verdict::Reason,
};

use crate::{
    simulation::{
        chance::Spread,
        run::{Came, Seen},
        store::Manners,
        world::{End, Isolate, Setting, World},
    },
    time::Begun,
};

/// A world whose store takes as long as it may to everywhere, two isolates in it, and a key that ends.
struct Stage {
    world: World,
    key: Issued,
    caching: KeyCaching,
    scout: Rc<Isolate>,
    isolate: Rc<Isolate>,
    /// When the end of the key will be in the store.
    written: i64,
}

impl Stage {
    fn set(caching: KeyCaching, manners: Manners) -> Self {
        let spread = Spread::Constant(i64::from(caching.store_propagation) * 1000);
        let setting = Setting { isolates: 2, places: 2, spread, manners, ..Setting::of(caching) };
        let world = World::new(&setting, 1);
        let key = world.issue(None);
        let (scout, isolate) = (world.isolate(&setting, 0), world.isolate(&setting, 1));
        scout.runtime.place.set(1);
        let written = world.time.now() + 1_025;
        Self { world, key, caching, scout, isolate, written }
    }

    /// Somebody ends the key, so that it stands in the store at `written`.
    fn end(&self, end: End) {
        drop(self.world.end_at(self.written - 25, &self.key.id, end));
    }

    /// What an isolate answers at that time, where the store takes so long to answer it; and when.
    #[track_caller]
    fn ask(&self, isolate: &Rc<Isolate>, at: i64, store_takes: i64) -> (Came, i64) {
        assert!(at >= self.world.time.now(), "that is past");
        self.world.time.pass_until(at, || false);
        let seen = self.begin(isolate, store_takes).wait(100_000);
        (seen.came, seen.at)
    }

    /// Begins to ask an isolate now, where the store takes so long to answer it.
    fn begin(&self, isolate: &Rc<Isolate>, store_takes: i64) -> Begun<Seen> {
        *self.world.store.next.borrow_mut() = [store_takes].into();
        let (isolate, key) = (Rc::clone(isolate), self.key.key.reveal().to_owned());
        let begun = self.world.time.begin(async move { isolate.answer(&key).await });
        self.world.time.settle();
        begun
    }

    /// The latest at which an isolate can have asked and been told what was true before, where a copy was taken at the last
    /// moment and was asked for at its own last one.
    fn last_ask(&self) -> i64 {
        let last_view = self.written + i64::from(self.caching.store_propagation) * 1000 - 1;
        if self.caching.store_cache == 0 {
            return last_view;
        }
        assert_eq!(self.ask(&self.scout, last_view, 0), (Came::Old, last_view));
        last_view + i64::from(self.caching.store_cache) * 1000 - 1
    }
}

/// All policies of these terms, and what comes after an end.
fn everything() -> impl Iterator<Item = (KeyCaching, End, Came)> {
    let ends = [
        (End::Revoked, Came::Refused(Reason::KeyRevoked)),
        (End::Disabled, Came::Refused(Reason::KeyDisabled)),
        (End::Narrowed, Came::New),
        (End::Rotated(0), Came::Refused(Reason::KeySuperseded)),
    ];
    let mut all = Vec::new();
    for cache in [0, 5, 15, 60] {
        for max_stale in [0, 30] {
            for store_cache in [0, 30, 60] {
                for store_propagation in [0, 10, 60] {
                    for timeout in [300, 2000, 10_000] {
                        let caching = KeyCaching { cache, max_stale, store_cache, store_propagation, timeout };
                        let (end, after) = ends[all.len() % 4];
                        all.push((caching, end, after));
                    }
                }
            }
        }
    }
    all.into_iter()
}

#[test]
fn the_bound_is_reached_to_the_millisecond_and_never_passed() {
    for (caching, end, after) in everything() {
        let stage = Stage::set(caching, Manners::GOOD);
        stage.end(end);
        let what = format!("{caching:?}, {end:?}");
        let millis = |seconds: u32| i64::from(seconds) * 1000;
        let timeout = i64::from(caching.timeout);

        // It asks, and the answer takes as long as an answer may.
        let asked = stage.last_ask();
        let (came, mut last) = stage.ask(&stage.isolate, asked, timeout);
        assert_eq!((came, last), (Came::Old, asked + timeout), "{what}");

        // It uses the answer up to the last millisecond: first while the store would answer, then while it does not.
        let fresh = asked + millis(caching.cache);
        if fresh - 1 > last {
            last = fresh - 1;
            assert_eq!(stage.ask(&stage.isolate, last, 0), (Came::Old, last), "{what}");
        }
        let outage_ends = fresh + millis(caching.max_stale);
        if caching.max_stale > 0 && outage_ends - 1 > last {
            stage.world.store.outages.borrow_mut().push((fresh.max(last), outage_ends + 1));
            last = outage_ends - 1;
            assert_eq!(stage.ask(&stage.isolate, last, 0), (Came::Old, last), "{what}");
            let over = (Came::Undecided(Reason::StoreUnavailable), outage_ends);
            assert_eq!(stage.ask(&stage.isolate, outage_ends, 0), over, "{what}");
        }
        let next = last + 2;
        assert_eq!(stage.ask(&stage.isolate, next, 0), (after, next), "{what}");

        // Each term but that of the time-out loses one millisecond.
        let (bound, measured) = (millis(caching.bound().seconds), last - stage.written);
        let rounded = millis(caching.timeout.div_ceil(1000)) - timeout;
        let slack = 3 + if millis(caching.cache + caching.max_stale) > timeout { 0 } else { rounded };
        assert!((bound - slack..=bound).contains(&measured), "{measured} of {bound} ms: {what}");
    }
}

#[test]
fn while_the_store_answers_facts_are_used_for_no_longer_than_the_cache_says() {
    let caching = KeyCaching { cache: 15, max_stale: 30, ..KeyCaching::NONE };
    let stage = Stage::set(caching, Manners::GOOD);
    stage.end(End::Revoked);
    let asked = stage.last_ask();
    assert_eq!(stage.ask(&stage.isolate, asked, 1_999), (Came::Old, asked + 1_999));
    assert_eq!(stage.ask(&stage.isolate, asked + 14_999, 0).0, Came::Old);
    assert_eq!(stage.ask(&stage.isolate, asked + 15_000, 0).0, Came::Refused(Reason::KeyRevoked));
}

#[test]
fn use_does_not_keep_facts_alive() {
    let stage = Stage::set(KeyCaching { cache: 5, ..KeyCaching::NONE }, Manners::GOOD);
    stage.end(End::Revoked);
    let asked = stage.last_ask();
    let came: Vec<_> = (0..12).map(|half| stage.ask(&stage.isolate, asked + half * 500, 0).0).collect();
    assert_eq!(came[..10], [Came::Old; 10]);
    assert_eq!(came[10..], [Came::Refused(Reason::KeyRevoked); 2]);
}

#[test]
fn an_answer_past_its_time_is_none_although_the_host_waited_for_it() {
    let careless = Manners { careless: 1000, ..Manners::GOOD };
    for max_stale in [0, 30] {
        let stage = Stage::set(KeyCaching { max_stale, ..KeyCaching::NONE }, careless);
        stage.end(End::Revoked);
        let asked = stage.last_ask();
        let late = (Came::Undecided(Reason::StoreUnavailable), asked + 2_001);
        assert_eq!(stage.ask(&stage.isolate, asked, 2_001), late);
        assert_eq!(
            stage.ask(&stage.isolate, asked + 2_002, 0).0,
            Came::Refused(Reason::KeyRevoked),
            "nothing was kept"
        );
    }
}

#[test]
fn what_was_seen_revoked_stays_so_for_an_isolate_that_comes_where_nobody_knows_yet() {
    let caching = KeyCaching { cache: 5, max_stale: 5, store_propagation: 3600, ..KeyCaching::NONE };
    let stage = Stage::set(caching, Manners::GOOD);
    stage.end(End::Revoked);
    let written = stage.written;
    stage.isolate.runtime.place.set(0);
    assert_eq!(stage.ask(&stage.isolate, written - 5, 0).0, Came::Old);
    stage.world.time.pass_until(written + 1, || false);
    stage.world.store.show(0, &store_key(&stage.key.id));
    assert_eq!(stage.ask(&stage.isolate, written + 5_000, 0).0, Came::Refused(Reason::KeyRevoked));
    stage.isolate.runtime.place.set(1);
    assert_eq!(stage.ask(&stage.scout, written + 6_000, 0).0, Came::Old, "where it comes nobody knows");
    for after in [6_000, 11_000, 60_000, 3_000_000] {
        assert_eq!(stage.ask(&stage.isolate, written + after, 0).0, Came::Refused(Reason::KeyRevoked), "{after}");
    }
}

#[test]
fn an_answer_that_was_long_under_way_does_not_bring_back_what_a_later_one_took_away() {
    let stage = Stage::set(KeyCaching { cache: 60, ..KeyCaching::NONE }, Manners::GOOD);
    stage.end(End::Narrowed);
    stage.world.time.pass_until(stage.written - 1, || false);
    let slow = stage.begin(&stage.isolate, 1_900);
    assert_eq!(stage.ask(&stage.isolate, stage.written + 1, 0).0, Came::New);
    assert_eq!(slow.wait(10_000).came, Came::Old, "it says what was true when it was asked");
    assert_eq!(stage.ask(&stage.isolate, stage.written + 2_000, 0).0, Came::New);
}

#[test]
fn who_was_refused_is_not_let_in_by_an_outage() {
    let stage = Stage::set(KeyCaching { max_stale: 600, ..KeyCaching::NONE }, Manners::GOOD);
    let (name, now) = (store_key(&stage.key.id), stage.world.time.now());
    assert_eq!(stage.ask(&stage.isolate, now, 0).0, Came::Old);
    // The record goes altogether.
    let store = Rc::clone(&stage.world.store);
    let gone = stage.world.time.begin(async move {
        let stands = store.latest(&name);
        store.swap(&name, stands.as_deref(), None).await
    });
    assert!(gone.wait(1_000));
    assert_eq!(stage.ask(&stage.isolate, now + 1_000, 0).0, Came::Refused(Reason::KeyUnknown));
    stage.world.store.outages.borrow_mut().push((now + 2_000, now + 60_000));
    assert_eq!(stage.ask(&stage.isolate, now + 2_000, 0).0, Came::Undecided(Reason::StoreUnavailable));
}

#[test]
fn the_ends_that_stand_in_a_record_are_kept_to_the_millisecond_from_facts_that_are_kept() {
    let caching = KeyCaching { cache: 600, ..KeyCaching::default() };
    // The overlap of a rotation.
    let stage = Stage::set(KeyCaching { store_propagation: 0, ..caching }, Manners::GOOD);
    stage.end(End::Rotated(30));
    let end = ((stage.written - 25) / 1000 + 30) * 1000;
    assert_eq!(stage.ask(&stage.isolate, stage.written + 100, 0).0, Came::Old);
    assert_eq!(stage.ask(&stage.isolate, end - 1, 0).0, Came::Old);
    assert_eq!(stage.ask(&stage.isolate, end, 0).0, Came::Refused(Reason::KeySuperseded));
    // The end that a key was issued with; and a store that answers behind it.
    let stage = Stage::set(KeyCaching { cache: 0, max_stale: 600, ..caching }, Manners::GOOD);
    let end = stage.written / 1000 + 30;
    let key = stage.world.issue(Some(end));
    let stage = Stage { key, ..stage };
    let end = end * 1000;
    assert_eq!(stage.ask(&stage.isolate, end - 2_000, 1_999), (Came::Old, end - 1));
    assert_eq!(stage.ask(&stage.isolate, end - 1, 1), (Came::Refused(Reason::KeyExpired), end));
    stage.world.store.outages.borrow_mut().push((end, end + 60_000));
    assert_eq!(stage.ask(&stage.isolate, end + 1, 0).0, Came::Refused(Reason::KeyExpired), "stale facts end too");
}

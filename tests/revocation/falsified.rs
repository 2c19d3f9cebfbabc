//! A simulation that finds nothing shows nothing. Each of these worlds breaks the bound in another way, and is found out.

use edgeward::{api_key::KeyCaching, verdict::Reason};

use crate::simulation::{
    chance::Spread,
    isolate::Clock,
    run::{Came, Run, Seen, Terms},
    store::Manners,
    strict::Strict,
    world::{HOURS, Setting},
};

/// A world in which as much goes wrong as may: everything is late by as long as is stated.
fn hard(caching: KeyCaching) -> Setting {
    let spread = Spread::Constant(i64::from(caching.store_propagation) * 1000);
    Setting { isolates: 400, spread, ..Setting::of(caching) }
}

/// A world in which nothing is wrong.
#[track_caller]
fn is_sound(sound: &Setting) {
    sound.run(5).holds(&format!("{sound:?}"));
}

#[track_caller]
fn is_found_out(what: &str, falsified: &Setting) {
    let violations = falsified.run(5).violations();
    let late = violations.iter().filter(|words| words.contains("let through after the bound")).count();
    assert!(late > 0, "{what}: not found out ({} other violations)", violations.len());
}

#[test]
fn facts_that_look_younger_than_they_are() {
    let short = KeyCaching { cache: 10, ..KeyCaching::NONE };
    let sound = hard(short);
    is_sound(&sound);
    is_found_out("a slow clock", &Setting { clock: Clock::Slow(20), ..sound.clone() });
    let latency = Spread::Uniform(500, 1_900);
    let sound = Setting { manners: Manners { latency, ..Manners::GOOD }, ..hard(KeyCaching { cache: 3, ..short }) };
    is_sound(&sound);
    is_found_out("facts stamped when they came", &Setting { clock: Clock::StandsStill, ..sound.clone() });
}

#[test]
fn a_bound_that_is_stated_shorter_than_what_is_done() {
    let used = KeyCaching { cache: 15, max_stale: 0, store_cache: 30, store_propagation: 10, timeout: 2000 };
    let sound = hard(used);
    is_sound(&sound);
    for (what, stated) in [
        ("the cache of isolates", KeyCaching { cache: 5, ..used }),
        ("the copies of the store", KeyCaching { store_cache: 0, ..used }),
        ("propagation", KeyCaching { store_propagation: 0, ..used }),
    ] {
        is_found_out(what, &Setting { stated: Some(stated), ..sound.clone() });
    }
    let troubled = Setting { outages: 12, ..hard(KeyCaching { max_stale: 60, store_cache: 0, ..used }) };
    let stated = Some(KeyCaching { max_stale: 0, ..troubled.caching });
    is_sound(&troubled);
    is_found_out("what is stale", &Setting { stated, ..troubled.clone() });
}

#[test]
fn a_store_that_does_not_keep_its_word() {
    let sound = hard(KeyCaching { cache: 5, max_stale: 0, store_cache: 30, store_propagation: 10, timeout: 2000 });
    is_sound(&sound);
    is_found_out("late everywhere", &Setting { late: 3_600_000, ..sound.clone() });
    is_found_out("copies for longer", &Setting { hoards: 20_000, ..sound.clone() });
}

#[test]
fn verdicts_that_somebody_keeps() {
    let sound = hard(KeyCaching { cache: 5, ..KeyCaching::NONE });
    is_sound(&sound);
    is_found_out("verdicts for less than facts", &Setting { remembers: Some(3_000), ..sound.clone() });
}

#[test]
fn lists_that_count_for_longer_than_is_said() {
    let sound = Setting { strict: Some(Strict::ONE_VALUE), late: HOURS, ..hard(KeyCaching::default()) };
    is_sound(&sound);
    let strict = Some(Strict { stated: 30, ..Strict::ONE_VALUE });
    is_found_out("a list of twice the age", &Setting { strict, ..sound.clone() });
}

#[test]
fn each_thing_that_must_not_be_is_named() {
    let told = |came: &[(i64, Came, bool)]| {
        let usual = [(-1, Came::Old, false), (101, Came::Refused(Reason::KeyRevoked), false)];
        let log = usual.iter().chain(came).map(|&(at, came, failed)| Seen { isolate: 0, at, came, failed }).collect();
        let terms = Terms { refused_from: 0, last_old: 100, reason: Some(Reason::KeyRevoked), without_list: false };
        let mut found = Run { written: 0, bound: 100, terms, log, isolates: 1 }.violations();
        assert!(found.len() <= 1, "{found:?}");
        found.pop().unwrap_or_default()
    };
    let undecided = Came::Undecided(Reason::StoreUnavailable);
    assert_eq!(
        told(&[(100, Came::Old, false), (0, Came::Refused(Reason::KeyRevoked), false), (5, undecided, true)]),
        ""
    );
    for (at, came, failed, words) in [
        (101, Came::Old, false, "let through after the bound"),
        (-1, Came::Refused(Reason::KeyRevoked), false, "refused before"),
        (50, Came::Refused(Reason::KeyUnknown), false, "another reason"),
        (50, undecided, false, "and the store answered"),
        (50, Came::Undecided(Reason::RecordUnreadable), true, "not decided"),
        (50, Came::Undecided(Reason::DenySnapshotStale), true, "not decided"),
    ] {
        let found = told(&[(at, came, failed)]);
        assert!(found.contains(words), "{words}: {found}");
    }
    let terms = Terms { refused_from: 0, last_old: 100, reason: None, without_list: false };
    let idle = Run { written: 0, bound: 100, terms, log: vec![], isolates: 1 };
    assert_eq!(idle.violations().len(), 2, "a run in which nothing happens shows nothing");
}

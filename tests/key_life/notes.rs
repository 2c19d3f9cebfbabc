//! When keys were used, without a write for each request.

use std::{cell::Cell, rc::Rc};

use edgeward::{
    api_key::{ApiKeyChecker, MOST_NOTES, Usage, usage_key},
    host::USAGE_NOTES,
};
use pollster::block_on;

use crate::shelf::{Clerk, Fault, NOW, Shelf, form};

fn checker() -> ApiKeyChecker {
    ApiKeyChecker::new(form()).with_usage_interval(3600)
}

fn usage(clerk: &Clerk, id: &str) -> Usage {
    Usage::from_store(clerk.shelf.values.borrow().get(&usage_key(id)).map(Vec::as_slice))
}

fn use_once(checker: &ApiKeyChecker, clerk: &Clerk, id: &str, scopes: &[&str]) {
    let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    checker.notes().used(clerk, id, &scopes);
    if !clerk.later.take().is_empty() {
        block_on(checker.notes().write(clerk));
    }
}

#[test]
fn a_thousand_uses_are_one_write_an_hour_and_its_precision_is_said() {
    let (clerk, checker) = (Clerk::new(1), checker());
    for second in 0..3600 {
        clerk.now.set((NOW + second) * 1000);
        use_once(&checker, &clerk, "Key", &["a"]);
    }
    assert_eq!(clerk.shelf.writes.get(), 1);
    let noted = usage(&clerk, "Key");
    assert_eq!((noted.last_used, noted.precision), (Some(NOW), 3600));
    clerk.now.set((NOW + 3600) * 1000);
    use_once(&checker, &clerk, "Key", &["b"]);
    assert_eq!((clerk.shelf.writes.get(), usage(&clerk, "Key").last_used), (2, Some(NOW + 3600)));
    let exercised: Vec<_> = usage(&clerk, "Key").exercised.into_keys().collect();
    assert_eq!(exercised, ["a", "b"]);
}

#[test]
fn many_instances_write_no_more_than_one_does() {
    let (shelf, now) = (Rc::new(Shelf::default()), Rc::new(Cell::new(NOW * 1000)));
    for seed in 0..50 {
        let (clerk, checker) = (Clerk::at(&shelf, &now, seed), checker());
        use_once(&checker, &clerk, "Key", &[]);
        clerk.pass(10);
    }
    assert_eq!(shelf.writes.get(), 1);
}

#[test]
fn the_last_use_lies_no_later_than_the_note_says() {
    // Uses at odd times by several instances: after each of them, what is noted is less than an interval older.
    let (shelf, now) = (Rc::new(Shelf::default()), Rc::new(Cell::new(NOW * 1000)));
    let instances: Vec<_> = (0..5).map(|seed| (Clerk::at(&shelf, &now, seed), checker())).collect();
    let mut seed = 7_u64;
    for _ in 0..2000 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        now.set(now.get() + i64::try_from(seed >> 40).expect("a time") % 1_000_000);
        let (clerk, checker) = &instances[(seed >> 33) as usize % 5];
        use_once(checker, clerk, "Key", &[]);
        let noted = usage(clerk, "Key");
        let used = now.get() / 1000;
        let last = noted.last_used.expect("a note");
        assert!(last <= used && used < last + i64::from(noted.precision), "{last} {used}");
    }
}

#[test]
fn a_store_that_fails_costs_the_note_and_no_more() {
    for fault in [Fault::Before, Fault::After] {
        let (clerk, checker) = (Clerk::new(1), checker());
        clerk.shelf.faults.borrow_mut().extend([Fault::None, fault]);
        use_once(&checker, &clerk, "Key", &[]);
        clerk.pass(3600);
        use_once(&checker, &clerk, "Key", &[]);
        assert_eq!(usage(&clerk, "Key").last_used, Some(NOW + 3600));
    }
}

#[test]
fn what_is_remembered_is_bounded() {
    let (clerk, checker) = (Clerk::new(1), checker());
    for number in 0..MOST_NOTES * 2 {
        checker.notes().used(&clerk, &format!("Key{number}"), &[]);
    }
    block_on(checker.notes().write(&clerk));
    assert_eq!(clerk.shelf.writes.get(), MOST_NOTES);
}

#[test]
fn a_key_that_is_seen_elsewhere_is_marked_once() {
    let (clerk, checker) = (Clerk::new(1), checker());
    for _ in 0..10 {
        checker.notes().seen_elsewhere(&clerk, "Key");
        assert!(clerk.later.take().iter().all(|work| *work == USAGE_NOTES));
        block_on(checker.notes().write(&clerk));
    }
    let noted = usage(&clerk, "Key");
    assert_eq!((noted.other_environment, noted.last_used), (Some(NOW), None));
    assert_eq!(clerk.shelf.writes.get(), 1);
}

#[test]
fn where_uses_are_not_noted_nothing_is_asked_of_the_host() {
    let (clerk, checker) = (Clerk::new(1), ApiKeyChecker::new(form()));
    checker.notes().used(&clerk, "Key", &[]);
    assert!(clerk.later.take().is_empty());
}

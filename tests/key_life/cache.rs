//! How long facts are used, and what is asked again at each use.

use edgeward::{
    api_key::{ApiKeyChecker, FactsTier, KeyCaching, KeyContext, RevocationReason, RevokeRequest},
    verdict::Reason,
};
use pollster::block_on;
use serde_json::json;

use crate::shelf::{Clerk, NOW, form, issue, life};

const CACHING: KeyCaching =
    KeyCaching { cache: 15, max_stale: 0, store_cache: 30, store_propagation: 60, timeout: 2000 };

fn checker(caching: KeyCaching) -> ApiKeyChecker {
    ApiKeyChecker::new(form()).with_caching(caching)
}

fn reason(checker: &ApiKeyChecker, clerk: &Clerk, key: &str) -> Option<Reason> {
    block_on(checker.check(clerk, key, &KeyContext::default())).err().map(|denial| denial.reason)
}

fn revoke(clerk: &Clerk, id: &str) {
    let why = RevokeRequest { by: "security".to_owned(), reason: RevocationReason::KeyCompromise };
    block_on(life().revoke(clerk, id, &why)).expect("ended");
}

#[test]
fn facts_are_used_for_their_time_and_not_a_moment_longer() {
    let clerk = Clerk::new(1);
    let (key, checker) = (issue(&clerk), checker(CACHING));
    let reads = |clerk: &Clerk| clerk.shelf.reads.get();
    let tier = || block_on(checker.find(&clerk, key.key.reveal())).expect("facts").1;
    assert_eq!(tier(), FactsTier::Store);
    assert_eq!((tier(), reads(&clerk)), (FactsTier::Isolate, 1));
    clerk.now.set(clerk.now.get() + 14_999);
    assert_eq!((tier(), reads(&clerk)), (FactsTier::Isolate, 1));
    clerk.now.set(clerk.now.get() + 1);
    assert_eq!((tier(), reads(&clerk)), (FactsTier::Store, 2));
}

#[test]
fn the_age_of_facts_counts_from_the_question_not_from_the_answer() {
    let clerk = Clerk::new(1);
    let (key, checker) = (issue(&clerk), checker(CACHING));
    clerk.takes.set(1500);
    assert_eq!(reason(&checker, &clerk, key.key.reveal()), None);
    clerk.takes.set(0);
    clerk.now.set(clerk.now.get() + 13_499);
    assert_eq!(block_on(checker.find(&clerk, key.key.reveal())).expect("facts").1, FactsTier::Isolate);
    clerk.now.set(clerk.now.get() + 1);
    assert_eq!(block_on(checker.find(&clerk, key.key.reveal())).expect("facts").1, FactsTier::Store);
}

#[test]
fn time_address_and_all_that_a_record_says_are_asked_at_each_use() {
    let clerk = Clerk::new(1);
    let checker = checker(KeyCaching { cache: 3600, ..CACHING });
    let key = issue(&clerk);
    let change = json!({ "expires": NOW + 100, "notBefore": NOW + 10, "allowedCidrs": ["192.0.2.0/24"] });
    block_on(life().update(&clerk, &key.id, &serde_json::from_value(change).expect("a change"))).expect("a record");
    let from = |ip| {
        let verdict = block_on(checker.check(&clerk, key.key.reveal(), &KeyContext { ip: Some(ip) }));
        verdict.err().map(|denial| denial.reason)
    };
    assert_eq!(from("192.0.2.1"), Some(Reason::KeyNotYetValid));
    clerk.pass(10);
    assert_eq!((from("192.0.2.1"), from("192.0.3.1")), (None, Some(Reason::AddressNotAllowed)));
    clerk.pass(89);
    assert_eq!(from("192.0.2.1"), None);
    clerk.pass(1);
    assert_eq!(from("192.0.2.1"), Some(Reason::KeyExpired));
    assert_eq!(clerk.shelf.reads.get(), 2, "one read by the change, one by the first check");
}

#[test]
fn a_revocation_takes_hold_when_the_facts_are_over_and_stays() {
    let clerk = Clerk::new(1);
    let (key, checker) = (issue(&clerk), checker(CACHING));
    assert_eq!(reason(&checker, &clerk, key.key.reveal()), None);
    let before = clerk.shelf.values.borrow().clone();
    revoke(&clerk, &key.id);
    assert_eq!(reason(&checker, &clerk, key.key.reveal()), None);
    clerk.pass(15);
    assert_eq!(reason(&checker, &clerk, key.key.reveal()), Some(Reason::KeyRevoked));
    // A copy of the store that is behind shows the record of before again, also after it had nothing to show, or garbage.
    for between in [None, Some("{}"), Some("")] {
        clerk.pass(15);
        clerk.shelf.values.borrow_mut().clear();
        if let Some(garbage) = between {
            clerk.put(&format!("key/{}", key.id), garbage);
        }
        assert!(reason(&checker, &clerk, key.key.reveal()).is_some(), "{between:?}");
        clerk.pass(15);
        clerk.shelf.values.borrow_mut().clone_from(&before);
        assert_eq!(reason(&checker, &clerk, key.key.reveal()), Some(Reason::KeyRevoked), "{between:?}");
    }
}

#[test]
fn no_is_never_kept() {
    let clerk = Clerk::new(1);
    let (key, checker) = (issue(&clerk), checker(CACHING));
    let values = clerk.shelf.values.take();
    assert_eq!(reason(&checker, &clerk, key.key.reveal()), Some(Reason::KeyUnknown));
    *clerk.shelf.values.borrow_mut() = values;
    assert_eq!(reason(&checker, &clerk, key.key.reveal()), None);
    // And one that is gone is gone when the store says so.
    clerk.pass(15);
    let values = clerk.shelf.values.take();
    assert_eq!(reason(&checker, &clerk, key.key.reveal()), Some(Reason::KeyUnknown));
    assert_eq!(checker.cache_size().entries, 0);
    drop(values);
}

#[test]
fn while_the_store_fails_the_last_facts_serve_within_their_age() {
    let stale = KeyCaching { max_stale: 100, ..CACHING };
    for (caching, serves) in [(CACHING, false), (stale, true)] {
        let clerk = Clerk::new(1);
        let (key, checker) = (issue(&clerk), checker(caching));
        assert_eq!(reason(&checker, &clerk, key.key.reveal()), None);
        clerk.shelf.down.set(true);
        clerk.pass(14);
        assert_eq!(reason(&checker, &clerk, key.key.reveal()), None);
        clerk.pass(1);
        let expected = (!serves).then_some(Reason::StoreUnavailable);
        assert_eq!(reason(&checker, &clerk, key.key.reveal()), expected);
        clerk.pass(99);
        assert_eq!(reason(&checker, &clerk, key.key.reveal()), expected);
        clerk.pass(1);
        assert_eq!(reason(&checker, &clerk, key.key.reveal()), Some(Reason::StoreUnavailable));
        clerk.shelf.down.set(false);
        assert_eq!(reason(&checker, &clerk, key.key.reveal()), None);
    }
}

#[test]
fn a_record_that_cannot_be_read_takes_the_facts_of_before_away() {
    let clerk = Clerk::new(1);
    let checker = checker(KeyCaching { max_stale: 1000, ..CACHING });
    let key = issue(&clerk);
    assert_eq!(reason(&checker, &clerk, key.key.reveal()), None);
    clerk.pass(15);
    let whole = clerk.record(&key.id).and_then(|record| record.to_json().ok()).expect("JSON");
    for text in ["", "{", &whole[..whole.len() - 1], "[]", r#"{"v":9}"#] {
        clerk.put(&format!("key/{}", key.id), text);
        assert_eq!(reason(&checker, &clerk, key.key.reveal()), Some(Reason::RecordUnreadable), "{text}");
        assert_eq!(checker.cache_size().entries, 0);
    }
}

#[test]
fn a_store_that_answers_too_late_has_not_answered() {
    let clerk = Clerk::new(1);
    let (key, checker) = (issue(&clerk), checker(CACHING));
    clerk.takes.set(2001);
    assert_eq!(reason(&checker, &clerk, key.key.reveal()), Some(Reason::StoreUnavailable));
    clerk.takes.set(2000);
    assert_eq!(reason(&checker, &clerk, key.key.reveal()), None);
}

#[test]
fn a_clock_that_is_set_back_makes_no_facts_young() {
    let clerk = Clerk::new(1);
    let (key, checker) = (issue(&clerk), checker(CACHING));
    assert_eq!(reason(&checker, &clerk, key.key.reveal()), None);
    revoke(&clerk, &key.id);
    clerk.pass(-3600);
    assert_eq!(reason(&checker, &clerk, key.key.reveal()), Some(Reason::KeyRevoked));
}

#[test]
fn another_secret_with_the_same_id_finds_nothing_that_was_kept() {
    let clerk = Clerk::new(1);
    let checker = checker(KeyCaching { cache: 3600, ..CACHING });
    let (key, other) = (issue(&clerk), issue(&clerk));
    assert_eq!(reason(&checker, &clerk, key.key.reveal()), None);
    let mut wrong = key.key.reveal().to_owned();
    wrong.replace_range(27.., &other.key.reveal()[27..]);
    assert!(matches!(reason(&checker, &clerk, &wrong), Some(Reason::KeyCheckMismatch | Reason::KeySecretMismatch)));
}

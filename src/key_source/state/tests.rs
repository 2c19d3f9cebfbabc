use serde_json::json;

use super::*;
use crate::jose::PORTABLE;

const RULES: KeySetRules =
    KeySetRules { max_age: 600, stale_while_revalidate: 300, max_stale: 1_000, cooldown: 30, timeout: 3_000 };

/// A set with this key, for which its issuer was asked then.
fn set(kid: &str, asked: i64) -> Held {
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": kid });
    let keys = json!({ "keys": [jwk] });
    let keys = KeySet::prepare(keys.as_object().expect("an object"), &[Algorithm::EdDsa], PORTABLE);
    Held {
        keys: Arc::new(keys.expect("a set")),
        lifetime: Lifetime { fetched_at: asked.div_euclid(1000), fresh: 600, revalidate: 300, if_error: 1_000 },
        asked,
        tier: Tier::Issuer,
        source: None,
        etag: None,
        digest: kid.to_owned(),
        written: "[]".into(),
        saved: true,
    }
}

/// The state with this set, and what comes next for a token of this key, in a word.
fn next(state: &mut State, now: i64, kid: &str, past: Past) -> String {
    let wanted = Wanted { kid: Some(kid), algorithm: Algorithm::EdDsa };
    match state.step(UnixMillis(now), &RULES, wanted, past) {
        Step::Use { due, .. } => format!("use{}", if due { " and refresh" } else { "" }),
        Step::Lead(_, errand) => format!("{errand:?}"),
        Step::Wait(_) => "wait".to_owned(),
        Step::Refuse { denial, .. } => denial.reason.code().to_owned(),
    }
}

fn holding(kid: &str, asked: i64) -> State {
    let mut state = State::default();
    assert!(state.offer(UnixMillis(asked), set(kid, asked)).is_empty());
    state
}

const FIRST: Past = Past { led: false, sought: false, waits_for: None };

#[test]
fn what_a_request_does_depends_on_the_age_of_the_set() {
    for (age, does) in [(0, "use"), (599, "use"), (600, "use and refresh"), (899, "use and refresh"), (900, "Load")] {
        assert_eq!(next(&mut holding("a", 0), age * 1000, "a", FIRST), does, "{age}");
    }
    let mut failing = holding("a", 0);
    let flight = failing.depart(UnixMillis(900_000)).expect("a flight");
    assert_eq!(next(&mut failing, 900_000, "a", FIRST), "wait");
    failing.asks_issuer(UnixMillis(900_000), &RULES, flight);
    failing.failed(UnixMillis(901_000), flight, "down".to_owned());
    failing.land(flight);
    for (second, does) in [(901, "use"), (931, "use and refresh"), (1_230, "use and refresh"), (1_231, "Load")] {
        assert_eq!(next(&mut failing, second * 1000, "a", FIRST), does, "{second}");
        failing.flight = None;
    }
    assert_eq!(next(&mut failing, 1_600_000, "a", Past { led: true, ..FIRST }), "key_set_stale");
    assert_eq!(next(&mut State::default(), 0, "a", Past { led: true, ..FIRST }), "key_set_unavailable");
}

#[test]
fn an_unknown_key_is_looked_for_once_by_a_request_even_where_the_request_loaded_the_set() {
    let loaded = Past { led: true, ..FIRST };
    let mut state = holding("a", 0);
    assert_eq!(next(&mut state, 29_999, "b", loaded), "signing_key_unknown");
    assert_eq!(next(&mut state, 30_000, "b", loaded), "UnknownKey");
    assert_eq!(next(&mut state, 30_001, "b", FIRST), "wait");
    state.flight = None;
    assert_eq!(next(&mut state, 30_002, "b", Past { sought: true, ..loaded }), "signing_key_unknown");
    // It is remembered until the set is fetched again anyway, and no longer.
    assert_eq!(next(&mut state, 599_000, "b", FIRST), "signing_key_unknown");
    assert_eq!(next(&mut state, 599_000, "c", FIRST), "UnknownKey");
}

#[test]
fn of_two_sets_the_one_that_was_asked_for_later_counts() {
    let now = UnixMillis(200_000);
    let mut state = holding("a", 100_500);
    for (asked, taken) in [(100_000, false), (100_500, false), (100_501, true), (200_000, true), (261_000, false)] {
        state.offer(now, set("b", asked));
        assert_eq!(state.held.as_ref().is_some_and(|held| held.asked == asked && held.digest == "b"), taken, "{asked}");
    }
    // What left memory comes back from a store that knows whole seconds alone, and nothing that is older does.
    let mut state = holding("a", 100_500);
    assert_eq!(state.evict().len(), 1);
    state.offer(now, set("b", 99_999));
    assert!(state.held.is_none());
    state.offer(now, set("a", 100_000));
    assert!(state.held.is_some());
}

#[test]
fn a_flight_is_overdue_when_it_has_come_no_further_in_time() {
    let mut state = State::default();
    let flight = state.depart(UnixMillis(0)).expect("a flight");
    assert_eq!(next(&mut state, 1_499, "a", FIRST), "wait");
    state.asks_issuer(UnixMillis(1_499), &RULES, flight);
    assert_eq!(next(&mut state, 4_998, "a", FIRST), "wait");
    assert_eq!(next(&mut state, 4_999, "a", FIRST), "Load");
    // What it says afterwards of the issuer's failure is not listened to.
    state.failed(UnixMillis(5_000), flight, "late".to_owned());
    assert!(state.failure.is_none());
    state.land(flight);
    assert_eq!(next(&mut state, 5_000, "a", FIRST), "wait");
}

#[test]
fn a_clock_that_is_set_back_while_the_issuer_is_asked_says_nothing_of_the_issuer() {
    let mut state = holding("a", 0);
    assert_eq!(next(&mut state, 900_000, "a", FIRST), "Load");
    let flight = state.flight.expect("a flight").flight;
    state.asks_issuer(UnixMillis(900_100), &RULES, flight);
    // A set for outages is not used, since nobody saw the issuer fail.
    assert_eq!(next(&mut state, 900_050, "a", FIRST), "Load");
}

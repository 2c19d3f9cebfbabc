//! The store that isolates share: it spares them fetches, and is trusted with no more than what it is.

use edgeward::{
    key_source::{KeySetRules, Snapshot},
    verdict::Reason,
};
use serde_json::{Value, json};

use super::{
    issuer::{Manner, jwk},
    store::Access,
    support::ISSUER,
    world::World,
};

/// A world whose store holds a set with this key, fetched by an isolate that is gone.
fn filled(key: u8) -> (World, String) {
    let world = World::publishing(&[key]);
    let gone = world.isolate();
    gone.present(key).good();
    gone.present(key).good();
    world.time.pass(100);
    let key = world.store.keys().remove(0);
    (world, key)
}

fn entry(world: &World, key: &str) -> Value {
    serde_json::from_slice(&world.store.get(key).expect("an entry")).expect("JSON")
}

/// The entry with another set, fetched then.
fn with_keys(entry: &Value, keys: &[u8], fetched_at: i64) -> Value {
    let set = json!({ "keys": keys.iter().copied().map(jwk).collect::<Vec<_>>() });
    let fresh = Snapshot::take(&set, "https://issuer.example/jwks", fetched_at, 600).expect("a set").to_json();
    let mut entry = entry.clone();
    for name in ["keys", "digest", "fetchedAt"] {
        entry[name] = fresh[name].clone();
    }
    entry
}

#[test]
fn many_cold_isolates_need_one_fetch() {
    let (world, _) = filled(1);
    for _ in 0..100 {
        let isolate = world.isolate();
        let answered = isolate.present(1);
        assert_eq!((answered.good(), answered.verdict), (10, Ok("store")));
        isolate.present(1).good();
        world.pass(5);
    }
    assert_eq!((world.issuer.times_asked(), world.store.writes.get()), (1, 1));
}

#[test]
fn an_isolate_goes_on_with_the_age_that_the_set_has() {
    let (world, _) = filled(1);
    let isolate = world.isolate();
    world.pass(300);
    isolate.present(1).good();
    assert_eq!(isolate.status().fetched_at, Some(world.time.now().div_euclid(1000) - 300));
    world.pass(301);
    assert_eq!((isolate.status().phase, isolate.present(1).good()), ("stale", 0));
}

#[test]
fn an_entry_is_a_snapshot_with_what_another_isolate_needs() {
    let (world, key) = filled(1);
    let entry = entry(&world, &key);
    assert!(key.starts_with("jwks/") && key.len() < 128);
    assert_eq!((&entry["issuer"], &entry["source"]), (&json!(ISSUER), &json!("https://issuer.example/jwks")));
    assert_eq!((&entry["maxAge"], &entry["staleWhileRevalidate"]), (&json!(600), &json!(300)));
    assert_eq!((&entry["staleIfError"], entry["keys"].as_array().map(Vec::len)), (&json!(86_400), Some(1)));
    assert!(Snapshot::from_json(&entry).is_ok());
}

#[test]
fn what_is_no_entry_of_this_issuer_is_as_good_as_nothing_and_is_written_over() {
    let (_, key) = filled(1);
    let good = entry(&filled(1).0, &key);
    let changed = |name: &str, value: Value| {
        let mut entry = good.clone();
        entry[name] = value;
        entry.to_string().into_bytes()
    };
    let text = good.to_string();
    let mut no_issuer = good.clone();
    no_issuer.as_object_mut().expect("an object").remove("issuer");
    for entry in [
        Vec::new(),
        b"\0\xff".to_vec(),
        b"null".to_vec(),
        text.as_bytes()[..text.len() / 2].to_vec(),
        json!({ "keys": [jwk(9)] }).to_string().into_bytes(),
        no_issuer.to_string().into_bytes(),
        changed("issuer", json!("https://other.example/")),
        changed("keys", json!([jwk(9)])),
        changed("maxAge", json!(-1)),
        changed("fetchedAt", json!("today")),
        changed("fetchedAt", json!(i64::MAX)),
        changed("fetchedAt", json!(i64::MIN)),
        changed("staleIfError", json!(null)),
        changed("notAfter", json!(1)),
        with_keys(&good, &[], good["fetchedAt"].as_i64().expect("a number")).to_string().into_bytes(),
        // From an hour ahead, and from years ago.
        with_keys(&good, &[9], good["fetchedAt"].as_i64().expect("a number") + 3_600).to_string().into_bytes(),
        with_keys(&good, &[9], 1_000_000_000).to_string().into_bytes(),
        [b"{\"keys\":[],\"x\":\"".to_vec(), vec![b'x'; 600 * 1024], b"\"}".to_vec()].concat(),
    ] {
        let world = World::publishing(&[1]);
        world.store.put(&key, entry.clone());
        let isolate = world.isolate();
        let shown = String::from_utf8_lossy(&entry[..entry.len().min(400)]).into_owned();
        assert_eq!(isolate.present(1).verdict, Ok("issuer"), "{shown}");
        isolate.present(1).good();
        world.pass(1);
        assert_eq!(world.isolate().present(1).verdict, Ok("store"), "{shown}");
    }
}

#[test]
fn no_entry_makes_a_set_good_for_longer_than_the_policy_does() {
    let (world, key) = filled(1);
    let mut entry = entry(&world, &key);
    for name in ["maxAge", "staleWhileRevalidate", "staleIfError"] {
        entry[name] = json!(4_000_000_000_u32);
    }
    world.store.put(&key, entry.to_string());
    let isolate = world.isolate();
    isolate.present(1).good();
    let ends = KeySetRules::default().outage_bound();
    assert_eq!(isolate.status().ends, isolate.status().fetched_at.map(|at| at + ends));
    world.reach_age(&isolate, 600);
    assert_eq!(isolate.status().phase, "stale");
    // Nor a span that is negative.
    entry["staleWhileRevalidate"] = json!(-5);
    entry["staleIfError"] = json!(i64::MIN);
    world.store.put(&key, entry.to_string());
    let isolate = world.isolate();
    isolate.present(1).good();
}

#[test]
fn an_older_set_never_takes_the_place_of_a_newer_one() {
    let (world, key) = filled(1);
    let older = world.store.get(&key).expect("an entry");
    world.pass(31);
    world.issuer.publish(&[2]);
    let isolate = world.isolate();
    isolate.present(2).good();
    isolate.present(2).good();
    world.pass(31);
    // The store goes back, as an eventually consistent one may.
    world.store.put(&key, older.clone());
    isolate.present(3).refused(Reason::SigningKeyUnknown);
    isolate.present(1).refused(Reason::SigningKeyUnknown);
    world.issuer.behaves(Manner::Resets);
    world.pass(700);
    world.store.put(&key, older.clone());
    for _ in 0..20 {
        world.pass(31);
        isolate.present(2).good();
        assert!(isolate.present(1).verdict.is_err());
    }
    // And what this one has goes over it.
    world.issuer.behaves(Manner::Works);
    world.store.put(&key, older);
    world.pass(31);
    isolate.present(2).good();
    world.pass(1);
    assert_eq!(entry(&world, &key)["keys"], json!([jwk(2)]));
}

#[test]
fn a_newer_set_in_the_store_is_taken_before_it_is_written_over() {
    let (world, key) = filled(1);
    let isolate = world.isolate();
    isolate.present(1).good();
    world.store.behaves(Access::Fails);
    world.pass(31);
    // This one's own set is not in the store, which fails.
    isolate.run_schedule();
    world.store.behaves(Access::Works);
    let now = world.time.now().div_euclid(1000);
    let newer = with_keys(&entry(&world, &key), &[2], now);
    world.pass(2);
    world.store.put(&key, newer.to_string());
    world.pass(600);
    world.issuer.behaves(Manner::Resets);
    isolate.present(1).good();
    world.pass(1);
    assert_eq!(entry(&world, &key), newer);
}

#[test]
fn a_newer_set_in_the_store_that_is_past_its_time_is_fetched_again_and_not_merely_taken() {
    let (world, _) = filled(1);
    let first = world.isolate();
    first.present(1).good();
    // Another isolate fetches a set with a new key, which its issuer allows less time.
    world.issuer.publish(&[1, 2]);
    world.issuer.cache_control.replace(Some("max-age=45, stale-while-revalidate=5"));
    world.pass(620);
    let other = world.isolate();
    other.present(1).good();
    world.pass(55);
    // Looked for in the store, found there, and too old. The one at hand serves requests meanwhile.
    assert_eq!(first.status().phase, "stale");
    world.issuer.delay.set(2_000);
    let new = first.begin_key(2);
    for _ in 0..100 {
        assert_eq!(first.present(1).good(), 0);
        world.time.pass(15);
    }
    assert_eq!(new.wait(1_000).verdict, Ok("issuer"));
}

#[test]
fn a_newer_set_past_its_time_is_taken_where_the_issuer_has_nothing_better() {
    let (world, key) = filled(1);
    let isolate = world.isolate();
    isolate.present(1).good();
    let mut newer = with_keys(&entry(&world, &key), &[2], world.time.now().div_euclid(1000) + 500);
    newer["maxAge"] = json!(30);
    newer["staleWhileRevalidate"] = json!(0);
    world.pass(620);
    world.store.put(&key, newer.to_string());
    world.issuer.behaves(Manner::Resets);
    assert_eq!(isolate.present(1).good(), 0);
    world.pass(1);
    assert_eq!(isolate.present(2).verdict, Ok("store"));
    isolate.present(1).refused(Reason::KeySetUnavailable);
}

#[test]
fn a_store_that_shows_writes_late_costs_fetches_and_no_verdict() {
    let world = World::publishing(&[1]);
    world.store.propagation.set(60_000);
    for number in 0..10 {
        let isolate = world.isolate();
        isolate.present(1).good();
        isolate.present(1).good();
        world.pass(20);
        if number > 4 {
            assert!(world.issuer.times_asked() <= 4);
        }
    }
}

#[test]
fn a_set_is_kept_in_the_store_for_as_long_as_it_may_be_used() {
    let (world, key) = filled(1);
    world.pass(KeySetRules::default().outage_bound() - 5);
    assert!(world.store.get(&key).is_some());
    world.issuer.behaves(Manner::Resets);
    assert_eq!(world.isolate().present(1).verdict, Ok("store"));
    world.pass(10);
    assert!(world.store.get(&key).is_none());
    world.isolate().present(1).refused(Reason::KeySetUnavailable);
}

#[test]
fn two_policies_that_look_in_other_places_share_nothing() {
    let (world, _) = filled(1);
    let other = "https://issuer.example/other";
    world.issuer.put(other, json!({ "keys": [jwk(2)] }));
    let isolate = world.isolate_with(&json!({ "jwksUri": other }), &std::collections::BTreeMap::new());
    isolate.present(2).good();
    isolate.present(1).refused(Reason::SigningKeyUnknown);
}

#[test]
fn an_isolate_that_starts_anew_in_an_outage_goes_on_with_the_store() {
    let (world, _) = filled(1);
    world.pass(5_000);
    world.issuer.behaves(Manner::Hangs);
    let isolate = world.isolate();
    assert_eq!(isolate.present(1).good(), 3_010);
    assert_eq!(isolate.present(1).good(), 0);
    world.store.lose();
    world.isolate().present(1).refused(Reason::KeySetUnavailable);
}

//! An issuer that is a template: each tenant has keys of its own, and only so many sets are in memory.

use std::collections::BTreeMap;

use edgeward::{
    key_source::{MOST_KEY_SETS, Snapshot},
    verdict::Reason,
};
use serde_json::{Value, json};

use super::{
    issuer::{Manner, jwk, token_of},
    world::{Answered, Isolate, World},
};

const TEMPLATE: &str = "https://login.example/{tenant}/v2.0";
const URI: &str = "https://login.example/{tenant}/keys";

fn name(tenant: u8) -> String {
    TEMPLATE.replace("{tenant}", &format!("t{tenant}"))
}

fn uri(tenant: u8) -> String {
    URI.replace("{tenant}", &format!("t{tenant}"))
}

/// A world in which so many tenants have a key each, of their own number.
fn world(tenants: u8) -> World {
    let world = World::publishing(&[]);
    for tenant in 0..tenants {
        world.issuer.put(&uri(tenant), json!({ "keys": [jwk(tenant)] }));
    }
    world
}

fn policy(tenants: u8, changed: &Value) -> Value {
    let names: Vec<_> = (0..tenants).map(|tenant| format!("t{tenant}")).collect();
    let mut policy = json!({ "issuer": TEMPLATE, "tenants": names, "jwksUri": URI });
    let changed = changed.as_object().expect("an object").clone();
    policy.as_object_mut().expect("an object").extend(changed);
    policy
}

fn isolate(world: &World, tenants: u8) -> Isolate {
    world.isolate_with(&policy(tenants, &json!({})), &BTreeMap::new())
}

/// A token of a tenant, signed with a key.
fn present(isolate: &Isolate, tenant: u8, key: u8) -> Answered {
    isolate.verify(token_of(&name(tenant), key))
}

/// How many sets are in memory.
fn in_memory(isolate: &Isolate) -> usize {
    let sets = isolate.verifier.key_sets(edgeward::host::Host::now(&*isolate.runtime));
    sets.iter().filter(|set| set.fetched_at.is_some()).count()
}

#[test]
fn the_keys_of_one_tenant_vouch_for_no_other() {
    let world = world(3);
    let isolate = isolate(&world, 3);
    for tenant in 0..3 {
        present(&isolate, tenant, tenant).good();
    }
    world.pass(31);
    present(&isolate, 0, 1).refused(Reason::SigningKeyUnknown);
    present(&isolate, 7, 1).refused(Reason::IssuerUnknown);
    let asked: Vec<_> = world.issuer.asked.borrow().iter().map(|asked| asked.url.clone()).collect();
    assert_eq!(asked, [uri(0), uri(1), uri(2), uri(0)]);
}

#[test]
fn one_tenant_whose_keys_fail_does_not_trouble_the_others() {
    let world = world(2);
    world.issuer.remove(&uri(1));
    let isolate = isolate(&world, 2);
    present(&isolate, 1, 1).refused(Reason::KeySetUnavailable);
    present(&isolate, 0, 0).good();
}

#[test]
fn tenants_may_share_one_set() {
    let world = World::publishing(&[1]);
    let members = policy(2, &json!({ "jwksUri": super::issuer::JWKS }));
    let isolate = world.isolate_with(&members, &BTreeMap::new());
    present(&isolate, 0, 1).good();
    assert_eq!(present(&isolate, 1, 1).good(), 0);
    assert_eq!(world.issuer.times_asked(), 1);
}

#[test]
fn each_tenant_has_metadata_of_its_own() {
    let world = world(2);
    for tenant in 0..2 {
        let url = format!("{}/.well-known/openid-configuration", name(tenant));
        // The second one's are the first one's.
        world.issuer.put(&url, json!({ "issuer": name(0), "jwks_uri": uri(0) }));
    }
    let members = policy(2, &json!({ "jwksUri": null, "discovery": "openid-configuration" }));
    let isolate = world.isolate_with(&members, &BTreeMap::new());
    present(&isolate, 0, 0).good();
    present(&isolate, 1, 0).refused(Reason::KeySetUnavailable);
}

#[test]
fn only_so_many_sets_are_in_memory_and_the_others_come_back_from_the_store() {
    let tenants = 200;
    let world = world(tenants);
    let isolate = isolate(&world, tenants);
    for tenant in 0..tenants {
        present(&isolate, tenant, tenant).good();
        present(&isolate, tenant, tenant).good();
        world.time.pass(100);
        assert!(in_memory(&isolate) <= MOST_KEY_SETS);
    }
    assert_eq!(world.issuer.times_asked(), usize::from(tenants));
    // The host may forget the keys of those that went.
    assert_eq!(isolate.runtime.forgotten.borrow().len(), usize::from(tenants) - MOST_KEY_SETS);
    for tenant in 0..tenants {
        let answered = present(&isolate, tenant, tenant);
        assert_eq!((answered.good(), answered.verdict), (10, Ok("store")), "{tenant}");
        assert!(in_memory(&isolate) <= MOST_KEY_SETS);
    }
    assert_eq!(world.issuer.times_asked(), usize::from(tenants));
}

#[test]
fn a_set_that_went_does_not_come_back_older_than_it_was() {
    let tenants = 100;
    let world = world(tenants);
    let isolate = isolate(&world, tenants);
    present(&isolate, 0, 0).good();
    present(&isolate, 0, 0).good();
    world.pass(1);
    let key = world.store.keys().remove(0);
    let older = world.store.get(&key).expect("an entry");
    world.pass(31);
    world.issuer.put(&uri(0), json!({ "keys": [jwk(150)] }));
    present(&isolate, 0, 150).good();
    for tenant in 1..tenants {
        present(&isolate, tenant, tenant).good();
    }
    world.store.put(&key, older);
    assert_eq!(present(&isolate, 0, 150).verdict, Ok("issuer"));
    present(&isolate, 0, 0).refused(Reason::SigningKeyUnknown);
}

#[test]
fn the_sets_that_are_used_stay() {
    let tenants = 150;
    let world = world(tenants);
    let isolate = isolate(&world, tenants);
    for tenant in 0..tenants {
        present(&isolate, tenant, tenant).good();
        world.time.pass(5);
        if tenant >= 1 {
            assert_eq!(present(&isolate, 0, 0).good(), 0);
        }
    }
}

#[test]
fn many_tenants_at_one_moment_are_all_served() {
    let tenants = 200;
    let world = world(tenants);
    let isolate = isolate(&world, tenants);
    for native in [None, Some(3)] {
        isolate.runtime.native.set(native);
        let requests: Vec<_> = (0..tenants).map(|tenant| isolate.begin(token_of(&name(tenant), tenant))).collect();
        for request in requests {
            request.wait(5_000).good();
        }
        world.pass(1);
        assert!(in_memory(&isolate) <= MOST_KEY_SETS);
    }
}

#[test]
fn snapshots_of_tenants_are_at_hand_in_an_outage_however_many_they_are() {
    let tenants = 100;
    let world = world(tenants);
    let second = world.time.now().div_euclid(1000);
    let snapshots = (0..tenants).map(|tenant| {
        let set = json!({ "keys": [jwk(tenant)] });
        (name(tenant), Snapshot::take(&set, &uri(tenant), second - 2_000, 86_400).expect("a set").to_json())
    });
    let isolate = world.isolate_with(&policy(tenants, &json!({})), &snapshots.collect());
    // Half of them are fetched, and then there is an outage.
    for tenant in 0..tenants {
        if tenant == 80 {
            world.issuer.behaves(Manner::Resets);
        }
        present(&isolate, tenant, tenant).good();
    }
    for tenant in 80..tenants {
        assert_eq!(present(&isolate, tenant, tenant).verdict, Ok("snapshot"), "{tenant}");
    }
}

#[test]
fn a_schedule_looks_after_some_tenants_at_each_run_and_after_all_in_time() {
    let tenants = 48;
    let world = world(tenants);
    let isolate = isolate(&world, tenants);
    isolate.run_schedule();
    assert_eq!(world.issuer.times_asked(), 16);
    for _ in 0..60 {
        world.pass(60);
        let before = world.issuer.times_asked();
        isolate.run_schedule();
        assert!(world.issuer.times_asked() - before <= 16);
    }
    assert_eq!(world.store.keys().len(), usize::from(tenants));
}

#[test]
fn a_schedule_of_many_tenants_takes_no_memory_from_those_that_are_used() {
    let tenants = 100;
    let world = world(tenants);
    let isolate = isolate(&world, tenants);
    for tenant in 0..60 {
        present(&isolate, tenant, tenant).good();
    }
    for _ in 0..20 {
        isolate.run_schedule();
        assert!(in_memory(&isolate) <= MOST_KEY_SETS);
        for tenant in 0..60 {
            assert_eq!(present(&isolate, tenant, tenant).good(), 0);
        }
        world.pass(40);
    }
}

//! From the first day of a key to its last.

use edgeward::{
    api_key::{ApiKeyChecker, KeyChange, KeyContext, LifeError, RevocationReason, RevokeRequest, RotateRequest},
    verdict::{Reason, Verdict},
};
use pollster::block_on;
use serde_json::{Value, json};

use crate::shelf::{Clerk, NOW, form, issue, life, new_key};

fn check(clerk: &Clerk, key: &str) -> Verdict {
    block_on(ApiKeyChecker::new(form()).check(clerk, key, &KeyContext::default()))
}

fn reason(clerk: &Clerk, key: &str) -> Option<Reason> {
    check(clerk, key).err().map(|denial| denial.reason)
}

fn change(members: Value) -> KeyChange {
    serde_json::from_value(members).expect("a change")
}

fn rotation(members: Value) -> RotateRequest {
    serde_json::from_value(members).expect("a rotation")
}

fn why() -> RevokeRequest {
    RevokeRequest { by: "security".to_owned(), reason: RevocationReason::KeyCompromise }
}

#[test]
fn a_key_lives_is_replaced_and_ends() {
    let clerk = Clerk::new(1);
    let first = issue(&clerk);
    assert!(check(&clerk, first.key.reveal()).is_ok());

    let changed =
        block_on(life().update(&clerk, &first.id, &change(json!({ "scopes": ["reports:write"], "expires": "90d" }))));
    let changed = changed.expect("a record");
    assert_eq!(
        (changed.scopes.as_slice(), changed.expires),
        (["reports:write".to_owned()].as_slice(), Some(NOW + 7_776_000))
    );
    assert_eq!(check(&clerk, first.key.reveal()).expect("a grant").scopes, ["reports:write"]);

    block_on(life().disable(&clerk, &first.id)).expect("off");
    assert_eq!(reason(&clerk, first.key.reveal()), Some(Reason::KeyDisabled));
    block_on(life().enable(&clerk, &first.id)).expect("on");
    assert_eq!(reason(&clerk, first.key.reveal()), None);

    clerk.pass(1000);
    let second = block_on(life().rotate(&clerk, &first.id, &rotation(json!({ "overlap": "1h" })))).expect("a key");
    let (old, new) = (clerk.record(&first.id).expect("old"), clerk.record(&second.id).expect("new"));
    let (old_rotation, new_rotation) = (old.rotation.expect("a rotation"), new.rotation.expect("a rotation"));
    assert_eq!(old_rotation.replaced_by.as_ref(), Some(&second.id));
    assert_eq!(old_rotation.overlap_until, Some(NOW + 1000 + 3600));
    assert_eq!(new_rotation.replaces.as_ref(), Some(&first.id));
    // The new key lives for as long as the old one was to live.
    assert_eq!((new.scopes, new.expires, new.owner), (old.scopes, Some(NOW + 1000 + 7_776_000), old.owner));
    assert_ne!(first.key.reveal(), second.key.reveal());
    clerk.pass(3599);
    assert_eq!((reason(&clerk, first.key.reveal()), reason(&clerk, second.key.reveal())), (None, None));
    clerk.pass(1);
    assert_eq!(reason(&clerk, first.key.reveal()), Some(Reason::KeySuperseded));
    assert_eq!(reason(&clerk, second.key.reveal()), None);

    let (ended, was_first) = block_on(life().revoke(&clerk, &second.id, &why())).expect("ended");
    let revocation = ended.revocation.expect("a revocation");
    assert_eq!((revocation.at, revocation.by.as_str(), was_first), (NOW + 4600, "security", true));
    assert_eq!(reason(&clerk, second.key.reveal()), Some(Reason::KeyRevoked));
    assert!(clerk.record(&second.id).is_some(), "the tombstone stays");
}

#[test]
fn a_rotation_without_an_overlap_ends_the_old_key_at_once() {
    let clerk = Clerk::new(1);
    let first = issue(&clerk);
    let second = block_on(life().rotate(&clerk, &first.id, &rotation(json!({})))).expect("a key");
    assert_eq!(reason(&clerk, first.key.reveal()), Some(Reason::KeySuperseded));
    assert_eq!(reason(&clerk, second.key.reveal()), None);
    let record = clerk.record(&second.id).expect("a record");
    assert_eq!(record.expires, None);
}

#[test]
fn the_first_revocation_stands() {
    let clerk = Clerk::new(1);
    let key = issue(&clerk);
    let before = block_on(life().revoke(&clerk, &key.id, &why())).expect("ended").0;
    clerk.pass(10);
    let again = RevokeRequest { by: "somebody else".to_owned(), reason: RevocationReason::Unused };
    let (after, first) = block_on(life().revoke(&clerk, &key.id, &again)).expect("ended");
    assert_eq!((after.revocation, first), (before.revocation, false));
}

#[test]
fn what_is_over_is_not_changed_any_more() {
    let clerk = Clerk::new(1);
    let key = issue(&clerk);
    block_on(life().revoke(&clerk, &key.id, &why())).expect("ended");
    let over = |result: Result<(), LifeError>| matches!(result, Err(LifeError::State(_)));
    assert!(over(block_on(life().enable(&clerk, &key.id)).map(drop)));
    assert!(over(block_on(life().disable(&clerk, &key.id)).map(drop)));
    assert!(over(block_on(life().update(&clerk, &key.id, &change(json!({ "name": "x" })))).map(drop)));
    assert!(over(block_on(life().rotate(&clerk, &key.id, &rotation(json!({})))).map(drop)));

    let off = issue(&clerk);
    block_on(life().disable(&clerk, &off.id)).expect("off");
    assert!(over(block_on(life().rotate(&clerk, &off.id, &rotation(json!({})))).map(drop)));

    let replaced = issue(&clerk);
    block_on(life().rotate(&clerk, &replaced.id, &rotation(json!({ "overlap": 60 })))).expect("a key");
    assert!(over(block_on(life().rotate(&clerk, &replaced.id, &rotation(json!({ "overlap": 60 })))).map(drop)));

    let short =
        block_on(life().update(&clerk, &issue(&clerk).id, &change(json!({ "expires": "1s" })))).expect("a record");
    assert_eq!(short.expires, Some(NOW + 1));
}

#[test]
fn a_key_whose_heir_was_revoked_can_be_replaced_again_while_it_is_good() {
    let clerk = Clerk::new(1);
    let key = issue(&clerk);
    let lost = block_on(life().rotate(&clerk, &key.id, &rotation(json!({ "overlap": "1h" })))).expect("a key");
    block_on(life().revoke(&clerk, &lost.id, &why())).expect("ended");
    let heir = block_on(life().rotate(&clerk, &key.id, &rotation(json!({ "overlap": "2h" })))).expect("a key");
    let rotation_of = clerk.record(&key.id).and_then(|record| record.rotation).expect("a rotation");
    assert_eq!((rotation_of.replaced_by.as_ref(), rotation_of.overlap_until), (Some(&heir.id), Some(NOW + 7200)));
    clerk.pass(7200);
    block_on(life().revoke(&clerk, &heir.id, &why())).expect("ended");
    let late = block_on(life().rotate(&clerk, &key.id, &rotation(json!({}))));
    assert!(matches!(late, Err(LifeError::State(_))));
}

#[test]
fn what_is_left_out_stays_and_null_takes_away() {
    let clerk = Clerk::new(1);
    let key = issue(&clerk);
    let all = json!({
        "owner": "bo", "revoker": "ops", "name": "n", "scopes": ["a", "b"], "notBefore": NOW + 5, "expires": NOW + 50,
        "allowedCidrs": ["192.0.2.0/24"], "rateLimitClass": "bulk", "publishable": true, "metadata": { "k": 1 },
    });
    let full = block_on(life().update(&clerk, &key.id, &change(all))).expect("a record");
    assert_eq!(block_on(life().update(&clerk, &key.id, &change(json!({})))), Ok(full.clone()));
    let none = json!({ "notBefore": null, "expires": null, "rateLimitClass": null, "allowedCidrs": [] });
    let bare = block_on(life().update(&clerk, &key.id, &change(none))).expect("a record");
    assert_eq!((bare.not_before, bare.expires, &bare.rate_limit_class), (None, None, &None));
    assert_eq!((bare.owner, bare.metadata.len(), bare.publishable), (full.owner, 1, true));
}

#[test]
fn a_change_that_makes_no_record_is_refused_and_nothing_is_written() {
    let clerk = Clerk::new(1);
    let key = issue(&clerk);
    let before = clerk.shelf.values.borrow().clone();
    for wrong in [
        json!({ "owner": " " }),
        json!({ "revoker": "" }),
        json!({ "name": "" }),
        json!({ "scopes": ["a b"] }),
        json!({ "scopes": ["a", "a"] }),
        json!({ "notBefore": NOW + 10, "expires": NOW + 10 }),
    ] {
        let refused = block_on(life().update(&clerk, &key.id, &change(wrong.clone())));
        assert!(matches!(refused, Err(LifeError::Request(_))), "{wrong} {refused:?}");
    }
    for unknown in
        [json!({ "organization": "x" }), json!({ "digest": "x" }), json!({ "owner": 1 }), json!({ "expire": 1 })]
    {
        assert!(serde_json::from_value::<KeyChange>(unknown.clone()).is_err(), "{unknown}");
    }
    assert_eq!(*clerk.shelf.values.borrow(), before);
}

#[test]
fn an_id_that_is_none_reaches_no_other_record() {
    let clerk = Clerk::new(1);
    clerk.put("key/../usage/x", "{}");
    for id in ["", "../usage/x", "a/b", "a b", &"a".repeat(65), "nobody"] {
        assert_eq!(block_on(life().disable(&clerk, id)), Err(LifeError::NotFound), "{id}");
    }
}

#[test]
fn a_key_is_looked_at_without_its_digest_and_with_its_use() {
    let clerk = Clerk::new(1);
    let key = issue(&clerk);
    clerk.put(&format!("usage/{}", key.id), r#"{"v":1,"lastUsed":1779999000,"precision":3600}"#);
    let view = serde_json::to_value(block_on(life().show(&clerk, &key.id)).expect("a view")).expect("JSON");
    assert_eq!((&view["record"]["id"], &view["usage"]["lastUsed"]), (&json!(key.id), &json!(1_779_999_000)));
    assert!(!view.to_string().contains("sha-256"), "{view}");
    clerk.put(&format!("usage/{}", key.id), "half a not");
    assert!(block_on(life().show(&clerk, &key.id)).is_ok());
}

#[test]
fn a_list_has_every_key_once_and_says_which_cannot_be_read() {
    let clerk = Clerk::new(1);
    let mut expected: Vec<String> = (0..25).map(|_| issue(&clerk).id).collect();
    clerk.put("key/Broken", "{");
    expected.sort();
    let (mut found, mut broken, mut cursor) = (Vec::new(), Vec::new(), None);
    loop {
        let page = block_on(life().list(&clerk, cursor.as_deref(), 10)).expect("a page");
        let page = serde_json::to_value(page).expect("JSON");
        let ids =
            page["keys"].as_array().expect("keys").iter().map(|key| key["id"].as_str().expect("an id").to_owned());
        found.extend(ids);
        broken.extend(page["unreadable"].as_array().cloned().unwrap_or_default());
        cursor = page["cursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(found, expected);
    assert_eq!((broken.len(), &broken[0]["id"]), (1, &json!("Broken")));
}

#[test]
fn whoever_holds_a_key_can_end_it_and_nobody_else_can() {
    let clerk = Clerk::new(1);
    let (key, other) = (issue(&clerk), issue(&clerk));
    let held = block_on(life().revoke_held(&clerk, key.key.reveal(), &why())).expect("ended");
    assert_eq!((held.id.as_str(), held.ended), (key.id.as_str(), true));
    assert_eq!(reason(&clerk, key.key.reveal()), Some(Reason::KeyRevoked));
    assert!(!block_on(life().revoke_held(&clerk, key.key.reveal(), &why())).expect("ended").ended);

    // The id of one key with the secret of another, and its check made good again.
    let crossed = KeyOf::crossed(&other.id, key.key.reveal());
    let denial = block_on(life().revoke_held(&clerk, &crossed, &why())).expect_err("refused");
    assert_eq!(denial.reason, Reason::KeySecretMismatch);
    assert_eq!(reason(&clerk, other.key.reveal()), None);
    let mistyped = other.key.reveal().replace(&other.id, "AAAAAAAAAAAAAAAA");
    assert!(block_on(life().revoke_held(&clerk, &mistyped, &why())).is_err());
}

#[test]
fn a_record_that_nobody_answers_for_can_be_ended_and_mended() {
    let clerk = Clerk::new(1);
    for id in ["Ended", "Off", "Mended"] {
        let mut record = issue(&clerk).record;
        record.owner.clear();
        clerk.put(&format!("key/{id}"), &record.to_json().expect("JSON"));
    }
    let ended = block_on(life().revoke(&clerk, "Ended", &why())).expect("ended").0;
    assert!(ended.revocation.is_some() && ended.owner == "nobody");
    assert!(block_on(life().disable(&clerk, "Off")).expect("off").disabled);
    let enabled = block_on(life().enable(&clerk, "Mended"));
    assert!(matches!(enabled, Err(LifeError::Unreadable(_))));
    // Whoever is missing has to be named, and nobody else.
    let revoker = block_on(life().update(&clerk, "Mended", &change(json!({ "revoker": "ops", "scopes": [] }))));
    assert!(matches!(revoker, Err(LifeError::Unreadable(_))));
    let mended = block_on(life().update(&clerk, "Mended", &change(json!({ "owner": "bo" })))).expect("a record");
    assert_eq!((mended.owner.as_str(), mended.revoker.as_str()), ("bo", "security"));
    let mut record = issue(&clerk).record;
    record.owner.clear();
    record.revoker.clear();
    clerk.put("key/Both", &record.to_json().expect("JSON"));
    let half = block_on(life().update(&clerk, "Both", &change(json!({ "owner": "bo" }))));
    assert!(matches!(half, Err(LifeError::Unreadable(_))));
    let mended = block_on(life().update(&clerk, "Both", &change(json!({ "owner": "bo", "revoker": "ops" }))));
    assert_eq!(mended.expect("a record").revoker, "ops");
}

#[test]
fn what_a_new_key_cannot_be_is_said() {
    let clerk = Clerk::new(1);
    for (member, value) in [
        ("owner", json!("")),
        ("revoker", json!(" ")),
        ("name", json!("")),
        ("organization", json!("")),
        ("scopes", json!(["a b"])),
        ("scopes", json!(["a", "a"])),
        ("expires", json!("0s")),
        ("expires", json!(NOW)),
    ] {
        let mut asked = json!({ "organization": "o", "owner": "a", "revoker": "b", "name": "n" });
        asked[member] = value.clone();
        let new = serde_json::from_value(asked).expect("a request");
        let refused = block_on(life().issue(&clerk, new));
        assert!(matches!(refused, Err(LifeError::Request(_))), "{member} {value}");
    }
    assert_eq!((clerk.shelf.writes.get(), new_key().scopes.len()), (0, 1));
}

struct KeyOf;

impl KeyOf {
    /// A key with this id and the secret of another one.
    fn crossed(id: &str, other: &str) -> String {
        let covered = format!("acme_live_{id}_{}", &other[other.len() - 38..other.len() - 6]);
        let mut number = crc32fast::hash(covered.as_bytes());
        let mut check = [0; 6];
        for place in check.iter_mut().rev() {
            *place = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[(number % 62) as usize];
            number /= 62;
        }
        format!("{covered}{}", std::str::from_utf8(&check).expect("ASCII"))
    }
}

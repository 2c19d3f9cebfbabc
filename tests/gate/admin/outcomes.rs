//! What comes of it: conflicts, a store that fails, and the end of a key by whoever holds it.

use edgeward::api_key::Issued;
use serde_json::json;

use super::{
    BOOTSTRAP, FOREIGN, KEYS, ask, code, detail, document, endpoints, foreign_key, new_key, records, stage, writer,
};
use crate::{
    stage::{HEADER, header, request},
    support::{NOW, with},
};

#[test]
fn what_the_state_of_a_key_does_not_allow_is_a_conflict() {
    let stage = stage();
    let with_record = |change: fn(&mut Issued)| stage.key_with(change).id;
    let revoked = with_record(|_| {});
    ask(&stage, "POST", &format!("{KEYS}/{revoked}/revoke"), Some(&writer()), r#"{"reason":"unused"}"#);
    let disabled = with_record(|issued| issued.record.disabled = true);
    let expired = with_record(|issued| issued.record.expires = Some(NOW));
    let replaced = with_record(|_| {});
    let rotate = |id: &str| ask(&stage, "POST", &format!("{KEYS}/{id}/rotate"), Some(&writer()), r#"{"overlap":"1h"}"#);
    assert_eq!(rotate(&replaced).status, 201);
    ask(&stage, "POST", &format!("{KEYS}/import"), Some(&writer()), &foreign_key(FOREIGN).to_string());
    let before = records(&stage);
    for id in [&revoked, &disabled, &expired, &replaced] {
        let answer = rotate(id);
        assert_eq!((answer.status, code(&answer).as_str()), (409, "key_state_conflict"), "{}", answer.body);
        assert!(detail(&answer).starts_with("the key"), "{}", detail(&answer));
    }
    for (method, step, body) in [("PATCH", "", r#"{"name":"x"}"#), ("POST", "/disable", ""), ("POST", "/enable", "")] {
        let answer = ask(&stage, method, &format!("{KEYS}/{revoked}{step}"), Some(&writer()), body);
        assert_eq!((answer.status, code(&answer).as_str()), (409, "key_state_conflict"), "{step}");
    }
    let again = ask(&stage, "POST", &format!("{KEYS}/import"), Some(&writer()), &foreign_key(FOREIGN).to_string());
    assert_eq!((again.status, code(&again).as_str()), (409, "key_state_conflict"));
    assert_eq!(records(&stage), before);
    // To end what has ended is done, and the first end stands.
    let answer =
        ask(&stage, "POST", &format!("{KEYS}/{revoked}/revoke"), Some(&writer()), r#"{"reason":"superseded"}"#);
    assert_eq!(document(&answer)["record"]["revocation"]["reason"], "unused");
    assert_eq!(stage.last_event()["comment"], "it was revoked before");
}

#[test]
fn a_store_that_fails_or_holds_garbage_is_a_503_without_its_words() {
    let stage = stage();
    let id = stage.key().id;
    let unreadable = stage.key().id;
    // The first administrator has come: what fails from here on is the step itself.
    assert_eq!(ask(&stage, "GET", KEYS, Some(&writer()), "").status, 200);
    stage.host.store.borrow_mut().insert(format!("key/{unreadable}"), b"words of the store".to_vec());
    for (method, path, body, writes, _) in endpoints(&unreadable).into_iter().skip(3) {
        let answer = ask(&stage, method, &path, Some(&writer()), &body);
        assert_eq!((answer.status, code(&answer).as_str()), (503, "record_unreadable"), "{method} {path}");
        assert!(!answer.body.contains("words of the store") && writes == (method != "GET"));
        assert_eq!(stage.last_event()["status_id"], 99);
    }
    assert_eq!(stage.host.store.borrow()[&format!("key/{unreadable}")], b"words of the store");
    let page = document(&ask(&stage, "GET", KEYS, Some(&writer()), ""));
    assert_eq!(page["unreadable"][0]["id"], json!(unreadable));
    assert!(!page.to_string().contains("words of the store"));

    *stage.host.outage.borrow_mut() = Some("words of the store".to_owned());
    for (method, path, body, ..) in endpoints(&id) {
        let answer = ask(&stage, method, &path, Some(&writer()), &body);
        assert_eq!((answer.status, code(&answer).as_str()), (503, "store_unavailable"), "{method} {path}");
        assert!(!answer.body.contains("words of the store") && header(&answer, "www-authenticate").is_none());
        let event = stage.last_event();
        assert_eq!((&event["class_uid"], &event["status_id"]), (&json!(3004), &json!(99)));
        assert_eq!(event["status_detail"], "words of the store", "they are the operator's");
    }
}

#[test]
fn a_host_without_random_bytes_makes_no_key() {
    let stage = stage();
    stage.host.has_chance.set(false);
    let bearer = format!("Bearer {}", writer());
    stage.host.body.set(Some(new_key().to_string().into_bytes()));
    let answer = stage.answer(&request("POST", KEYS, &[(HEADER, &bearer)]));
    assert_eq!((answer.status, records(&stage).len()), (503, 0));
}

#[test]
fn whoever_holds_a_key_ends_it_once() {
    let stage = stage();
    let key = stage.key();
    let revoke = |credential: Option<&str>, body: &str| ask(&stage, "POST", "/_edgeward/revoke", credential, body);
    let guessed = {
        let other = stage.key();
        let record = stage.host.store.borrow()[&key.store_key()].clone();
        stage.host.store.borrow_mut().insert(other.store_key(), record);
        other
    };
    for (credential, status, expected) in [
        (None, 401, "credential_missing"),
        (Some(writer().as_str()), 403, "class_not_accepted"),
        (Some(BOOTSTRAP), 401, "credential_unrecognized"),
        (Some("acme_live_nothing"), 401, "key_invalid"),
        (Some(guessed.key.reveal()), 401, "key_invalid"),
        (Some(FOREIGN), 401, "key_invalid"),
    ] {
        let answer = revoke(credential, "");
        assert_eq!((answer.status, code(&answer).as_str()), (status, expected));
    }
    for body in ["[]", r#"{"reason":"because"}"#, r#"{"by":"eve"}"#] {
        assert_eq!(code(&revoke(Some(key.key.reveal()), body)), "body_invalid");
    }
    *stage.host.outage.borrow_mut() = Some("words of the store".to_owned());
    let answer = revoke(Some(key.key.reveal()), "");
    assert_eq!((answer.status, answer.body.contains("words of the store")), (503, false));
    *stage.host.outage.borrow_mut() = None;

    let events = stage.events.borrow().len();
    let answer = revoke(Some(key.key.reveal()), r#"{"reason":"superseded"}"#);
    assert_eq!((answer.status, document(&answer)), (200, json!({ "revoked": true })));
    let events = stage.events.borrow()[events..].to_vec();
    assert_eq!((events.len(), &events[1]["activity_name"]), (2, &json!("Revoke")));
    assert_eq!((&events[1]["actor"]["user"]["uid"], &events[1]["entity"]["uid"]), (&json!("ada"), &json!(key.id)));
    assert_eq!(events[1]["unmapped"]["revocation_reason"], "superseded");
    let again = revoke(Some(key.key.reveal()), "");
    assert_eq!((again.status, code(&again).as_str()), (401, "key_invalid"));
    assert_eq!(stage.last_event()["status_code"], "key_revoked");
}

#[test]
fn a_key_that_is_sent_in_the_place_of_its_id_is_not_on_record() {
    let stage = stage();
    let key = stage.key();
    let whole = key.key.reveal();
    let secret = &whole[whole.rfind('_').expect("a secret")..];
    for name in [whole, FOREIGN, &FOREIGN.replace('_', ""), "4fJ9aZ0kQ2mX7bT", "4fJ9aZ0kQ2mX7bT%65"] {
        for (method, path, body, ..) in endpoints(name).into_iter().skip(3) {
            let answer = ask(&stage, method, &path, Some(&writer()), &body);
            assert_eq!((answer.status, code(&answer).as_str()), (404, "key_not_found"), "{method} {path}");
            let event = stage.last_event();
            assert!(!event.to_string().contains(secret) && !event.to_string().contains(name), "{event}");
            assert_eq!((&event["class_uid"], &event["entity"]["uid"]), (&json!(3004), &json!("unknown")));
        }
    }
    // An id is on record, whether there is a key of it or not.
    for id in [key.id.as_str(), "4fJ9aZ0kQ2mX7bTe"] {
        ask(&stage, "GET", &format!("{KEYS}/{id}"), Some(&writer()), "");
        assert_eq!(stage.last_event()["entity"]["uid"], id);
    }
}

#[test]
fn a_key_that_is_sent_in_a_wrong_place_of_a_body_is_quoted_nowhere() {
    let stage = stage();
    let key = stage.key();
    let whole = key.key.reveal();
    let quoted = format!("{whole}\"");
    for text in [whole, quoted.as_str(), FOREIGN, &format!("{}{whole}", "x".repeat(2000))] {
        for body in [
            with(&new_key(), "scopes", json!(text)),
            with(&new_key(), text, json!(1)),
            with(&new_key(), "allowedCidrs", json!({ text: 1 })),
            with(&new_key(), "environment", json!(text)),
        ] {
            let answer = ask(&stage, "POST", KEYS, Some(&writer()), &body.to_string());
            assert_eq!((answer.status, code(&answer).as_str()), (400, "body_invalid"), "{body}");
            let shown = format!("{}{}", answer.body, stage.last_event());
            assert!(!shown.contains(&whole[10..]) && !shown.contains(FOREIGN), "{shown}");
        }
    }
    // What is short enough for a slip of the pen is.
    let answer = ask(&stage, "POST", KEYS, Some(&writer()), &with(&new_key(), "scope", json!([])).to_string());
    assert!(detail(&answer).contains("unknown field `scope`"), "{}", detail(&answer));
}

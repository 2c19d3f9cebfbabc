//! Who may administer, and who may not.

use edgeward::gate::Answer;
use serde_json::{Value, json};

use super::{
    BOOTSTRAP, FOREIGN, KEYS, OTHER_ISSUER, admin_policy, ask, bootstrapped, code, detail, document, endpoints,
    new_key, records, stage, token, writer,
};
use crate::{
    stage::{Stage, header, policy},
    support::{ISSUER, NOW, Signer, claims, with},
};

#[test]
fn whoever_may_not_does_nothing_at_any_endpoint() {
    let stage = stage();
    let key = stage.key_with(|issued| issued.record.scopes = vec!["edgeward:write".to_owned()]);
    let before = records(&stage);
    let elsewhere = Signer::STRANGER.token(&with(
        &with(&claims(), "iss", OTHER_ISSUER.into()),
        "scope",
        "edgeward:read edgeward:write".into(),
    ));
    let expired = Signer::EDDSA.token(&with(&with(&claims(), "scope", "edgeward:write".into()), "exp", json!(NOW)));
    let callers: [(Option<&str>, u16, &str); 10] = [
        (None, 401, "credential_missing"),
        (Some(key.key.reveal()), 403, "class_not_accepted"),
        (Some("acme_live_nothing"), 403, "class_not_accepted"),
        (Some(FOREIGN), 403, "class_not_accepted"),
        (Some(&token("reports:read")), 403, "scope_insufficient"),
        (Some(&token("edgeward:writes edgeward")), 403, "scope_insufficient"),
        (Some(&elsewhere), 403, "scope_insufficient"),
        (Some(&expired), 401, "token_expired"),
        (Some(&Signer::STRANGER.token(&claims())), 401, "signature_invalid"),
        (Some("bootstrap-secret-that-somebody-made-up"), 401, "credential_unrecognized"),
    ];
    for (method, path, body, writes, _) in endpoints(&key.id) {
        for (credential, status, expected) in callers {
            let events = stage.events.borrow().len();
            let answer = ask(&stage, method, &path, credential, &body);
            assert_eq!((answer.status, code(&answer).as_str()), (status, expected), "{method} {path}");
            let challenge = header(&answer, "www-authenticate").expect("a challenge");
            // A token of another issuer is not helped by any scope.
            if expected == "scope_insufficient" && credential != Some(&elsewhere) {
                let needed = if writes { "edgeward:write" } else { "edgeward:read" };
                assert!(challenge.ends_with(&format!("scope=\"{needed}\"")), "{challenge}");
            } else {
                assert!(!challenge.contains("edgeward:"), "{challenge}");
            }
            // One event, of the decision: nothing came of it.
            assert_eq!(stage.events.borrow().len(), events + 1);
            assert_eq!(stage.last_event()["status_code"], expected);
        }
        if writes {
            let answer = ask(&stage, method, &path, Some(&token("edgeward:read")), &body);
            assert_eq!((answer.status, code(&answer).as_str()), (403, "scope_insufficient"), "{method} {path}");
        }
    }
    assert_eq!(records(&stage), before);
    assert_eq!(stage.host.store.borrow().get("admin/first"), None);
    // None of them has closed the way in that was meant for the first administrator.
    assert_eq!(ask(&stage, "GET", KEYS, Some(BOOTSTRAP), "").status, 200);
}

#[test]
fn whoever_may_is_answered_and_on_record_by_name() {
    let both = token("edgeward:read edgeward:write");
    for (name, credential, reads_only) in [
        ("client-1", writer(), false),
        ("client-1", both, false),
        ("client-1", token("edgeward:read"), true),
        ("bootstrap", BOOTSTRAP.to_owned(), false),
    ] {
        let stage = stage();
        let id = stage.key().id;
        for (method, path, body, writes, status) in endpoints(&id) {
            if writes && reads_only {
                continue;
            }
            let events = stage.events.borrow().len();
            let answer = ask(&stage, method, &path, Some(&credential), &body);
            assert_eq!(answer.status, status, "{name}: {method} {path}: {}", answer.body);
            document(&answer);
            let events = stage.events.borrow()[events..].to_vec();
            assert_eq!(events.len(), 2, "{events:?}");
            let (decision, change) = (&events[0], &events[1]);
            assert_eq!((&decision["class_uid"], &decision["status_code"]), (&json!(3002), &json!("allowed")));
            assert_eq!((&change["class_uid"], &change["status_code"]), (&json!(3004), &json!("done")));
            let who = if name == "bootstrap" { Value::Null } else { json!("m2m_token") };
            assert_eq!((&decision["unmapped"]["class"], &change["unmapped"]["class"]), (&who, &who));
            assert_eq!((&decision["user"]["uid"], &change["actor"]["user"]["uid"]), (&json!(name), &json!(name)));
            assert_eq!(change["metadata"]["correlation_uid"].as_str(), header(&answer, "edgeward-request-id"));
            assert_eq!(change["src_endpoint"]["ip"], "192.0.2.7");
            let route = path.replace(&id, ":id");
            assert_eq!((&decision["unmapped"]["route"], &change["unmapped"]["route"]), (&json!(route), &json!(route)));
        }
        if !reads_only {
            let record: Value = serde_json::from_slice(&stage.host.store.borrow()[&format!("key/{id}")]).expect("JSON");
            assert_eq!(record["revocation"], json!({ "at": NOW, "by": name, "reason": "unused" }));
        }
    }
}

#[test]
fn the_bootstrap_secret_is_of_no_use_from_the_first_administrator_on() {
    let stage = stage();
    let issued = ask(&stage, "POST", KEYS, Some(BOOTSTRAP), &new_key().to_string());
    assert_eq!(issued.status, 201);
    assert_eq!(ask(&stage, "GET", KEYS, Some(&token("edgeward:read")), "").status, 200);
    let first: Value = serde_json::from_slice(&stage.host.store.borrow()["admin/first"]).expect("JSON");
    assert_eq!(first, json!({ "at": NOW, "by": "client-1", "issuer": ISSUER }));
    let before = records(&stage);
    let id = document(&issued)["id"].as_str().expect("an id").to_owned();
    let another = super::stage();
    *another.host.store.borrow_mut() = stage.host.store.borrow().clone();
    // Here, and in an instance that has seen no administrator yet.
    for stage in [&stage, &another] {
        for (method, path, body, ..) in endpoints(&id) {
            let answer = ask(stage, method, &path, Some(BOOTSTRAP), &body);
            // Whoever found it learns no more than from a text that was made up.
            let made_up = ask(stage, method, &path, Some("made-up-made-up-made-up-made-up-made-up"), &body);
            let alike = |answer: &Answer| (answer.status, code(answer), detail(answer));
            assert_eq!(alike(&answer), alike(&made_up), "{method} {path}");
            assert_eq!((answer.status, code(&answer).as_str()), (401, "credential_unrecognized"));
            let events = stage.events.borrow();
            assert_eq!(events[events.len() - 2]["status_code"], "bootstrap_closed");
        }
        assert_eq!(records(stage), before);
    }
}

#[test]
fn a_store_that_cannot_say_whether_the_first_has_come_lets_nobody_bootstrap() {
    let stage = stage();
    *stage.host.outage.borrow_mut() = Some("words of the store".to_owned());
    let answer = ask(&stage, "POST", KEYS, Some(BOOTSTRAP), &new_key().to_string());
    assert_eq!((answer.status, code(&answer).as_str()), (503, "store_unavailable"));
    assert!(!answer.body.contains("words of the store"));
}

#[test]
fn without_a_bootstrap_secret_there_is_none() {
    let stage = Stage::of(&admin_policy());
    for text in [BOOTSTRAP, "x", "undefined"] {
        let answer = ask(&stage, "GET", KEYS, Some(text), "");
        assert_eq!((answer.status, code(&answer).as_str()), (401, "credential_unrecognized"));
    }
}

#[test]
fn without_admin_in_the_policy_there_are_no_admin_endpoints() {
    let stage = bootstrapped(&policy());
    for (method, path, body, ..) in endpoints("4fJ9aZ0kQ2mX7bTe") {
        for credential in [writer().as_str(), BOOTSTRAP] {
            let answer = ask(&stage, method, &path, Some(credential), &body);
            assert_eq!((answer.status, code(&answer).as_str()), (404, "endpoint_unknown"), "{method} {path}");
        }
    }
    assert!(stage.host.store.borrow().is_empty());
}

#[test]
fn a_credential_that_others_could_read_administers_nothing() {
    for credential in [&writer(), BOOTSTRAP] {
        let stage = stage();
        for url in ["http://api.example/_edgeward/admin/keys", "https://api.example/_edgeward/admin/keys"] {
            let answer = ask(&stage, "GET", url, Some(credential), "");
            let expected = if url.starts_with("http:") { 403 } else { 200 };
            assert_eq!(answer.status, expected, "{url}: {}", answer.body);
            if expected == 403 {
                assert_eq!(code(&answer), "credential_exposed");
            }
        }
    }
}

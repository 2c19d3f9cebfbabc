//! One event for each decision, which says who and why, and never with what.

use edgeward::gate::Outcome;
use serde_json::{Value, json};

use crate::{
    stage::{HEADER, Stage, get, good_token, request},
    support::{ISSUER, NOW, Signer, claims, with},
};

#[test]
fn an_allowed_token_is_on_record_with_all_that_is_known_of_it() {
    let stage = Stage::new();
    stage.host.delay.set(7);
    stage.host.native.set(crate::support::Native::Right);
    stage.forward(&get("/v1/items/7?page=2", &good_token()));
    let event = stage.last_event();
    assert_eq!((&event["status_id"], &event["status_code"]), (&json!(1), &json!("allowed")));
    assert_eq!((&event["user"]["uid"], &event["user"]["org"]["uid"]), (&json!("client-1"), &json!("org-1")));
    assert_eq!(event["src_endpoint"]["ip"], "192.0.2.7");
    assert_eq!(event["http_request"]["http_method"], "GET");
    assert_eq!(event["time"], NOW * 1000 + 7);
    let expected = json!({
        "class": "m2m_token", "credential_id": "t-1", "client_id": "client-1", "route": "/v1/items/:id",
        "issuer": ISSUER, "kid": "k1", "algorithm": "EdDSA", "key_set_tier": null, "facts_tier": null, "sender": null,
        "limit": null, "latency_ms": 7,
    });
    assert_eq!(event["unmapped"], expected);
    assert!(!event.to_string().contains("/v1/items/7") && !event.to_string().contains("page"));
}

#[test]
fn a_denied_key_is_on_record_with_its_id_and_the_true_reason() {
    let stage = Stage::new();
    let key = stage.key_with(|issued| issued.record.disabled = true);
    stage.answer(&get("/v1/reports", key.key.reveal()));
    let event = stage.last_event();
    assert_eq!((&event["status_id"], &event["status_code"]), (&json!(2), &json!("key_disabled")));
    assert_eq!((&event["user"]["uid"], &event["user"]["org"]["uid"]), (&json!("ada"), &json!("org-9")));
    assert_eq!((&event["unmapped"]["class"], &event["unmapped"]["credential_id"]), (&json!("api_key"), &json!(key.id)));

    // Nobody has proven to hold this one: its id is named, and no owner. What was known of it before is too old by then.
    stage.host.now.set(stage.host.now.get() + 15_000);
    stage.host.store.borrow_mut().clear();
    stage.answer(&get("/v1/reports", key.key.reveal()));
    let event = stage.last_event();
    assert_eq!((&event["status_code"], &event["unmapped"]["credential_id"]), (&json!("key_unknown"), &json!(key.id)));
    assert_eq!((event["user"].get("uid"), event["user"].get("org")), (None, None));
}

#[test]
fn there_is_one_event_for_each_decision_and_its_id_is_the_answers() {
    let stage = Stage::new();
    let key = stage.key();
    let token = good_token();
    let tampered = format!("{}AAAA", &token[..token.len() - 4]);
    let requests = [
        get("/v1/reports", &token),
        get("/v1/reports", &tampered),
        get("/v1/reports", key.key.reveal()),
        get("/v1/admin", &token),
        get("/nowhere", &token),
        get("/_edgeward/verify", &token),
        get("/_edgeward/verify", &tampered),
        get("/_edgeward/nothing", &token),
        get(&format!("/v1/reports?access_token={token}"), &token),
        get(&format!("/v1/{token}"), &token),
        request("POST", "/_edgeward/verify", &[(HEADER, &format!("Bearer {token}"))]),
        request("GET", "/v1/reports", &[]),
        request("GET", "/v1/reports", &[(HEADER, &format!("Bearer {token}")), ("x-api-key", key.key.reveal())]),
    ];
    let mut ids = std::collections::BTreeSet::new();
    for (place, request) in requests.iter().enumerate() {
        let outcome = stage.send(request);
        assert_eq!(stage.events.borrow().len(), place + 1, "{request:?}");
        let headers = match &outcome {
            Outcome::Respond { answer, .. } => &answer.headers,
            Outcome::Forward { forward, .. } => &forward.set,
        };
        let (_, id) = headers.iter().find(|(name, _)| name == "edgeward-request-id").expect("an id");
        let event = stage.last_event();
        assert_eq!((&event["metadata"]["uid"], &event["http_request"]["uid"]), (&json!(id), &json!(id)));
        assert!(ids.insert(id.clone()), "an id stands for one request");
    }
}

#[test]
fn a_token_that_is_refused_after_its_signature_held_is_on_record_by_name() {
    let stage = Stage::new();
    stage.answer(&get("/v1/reports", &Signer::EDDSA.token(&with(&claims(), "exp", json!(NOW)))));
    let event = stage.last_event();
    assert_eq!((&event["status_code"], &event["user"]["uid"]), (&json!("token_expired"), &json!("client-1")));
    assert_eq!((&event["unmapped"]["issuer"], &event["unmapped"]["kid"]), (&json!(ISSUER), &json!("k1")));
    // What a token says of itself is not on record before somebody vouched for it.
    stage.answer(&get("/v1/reports", &Signer::STRANGER.token(&claims())));
    let event = stage.last_event();
    assert_eq!((&event["status_code"], event["user"].get("uid")), (&json!("signature_invalid"), None));
    assert_eq!(event["unmapped"]["client_id"], Value::Null);
}

#[test]
fn an_event_is_one_line_whatever_stands_in_it() {
    let stage = Stage::new();
    let hostile = "a\r\n{\"class_uid\":3002}\u{2028}\u{0}\"\\";
    stage.forward(&get("/v1/items/7", &Signer::EDDSA.token(&with(&claims(), "sub", hostile.into()))));
    assert_eq!(stage.last_event()["user"]["uid"], hostile);
    // A method is a text of the sender's choice: only what a policy could name is on record.
    for method in [hostile, "get", &good_token()] {
        stage.answer(&request(method, "/v1/items/7", &[(HEADER, &format!("Bearer {}", good_token()))]));
        assert_eq!(stage.last_event()["http_request"].get("http_method"), None, "{method}");
    }
}

#[test]
fn a_clock_that_runs_wild_makes_no_event_that_cannot_be_read() {
    let stage = Stage::new();
    let key = stage.key();
    for millis in [i64::MIN, -1, 0, i64::MAX] {
        stage.host.now.set(millis);
        for credential in [&good_token(), key.key.reveal()] {
            stage.send(&get("/v1/reports", credential));
            assert_eq!(stage.last_event()["time"], millis);
        }
    }
}

#[test]
fn an_address_that_nobody_vouches_for_is_left_out() {
    let stage = Stage::new();
    let mut request = get("/v1/items/7", &good_token());
    request.address = None;
    stage.forward(&request);
    assert_eq!(stage.last_event().get("src_endpoint"), None);
}

#[test]
fn a_request_and_a_decision_show_no_credential_to_who_prints_them() {
    let stage = Stage::new();
    let key = stage.key();
    for credential in [good_token().as_str(), key.key.reveal()] {
        let request = get(&format!("/v1/reports?access_token={credential}"), credential);
        let decision = stage.check(&request);
        crate::stage::assert_hidden(&format!("{request:?} {decision:?}"), &request);
        assert!(format!("{request:?}").contains("/v1/reports"));
    }
}

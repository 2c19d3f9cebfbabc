//! Credentials that others could read on their way: refused, and their owners find a note of it.

use edgeward::gate::GateRequest;
use serde_json::{Value, json};

use crate::{
    leaks::desk::Desk,
    stage::{self, HEADER, Stage, get, good_token, policy, problem, request},
    support::with,
};

const PLAIN: &str = "http://api.example/v1/reports";

/// The code of a denied request and its event.
fn denied(desk: &Desk, request: &GateRequest) -> (String, Value) {
    let tokens: Vec<&str> = request.headers.iter().filter_map(|(_, value)| value.split(' ').nth(1)).collect();
    let answer = desk.watched(request, &tokens);
    let code = problem(&answer)["code"].as_str().expect("a code").to_owned();
    let event = desk.events.borrow().last().cloned().expect("an event");
    assert_eq!(event["status_code"], code);
    (code, event)
}

#[test]
fn a_credential_over_plain_http_is_refused_whatever_it_is() {
    let stage = Stage::new();
    let key = stage.key();
    for (credential, class) in
        [(good_token(), "m2m_token"), ("a.b".to_owned(), "m2m_token"), (key.key.reveal().to_owned(), "api_key")]
    {
        for url in
            [PLAIN, "HTTP://API.example/v1/reports", "http://api.example/_edgeward/verify", "http://api.example/no"]
        {
            let answer = stage.answer(&get(url, &credential));
            assert_eq!((answer.status, &problem(&answer)["code"]), (403, &json!("credential_exposed")), "{url}");
            assert_eq!(stage::header(&answer, "www-authenticate"), None);
            assert_eq!(stage.last_event()["unmapped"]["class"], class);
        }
    }
    // Without a credential there is nothing to be exposed.
    assert_eq!(stage.code(&request("GET", PLAIN, &[])), "credential_missing");
    assert_eq!(stage.code(&request("GET", "http://api.example/no", &[])), "route_unknown");
}

#[test]
fn what_does_not_tell_is_not_plain_http() {
    let stage = Stage::new();
    for url in
        ["/v1/reports", "https://api.example/v1/reports", "http://localhost:8787/v1/reports", "http://[::1]/v1/reports"]
    {
        stage.forward(&get(url, &good_token()));
    }
    let stage = Stage::of(&with(&policy(), "tlsEndsAhead", json!(true)));
    stage.forward(&get(PLAIN, &good_token()));
}

#[test]
fn a_key_over_plain_http_is_marked_once_a_day() {
    let desk = Desk::of(&json!({}));
    let key = desk.key();
    for _ in 0..3 {
        let (code, event) = denied(&desk, &get(PLAIN, key.key.reveal()));
        assert_eq!(code, "credential_exposed");
        assert_eq!((&event["user"]["uid"], &event["user"]["org"]["uid"]), (&json!("ada"), &json!("org-9")));
        assert_eq!(event["unmapped"]["credential_id"], json!(key.id));
    }
    assert_eq!((desk.exposed(&key.id).as_deref(), desk.swaps.get()), (Some("plain_http"), 1));
    desk.pass(86_400);
    denied(&desk, &get(PLAIN, key.key.reveal()));
    assert_eq!(desk.swaps.get(), 2);
    // It is not revoked: its owner is told, and knows what else it would break.
    assert_eq!(desk.record(&key.id).revocation, None);
}

#[test]
fn nobody_has_a_key_marked_without_its_secret() {
    let desk = Desk::of(&json!({}));
    let (key, other) = (desk.key(), desk.key());
    let record = desk.host.store.borrow()[&other.store_key()].clone();
    desk.host.store.borrow_mut().insert(key.store_key(), record);
    let (code, event) = denied(&desk, &get(PLAIN, key.key.reveal()));
    assert_eq!((code.as_str(), &event["unmapped"]["credential_id"]), ("credential_exposed", &json!(key.id)));
    assert_eq!((event["user"].get("uid"), desk.exposed(&key.id)), (None, None));
    // A wrong check costs no read.
    let reads = desk.host.reads.get();
    let (code, event) = denied(&desk, &get(PLAIN, "acme_live_mistyped"));
    assert_eq!((code.as_str(), &event["unmapped"]["credential_id"]), ("credential_exposed", &Value::Null));
    assert_eq!(desk.host.reads.get(), reads);
}

#[test]
fn a_store_that_fails_changes_nothing_of_the_answer() {
    for broken in ["read key/", "read usage/", "swap usage/"] {
        let desk = Desk::of(&json!({}));
        let key = desk.key();
        *desk.broken.borrow_mut() = vec![broken.to_owned()];
        let (code, _) = denied(&desk, &get(PLAIN, key.key.reveal()));
        assert_eq!(code, "credential_exposed", "{broken}");
        let (code, _) = denied(&desk, &get(&format!("/v1/reports?k={}", key.key.reveal()), &good_token()));
        assert_eq!(code, "credential_in_query", "{broken}");
        assert_eq!(desk.exposed(&key.id), None);
    }
}

#[test]
fn a_key_in_a_query_is_marked_too() {
    let desk = Desk::of(&json!({}));
    let key = desk.key();
    for query in
        [format!("k={}", key.key.reveal()), key.key.reveal().to_owned(), format!("api_key={}", key.key.reveal())]
    {
        desk.host.store.borrow_mut().remove(&format!("usage/{}", key.id));
        let request = request("GET", &format!("/v1/reports?{query}"), &[]);
        let answer = desk.watched(&request, &[key.key.reveal()]);
        assert_eq!((answer.status, &problem(&answer)["code"]), (400, &json!("credential_in_query")));
        assert_eq!(desk.exposed(&key.id).as_deref(), Some("query"), "{query}");
        let events = desk.events.borrow();
        assert_eq!((&events[0]["unmapped"]["class"], &events[0]["user"]["uid"]), (&json!("api_key"), &json!("ada")));
    }
    // What is no key of ours is refused as before.
    let (code, event) = denied(&desk, &request("GET", "/v1/reports?api_key=x", &[(HEADER, "Basic x")]));
    assert_eq!((code.as_str(), &event["unmapped"]["class"]), ("credential_in_query", &Value::Null));
}

#[test]
fn a_key_of_the_other_environment_is_marked_as_well() {
    let desk = Desk::of(&json!({ "apiKeys": { "prefix": "acme", "environment": "test" } }));
    let key = desk.key();
    denied(&desk, &get(PLAIN, key.key.reveal()));
    assert_eq!(desk.exposed(&key.id).as_deref(), Some("plain_http"));
}

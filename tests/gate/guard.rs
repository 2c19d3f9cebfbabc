//! The middleware mode: what a handler gets is what an origin gets, and what is answered is what the proxy mode answers.

use edgeward::gate::{Gate, GateRequest, Guarded, OfAnswer, OfRequest};
use pollster::block_on;
use serde_json::{Value, json};

use crate::{
    stage::{HEADER, Stage, get, good_token, policy, request},
    support::with,
};

struct Passed {
    verdict: Value,
    request_id: String,
    request: OfRequest,
    answer: Option<OfAnswer>,
}

fn guard(stage: &Stage, request: &GateRequest) -> Result<Passed, edgeward::gate::Answer> {
    let guarded = block_on(Gate::guard(&stage.gate, &stage.host, request));
    let shown = serde_json::to_string(&guarded).expect("JSON");
    for (name, value) in &request.headers {
        if name.eq_ignore_ascii_case(HEADER) {
            let secret = value.rsplit(' ').next().expect("a credential");
            assert!(!shown.contains(secret), "a credential is shown");
        }
    }
    match guarded {
        Guarded::Respond { response, audit } => {
            for entry in &audit {
                stage.watch_event(entry, request);
            }
            Err(response)
        }
        Guarded::Pass { verdict, request_id, request: of_request, answer, audit } => {
            assert_eq!(audit.len(), 1, "one event for a decision");
            stage.watch_event(&audit[0], request);
            let verdict = serde_json::from_str(verdict.get()).expect("JSON");
            Ok(Passed { verdict, request_id, request: of_request, answer })
        }
    }
}

#[test]
fn a_handler_gets_what_an_origin_gets() {
    let stage = Stage::new();
    let key = stage.key();
    for credential in [good_token(), key.key.reveal().to_owned()] {
        let sent = request(
            "GET",
            "/v1/reports",
            &[
                (HEADER, &format!("Bearer {credential}")),
                ("Edgeward-Subject", "admin"),
                ("X-HTTP-Method-Override", "DELETE"),
                ("Connection", "keep-alive"),
                ("X-Forwarded-For", "198.51.100.1"),
            ],
        );
        let passed = guard(&stage, &sent).unwrap_or_else(|answer| panic!("{answer:?}"));
        let forward = stage.forward(&sent);
        let of = |set: &[(String, String)]| -> Vec<(String, String)> {
            let is_identity = |name: &str| name.starts_with("edgeward-") && name != "edgeward-request-id";
            set.iter().filter(|(name, _)| is_identity(name)).cloned().collect()
        };
        assert_eq!(of(&passed.request.set), of(&forward.set));
        assert_eq!(of(&passed.request.set).len(), 5);
        assert!(passed.request.set.contains(&("edgeward-request-id".to_owned(), passed.request_id.clone())));
        for gone in ["authorization", "x-api-key", "edgeward-subject", "x-http-method-override"] {
            assert!(passed.request.remove.iter().any(|name| name == gone), "{gone}");
        }
        // The request is still on its own connection.
        for kept in ["connection", "x-forwarded-for"] {
            assert!(!passed.request.remove.iter().any(|name| name == kept), "{kept}");
        }
        assert_eq!((&passed.verdict["ok"], passed.answer.is_none()), (&json!(true), true));
        let event = stage.events.borrow()[stage.events.borrow().len() - 2].clone();
        assert_eq!(event["metadata"]["uid"], passed.request_id);
    }
}

#[test]
fn what_is_refused_or_answered_is_answered_as_to_a_client_of_the_proxy() {
    let stage = Stage::of(&with(&policy(), "cors", json!({ "origins": ["https://app.example"] })));
    let without_id = |mut answer: edgeward::gate::Answer| {
        answer.headers.retain(|(name, _)| name != "edgeward-request-id");
        let mut body = serde_json::from_str(&answer.body).unwrap_or(Value::Null);
        if let Some(members) = body.as_object_mut() {
            members.remove("requestId");
        }
        (answer.status, answer.headers, body)
    };
    let page = ("Origin", "https://app.example");
    for sent in [
        request("GET", "/v1/reports", &[]),
        request("GET", "/v1/reports", &[page, (HEADER, "Bearer a.b.c")]),
        request("GET", "/nothing", &[page]),
        request("GET", "/v1/../reports", &[]),
        request("OPTIONS", "/v1/reports", &[page, ("Access-Control-Request-Method", "GET")]),
        request("GET", "/_edgeward/verify", &[]),
        request("GET", "/_edgeward/nothing", &[]),
        get("/v1/admin", &good_token()),
    ] {
        let before = stage.events.borrow().len();
        let answer = guard(&stage, &sent).err().unwrap_or_else(|| panic!("passed: {sent:?}"));
        let events = stage.events.borrow().len() - before;
        assert_eq!(without_id(answer), without_id(stage.answer(&sent)), "{sent:?}");
        // As many events as the proxy mode makes: none of a preflight, one of a decision.
        assert_eq!(stage.events.borrow().len() - before, 2 * events, "{sent:?}");
    }
}

#[test]
fn an_answer_to_a_page_is_changed_as_that_of_an_origin() {
    let stage = Stage::of(&with(&policy(), "cors", json!({ "origins": ["https://app.example"] })));
    let mut sent = get("/v1/reports", &good_token());
    sent.headers.push(("Origin".to_owned(), "https://app.example".to_owned()));
    let passed = guard(&stage, &sent).unwrap_or_else(|answer| panic!("{answer:?}"));
    assert_eq!(passed.answer, stage.forward(&sent).answer);
    let changes = passed.answer.expect("changes");
    assert!(changes.set.contains(&("access-control-allow-origin".to_owned(), "https://app.example".to_owned())));
}

#[test]
fn decisions_in_front_of_a_handler_are_counted_and_left_out_as_the_policy_wants_it() {
    let stage = Stage::of(&with(&policy(), "audit", json!({ "allowed": "none" })));
    let guarded = block_on(stage.gate.guard(&stage.host, &get("/v1/reports", &good_token())));
    let Guarded::Pass { audit, .. } = guarded else { panic!("refused") };
    assert!(audit.is_empty());
}

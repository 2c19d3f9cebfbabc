//! The way to the origin: what ends at the gate, where a request is said to come from, and what is answered where the
//! origin does not.

use edgeward::gate::{Answer, ForwardFailure, Gate, GateRequest, Outcome, Resources};
use edgeward::policy::read_policy;
use serde_json::{Value, json};

use crate::{
    stage::{HEADER, Stage, good_token, header, policy, problem, request},
    support::{with, without},
};

fn bearer() -> String {
    format!("Bearer {}", good_token())
}

fn set<'f>(forward: &'f edgeward::gate::Forward, name: &str) -> Option<&'f str> {
    forward.set.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
}

#[test]
fn what_the_gate_says_cannot_be_taken_out_by_the_client() {
    let stage = Stage::new();
    let named = "close, edgeward-subject, X-Forwarded-For, x-hop, content-type";
    let headers = [
        (HEADER, bearer()),
        ("Connection", named.into()),
        ("X-Hop", "1".into()),
        ("Content-Type", "text/plain".into()),
    ];
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let forward = stage.forward(&request("GET", "/v1/reports", &headers));
    assert_eq!(set(&forward, "edgeward-subject"), Some("client-1"));
    assert_eq!(set(&forward, "x-forwarded-for"), Some("192.0.2.7"));
    assert!(["connection", "x-hop"].iter().all(|name| forward.remove.iter().any(|removed| removed == name)));
    assert!(!forward.remove.iter().any(|removed| removed == "content-type"));
}

#[test]
fn the_origin_is_told_where_a_request_came_from_as_the_policy_says() {
    let token = bearer();
    let headers = [
        (HEADER, token.as_str()),
        ("X-Forwarded-For", "203.0.113.9"),
        ("x-forwarded-host", "evil.example"),
        ("Forwarded", "for=203.0.113.9"),
    ];
    let told = |mode: &str, url: &str, change: &dyn Fn(Value) -> Value| {
        let stage = Stage::of(&change(with(&policy(), "proxy", json!({ "forwarded": mode }))));
        let forward = stage.forward(&request("GET", url, &headers));
        let said = ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"]
            .map(|name| set(&forward, name).map(str::to_owned).unwrap_or_default());
        (said, forward.remove)
    };
    let same = |policy: Value| policy;
    let url = "https://API.example:8443/v1/reports?x=y";

    let (said, removed) = told("replace", url, &same);
    assert_eq!(said, ["192.0.2.7", "https", "api.example:8443"]);
    for name in ["x-forwarded-for", "x-forwarded-host", "forwarded"] {
        assert!(removed.iter().any(|one| one == name), "{name}");
    }
    let (said, removed) = told("append", url, &same);
    assert_eq!(said, ["203.0.113.9, 192.0.2.7", "https", ""]);
    assert!(!removed.iter().any(|name| name.contains("forwarded")), "{removed:?}");
    let (said, removed) = told("drop", url, &same);
    assert_eq!(said, ["", "", ""]);
    assert!(removed.iter().any(|name| name == "forwarded"));

    // A path alone says neither scheme nor host; where TLS ended before, a URL says no scheme.
    assert_eq!(told("replace", "/v1/reports", &same).0, ["192.0.2.7", "", ""]);
    let ahead = |policy: Value| with(&policy, "tlsEndsAhead", true.into());
    assert_eq!(told("replace", "http://api.example/v1/reports", &ahead).0, ["192.0.2.7", "", "api.example"]);
    let public = |policy: Value| with(&policy, "publicOrigin", "https://public.example".into());
    assert_eq!(told("replace", url, &public).0, ["192.0.2.7", "https", "public.example"]);
}

#[test]
fn behind_a_trusted_proxy_the_origin_is_told_the_clients_address() {
    let proxies = json!({ "header": "x-forwarded-for", "addresses": ["192.0.2.0/24"] });
    let stage = Stage::of(&with(&policy(), "trustedProxies", proxies));
    let token = bearer();
    let headers = [(HEADER, token.as_str()), ("x-forwarded-for", "10.0.0.1, 203.0.113.9")];
    assert_eq!(set(&stage.forward(&request("GET", "/v1/reports", &headers)), "x-forwarded-for"), Some("203.0.113.9"));
}

#[test]
fn an_address_that_is_none_is_not_passed_on() {
    let stage = Stage::new();
    let token = bearer();
    let mut sent = request("GET", "/v1/reports", &[(HEADER, &token)]);
    sent.address = Some("192.0.2.7\r\nedgeward-class: x".to_owned());
    assert_eq!(set(&stage.forward(&sent), "x-forwarded-for"), None);
}

#[test]
fn an_upgrade_takes_the_policys_word_and_a_websocket() {
    let token = bearer();
    let headers = [(HEADER, token.as_str()), ("Upgrade", "websocket"), ("Connection", "Upgrade")];
    let keeps = |policy: &Value| {
        let forward = Stage::of(policy).forward(&request("GET", "/v1/reports", &headers));
        !forward.remove.iter().any(|name| name == "upgrade")
    };
    assert!(!keeps(&policy()));
    assert!(keeps(&with(&policy(), "proxy", json!({ "upgrades": true }))));
}

#[test]
fn the_host_of_the_request_stays_where_the_origin_is_lent() {
    let token = bearer();
    let headers = [(HEADER, token.as_str()), ("host", "api.example")];
    let removes = |policy: &Value| {
        Stage::of(policy).forward(&request("GET", "/v1/reports", &headers)).remove.contains(&"host".to_owned())
    };
    assert!(removes(&policy()));
    assert!(!removes(&without(&policy(), "origin")));
}

fn fail(stage: &Stage, sent: &GateRequest, failure: ForwardFailure, cause: Option<&str>) -> (Answer, Vec<Value>) {
    let forward = stage.forward(sent);
    match stage.gate.forward_failed(&stage.host, sent, &forward.request_id, failure, cause) {
        Outcome::Respond { answer, audit } => {
            for entry in &audit {
                stage.watch_event(entry, sent);
            }
            (answer, audit.iter().map(|entry| serde_json::from_str(&entry.event).expect("JSON")).collect())
        }
        Outcome::Forward { .. } => panic!("forwarded"),
    }
}

#[test]
fn an_origin_that_does_not_answer_is_said_in_the_gates_words_and_told_of_beside_the_decision() {
    let stage = Stage::new();
    let token = bearer();
    let sent = request("GET", "/v1/items/7?secret=x", &[(HEADER, &token)]);
    for (failure, status, code) in [
        (ForwardFailure::Unreachable, 502, "origin_unavailable"),
        (ForwardFailure::TimedOut, 504, "origin_timeout"),
        (ForwardFailure::NoOrigin, 502, "origin_unavailable"),
    ] {
        let (answer, events) = fail(&stage, &sent, failure, Some("ECONNREFUSED"));
        let problem = problem(&answer);
        assert_eq!((answer.status, &problem["code"]), (status, &json!(code)));
        assert_eq!(header(&answer, "www-authenticate"), None);
        let [event] = events.as_slice() else { panic!("one event: {events:?}") };
        assert_eq!((&event["class_uid"], &event["category_uid"]), (&json!(4002), &json!(4)));
        assert_eq!((&event["activity_id"], &event["type_uid"]), (&json!(3), &json!(400_203)));
        assert_eq!((&event["status_id"], &event["status_code"]), (&json!(2), &json!(code)));
        assert_eq!(event["http_response"]["code"], status);
        assert_eq!(event["dst_endpoint"]["name"], "https://origin.example");
        assert_eq!(event["src_endpoint"]["ip"], "192.0.2.7");
        assert_eq!(event["unmapped"]["route"], "/v1/items/:id");
        // Tied to the decision by its id.
        let events = stage.events.borrow();
        let decision = events.iter().rev().nth(1).expect("the decision");
        assert_eq!(event["metadata"]["correlation_uid"], decision["metadata"]["uid"]);
        assert_eq!(problem["requestId"], decision["metadata"]["uid"]);
        assert_ne!(event["metadata"]["uid"], decision["metadata"]["uid"]);
        assert!(!event.to_string().contains("secret=x"));
    }
}

#[test]
fn a_cause_is_one_word_or_nothing() {
    let stage = Stage::new();
    let token = bearer();
    let sent = request("GET", "/v1/reports", &[(HEADER, &token)]);
    let detail = |cause| fail(&stage, &sent, ForwardFailure::Unreachable, cause).1[0]["status_detail"].clone();
    assert_eq!(detail(Some("ECONNREFUSED")), "ECONNREFUSED");
    for cause in [None, Some(""), Some("connect 10.0.0.7:80"), Some(token.as_str()), Some("a.b"), Some(&"A".repeat(41))]
    {
        assert_eq!(detail(cause), Value::Null, "{cause:?}");
    }
}

#[test]
fn an_origin_is_not_to_blame_for_a_client_that_left() {
    let stage = Stage::new();
    let sent = request("GET", "/v1/reports", &[(HEADER, &bearer())]);
    let (answer, events) = fail(&stage, &sent, ForwardFailure::ClientLeft, None);
    assert_eq!((answer.status, events.len()), (502, 0));
}

#[test]
fn hosts_name_failures_and_a_name_that_is_not_known_is_no_less_a_failure() {
    for (name, failure) in [
        ("unreachable", ForwardFailure::Unreachable),
        ("timed_out", ForwardFailure::TimedOut),
        ("no_origin", ForwardFailure::NoOrigin),
        ("client_left", ForwardFailure::ClientLeft),
        ("anything", ForwardFailure::Unreachable),
    ] {
        assert_eq!(ForwardFailure::from_name(name), failure);
    }
}

#[test]
fn the_time_of_an_origin_is_the_policys() {
    let token = bearer();
    let timeout =
        |policy: &Value| Stage::of(policy).forward(&request("GET", "/v1/reports", &[(HEADER, &token)])).timeout;
    assert_eq!(timeout(&policy()), 60_000);
    assert_eq!(timeout(&with(&policy(), "originTimeout", 2_500.into())), 2_500);
    for wrong in [0, 99, 3_600_001] {
        let text = with(&policy(), "originTimeout", wrong.into()).to_string();
        let error = Gate::new(read_policy(&text).expect("a policy"), Resources::default()).expect_err("refused");
        assert_eq!(error.0[0].pointer, "/originTimeout");
    }
    for wrong in [json!({ "forwarded": "trust" }), json!({ "upgrade": true })] {
        let text = with(&policy(), "proxy", wrong).to_string();
        assert!(read_policy(&text).expect_err("refused").to_string().contains("/proxy"));
    }
}

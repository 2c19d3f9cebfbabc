//! The gate's own endpoints under its prefix.

use edgeward::gate::Outcome;
use pollster::block_on;
use serde_json::{Value, json};

use crate::{
    stage::{HEADER, Stage, get, good_token, header, policy, problem, request},
    support::{claims, with},
};

#[test]
fn verify_answers_with_the_verdict_and_the_headers_that_the_origin_would_get() {
    let stage = Stage::new();
    let key = stage.key();
    for (credential, class) in [(good_token(), "m2m_token"), (key.key.reveal().to_owned(), "api_key")] {
        for method in ["GET", "HEAD"] {
            let answer =
                stage.answer(&request(method, "/_edgeward/verify", &[(HEADER, &format!("Bearer {credential}"))]));
            assert_eq!((answer.status, header(&answer, "content-type")), (200, Some("application/json")));
            assert_eq!(header(&answer, "cache-control"), Some("no-store"));
            assert_eq!(header(&answer, "edgeward-class"), Some(class));
            assert!(header(&answer, "edgeward-request-id").is_some_and(|id| id.len() == 32));
            let verdict: Value = serde_json::from_str(&answer.body).expect("JSON");
            assert_eq!((&verdict["ok"], &verdict["class"]), (&json!(true), &json!(class)));
            assert_eq!(stage.last_event()["unmapped"]["route"], "/_edgeward/verify");
        }
    }
    let answer = stage.answer(&get("/_edgeward/verify", &good_token()));
    let verdict: Value = serde_json::from_str(&answer.body).expect("JSON");
    assert_eq!(verdict["claims"], claims());
    let answer = stage.answer(&request("GET", "/_edgeward/verify", &[]));
    assert_eq!((answer.status, header(&answer, "www-authenticate")), (401, Some("Bearer")));
    let answer = stage.answer(&get("/_edgeward/verify?access_token=x", &good_token()));
    assert_eq!(problem(&answer)["code"], "credential_in_query");
}

#[test]
fn health_is_no_decision() {
    let stage = Stage::new();
    for method in ["GET", "HEAD"] {
        let outcome = block_on(stage.gate.handle(&stage.host, &request(method, "/_edgeward/health", &[])));
        let Outcome::Respond { answer, audit } = outcome else { panic!("an answer") };
        assert_eq!((answer.status, audit.len()), (200, 0));
        let body: Value = serde_json::from_str(&answer.body).expect("JSON");
        assert_eq!(body["status"], "pass");
        assert_eq!(header(&answer, "cache-control"), Some("no-store"));
    }
    assert_eq!(stage.host.reads.get(), 0);
}

#[test]
fn an_endpoint_that_does_not_exist_is_not_forwarded() {
    let stage = Stage::new();
    for path in [
        "/_edgeward/",
        "/_edgeward/nothing",
        "/_edgeward/verify/",
        "/_edgeward/VERIFY",
        "/_edgeward/verify/../health",
        "/_edgeward//verify",
        "/_edgeward/%76erify",
        "/_edgeward/admin/keys",
        "https://api.example/_edgeward/x?y",
    ] {
        let answer = stage.answer(&get(path, &good_token()));
        assert_eq!((answer.status, &problem(&answer)["code"]), (404, &json!("endpoint_unknown")), "{path}");
        assert_eq!(header(&answer, "www-authenticate"), None);
        assert_eq!(stage.last_event()["unmapped"]["route"], Value::Null);
    }
}

#[test]
fn an_endpoint_says_which_methods_it_takes() {
    let stage = Stage::new();
    for path in ["/_edgeward/verify", "/_edgeward/health"] {
        for method in ["POST", "OPTIONS", "get", ""] {
            let answer = stage.answer(&request(method, path, &[(HEADER, &format!("Bearer {}", good_token()))]));
            assert_eq!((answer.status, &problem(&answer)["code"]), (405, &json!("method_not_allowed")), "{method}");
            assert_eq!(header(&answer, "allow"), Some("GET, HEAD"));
        }
    }
}

#[test]
fn what_only_begins_like_the_prefix_is_a_route() {
    let stage = Stage::new();
    stage.forward(&get("/_edgewardx", &good_token()));
    assert_eq!(stage.code(&get("/_edgewardx/verify", &good_token())), "route_unknown");
    assert_eq!(stage.code(&get("/_edgeward", &good_token())), "route_unknown");
    assert_eq!(stage.code(&get("/x/_edgeward/verify", &good_token())), "route_unknown");
    assert_eq!(stage.code(&get("/%5Fedgeward/verify", &good_token())), "path_ambiguous");
    assert_eq!(stage.code(&get("//_edgeward/verify", &good_token())), "path_ambiguous");
}

#[test]
fn the_prefix_is_the_policys() {
    let stage = Stage::of(&with(&policy(), "prefix", "/internal/gate".into()));
    assert_eq!(stage.answer(&get("/internal/gate/verify", &good_token())).status, 200);
    assert_eq!(stage.last_event()["unmapped"]["route"], "/internal/gate/verify");
    assert_eq!(stage.code(&get("/_edgeward/verify", &good_token())), "route_unknown");
}

#[test]
fn a_host_without_random_bytes_still_decides() {
    let stage = Stage::new();
    stage.host.has_chance.set(false);
    let forward = stage.forward(&get("/v1/reports", &good_token()));
    assert!(forward.set.contains(&("edgeward-request-id".to_owned(), String::new())));
    assert_eq!(stage.code(&get("/v1/reports", "a.b")), "token_malformed");
}

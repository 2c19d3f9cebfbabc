//! Pages that call the API from a browser: what their preflights are answered, and what answers let them read.

use edgeward::gate::{Answer, ForwardFailure, Gate, Outcome, Resources};
use edgeward::policy::read_policy;
use serde_json::{Value, json};

use crate::{
    stage::{HEADER, Stage, good_token, header, policy, problem, request},
    support::with,
};

const PAGE: &str = "https://app.example";

fn stage(cors: Value) -> Stage {
    Stage::of(&with(&policy(), "cors", cors))
}

fn these() -> Value {
    json!({ "origins": [PAGE, "http://localhost:5173"] })
}

fn preflight(stage: &Stage, path: &str, origin: &str, method: &str) -> Answer {
    let before = stage.events.borrow().len();
    let headers = [("Origin", origin), ("Access-Control-Request-Method", method)];
    let answer = stage.answer(&request("OPTIONS", path, &headers));
    assert_eq!(stage.events.borrow().len(), before, "a preflight is no decision");
    answer
}

#[test]
fn a_preflight_needs_no_credential_and_says_nothing_of_the_routes() {
    let stage = stage(these());
    let usual = preflight(&stage, "/v1/reports", PAGE, "GET");
    assert_eq!((usual.status, usual.body.as_str()), (204, ""));
    assert_eq!(header(&usual, "access-control-allow-origin"), Some(PAGE));
    assert_eq!(header(&usual, "access-control-allow-methods"), Some("GET, HEAD, POST, PUT, PATCH, DELETE"));
    assert_eq!(header(&usual, "access-control-allow-headers"), Some("authorization, content-type"));
    assert_eq!(header(&usual, "access-control-max-age"), Some("600"));
    assert_eq!(header(&usual, "access-control-allow-credentials"), None);
    assert_eq!(header(&usual, "vary"), Some("origin"));
    // Neither the path, nor the method, nor a credential makes a difference.
    for (path, method) in [
        ("/v1/keys", "GET"),
        ("/nothing", "DELETE"),
        ("/v1/../x", "NONSENSE"),
        ("/_edgeward/admin/keys", "POST"),
        ("/_edgeward/verify", "GET"),
        ("/.well-known/oauth-protected-resource", "GET"),
    ] {
        assert_eq!(preflight(&stage, path, PAGE, method), usual, "{method} {path}");
    }
    let token = format!("Bearer {}", good_token());
    for credential in [token.as_str(), "Bearer a.b.c", "nonsense"] {
        let headers = [("origin", PAGE), ("access-control-request-method", "GET"), (HEADER, credential)];
        assert_eq!(stage.answer(&request("OPTIONS", "/v1/reports", &headers)), usual);
    }
    assert_eq!(stage.host.reads.get(), 0);
}

#[test]
fn a_page_that_may_not_call_is_told_nothing() {
    let stage = stage(these());
    for origin in [
        "https://evil.example",
        "null",
        "",
        "https://app.example.evil.example",
        "https://app.example:443",
        "HTTPS://APP.EXAMPLE",
        "https://app.example, https://evil.example",
    ] {
        let answer = preflight(&stage, "/v1/reports", origin, "GET");
        assert_eq!((answer.status, header(&answer, "vary")), (204, Some("origin")), "{origin}");
        assert!(!answer.headers.iter().any(|(name, _)| name.starts_with("access-control-")), "{origin}: {answer:?}");
    }
    let twice = [("origin", PAGE), ("Origin", PAGE), ("access-control-request-method", "GET")];
    let answer = stage.answer(&request("OPTIONS", "/v1/reports", &twice));
    assert_eq!(header(&answer, "access-control-allow-origin"), None);
}

#[test]
fn preflights_are_counted() {
    let public = with(&with(&policy(), "cors", these()), "metrics", json!({ "public": true }));
    let stage = Stage::of(&public);
    let count = || {
        let answer = stage.answer(&request("GET", "/_edgeward/health", &[]));
        serde_json::from_str::<Value>(&answer.body).expect("JSON")["preflights"].clone()
    };
    assert_eq!(count(), 0);
    preflight(&stage, "/", PAGE, "GET");
    preflight(&stage, "/", "https://evil.example", "GET");
    assert_eq!(count(), 2);
}

#[test]
fn what_is_no_preflight_is_a_request_like_any_other() {
    let stage = stage(these());
    for headers in [vec![("origin", PAGE)], vec![("access-control-request-method", "GET")], vec![]] {
        assert_eq!(stage.answer(&request("OPTIONS", "/v1/reports", &headers)).status, 403, "{headers:?}");
    }
    let posted = [("origin", PAGE), ("access-control-request-method", "GET")];
    assert_eq!(stage.answer(&request("POST", "/v1/reports", &posted)).status, 401);
    // Without a word of the policy there are no pages.
    let none = Stage::new();
    assert_eq!(none.answer(&request("OPTIONS", "/v1/reports", &posted)).status, 403);
    assert_eq!(header(&none.answer(&request("GET", "/v1/reports", &posted)), "access-control-allow-origin"), None);
}

#[test]
fn a_denial_can_be_read_by_the_page_that_asked() {
    let stage = stage(these());
    for (path, status) in [("/v1/reports", 401), ("/v1/nothing", 403), ("/_edgeward/nothing", 404)] {
        let answer = stage.answer(&request("GET", path, &[("origin", PAGE)]));
        assert_eq!((answer.status, header(&answer, "access-control-allow-origin")), (status, Some(PAGE)));
        assert_eq!(header(&answer, "access-control-expose-headers"), Some("edgeward-request-id, www-authenticate"));
        assert_eq!(header(&answer, "vary"), Some("origin"));
        problem(&answer);
    }
    // A cache must tell the answers apart even where no page asked.
    let answer = stage.answer(&request("GET", "/v1/reports", &[]));
    assert_eq!((header(&answer, "access-control-allow-origin"), header(&answer, "vary")), (None, Some("origin")));
}

#[test]
fn an_answer_of_the_origin_says_what_the_policy_says() {
    let stage = stage(json!({ "origins": [PAGE], "credentials": true, "exposeHeaders": ["x-total"] }));
    let token = format!("Bearer {}", good_token());
    let sent = request("GET", "/v1/reports", &[(HEADER, &token), ("origin", PAGE)]);
    let answer = stage.forward(&sent).answer.expect("something to change");
    assert!(answer.remove.contains(&"access-control-allow-origin".to_owned()));
    let headers: Vec<(&str, &str)> = answer.set.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let expected = [
        ("access-control-allow-origin", PAGE),
        ("access-control-allow-credentials", "true"),
        ("access-control-expose-headers", "x-total"),
    ];
    assert_eq!(headers, expected);
    assert_eq!(answer.add, [("vary".to_owned(), "origin".to_owned())]);

    let other = request("GET", "/v1/reports", &[(HEADER, &token), ("origin", "https://evil.example")]);
    let answer = stage.forward(&other).answer.expect("something to change");
    assert!(answer.set.is_empty() && !answer.remove.is_empty());

    // The answer in the origin's place too.
    let failed = stage.gate.forward_failed(&stage.host, &sent, "r-1", ForwardFailure::TimedOut, None);
    let Outcome::Respond { answer, .. } = failed else { panic!("an answer") };
    assert_eq!((answer.status, header(&answer, "access-control-allow-origin")), (504, Some(PAGE)));

    // Without a word of the policy it is the origin's to say.
    assert_eq!(Stage::new().forward(&sent).answer, None);
}

#[test]
fn every_page_is_one_answer() {
    let stage = stage(json!({ "origins": "*", "methods": ["GET"], "headers": ["x-api-key"], "maxAge": 5 }));
    let answer = preflight(&stage, "/", "https://any.example", "GET");
    assert_eq!(header(&answer, "access-control-allow-origin"), Some("*"));
    assert_eq!(header(&answer, "access-control-allow-methods"), Some("GET"));
    assert_eq!(header(&answer, "access-control-allow-headers"), Some("x-api-key"));
    assert_eq!((header(&answer, "access-control-max-age"), header(&answer, "vary")), (Some("5"), None));
}

#[test]
fn a_policy_that_means_something_else_is_refused() {
    for (cors, pointer) in [
        (json!({ "origins": "*", "credentials": true }), "/cors/credentials"),
        (json!({ "origins": [] }), "/cors/origins"),
        (json!({ "origins": ["*"] }), "/cors/origins/0"),
        (json!({ "origins": [PAGE, "null"] }), "/cors/origins/1"),
        (json!({ "origins": [PAGE], "methods": ["get"] }), "/cors/methods/0"),
        (json!({ "origins": [PAGE], "headers": ["a", "*"] }), "/cors/headers/1"),
        (json!({ "origins": [PAGE], "exposeHeaders": ["a\r\nb"] }), "/cors/exposeHeaders/0"),
        (json!({ "origins": [PAGE], "maxAge": 86_401 }), "/cors/maxAge"),
    ] {
        let text = with(&policy(), "cors", cors).to_string();
        let error = Gate::new(read_policy(&text).expect("a policy"), Resources::default()).expect_err("refused");
        assert_eq!(error.0.iter().map(|fault| fault.pointer.as_str()).collect::<Vec<_>>(), [pointer]);
    }
    for cors in [json!({}), json!({ "origins": "https://app.example" }), json!({ "origins": [PAGE], "x": 1 })] {
        let text = with(&policy(), "cors", cors).to_string();
        assert!(read_policy(&text).expect_err("refused").to_string().contains("/cors"), "{text}");
    }
}

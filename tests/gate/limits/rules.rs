//! The limits of requests that are let through otherwise.

use edgeward::{
    gate::{Answer, GateRequest, Outcome},
    host::HostError,
    verdict::Reason,
};
use pollster::block_on;
use serde_json::{Value, json};

use super::{pass, ruled};
use crate::{
    stage::{Stage, get, good_token, header, problem},
    support::{Signer, claims, with},
};

const ITEM: &str = "/v1/items/7";

fn is_let_through(stage: &Stage, request: &GateRequest) -> bool {
    match stage.send(request) {
        Outcome::Forward { .. } => true,
        Outcome::Respond { answer, .. } => {
            assert_eq!((answer.status, &problem(&answer)["code"]), (429, &json!("rate_limited")), "{request:?}");
            false
        }
    }
}

/// How many of five requests are let through.
fn of_five(stage: &Stage, request: &GateRequest) -> usize {
    (0..5).filter(|_| is_let_through(stage, request)).count()
}

fn token_of(claim: &str, value: Value) -> String {
    Signer::EDDSA.token(&with(&claims(), claim, value))
}

fn verify(stage: &Stage, credential: &str) -> Answer {
    stage.answer(&get("/_edgeward/verify", credential))
}

#[test]
fn a_window_lets_its_limit_through_and_the_next_one_begins_anew() {
    let stage = ruled(&json!([{ "name": "all", "by": "key", "limit": 3, "period": 60 }]));
    let request = get(ITEM, &good_token());
    assert_eq!(of_five(&stage, &request), 3);
    pass(&stage, 59_999);
    assert!(!is_let_through(&stage, &request));
    pass(&stage, 1);
    assert_eq!(of_five(&stage, &request), 3);
}

#[test]
fn the_answer_says_when_to_try_again_and_what_the_limit_is() {
    let stage = ruled(&json!([{ "name": "per-key", "by": "key", "limit": 1, "period": 60 }]));
    let request = get(ITEM, &good_token());
    assert!(is_let_through(&stage, &request));
    pass(&stage, 12_345);
    let answer = stage.answer(&request);
    assert_eq!(problem(&answer)["code"], "rate_limited");
    assert_eq!(header(&answer, "retry-after"), Some("48"));
    assert_eq!(header(&answer, "ratelimit-policy"), Some(r#""per-key";q=1;w=60"#));
    assert_eq!(header(&answer, "ratelimit"), Some(r#""per-key";r=0;t=48"#));
    assert_eq!(header(&answer, "www-authenticate"), None);
    let event = stage.last_event();
    assert_eq!((&event["status_code"], &event["status"]), (&json!("rate_limited"), &json!("Failure")));
    let expected = json!({ "rule": "per-key", "limit": 1, "period": 60, "retry_after": 48, "failure": null });
    assert_eq!(event["unmapped"]["limit"], expected);
    assert_eq!(event["unmapped"]["client_id"], "client-1");
    // The library hands the same over.
    let denial = stage.check(&request).verdict.expect_err("limited");
    assert_eq!((denial.reason, denial.retry_after()), (Reason::RateLimited, Some(48)));
    let document: Value = serde_json::from_str(&edgeward::verdict::verdict_document(&Err(denial))).expect("JSON");
    assert_eq!((&document["status"], &document["retryAfter"]), (&json!(429), &json!(48)));
}

#[test]
fn what_is_counted_together_is_what_the_rule_says() {
    let request = |token: &str, address: &str| GateRequest { address: Some(address.to_owned()), ..get(ITEM, token) };
    let [here, there] = ["192.0.2.1", "192.0.2.2"];
    let other_client = token_of("client_id", json!("client-2"));
    let other_organization = token_of("org_id", json!("org-2"));
    for (by, shared, apart) in [
        ("class", vec![request(&other_client, here), request(&other_organization, there)], vec![]),
        ("key", vec![request(&token_of("jti", json!("t-2")), there)], vec![request(&other_client, here)]),
        ("organization", vec![request(&other_client, there)], vec![request(&other_organization, here)]),
        ("address", vec![request(&other_client, here)], vec![request(&good_token(), there)]),
    ] {
        let stage = ruled(&json!([{ "name": "one", "by": by, "limit": 2, "period": 60 }]));
        assert_eq!(of_five(&stage, &request(&good_token(), here)), 2, "{by}");
        for request in &shared {
            assert!(!is_let_through(&stage, request), "{by}: {request:?}");
        }
        for request in &apart {
            assert_eq!(of_five(&stage, request), 2, "{by}: {request:?}");
        }
        // A key is no token, whatever it is called.
        assert_eq!(of_five(&stage, &request(stage.key().key.reveal(), "192.0.2.3")), 2, "{by}");
    }
}

#[test]
fn keys_are_counted_one_by_one_and_their_organization_as_one() {
    let stage = ruled(&json!([{ "name": "one", "by": "key", "limit": 2, "period": 60 }]));
    let (first, second) = (stage.key(), stage.key());
    assert_eq!(of_five(&stage, &get(ITEM, first.key.reveal())), 2);
    assert_eq!(of_five(&stage, &get(ITEM, second.key.reveal())), 2);
    let stage = ruled(&json!([{ "name": "one", "by": "organization", "limit": 2, "period": 60 }]));
    let (first, second) = (stage.key(), stage.key());
    assert_eq!(of_five(&stage, &get(ITEM, first.key.reveal())), 2);
    assert_eq!(of_five(&stage, &get(ITEM, second.key.reveal())), 0);
}

#[test]
fn who_names_no_organization_or_has_no_address_shares_its_limit_with_nobody() {
    for by in ["organization", "address"] {
        let stage = ruled(&json!([{ "name": "one", "by": by, "limit": 2, "period": 60 }]));
        let request = |client: &str| {
            let mut nobodys = claims();
            nobodys.as_object_mut().expect("claims").remove("org_id");
            let token = Signer::EDDSA.token(&with(&nobodys, "client_id", json!(client)));
            GateRequest { address: None, ..get(ITEM, &token) }
        };
        assert_eq!(of_five(&stage, &request("a")), 2, "{by}");
        assert_eq!(of_five(&stage, &request("b")), 2, "{by}");
        assert_eq!(of_five(&stage, &request("a")), 0, "{by}");
    }
}

#[test]
fn an_address_of_ipv6_is_its_network() {
    let stage = ruled(&json!([{ "name": "one", "by": "address", "limit": 1, "period": 60 }]));
    let from = |address: &str| GateRequest { address: Some(address.to_owned()), ..get(ITEM, &good_token()) };
    assert!(is_let_through(&stage, &from("2001:db8:1:2::1")));
    for same in ["2001:db8:1:2:ffff::9", "2001:0db8:1:2::1", "[2001:db8:1:2::3]:443"] {
        assert!(!is_let_through(&stage, &from(same)), "{same}");
    }
    assert!(is_let_through(&stage, &from("2001:db8:1:3::1")));
    assert!(is_let_through(&stage, &from("192.0.2.1")));
    for same in ["::ffff:192.0.2.1", "192.0.2.1:50000"] {
        assert!(!is_let_through(&stage, &from(same)), "{same}");
    }
}

#[test]
fn a_rule_is_for_its_classes_and_its_routes() {
    let stage = ruled(&json!([
        { "name": "keys", "by": "class", "classes": ["api_key"], "limit": 1, "period": 60 },
        { "name": "items", "by": "class", "routes": ["/v1/items/:id"], "limit": 2, "period": 60 },
    ]));
    let (token, key) = (good_token(), stage.key());
    assert_eq!(of_five(&stage, &get("/v1/tokens", &token)), 5);
    assert_eq!(of_five(&stage, &get(ITEM, &token)), 2);
    assert_eq!(of_five(&stage, &get("/v1/items/8", &token)), 0, "another path of the same route");
    assert_eq!(of_five(&stage, &get("/v1/reports", key.key.reveal())), 1);
    // A rule for routes says nothing of the verify endpoint, and one for all does.
    assert_eq!(verify(&stage, &token).status, 200);
    assert_eq!(verify(&stage, key.key.reveal()).status, 429);
}

#[test]
fn what_is_refused_for_another_reason_is_not_counted() {
    let stage = ruled(&json!([{ "name": "one", "by": "class", "limit": 2, "period": 60 }]));
    let token = good_token();
    for _ in 0..5 {
        assert_eq!(stage.answer(&get("/v1/admin", &token)).status, 403);
        assert_eq!(stage.answer(&get("/nowhere", &token)).status, 403);
        assert_eq!(stage.answer(&get(ITEM, "opaque")).status, 401);
    }
    assert_eq!(of_five(&stage, &get(ITEM, &token)), 2);
    // And who may not go there is told so, whatever is left.
    assert_eq!(stage.answer(&get("/v1/admin", &token)).status, 403);
}

#[test]
fn the_first_rule_that_is_reached_answers() {
    let stage = ruled(&json!([
        { "name": "wide", "by": "class", "limit": 3, "period": 60 },
        { "name": "narrow", "by": "key", "limit": 1, "period": 10 },
    ]));
    let request = get(ITEM, &good_token());
    let rule = || stage.last_event()["unmapped"]["limit"]["rule"].clone();
    assert!(is_let_through(&stage, &request));
    assert!(!is_let_through(&stage, &request));
    assert_eq!(rule(), "narrow");
    // The wide rule has counted what the narrow one refused.
    assert!(!is_let_through(&stage, &request));
    assert!(!is_let_through(&stage, &request));
    assert_eq!(rule(), "wide");
}

#[test]
fn the_verify_endpoint_says_what_is_left() {
    let stage = ruled(&json!([
        { "name": "wide", "by": "class", "limit": 9, "period": 60 },
        { "name": "narrow", "by": "key", "limit": 2, "period": 10 },
    ]));
    let token = good_token();
    let answer = verify(&stage, &token);
    assert_eq!(header(&answer, "ratelimit-policy"), Some(r#""wide";q=9;w=60, "narrow";q=2;w=10"#));
    assert_eq!(header(&answer, "ratelimit"), Some(r#""wide";r=8;t=60, "narrow";r=1;t=10"#));
    assert_eq!(header(&answer, "retry-after"), None);
    verify(&stage, &token);
    let answer = verify(&stage, &token);
    assert_eq!((answer.status, header(&answer, "ratelimit")), (429, Some(r#""narrow";r=0;t=10"#)));
}

#[test]
fn a_record_chooses_among_named_limits_and_an_unknown_name_gets_the_rules_own() {
    let stage = ruled(&json!([{
        "name": "keys", "by": "key", "limit": 2, "period": 60,
        "keyClasses": { "bulk": { "limit": 4 }, "trial": { "limit": 1 } },
    }]));
    for (class, most) in [(Some("bulk"), 4), (Some("trial"), 1), (Some("Bulk"), 2), (Some("gone"), 2), (None, 2)] {
        let key = stage.key_with(|issued| issued.record.rate_limit_class = class.map(str::to_owned));
        assert_eq!(of_five(&stage, &get(ITEM, key.key.reveal())), most, "{class:?}");
    }
    assert_eq!(of_five(&stage, &get(ITEM, &good_token())), 2);
    // A claim of the same name says nothing.
    let token = token_of("rateLimitClass", json!("bulk"));
    assert_eq!(of_five(&stage, &get(ITEM, &Signer::EDDSA.token(&with(&claims(), "client_id", json!("c"))))), 2);
    assert_eq!(of_five(&stage, &get(ITEM, &token)), 0);
}

fn bound(more: &Value) -> Stage {
    let mut rule = json!({ "name": "keys", "by": "key", "limit": 5, "period": 60, "binding": "EDGEWARD_LIMIT_KEYS" });
    rule.as_object_mut().expect("a rule").extend(more.as_object().expect("an object").clone());
    ruled(&json!([rule]))
}

#[test]
fn a_limiter_of_the_host_decides_and_learns_no_credential() {
    let stage = bound(&json!({ "keyClasses": { "bulk": { "limit": 50, "binding": "EDGEWARD_LIMIT_BULK" } } }));
    let (token, key) = (good_token(), stage.key());
    let bulk = stage.key_with(|issued| issued.record.rate_limit_class = Some("bulk".to_owned()));
    stage.host.limits.borrow_mut().extend([Ok(true), Ok(false), Ok(true), Ok(true), Ok(true)]);
    assert!(is_let_through(&stage, &get(ITEM, &token)));
    let answer = stage.answer(&get(ITEM, &token));
    assert_eq!(problem(&answer)["code"], "rate_limited");
    // Nobody says when the limiter's window ends: by then it has.
    assert_eq!(header(&answer, "retry-after"), Some("60"));
    assert_eq!(header(&answer, "ratelimit"), Some(r#""keys";r=0;t=60"#));
    assert!(is_let_through(&stage, &get(ITEM, key.key.reveal())));
    assert!(is_let_through(&stage, &get(ITEM, bulk.key.reveal())));
    let answer = verify(&stage, &token);
    assert_eq!(header(&answer, "ratelimit-policy"), Some(r#""keys";q=5;w=60"#));
    assert_eq!(header(&answer, "ratelimit"), None);

    let asked = stage.host.limited.borrow();
    let names: Vec<&str> = asked.iter().map(|(name, _)| name.as_str()).collect();
    let [keys, classed] = ["EDGEWARD_LIMIT_KEYS", "EDGEWARD_LIMIT_BULK"];
    assert_eq!(names, [keys, keys, keys, classed, keys]);
    for (_, key) in asked.iter() {
        assert!(key.len() == 32 && key.bytes().all(|byte| byte.is_ascii_hexdigit()), "{key}");
    }
    let of = |place: usize| asked.get(place).map(|(_, key)| key).expect("it was asked");
    assert!(of(0) == of(1) && of(0) == of(4) && of(0) != of(2) && of(2) != of(3));
}

#[test]
fn rules_that_share_a_limiter_do_not_share_what_it_counts() {
    let rule = |name: &str, route: &str| json!({ "name": name, "by": "key", "routes": [route], "limit": 5, "period": 60, "binding": "EDGEWARD_LIMIT_KEYS" });
    let stage = ruled(&json!([rule("a", "/v1/tokens"), rule("b", "/v1/items/:id")]));
    stage.host.limits.borrow_mut().extend([Ok(true), Ok(true)]);
    assert!(is_let_through(&stage, &get("/v1/tokens", &good_token())));
    assert!(is_let_through(&stage, &get(ITEM, &good_token())));
    let asked = stage.host.limited.borrow();
    assert!(asked[0].0 == asked[1].0 && asked[0].1 != asked[1].1);
}

#[test]
fn a_limiter_that_does_not_answer_refuses_unless_the_rule_says_otherwise() {
    let stage = bound(&json!({}));
    stage.host.limits.borrow_mut().push_back(Err(HostError("no answer within 500 ms".to_owned())));
    let answer = stage.answer(&get(ITEM, &good_token()));
    assert_eq!((answer.status, &problem(&answer)["code"]), (503, &json!("limiter_unavailable")));
    assert_eq!((header(&answer, "retry-after"), header(&answer, "ratelimit")), (None, None));
    let event = stage.last_event();
    assert_eq!(event["status"], "Undecided");
    let words = "the limiter `EDGEWARD_LIMIT_KEYS`: no answer within 500 ms";
    assert_eq!(
        (&event["unmapped"]["limit"]["rule"], &event["unmapped"]["limit"]["failure"]),
        (&json!("keys"), &json!(words))
    );
    assert!(!answer.body.contains("EDGEWARD_LIMIT_KEYS"), "that is for the operator: {}", answer.body);

    let stage = bound(&json!({ "whenUnavailable": "allow" }));
    stage.host.limits.borrow_mut().extend([Err(HostError("down".to_owned())), Ok(false)]);
    assert!(is_let_through(&stage, &get(ITEM, &good_token())));
    let limit = &stage.last_event()["unmapped"]["limit"];
    assert_eq!(
        (&limit["failure"], &limit["retry_after"]),
        (&json!("the limiter `EDGEWARD_LIMIT_KEYS`: down"), &Value::Null)
    );
    assert!(!is_let_through(&stage, &get(ITEM, &good_token())));
}

#[test]
fn what_ends_or_is_denied_while_the_limiter_is_asked_is_refused() {
    let seconds = |stage: &Stage| stage.host.now.get() / 1000;
    // The limiter takes two seconds, and the token ends within one.
    let stage = bound(&json!({}));
    stage.host.limits.borrow_mut().push_back(Ok(true));
    let token = token_of("exp", json!(seconds(&stage) + 1));
    stage.host.delay.set(2_000);
    assert_eq!(problem(&stage.answer(&get(ITEM, &token)))["code"], "token_expired");

    let stage = bound(&json!({}));
    stage.host.limits.borrow_mut().push_back(Ok(true));
    let key = stage.key_with(|issued| issued.record.expires = Some(seconds(&stage) + 3));
    stage.host.delay.set(2_000);
    assert_eq!(problem(&stage.answer(&get(ITEM, key.key.reveal())))["code"], "key_expired");
}

#[test]
fn administrators_and_health_are_under_no_rule() {
    let stage = ruled(&json!([{ "name": "one", "by": "class", "limit": 1, "period": 60 }]));
    for _ in 0..3 {
        let outcome = block_on(stage.gate.handle(&stage.host, &get("/_edgeward/health", &good_token())));
        assert!(matches!(outcome, Outcome::Respond { answer, .. } if answer.status == 200));
    }
    assert_eq!(of_five(&stage, &get(ITEM, &good_token())), 1);
}

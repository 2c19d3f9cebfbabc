//! The budget for refused credentials: nothing is looked at for an address that has spent it.

use std::cell::RefCell;

use edgeward::{
    gate::{GateRequest, Outcome},
    host::HostError,
    verdict::Reason,
};
use serde_json::json;

use super::{limited, pass};
use crate::{
    stage::{HEADER, Stage, form, get, good_token, header, problem, request},
    support::{Native, Signer, claims, with},
};

const ITEM: &str = "/v1/items/7";

fn budgeted(limit: u32) -> Stage {
    limited(&json!({ "refused": { "limit": limit, "period": 60 } }))
}

fn from(address: &str, request: GateRequest) -> GateRequest {
    GateRequest { address: Some(address.to_owned()), ..request }
}

/// A well-formed key that nobody issued: it costs a read of the store.
fn guess(stage: &Stage) -> GateRequest {
    let never_stored = edgeward::api_key::issue(
        &form(),
        &stage.host,
        edgeward::api_key::IssueRequest {
            organization: "o".to_owned(),
            owner: "a".to_owned(),
            revoker: "b".to_owned(),
            name: "n".to_owned(),
            ..edgeward::api_key::IssueRequest::default()
        },
    );
    get(ITEM, never_stored.expect("a key").key.reveal())
}

fn code(stage: &Stage, request: &GateRequest) -> String {
    match stage.send(request) {
        Outcome::Forward { .. } => "allowed".to_owned(),
        Outcome::Respond { answer, .. } if answer.status == 200 => "allowed".to_owned(),
        Outcome::Respond { answer, .. } => problem(&answer)["code"].as_str().expect("a code").to_owned(),
    }
}

#[test]
fn once_it_is_spent_nothing_is_read_and_no_signature_is_checked() {
    let stage = budgeted(3);
    stage.host.native.set(Native::Right);
    let key = stage.key();
    for _ in 0..3 {
        assert_eq!(code(&stage, &guess(&stage)), "key_invalid");
    }
    let (reads, checks) = (stage.host.reads.get(), stage.host.native_checks.get());
    assert_eq!(reads, 3);
    pass(&stage, 20_500);
    for request in [
        guess(&stage),
        get(ITEM, key.key.reveal()),
        get(ITEM, &good_token()),
        get("/nowhere", &good_token()),
        get(&format!("/v1/reports?x={}", key.key.reveal()), "opaque"),
        request("GET", &format!("http://api.example{ITEM}"), &[(HEADER, &format!("Bearer {}", key.key.reveal()))]),
        get("/_edgeward/verify", &good_token()),
        request("POST", "/_edgeward/revoke", &[(HEADER, &format!("Bearer {}", key.key.reveal()))]),
        get("/_edgeward/admin/keys", &good_token()),
        request("POST", "/_edgeward/leaks", &[]),
    ] {
        let answer = stage.answer(&request);
        assert_eq!(
            (answer.status, &problem(&answer)["code"]),
            (429, &json!("refused_budget_exhausted")),
            "{request:?}"
        );
        assert_eq!(header(&answer, "retry-after"), Some("40"));
        // How large it is is nobody's business.
        assert_eq!((header(&answer, "ratelimit"), header(&answer, "ratelimit-policy")), (None, None));
    }
    assert_eq!((stage.host.reads.get(), stage.host.native_checks.get()), (reads, checks));
    let limit = json!({ "rule": "refused", "limit": 3, "period": 60, "retry_after": 40, "failure": null });
    assert_eq!(stage.last_event()["unmapped"]["limit"], limit);
    assert_eq!(stage.answer(&get("/_edgeward/health", "opaque")).status, 200);

    // Others are not concerned, and the next window begins anew.
    assert_eq!(code(&stage, &from("192.0.2.8", get(ITEM, key.key.reveal()))), "allowed");
    pass(&stage, 39_500);
    assert_eq!(code(&stage, &get(ITEM, key.key.reveal())), "allowed");
}

#[test]
fn the_library_mode_is_under_it_too() {
    let stage = budgeted(2);
    for expected in [Reason::KeyUnknown, Reason::KeyUnknown, Reason::RefusedBudgetExhausted] {
        assert_eq!(stage.check(&guess(&stage)).verdict.expect_err("refused").reason, expected);
    }
    assert_eq!(stage.host.reads.get(), 2);
}

#[test]
fn every_endpoint_spends_it() {
    for spend in [
        get("/_edgeward/verify", "opaque"),
        get("/_edgeward/admin/keys", "opaque"),
        request("POST", "/_edgeward/revoke", &[(HEADER, "Bearer acme_live_0")]),
        request("POST", "/_edgeward/leaks", &[]),
    ] {
        let mut policy = crate::stage::policy();
        policy["limits"] = json!({ "refused": { "limit": 1, "period": 60 } });
        policy["leaks"] = json!({});
        policy["admin"] = json!({ "issuer": crate::support::ISSUER });
        let stage = Stage::of(&policy);
        assert_eq!(stage.answer(&spend).status, 401, "{spend:?}");
        assert_eq!(code(&stage, &get(ITEM, &good_token())), "refused_budget_exhausted", "{spend:?}");
    }
}

#[test]
fn what_is_good_or_cannot_be_told_spends_nothing() {
    let stage = budgeted(1);
    let key = stage.key();
    let exposed = format!("http://api.example{ITEM}");
    let bearer = |credential: &str| format!("Bearer {credential}");
    for (request, expected) in [
        (get(ITEM, &good_token()), "allowed"),
        (get(ITEM, key.key.reveal()), "allowed"),
        (get("/v1/admin", &good_token()), "scope_insufficient"),
        (get("/v1/tokens", key.key.reveal()), "class_not_accepted"),
        (get("/nowhere", &good_token()), "route_unknown"),
        (request("GET", ITEM, &[]), "credential_missing"),
        (request("GET", ITEM, &[(HEADER, "Bearer ")]), "credential_malformed"),
        (request("GET", ITEM, &[(HEADER, "Bearer a"), ("x-api-key", "b")]), "credential_ambiguous"),
        (request("GET", &exposed, &[(HEADER, &bearer(&good_token()))]), "credential_exposed"),
        (request("GET", &exposed, &[(HEADER, &bearer(key.key.reveal()))]), "credential_exposed"),
        (get(&format!("{ITEM}?k={}", key.key.reveal()), "opaque"), "credential_in_query"),
        (get("/_edgeward/nothing", "opaque"), "endpoint_unknown"),
    ] {
        assert_eq!(code(&stage, &request), expected, "{request:?}");
    }
    *stage.host.outage.borrow_mut() = Some("down".to_owned());
    assert_eq!(code(&stage, &guess(&stage)), "store_unavailable");
    *stage.host.outage.borrow_mut() = None;
    assert_eq!(code(&stage, &get(ITEM, &good_token())), "allowed");
}

#[test]
fn each_refused_credential_spends_one() {
    let bearer = |request: &GateRequest| request.headers[0].1.clone();
    let expired = Signer::EDDSA.token(&with(&claims(), "exp", json!(1)));
    let stage = budgeted(1);
    let open = request("GET", &format!("http://api.example{ITEM}"), &[(HEADER, &bearer(&guess(&stage)))]);
    let query = get(&format!("{ITEM}?k={}", bearer(&guess(&stage)).trim_start_matches("Bearer ")), "opaque");
    for (request, expected) in [
        (get(ITEM, "opaque"), "credential_unrecognized"),
        (get(ITEM, &expired), "token_expired"),
        (get(ITEM, &Signer::STRANGER.token(&claims())), "signature_invalid"),
        (get(ITEM, "acme_live_0"), "key_invalid"),
        (open, "credential_exposed"),
        (query, "credential_in_query"),
    ] {
        let stage = budgeted(1);
        assert_eq!(code(&stage, &request), expected);
        assert_eq!(code(&stage, &get(ITEM, &good_token())), "refused_budget_exhausted", "{expected}");
    }
}

#[test]
fn where_nobody_vouches_for_an_address_nobody_is_shut_out() {
    let stage = budgeted(1);
    let nowhere = |request: GateRequest| GateRequest { address: None, ..request };
    for _ in 0..3 {
        assert_eq!(code(&stage, &nowhere(guess(&stage))), "key_invalid");
    }
    assert_eq!(code(&stage, &nowhere(get(ITEM, &good_token()))), "allowed");
}

#[test]
fn another_address_of_the_same_network_is_no_way_out() {
    let stage = budgeted(2);
    for (address, expected) in [
        ("2001:db8::1", "key_invalid"),
        ("2001:db8::2", "key_invalid"),
        ("2001:db8::3", "refused_budget_exhausted"),
        ("2001:db8:0:1::3", "key_invalid"),
    ] {
        assert_eq!(code(&stage, &from(address, guess(&stage))), expected, "{address}");
    }
}

#[test]
fn a_flood_of_other_addresses_is_no_way_out() {
    let stage = budgeted(2);
    let spent = from("198.51.100.7", get(ITEM, "opaque"));
    let late = from("198.51.100.8", get(ITEM, "opaque"));
    code(&stage, &spent);
    code(&stage, &spent);
    assert_eq!(code(&stage, &spent), "refused_budget_exhausted");
    for number in 0..edgeward::limits::MOST_COUNTED_KEYS {
        let [high, low, ..] = number.to_le_bytes();
        let flood = from(&format!("10.0.{high}.{low}"), get(ITEM, "opaque"));
        assert!(pollster::block_on(stage.gate.check(&stage.host, &flood)).verdict.is_err());
    }
    assert_eq!(code(&stage, &spent), "refused_budget_exhausted");
    // Whoever comes after the room is full is counted all the same.
    code(&stage, &late);
    code(&stage, &late);
    assert_eq!(code(&stage, &late), "refused_budget_exhausted");
    // And everybody who did nothing yet is let in.
    assert_eq!(code(&stage, &from("198.51.100.9", get(ITEM, &good_token()))), "allowed");
}

#[test]
fn a_limiter_of_the_host_counts_beside_it() {
    let stage = limited(&json!({ "refused": { "limit": 5, "period": 60, "binding": "EDGEWARD_LIMIT_REFUSED" } }));
    let asked = |stage: &Stage| stage.host.limited.borrow().len();
    stage.host.limits.borrow_mut().extend([Ok(true), Ok(false)]);
    assert_eq!(code(&stage, &get(ITEM, &good_token())), "allowed");
    assert_eq!(asked(&stage), 0, "a good credential asks nobody");
    assert_eq!(code(&stage, &guess(&stage)), "key_invalid");
    assert_eq!(code(&stage, &guess(&stage)), "key_invalid");
    assert_eq!(asked(&stage), 2);
    // Others have spent the rest.
    assert_eq!(code(&stage, &guess(&stage)), "refused_budget_exhausted");
    assert_eq!(asked(&stage), 2, "nor does one that is not looked at");
    let limited = stage.host.limited.borrow();
    assert!(limited.iter().all(|(name, key)| name == "EDGEWARD_LIMIT_REFUSED" && *key == limited[0].1));
    assert!(!limited[0].1.contains("192"));
}

#[test]
fn where_the_limiter_does_not_answer_the_gates_own_count_stands() {
    let stage = limited(&json!({ "refused": { "limit": 2, "period": 60, "binding": "EDGEWARD_LIMIT_REFUSED" } }));
    let notes = RefCell::new(Vec::new());
    for expected in ["key_invalid", "key_invalid", "refused_budget_exhausted"] {
        stage.host.limits.borrow_mut().push_back(Err(HostError("down".to_owned())));
        assert_eq!(code(&stage, &guess(&stage)), expected);
        notes.borrow_mut().push(stage.last_event()["status_detail"].clone());
    }
    // The next refusal tells the operator.
    let words = "a refusal before was not told the limiter `EDGEWARD_LIMIT_REFUSED`: down";
    assert!(notes.borrow()[1].as_str().is_some_and(|note| note.ends_with(words)), "{notes:?}");
    assert!(notes.borrow()[0].as_str().is_none_or(|note| !note.contains("limiter")));
}

//! What administrators look at beside single keys, and what reaches the signed deny list.

use edgeward::{
    gate::{Answer, Gate, GateRequest, Outcome, Resources},
    policy::read_policy,
    revocation::{DENY_SNAPSHOT_KEY, DenySigner},
};
use pollster::block_on;
use serde_json::{Value, json};

use crate::{
    stage::{HEADER, Stage, get, header, policy, problem, request},
    support::{ISSUER, NOW, Signer, claims, key, public},
};

/// The usual policy with administrators, and these members.
fn with(members: &Value) -> Value {
    let mut policy = policy();
    let whole = policy.as_object_mut().expect("an object");
    whole.insert("admin".to_owned(), json!({ "issuer": ISSUER }));
    whole.extend(members.as_object().cloned().expect("an object"));
    policy
}

fn strict() -> Value {
    with(&json!({ "denySnapshot": { "maxAge": 60, "jwks": { "keys": [public("ed25519", "deny")] } } }))
}

/// A gate with this policy that signs deny lists, or not.
fn stage(policy: &Value, signs: bool) -> Stage {
    let mut jwk = key("ed25519");
    jwk["kid"] = "deny".into();
    let deny_signer = signs.then(|| DenySigner::from_jwk(&jwk.to_string()).expect("a key"));
    let resources = Resources { deny_signer, ..Resources::default() };
    let gate = Gate::new(read_policy(&policy.to_string()).expect("a policy"), resources).expect("a gate");
    let stage = Stage { gate, ..Stage::new() };
    // Where lists are signed, the clock has had the first one signed.
    if signs {
        block_on(stage.gate.refresh_on_schedule(&stage.host));
    }
    stage
}

fn token(scope: &str) -> String {
    let mut claims = claims();
    claims["scope"] = scope.into();
    Signer::EDDSA.token(&claims)
}

fn asked(stage: &Stage, method: &str, path: &str, scope: &str, body: &str) -> Answer {
    stage.host.body.set(Some(body.as_bytes().to_vec()));
    let authorization = format!("Bearer {}", token(scope));
    stage.answer(&request(method, &format!("/_edgeward/admin/{path}"), &[(HEADER, &authorization)]))
}

fn look(stage: &Stage, path: &str) -> Answer {
    asked(stage, "GET", path, "edgeward:read", "")
}

fn change(stage: &Stage, path: &str, body: &Value) -> Answer {
    asked(stage, "POST", path, "edgeward:write", &body.to_string())
}

fn json(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).expect("JSON")
}

fn last(stage: &Stage) -> (String, String, String) {
    let event = stage.last_event();
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    (text("/class_name"), text("/activity_name"), text("/entity/type"))
}

#[test]
fn the_inventory_is_paged_as_json_and_as_csv() {
    let stage = stage(&with(&json!({})), false);
    let mut ids: Vec<String> = (0..5).map(|_| stage.key().id).collect();
    ids.sort();
    let first = json(&look(&stage, "inventory?limit=3"));
    let cursor = first["cursor"].as_str().expect("a cursor");
    let second = json(&look(&stage, &format!("inventory?limit=3&cursor={cursor}")));
    let lines = first["lines"].as_array().into_iter().chain(second["lines"].as_array()).flatten();
    assert_eq!(lines.map(|line| line["id"].as_str().expect("an id").to_owned()).collect::<Vec<_>>(), ids);
    assert_eq!(second["cursor"], Value::Null);
    assert_eq!(last(&stage), ("Entity Management".into(), "Read".into(), "Inventory".into()));

    let csv = look(&stage, "inventory?format=csv&limit=3");
    assert_eq!(header(&csv, "content-type"), Some("text/csv; charset=utf-8"));
    let cursor = header(&csv, "edgeward-cursor").expect("a cursor");
    let rest = look(&stage, &format!("inventory?format=csv&cursor={cursor}"));
    assert_eq!((csv.body.lines().count(), rest.body.lines().count()), (4, 2));
    assert_eq!(header(&rest, "edgeward-cursor"), None);
    assert!(!csv.body.contains("sha-256") && csv.body.contains(&ids[0]), "{}", csv.body);
    assert_eq!(look(&stage, "inventory?format=html").status, 400);
}

#[test]
fn the_review_names_what_is_wrong_and_how_to_mend_it() {
    let stage = stage(&with(&json!({ "review": { "departed": ["ada"] } })), false);
    let id = stage.key().id;
    let page = json(&look(&stage, "review"));
    let findings = page["findings"].as_array().expect("findings");
    let departed = findings.iter().find(|finding| finding["rule"] == "owner_departed").expect("a finding");
    assert!(departed["command"].as_str().expect("a command").contains(&id), "{departed}");
    let routes = |page: &Value| {
        let rules = page["findings"].as_array().expect("findings").iter();
        rules.filter(|finding| finding["rule"].as_str().expect("a rule").starts_with("weak_route")).count()
    };
    assert!(routes(&page) > 0);
    assert_eq!(page["summary"]["findings"], findings.len());

    // What is wrong with the policy stands on the first page alone.
    stage.key();
    let cursor = json(&look(&stage, "review?limit=1"))["cursor"].as_str().expect("a cursor").to_owned();
    assert_eq!(routes(&json(&look(&stage, &format!("review?limit=1&cursor={cursor}")))), 0);

    let html = look(&stage, "review?format=html");
    assert_eq!(header(&html, "content-type"), Some("text/html; charset=utf-8"));
    assert!(header(&html, "content-security-policy").expect("a policy").contains("default-src 'none'"));
    assert!(html.body.starts_with("<!doctype html>") && html.body.trim_end().ends_with("</html>"), "{}", html.body);
    let csv = look(&stage, "review?format=csv");
    assert!(csv.body.lines().next().expect("a head").contains("severity"), "{}", csv.body);
}

#[test]
fn a_page_that_cannot_be_whole_is_none() {
    let stage = stage(&with(&json!({})), false);
    stage.key();
    // The first administrator is on record before the store breaks.
    look(&stage, "inventory");
    *stage.host.outage.borrow_mut() = Some("the disk is on fire".to_owned());
    for path in ["inventory", "review", "review?format=html", "keys"] {
        let answer = look(&stage, path);
        assert_eq!((answer.status, answer.body.contains("fire")), (503, false), "{path}");
    }
    *stage.host.outage.borrow_mut() = None;
    for query in ["limit=0", "limit=101", "limit=x", "format=xml", "page=2", "limit=1&limit=2"] {
        assert_eq!(look(&stage, &format!("review?{query}")).status, 400, "{query}");
    }
}

#[test]
fn what_is_denied_by_an_administrator_is_denied_to_both_classes() {
    let stage = stage(&strict(), true);
    let key = stage.key();
    assert_eq!(change(&stage, "deny", &json!({ "entries": [] })).status, 200);
    stage.forward(&get("/v1/reports", key.key.reveal()));
    let denied = change(&stage, "deny", &json!({ "entries": [{ "organization": "org-9" }] }));
    assert_eq!((denied.status, &json(&denied)["entries"]), (200, &json!(1)));
    assert_eq!(last(&stage), ("Entity Management".into(), "Update".into(), "Deny list".into()));
    assert_eq!(stage.code(&get("/v1/reports", key.key.reveal())), "key_invalid");
    assert_eq!(stage.last_event()["status_code"], "key_revoked");
    let status = json(&look(&stage, "deny"));
    assert_eq!((&status["entries"], &status["maxAge"]), (&json!(1), &json!(60)));
    // Of two lists of one second, what either denies is denied.
    stage.host.now.set(stage.host.now.get() + 1000);
    change(&stage, "deny/withdraw", &json!({ "entries": [{ "organization": "org-9" }] }));
    stage.forward(&get("/v1/reports", key.key.reveal()));

    for body in [json!({}), json!({ "entries": [{}] }), json!({ "entries": [{ "jti": "t" }] }), json!({ "entry": [] })]
    {
        assert_eq!(change(&stage, "deny", &body).status, 400, "{body}");
    }
    // Looking does not take it away.
    assert_eq!(asked(&stage, "POST", "deny", "edgeward:read", "{\"entries\":[]}").status, 403);
}

#[test]
fn without_strict_mode_there_is_no_signed_list_to_change() {
    let stage = stage(&with(&json!({})), false);
    assert_eq!(look(&stage, "deny").status, 404);
    assert_eq!(change(&stage, "deny", &json!({ "entries": [] })).status, 404);
}

/// The entries of the list in the store that name this key.
fn named(stage: &Stage, id: &str) -> usize {
    let list = stage.host.store.borrow().get(DENY_SNAPSHOT_KEY).cloned().unwrap_or_default();
    let text = String::from_utf8(list).expect("text");
    let payload = text.split('.').nth(1).unwrap_or_default();
    let payload = data_encoding::BASE64URL_NOPAD.decode(payload.as_bytes()).expect("base64url");
    String::from_utf8(payload).expect("text").matches(id).count()
}

#[test]
fn a_key_that_is_revoked_is_put_on_the_signed_list() {
    let stage = stage(&strict(), true);
    let (by_admin, by_holder) = (stage.key(), stage.key());
    let revoked = change(&stage, &format!("keys/{}/revoke", by_admin.id), &json!({ "reason": "unused" }));
    assert_eq!((revoked.status, named(&stage, &by_admin.id)), (200, 1));

    let authorization = format!("Bearer {}", by_holder.key.reveal());
    stage.answer(&request("POST", "/_edgeward/revoke", &[(HEADER, &authorization)]));
    assert_eq!(named(&stage, &by_holder.id), 1);
}

#[test]
fn where_the_list_cannot_be_written_the_end_is_told_as_unfinished_and_can_be_asked_for_again() {
    let stage = stage(&strict(), true);
    let key = stage.key();
    look(&stage, "deny");
    let list = stage.host.store.borrow().get(DENY_SNAPSHOT_KEY).cloned().expect("a list");
    // What stands there is nobody's list that is trusted here.
    stage.host.store.borrow_mut().insert(DENY_SNAPSHOT_KEY.to_owned(), b"garbage".to_vec());
    let path = format!("keys/{}/revoke", key.id);
    let refused = change(&stage, &path, &json!({ "reason": "unused" }));
    assert_eq!(refused.status, 503);
    assert!(json(&refused)["detail"].as_str().expect("words").contains("ask again"), "{}", refused.body);
    assert_eq!(stage.last_event()["status"], "Undecided");

    // The same where the holder ends it: it is on record that it was ended.
    let held = stage.key();
    let authorization = format!("Bearer {}", held.key.reveal());
    let ending = request("POST", "/_edgeward/revoke", &[(HEADER, &authorization)]);
    stage.host.body.set(None);
    assert_eq!(stage.answer(&ending).status, 503);
    let event = stage.last_event();
    assert_eq!((&event["class_uid"], &event["entity"]["uid"]), (&json!(3004), &json!(held.id)));
    assert_eq!((&event["status"], &event["unmapped"]["owner"]), (&json!("Undecided"), &json!("ada")));

    stage.host.store.borrow_mut().insert(DENY_SNAPSHOT_KEY.to_owned(), list);
    // What the holder hears of a key that is revoked already is what everybody hears; the list has it now.
    assert_eq!(problem(&stage.answer(&ending))["code"], "key_invalid");
    assert_eq!(named(&stage, &held.id), 1);
    assert_eq!(change(&stage, &path, &json!({ "reason": "unused" })).status, 200);
    assert_eq!(named(&stage, &key.id), 1);
}

#[test]
fn a_deployment_that_signs_no_list_says_so_where_it_revokes() {
    let signing = stage(&strict(), true);
    let key = signing.key();
    let other = Stage { host: signing.host, ..stage(&strict(), false) };
    let revoked = change(&other, &format!("keys/{}/revoke", key.id), &json!({ "reason": "unused" }));
    assert_eq!(revoked.status, 200);
    let comment = other.last_event()["comment"].as_str().expect("a comment").to_owned();
    assert!(comment.contains("the signed deny list does not name it"), "{comment}");
    assert_eq!(change(&other, "deny", &json!({ "entries": [] })).status, 409);
}

#[test]
fn what_is_no_key_costs_no_read_of_the_store_in_strict_mode_either() {
    let stage = stage(&strict(), false);
    let key = stage.key();
    let mut mistyped = key.key.reveal().to_owned();
    let last = if mistyped.ends_with('0') { "1" } else { "0" };
    mistyped.replace_range(mistyped.len() - 1.., last);
    for text in [mistyped.as_str(), "acme_live_x", "acme_test_4fJ9aZ0kQ2mX7bTe_x"] {
        assert_eq!(stage.code(&get("/v1/reports", text)), "key_invalid", "{text}");
    }
    assert_eq!(stage.host.reads.get(), 0);
    assert_eq!(stage.code(&get("/v1/reports", key.key.reveal())), "deny_snapshot_unavailable");
}

#[test]
fn health_states_the_bound_and_how_it_comes_about() {
    let health = |policy: &Value, signs: bool| {
        let stage = stage(policy, signs);
        let outcome = block_on(stage.gate.handle(&stage.host, &request("GET", "/_edgeward/health", &[])));
        let Outcome::Respond { answer, .. } = outcome else { panic!("an answer") };
        json(&answer)
    };
    let plain = health(&with(&json!({})), false);
    let bound = &plain["apiKeys"]["revocationBound"];
    assert_eq!((&bound["seconds"], &bound["terms"]["isolate"]), (&json!(105), &json!(15)));
    assert_eq!(bound["formula"], "isolate + storeCache + storePropagation");
    let keys = json!({ "prefix": "acme", "environment": "live", "cacheSeconds": 5, "maxStaleSeconds": 20,
        "store": { "cacheSeconds": 0, "propagationSeconds": 1 } });
    assert_eq!(health(&with(&json!({ "apiKeys": keys })), false)["apiKeys"]["revocationBound"]["seconds"], 26);
    let strict = health(&strict(), true);
    assert_eq!(strict["apiKeys"]["revocationBound"]["seconds"], 60);
    assert_eq!(strict["apiKeys"]["revocationBound"]["formula"], "denySnapshot.maxAge");
    assert_eq!(strict["denySnapshot"], json!({ "phase": "fresh", "issuedAt": NOW, "maxAge": 60 }));
}

#[test]
fn what_an_administrator_asks_for_is_no_route_of_the_api() {
    let stage = stage(&with(&json!({})), false);
    let sent: GateRequest =
        request("GET", "/_edgeward/admin/review/", &[(HEADER, &format!("Bearer {}", token("edgeward:read")))]);
    assert_eq!(stage.answer(&sent).status, 404);
}

//! The records of clients through the admin endpoints, and when their tokens came.

use pollster::block_on;
use serde_json::{Value, json};

use super::{KEYS, admin_policy, ask, bootstrapped, code, document, stage, token, writer};
use crate::{
    stage::{HEADER, Stage, request},
    support::{ISSUER, NOW, Signer, claims, with},
};

const CLIENTS: &str = "/_edgeward/admin/clients";

fn client() -> Value {
    json!({ "issuer": ISSUER, "clientId": "export", "name": "nightly export", "owner": "ada", "revoker": "sec" })
}

fn added(stage: &Stage) -> String {
    let answer = ask(stage, "POST", CLIENTS, Some(&writer()), &client().to_string());
    assert_eq!(answer.status, 201, "{}", answer.body);
    document(&answer)["id"].as_str().expect("an id").to_owned()
}

/// What the last event says: the activity, the kind of entity, its id, and who owns it.
fn last(stage: &Stage) -> [String; 4] {
    let event = stage.last_event();
    ["/activity_name", "/entity/type", "/entity/uid", "/unmapped/owner"]
        .map(|pointer| event.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned())
}

/// What was asked for behind requests.
fn work_behind(stage: &Stage) {
    for work in stage.host.later.take() {
        block_on(stage.gate.refresh(&stage.host, work));
    }
}

#[test]
fn every_step_is_done_and_on_record() {
    let stage = stage();
    let id = added(&stage);
    assert_eq!(last(&stage), ["Create", "M2M client", &id, "ada"]);
    let of = |step: &str| format!("{CLIENTS}/{id}{step}");
    for (method, path, body, status, activity) in [
        ("GET", CLIENTS.to_owned(), json!(null), 200, "Read"),
        ("GET", of(""), json!(null), 200, "Read"),
        ("POST", format!("{CLIENTS}/import"), client(), 200, "Create"),
        ("POST", format!("{CLIENTS}/import"), with(&client(), "clientId", json!("other")), 201, "Create"),
        ("PATCH", of(""), json!({ "name": "another" }), 200, "Update"),
        ("POST", of("/secrets"), json!({ "id": "s-1", "created": NOW - 60 }), 200, "Update"),
        ("POST", of("/secrets/revoke"), json!({ "secret": "s-1" }), 200, "Revoke"),
        ("POST", of("/remove"), json!({}), 200, "Revoke"),
    ] {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let (reader, writer) = (token("edgeward:read"), writer());
        let looks = method == "GET";
        let refused = ask(&stage, method, &path, Some(if looks { "no-token" } else { &reader }), &body);
        assert!(refused.status == 401 || refused.status == 403, "{method} {path}: {}", refused.body);
        let answer = ask(&stage, method, &path, Some(if looks { &reader } else { &writer }), &body);
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.body);
        let [done, kind, ..] = last(&stage);
        assert_eq!((done.as_str(), kind.as_str()), (activity, "M2M client"), "{method} {path}");
    }
    // Who did it is known by the token, and no body says it.
    let record = document(&ask(&stage, "GET", &of(""), Some(&writer()), ""))["record"].clone();
    assert_eq!(
        (&record["removal"]["by"], &record["secrets"][0]["revoked"]["by"]),
        (&json!("client-1"), &json!("client-1"))
    );
    let said = ask(&stage, "POST", &of("/remove"), Some(&writer()), r#"{"by":"eve"}"#);
    assert_eq!((said.status, code(&said).as_str()), (400, "body_invalid"));
}

#[test]
fn what_is_not_there_or_not_allowed_is_told_by_its_code() {
    let stage = stage();
    let id = added(&stage);
    for (method, path, body, status, expected) in [
        ("GET", format!("{CLIENTS}/y5McnWS8tSdA7qhJ"), "", 404, "client_not_found"),
        ("POST", CLIENTS.to_owned(), &client().to_string(), 409, "client_state_conflict"),
        ("POST", CLIENTS.to_owned(), r#"{"clientSecret":"0123456789abcdefghijklmnop"}"#, 400, "body_invalid"),
        ("DELETE", format!("{CLIENTS}/{id}"), "", 405, "method_not_allowed"),
        ("POST", format!("{CLIENTS}/{id}/secrets/s-1"), "", 404, "endpoint_unknown"),
    ] {
        let answer = ask(&stage, method, &path, Some(&writer()), body);
        assert_eq!((answer.status, code(&answer).as_str()), (status, expected), "{method} {path}");
        assert!(!answer.body.contains("0123456789abcdefghijklmnop"));
    }
    assert!(ask(&stage, "GET", KEYS, Some(&writer()), "").status == 200);
}

#[test]
fn the_inventory_and_the_review_cover_them() {
    let stage = stage();
    let id = added(&stage);
    let old = json!({ "id": "s-1", "created": NOW - 400 * 86_400 });
    ask(&stage, "POST", &format!("{CLIENTS}/{id}/secrets"), Some(&writer()), &old.to_string());
    stage.key();
    let page = document(&ask(&stage, "GET", "/_edgeward/admin/inventory", Some(&writer()), ""));
    let classes: Vec<_> = page["lines"].as_array().expect("lines").iter().map(|line| line["class"].clone()).collect();
    assert_eq!(classes, ["api_key", "client_secret"]);
    let page = document(&ask(&stage, "GET", "/_edgeward/admin/review", Some(&writer()), ""));
    let findings = page["findings"].as_array().expect("findings").iter();
    let rules: Vec<_> = findings
        .filter(|finding| finding["subject"]["class"] == "client_secret")
        .map(|finding| (finding["rule"].clone(), finding["subject"]["secret"].clone()))
        .collect();
    let of = |rule: &str| (json!(rule), json!("s-1"));
    assert_eq!(rules, [of("client_secret_past_max_age"), of("client_secret_no_expiry")]);
    assert_eq!((&page["summary"]["clients"], &page["summary"]["clientSecrets"]), (&json!(1), &json!(1)));
}

#[test]
fn the_token_of_a_client_that_is_let_through_is_noted_behind_the_request() {
    let mut policy = admin_policy();
    policy["review"] = json!({ "maxClientSecretAgeDays": 90 });
    let stage = bootstrapped(&policy);
    let id = added(&stage);
    let old = json!({ "id": "s-1", "created": NOW - 100 * 86_400 });
    ask(&stage, "POST", &format!("{CLIENTS}/{id}/secrets"), Some(&writer()), &old.to_string());
    let usage = || document(&ask(&stage, "GET", &format!("{CLIENTS}/{id}"), Some(&writer()), ""))["usage"].clone();
    let of = |client: &str| {
        let token = Signer::EDDSA.token(&with(&claims(), "client_id", client.into()));
        stage.check(&request("GET", "/v1/reports", &[(HEADER, &format!("Bearer {token}"))]))
    };
    assert!(of("stranger").verdict.is_ok());
    work_behind(&stage);
    assert_eq!(usage().get("lastToken"), None);
    assert!(of("export").verdict.is_ok());
    work_behind(&stage);
    assert_eq!(usage()["lastToken"], NOW);
    let page = document(&ask(&stage, "GET", "/_edgeward/admin/review", Some(&writer()), ""));
    let worst = page["findings"].as_array().expect("findings").iter().find(|one| one["subject"]["id"] == id.as_str());
    assert_eq!(worst.expect("a finding")["rule"], "client_secret_old_in_use");
}

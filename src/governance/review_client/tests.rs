//! Each rule about clients, found where it is meant to be and nowhere else.

use serde_json::{Value, json};

use super::*;
use crate::governance::{AskedAs, ClientSecretLine, testing::NOW};

const DAY: i64 = 86_400;
const ID: &str = "y5McnWS8tSdA7qhJ";

/// A client that no rule finds fault with, with these members in place of its own.
fn client(change: &Value, usage: &Value) -> ClientReading {
    let mut record = json!({
        "v": 1, "issuer": "https://login.example/", "clientId": "export", "name": "nightly export", "organization": "org_1",
        "owner": "ada", "revoker": "sec", "scopes": ["reports:read"], "noted": NOW - 10 * DAY,
        "secrets": [{ "id": "s-1", "noted": NOW - 10 * DAY, "created": NOW - 20 * DAY, "expires": NOW + 60 * DAY }],
    });
    for (name, value) in change.as_object().expect("an object") {
        record[name] = value.clone();
    }
    let usage = (!usage.is_null()).then(|| usage.to_string());
    ClientReading::of(ID, Some(record.to_string().as_bytes()), usage.as_ref().map(String::as_bytes))
}

fn rules() -> ReviewRules {
    ReviewRules { departed: ["bob".to_owned()].into(), ..ReviewRules::default() }
}

fn review(change: &Value, usage: &Value) -> Vec<Finding> {
    review_client(&client(change, usage), &rules(), NOW)
}

fn found(change: &Value) -> Vec<&'static str> {
    review(change, &Value::Null).into_iter().map(|finding| finding.rule).collect()
}

/// The same about secrets with these members each.
fn of_secrets(secrets: &[Value]) -> Vec<(&'static str, Option<String>)> {
    let whole: Vec<_> = secrets
        .iter()
        .enumerate()
        .map(|(number, change)| {
            let mut secret = json!({ "id": format!("s-{}", number + 1), "noted": NOW - DAY, "created": NOW - DAY, "expires": NOW + 60 * DAY });
            for (name, value) in change.as_object().expect("an object") {
                secret[name] = value.clone();
            }
            secret
        })
        .collect();
    let findings = review(&json!({ "secrets": whole }), &Value::Null);
    findings.into_iter().map(|finding| (finding.rule, finding.subject.secret)).collect()
}

#[test]
fn a_client_in_order_has_no_findings() {
    assert_eq!(found(&json!({})), Vec::<&str>::new());
    let used = json!({ "v": 1, "lastToken": NOW - 90 * DAY, "precision": 3600 });
    assert!(review(&json!({}), &used).is_empty());
}

#[test]
fn who_is_missing_or_has_left_is_found_and_somebody_is_asked() {
    assert_eq!(found(&json!({ "owner": null })), ["client_no_owner"]);
    assert_eq!(found(&json!({ "revoker": null })), ["client_no_owner"]);
    assert_eq!(found(&json!({ "owner": "bob" })), ["client_owner_departed"]);
    assert_eq!(found(&json!({ "owner": "sec" })), ["client_owner_is_revoker"]);
    let of = |change: &Value| {
        let finding = review(change, &Value::Null).remove(0);
        (finding.ask.part, finding.ask.who, finding.command)
    };
    let update = |options: &str| Some(format!("edgeward clients update {ID} {options}"));
    assert_eq!(of(&json!({ "owner": null })), (AskedAs::Revoker, Some("sec".to_owned()), update("--owner <owner>")));
    assert_eq!(
        of(&json!({ "owner": null, "revoker": null })),
        (AskedAs::Operator, None, update("--owner <owner> --revoker <revoker>"))
    );
    assert_eq!(
        of(&json!({ "revoker": "bob" })),
        (AskedAs::Owner, Some("ada".to_owned()), update("--revoker <revoker>"))
    );
}

#[test]
fn wide_scopes_are_found() {
    assert_eq!(found(&json!({ "scopes": ["reports:*", "a:read"] })), ["client_wildcard_scope"]);
    let finding = review(&json!({ "scopes": ["reports:*", "a:read"] }), &Value::Null).remove(0);
    assert_eq!(finding.command, Some(format!("edgeward clients update {ID} --scopes a:read")));
    assert_eq!(finding.evidence.facts["wildcards"], json!(["reports:*"]));
    assert_eq!(finding.evidence.facts["issuer"], "https://login.example/");
}

#[test]
fn the_age_of_a_secret_is_that_of_the_secret_and_not_of_a_token() {
    let over = NOW - 365 * DAY - 1;
    let first = Some("s-1".to_owned());
    assert_eq!(of_secrets(&[json!({ "created": NOW - 365 * DAY })]), []);
    assert_eq!(of_secrets(&[json!({ "created": over })]), [("client_secret_past_max_age", first.clone())]);
    // A secret that nobody knows the age of is at least as old as its note.
    assert_eq!(of_secrets(&[json!({ "created": null, "noted": over })]), [("client_secret_past_max_age", first)]);
    assert_eq!(of_secrets(&[json!({ "created": over, "revoked": { "at": NOW, "by": "ada" } })]), []);
    assert_eq!(of_secrets(&[json!({ "created": over, "expires": NOW })]), []);

    let old = json!({ "secrets": [{ "id": "s-1", "noted": over, "expires": NOW + 60 * DAY, "hint": "x9f" }] });
    let came = |days: i64| review(&old, &json!({ "v": 1, "lastToken": NOW - days * DAY, "precision": 0 }));
    let rules = |findings: Vec<Finding>| findings.into_iter().map(|finding| finding.rule).collect::<Vec<_>>();
    assert_eq!(rules(came(1)), ["client_secret_old_in_use"]);
    assert_eq!(rules(came(91)), ["client_secret_past_max_age", "client_unused"]);
    let finding = came(1).remove(0);
    assert_eq!((finding.severity, finding.nhi), (crate::governance::Severity::High, "NHI7:2025"));
    assert_eq!(finding.evidence.facts["hint"], "x9f");
    assert!(finding.evidence.words.contains("a token came on 2026-05-27"), "{}", finding.evidence.words);
}

#[test]
fn an_end_that_is_missing_or_near_is_found() {
    let first = Some("s-1".to_owned());
    assert_eq!(of_secrets(&[json!({ "expires": null })]), [("client_secret_no_expiry", first.clone())]);
    assert_eq!(of_secrets(&[json!({ "expires": NOW + 14 * DAY })]), [("client_secret_expires_soon", first)]);
    assert_eq!(of_secrets(&[json!({ "expires": NOW + 14 * DAY + 1 })]), []);
}

#[test]
fn an_old_secret_that_was_left_beside_a_new_one_is_found() {
    let old = json!({ "created": NOW - 100 * DAY });
    let first = Some("s-1".to_owned());
    assert_eq!(of_secrets(&[old.clone(), json!({ "created": NOW - 7 * DAY })]), []);
    assert_eq!(of_secrets(&[old.clone(), json!({ "created": NOW - 7 * DAY - 1 })]), [("client_secret_overlap", first)]);
    let ended = json!({ "created": NOW - 8 * DAY, "revoked": { "at": NOW, "by": "ada" } });
    assert_eq!(of_secrets(&[old, ended]), []);
}

#[test]
fn what_the_issuer_says_of_use_is_found_and_what_it_does_not_say_is_not() {
    let first = Some("s-1".to_owned());
    let aged = |last_used: Value| json!({ "created": NOW - 200 * DAY, "lastUsed": last_used });
    assert_eq!(of_secrets(&[json!({ "created": NOW - 200 * DAY })]), []);
    assert_eq!(of_secrets(&[aged(Value::Null)]), [("client_secret_never_used", first.clone())]);
    assert_eq!(of_secrets(&[json!({ "created": NOW - 30 * DAY, "lastUsed": null })]), []);
    assert_eq!(of_secrets(&[aged(json!(NOW - 90 * DAY))]), []);
    assert_eq!(of_secrets(&[aged(json!(NOW - 90 * DAY - 1))]), [("client_secret_unused", first)]);
}

#[test]
fn a_client_whose_tokens_came_no_more_is_found_unless_its_issuer_knows_better() {
    let late = json!({ "v": 1, "lastToken": NOW - 91 * DAY, "precision": 3600 });
    let finding = review(&json!({}), &late).remove(0);
    assert_eq!(
        (finding.rule, finding.command),
        ("client_unused", Some(format!("edgeward clients remove {ID} --by <you>")))
    );
    let secret = json!({ "id": "s-1", "noted": NOW - 10 * DAY, "expires": NOW + 60 * DAY, "lastUsed": NOW - DAY });
    assert!(review(&json!({ "secrets": [secret] }), &late).is_empty());
    // The last one may have come a whole day later than the note.
    assert!(review(&json!({}), &json!({ "v": 1, "lastToken": NOW - 91 * DAY, "precision": 86_400 })).is_empty());
    let broken = review(&json!({}), &json!({ "v": 2 }));
    assert_eq!(broken[0].rule, "client_usage_unreadable");
}

#[test]
fn what_cannot_be_read_or_was_removed_has_its_own_word() {
    assert_eq!(found(&json!({ "v": 2 })), ["client_record_unreadable"]);
    assert_eq!(found(&json!({ "owner": null, "removal": { "at": NOW, "by": "ada" } })), Vec::<&str>::new());
    assert_eq!(found(&json!({ "secrets": [] })), ["client_without_secret"]);
}

#[test]
fn a_line_says_what_is_on_record_of_one_secret() {
    let used = json!({ "v": 1, "lastToken": NOW - 60, "precision": 3600 });
    let secrets = json!([
        { "id": "s-1", "noted": NOW - 10 * DAY, "hint": "x9f", "lastUsed": null },
        { "id": "s-2", "noted": NOW, "created": NOW - 3 * DAY - 1, "expires": NOW },
    ]);
    let lines = ClientSecretLine::of(&client(&json!({ "secrets": secrets, "owner": null }), &used), NOW);
    assert_eq!(
        json!(lines[0]),
        json!({
            "class": "client_secret", "id": ID, "secret": "s-1", "state": "active", "lifecycle": "standing",
            "issuer": "https://login.example/", "clientId": "export", "organization": "org_1", "owner": null, "revoker": "sec",
            "name": "nightly export", "scopes": ["reports:read"], "hint": "x9f", "created": null, "ageDays": 10, "expires": null,
            "lastUsed": null, "lastToken": NOW - 60, "lastTokenPrecision": 3600, "usageUnreadable": false, "unreadable": null,
        })
    );
    assert_eq!(
        (lines[1].state.as_str(), lines[1].age_days, json!(lines[1]).get("lastUsed")),
        ("expired", Some(3), None)
    );
    assert!(ClientSecretLine::of(&client(&json!({ "removal": { "at": 1, "by": "a" } }), &used), NOW).is_empty());
    let unreadable = ClientSecretLine::of(&client(&json!({ "v": 2 }), &used), NOW);
    assert_eq!((unreadable.len(), unreadable[0].state.as_str()), (1, "unreadable"));
}

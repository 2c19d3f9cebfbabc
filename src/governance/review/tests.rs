use super::*;
use crate::governance::{
    Severity,
    testing::{DIGEST, ID, NOW, key, key_used, record_json},
    words::DAY,
};

/// The latest time that strict JSON can say.
const MOST: i64 = 9_007_199_254_740_991;

/// Notes of a use an hour ago that needed the one scope of the key.
fn in_use() -> Value {
    json!({ "v": 1, "lastUsed": NOW - 3_600, "precision": 60, "exercised": { "reports:read": NOW - 3_600 } })
}

/// A change of the record that no rule finds fault with.
fn careful(change: &Value) -> Value {
    let mut record = json!({ "expires": NOW + 60 * DAY });
    for (name, value) in change.as_object().expect("an object") {
        record[name] = value.clone();
    }
    record
}

fn with(members: &Value, name: &str, value: Value) -> Value {
    let mut changed = members.clone();
    changed[name] = value;
    changed
}

fn rules() -> ReviewRules {
    ReviewRules { environment: Some(Environment::Live), ..ReviewRules::default() }
}

fn review(key: &KeyReading) -> Vec<Finding> {
    review_key(key, &rules(), NOW)
}

fn codes(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.rule).collect()
}

/// What is found about a key in use, with this change of a careful record.
fn found(change: &Value) -> Vec<&'static str> {
    codes(&review(&key_used(&careful(change), &in_use())))
}

/// What is found about a careful key with these notes.
fn found_of_use(change: &Value, usage: &Value) -> Vec<&'static str> {
    codes(&review(&key_used(&careful(change), usage)))
}

/// The one finding about a key in use, with this change of a careful record.
fn the(rule: &str, change: &Value) -> Finding {
    one(rule, &key_used(&careful(change), &in_use()))
}

fn one(rule: &str, key: &KeyReading) -> Finding {
    let mut findings = review(key);
    assert_eq!(codes(&findings), [rule]);
    findings.remove(0)
}

fn command(finding: &Finding) -> &str {
    finding.command.as_deref().expect("a command")
}

#[test]
fn a_careful_key_has_no_findings() {
    assert_eq!(found(&json!({})), [""; 0]);
}

#[test]
fn no_owner_is_found_and_who_is_left_is_asked() {
    let finding = the("no_owner", &json!({ "owner": null }));
    assert_eq!(finding.evidence.words, "the record names no owner");
    assert_eq!((finding.ask.part, finding.ask.who.as_deref()), (AskedAs::Revoker, Some("sec")));
    assert_eq!(command(&finding), format!("edgeward keys update {ID} --owner <owner>"));

    let finding = the("no_owner", &json!({ "revoker": " " }));
    assert_eq!((finding.ask.part, finding.ask.who.as_deref()), (AskedAs::Owner, Some("ada")));
    assert_eq!(command(&finding), format!("edgeward keys update {ID} --revoker <revoker>"));

    let finding = the("no_owner", &json!({ "owner": null, "revoker": null }));
    assert_eq!(finding.evidence.facts.get("missing"), Some(&json!(["owner", "revoker"])));
    assert_eq!(command(&finding), format!("edgeward keys update {ID} --owner <owner> --revoker <revoker>"));
    assert_eq!((finding.ask.part, finding.ask.who), (AskedAs::Operator, None));
}

#[test]
fn an_owner_who_left_is_found_and_the_revoker_is_asked() {
    let departed = |names: &[&str]| {
        let rules = ReviewRules { departed: names.iter().map(|name| (*name).to_owned()).collect(), ..rules() };
        review_key(&key_used(&careful(&json!({})), &in_use()), &rules, NOW)
    };
    assert_eq!(codes(&departed(&["eve", "Ada"])), [""; 0]);
    let findings = departed(&["ada"]);
    assert_eq!(codes(&findings), ["owner_departed"]);
    assert_eq!(findings[0].evidence.words, "named as departed by the policy: ada (owner)");
    assert_eq!((findings[0].ask.part, findings[0].ask.who.as_deref()), (AskedAs::Revoker, Some("sec")));
    assert!(command(&findings[0]).ends_with("--owner <owner>"));
    let findings = departed(&["sec"]);
    assert_eq!((findings[0].ask.part, findings[0].ask.who.as_deref()), (AskedAs::Owner, Some("ada")));
    assert!(command(&findings[0]).ends_with("--revoker <revoker>"));
    assert_eq!(departed(&["ada", "sec"])[0].ask, Ask { part: AskedAs::Operator, who: None });
}

#[test]
fn a_key_without_an_end_is_found() {
    let finding = the("no_expiry", &json!({ "expires": null }));
    assert_eq!(finding.evidence.words, "issued on 2026-05-18, 10 days ago, without an end");
    assert_eq!(command(&finding), format!("edgeward keys update {ID} --expires 90d"));
    // The end of an overlap is one.
    let rotated = json!({ "expires": null, "rotation": { "replacedBy": "b", "overlapUntil": NOW + DAY } });
    assert_eq!(found(&rotated), [""; 0]);
}

#[test]
fn a_key_is_too_old_from_the_second_after_its_last_day() {
    assert_eq!(found(&json!({ "created": NOW - 365 * DAY })), [""; 0]);
    let finding = the("past_max_age", &json!({ "created": NOW - 365 * DAY - 1 }));
    assert_eq!(finding.evidence.facts.get("ageDays"), Some(&365.into()));
    assert_eq!(command(&finding), format!("edgeward keys rotate {ID} --overlap 7d"));
}

#[test]
fn a_key_rests_too_long_only_where_even_its_latest_possible_use_is_too_long_ago() {
    let old = json!({ "created": NOW - 300 * DAY });
    let used = |ago: i64| {
        let usage = with(&in_use(), "lastUsed", (NOW - ago).into());
        found_of_use(&old, &with(&usage, "precision", DAY.into()))
    };
    assert_eq!(used(91 * DAY), [""; 0]);
    assert_eq!(used(91 * DAY + 1), ["unused"]);
    let usage = with(&in_use(), "lastUsed", (NOW - 100 * DAY).into());
    let finding = one("unused", &key_used(&careful(&old), &usage));
    assert_eq!(command(&finding), format!("edgeward keys revoke {ID} --reason unused --by <you>"));
    assert!(finding.evidence.words.contains("to within 60 seconds"), "{}", finding.evidence.words);
}

#[test]
fn a_key_that_was_never_used_is_found_after_its_time() {
    let new = |created: i64, more: &Value| codes(&review(&key(&careful(&with(more, "created", created.into())))));
    assert_eq!(new(NOW - 30 * DAY, &json!({})), [""; 0]);
    assert_eq!(new(NOW - 30 * DAY - 1, &json!({})), ["never_used"]);
    // It could not be used before it was good.
    let later = |start: i64| new(NOW - 300 * DAY, &json!({ "notBefore": start }));
    assert_eq!((later(NOW - 30 * DAY), later(NOW - 30 * DAY - 1)), (vec![], vec!["never_used"]));
    assert_eq!(later(NOW + DAY), [""; 0]);
}

#[test]
fn wildcards_are_found_and_what_was_needed_is_proposed() {
    for scope in ["*", "reports:*", "*:read"] {
        let wide = json!({ "scopes": [scope], "allowedCidrs": ["192.0.2.0/24"] });
        let finding = the("wildcard_scope", &wide);
        assert_eq!(command(&finding), format!("edgeward keys update {ID} --scopes reports:read"), "{scope}");
        assert_eq!(finding.evidence.words, format!("granted: {scope}"));
    }
    let named = ReviewRules { wildcard_scopes: ["reports:read".to_owned()].into(), ..rules() };
    let key = key_used(&careful(&json!({ "allowedCidrs": ["192.0.2.0/24"] })), &in_use());
    let findings = review_key(&key, &named, NOW);
    assert_eq!(codes(&findings), ["wildcard_scope"]);
    assert!(command(&findings[0]).ends_with("--scopes <scopes>"));
}

#[test]
fn a_wildcard_from_every_address_is_noted_beside() {
    assert_eq!(found(&json!({ "scopes": ["*"] })), ["wildcard_scope", "no_address_restriction"]);
    assert_eq!(found(&json!({ "scopes": ["*"], "publishable": true })), ["wildcard_scope"]);
}

#[test]
fn scopes_that_nothing_needed_are_found_for_keys_that_are_in_use_and_not_new() {
    let scopes = json!(["reports:read", "reports:write", "it's"]);
    let of_age = |days: i64, seconds: i64| json!({ "created": NOW - days * DAY - seconds, "scopes": scopes });
    assert_eq!(found(&of_age(30, 0)), [""; 0]);
    let finding = the("scopes_never_exercised", &of_age(30, 1));
    assert_eq!(finding.evidence.words, "never needed: reports:write, it's; needed: reports:read");
    assert_eq!(command(&finding), format!("edgeward keys update {ID} --scopes reports:read"));
    // Not for a key that nobody uses, and not for a wildcard, which has a finding of its own.
    assert_eq!(codes(&review(&key(&careful(&of_age(30, 1))))), ["never_used"]);
    let wide =
        json!({ "created": NOW - 31 * DAY, "scopes": ["reports:read", "x:*"], "allowedCidrs": ["192.0.2.0/24"] });
    assert_eq!(found(&wide), ["wildcard_scope"]);
}

fn rotated(overlap_until: i64) -> KeyReading {
    let rotation = json!({ "replacedBy": "new", "overlapUntil": overlap_until });
    key_used(&careful(&json!({ "rotation": rotation })), &in_use())
}

fn other(change: &Value) -> Option<Record> {
    ReadRecord::of(Some(record_json(change).to_string().as_bytes())).record().cloned()
}

#[test]
fn an_overlap_is_too_long_by_its_whole_length_where_that_is_known() {
    // Nothing is known of the new key: what is left counts.
    assert_eq!(codes(&review(&rotated(NOW + 7 * DAY))), [""; 0]);
    assert_eq!(codes(&review(&rotated(NOW + 7 * DAY + 1))), ["overlap_open"]);
    // The new key was issued two days ago.
    let since = |end: i64| {
        let successor = other(&json!({ "created": NOW - 2 * DAY }));
        review(&KeyReading { successor, ..rotated(end) })
    };
    assert_eq!(codes(&since(NOW + 5 * DAY)), [""; 0]);
    let findings = since(NOW + 5 * DAY + 1);
    assert_eq!(codes(&findings), ["overlap_open"]);
    assert_eq!(
        findings[0].evidence.words,
        "good beside new since 2026-05-26 until 2026-06-02, 7 days in all; the limit is 7 days"
    );
    assert_eq!(command(&findings[0]), format!("edgeward keys revoke {ID} --reason superseded --by <you>"));
    // One without an end.
    assert_eq!(codes(&review(&rotated(MOST))), ["overlap_open"]);
    // One that is over, and one that never was.
    assert_eq!(codes(&review(&rotated(NOW))), [""; 0]);
    assert_eq!(found(&json!({ "rotation": { "replacedBy": "new" } })), [""; 0]);
}

#[test]
fn a_rotation_that_the_old_key_knows_nothing_of_is_found_while_that_key_is_good() {
    let replaces = careful(&json!({ "rotation": { "replaces": "old" } }));
    let beside =
        |predecessor: Option<Record>| codes(&review(&KeyReading { predecessor, ..key_used(&replaces, &in_use()) }));
    assert_eq!(beside(None), [""; 0]);
    assert_eq!(beside(other(&json!({ "rotation": { "replacedBy": ID, "overlapUntil": NOW + 9 } }))), [""; 0]);
    assert_eq!(
        beside(other(&json!({ "rotation": { "replacedBy": "third", "overlapUntil": NOW + 9 } }))),
        ["rotation_abandoned"]
    );
    assert_eq!(beside(other(&json!({ "disabled": true }))), ["rotation_abandoned"]);
    assert_eq!(beside(other(&json!({ "expires": NOW }))), [""; 0]);
    let revocation = json!({ "at": NOW, "by": "sec", "reason": "superseded" });
    assert_eq!(beside(other(&json!({ "revocation": revocation }))), [""; 0]);

    let used = KeyReading { predecessor: other(&json!({})), ..key_used(&replaces, &in_use()) };
    let finding = one("rotation_abandoned", &used);
    assert_eq!(command(&finding), "edgeward keys revoke old --reason superseded --by <you>");
    let unused = KeyReading { predecessor: other(&json!({})), ..key(&replaces) };
    let finding = one("rotation_abandoned", &unused);
    assert_eq!(command(&finding), format!("edgeward keys revoke {ID} --reason unused --by <you>"));
}

#[test]
fn use_in_the_other_environment_is_found_and_so_is_a_key_of_it() {
    let elsewhere = with(&in_use(), "otherEnvironment", (NOW - DAY).into());
    let finding = one("cross_environment", &key_used(&careful(&json!({})), &elsewhere));
    assert_eq!(finding.evidence.words, "presented where keys of the other environment are taken, on 2026-05-27");
    let finding = the("cross_environment", &json!({ "environment": "test" }));
    assert_eq!(finding.evidence.words, "a test key in the store of a live gate");
    // A gate that nothing is known of has no other environment.
    let key = key_used(&careful(&json!({ "environment": "test" })), &in_use());
    assert_eq!(codes(&review_key(&key, &ReviewRules::default(), NOW)), [""; 0]);
}

#[test]
fn an_exposed_key_is_critical_until_it_is_revoked() {
    let exposed = with(&in_use(), "exposed", json!({ "at": NOW - DAY, "place": "https://git.example/x" }));
    let finding = one("exposed", &key_used(&careful(&json!({})), &exposed));
    assert_eq!(finding.severity, Severity::Critical);
    assert_eq!(command(&finding), format!("edgeward keys revoke {ID} --reason key_compromise --by <you>"));
    assert!(finding.evidence.words.contains("https://git.example/x"));
    // Switched off is not revoked.
    assert_eq!(found_of_use(&json!({ "disabled": true }), &exposed), ["exposed"]);
    assert_eq!(found_of_use(&json!({ "publishable": true }), &exposed), [""; 0]);
    assert_eq!(found_of_use(&json!({ "expires": NOW }), &exposed), ["exposed_ended"]);
    let revocation = json!({ "at": NOW, "by": "sec", "reason": "key_compromise" });
    assert_eq!(found_of_use(&json!({ "revocation": revocation }), &exposed), [""; 0]);
    // Nor is unreadable.
    let broken = key_used(&json!({ "v": 2 }), &exposed);
    assert_eq!(codes(&review(&broken)), ["exposed", "record_unreadable"]);
}

#[test]
fn a_key_that_was_switched_off_for_long_is_found_in_place_of_an_unused_one() {
    let off = json!({ "disabled": true, "created": NOW - 300 * DAY });
    let used = |ago: i64| found_of_use(&off, &with(&in_use(), "lastUsed", (NOW - ago - 60).into()));
    assert_eq!(used(90 * DAY), [""; 0]);
    assert_eq!(used(90 * DAY + 1), ["disabled_for_long"]);
    let never = |created: i64| codes(&review(&key(&careful(&json!({ "disabled": true, "created": created })))));
    assert_eq!((never(NOW - 90 * DAY), never(NOW - 90 * DAY - 1)), (vec![], vec!["disabled_for_long"]));
}

#[test]
fn an_owner_who_is_the_revoker_is_found() {
    let finding = the("owner_is_revoker", &json!({ "revoker": "ada " }));
    assert_eq!(finding.evidence.words, "ada is both");
    assert_eq!(found(&json!({ "revoker": "Ada" })), [""; 0]);
}

#[test]
fn an_end_that_is_near_is_told() {
    assert_eq!(found(&json!({ "expires": NOW + 14 * DAY + 1 })), [""; 0]);
    let finding = the("expires_soon", &json!({ "expires": NOW + 14 * DAY }));
    assert_eq!(finding.evidence.words, "ends on 2026-06-11, in 14 days");
    assert_eq!(finding.severity, Severity::Info);
    assert_eq!(found(&json!({ "expires": NOW })), [""; 0]);
    // Not where another key is in place, and not for what is switched off.
    let rotation = json!({ "replacedBy": "b", "overlapUntil": NOW + DAY });
    assert_eq!(found(&json!({ "expires": NOW + DAY, "rotation": rotation })), [""; 0]);
    assert_eq!(found(&json!({ "expires": NOW + DAY, "disabled": true })), [""; 0]);
}

#[test]
fn what_cannot_be_read_is_found_and_says_why() {
    let finding = one("record_unreadable", &key(&json!({ "created": "today" })));
    assert_eq!(finding.evidence.words, "the record does not follow its format at `created`");
    assert_eq!((finding.ask.part, &finding.command), (AskedAs::Operator, &None));
    assert_eq!(finding.subject.id.as_deref(), Some(ID));
    assert_eq!(finding.subject.owner, None);
}

#[test]
fn notes_that_cannot_be_read_are_found_and_nothing_is_concluded_from_them() {
    let old = careful(&json!({ "created": NOW - 300 * DAY }));
    assert_eq!(codes(&review(&key_used(&old, &json!({ "v": 2 })))), ["usage_unreadable"]);
    let replaces = careful(&json!({ "rotation": { "replaces": "old" } }));
    let abandoned = KeyReading { predecessor: other(&json!({})), ..key_used(&replaces, &json!(7)) };
    let findings = review(&abandoned);
    assert_eq!(codes(&findings), ["usage_unreadable", "rotation_abandoned"]);
    assert_eq!(findings[1].command, None);
}

#[test]
fn what_has_ended_has_no_findings() {
    let bad = json!({
        "owner": null, "scopes": ["*"], "created": 0, "environment": "test",
        "revocation": { "at": NOW, "by": "sec", "reason": "unused" },
    });
    assert_eq!(codes(&review(&key_used(&bad, &json!(7)))), [""; 0]);
    for ended in [json!({ "expires": NOW }), json!({ "rotation": { "replacedBy": "b" } })] {
        let change = with(&ended, "scopes", json!(["*"]));
        assert_eq!(codes(&review(&key(&with(&change, "created", 0.into())))), [""; 0], "{ended}");
    }
}

#[test]
fn a_finding_in_json_has_everything_that_the_contract_names_and_no_digest() {
    let finding = the("no_expiry", &json!({ "expires": null }));
    let written = serde_json::to_value(&finding).expect("JSON");
    assert_eq!(
        written,
        json!({
            "rule": "no_expiry", "severity": "medium", "title": "The key is good until somebody ends it.",
            "nhi": "NHI7:2025", "nhiName": "Long-Lived Secrets", "csf20": ["PR.AA-01"], "csf11": ["PR.AC-1"],
            "subject": {
                "class": "api_key", "id": ID, "pointer": null, "organization": "org_1", "name": "export", "owner": "ada",
            },
            "evidence": {
                "words": "issued on 2026-05-18, 10 days ago, without an end",
                "facts": { "created": NOW - 10 * DAY, "ageDays": 10 },
            },
            "blindSpot": "The record alone. Whether an end is agreed on elsewhere is not known.",
            "advice": "Give it an end.",
            "ask": { "as": "owner", "who": "ada" },
            "command": format!("edgeward keys update {ID} --expires 90d"),
        })
    );
    assert!(!written.to_string().contains(DIGEST.split_at(8).1));
}

#[test]
fn a_place_that_a_person_fills_in_stands_last_in_every_command() {
    let exposed = with(&in_use(), "exposed", json!({ "at": 0, "place": "x" }));
    let many = [
        key_used(&careful(&json!({ "owner": null, "scopes": ["*"] })), &exposed),
        key(&json!({ "created": 0, "revoker": "ada", "disabled": true, "environment": "test" })),
    ];
    let commands: Vec<_> = many.iter().flat_map(review).filter_map(|finding| finding.command).collect();
    assert!(commands.len() > 6, "{commands:?}");
    for command in commands {
        if let Some((_, place)) = command.split_once('<') {
            assert!(place.ends_with('>') && !place.contains([' ', '<']), "{command}");
        }
    }
}

#[test]
fn senseless_times_are_judged_without_a_panic() {
    for time in [-MOST, -1, 0, MOST] {
        let change =
            json!({ "created": time, "expires": time, "notBefore": time, "rotation": { "overlapUntil": time } });
        let usage = json!({
            "v": 1, "lastUsed": time, "precision": u32::MAX, "otherEnvironment": time,
            "exposed": { "at": time, "place": "" },
        });
        for now in [i64::MIN, 0, NOW, i64::MAX] {
            let key = key_used(&change, &usage);
            assert!(matches!(key.record, ReadRecord::Whole(_)) && key.usage.is_some(), "{time}");
            let _ = review_key(&key, &rules(), now);
        }
    }
}

//! What is done about what was found.

use edgeward::api_key::{
    Environment, IssueRequest, Issued, KeyForm, Revocation, RevocationReason, SecretDigest, id_of, issue,
};
use serde_json::{Value, json};

use super::desk::{Desk, Report, entry, hash};
use crate::support::{FakeHost, NOW};

/// The label of the one token of a report, and what was done about its key.
fn outcome(desk: &Desk, token: &str) -> (String, Option<String>) {
    let labels = desk.labels(&Report::tokens([token]));
    assert_eq!(labels.len(), 1);
    assert_eq!(labels[0].0, hash(token));
    (labels[0].1.clone(), desk.actions().into_iter().next().map(|(_, action)| action))
}

fn expect(desk: &Desk, token: &str, label: &str, action: Option<&str>) {
    assert_eq!(outcome(desk, token), (label.to_owned(), action.map(str::to_owned)));
}

#[test]
fn a_live_key_is_revoked_and_everybody_is_told_who_it_was_and_where() {
    let desk = Desk::new();
    let key = desk.key();
    let other = desk.key();
    expect(&desk, key.key.reveal(), "true_positive", Some("revoked"));
    let revocation = desk.record(&key.id).revocation.expect("revoked");
    let by = "github-secret-scanning".to_owned();
    assert_eq!(revocation, Revocation { at: NOW, by, reason: RevocationReason::KeyCompromise });
    assert_eq!(desk.exposed(&key.id).as_deref(), Some("commit"));
    assert_eq!(desk.record(&other.id).revocation, None);

    let events = desk.events.borrow();
    let [event] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((&event["class_uid"], &event["severity_id"]), (&json!(2004), &json!(4)));
    assert_eq!((&event["unmapped"]["owner"], &event["unmapped"]["organization"]), (&json!("ada"), &json!("org-9")));
    assert_eq!(event["unmapped"]["url"], "https://git.example/a/b#L3");
    assert_eq!(event["time"], NOW * 1000);
}

#[test]
fn the_policy_says_in_whose_name() {
    let desk = Desk::of(&json!({ "leaks": { "source": "scanner-7" } }));
    desk.sender_answers(super::desk::published(&super::desk::list(&[("k1", 1)]), None));
    let key = desk.key();
    desk.labels(&Report::tokens([key.key.reveal()]));
    assert_eq!(desk.record(&key.id).revocation.expect("revoked").by, "scanner-7");
}

#[test]
fn a_key_that_does_not_work_today_is_revoked_all_the_same() {
    let changes: [fn(&mut Issued); 3] = [
        |issued| issued.record.disabled = true,
        |issued| issued.record.expires = Some(NOW - 1),
        |issued| issued.record.not_before = Some(NOW + 1000),
    ];
    for change in changes {
        let desk = Desk::new();
        let key = desk.key_with(change);
        expect(&desk, key.key.reveal(), "true_positive", Some("revoked"));
        assert!(desk.record(&key.id).revocation.is_some());
    }
}

#[test]
fn a_key_that_was_revoked_before_stays_as_it_was() {
    let desk = Desk::new();
    let revocation = Revocation { at: 1, by: "security".to_owned(), reason: RevocationReason::Unused };
    let key = desk.key_with(|issued| issued.record.revocation = Some(revocation.clone()));
    expect(&desk, key.key.reveal(), "true_positive", Some("already_revoked"));
    assert_eq!((desk.record(&key.id).revocation, desk.swaps.get()), (Some(revocation), 0));
}

#[test]
fn nobody_has_a_key_revoked_without_its_secret() {
    let desk = Desk::new();
    let key = desk.key();
    // Somebody knows the id, and makes up a secret with a good check.
    let form = KeyForm::new("acme", Environment::Live, Vec::new()).expect("a form");
    let request = IssueRequest {
        organization: "o".to_owned(),
        owner: "o".to_owned(),
        revoker: "o".to_owned(),
        name: "n".to_owned(),
        ..IssueRequest::default()
    };
    let forged = issue(&form, &FakeHost::seeded(99), request).expect("a key");
    // The forger's key stands under the id of the true one.
    let record = desk.host.store.borrow()[&key.store_key()].clone();
    desk.host.store.borrow_mut().insert(forged.store_key(), record);
    let before = desk.record(&forged.id);
    expect(&desk, forged.key.reveal(), "false_positive", Some("secret_mismatch"));
    assert_eq!((desk.record(&forged.id), desk.exposed(&forged.id), desk.swaps.get()), (before, None, 0));
}

#[test]
fn what_is_no_key_of_ours_is_a_false_alarm_without_an_event() {
    let desk = Desk::new();
    let key = desk.key();
    let text = key.key.reveal();
    let mistyped = format!("{}{}", &text[..text.len() - 1], if text.ends_with('0') { '1' } else { '0' });
    desk.labels(&Report::of(&json!([])));
    let reads = desk.host.reads.get();
    for token in
        ["", "some_token", "ghp_000000000000000000000000000000000000", &mistyped, &text.replacen("acme", "beta", 1)]
    {
        expect(&desk, token, "false_positive", None);
    }
    // Each report was looked for, and no key was.
    assert_eq!(desk.host.reads.get(), reads + 5);
    desk.host.store.borrow_mut().remove(&key.store_key());
    expect(&desk, text, "false_positive", None);
}

#[test]
fn a_publishable_key_is_meant_to_be_seen_and_is_never_revoked() {
    let desk = Desk::new();
    let key = desk.key_with(|issued| issued.record.publishable = true);
    expect(&desk, key.key.reveal(), "false_positive", Some("publishable_marked"));
    assert_eq!(desk.record(&key.id).revocation, None);
    assert_eq!(desk.exposed(&key.id).as_deref(), Some("commit"));
}

#[test]
fn an_imported_key_is_marked_and_never_revoked() {
    let api_keys = json!({ "prefix": "acme", "environment": "live", "foreignKeys": { "prefixes": ["sk_live_"] } });
    let desk = Desk::of(&json!({ "leaks": {}, "apiKeys": api_keys }));
    desk.sender_answers(super::desk::published(&super::desk::list(&[("k1", 1)]), None));
    let token = "sk_live_51H8abcdefghijklmnopqrstuv";
    // Its digest is that of the whole text.
    let digest = SecretDigest::try_from(format!("sha-256:{}", hash(token))).expect("a digest");
    let id = id_of(&digest);
    desk.key_with(|issued| {
        issued.record.imported = true;
        issued.record.digest = digest;
        issued.id.clone_from(&id);
    });
    expect(&desk, token, "true_positive", Some("imported_marked"));
    assert_eq!(desk.record(&id).revocation, None);
    assert_eq!(desk.exposed(&id).as_deref(), Some("commit"));
    assert_eq!(desk.events.borrow()[0]["severity"], "Critical");
    assert_eq!(outcome(&desk, "sk_live_51H8abcdefghijklmnopqrstuw").0, "false_positive");
}

#[test]
fn a_record_that_was_imported_is_not_that_of_a_key_of_our_form() {
    let desk = Desk::new();
    let key = desk.key_with(|issued| issued.record.imported = true);
    expect(&desk, key.key.reveal(), "false_positive", Some("secret_mismatch"));
}

#[test]
fn a_key_of_the_other_environment_has_leaked_as_well() {
    let desk = Desk::new();
    let form = KeyForm::new("acme", Environment::Test, Vec::new()).expect("a form");
    let request = IssueRequest {
        organization: "org-9".to_owned(),
        owner: "ada".to_owned(),
        revoker: "security".to_owned(),
        name: "trying".to_owned(),
        ..IssueRequest::default()
    };
    let key = issue(&form, &FakeHost::seeded(5), request).expect("a key");
    desk.host.put(&key);
    expect(&desk, key.key.reveal(), "true_positive", Some("revoked"));
    assert!(desk.record(&key.id).revocation.is_some());
}

#[test]
fn a_report_that_failed_half_way_is_sent_again_and_then_dealt_with() {
    let desk = Desk::new();
    let (first, second, shown) = (desk.key(), desk.key(), desk.key_with(|issued| issued.record.publishable = true));
    let report = Report::tokens([first.key.reveal(), shown.key.reveal(), second.key.reveal()]);
    for broken in [format!("read key/{}", first.id), format!("swap key/{}", first.id)] {
        *desk.broken.borrow_mut() = vec![broken];
        assert_eq!(desk.code(&report), (503, "store_unavailable".to_owned()));
        // Those after it are dealt with all the same.
        assert_eq!(desk.record(&first.id).revocation, None);
        assert!(desk.record(&second.id).revocation.is_some());
        assert_eq!(desk.actions()[0], (first.id.clone(), "failed".to_owned()));
        assert!(desk.written.borrow().is_empty());
    }
    *desk.broken.borrow_mut() = vec![format!("swap usage/{}", shown.id)];
    desk.host.store.borrow_mut().remove(&format!("usage/{}", shown.id));
    assert_eq!(desk.code(&report).0, 503);
    assert!(desk.record(&first.id).revocation.is_some());
    desk.broken.borrow_mut().clear();
    let labels: Vec<String> = desk.labels(&report).into_iter().map(|(_, label)| label).collect();
    assert_eq!(labels, ["true_positive", "false_positive", "true_positive"]);
    assert_eq!(desk.exposed(&shown.id).as_deref(), Some("commit"));
    assert_eq!(desk.code(&report), (409, "report_replayed".to_owned()));
}

#[test]
fn a_report_that_cannot_be_looked_for_or_remembered_is_not_said_to_be_dealt_with() {
    let desk = Desk::new();
    let key = desk.key();
    let report = Report::tokens([key.key.reveal()]);
    *desk.broken.borrow_mut() = vec!["read leak/".to_owned()];
    assert_eq!(desk.code(&report), (503, "store_unavailable".to_owned()));
    assert_eq!(desk.record(&key.id).revocation, None);
    *desk.broken.borrow_mut() = vec!["write leak/".to_owned()];
    assert_eq!(desk.code(&report), (503, "store_unavailable".to_owned()));
    assert_eq!(desk.actions(), [(key.id.clone(), "revoked".to_owned())]);
    desk.broken.borrow_mut().clear();
    assert_eq!(desk.labels(&report)[0].1, "true_positive");
}

#[test]
fn a_record_that_cannot_be_read_is_no_false_alarm() {
    let desk = Desk::new();
    let key = desk.key();
    let good = desk.host.store.borrow()[&key.store_key()].clone();
    for bad in ["{}".to_owned(), String::from_utf8(good.clone()).expect("text").replace("ada", "")] {
        desk.host.store.borrow_mut().insert(key.store_key(), bad.into_bytes());
        assert_eq!(desk.code(&Report::tokens([key.key.reveal()])), (503, "record_unreadable".to_owned()));
        assert_eq!(desk.actions(), [(key.id.clone(), "failed".to_owned())]);
    }
    desk.host.store.borrow_mut().insert(key.store_key(), good);
    expect(&desk, key.key.reveal(), "true_positive", Some("revoked"));
}

#[test]
fn notes_that_are_lost_keep_no_key_alive() {
    let desk = Desk::new();
    let key = desk.key();
    *desk.broken.borrow_mut() = vec!["read usage/".to_owned()];
    expect(&desk, key.key.reveal(), "true_positive", Some("revoked"));
    let events = desk.events.borrow();
    assert!(events[0]["status_detail"].as_str().is_some_and(|note| note.contains("the store is away")), "{events:?}");
}

#[test]
fn others_may_write_the_record_meanwhile_and_not_for_ever() {
    let desk = Desk::new();
    let key = desk.key();
    desk.rivals.set(15);
    expect(&desk, key.key.reveal(), "true_positive", Some("revoked"));
    let desk = Desk::new();
    let key = desk.key();
    desk.rivals.set(16);
    assert_eq!(desk.code(&Report::tokens([key.key.reveal()])), (503, "store_unavailable".to_owned()));
    assert_eq!(desk.swaps.get(), 16);
}

#[test]
fn as_many_keys_as_a_report_holds_are_revoked() {
    let desk = Desk::new();
    let keys: Vec<Issued> = (0..256).map(|_| desk.key()).collect();
    let labels = desk.labels(&Report::tokens(keys.iter().map(|key| key.key.reveal())));
    assert_eq!(labels.len(), 256);
    for (key, (digest, label)) in keys.iter().zip(labels) {
        assert_eq!((digest, label.as_str()), (hash(key.key.reveal()), "true_positive"));
        assert!(desk.record(&key.id).revocation.is_some());
    }
    assert_eq!(desk.events.borrow().len(), 256);
    // One more, and it is not read.
    let too_many = Report::of(&Value::Array(vec![entry("t"); 257]));
    assert_eq!(desk.code(&too_many), (413, "body_too_large".to_owned()));
    let too_long = Report::of(&json!([entry(&"t".repeat(1024 * 1024))]));
    assert_eq!(desk.code(&too_long), (413, "body_too_large".to_owned()));
}

#[test]
fn a_token_in_many_places_is_dealt_with_once() {
    let desk = Desk::new();
    let key = desk.key();
    let text = key.key.reveal();
    let entry = |source: &str| json!({ "token": text, "type": "acme_key", "url": "", "source": source });
    let labels = desk.labels(&Report::of(&json!([entry("commit"), entry("gist_content"), entry("npm")])));
    assert_eq!(labels, vec![(hash(text), "true_positive".to_owned()); 3]);
    let actions: Vec<String> = desk.actions().into_iter().map(|(_, action)| action).collect();
    assert_eq!(actions, ["revoked", "already_revoked", "already_revoked"]);
    assert_eq!((desk.swaps.get(), desk.exposed(&key.id).as_deref()), (2, Some("commit")));
}

#[test]
fn what_is_no_report_is_said_to_be_none_once_its_sender_is_known() {
    for (body, code) in [("", 400), ("{}", 400), ("[{}]", 400), ("[{\"token\":1,\"type\":\"t\"}]", 400)] {
        let desk = Desk::new();
        let report = Report::signed_by("k1", 1, body.as_bytes().to_vec());
        assert_eq!(desk.code(&report), (code, "body_invalid".to_owned()), "{body}");
        assert_eq!(desk.code(&Report::signed_by("k1", 2, body.as_bytes().to_vec())).0, 401);
        assert!(desk.written.borrow().is_empty());
    }
    assert_eq!(Desk::new().labels(&Report::of(&json!([]))), []);
}

#[test]
fn a_token_in_the_url_of_another_entry_is_shown_to_nobody() {
    let desk = Desk::new();
    let (first, second) = (desk.key(), desk.key());
    // `Desk` sees that neither shows itself.
    let url = format!("https://git.example/{}/{}", first.key.reveal(), second.key.reveal());
    let entries = json!([
        { "token": first.key.reveal(), "type": "acme_key", "url": url, "source": second.key.reveal() },
        { "token": second.key.reveal(), "type": "acme_key", "url": format!("{url}?{url}"), "source": "" },
    ]);
    desk.labels(&Report::of(&entries));
    assert_eq!(desk.actions().len(), 2);
    assert_eq!(desk.exposed(&second.id).as_deref(), Some("report"));
    let stored = desk.host.store.borrow();
    for (name, value) in stored.iter() {
        let value = String::from_utf8_lossy(value);
        for key in [&first, &second] {
            assert!(!value.contains(&key.key.reveal()[27..59]), "{name}: {value}");
        }
    }
}

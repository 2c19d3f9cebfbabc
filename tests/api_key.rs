//! The story of an API key through the public interface: issued, stored, presented, proven, refused.

mod support;

use edgeward::{
    api_key::{
        ApiKeyChecker, Environment, IssueError, IssueRequest, Issued, KeyContext, KeyForm, Record, Revocation,
        RevocationReason, Seal, describe, issue, store_key,
    },
    host::{Host, UnixMillis},
    verdict::{CredentialClass, Denial, Evidence, Reason},
};
use pollster::block_on;
use proptest::prelude::*;
use support::{FakeHost, NOW};

fn form(seals: &[u8]) -> KeyForm {
    let seals = seals.iter().map(|byte| Seal::new(vec![*byte; 32]).expect("32 bytes")).collect();
    KeyForm::new("acme", Environment::Live, seals).expect("a form")
}

fn request() -> IssueRequest {
    IssueRequest {
        organization: "org_1".to_owned(),
        owner: "ada".to_owned(),
        revoker: "security".to_owned(),
        name: "nightly export".to_owned(),
        scopes: vec!["reports:read".to_owned(), "reports:write".to_owned()],
        ..IssueRequest::default()
    }
}

fn refused(host: &FakeHost, form: &KeyForm, key: &str) -> Denial {
    let verdict = block_on(ApiKeyChecker::new(form.clone()).check(host, key, &KeyContext::default()));
    let denial = verdict.expect_err("a refused key");
    assert_eq!(denial.class, Some(CredentialClass::ApiKey));
    denial
}

/// The secret of a key, which stands between the last underscore and the check.
fn secret_of(key: &str) -> &str {
    &key[key.len() - 38..key.len() - 6]
}

/// A key with the id of the first and the secret of the second.
fn crossed(host: &FakeHost, form: &KeyForm) -> (Issued, String) {
    let issued = issue(form, host, request()).expect("a key");
    let other = issue(form, host, request()).expect("a key");
    let covered = format!("acme_live_{}_{}", issued.id, secret_of(other.key.reveal()));
    let mut number = crc32fast::hash(covered.as_bytes());
    let mut check = [0; 6];
    for place in check.iter_mut().rev() {
        *place = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[(number % 62) as usize];
        number /= 62;
    }
    let check = std::str::from_utf8(&check).expect("ASCII");
    (issued, format!("{covered}{check}"))
}

#[test]
fn a_key_is_issued_stored_and_good() {
    let host = FakeHost::new();
    let mut wanted = request();
    wanted.expires = Some(NOW + 100);
    wanted.allowed_cidrs = vec!["192.0.2.0/24".parse().expect("a range")];
    let issued = issue(&form(&[]), &host, wanted).expect("a key");
    assert_eq!(issued.store_key(), format!("key/{}", issued.id));
    assert_eq!((issued.record.created, issued.record.environment), (NOW, Environment::Live));
    host.put(&issued);

    let checker = ApiKeyChecker::new(form(&[]));
    let context = KeyContext { ip: Some("192.0.2.7") };
    let grant = block_on(checker.check(&host, issued.key.reveal(), &context)).expect("a grant");
    assert_eq!(grant.class, CredentialClass::ApiKey);
    assert_eq!(
        (grant.principal.subject.as_deref(), grant.principal.organization.as_deref()),
        (Some("ada"), Some("org_1"))
    );
    assert_eq!(grant.principal.credential_id.as_deref(), Some(issued.id.as_str()));
    assert_eq!((grant.scopes.len(), grant.expires), (2, Some(NOW + 100)));
    let Evidence::Record(record) = grant.evidence else { panic!("a record") };
    assert!(record.contains(&issued.id) && !record.contains("sha-256"), "{record}");
    assert_eq!(host.reads.get(), 1);
}

#[test]
fn unknown_wrong_revoked_and_unowned_keys_are_one_answer_outside_and_four_inside() {
    let host = FakeHost::new();
    let form = form(&[]);
    let unknown = issue(&form, &host, request()).expect("a key");
    let (known, wrong_secret) = crossed(&host, &form);
    host.put(&known);
    let mut revoked = issue(&form, &host, request()).expect("a key");
    revoked.record.revocation =
        Some(Revocation { at: NOW, by: "security".to_owned(), reason: RevocationReason::KeyCompromise });
    host.put(&revoked);
    let mut unowned = issue(&form, &host, request()).expect("a key");
    unowned.record.owner.clear();
    host.put(&unowned);

    for (key, id, reason) in [
        (unknown.key.reveal(), &unknown.id, Reason::KeyUnknown),
        (&wrong_secret, &known.id, Reason::KeySecretMismatch),
        (revoked.key.reveal(), &revoked.id, Reason::KeyRevoked),
        (unowned.key.reveal(), &unowned.id, Reason::KeyUnowned),
    ] {
        let denial = refused(&host, &form, key);
        assert_eq!((denial.reason, denial.reason.disclosed()), (reason, Reason::KeyInvalid));
        assert_eq!(denial.principal.credential_id.as_ref(), Some(id));
    }
    assert_eq!(host.reads.get(), 4);
}

#[test]
fn a_wrong_secret_learns_nothing_of_a_record_in_trouble() {
    let host = FakeHost::new();
    let form = form(&[]);
    let (mut known, wrong_secret) = crossed(&host, &form);
    known.record.expires = Some(NOW - 1);
    known.record.disabled = true;
    known.record.environment = Environment::Test;
    known.record.allowed_cidrs = vec!["192.0.2.0/24".parse().expect("a range")];
    host.put(&known);
    assert_eq!(refused(&host, &form, &wrong_secret).reason, Reason::KeySecretMismatch);
    assert_eq!(refused(&host, &form, known.key.reveal()).reason, Reason::KeyDisabled);
}

#[test]
fn a_store_that_fails_is_no_answer_and_its_words_reach_the_operator() {
    let host = FakeHost::new();
    let issued = issue(&form(&[]), &host, request()).expect("a key");
    host.put(&issued);
    *host.outage.borrow_mut() = Some("KV GET failed: 500".to_owned());
    let denial = refused(&host, &form(&[]), issued.key.reveal());
    assert_eq!((denial.reason, denial.reason.is_undecided()), (Reason::StoreUnavailable, true));
    assert_eq!(denial.note, Some("KV GET failed: 500".to_owned()));

    *host.outage.borrow_mut() = None;
    host.store.borrow_mut().insert(issued.store_key(), b"not a record".to_vec());
    let denial = refused(&host, &form(&[]), issued.key.reveal());
    assert_eq!((denial.reason, denial.reason.is_undecided()), (Reason::RecordUnreadable, true));
    assert_eq!(denial.note, Some("the record is not JSON in UTF-8".to_owned()));
}

#[test]
fn a_key_that_expires_while_the_store_is_slow_has_expired() {
    let host = FakeHost::new();
    let issued = issue(&form(&[]), &host, IssueRequest { expires: Some(NOW + 2), ..request() }).expect("a key");
    host.put(&issued);
    host.delay.set(1_500);
    let checker = ApiKeyChecker::new(form(&[]));
    assert!(block_on(checker.check(&host, issued.key.reveal(), &KeyContext::default())).is_ok());
    assert_eq!(refused(&host, &form(&[]), issued.key.reveal()).reason, Reason::KeyExpired);
}

#[test]
fn facts_that_are_kept_are_judged_anew_on_each_use() {
    let host = FakeHost::new();
    let issued = issue(&form(&[]), &host, IssueRequest { expires: Some(NOW + 2), ..request() }).expect("a key");
    host.put(&issued);
    let checker = ApiKeyChecker::new(form(&[]));
    let key = checker.parse(issued.key.reveal()).expect("a key");
    let facts = block_on(checker.lookup(&host, &key)).expect("facts");
    assert_eq!((facts.id(), facts.record()), (issued.id.as_str(), &issued.record));
    let at = |millis| checker.judge(&facts, UnixMillis(millis), &KeyContext::default());
    assert!(at(NOW * 1000).is_ok());
    assert_eq!(at((NOW + 2) * 1000).expect_err("expired").reason, Reason::KeyExpired);
    assert_eq!(host.reads.get(), 1);
}

#[test]
fn seals_rotate_without_breaking_keys() {
    let host = FakeHost::new();
    let before = issue(&form(&[1]), &host, request()).expect("a key");
    let after = issue(&form(&[2, 1]), &host, request()).expect("a key");
    for key in [before.key.reveal(), after.key.reveal()] {
        assert!(form(&[2, 1]).parse(key).is_ok());
    }
    assert!(form(&[2]).parse(after.key.reveal()).is_ok());
    assert_eq!(refused(&host, &form(&[2]), before.key.reveal()).reason, Reason::KeyCheckMismatch);
    assert_eq!(host.reads.get(), 0);
}

#[test]
fn a_key_of_the_other_environment_is_refused_by_its_text_and_by_its_record() {
    let host = FakeHost::new();
    let test_form = KeyForm::new("acme", Environment::Test, vec![]).expect("a form");
    let issued = issue(&test_form, &host, request()).expect("a key");
    host.put(&issued);
    assert_eq!(refused(&host, &form(&[]), issued.key.reveal()).reason, Reason::KeyEnvironmentMismatch);
    assert_eq!(host.reads.get(), 0);

    let mut live = issue(&form(&[]), &host, request()).expect("a key");
    live.record.environment = Environment::Test;
    host.put(&live);
    assert_eq!(refused(&host, &form(&[]), live.key.reveal()).reason, Reason::KeyEnvironmentMismatch);
    assert_eq!(host.reads.get(), 1);
}

#[test]
fn a_key_whose_record_could_not_be_read_back_is_not_issued() {
    let refusal = |request| issue(&form(&[]), &FakeHost::new(), request).expect_err("no key");
    let two_in_one = IssueRequest { scopes: vec!["read write".to_owned()], ..request() };
    assert!(matches!(refusal(two_in_one), IssueError::Unstorable(why) if why.contains("scope")));
    let mut too_large = request();
    too_large.metadata.insert("account".to_owned(), u64::MAX.into());
    assert!(matches!(refusal(too_large), IssueError::Unstorable(why) if why.contains("number")));
    assert_eq!(refusal(IssueRequest::default()), IssueError::FieldEmpty("organization"));
}

/// A key of some seed, with or without a seal.
fn any_key() -> impl Strategy<Value = (KeyForm, FakeHost, Issued)> {
    (any::<u64>(), prop::sample::select(vec![vec![], vec![1], vec![2, 1]])).prop_map(|(seed, seals)| {
        let (form, host) = (form(&seals), FakeHost::seeded(seed));
        let issued = issue(&form, &host, request()).expect("a key");
        host.put(&issued);
        (form, host, issued)
    })
}

proptest! {
    #[test]
    fn what_is_issued_parses_and_is_good((form, host, issued) in any_key()) {
        let key = form.parse(issued.key.reveal()).expect("a key");
        prop_assert_eq!((key.id.as_ref(), key.environment), (issued.id.as_str(), Environment::Live));
        prop_assert_eq!(issued.key.reveal().len(), "acme_live_".len() + 16 + 1 + 32 + 6);
        prop_assert!(form.looks_like(issued.key.reveal()));
        let verdict = block_on(ApiKeyChecker::new(form).check(&host, issued.key.reveal(), &KeyContext::default()));
        prop_assert!(verdict.is_ok());
    }

    #[test]
    fn a_key_with_one_other_character_is_refused_without_a_store_read(
        (form, host, issued) in any_key(),
        place in any::<prop::sample::Index>(),
        other in prop_oneof![prop::char::range('0', 'z'), any::<char>()],
    ) {
        let mut characters: Vec<char> = issued.key.reveal().chars().collect();
        let place = place.index(characters.len());
        prop_assume!(characters[place] != other);
        characters[place] = other;
        let denial = refused(&host, &form, &characters.into_iter().collect::<String>());
        prop_assert!(matches!(denial.reason, Reason::KeyMalformed | Reason::KeyCheckMismatch), "{:?}", denial);
        prop_assert_eq!(host.reads.get(), 0);
    }

    #[test]
    fn a_key_cut_short_or_run_on_is_refused_without_a_store_read(
        (form, host, issued) in any_key(), cut in 0_usize..65, more in "\\PC{1,8}",
    ) {
        let key = issued.key.reveal();
        for text in [&key[..cut], &key[key.len() - cut..], &format!("{key}{more}"), &format!("{more}{key}")] {
            prop_assert_eq!(refused(&host, &form, text).reason, Reason::KeyMalformed);
        }
        prop_assert_eq!(host.reads.get(), 0);
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in any::<String>(), tail in "[_0-9A-Za-zé𝒳]{0,70}") {
        let parse = |text: &str| form(&[]).parse(text).is_ok();
        let behind_the_prefix = format!("acme_live_{text}");
        prop_assert!(!parse(&text) && !parse(&behind_the_prefix));
        let _ = (parse(&format!("acme_live_{tail}")), describe(&text), describe(&tail), describe(&format!("acme_live_{tail}")));
    }

    #[test]
    fn no_bytes_make_the_record_reader_panic(bytes in any::<Vec<u8>>(), member in any::<String>()) {
        prop_assert!(Record::from_store(&bytes).is_err());
        let text = serde_json::json!({ "v": 1, "owner": "a", "revoker": "b", "digest": member }).to_string();
        prop_assert!(Record::from_store(text.as_bytes()).is_err());
    }

    #[test]
    fn neither_secret_nor_digest_shows_itself((form, host, issued) in any_key()) {
        let key = issued.key.reveal();
        let stored = issued.record.to_json().expect("JSON");
        let at = stored.find("sha-256:").expect("a digest") + "sha-256:".len();
        let digest = &stored[at..at + 64];

        let checker = ApiKeyChecker::new(form);
        let presented = checker.parse(key).expect("a key");
        let facts = block_on(checker.lookup(&host, &presented)).expect("facts");
        let grant = checker.judge(&facts, host.now(), &KeyContext::default()).expect("a grant");
        host.store.borrow_mut().insert(store_key(&issued.id), stored.replace("\"v\":1", "\"v\":2").into_bytes());
        let denial = block_on(checker.lookup(&host, &presented)).expect_err("a denial");
        for shown in [
            format!("{issued:?} {checker:?} {presented:?} {facts:?} {grant:?} {denial:?}"),
            issued.record.public_json(&issued.id).expect("JSON"),
            serde_json::to_string(&describe(key)).expect("JSON"),
        ] {
            prop_assert!(!shown.contains(secret_of(key)) && !shown.contains(digest), "{}", shown);
        }
        prop_assert!(!stored.contains(secret_of(key)));
    }
}

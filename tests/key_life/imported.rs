//! Keys that were issued elsewhere.

use edgeward::{
    api_key::{
        ApiKeyChecker, ForeignKeys, ImportRequest, KeyContext, KeyLife, LifeError, RevocationReason, RevokeRequest,
    },
    verdict::Reason,
};
use pollster::block_on;
use serde_json::{Value, json};

use crate::shelf::{Clerk, form, issue, life};

const FOREIGN: &str = "sk_live_51H8abcdefghijklmnopqrstuv";
// Computed with Python: hashlib.sha256.
const DIGEST: &str = "sha-256:1099844c8350afeeeab39ae630b0b2bf16b872ce6798093e9e10e82369e327d8";

fn foreign() -> ForeignKeys {
    ForeignKeys::new(vec!["sk_live_".to_owned()], &form()).expect("prefixes")
}

fn checker() -> ApiKeyChecker {
    ApiKeyChecker::new(form()).with_foreign_keys(foreign())
}

fn lives() -> KeyLife {
    life().with_foreign_keys(foreign())
}

fn request(digest: &str) -> Value {
    json!({ "digest": digest, "organization": "org_1", "owner": "ada", "revoker": "security", "name": "old one", "scopes": ["a"] })
}

fn import(clerk: &Clerk) -> String {
    let asked: ImportRequest = serde_json::from_value(request(DIGEST)).expect("a request");
    block_on(lives().import(clerk, asked)).expect("a key").0
}

fn reason(clerk: &Clerk, key: &str) -> Option<Reason> {
    block_on(checker().check(clerk, key, &KeyContext::default())).err().map(|denial| denial.reason)
}

#[test]
fn an_imported_key_works_is_listed_and_ends_as_any_other() {
    let clerk = Clerk::new(1);
    let id = import(&clerk);
    assert_eq!(reason(&clerk, FOREIGN), None);
    assert_eq!(reason(&clerk, "sk_live_51H8abcdefghijklmnopqrstuw"), Some(Reason::KeyUnknown));
    assert!(clerk.record(&id).expect("a record").imported);
    assert_eq!(block_on(lives().list(&clerk, None, 10)).expect("a page").keys.len(), 1);
    let heir =
        block_on(lives().rotate(&clerk, &id, &serde_json::from_value(json!({ "overlap": "1h" })).expect("a rotation")));
    let heir = heir.expect("a key");
    assert!(heir.key.reveal().starts_with("acme_live_") && !clerk.record(&heir.id).expect("a record").imported);
    let why = RevokeRequest { by: "x".to_owned(), reason: RevocationReason::Superseded };
    block_on(lives().revoke_held(&clerk, FOREIGN, &why)).expect("ended");
    assert_eq!(reason(&clerk, FOREIGN), Some(Reason::KeyRevoked));
}

#[test]
fn a_digest_is_imported_once_and_where_the_policy_takes_foreign_keys_alone() {
    let clerk = Clerk::new(1);
    import(&clerk);
    let again: ImportRequest = serde_json::from_value(request(DIGEST)).expect("a request");
    assert!(matches!(block_on(lives().import(&clerk, again.clone())), Err(LifeError::State(_))));
    assert!(matches!(block_on(life().import(&clerk, again)), Err(LifeError::Request(_))));
}

#[test]
fn what_is_no_digest_is_refused_without_quoting_it() {
    for digest in [FOREIGN, &DIGEST.to_uppercase(), &DIGEST[..70], ""] {
        let error = serde_json::from_value::<ImportRequest>(request(digest)).expect_err("refused").to_string();
        assert!(digest.is_empty() || !error.contains(digest), "{error}");
    }
    let mut unknown = request(DIGEST);
    unknown["form"] = "x".into();
    assert!(serde_json::from_value::<ImportRequest>(unknown).is_err());
}

#[test]
fn a_key_of_one_form_never_passes_for_one_of_the_other() {
    // A record of an own key whose text begins as a foreign one does not exist; one whose id is that of a foreign key can
    // be written by hand.
    let clerk = Clerk::new(1);
    let id = import(&clerk);
    let mut record = clerk.record(&id).expect("a record");
    record.imported = false;
    clerk.put(&format!("key/{id}"), &record.to_json().expect("JSON"));
    assert_eq!(reason(&clerk, FOREIGN), Some(Reason::KeySecretMismatch));

    let own = issue(&clerk);
    let mut record = own.record;
    record.imported = true;
    clerk.put(&format!("key/{}", own.id), &record.to_json().expect("JSON"));
    assert_eq!(reason(&clerk, own.key.reveal()), Some(Reason::KeySecretMismatch));
}

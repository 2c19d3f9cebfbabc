//! The deny list: what it refuses, whom it tells, and when.

mod support;

use std::sync::Arc;

use edgeward::{
    host::UnixMillis,
    m2m_token::TokenVerifier,
    policy::read_deny_list,
    revocation::DenyList,
    verdict::{Denial, Reason, verdict_document},
};
use pollster::block_on;
use serde_json::{Value, json};
use support::{
    FakeHost, ISSUER, NOW, Signer, claims, edited, granted, issuer, judged, plain, refused, try_verifier, verifier,
};

const OTHER: &str = "https://other.example/";

fn usual() -> TokenVerifier {
    verifier([issuer(&Signer::HS256), edited(&issuer(&Signer::HS256), &json!({ "issuer": OTHER }))])
}

fn list(entries: &Value) -> DenyList {
    read_deny_list(&entries.to_string()).expect("a list")
}

/// Whether a token of the usual claims, with these changed, is refused for what is on the list.
fn denied(verifier: &TokenVerifier, changed: &Value) -> bool {
    match judged(verifier, NOW, &plain(&edited(&claims(), changed))) {
        Ok(_) => false,
        Err(denial) => {
            assert_eq!(denial.reason, Reason::TokenRevoked);
            true
        }
    }
}

#[test]
fn a_token_is_denied_by_what_it_says() {
    for (name, claim, text) in [
        ("jti", "jti", "t-1"),
        ("client", "client_id", "client-1"),
        ("subject", "sub", "client-1"),
        ("organization", "org_id", "org-1"),
    ] {
        let verifier = usual();
        assert!(!denied(&verifier, &json!({})));
        verifier.set_deny_list(list(&json!([{ name: text, "issuer": ISSUER }])));
        assert!(denied(&verifier, &json!({})), "{name}");
        assert!(!denied(&verifier, &json!({ "iss": OTHER })), "{name} of another issuer");
        assert!(!denied(&verifier, &json!({ claim: "somebody-else" })), "{name}");
        assert!(!denied(&verifier, &json!({ claim: null })), "{name}");
    }
    let verifier = usual();
    verifier.set_deny_list(list(&json!([{ "organization": "org-1" }])));
    assert!(denied(&verifier, &json!({})) && denied(&verifier, &json!({ "iss": OTHER })));
}

#[test]
fn the_names_are_read_where_the_issuer_puts_them() {
    let elsewhere = edited(&issuer(&Signer::HS256), &json!({ "organizationClaim": "/ext/org", "clientClaim": "azp" }));
    let verifier = verifier([elsewhere]);
    verifier.set_deny_list(list(&json!([{ "organization": "org-7" }, { "client": "c-7", "issuer": ISSUER }])));
    assert!(denied(&verifier, &json!({ "ext": { "org": "org-7" } })));
    assert!(denied(&verifier, &json!({ "azp": "c-7" })));
    assert!(!denied(&verifier, &json!({ "org_id": "org-7", "client_id": "c-7" })));
}

#[test]
fn a_template_in_an_entry_stands_for_all_its_tenants() {
    let members = json!({ "issuer": "https://login.example/{tenant}", "tenants": ["red", "blue"] });
    let verifier = verifier([edited(&issuer(&Signer::HS256), &members)]);
    let of = |tenant: &str| json!({ "iss": format!("https://login.example/{tenant}") });
    verifier.set_deny_list(list(&json!([{ "client": "client-1", "issuer": "https://login.example/red" }])));
    assert!(denied(&verifier, &of("red")) && !denied(&verifier, &of("blue")));
    verifier.set_deny_list(list(&json!([{ "client": "client-1", "issuer": "https://login.example/{tenant}" }])));
    assert!(denied(&verifier, &of("red")) && denied(&verifier, &of("blue")));
}

#[test]
fn a_token_that_does_not_name_its_issuer_is_denied_by_the_policy_s_name() {
    let verifier = verifier([edited(&issuer(&Signer::HS256), &json!({ "optionalClaims": ["iss"] }))]);
    verifier.set_deny_list(list(&json!([{ "jti": "t-1", "issuer": ISSUER }])));
    assert!(denied(&verifier, &json!({ "iss": null })));
}

#[test]
fn an_entry_holds_until_its_time() {
    let verifier = usual();
    verifier.set_deny_list(list(&json!([{ "jti": "t-1", "issuer": ISSUER, "until": NOW + 100 }])));
    let token = plain(&claims());
    assert_eq!(judged(&verifier, NOW + 100, &token).expect_err("denied").reason, Reason::TokenRevoked);
    assert!(judged(&verifier, NOW + 101, &token).is_ok());
}

#[test]
fn facts_that_were_made_before_are_judged_by_the_list_in_force() {
    let verifier = usual();
    let now = UnixMillis(NOW * 1000);
    let facts = block_on(verifier.authenticate(&FakeHost::at(NOW), &plain(&claims()))).expect("a good token");
    assert!(facts.judge(now).is_ok());
    verifier.set_deny_list(list(&json!([{ "client": "client-1", "issuer": ISSUER }])));
    let denial = facts.judge(now).expect_err("denied");
    assert_eq!(denial.reason, Reason::TokenRevoked);
    assert_eq!(denial.note.as_deref(), Some("the deny list names the client"));
    // The audit event says whose token it was.
    assert_eq!(denial.principal.credential_id.as_deref(), Some("t-1"));
    // A list takes the place of the one before as a whole.
    verifier.set_deny_list(list(&json!([{ "client": "client-2", "issuer": ISSUER }])));
    assert!(facts.judge(now).is_ok());
    verifier.set_deny_list(DenyList::default());
    assert!(facts.judge(now).is_ok());
}

#[test]
fn a_forged_or_expired_token_is_not_said_to_be_denied() {
    let verifier = usual();
    verifier.set_deny_list(list(&json!([{ "organization": "org-1" }])));
    let token = plain(&claims());
    let (input, _) = token.rsplit_once('.').expect("a token");
    assert_eq!(refused(&verifier, &format!("{input}.AAAA")).0, Reason::SignatureInvalid);
    assert_eq!(judged(&verifier, NOW + 300, &token).expect_err("expired").reason, Reason::TokenExpired);
}

#[test]
fn the_client_learns_that_the_token_is_not_valid_and_no_more() {
    let denial = Denial::new(Reason::TokenRevoked).noting("the deny list names the client");
    let document: Value = serde_json::from_str(&verdict_document(&Err(denial.clone()))).expect("JSON");
    assert_eq!((document["code"].as_str(), document["status"].as_u64()), (Some("token_invalid"), Some(401)));
    let told = format!("{document} {}", denial.challenge().expect("a challenge"));
    assert!(!told.contains("revoked") && !told.contains("deny"), "{told}");
}

#[test]
fn a_policy_brings_its_list() {
    let deny = json!([{ "subject": "client-1", "issuer": ISSUER }]);
    let policy = json!({ "issuers": [issuer(&Signer::HS256)], "deny": deny });
    let verifier = try_verifier(&policy).expect("a policy");
    assert!(denied(&verifier, &json!({})));
    granted(&verifier, &plain(&edited(&claims(), &json!({ "sub": "client-2" }))));
}

#[test]
fn a_list_that_is_wrong_says_where() {
    for (entries, pointer, words) in [
        (json!([{ "organization": "o" }, { "jti": "t" }]), "/1", "name the issuer"),
        (json!([{}]), "/0", "one of `jti`"),
        (json!([{ "organization": "o", "until": "soon" }]), "/0/until", "i64"),
        (json!([{ "token": "a.b.c" }]), "/0/token", "unknown field"),
        (json!({ "deny": [] }), "", "sequence"),
    ] {
        let error = read_deny_list(&entries.to_string()).expect_err("wrong");
        assert_eq!(error.0[0].pointer, pointer, "{entries}");
        assert!(error.0[0].reason.contains(words), "{}", error.0[0].reason);
        let in_policy = json!({ "issuers": [issuer(&Signer::HS256)], "deny": entries });
        let error = try_verifier(&in_policy).expect_err("wrong");
        assert_eq!(error.0[0].pointer, format!("/deny{pointer}"), "{entries}");
    }
}

#[test]
fn a_list_is_replaced_while_other_threads_judge() {
    let verifier = Arc::new(usual());
    let facts = block_on(verifier.authenticate(&FakeHost::at(NOW), &plain(&claims()))).expect("a good token");
    // Both lists deny the token, so that a list seen in part, or none at all, would let it through.
    let lists = [json!([{ "client": "client-1", "issuer": ISSUER }]), json!([{ "organization": "org-1" }])];
    verifier.set_deny_list(list(&lists[0]));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..500).for_each(|_| assert!(facts.judge(UnixMillis(NOW * 1000)).is_err())));
        }
        (0..200).for_each(|turn| verifier.set_deny_list(list(&lists[turn % 2])));
    });
}

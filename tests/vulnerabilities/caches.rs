//! What a verifier keeps from one token to the next must not answer for another one.

use edgeward::{
    revocation::DenyList,
    verdict::{Reason, Verdict},
};
use pollster::block_on;
use serde_json::json;

use crate::support::{FakeHost, NOW, Signer, claims, edited, issuer, try_verifier, verifier, with};

fn reason(verdict: Verdict) -> Reason {
    verdict.expect_err("refused").reason
}

#[test]
fn a_good_token_lends_its_verdict_to_no_other() {
    let other = with(&issuer(&Signer::STRANGER), "issuer", "https://other.example/".into());
    let verifier = verifier([issuer(&Signer::EDDSA), other]);
    let host = FakeHost::new();
    let good = Signer::EDDSA.token(&claims());
    let (input, signature) = good.rsplit_once('.').expect("dots");
    let (header, _) = input.split_once('.').expect("dots");
    let admin = Signer::STRANGER.token(&with(&claims(), "scope", "admin".into()));
    let (admin_input, _) = admin.rsplit_once('.').expect("dots");
    // A verdict is that is kept under less than the whole token answers for others (RFC 8725 §2).
    for (kept_by, attack) in [
        ("header and payload", format!("{input}.{}", "A".repeat(86))),
        ("header and signature", format!("{header}.{}.{signature}", admin_input.split('.').nth(1).expect("a payload"))),
        ("jti, kid and header", admin.clone()),
        ("issuer and jti", Signer::STRANGER.token(&edited(&claims(), &json!({ "iss": "https://issuer.example/" })))),
    ] {
        assert!(block_on(verifier.verify(&host, &good)).is_ok());
        assert_eq!(reason(block_on(verifier.verify(&host, &attack))), Reason::SignatureInvalid, "{kept_by}");
        assert!(block_on(verifier.verify(&host, &good)).is_ok(), "and a bad one spoils no good one");
    }
}

#[test]
fn what_was_good_is_judged_again_each_time() {
    let verifier = try_verifier(&json!({ "issuers": [issuer(&Signer::EDDSA)] })).expect("a verifier");
    let token = Signer::EDDSA.token(&claims());
    assert!(block_on(verifier.verify(&FakeHost::new(), &token)).is_ok());
    let facts = block_on(verifier.authenticate(&FakeHost::new(), &token)).expect("facts");
    let late = FakeHost::at(NOW + 300);
    assert_eq!(reason(block_on(verifier.verify(&late, &token))), Reason::TokenExpired);
    let list = r#"[{ "issuer": "https://issuer.example/", "jti": "t-1" }]"#;
    verifier.set_deny_list(edgeward::policy::read_deny_list(list).expect("a list"));
    assert_eq!(reason(block_on(verifier.verify(&FakeHost::new(), &token))), Reason::TokenRevoked);
    assert_eq!(reason(facts.judge(edgeward::host::UnixMillis(NOW * 1000))), Reason::TokenRevoked);
    verifier.set_deny_list(DenyList::default());
    assert!(block_on(verifier.verify(&FakeHost::new(), &token)).is_ok());
}

#[test]
fn verifiers_share_nothing() {
    let token = Signer::EDDSA.token(&claims());
    let lenient = verifier([issuer(&Signer::EDDSA)]);
    let strict = verifier([with(&issuer(&Signer::EDDSA), "audience", "https://other.example".into())]);
    let stranger = verifier([issuer(&Signer::STRANGER)]);
    assert!(block_on(lenient.verify(&FakeHost::new(), &token)).is_ok());
    assert_eq!(reason(block_on(strict.verify(&FakeHost::new(), &token))), Reason::AudienceMismatch);
    assert_eq!(reason(block_on(stranger.verify(&FakeHost::new(), &token))), Reason::SignatureInvalid);
}

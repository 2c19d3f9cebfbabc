//! The facts of a token that was seen before: its signature is not checked again, and all that can change is.

use edgeward::{m2m_token::TokenVerifier, verdict::Reason};
use pollster::block_on;
use serde_json::json;

use crate::support::{FakeHost, ISSUER, NOW, Native, Signer, claims, issuer, verifier, with};

fn host() -> FakeHost {
    FakeHost::with_native(Native::Right)
}

fn reason(verifier: &TokenVerifier, host: &FakeHost, token: &str) -> Option<Reason> {
    block_on(verifier.verify(host, token)).err().map(|denial| denial.reason)
}

#[test]
fn a_signature_is_checked_once_for_each_token() {
    let (verifier, host) = (verifier([issuer(&Signer::RS256)]), host());
    let token = Signer::RS256.token(&claims());
    let first = block_on(verifier.verify(&host, &token)).expect("good");
    let second = block_on(verifier.verify(&host, &token)).expect("good");
    assert_eq!((host.native_checks.get(), verifier.cache_size().entries), (1, 1));
    assert_eq!((first.principal.facts_tier, second.principal.facts_tier), (None, Some("isolate")));
    assert_eq!((first.scopes, first.expires, first.evidence), (second.scopes, second.expires, second.evidence));
    // One letter of it is another token.
    let mut other = token.clone();
    let last = if token.ends_with('A') { "Q" } else { "A" };
    other.replace_range(token.len() - 1.., last);
    assert!(reason(&verifier, &host, &other).is_some());
    assert_eq!(verifier.cache_size().entries, 1);
}

#[test]
fn time_and_the_deny_list_are_asked_at_each_use() {
    let (verifier, host) = (verifier([issuer(&Signer::EDDSA)]), host());
    let token = Signer::EDDSA.token(&with(&claims(), "exp", (NOW + 100).into()));
    assert_eq!(reason(&verifier, &host, &token), None);
    host.now.set((NOW + 99) * 1000);
    assert_eq!(reason(&verifier, &host, &token), None);
    host.now.set((NOW + 100) * 1000);
    assert_eq!(reason(&verifier, &host, &token), Some(Reason::TokenExpired));
    host.now.set(NOW * 1000);
    for name in [
        json!({ "jti": "t-1", "issuer": ISSUER }),
        json!({ "client": "client-1", "issuer": ISSUER }),
        json!({ "subject": "client-1", "issuer": ISSUER }),
        json!({ "organization": "org-1" }),
    ] {
        assert_eq!(reason(&verifier, &host, &token), None);
        verifier.set_deny_list(serde_json::from_value(json!([name])).expect("a list"));
        assert_eq!(reason(&verifier, &host, &token), Some(Reason::TokenRevoked));
        verifier.set_deny_list(serde_json::from_value(json!([])).expect("a list"));
    }
    assert_eq!(host.native_checks.get(), 1);
}

#[test]
fn a_token_that_is_bound_to_its_sender_needs_the_proof_each_time() {
    let (verifier, host) = (verifier([issuer(&Signer::EDDSA)]), host());
    let bound = with(&claims(), "cnf", json!({ "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" }));
    let token = Signer::EDDSA.token(&bound);
    for _ in 0..3 {
        assert_eq!(reason(&verifier, &host, &token), Some(Reason::SenderProofMissing));
    }
    assert_eq!(host.native_checks.get(), 1);
}

#[test]
fn no_is_never_kept_and_neither_is_what_is_too_large() {
    let (verifier, host) = (verifier([issuer(&Signer::EDDSA)]), FakeHost::with_native(Native::No));
    let token = Signer::EDDSA.token(&claims());
    for _ in 0..2 {
        assert_eq!(reason(&verifier, &host, &token), Some(Reason::SignatureInvalid));
    }
    assert_eq!((host.native_checks.get(), verifier.cache_size().entries), (2, 0));
    let large = Signer::EDDSA.token(&with(&claims(), "fill", "x".repeat(20_000).into()));
    assert_eq!(reason(&verifier, &host, &large), Some(Reason::TokenTooLarge));
}

#[test]
fn a_snapshot_that_comes_of_age_vouches_no_longer_for_what_is_kept() {
    let mut policy = issuer(&Signer::EDDSA);
    policy["jwks"] = super::backend::snapshot(NOW, 60);
    let (verifier, host) = (verifier([policy]), host());
    let token = Signer::EDDSA.token(&claims());
    assert_eq!(reason(&verifier, &host, &token), None);
    host.now.set((NOW + 60) * 1000);
    assert_eq!(reason(&verifier, &host, &token), None);
    host.now.set((NOW + 61) * 1000);
    assert_eq!(reason(&verifier, &host, &token), Some(Reason::KeySetStale));
    host.now.set(NOW * 1000);
    assert_eq!((reason(&verifier, &host, &token), host.native_checks.get()), (None, 1));
}

#[test]
fn a_host_without_random_bytes_keeps_nothing() {
    let (verifier, host) = (verifier([issuer(&Signer::EDDSA)]), host());
    host.has_chance.set(false);
    let token = Signer::EDDSA.token(&claims());
    for _ in 0..2 {
        assert_eq!(reason(&verifier, &host, &token), None);
    }
    assert_eq!((host.native_checks.get(), verifier.cache_size().entries), (2, 0));
}

#[test]
fn many_tokens_take_bounded_room() {
    let (verifier, host) = (verifier([issuer(&Signer::HS256)]), host());
    for number in 0..3_000 {
        let token = Signer::HS256.token(&with(&claims(), "fill", format!("{number}{}", "x".repeat(8_000)).into()));
        assert_eq!(reason(&verifier, &host, &token), None);
    }
    let size = verifier.cache_size();
    assert!(size.bytes <= 16 * 1024 * 1024 && size.entries < 1000, "{size:?}");
}

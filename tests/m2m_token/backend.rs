//! Who checks a signature, and how old the keys may be that vouch for it.

use std::collections::BTreeMap;

use edgeward::{
    jose::Algorithm,
    key_source::Snapshot,
    m2m_token::TokenVerifier,
    policy::{read_token_policy, token_verifier},
    verdict::{Reason, Verdict},
};
use pollster::block_on;
use serde_json::{Value, json};

use crate::support::{FakeHost, ISSUER, NOW, Native, Signer, claims, issuer, verifier, with, without};

fn verdict(native: Native, verifier: &TokenVerifier, token: &str) -> (Verdict, usize) {
    let host = FakeHost::with_native(native);
    (block_on(verifier.verify(&host, token)), host.native_checks.get())
}

/// A verifier that has seen no token yet: the facts of one that it has are not checked again.
fn fresh() -> TokenVerifier {
    verifier([issuer(&Signer::EDDSA)])
}

fn tampered(token: &str) -> String {
    let other = Signer::EDDSA.token(&with(&claims(), "scope", "admin".into()));
    let parts: Vec<&str> = token.split('.').collect();
    format!("{}.{}.{}", parts[0], other.split('.').nth(1).expect("a payload"), parts[2])
}

#[test]
fn every_backend_gives_the_same_verdict() {
    for signer in [Signer::RS256, Signer::PS256, Signer::ES256, Signer::EDDSA, Signer::ED25519] {
        let fresh = || verifier([issuer(&signer)]);
        let good = signer.token(&claims());
        for token in [good.clone(), tampered(&good)] {
            let (portable, checks) = verdict(Native::Absent, &fresh(), &token);
            assert_eq!(checks, 0);
            for native in [Native::Right, Native::Fails] {
                let (found, checks) = verdict(native, &fresh(), &token);
                // A host that fails is asked once; the core then answers by itself.
                assert_eq!((&found, checks), (&portable, 1), "{native:?}");
            }
            assert_eq!(portable.is_ok(), token == good);
        }
    }
}

#[test]
fn what_the_host_says_is_what_counts() {
    let good = Signer::EDDSA.token(&claims());
    let denial = verdict(Native::No, &fresh(), &good).0.expect_err("refused");
    assert_eq!(denial.reason, Reason::SignatureInvalid);
    // The host is trusted with this: a host that lies has the last word.
    assert!(verdict(Native::Yes, &fresh(), &tampered(&good)).0.is_ok());
}

#[test]
fn a_secret_is_never_handed_to_the_host() {
    let verifier = verifier([issuer(&Signer::HS256)]);
    for native in [Native::No, Native::Fails] {
        let (verdict, checks) = verdict(native, &verifier, &Signer::HS256.token(&claims()));
        assert_eq!((verdict.is_ok(), checks), (true, 0));
    }
}

#[test]
fn nothing_is_checked_for_a_token_that_no_key_can_vouch_for() {
    for (claim, value) in [("iss", json!("https://evil.example/")), ("iss", json!(null))] {
        let (verdict, checks) = verdict(Native::Yes, &fresh(), &Signer::EDDSA.token(&with(&claims(), claim, value)));
        assert_eq!((verdict.is_ok(), checks), (false, 0));
    }
    let token = Signer::EDDSA.mint(r#"{"alg":"EdDSA","kid":"k2"}"#, claims().to_string());
    assert_eq!(verdict(Native::Yes, &fresh(), &token).1, 0);
}

#[test]
fn a_token_that_expires_while_the_host_is_slow_has_expired() {
    let host = FakeHost::with_native(Native::Right);
    host.delay.set(2_000);
    let token = Signer::EDDSA.token(&with(&claims(), "exp", json!(NOW + 1)));
    assert_eq!(block_on(fresh().verify(&host, &token)).expect_err("late").reason, Reason::TokenExpired);
}

/// A verifier whose keys were handed over in this snapshot.
fn from_snapshot(snapshot: Value) -> TokenVerifier {
    let policy = json!({ "issuers": [without(&issuer(&Signer::EDDSA), "jwks")] }).to_string();
    let policy = read_token_policy(&policy).expect("a policy");
    let snapshots = BTreeMap::from([(ISSUER.to_owned(), snapshot)]);
    token_verifier(policy.issuers, &snapshots, None).expect("a verifier")
}

pub(crate) fn snapshot(fetched_at: i64, max_age: u32) -> Value {
    let set = json!({ "keys": [Signer::EDDSA.jwk()] });
    Snapshot::take(&set, "https://issuer.example/jwks", fetched_at, max_age).expect("a snapshot").to_json()
}

#[test]
fn keys_that_are_too_old_cannot_tell_good_from_bad() {
    let verifier = from_snapshot(snapshot(NOW - 100, 100));
    let good = Signer::EDDSA.token(&claims());
    for token in [good.clone(), tampered(&good)] {
        let at = |second: i64| {
            let verdict = block_on(verifier.verify(&FakeHost::at(second), &token));
            verdict.err().map(|denial| (denial.reason, denial.reason.facts().status, denial.reason.is_undecided()))
        };
        let fresh = (token != good).then_some((Reason::SignatureInvalid, 401, false));
        // The last second is a good one to its end.
        assert_eq!(at(NOW), fresh);
        assert_eq!(at(NOW + 1), Some((Reason::KeySetStale, 503, true)));
        assert_eq!(at(i64::MAX), Some((Reason::KeySetStale, 503, true)));
    }
    let host = FakeHost::new();
    host.now.set(NOW * 1000 + 999);
    assert!(block_on(verifier.verify(&host, &good)).is_ok());
}

#[test]
fn a_bare_key_set_does_not_age() {
    let verifier = from_snapshot(json!({ "keys": [Signer::EDDSA.jwk()] }));
    let token = Signer::EDDSA.token(&with(&claims(), "exp", json!(9_007_199_254_740_991_i64)));
    assert!(block_on(verifier.verify(&FakeHost::at(i64::MAX / 1_000_000), &token)).is_ok());
}

#[test]
fn a_key_serves_each_of_its_algorithms_natively() {
    let policy = with(&issuer(&Signer::RS256), "algorithms", json!([Algorithm::Rs256.name(), "PS256"]));
    let verifier = verifier([policy]);
    for signer in [Signer::RS256, Signer::PS256] {
        let (verdict, checks) = verdict(Native::Right, &verifier, &signer.token(&claims()));
        assert_eq!((verdict.is_ok(), checks), (true, 1));
    }
}

#[test]
fn a_snapshot_whose_age_cannot_be_counted_is_not_taken_for_one_that_does_not_age() {
    let set = json!({ "keys": [Signer::EDDSA.jwk()] });
    let snapshot = Snapshot::take(&set, "x", i64::MAX, 60).expect("a snapshot");
    assert_eq!(snapshot.good_until(), Some(i64::MAX));
}

#[test]
fn a_snapshot_fetched_in_milliseconds_is_refused() {
    // It would be good for some fifty thousand years.
    let written = snapshot(NOW * 1000, 60);
    assert!(Snapshot::from_json(&written).is_err());
    assert!(Snapshot::from_json(&snapshot(NOW, 60)).is_ok());
}

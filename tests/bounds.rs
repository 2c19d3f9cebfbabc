//! What a token can cost: the bounds of `docs/bounds.md`, on a host that counts.

mod support;

use edgeward::{
    m2m_token::{DpopProof, SenderContext, TokenVerifier},
    policy::{Beside, read_token_policy, token_verifier_with},
    verdict::{Denial, Reason},
};
use pollster::block_on;
use serde_json::{Value, json};
use support::{FakeHost, ISSUER, Native, Signer, claims, issuer, public, verifier, with};

/// The denial of a token on a host with native cryptography, and how many signatures that host was asked about.
fn cost(verifier: &TokenVerifier, token: &str) -> (Option<Denial>, usize) {
    let host = FakeHost::with_native(Native::Right);
    let denial = block_on(verifier.verify(&host, token)).err();
    assert_eq!(host.reads.get(), 0, "a token costs no store read");
    (denial, host.native_checks.get())
}

/// An issuer with this many keys of one kind, of which none is the signer's.
fn crowded(count: usize, kid: impl Fn(usize) -> Option<String>) -> Value {
    let keys: Vec<Value> = (0..count)
        .map(|number| {
            let key = public("otherEd25519", "k");
            kid(number).map_or_else(|| support::without(&key, "kid"), |kid| with(&key, "kid", kid.into()))
        })
        .collect();
    with(&issuer(&Signer::EDDSA), "jwks", json!({ "keys": keys }))
}

#[test]
fn a_token_costs_one_signature_check_however_many_keys_there_are() {
    let named = verifier([crowded(64, |number| Some(format!("k{number}")))]);
    let (denial, checks) = cost(&named, &Signer::EDDSA.token(&claims()));
    assert_eq!((denial.map(|denial| denial.reason), checks), (Some(Reason::SignatureInvalid), 1));
    let unnamed = Signer::EDDSA.mint(r#"{"alg":"EdDSA"}"#, claims().to_string());
    for set in [crowded(64, |_| None), crowded(64, |number| Some(format!("k{number}")))] {
        let (denial, checks) = cost(&verifier([set]), &unnamed);
        assert_eq!((denial.map(|denial| denial.reason), checks), (Some(Reason::SigningKeyAmbiguous), 0));
    }
    let twins = verifier([crowded(64, |_| Some("k1".to_owned()))]);
    let (denial, checks) = cost(&twins, &Signer::EDDSA.token(&claims()));
    assert_eq!((denial.map(|denial| denial.reason), checks), (Some(Reason::SigningKeyAmbiguous), 0));
}

#[test]
fn only_the_issuer_that_is_named_is_asked() {
    let others =
        (0..200).map(|number| with(&issuer(&Signer::EDDSA), "issuer", format!("https://i{number}.example").into()));
    let many = verifier(others);
    let (denial, checks) = cost(&many, &Signer::EDDSA.token(&claims()));
    assert_eq!((denial.map(|denial| denial.reason), checks), (Some(Reason::IssuerUnknown), 0));
    let known = Signer::EDDSA.token(&with(&claims(), "iss", "https://i77.example".into()));
    assert!(matches!(cost(&many, &known), (None, 1)));
}

#[test]
fn a_set_of_more_keys_is_not_read() {
    let refused = support::faults(&[crowded(65, |number| Some(format!("k{number}")))]);
    assert_eq!(refused, ["/issuers/0/jwks"]);
}

#[test]
fn what_is_refused_before_the_signature_costs_no_check() {
    let usual = verifier([issuer(&Signer::EDDSA)]);
    let good = Signer::EDDSA.token(&claims());
    for token in [
        String::new(),
        ".".repeat(16_384),
        "a".repeat(3_000_000),
        format!("{good}."),
        format!("{good}\n"),
        good.replacen("eyJ", "e", 1),
        Signer::EDDSA.mint(r#"{"alg":"none","kid":"k1"}"#, claims().to_string()),
        Signer::EDDSA.mint(r#"{"alg":"EdDSA","kid":"other"}"#, claims().to_string()),
        Signer::EDDSA.mint(r#"{"alg":"EdDSA","kid":"k1","typ":"dpop+jwt"}"#, claims().to_string()),
        Signer::EDDSA.mint(r#"{"alg":"EdDSA","kid":"k1"}"#, "[]"),
        Signer::EDDSA.mint(r#"{"alg":"EdDSA","kid":"k1"}"#, format!("{}{}", "[".repeat(5_000), "]".repeat(5_000))),
        Signer::EDDSA.token(&with(&claims(), "iss", "https://evil.example".into())),
    ] {
        let (denial, checks) = cost(&usual, &token);
        assert!(denial.is_some(), "{}", &token[..token.len().min(80)]);
        assert_eq!(checks, 0, "{}", &token[..token.len().min(80)]);
    }
}

#[test]
fn what_is_refused_after_the_signature_costs_one() {
    let usual = verifier([issuer(&Signer::EDDSA)]);
    for (name, value) in [
        ("exp", json!(0)),
        ("aud", json!("x")),
        ("scope", json!(1)),
        ("cnf", json!({})),
        ("nbf", json!(9_999_999_999_i64)),
    ] {
        let (denial, checks) = cost(&usual, &Signer::EDDSA.token(&with(&claims(), name, value)));
        assert!(denial.is_some() && checks == 1, "{name}");
    }
}

#[test]
fn a_host_that_fails_is_asked_once() {
    let usual = verifier([issuer(&Signer::EDDSA)]);
    let host = FakeHost::with_native(Native::Fails);
    assert!(block_on(usual.verify(&host, &Signer::EDDSA.token(&claims()))).is_ok());
    assert_eq!(host.native_checks.get(), 1);
}

#[test]
fn a_token_costs_one_request_where_its_server_is_asked() {
    let server = json!({ "endpoint": "https://issuer.example/introspect", "clientId": "api", "tokenPrefix": "at_", "tokens": "all" });
    let policy = json!({ "issuers": [with(&issuer(&Signer::EDDSA), "introspection", server)] });
    let policy = read_token_policy(&policy.to_string()).expect("a policy");
    let beside = Beside { introspection_secrets: [(ISSUER.to_owned(), "s".to_owned())].into(), ..Beside::default() };
    let asking = token_verifier_with(policy.issuers, &beside, None).expect("a verifier");
    let good = Signer::EDDSA.token(&claims());
    for (token, requests, checks) in [
        ("at_unknown", 1, 0),
        (good.as_str(), 1, 1),
        ("another's", 0, 0),
        (&format!("at_{}", "a".repeat(20_000)), 0, 0),
        (&format!("{good}A"), 0, 0),
        (&Signer::STRANGER.token(&claims()), 0, 1),
        (&Signer::EDDSA.token(&with(&claims(), "exp", json!(0))), 0, 1),
    ] {
        let host = FakeHost::with_native(Native::Right);
        assert!(block_on(asking.verify(&host, token)).is_err(), "nobody answers");
        let cost = (host.requests.borrow().len(), host.native_checks.get(), host.reads.get());
        assert_eq!(cost, (requests, checks, 0), "{}", &token[..token.len().min(40)]);
    }
}

#[test]
fn a_proof_of_any_key_costs_the_host_nothing() {
    let usual = verifier([issuer(&Signer::EDDSA)]);
    let bound = json!({ "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" });
    let token = Signer::EDDSA.token(&with(&claims(), "cnf", bound));
    let host = FakeHost::with_native(Native::Yes);
    let header = json!({ "typ": "dpop+jwt", "alg": "RS256", "jwk": support::without(&public("rsa", "k"), "kid") });
    let proof = Signer::RS256.mint(header.to_string(), "{}");
    let dpop = Some(DpopProof { proof: &proof, method: "GET", url: "https://api.example/", nonce: None });
    let denial =
        block_on(usual.verify_from(&host, &token, &SenderContext { dpop, certificate: None })).expect_err("refused");
    assert_eq!((denial.reason, host.native_checks.get()), (Reason::SenderKeyMismatch, 1));
}

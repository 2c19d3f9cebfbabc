//! Tokens that are bound to their sender (contract §3.5).

mod support;

use data_encoding::BASE64URL_NOPAD;
use edgeward::{
    jose::thumbprint,
    m2m_token::{CertificateThumbprint, DpopProof, MOST_PROOFS_OF_ONE_KEY, SenderContext, TokenVerifier},
    verdict::{Reason, Verdict},
};
use pollster::block_on;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use support::{FakeHost, NOW, Signer, claims, edited, issuer, public, try_verifier, verifier, with};

const URL: &str = "https://api.example/v1/reports";
const CERTIFICATE: &str = "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0";

/// The key of the sender, as it stands in its proofs.
fn sender_key(signer: &Signer) -> Value {
    support::without(&public(signer.key, "k"), "kid")
}

fn jkt(key: &Value) -> String {
    BASE64URL_NOPAD.encode(&thumbprint(key.as_object().expect("an object")).expect("a key"))
}

fn bound_to(cnf: Value) -> String {
    Signer::EDDSA.token(&with(&claims(), "cnf", cnf))
}

fn bound() -> String {
    bound_to(json!({ "jkt": jkt(&sender_key(&Signer::ES256)) }))
}

fn header() -> Value {
    json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": sender_key(&Signer::ES256) })
}

fn proof_claims(token: &str) -> Value {
    let ath = BASE64URL_NOPAD.encode(&Sha256::digest(token));
    json!({ "jti": "p-1", "htm": "GET", "htu": URL, "iat": NOW, "ath": ath })
}

fn proof(token: &str) -> String {
    proof_with(token, &json!({}))
}

/// A proof with these claims changed.
fn proof_with(token: &str, members: &Value) -> String {
    Signer::ES256.mint(header().to_string(), edited(&proof_claims(token), members).to_string())
}

fn usual() -> TokenVerifier {
    verifier([issuer(&Signer::EDDSA)])
}

fn sent_at(verifier: &TokenVerifier, second: i64, token: &str, proof: &str) -> Verdict {
    let dpop = Some(DpopProof { proof, method: "GET", url: URL, nonce: None });
    block_on(verifier.verify_from(&FakeHost::at(second), token, &SenderContext { dpop, certificate: None }))
}

fn reason(verifier: &TokenVerifier, token: &str, proof: &str) -> Reason {
    sent_at(verifier, NOW, token, proof).expect_err(proof).reason
}

fn shown(token: &str, certificate: Option<&str>) -> Verdict {
    let certificate = certificate.map(|text| CertificateThumbprint::parse(text).expect("a thumbprint"));
    block_on(usual().verify_from(&FakeHost::new(), token, &SenderContext { dpop: None, certificate }))
}

#[test]
fn a_bound_token_is_good_with_its_proof_and_not_without() {
    let token = bound();
    let grant = sent_at(&usual(), NOW, &token, &proof(&token)).expect("a grant");
    assert_eq!(grant.principal.client_id.as_deref(), Some("client-1"));
    let denial = block_on(usual().verify(&FakeHost::new(), &token)).expect_err("no proof");
    assert_eq!(denial.reason, Reason::SenderProofMissing);
    assert_eq!(denial.principal.client_id.as_deref(), Some("client-1"));
    let challenge = denial.challenge().expect("a challenge");
    assert!(challenge.starts_with("DPoP error=\"invalid_token\", "), "{challenge}");
    assert!(challenge.contains(", algs=\"RS256 ") && challenge.contains(" ES256 ") && !challenge.contains("HS256"));
}

#[test]
fn a_key_of_any_asymmetric_kind_can_be_proven() {
    for signer in [Signer::ES256, Signer::EDDSA, Signer::RS256, Signer::PS512, Signer::ED25519] {
        let key = sender_key(&signer);
        let token = bound_to(json!({ "jkt": jkt(&key) }));
        let header = json!({ "typ": "dpop+jwt", "alg": signer.algorithm.name(), "jwk": key });
        let proof = signer.mint(header.to_string(), proof_claims(&token).to_string());
        assert!(sent_at(&usual(), NOW, &token, &proof).is_ok(), "{}", signer.algorithm.name());
    }
}

#[test]
fn a_proof_that_does_not_fit_is_refused_for_its_reason() {
    let token = bound();
    for (members, expected) in [
        (json!({ "htm": "POST" }), Reason::SenderProofMethodMismatch),
        (json!({ "htu": "https://api.example/v1" }), Reason::SenderProofTargetMismatch),
        (json!({ "htu": "http://api.example/v1/reports" }), Reason::SenderProofTargetMismatch),
        (json!({ "htu": "/v1/reports" }), Reason::SenderProofTargetMismatch),
        (json!({ "ath": BASE64URL_NOPAD.encode(&Sha256::digest("another")) }), Reason::SenderProofTokenMismatch),
        (json!({ "ath": "" }), Reason::SenderProofTokenMismatch),
        (json!({ "iat": NOW - 61 }), Reason::SenderProofStale),
        (json!({ "iat": NOW + 6 }), Reason::SenderProofInFuture),
        (json!({ "nbf": NOW + 6 }), Reason::SenderProofInFuture),
        (json!({ "exp": NOW }), Reason::SenderProofStale),
    ] {
        assert_eq!(reason(&usual(), &token, &proof_with(&token, &members)), expected, "{members}");
    }
    for name in ["jti", "htm", "htu", "iat", "ath"] {
        for wrong in [Value::Null, json!([]), json!({}), json!(true)] {
            let proof = proof_with(&token, &json!({ name: wrong }));
            assert_eq!(reason(&usual(), &token, &proof), Reason::SenderProofMalformed, "{name}: {wrong}");
        }
    }
    assert_eq!(reason(&usual(), &token, &proof_with(&token, &json!({ "jti": "" }))), Reason::SenderProofMalformed);
    assert!(
        sent_at(
            &usual(),
            NOW,
            &token,
            &proof_with(&token, &json!({ "htu": "HTTPS://API.example:443/v1/reports?x#y" }))
        )
        .is_ok()
    );
}

#[test]
fn a_proof_whose_header_does_not_fit_is_refused() {
    let token = bound();
    let minted = |header: Value| Signer::ES256.mint(header.to_string(), proof_claims(&token).to_string());
    let private = support::key("p256");
    for members in [
        json!({ "typ": "JWT" }),
        json!({ "typ": null }),
        json!({ "jwk": null }),
        json!({ "jwk": "x" }),
        json!({ "jwk": private }),
        json!({ "jwk": edited(&sender_key(&Signer::ES256), &json!({ "use": "enc" })) }),
        json!({ "alg": "none" }),
        json!({ "alg": "HS256" }),
        json!({ "alg": "ES384" }),
        json!({ "crit": ["x"] }),
        json!({ "b64": false }),
    ] {
        let proof = minted(edited(&header(), &members));
        assert_eq!(reason(&usual(), &token, &proof), Reason::SenderProofMalformed, "{members}");
    }
    for text in ["", "x", "a.b.c", "a.b.c.d.e", &format!("{} ", proof(&token)), &"a".repeat(20_000)] {
        assert_eq!(reason(&usual(), &token, text), Reason::SenderProofMalformed, "{text}");
    }
    assert!(
        sent_at(&usual(), NOW, &token, &minted(edited(&header(), &json!({ "typ": "application/DPoP+JWT" })))).is_ok()
    );
}

#[test]
fn the_key_of_the_proof_is_that_of_the_token() {
    let token = bound();
    let stranger = sender_key(&Signer::EDDSA);
    let header = json!({ "typ": "dpop+jwt", "alg": "EdDSA", "jwk": stranger });
    let own = Signer::EDDSA.mint(header.to_string(), proof_claims(&token).to_string());
    let denial = sent_at(&usual(), NOW, &token, &own).expect_err("another key");
    assert_eq!(denial.reason, Reason::SenderKeyMismatch);
    assert!(denial.challenge().expect("a challenge").starts_with("DPoP error=\"invalid_token\""));
    let good = proof(&token);
    let (body, _) = good.rsplit_once('.').expect("a signature");
    let forged = format!("{body}.{}", support::encode(Signer::ES256.signature(b"another message")));
    let denial = sent_at(&usual(), NOW, &token, &forged).expect_err("forged");
    assert_eq!(denial.reason, Reason::SenderProofSignatureInvalid);
    assert!(denial.challenge().expect("a challenge").starts_with("DPoP error=\"invalid_dpop_proof\""));
    // One that is bound to nobody comes under the scheme of bearer tokens.
    let bearer = Signer::EDDSA.token(&claims());
    assert_eq!(reason(&usual(), &bearer, &proof(&bearer)), Reason::SenderKeyMismatch);
}

#[test]
fn a_proof_is_good_once() {
    let (token, verifier) = (bound(), usual());
    let first = proof(&token);
    assert!(sent_at(&verifier, NOW, &token, &first).is_ok());
    for second in [NOW, NOW + 1, NOW + 60] {
        let denial = sent_at(&verifier, second, &token, &first).expect_err("seen before");
        assert_eq!(denial.reason, Reason::SenderProofReplayed);
    }
    let again = proof_with(&token, &json!({ "iat": NOW + 1 }));
    assert_eq!(reason(&verifier, &token, &again), Reason::SenderProofReplayed, "the same `jti`");
    assert!(sent_at(&verifier, NOW, &token, &proof_with(&token, &json!({ "jti": "p-2" }))).is_ok());
    assert_eq!(sent_at(&verifier, NOW + 61, &token, &first).expect_err("old").reason, Reason::SenderProofStale);
}

#[test]
fn a_proof_of_a_request_that_was_denied_is_not_used_up() {
    let (token, verifier) = (bound(), usual());
    let first = proof(&token);
    let elsewhere = DpopProof { proof: &first, method: "DELETE", url: URL, nonce: None };
    let sender = SenderContext { dpop: Some(elsewhere), certificate: None };
    assert!(block_on(verifier.verify_from(&FakeHost::new(), &token, &sender)).is_err());
    assert!(sent_at(&verifier, NOW, &token, &first).is_ok());
}

#[test]
fn a_memory_that_is_full_cannot_tell() {
    // Quick signatures: one for each proof.
    let key = sender_key(&Signer::EDDSA);
    let token = bound_to(json!({ "jkt": jkt(&key) }));
    let verifier = usual();
    let header = json!({ "typ": "dpop+jwt", "alg": "EdDSA", "jwk": key }).to_string();
    let sent = |number: usize| {
        let claims = with(&proof_claims(&token), "jti", json!(format!("p-{number}")));
        sent_at(&verifier, NOW, &token, &Signer::EDDSA.mint(&header, claims.to_string()))
    };
    for number in 0..MOST_PROOFS_OF_ONE_KEY {
        assert!(sent(number).is_ok(), "{number}");
    }
    let denial = sent(MOST_PROOFS_OF_ONE_KEY).expect_err("no room");
    assert_eq!(denial.reason, Reason::SenderProofMemoryFull);
    assert!(denial.reason.is_undecided() && denial.challenge().is_none());
    let other = bound();
    assert!(sent_at(&verifier, NOW, &other, &proof(&other)).is_ok(), "another client's");
}

#[test]
fn a_nonce_is_asked_for_where_one_was_given() {
    let token = bound();
    let sent = |nonce: &Value| {
        let proof = proof_with(&token, &json!({ "nonce": nonce }));
        let dpop = Some(DpopProof { proof: &proof, method: "GET", url: URL, nonce: Some("n-1") });
        block_on(usual().verify_from(&FakeHost::new(), &token, &SenderContext { dpop, certificate: None }))
    };
    assert!(sent(&json!("n-1")).is_ok());
    for wrong in [Value::Null, json!("n-2"), json!("")] {
        let denial = sent(&wrong).expect_err("another nonce");
        assert_eq!(denial.reason, Reason::SenderProofNonceMismatch);
        assert!(denial.challenge().expect("a challenge").starts_with("DPoP error=\"use_dpop_nonce\""));
    }
    assert_eq!(sent(&json!(1)).expect_err("no text").reason, Reason::SenderProofMalformed);
}

#[test]
fn a_token_that_is_over_costs_no_proof() {
    let token = bound();
    let denial = sent_at(&usual(), NOW + 301, &token, "no proof").expect_err("over");
    assert_eq!(denial.reason, Reason::TokenExpired);
}

#[test]
fn a_token_that_is_bound_to_a_certificate_needs_that_one() {
    let token = bound_to(json!({ "x5t#S256": CERTIFICATE }));
    let refused = |certificate| shown(&token, certificate).expect_err("refused");
    assert!(shown(&token, Some(CERTIFICATE)).is_ok());
    assert_eq!(refused(None).reason, Reason::SenderCertificateMissing);
    let other = BASE64URL_NOPAD.encode(&Sha256::digest("another certificate"));
    let denial = refused(Some(&other));
    assert_eq!(denial.reason, Reason::SenderCertificateMismatch);
    assert!(denial.challenge().expect("a challenge").starts_with("Bearer error=\"invalid_token\""));
    let bearer = Signer::EDDSA.token(&claims());
    assert!(shown(&bearer, Some(CERTIFICATE)).is_ok(), "a certificate binds no token by itself");
    assert!(shown(&bearer, None).is_ok());
}

#[test]
fn what_cannot_be_proven_is_refused() {
    for (cnf, expected) in [
        (json!({ "jwk": sender_key(&Signer::ES256) }), Reason::SenderConstraintUnsupported),
        (json!({ "kid": "k" }), Reason::SenderConstraintUnsupported),
        (json!({}), Reason::ClaimMalformed),
        (json!(null), Reason::ClaimMalformed),
        (json!({ "jkt": "x" }), Reason::ClaimMalformed),
        // The illustration of RFC 8705 §3.1 is no canonical base64url: its last character has bits to spare.
        (json!({ "x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2" }), Reason::ClaimMalformed),
    ] {
        let token = bound_to(cnf.clone());
        assert_eq!(reason(&usual(), &token, &proof(&token)), expected, "{cnf}");
    }
}

#[test]
fn an_issuer_can_be_held_to_bound_tokens() {
    let bearer = Signer::EDDSA.token(&claims());
    let dpop = bound();
    let mtls = bound_to(json!({ "x5t#S256": CERTIFICATE }));
    for (constraint, good) in [
        ("optional", [true, true, true]),
        ("required", [false, true, true]),
        ("dpop", [false, true, false]),
        ("mtls", [false, false, true]),
    ] {
        let verifier = verifier([with(&issuer(&Signer::EDDSA), "senderConstraint", constraint.into())]);
        for (token, good) in [&bearer, &dpop, &mtls].into_iter().zip(good) {
            let denial = block_on(verifier.verify(&FakeHost::new(), token)).err();
            let missing = denial.is_some_and(|denial| denial.reason == Reason::SenderConstraintMissing);
            assert_eq!(missing, !good, "{constraint}");
        }
    }
}

#[test]
fn the_policy_names_algorithms_and_age() {
    let policy = |dpop: Value| json!({ "issuers": [issuer(&Signer::EDDSA)], "dpop": dpop });
    let token = bound();
    let strict = try_verifier(&policy(json!({ "algorithms": ["EdDSA"], "maxAge": 10 }))).expect("a verifier");
    let denial = sent_at(&strict, NOW, &token, &proof(&token)).expect_err("another algorithm");
    assert_eq!(denial.reason, Reason::SenderProofMalformed);
    assert!(denial.challenge().expect("a challenge").ends_with(", algs=\"EdDSA\""));
    let short = try_verifier(&policy(json!({ "maxAge": 10 }))).expect("a verifier");
    assert!(sent_at(&short, NOW + 10, &token, &proof(&token)).is_ok());
    assert_eq!(sent_at(&short, NOW + 11, &token, &proof(&token)).expect_err("old").reason, Reason::SenderProofStale);
    for (dpop, place) in [
        (json!({ "algorithms": [] }), "/dpop/algorithms"),
        (json!({ "algorithms": ["HS256"] }), "/dpop/algorithms"),
        (json!({ "algorithms": ["none"] }), "/dpop/algorithms/0"),
        (json!({ "maxAge": 0 }), "/dpop/maxAge"),
        (json!({ "maxAge": 601 }), "/dpop/maxAge"),
        (json!({ "maxage": 60 }), "/dpop/maxage"),
    ] {
        let error = try_verifier(&policy(dpop.clone())).expect_err("a fault");
        assert_eq!(error.0[0].pointer, place, "{dpop}");
    }
}

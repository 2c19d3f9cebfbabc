//! Tokens that are bound to their sender, at the gate.

use data_encoding::BASE64URL_NOPAD;
use edgeward::{
    gate::{Decision, GateRequest, Outcome},
    jose::thumbprint,
    verdict::Reason,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    stage::{Stage, good_token, policy, request},
    support::{NOW, Signer, claims, public, with, without},
};

const CERTIFICATE: &str = "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0";
const URL: &str = "https://api.example/v1/reports";

fn key() -> Value {
    without(&public(Signer::ES256.key, "k"), "kid")
}

fn bound() -> String {
    let jkt = BASE64URL_NOPAD.encode(&thumbprint(key().as_object().expect("an object")).expect("a key"));
    Signer::EDDSA.token(&with(&claims(), "cnf", json!({ "jkt": jkt })))
}

fn proof(token: &str, htu: &str) -> String {
    let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": key() });
    let ath = BASE64URL_NOPAD.encode(&Sha256::digest(token));
    let claims = json!({ "jti": "p-1", "htm": "GET", "htu": htu, "iat": NOW, "ath": ath });
    Signer::ES256.mint(header.to_string(), claims.to_string())
}

fn sent(url: &str, token: &str, proofs: &[&str]) -> GateRequest {
    let credential = format!("DPoP {token}");
    let mut headers = vec![("authorization", credential.as_str())];
    headers.extend(proofs.iter().map(|proof| ("DPoP", *proof)));
    request("GET", url, &headers)
}

fn reason(decision: &Decision) -> Reason {
    decision.verdict.as_ref().expect_err("denied").reason
}

#[test]
fn a_bound_token_passes_with_its_proof_and_the_origin_sees_neither() {
    let stage = Stage::new();
    let token = bound();
    let proof = proof(&token, URL);
    let request = sent(URL, &token, &[&proof]);
    let Outcome::Forward { forward, .. } = stage.send(&request) else { panic!("not forwarded") };
    assert!(forward.remove.contains(&"dpop".to_owned()) && forward.remove.contains(&"authorization".to_owned()));
    assert_eq!(reason(&stage.check(&request)), Reason::SenderProofReplayed);
}

#[test]
fn the_scheme_and_the_proof_belong_together() {
    let stage = Stage::new();
    let token = bound();
    let good = proof(&token, URL);
    let bearer = format!("Bearer {token}");
    let under_bearer = request("GET", URL, &[("authorization", &bearer), ("dpop", &good)]);
    assert_eq!(reason(&stage.check(&under_bearer)), Reason::SenderProofMissing);
    assert_eq!(reason(&stage.check(&sent(URL, &token, &[]))), Reason::SenderProofMissing);
    assert_eq!(reason(&stage.check(&sent(URL, &token, &[&good, &good]))), Reason::SenderProofMalformed);
    let joined = format!("{good}, {good}");
    assert_eq!(reason(&stage.check(&sent(URL, &token, &[&joined]))), Reason::SenderProofMalformed);
    let unbound = good_token();
    assert_eq!(reason(&stage.check(&sent(URL, &unbound, &[&proof(&unbound, URL)]))), Reason::SenderKeyMismatch);
    let key = stage.key();
    assert_eq!(reason(&stage.check(&sent(URL, key.key.reveal(), &[&good]))), Reason::CredentialUnrecognized);
    assert!(stage.check(&sent(URL, &token, &[&good])).verdict.is_ok());
}

#[test]
fn a_proof_is_for_the_url_that_the_client_sees() {
    let token = bound();
    let sees = |policy: &Value, url: &str| {
        Stage::of(&with(policy, "tlsEndsAhead", json!(true))).check(&sent(url, &token, &[&proof(&token, URL)])).verdict
    };
    assert!(sees(&policy(), &format!("{URL}?page=2")).is_ok());
    for url in ["/v1/reports", "http://gate.internal/v1/reports", "https://other.example/v1/reports"] {
        assert_eq!(sees(&policy(), url).expect_err(url).reason, Reason::SenderProofTargetMismatch, "{url}");
    }
    let public = with(&policy(), "publicOrigin", "https://api.example".into());
    for url in ["/v1/reports", "http://gate.internal/v1/reports?page=2"] {
        assert!(sees(&public, url).is_ok(), "{url}");
    }
}

#[test]
fn the_certificate_is_what_the_host_reports_and_no_header() {
    let stage = Stage::new();
    let token = Signer::EDDSA.token(&with(&claims(), "cnf", json!({ "x5t#S256": CERTIFICATE })));
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("x-client-cert", CERTIFICATE), ("client-cert", CERTIFICATE)];
    let mut request = request("GET", URL, &headers);
    assert_eq!(reason(&stage.check(&request)), Reason::SenderCertificateMissing);
    request.certificate = Some("0".repeat(64));
    assert_eq!(reason(&stage.check(&request)), Reason::SenderCertificateMismatch);
    request.certificate = Some(CERTIFICATE.to_owned());
    assert!(stage.check(&request).verdict.is_ok());
}

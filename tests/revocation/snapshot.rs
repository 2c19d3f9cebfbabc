//! The signed deny list: what is one, and what only looks like one.

use edgeward::{
    jose::Algorithm,
    revocation::{
        DenyEntry, DenyKeys, DenySigner, DenySnapshot, DenySnapshotError, LONGEST_DENY_LIST, LONGEST_DENY_SNAPSHOT,
    },
    verdict::Reason,
};
use pollster::block_on;
use serde_json::{Value, json};

use crate::support::{FakeHost, NOW, Native, Signer, encode, key, public, with};

fn keys() -> DenyKeys {
    DenyKeys::from_jwks(&json!({ "keys": [public("ed25519", "k1")] })).expect("keys")
}

fn header() -> Value {
    json!({ "alg": "EdDSA", "typ": "edgeward-deny+jwt", "kid": "k1" })
}

fn payload() -> Value {
    json!({ "iat": NOW, "entries": [{ "key": "4fJ9aZ0kQ2mX7bTe" }, { "organization": "org-1", "until": NOW + 1 }] })
}

fn verify(text: impl AsRef<[u8]>) -> Result<DenySnapshot, DenySnapshotError> {
    block_on(keys().verify(&FakeHost::new(), text.as_ref()))
}

/// The reason for which a text with this header and this payload, signed with the trusted key, is not to be trusted.
fn signature_fault(text: impl AsRef<[u8]>) -> Reason {
    match verify(text) {
        Err(DenySnapshotError::Signature(denial)) => denial.reason,
        other => panic!("{other:?}"),
    }
}

fn mint(header: &Value, payload: &Value) -> String {
    Signer::EDDSA.mint(header.to_string(), payload.to_string())
}

#[test]
fn what_a_signer_signs_is_read_back() {
    for (name, kid) in [("EdDSA", Some("k1")), ("Ed25519", Some("k1")), ("EdDSA", None)] {
        let mut jwk = with(&key("ed25519"), "alg", name.into());
        jwk["kid"] = kid.into();
        if kid.is_none() {
            jwk.as_object_mut().expect("an object").remove("kid");
        }
        let signer = DenySigner::from_jwk(&jwk.to_string()).expect("a key");
        let entries: Vec<DenyEntry> = serde_json::from_value(payload()["entries"].clone()).expect("entries");
        let snapshot = DenySnapshot { issued_at: NOW, entries };
        assert_eq!(verify(signer.sign(&snapshot)).as_ref(), Ok(&snapshot));
        assert!(signer.is_trusted_by(&keys()));
        assert_eq!(signer.public_jwk()["x"], key("ed25519")["x"]);
    }
    let stranger = DenySigner::from_jwk(&with(&key("otherEd25519"), "kid", "k1".into()).to_string()).expect("a key");
    assert!(!stranger.is_trusted_by(&keys()));
}

#[test]
fn any_asymmetric_key_of_the_policy_vouches() {
    for signer in [Signer::ES256, Signer::RS256, Signer::PS256, Signer::ED25519] {
        let keys = DenyKeys::from_jwks(&json!({ "keys": [signer.jwk()] })).expect("keys");
        let header = with(&header(), "alg", signer.algorithm.name().into());
        let text = signer.mint(header.to_string(), payload().to_string());
        assert!(block_on(keys.verify(&FakeHost::new(), text.as_bytes())).is_ok(), "{:?}", signer.algorithm);
    }
}

#[test]
fn the_host_s_own_cryptography_is_asked_and_one_that_fails_changes_nothing() {
    let text = mint(&header(), &payload());
    let with_host = |native| block_on(keys().verify(&FakeHost::with_native(native), text.as_bytes())).is_ok();
    assert!(with_host(Native::Right) && with_host(Native::Fails) && !with_host(Native::No));
}

#[test]
fn nobody_else_signs_a_deny_list() {
    assert!(verify(mint(&header(), &payload())).is_ok());
    // Another key under the same name.
    let forged = Signer::STRANGER.mint(header().to_string(), payload().to_string());
    assert_eq!(signature_fault(forged), Reason::SignatureInvalid);
    // The public key as a secret, and no signature at all.
    for alg in ["HS256", "none", "None", "", "ES256"] {
        let reason = signature_fault(mint(&with(&header(), "alg", alg.into()), &payload()));
        let expected = if alg == "ES256" { Reason::SigningKeyUnknown } else { Reason::AlgorithmNotAllowed };
        assert_eq!(reason, expected, "{alg}");
    }
    let hmac = Signer::HS256.mint(with(&header(), "alg", "HS256".into()).to_string(), payload().to_string());
    assert_eq!(signature_fault(hmac), Reason::AlgorithmNotAllowed);
    assert!(Algorithm::Hs256.family().is_symmetric());
    assert_eq!(signature_fault(mint(&with(&header(), "kid", "k2".into()), &payload())), Reason::SigningKeyUnknown);
    // A key that the text brings along.
    let jwk = public("otherEd25519", "k1");
    let brought = Signer::STRANGER.mint(with(&header(), "jwk", jwk).to_string(), payload().to_string());
    assert_eq!(signature_fault(brought), Reason::SignatureInvalid);
    // Other entries under an old signature.
    let text = mint(&header(), &payload());
    let parts: Vec<&str> = text.split('.').collect();
    let empty = encode(json!({ "iat": NOW, "entries": [] }).to_string());
    assert_eq!(signature_fault(format!("{}.{empty}.{}", parts[0], parts[2])), Reason::SignatureInvalid);
}

#[test]
fn a_part_of_a_text_is_no_text() {
    let text = mint(&header(), &payload());
    for end in 0..text.len() {
        assert!(verify(&text[..end]).is_err(), "{end}");
    }
    for more in ["\n", " ", ".", "A", "=", "\0"] {
        assert!(verify(format!("{text}{more}")).is_err(), "{more:?}");
        assert!(verify(format!("{more}{text}")).is_err(), "{more:?}");
    }
    for garbage in [&b""[..], b"\xff\xfe", b"null", b"{}", b"[]", b"<html>"] {
        assert!(matches!(verify(garbage), Err(DenySnapshotError::Signature(_))), "{garbage:?}");
    }
    let mut half = text.into_bytes();
    half.truncate(half.len() / 2);
    half.push(0xe2);
    assert_eq!(signature_fault(half), Reason::TokenMalformed);
}

#[test]
fn a_jws_of_another_type_is_no_deny_list() {
    for typ in [json!("JWT"), json!("at+jwt"), json!("edgeward-deny"), json!(""), json!("edgeward-deny+jwt2")] {
        let error = verify(mint(&with(&header(), "typ", typ.clone()), &payload())).expect_err("another type");
        assert_eq!(error, DenySnapshotError::OtherType, "{typ}");
    }
    let mut nameless = header();
    nameless.as_object_mut().expect("an object").remove("typ");
    assert_eq!(verify(mint(&nameless, &payload())), Err(DenySnapshotError::OtherType));
    // RFC 7515 §4.1.9.
    assert!(verify(mint(&with(&header(), "typ", "application/Edgeward-Deny+JWT".into()), &payload())).is_ok());
}

#[test]
fn a_payload_that_could_mean_something_else_is_refused() {
    let longer = |member: &str, value: Value| with(&payload(), member, value);
    for wrong in [
        longer("exp", json!(NOW + 60)),
        longer("iat", json!("1780000000")),
        longer("iat", json!(-1)),
        longer("iat", json!(NOW * 1000)),
        longer("iat", json!(1.5)),
        longer("iat", Value::Null),
        longer("entries", Value::Null),
        longer("entries", json!({})),
        longer("entries", json!([{ "jti": "t" }])),
        longer("entries", json!([{ "key": "k", "organization": "o" }])),
        longer("entries", json!([{ "key": "k", "reason": "leaked" }])),
        json!({ "iat": NOW }),
        json!({ "entries": [] }),
        json!([]),
    ] {
        let error = verify(mint(&header(), &wrong)).expect_err("wrong");
        assert!(matches!(error, DenySnapshotError::Payload(_)), "{wrong}: {error}");
    }
    let twice = r#"{"iat":1780000000,"entries":[{"key":"k"}],"entries":[]}"#;
    let text = Signer::EDDSA.mint(header().to_string(), twice);
    assert!(matches!(verify(text), Err(DenySnapshotError::Payload(_))));
}

#[test]
fn its_length_is_bounded_in_entries_and_in_bytes() {
    let entries = |count: usize| json!({ "iat": NOW, "entries": vec![json!({ "key": "k" }); count] });
    assert!(verify(mint(&header(), &entries(LONGEST_DENY_LIST))).is_ok());
    let error = verify(mint(&header(), &entries(LONGEST_DENY_LIST + 1))).expect_err("too many");
    assert!(matches!(error, DenySnapshotError::Payload(_)) && error.to_string().contains("65537 entries"), "{error}");
    let error = verify(vec![b'a'; LONGEST_DENY_SNAPSHOT + 1]).expect_err("too long");
    assert_eq!(error, DenySnapshotError::TooLong(LONGEST_DENY_SNAPSHOT + 1));
}

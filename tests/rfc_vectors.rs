//! The examples of the standards: those that are signed tokens in the compact form hold, byte by byte, and the other
//! forms are refused. (RFC 7515 A.1 to A.3 and RFC 8037 A.4 stand in `m2m_token/signature.rs`, RFC 9449 beside the code that checks proofs.)

mod support;

use data_encoding::BASE64URL_NOPAD;
use edgeward::{
    jose::{VerifiedJws, thumbprint},
    policy::jws_verifier,
    verdict::Reason,
};
use pollster::block_on;
use serde_json::{Value, json};
use support::FakeHost;

fn verify(jwk: &Value, algorithm: &str, jws: &str) -> Result<VerifiedJws, Reason> {
    let policy = json!({ "algorithms": [algorithm] }).to_string();
    let verifier = jws_verifier(&json!({ "keys": [jwk] }).to_string(), &policy).expect("a key");
    block_on(verifier.verify(&FakeHost::new(), jws)).map_err(|denial| denial.reason)
}

/// The signature with one bit changed.
fn spoilt(jws: &str) -> String {
    let (input, signature) = jws.rsplit_once('.').expect("dots");
    let mut signature = support::decode(signature);
    *signature.last_mut().expect("a byte") ^= 1;
    format!("{input}.{}", support::encode(signature))
}

const BILBO: &str = "It\u{2019}s a dangerous business, Frodo, going out your door. You step onto the road, and if you don't keep your feet, there\u{2019}s no knowing where you might be swept off to.";

/// RFC 7520 §3.2, §3.3 and §3.5: the keys of Bilbo Baggins.
fn ec() -> Value {
    json!({
        "kty": "EC", "kid": "bilbo.baggins@hobbiton.example", "use": "sig", "crv": "P-521",
        "x": "AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt",
        "y": "AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1",
    })
}

fn rsa() -> Value {
    json!({
        "kty": "RSA", "kid": "bilbo.baggins@hobbiton.example", "use": "sig", "e": "AQAB",
        "n": "n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2\
              wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9b\
              TwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz\
              5iaiQkqgc5gHdrNP5zw",
    })
}

fn oct() -> Value {
    json!({
        "kty": "oct", "kid": "018c0ae5-4d9b-471b-bfd6-eef314bc7037", "use": "sig", "alg": "HS256",
        "k": "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg",
    })
}

/// RFC 7520 §4.4: the signature by the secret.
const BY_SECRET: &str = "s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0";

fn compact(header: &Value, signature: &str) -> String {
    format!(
        "{}.{}.{signature}",
        BASE64URL_NOPAD.encode(header.to_string().as_bytes()),
        BASE64URL_NOPAD.encode(BILBO.as_bytes())
    )
}

#[test]
fn the_signatures_of_the_cookbook_hold() {
    let named = |alg: &str, jwk: &Value| json!({ "alg": alg, "kid": jwk["kid"] });
    for (section, jwk, alg, signature) in [
        (
            "4.1",
            rsa(),
            "RS256",
            "MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83xuglII7PNDi84wnB-BDkoBwA\
             78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQ\
             dLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18\
             kDquDg",
        ),
        (
            "4.2",
            rsa(),
            "PS384",
            "cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2IpN6-tPid6VrklHkqsGqDqHCdP6O8TTB5dDDItllVo6_1OLPpcb\
             UrhiUSMxbbXUvdvWXzg-UD8biiReQFlfz28zGWVsdiNAUf8ZnyPEgVFn442ZdNqiVJRmBqrYRXe8P_ijQ7p8Vdz0TTrxUeT3lm8d9shnr2lfJT8I\
             mUjvAA2Xez2Mlp8cBE5awDzT0qI0n6uiP1aCN_2_jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7xho0uTOcbH510a6GYmJUAfmWjwZ6oD4ifKo8DYM-\
             X72Eaw",
        ),
        (
            "4.3",
            ec(),
            "ES512",
            "AE_R_YZCChjn4791jSQCrdPZCNYqHXCTZH0-JZGYNlaAjP2kqaluUIIUnC9qvbu9Plon7KRTzoNEuT4Va2cmL1eJAQy3mtPBu_u_sDDyYjnAMDxX\
             Pn7XrT0lw-kvAD890jl8e2puQens_IEKBpHABlsbEPX6sFY8OcGDqoRuBomu9xQ2",
        ),
        ("4.4", oct(), "HS256", BY_SECRET),
    ] {
        let jws = compact(&named(alg, &jwk), signature);
        let verified = verify(&jwk, alg, &jws).unwrap_or_else(|reason| panic!("§{section}: {reason:?}"));
        assert_eq!((verified.payload.as_slice(), verified.algorithm.name()), (BILBO.as_bytes(), alg));
        assert_eq!(verified.key_id.as_deref(), jwk["kid"].as_str());
        assert_eq!(verify(&jwk, alg, &spoilt(&jws)), Err(Reason::SignatureInvalid), "§{section}");
    }
}

#[test]
fn the_other_forms_of_the_cookbook_are_refused() {
    let jwk = oct();
    let header = json!({ "alg": "HS256", "kid": jwk["kid"] });
    // §4.5: a payload that is sent another way.
    let attached = compact(&header, BY_SECRET);
    let (protected, rest) = attached.split_once('.').expect("dots");
    let (payload, signature) = rest.split_once('.').expect("dots");
    assert_eq!(verify(&jwk, "HS256", &format!("{protected}..{signature}")), Err(Reason::SignatureInvalid));
    // §4.6 and §4.7: the JSON serialization, with a header of which a part or nothing is protected.
    let flattened = [
        json!({
            "payload": payload, "protected": "eyJhbGciOiJIUzI1NiJ9", "header": { "kid": jwk["kid"] },
            "signature": "bWUSVaxorn7bEF1djytBd0kHv70Ly5pvbomzMWSOr20",
        }),
        json!({ "payload": payload, "header": header, "signature": "xuLifqLGiblpv9zBpuZczWhNj1gARaLV3UxvxhJxZuk" }),
    ];
    // §4.8: several signatures.
    let general = json!({ "payload": payload, "signatures": [{ "protected": protected, "signature": signature }] });
    for form in flattened.into_iter().chain([general]) {
        assert_eq!(verify(&jwk, "HS256", &form.to_string()), Err(Reason::TokenFormUnsupported), "{form}");
    }
}

#[test]
fn the_appendix_of_rfc_7515_holds_or_is_refused() {
    // A.4: ES512, whose payload is no JSON.
    let jwk = json!({
        "kty": "EC", "crv": "P-521",
        "x": "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",
        "y": "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2",
    });
    let jws = "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGD\
               KB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn";
    assert_eq!(verify(&jwk, "ES512", jws).expect("good").payload, b"Payload");
    assert_eq!(verify(&jwk, "ES512", &spoilt(jws)), Err(Reason::SignatureInvalid));
    // A.5: no signature at all.
    let unsecured = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19y\
                     b290Ijp0cnVlfQ.";
    assert_eq!(verify(&jwk, "ES512", unsecured), Err(Reason::AlgorithmNotAllowed));
    // Appendix E: an extension that nobody knows.
    let critical = "eyJhbGciOiJub25lIiwNCiAiY3JpdCI6WyJodHRwOi8vZXhhbXBsZS5jb20vVU5ERUZJTkVEIl0sDQogImh0dHA6Ly9leGFtcGxl\
                    LmNvbS9VTkRFRklORUQiOnRydWUNCn0.RkFJTA.";
    assert_eq!(verify(&jwk, "ES512", critical), Err(Reason::CritNotUnderstood));
}

#[test]
fn the_examples_of_ml_dsa_hold() {
    // RFC 9964, appendix A.1: the key, its id, which is its thumbprint, and a JWS.
    let vectors: Value = serde_json::from_str(include_str!("vectors/rfc9964.json")).expect("JSON");
    let examples = vectors["examples"].as_array().expect("an array");
    assert_eq!(examples.len(), 3);
    for example in examples {
        let (jwk, jws) = (&example["jwk"], example["jws"].as_str().expect("text"));
        let alg = jwk["alg"].as_str().expect("text");
        let verified = verify(jwk, alg, jws).unwrap_or_else(|reason| panic!("{alg}: {reason:?}"));
        assert_eq!(verified.algorithm.name(), alg);
        assert_eq!(verify(jwk, alg, &spoilt(jws)), Err(Reason::SignatureInvalid), "{alg}");
        let made = thumbprint(jwk.as_object().expect("an object")).expect("a key");
        assert_eq!(jwk["kid"], BASE64URL_NOPAD.encode(&made));
    }
}

#[test]
fn unencoded_payloads_are_refused() {
    // RFC 7797 §4.1: the same payload encoded is signed as ever.
    let jwk = support::key("hmac");
    let encoded = "eyJhbGciOiJIUzI1NiJ9.JC4wMg.5mvfOroL-g7HyqJoozehmsaqmvTYGEq5jTI1gVvoEoQ";
    assert_eq!(verify(&jwk, "HS256", encoded).expect("good").payload, b"$.02");
    // §4.2, detached, and with the payload in its place.
    let (header, signature) =
        ("eyJhbGciOiJIUzI1NiIsImI2NCI6ZmFsc2UsImNyaXQiOlsiYjY0Il19", "A5dxf2s96_n5FLueVuW1Z_vh161FwXZC4YLPff6dmDY");
    for payload in ["", "JC4wMg"] {
        let jws = format!("{header}.{payload}.{signature}");
        assert_eq!(verify(&jwk, "HS256", &jws), Err(Reason::CritNotUnderstood), "{payload}");
    }
    assert_eq!(verify(&jwk, "HS256", &format!("{header}.$.02.{signature}")), Err(Reason::TokenMalformed));
}

#[test]
fn thumbprints_are_those_of_the_standards() {
    let rsa = json!({
        "kty": "RSA", "e": "AQAB", "alg": "RS256", "kid": "2011-04-29",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n\
              3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgd\
              AZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur\
              -kEgU8awapJzKnqDKgw",
    });
    for (standard, jwk, expected) in [
        ("RFC 7638 §3.1", rsa, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"),
        ("RFC 8037 A.3", support::public("ed25519", "k"), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"),
    ] {
        let made = thumbprint(jwk.as_object().expect("an object")).expect("a key");
        assert_eq!(BASE64URL_NOPAD.encode(&made), expected, "{standard}");
    }
}

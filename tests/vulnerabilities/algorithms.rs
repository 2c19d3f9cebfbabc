//! The token chooses the algorithm: confusion of keys and algorithms, and `none`.

use data_encoding::BASE64;
use edgeward::{jose::Algorithm, verdict::Reason};
use serde_json::{Value, json};

use crate::{
    Case, header,
    support::{Signer, claims, decode, encode, issuer, key, public, with, without},
};

const CONFUSION: &str = "CVE-2015-9235";
const NONE: &str = "CVE-2015-2951";

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = none();
    cases.extend(public_key_as_secret());
    cases.extend(another_algorithm());
    cases
}

/// A token that says that it is signed with `none`.
fn unsigned(alg: &str, signature: &str) -> String {
    let header = json!({ "alg": alg, "kid": "k1", "typ": "at+jwt" }).to_string();
    format!("{}.{}.{signature}", encode(header), encode(claims().to_string()))
}

fn none() -> Vec<Case> {
    let hope = "A token without a signature is taken for a signed one.";
    let spelling = "A filter looks for one spelling of `none` and the library for another.";
    let rsa = &Signer::RS256;
    let secret = &Signer::HS256;
    let named = |id, alg: &str| {
        let published = if alg == "none" { NONE } else { "RFC 8725 §2.1" };
        let hope = if alg == "none" { hope } else { spelling };
        Case::on(rsa, id, published, hope).sends(unsigned(alg, ""), Reason::AlgorithmNotAllowed)
    };
    let good = rsa.token(&claims());
    let signature = good.rsplit('.').next().expect("a signature");
    vec![
        named("none", "none"),
        named("none-capitalized", "None"),
        named("none-upper", "NONE"),
        named("none-mixed", "nOnE"),
        named("none-padded", "none "),
        named("none-with-nul", "none\0"),
        named("none-with-an-invisible-character", "no\u{200b}ne"),
        named("no-name", ""),
        Case::on(rsa, "none-with-a-signature", NONE, "The signature of another token makes it look signed.")
            .sends(unsigned("none", signature), Reason::AlgorithmNotAllowed),
        Case::on(secret, "none-for-a-secret", NONE, hope).sends(unsigned("none", ""), Reason::AlgorithmNotAllowed),
        Case::on(rsa, "signature-taken-away", "CVE-2020-28042", "Without a signature nothing is checked.")
            .sends(good.replace(signature, ""), Reason::SignatureInvalid),
        Case::on(
            rsa,
            "signature-and-its-dot-taken-away",
            "RFC 8725 §2.1",
            "Two segments are taken for an unsigned token.",
        )
        .sends(good.replace(&format!(".{signature}"), ""), Reason::TokenMalformed),
        Case::on(rsa, "no-alg", "RFC 8725 §3.1", "Where no algorithm is named, none is asked for.")
            .sends(rsa.mint(header(rsa, &json!({ "alg": null })), claims().to_string()), Reason::HeaderInvalid),
        Case::on(rsa, "alg-as-array", "RFC 8725 §3.1", "An array is compared as its first item.")
            .sends(rsa.mint(header(rsa, &json!({ "alg": ["RS256"] })), claims().to_string()), Reason::HeaderInvalid),
        Case::on(rsa, "alg-in-lower-case", "RFC 7515 §4.1.1", "Two readers compare names in two ways.").sends(
            rsa.mint(header(rsa, &json!({ "alg": "rs256" })), claims().to_string()),
            Reason::AlgorithmNotAllowed,
        ),
    ]
}

fn hmac(secret: &[u8], message: &[u8]) -> Vec<u8> {
    use hmac::Mac as _;
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(secret).expect("any length");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

/// A token whose HMAC was made with a public key for a secret.
fn by_public_key(secret: &[u8]) -> String {
    let header = json!({ "alg": "HS256", "kid": "k1", "typ": "at+jwt" }).to_string();
    let input = format!("{}.{}", encode(header), encode(claims().to_string()));
    format!("{input}.{}", encode(hmac(secret, input.as_bytes())))
}

fn coordinate(jwk: &Value, name: &str) -> Vec<u8> {
    decode(jwk[name].as_str().expect("a member"))
}

/// The DER (RFC 5280 §4.1.2.7) of the RSA test key.
fn rsa_der(jwk: &Value) -> Vec<u8> {
    use rsa::pkcs8::EncodePublicKey as _;
    let number = |name: &str| rsa::BigUint::from_bytes_be(&coordinate(jwk, name));
    let key = rsa::RsaPublicKey::new(number("n"), number("e")).expect("a key");
    key.to_public_key_der().expect("DER").into_vec()
}

fn pem(der: &[u8], end: &str) -> Vec<u8> {
    let text = BASE64.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("text")).collect();
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----{end}", lines.join("\n")).into_bytes()
}

fn public_key_as_secret() -> Vec<Case> {
    let hope = "The public key, in the spelling that the verifier keeps it in, is taken for the secret of an HMAC.";
    let (rsa, ec, okp) = (public("rsa", "k1"), public("p256", "k1"), public("ed25519", "k1"));
    let der = rsa_der(&rsa);
    let on = |signer: &Signer, id, secret: &[u8]| {
        Case::on(signer, id, CONFUSION, hope).sends(by_public_key(secret), Reason::AlgorithmNotAllowed)
    };
    let bare = |jwk: &Value| without(jwk, "kid").to_string().into_bytes();
    let point = [&[4][..], &coordinate(&ec, "x"), &coordinate(&ec, "y")].concat();
    let lenient = with(&issuer(&Signer::RS256), "algorithms", json!(["RS256", "ES256", "PS256"]));
    vec![
        on(&Signer::RS256, "rsa-pem-as-secret", &pem(&der, "\n")),
        on(&Signer::RS256, "rsa-pem-without-newline-as-secret", &pem(&der, "")),
        on(&Signer::RS256, "rsa-der-as-secret", &der),
        on(&Signer::RS256, "rsa-jwk-as-secret", rsa.to_string().as_bytes()),
        on(&Signer::RS256, "rsa-jwk-without-kid-as-secret", &bare(&rsa)),
        on(&Signer::RS256, "rsa-modulus-as-secret", &coordinate(&rsa, "n")),
        on(&Signer::RS256, "rsa-modulus-text-as-secret", rsa["n"].as_str().expect("text").as_bytes()),
        on(&Signer::ES256, "ec-point-as-secret", &point),
        on(&Signer::ES256, "ec-x-as-secret", &coordinate(&ec, "x")),
        on(&Signer::ES256, "ec-jwk-as-secret", ec.to_string().as_bytes()),
        on(&Signer::EDDSA, "ed25519-key-as-secret", &coordinate(&okp, "x")),
        on(&Signer::EDDSA, "ed25519-jwk-as-secret", &bare(&okp)),
        Case::on(
            &Signer::HS256,
            "empty-secret",
            "CVE-2019-20933",
            "A secret that was not set is taken for an empty one.",
        )
        .sends(by_public_key(b""), Reason::SignatureInvalid),
        on(&Signer::RS256, "empty-secret-for-a-public-key", b""),
        on(&Signer::RS256, "several-algorithms-and-a-secret", &pem(&der, "\n")).trusting([lenient]),
    ]
}

fn another_algorithm() -> Vec<Case> {
    let twins = |one: &str, other: &str| json!([one, other]);
    let renamed =
        |signer: &Signer, alg: &str| signer.mint(header(signer, &json!({ "alg": alg })), claims().to_string());
    let allowing = |signer: &Signer, algorithms: Value| with(&issuer(signer), "algorithms", algorithms);
    let (rs, es, ed) = (&Signer::RS256, &Signer::ES256, &Signer::EDDSA);
    let hope = "The signature of one algorithm is checked as that of another.";
    let policy = "An algorithm that the policy does not name is used with a key that could serve it.";
    let on = |signer, id| Case::on(signer, id, "RFC 8725 §2.1", hope);
    let bound = with(&issuer(rs), "jwks", json!({ "keys": [with(&public("rsa", "k1"), "alg", "RS256".into())] }));
    let bound = with(&bound, "algorithms", twins("RS256", "PS256"));
    vec![
        on(rs, "pkcs1-named-pss")
            .trusting([allowing(rs, twins("RS256", "PS256"))])
            .sends(renamed(rs, "PS256"), Reason::SignatureInvalid),
        on(rs, "sha256-named-sha512")
            .trusting([allowing(rs, twins("RS256", "RS512"))])
            .sends(renamed(rs, "RS512"), Reason::SignatureInvalid),
        on(es, "p256-named-p384")
            .trusting([allowing(es, twins("ES256", "ES384"))])
            .sends(renamed(es, "ES384"), Reason::SigningKeyUnknown),
        on(es, "p256-named-secp256k1")
            .trusting([allowing(es, twins("ES256", "ES256K"))])
            .sends(renamed(es, "ES256K"), Reason::SigningKeyUnknown),
        on(es, "ec-named-rsa")
            .trusting([allowing(es, twins("ES256", "RS256"))])
            .sends(renamed(es, "RS256"), Reason::SigningKeyUnknown),
        on(rs, "rsa-named-eddsa")
            .trusting([allowing(rs, twins("RS256", "EdDSA"))])
            .sends(renamed(rs, "EdDSA"), Reason::SigningKeyUnknown),
        Case::on(ed, "eddsa-by-its-other-name", "RFC 9864 §4", policy)
            .sends(renamed(ed, "Ed25519"), Reason::AlgorithmNotAllowed),
        Case::on(rs, "key-of-one-algorithm-used-for-another", "CVE-2022-23539", "The `alg` of a key is passed over.")
            .trusting([bound])
            .sends(Signer::PS256.token(&claims()), Reason::SigningKeyUnknown),
        Case::on(rs, "algorithm-that-the-policy-does-not-name", "RFC 8725 §3.1", policy)
            .sends(Signer::PS256.token(&claims()), Reason::AlgorithmNotAllowed),
        Case::on(rs, "hmac-with-a-good-secret-of-nobody", CONFUSION, "A secret in a public key set is used.")
            .sends(by_public_key(&decode(key("hmac")["k"].as_str().expect("text"))), Reason::AlgorithmNotAllowed),
        Case::on(&Signer::HS256, "hmac-of-another-hash", "RFC 8725 §3.1", hope)
            .trusting([allowing(&Signer::HS256, json!([Algorithm::Hs256.name(), "HS512"]))])
            .sends(renamed(&Signer::HS256, "HS512"), Reason::SignatureInvalid),
    ]
}

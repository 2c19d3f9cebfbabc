//! Claims of other types, other values and other tokens.

use edgeward::verdict::Reason;
use serde_json::{Value, json};

use crate::{
    Case, header,
    support::{AUDIENCE, ISSUER, NOW, Signer, claims, edited, issuer, public, with},
};

const SIGNER: &Signer = &Signer::EDDSA;

/// A token whose usual claims have these members changed.
fn token(members: &Value) -> String {
    SIGNER.token(&edited(&claims(), members))
}

/// A token with this claim, null included.
fn claim(name: &str, value: Value) -> String {
    SIGNER.token(&with(&claims(), name, value))
}

fn on(id: &'static str, published: &'static str, hope: &'static str, attack: String, reason: Reason) -> Case {
    Case::on(SIGNER, id, published, hope).sends(attack, reason)
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = times();
    cases.extend(names());
    cases.extend(other_tokens());
    cases
}

fn times() -> Vec<Case> {
    let never = "A time that cannot be compared is never over.";
    let malformed =
        |id, name: &str, value: Value| on(id, "RFC 7519 §2", never, claim(name, value), Reason::ClaimMalformed);
    let refused = |id, hope, members: Value, reason| on(id, "RFC 7519 §4.1.4", hope, token(&members), reason);
    vec![
        malformed("exp-as-text", "exp", json!("9999999999")),
        malformed("exp-as-word", "exp", json!("never")),
        malformed("exp-as-array", "exp", json!([9_999_999_999_i64])),
        malformed("exp-as-object", "exp", json!({ "value": 9_999_999_999_i64 })),
        malformed("exp-true", "exp", json!(true)),
        malformed("exp-null", "exp", Value::Null),
        malformed("nbf-as-text", "nbf", json!("0")),
        malformed("nbf-null", "nbf", Value::Null),
        malformed("iat-as-text", "iat", json!("0")),
        malformed("iat-as-array", "iat", json!([0])),
        refused(
            "exp-missing",
            "A token without an end is good for ever.",
            json!({ "exp": null }),
            Reason::ClaimMissing,
        ),
        refused("exp-now", "The last second lasts longer.", json!({ "exp": NOW }), Reason::TokenExpired),
        refused("exp-zero", "Zero stands for no end.", json!({ "exp": 0 }), Reason::TokenExpired),
        refused("exp-negative", "A negative time wraps around.", json!({ "exp": -1 }), Reason::TokenExpired),
        refused(
            "exp-in-milliseconds-of-the-past",
            "A unit is mistaken.",
            json!({ "exp": NOW / 1000 }),
            Reason::TokenExpired,
        ),
        refused(
            "nbf-in-the-future",
            "A token that was prepared is used early.",
            json!({ "nbf": NOW + 3600 }),
            Reason::TokenNotYetValid,
        ),
        refused(
            "iat-in-the-future",
            "A token that was prepared is used early.",
            json!({ "iat": NOW + 3600 }),
            Reason::TokenIssuedInFuture,
        ),
        Case::on(
            SIGNER,
            "exp-in-milliseconds",
            "RFC 7519 §2",
            "A unit is mistaken, and the token lives for thousands of years.",
        )
        .trusting([with(&issuer(SIGNER), "maxTokenAge", json!(3600))])
        .sends(claim("exp", json!(NOW * 1000)), Reason::TokenLifetimeTooLong),
    ]
}

fn names() -> Vec<Case> {
    let aud = |id, value: Value, reason| {
        on(id, "RFC 8725 §3.9", "A token for another API is taken for one for this.", claim("aud", value), reason)
    };
    let iss = |id, value: Value, reason| {
        on(
            id,
            "CVE-2025-30144",
            "The name of the issuer is compared as a part or as an array.",
            claim("iss", value),
            reason,
        )
    };
    let (mismatch, malformed, unknown) = (Reason::AudienceMismatch, Reason::ClaimMalformed, Reason::IssuerUnknown);
    vec![
        aud("aud-of-another-api", json!("https://other.example"), mismatch),
        aud("aud-longer", json!(format!("{AUDIENCE}.evil.example")), mismatch),
        aud("aud-shorter", json!(&AUDIENCE[..AUDIENCE.len() - 1]), mismatch),
        aud("aud-in-another-case", json!(AUDIENCE.to_uppercase()), mismatch),
        aud("aud-with-slash", json!(format!("{AUDIENCE}/")), mismatch),
        aud("aud-empty-text", json!(""), mismatch),
        aud("aud-star", json!("*"), mismatch),
        aud("aud-two-in-one-text", json!(format!("{AUDIENCE} https://other.example")), mismatch),
        on(
            "aud-empty-array",
            "CVE-2020-26160",
            "An empty audience is for everybody.",
            claim("aud", json!([])),
            Reason::ClaimMissing,
        ),
        on(
            "aud-missing",
            "RFC 8725 §3.9",
            "A token for nobody is for everybody.",
            token(&json!({ "aud": null })),
            Reason::ClaimMissing,
        ),
        on("aud-null", "RFC 8725 §3.9", "A token for nobody is for everybody.", claim("aud", Value::Null), malformed),
        aud("aud-number", json!(0), malformed),
        aud("aud-true", json!(true), malformed),
        aud("aud-object", json!({ AUDIENCE: true }), malformed),
        aud("aud-array-in-array", json!([[AUDIENCE]]), malformed),
        aud("aud-array-with-null", json!([AUDIENCE, null]), malformed),
        iss("iss-as-array", json!([ISSUER]), malformed),
        iss("iss-as-array-of-two", json!(["https://evil.example", ISSUER]), malformed),
        iss("iss-as-object", json!({ "0": ISSUER }), malformed),
        iss("iss-null", Value::Null, malformed),
        iss("iss-longer", json!(format!("{ISSUER}evil")), unknown),
        iss("iss-shorter", json!(ISSUER.trim_end_matches('/')), unknown),
        iss("iss-with-user-information", json!("https://issuer.example@evil.example/"), unknown),
        iss("iss-in-another-case", json!("https://ISSUER.example/"), unknown),
        iss("iss-empty", json!(""), unknown),
        on(
            "iss-missing",
            "RFC 8725 §3.8",
            "A token of nobody is anybody's.",
            token(&json!({ "iss": null })),
            Reason::ClaimMissing,
        ),
        on(
            "sub-as-object",
            "RFC 7519 §4.1.2",
            "An object is compared as its text.",
            claim("sub", json!({ "$ne": null })),
            malformed,
        ),
        on(
            "client-as-array",
            "RFC 9068 §2.2",
            "An array is compared as its first item.",
            claim("client_id", json!(["client-1"])),
            malformed,
        ),
        on(
            "organization-as-array",
            "RFC 8725 §2.7",
            "A token of one customer names several.",
            claim("org_id", json!(["org-1", "org-2"])),
            malformed,
        ),
        on(
            "scope-with-a-space-in-an-item",
            "RFC 6749 §3.3",
            "One scope becomes two for the next reader.",
            claim("scope", json!(["reports:read admin"])),
            malformed,
        ),
        on(
            "scope-as-object",
            "RFC 6749 §3.3",
            "The names of members are taken for scopes.",
            claim("scope", json!({ "admin": true })),
            malformed,
        ),
    ]
}

fn other_tokens() -> Vec<Case> {
    let kind = "A token that was issued for something else is taken for an access token.";
    let typed = |id, typ: &str| {
        let attack = SIGNER.mint(header(SIGNER, &json!({ "typ": typ })), claims().to_string());
        on(id, "RFC 8725 §2.8", kind, attack, Reason::TypNotAccepted)
    };
    let shaped = |id, members: Value| on(id, "RFC 8725 §2.8", kind, token(&members), Reason::TypNotAccepted);
    let key = edited(&public("p256", "k1"), &json!({ "kid": null }));
    let bound = |id, published, cnf: Value, reason| {
        let hope = "A stolen token that is bound to its sender is good in anybody's hands.";
        on(id, published, hope, claim("cnf", cnf), reason)
    };
    let thumbprint = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
    vec![
        typed("dpop-proof", "dpop+jwt"),
        typed("logout-token", "logout+jwt"),
        typed("security-event-token", "secevent+jwt"),
        typed("introspection-answer", "token-introspection+jwt"),
        typed("client-assertion", "client-authentication+jwt"),
        typed("request-object", "oauth-authz-req+jwt"),
        shaped("id-token", json!({ "nonce": "n-1" })),
        shaped("id-token-of-a-code-flow", json!({ "at_hash": "x" })),
        shaped(
            "logout-token-without-a-type",
            json!({ "events": { "http://schemas.openid.net/event/backchannel-logout": {} } }),
        ),
        bound("cnf-without-a-proof", "RFC 9449 §7.1", json!({ "jkt": thumbprint }), Reason::SenderProofMissing),
        bound(
            "cnf-of-a-certificate-without-one",
            "RFC 8705 §3",
            json!({ "x5t#S256": thumbprint }),
            Reason::SenderCertificateMissing,
        ),
        bound("cnf-of-a-key-itself", "RFC 7800 §3.2", json!({ "jwk": key }), Reason::SenderConstraintUnsupported),
        bound("cnf-null", "RFC 7800 §3.1", Value::Null, Reason::ClaimMalformed),
        bound("cnf-empty", "RFC 7800 §3.1", json!({}), Reason::ClaimMalformed),
    ]
}

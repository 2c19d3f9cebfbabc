//! What is refused for its claims: whom the token is for, when it is good, and what else it says of itself.

use std::sync::LazyLock;

use edgeward::{
    host::UnixMillis,
    m2m_token::TokenVerifier,
    verdict::{Denial, Reason, Verdict},
};
use pollster::block_on;
use serde_json::{Value, json};

use super::{denial, is_accepted, reason};
use crate::support::{AUDIENCE, FakeHost, NOW, Signer, claims, header, issuer, verifier, with, without};

/// The quickest of the algorithms: here it is the claims that count.
const SIGNER: Signer = Signer::HS256;

fn usual() -> &'static TokenVerifier {
    static USUAL: LazyLock<TokenVerifier> = LazyLock::new(|| verifier([issuer(&SIGNER)]));
    &USUAL
}

fn token(claim: &str, value: Value) -> String {
    SIGNER.token(&with(&claims(), claim, value))
}

/// A token in whose payload this claim has this text, which may be no JSON that a `Value` could hold.
fn literally(claim: &str, text: &str) -> String {
    let payload = with(&claims(), claim, "@".into()).to_string().replace(r#""@""#, text);
    SIGNER.mint(header(SIGNER.algorithm), payload)
}

/// The verdict on a token at this millisecond.
fn at(millis: i64, token: &str) -> Verdict {
    let host = FakeHost::new();
    host.now.set(millis);
    block_on(usual().verify(&host, token))
}

fn reason_at(millis: i64, token: &str) -> Option<Reason> {
    at(millis, token).err().map(|denial| denial.reason)
}

fn noted(denial: Denial) -> (Reason, Option<String>) {
    (denial.reason, denial.note)
}

#[test]
fn the_required_claims_are_required() {
    for claim in ["aud", "exp"] {
        let token = SIGNER.token(&without(&claims(), claim));
        assert_eq!(noted(denial(usual(), &token)), (Reason::ClaimMissing, Some(format!("`{claim}`"))));
        assert_eq!(noted(denial(usual(), &self::token(claim, Value::Null))).0, Reason::ClaimMalformed);
    }
}

#[test]
fn a_token_for_another_audience_is_refused() {
    for other in [
        json!("https://api.example/"),
        json!("https://api.exampl"),
        json!("https://api.example.evil.example"),
        json!("HTTPS://api.example"),
        json!(" https://api.example"),
        json!("https://api.example https://other.example"),
        json!("*"),
        json!(""),
        json!(["https://other.example", "https://api.example/v1"]),
        json!([""]),
    ] {
        assert_eq!(reason(usual(), &token("aud", other.clone())), Reason::AudienceMismatch, "{other}");
    }
    assert_eq!(reason(usual(), &token("aud", json!([]))), Reason::ClaimMissing);
    for wrong in [json!([AUDIENCE, 1]), json!([[AUDIENCE]]), json!([null]), json!({ AUDIENCE: 1 }), json!(true)] {
        assert_eq!(reason(usual(), &token("aud", wrong.clone())), Reason::ClaimMalformed, "{wrong}");
    }
    assert!(is_accepted(usual(), &token("aud", json!(["https://other.example", AUDIENCE]))));
}

#[test]
fn one_of_several_audiences_is_enough() {
    let verifier = verifier([with(&issuer(&SIGNER), "audience", json!(["a", "b"]))]);
    assert!(is_accepted(&verifier, &token("aud", json!("b"))));
    assert!(is_accepted(&verifier, &token("aud", json!(["c", "a"]))));
    assert_eq!(reason(&verifier, &token("aud", json!("a b"))), Reason::AudienceMismatch);
}

#[test]
fn a_time_is_a_number_and_nothing_else() {
    for claim in ["exp", "nbf", "iat"] {
        for wrong in [json!("1780000300"), json!(null), json!([NOW]), json!(true), json!({}), json!("")] {
            let denial = denial(usual(), &token(claim, wrong));
            assert_eq!(noted(denial), (Reason::ClaimMalformed, Some(format!("`{claim}`"))));
        }
        for text in ["1e400", "9007199254740992", "99999999999999999999", "1e17", "0x10", "01", "1_000", "Infinity"] {
            assert_eq!(reason(usual(), &literally(claim, text)), Reason::PayloadInvalid, "{claim} {text}");
        }
    }
}

#[test]
fn a_token_ends_with_the_second_before_its_exp() {
    let token = token("exp", json!(NOW + 300));
    assert_eq!(reason_at((NOW + 300) * 1000 - 1, &token), None);
    // There is no tolerance for the past.
    assert_eq!(reason_at((NOW + 300) * 1000, &token), Some(Reason::TokenExpired));
    assert_eq!(reason_at(i64::MAX, &token), Some(Reason::TokenExpired));
    for past in ["0", "-1", "-9007199254740991", "-0", "-0.5", "1e-300", "1780000000", "1780000000.999"] {
        assert_eq!(reason(usual(), &literally("exp", past)), Reason::TokenExpired, "{past}");
    }
    for future in ["1780000001", "1780000001.0", "1.780000001e9", "9007199254740991"] {
        assert!(is_accepted(usual(), &literally("exp", future)), "{future}");
    }
}

#[test]
fn a_token_from_the_future_is_let_in_by_the_tolerance_and_no_more() {
    for (claim, refusal) in [("nbf", Reason::TokenNotYetValid), ("iat", Reason::TokenIssuedInFuture)] {
        for (text, expected) in [
            ("1780000005", None),
            ("1780000006", Some(refusal)),
            ("1780000005.000001", Some(refusal)),
            ("9007199254740991", Some(refusal)),
            ("-1", None),
            ("0", None),
        ] {
            assert_eq!(reason_at(NOW * 1000, &literally(claim, text)), expected, "{claim} {text}");
        }
        assert_eq!(reason_at(NOW * 1000 - 1, &literally(claim, "1780000005")), Some(refusal));

        let strict = verifier([with(&issuer(&SIGNER), "clockTolerance", json!(0))]);
        assert!(is_accepted(&strict, &token(claim, json!(NOW))));
        assert_eq!(reason(&strict, &token(claim, json!(NOW + 1))), refusal);
    }
}

#[test]
fn no_clock_makes_a_token_good_that_is_not() {
    let token = SIGNER.token(&claims());
    for millis in [i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX - 1, i64::MAX] {
        assert!(at(millis, &token).is_err(), "{millis}");
    }
    let endless = literally("exp", "9007199254740991");
    assert_eq!(reason_at(i64::MAX, &endless), Some(Reason::TokenExpired));
    assert_eq!(reason_at(i64::MIN, &endless), Some(Reason::TokenIssuedInFuture));
}

#[test]
fn the_longest_life_is_counted_from_issue_to_end() {
    let verifier = verifier([with(&issuer(&SIGNER), "maxTokenAge", json!(300))]);
    let lived = |iat: &str, exp: &str| {
        let payload = with(&with(&claims(), "iat", "@i".into()), "exp", "@e".into()).to_string();
        let payload = payload.replace(r#""@i""#, iat).replace(r#""@e""#, exp);
        let token = SIGNER.mint(header(SIGNER.algorithm), payload);
        block_on(verifier.verify(&FakeHost::new(), &token)).err().map(|denial| denial.reason)
    };
    assert_eq!(lived("1780000000", "1780000300"), None);
    assert_eq!(lived("1779999999", "1780000300"), Some(Reason::TokenLifetimeTooLong));
    assert_eq!(lived("0", "1780000300"), Some(Reason::TokenLifetimeTooLong));
    assert_eq!(lived("-9007199254740991", "9007199254740991"), Some(Reason::TokenLifetimeTooLong));
    // Whole seconds are counted, as they are for the end.
    assert_eq!(lived("1780000000.5", "1780000300.5"), None);
    let without_iat = SIGNER.token(&without(&claims(), "iat"));
    assert_eq!(noted(denial(&verifier, &without_iat)), (Reason::ClaimMissing, Some("`iat`".to_owned())));
    assert!(is_accepted(usual(), &without_iat));
}

#[test]
fn facts_that_are_kept_are_held_against_the_clock_on_each_use() {
    let host = FakeHost::new();
    let facts = block_on(usual().authenticate(&host, &SIGNER.token(&claims()))).expect("facts");
    assert!(facts.judge(UnixMillis(NOW * 1000)).is_ok());
    let denial = facts.judge(UnixMillis((NOW + 300) * 1000)).expect_err("expired");
    assert_eq!((denial.reason, denial.principal.client_id.as_deref()), (Reason::TokenExpired, Some("client-1")));
}

#[test]
fn a_claim_that_names_somebody_is_a_string() {
    for claim in ["sub", "jti", "client_id", "org_id"] {
        for wrong in [json!(1), json!(null), json!(["x"]), json!({}), json!(true)] {
            assert_eq!(reason(usual(), &token(claim, wrong)), Reason::ClaimMalformed, "{claim}");
        }
    }
}

#[test]
fn an_id_token_is_no_access_token() {
    for claim in ["nonce", "at_hash", "c_hash"] {
        assert_eq!(reason(usual(), &token(claim, "x".into())), Reason::TypNotAccepted, "{claim}");
        assert_eq!(reason(usual(), &token(claim, Value::Null)), Reason::TypNotAccepted, "{claim}");
    }
}

#[test]
fn a_token_that_is_bound_to_its_sender_needs_a_proof() {
    let thumbprint = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
    for (name, missing) in [("jkt", Reason::SenderProofMissing), ("x5t#S256", Reason::SenderCertificateMissing)] {
        let denial = denial(usual(), &token("cnf", json!({ name: thumbprint })));
        assert_eq!(denial.reason, missing);
        assert_eq!(denial.principal.client_id.as_deref(), Some("client-1"));
    }
}

#[test]
fn scopes_are_read_from_the_declared_claim_alone() {
    let spread = with(&with(&claims(), "scp", json!(["scp:x"])), "permissions", json!(["permissions:x"]));
    let token = SIGNER.token(&with(&spread, "scopes", json!("scopes:x")));
    for (claim, expected) in [
        ("scope", vec!["reports:read", "reports:write"]),
        ("scp", vec!["scp:x"]),
        ("permissions", vec!["permissions:x"]),
    ] {
        let verifier = verifier([with(&issuer(&SIGNER), "scopeClaim", claim.into())]);
        let grant = block_on(verifier.verify(&FakeHost::new(), &token)).expect("a grant");
        assert_eq!(grant.scopes, expected);
        let none = SIGNER.token(&without(&spread, claim));
        assert!(block_on(verifier.verify(&FakeHost::new(), &none)).expect("a grant").scopes.is_empty());
        // A claim that is not declared is not even read.
        let odd = SIGNER.token(&with(&claims(), if claim == "scp" { "permissions" } else { "scp" }, json!(7)));
        assert!(is_accepted(&verifier, &odd));
    }
}

#[test]
fn a_scope_cannot_hide_another() {
    for wrong in [json!("a  b"), json!(["a b"]), json!("a\nb"), json!([1]), json!({}), json!(null), json!("é")] {
        assert_eq!(reason(usual(), &token("scope", wrong.clone())), Reason::ClaimMalformed, "{wrong}");
    }
}

#[test]
fn a_security_event_is_no_access_token_even_where_it_is_untyped() {
    // RFC 8417 §2.2; a logout token of OpenID Connect Back-Channel Logout is one, and many issuers leave its type out.
    let logout = json!({ "http://schemas.openid.net/event/backchannel-logout": {} });
    let token = SIGNER.mint(r#"{"alg":"HS256","typ":"JWT"}"#, with(&claims(), "events", logout).to_string());
    assert_eq!(reason(usual(), &token), Reason::TypNotAccepted);
}

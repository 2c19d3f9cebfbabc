//! Tokens about which the authorization server is asked (contract §3.7, RFC 7662).

#[path = "../support/mod.rs"]
mod support;

mod kept;

use edgeward::{
    host::{HostError, InboundAnswer},
    m2m_token::TokenVerifier,
    policy::{Beside, PolicyError, read_token_policy, token_verifier_with},
    verdict::{Denial, Grant, Reason, Verdict},
};
use pollster::block_on;
use proptest::prelude::*;
use serde_json::{Value, json};
use support::{AUDIENCE, FakeHost, ISSUER, NOW, Signer, claims, edited, issuer};

const OPAQUE: &str = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";

fn asking(members: &Value) -> Value {
    let server = json!({ "endpoint": "https://issuer.example/introspect", "clientId": "api" });
    json!({ "issuer": ISSUER, "audience": AUDIENCE, "introspection": edited(&server, members) })
}

fn try_policy(issuers: &[Value], secrets: &[&str]) -> Result<TokenVerifier, PolicyError> {
    let policy = read_token_policy(&json!({ "issuers": issuers }).to_string())?;
    let introspection_secrets = secrets.iter().map(|issuer| ((*issuer).to_owned(), "s3cret".to_owned())).collect();
    token_verifier_with(policy.issuers, &Beside { introspection_secrets, ..Beside::default() }, None)
}

fn verifier(issuer: Value) -> TokenVerifier {
    try_policy(&[issuer], &[ISSUER]).expect("a verifier")
}

fn usual() -> TokenVerifier {
    verifier(asking(&json!({})))
}

/// What the server says of the usual token, with these members changed.
fn active(members: &Value) -> Value {
    edited(&edited(&claims(), &json!({ "active": true, "token_type": "Bearer" })), members)
}

#[expect(clippy::unnecessary_wraps, reason = "it stands beside answers that never came")]
fn body(status: u16, body: impl Into<Vec<u8>>) -> Result<InboundAnswer, HostError> {
    Ok(InboundAnswer { status, headers: Vec::new(), body: body.into() })
}

/// A host whose servers answer this, one after the other.
fn answering(answers: impl IntoIterator<Item = Result<InboundAnswer, HostError>>) -> FakeHost {
    let host = FakeHost::new();
    host.answers.borrow_mut().extend(answers);
    host
}

fn saying(answer: &Value) -> FakeHost {
    answering([body(200, answer.to_string())])
}

fn ask(verifier: &TokenVerifier, host: &FakeHost, token: &str) -> Verdict {
    block_on(verifier.verify(host, token))
}

fn granted(answer: &Value) -> Grant {
    ask(&usual(), &saying(answer), OPAQUE).expect("a grant")
}

fn refused(answer: &Value) -> Denial {
    ask(&usual(), &saying(answer), OPAQUE).expect_err("refused")
}

#[test]
fn an_active_token_is_good_and_the_answer_is_its_claims() {
    let answer = active(&json!({}));
    let host = saying(&answer);
    let grant = ask(&usual(), &host, OPAQUE).expect("a grant");
    assert_eq!(
        (grant.principal.client_id.as_deref(), grant.principal.organization.as_deref()),
        (Some("client-1"), Some("org-1"))
    );
    assert_eq!((grant.principal.issuer.as_deref(), grant.principal.algorithm), (Some(ISSUER), None));
    assert_eq!((grant.scopes.len(), grant.expires), (2, Some(NOW + 300)));
    assert_eq!(grant.evidence, edgeward::verdict::Evidence::Claims(answer.to_string()));
    let requests = host.requests.borrow();
    assert_eq!(requests.len(), 1);
    assert_eq!((requests[0].method, requests[0].url.as_str()), ("POST", "https://issuer.example/introspect"));
    // RFC 7617: api:s3cret.
    assert!(requests[0].headers.contains(&("authorization", "Basic YXBpOnMzY3JldA==".to_owned())));
    assert!(
        requests[0]
            .body
            .as_deref()
            .expect("a body")
            .starts_with("token=Kz%7E8mXK1EalYznwH-LC-1fBAo.4Ljp%7EzsPE_NeO.gxU&token_type_hint=access_token")
    );
    // Who the token speaks for is `sub`, and no name for people to read.
    let named = granted(&active(&json!({ "username": "root", "sub": null, "sid": "s" })));
    assert_eq!(named.principal.subject, None);
    // `iss` may be missing: it was the issuer that was asked.
    assert_eq!(granted(&active(&json!({ "iss": null }))).principal.issuer.as_deref(), Some(ISSUER));
}

#[test]
fn a_client_can_authenticate_in_the_body() {
    let host = saying(&active(&json!({})));
    assert!(ask(&verifier(asking(&json!({ "authentication": "client_secret_post" }))), &host, OPAQUE).is_ok());
    let requests = host.requests.borrow();
    assert!(requests[0].body.as_deref().expect("a body").ends_with("&client_id=api&client_secret=s3cret"));
    assert!(requests[0].headers.iter().all(|(name, _)| *name != "authorization"));
}

#[test]
fn a_token_that_is_not_active_is_refused_and_the_client_learns_no_more() {
    let denial = refused(&json!({ "active": false }));
    assert_eq!((denial.reason, denial.reason.disclosed()), (Reason::TokenInactive, Reason::TokenInvalid));
    assert_eq!(denial.principal.issuer.as_deref(), Some(ISSUER));
}

#[test]
fn every_claim_is_held_against_the_policy() {
    for (members, expected) in [
        (json!({ "exp": NOW }), Reason::TokenExpired),
        (json!({ "exp": null }), Reason::ClaimMissing),
        (json!({ "exp": "9999999999" }), Reason::ClaimMalformed),
        (json!({ "nbf": NOW + 6 }), Reason::TokenNotYetValid),
        (json!({ "iat": NOW + 6 }), Reason::TokenIssuedInFuture),
        (json!({ "aud": "https://other.example" }), Reason::AudienceMismatch),
        (json!({ "aud": null }), Reason::ClaimMissing),
        (json!({ "iss": "https://other.example/" }), Reason::IssuerUnknown),
        (json!({ "iss": 1 }), Reason::ClaimMalformed),
        (json!({ "sub": 1 }), Reason::ClaimMalformed),
        (json!({ "scope": 1 }), Reason::ClaimMalformed),
        (json!({ "nonce": "n" }), Reason::TypNotAccepted),
        (json!({ "token_type": null }), Reason::ClaimMissing),
        (json!({ "token_type": "refresh_token" }), Reason::TypNotAccepted),
        (json!({ "token_use": "refresh_token" }), Reason::TypNotAccepted),
        (json!({ "cnf": { "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" } }), Reason::SenderProofMissing),
        (json!({ "cnf": {} }), Reason::ClaimMalformed),
        (json!({ "token_type": "DPoP" }), Reason::ClaimMissing),
    ] {
        assert_eq!(refused(&active(&members)).reason, expected, "{members}");
    }
    let lenient = edited(&asking(&json!({})), &json!({ "audience": null, "optionalClaims": ["aud"] }));
    assert!(ask(&verifier(lenient), &saying(&active(&json!({ "aud": null }))), OPAQUE).is_ok());
}

#[test]
fn where_the_server_cannot_be_understood_it_cannot_be_told() {
    let long = format!(r#"{{"active":true,"x":"{}"}}"#, "x".repeat(70_000));
    let (unreadable, unavailable) = (Reason::IntrospectionUnreadable, Reason::IntrospectionUnavailable);
    let good = active(&json!({})).to_string();
    for (answer, expected) in [
        (body(200, ""), unreadable),
        (body(200, "{}"), unreadable),
        (body(200, "[]"), unreadable),
        (body(200, "true"), unreadable),
        (body(200, r#"{"active":"true"}"#), unreadable),
        (body(200, r#"{"active":1}"#), unreadable),
        (body(200, r#"{"active":null}"#), unreadable),
        (body(200, r#"{"active":false,"active":true}"#), unreadable),
        (body(200, format!("{good}{good}")), unreadable),
        (body(200, format!("\u{feff}{good}")), unreadable),
        (body(200, [&good.as_bytes()[..9], &[0xff]].concat()), unreadable),
        (body(200, "<html>"), unreadable),
        (body(200, long), unavailable),
        // RFC 9701: a signed answer was not asked for, and nobody here would check its signature.
        (
            body(
                200,
                "eyJ0eXAiOiJ0b2tlbi1pbnRyb3NwZWN0aW9uK2p3dCIsImFsZyI6IkVTMjU2In0.eyJ0b2tlbl9pbnRyb3NwZWN0aW9uIjp7ImFjdGl2ZSI6dHJ1ZX19.AA",
            ),
            unreadable,
        ),
        (body(200, r#"{"token_introspection":{"active":true}}"#), unreadable),
        (body(200, format!(r#"{{"active":true,"x":{}1{}}}"#, "[".repeat(5_000), "]".repeat(5_000))), unreadable),
        (body(200, r#"{"active":true,"x":1e400}"#), unreadable),
        (body(200, r#"{"active":true,"\u0061ctive":true}"#), unreadable),
        (body(201, good.clone()), unavailable),
        (body(204, ""), unavailable),
        (body(301, ""), unavailable),
        (body(302, good.clone()), unavailable),
        (body(0, ""), unavailable),
        (body(400, r#"{"error":"invalid_request"}"#), unavailable),
        (body(401, r#"{"error":"invalid_client"}"#), unavailable),
        (body(403, ""), unavailable),
        (body(404, ""), unavailable),
        (body(429, ""), unavailable),
        (body(500, good.clone()), unavailable),
        (body(503, ""), unavailable),
        (Err(HostError("timed out".to_owned())), unavailable),
    ] {
        let host = answering([answer.clone(), body(200, good.clone())]);
        let verifier = usual();
        let denial = ask(&verifier, &host, OPAQUE).expect_err("undecided");
        assert_eq!(denial.reason, expected, "{answer:?}");
        assert!(denial.reason.is_undecided() && denial.challenge().is_none());
        assert!(!denial.note.unwrap_or_default().contains("s3cret"));
        assert!(ask(&verifier, &host, OPAQUE).is_ok(), "a failure is not kept");
    }
}

#[test]
fn a_host_that_repeats_the_request_in_its_error_tells_nobody() {
    let host = answering([Err(HostError(format!("POST with Basic YXBpOnMzY3JldA== and token={OPAQUE} failed")))]);
    let denial = ask(&usual(), &host, OPAQUE).expect_err("undecided");
    assert_eq!(denial.note.as_deref(), Some("the host failed, in words that repeat the request"));
    let denial = ask(&usual(), &FakeHost::new(), OPAQUE).expect_err("undecided");
    assert_eq!(denial.note.as_deref(), Some("no answer"));
}

#[test]
fn a_server_that_leaves_out_the_type_of_tokens_is_named_by_the_policy() {
    let untyped = active(&json!({ "token_type": null }));
    assert_eq!(refused(&untyped).reason, Reason::ClaimMissing);
    let policy = edited(&asking(&json!({})), &json!({ "optionalClaims": ["token_type"] }));
    let typed =
        |answer: &Value| ask(&verifier(policy.clone()), &saying(answer), OPAQUE).err().map(|denial| denial.reason);
    assert_eq!(typed(&untyped), None);
    assert_eq!(typed(&active(&json!({ "token_type": "refresh_token" }))), Some(Reason::TypNotAccepted));
    let unasked = edited(&issuer(&Signer::EDDSA), &json!({ "optionalClaims": ["token_type"] }));
    assert_eq!(support::faults(&[unasked]), ["/issuers/0/optionalClaims"]);
}

proptest! {
    #[test]
    fn no_answer_makes_the_verifier_panic_and_none_but_active_opens(
        status in any::<u16>(),
        bytes in any::<Vec<u8>>(),
        word in prop_oneof![Just("false"), Just("null"), Just("1"), Just("\"true\""), Just("[true]"), Just("True")],
        (name, value) in ("[a-z_]{0,10}", any::<String>()),
        token in any::<String>(),
    ) {
        let text = active(&json!({ name: value })).to_string();
        let named = text.replacen("\"active\":true", &format!("\"active\":{word}"), 1);
        for answer in [bytes, named.into_bytes()] {
            prop_assert!(ask(&usual(), &answering([body(200, answer.clone())]), OPAQUE).is_err());
            prop_assert!(ask(&usual(), &answering([body(status, answer)]), OPAQUE).is_err());
        }
        if status != 200 {
            prop_assert!(ask(&usual(), &answering([body(status, text.clone())]), OPAQUE).is_err());
        }
        let _ = ask(&usual(), &answering([body(200, text)]), &token);
    }
}

#[test]
fn what_no_issuer_gave_out_is_not_asked_about() {
    let host = FakeHost::new();
    for (token, expected) in [
        ("", Reason::TokenMalformed),
        ("a b", Reason::TokenMalformed),
        ("{}", Reason::TokenMalformed),
        ("t\u{e9}", Reason::TokenMalformed),
        ("a=b", Reason::TokenMalformed),
        ("eyJhbGciOiJub25lIn0.e30.", Reason::AlgorithmNotAllowed),
        ("eyJhbGciOiJFUzI1NiJ9.e30=.AA", Reason::TokenMalformed),
        (&"a".repeat(20_000), Reason::TokenTooLarge),
    ] {
        let denial = ask(&usual(), &host, token).expect_err("refused");
        assert_eq!(denial.reason, expected, "{}", &token[..token.len().min(40)]);
    }
    assert!(host.requests.borrow().is_empty());
}

#[test]
fn a_jwt_is_verified_here_first_and_then_asked_about_where_the_policy_says_so() {
    let both = |tokens: &str| {
        let server = json!({ "introspection": asking(&json!({ "tokens": tokens }))["introspection"] });
        verifier(edited(&issuer(&Signer::EDDSA), &server))
    };
    let token = Signer::EDDSA.token(&claims());
    let host = FakeHost::new();
    assert!(ask(&both("opaque"), &host, &token).is_ok());
    assert!(host.requests.borrow().is_empty());
    let all = both("all");
    let denial = ask(&all, &host, &token).expect_err("no answer");
    assert_eq!(denial.reason, Reason::IntrospectionUnavailable);
    assert_eq!((denial.principal.key_id.as_deref(), denial.principal.algorithm), (Some("k1"), Some("EdDSA")));
    assert_eq!(
        ask(&all, &saying(&json!({ "active": false })), &token).expect_err("revoked").reason,
        Reason::TokenInactive
    );
    // What does not hold here is not asked about.
    for bad in [Signer::STRANGER.token(&claims()), Signer::EDDSA.token(&edited(&claims(), &json!({ "exp": NOW })))] {
        let host = FakeHost::new();
        assert!(ask(&both("all"), &host, &bad).is_err());
        assert!(host.requests.borrow().is_empty());
    }
    let grant = ask(&both("all"), &saying(&active(&json!({ "scope": "other" }))), &token).expect("a grant");
    assert_eq!(grant.principal.algorithm, Some("EdDSA"), "what was signed is what counts");
    assert_eq!(grant.scopes, ["reports:read", "reports:write"]);
    for members in [json!({ "token_type": "refresh_token" }), json!({ "token_use": "refresh_token" })] {
        let denial = ask(&both("all"), &saying(&active(&members)), &token).expect_err("a refresh token");
        assert_eq!(denial.reason, Reason::TypNotAccepted, "{members}");
    }
    assert!(ask(&both("all"), &saying(&json!({ "active": true })), &token).is_ok(), "its issuer signed what it is");
    let thumbprint = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
    for members in [
        json!({ "sub": "x" }),
        json!({ "client_id": "x" }),
        json!({ "iss": "x" }),
        json!({ "cnf": { "jkt": thumbprint } }),
    ] {
        let denial = ask(&both("all"), &saying(&active(&members)), &token).expect_err("another");
        assert_eq!(denial.reason, Reason::ClaimMismatch, "{members}");
    }
}

#[test]
fn a_jwt_of_an_issuer_without_keys_is_good_where_its_server_says_so() {
    let token = Signer::EDDSA.token(&claims());
    let opaque_alone = usual();
    assert_eq!(ask(&opaque_alone, &FakeHost::new(), &token).expect_err("no key").reason, Reason::SigningKeyUnknown);
    let all = || verifier(asking(&json!({ "tokens": "all" })));
    let grant = ask(&all(), &saying(&active(&json!({}))), &token).expect("a grant");
    assert_eq!((grant.principal.algorithm, grant.principal.key_id), (None, None));
    assert_eq!(
        ask(&all(), &saying(&active(&json!({ "sub": "x" }))), &token).expect_err("another").reason,
        Reason::ClaimMismatch
    );
    assert_eq!(
        ask(&all(), &saying(&json!({ "active": false })), &token).expect_err("inactive").reason,
        Reason::TokenInactive
    );
    let foreign = Signer::EDDSA.mint(r#"{"alg":"EdDSA","typ":"logout+jwt"}"#, claims().to_string());
    assert_eq!(ask(&all(), &FakeHost::new(), &foreign).expect_err("foreign").reason, Reason::TypNotAccepted);
}

#[test]
fn hydra_says_of_its_opaque_tokens_what_its_preset_expects() {
    // As Ory Hydra answers about a token of the client credentials grant.
    let answer = json!({
        "active": true, "scope": "reports:read", "client_id": "c-1", "sub": "c-1", "exp": NOW + 3600, "iat": NOW,
        "nbf": NOW, "aud": [AUDIENCE], "iss": ISSUER, "token_type": "Bearer", "token_use": "access_token",
    });
    let policy =
        edited(&asking(&json!({ "tokenPrefix": "ory_at_" })), &json!({ "preset": "ory_hydra", "scopeClaim": "scope" }));
    let verifier = verifier(policy);
    let grant = ask(&verifier, &saying(&answer), "ory_at_x.y").expect("a grant");
    assert_eq!((grant.principal.client_id.as_deref(), grant.scopes), (Some("c-1"), vec!["reports:read".to_owned()]));
    let person = edited(&answer, &json!({ "sub": "a person" }));
    assert_eq!(ask(&verifier, &saying(&person), "ory_at_z").expect_err("a person").reason, Reason::ClaimMismatch);
    let refresh = edited(&answer, &json!({ "token_use": "refresh_token" }));
    assert_eq!(ask(&verifier, &saying(&refresh), "ory_at_r").expect_err("a refresh").reason, Reason::TypNotAccepted);
}

#[test]
fn several_servers_are_told_apart_by_what_their_tokens_begin_with() {
    let one = asking(&json!({ "tokenPrefix": "one_" }));
    let other = edited(&asking(&json!({ "tokenPrefix": "other_" })), &json!({ "issuer": "https://other.example/" }));
    let other = edited(
        &other,
        &json!({ "introspection": edited(&other["introspection"], &json!({ "endpoint": "https://other.example/ask" })) }),
    );
    let names = [ISSUER, "https://other.example/"];
    let verifier = try_policy(&[one.clone(), other], &names).expect("a verifier");
    let host = saying(&active(&json!({ "iss": "https://other.example/" })));
    assert!(ask(&verifier, &host, "other_x").is_ok());
    assert_eq!(host.requests.borrow()[0].url, "https://other.example/ask");
    assert_eq!(ask(&verifier, &host, "third_x").expect_err("nobody's").reason, Reason::TokenMalformed);
    // An answer of one server is not the other's.
    let swapped = ask(&verifier, &saying(&active(&json!({}))), "other_y").expect_err("another issuer");
    assert_eq!(swapped.reason, Reason::IssuerUnknown);
    for prefix in ["", "one", "one_", "one_more"] {
        let twin = edited(&asking(&json!({ "tokenPrefix": prefix })), &json!({ "issuer": "https://other.example/" }));
        let fault = try_policy(&[one.clone(), twin], &names).expect_err("ambiguous").0;
        assert!(fault[0].pointer.ends_with("/introspection/tokenPrefix"), "{prefix}");
    }
}

#[test]
fn a_policy_that_is_wrong_says_where() {
    let fault = |members: &Value| try_policy(&[asking(members)], &[ISSUER]).expect_err("a fault").0[0].pointer.clone();
    for (members, place) in [
        (json!({ "endpoint": "http://issuer.example/introspect" }), "/endpoint"),
        (json!({ "endpoint": null }), ""),
        (json!({ "clientId": "" }), "/clientId"),
        (json!({ "authentication": "none" }), "/authentication"),
        (json!({ "tokens": "jwt" }), "/tokens"),
        (json!({ "tokenPrefix": "a b" }), "/tokenPrefix"),
        (json!({ "cacheSeconds": 301 }), "/cacheSeconds"),
        (json!({ "timeout": 99 }), "/timeout"),
        (json!({ "secret": "s3cret" }), "/secret"),
    ] {
        assert_eq!(fault(&members), format!("/issuers/0/introspection{place}"), "{members}");
    }
    let pointer =
        |issuers: &[Value], secrets: &[&str]| try_policy(issuers, secrets).expect_err("a fault").0[0].pointer.clone();
    assert_eq!(pointer(&[asking(&json!({}))], &[]), "/issuers/0/introspection", "no secret");
    assert_eq!(pointer(&[issuer(&Signer::EDDSA)], &[ISSUER]), "/issuers/0/introspection", "nobody to ask");
    assert_eq!(pointer(&[asking(&json!({}))], &[ISSUER, "https://other.example/"]), "/issuers");
    let template = edited(&asking(&json!({})), &json!({ "issuer": "https://{tenant}.example/", "tenants": ["a"] }));
    assert_eq!(pointer(&[template], &["https://{tenant}.example/"]), "/issuers/0/introspection");
}

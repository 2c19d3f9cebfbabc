//! The origin's side: what it takes, and what it does not.

use edgeward::{
    gate::{GateRequest, OriginCheck},
    host::InboundAnswer,
    verdict::{CredentialClass, Evidence, Grant, Reason},
};
use pollster::block_on;
use serde_json::{Value, json};

use super::{ORIGIN, arrived, assertion, check, gate, opened, private, signing, signing_with, with_assertion};
use crate::{
    stage::{Stage, get, good_token, policy, request},
    support::{FakeHost, ISSUER, NOW, Native, Signer, claims, edited, encode, key, public, with},
};

fn granted(check: &OriginCheck, host: &FakeHost, request: &GateRequest) -> Grant {
    block_on(check.check(host, request)).expect("a grant")
}

fn refused(check: &OriginCheck, host: &FakeHost, request: &GateRequest) -> Reason {
    block_on(check.check(host, request)).expect_err("refused").reason
}

fn a1() -> Vec<Value> {
    vec![private("ed25519", "a1")]
}

#[test]
fn the_origin_learns_who_the_gate_let_in_of_either_class() {
    for (name, native) in [("ed25519", Native::Absent), ("p256", Native::Absent), ("p256", Native::Right)] {
        let jwks = [private(name, "k")];
        let stage = signing_with(&json!({}), &jwks);
        let check = check(&jwks, &json!({}));
        let origin = FakeHost::with_native(native);
        let key = stage.key();

        let forward = stage.forward(&get("https://api.example/v1/reports?page=2", &good_token()));
        let grant = granted(&check, &origin, &arrived("GET", "/v1/reports?page=2", &forward));
        assert_eq!(grant.class, CredentialClass::M2mToken);
        let who = &grant.principal;
        assert_eq!((who.subject.as_deref(), who.client_id.as_deref()), (Some("client-1"), Some("client-1")));
        assert_eq!((who.organization.as_deref(), grant.expires), (Some("org-1"), Some(NOW + 30)));
        assert_eq!(grant.scopes, ["reports:read", "reports:write"]);
        assert!(matches!(&grant.evidence, Evidence::Claims(claims) if claims.contains("edgeward_class")));

        let forward = stage.forward(&get("/v1/reports", key.key.reveal()));
        let grant = granted(&check, &origin, &arrived("GET", "/v1/reports", &forward));
        assert_eq!(grant.class, CredentialClass::ApiKey);
        let who = &grant.principal;
        assert_eq!((who.credential_id.as_deref(), who.client_id.as_deref()), (Some(key.id.as_str()), None));
        assert_eq!((who.subject.as_deref(), who.organization.as_deref()), (Some("ada"), Some("org-9")));
        assert_eq!(grant.scopes, ["reports:read"]);
    }
}

#[test]
fn an_assertion_of_another_request_is_refused() {
    let stage = signing();
    let check = check(&a1(), &json!({}));
    let assertion = assertion(&stage.forward(&get("https://api.example/v1/items/7", &good_token())));
    let ask =
        |method: &str, target: &str| block_on(check.check(&stage.host, &with_assertion(method, target, &assertion)));
    assert!(ask("GET", "/v1/items/7").is_ok() && ask("GET", "https://origin.example/v1/items/7").is_ok());
    // What stands in the query is not bound, as in RFC 9449.
    assert!(ask("GET", "/v1/items/7?all=1").is_ok());
    for (method, target) in [
        ("POST", "/v1/items/7"),
        ("get", "/v1/items/7"),
        ("HEAD", "/v1/items/7"),
        ("GET", "/v1/items/8"),
        ("GET", "/v1/items/7/"),
        ("GET", "/v1/items/7/../7"),
        ("GET", "/v1/items/7#/../8"),
        ("GET", "/v1/items"),
        ("GET", "//v1/items/7"),
        ("GET", "/"),
        ("GET", ""),
        ("GET", "v1/items/7"),
        ("GET", "https://origin.example"),
    ] {
        let denial = ask(method, target).expect_err(target);
        assert_eq!((denial.reason, denial.class), (Reason::AssertionRequestMismatch, None), "{method} {target}");
    }
}

#[test]
fn an_origin_that_knows_the_public_name_holds_the_whole_url_against_it() {
    let check = check(&a1(), &json!({ "publicOrigin": "https://api.example" }));
    let of = |change: Value, url: &str| {
        let stage = signing_with(&change, &a1());
        let forward = stage.forward(&get(url, &good_token()));
        block_on(check.check(&stage.host, &arrived("GET", "/v1/items/7", &forward))).map_err(|denial| denial.reason)
    };
    assert!(of(json!({}), "https://api.example/v1/items/7").is_ok());
    assert!(of(json!({}), "https://API.example:443/v1/items/7").is_ok());
    assert!(of(json!({ "publicOrigin": "https://api.example" }), "http://localhost:8787/v1/items/7").is_ok());
    for (change, url) in [
        (json!({}), "https://other.example/v1/items/7"),
        (json!({}), "https://api.example:8443/v1/items/7"),
        // The gate was told of no public name, and saw none.
        (json!({}), "/v1/items/7"),
        (json!({ "publicOrigin": "https://other.example" }), "https://api.example/v1/items/7"),
    ] {
        assert_eq!(of(change, url).expect_err(url), Reason::AssertionRequestMismatch);
    }
}

#[test]
fn one_assertion_comes_with_a_request() {
    let stage = signing();
    let check = check(&a1(), &json!({}));
    let good = assertion(&stage.forward(&get("/v1/items/7", &good_token())));
    let asked = |headers: &[(&str, &str)]| refused(&check, &stage.host, &request("GET", "/v1/items/7", headers));
    assert_eq!(asked(&[]), Reason::AssertionMissing);
    assert_eq!(asked(&[("edgeward-assertion", "")]), Reason::AssertionMissing);
    assert_eq!(asked(&[("edgeward_assertion", &good)]), Reason::AssertionMissing);
    assert_eq!(asked(&[("authorization", &format!("Bearer {good}"))]), Reason::AssertionMissing);
    let twice = format!("{good}, {good}");
    let pairs = [("edgeward-assertion", good.as_str()), ("Edgeward-Assertion", good.as_str())];
    assert_eq!(asked(&pairs), Reason::AssertionAmbiguous);
    assert_eq!(asked(&[("edgeward-assertion", ""), pairs[1]]), Reason::AssertionAmbiguous);
    assert_eq!(asked(&[("edgeward-assertion", &twice)]), Reason::AssertionAmbiguous);
    assert_eq!(asked(&[("edgeward-assertion", "e30")]), Reason::TokenMalformed);
}

#[test]
fn what_the_gate_did_not_say_is_refused() {
    let stage = signing();
    let check = check(&a1(), &json!({}));
    let good = assertion(&stage.forward(&get("/v1/items/7", &good_token())));
    let (header, claims) = opened(&good);
    let asked = |assertion: &str| refused(&check, &stage.host, &with_assertion("GET", "/v1/items/7", assertion));
    let resigned =
        |signer: &Signer, header: &Value, claims: &Value| signer.mint(header.to_string(), claims.to_string());
    // The same claims under the same header, signed with the same key, are the assertion again.
    let again = resigned(&Signer::EDDSA, &header, &claims);
    assert!(block_on(check.check(&stage.host, &with_assertion("GET", "/v1/items/7", &again))).is_ok());

    let [head, _, signature] = good.split('.').collect::<Vec<_>>()[..] else { panic!("three segments") };
    let widened = with(&claims, "scope", "admin".into());
    assert_eq!(asked(&format!("{head}.{}.{signature}", encode(widened.to_string()))), Reason::SignatureInvalid);
    assert_eq!(asked(&resigned(&Signer::STRANGER, &header, &claims)), Reason::SignatureInvalid);
    assert_eq!(
        asked(&resigned(&Signer::STRANGER, &with(&header, "kid", "a2".into()), &claims)),
        Reason::SigningKeyUnknown
    );
    // A key of the same gate that signs something else: its tokens are no assertions, nor is a deny list.
    for typ in [json!("at+jwt"), json!("JWT"), Value::Null, json!("edgeward-deny+jwt")] {
        let header = edited(&header, &json!({ "typ": typ }));
        assert_eq!(asked(&resigned(&Signer::EDDSA, &header, &claims)), Reason::TypNotAccepted, "{header}");
    }
    for (change, reason) in [
        (json!({ "aud": "https://elsewhere.example" }), Reason::AudienceMismatch),
        (json!({ "iss": "https://other.example" }), Reason::IssuerUnknown),
        (json!({ "exp": NOW }), Reason::TokenExpired),
        (json!({ "exp": NOW + 301 }), Reason::TokenLifetimeTooLong),
        (json!({ "iat": NOW + 6 }), Reason::TokenIssuedInFuture),
        (json!({ "edgeward_class": "person" }), Reason::ClaimMismatch),
        (json!({ "edgeward_class": null }), Reason::ClaimMissing),
        (json!({ "htm": null }), Reason::AssertionRequestMismatch),
        (json!({ "htu": null }), Reason::AssertionRequestMismatch),
        (json!({ "htu": 7 }), Reason::AssertionRequestMismatch),
        (json!({ "htu": "" }), Reason::AssertionRequestMismatch),
    ] {
        assert_eq!(asked(&resigned(&Signer::EDDSA, &header, &edited(&claims, &change))), reason, "{change}");
    }
}

#[test]
fn an_assertion_is_good_for_its_seconds_and_may_be_sent_again_in_them() {
    let stage = signing();
    let check = check(&a1(), &json!({}));
    let request = arrived("GET", "/v1/items/7", &stage.forward(&get("/v1/items/7", &good_token())));
    let origin = FakeHost::new();
    // It is not remembered: an origin for which that counts sees each `jti` once.
    let [first, again] = [(); 2].map(|()| granted(&check, &origin, &request));
    assert_eq!(first.principal.credential_id, again.principal.credential_id);
    assert!(first.principal.credential_id.is_some_and(|jti| jti.len() == 32));
    origin.now.set((NOW + 30) * 1000 - 1);
    granted(&check, &origin, &request);
    origin.now.set((NOW + 30) * 1000);
    assert_eq!(refused(&check, &origin, &request), Reason::TokenExpired);
    // The clock of the origin may be behind that of the gate, as far as it is told.
    origin.now.set((NOW - 5) * 1000);
    granted(&check, &origin, &request);
    origin.now.set((NOW - 6) * 1000);
    assert_eq!(refused(&check, &origin, &request), Reason::TokenIssuedInFuture);
}

#[test]
fn the_keys_are_fetched_where_the_gate_publishes_them() {
    let stage = signing();
    let uri = "https://api.example/.well-known/jwks.json";
    let check = check(&a1(), &json!({ "jwks": null, "jwksUri": uri }));
    let arrived = arrived("GET", "/v1/items/7", &stage.forward(&get("/v1/items/7", &good_token())));
    let origin = FakeHost::new();
    assert_eq!(refused(&check, &origin, &arrived), Reason::KeySetUnavailable);
    let published = stage.answer(&request("GET", uri, &[]));
    let answer = InboundAnswer { status: 200, headers: published.headers, body: published.body.into_bytes() };
    origin.answers.borrow_mut().push_back(Ok(answer));
    origin.now.set((NOW + 29) * 1000 + 999);
    assert_eq!(refused(&check, &origin, &arrived), Reason::KeySetUnavailable, "left alone for the cooldown");
    let renewed = super::arrived("GET", "/v1/items/7", &{
        stage.host.now.set((NOW + 31) * 1000);
        stage.forward(&get("/v1/items/7", &good_token()))
    });
    origin.now.set((NOW + 31) * 1000);
    granted(&check, &origin, &renewed);
    assert_eq!(origin.requests.borrow().last().map(|request| request.url.clone()).as_deref(), Some(uri));
    let [status] = &check.key_sets(edgeward::host::UnixMillis((NOW + 31) * 1000))[..] else { panic!("one set") };
    assert_eq!(status.keys, 1);
}

#[test]
fn an_origin_behind_a_gate_of_its_own_takes_the_assertion_as_a_token() {
    let front = signing();
    let issuer = json!({ "preset": "edgeward", "issuer": "https://api.example", "audience": ORIGIN,
        "jwks": { "keys": [public("ed25519", "a1")] } });
    let change = json!({
        "issuers": [issuer],
        "credentials": { "m2mToken": ["edgeward-assertion"], "apiKey": [] },
        "apiKeys": null,
        "routes": [{ "methods": ["GET"], "path": "/v1/items/:id", "classes": ["m2m_token"], "scopes": ["reports:read"] }],
    });
    let back = Stage::of(&edited(&policy(), &change));
    let key = front.key();
    for credential in [good_token(), key.key.reveal().to_owned()] {
        let forward = front.forward(&get("/v1/items/7", &credential));
        let onward = back.forward(&arrived("GET", "/v1/items/7", &forward));
        let organization = if credential.contains('.') { "org-1" } else { "org-9" };
        assert!(onward.set.contains(&("edgeward-organization".to_owned(), organization.to_owned())));
        assert!(onward.remove.contains(&"edgeward-assertion".to_owned()));
        assert!(!onward.set.iter().any(|(name, _)| name == "edgeward-assertion"));
    }
}

#[test]
fn no_other_verifier_takes_an_assertion_for_a_token() {
    // The same key, name and audience as an issuer of tokens: the type tells them apart.
    let stage = Stage::new();
    let change = json!({ "assertion": { "issuer": ISSUER, "audience": claims()["aud"] } });
    let gate = gate(&change, &[with(&key("ed25519"), "kid", "k1".into())]);
    let front = Stage::with(gate);
    let assertion = assertion(&front.forward(&get("/v1/items/7", &good_token())));
    assert_eq!(stage.code(&get("/v1/items/7", &assertion)), "typ_not_accepted");
}

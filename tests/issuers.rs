//! How a policy describes an issuer: the claims that may be missing, the paths of claims, templates, conditions, types.

mod support;

use edgeward::{m2m_token::TokenVerifier, verdict::Reason};
use serde_json::{Value, json};
use support::{
    AUDIENCE, ISSUER, NOW, Signer, about, claims, edited, faults, granted, issuer, judged, plain, refused,
    try_verifier, verifier,
};

/// The usual policy with the quick algorithm, with these members changed.
fn policy(changed: &Value) -> Value {
    edited(&issuer(&Signer::HS256), changed)
}

fn of(changed: &Value) -> TokenVerifier {
    verifier([policy(changed)])
}

/// A token of the usual claims, with these changed.
fn token(changed: &Value) -> String {
    plain(&edited(&claims(), changed))
}

fn words(issuers: &[Value]) -> Vec<String> {
    match try_verifier(&json!({ "issuers": issuers })) {
        Ok(_) => Vec::new(),
        Err(error) => error.0.into_iter().map(|fault| format!("{}: {}", fault.pointer, fault.reason)).collect(),
    }
}

// Required claims.

#[test]
fn issuer_audience_and_end_are_required_unless_the_policy_names_the_one_it_drops() {
    let usual = of(&json!({}));
    for claim in ["iss", "aud", "exp"] {
        assert_eq!(refused(&usual, &token(&json!({ claim: null }))), about(Reason::ClaimMissing, claim));
    }
    // Dropping one drops no other.
    let without_iss = of(&json!({ "optionalClaims": ["iss"] }));
    let without_aud = of(&json!({ "optionalClaims": ["aud"], "audience": null }));
    let without_exp = of(&json!({ "optionalClaims": ["exp"], "maxTokenAge": 600 }));
    for (verifier, dropped) in [(&without_iss, "iss"), (&without_aud, "aud"), (&without_exp, "exp")] {
        granted(
            verifier,
            &token(&json!({ dropped: null, "aud": if dropped == "aud" { Value::Null } else { AUDIENCE.into() } })),
        );
        for other in ["iss", "aud", "exp"].iter().filter(|other| **other != dropped) {
            let mut changed = json!({ dropped: null });
            changed[other] = Value::Null;
            assert_eq!(refused(verifier, &token(&changed)), about(Reason::ClaimMissing, other), "{dropped}");
        }
    }
}

#[test]
fn an_optional_issuer_that_is_there_is_compared() {
    let verifier = of(&json!({ "optionalClaims": ["iss"] }));
    let grant = granted(&verifier, &token(&json!({ "iss": null })));
    assert_eq!(grant.principal.issuer.as_deref(), Some(ISSUER));
    granted(&verifier, &token(&json!({})));
    assert_eq!(refused(&verifier, &token(&json!({ "iss": "https://other.example" }))).0, Reason::IssuerUnknown);
    assert_eq!(refused(&verifier, &token(&json!({ "iss": "" }))).0, Reason::IssuerUnknown);
    assert_eq!(refused(&verifier, &token(&json!({ "iss": [ISSUER] }))), about(Reason::ClaimMalformed, "iss"));
}

#[test]
fn an_issuer_is_optional_only_where_no_other_could_be_meant() {
    let alone = policy(&json!({ "optionalClaims": ["iss"] }));
    let other = policy(&json!({ "issuer": "https://other.example" }));
    assert_eq!(faults(std::slice::from_ref(&alone)), Vec::<String>::new());
    assert_eq!(faults(&[alone.clone(), other]), ["/issuers/0/optionalClaims"]);
    let template = json!({ "issuer": "https://login.example/{tenant}", "tenants": ["a"] });
    assert_eq!(faults(&[edited(&alone, &template)]), ["/issuers/0/optionalClaims"]);
}

#[test]
fn an_optional_audience_is_no_audience_and_never_any() {
    let verifier = of(&json!({ "optionalClaims": ["aud"], "audience": null }));
    granted(&verifier, &token(&json!({ "aud": null })));
    granted(&verifier, &token(&json!({ "aud": [] })));
    // Whoever is named is somebody else (RFC 7519 §4.1.3).
    for audience in [json!(AUDIENCE), json!([AUDIENCE]), json!("https://other.example"), json!("")] {
        assert_eq!(refused(&verifier, &token(&json!({ "aud": audience }))).0, Reason::AudienceMismatch, "{audience}");
    }
    assert_eq!(faults(&[policy(&json!({ "optionalClaims": ["aud"] }))]), ["/issuers/0/audience"]);
    assert_eq!(faults(&[policy(&json!({ "optionalClaims": ["aud"], "audience": [] }))]), ["/issuers/0/audience"]);
    assert_eq!(faults(&[policy(&json!({ "audience": null }))]), ["/issuers/0/audience"]);
}

#[test]
fn a_token_without_an_end_ends_by_its_age() {
    let verifier = of(&json!({ "optionalClaims": ["exp"], "maxTokenAge": 600 }));
    let endless = token(&json!({ "exp": null, "iat": NOW }));
    assert_eq!(granted(&verifier, &endless).expires, Some(NOW + 600));
    assert!(judged(&verifier, NOW + 599, &endless).is_ok());
    assert_eq!(judged(&verifier, NOW + 600, &endless).expect_err("ended").reason, Reason::TokenExpired);
    assert_eq!(refused(&verifier, &token(&json!({ "exp": null, "iat": null }))), about(Reason::ClaimMissing, "iat"));
    // An age alone makes no end of itself.
    let strict = of(&json!({ "maxTokenAge": 600 }));
    assert_eq!(refused(&strict, &endless), about(Reason::ClaimMissing, "exp"));
    // An end that is there counts.
    assert_eq!(refused(&verifier, &token(&json!({ "exp": NOW }))).0, Reason::TokenExpired);
    assert_eq!(refused(&verifier, &token(&json!({ "exp": NOW + 1000, "iat": NOW }))).0, Reason::TokenLifetimeTooLong);
    assert_eq!(refused(&verifier, &token(&json!({ "exp": "never" }))), about(Reason::ClaimMalformed, "exp"));
    assert_eq!(faults(&[policy(&json!({ "optionalClaims": ["exp"] }))]), ["/issuers/0/optionalClaims"]);
}

#[test]
fn no_other_claim_can_be_dropped() {
    for claim in ["cnf", "nbf", "iat", "typ", "EXP", ""] {
        assert_eq!(
            faults(&[policy(&json!({ "optionalClaims": [claim] }))]),
            ["/issuers/0/optionalClaims/0"],
            "{claim}"
        );
    }
}

// Paths.

#[test]
fn claims_are_found_where_the_policy_says() {
    let verifier = of(&json!({
        "organizationClaim": "https://example.com/org_id", "clientClaim": "/act/client", "scopeClaim": "/realm_access/roles",
    }));
    let grant = granted(
        &verifier,
        &token(&json!({
            "https://example.com/org_id": "org-7", "act": { "client": "c-7" }, "realm_access": { "roles": ["a", "b"] },
            // What would be found by the default names is another's.
            "org_id": "org-evil", "client_id": "evil", "scope": "admin",
        })),
    );
    assert_eq!(grant.principal.organization.as_deref(), Some("org-7"));
    assert_eq!(grant.principal.client_id.as_deref(), Some("c-7"));
    assert_eq!(grant.scopes, ["a", "b"]);

    let nobody = granted(&verifier, &token(&json!({})));
    assert_eq!((nobody.principal.organization, nobody.principal.client_id), (None, None));
    assert_eq!(nobody.scopes, Vec::<String>::new());

    for (changed, claim) in [
        (json!({ "https://example.com/org_id": ["org-7"] }), "https://example.com/org_id"),
        (json!({ "act": "c-7" }), "/act/client"),
        (json!({ "act": { "client": { "id": "c-7" } } }), "/act/client"),
        (json!({ "realm_access": [] }), "/realm_access/roles"),
        (json!({ "realm_access": { "roles": ["a b"] } }), "/realm_access/roles"),
    ] {
        assert_eq!(refused(&verifier, &token(&changed)), about(Reason::ClaimMalformed, claim), "{changed}");
    }
}

#[test]
fn an_escaped_member_name_is_the_name_itself() {
    let verifier = of(&json!({}));
    let payload =
        edited(&claims(), &json!({ "org_id": null })).to_string().replacen('{', r#"{"\u006frg_id":"org-9","#, 1);
    let token = Signer::HS256.mint(r#"{"alg":"HS256","typ":"JWT"}"#, payload);
    assert_eq!(granted(&verifier, &token).principal.organization.as_deref(), Some("org-9"));
}

#[test]
fn a_path_that_cannot_be_read_is_a_fault_at_its_place() {
    for member in ["scopeClaim", "organizationClaim", "clientClaim"] {
        for path in ["", "/a~2b"] {
            assert_eq!(faults(&[policy(&json!({ member: path }))]), [format!("/issuers/0/{member}")], "{path}");
        }
    }
    for claim in ["aud", "/sub", "exp", "cnf"] {
        assert_eq!(faults(&[policy(&json!({ "scopeClaim": claim }))]), ["/issuers/0/scopeClaim"], "{claim}");
    }
}

// Conditions.

#[test]
fn conditions_are_held_against_claims_and_header() {
    let verifier = of(&json!({
        "requireClaims": {
            "/gty": { "equals": "client-credentials" }, "sub": { "prefix": "client-" }, "act": { "present": false },
            "client_id": { "sameAs": "sub" }, "/env/name": { "oneOf": ["live", "canary"] },
        },
        "requireHeader": { "cat": { "equals": "m2m" } },
    }));
    let good = edited(&claims(), &json!({ "gty": "client-credentials", "env": { "name": "live" } }));
    let mint =
        |header: &Value, changed: &Value| Signer::HS256.mint(header.to_string(), edited(&good, changed).to_string());
    let header = json!({ "alg": "HS256", "typ": "JWT", "cat": "m2m" });
    granted(&verifier, &mint(&header, &json!({})));
    for (changed, expected) in [
        (json!({ "gty": "password" }), about(Reason::ClaimMismatch, "gty")),
        (json!({ "gty": null }), about(Reason::ClaimMissing, "gty")),
        (json!({ "sub": "user-1", "client_id": "user-1" }), about(Reason::ClaimMismatch, "sub")),
        (json!({ "act": { "sub": "x" } }), about(Reason::ClaimMismatch, "act")),
        (json!({ "client_id": "client-2" }), about(Reason::ClaimMismatch, "client_id")),
        (json!({ "env": { "name": "test" } }), about(Reason::ClaimMismatch, "/env/name")),
        (json!({ "env": "live" }), about(Reason::ClaimMalformed, "/env/name")),
    ] {
        assert_eq!(refused(&verifier, &mint(&header, &changed)), expected, "{changed}");
    }
    for category in [json!("session"), Value::Null] {
        let header = edited(&header, &json!({ "cat": category }));
        let expected = (Reason::TypNotAccepted, Some("`cat` of the header".to_owned()));
        assert_eq!(refused(&verifier, &mint(&header, &json!({}))), expected);
    }
}

#[test]
fn a_condition_that_is_wrong_is_a_fault_at_its_place() {
    for (conditions, pointer) in [
        (json!({ "https://x/y~z": { "oneOf": [] } }), "/issuers/0/requireClaims/https:~1~1x~1y~0z"),
        (json!({ "sub": { "prefix": "" } }), "/issuers/0/requireClaims/sub"),
        (json!({ "sub": { "sameAs": "/~" } }), "/issuers/0/requireClaims/sub"),
        (json!({ "": { "present": true } }), "/issuers/0/requireClaims/"),
        (json!({ "sub": { "present": true }, "/sub": null }), "/issuers/0/requireClaims/sub"),
        (json!({ "sub": { "pattern": ".*" } }), "/issuers/0/requireClaims/sub"),
        (json!({ "sub": { "prefix": "a", "suffix": "b" } }), "/issuers/0/requireClaims/sub"),
        (json!({ "sub": "a" }), "/issuers/0/requireClaims/sub"),
        (json!([]), "/issuers/0/requireClaims"),
    ] {
        let found = faults(&[policy(&json!({ "requireClaims": conditions }))]);
        assert!(found.len() == 1 && found[0].starts_with(pointer), "{conditions}: {found:?}");
    }
}

// Types.

#[test]
fn foreign_types_are_refused_and_cannot_be_asked_for() {
    for name in ["dpop+jwt", "logout+jwt", "secevent+jwt", "application/DPoP+JWT", "token-introspection+jwt", "kb+jwt"]
    {
        assert_eq!(faults(&[policy(&json!({ "typ": name }))]), ["/issuers/0/typ"], "{name}");
        let token = Signer::HS256.mint(json!({ "alg": "HS256", "typ": name }).to_string(), claims().to_string());
        assert_eq!(refused(&of(&json!({})), &token).0, Reason::TypNotAccepted, "{name}");
    }
    for name in ["", "application/", "at jwt", "at+jwt;x=1", "*"] {
        assert_eq!(faults(&[policy(&json!({ "typ": name }))]), ["/issuers/0/typ"], "{name}");
    }
}

#[test]
fn foreign_shapes_are_refused_whatever_their_type() {
    let verifier = of(&json!({ "typ": "JWT" }));
    granted(&verifier, &token(&json!({})));
    for claim in ["nonce", "at_hash", "c_hash", "s_hash", "events", "token_introspection"] {
        for value in [json!("x"), json!({}), json!(false)] {
            assert_eq!(refused(&verifier, &token(&json!({ claim: value }))).0, Reason::TypNotAccepted, "{claim}");
        }
    }
    // Present as null is present.
    let payload = claims().to_string().replacen('{', r#"{"nonce":null,"#, 1);
    let token = Signer::HS256.mint(r#"{"alg":"HS256","typ":"JWT"}"#, payload);
    assert_eq!(refused(&verifier, &token).0, Reason::TypNotAccepted);
}

// Templates.

const TEMPLATE: &str = "https://login.example/{tenant}/v2.0";

fn template(changed: &Value) -> Value {
    let members = json!({ "issuer": TEMPLATE, "tenants": ["red", "blue.org"], "tenantClaim": "tid" });
    policy(&edited(&members, changed))
}

#[test]
fn a_template_stands_for_its_tenants_and_nobody_else() {
    let verifier = verifier([template(&json!({}))]);
    for tenant in ["red", "blue.org"] {
        let iss = format!("https://login.example/{tenant}/v2.0");
        let grant = granted(&verifier, &token(&json!({ "iss": iss, "tid": tenant })));
        assert_eq!(grant.principal.issuer, Some(iss));
    }
    for iss in [
        TEMPLATE,
        "https://login.example/green/v2.0",
        "https://login.example/blueXorg/v2.0",
        "https://login.example/RED/v2.0",
        "https://login.example//v2.0",
        "https://login.example/v2.0",
        "https://login.example/red/v2.0/",
        "https://login.example/red/v2.0/../../red/v2.0",
        "https://login.example/red/red/v2.0",
        "https://login.example/%72ed/v2.0",
        "https://login.example.evil/red/v2.0",
        "red",
    ] {
        assert_eq!(refused(&verifier, &token(&json!({ "iss": iss, "tid": "red" }))).0, Reason::IssuerUnknown, "{iss}");
    }
}

#[test]
fn the_tenant_claim_names_the_tenant_of_the_issuer() {
    let red = "https://login.example/red/v2.0";
    let with_claim = verifier([template(&json!({}))]);
    assert_eq!(
        refused(&with_claim, &token(&json!({ "iss": red, "tid": "blue.org" }))),
        about(Reason::ClaimMismatch, "tid")
    );
    assert_eq!(refused(&with_claim, &token(&json!({ "iss": red }))), about(Reason::ClaimMissing, "tid"));
    assert_eq!(
        refused(&with_claim, &token(&json!({ "iss": red, "tid": ["red"] }))),
        about(Reason::ClaimMismatch, "tid")
    );
    let without = verifier([template(&json!({ "tenantClaim": null }))]);
    granted(&without, &token(&json!({ "iss": red, "tid": "blue.org" })));
}

#[test]
fn what_is_no_template_is_a_fault() {
    for (changed, pointers) in [
        (json!({ "tenants": null }), vec!["/issuers/0/tenants"]),
        (json!({ "tenants": [] }), vec!["/issuers/0/tenants"]),
        (json!({ "tenants": ["red", "a/b"] }), vec!["/issuers/0/tenants/1"]),
        (json!({ "tenants": ["..", "red", "red"] }), vec!["/issuers/0/tenants/0", "/issuers/0/tenants/2"]),
        (json!({ "tenants": ["{tenant}"] }), vec!["/issuers/0/tenants/0"]),
        (json!({ "issuer": "https://{tenant}/{tenant}" }), vec!["/issuers/0/issuer"]),
        (json!({ "issuer": "https://x/{org}/{tenant}" }), vec!["/issuers/0/issuer"]),
        (json!({ "issuer": "https://x/{Tenant}", "tenants": null, "tenantClaim": null }), vec!["/issuers/0/issuer"]),
        (json!({ "issuer": "https://x" }), vec!["/issuers/0/tenants"]),
        (json!({ "issuer": "https://x", "tenants": null }), vec!["/issuers/0/tenantClaim"]),
    ] {
        let found = faults(&[template(&changed)]);
        // A tenant that stands twice also makes a name that stands twice.
        let found: Vec<_> =
            found.iter().filter(|pointer| !(pointers.len() == 2 && pointer.ends_with("/issuer"))).collect();
        assert_eq!(found, pointers, "{changed}");
    }
    let many: Vec<String> = (0..4097).map(|tenant| format!("t{tenant}")).collect();
    assert_eq!(faults(&[template(&json!({ "tenants": many }))]), ["/issuers/0/tenants"]);
}

#[test]
fn each_issuer_matches_one_entry_of_the_policy() {
    let exact = policy(&json!({ "issuer": "https://login.example/red/v2.0" }));
    let found = words(&[template(&json!({})), exact]);
    assert_eq!(found, ["/issuers/1/issuer: this issuer stands twice: `https://login.example/red/v2.0`"]);
    let other = template(&json!({ "issuer": "https://login.example/red/{tenant}", "tenants": ["v2.0"] }));
    assert_eq!(faults(&[template(&json!({})), other]), ["/issuers/1/issuer"]);
}

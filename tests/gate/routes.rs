//! What a route asks of a credential beside its class: scopes, the organization, and that it is bound to its sender.

use edgeward::{
    gate::{Gate, Resources, lint_policy},
    host::UnixMillis,
    policy::{Beside, read_policy},
    verdict::SenderBinding,
};
use serde_json::{Value, json};

use crate::{
    stage::{HEADER, Stage, get, good_token, header, policy, request},
    support::{NOW, Signer, claims, with, without},
};

const CERTIFICATE: &str = "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0";

fn route(path: &str, more: &Value) -> Value {
    let mut route = json!({ "methods": ["GET"], "path": path, "classes": ["m2m_token", "api_key"] });
    route.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    route
}

fn stage(routes: Value) -> Stage {
    Stage::of(&with(&policy(), "routes", routes))
}

fn token(member: &str, value: Value) -> String {
    Signer::EDDSA.token(&with(&claims(), member, value))
}

/// The faults of a policy with these routes: where, and what.
fn faults(routes: Value) -> Vec<(String, String)> {
    let policy = read_policy(&with(&policy(), "routes", routes).to_string()).expect("a policy");
    let error = Gate::new(policy, Resources::default()).expect_err("faults");
    error.0.into_iter().map(|fault| (fault.pointer, fault.reason)).collect()
}

fn places(routes: Value) -> Vec<String> {
    faults(routes).into_iter().map(|(place, _)| place).collect()
}

#[test]
fn scopes_are_needed_all_of_them_or_any_of_them() {
    let stage = stage(json!([
        route("/all", &json!({ "scopes": { "allOf": ["a", "b"] } })),
        route("/any", &json!({ "scopes": { "anyOf": ["a", "b"] } })),
        route("/both", &json!({ "scopes": { "allOf": ["a"], "anyOf": ["b", "c"] } })),
    ]));
    for (path, scope, passes) in [
        ("/all", "a b", true),
        ("/all", "a", false),
        ("/any", "b", true),
        ("/any", "c", false),
        ("/both", "a c", true),
        ("/both", "a", false),
        ("/both", "b c", false),
        ("/both", "a B", false),
    ] {
        let verdict = stage.check(&get(path, &token("scope", scope.into()))).verdict;
        assert_eq!(verdict.is_ok(), passes, "{path} {scope}");
    }
    let answer = stage.answer(&get("/both", &good_token()));
    let challenge = header(&answer, "www-authenticate").expect("a challenge");
    assert_eq!(answer.status, 403);
    assert!(
        challenge.contains("error=\"insufficient_scope\"") && challenge.ends_with("scope=\"a b c\""),
        "{challenge}"
    );
}

#[test]
fn the_organization_is_the_one_that_the_request_names() {
    let stage = stage(json!([
        route("/orgs/:org/keys", &json!({ "organization": { "path": "org" } })),
        route("/header", &json!({ "organization": { "header": "x-org" } })),
        route("/few", &json!({ "organization": { "oneOf": ["org-1", "org-9"] } })),
    ]));
    let (mine, key) = (good_token(), stage.key());
    stage.forward(&get("/orgs/org-1/keys", &mine));
    stage.forward(&get("/orgs/org-9/keys", key.key.reveal()));
    stage.forward(&get("/few", &mine));
    stage.forward(&get("/few", key.key.reveal()));
    stage.forward(&get("/orgs/a%20%C3%A9/keys", &token("org_id", "a \u{e9}".into())));
    let none = Signer::EDDSA.token(&without(&claims(), "org_id"));
    for (path, credential) in [
        ("/orgs/org-2/keys", mine.as_str()),
        ("/orgs/ORG-1/keys", &mine),
        ("/orgs/org-1%20/keys", &mine),
        ("/orgs/org-1/keys", key.key.reveal()),
        ("/orgs/org-1/keys", &none),
        ("/few", &none),
        ("/few", &token("org_id", "org-2".into())),
        ("/header", &mine),
    ] {
        assert_eq!(stage.code(&get(path, credential)), "organization_mismatch", "{path}");
    }
    let bearer = format!("Bearer {mine}");
    let sent = |values: &[&str]| {
        let mut headers = vec![(HEADER, bearer.as_str())];
        headers.extend(values.iter().map(|value| ("X-Org", *value)));
        request("GET", "/header", &headers)
    };
    stage.forward(&sent(&["org-1"]));
    for values in [&["org-2"][..], &["org-1", "org-1"], &["org-1", "org-2"], &["org-1, org-2"], &["org-1,org-1"], &[""]]
    {
        assert_eq!(stage.code(&sent(values)), "organization_mismatch", "{values:?}");
    }
    let mut twin = sent(&["org-1"]);
    twin.headers.push(("x_org".into(), "org-2".into()));
    assert_eq!(stage.code(&twin), "request_ambiguous");
}

#[test]
fn the_answer_does_not_say_which_organizations_there_are() {
    let stage = stage(json!([route("/orgs/:org", &json!({ "organization": { "path": "org" } }))]));
    let said = |path: &str| {
        let answer = stage.answer(&get(path, &good_token()));
        let mut problem: Value = serde_json::from_str(&answer.body).expect("JSON");
        problem["requestId"] = Value::Null;
        (answer.status, problem)
    };
    stage.key();
    assert_eq!(said("/orgs/org-9"), said("/orgs/no-such"));
    assert!(!said("/orgs/org-9").1.to_string().contains("org-"), "{:?}", said("/orgs/org-9"));
    assert_eq!(said("/orgs/org-9").0, 403);
}

#[test]
fn a_route_can_ask_for_tokens_that_are_bound_to_their_sender() {
    let tokens = |constraint: &str| json!({ "classes": ["m2m_token"], "senderConstraint": constraint });
    let stage = stage(json!([
        route("/optional", &tokens("optional")),
        route("/required", &tokens("required")),
        route("/dpop", &tokens("dpop")),
        route("/mtls", &tokens("mtls")),
    ]));
    for path in ["/required", "/dpop", "/mtls"] {
        assert_eq!(stage.code(&get(path, &good_token())), "sender_constraint_missing", "{path}");
        assert_eq!(stage.answer(&get(path, &good_token())).status, 401);
    }
    assert_eq!(stage.last_event()["unmapped"]["sender"], Value::Null);
    let bound = token("cnf", json!({ "x5t#S256": CERTIFICATE }));
    for (path, passes) in [("/optional", true), ("/required", true), ("/dpop", false), ("/mtls", true)] {
        let mut request = get(path, &bound);
        request.certificate = Some(CERTIFICATE.to_owned());
        let verdict = stage.check(&request).verdict;
        assert_eq!(stage.last_event()["unmapped"]["sender"], "mtls");
        assert_eq!(verdict.is_ok(), passes, "{path}");
        if let Ok(grant) = verdict {
            assert_eq!(grant.principal.sender, Some(SenderBinding::Mtls));
        }
    }
}

#[test]
fn what_a_route_cannot_mean_is_a_fault_of_the_policy() {
    let at = |pointer: &str| vec![pointer.to_owned()];
    let one = |more: Value| json!([route("/v1/:id/*", &more)]);
    for (routes, place) in [
        (one(json!({ "scopes": { "anyOf": [] } })), "/routes/0/scopes/anyOf"),
        (one(json!({ "scopes": {} })), "/routes/0/scopes"),
        (one(json!({ "scopes": { "allOf": ["a b"] } })), "/routes/0/scopes/allOf/0"),
        (one(json!({ "scopes": { "anyOf": ["a", "\""] } })), "/routes/0/scopes/anyOf/1"),
        (one(json!({ "organization": { "path": "org" } })), "/routes/0/organization/path"),
        (one(json!({ "organization": { "header": "X-Org" } })), "/routes/0/organization/header"),
        (one(json!({ "organization": { "header": "x_org" } })), "/routes/0/organization/header"),
        (one(json!({ "organization": { "oneOf": [] } })), "/routes/0/organization/oneOf"),
        (one(json!({ "organization": { "oneOf": ["a", ""] } })), "/routes/0/organization/oneOf"),
        (one(json!({ "senderConstraint": "required" })), "/routes/0/senderConstraint"),
        (one(json!({ "methods": ["GET", "TRACE"] })), "/routes/0/methods/1"),
        (json!([route("/v1/(?!x)", &json!({}))]), "/routes/0/path"),
        (json!([route("/v1/:org?", &json!({ "organization": { "path": "org" } }))]), "/routes/0/organization/path"),
        (json!([route("/a/:x", &json!({})), route("/a/:y", &json!({ "methods": ["POST", "GET"] }))]), "/routes/1/path"),
        (json!([route("/a", &json!({})), route("/b", &json!({})), route("/a", &json!({}))]), "/routes/2/path"),
    ] {
        assert_eq!(places(routes.clone()), at(place), "{routes}");
    }
    let told = faults(json!([route("/a", &json!({})), route("/a", &json!({}))]));
    assert!(told[0].1.contains("`GET`") && told[0].1.contains("/routes/0"), "{told:?}");
    for wrong in [
        json!({ "scopes": { "allOf": ["a"], "oneOf": ["b"] } }),
        json!({ "scopes": "a" }),
        json!({ "organization": { "path": "id", "header": "x-org" } }),
        json!({ "organization": "id" }),
        json!({ "senderConstraint": "yes" }),
    ] {
        let text = with(&policy(), "routes", one(wrong.clone())).to_string();
        assert!(read_policy(&text).is_err(), "{wrong}");
    }
}

#[test]
fn routes_that_no_request_reaches_are_found() {
    let found = |routes: Value| {
        let text = with(&policy(), "routes", routes).to_string();
        let findings = lint_policy(&text, &Beside::default(), UnixMillis(NOW * 1000)).expect("a policy");
        let shadowed = findings.into_iter().filter(|finding| finding.rule == "route_shadowed");
        shadowed.map(|finding| (finding.pointer, finding.evidence.unwrap_or_default())).collect::<Vec<_>>()
    };
    let both = json!({ "methods": ["GET", "POST"] });
    assert_eq!(
        found(json!([route("/v1/*", &both), route("/v1/admin", &json!({})), route("/v1/:a/:b", &both)])),
        [
            ("/routes/1/path".to_owned(), "taken by /routes/0".to_owned()),
            ("/routes/2/path".to_owned(), "taken by /routes/0".to_owned())
        ]
    );
    assert_eq!(found(json!([route("/v1/*", &json!({})), route("/v1/admin", &both)])), []);
    assert_eq!(found(json!([route("/v1/admin", &both), route("/v1/*", &both), route("/v2/:id", &both)])), []);
}

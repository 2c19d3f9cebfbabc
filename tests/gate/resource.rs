//! What the API says of itself as a protected resource (RFC 9728).

use edgeward::gate::{Answer, Gate, Resources};
use edgeward::policy::read_policy;
use serde_json::{Value, json};

use crate::{
    stage::{HEADER, Stage, get, good_token, header, policy, problem, request},
    support::{claims, with},
};

const AT: &str = "/.well-known/oauth-protected-resource";

fn stage(resource: Value) -> Stage {
    Stage::of(&with(&policy(), "resource", resource))
}

/// Metadata, with nothing decided about who asks.
fn metadata(stage: &Stage, path: &str) -> (Answer, Value) {
    let before = stage.events.borrow().len();
    let answer = stage.answer(&request("GET", path, &[]));
    assert_eq!(stage.events.borrow().len(), before);
    let document = serde_json::from_str(&answer.body).expect("JSON");
    (answer, document)
}

#[test]
fn the_metadata_say_who_gives_tokens_and_how_they_are_presented() {
    let stage = stage(json!({ "identifier": "https://api.example" }));
    let (answer, document) = metadata(&stage, AT);
    assert_eq!((answer.status, header(&answer, "content-type")), (200, Some("application/json")));
    assert_eq!(header(&answer, "cache-control"), Some("public, max-age=3600"));
    let algorithms = document["dpop_signing_alg_values_supported"].as_array().expect("algorithms");
    assert!(algorithms.contains(&json!("ES256")) && !algorithms.contains(&json!("HS256")));
    let expected = json!({
        "resource": "https://api.example",
        "authorization_servers": [claims()["iss"]],
        "bearer_methods_supported": ["header"],
        "dpop_signing_alg_values_supported": algorithms,
    });
    assert_eq!(document, expected);
}

#[test]
fn what_the_policy_says_beside_that_is_there_too_and_scopes_only_where_it_says_so() {
    let stage = stage(json!({
        "identifier": "https://api.example/v1", "name": "Reports", "documentation": "https://docs.example/api",
        "policyUri": "https://docs.example/policy", "tosUri": "https://docs.example/terms",
        "authorizationServers": ["https://as.example"], "publishScopes": true, "maxAge": 60,
    }));
    let (answer, document) = metadata(&stage, &format!("{AT}/v1"));
    assert_eq!(header(&answer, "cache-control"), Some("public, max-age=60"));
    for (member, value) in [
        ("resource", json!("https://api.example/v1")),
        ("resource_name", json!("Reports")),
        ("resource_documentation", json!("https://docs.example/api")),
        ("resource_policy_uri", json!("https://docs.example/policy")),
        ("resource_tos_uri", json!("https://docs.example/terms")),
        ("authorization_servers", json!(["https://as.example"])),
        ("scopes_supported", json!(["admin", "reports:read", "reports:write"])),
    ] {
        assert_eq!(document[member], value, "{member}");
    }
}

#[test]
fn tokens_that_are_always_bound_are_said_to_be() {
    let bound = |constraint: &str| {
        let mut policy = with(&policy(), "resource", json!({ "identifier": "https://api.example" }));
        policy["issuers"][0]["senderConstraint"] = constraint.into();
        metadata(&Stage::of(&policy), AT).1
    };
    let dpop = bound("dpop");
    assert_eq!(dpop["dpop_bound_access_tokens_required"], true);
    assert_eq!(dpop.get("tls_client_certificate_bound_access_tokens"), None);
    let mtls = bound("mtls");
    assert_eq!(mtls["tls_client_certificate_bound_access_tokens"], true);
    assert_eq!(mtls.get("dpop_bound_access_tokens_required"), None);
}

#[test]
fn a_challenge_says_where_the_metadata_stand() {
    let stage = stage(json!({ "identifier": "https://api.example/v1" }));
    let url = "resource_metadata=\"https://api.example/.well-known/oauth-protected-resource/v1\"";
    let challenge = |path: &str, headers: &[(&str, &str)]| {
        let sent = request("GET", path, headers);
        let told = header(&stage.answer(&sent), "www-authenticate").map(str::to_owned);
        // The library mode says the same, but for endpoints.
        if !path.starts_with("/_edgeward") {
            assert_eq!(stage.check(&sent).verdict.expect_err("denied").challenge(), told);
        }
        told
    };
    assert_eq!(challenge("/v1/reports", &[]), Some(format!("Bearer {url}")));
    assert_eq!(challenge("/_edgeward/verify", &[]), Some(format!("Bearer {url}")));
    let malformed = challenge("/v1/reports", &[(HEADER, "Bearer a.b")]).expect("a challenge");
    let words = "error=\"invalid_token\", error_description=\"The token is malformed\"";
    assert_eq!(malformed, format!("Bearer {words}, {url}"));
    let token = format!("Bearer {}", good_token());
    let short = challenge("/v1/admin", &[(HEADER, &token)]).expect("a challenge");
    assert!(short.contains("scope=\"admin reports:read\"") && short.ends_with(url), "{short}");
    assert_eq!(challenge("/nothing", &[(HEADER, &token)]), None);
    // Without a word of the policy the challenge is bare.
    assert_eq!(header(&Stage::new().answer(&request("GET", "/v1/reports", &[])), "www-authenticate"), Some("Bearer"));
}

#[test]
fn metadata_stand_at_one_path_and_are_only_read() {
    let stage = stage(json!({ "identifier": "https://api.example/v1" }));
    for path in [AT.to_owned(), format!("{AT}/"), format!("{AT}/v1/"), format!("{AT}/v2"), format!("{AT}x/v1")] {
        assert_eq!(stage.code(&get(&path, &good_token())), "route_unknown", "{path}");
    }
    assert_eq!(stage.answer(&request("HEAD", &format!("{AT}/v1"), &[])).status, 200);
    for method in ["POST", "DELETE", "OPTIONS", "get"] {
        let answer = stage.answer(&request(method, &format!("{AT}/v1"), &[]));
        assert_eq!((answer.status, header(&answer, "allow")), (405, Some("GET, HEAD")), "{method}");
        assert_eq!(problem(&answer)["code"], "method_not_allowed");
    }
    // Without a word of the policy the path is the routes'.
    assert_eq!(Stage::new().code(&get(AT, &good_token())), "route_unknown");
}

#[test]
fn a_resource_that_cannot_be_named_is_refused() {
    for (resource, pointer) in [
        (json!({ "identifier": "http://api.example" }), "/resource/identifier"),
        (json!({ "identifier": "https://api.example#x" }), "/resource/identifier"),
        (json!({ "identifier": "https://api.example/?a=b" }), "/resource/identifier"),
        (json!({ "identifier": "https://api.example/a//b" }), "/resource/identifier"),
        (json!({ "identifier": "https://api.example/\"x" }), "/resource/identifier"),
        (json!({ "identifier": "https://a.example", "documentation": "docs" }), "/resource/documentation"),
        (
            json!({ "identifier": "https://a.example", "authorizationServers": ["as"] }),
            "/resource/authorizationServers/0",
        ),
        (json!({ "identifier": "https://a.example", "maxAge": 86_401 }), "/resource/maxAge"),
    ] {
        let text = with(&policy(), "resource", resource).to_string();
        let error = Gate::new(read_policy(&text).expect("a policy"), Resources::default()).expect_err("refused");
        assert_eq!(error.0.iter().map(|fault| fault.pointer.as_str()).collect::<Vec<_>>(), [pointer], "{error}");
    }
}

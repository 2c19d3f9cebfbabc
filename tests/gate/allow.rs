//! What is forwarded, and what the origin is told.

use edgeward::verdict::{CredentialClass, Evidence};
use serde_json::{Value, json};

use crate::{
    stage::{HEADER, Stage, get, good_token, policy, request},
    support::{NOW, Signer, claims, with, without},
};

fn pairs(headers: &[(String, String)]) -> Vec<(&str, &str)> {
    headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

#[test]
fn a_good_token_is_forwarded_with_who_it_speaks_for_and_without_itself() {
    let stage = Stage::new();
    let forward = stage.forward(&get("/v1/reports?page=2", &good_token()));
    assert_eq!(forward.origin.as_deref(), Some("https://origin.example"));
    let id = stage.last_event()["metadata"]["uid"].as_str().expect("an id").to_owned();
    let expected = [
        ("edgeward-class", "m2m_token"),
        ("edgeward-subject", "client-1"),
        ("edgeward-organization", "org-1"),
        ("edgeward-credential-id", "client-1"),
        ("edgeward-scopes", "reports:read reports:write"),
        ("edgeward-request-id", &id),
    ];
    assert_eq!(pairs(&forward.set)[..6], expected);
    assert_eq!(id.len(), 32);
    for name in ["authorization", "x-api-key"] {
        assert!(forward.remove.iter().any(|removed| removed == name), "{name}");
    }
}

#[test]
fn a_good_key_is_forwarded_with_who_answers_for_it_and_without_itself() {
    let stage = Stage::new();
    let key = stage.key();
    let by_header = request("GET", "/v1/reports", &[("X-Api-Key", key.key.reveal())]);
    for request in [get("/v1/reports", key.key.reveal()), by_header] {
        let forward = stage.forward(&request);
        let id = stage.last_event()["metadata"]["uid"].as_str().expect("an id").to_owned();
        let expected = [
            ("edgeward-class", "api_key"),
            ("edgeward-subject", "ada"),
            ("edgeward-organization", "org-9"),
            ("edgeward-credential-id", &key.id),
            ("edgeward-scopes", "reports:read"),
            ("edgeward-request-id", &id),
        ];
        assert_eq!(pairs(&forward.set)[..6], expected);
    }
}

#[test]
fn the_library_mode_gives_the_verdict_with_its_evidence() {
    let stage = Stage::new();
    let grant = stage.check(&get("/v1/reports", &good_token())).verdict.expect("a grant");
    assert_eq!(grant.class, CredentialClass::M2mToken);
    assert_eq!(grant.evidence, Evidence::Claims(claims().to_string()));
    let key = stage.key();
    let grant = stage.check(&get("/v1/reports", key.key.reveal())).verdict.expect("a grant");
    let Evidence::Record(record) = grant.evidence else { panic!("a record") };
    let record: Value = serde_json::from_str(&record).expect("JSON");
    assert_eq!((&record["id"], record.get("digest")), (&json!(key.id), None));
}

#[test]
fn all_headers_are_set_even_where_there_is_nothing_to_say() {
    let stage = Stage::new();
    let least = json!({ "iss": claims()["iss"], "aud": claims()["aud"], "exp": NOW + 1 });
    let forward = stage.forward(&get("/v1/items/7", &Signer::EDDSA.token(&least)));
    let said: Vec<_> = pairs(&forward.set).into_iter().filter(|(_, value)| !value.is_empty()).collect();
    let own = pairs(&forward.set).into_iter().filter(|(name, _)| name.starts_with("edgeward-")).count();
    assert_eq!(own, 6);
    assert_eq!(said.iter().filter(|(name, _)| name.starts_with("edgeward-")).count(), 2, "{said:?}");
}

#[test]
fn what_only_the_gate_may_say_is_taken_out_in_every_spelling() {
    let stage = Stage::new();
    let token = format!("Bearer {}", good_token());
    let spellings = [
        "edgeward-class",
        "Edgeward-Subject",
        "EDGEWARD-ORGANIZATION",
        "edgeward_credential_id",
        "Edgeward_Scopes",
        "edgeward-request_id",
        "edgeward-",
        "edgeward-anything-new",
    ];
    let mut headers = vec![(HEADER, token.as_str()), ("x-other", "kept"), ("x-edgeward-class", "kept")];
    headers.extend(spellings.map(|name| (name, "forged")));
    headers.push(("X-HTTP-Method-Override", "DELETE"));
    let forward = stage.forward(&request("GET", "/v1/reports", &headers));
    for name in spellings {
        assert!(forward.remove.iter().any(|removed| removed.eq_ignore_ascii_case(name)), "{name}");
    }
    for kept in ["x-other", "x-edgeward-class"] {
        assert!(!forward.remove.iter().any(|removed| removed == kept), "{kept}");
    }
    // Another method than the route was chosen by.
    assert!(forward.remove.iter().any(|removed| removed == "x-http-method-override"));
    assert!(!forward.set.iter().any(|(_, value)| value == "forged"));
}

#[test]
fn no_claim_breaks_out_of_its_header() {
    let stage = Stage::new();
    let hostile = "a\r\nedgeward-class: api_key\r\n\r\n\u{0}\u{e9}\u{2028}%0d%0a, x";
    let mut token = claims();
    for claim in ["sub", "org_id", "client_id", "jti"] {
        token = with(&token, claim, hostile.into());
    }
    let forward = stage.forward(&get("/v1/items/7", &Signer::EDDSA.token(&token)));
    for (name, value) in &forward.set {
        assert!(value.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{name}: {value}");
    }
    let written = "a%0D%0Aedgeward-class:%20api_key%0D%0A%0D%0A%00%C3%A9%E2%80%A8%250d%250a,%20x";
    let told = pairs(&forward.set).into_iter().filter(|(_, value)| *value == written).count();
    assert_eq!(told, 3);

    let key = stage.key_with(|issued| {
        issued.record.owner = hostile.to_owned();
        issued.record.organization = hostile.to_owned();
    });
    let forward = stage.forward(&get("/v1/items/7", key.key.reveal()));
    assert_eq!(pairs(&forward.set).into_iter().filter(|(_, value)| *value == written).count(), 2);
}

#[test]
fn a_gate_without_an_origin_leaves_it_to_its_host() {
    let stage = Stage::of(&without(&policy(), "origin"));
    assert_eq!(stage.forward(&get("/v1/items/7", &good_token())).origin, None);
}

#[test]
fn a_scheme_is_written_in_any_case() {
    let stage = Stage::new();
    for scheme in ["Bearer", "bearer", "BEARER", "bEaReR"] {
        stage.forward(&request("GET", "/v1/items/7", &[("AUTHORIZATION", &format!("{scheme} {}", good_token()))]));
    }
}

#[test]
fn a_header_for_another_scheme_is_not_ours_and_does_not_reach_the_origin() {
    let stage = Stage::new();
    let key = stage.key();
    let headers = [(HEADER, "Basic dXNlcjpwYXNz"), ("x-api-key", key.key.reveal())];
    let forward = stage.forward(&request("GET", "/v1/items/7", &headers));
    assert!(forward.remove.contains(&HEADER.to_owned()));
}

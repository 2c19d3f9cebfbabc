//! Each denial: its status, its code, its challenge, and what it does not say.

use edgeward::{
    api_key::{Environment, KeyForm, Revocation, RevocationReason, Rotation, issue},
    gate::GateRequest,
};
use serde_json::json;

use crate::{
    stage::{HEADER, Stage, get, good_token, header, policy, problem, request},
    support::{NOW, Signer, claims, with},
};

/// The answer to a request must have this status, this code and this challenge.
fn expect(stage: &Stage, request: &GateRequest, status: u16, code: &str, challenge: Option<&str>) {
    let answer = stage.answer(request);
    assert_eq!(problem(&answer)["code"], code, "{request:?}");
    assert_eq!(answer.status, status, "{code}");
    assert_eq!(header(&answer, "www-authenticate"), challenge, "{code}");
    let names: Vec<&str> = answer.headers.iter().map(|(name, _)| name.as_str()).collect();
    let mut expected = vec!["content-type", "cache-control", "edgeward-request-id"];
    expected.extend(challenge.map(|_| "www-authenticate"));
    assert_eq!(names, expected);
    assert_eq!(stage.code(request), code);
}

fn bearer(error: &str, description: &str) -> String {
    format!(r#"Bearer error="{error}", error_description="{description}""#)
}

fn invalid_token(stage: &Stage, request: &GateRequest, code: &str, title: &str) {
    expect(stage, request, 401, code, Some(&bearer("invalid_token", title)));
}

fn token(claim: &str, value: serde_json::Value) -> GateRequest {
    get("/v1/reports", &Signer::EDDSA.token(&with(&claims(), claim, value)))
}

#[test]
fn without_a_credential_the_challenge_is_bare() {
    let stage = Stage::new();
    for headers in [&[][..], &[(HEADER, "Basic dXNlcjpwYXNz")], &[(HEADER, "Bearer1 x")], &[("cookie", "a=b")]] {
        expect(&stage, &request("GET", "/v1/reports", headers), 401, "credential_missing", Some("Bearer"));
    }
}

#[test]
fn two_credentials_are_one_too_many() {
    let stage = Stage::new();
    let (token, key) = (good_token(), stage.key());
    let bearer_token = format!("Bearer {token}");
    let bearer_key = format!("Bearer {}", key.key.reveal());
    let challenge = bearer("invalid_request", "More than one credential");
    for headers in [
        &[(HEADER, bearer_token.as_str()), ("x-api-key", key.key.reveal())][..],
        &[(HEADER, &bearer_key), ("x-api-key", key.key.reveal())],
        &[(HEADER, &bearer_token), ("AUTHORIZATION", &bearer_token)],
        &[(HEADER, &format!("{bearer_token}, {bearer_key}"))],
        &[("x-api-key", &format!("{0}, {0}", key.key.reveal()))],
    ] {
        expect(&stage, &request("GET", "/v1/reports", headers), 400, "credential_ambiguous", Some(&challenge));
    }
    // Nothing was looked up for them.
    assert_eq!(stage.host.reads.get(), 0);
}

#[test]
fn a_header_that_cannot_be_read_is_the_requests_fault() {
    let stage = Stage::new();
    let challenge = bearer("invalid_request", "The credential's header cannot be read");
    for value in ["Bearer", "Bearer ", "Bearer  ", "Bearer a b", "Bearer a.b.c\t", "Bearer a.b.c\u{e9}"] {
        let request = request("GET", "/v1/reports", &[(HEADER, value)]);
        expect(&stage, &request, 400, "credential_malformed", Some(&challenge));
    }
    let empty = request("GET", "/v1/reports", &[("x-api-key", "")]);
    expect(&stage, &empty, 400, "credential_malformed", Some(&challenge));
}

#[test]
fn what_is_neither_a_token_nor_a_key_is_unrecognized() {
    let stage = Stage::new();
    for text in ["opaque", "sk_live_0123456789", "acme", "Acme_live_x", "eyJhbGciOiJub25lIn0"] {
        invalid_token(
            &stage,
            &get("/v1/reports", text),
            "credential_unrecognized",
            "The credential is of no known form",
        );
    }
    // A token in the header that is for keys alone.
    let misplaced = request("GET", "/v1/reports", &[("x-api-key", &good_token())]);
    invalid_token(&stage, &misplaced, "credential_unrecognized", "The credential is of no known form");
}

#[test]
fn a_credential_in_the_query_is_refused_even_where_a_good_one_stands_in_a_header() {
    let stage = Stage::new();
    let key = stage.key();
    let challenge = bearer("invalid_request", "A credential in the query string");
    for query in [
        format!("access_token={}", good_token()),
        format!("a=b&ACCESS_TOKEN={}", good_token()),
        format!("api_key={}", key.key.reveal()),
        format!("x={}", key.key.reveal()),
        key.key.reveal().to_owned(),
        "apikey=".to_owned(),
    ] {
        for url in [format!("/v1/reports?{query}"), format!("https://api.example/v1/reports?{query}#x")] {
            expect(&stage, &get(&url, &good_token()), 400, "credential_in_query", Some(&challenge));
        }
    }
    let bare = get(&format!("https://api.example?access_token={}", good_token()), &good_token());
    assert_eq!(stage.code(&bare), "path_ambiguous");
    stage.forward(&get("/v1/reports?q=access_token&key=acme&customer=acme_inc", &good_token()));
}

#[test]
fn what_matches_no_route_is_denied_before_its_credential_is_looked_at() {
    let stage = Stage::new();
    let key = stage.key();
    for (method, path) in [
        ("GET", "/"),
        ("GET", "/v1"),
        ("GET", "/v1/reports/"),
        ("GET", "/V1/reports"),
        ("get", "/v1/reports"),
        ("DELETE", "/v1/reports"),
        ("", "/v1/reports"),
        ("GET", "/v1/items/"),
        ("GET", "/files"),
    ] {
        for url in [path.to_owned(), format!("https://api.example{path}")] {
            let request = request(method, &url, &[(HEADER, &format!("Bearer {}", key.key.reveal()))]);
            expect(&stage, &request, 403, "route_unknown", None);
        }
    }
    assert_eq!(stage.host.reads.get(), 0);
}

#[test]
fn a_class_that_the_route_does_not_take_is_refused_before_it_is_checked() {
    let stage = Stage::new();
    let key = stage.key();
    let challenge = bearer("insufficient_scope", "This class of credential is not accepted here");
    let tampered = format!("{}A", good_token());
    for request in [
        get("/v1/tokens", key.key.reveal()),
        get("/v1/keys", &good_token()),
        get("/v1/keys", &tampered),
        get("/v1/tokens", "acme_live_x"),
    ] {
        expect(&stage, &request, 403, "class_not_accepted", Some(&challenge));
    }
    assert_eq!(stage.host.reads.get(), 0);
    stage.forward(&get("/v1/tokens", &good_token()));
    stage.forward(&get("/v1/keys", key.key.reveal()));
}

#[test]
fn a_scope_that_is_missing_is_named() {
    let stage = Stage::new();
    let key = stage.key();
    let insufficient = bearer("insufficient_scope", "A scope is missing");
    let challenge = format!(r#"{insufficient}, scope="admin reports:read""#);
    for credential in [&good_token(), key.key.reveal()] {
        expect(&stage, &get("/v1/admin", credential), 403, "scope_insufficient", Some(&challenge));
    }
    let post = request("POST", "/v1/reports", &[(HEADER, &format!("Bearer {}", key.key.reveal()))]);
    let challenge = format!(r#"{insufficient}, scope="reports:read reports:write""#);
    expect(&stage, &post, 403, "scope_insufficient", Some(&challenge));
    for scope in ["reports", "reports:read:all", "REPORTS:READ", "reports:* admin:*", "*", ""] {
        assert_eq!(stage.code(&token("scope", scope.into())), "scope_insufficient", "{scope}");
    }
    // A bad credential is bad before it lacks anything.
    assert_eq!(stage.code(&get("/v1/admin", &format!("{}A", good_token()))), "signature_invalid");
}

#[test]
fn each_fault_of_a_token_has_its_code_and_a_challenge() {
    let stage = Stage::new();
    let good = good_token();
    let parts: Vec<&str> = good.split('.').collect();
    let headed = |header: &str| get("/v1/reports", &Signer::EDDSA.mint(header, claims().to_string()));
    let stranger = Signer::STRANGER.token(&claims());
    for (request, code, title) in [
        (get("/v1/reports", &"x.".repeat(9_000)), "token_too_large", "The token is too large"),
        (get("/v1/reports", "a.b"), "token_malformed", "The token is malformed"),
        (
            get("/v1/reports", &format!("{good}.AA.AA")),
            "token_form_unsupported",
            "The form of the token is not accepted",
        ),
        (headed("{}"), "header_invalid", "The token's header is invalid"),
        (
            headed(r#"{"alg":"EdDSA","crit":["x"],"x":1}"#),
            "crit_not_understood",
            "The token needs an extension that is not understood",
        ),
        (headed(r#"{"alg":"EdDSA","typ":"dpop+jwt"}"#), "typ_not_accepted", "The token is of another type"),
        (headed(r#"{"alg":"none"}"#), "algorithm_not_allowed", "The token's algorithm is not accepted"),
        (headed(r#"{"alg":"EdDSA","kid":"k2"}"#), "signing_key_unknown", "No key of the issuer fits the token"),
        (get("/v1/reports", &stranger), "signature_invalid", "The token's signature is invalid"),
        (
            get("/v1/reports", &format!("{}.{}.{}", parts[0], parts[0], parts[2])),
            "claim_missing",
            "The token lacks a required claim",
        ),
        (
            get("/v1/reports", &Signer::EDDSA.mint(r#"{"alg":"EdDSA"}"#, "[]")),
            "payload_invalid",
            "The token's payload is invalid",
        ),
        (token("iss", "https://evil.example".into()), "issuer_unknown", "The token's issuer is not trusted here"),
        (token("exp", "1".into()), "claim_malformed", "A claim of the token is malformed"),
        (token("aud", "x".into()), "audience_mismatch", "The token is for another audience"),
        (token("exp", json!(NOW)), "token_expired", "The token has expired"),
        (token("nbf", json!(NOW + 6)), "token_not_yet_valid", "The token is not valid yet"),
        (token("iat", json!(NOW + 6)), "token_issued_in_future", "The token was issued in the future"),
        (token("cnf", json!({})), "claim_malformed", "A claim of the token is malformed"),
    ] {
        invalid_token(&stage, &request, code, title);
    }
    assert_eq!(stage.host.reads.get(), 0);

    let mut strict = policy();
    strict["issuers"][0]["maxTokenAge"] = json!(60);
    strict["issuers"][0]["jwks"]["keys"] = json!([Signer::EDDSA.jwk(), Signer::EDDSA.jwk()]);
    let stage = Stage::of(&strict);
    let ambiguous = "More than one key of the issuer fits the token";
    invalid_token(&stage, &get("/v1/reports", &good), "signing_key_ambiguous", ambiguous);
    strict["issuers"][0]["jwks"]["keys"] = json!([Signer::EDDSA.jwk()]);
    let stage = Stage::of(&strict);
    invalid_token(&stage, &get("/v1/reports", &good), "token_lifetime_too_long", "The token lives too long");
}

#[test]
fn unknown_wrong_and_revoked_keys_get_the_same_bytes() {
    let stage = Stage::new();
    let unknown = issue(&crate::stage::form(), &stage.host, request_of_a_key()).expect("a key");
    let known = stage.key();
    let wrong = crossed(known.key.reveal(), unknown.key.reveal());
    let revoked = stage.key_with(|issued| {
        issued.record.revocation =
            Some(Revocation { at: NOW, by: "security".to_owned(), reason: RevocationReason::KeyCompromise });
    });
    let unowned = stage.key_with(|issued| issued.record.owner.clear());
    let mistyped = known.key.reveal().replace("acme_live_", "acme_live__");
    let miscopied = {
        let mut text = known.key.reveal().to_owned();
        let last = text.pop().expect("a character");
        text.push(if last == 'x' { 'y' } else { 'x' });
        text
    };
    let mut answers = Vec::new();
    for (key, inside) in [
        (unknown.key.reveal(), "key_unknown"),
        (&wrong, "key_secret_mismatch"),
        (revoked.key.reveal(), "key_revoked"),
        (unowned.key.reveal(), "key_unowned"),
        (&mistyped, "key_malformed"),
        (&miscopied, "key_check_mismatch"),
        ("acme_", "key_malformed"),
    ] {
        // A route whose scope none of them has: nothing of that shows either.
        for path in ["/v1/reports", "/v1/admin", "/_edgeward/verify"] {
            let mut answer = stage.answer(&get(path, key));
            assert_eq!(stage.last_event()["status_code"], inside);
            let id = problem(&answer)["requestId"].as_str().expect("an id").to_owned();
            answer.body = answer.body.replace(&id, "-");
            for (_, value) in &mut answer.headers {
                *value = value.replace(&id, "-");
            }
            answers.push(answer);
        }
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    assert_eq!((answers[0].status, &problem(&answers[0])["code"]), (401, &json!("key_invalid")));
    assert_eq!(
        header(&answers[0], "www-authenticate"),
        Some(bearer("invalid_token", "The API key is not valid").as_str())
    );
}

fn request_of_a_key() -> edgeward::api_key::IssueRequest {
    edgeward::api_key::IssueRequest {
        organization: "org-9".to_owned(),
        owner: "ada".to_owned(),
        revoker: "security".to_owned(),
        name: "never stored".to_owned(),
        ..edgeward::api_key::IssueRequest::default()
    }
}

/// A well-formed key with the id of the first and the secret of the second.
fn crossed(first: &str, second: &str) -> String {
    let covered = format!("{}{}", &first[..first.len() - 38], &second[second.len() - 38..second.len() - 6]);
    let mut number = crc32fast::hash(covered.as_bytes());
    let mut check = Vec::new();
    for _ in 0..6 {
        check.push(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[(number % 62) as usize]);
        number /= 62;
    }
    check.reverse();
    covered + std::str::from_utf8(&check).expect("ASCII")
}

#[test]
fn the_holder_of_a_key_learns_why_it_is_not_good_now() {
    let stage = Stage::new();
    let expired = stage.key_with(|issued| issued.record.expires = Some(NOW));
    let early = stage.key_with(|issued| issued.record.not_before = Some(NOW + 1));
    let disabled = stage.key_with(|issued| issued.record.disabled = true);
    let replaced = stage.key_with(|issued| {
        issued.record.rotation = Some(Rotation { replaced_by: Some("next".to_owned()), ..Rotation::default() });
    });
    let elsewhere = stage.key_with(|issued| issued.record.environment = Environment::Test);
    for (key, code, title) in [
        (&expired, "key_expired", "The API key has expired"),
        (&early, "key_not_yet_valid", "The API key is not valid yet"),
        (&disabled, "key_disabled", "The API key is disabled"),
        (&replaced, "key_superseded", "The API key was replaced"),
        (&elsewhere, "key_environment_mismatch", "The API key belongs to another environment"),
    ] {
        invalid_token(&stage, &get("/v1/reports", key.key.reveal()), code, title);
    }
    let test_form = KeyForm::new("acme", Environment::Test, Vec::new()).expect("a form");
    let test_key = issue(&test_form, &stage.host, request_of_a_key()).expect("a key");
    let request = get("/v1/reports", test_key.key.reveal());
    invalid_token(&stage, &request, "key_environment_mismatch", "The API key belongs to another environment");

    let bound =
        stage.key_with(|issued| issued.record.allowed_cidrs = vec!["198.51.100.0/24".parse().expect("a range")]);
    let challenge = bearer("insufficient_scope", "The address is not allowed");
    let mut request = get("/v1/reports", bound.key.reveal());
    for address in [Some("192.0.2.7"), Some("198.51.100.7, 192.0.2.7"), Some(""), None] {
        request.address = address.map(str::to_owned);
        expect(&stage, &request, 403, "address_not_allowed", Some(&challenge));
    }
    request.address = Some("198.51.100.7".to_owned());
    stage.forward(&request);
}

#[test]
fn what_cannot_be_told_is_neither_yes_nor_no() {
    let stage = Stage::new();
    let key = stage.key();
    *stage.host.outage.borrow_mut() = Some("KV GET failed: 500".to_owned());
    expect(&stage, &get("/v1/reports", key.key.reveal()), 503, "store_unavailable", None);
    assert_eq!(stage.last_event()["status_id"], 99);
    assert_eq!(stage.last_event()["status_detail"], "KV GET failed: 500");
    // A token needs no store.
    stage.forward(&get("/v1/reports", &good_token()));
    *stage.host.outage.borrow_mut() = None;
    stage.host.store.borrow_mut().insert(key.store_key(), b"{}".to_vec());
    expect(&stage, &get("/v1/reports", key.key.reveal()), 503, "record_unreadable", None);

    let mut aged = policy();
    let set = json!({ "keys": [Signer::EDDSA.jwk()] });
    let snapshot = edgeward::key_source::Snapshot::take(&set, "x", NOW - 100, 99).expect("a snapshot");
    aged["issuers"][0]["jwks"] = snapshot.to_json();
    expect(&Stage::of(&aged), &get("/v1/reports", &good_token()), 503, "key_set_stale", None);
}

#[test]
fn an_empty_policy_lets_nothing_in() {
    let stage = Stage::of(&json!({}));
    expect(&stage, &get("/v1/reports", &good_token()), 403, "route_unknown", None);
    // There is nobody to ask about a credential, either.
    let verify = get("/_edgeward/verify", &good_token());
    let answer = stage.answer(&verify);
    assert_eq!(problem(&answer)["code"], "credential_unrecognized");
}

//! What to try, and what the gate answers.

use edgeward::api_key::Issued;
use serde_json::json;

use super::{Issuer, Keys};
use crate::example::Example;

/// A route that takes both classes with the scope `reports:read`.
const REPORTS: &str = "/v1/reports";

/// Every example, in the order it is told.
pub(super) fn all(issuer: &Issuer, keys: &Keys, now: i64) -> Vec<Example> {
    let mut examples = allowed(issuer, keys, now);
    examples.extend(refused_tokens(issuer, now));
    examples.extend(refused_keys(keys));
    examples.extend(refused_requests(issuer, keys, now));
    examples
}

fn allowed(issuer: &Issuer, keys: &Keys, now: i64) -> Vec<Example> {
    let token = issuer.mint(now, &json!({}));
    vec![
        bearer("A good M2M token: the origin sees who it is, and not the token", &token, 200)
            .header("edgeward-class", "forged")
            .member("/headers/edgeward-class", "m2m_token")
            .member("/headers/edgeward-subject", "app_reports")
            .member("/headers/edgeward-organization", "org_acme")
            .member("/headers/edgeward-credential-id", "app_reports")
            .member("/headers/edgeward-scopes", "reports:read")
            .no_member("/headers/authorization"),
        bearer("A good API key, as a bearer", keys.valid.key.reveal(), 200)
            .member("/headers/edgeward-class", "api_key")
            .member("/headers/edgeward-subject", "reports@acme.example")
            .member("/headers/edgeward-credential-id", keys.valid.id.as_str())
            .no_member("/headers/authorization"),
        Example::new("The same key in its own header", "GET", REPORTS, 200)
            .credential("x-api-key", "", keys.valid.key.reveal())
            .member("/headers/edgeward-class", "api_key")
            .no_member("/headers/x-api-key"),
        bearer("A key that is being rotated: good until the overlap ends", keys.rotating.key.reveal(), 200)
            .member("/headers/edgeward-credential-id", keys.rotating.id.as_str()),
        Example::new("The verdict itself, for a proxy or a script", "GET", "/_edgeward/verify", 200)
            .credential("authorization", "Bearer ", &token)
            .member("/ok", true)
            .member("/class", "m2m_token")
            .has_header("edgeward-organization", "org_acme"),
        Example::new("The gate's health", "GET", "/_edgeward/health", 200)
            .member("/status", "pass")
            .no_header("www-authenticate"),
    ]
}

fn refused_tokens(issuer: &Issuer, now: i64) -> Vec<Example> {
    let good = issuer.mint(now, &json!({}));
    let other = issuer.mint(now, &json!({ "sub": "app_admin" }));
    // The payload of one token under the signature of the other.
    let tampered = match (good.rsplit_once('.'), other.rsplit_once('.')) {
        (Some((_, signature)), Some((input, _))) => format!("{input}.{signature}"),
        _ => other,
    };
    let expired = issuer.mint(now - 7200, &json!({}));
    let elsewhere = issuer.mint(now, &json!({ "aud": "https://other.demo.example" }));
    let unknown_key = issuer.mint_with_kid(now, &json!({}), "demo-9");
    vec![
        refused("An expired token", &expired, 401, "token_expired"),
        refused("A tampered token", &tampered, 401, "signature_invalid"),
        refused("A token for another audience", &elsewhere, 401, "audience_mismatch"),
        refused("A token of a key that the issuer does not have", &unknown_key, 401, "signing_key_unknown"),
    ]
}

fn refused_keys(keys: &Keys) -> Vec<Example> {
    let refused_key = |title, issued: &Issued, code| refused(title, issued.key.reveal(), 401, code);
    vec![
        refused_key("A revoked key: outside it looks like", &keys.revoked, "key_invalid"),
        refused_key("a key that never was, and like", &keys.unknown, "key_invalid"),
        refused("a mistyped one, for which no store is read", &mistyped(keys.valid.key.reveal()), 401, "key_invalid"),
        refused_key("An expired key", &keys.expired, "key_expired"),
        refused_key("A key whose overlap is over", &keys.superseded, "key_superseded"),
        refused_key("A key of the test environment", &keys.other_environment, "key_environment_mismatch"),
    ]
}

fn refused_requests(issuer: &Issuer, keys: &Keys, now: i64) -> Vec<Example> {
    let token = issuer.mint(now, &json!({}));
    let key = keys.valid.key.reveal();
    vec![
        Example::new("No credential: a bare challenge", "GET", REPORTS, 401)
            .has_header("www-authenticate", "Bearer")
            .member("/code", "credential_missing"),
        bearer("Both credentials at once", &token, 400)
            .credential("x-api-key", "", key)
            .member("/code", "credential_ambiguous"),
        Example::new("A key in the query string", "GET", &format!("{REPORTS}?api_key={key}"), 400)
            .hides(key)
            .member("/code", "credential_in_query"),
        Example::new("A scope that the key does not have", "POST", REPORTS, 403)
            .credential("authorization", "Bearer ", key)
            .header("content-type", "application/json")
            .body("{\"name\":\"weekly\"}")
            .has_header("www-authenticate", "error=\"insufficient_scope\"")
            .member("/code", "scope_insufficient"),
        Example::new("A class that the route does not take", "GET", "/v1/exports/2026", 403)
            .credential("authorization", "Bearer ", key)
            .member("/code", "class_not_accepted"),
        Example::new("A path of no route", "GET", "/v2/anything", 403)
            .credential("authorization", "Bearer ", key)
            .member("/code", "route_unknown"),
    ]
}

fn bearer(title: &str, credential: &str, status: u16) -> Example {
    Example::new(title, "GET", REPORTS, status).credential("authorization", "Bearer ", credential)
}

fn refused(title: &str, credential: &str, status: u16, code: &str) -> Example {
    bearer(title, credential, status)
        .has_header("content-type", "application/problem+json")
        .has_header("www-authenticate", "Bearer error=\"invalid_token\"")
        .member("/code", code)
}

/// The key with its last character changed.
fn mistyped(key: &str) -> String {
    let mut key = key.to_owned();
    let last = key.pop();
    key.push(if last == Some('0') { '1' } else { '0' });
    key
}

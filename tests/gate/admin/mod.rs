//! The admin endpoints: who may use them, what they say to what is asked, and what is on record of it.

mod access;
mod clients;
mod outcomes;
mod requests;

use edgeward::{
    gate::{Answer, BootstrapSecret, Gate, GateRequest, Resources},
    policy::read_policy,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::{
    stage::{HEADER, Stage, header, policy, problem, request},
    support::{ISSUER, Signer, claims, with},
};

const BOOTSTRAP: &str = "bootstrap-secret-of-thirty-two-or-more";
const OTHER_ISSUER: &str = "https://other.example/";
const KEYS: &str = "/_edgeward/admin/keys";
/// Longer than the random part that no answer may hold.
const FOREIGN: &str = "old_0123456789abcdefghij";

fn admin_policy() -> Value {
    let mut policy = with(&policy(), "admin", json!({ "issuer": ISSUER }));
    policy["apiKeys"]["foreignKeys"] = json!({ "prefixes": ["old_"] });
    let mut other = policy["issuers"][0].clone();
    other["issuer"] = OTHER_ISSUER.into();
    other["jwks"] = json!({ "keys": [Signer::STRANGER.jwk()] });
    policy["issuers"].as_array_mut().expect("issuers").push(other);
    policy
}

fn stage() -> Stage {
    bootstrapped(&admin_policy())
}

fn bootstrapped(policy: &Value) -> Stage {
    let bootstrap = Some(BootstrapSecret::new(BOOTSTRAP.to_owned()).expect("a secret"));
    let resources = Resources { bootstrap, ..Resources::default() };
    let gate = Gate::new(read_policy(&policy.to_string()).expect("a policy"), resources).expect("a gate");
    Stage { gate, ..Stage::new() }
}

fn token(scope: &str) -> String {
    Signer::EDDSA.token(&with(&claims(), "scope", scope.into()))
}

fn writer() -> String {
    token("edgeward:write")
}

/// Asks for something with a body, and sees to it that no secret of the store or of the sender is in what comes of it.
fn ask(stage: &Stage, method: &str, path: &str, credential: Option<&str>, body: &str) -> Answer {
    let bearer = credential.map(|credential| format!("Bearer {credential}"));
    let headers: Vec<(&str, &str)> = bearer.iter().map(|bearer| (HEADER, bearer.as_str())).collect();
    sent(stage, &request(method, path, &headers), body)
}

fn sent(stage: &Stage, request: &GateRequest, body: &str) -> Answer {
    let before = stage.events.borrow().len();
    stage.host.body.set(Some(body.as_bytes().to_vec()));
    let answer = stage.answer(request);
    stage.host.body.set(None);
    let events = stage.events.borrow()[before..].iter().map(Value::to_string).collect::<String>();
    let headers = answer.headers.iter().flat_map(|(name, value)| [name.as_str(), value]).collect::<Vec<_>>().join("\n");
    let shown = [answer.body.as_str(), &headers, &events].concat();
    assert!(!shown.contains("\"digest\""), "a digest shows itself: {shown}");
    let digests = shown.match_indices("sha-256:").filter_map(|(at, mark)| shown.as_bytes().get(at + mark.len()));
    assert_eq!(digests.filter(|byte| byte.is_ascii_hexdigit()).count(), 0, "a digest shows itself: {shown}");
    assert!(!shown.contains(BOOTSTRAP) && !shown.contains(FOREIGN), "a secret shows itself: {shown}");
    for (name, value) in stage.host.store.borrow().iter().filter(|(name, _)| name.starts_with("key/")) {
        let record: Value = serde_json::from_slice(value).unwrap_or_default();
        if let Some(digest) = record["digest"].as_str().and_then(|digest| digest.strip_prefix("sha-256:")) {
            assert!(!shown.contains(digest), "the digest of {name} shows itself: {shown}");
        }
    }
    // The text of a key stands in the answer that made it, once, and in no event.
    let made: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    if let Some(key) = made["key"].as_str() {
        assert_eq!((answer.status, answer.body.matches(key).count()), (201, 1));
        let secret = &key[key.rfind('_').expect("a secret")..];
        assert!(!events.contains(secret) && !headers.contains(secret), "a new key shows itself: {events}");
    }
    answer
}

fn code(answer: &Answer) -> String {
    problem(answer)["code"].as_str().expect("a code").to_owned()
}

fn detail(answer: &Answer) -> String {
    problem(answer)["detail"].as_str().expect("a detail").to_owned()
}

fn document(answer: &Answer) -> Value {
    assert_eq!(header(answer, "content-type"), Some("application/json"), "{answer:?}");
    assert_eq!(header(answer, "cache-control"), Some("no-store"));
    serde_json::from_str(&answer.body).expect("JSON")
}

fn new_key() -> Value {
    json!({ "organization": "org-9", "owner": "ada", "revoker": "security", "name": "nightly export" })
}

fn foreign_key(text: &str) -> Value {
    with(&new_key(), "digest", json!(format!("sha-256:{}", base16ct::lower::encode_string(&Sha256::digest(text)))))
}

/// Every endpoint: its method, its path, a body for it, whether it writes, and the status where it is done.
fn endpoints(id: &str) -> Vec<(&'static str, String, String, bool, u16)> {
    let of = |step: &str| format!("{KEYS}/{id}{step}");
    vec![
        ("GET", KEYS.to_owned(), String::new(), false, 200),
        ("POST", KEYS.to_owned(), new_key().to_string(), true, 201),
        ("POST", format!("{KEYS}/import"), foreign_key(FOREIGN).to_string(), true, 201),
        ("GET", of(""), String::new(), false, 200),
        ("PATCH", of(""), json!({ "name": "another" }).to_string(), true, 200),
        ("POST", of("/disable"), String::new(), true, 200),
        ("POST", of("/enable"), "{}".to_owned(), true, 200),
        ("POST", of("/rotate"), json!({ "overlap": "1h" }).to_string(), true, 201),
        ("POST", of("/revoke"), json!({ "reason": "unused" }).to_string(), true, 200),
    ]
}

/// The store but for what is noted of administrators.
fn records(stage: &Stage) -> Vec<(String, Vec<u8>)> {
    let store = stage.host.store.borrow();
    store.iter().filter(|(name, _)| !name.starts_with("admin/")).map(|(n, v)| (n.clone(), v.clone())).collect()
}

//! The admin endpoints: who may use them, what they say to what is asked, and what is on record of it.

use edgeward::{
    api_key::Issued,
    gate::{Answer, BootstrapSecret, Gate, GateRequest, Resources},
    policy::read_policy,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::{
    stage::{HEADER, Stage, header, policy, problem, request},
    support::{ISSUER, NOW, Signer, claims, with},
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
    let headers: String = answer.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
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

#[test]
fn whoever_may_not_does_nothing_at_any_endpoint() {
    let stage = stage();
    let key = stage.key_with(|issued| issued.record.scopes = vec!["edgeward:write".to_owned()]);
    let before = records(&stage);
    let elsewhere = Signer::STRANGER.token(&with(
        &with(&claims(), "iss", OTHER_ISSUER.into()),
        "scope",
        "edgeward:read edgeward:write".into(),
    ));
    let expired = Signer::EDDSA.token(&with(&with(&claims(), "scope", "edgeward:write".into()), "exp", json!(NOW)));
    let callers: [(Option<&str>, u16, &str); 10] = [
        (None, 401, "credential_missing"),
        (Some(key.key.reveal()), 403, "class_not_accepted"),
        (Some("acme_live_nothing"), 403, "class_not_accepted"),
        (Some(FOREIGN), 403, "class_not_accepted"),
        (Some(&token("reports:read")), 403, "scope_insufficient"),
        (Some(&token("edgeward:writes edgeward")), 403, "scope_insufficient"),
        (Some(&elsewhere), 403, "scope_insufficient"),
        (Some(&expired), 401, "token_expired"),
        (Some(&Signer::STRANGER.token(&claims())), 401, "signature_invalid"),
        (Some("bootstrap-secret-that-somebody-made-up"), 401, "credential_unrecognized"),
    ];
    for (method, path, body, writes, _) in endpoints(&key.id) {
        for (credential, status, expected) in callers {
            let events = stage.events.borrow().len();
            let answer = ask(&stage, method, &path, credential, &body);
            assert_eq!((answer.status, code(&answer).as_str()), (status, expected), "{method} {path}");
            let challenge = header(&answer, "www-authenticate").expect("a challenge");
            // A token of another issuer is not helped by any scope.
            if expected == "scope_insufficient" && credential != Some(&elsewhere) {
                let needed = if writes { "edgeward:write" } else { "edgeward:read" };
                assert!(challenge.ends_with(&format!("scope=\"{needed}\"")), "{challenge}");
            } else {
                assert!(!challenge.contains("edgeward:"), "{challenge}");
            }
            // One event, of the decision: nothing came of it.
            assert_eq!(stage.events.borrow().len(), events + 1);
            assert_eq!(stage.last_event()["status_code"], expected);
        }
        if writes {
            let answer = ask(&stage, method, &path, Some(&token("edgeward:read")), &body);
            assert_eq!((answer.status, code(&answer).as_str()), (403, "scope_insufficient"), "{method} {path}");
        }
    }
    assert_eq!(records(&stage), before);
    assert_eq!(stage.host.store.borrow().get("admin/first"), None);
    // None of them has closed the way in that was meant for the first administrator.
    assert_eq!(ask(&stage, "GET", KEYS, Some(BOOTSTRAP), "").status, 200);
}

#[test]
fn whoever_may_is_answered_and_on_record_by_name() {
    let both = token("edgeward:read edgeward:write");
    for (name, credential, reads_only) in [
        ("client-1", writer(), false),
        ("client-1", both, false),
        ("client-1", token("edgeward:read"), true),
        ("bootstrap", BOOTSTRAP.to_owned(), false),
    ] {
        let stage = stage();
        let id = stage.key().id;
        for (method, path, body, writes, status) in endpoints(&id) {
            if writes && reads_only {
                continue;
            }
            let events = stage.events.borrow().len();
            let answer = ask(&stage, method, &path, Some(&credential), &body);
            assert_eq!(answer.status, status, "{name}: {method} {path}: {}", answer.body);
            document(&answer);
            let events = stage.events.borrow()[events..].to_vec();
            assert_eq!(events.len(), 2, "{events:?}");
            let (decision, change) = (&events[0], &events[1]);
            assert_eq!((&decision["class_uid"], &decision["status_code"]), (&json!(3002), &json!("allowed")));
            assert_eq!((&change["class_uid"], &change["status_code"]), (&json!(3004), &json!("done")));
            let who = if name == "bootstrap" { Value::Null } else { json!("m2m_token") };
            assert_eq!((&decision["unmapped"]["class"], &change["unmapped"]["class"]), (&who, &who));
            assert_eq!((&decision["user"]["uid"], &change["actor"]["user"]["uid"]), (&json!(name), &json!(name)));
            assert_eq!(change["metadata"]["correlation_uid"].as_str(), header(&answer, "edgeward-request-id"));
            assert_eq!(change["src_endpoint"]["ip"], "192.0.2.7");
            let route = path.replace(&id, ":id");
            assert_eq!((&decision["unmapped"]["route"], &change["unmapped"]["route"]), (&json!(route), &json!(route)));
        }
        if !reads_only {
            let record: Value = serde_json::from_slice(&stage.host.store.borrow()[&format!("key/{id}")]).expect("JSON");
            assert_eq!(record["revocation"], json!({ "at": NOW, "by": name, "reason": "unused" }));
        }
    }
}

#[test]
fn the_bootstrap_secret_is_of_no_use_from_the_first_administrator_on() {
    let stage = stage();
    let issued = ask(&stage, "POST", KEYS, Some(BOOTSTRAP), &new_key().to_string());
    assert_eq!(issued.status, 201);
    assert_eq!(ask(&stage, "GET", KEYS, Some(&token("edgeward:read")), "").status, 200);
    let first: Value = serde_json::from_slice(&stage.host.store.borrow()["admin/first"]).expect("JSON");
    assert_eq!(first, json!({ "at": NOW, "by": "client-1", "issuer": ISSUER }));
    let before = records(&stage);
    let id = document(&issued)["id"].as_str().expect("an id").to_owned();
    let another = self::stage();
    *another.host.store.borrow_mut() = stage.host.store.borrow().clone();
    // Here, and in an instance that has seen no administrator yet.
    for stage in [&stage, &another] {
        for (method, path, body, ..) in endpoints(&id) {
            let answer = ask(stage, method, &path, Some(BOOTSTRAP), &body);
            // Whoever found it learns no more than from a text that was made up.
            let made_up = ask(stage, method, &path, Some("made-up-made-up-made-up-made-up-made-up"), &body);
            let alike = |answer: &Answer| (answer.status, code(answer), detail(answer));
            assert_eq!(alike(&answer), alike(&made_up), "{method} {path}");
            assert_eq!((answer.status, code(&answer).as_str()), (401, "credential_unrecognized"));
            let events = stage.events.borrow();
            assert_eq!(events[events.len() - 2]["status_code"], "bootstrap_closed");
        }
        assert_eq!(records(stage), before);
    }
}

#[test]
fn a_store_that_cannot_say_whether_the_first_has_come_lets_nobody_bootstrap() {
    let stage = stage();
    *stage.host.outage.borrow_mut() = Some("words of the store".to_owned());
    let answer = ask(&stage, "POST", KEYS, Some(BOOTSTRAP), &new_key().to_string());
    assert_eq!((answer.status, code(&answer).as_str()), (503, "store_unavailable"));
    assert!(!answer.body.contains("words of the store"));
}

#[test]
fn without_a_bootstrap_secret_there_is_none() {
    let stage = Stage::of(&admin_policy());
    for text in [BOOTSTRAP, "x", "undefined"] {
        let answer = ask(&stage, "GET", KEYS, Some(text), "");
        assert_eq!((answer.status, code(&answer).as_str()), (401, "credential_unrecognized"));
    }
}

#[test]
fn without_admin_in_the_policy_there_are_no_admin_endpoints() {
    let stage = bootstrapped(&policy());
    for (method, path, body, ..) in endpoints("4fJ9aZ0kQ2mX7bTe") {
        for credential in [writer().as_str(), BOOTSTRAP] {
            let answer = ask(&stage, method, &path, Some(credential), &body);
            assert_eq!((answer.status, code(&answer).as_str()), (404, "endpoint_unknown"), "{method} {path}");
        }
    }
    assert!(stage.host.store.borrow().is_empty());
}

#[test]
fn a_credential_that_others_could_read_administers_nothing() {
    for credential in [&writer(), BOOTSTRAP] {
        let stage = stage();
        for url in ["http://api.example/_edgeward/admin/keys", "https://api.example/_edgeward/admin/keys"] {
            let answer = ask(&stage, "GET", url, Some(credential), "");
            let expected = if url.starts_with("http:") { 403 } else { 200 };
            assert_eq!(answer.status, expected, "{url}: {}", answer.body);
            if expected == 403 {
                assert_eq!(code(&answer), "credential_exposed");
            }
        }
    }
}

#[test]
fn a_body_that_is_none_is_refused_with_the_place_of_its_fault() {
    let stage = stage();
    let id = stage.key().id;
    let before = records(&stage);
    let of = |step: &str| format!("{KEYS}/{id}{step}");
    let changed = |member: &str, value: Value| with(&new_key(), member, value).to_string();
    let long = "x".repeat(70_000);
    let twice = new_key().to_string().replacen('{', r#"{"owner":"eve","#, 1);
    let cases: Vec<(&str, String, String, &str)> = vec![
        ("POST", KEYS.into(), String::new(), "missing field `organization`"),
        ("POST", KEYS.into(), "{}".into(), "missing field `organization`"),
        ("POST", KEYS.into(), "organization=org-9".into(), "the body is"),
        ("POST", KEYS.into(), "[]".into(), "the body is"),
        ("POST", KEYS.into(), "null".into(), "the body is"),
        ("POST", KEYS.into(), "{\"owner\":".into(), "the body is"),
        ("POST", KEYS.into(), format!("{} trailing", new_key()), "the body is"),
        ("POST", KEYS.into(), twice, "twice"),
        ("POST", KEYS.into(), "[".repeat(10_000), "the body is"),
        ("POST", KEYS.into(), changed("id", json!("mine")), "unknown field `id`"),
        ("POST", KEYS.into(), changed("digest", json!("x")), "unknown field `digest`"),
        ("POST", KEYS.into(), changed("owner", json!(7)), "`owner`"),
        ("POST", KEYS.into(), changed("owner", json!(null)), "`owner`"),
        ("POST", KEYS.into(), changed("owner", json!(" ")), "owner"),
        ("POST", KEYS.into(), changed("scopes", json!("reports:read")), "`scopes`"),
        ("POST", KEYS.into(), changed("scopes", json!(["reports:read", 7])), "`scopes[1]`"),
        ("POST", KEYS.into(), changed("scopes", json!(["a", "a"])), "a scope stands twice"),
        ("POST", KEYS.into(), changed("allowedCidrs", json!(["192.0.2.0/24", "192.0.2.1/24"])), "`allowedCidrs[1]`"),
        ("POST", KEYS.into(), changed("expires", json!("tomorrow")), "`expires`"),
        ("POST", KEYS.into(), changed("expires", json!((NOW + 60) * 1000)), "`expires`"),
        ("POST", KEYS.into(), changed("publishable", json!("yes")), "`publishable`"),
        ("POST", KEYS.into(), changed("metadata", json!([1])), "`metadata`"),
        ("POST", format!("{KEYS}/import"), new_key().to_string(), "missing field `digest`"),
        ("POST", format!("{KEYS}/import"), changed("digest", json!(FOREIGN)), "`digest` is `sha-256:`"),
        (
            "POST",
            format!("{KEYS}/import"),
            with(&foreign_key(FOREIGN), "more", json!(1)).to_string(),
            "unknown field `more`",
        ),
        ("PATCH", of(""), json!({ "organization": "org-1" }).to_string(), "unknown field `organization`"),
        ("PATCH", of(""), json!({ "revocation": null }).to_string(), "unknown field `revocation`"),
        ("PATCH", of(""), json!({ "owner": null }).to_string(), "`owner`"),
        ("PATCH", of(""), json!({ "scopes": null }).to_string(), "`scopes`"),
        ("PATCH", of(""), json!({ "allowedCidrs": null }).to_string(), "`allowedCidrs`"),
        ("PATCH", of(""), json!({ "publishable": null }).to_string(), "`publishable`"),
        ("PATCH", of(""), json!({ "metadata": null }).to_string(), "`metadata`"),
        ("PATCH", of(""), json!({ "notBefore": "soon" }).to_string(), "`notBefore`"),
        ("POST", of("/rotate"), json!({ "overlap": -1 }).to_string(), "`overlap`"),
        ("POST", of("/rotate"), json!({ "overlaps": "1h" }).to_string(), "unknown field `overlaps`"),
        ("POST", of("/disable"), json!({ "reason": "unused" }).to_string(), "unknown field `reason`"),
        ("POST", of("/enable"), "true".into(), "the body is"),
        ("POST", of("/revoke"), String::new(), "missing field `reason`"),
        ("POST", of("/revoke"), json!({ "reason": "because" }).to_string(), "`reason`"),
        ("POST", of("/revoke"), json!({ "reason": "unused", "by": "eve" }).to_string(), "unknown field `by`"),
    ];
    for (method, path, body, words) in cases {
        let answer = ask(&stage, method, &path, Some(&writer()), &body);
        assert_eq!((answer.status, code(&answer).as_str()), (400, "body_invalid"), "{method} {path} {body:.80}");
        let detail = detail(&answer);
        assert!(detail.contains(words), "{detail:?} has no {words:?}: {body:.80}");
        let event = stage.last_event();
        assert_eq!((&event["class_uid"], &event["status_code"]), (&json!(3004), &json!("body_invalid")));
    }
    for (method, path, _, writes, _) in endpoints(&id) {
        if writes {
            let answer = ask(&stage, method, &path, Some(&writer()), &changed("name", json!(long)));
            assert_eq!((answer.status, code(&answer).as_str()), (413, "body_too_large"), "{method} {path}");
        }
    }
    stage.host.body.set(Some(vec![b'{', 0xff, b'}']));
    let bearer = format!("Bearer {}", writer());
    assert_eq!(code(&stage.answer(&request("POST", KEYS, &[(HEADER, &bearer)]))), "body_invalid");
    assert_eq!(records(&stage), before);
}

#[test]
fn the_parameters_of_a_list_are_read_as_strictly() {
    let stage = stage();
    for _ in 0..3 {
        stage.key();
    }
    let list = |query: &str| ask(&stage, "GET", &format!("{KEYS}?{query}"), Some(&writer()), "");
    for (query, words) in [
        ("limit=0", "`limit` is from 1 to 100"),
        ("limit=101", "`limit` is from 1 to 100"),
        ("limit=abc", "`limit`"),
        ("limit=", "`limit`"),
        ("limit=-1", "`limit`"),
        ("limit=1.5", "`limit`"),
        ("limit=4294967297", "`limit`"),
        ("limit=2&limit=2", "stands twice"),
        ("cursor=a&cursor=b", "stands twice"),
        ("page=2", "unknown field `page`"),
        ("limit=2&", ""),
    ] {
        let answer = list(query);
        if words.is_empty() {
            assert_eq!(answer.status, 200, "{query}");
            continue;
        }
        assert_eq!((answer.status, code(&answer).as_str()), (400, "body_invalid"), "{query}");
        assert!(detail(&answer).contains(words), "{query}: {}", detail(&answer));
    }
    let mut seen = Vec::new();
    let mut query = "limit=2".to_owned();
    for keys in [2, 1] {
        let page = document(&list(&query));
        let ids: Vec<String> = page["keys"]
            .as_array()
            .expect("keys")
            .iter()
            .map(|key| key["id"].as_str().expect("an id").to_owned())
            .collect();
        assert_eq!(ids.len(), keys);
        seen.extend(ids);
        query = format!(
            "limit=2&cursor={}",
            form_urlencoded::byte_serialize(page["cursor"].as_str().unwrap_or_default().as_bytes()).collect::<String>()
        );
        assert_eq!(page["cursor"].is_null(), keys == 1);
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 3);
    // A parameter where none belongs.
    let answer = ask(&stage, "GET", &format!("{KEYS}/{}?limit=2", seen[0]), Some(&writer()), "");
    assert_eq!((answer.status, code(&answer).as_str()), (400, "body_invalid"));
}

#[test]
fn another_method_is_told_which_ones_there_are() {
    let stage = stage();
    let id = stage.key().id;
    let before = records(&stage);
    for (path, allowed) in [
        (KEYS.to_owned(), "GET, POST, HEAD"),
        (format!("{KEYS}/import"), "POST"),
        (format!("{KEYS}/{id}"), "GET, PATCH, HEAD"),
        (format!("{KEYS}/{id}/rotate"), "POST"),
        (format!("{KEYS}/{id}/disable"), "POST"),
        (format!("{KEYS}/{id}/enable"), "POST"),
        (format!("{KEYS}/{id}/revoke"), "POST"),
        ("/_edgeward/revoke".to_owned(), "POST"),
    ] {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "post", ""] {
            if allowed.split(", ").any(|one| one == method) {
                continue;
            }
            let answer = ask(&stage, method, &path, Some(&writer()), "{}");
            assert_eq!((answer.status, code(&answer).as_str()), (405, "method_not_allowed"), "{method} {path}");
            assert_eq!(header(&answer, "allow"), Some(allowed), "{path}");
        }
    }
    for path in [KEYS.to_owned(), format!("{KEYS}/{id}")] {
        assert_eq!(ask(&stage, "HEAD", &path, Some(&writer()), "").status, 200);
    }
    assert_eq!(records(&stage), before);
}

#[test]
fn an_id_that_is_none_is_not_found_and_reaches_no_other_value() {
    let stage = stage();
    stage.key();
    ask(&stage, "GET", KEYS, Some(&writer()), "");
    let before = stage.host.store.borrow().clone();
    let long = "x".repeat(600);
    for id in ["4fJ9aZ0kQ2mX7bTe", "x", "..", "first", "%2e%2e", "..%2fadmin%2ffirst", "a%00", "é", &long] {
        for (method, path, body, ..) in endpoints(id).into_iter().skip(3) {
            let answer = ask(&stage, method, &path, Some(&writer()), &body);
            assert_eq!((answer.status, code(&answer).as_str()), (404, "key_not_found"), "{method} {path}");
        }
    }
    for path in ["/_edgeward/admin", "/_edgeward/admin/keys/x/", "/_edgeward/admin/keys/x/y", "/_edgeward/admin/first"]
    {
        let answer = ask(&stage, "POST", path, Some(&writer()), "{}");
        assert_eq!(answer.status, 404, "{path}: {}", answer.body);
    }
    assert_eq!(code(&ask(&stage, "GET", "/_edgeward/admin/keys/", Some(&writer()), "")), "key_not_found");
    assert_eq!(*stage.host.store.borrow(), before);
}

#[test]
fn what_the_state_of_a_key_does_not_allow_is_a_conflict() {
    let stage = stage();
    let with_record = |change: fn(&mut Issued)| stage.key_with(change).id;
    let revoked = with_record(|_| {});
    ask(&stage, "POST", &format!("{KEYS}/{revoked}/revoke"), Some(&writer()), r#"{"reason":"unused"}"#);
    let disabled = with_record(|issued| issued.record.disabled = true);
    let expired = with_record(|issued| issued.record.expires = Some(NOW));
    let replaced = with_record(|_| {});
    let rotate = |id: &str| ask(&stage, "POST", &format!("{KEYS}/{id}/rotate"), Some(&writer()), r#"{"overlap":"1h"}"#);
    assert_eq!(rotate(&replaced).status, 201);
    ask(&stage, "POST", &format!("{KEYS}/import"), Some(&writer()), &foreign_key(FOREIGN).to_string());
    let before = records(&stage);
    for id in [&revoked, &disabled, &expired, &replaced] {
        let answer = rotate(id);
        assert_eq!((answer.status, code(&answer).as_str()), (409, "key_state_conflict"), "{}", answer.body);
        assert!(detail(&answer).starts_with("the key"), "{}", detail(&answer));
    }
    for (method, step, body) in [("PATCH", "", r#"{"name":"x"}"#), ("POST", "/disable", ""), ("POST", "/enable", "")] {
        let answer = ask(&stage, method, &format!("{KEYS}/{revoked}{step}"), Some(&writer()), body);
        assert_eq!((answer.status, code(&answer).as_str()), (409, "key_state_conflict"), "{step}");
    }
    let again = ask(&stage, "POST", &format!("{KEYS}/import"), Some(&writer()), &foreign_key(FOREIGN).to_string());
    assert_eq!((again.status, code(&again).as_str()), (409, "key_state_conflict"));
    assert_eq!(records(&stage), before);
    // To end what has ended is done, and the first end stands.
    let answer =
        ask(&stage, "POST", &format!("{KEYS}/{revoked}/revoke"), Some(&writer()), r#"{"reason":"superseded"}"#);
    assert_eq!(document(&answer)["record"]["revocation"]["reason"], "unused");
    assert_eq!(stage.last_event()["comment"], "it was revoked before");
}

#[test]
fn a_store_that_fails_or_holds_garbage_is_a_503_without_its_words() {
    let stage = stage();
    let id = stage.key().id;
    let unreadable = stage.key().id;
    // The first administrator has come: what fails from here on is the step itself.
    assert_eq!(ask(&stage, "GET", KEYS, Some(&writer()), "").status, 200);
    stage.host.store.borrow_mut().insert(format!("key/{unreadable}"), b"words of the store".to_vec());
    for (method, path, body, writes, _) in endpoints(&unreadable).into_iter().skip(3) {
        let answer = ask(&stage, method, &path, Some(&writer()), &body);
        assert_eq!((answer.status, code(&answer).as_str()), (503, "record_unreadable"), "{method} {path}");
        assert!(!answer.body.contains("words of the store") && writes == (method != "GET"));
        assert_eq!(stage.last_event()["status_id"], 99);
    }
    assert_eq!(stage.host.store.borrow()[&format!("key/{unreadable}")], b"words of the store");
    let page = document(&ask(&stage, "GET", KEYS, Some(&writer()), ""));
    assert_eq!(page["unreadable"][0]["id"], json!(unreadable));
    assert!(!page.to_string().contains("words of the store"));

    *stage.host.outage.borrow_mut() = Some("words of the store".to_owned());
    for (method, path, body, ..) in endpoints(&id) {
        let answer = ask(&stage, method, &path, Some(&writer()), &body);
        assert_eq!((answer.status, code(&answer).as_str()), (503, "store_unavailable"), "{method} {path}");
        assert!(!answer.body.contains("words of the store") && header(&answer, "www-authenticate").is_none());
        let event = stage.last_event();
        assert_eq!((&event["class_uid"], &event["status_id"]), (&json!(3004), &json!(99)));
        assert_eq!(event["status_detail"], "words of the store", "they are the operator's");
    }
}

#[test]
fn a_host_without_random_bytes_makes_no_key() {
    let stage = stage();
    stage.host.has_chance.set(false);
    let bearer = format!("Bearer {}", writer());
    stage.host.body.set(Some(new_key().to_string().into_bytes()));
    let answer = stage.answer(&request("POST", KEYS, &[(HEADER, &bearer)]));
    assert_eq!((answer.status, records(&stage).len()), (503, 0));
}

#[test]
fn whoever_holds_a_key_ends_it_once() {
    let stage = stage();
    let key = stage.key();
    let revoke = |credential: Option<&str>, body: &str| ask(&stage, "POST", "/_edgeward/revoke", credential, body);
    let guessed = {
        let other = stage.key();
        let record = stage.host.store.borrow()[&key.store_key()].clone();
        stage.host.store.borrow_mut().insert(other.store_key(), record);
        other
    };
    for (credential, status, expected) in [
        (None, 401, "credential_missing"),
        (Some(writer().as_str()), 403, "class_not_accepted"),
        (Some(BOOTSTRAP), 401, "credential_unrecognized"),
        (Some("acme_live_nothing"), 401, "key_invalid"),
        (Some(guessed.key.reveal()), 401, "key_invalid"),
        (Some(FOREIGN), 401, "key_invalid"),
    ] {
        let answer = revoke(credential, "");
        assert_eq!((answer.status, code(&answer).as_str()), (status, expected));
    }
    for body in ["[]", r#"{"reason":"because"}"#, r#"{"by":"eve"}"#] {
        assert_eq!(code(&revoke(Some(key.key.reveal()), body)), "body_invalid");
    }
    *stage.host.outage.borrow_mut() = Some("words of the store".to_owned());
    let answer = revoke(Some(key.key.reveal()), "");
    assert_eq!((answer.status, answer.body.contains("words of the store")), (503, false));
    *stage.host.outage.borrow_mut() = None;

    let events = stage.events.borrow().len();
    let answer = revoke(Some(key.key.reveal()), r#"{"reason":"superseded"}"#);
    assert_eq!((answer.status, document(&answer)), (200, json!({ "revoked": true })));
    let events = stage.events.borrow()[events..].to_vec();
    assert_eq!((events.len(), &events[1]["activity_name"]), (2, &json!("Revoke")));
    assert_eq!((&events[1]["actor"]["user"]["uid"], &events[1]["entity"]["uid"]), (&json!("ada"), &json!(key.id)));
    assert_eq!(events[1]["unmapped"]["revocation_reason"], "superseded");
    let again = revoke(Some(key.key.reveal()), "");
    assert_eq!((again.status, code(&again).as_str()), (401, "key_invalid"));
    assert_eq!(stage.last_event()["status_code"], "key_revoked");
}

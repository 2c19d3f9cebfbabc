//! The story of a policy that is wrong: each fault is named with its place, and all of them at once.

mod support;

use std::collections::BTreeMap;

use edgeward::{
    gate::{Gate, Resources},
    key_source::Snapshot,
    policy::{Beside, PolicyError, PolicyFault, read_policy, read_token_policy, token_verifier},
};
use serde_json::{Value, json};
use support::{ISSUER, NOW, Signer, issuer, public, with, without};

fn policy() -> Value {
    json!({
        "issuers": [issuer(&Signer::EDDSA)],
        "apiKeys": { "prefix": "acme", "environment": "live" },
        "credentials": { "m2mToken": ["authorization"], "apiKey": ["authorization", "x-api-key"] },
        "origin": "https://origin.example",
        "routes": [
            { "methods": ["GET"], "path": "/v1/:id", "classes": ["m2m_token", "api_key"], "scopes": ["a", "b"] },
        ],
        "maxTokenBytes": 8192,
    })
}

fn judge(policy: &Value, snapshots: BTreeMap<String, Value>) -> Result<Gate, PolicyError> {
    Gate::read(
        &policy.to_string(),
        Resources { beside: Beside { snapshots, ..Beside::default() }, ..Resources::default() },
    )
}

fn faults(policy: &Value) -> Vec<PolicyFault> {
    judge(policy, BTreeMap::new()).expect_err("a policy that is wrong").0
}

/// The policy with this place set to this value, which may be new there.
fn set(place: &str, value: Value) -> Value {
    let mut policy = policy();
    let (parent, member) = place.rsplit_once('/').expect("a pointer");
    let parent = policy.pointer_mut(parent).expect("a place");
    match (member.parse::<usize>(), parent) {
        (Ok(index), Value::Array(items)) => items[index] = value,
        (_, Value::Object(members)) => drop(members.insert(member.to_owned(), value)),
        _ => panic!("{place}"),
    }
    policy
}

fn assert_fault(policy: &Value, pointer: &str, words: &str) {
    let faults = faults(policy);
    assert!(
        faults.iter().any(|fault| fault.pointer == pointer && fault.reason.contains(words)),
        "no `{pointer}: {words}` in {faults:?}"
    );
}

#[test]
fn a_good_policy_is_accepted() {
    assert!(judge(&policy(), BTreeMap::new()).is_ok());
    assert!(judge(&set("/$schema", "https://example.com/policy.schema.json".into()), BTreeMap::new()).is_ok());
    assert!(judge(&json!({}), BTreeMap::new()).is_ok());
}

#[test]
fn what_is_no_policy_is_refused_at_its_place() {
    for (policy, pointer, words) in [
        (set("/isuers", json!([])), "/isuers", "unknown field `isuers`"),
        (set("/issuers", json!({})), "/issuers", "expected a sequence"),
        (set("/issuers/0/issuer", json!(1)), "/issuers/0/issuer", "expected a string"),
        (set("/issuers/0/audience", json!(1)), "/issuers/0/audience", "a string or an array of strings"),
        (set("/issuers/0/audience", json!([1])), "/issuers/0/audience", "a string or an array of strings"),
        (set("/issuers/0/algorithms", json!(["RS256", "none"])), "/issuers/0/algorithms/1", "unknown algorithm `none`"),
        (set("/issuers/0/algorithms", json!(["rs256"])), "/issuers/0/algorithms/0", "unknown algorithm `rs256`"),
        (set("/issuers/0/scopeClaim", json!(["scp"])), "/issuers/0/scopeClaim", "expected a string"),
        (set("/issuers/0/clockTolerance", json!(-1)), "/issuers/0/clockTolerance", "expected u16"),
        (set("/issuers/0/clockTolerance", json!(65_536)), "/issuers/0/clockTolerance", "expected u16"),
        (set("/issuers/0/maxTokenAge", json!(1.5)), "/issuers/0/maxTokenAge", "expected u32"),
        (set("/issuers/0/jwksUrl", json!("https://x")), "/issuers/0/jwksUrl", "unknown field `jwksUrl`"),
        (set("/apiKeys/environment", json!("prod")), "/apiKeys/environment", "unknown variant `prod`"),
        (set("/apiKeys/seal", json!("secret")), "/apiKeys/seal", "unknown field `seal`"),
        (set("/routes/0/classes", json!(["token"])), "/routes/0/classes/0", "unknown variant `token`"),
        (set("/routes/0/scope", json!([])), "/routes/0/scope", "unknown field `scope`"),
        (json!({ "a~b/c": 1 }), "/a~0b~1c", "unknown field `a~b/c`"),
        (set("/credentials/cookie", json!([])), "/credentials/cookie", "unknown field `cookie`"),
        (set("/maxTokenBytes", json!(-1)), "/maxTokenBytes", "expected usize"),
        (set("/prefix", json!(["/x"])), "/prefix", "expected a string"),
    ] {
        assert_fault(&policy, pointer, words);
    }
}

#[test]
fn a_document_that_is_no_strict_json_is_refused_as_a_whole() {
    for text in ["", "{", "[]", "null", "\u{feff}{}", "{\"routes\":[],\"routes\":[]}", "{\"origin\":1e400}", "{} {}"] {
        let PolicyError(faults) = read_policy(text).expect_err(text);
        assert_eq!((faults.len(), faults[0].pointer.as_str()), (1, ""), "{text}");
        assert!(read_token_policy(text).is_err());
    }
}

#[test]
fn what_begins_like_an_api_key_is_no_opaque_token() {
    let asked = |prefix: &str| {
        let server = json!({ "endpoint": "https://issuer.example/i", "clientId": "api", "tokenPrefix": prefix });
        let policy = set("/issuers/0/introspection", server);
        let introspection_secrets = BTreeMap::from([(ISSUER.to_owned(), "a secret".to_owned())]);
        let beside = Beside { introspection_secrets, ..Beside::default() };
        Gate::new(read_policy(&policy.to_string()).expect("a policy"), Resources { beside, ..Resources::default() })
    };
    for prefix in ["", "at_", "acme", "acm", "acmes_"] {
        assert!(asked(prefix).is_ok(), "{prefix}");
    }
    for prefix in ["acme_", "acme_at_"] {
        let PolicyError(faults) = asked(prefix).expect_err(prefix);
        assert_eq!((faults.len(), faults[0].pointer.as_str()), (1, "/issuers/0/introspection/tokenPrefix"));
    }
}

#[test]
fn each_fault_of_meaning_names_its_place() {
    let both = |jwks: Value| with(&issuer(&Signer::EDDSA), "jwks", jwks);
    let cases = [
        (set("/prefix", "".into()), "/prefix", "begins with a slash"),
        (set("/prefix", "/".into()), "/prefix", "does not end with one"),
        (set("/prefix", "/x/".into()), "/prefix", "does not end with one"),
        (set("/prefix", "x".into()), "/prefix", "begins with a slash"),
        (set("/prefix", "/a/../b".into()), "/prefix", "no path"),
        (set("/prefix", "/a?b".into()), "/prefix", "no path"),
        (set("/origin", "origin.example".into()), "/origin", "scheme, host and port"),
        (set("/origin", "ftp://origin.example".into()), "/origin", "scheme, host and port"),
        (set("/origin", "https://".into()), "/origin", "scheme, host and port"),
        (set("/origin", "https://origin.example/".into()), "/origin", "scheme, host and port"),
        (set("/origin", "https://user@origin.example".into()), "/origin", "scheme, host and port"),
        (set("/origin", "https://origin.example?x".into()), "/origin", "scheme, host and port"),
        (set("/origin", "https://origin.example\r\nx".into()), "/origin", "scheme, host and port"),
        (set("/issuers/0/issuer", "".into()), "/issuers/0/issuer", "has a name"),
        (set("/issuers/0/audience", json!([])), "/issuers/0/audience", "name the audience"),
        (set("/issuers/0/audience", "".into()), "/issuers/0/audience", "name the audience"),
        (set("/issuers/0/audience", json!(["a", ""])), "/issuers/0/audience", "name the audience"),
        (set("/issuers/0/algorithms", json!([])), "/issuers/0/algorithms", "name the algorithms"),
        (set("/issuers/0/algorithms", json!(["EdDSA", "HS256"])), "/issuers/0/algorithms", "do not mix"),
        (set("/issuers/0/typ", "".into()), "/issuers/0/typ", "type"),
        (set("/issuers/0/typ", "application/".into()), "/issuers/0/typ", "type"),
        (set("/issuers/0/typ", "dpop+jwt".into()), "/issuers/0/typ", "no access token"),
        (set("/issuers/0/typ", "application/Logout+JWT".into()), "/issuers/0/typ", "no access token"),
        (set("/issuers/0/typ", "secevent+jwt".into()), "/issuers/0/typ", "no access token"),
        (set("/issuers/0", without(&issuer(&Signer::EDDSA), "jwks")), "/issuers/0/jwks", "no keys"),
        (set("/issuers/0/jwks", json!(null)), "/issuers/0/jwks", "no keys"),
        (set("/issuers/0/jwks", json!([])), "/issuers/0/jwks", "no JSON object"),
        (set("/issuers/0/jwks", json!({ "keys": {} })), "/issuers/0/jwks", "no array `keys`"),
        (set("/issuers/0/jwks", json!({ "keys": [] })), "/issuers/0/jwks", "no key in the set"),
        (set("/issuers/0/jwks", json!({ "keys": [{ "kty": "new" }] })), "/issuers/0/jwks", "no usable key"),
        (set("/issuers/0/jwks", json!({ "keys": [public("rsa1024", "k")] })), "/issuers/0/jwks", "no usable key"),
        (set("/issuers/0/jwks", json!({ "keys": [], "fetchedAt": NOW })), "/issuers/0/jwks", "missing field"),
        (
            set("/issuers/0/jwks", json!({ "keys": [Signer::EDDSA.jwk(), Signer::HS256.jwk()] })),
            "/issuers/0/jwks",
            "symmetric and asymmetric",
        ),
        (set("/issuers/0", both(json!({ "keys": [Signer::HS256.jwk()] }))), "/issuers/0/jwks", "none of the issuer's"),
        (set("/issuers", json!([issuer(&Signer::EDDSA), issuer(&Signer::ES256)])), "/issuers/1/issuer", "stands twice"),
        (set("/apiKeys/prefix", "Acme".into()), "/apiKeys/prefix", "2 to 12 characters"),
        (set("/apiKeys/prefix", "a".into()), "/apiKeys/prefix", "2 to 12 characters"),
        (set("/apiKeys", json!(null)), "/routes/0/classes", "/apiKeys is empty"),
        (set("/issuers", json!([])), "/routes/0/classes", "/issuers is empty"),
        (set("/credentials/m2mToken", json!(["a b"])), "/credentials/m2mToken/0", "no name of a header"),
        (set("/credentials/apiKey", json!(["x-api-key", ""])), "/credentials/apiKey/1", "no name of a header"),
        (set("/credentials/apiKey", json!(["x\r\ny"])), "/credentials/apiKey/0", "no name of a header"),
        (set("/routes/0/methods", json!([])), "/routes/0/methods", "name the methods"),
        (set("/routes/0/methods", json!(["get"])), "/routes/0/methods", "in upper case"),
        (set("/routes/0/methods", json!(["GET", ""])), "/routes/0/methods", "in upper case"),
        (set("/routes/0/methods", json!(["*"])), "/routes/0/methods", "in upper case"),
        (set("/routes/0/classes", json!([])), "/routes/0/classes", "name the classes"),
        (set("/routes/0/path", "v1".into()), "/routes/0/path", "no leading slash"),
        (set("/routes/0/path", "/v1/{x".into()), "/routes/0/path", "closed by `}`"),
        (set("/routes/0/path", "/v1/a:".into()), "/routes/0/path", "`:` without a name"),
        (set("/routes/0/path", "/v1/../x".into()), "/routes/0/path", "a dot segment"),
        (set("/routes/0/path", "/v1/?x".into()), "/routes/0/path", "stand after a group"),
        (set("/routes/0/path", "/v1/%61".into()), "/routes/0/path", "a needless escape"),
        (set("/routes/0/path", "/v1/(^x)".into()), "/routes/0/path", "`^` and `$` are not taken"),
        (set("/hosts", json!(["API.example"])), "/hosts/0", "no host in small letters"),
        // A scope that no credential can have, or that would break out of the challenge.
        (set("/routes/0/scopes", json!(["a", "b c"])), "/routes/0/scopes/1", "no scope token"),
        (set("/routes/0/scopes", json!([""])), "/routes/0/scopes/0", "no scope token"),
        (set("/routes/0/scopes", json!(["a\", x=\"y"])), "/routes/0/scopes/0", "no scope token"),
        (set("/routes/0/scopes", json!(["a\r\nset-cookie: x"])), "/routes/0/scopes/0", "no scope token"),
    ];
    for (policy, pointer, words) in cases {
        assert_fault(&policy, pointer, words);
    }
}

#[test]
fn faults_come_all_at_once() {
    let mut wrong = policy();
    wrong["prefix"] = "x".into();
    wrong["origin"] = "x".into();
    wrong["issuers"][0]["audience"] = json!([]);
    wrong["issuers"][0]["jwks"] = json!({ "keys": [] });
    wrong["apiKeys"]["prefix"] = "X".into();
    wrong["credentials"]["apiKey"] = json!(["", "ok", " "]);
    wrong["routes"][0]["methods"] = json!(["get"]);
    wrong["routes"][0]["path"] = "x".into();
    wrong["routes"][0]["scopes"] = json!(["a b"]);
    let places: Vec<String> = faults(&wrong).into_iter().map(|fault| fault.pointer).collect();
    let expected = [
        "/prefix",
        "/origin",
        "/issuers/0/audience",
        "/issuers/0/jwks",
        "/apiKeys/prefix",
        "/credentials/apiKey/0",
        "/credentials/apiKey/2",
        "/routes/0/methods",
        "/routes/0/path",
        "/routes/0/scopes/0",
    ];
    for place in expected {
        assert!(places.iter().any(|found| found == place), "no {place} in {places:?}");
    }
    assert_eq!(places.len(), expected.len(), "{places:?}");
    let words = judge(&wrong, BTreeMap::new()).expect_err("wrong").to_string();
    assert!(words.starts_with("the policy is refused: /prefix: ") && words.matches("; ").count() >= 9, "{words}");
}

#[test]
fn faults_of_form_and_of_meaning_come_together_each_with_a_hint() {
    let mut wrong = policy();
    wrong["rotues"] = wrong["routes"].take();
    wrong.as_object_mut().expect("an object").remove("routes");
    wrong["rotues"][0]["path"] = "x".into();
    wrong["rotues"][0]["classes"] = json!(["token", "api_key"]);
    wrong["issuers"][0]["audiense"] = json!([]);
    wrong["issuers"][0]["clockTolerance"] = json!("5");
    wrong["apiKeys"]["prefix"] = "X".into();
    wrong["origin"] = "x".into();
    let faults = faults(&wrong);
    let mut places: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
    places.sort_unstable();
    assert_eq!(
        places,
        [
            "/apiKeys/prefix",
            "/issuers/0/audiense",
            "/issuers/0/clockTolerance",
            "/origin",
            "/rotues",
            "/rotues/0/classes/0",
            "/rotues/0/path",
        ]
    );
    for fault in &faults {
        assert!(fault.hint.as_ref().is_some_and(|hint| !hint.is_empty()), "{fault:?}");
    }
    assert!(read_policy(&wrong.to_string()).is_err());
}

#[test]
fn no_fault_is_made_up_by_what_could_not_be_read() {
    for (policy, places) in [
        // Nothing checks tokens: but only since the issuers could not be read.
        (set("/issuers", json!("none")), vec!["/issuers"]),
        (set("/issuers/0", json!(1)), vec!["/issuers/0"]),
        (set("/apiKeys", json!([])), vec!["/apiKeys"]),
        (set("/apiKeys", json!({ "prefix": "acme" })), vec!["/apiKeys"]),
        (set("/apiKeys", json!({})), vec!["/apiKeys", "/apiKeys"]),
        (set("/routes/0", json!({ "path": "/" })), vec!["/routes/0", "/routes/0"]),
        (set("/routes/0/methods", json!([1])), vec!["/routes/0/methods/0"]),
        (
            set("/issuers/0", with(&without(&issuer(&Signer::EDDSA), "jwks"), "jwksUri", json!(1))),
            vec!["/issuers/0/jwksUri"],
        ),
    ] {
        let found: Vec<String> = faults(&policy).into_iter().map(|fault| fault.pointer).collect();
        assert_eq!(found, places, "{policy}");
    }
}

#[test]
fn every_fault_of_meaning_has_a_hint() {
    for (place, value) in [
        ("/prefix", json!("x")),
        ("/origin", json!("x")),
        ("/maxTokenBytes", json!(0)),
        ("/issuers/0/issuer", json!("")),
        ("/issuers/0/audience", json!([])),
        ("/issuers/0/algorithms", json!([])),
        ("/issuers/0/jwks", json!({})),
        ("/issuers/0/jwksUri", json!("http://issuer.example/jwks")),
        ("/issuers/0/typ", json!("id_token+jwt;")),
        ("/issuers/0/scopeClaim", json!("aud")),
        ("/issuers/0/requireClaims", json!({ "a": { "prefix": "" }, "": { "present": true } })),
        ("/issuers/0/tenants", json!(["t"])),
        ("/issuers/0/introspection", json!({ "endpoint": "x", "clientId": "", "timeout": 1, "cacheSeconds": 301 })),
        ("/apiKeys/cacheSeconds", json!(3601)),
        ("/apiKeys/foreignKeys", json!({ "prefixes": [] })),
        ("/credentials/apiKey", json!([""])),
        ("/routes/0/path", json!("x")),
        ("/routes/0/scopes", json!([""])),
        ("/dpop", json!({ "algorithms": ["HS256"], "maxAge": 0 })),
        ("/admin", json!({ "issuer": "nobody", "readScope": "" })),
        ("/trustedProxies", json!({ "header": "Forwarded", "addresses": [] })),
        ("/leaks", json!({ "keysUrl": "x", "source": "" })),
        ("/denySnapshot", json!({ "maxAge": 1, "jwks": {}, "url": "x", "retention": 0 })),
    ] {
        let faults = faults(&set(place, value));
        for fault in &faults {
            assert!(fault.pointer.starts_with(place) || place.starts_with("/issuers/0"), "{place}: {fault:?}");
            assert!(fault.hint.as_ref().is_some_and(|hint| !hint.is_empty()), "{fault:?}");
        }
    }
}

fn snapshot(signer: &Signer) -> Value {
    let set = json!({ "keys": [signer.jwk()] });
    Snapshot::take(&set, "https://issuer.example/jwks", NOW, 60).expect("a snapshot").to_json()
}

#[test]
fn keys_come_from_the_policy_or_beside_it_and_never_from_both() {
    let beside = || BTreeMap::from([(ISSUER.to_owned(), snapshot(&Signer::EDDSA))]);
    let bare = set("/issuers/0", without(&issuer(&Signer::EDDSA), "jwks"));
    assert!(judge(&bare, beside()).is_ok());
    let PolicyError(faults) = judge(&policy(), beside()).expect_err("both");
    assert_eq!(faults[0].pointer, "/issuers/0/jwks");
    // A snapshot for somebody whom the policy does not know is a mistake in one of the two names.
    let stray = BTreeMap::from([("https://issuer.example".to_owned(), snapshot(&Signer::EDDSA))]);
    let PolicyError(faults) = judge(&policy(), stray).expect_err("a stray snapshot");
    assert_eq!(faults[0].pointer, "/issuers");
}

#[test]
fn a_snapshot_is_what_its_digest_was_made_of() {
    let mut changed = snapshot(&Signer::EDDSA);
    changed["keys"][0] = Signer::STRANGER.jwk();
    assert_fault(&set("/issuers/0/jwks", changed), "/issuers/0/jwks", "digest");
    assert!(judge(&set("/issuers/0/jwks", snapshot(&Signer::EDDSA)), BTreeMap::new()).is_ok());
}

#[test]
fn secrets_stand_in_the_policy_and_are_never_fetched() {
    let hmac = with(&issuer(&Signer::HS256), "issuer", "https://hmac.example".into());
    assert!(judge(&set("/issuers/0", hmac.clone()), BTreeMap::new()).is_ok());
    // A snapshot was fetched: it says from where and when.
    let fetched = set("/issuers/0", with(&hmac, "jwks", snapshot(&Signer::HS256)));
    assert_fault(&fetched, "/issuers/0/jwks", "secrets");
    let beside = BTreeMap::from([("https://hmac.example".to_owned(), json!({ "keys": [Signer::HS256.jwk()] }))]);
    let PolicyError(faults) =
        judge(&set("/issuers/0", without(&hmac, "jwks")), beside).expect_err("secrets beside the policy");
    assert!(faults[0].reason.contains("secrets"), "{faults:?}");
}

#[test]
fn no_fault_shows_a_secret() {
    let secret = "c2VjcmV0LXNlY3JldA";
    let hmac = with(&issuer(&Signer::HS256), "jwks", json!({ "keys": [{ "kty": "oct", "k": secret }] }));
    let words = judge(&set("/issuers/0", hmac), BTreeMap::new()).expect_err("too short").to_string();
    assert!(words.contains("shorter than the hash") && !words.contains(secret), "{words}");
}

#[test]
fn the_policy_of_a_verifier_alone_is_judged_alike() {
    let judge = |issuers: Value| {
        let policy = read_token_policy(&json!({ "issuers": issuers }).to_string())?;
        token_verifier(policy.issuers, &BTreeMap::new(), policy.max_token_bytes)
    };
    assert!(judge(json!([issuer(&Signer::EDDSA)])).is_ok());
    let twice = judge(json!([issuer(&Signer::EDDSA), issuer(&Signer::EDDSA)])).expect_err("twice");
    assert_eq!(twice.0[0].pointer, "/issuers/1/issuer");
    let both = json!([
        with(&issuer(&Signer::EDDSA), "audience", json!([])),
        with(&issuer(&Signer::ES256), "issuer", json!(""))
    ]);
    let places: Vec<String> = judge(both).expect_err("two faults").0.into_iter().map(|fault| fault.pointer).collect();
    assert_eq!(places, ["/issuers/0/audience", "/issuers/1/issuer"]);
    assert!(judge(json!(null)).is_err());
    assert!(read_token_policy("{}").is_err());
}

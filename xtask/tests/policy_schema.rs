//! The story of the published schema: an editor that goes by it and the gate that reads the policy agree.

use std::{collections::BTreeMap, fs, path::PathBuf};

use edgeward::{
    gate::{Gate, Resources},
    policy::{Beside, needed_member, schema},
};
use jsonschema::Validator;
use serde_json::{Value, json};

fn here(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(file)
}

fn validator() -> Validator {
    jsonschema::draft202012::new(&schema()).expect("a schema of this draft")
}

/// What the gate says of a policy; secrets are handed over for whoever needs them.
fn judge(policy: &Value) -> Result<(), String> {
    let asked =
        policy["issuers"].as_array().into_iter().flatten().filter(|issuer| issuer.get("introspection").is_some());
    let introspection_secrets: BTreeMap<_, _> =
        asked.filter_map(|issuer| Some((issuer["issuer"].as_str()?.to_owned(), "a secret".to_owned()))).collect();
    let beside = Beside { introspection_secrets, ..Beside::default() };
    Gate::read(&policy.to_string(), Resources { beside, ..Resources::default() })
        .map(drop)
        .map_err(|error| error.to_string())
}

fn key() -> Value {
    json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "k" })
}

/// A policy with every member that there is.
fn everything() -> Value {
    json!({
        "$schema": "https://schemas.example/policy.schema.json",
        "prefix": "/_edgeward",
        "issuers": [
            {
                "issuer": "https://issuer.example",
                "audience": ["https://api.example", "api"],
                "algorithms": ["ES256", "EdDSA"],
                "jwksUri": "https://issuer.example/jwks",
                "keySet": { "maxAge": 600, "staleWhileRevalidate": 300, "maxStale": 86_400, "cooldown": 30, "timeout": 3000 },
                "introspection": {
                    "endpoint": "https://issuer.example/introspect", "clientId": "api", "authentication": "client_secret_post",
                    "tokens": "all", "tokenPrefix": "at_", "cacheSeconds": 30, "timeout": 3000,
                },
                "typ": "at+jwt",
                "optionalClaims": ["token_type"],
                "scopeClaim": "scope",
                "organizationClaim": "/org/id",
                "clientClaim": "azp",
                "requireClaims": {
                    "a": { "present": true }, "b": { "equals": 1 }, "c": { "oneOf": ["x", true] }, "d": { "prefix": "p" },
                    "e": { "suffix": "s" }, "f": { "sameAs": "azp" }, "g": null,
                },
                "requireHeader": { "cat": null },
                "senderConstraint": "dpop",
                "clockTolerance": 5,
                "maxTokenAge": 3600,
            },
            {
                "preset": "microsoft_entra", "tenants": ["t-1"], "tenantClaim": "tid", "audience": "api",
                "discovery": "openid-configuration",
            },
            { "issuer": "local", "audience": "api", "algorithms": ["Ed25519"], "jwks": { "keys": [key()] } },
        ],
        "apiKeys": {
            "prefix": "acme", "environment": "live", "foreignKeys": { "prefixes": ["sk_live_"] }, "cacheSeconds": 15,
            "maxStaleSeconds": 0, "store": { "cacheSeconds": 0, "propagationSeconds": 60, "timeout": 2000 }, "usageInterval": 0,
        },
        "leaks": { "keysUrl": "https://keys.example/list", "source": "scanner" },
        "tlsEndsAhead": true,
        "credentials": { "m2mToken": ["authorization"], "apiKey": ["authorization", "x-api-key"] },
        "routes": [
            { "methods": ["GET", "HEAD"], "path": "/v1/:id/*", "classes": ["m2m_token", "api_key"], "scopes": ["a:read"] },
            {
                "methods": ["POST"], "path": "/v1/orgs/:org{/}?", "classes": ["m2m_token"],
                "scopes": { "allOf": ["a:read"], "anyOf": ["a:write", "admin"] }, "organization": { "path": "org" },
                "senderConstraint": "dpop",
            },
            { "methods": ["GET"], "path": "/v2/a", "classes": ["m2m_token"], "organization": { "header": "x-org" } },
            { "methods": ["GET"], "path": "/v2/b", "classes": ["m2m_token"], "organization": { "oneOf": ["org-1"] } },
        ],
        "hosts": ["api.example"],
        "originTimeout": 5000,
        "proxy": { "upgrades": true, "forwarded": "append" },
        "cors": {
            "origins": ["https://app.example"], "methods": ["GET"], "headers": ["authorization"],
            "exposeHeaders": ["etag"], "maxAge": 600, "credentials": true,
        },
        "resource": {
            "identifier": "https://api.example/v1", "name": "API", "documentation": "https://docs.example",
            "policyUri": "https://docs.example/policy", "tosUri": "https://docs.example/tos",
            "authorizationServers": ["https://issuer.example"], "publishScopes": true, "maxAge": 3600,
        },
        "limits": {
            "rules": [
                {
                    "name": "keys", "by": "key", "classes": ["api_key"], "routes": ["/v1/:id/*"], "limit": 100, "period": 60,
                    "binding": "EDGEWARD_LIMIT_KEYS", "whenUnavailable": "deny",
                    "keyClasses": { "bulk": { "limit": 1000, "binding": "EDGEWARD_LIMIT_BULK" } },
                },
                { "name": "classes", "by": "class", "limit": 1, "period": 1 },
            ],
            "refused": { "limit": 100, "period": 60, "binding": "EDGEWARD_LIMIT_REFUSED" },
        },
        "audit": { "allowed": "first_seen" },
        "metrics": { "public": true },
        "origin": "https://origin.example:8443",
        "publicOrigin": "https://api.example",
        "dpop": { "algorithms": ["ES256"], "maxAge": 60 },
        "maxTokenBytes": 8192,
        "deny": [
            { "jti": "t", "issuer": "https://issuer.example", "until": 1_780_003_600 }, { "client": "c", "issuer": "i" },
            { "subject": "s", "issuer": "i" }, { "organization": "o" }, { "key": "k" },
        ],
        "admin": { "issuer": "https://issuer.example", "readScope": "r", "writeScope": "w" },
        "trustedProxies": { "header": "x-forwarded-for", "addresses": ["192.0.2.0/24", "2001:db8::1"] },
        "review": {
            "departed": ["ada"], "wildcardScopes": ["admin"], "maxAgeDays": 365, "unusedDays": 90, "neverUsedDays": 30,
            "overlapDays": 7, "disabledDays": 90, "expiresSoonDays": 14,
        },
        "denySnapshot": { "maxAge": 60, "jwks": { "keys": [key()] }, "url": "https://deny.example/list", "retention": 30 },
    })
}

/// `everything` with another value at a place; null takes it away.
fn with(place: &str, value: Value) -> Value {
    let mut policy = everything();
    let (parent, name) = place.rsplit_once('/').expect("a pointer");
    match policy.pointer_mut(parent).unwrap_or_else(|| panic!("{place}")) {
        Value::Object(members) if value.is_null() => drop(members.remove(name)),
        Value::Object(members) => drop(members.insert(name.to_owned(), value)),
        Value::Array(items) => items[name.parse::<usize>().expect("an index")] = value,
        _ => panic!("{place}"),
    }
    policy
}

#[test]
fn what_the_gate_takes_the_schema_takes() {
    let validator = validator();
    let assert_both = |name: &str, policy: &Value| {
        assert_eq!(judge(policy), Ok(()), "{name}");
        let faults: Vec<_> =
            validator.iter_errors(policy).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(faults.is_empty(), "{name}: {faults:?}");
    };
    assert_both("everything", &everything());
    assert_both("nothing", &json!({}));
    assert_both("forward-auth", &json!({ "forwardAuth": { "dialect": "caddy", "proxies": ["192.0.2.0/24"] } }));
    // The gate of this one needs a key beside it.
    let assertion = json!({ "issuer": "https://api.example", "audience": "https://origin.example", "lifetime": 30 });
    assert!(validator.is_valid(&json!({ "assertion": assertion })));
    assert!(!validator.is_valid(&json!({ "assertion": { "issuer": "https://api.example" } })));
    // What is optional can be left out, and can be null.
    for (name, member) in everything().as_object().expect("an object") {
        let mut policy = json!({ name: member });
        for needed in ["issuers", "apiKeys", "routes"] {
            policy[needed] = everything()[needed].clone();
        }
        assert_both(name, &policy);
    }
    for name in [
        "origin",
        "publicOrigin",
        "dpop",
        "deny",
        "leaks",
        "admin",
        "review",
        "denySnapshot",
        "trustedProxies",
        "hosts",
        "originTimeout",
        "cors",
        "resource",
        "limits",
        "assertion",
        "forwardAuth",
    ] {
        let mut policy = everything();
        policy[name] = Value::Null;
        assert_both(name, &policy);
    }
}

#[test]
fn the_policies_of_this_repository_fit_the_schema() {
    let validator = validator();
    let worker: Value =
        serde_json::from_str(&fs::read_to_string(here("worker/policy.json")).expect("a policy")).expect("JSON");
    assert_eq!(worker["$schema"], "../schema/policy.schema.json");
    assert!(validator.is_valid(&worker), "{:?}", validator.iter_errors(&worker).next());

    // Members of a policy that stand in the documents, alone or as a document.
    let known: Vec<String> = schema()["properties"].as_object().expect("members").keys().cloned().collect();
    let mut looked_at = 0;
    for file in fs::read_dir(here("docs")).expect("the documents") {
        let path = file.expect("a document").path();
        if path.extension().is_none_or(|extension| extension != "md") || path.ends_with("policy.md") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("a document");
        for block in text.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next()) {
            let policy =
                serde_json::from_str::<Value>(block).or_else(|_| serde_json::from_str(&format!("{{{block}}}")));
            let Ok(Value::Object(members)) = policy else { continue };
            // What is left out in a document is written as dots.
            if block.contains("\"…\"") || !members.keys().all(|name| known.contains(name)) {
                continue;
            }
            looked_at += 1;
            let policy = Value::Object(members);
            let fault = validator.iter_errors(&policy).next().map(|error| error.to_string());
            assert_eq!(fault, None, "{}: {block}", path.display());
        }
    }
    assert!(looked_at >= 4, "{looked_at} policies in the documents");
}

/// Neither takes `everything` with one of these values at its place.
fn assert_both_refuse(wrong: &[(&str, Value)]) {
    let validator = validator();
    for (place, value) in wrong {
        let policy = with(place, value.clone());
        assert!(!validator.is_valid(&policy), "the schema takes {value} at {place}");
        let words = judge(&policy).expect_err(place);
        let parent = place.rsplit_once('/').expect("a pointer").0;
        assert!(words.contains(place) || words.contains(&format!("{parent}: ")), "{place}: {words}");
    }
}

#[test]
fn what_the_schema_refuses_the_gate_refuses() {
    assert_both_refuse(&[
        ("/isuers", json!([])),
        ("/prefix", json!("x")),
        ("/prefix", json!(1)),
        ("/issuers", json!({})),
        ("/issuers/0", json!("https://issuer.example")),
        ("/issuers/0/issuer", json!("")),
        ("/issuers/0/issuer", json!(1)),
        ("/issuers/0/audience", json!(1)),
        ("/issuers/0/audience", json!([1])),
        ("/issuers/0/algorithms", json!(["none"])),
        ("/issuers/0/algorithms", json!(["es256"])),
        ("/issuers/0/algorithms", json!([])),
        ("/issuers/0/jwksUrl", json!("https://issuer.example/jwks")),
        ("/issuers/0/keySet/maxAge", json!(29)),
        ("/issuers/0/keySet/staleWhileRevalidate", json!(86_401)),
        ("/issuers/0/keySet/maxStale", json!(604_801)),
        ("/issuers/0/keySet/cooldown", json!(4)),
        ("/issuers/0/keySet/timeout", json!(10_001)),
        ("/issuers/0/introspection/endpoint", Value::Null),
        ("/issuers/0/introspection/clientId", json!("")),
        ("/issuers/0/introspection/authentication", json!("private_key_jwt")),
        ("/issuers/0/introspection/cacheSeconds", json!(301)),
        ("/issuers/0/introspection/timeout", json!(99)),
        ("/issuers/0/introspection/tokenPrefix", json!("x".repeat(65))),
        ("/issuers/0/optionalClaims", json!(["sub"])),
        ("/issuers/0/requireClaims/a", json!({ "present": "yes" })),
        ("/issuers/0/requireClaims/a", json!({ "is": 1 })),
        ("/issuers/0/requireClaims/a", json!({ "equals": [] })),
        ("/issuers/0/requireClaims/a", json!({ "present": true, "equals": 1 })),
        ("/issuers/0/senderConstraint", json!("none")),
        ("/issuers/0/clockTolerance", json!(-1)),
        ("/issuers/0/clockTolerance", json!(65_536)),
        ("/issuers/0/maxTokenAge", json!(1.5)),
        ("/issuers/1/preset", json!("okta")),
        ("/issuers/1/discovery", json!("openid")),
        ("/issuers/2/jwks", json!([])),
        ("/issuers/2/jwks", json!({ "kyes": [] })),
        ("/apiKeys/prefix", json!("Acme")),
        ("/apiKeys/prefix", Value::Null),
        ("/apiKeys/environment", json!("prod")),
        ("/apiKeys/cacheSeconds", json!(3601)),
        ("/apiKeys/maxStaleSeconds", json!(86_401)),
        ("/apiKeys/usageInterval", json!(604_801)),
        ("/apiKeys/store/cacheSeconds", json!(3601)),
        ("/apiKeys/store/propagationSeconds", json!(3601)),
        ("/apiKeys/store/timeout", json!(99)),
        ("/apiKeys/foreignKeys/prefixes", json!([])),
        ("/apiKeys/seal", json!("a secret")),
        ("/leaks/source", json!("")),
        ("/leaks/keysURL", json!("https://keys.example")),
        ("/tlsEndsAhead", json!("true")),
        ("/credentials/cookie", json!([])),
        ("/credentials/apiKey", json!("x-api-key")),
        ("/routes/0/methods", json!([])),
        ("/routes/0/methods", json!(["get"])),
        ("/routes/0/methods", json!(["*"])),
        ("/routes/0/path", json!("v1")),
        ("/routes/0/path", Value::Null),
        ("/routes/0/classes", json!([])),
        ("/routes/0/classes", json!(["token"])),
        ("/routes/0/scope", json!([])),
        ("/origin", json!("origin.example")),
        ("/origin", json!("https://origin.example/v1")),
        ("/publicOrigin", json!("ftp://api.example")),
        ("/dpop/algorithms", json!([])),
        ("/dpop/maxAge", json!(601)),
        ("/maxTokenBytes", json!(0)),
        ("/maxTokenBytes", json!(2_097_153)),
        ("/deny/0", json!({ "jti": "t" })),
        ("/deny/0", json!({ "key": "k", "organization": "o" })),
        ("/deny/0", json!({})),
        ("/deny/0", json!({ "key": "" })),
        ("/deny/0", json!({ "key": "k", "until": -1 })),
        ("/admin/issuer", Value::Null),
        ("/admin/scope", json!("x")),
        ("/trustedProxies/addresses", json!([])),
        ("/trustedProxies/addresses", json!(["proxy.example"])),
        ("/review/maxAgeDays", json!(0)),
        ("/review/unusedDays", json!(3651)),
        ("/review/departed", json!([" "])),
        ("/denySnapshot/maxAge", json!(9)),
        ("/denySnapshot/maxAge", Value::Null),
        ("/denySnapshot/jwks", json!([])),
        ("/denySnapshot/retention", json!(0)),
    ]);
}

#[test]
fn what_the_schema_refuses_of_the_gates_own_parts_the_gate_refuses() {
    assert_both_refuse(&[
        ("/routes/1/organization", json!({ "query": "org" })),
        ("/routes/1/scopes", json!({ "allof": ["a"] })),
        ("/routes/1/senderConstraint", json!("some")),
        ("/proxy/forwarded", json!("trust")),
        ("/cors/origins", json!("https://app.example")),
        ("/limits/rules/0/by", json!("country")),
        ("/limits/rules/0/limit", Value::Null),
        ("/limits/refused/period", json!("60")),
        ("/audit/allowed", json!("some")),
        ("/metrics/public", json!("yes")),
        ("/resource/identifier", Value::Null),
    ]);
}

#[test]
fn every_member_that_is_needed_has_words_for_whoever_left_it_out() {
    let schema = schema();
    let definitions = schema["$defs"].as_object().expect("definitions").iter();
    for (name, definition) in definitions.chain([(&"Policy".to_owned(), &schema)]) {
        for member in definition["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            assert!(
                needed_member(member).is_some(),
                "`{member}` of {name}: put it into the table of src/policy/wrong.rs"
            );
        }
    }
}

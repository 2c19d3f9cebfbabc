use std::collections::BTreeSet;

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::json;

use super::*;
use crate::{
    host::UnixMillis,
    inspect::{Against, inspect},
};

fn found(credential: &str, keys: Option<&Value>) -> Vec<(&'static str, Option<String>)> {
    let report = inspect(credential, Against { policy: None, keys }, UnixMillis(1_000_000)).expect("no policy");
    report.lint.into_iter().map(|finding| (finding.rule, finding.pointer)).collect()
}

fn rules(header: &Value, payload: &Value) -> BTreeSet<&'static str> {
    let encode = |value: &Value| Base64UrlUnpadded::encode_string(value.to_string().as_bytes());
    found(&format!("{}.{}.AA", encode(header), encode(payload)), None).into_iter().map(|(rule, _)| rule).collect()
}

fn good() -> (Value, Value) {
    let header = json!({ "alg": "ES256", "typ": "at+jwt", "kid": "k/1+2=" });
    let payload = json!({ "iss": "https://i.example", "aud": "a", "iat": 900, "exp": 1_500, "jti": "t",
        "sub": "x@clients", "scope": "a:read" });
    (header, payload)
}

#[test]
fn a_token_of_good_practice_has_no_findings() {
    let (header, payload) = good();
    assert_eq!(rules(&header, &payload), BTreeSet::new());
}

#[test]
fn names_of_any_length_are_not_repeated() {
    let long = "n".repeat(100_000);
    let (header, mut payload) = good();
    payload[&long] = json!({ "email": "ada@example.org", "password": "x" });
    payload["a"] = json!({ "email": 1, (&long): "ada@example.org" });
    let encode = |value: &Value| Base64UrlUnpadded::encode_string(value.to_string().as_bytes());
    let found = found(&format!("{}.{}.AA", encode(&header), encode(&payload)), None);
    assert_eq!(found, [("token_large", None), ("personal_data", Some("/a/email".to_owned()))]);
}

#[test]
fn each_thing_that_is_unwise_is_found_alone() {
    for (place, name, value, rule) in [
        ("header", "alg", json!("none"), "alg_none"),
        ("header", "alg", json!("NoNe"), "alg_none"),
        ("header", "alg", json!("EdDSA"), "alg_polymorphic"),
        ("header", "jwk", json!({}), "own_key"),
        ("header", "jku", json!("https://x.example"), "own_key"),
        ("header", "x5u", json!("x"), "own_key"),
        ("header", "x5c", json!([]), "own_key"),
        ("header", "kid", json!("../../dev/null"), "kid_characters"),
        ("header", "kid", json!("k' OR 1=1"), "kid_characters"),
        ("header", "kid", json!("/etc/passwd"), "kid_characters"),
        ("header", "kid", Value::Null, "kid_missing"),
        ("header", "typ", Value::Null, "typ_missing"),
        ("header", "typ", json!("application/JWT"), "typ_vague"),
        ("header", "zip", json!("DEF"), "compressed"),
        ("header", "crit", json!(["x"]), "crit_present"),
        ("header", "b64", json!(false), "payload_unencoded"),
        ("header", "p2c", json!(1_000_000), "password_based"),
        ("header", "enc", json!("A256GCM"), "encrypted"),
        ("header", "cty", json!("application/jwt"), "nested"),
        ("header", "typ", json!("DPoP+jwt"), "other_kind"),
        ("payload", "nonce", json!("n"), "other_kind"),
        ("payload", "sub", Value::Null, "sub_missing"),
        ("payload", "exp", json!(900), "lifetime_empty"),
        ("payload", "exp", Value::Null, "exp_missing"),
        ("payload", "aud", Value::Null, "aud_missing"),
        ("payload", "aud", json!(["a", "b"]), "aud_many"),
        ("payload", "iss", Value::Null, "iss_missing"),
        ("payload", "iss", json!("http://i.example"), "issuer_plain"),
        ("payload", "iat", Value::Null, "iat_missing"),
        ("payload", "jti", Value::Null, "jti_missing"),
        ("payload", "exp", json!(4_501), "lifetime_long"),
        ("payload", "nbf", json!(1_780_000_000_000_i64), "time_in_milliseconds"),
        ("payload", "scope", json!("a:read b:*"), "scope_wildcard"),
        ("payload", "scp", json!(["*"]), "scope_wildcard"),
        ("payload", "email", json!(""), "personal_data"),
        ("payload", "who", json!({ "mail": "ada@example.com" }), "personal_data"),
        ("payload", "client_secret", json!("x"), "secret_in_payload"),
        ("payload", "fill", json!("x".repeat(20_000)), "token_large"),
    ] {
        let (mut header, mut payload) = good();
        let part = if place == "header" { &mut header } else { &mut payload };
        let members = part.as_object_mut().expect("an object");
        members.insert(name.to_owned(), value.clone());
        if value.is_null() {
            members.remove(name);
        }
        assert_eq!(rules(&header, &payload), BTreeSet::from([rule]), "{name}: {value}");
    }
}

#[test]
fn a_secret_that_everybody_knows_is_found_and_not_repeated() {
    let (mut header, payload) = good();
    header["alg"] = "HS256".into();
    let encode = |bytes: &[u8]| Base64UrlUnpadded::encode_string(bytes);
    let input = format!("{}.{}", encode(header.to_string().as_bytes()), encode(payload.to_string().as_bytes()));
    let sign = |secret: &str| {
        use hmac::{Hmac, Mac};
        let mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).expect("a key").chain_update(&input);
        format!("{input}.{}", encode(&mac.finalize().into_bytes()))
    };
    assert_eq!(found(&sign("your-256-bit-secret"), None), [("secret_known", None)]);
    let long = "one of a kind and as long as the hash is";
    assert_eq!(found(&sign(long), None), []);
    let set = |secret: &str| json!({ "keys": [{ "kty": "oct", "alg": "HS256", "use": "sig", "k": encode(secret.as_bytes()) }] });
    let place = || Some("/keys/0".to_owned());
    assert_eq!(found(&sign(long), Some(&set(long))), [("secret_handed_over", place())]);
    let short: BTreeSet<_> = found(&sign(long), Some(&set("password"))).into_iter().map(|(rule, _)| rule).collect();
    assert_eq!(short, BTreeSet::from(["secret_handed_over", "secret_short", "secret_known"]));
    let report = inspect(&sign(long), Against { policy: None, keys: Some(&set(long)) }, UnixMillis(1_000_000));
    let report = serde_json::to_string(&report.expect("no policy")).expect("JSON");
    assert!(!report.contains(&encode(long.as_bytes())) && !report.contains(long));
}

#[test]
fn how_many_secrets_were_tried_is_told_and_none_of_them_named() {
    let (mut header, payload) = good();
    let mut tried = |algorithm: &str, secret: Option<&[u8]>| {
        use hmac::{Hmac, Mac};
        header["alg"] = algorithm.into();
        let encode = |bytes: &[u8]| Base64UrlUnpadded::encode_string(bytes);
        let input = format!("{}.{}", encode(header.to_string().as_bytes()), encode(payload.to_string().as_bytes()));
        let signature = match (algorithm, secret) {
            ("HS512", Some(secret)) => {
                let mac = Hmac::<sha2::Sha512>::new_from_slice(secret).expect("a key").chain_update(&input);
                encode(&mac.finalize().into_bytes())
            }
            _ => "AA".to_owned(),
        };
        let report = inspect(&format!("{input}.{signature}"), Against::default(), UnixMillis(1_000_000)).expect("none");
        let text = serde_json::to_string(&report).expect("JSON");
        assert!(!text.contains("keyboard cat"), "{text}");
        let is_linted = report.lint.iter().any(|finding| finding.rule == "secret_known");
        let token = report.token.expect("a token");
        assert_eq!(is_linted, token.secret_found.is_some());
        (token.secrets_tried, token.secret_found)
    };
    assert_eq!(tried("ES256", None), (None, None));
    assert_eq!(tried("HS384", None), (Some(88), None));
    assert_eq!(tried("HS512", Some(b"secret")), (Some(88), Some(1)));
    assert_eq!(tried("HS512", Some(b"keyboard cat")), (Some(88), Some(76)));
    // Tried as the bytes that they encode, too.
    let decoded =
        crate::inspect::segments::lenient("SecretKey012345678901234567890123456789012345678901234567890123456789");
    assert_eq!(tried("HS512", decoded.as_deref()), (Some(88), Some(84)));
}

/// The public key of RFC 8037, appendix A.2, as it should be published.
fn published() -> Value {
    json!({ "kty": "OKP", "crv": "Ed25519", "alg": "Ed25519", "use": "sig", "kid": "k1",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" })
}

fn of_set(keys: &Value) -> Vec<(&'static str, Option<String>)> {
    // Without a token beside it.
    found("", Some(&json!({ "keys": keys })))
}

#[test]
fn each_key_of_a_set_is_looked_at() {
    assert_eq!(of_set(&json!([published()])), []);
    let secret = json!({ "kty": "oct", "alg": "HS256", "use": "sig", "kid": "s", "k": "A".repeat(64) });
    for (name, value, rule, pointer) in [
        ("d", json!("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"), "key_private", ""),
        ("x", json!("AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), "key_weak", ""),
        ("x", Value::Null, "key_malformed", ""),
        ("crv", json!("Ed448"), "key_unknown", ""),
        ("alg", json!("RSA-OAEP"), "key_unknown", ""),
        ("alg", Value::Null, "key_alg_missing", ""),
        ("alg", json!("EdDSA"), "alg_polymorphic", "/alg"),
        ("use", Value::Null, "key_use_missing", ""),
        ("kid", json!("x' OR 1=1 --"), "kid_characters", "/kid"),
        ("kid", json!("k0"), "kid_twice", "/kid"),
        ("kid", Value::Null, "key_kid_missing", ""),
    ] {
        let mut other = published();
        other["kid"] = "k0".into();
        let mut key = published();
        let members = key.as_object_mut().expect("an object");
        members.insert(name.to_owned(), value.clone());
        if value.is_null() {
            members.remove(name);
        }
        assert_eq!(of_set(&json!([other, key])), [(rule, Some(format!("/keys/1{pointer}")))], "{name}: {value}");
    }
    assert_eq!(of_set(&json!([published(), 1])), [("key_malformed", Some("/keys/1".to_owned()))]);
    let mixed: Vec<_> = of_set(&json!([published(), secret])).into_iter().map(|(rule, _)| rule).collect();
    assert_eq!(mixed, ["keys_mixed", "secret_handed_over"]);
    // A key for something else may stand beside them, whatever it says of itself.
    assert_eq!(of_set(&json!([published(), { "kty": "RSA", "n": "AQ", "e": "AQAB", "use": "enc" }])), []);
}

#[test]
fn whatever_is_handed_over_for_a_key_set_is_looked_through() {
    for keys in [json!(null), json!([]), json!({}), json!([[]]), json!(["x", null])] {
        let _ = of_set(&keys);
        let _ = found("", Some(&keys));
    }
    let many = Value::Array(vec![json!({ "kty": "oct", "k": "" }); 10_000]);
    assert!(of_set(&many).len() <= CredentialRule::ALL.len() * MOST_PLACES);
}

#[test]
fn every_rule_has_a_code_of_its_own_and_can_be_found() {
    for rule in CredentialRule::ALL {
        let facts = rule.facts();
        assert_eq!(CredentialRule::ALL.iter().filter(|other| other.facts().code == facts.code).count(), 1);
        assert!(facts.title.trim().ends_with('.') && facts.advice.ends_with('.'), "{}", facts.code);
        assert!(!facts.title.contains('|') && !facts.advice.contains('|'), "{}", facts.code);
    }
}

#[test]
fn a_standing_credential_is_told_what_governs_it() {
    let text = "acme_live_0123456789abcdef_0123456789abcdef0123456789abcdef000000";
    let rules: Vec<_> = found(text, None).into_iter().map(|(rule, _)| rule).collect();
    assert_eq!(rules, ["standing_credential"]);
}

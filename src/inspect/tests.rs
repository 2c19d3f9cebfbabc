//! What reports say.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::{Value, json};

use super::*;
use crate::verdict::StepOutcome;

/// RFC 8037, appendix A.4 (the payload is no JSON there, so the mathematics is all that holds).
const RFC8037: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

fn key_set() -> Value {
    json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }] })
}

fn look(text: &str, keys: Option<&Value>) -> Report {
    inspect(text, Against { policy: None, keys }, UnixMillis(1_000_000)).expect("no policy is at fault")
}

fn token_report(text: &str, keys: Option<&Value>) -> TokenReport {
    look(text, keys).token.expect("a token")
}

fn unsigned(header: &str, payload: &str) -> String {
    let encode = |text: &str| Base64UrlUnpadded::encode_string(text.as_bytes());
    format!("{}.{}.AA", encode(header), encode(payload))
}

fn step<'r>(report: &'r TokenReport, name: &str) -> &'r StepReport {
    report.steps.iter().find(|step| step.step == name).expect(name)
}

/// The step at which it failed, and its code.
fn end(report: &TokenReport) -> Option<(&'static str, &'static str)> {
    let failed = report.steps.iter().find(|step| step.outcome == StepOutcome::Failed)?;
    Some((failed.step, failed.code?))
}

#[test]
fn a_signature_that_holds_is_told_from_a_payload_that_does_not() {
    let report = token_report(RFC8037, Some(&key_set()));
    assert_eq!((report.mathematics.holds, report.mathematics.key), (Some(true), Some(0)));
    assert_eq!(report.payload.text.as_deref(), Some("Example of Ed25519 signing"));
    assert_eq!(report.payload.fault.as_ref().map(|fault| fault.code), Some("payload_invalid"));
    assert_eq!(end(&report), Some(("payload", "payload_invalid")));
    assert_eq!(step(&report, "signature").outcome, StepOutcome::NotReached);
    assert!(!report.trust.established);
    let key = report.keys.first().expect("a key");
    assert!(key.chosen && key.holds == Some(true));
    // RFC 8037, appendix A.3.
    assert_eq!(key.thumbprint.as_deref(), Some("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"));
}

#[test]
fn without_keys_nothing_is_said_of_the_signature_and_the_rest_is_looked_at() {
    assert_eq!(token_report(RFC8037, None).mathematics.holds, None);
    let report = token_report(&unsigned(r#"{"alg":"ES256"}"#, r#"{"exp":1001,"iss":"i","aud":"a"}"#), None);
    assert_eq!(end(&report), None);
    for (name, outcome) in [
        ("payload", StepOutcome::Passed),
        ("issuer", StepOutcome::NotAsked),
        ("key", StepOutcome::NotAsked),
        ("signature", StepOutcome::NotAsked),
        ("claim_types", StepOutcome::Passed),
        ("audience", StepOutcome::NotAsked),
        ("expiry", StepOutcome::Passed),
        ("sender", StepOutcome::NotAsked),
    ] {
        assert_eq!(step(&report, name).outcome, outcome, "{name}");
    }
    let over = token_report(&unsigned(r#"{"alg":"ES256"}"#, r#"{"exp":1000}"#), None);
    assert_eq!(end(&over), Some(("expiry", "token_expired")));
}

#[test]
fn a_changed_token_does_not_hold() {
    let changed = RFC8037.replacen("RXhhbXBsZSBv", "RXhhbXBsZSBw", 1);
    let report = token_report(&changed, Some(&key_set()));
    assert_eq!(report.mathematics.holds, Some(false));
    assert_eq!(report.mathematics.fault.map(|fault| fault.code), Some("signature_invalid"));
}

#[test]
fn a_key_of_another_name_may_hold_and_is_not_chosen() {
    let mut set = key_set();
    set["keys"][0]["kid"] = "other".into();
    // The header of the RFC names no key; one that names another is not signed by it.
    let report = token_report(&unsigned(r#"{"alg":"EdDSA","kid":"k"}"#, r#"{"exp":2000}"#), Some(&set));
    let key = report.keys.first().expect("a key");
    assert_eq!((key.chosen, key.holds, key.why.as_str()), (false, Some(false), "the token names another `kid`"));
    assert_eq!(report.mathematics.holds, None);
    assert_eq!(end(&report), Some(("key", "signing_key_unknown")));
}

#[test]
fn a_key_that_is_put_aside_is_told_of_with_the_others() {
    let mut set = key_set();
    let mut other = set["keys"][0].clone();
    other["use"] = "enc".into();
    set["keys"].as_array_mut().expect("an array").insert(0, other);
    set["keys"].as_array_mut().expect("an array").push(json!({ "kty": "RSA", "n": "AQ", "e": "AQAB" }));
    let report = token_report(RFC8037, Some(&set));
    let said: Vec<_> = report.keys.iter().map(|key| (key.chosen, key.why.as_str())).collect();
    assert_eq!(
        said,
        [
            (false, "not meant for verifying signatures"),
            (true, "the one key that fits `kid` and `alg`"),
            (false, "of another kind: it serves no EdDSA"),
        ]
    );
    assert_eq!((report.mathematics.holds, report.mathematics.key), (Some(true), Some(1)));
}

#[test]
fn as_much_as_possible_is_read_of_a_broken_token() {
    let report = token_report("eyJhbGciOiJub25lIn0=.eyJleHAiOjF9", None);
    assert_eq!(end(&report), Some(("form", "token_malformed")));
    assert_eq!(report.header.text.as_deref(), Some(r#"{"alg":"none"}"#));
    assert_eq!(report.payload.text.as_deref(), Some(r#"{"exp":1}"#));
    assert_eq!(
        report.header.broken.map(|broken| (broken.kind, broken.character)),
        Some((BrokenKind::Base64url, Some(19)))
    );
}

#[test]
fn a_segment_is_read_up_to_the_character_that_breaks_it() {
    for (segment, text) in [
        ("eyJleHAiOjF9", Some(r#"{"exp":1}"#)),
        ("eyJleHAi!OjF9", Some(r#"{"exp""#)),
        ("eyJleHAiOjF9A", Some(r#"{"exp":1}"#)),
        (" eyJl\nHAi", Some("{\"e\u{1c}\u{8}")),
        ("Pz8_Pz8/", Some("??????")),
        ("AR", Some("\u{1}")),
        ("A", None),
        ("!", None),
        ("", None),
    ] {
        let read = segments::lenient(segment);
        assert_eq!(read.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).as_deref(), text, "{segment:?}");
    }
}

#[test]
fn a_member_is_found_in_the_token_itself() {
    let token = unsigned(r#"{"alg":"ES256"}"#, r#"{"iss":"issuer","exp":1001}"#);
    let report = token_report(&token, None);
    let span = report.payload.spans.iter().find(|span| span.pointer == "/exp").expect("the member");
    let [start, end] = span.characters.expect("characters");
    // The characters hold the member and what shares a character with its ends.
    let payload = token.split('.').nth(1).expect("a payload");
    let offset = start - (token.find('.').expect("a dot") + 1);
    let skipped = offset * 6 / 8;
    let decoded = Base64UrlUnpadded::decode_vec(payload).expect("base64url");
    assert!(String::from_utf8_lossy(&decoded[skipped..]).contains(r#""exp":1001"#));
    assert!(end <= token.rfind('.').expect("a dot"), "{end}");
    assert_eq!(&decoded[span.bytes[0]..span.bytes[1]], br#""exp":1001"#);
}

#[test]
fn the_place_of_what_is_wrong_is_told_in_the_text_and_in_the_token() {
    let encode = |bytes: &[u8]| Base64UrlUnpadded::encode_string(bytes);
    let header = encode(br#"{"alg":"ES256"}"#);
    let broken = |payload: &[u8]| {
        let report = token_report(&format!("{header}.{}.AA", encode(payload)), None);
        let broken = report.payload.broken.expect("a place");
        (broken.kind, broken.byte, broken.character.map(|at| at - header.len() - 1))
    };
    assert_eq!(broken(b"{\"a\xff\":1}"), (BrokenKind::Utf8, Some(3), Some(4)));
    assert_eq!(broken(br#"{"a":1,}"#), (BrokenKind::Json, Some(7), Some(9)));
    assert_eq!(broken(br#"{"a":1,"a":2}"#).0, BrokenKind::Json);
}

#[test]
fn times_are_read_of_a_broken_token_too() {
    let report = token_report("eyJhbGciOiJFUzI1NiJ9.eyJleHAiOjF9.A!", None);
    assert_eq!(end(&report), Some(("signature_encoding", "token_malformed")));
    assert_eq!(report.times.first().map(|time| (time.claim, time.at)), Some(("exp", 1)));
}

#[test]
fn what_is_encrypted_or_no_compact_form_is_not_taken_for_a_payload() {
    let report = token_report("eyJhbGciOiJkaXIifQ.e30.e30.e30.e30", None);
    assert_eq!(report.header.text.as_deref(), Some(r#"{"alg":"dir"}"#));
    assert_eq!(report.payload.text, None);
    let report = token_report(r#"{"payload":"e30","note":"a.b"}"#, None);
    assert_eq!((report.header.text.as_deref(), report.payload.text.as_deref()), (None, None));
    assert_eq!(end(&report), Some(("form", "token_form_unsupported")));
}

#[test]
fn an_algorithm_that_no_key_could_serve_is_named_without_keys() {
    let report = token_report("eyJhbGciOiJub25lIn0.e30.", None);
    assert_eq!(report.mathematics.holds, None);
    assert_eq!(report.mathematics.fault.as_ref().map(|fault| fault.code), Some("algorithm_not_allowed"));
    assert_eq!(end(&report), Some(("algorithm_known", "algorithm_not_allowed")));
    let report = token_report("eyJhbGciOiJFUzI1NiJ9.e30.AA", None);
    assert_eq!((report.mathematics.algorithm, report.mathematics.fault.is_none()), (Some("ES256"), true));
}

#[test]
fn times_are_held_against_the_clock() {
    let report = token_report(&unsigned(r#"{"alg":"ES256"}"#, r#"{"iat":999,"exp":1001,"nbf":"x"}"#), None);
    let times: Vec<_> = report.times.iter().map(|time| (time.claim, time.at, time.past)).collect();
    assert_eq!(times, [("iat", 999, true), ("exp", 1001, false)]);
    assert_eq!(report.lifetime.seconds, Some(2));
    assert_eq!(report.payload.fault.and_then(|fault| fault.note).as_deref(), Some("`nbf`"));
}

#[test]
fn what_is_neither_is_said_to_be_neither() {
    assert!(look("hello", None).class.is_none());
}

#[test]
fn an_api_key_with_something_behind_it_is_not_read_as_a_token() {
    let key = "acme_live_0123456789abcdef_0123456789abcdef0123456789abcdef000000";
    assert!(look(key, None).key.is_some());
    for text in [format!("{key}."), format!(".{key}"), format!("x.{key}.y")] {
        let report = look(&text, None);
        assert!(report.class.is_none() && report.token.is_none(), "{text}");
    }
}

#[test]
fn a_key_of_the_tokens_own_is_worthless_and_is_said_to_be() {
    let header = r#"{"alg":"EdDSA","jku":"https://attacker.example/keys","jwk":{"kty":"OKP"}}"#;
    let report = token_report(&unsigned(header, r#"{"exp":2000}"#), None);
    assert_eq!(report.trust.own_keys, ["jwk", "jku"]);
    assert_eq!((report.trust.origin, report.keys.len()), (KeyOrigin::Nobody, 0));
}

#[test]
fn garbage_of_a_megabyte_is_answered() {
    for text in
        ["[".repeat(1 << 20), ".".repeat(1 << 20), format!("{}.{}.", "eyJ".repeat(1 << 18), "IiI6".repeat(1 << 17))]
    {
        let report = look(&text, Some(&key_set()));
        assert!(report.token.is_none_or(|token| token.payload.spans.len() <= MOST_SPANS));
    }
}

#[test]
fn of_an_api_key_the_record_is_told_and_no_more_of_the_secret_than_the_store_would_hold() {
    // The digest was computed with Python: hashlib.sha256.
    let secret = "0123456789abcdef0123456789abcdef";
    let text = format!("acme_live_0123456789abcdef_{secret}000000");
    let report = look(&text, None);
    let told = serde_json::to_string(&report).expect("JSON");
    let key = report.key.expect("a key");
    let record = key.record.expect("a record");
    assert_eq!((record.digest.as_str(), record.environment), ("sha-256:3eb1bd43…", "live"));
    assert_eq!(key.sections.iter().map(|one| one.member).nth(1), Some("digest"));
    assert_eq!((key.entropy_bits, record.imported), (Some(190), false));
    assert!(key.check_words.is_some_and(|words| words.contains("HMAC")), "not the plain check");
    assert!(!told.contains(secret) && !told.contains("3eb1bd439"), "{told}");
}

#[test]
fn of_a_key_of_another_form_no_more_is_said_than_is_known() {
    let policy = json!({ "apiKeys": { "prefix": "acme", "environment": "test", "foreignKeys": { "prefixes": ["old_"] } },
        "issuers": [], "routes": [] });
    let policy = policy.to_string();
    let against = Against { policy: Some(&policy), keys: None };
    let key = |text: &str| inspect(text, against, UnixMillis(0)).expect("a policy").key.expect("a key");
    let foreign = key("old_0123456789abcdef0123456789abcdef");
    let record = foreign.record.expect("a record");
    assert!(record.imported && record.environment == "test" && record.digest.starts_with("sha-256:"));
    assert_eq!(foreign.sections.last().map(|one| one.member), Some("imported"));
    assert_eq!((foreign.entropy_bits, foreign.check_words), (None, None));
    // What is no key has no record.
    let mistyped = key("acme_live_short");
    assert!(mistyped.record.is_none() && mistyped.sections.is_empty() && mistyped.entropy_bits.is_none());
}

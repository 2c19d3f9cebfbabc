//! Properties: whatever comes, the answer is a verdict, and only what was signed is good.

use std::sync::LazyLock;

use edgeward::{
    inspect::{Against, inspect},
    jose::{Algorithm, JwsVerifier, KeySet, PORTABLE},
    json,
    key_source::Snapshot,
    m2m_token::{CertificateThumbprint, DpopProof, SenderContext, TokenVerifier},
    policy::jws_verifier,
    verdict::Evidence,
};
use pollster::block_on;
use proptest::prelude::*;
use serde_json::Value;

use super::usual;
use crate::support::{FakeHost, Signer, claims, encode, issuer, verifier};

/// JSON texts, mostly well-formed, with what parsers stumble over.
fn json_text() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,18})?([eE][+-]?[0-9]{1,3})?",
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| number.to_string()),
        any::<String>().prop_map(|text| Value::from(text).to_string()),
        "\"(\\\\u[0-9a-fD]{4}|[a-e\\\\/\"])*\"",
    ];
    let name = prop_oneof![
        "\"[a-d]\"".boxed(),
        Just("\"\\u0061\"".to_owned()).boxed(),
        any::<String>().prop_map(|text| Value::from(text).to_string()).boxed()
    ];
    leaf.prop_recursive(6, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec((name.clone(), inner), 0..5).prop_map(|members| {
                let members: Vec<String> =
                    members.into_iter().map(|(name, value)| format!("{name} : {value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

fn hmac() -> &'static TokenVerifier {
    static HMAC: LazyLock<TokenVerifier> = LazyLock::new(|| verifier([issuer(&Signer::HS256)]));
    &HMAC
}

fn is_good(verifier: &TokenVerifier, token: &str) -> bool {
    block_on(verifier.verify(&FakeHost::new(), token)).is_ok()
}

proptest! {
    #[test]
    fn no_text_makes_the_verifier_panic(text in any::<String>(), segments in prop::collection::vec("[-_A-Za-z0-9]{0,20}", 0..6)) {
        prop_assert!(!is_good(usual(), &text));
        prop_assert!(!is_good(usual(), &segments.join(".")));
        for credential in [&text, &segments.join(".")] {
            prop_assert!(inspect(credential, Against::default(), edgeward::host::UnixMillis(0)).is_ok());
        }
    }

    #[test]
    fn no_header_and_no_payload_make_the_verifier_panic(
        header in prop_oneof![any::<Vec<u8>>(), json_text().prop_map(String::into_bytes)],
        payload in prop_oneof![any::<Vec<u8>>(), json_text().prop_map(String::into_bytes)],
    ) {
        let good = [encode(crate::support::header(Algorithm::Hs256)), encode(claims().to_string())];
        let (header, payload) = (encode(header), encode(payload));
        for input in [format!("{header}.{}", good[1]), format!("{}.{payload}", good[0]), format!("{header}.{payload}")] {
            let token = format!("{input}.{}", encode(Signer::HS256.signature(input.as_bytes())));
            prop_assert!(!is_good(hmac(), &token));
        }
    }

    #[test]
    fn no_members_make_the_verifier_panic(
        (name, value) in (prop::sample::select(vec!["iss", "aud", "exp", "nbf", "iat", "sub", "jti", "scope", "org_id", "cnf"]), json_text()),
        millis in any::<i64>(),
    ) {
        let payload = crate::support::with(&claims(), name, "@".into()).to_string().replace(r#""@""#, &value);
        let host = FakeHost::new();
        host.now.set(millis);
        let token = Signer::HS256.mint(crate::support::header(Algorithm::Hs256), payload);
        let _ = block_on(hmac().verify(&host, &token));
    }

    #[test]
    fn what_is_accepted_is_handed_out_and_written_again_as_it_came(text in json_text(), name in any::<String>()) {
        let members = claims().to_string();
        let member = format!("{{{}:{text},", Value::from(format!("x{name}")));
        let (header, payload) = (crate::support::header(Algorithm::Hs256), members.replacen('{', &member, 1));
        let token = Signer::HS256.mint(&header, &payload);
        if let Ok(grant) = block_on(hmac().verify(&FakeHost::new(), &token)) {
            prop_assert_eq!(&grant.evidence, &Evidence::Claims(payload.clone()));
            // What JavaScript reads is what was checked: both readings of the same bytes are one value.
            let read: Value = serde_json::from_str(&payload).expect("JSON");
            prop_assert_eq!(Value::Object(json::parse_object(payload.as_bytes()).expect("strict JSON")), read);
            let input = format!("{}.{}", encode(&header), encode(&payload));
            prop_assert_eq!(format!("{input}.{}", encode(Signer::HS256.signature(input.as_bytes()))), token);
        }
    }

    #[test]
    fn any_payload_of_a_jws_comes_back_and_its_text_is_the_only_one(payload in any::<Vec<u8>>(), place in any::<prop::sample::Index>(), letter in "[-_A-Za-z0-9=+/ ]") {
        static JWS: LazyLock<JwsVerifier> = LazyLock::new(|| {
            let keys = serde_json::json!({ "keys": [Signer::HS256.jwk()] }).to_string();
            jws_verifier(&keys, r#"{"algorithms":["HS256"]}"#).expect("a key")
        });
        let token = Signer::HS256.mint(crate::support::header(Algorithm::Hs256), &payload);
        let jws = block_on(JWS.verify(&FakeHost::new(), &token)).expect("good");
        prop_assert_eq!(&jws.payload, &payload);
        let segment = encode(&jws.payload);
        prop_assert_eq!(token.split('.').nth(1), Some(segment.as_str()));
        let place = place.index(token.len());
        let other = format!("{}{letter}{}", &token[..place], &token[place + 1..]);
        prop_assert!(other == token || block_on(JWS.verify(&FakeHost::new(), &other)).is_err());
    }

    #[test]
    fn no_proof_makes_the_verifier_panic(text in any::<String>(), header in json_text(), payload in json_text(), url in any::<String>()) {
        let bound = serde_json::json!({ "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" });
        let token = Signer::HS256.token(&crate::support::with(&claims(), "cnf", bound));
        for proof in [text, Signer::EDDSA.mint(header, payload)] {
            let dpop = Some(DpopProof { proof: &proof, method: "GET", url: &url, nonce: None });
            let sender = SenderContext { dpop, certificate: CertificateThumbprint::parse(&url) };
            prop_assert!(block_on(hmac().verify_from(&FakeHost::new(), &token, &sender)).is_err());
        }
    }

    #[test]
    fn a_token_with_one_other_byte_is_refused(place in any::<prop::sample::Index>(), other in any::<u8>(), letter in "[-_A-Za-z0-9.]") {
        let good = Signer::HS256.token(&claims());
        prop_assert!(is_good(hmac(), &good));
        let place = place.index(good.len());
        for byte in [other, letter.as_bytes()[0]] {
            let mut changed = good.clone().into_bytes();
            if changed[place] == byte {
                continue;
            }
            changed[place] = byte;
            // A text that is no UTF-8 cannot reach the verifier.
            let Ok(changed) = String::from_utf8(changed) else { continue };
            prop_assert!(!is_good(hmac(), &changed), "{}", changed);
        }
    }

    #[test]
    fn a_token_cut_short_or_run_on_is_refused(place in any::<prop::sample::Index>(), more in "[-_A-Za-z0-9.]{1,4}") {
        let good = Signer::HS256.token(&claims());
        let place = place.index(good.len());
        for text in [&good[..place], &good[place + 1..], &format!("{good}{more}"), &format!("{more}{good}"), &format!("{}{more}{}", &good[..place], &good[place..])] {
            prop_assert!(!is_good(hmac(), text), "{}", text);
        }
    }

    #[test]
    fn no_key_set_makes_the_reader_panic(
        members in prop::collection::vec((prop::sample::select(vec!["kty", "crv", "x", "y", "n", "e", "k", "kid", "alg", "use", "key_ops", "d"]), json_text()), 0..6),
        x in "[-_A-Za-z0-9]{0,50}",
    ) {
        let mut members: Vec<String> = members.into_iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        members.push(format!(r#""x":"{x}","n":"{x}","e":"AQAB","k":"{x}","crv":"Ed25519""#));
        for kind in ["RSA", "EC", "OKP", "oct"] {
            let text = format!(r#"{{"keys":[{{"kty":"{kind}",{}}}]}}"#, members.join(","));
            // serde_json keeps the last of two members, so that this is one object and no refusal.
            let Ok(Value::Object(set)) = serde_json::from_str(&text) else { continue };
            let _ = KeySet::prepare(&set, Algorithm::ALL, PORTABLE);
            let _ = Snapshot::from_json(&Value::Object(set));
        }
    }

    #[test]
    fn what_the_strict_reader_accepts_every_reader_reads_alike(text in json_text()) {
        if let Ok(strict) = json::parse(text.as_bytes()) {
            let loose: Value = serde_json::from_str(&text).expect("what the strict reader accepts is JSON");
            prop_assert_eq!(&strict, &loose);
            // What was read can be written and is accepted again.
            prop_assert!(json::parse(strict.to_string().as_bytes()).is_ok());
        }
    }

    #[test]
    fn no_bytes_make_the_strict_reader_panic(bytes in any::<Vec<u8>>()) {
        if json::parse(&bytes).is_ok() {
            prop_assert!(serde_json::from_slice::<Value>(&bytes).is_ok());
        }
    }
}

#[test]
fn the_generator_of_json_reaches_both_answers() {
    use proptest::{strategy::ValueTree as _, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let texts = (0..200).map(|_| json_text().new_tree(&mut runner).expect("a text").current());
    let accepted = texts.filter(|text| json::parse(text.as_bytes()).is_ok()).count();
    assert!((40..190).contains(&accepted), "{accepted} of 200");
}

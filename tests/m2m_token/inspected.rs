//! What the inspector says of a token under a policy is what the verifier does: the same verdict, and the step that failed
//! with the same code.

use edgeward::{
    host::UnixMillis,
    inspect::{Against, KeyOrigin, Report, StepReport, inspect},
    verdict::{StepOutcome, verdict_document},
};
use pollster::block_on;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{FakeHost, NOW, Signer, claims, edited, encode, header, issuer, try_verifier, with, without};

fn look(policy: &Value, token: &str, keys: Option<&Value>) -> Report {
    let policy = policy.to_string();
    let against = Against { policy: Some(&policy), keys };
    inspect(token, against, UnixMillis(NOW * 1000)).expect("a policy")
}

fn steps(report: &Report) -> &[StepReport] {
    &report.token.as_ref().expect("a token").steps
}

/// The report of a token, which must be what the verifier says.
fn agree(policy: &Value, token: &str) -> Report {
    let verdict = block_on(try_verifier(policy).expect("a verifier").verify(&FakeHost::new(), token));
    let report = look(policy, token, None);
    if report.token.is_none() {
        assert!(verdict.is_err(), "{token}");
        return report;
    }
    assert_eq!(
        report.verdict.as_ref().map(edgeward::json::JsonText::get),
        Some(verdict_document(&verdict).as_str()),
        "{token}"
    );
    let failed: Vec<_> = steps(&report).iter().filter(|step| step.outcome == StepOutcome::Failed).collect();
    match &verdict {
        Ok(_) => assert!(failed.is_empty(), "{failed:?}: {token}"),
        Err(denial) => {
            let [step] = failed.as_slice() else { panic!("{failed:?}: {token}") };
            assert_eq!(step.code, Some(denial.reason.code()), "{token}");
            assert_eq!(step.note, denial.note, "{token}");
        }
    }
    // Nothing passes after what failed, and nothing is left open before it.
    let order: Vec<_> = steps(&report).iter().map(|step| step.outcome).collect();
    if let Some(end) = order.iter().position(|outcome| *outcome == StepOutcome::Failed) {
        assert!(order[..end].iter().all(|outcome| matches!(outcome, StepOutcome::Passed | StepOutcome::NotAsked)));
        assert!(order[end + 1..].iter().all(|outcome| *outcome == StepOutcome::NotReached), "{order:?}");
    }
    report
}

/// The policy of an issuer with a quick key, and with something of everything.
fn policy() -> Value {
    let rules = json!({
        "maxTokenAge": 3600, "requireClaims": { "org_id": { "present": true } },
        "requireHeader": { "typ": { "present": true } },
    });
    json!({ "issuers": [edited(&issuer(&Signer::HS256), &rules)], "deny": [{ "organization": "gone" }] })
}

/// The step at which a token fails under the policy.
fn failing(token: &str) -> &'static str {
    let report = agree(&policy(), token);
    let step = steps(&report).iter().find(|step| step.outcome == StepOutcome::Failed).expect("a step that failed");
    step.step
}

#[test]
fn a_good_token_passes_every_step_that_there_is_to_ask() {
    let report = agree(&policy(), &Signer::HS256.token(&claims()));
    let open: Vec<_> =
        steps(&report).iter().filter(|step| step.outcome != StepOutcome::Passed).map(|step| step.step).collect();
    assert_eq!(open, ["introspection", "not_before", "confirmed", "sender"]);
    let token = report.token.expect("a token");
    assert!(token.trust.established && token.trust.origin == KeyOrigin::Policy);
    assert_eq!(token.mathematics.holds, Some(true));
    // A secret has no thumbprint, and is nowhere in the report.
    assert_eq!(token.keys.first().map(|key| (key.chosen, key.thumbprint.clone())), Some((true, None)));
    let edges: Vec<_> = token.clock_edges.iter().map(|edge| (edge.at, edge.before, edge.after)).collect();
    assert_eq!(edges, [(NOW - 15, Some("token_issued_in_future"), None), (NOW + 300, None, Some("token_expired"))]);
}

#[test]
fn each_fault_is_told_at_its_step() {
    let good = Signer::HS256.token(&claims());
    let [head, body, mark]: [&str; 3] = good.split('.').collect::<Vec<_>>().try_into().expect("three segments");
    let claim = |members: Value| Signer::HS256.token(&edited(&claims(), &members));
    let headed = |text: &str| Signer::HS256.mint(text, claims().to_string());
    let bodied = |text: &str| Signer::HS256.mint(header(Signer::HS256.algorithm), text);
    for (step, token) in [
        ("size", format!("{good}{}", "A".repeat(20_000))),
        ("form", format!("{head}.{body}")),
        ("header_encoding", format!("{head}=.{body}.{mark}")),
        ("payload_encoding", format!("{head}.{body}+.{mark}")),
        ("signature_encoding", format!("{head}.{body}.{mark}\n")),
        ("header", headed("{")),
        ("crit", headed(r#"{"alg":"HS256","crit":[]}"#)),
        ("extensions", headed(r#"{"alg":"HS256","zip":"DEF"}"#)),
        ("parameters", headed(r#"{"alg":1}"#)),
        ("algorithm_known", headed(r#"{"alg":"none"}"#)),
        ("payload", bodied(r#"{"a":1,"a":2}"#)),
        ("issuer", claim(json!({ "iss": "https://other.example" }))),
        ("issuer", claim(json!({ "iss": null }))),
        ("typ", headed(r#"{"alg":"HS256","typ":"dpop+jwt"}"#)),
        ("header_conditions", headed(r#"{"alg":"HS256","kid":"k1"}"#)),
        ("algorithm", headed(r#"{"alg":"ES256","typ":"JWT"}"#)),
        ("key", headed(r#"{"alg":"HS256","typ":"JWT","kid":"k2"}"#)),
        ("signature", format!("{head}.{body}.{}", encode([0; 32]))),
        ("claim_types", claim(json!({ "exp": "x" }))),
        ("shape", claim(json!({ "nonce": "n" }))),
        ("claim_conditions", claim(json!({ "org_id": null }))),
        ("confirmation", claim(json!({ "cnf": { "kid": "x" } }))),
        ("names", claim(json!({ "client_id": 1 }))),
        ("scopes", claim(json!({ "scope": 1 }))),
        ("audience", claim(json!({ "aud": "https://other.example" }))),
        ("expiry", claim(json!({ "exp": NOW }))),
        ("not_before", claim(json!({ "nbf": NOW + 60 }))),
        ("issued_at", claim(json!({ "iat": NOW + 60 }))),
        ("lifetime", claim(json!({ "exp": NOW + 7200 }))),
        ("revocation", claim(json!({ "org_id": "gone" }))),
        ("sender", claim(json!({ "cnf": { "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" } }))),
    ] {
        assert_eq!(failing(&token), step, "{token}");
    }
}

#[test]
fn keys_that_are_handed_over_stand_in_for_those_of_the_policy_and_establish_nothing() {
    let fetched = edited(&issuer(&Signer::EDDSA), &json!({ "jwks": null, "jwksUri": "https://issuer.example/keys" }));
    let policy = json!({ "issuers": [fetched] });
    let token = Signer::EDDSA.token(&claims());
    let alone = look(&policy, &token, None).token.expect("a token");
    let step = alone.steps.iter().find(|step| step.outcome == StepOutcome::Failed).expect("a step that failed");
    assert_eq!((step.step, step.code), ("key", Some("key_set_unavailable")));
    assert_eq!(alone.trust.origin, KeyOrigin::Nobody);

    let keys = json!({ "keys": [Signer::EDDSA.jwk()] });
    let with_keys = look(&policy, &token, Some(&keys));
    assert!(with_keys.verdict.as_ref().is_some_and(|verdict| verdict.get().contains(r#""ok":true"#)));
    let with_keys = with_keys.token.expect("a token");
    assert_eq!((with_keys.trust.origin, with_keys.trust.established), (KeyOrigin::HandedOver, false));
    assert_eq!(with_keys.trust.issuer.as_deref(), Some(crate::support::ISSUER));

    let useless = look(&policy, &token, Some(&json!({ "keys": [] }))).token.expect("a token");
    assert!(useless.keys_objection.is_some_and(|words| words.contains("no key in the set")));
}

#[test]
fn keys_that_are_handed_over_do_not_replace_those_of_the_policy() {
    let policy = json!({ "issuers": [issuer(&Signer::EDDSA)] });
    let keys = json!({ "keys": [Signer::STRANGER.jwk()] });
    let token = Signer::STRANGER.token(&claims());
    let report = look(&policy, &token, Some(&keys)).token.expect("a token");
    let told: Vec<_> = report.keys.iter().map(|key| (key.origin, key.chosen, key.holds)).collect();
    assert_eq!(told, [(KeyOrigin::Policy, true, Some(false)), (KeyOrigin::HandedOver, false, Some(true))]);
    assert_eq!((report.mathematics.holds, report.trust.established), (Some(false), false));
}

#[test]
fn a_whole_policy_judges_api_keys_too() {
    let policy = json!({ "apiKeys": { "prefix": "acme", "environment": "live" }, "issuers": [], "routes": [] });
    let text = |prefix: &str| format!("{prefix}_0123456789abcdef_0123456789abcdef0123456789abcdef000000");
    let report = |policy: &Value, text: &str| {
        let report = look(policy, text, None);
        let secret = &text[text.rfind('_').expect("a key") + 1..];
        let told = serde_json::to_string(&report).expect("JSON");
        assert!(!told.contains(secret) && !told.contains(&secret[..32]), "{told}");
        let key = report.key.expect("a key");
        (key.steps.into_iter().find_map(|step| Some((step.step, step.code?))), report.verdict.is_some())
    };
    // Nobody can tell whether the check is sealed: only the gate knows the seals.
    assert_eq!(report(&policy, &text("acme_live")), (None, false));
    assert_eq!(report(&policy, &text("other_live")), (Some(("prefix", "key_malformed")), true));
    let none = json!({ "issuers": [] });
    assert_eq!(report(&none, &text("acme_live")), (Some(("prefix", "credential_unrecognized")), true));
    assert_eq!(look(&policy, "acme_live_short", None).key.expect("a key").steps[0].code, Some("key_malformed"));
}

#[test]
fn the_end_of_an_entry_of_the_deny_list_is_an_edge_of_the_clock() {
    let denied = |deny: Value| {
        let policy = json!({ "issuers": [issuer(&Signer::HS256)], "deny": deny });
        let edges = look(&policy, &Signer::HS256.token(&claims()), None).token.expect("a token").clock_edges;
        edges.into_iter().map(|edge| (edge.at - NOW, edge.before, edge.after)).collect::<Vec<_>>()
    };
    let (early, late, revoked) = (Some("token_issued_in_future"), Some("token_expired"), Some("token_revoked"));
    let until = |last: i64| json!({ "organization": claims()["org_id"], "until": NOW + last });
    assert_eq!(denied(json!([until(60)])), [(-15, early, revoked), (61, revoked, None), (300, None, late)]);
    assert_eq!(denied(json!([until(10), until(-5), until(60)])), denied(json!([until(60)])));
    assert_eq!(denied(json!([until(300)])), [(-15, early, revoked), (300, revoked, late)]);
    assert_eq!(denied(json!([until(-20)])), [(-15, early, None), (300, None, late)]);
}

#[test]
fn a_key_with_something_around_it_is_read_as_no_token() {
    let key = "acme_live_0123456789abcdef_0123456789abcdef0123456789abcdef000000";
    for text in [format!("{key}\n.x"), format!(" {key}.x.y"), format!("a.\"{key}\".b"), format!("x={key}.")] {
        let report = inspect(&text, Against::default(), UnixMillis(0)).expect("no policy");
        assert!(report.token.is_none() && report.key.is_none(), "{text}");
    }
}

/// A change to a claim or to a member of the header; null takes it away.
fn change() -> impl Strategy<Value = (bool, String, Value)> {
    let name = prop::sample::select(vec![
        "iss",
        "aud",
        "exp",
        "nbf",
        "iat",
        "sub",
        "jti",
        "scope",
        "org_id",
        "client_id",
        "cnf",
        "nonce",
        "alg",
        "kid",
        "typ",
        "crit",
        "zip",
        "cty",
        "jwk",
        "b64",
    ]);
    let value = prop_oneof![
        Just(Value::Null),
        any::<String>().prop_map(Value::from),
        (-400_i64..8_000).prop_map(|shift| Value::from(NOW + shift)),
        prop::sample::select(vec![
            json!([]),
            json!({}),
            json!("at+jwt"),
            json!("JWT"),
            json!("HS256"),
            json!("none"),
            json!("k1"),
            json!("gone"),
            json!(["https://api.example", "x"]),
            json!("a b"),
            json!(1.5),
            json!(true),
            json!({ "jkt": "x" }),
        ]),
    ];
    (any::<bool>(), name.prop_map(str::to_owned), value)
}

proptest! {
    #[test]
    fn the_step_that_fails_has_the_code_of_the_verdict(
        changes in prop::collection::vec(change(), 0..3),
        place in prop::option::weighted(0.3, any::<prop::sample::Index>()),
        letter in "[-_A-Za-z0-9.=+ \u{e9}{]",
    ) {
        let mut parts = [serde_json::from_str(&header(Signer::HS256.algorithm)).expect("JSON"), claims()];
        for (in_header, name, value) in changes {
            let part = &mut parts[usize::from(!in_header)];
            *part = if value.is_null() { without(part, &name) } else { with(part, &name, value) };
        }
        let mut token = Signer::HS256.mint(parts[0].to_string(), parts[1].to_string());
        if let Some(place) = place {
            let place = place.index(token.len());
            token.replace_range(place..=place, &letter);
        }
        let _ = agree(&policy(), &token);
    }

    #[test]
    fn whatever_the_parts_are_the_report_is_the_verifiers(head in any::<Vec<u8>>(), body in any::<Vec<u8>>(), loose in any::<String>()) {
        for (head, body) in [
            (header(Signer::HS256.algorithm).into_bytes(), body.clone()),
            (head.clone(), claims().to_string().into_bytes()),
            (head, body),
        ] {
            let _ = agree(&policy(), &Signer::HS256.mint(head, body));
        }
        let _ = agree(&policy(), &loose);
        let report = inspect(&loose, Against::default(), UnixMillis(0)).expect("no policy");
        prop_assert!(report.verdict.is_none());
    }

    #[test]
    fn every_span_lies_where_it_says(text in any::<String>(), name in any::<String>()) {
        let payload = json!({ "exp": 1, name: { "b": [text, 1] } }).to_string();
        let token = Signer::HS256.mint(header(Signer::HS256.algorithm), &payload);
        let report = inspect(&token, Against::default(), UnixMillis(0)).expect("no policy").token.expect("a token");
        let document: Value = serde_json::from_str(&payload).expect("JSON");
        for span in report.payload.spans {
            let value: Value = serde_json::from_str(&payload[span.value[0]..span.value[1]]).expect("a value");
            prop_assert_eq!(Some(&value), document.pointer(&span.pointer));
            prop_assert!(payload[span.bytes[0]..span.bytes[1]].ends_with(&payload[span.value[0]..span.value[1]]));
            let [start, end] = span.characters.expect("characters");
            prop_assert!(start < end && !token[start..end].contains('.'));
        }
    }
}

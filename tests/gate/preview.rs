//! The preview: what a gate would make of a request, without one. It says what production decides, and where that would ask
//! somebody it says whom.

use edgeward::{
    api_key::{Environment, IssueRequest, Issued, KeyForm, Seal, issue},
    gate::{Forward, GateRequest, Given, Outcome, Preview, PreviewedOutcome, RequestToPreview, preview},
    host::UnixMillis,
    verdict::verdict_document,
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::{
    anything::any_request,
    stage::{HEADER, Stage, assert_hidden, get, good_token, policy, request},
    support::{FakeHost, ISSUER, NOW, Signer, claims, issuer, public, with, without},
};

fn previewed(policy: &Value, sent: &GateRequest, given: Given<'_>) -> Preview {
    let asked = RequestToPreview {
        method: sent.method.clone(),
        url: sent.url.clone(),
        headers: sent.headers.clone(),
        credential: None,
        header: None,
        address: sent.address.clone(),
        certificate: sent.certificate.clone(),
    };
    let previewed = preview(&policy.to_string(), asked, given, UnixMillis(NOW * 1000)).expect("a policy");
    assert_hidden(&serde_json::to_string(&previewed).expect("JSON"), sent);
    previewed
}

fn look(policy: &Value, sent: &GateRequest) -> Preview {
    previewed(policy, sent, Given::default())
}

fn verdict(preview: &Preview) -> Value {
    preview.verdict.as_ref().map_or(Value::Null, |verdict| serde_json::from_str(verdict.get()).expect("JSON"))
}

fn record(issued: &Issued) -> Map<String, Value> {
    serde_json::from_str(&issued.record.to_json().expect("JSON")).expect("an object")
}

fn shown(issued: &Issued) -> Map<String, Value> {
    serde_json::from_str(&issued.record.public_json(&issued.id).expect("JSON")).expect("an object")
}

fn without_id(headers: &[(String, String)]) -> Vec<(String, String)> {
    headers.iter().filter(|(name, _)| name != "edgeward-request-id").cloned().collect()
}

/// What production makes of it is what the preview says.
fn assert_as_in_production(stage: &Stage, policy: &Value, sent: &GateRequest, given: Given<'_>) {
    let said = previewed(policy, sent, given);
    assert_eq!(said.waits_for, None, "{sent:?}");
    let decision = stage.check(sent);
    let decided: Value = serde_json::from_str(&verdict_document(&decision.verdict)).expect("JSON");
    // Whether it was known before is no matter of the verdict.
    assert_eq!(without(&verdict(&said), "cache"), without(&decided, "cache"), "{sent:?}");
    let pattern = said.route.map(|place| said.routes[place].pattern.clone());
    assert_eq!(pattern, decision.route, "{sent:?}");
    assert_eq!(said.routes.iter().position(|route| route.chosen), said.route);
    match (said.outcome.expect("an outcome"), stage.send(sent)) {
        (
            PreviewedOutcome::Forward { set, removed },
            Outcome::Forward { forward: Forward { set: really, remove, .. }, .. },
        ) => {
            assert_eq!((without_id(&set), removed), (without_id(&really), remove), "{sent:?}");
            assert_eq!(set.len(), really.len());
        }
        (PreviewedOutcome::Respond(said), Outcome::Respond { answer, .. }) => {
            let body = |body: &str| without(&serde_json::from_str(body).expect("JSON"), "requestId");
            assert_eq!((said.status, body(&said.body)), (answer.status, body(&answer.body)), "{sent:?}");
            assert_eq!(without_id(&said.headers), without_id(&answer.headers), "{sent:?}");
        }
        (said, outcome) => panic!("{said:?}: {outcome:?}"),
    }
}

/// Policies of several kinds.
fn policies() -> Vec<Value> {
    let changed = |members: &[(&str, Value)]| {
        members.iter().fold(policy(), |policy, (name, value)| with(&policy, name, value.clone()))
    };
    let both = json!(["m2m_token", "api_key"]);
    vec![
        policy(),
        changed(&[
            ("cors", json!({ "origins": ["https://app.example"] })),
            ("proxy", json!({ "forwarded": "append" })),
        ]),
        changed(&[("hosts", json!(["api.example"])), ("publicOrigin", json!("https://public.example"))]),
        changed(&[("tlsEndsAhead", json!(true)), ("resource", json!({ "identifier": "https://api.example/v1" }))]),
        changed(&[("deny", json!([{ "issuer": ISSUER, "subject": "client-1" }]))]),
        changed(&[("limits", json!({ "rules": [{ "name": "all", "by": "key", "limit": 1000, "period": 60 }] }))]),
        changed(&[(
            "routes",
            json!([
                { "methods": ["GET"], "path": "/orgs/:org/*", "classes": both, "organization": { "path": "org" } },
                { "methods": ["GET"], "path": "/v1/reports", "classes": both, "scopes": { "anyOf": ["a", "reports:read"] } },
                { "methods": ["GET"], "path": "/v1/*", "classes": both, "senderConstraint": "optional" },
            ]),
        )]),
    ]
}

fn requests(key: &str) -> Vec<GateRequest> {
    let token = good_token();
    let foreign = Signer::STRANGER.token(&claims());
    let ended = Signer::EDDSA.token(&with(&claims(), "exp", (NOW - 100).into()));
    let page = ("Origin", "https://app.example");
    let bearer = format!("Bearer {token}");
    let mut requests = vec![
        request("GET", "/v1/reports", &[]),
        request("GET", "/v1/reports", &[page, (HEADER, &bearer), ("X-Forwarded-For", "203.0.113.9")]),
        request("POST", "/v1/reports", &[(HEADER, &bearer), ("Connection", "close, x-hop"), ("X-Hop", "1")]),
        request("GET", "/v1/reports", &[("X-API-Key", key), ("edgeward-subject", "admin")]),
        request("GET", "/v1/reports", &[("X-API-Key", key), (HEADER, &bearer)]),
        request("GET", "/v1/reports", &[(HEADER, &format!("DPoP {token}")), ("DPoP", "a.b.c")]),
        request("GET", "/v1/reports", &[("x_api_key", key), (HEADER, &bearer)]),
        request("TRACE", "/v1/reports", &[(HEADER, &bearer)]),
    ];
    for url in [
        "/v1/reports",
        "https://api.example/v1/reports?page=2",
        "http://api.example/v1/reports",
        "http://api.example/nothing",
        "https://other.example/v1/keys",
        "/v1/tokens",
        "/v1/admin",
        "/v1/Admin",
        "/v1/../admin",
        "/v1/items/caf%C3%A9",
        "/orgs/org-9/keys",
        "/orgs/org-1/keys",
        "/files/x?access_token=y",
        "/nothing",
    ] {
        requests.extend([&*token, key, &foreign, &ended, "a.b.c", "opaque", "acme_live_x"].map(|text| get(url, text)));
    }
    requests
}

#[test]
fn a_preview_says_what_production_decides_and_does() {
    for policy in policies() {
        let stage = Stage::of(&policy);
        let issued = stage.key();
        let record = record(&issued);
        let given = Given { record: Some(&record), ..Given::default() };
        for sent in requests(issued.key.reveal()) {
            // What only a seal can tell is said to wait for it.
            if previewed(&policy, &sent, given).waits_for != Some("seal") {
                assert_as_in_production(&stage, &policy, &sent, given);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn whatever_is_asked_is_answered_as_in_production(sent in any_request()) {
        let policy = policy();
        let said = look(&policy, &sent);
        if said.waits_for.is_none() && !sent.url.contains("/_edgeward/") {
            let decided = Stage::of(&policy).check(&sent);
            let decided: Value = serde_json::from_str(&verdict_document(&decided.verdict)).expect("JSON");
            prop_assert_eq!(verdict(&said), decided);
        }
    }
}

#[test]
fn without_its_record_a_key_waits_for_the_store_and_with_it_the_record_decides() {
    let stage = Stage::new();
    let issued = stage.key();
    let sent = get("/v1/reports", issued.key.reveal());
    let said = look(&policy(), &sent);
    assert_eq!((said.waits_for, verdict(&said), said.outcome), (Some("store"), Value::Null, None));
    assert_eq!((said.route, said.credential.expect("found").from), (Some(0), HEADER.to_owned()));
    // What the class alone decides waits for nobody.
    let said = look(&policy(), &get("/v1/tokens", issued.key.reveal()));
    assert_eq!(verdict(&said)["code"], "class_not_accepted");

    for (member, value, code) in [
        ("expires", json!(NOW - 1), "key_expired"),
        ("disabled", json!(true), "key_disabled"),
        ("scopes", json!([]), "scope_insufficient"),
        ("digest", json!(format!("sha-256:{}", "0".repeat(64))), "key_invalid"),
        ("allowedCidrs", json!(["203.0.113.0/24"]), "address_not_allowed"),
        ("owner", json!(""), "key_invalid"),
        ("unknown", json!(1), "record_unreadable"),
    ] {
        let mut changed = record(&issued);
        changed.insert(member.to_owned(), value);
        let said = previewed(&policy(), &sent, Given { record: Some(&changed), ..Given::default() });
        assert_eq!((verdict(&said)["code"].as_str(), said.waits_for), (Some(code), None), "{member}");
    }
}

#[test]
fn a_record_as_it_is_shown_has_no_digest_and_the_secret_is_supposed_to_be_right() {
    let stage = Stage::new();
    let (issued, other) = (stage.key(), stage.key());
    let sent = get("/v1/reports", issued.key.reveal());
    let of =
        |record: &Map<String, Value>| previewed(&policy(), &sent, Given { record: Some(record), ..Given::default() });
    let said = of(&shown(&issued));
    assert_eq!(verdict(&said)["record"]["owner"], "ada");
    assert!(said.notes.iter().any(|note| note.contains("supposed")), "{:?}", said.notes);
    let said = of(&record(&issued));
    assert!(!said.notes.iter().any(|note| note.contains("supposed")), "{:?}", said.notes);
    let said = of(&shown(&other));
    assert_eq!((said.waits_for, verdict(&said)), (Some("store"), Value::Null));
    assert!(said.notes.iter().any(|note| note.contains("another key")), "{:?}", said.notes);
}

#[test]
fn a_sealed_key_cannot_be_judged_without_its_seal() {
    let form =
        KeyForm::new("acme", Environment::Live, vec![Seal::new(vec![7; 32]).expect("32 bytes")]).expect("a form");
    let request = IssueRequest {
        organization: "org-9".to_owned(),
        owner: "ada".to_owned(),
        revoker: "security".to_owned(),
        name: "export".to_owned(),
        ..IssueRequest::default()
    };
    let issued = issue(&form, &FakeHost::new(), request).expect("a key");
    let record = record(&issued);
    let sent = get("/v1/keys", issued.key.reveal());
    let said = previewed(&policy(), &sent, Given { record: Some(&record), ..Given::default() });
    assert_eq!((said.waits_for, verdict(&said), said.outcome), (Some("seal"), Value::Null, None));
    assert!(said.notes.iter().any(|note| note.contains("seal")), "{:?}", said.notes);
}

#[test]
fn keys_that_are_elsewhere_are_stood_in_for_and_those_of_the_policy_are_not() {
    let elsewhere = without(&with(&issuer(&Signer::EDDSA), "jwksUri", "https://keys.example/".into()), "jwks");
    let remote = with(&policy(), "issuers", json!([elsewhere]));
    let sent = get("/v1/reports", &good_token());
    let said = look(&remote, &sent);
    assert_eq!((said.waits_for, verdict(&said), said.outcome), (Some("key_set"), Value::Null, None));

    let of = |policy: &Value, keys: &Value| previewed(policy, &sent, Given { keys: Some(keys), ..Given::default() });
    let keys = issuer(&Signer::EDDSA)["jwks"].clone();
    assert_eq!(verdict(&of(&remote, &keys))["ok"], true);
    let strange = json!({ "keys": [public("otherEd25519", keys["keys"][0]["kid"].as_str().unwrap_or("1"))] });
    assert_eq!(verdict(&of(&remote, &strange))["ok"], false);
    assert_eq!(verdict(&of(&policy(), &strange))["ok"], true, "the policy has its own");
    let said = of(&remote, &json!({ "keys": 1 }));
    assert!(said.keys_objection.is_some() && said.waits_for == Some("key_set"), "{said:?}");

    // A token in a header of its own, beside others, is found as well.
    let named = request("GET", "/v1/reports", &[("x", "y z"), (HEADER, &format!("Bearer {}", good_token()))]);
    assert_eq!(verdict(&previewed(&remote, &named, Given { keys: Some(&keys), ..Given::default() }))["ok"], true);
}

#[test]
fn servers_and_signed_lists_are_said_to_be_missing() {
    let asking = json!({
        "issuer": ISSUER,
        "audience": "https://api.example",
        "introspection": { "endpoint": "https://issuer.example/ask", "clientId": "api" },
    });
    let opaque = with(&policy(), "issuers", json!([asking]));
    let said = look(&opaque, &get("/v1/tokens", "opaque-token-of-somebody"));
    assert_eq!((said.waits_for, verdict(&said)), (Some("introspection"), Value::Null));

    let strict = json!({ "maxAge": 60, "jwks": { "keys": [public("ed25519", "deny")] } });
    let said = look(&with(&policy(), "denySnapshot", strict), &get("/v1/reports", &good_token()));
    assert_eq!((said.waits_for, verdict(&said)), (Some("store"), Value::Null));
}

#[test]
fn what_the_gate_answers_by_itself_is_no_decision() {
    let open = with(
        &with(&policy(), "cors", json!({ "origins": ["https://app.example"] })),
        "resource",
        json!({ "identifier": "https://api.example" }),
    );
    for path in ["/_edgeward/verify", "/_edgeward/", "/.well-known/oauth-protected-resource"] {
        let said = look(&open, &get(path, &good_token()));
        assert_eq!(
            (verdict(&said), &said.outcome, said.route, said.waits_for),
            (Value::Null, &None, None, None),
            "{path}"
        );
        assert!(said.notes[0].contains("the gate's own endpoint"), "{:?}", said.notes);
        assert!(said.routes.iter().all(|route| route.why == said.notes[0] && !route.chosen));
    }
    // It is for a route where the gate has no such document.
    assert_eq!(verdict(&look(&open, &get("/.well-known/jwks.json", &good_token())))["code"], "route_unknown");

    let asks = [("Origin", "https://app.example"), ("Access-Control-Request-Method", "GET")];
    let said = look(&open, &request("OPTIONS", "/v1/reports", &asks));
    let PreviewedOutcome::Respond(answer) = said.outcome.clone().expect("an answer") else { panic!("{said:?}") };
    let stage = Stage::of(&open);
    assert_eq!(answer, stage.answer(&request("OPTIONS", "/v1/reports", &asks)));
    assert_eq!((verdict(&said), said.notes[0].contains("preflight")), (Value::Null, true));
}

#[test]
fn each_route_says_why_it_was_chosen_or_not() {
    let whys = |method: &str, url: &str| -> Vec<&'static str> {
        look(&policy(), &request(method, url, &[])).routes.iter().map(|route| route.why).collect()
    };
    let reports = whys("GET", "/v1/reports");
    assert!(reports[0].starts_with("It is the first"), "{reports:?}");
    assert!(reports[1].contains("not the method") && reports[2].contains("not take the path"), "{reports:?}");
    let items = whys("GET", "/v1/items/caf%C3%A9");
    assert!(items[5].starts_with("It is the first") && items[6].contains("an earlier route"), "{items:?}");
    let lenient = whys("GET", "/v1/items/caf%C3%A9/");
    assert!(lenient.iter().all(|why| why.contains("not take the path")), "{lenient:?}");
    let strict = whys("GET", "/v1/items/CAF%C3%A9");
    assert!(strict[6].contains("another reading"), "{strict:?}");
    assert!(whys("GET", "/v1/../x").iter().all(|why| why.contains("more ways than one")));
    assert!(whys("TRACE", "/v1/reports").iter().all(|why| why.contains("refused before")));
}

#[test]
fn each_route_has_a_request_that_it_is_chosen_for() {
    let mut seen = 0;
    for policy in policies() {
        let said = look(&policy, &request("GET", "/", &[]));
        assert_eq!(said.routes.len(), policy["routes"].as_array().expect("routes").len());
        for (place, route) in said.routes.iter().enumerate() {
            let example = route.example.as_ref().unwrap_or_else(|| panic!("{}", route.pattern));
            let url = format!("https://api.example{}", example.path);
            let said = look(&policy, &request(&example.method, &url, &[]));
            assert_eq!(said.route, Some(place), "{example:?}");
            seen += 1;
        }
    }
    assert!(seen > 50);
    // One that no request reaches has none, nor has one that the gate answers itself.
    let routes = json!([
        { "methods": ["GET"], "path": "/*", "classes": ["api_key"] },
        { "methods": ["GET"], "path": "/a", "classes": ["api_key"] },
        { "methods": ["POST"], "path": "/_edgeward/:x", "classes": ["api_key"] },
    ]);
    let said = look(&with(&policy(), "routes", routes), &request("GET", "/", &[]));
    let has: Vec<bool> = said.routes.iter().map(|route| route.example.is_some()).collect();
    assert_eq!(has, [true, false, false]);
}

#[test]
fn a_credential_is_put_where_the_policy_takes_it() {
    let named = with(&policy(), "credentials", json!({ "m2mToken": ["authorization"], "apiKey": ["X-API-Key"] }));
    let stage = Stage::of(&named);
    let issued = stage.key();
    let of = |credential: &str, header: Option<&str>, headers: &[(&str, &str)]| {
        let asked = RequestToPreview {
            method: "GET".to_owned(),
            url: "/v1/reports".to_owned(),
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            credential: Some(credential.to_owned()),
            header: header.map(str::to_owned),
            address: None,
            certificate: None,
        };
        preview(&named.to_string(), asked, Given::default(), UnixMillis(NOW * 1000)).expect("a policy")
    };
    let from = |said: &Preview| said.credential.as_ref().map(|found| found.from.clone());
    assert_eq!(from(&of(issued.key.reveal(), None, &[])).as_deref(), Some("x-api-key"));
    let said = of(&good_token(), None, &[]);
    assert_eq!((from(&said).as_deref(), &verdict(&said)["ok"]), (Some(HEADER), &json!(true)));
    let said = of(issued.key.reveal(), Some("Authorization"), &[]);
    assert_eq!(verdict(&said)["code"], "credential_unrecognized");
    let said = of(&good_token(), Some("x-other"), &[]);
    assert_eq!((from(&said), &verdict(&said)["code"]), (None, &json!("credential_missing")));
    // A proof asks for its own scheme.
    let said = of(&good_token(), None, &[("dpop", "a.b.c")]);
    assert!(verdict(&said)["code"].as_str().expect("a code").starts_with("sender_"), "{}", verdict(&said));
}

#[test]
fn what_is_an_example_or_left_out_is_said() {
    let sent = get("/v1/reports", &good_token());
    let notes = |said: &Preview| said.notes.join("\n");
    let said = look(&policy(), &sent);
    assert!(notes(&said).contains("id of the request") && !notes(&said).contains("Limits"), "{}", notes(&said));
    let limited =
        with(&policy(), "limits", json!({ "rules": [{ "name": "a", "by": "key", "limit": 1, "period": 60 }] }));
    assert!(notes(&look(&limited, &sent)).contains("Limits are not counted"));

    let assertion = json!({ "issuer": "https://api.example", "audience": "https://origin.example" });
    let said = look(&with(&policy(), "assertion", assertion), &sent);
    let Some(PreviewedOutcome::Forward { set, .. }) = &said.outcome else { panic!("{said:?}") };
    let stands = set.iter().find(|(name, _)| name == "edgeward-assertion").map(|(_, value)| value.as_str());
    assert_eq!(stands, Some("(signed where the gate is deployed)"));

    let asked = without(&with(&policy(), "forwardAuth", json!({ "dialect": "nginx" })), "origin");
    let said = look(&asked, &sent);
    let Some(PreviewedOutcome::Forward { set, removed }) = &said.outcome else { panic!("{said:?}") };
    assert!(set.len() == 6 && removed.is_empty() && notes(&said).contains("proxy"), "{said:?}");
    let said = look(&asked, &request("GET", "/v1/reports", &[("edgeward-subject", "x")]));
    assert_eq!(verdict(&said)["code"], "header_reserved");
    assert_eq!(verdict(&look(&asked, &get("/_edgeward/verify", &good_token())))["code"], "route_unknown");
}

#[test]
fn a_policy_of_which_no_gate_can_be_made_is_refused_with_all_its_faults() {
    let refused = |policy: &Value, keys: Option<&Value>| -> Vec<String> {
        let asked: RequestToPreview = read(json!({ "method": "GET", "url": "/" })).expect("a request");
        let error =
            preview(&policy.to_string(), asked, Given { keys, record: None }, UnixMillis(0)).expect_err("faults");
        error.0.into_iter().map(|fault| fault.pointer).collect()
    };
    let routes = json!([{ "methods": ["get"], "path": "v1", "classes": ["api_key"] }]);
    let wrong = json!({ "routes": routes, "leaks": { "source": "" }, "prefix": "x/", "isuers": [] });
    let expected =
        ["/isuers", "/prefix", "/routes/0/methods", "/routes/0/classes", "/routes/0/path", "/leaks", "/leaks/source"];
    assert_eq!(refused(&wrong, None), expected);
    assert_eq!(refused(&wrong, Some(&json!({ "keys": [] }))), expected);
    // That of a verifier has no routes.
    assert_eq!(refused(&json!({ "issuers": [issuer(&Signer::EDDSA)] }), None), ["/routes"]);
}

fn read(request: Value) -> Result<RequestToPreview, String> {
    let Value::Object(members) = request else { panic!("an object") };
    RequestToPreview::read(members)
}

#[test]
fn a_request_is_read_strictly() {
    let whole = json!({
        "method": "GET", "url": "/", "headers": [["a", "b"]], "credential": "c", "in": "d", "ip": "e", "certificate": null,
    });
    let request = read(whole.clone()).expect("a request");
    assert_eq!(request.headers, [("a".to_owned(), "b".to_owned())]);
    assert_eq!((request.credential.as_deref(), request.header.as_deref()), (Some("c"), Some("d")));
    assert_eq!((request.address.as_deref(), request.certificate), (Some("e"), None));
    for (name, value) in [
        ("method", Value::Null),
        ("url", json!(1)),
        ("headers", json!({ "a": "s3cret" })),
        ("headers", json!([["a"]])),
        ("headers", json!([["a", 1]])),
        ("credential", json!(["s3cret"])),
        ("credentials", json!("s3cret")),
        ("polcy", Value::Null),
    ] {
        let error = read(with(&whole, name, value)).expect_err(name);
        assert!(error.contains(name) && !error.contains("s3cret"), "{error}");
    }
}

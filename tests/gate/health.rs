//! How the gate is: what anybody may know of it, and what administrators may.

use edgeward::{
    gate::Answer,
    host::{HostError, InboundAnswer, SinkCounts},
};
use pollster::block_on;
use serde_json::{Value, json};

use crate::{
    record::metrics,
    stage::{HEADER, Stage, get, good_token, header, policy, problem, request},
    support::{ISSUER, NOW, Signer, claims, with},
};

fn administered() -> Value {
    with(&policy(), "admin", json!({ "issuer": ISSUER }))
}

/// The same with keys that are fetched.
fn fetching() -> Value {
    let mut policy = administered();
    let issuer = policy["issuers"][0].as_object_mut().expect("an issuer");
    issuer.remove("jwks");
    issuer.insert("jwksUri".to_owned(), json!("https://issuer.example/jwks"));
    policy
}

fn token(scope: &str) -> String {
    Signer::EDDSA.token(&with(&claims(), "scope", scope.into()))
}

fn json_of(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).expect("JSON")
}

fn public_health(stage: &Stage) -> Answer {
    stage.answer(&request("GET", "/_edgeward/health", &[]))
}

fn full_health(stage: &Stage) -> Value {
    let answer = stage.answer(&get("/_edgeward/admin/health", &token("edgeward:read")));
    assert_eq!(header(&answer, "content-type"), Some("application/health+json"));
    json_of(&answer)
}

fn fetch(stage: &Stage, body: &Value) {
    let answer = InboundAnswer { status: 200, headers: Vec::new(), body: body.to_string().into_bytes() };
    stage.host.answers.borrow_mut().push_back(Ok(answer));
    block_on(stage.gate.refresh_on_schedule(&stage.host));
}

#[test]
fn anybody_learns_whether_it_works_and_how_late_a_revocation_is_and_nothing_else() {
    let stage = Stage::of(&fetching());
    fetch(&stage, &json!({ "keys": [Signer::EDDSA.jwk()] }));
    stage.forward(&get("/v1/reports", &good_token()));
    // Whatever comes with the request: nothing is decided, and nothing more is told.
    for authorization in ["", "Bearer x", &format!("Bearer {}", token("edgeward:read"))] {
        let before = stage.events.borrow().len();
        let answer = stage.answer(&request("GET", "/_edgeward/health", &[(HEADER, authorization)]));
        assert_eq!((answer.status, header(&answer, "content-type")), (200, Some("application/health+json")));
        let told = json_of(&answer);
        let members: Vec<&String> = told.as_object().expect("an object").keys().collect();
        assert_eq!(members, ["apiKeys", "denySnapshot", "releaseId", "serviceId", "status", "version"]);
        assert_eq!(told["apiKeys"].as_object().expect("an object").keys().collect::<Vec<_>>(), ["revocationBound"]);
        assert_eq!((&told["status"], &told["releaseId"]), (&json!("pass"), &json!(edgeward::VERSION)));
        assert_eq!(told["apiKeys"]["revocationBound"]["seconds"], 105);
        assert!(!answer.body.contains("issuer.example") && !answer.body.contains("sha-256"), "{}", answer.body);
        assert_eq!(stage.events.borrow().len(), before);
    }
}

#[test]
fn an_administrator_learns_the_build_the_policy_and_the_age_and_size_of_everything() {
    let stage = Stage::of(&fetching());
    fetch(&stage, &json!({ "keys": [Signer::EDDSA.jwk()] }));
    stage.host.now.set(stage.host.now.get() + 70_000);
    stage.forward(&get("/v1/reports", &good_token()));
    stage.forward(&get("/v1/reports", stage.key().key.reveal()));
    stage.host.now.set(stage.host.now.get() + 30_000);
    let told = full_health(&stage);
    assert_eq!((&told["status"], &told["build"]["version"]), (&json!("pass"), &json!(edgeward::VERSION)));
    assert!(told["build"]["target"].as_str().is_some_and(|target| !target.is_empty()));
    let digest = told["policyDigest"].as_str().expect("a digest");
    assert_eq!(digest, edgeward::policy::read_policy(&fetching().to_string()).expect("a policy").digest);
    let set = &told["checks"]["keySet:age"][0];
    assert_eq!(
        (&set["componentId"], &set["observedValue"], &set["observedUnit"]),
        (&json!(ISSUER), &json!(100), &json!("s"))
    );
    assert_eq!((&set["fetchedAt"], &set["keys"], &set["tier"]), (&json!(NOW), &json!(1), &json!("issuer")));
    let caches = told["checks"]["cache:entries"].as_array().expect("caches");
    let sizes: Vec<_> = caches.iter().map(|cache| (&cache["componentId"], &cache["observedValue"])).collect();
    // The administrator's own token is there by then.
    assert_eq!(
        sizes,
        [
            (&json!("m2m_token_facts"), &json!(2)),
            (&json!("introspection_answers"), &json!(0)),
            (&json!("api_key_facts"), &json!(1)),
        ]
    );
    assert_eq!(told["apiKeys"]["cache"]["entries"], 1);
    assert_eq!(told["checks"]["uptime"][0]["observedValue"], 30);
    // Who looked is on record.
    let events = stage.events.borrow();
    let [.., decision, look] = events.as_slice() else { panic!("events") };
    assert_eq!(
        (&decision["class_uid"], &decision["unmapped"]["route"]),
        (&json!(3002), &json!("/_edgeward/admin/health"))
    );
    assert_eq!((&look["activity_name"], &look["entity"]["type"]), (&json!("Read"), &json!("Health")));
}

#[test]
fn an_issuer_that_fails_is_seen_and_its_words_are_for_administrators() {
    let mut policy = fetching();
    // Another issuer lets the administrator in.
    let mut failing = policy["issuers"][0].clone();
    failing["issuer"] = "https://failing.example/".into();
    failing["jwksUri"] = "https://failing.example/jwks".into();
    policy["issuers"].as_array_mut().expect("issuers").push(failing);
    let stage = Stage::of(&policy);
    let keys = json!({ "keys": [Signer::EDDSA.jwk()] });
    let good = InboundAnswer { status: 200, headers: Vec::new(), body: keys.to_string().into_bytes() };
    stage.host.answers.borrow_mut().push_back(Ok(good));
    stage.host.answers.borrow_mut().push_back(Err(HostError("the words of the network".to_owned())));
    block_on(stage.gate.refresh_on_schedule(&stage.host));
    let answer = public_health(&stage);
    assert_eq!((answer.status, &json_of(&answer)["status"]), (200, &json!("warn")));
    assert!(!answer.body.contains("words of the network") && !answer.body.contains("failing"), "{}", answer.body);
    let told = full_health(&stage).to_string();
    assert!(told.contains("words of the network") && told.contains("https://failing.example/"), "{told}");
}

#[test]
fn where_no_key_can_be_had_at_all_it_fails() {
    let mut policy = fetching();
    for member in ["apiKeys", "admin"] {
        policy.as_object_mut().expect("an object").remove(member);
    }
    policy["routes"] = json!([{ "methods": ["GET"], "path": "/v1/reports", "classes": ["m2m_token"] }]);
    let stage = Stage::of(&policy);
    assert_eq!(public_health(&stage).status, 200);
    block_on(stage.gate.refresh_on_schedule(&stage.host));
    let answer = public_health(&stage);
    assert_eq!(
        (answer.status, &json_of(&answer)["status"], &json_of(&answer)["apiKeys"]),
        (503, &json!("fail"), &Value::Null)
    );
}

#[test]
fn events_that_were_lost_are_a_warning_and_are_numbers() {
    let stage = Stage::of(&administered());
    let sinks = [("queue", 3, 1, 5, 2), ("a\"b\\c", 0, 0, 0, 0)];
    *stage.host.sinks.borrow_mut() = sinks
        .map(|(name, sent, failed, dropped, waiting)| SinkCounts {
            name: name.to_owned(),
            sent,
            failed,
            dropped,
            waiting,
        })
        .to_vec();
    assert_eq!(json_of(&public_health(&stage))["status"], "warn");
    let sink = &full_health(&stage)["checks"]["audit:dropped"][0];
    assert_eq!(
        (&sink["componentId"], &sink["observedValue"], &sink["status"]),
        (&json!("queue"), &json!(5), &json!("warn"))
    );
    let page = metrics(&stage);
    for line in [
        r#"edgeward_audit_events_total{sink="queue",outcome="sent"} 3"#,
        r#"edgeward_audit_events_total{sink="queue",outcome="failed"} 1"#,
        r#"edgeward_audit_events_total{sink="queue",outcome="dropped"} 5"#,
        r#"edgeward_audit_waiting{sink="queue"} 2"#,
        r#"edgeward_audit_waiting{sink="a\"b\\c"} 0"#,
    ] {
        assert!(page.lines().any(|found| found == line), "{line}: {page}");
    }
}

#[test]
fn numbers_are_for_administrators_unless_the_policy_says_otherwise() {
    let stage = Stage::of(&administered());
    let key = stage.key();
    for (headers, status, code) in [
        (vec![], 401, "credential_missing"),
        (vec![(HEADER, format!("Bearer {}", good_token()))], 403, "scope_insufficient"),
        (vec![(HEADER, format!("Bearer {}", key.key.reveal()))], 403, "class_not_accepted"),
    ] {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        for path in ["/_edgeward/metrics", "/_edgeward/admin/health"] {
            let answer = stage.answer(&request("GET", path, &headers));
            assert_eq!((answer.status, &problem(&answer)["code"]), (status, &json!(code)), "{path}");
            assert_eq!(stage.last_event()["unmapped"]["route"], path);
        }
    }
    assert_eq!(stage.answer(&request("POST", "/_edgeward/metrics", &[])).status, 405);
    // Where nobody administers there is none.
    let nobody = Stage::new();
    assert_eq!(nobody.answer(&get("/_edgeward/metrics", &token("edgeward:read"))).status, 404);

    let public = Stage::of(&with(&policy(), "metrics", json!({ "public": true })));
    let answer = public.answer(&request("GET", "/_edgeward/metrics", &[]));
    assert_eq!((answer.status, public.events.borrow().len()), (200, 0));
    let full = public.answer(&request("GET", "/_edgeward/health", &[]));
    assert!(json_of(&full)["policyDigest"].is_string() && json_of(&full)["checks"].is_object());
    assert_eq!(json_of(&full)["restarts"], 0);
}

#[test]
fn the_page_of_numbers_is_of_the_format() {
    let stage = Stage::of(&fetching());
    fetch(&stage, &json!({ "keys": [Signer::EDDSA.jwk()] }));
    stage.send(&get("/v1/reports", &good_token()));
    stage.send(&get("/v1/reports", &good_token()));
    stage.send(&get("/v1/reports", "x"));
    stage.gate.set_restarts(3);
    let administrator = token("edgeward:read");
    let answer = stage.answer(&get("/_edgeward/metrics", &administrator));
    let media_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(header(&answer, "content-type"), Some(media_type));
    let page = answer.body;
    assert!(page.ends_with("\n# EOF\n") && page.matches("# EOF").count() == 1);
    let (mut family, mut seen) = (String::new(), std::collections::BTreeSet::new());
    for line in page.lines().filter(|line| *line != "# EOF") {
        if let Some(declared) = line.strip_prefix("# TYPE ") {
            family = declared.split(' ').next().expect("a name").to_owned();
            assert!(seen.insert(format!("family {family}")), "{family} is declared twice");
            continue;
        }
        if let Some(help) = line.strip_prefix("# HELP ") {
            assert!(help.starts_with(&format!("{family} ")), "{line}");
            continue;
        }
        let (sample, value) = line.rsplit_once(' ').expect("a value");
        let name = sample.split('{').next().expect("a name");
        let suffix = name.strip_prefix(family.as_str()).expect("a sample of the family before it");
        assert!(["", "_total", "_info"].contains(&suffix), "{line}");
        assert!(value.parse::<f64>().is_ok(), "{line}");
        assert!(seen.insert(sample.to_owned()), "{sample} stands twice");
    }
    for line in [
        r#"edgeward_decisions_total{class="m2m_token",verdict="allowed",reason="allowed",tier="none"} 1"#,
        r#"edgeward_decisions_total{class="m2m_token",verdict="allowed",reason="allowed",tier="isolate"} 1"#,
        r#"edgeward_decisions_total{class="none",verdict="denied",reason="credential_unrecognized",tier="none"} 1"#,
        &format!(r#"edgeward_key_set_age_seconds{{issuer="{ISSUER}",source="https://issuer.example/jwks"}} 0"#),
        r#"edgeward_cache_entries{cache="m2m_token_facts"} 2"#,
        r#"edgeward_revocation_bound_seconds{formula="isolate + storeCache + storePropagation"} 105"#,
        "edgeward_core_restarts_total 3",
        "edgeward_instance_age_seconds 0",
    ] {
        assert!(page.lines().any(|found| found == line), "{line}: {page}");
    }
}

//! A gate with both classes, and a watch over everything that leaves it.

use std::{cell::RefCell, sync::LazyLock};

use edgeward::{
    api_key::{Environment, IssueRequest, Issued, KeyForm, issue},
    gate::{Answer, Decision, Forward, Gate, GateRequest, Outcome, Resources},
    governance::{AnalyticsPoint, AuditEntry},
    policy::read_policy,
};
use jsonschema::Validator;
use pollster::block_on;
use serde_json::{Value, json};

use crate::support::{FakeHost, Signer, claims, issuer};

pub(crate) const HEADER: &str = "authorization";

/// The policy of the tests, for both classes.
pub(crate) fn policy() -> Value {
    let both = json!(["m2m_token", "api_key"]);
    json!({
        "issuers": [issuer(&Signer::EDDSA)],
        "apiKeys": { "prefix": "acme", "environment": "live" },
        "credentials": { "m2mToken": ["Authorization"], "apiKey": ["authorization", "X-API-Key"] },
        "origin": "https://origin.example",
        "routes": [
            { "methods": ["GET", "HEAD"], "path": "/v1/reports", "classes": both, "scopes": ["reports:read"] },
            { "methods": ["POST"], "path": "/v1/reports", "classes": both, "scopes": ["reports:read", "reports:write"] },
            { "methods": ["GET"], "path": "/v1/admin", "classes": both, "scopes": ["admin", "reports:read"] },
            { "methods": ["GET"], "path": "/v1/tokens", "classes": ["m2m_token"] },
            { "methods": ["GET"], "path": "/v1/keys", "classes": ["api_key"] },
            { "methods": ["GET"], "path": "/v1/items/caf%C3%A9", "classes": both, "scopes": ["admin"] },
            { "methods": ["GET"], "path": "/v1/items/:id", "classes": both },
            { "methods": ["GET"], "path": "/files/*", "classes": both },
            { "methods": ["GET"], "path": "/_edgewardx", "classes": both },
        ],
    })
}

pub(crate) fn form() -> KeyForm {
    KeyForm::new("acme", Environment::Live, Vec::new()).expect("a form")
}

/// A request of the test, with its credentials in view of the watch.
pub(crate) fn request(method: &str, url: &str, headers: &[(&str, &str)]) -> GateRequest {
    GateRequest {
        method: method.to_owned(),
        url: url.to_owned(),
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        address: Some("192.0.2.7".to_owned()),
        certificate: None,
    }
}

pub(crate) fn get(url: &str, credential: &str) -> GateRequest {
    request("GET", url, &[(HEADER, &format!("Bearer {credential}"))])
}

pub(crate) fn good_token() -> String {
    Signer::EDDSA.token(&claims())
}

pub(crate) struct Stage {
    pub(crate) host: FakeHost,
    pub(crate) gate: Gate,
    /// Every audit event so far.
    pub(crate) events: RefCell<Vec<Value>>,
    /// Every data point so far.
    pub(crate) points: RefCell<Vec<AnalyticsPoint>>,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self::of(&policy())
    }

    pub(crate) fn of(policy: &Value) -> Self {
        let policy = read_policy(&policy.to_string()).expect("a policy");
        let gate = Gate::new(policy, Resources::default()).expect("a gate");
        Self::with(gate)
    }

    /// A stage with this gate.
    pub(crate) fn with(gate: Gate) -> Self {
        Self { host: FakeHost::new(), gate, events: RefCell::default(), points: RefCell::default() }
    }

    /// A key in the store.
    pub(crate) fn key(&self) -> Issued {
        self.key_with(|_| {})
    }

    /// A key in the store, of which something was changed before.
    pub(crate) fn key_with(&self, change: impl FnOnce(&mut Issued)) -> Issued {
        let request = IssueRequest {
            organization: "org-9".to_owned(),
            owner: "ada".to_owned(),
            revoker: "security".to_owned(),
            name: "nightly export".to_owned(),
            scopes: vec!["reports:read".to_owned()],
            ..IssueRequest::default()
        };
        let mut issued = issue(&form(), &self.host, request).expect("a key");
        change(&mut issued);
        self.host.put(&issued);
        issued
    }

    /// Sends a request through the proxy mode, watching what comes out.
    pub(crate) fn send(&self, request: &GateRequest) -> Outcome {
        let outcome = block_on(self.gate.handle(&self.host, request));
        let (Outcome::Respond { audit, .. } | Outcome::Forward { audit, .. }) = &outcome;
        for entry in audit {
            self.watch_event(entry, request);
        }
        let shown = serde_json::to_string(&outcome).expect("JSON");
        assert_hidden(&shown, request);
        outcome
    }

    /// Decides about a request in the library mode, watching the audit event.
    pub(crate) fn check(&self, request: &GateRequest) -> Decision {
        let decision = block_on(self.gate.check(&self.host, request));
        for entry in self.gate.record(&decision) {
            self.watch_event(&entry, request);
        }
        decision
    }

    pub(crate) fn answer(&self, request: &GateRequest) -> Answer {
        match self.send(request) {
            Outcome::Respond { answer, .. } => answer,
            Outcome::Forward { .. } => panic!("forwarded: {request:?}"),
        }
    }

    pub(crate) fn forward(&self, request: &GateRequest) -> Forward {
        match self.send(request) {
            Outcome::Forward { forward, .. } => forward,
            Outcome::Respond { answer, .. } => panic!("{answer:?}: {request:?}"),
        }
    }

    /// The reason code of a denied request, which the event and the library mode must agree on.
    pub(crate) fn code(&self, request: &GateRequest) -> String {
        let answer = self.answer(request);
        let code = problem(&answer)["code"].as_str().expect("a code").to_owned();
        let denial = self.check(request).verdict.expect_err("denied");
        assert_eq!(denial.reason.disclosed().code(), code);
        code
    }

    /// The reason code of a request of the gate's own endpoints that is denied.
    pub(crate) fn code_of_endpoint(&self, request: &GateRequest) -> String {
        problem(&self.answer(request))["code"].as_str().expect("a code").to_owned()
    }

    pub(crate) fn last_event(&self) -> Value {
        self.events.borrow().last().cloned().expect("an event")
    }

    pub(crate) fn watch_event(&self, entry: &AuditEntry, request: &GateRequest) {
        let line = &entry.event;
        assert_eq!(entry.bytes, line.len());
        assert_hidden(&serde_json::to_string(entry).expect("JSON"), request);
        assert!(!line.contains(['\n', '\r']), "an event is one line: {line}");
        assert_hidden(line, request);
        let event: Value = serde_json::from_str(line).expect("an event is JSON");
        assert_fits_schema(&event);
        assert_ocsf(&event);
        // A decision has a data point, and nothing else has one.
        assert_eq!(entry.point.is_some(), event["class_uid"] == 3002);
        self.points.borrow_mut().extend(entry.point.clone());
        self.events.borrow_mut().push(event);
    }
}

/// Asserts that an event is as the published schema says.
pub(crate) fn assert_fits_schema(event: &Value) {
    static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
        let schema = include_str!("../../schema/audit-event.schema.json");
        jsonschema::validator_for(&serde_json::from_str(schema).expect("JSON")).expect("a schema")
    });
    let faults: Vec<String> = SCHEMA.iter_errors(event).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{faults:?}: {event}");
}

/// What the classes Authentication and Entity Management of OCSF 1.4.0 ask of an event.
fn assert_ocsf(event: &Value) {
    if event["class_uid"] == 3004 {
        return assert_entity_management(event);
    }
    if event["class_uid"] == 4002 {
        return assert_http_activity(event);
    }
    assert_eq!((&event["class_uid"], &event["category_uid"]), (&json!(3002), &json!(3)), "{event}");
    assert_eq!((&event["activity_id"], &event["type_uid"]), (&json!(1), &json!(300_201)));
    assert!(event["time"].is_i64() && event["severity_id"].is_u64(), "{event}");
    assert!([json!(1), json!(2), json!(99)].contains(&event["status_id"]), "{event}");
    assert_eq!(event["metadata"]["version"], "1.4.0");
    assert!(event["metadata"]["product"]["vendor_name"].is_string());
    // At least one of the endpoint and the service, and one name for the user.
    assert!(event["service"]["name"].is_string(), "{event}");
    assert!(event["user"]["uid"].is_string() || event["user"]["name"].is_string(), "{event}");
    for member in [
        "class",
        "credential_id",
        "client_id",
        "route",
        "issuer",
        "kid",
        "algorithm",
        "key_set_tier",
        "facts_tier",
        "sender",
        "latency_ms",
        "limit",
    ] {
        assert!(event["unmapped"].get(member).is_some(), "no {member}: {event}");
    }
    // A typed member is there with its type or not at all.
    for (name, value) in event.as_object().expect("an object").iter().filter(|(name, _)| *name != "unmapped") {
        assert!(!has_null(value), "{name}: {value}");
    }
}

fn assert_http_activity(event: &Value) {
    let activity = event["activity_id"].as_u64().expect("an activity");
    assert_eq!((&event["category_uid"], &event["type_uid"]), (&json!(4), &json!(400_200 + activity)), "{event}");
    // Both ends are recommended, and the class asks for one of request, response and traffic.
    assert!(event["dst_endpoint"]["name"].is_string() && event["http_response"]["code"].is_u64(), "{event}");
    let own = event["metadata"]["uid"].as_str().expect("an id");
    assert_eq!(own.strip_suffix("-origin"), event["metadata"]["correlation_uid"].as_str(), "{event}");
}

fn assert_entity_management(event: &Value) {
    let activity = event["activity_id"].as_u64().expect("an activity");
    assert_eq!((&event["category_uid"], &event["type_uid"]), (&json!(3), &json!(300_400 + activity)), "{event}");
    assert!(event["time"].is_i64() && event["severity_id"].is_u64() && event["activity_name"].is_string(), "{event}");
    assert!([json!(1), json!(2), json!(99)].contains(&event["status_id"]), "{event}");
    assert_eq!(event["metadata"]["version"], "1.4.0");
    assert!(event["entity"]["type"].is_string() && event["entity"]["uid"].is_string(), "{event}");
    assert!(event["actor"]["user"].is_object(), "{event}");
    for (name, value) in event.as_object().expect("an object").iter().filter(|(name, _)| *name != "unmapped") {
        assert!(!has_null(value), "{name}: {value}");
    }
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(has_null),
        Value::Object(members) => members.values().any(has_null),
        _ => false,
    }
}

/// Asserts that nothing of a request's credentials shows itself: no segment of a token and no eight characters of its
/// signature, and no eight characters of a key's secret, or of a text that is neither.
pub(crate) fn assert_hidden(shown: &str, request: &GateRequest) {
    let query = request.url.split_once('?').map_or("", |(_, query)| query);
    let texts = request.headers.iter().map(|(_, value)| value.as_str()).chain(query.split(['&', '=']));
    for text in texts.flat_map(|text| text.split([' ', ','])) {
        for part in secrets(text) {
            assert!(!shown.contains(part), "{part:?} of {text:?} shows itself in {shown}");
        }
    }
}

fn secrets(text: &str) -> Vec<&str> {
    if let Some(parts) = edgeward::api_key::describe(text) {
        return every_eight(&text[parts.spans.secret.start..]);
    }
    let segments: Vec<&str> = text.split('.').collect();
    match segments.as_slice() {
        // A header alone may be shared by all tokens of an issuer, and is none of the event's business all the same.
        [header, payload, signature] if header.len() >= 8 && payload.len() >= 8 => {
            [vec![*header, *payload], every_eight(signature)].concat()
        }
        _ => Vec::new(),
    }
}

fn every_eight(text: &str) -> Vec<&str> {
    (0..text.len()).filter_map(|start| text.get(start..start + 8)).collect()
}

/// The problem document of an answer, whose form is asserted.
pub(crate) fn problem(answer: &Answer) -> Value {
    assert_eq!(header(answer, "content-type"), Some("application/problem+json"));
    assert_eq!(header(answer, "cache-control"), Some("no-store"));
    let problem: Value = serde_json::from_str(&answer.body).expect("JSON");
    let members: Vec<&String> = problem.as_object().expect("an object").keys().collect();
    assert_eq!(members, ["code", "detail", "requestId", "status", "title", "type"]);
    assert_eq!(problem["status"], answer.status);
    let code = problem["code"].as_str().expect("a code");
    assert_eq!(problem["type"], format!("urn:edgeward:reason:{code}"));
    assert_eq!(problem["requestId"].as_str(), header(answer, "edgeward-request-id"));
    problem
}

pub(crate) fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    let mut values = answer.headers.iter().filter(|(found, _)| found == name).map(|(_, value)| value.as_str());
    let value = values.next();
    assert_eq!(values.next(), None, "{name} stands twice");
    value
}

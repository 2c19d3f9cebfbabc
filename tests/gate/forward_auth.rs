//! A proxy asks about a request before it forwards it itself: each in its dialect, and none of them is believed more than
//! it has to be.

use edgeward::{
    gate::{Answer, Gate, GateRequest, Resources},
    policy::read_policy,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    stage::{HEADER, Stage, good_token, header, policy, problem, request},
    support::with,
};

const DIALECTS: [&str; 4] = ["nginx", "traefik", "envoy", "caddy"];
const PROXY: &str = "10.0.0.1";
const ALLOWED: &str = "allowed";

fn stage(dialect: &str) -> Stage {
    Stage::of(&with_forward_auth(&json!({ "dialect": dialect, "proxies": ["10.0.0.0/8"] })))
}

fn with_forward_auth(forward_auth: &Value) -> Value {
    with(&with(&policy(), "forwardAuth", forward_auth.clone()), "origin", Value::Null)
}

/// How a proxy of this dialect asks about a request of `api.example` over TLS.
fn call(dialect: &str, method: &str, uri: &str, headers: &[(&str, &str)]) -> GateRequest {
    let url = format!("https://api.example{uri}");
    let (asked_with, path, told) = match dialect {
        "nginx" => ("GET", String::new(), vec![("X-Original-Method", method), ("X-Original-URL", url.as_str())]),
        "envoy" => {
            let told = vec![("x-original-uri", uri), ("x-forwarded-proto", "https"), ("host", "api.example")];
            (method, uri.to_owned(), told)
        }
        _ => {
            let where_to = [("X-Forwarded-Host", "api.example"), ("X-Forwarded-Uri", uri)];
            (
                "GET",
                String::new(),
                [vec![("X-Forwarded-Method", method), ("X-Forwarded-Proto", "https")], where_to.to_vec()].concat(),
            )
        }
    };
    let all = [&told, headers].concat();
    GateRequest {
        address: Some(PROXY.to_owned()),
        ..request(asked_with, &format!("http://gate.internal/_edgeward/verify{path}"), &all)
    }
}

/// The true status and the code of an answer, of which nginx is told apart.
fn told(stage: &Stage, dialect: &str, request: &GateRequest) -> (u16, String) {
    let answer = stage.answer(request);
    if answer.status == 200 {
        return (200, ALLOWED.to_owned());
    }
    if dialect != "nginx" {
        let code = problem(&answer)["code"].as_str().expect("a code").to_owned();
        return (answer.status, code);
    }
    let text = |name: &str| header(&answer, name).expect(name).to_owned();
    let status = text("edgeward-status").parse().expect("a status");
    assert_eq!(answer.status, if status == 401 { 401 } else { 403 });
    let document: Value = serde_json::from_str(&text("edgeward-problem")).expect("JSON");
    assert_eq!((&document["code"], &document["status"]), (&json!(text("edgeward-reason")), &json!(status)));
    assert_eq!(document, serde_json::from_str::<Value>(&answer.body).expect("JSON"));
    (status, text("edgeward-reason"))
}

fn without(request: &GateRequest, name: &str) -> GateRequest {
    let mut request = request.clone();
    request.headers.retain(|(found, _)| !found.eq_ignore_ascii_case(name));
    request
}

fn beside(request: &GateRequest, name: &str, value: &str) -> GateRequest {
    let mut request = request.clone();
    request.headers.push((name.to_owned(), value.to_owned()));
    request
}

/// Method, target and headers, and the status and the code that they get.
type Case<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], u16, &'a str);

#[test]
fn in_every_dialect_the_original_request_is_judged_by_its_route() {
    let bearer = format!("Bearer {}", good_token());
    let good: &[(&str, &str)] = &[(HEADER, &bearer)];
    for dialect in DIALECTS {
        let stage = stage(dialect);
        let key = stage.key();
        let by_key: &[(&str, &str)] = &[("x-api-key", key.key.reveal())];
        let both = [good, by_key].concat();
        let cases: &[Case<'_>] = &[
            ("GET", "/v1/reports", good, 200, ALLOWED),
            ("HEAD", "/v1/reports?page=2", good, 200, ALLOWED),
            ("GET", "/v1/reports", by_key, 200, ALLOWED),
            ("GET", "/files/a/b,c", good, 200, ALLOWED),
            ("GET", "/v1/items/caf%c3%a9x", good, 200, ALLOWED),
            ("GET", "/v1/reports", &[], 401, "credential_missing"),
            ("GET", "/v1/reports", &[(HEADER, "Bearer a.b.c")], 401, "token_malformed"),
            ("GET", "/v1/reports", &both, 400, "credential_ambiguous"),
            ("GET", "/v1/reports?access_token=x", good, 400, "credential_in_query"),
            ("GET", "/v1/admin", good, 403, "scope_insufficient"),
            ("GET", "/v1/keys", good, 403, "class_not_accepted"),
            ("GET", "/v1/tokens", by_key, 403, "class_not_accepted"),
            ("OPTIONS", "/v1/reports", good, 403, "route_unknown"),
            ("DELETE", "/v1/reports", good, 403, "route_unknown"),
            ("get", "/v1/reports", good, 403, "route_unknown"),
            ("GET", "/v2", good, 403, "route_unknown"),
            ("GET", "/", good, 403, "route_unknown"),
            ("GET", "/_edgeward/health", good, 403, "route_unknown"),
            ("GET", "/_edgeward", good, 403, "route_unknown"),
            ("GET", "/files//x", good, 400, "path_ambiguous"),
            ("GET", "/files/../v1/admin", good, 400, "path_ambiguous"),
            ("GET", "/files/%2e%2e/v1/admin", good, 400, "path_ambiguous"),
            ("GET", "/files/a%2fb", good, 400, "path_ambiguous"),
            ("GET", "/v1/reports;x", good, 400, "path_ambiguous"),
        ];
        for (method, uri, headers, status, code) in cases {
            let answer = told(&stage, dialect, &call(dialect, method, uri, headers));
            assert_eq!(answer, (*status, (*code).to_owned()), "{dialect} {method} {uri}");
        }
        let event = stage.last_event();
        assert_eq!(event["status_code"], "path_ambiguous");
    }
}

#[test]
fn an_allowed_answer_names_who_it_is_in_every_header_and_has_no_body() {
    for dialect in DIALECTS {
        let stage = stage(dialect);
        let bearer = format!("Bearer {}", good_token());
        let answer = stage.answer(&call(dialect, "GET", "/v1/reports", &[(HEADER, &bearer)]));
        assert_eq!((answer.status, answer.body.as_str()), (200, ""), "{dialect}");
        let expected = stage_identity();
        for (name, value) in &expected {
            assert_eq!(header(&answer, name), Some(value.as_str()), "{dialect} {name}");
        }
        // Without an assertion too: what a proxy copies must be there.
        assert_eq!(header(&answer, "edgeward-assertion"), Some(""), "{dialect}");
        let event = stage.last_event();
        assert_eq!((&event["unmapped"]["route"], &event["status_code"]), (&json!("/v1/reports"), &json!("allowed")));
    }
}

/// What the proxy mode sets for the same credential.
fn stage_identity() -> Vec<(String, String)> {
    let stage = Stage::new();
    let forward = stage.forward(&crate::stage::get("https://api.example/v1/reports", &good_token()));
    forward.set.into_iter().filter(|(name, _)| name.starts_with("edgeward-") && name != "edgeward-request-id").collect()
}

#[test]
fn a_header_that_only_the_gate_may_set_is_refused_since_it_could_come_through() {
    let bearer = format!("Bearer {}", good_token());
    for dialect in DIALECTS {
        let stage = stage(dialect);
        for name in ["edgeward-subject", "Edgeward-Anything", "edgeward_class", "edgeward-status"] {
            let call = call(dialect, "GET", "/v1/reports", &[(HEADER, &bearer), (name, "admin")]);
            assert_eq!(told(&stage, dialect, &call), (400, "header_reserved".to_owned()), "{dialect} {name}");
        }
    }
}

#[test]
fn a_question_that_is_not_understood_is_never_answered_with_yes() {
    let bearer = format!("Bearer {}", good_token());
    let undecided = (503, "forward_auth_misconfigured".to_owned());
    for (dialect, names) in [
        ("nginx", vec!["x-original-method", "x-original-url"]),
        ("traefik", vec!["x-forwarded-method", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-uri"]),
        ("caddy", vec!["x-forwarded-method", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-uri"]),
        ("envoy", vec!["x-original-uri"]),
    ] {
        let stage = stage(dialect);
        let good = call(dialect, "GET", "/v1/reports", &[(HEADER, &bearer)]);
        assert_eq!(told(&stage, dialect, &good).0, 200);
        for name in names {
            assert_eq!(told(&stage, dialect, &without(&good, name)), undecided, "{dialect} without {name}");
            assert_eq!(told(&stage, dialect, &beside(&without(&good, name), name, "")), undecided, "{dialect} {name}");
            let same = good.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).expect(name).1.clone();
            assert_eq!(told(&stage, dialect, &beside(&good, name, &same)), undecided, "{dialect} twice {name}");
            // As hosts join what came twice.
            let joined = beside(&without(&good, name), name, &format!("{same}, {same}"));
            assert_ne!(told(&stage, dialect, &joined).0, 200, "{dialect} joined {name}");
        }
        // In the dialect of another, and as if there were no dialect.
        for other in DIALECTS.iter().filter(|other| **other != dialect) {
            let foreign = call(other, "GET", "/v1/reports", &[(HEADER, &bearer)]);
            if matches!((dialect, *other), ("traefik", "caddy") | ("caddy", "traefik")) {
                continue;
            }
            assert_ne!(stage.answer(&foreign).status, 200, "{dialect} asked as {other}");
        }
        let plain = request("GET", "https://gate.example/_edgeward/verify", &[(HEADER, &bearer)]);
        let plain = GateRequest { address: Some(PROXY.to_owned()), ..plain };
        assert_eq!(told(&stage, dialect, &plain), undecided, "{dialect}");
    }
}

#[test]
fn what_a_client_can_write_into_a_url_does_not_change_the_path() {
    let bearer = format!("Bearer {}", good_token());
    let ask = |dialect: &str, told_as: &[(&str, &str)]| {
        let call = request("GET", "http://gate.internal/_edgeward/verify", &[told_as, &[(HEADER, &bearer)]].concat());
        told(&stage(dialect), dialect, &GateRequest { address: Some(PROXY.to_owned()), ..call })
    };
    let nginx = |url: &str| ask("nginx", &[("x-original-method", "GET"), ("x-original-url", url)]);
    let traefik = |host: &str, uri: &str| {
        let by = [("x-forwarded-method", "GET"), ("x-forwarded-proto", "https")];
        ask("traefik", &[by, [("x-forwarded-host", host), ("x-forwarded-uri", uri)]].concat())
    };
    assert_eq!(nginx("https://api.example/v1/reports").0, 200);
    assert_eq!(traefik("api.example:8443", "/v1/reports").0, 200);
    assert_eq!(traefik("[2001:db8::1]:8443", "/v1/reports").0, 200);
    let undecided = (503, "forward_auth_misconfigured".to_owned());
    for host in
        ["", "api.example/v1/reports?", "api.example#", "a b", "a,b", "api.example\\", "u@api.example", "caf\u{e9}"]
    {
        assert_eq!(traefik(host, "/v1/admin"), undecided, "{host}");
    }
    for url in ["https://api.example", "api.example/v1/reports", "ftp://api.example/v1/reports", "https:///v1/reports"]
    {
        assert_eq!(nginx(url), undecided, "{url}");
    }
    let ambiguous = (400, "path_ambiguous".to_owned());
    for uri in [
        "/v1/reports#/../admin",
        "*",
        "v1/reports",
        "https://other.example/v1/reports",
        "/v1/reports?x=, /v1/admin",
        "/v1/caf\u{e9}",
        "/v1\\reports",
    ] {
        assert_eq!(traefik("api.example", uri), ambiguous, "{uri}");
    }
    assert_eq!(nginx("https://api.example/v1/reports#x"), ambiguous);
    for method in ["GE T", "GET,GET", "G\u{e9}T"] {
        let by = [("x-original-method", method), ("x-original-uri", "/v1/reports")];
        assert_eq!(ask("nginx", &by), undecided, "{method}");
    }
}

#[test]
fn nginx_may_tell_the_url_or_the_target_and_not_both() {
    let bearer = format!("Bearer {}", good_token());
    let stage = stage("nginx");
    let by_url = call("nginx", "GET", "/v1/reports", &[(HEADER, &bearer)]);
    let by_target = beside(&without(&by_url, "x-original-url"), "x-original-uri", "/v1/reports");
    assert_eq!(told(&stage, "nginx", &by_target).0, 200);
    let both = beside(&by_url, "x-original-uri", "/v1/reports");
    assert_eq!(told(&stage, "nginx", &both), (503, "forward_auth_misconfigured".to_owned()));
}

#[test]
fn a_host_that_resolves_dot_segments_leads_envoy_nowhere() {
    let bearer = format!("Bearer {}", good_token());
    let stage = stage("envoy");
    // Each with what the client sent, and what a host makes of the call for it.
    for (sent, seen) in [
        ("/v1/admin/%2e%2e/reports", "/_edgeward/verify/v1/reports"),
        ("/v1/admin/../reports", "/_edgeward/verify/v1/reports"),
        ("/v1/admin\\..\\reports", "/_edgeward/verify/v1/reports"),
        ("/../health", "/_edgeward/health"),
        ("/v1/admin/../../../health", "/_edgeward/health"),
        ("/../../v1/reports", "/v1/reports"),
        ("/../../v1/admin/../reports", "/v1/reports"),
        ("/v1/reports#x", "/_edgeward/verify/v1/reports"),
        ("/v1/reports", "/_edgeward/verify"),
        ("/v1/reports", "/_edgeward/verify/v1/admin"),
    ] {
        let told_by = [("x-original-uri", sent), ("x-forwarded-proto", "https"), ("host", "api.example")];
        let call = request("GET", &format!("http://api.example{seen}"), &[&told_by[..], &[(HEADER, &bearer)]].concat());
        let call = GateRequest { address: Some(PROXY.to_owned()), ..call };
        assert_eq!(told(&stage, "envoy", &call), (400, "path_ambiguous".to_owned()), "{sent}");
    }
}

#[test]
fn nothing_but_the_verdict_answers_a_proxy_that_asks() {
    let public = json!({ "identifier": "https://api.example" });
    let pages = json!({ "origins": ["https://app.example"] });
    let stage = |dialect: &str| {
        let policy = with_forward_auth(&json!({ "dialect": dialect, "proxies": ["10.0.0.0/8"] }));
        Stage::of(&with(&with(&policy, "resource", public.clone()), "cors", pages.clone()))
    };
    // A document that is for everybody, at the end of a path that goes out of `verify`.
    let document = "/.well-known/oauth-protected-resource";
    let uri = format!("/v1/admin/../../../..{document}");
    let resolved = GateRequest { url: format!("http://gate.internal{document}"), ..call("envoy", "GET", &uri, &[]) };
    assert_eq!(told(&stage("envoy"), "envoy", &resolved), (400, "path_ambiguous".to_owned()));
    // Without a proxy it is there.
    assert_eq!(stage("envoy").answer(&request("GET", document, &[])).status, 200);

    // A preflight, of which a proxy takes over the method: it would go to the origin without a credential.
    let preflight = [("Origin", "https://app.example"), ("Access-Control-Request-Method", "GET")];
    for dialect in DIALECTS {
        let asked = GateRequest { method: "OPTIONS".into(), ..call(dialect, "OPTIONS", "/v1/reports", &preflight) };
        assert_eq!(told(&stage(dialect), dialect, &asked), (403, "route_unknown".to_owned()), "{dialect}");
    }
}

#[test]
fn a_twin_of_a_header_that_the_proxy_takes_out_is_refused() {
    let bearer = format!("Bearer {}", good_token());
    for dialect in DIALECTS {
        let stage = stage(dialect);
        for name in ["X_HTTP_Method_Override", "x.http.method", "X-Original_URL", "x_rewrite_url", "X_API_Key"] {
            let asked = call(dialect, "GET", "/v1/reports", &[(HEADER, &bearer), (name, "DELETE")]);
            assert_eq!(told(&stage, dialect, &asked), (400, "request_ambiguous".to_owned()), "{dialect}: {name}");
        }
        let asked = call(dialect, "GET", "/v1/reports", &[(HEADER, &bearer), ("X-HTTP-Method-Override", "DELETE")]);
        assert_eq!(told(&stage, dialect, &asked).0, 200, "{dialect}");
    }
}

#[test]
fn only_the_proxies_of_the_policy_may_ask() {
    let bearer = format!("Bearer {}", good_token());
    for dialect in DIALECTS {
        let stage = stage(dialect);
        let good = call(dialect, "GET", "/v1/reports", &[(HEADER, &bearer)]);
        for (peer, known) in [
            (Some(PROXY), true),
            (Some("::ffff:10.9.9.9"), true),
            (Some("192.0.2.7"), false),
            (Some("unknown"), false),
            (Some(""), false),
            (None, false),
        ] {
            let call = GateRequest { address: peer.map(str::to_owned), ..good.clone() };
            let expected = if known { (200, ALLOWED) } else { (403, "forward_auth_peer_unknown") };
            assert_eq!(told(&stage, dialect, &call), (expected.0, expected.1.to_owned()), "{dialect} {peer:?}");
        }
        let open = Stage::of(&with_forward_auth(&json!({ "dialect": dialect })));
        let call = GateRequest { address: None, ..good };
        assert_eq!(told(&open, dialect, &call).0, 200);
    }
}

#[test]
fn the_address_is_that_of_the_client_and_never_that_of_the_proxy() {
    let trusted = json!({ "header": "x-real-ip", "addresses": ["10.0.0.0/8"] });
    let named = json!({ "dialect": "nginx", "proxies": ["10.0.0.0/8"] });
    let open = json!({ "dialect": "nginx" });
    // Keys of the proxy's own network are not for everybody who comes through it.
    for (forward_auth, trusted, headers, peer, address) in [
        (&named, None, vec![("x-forwarded-for", "192.0.2.9")], PROXY, Some("192.0.2.9")),
        (&named, None, vec![("x-forwarded-for", "10.0.0.9, 192.0.2.9, 10.0.0.2")], PROXY, Some("192.0.2.9")),
        (&named, None, vec![("x-forwarded-for", "10.0.0.9, 198.51.100.9")], PROXY, Some("198.51.100.9")),
        (&named, None, vec![("x-forwarded-for", "unknown")], PROXY, None),
        (&named, None, vec![("x-real-ip", "192.0.2.9")], PROXY, None),
        (&named, None, vec![], PROXY, None),
        (&open, None, vec![("x-forwarded-for", "192.0.2.9")], PROXY, None),
        (&open, None, vec![], "192.0.2.9", None),
        (&open, Some(&trusted), vec![("x-real-ip", "192.0.2.9")], PROXY, Some("192.0.2.9")),
        (&open, Some(&trusted), vec![("x-real-ip", "192.0.2.9")], "192.0.2.8", None),
        (&named, Some(&trusted), vec![("x-forwarded-for", "192.0.2.9")], PROXY, None),
    ] {
        let policy = with_forward_auth(forward_auth);
        let policy = trusted.map_or(policy.clone(), |trusted| with(&policy, "trustedProxies", trusted.clone()));
        let stage = Stage::of(&policy);
        let key = stage.key_with(|issued| {
            issued.record.allowed_cidrs =
                ["192.0.2.0/24", "10.0.0.0/8"].map(|range| range.parse().expect("a range")).to_vec();
        });
        let by_key = ("x-api-key", key.key.reveal());
        let asked = call("nginx", "GET", "/v1/reports", &[headers.clone(), vec![by_key]].concat());
        let code = told(&stage, "nginx", &GateRequest { address: Some(peer.to_owned()), ..asked }).1;
        let allowed = address.is_some_and(|address| address.starts_with("192.0.2."));
        assert_eq!(code, if allowed { ALLOWED } else { "address_not_allowed" }, "{headers:?} {peer}");
        assert_eq!(stage.last_event()["src_endpoint"]["ip"].as_str(), address, "{headers:?} {peer}");
    }
}

#[test]
fn the_scheme_and_the_certificate_are_not_those_of_the_call() {
    let bearer = format!("Bearer {}", good_token());
    // The proxy calls over plain HTTP within its network, and says over what the client came.
    for (dialect, name, value) in [
        ("nginx", "x-original-url", "http://api.example/v1/reports"),
        ("traefik", "x-forwarded-proto", "http"),
        ("traefik", "x-forwarded-proto", "ws"),
        ("caddy", "x-forwarded-proto", "http"),
        ("envoy", "x-forwarded-proto", "http"),
    ] {
        let good = call(dialect, "GET", "/v1/reports", &[(HEADER, &bearer)]);
        let exposed = beside(&without(&good, name), name, value);
        assert_eq!(told(&stage(dialect), dialect, &exposed), (403, "credential_exposed".to_owned()), "{dialect}");
    }
    let good = call("traefik", "GET", "/v1/reports", &[(HEADER, &bearer)]);
    let upgrade = beside(&without(&good, "x-forwarded-proto"), "x-forwarded-proto", "wss");
    assert_eq!(told(&stage("traefik"), "traefik", &upgrade).0, 200);
    let silent = without(&call("envoy", "GET", "/v1/reports", &[(HEADER, &bearer)]), "x-forwarded-proto");
    assert_eq!(told(&stage("envoy"), "envoy", &silent).0, 200);
}

#[test]
fn where_proxies_ask_nothing_is_forwarded_and_the_other_endpoints_stay() {
    for dialect in DIALECTS {
        let stage = stage(dialect);
        let code = |url: &str| {
            let answer = stage.answer(&crate::stage::get(url, &good_token()));
            (answer.status, problem(&answer)["code"].as_str().map(str::to_owned))
        };
        for url in ["/v1/reports", "/", "/_edgewardx", "/_edgeward"] {
            assert_eq!(code(url), (403, Some("route_unknown".to_owned())), "{dialect} {url}");
        }
        assert_eq!(code("/_edgeward/nothing"), (404, Some("endpoint_unknown".to_owned())));
        let health: Answer = stage.answer(&request("GET", "/_edgeward/health", &[]));
        assert_eq!(health.status, 200);
        // The path of a call is Envoy's alone.
        if dialect != "envoy" {
            assert_eq!(code("/_edgeward/verify/v1/reports"), (404, Some("endpoint_unknown".to_owned())));
        }
    }
}

#[test]
fn a_policy_says_what_is_wrong_with_it() {
    let faults = |forward_auth: Value, origin: Value| -> Vec<String> {
        let policy = with(&with_forward_auth(&forward_auth), "origin", origin);
        match read_policy(&policy.to_string()).and_then(|policy| Gate::new(policy, Resources::default())) {
            Ok(_) => Vec::new(),
            Err(error) => error.0.into_iter().map(|fault| fault.pointer).collect(),
        }
    };
    assert_eq!(faults(json!({ "dialect": "caddy" }), Value::Null), Vec::<String>::new());
    assert_eq!(faults(json!({ "dialect": "caddy", "proxies": [] }), Value::Null), ["/forwardAuth/proxies"]);
    assert_eq!(faults(json!({ "dialect": "caddy" }), json!("https://origin.example")), ["/origin"]);
    assert_eq!(faults(json!({}), Value::Null), ["/forwardAuth"]);
    assert_eq!(faults(json!({ "dialect": "haproxy" }), Value::Null), ["/forwardAuth/dialect"]);
    assert_eq!(
        faults(json!({ "dialect": "nginx", "proxies": ["10.0.0.1/8"] }), Value::Null),
        ["/forwardAuth/proxies/0"]
    );
    assert_eq!(faults(json!({ "dialect": "nginx", "proxy": [] }), Value::Null), ["/forwardAuth/proxy"]);
}

/// A target, and what a client could write into the headers of a proxy.
fn any_target() -> impl Strategy<Value = String> {
    let parts =
        ["/", "/v1", "/reports", "/files", "/admin", "/..", "/.", "%2e%2e", "#", "?", "\\", ";", ",", " ", "x", "://"];
    prop_oneof![
        4 => Just("/v1/reports".to_owned()),
        8 => prop::collection::vec(prop::sample::select(parts.to_vec()), 0..6).prop_map(|parts| parts.concat()),
        1 => any::<String>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// What a proxy is allowed to forward is allowed by the library too, in the very words of its client.
    #[test]
    fn no_target_gets_further_through_a_proxy(
        which in 0..DIALECTS.len(),
        method in prop_oneof![4 => Just("GET".to_owned()), 1 => "[A-Za-z ,]{0,6}"],
        target in any_target(),
        forged in prop::collection::vec(
            (prop::sample::select(vec!["x-original-uri", "x-original-url", "x-forwarded-uri", "x-forwarded-host", "x-forwarded-method"]), any_target()),
            0..2,
        ),
    ) {
        thread_local!(static STAGES: Vec<Stage> = DIALECTS.iter().map(|dialect| stage(dialect)).collect());
        let bearer = format!("Bearer {}", good_token());
        let dialect = DIALECTS[which];
        let mut asked = call(dialect, &method, &target, &[(HEADER, &bearer)]);
        asked.headers.extend(forged.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        STAGES.with(|stages| {
            let stage = &stages[which];
            if stage.answer(&asked).status == 200 {
                // Without a slash between them the target goes on with the name of the host, which nginx tells of.
                let plain = if target.starts_with('/') { target.clone() } else { format!("https://api.example{target}") };
                let plain = request(&method, &plain, &[(HEADER, &bearer)]);
                prop_assert!(stage.check(&plain).verdict.is_ok(), "{dialect} {method} {target}");
            }
            Ok(())
        })?;
    }
}

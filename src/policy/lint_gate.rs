//! What is unwise about the gate as a whole: its way to the origin and from the client, its keys, and how it is reached.

use super::{
    Beside, Policy,
    api_keys::caching_of,
    lint::{Findings, LintRule},
};
use crate::endpoint::is_loopback;

/// A key that was revoked should not be let through for longer than this, in seconds.
const LATE_REVOCATION: u32 = 300;

/// The methods that change nothing (RFC 9110 §9.2.1).
const SAFE_METHODS: [&str; 4] = ["GET", "HEAD", "OPTIONS", "TRACE"];

/// Looks at what is no issuer and no single route.
pub(super) fn look_at_gate(policy: &Policy, beside: &Beside, findings: &mut Findings) {
    if let Some(origin) = &policy.origin
        && origin.starts_with("http://")
        && !is_loopback(origin)
    {
        findings.add(LintRule::OriginPlain, "/origin", None);
    }
    if policy.tls_ends_ahead && policy.trusted_proxies.is_none() {
        findings.add(LintRule::TlsEndsAheadUnnamed, "/tlsEndsAhead", None);
    }
    look_at_keys(policy, findings);
    look_at_algorithms(policy, findings);
    look_at_catch_all(policy, findings);
    for open in beside.workers_routes.iter().flat_map(super::WorkersRoutes::failing_open) {
        findings.add_elsewhere("workersRoutes", LintRule::RouteFailsOpen, &open.pointer, Some(open.evidence));
    }
}

fn look_at_keys(policy: &Policy, findings: &mut Findings) {
    let Some(keys) = &policy.api_keys else { return };
    if keys.foreign_keys.is_some() {
        findings.add(LintRule::ForeignKeysTaken, "/apiKeys/foreignKeys", None);
    }
    let bound = caching_of(keys).bound().seconds;
    // A signed deny list does not wait for the store.
    let bound = policy.deny_snapshot.as_ref().map_or(bound, |strict| bound.min(strict.max_age));
    if bound > LATE_REVOCATION {
        findings.add(LintRule::RevocationBoundLate, "/apiKeys", Some(format!("{bound} seconds")));
    }
}

fn look_at_algorithms(policy: &Policy, findings: &mut Findings) {
    for (index, issuer) in policy.issuers.iter().enumerate() {
        let shared = issuer.algorithms.iter().flatten().find(|algorithm| algorithm.family().is_symmetric());
        if let Some(algorithm) = shared {
            let place = format!("/issuers/{index}/algorithms");
            findings.add(LintRule::SharedSecretAlgorithm, &place, Some(format!("`{algorithm}`")));
        }
    }
}

/// One pattern for everything, writes among it, and nothing finer.
fn look_at_catch_all(policy: &Policy, findings: &mut Findings) {
    if policy.routes.iter().any(|route| route.path != "/*") {
        return;
    }
    let is_write = |method: &&String| !SAFE_METHODS.contains(&method.as_str());
    for (index, route) in policy.routes.iter().enumerate() {
        let writes: Vec<&str> = route.methods.iter().filter(is_write).map(String::as_str).collect();
        if !writes.is_empty() {
            findings.add(LintRule::CatchAllRoute, &format!("/routes/{index}/path"), Some(writes.join(", ")));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        host::UnixMillis,
        policy::{WorkersRoutes, lint, read_policy},
    };

    fn found(policy: &Value) -> Vec<(&'static str, String)> {
        let policy = read_policy(&policy.to_string()).expect("a policy");
        let findings = lint(&policy, &Beside::default(), UnixMillis(0));
        findings.into_iter().map(|one| (one.rule, one.pointer)).collect()
    }

    fn one(rule: &'static str, place: &str) -> Vec<(&'static str, String)> {
        vec![(rule, place.to_owned())]
    }

    #[test]
    fn an_origin_is_reached_over_tls_or_on_this_machine() {
        assert_eq!(found(&json!({ "origin": "http://origin.example" })), one("origin_plain", "/origin"));
        for origin in ["https://origin.example", "http://127.0.0.1:8080", "http://localhost:3000"] {
            assert_eq!(found(&json!({ "origin": origin })), [], "{origin}");
        }
    }

    #[test]
    fn tls_ends_at_proxies_that_are_named() {
        let mut policy = json!({ "tlsEndsAhead": true });
        assert_eq!(found(&policy), one("tls_ends_ahead_unnamed", "/tlsEndsAhead"));
        policy["trustedProxies"] = json!({ "header": "x-forwarded-for", "addresses": ["192.0.2.1"] });
        assert_eq!(found(&policy), []);
    }

    #[test]
    fn keys_of_another_form_and_a_late_revocation_are_found() {
        let policy = |members: Value| {
            let mut keys = json!({ "prefix": "acme", "environment": "live" });
            keys.as_object_mut().expect("an object").extend(members.as_object().cloned().expect("an object"));
            json!({ "apiKeys": keys, "limits": { "refused": { "limit": 100, "period": 60 } } })
        };
        assert_eq!(found(&policy(json!({}))), []);
        let foreign = policy(json!({ "foreignKeys": { "prefixes": ["sk_live_"] } }));
        assert_eq!(found(&foreign), one("foreign_keys_taken", "/apiKeys/foreignKeys"));
        // 30 and 60 seconds are the store's.
        assert_eq!(found(&policy(json!({ "cacheSeconds": 210 }))), []);
        assert_eq!(found(&policy(json!({ "cacheSeconds": 211 }))), one("revocation_bound_late", "/apiKeys"));
        let mut stale = policy(json!({ "maxStaleSeconds": 86_400 }));
        assert_eq!(found(&stale), one("revocation_bound_late", "/apiKeys"));
        // The signed list is what says it then.
        stale["denySnapshot"] = json!({ "maxAge": 300, "jwks": {} });
        assert_eq!(found(&stale), []);
        stale["denySnapshot"]["maxAge"] = json!(301);
        assert_eq!(found(&stale), one("revocation_bound_late", "/apiKeys"));
    }

    #[test]
    fn a_secret_that_checks_can_sign() {
        let policy = |algorithm: &str| {
            json!({ "issuers": [{
                "issuer": "i", "audience": "a", "algorithms": [algorithm], "maxTokenAge": 60,
                "jwks": { "keys": [{ "kty": "oct", "k": "AAAA" }] },
            }] })
        };
        assert_eq!(found(&policy("HS512")), one("shared_secret_algorithm", "/issuers/0/algorithms"));
        assert!(!found(&policy("ES256")).iter().any(|(rule, _)| *rule == "shared_secret_algorithm"));
    }

    #[test]
    fn one_route_for_everything_that_takes_writes_is_found() {
        let route = |methods: Value, path: &str| json!({ "methods": methods, "path": path, "classes": ["m2m_token"], "scopes": ["a"] });
        let routes = |routes: &[Value]| found(&json!({ "routes": routes }));
        let everything = route(json!(["GET", "POST"]), "/*");
        assert_eq!(routes(std::slice::from_ref(&everything)), one("catch_all_route", "/routes/0/path"));
        assert_eq!(
            routes(&[route(json!(["GET"]), "/*"), route(json!(["DELETE"]), "/*")]),
            one("catch_all_route", "/routes/1/path")
        );
        assert_eq!(routes(&[route(json!(["GET", "HEAD", "OPTIONS"]), "/*")]), []);
        assert_eq!(routes(&[route(json!(["POST"]), "/v1/reports"), everything]), []);
    }

    #[test]
    fn a_workers_route_that_fails_open_is_found_where_it_is_listed() {
        let routes =
            r#"{"success":true,"result":[{"pattern":"api.example/*","script":"gate","request_limit_fail_open":true}]}"#;
        let beside = Beside { workers_routes: Some(WorkersRoutes::read(routes).expect("routes")), ..Beside::default() };
        let findings = lint(&read_policy("{}").expect("a policy"), &beside, UnixMillis(0));
        let [found] = findings.as_slice() else { panic!("{findings:?}") };
        assert_eq!(
            (found.rule, found.document, found.pointer.as_str()),
            ("route_fails_open", "workersRoutes", "/result/0")
        );
        assert!(found.evidence.as_ref().is_some_and(|words| words.contains("`api.example/*`")), "{found:?}");
    }
}

//! What is legal in a policy and unwise all the same, each with its place, its risk and what to do about it.

use serde::Serialize;
use serde_json::Value;

use super::{
    AuditedDecisions, Beside, CorsOrigins, IssuerPolicy, Policy, RequiredClaim, RoutePolicy, issuers::names_of,
    key_sets::rules_of, limits::lint_limits, lint_gate::look_at_gate,
};
use crate::{
    host::UnixMillis,
    key_source::{KeySetRules, Snapshot},
    verdict::CredentialClass,
};

/// A key that was withdrawn should not vouch for longer than this, in seconds, while its issuer answers.
const LONG_REMOVAL: i64 = 3_600;

/// Nor for longer than this while its issuer is down.
const LONG_OUTAGE: i64 = 2 * 86_400;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Mend it when you are at it.
    Low,
    /// Mend it soon.
    Medium,
    /// Mend it before this policy is deployed.
    High,
}

macro_rules! rules {
    ($( $(#[doc = $doc:literal])* $name:ident = $code:literal, $severity:ident, $risk:literal, $advice:literal; )*) => {
        /// What is looked for. One variant for each rule.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum LintRule { $( $(#[doc = $doc])* $name, )* }

        impl LintRule {
            /// Every rule, in the order of their declaration.
            pub const ALL: &'static [Self] = &[ $( Self::$name, )* ];

            /// What is fixed about this rule.
            #[must_use]
            pub const fn facts(self) -> &'static LintFacts {
                match self { $( Self::$name => &LintFacts {
                    code: $code, severity: Severity::$severity, nhi: $risk, title: concat!($($doc),*), advice: $advice,
                }, )* }
            }
        }
    };
}

/// What is fixed about a [`LintRule`].
#[derive(Debug, Clone, Copy)]
pub struct LintFacts {
    /// The stable code; it never changes its meaning.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The risk in the OWASP Non-Human Identities Top 10 of 2025.
    pub nhi: &'static str,
    /// What is wrong.
    pub title: &'static str,
    /// What to do about it.
    pub advice: &'static str,
}

rules! {
    /// The snapshot is past its age and vouches for nothing.
    SnapshotOver = "snapshot_over", High, "NHI6:2025",
        "Take a new one with `edgeward snapshot`, and deploy it.";
    /// Less than a fifth of the snapshot's life is left.
    SnapshotEnding = "snapshot_ending", Medium, "NHI6:2025",
        "Take a new one with `edgeward snapshot`, at each deployment.";
    /// The key set has no dates: a key that its issuer withdraws vouches until the next deployment.
    KeySetAgeless = "key_set_ageless", Medium, "NHI7:2025",
        "Fetch the keys by `jwksUri` or `discovery`, or take a snapshot with `edgeward snapshot`.";
    /// A key that its issuer withdraws vouches for more than an hour.
    RemovalBoundLong = "removal_bound_long", Medium, "NHI7:2025",
        "Make `keySet.maxAge` and `keySet.staleWhileRevalidate` shorter.";
    /// While its issuer is down, a key that was withdrawn may vouch for more than two days.
    OutageBoundLong = "outage_bound_long", Low, "NHI7:2025",
        "Make `keySet.maxStale` shorter, or see that somebody notices an outage of the issuer before.";
    /// Tokens need no audience: a token that was issued for another service could be used here.
    AudienceOptional = "audience_optional", High, "NHI6:2025",
        "Name the `audience` of this API, and have the issuer put it into its tokens.";
    /// Tokens need no end of their own.
    ExpiryOptional = "expiry_optional", Medium, "NHI7:2025",
        "Have the issuer put `exp` into its tokens, and take it out of `optionalClaims`.";
    /// However long a life an issuer gives its tokens, it is accepted.
    TokenLifeUnbounded = "token_life_unbounded", Low, "NHI7:2025",
        "Name `maxTokenAge`: an hour is long for an M2M token.";
    /// The route needs no scope: every credential of the accepted classes opens it.
    RouteWithoutScope = "route_without_scope", Medium, "NHI5:2025",
        "Name the `scopes` that the route needs.";
    /// The route asks for a wildcard scope, which whoever may do anything has.
    WildcardScope = "wildcard_scope", Medium, "NHI5:2025",
        "Name what the route does: `reports:read` rather than `reports:*`.";
    /// No request reaches the route: earlier ones take all of its paths, and what it asks for is never asked.
    RouteShadowed = "route_shadowed", Medium, "NHI5:2025",
        "Of routes that match the first counts: move this one before those that take its paths, or take it out.";
    /// The route takes standing keys beside M2M tokens, which end by themselves.
    StandingKeyAccepted = "standing_key_accepted", Low, "NHI4:2025",
        "Take `api_key` out of the route's `classes` where its callers can have tokens.";
    /// Credentials can be guessed without end: each guess costs a read of the store, or a question to a server.
    RefusedBudgetMissing = "refused_budget_missing", Medium, "NHI4:2025",
        "Name `limits.refused`: how many credentials may be refused that come from one address.";
    /// Clients are counted by the address of the proxy in front of the gate: one of them uses up what is for all.
    LimitByProxyAddress = "limit_by_proxy_address", High, "NHI6:2025",
        "Name the proxies in `trustedProxies`, so that the addresses of their clients are known.";
    /// Where its limiter does not answer, the rule limits nothing.
    LimitFailsOpen = "limit_fails_open", Medium, "NHI6:2025",
        "Leave `whenUnavailable` out, or leave `binding` out, so that each instance counts for itself.";
    /// No decision that lets somebody in is put on record: of a credential that was stolen nobody can tell what it was used for.
    AuditOfAllowedOff = "audit_of_allowed_off", Medium, "NHI6:2025",
        "Take `audit.allowed` out of the policy, or say `first_seen` where the events are too many.";
    /// Whoever reaches the gate reads the names of its issuers and what it decides how often.
    MetricsPublic = "metrics_public", Low, "NHI6:2025",
        "Take `metrics.public` out of the policy, and have administrators read, or keep the prefix from the Internet.";
    /// Pages of every origin may call the API from a browser.
    CorsAnyOrigin = "cors_any_origin", Medium, "NHI2:2025",
        "Name the `origins` whose pages call it: a machine needs none, and a page that holds a key gives it away.";
    /// Whoever reaches the gate can ask it in the place of a proxy.
    ForwardAuthOpen = "forward_auth_open", Medium, "NHI6:2025",
        "Name the addresses of the proxies in `forwardAuth.proxies`.";
    /// A route of Cloudflare Workers fails open: past the daily limit of the free plan, requests pass by the gate to the origin.
    RouteFailsOpen = "route_fails_open", High, "NHI6:2025",
        "Set the route to fail closed: `request_limit_fail_open` false by the API, or in the dashboard.";
    /// The origin is reached without TLS: whoever is on the way reads and writes what the gate let through.
    OriginPlain = "origin_plain", Medium, "NHI6:2025",
        "Name the origin by `https`, or bind it to the Worker as a service.";
    /// TLS ends ahead of the gate, and nothing says where: a credential that came without TLS is not told apart.
    TlsEndsAheadUnnamed = "tls_ends_ahead_unnamed", Medium, "NHI6:2025",
        "Name the proxies that end it in `trustedProxies`, and let nobody else reach the gate.";
    /// A revoked API key may be let through for more than five minutes.
    RevocationBoundLate = "revocation_bound_late", Medium, "NHI1:2025",
        "Make `cacheSeconds` and `maxStaleSeconds` of `apiKeys` shorter, or turn strict mode on with `denySnapshot`.";
    /// Tokens are signed with a shared secret: whoever can check one can make one.
    SharedSecretAlgorithm = "shared_secret_algorithm", Medium, "NHI2:2025",
        "Have the issuer sign with a private key, as of `ES256`, and fetch its public one.";
    /// One route leads everywhere and takes writes: its scopes are all that tells one caller from another.
    CatchAllRoute = "catch_all_route", Medium, "NHI5:2025",
        "Write a route for each thing that the API does, with a scope of its own.";
    /// Imported keys are taken: they have no check of their own, and a report that one of them leaked revokes none.
    ForeignKeysTaken = "foreign_keys_taken", Low, "NHI2:2025",
        "Replace them by keys of this form, and take `foreignKeys` out when the last is gone.";
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LintFinding {
    /// The stable code of the rule.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The risk in the OWASP Non-Human Identities Top 10.
    pub nhi: &'static str,
    /// In which document it is: `policy`, or `workersRoutes` where those were handed over beside it.
    pub document: &'static str,
    /// Where it is there: a JSON pointer (RFC 6901).
    pub pointer: String,
    /// What is wrong.
    pub title: &'static str,
    /// More about this one, where there is more to say.
    pub evidence: Option<String>,
    /// What to do about it.
    pub advice: &'static str,
}

/// Looks through a policy that was read, with what is handed over beside it. The worst comes first.
#[must_use]
pub fn lint(policy: &Policy, beside: &Beside, now: UnixMillis) -> Vec<LintFinding> {
    let mut findings = Findings(Vec::new());
    for (index, issuer) in policy.issuers.iter().enumerate() {
        let place = format!("/issuers/{index}");
        look_at_keys(issuer, beside, now.seconds(), &place, &mut findings);
        look_at_claims(issuer, &place, &mut findings);
    }
    findings.0.extend(lint_routes(&policy.routes));
    lint_limits(policy, |rule, place, evidence| findings.add(rule, place, evidence));
    if policy.audit.allowed == AuditedDecisions::None {
        findings.add(LintRule::AuditOfAllowedOff, "/audit/allowed", None);
    }
    if policy.metrics.public {
        findings.add(LintRule::MetricsPublic, "/metrics/public", None);
    }
    if policy.cors.as_ref().is_some_and(|cors| matches!(cors.origins, CorsOrigins::Any(_))) {
        findings.add(LintRule::CorsAnyOrigin, "/cors/origins", None);
    }
    if policy.forward_auth.as_ref().is_some_and(|forward_auth| forward_auth.proxies.is_none()) {
        findings.add(LintRule::ForwardAuthOpen, "/forwardAuth", None);
    }
    look_at_gate(policy, beside, &mut findings);
    findings.0.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings.0
}

/// What is unwise about routes, in their order.
pub(crate) fn lint_routes(routes: &[RoutePolicy]) -> Vec<LintFinding> {
    let mut findings = Findings(Vec::new());
    for (index, route) in routes.iter().enumerate() {
        let place = format!("/routes/{index}/scopes");
        if route.scopes.named().next().is_none() {
            findings.add(LintRule::RouteWithoutScope, &place, None);
        }
        if let Some(scope) = route.scopes.named().find(|scope| scope.contains('*')) {
            findings.add(LintRule::WildcardScope, &place, Some(format!("`{scope}`")));
        }
        if [CredentialClass::ApiKey, CredentialClass::M2mToken].iter().all(|class| route.classes.contains(class)) {
            findings.add(LintRule::StandingKeyAccepted, &format!("/routes/{index}/classes"), None);
        }
    }
    findings.0
}

fn look_at_keys(issuer: &IssuerPolicy, beside: &Beside, now: i64, place: &str, findings: &mut Findings) {
    let fetched = issuer.jwks_uri.is_some() || issuer.discovery.is_some();
    let rules = rules_of(issuer.key_set.as_ref());
    if fetched {
        let bound = |seconds: i64| Some(format!("{seconds} seconds"));
        if rules.removal_bound() > LONG_REMOVAL {
            findings.add(LintRule::RemovalBoundLong, &format!("{place}/keySet"), bound(rules.removal_bound()));
        }
        if rules.outage_bound() > LONG_OUTAGE {
            findings.add(LintRule::OutageBoundLong, &format!("{place}/keySet"), bound(rules.outage_bound()));
        }
    }
    let inline = issuer.jwks.iter().map(|keys| (issuer.name().to_owned(), &keys.0));
    let names = names_of(issuer);
    let handed_over = names.iter().filter_map(|name| Some((name.clone(), beside.snapshots.get(name)?)));
    for (name, keys) in inline.chain(handed_over) {
        look_at_snapshot(&name, keys, fetched.then_some(&rules), now, &format!("{place}/jwks"), findings);
    }
}

fn look_at_snapshot(
    issuer: &str,
    keys: &Value,
    fetched: Option<&KeySetRules>,
    now: i64,
    place: &str,
    findings: &mut Findings,
) {
    // What cannot be read is a fault of the policy, and said as one.
    let Ok(snapshot) = Snapshot::from_json(keys) else { return };
    let (Some(taken), Some(max_age)) = (snapshot.fetched_at(), snapshot.max_age()) else {
        let is_secret = |key: &Value| key.get("kty").and_then(Value::as_str) == Some("oct");
        let keys = keys.get("keys").and_then(Value::as_array);
        if !keys.is_some_and(|keys| keys.iter().any(is_secret)) {
            findings.add(LintRule::KeySetAgeless, place, Some(format!("of `{issuer}`")));
        }
        return;
    };
    // Beside keys that are fetched it is good for as long again as any other set while the issuer fails.
    let life = max_age.saturating_add(fetched.map_or(0, |rules| rules.max_stale));
    let left = taken.saturating_add(life).saturating_sub(now);
    let evidence = || Some(format!("of `{issuer}`, fetched at {taken}, good for {life} seconds"));
    if left < 0 {
        findings.add(LintRule::SnapshotOver, place, evidence());
    } else if left.saturating_mul(5) < life {
        findings.add(LintRule::SnapshotEnding, place, evidence());
    }
}

fn look_at_claims(issuer: &IssuerPolicy, place: &str, findings: &mut Findings) {
    if issuer.optional_claims.contains(&RequiredClaim::Aud) {
        findings.add(LintRule::AudienceOptional, &format!("{place}/optionalClaims"), None);
    }
    if issuer.optional_claims.contains(&RequiredClaim::Exp) {
        findings.add(LintRule::ExpiryOptional, &format!("{place}/optionalClaims"), None);
    }
    if issuer.max_token_age.is_none() {
        findings.add(LintRule::TokenLifeUnbounded, &format!("{place}/maxTokenAge"), None);
    }
}

impl LintRule {
    /// What it found at this place of the policy.
    pub(crate) fn found(self, pointer: &str, evidence: Option<String>) -> LintFinding {
        self.found_in("policy", pointer, evidence)
    }

    /// What it found at this place of a document.
    fn found_in(self, document: &'static str, pointer: &str, evidence: Option<String>) -> LintFinding {
        let &LintFacts { code, severity, nhi, title, advice } = self.facts();
        let (pointer, title) = (pointer.to_owned(), title.trim());
        LintFinding { rule: code, severity, nhi, document, pointer, title, evidence, advice }
    }
}

/// What was found.
pub(super) struct Findings(Vec<LintFinding>);

impl Findings {
    /// Something in the policy.
    pub(super) fn add(&mut self, rule: LintRule, pointer: &str, evidence: Option<String>) {
        self.0.push(rule.found(pointer, evidence));
    }

    /// Something in another document.
    pub(super) fn add_elsewhere(
        &mut self,
        document: &'static str,
        rule: LintRule,
        pointer: &str,
        evidence: Option<String>,
    ) {
        self.0.push(rule.found_in(document, pointer, evidence));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::policy::read_policy;

    const NOW: i64 = 1_780_000_000;
    const ISSUER: &str = "https://issuer.example";

    fn found(issuer: &Value, more: &Value) -> Vec<(&'static str, String)> {
        let good = json!({
            "issuer": ISSUER, "audience": "a", "algorithms": ["ES256"], "maxTokenAge": 3600, "jwksUri": "https://issuer.example/jwks",
        });
        let merged = merge(&good, issuer);
        let policy = merge(&json!({ "issuers": [merged] }), more);
        let policy = read_policy(&policy.to_string()).expect("a policy");
        lint(&policy, &Beside::default(), UnixMillis(NOW * 1000))
            .into_iter()
            .map(|one| (one.rule, one.pointer))
            .collect()
    }

    fn merge(one: &Value, other: &Value) -> Value {
        let mut merged = one.as_object().expect("an object").clone();
        merged.extend(other.as_object().expect("an object").clone());
        merged.retain(|_, value| !value.is_null());
        merged.into()
    }

    fn snapshot(age: i64, max_age: u32) -> Value {
        let keys =
            json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }] });
        Snapshot::take(&keys, "https://issuer.example/jwks", NOW - age, max_age).expect("a key set").to_json()
    }

    #[test]
    fn a_careful_policy_has_no_findings() {
        let route = json!({ "methods": ["GET"], "path": "/", "classes": ["m2m_token"], "scopes": ["reports:read"] });
        assert_eq!(found(&json!({ "jwks": snapshot(10, 1_000) }), &json!({ "routes": [route] })), []);
    }

    #[test]
    fn a_snapshot_past_its_age_is_found_and_one_that_soon_will_be() {
        let alone = |age: i64| found(&json!({ "jwksUri": null, "jwks": snapshot(age, 1_000) }), &json!({}));
        let at = |rule: &'static str| vec![(rule, "/issuers/0/jwks".to_owned())];
        assert_eq!(alone(800), []);
        assert_eq!(alone(801), at("snapshot_ending"));
        assert_eq!(alone(1_000), at("snapshot_ending"));
        assert_eq!(alone(1_001), at("snapshot_over"));
        // Beside keys that are fetched, `maxStale` is added.
        let beside = |age: i64| found(&json!({ "jwks": snapshot(age, 1_000) }), &json!({}));
        assert_eq!((beside(1_001), beside(87_400)), (vec![], at("snapshot_ending")));
        assert_eq!(beside(87_401), at("snapshot_over"));
    }

    #[test]
    fn each_rule_finds_what_it_is_for() {
        let bare = json!({ "keys": [{ "kty": "EC" }] });
        let secret = json!({ "keys": [{ "kty": "oct", "k": "AAAA" }] });
        assert_eq!(found(&json!({ "jwksUri": null, "jwks": secret }), &json!({})), []);
        for (issuer, rule, place) in [
            (json!({ "jwksUri": null, "jwks": bare }), "key_set_ageless", "jwks"),
            (json!({ "keySet": { "maxAge": 3600, "staleWhileRevalidate": 1 } }), "removal_bound_long", "keySet"),
            (json!({ "keySet": { "maxStale": 172_800 } }), "outage_bound_long", "keySet"),
            (json!({ "audience": null, "optionalClaims": ["aud"] }), "audience_optional", "optionalClaims"),
            (json!({ "optionalClaims": ["exp"] }), "expiry_optional", "optionalClaims"),
            (json!({ "maxTokenAge": null }), "token_life_unbounded", "maxTokenAge"),
        ] {
            assert_eq!(found(&issuer, &json!({})), [(rule, format!("/issuers/0/{place}"))], "{issuer}");
        }
        let route = |scopes: Value| json!({ "routes": [{ "methods": ["GET"], "path": "/", "classes": ["m2m_token"], "scopes": scopes }] });
        for (scopes, rule) in [(json!([]), "route_without_scope"), (json!(["a", "reports:*"]), "wildcard_scope")] {
            assert_eq!(found(&json!({}), &route(scopes)), [(rule, "/routes/0/scopes".to_owned())]);
        }
        let open = json!({ "forwardAuth": { "dialect": "nginx" } });
        assert_eq!(found(&json!({}), &open), [("forward_auth_open", "/forwardAuth".to_owned())]);
        let named = json!({ "forwardAuth": { "dialect": "nginx", "proxies": ["10.0.0.0/8"] } });
        assert_eq!(found(&json!({}), &named), []);
        let both = json!({ "routes": [{ "methods": ["GET"], "path": "/", "classes": ["api_key", "m2m_token"], "scopes": ["a"] }] });
        assert_eq!(found(&json!({}), &both), [("standing_key_accepted", "/routes/0/classes".to_owned())]);
        for allowed in ["all", "first_seen"] {
            assert_eq!(found(&json!({}), &json!({ "audit": { "allowed": allowed }, "metrics": {} })), []);
        }
        let off = json!({ "audit": { "allowed": "none" }, "metrics": { "public": true } });
        let expected = [("audit_of_allowed_off", "/audit/allowed"), ("metrics_public", "/metrics/public")];
        assert_eq!(found(&json!({}), &off), expected.map(|(rule, place)| (rule, place.to_owned())));
        let any = json!({ "cors": { "origins": "*" } });
        assert_eq!(found(&json!({}), &any), [("cors_any_origin", "/cors/origins".to_owned())]);
        assert_eq!(found(&json!({}), &json!({ "cors": { "origins": ["https://app.example"] } })), []);
    }

    #[test]
    fn the_worst_comes_first_and_codes_are_distinct() {
        let severities: Vec<_> =
            found(&json!({ "audience": null, "optionalClaims": ["aud", "exp"], "maxTokenAge": null }), &json!({}));
        assert_eq!(
            severities.iter().map(|(rule, _)| *rule).collect::<Vec<_>>(),
            ["audience_optional", "expiry_optional", "token_life_unbounded"]
        );
        let codes: std::collections::BTreeSet<_> = LintRule::ALL.iter().map(|rule| rule.facts().code).collect();
        assert_eq!(codes.len(), LintRule::ALL.len());
    }
}

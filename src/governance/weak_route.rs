//! The findings about the policy rather than a key: routes that ask little of standing keys (contract §9, "weak route").

use std::collections::BTreeMap;

use super::{
    AskedAs, Finding, StandingClass,
    finding::{Ask, Evidence, ReviewRule, Subject},
};
use crate::{
    policy::{LintFinding, LintRule, Policy, lint_routes},
    verdict::CredentialClass,
};

/// The routes that ask little of API keys. They are found by the rules of lint; this says which of them concern standing
/// credentials, and in the shape of a review.
#[must_use]
pub fn review_policy(policy: &Policy) -> Vec<Finding> {
    let takes_keys =
        |index: usize| policy.routes.get(index).is_some_and(|route| route.classes.contains(&CredentialClass::ApiKey));
    let mut findings: Vec<_> = lint_routes(&policy.routes)
        .into_iter()
        .filter(|found| index_of(&found.pointer).is_some_and(takes_keys))
        .filter_map(|found| finding(policy, found))
        .collect();
    findings.sort_by_key(|finding| finding.severity);
    findings
}

fn finding(policy: &Policy, found: LintFinding) -> Option<Finding> {
    let of = |rule: LintRule| rule.facts().code;
    let rule = [
        (of(LintRule::RouteWithoutScope), ReviewRule::WeakRouteWithoutScope),
        (of(LintRule::WildcardScope), ReviewRule::WeakRouteWildcardScope),
        (of(LintRule::StandingKeyAccepted), ReviewRule::WeakRouteStandingKey),
    ]
    .into_iter()
    .find_map(|(code, rule)| (code == found.rule).then_some(rule))?;
    let route = policy.routes.get(index_of(&found.pointer)?)?;
    let mut words = format!("{} {}", route.methods.join(", "), route.path);
    if let Some(evidence) = &found.evidence {
        words = format!("{words}: {evidence}");
    }
    let classes: Vec<_> = route.classes.iter().map(|class| class.as_str()).collect();
    let facts = BTreeMap::from([
        ("methods", route.methods.clone().into()),
        ("path", route.path.clone().into()),
        ("classes", classes.into()),
        ("scopes", route.scopes.named().cloned().collect::<Vec<_>>().into()),
    ]);
    let subject = Subject {
        class: StandingClass::ApiKey,
        id: None,
        secret: None,
        pointer: Some(found.pointer),
        organization: None,
        name: None,
        owner: None,
    };
    Some(Finding::new(
        rule,
        subject,
        Evidence { words, facts },
        Ask { part: AskedAs::Operator, who: None },
        // The policy is a file that is written by hand.
        None,
    ))
}

/// The number of the route in a pointer such as `/routes/3/scopes`.
fn index_of(pointer: &str) -> Option<usize> {
    pointer.strip_prefix("/routes/")?.split('/').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::policy::read_policy;

    fn found(classes: &Value, scopes: &Value) -> Vec<(&'static str, Option<String>)> {
        let good = json!({ "methods": ["GET"], "path": "/", "classes": ["m2m_token"], "scopes": ["a:read"] });
        let route = json!({ "methods": ["GET", "PUT"], "path": "/v1/:id", "classes": classes, "scopes": scopes });
        let policy = read_policy(&json!({ "routes": [good, route] }).to_string()).expect("a policy");
        review_policy(&policy).into_iter().map(|finding| (finding.rule, finding.subject.pointer)).collect()
    }

    #[test]
    fn routes_that_ask_little_of_keys_are_found() {
        let keys = json!(["api_key"]);
        assert_eq!(found(&keys, &json!(["a:read"])), []);
        let at = |rule, place: &str| vec![(rule, Some(format!("/routes/1/{place}")))];
        assert_eq!(found(&keys, &json!([])), at("weak_route_without_scope", "scopes"));
        assert_eq!(found(&keys, &json!(["a:*"])), at("weak_route_wildcard_scope", "scopes"));
        let both = json!(["m2m_token", "api_key"]);
        assert_eq!(found(&both, &json!(["a:read"])), at("weak_route_standing_key", "classes"));
    }

    #[test]
    fn a_route_for_tokens_alone_is_no_matter_of_standing_keys() {
        assert_eq!(found(&json!(["m2m_token"]), &json!([])), []);
        assert_eq!(found(&json!(["m2m_token"]), &json!(["*"])), []);
    }

    #[test]
    fn a_finding_says_which_route_it_is_about() {
        let policy =
            json!({ "routes": [{ "methods": ["GET"], "path": "/v1", "classes": ["api_key"], "scopes": ["*"] }] });
        let policy = read_policy(&policy.to_string()).expect("a policy");
        let findings = serde_json::to_value(review_policy(&policy)).expect("JSON");
        assert_eq!(findings[0]["evidence"]["words"], "GET /v1: `*`");
        assert_eq!(findings[0]["evidence"]["facts"]["scopes"], json!(["*"]));
        assert_eq!((&findings[0]["ask"]["as"], &findings[0]["command"]), (&json!("operator"), &Value::Null));
    }
}

//! The routes of a policy, judged, and the choice among them.

use super::{GateRequest, Route, path, reading};
use crate::{
    m2m_token::SenderConstraint,
    policy::{Faults, LimitsPolicy, LintFinding, LintRule, OrganizationBinding, RoutePolicy, RouteScopes},
    stored::is_scope_token,
    verdict::{CredentialClass, Denial, Reason},
};

/// The classes that the policy has something to check with.
pub(super) struct Classes {
    pub(super) tokens: bool,
    pub(super) keys: bool,
}

/// The route of a request, and the path that it was found by, in the spelling that patterns are matched in.
#[derive(Debug)]
pub(super) struct Chosen<'r> {
    pub(super) route: &'r Route,
    /// Its place among the routes.
    pub(super) place: usize,
    pub(super) path: String,
}

/// The first route that takes the request.
///
/// # Errors
/// [`Reason::PathAmbiguous`] for a path that could be read in two ways, and for one that a more lenient reader could take
/// for a path of a route that asks for more; [`Reason::RouteUnknown`].
pub(super) fn choose<'r>(routes: &'r [Route], request: &GateRequest) -> Result<Chosen<'r>, Denial> {
    let written = request.target().0;
    path::segments(written)?;
    let path = reading::escape(written);
    let takes = |route: &Route| route.takes_method(&request.method) && route.pattern.matches(&path);
    let found = routes.iter().enumerate().find(|(_, route)| takes(route));
    let (place, route) = found.ok_or(Reason::RouteUnknown)?;
    let mut rivals = route.rivals.iter().filter_map(|place| routes.get(*place));
    if route.rivals.is_empty() {
        return Ok(Chosen { route, place, path });
    }
    let readings = reading::lenient(&path);
    let formats = reading::without_format(&readings);
    let plain = reading::fold(&path);
    let is_own = |reading: &String| *reading == plain || route.may_take(reading);
    let is_taken = |rival: &Route| {
        let mut readings = readings.iter();
        if !rival.takes_method(&request.method) {
            return false;
        }
        if rival.pattern.matches(&path) {
            // It was written to come later: what the route takes of its paths is the route's, and nothing beside that.
            return readings.any(|reading| rival.pattern.may_match(reading) && !is_own(reading));
        }
        readings.chain(&formats).any(|reading| rival.pattern.may_match(reading))
    };
    if rivals.any(is_taken) {
        return Err(Denial::new(Reason::PathAmbiguous).noting("another reading of it is a path of a stricter route"));
    }
    Ok(Chosen { route, place, path })
}

/// Routes that can be matched.
pub(super) fn prepare(
    policies: Vec<RoutePolicy>,
    available: &Classes,
    limits: Option<&LimitsPolicy>,
    faults: &mut Faults,
) -> Vec<Route> {
    let mut routes: Vec<Route> = Vec::with_capacity(policies.len());
    let mut places: Vec<usize> = Vec::with_capacity(policies.len());
    for (index, policy) in policies.into_iter().enumerate() {
        let place = format!("/routes/{index}");
        judge_methods(&policy.methods, &place, faults);
        judge_classes(&policy.classes, available, &place, faults);
        judge_scopes(&policy.scopes, &place, faults);
        let keys = policy.classes.contains(&CredentialClass::ApiKey);
        if keys && policy.sender_constraint != SenderConstraint::Optional {
            faults.hint(
                format!("{place}/senderConstraint"),
                "no API key is bound to its sender, and the route accepts API keys",
                "take `api_key` out of `classes`, or leave this out",
            );
        }
        let organization = policy.organization.clone();
        match Route::of(policy) {
            Ok(route) => {
                judge_organization(organization.as_ref(), &route, &place, faults);
                for (earlier, place_of) in routes.iter().zip(&places) {
                    let shared = route.methods.iter().find(|method| earlier.takes_method(method));
                    if let Some(method) = shared.filter(|_| earlier.pattern.is_same_as(&route.pattern)) {
                        faults.hint(
                            format!("{place}/path"),
                            format!("`{method}` of this path is taken by /routes/{place_of}"),
                            "of routes that match the first counts: make one of the two",
                        );
                    }
                }
                routes.push(route);
                places.push(index);
            }
            Err(reason) => {
                let hint = "write it as in `/v1/reports/:id` (URL Pattern standard, `pathname`)";
                faults.hint(format!("{place}/path"), reason, hint);
            }
        }
    }
    for route in &mut routes {
        let rules = limits.iter().flat_map(|limits| &limits.rules).enumerate();
        let naming = rules.filter(|(_, rule)| rule.routes.iter().any(|path| path == route.pattern()));
        route.limits = naming.map(|(place, _)| place).collect();
    }
    let rivals: Vec<Vec<usize>> = routes.iter().map(|route| rivals_of(route, &routes)).collect();
    for (route, rivals) in routes.iter_mut().zip(rivals) {
        route.rivals = rivals;
    }
    routes
}

/// The headers that routes are decided by.
pub(super) fn headers_of(policies: &[RoutePolicy]) -> impl Iterator<Item = String> {
    policies.iter().filter_map(|policy| match &policy.organization {
        Some(OrganizationBinding::Header(name)) => Some(name.to_ascii_lowercase()),
        _ => None,
    })
}

fn rivals_of(route: &Route, routes: &[Route]) -> Vec<usize> {
    let is_rival =
        |other: &Route| other.methods.iter().any(|method| route.takes_method(method)) && !route.is_as_strict_as(other);
    routes.iter().enumerate().filter(|(_, other)| is_rival(other)).map(|(place, _)| place).collect()
}

fn judge_methods(methods: &[String], place: &str, faults: &mut Faults) {
    let known = methods
        .iter()
        .all(|method| !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-'));
    if methods.is_empty() || !known {
        faults.hint(
            format!("{place}/methods"),
            "name the methods, in upper case",
            "write them as in `[\"GET\", \"HEAD\"]`: there is no word for all of them",
        );
    }
    for (index, method) in methods.iter().enumerate() {
        if super::framing::is_refused_method(method) {
            faults.hint(
                format!("{place}/methods/{index}"),
                format!("`{method}` is refused everywhere"),
                "take it out: no API answers it",
            );
        }
    }
}

fn judge_classes(classes: &[CredentialClass], available: &Classes, place: &str, faults: &mut Faults) {
    if classes.is_empty() {
        faults.hint(
            format!("{place}/classes"),
            "name the classes of credential that the route accepts",
            "`m2m_token`, `api_key`, or both",
        );
    }
    for class in classes {
        let (checked, missing) = match class {
            CredentialClass::M2mToken => (available.tokens, "/issuers"),
            CredentialClass::ApiKey => (available.keys, "/apiKeys"),
        };
        if !checked {
            faults.hint(
                format!("{place}/classes"),
                format!("`{}` is accepted here and {missing} is empty: nothing could check it", class.as_str()),
                format!("fill {missing}, or take `{}` out", class.as_str()),
            );
        }
    }
}

fn judge_scopes(scopes: &RouteScopes, place: &str, faults: &mut Faults) {
    let mut judge = |scopes: &[String], place: &str| {
        for (index, scope) in scopes.iter().enumerate() {
            if !is_scope_token(scope) {
                faults.hint(
                    format!("{place}/{index}"),
                    "no scope token (RFC 6749 §3.3)",
                    "visible ASCII without blanks, `\"` and `\\`, as in `reports:read`; one scope for each element",
                );
            }
        }
    };
    match scopes {
        RouteScopes::All(all) => judge(all, &format!("{place}/scopes")),
        RouteScopes::Sets(sets) => {
            judge(&sets.all_of, &format!("{place}/scopes/allOf"));
            judge(sets.any_of.as_deref().unwrap_or_default(), &format!("{place}/scopes/anyOf"));
            if sets.any_of.as_ref().is_some_and(Vec::is_empty) {
                // No scope is one of none; and to take it for "no matter which" would open the route.
                faults.hint(format!("{place}/scopes/anyOf"), "names no scope", "name one, or leave it out");
            }
            if sets.all_of.is_empty() && sets.any_of.is_none() {
                faults.hint(format!("{place}/scopes"), "names no scope", "name some in `allOf` or `anyOf`");
            }
        }
    }
}

fn judge_organization(binding: Option<&OrganizationBinding>, route: &Route, place: &str, faults: &mut Faults) {
    let place = format!("{place}/organization");
    match binding {
        Some(OrganizationBinding::Path(name)) if !route.pattern.has_group(name) => faults.hint(
            format!("{place}/path"),
            format!("no group of the name `{name}` stands once in each path of the route"),
            format!("write `:{name}` into `path`, without a modifier"),
        ),
        Some(OrganizationBinding::Header(name)) => {
            let well_formed =
                !name.is_empty() && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
            if !well_formed {
                faults.hint(
                    format!("{place}/header"),
                    "no name of a header in small letters",
                    "write it as in `x-org`",
                );
            }
        }
        Some(OrganizationBinding::OneOf(names)) if names.is_empty() || names.iter().any(String::is_empty) => {
            faults.hint(
                format!("{place}/oneOf"),
                "name the organizations, each by its id",
                "write them as in `[\"org_1\"]`",
            );
        }
        _ => {}
    }
}

/// The routes that no request reaches, since earlier ones take all their paths. What is wrong with a pattern is said
/// elsewhere.
pub(super) fn shadowed(policies: &[RoutePolicy]) -> Vec<LintFinding> {
    let routes: Vec<(usize, Route)> = policies
        .iter()
        .enumerate()
        .filter_map(|(index, policy)| Some((index, Route::of(policy.clone()).ok()?)))
        .collect();
    let mut findings = Vec::new();
    for (place, (index, route)) in routes.iter().enumerate() {
        let earlier = routes.get(..place).unwrap_or_default();
        let takers: Vec<usize> = earlier
            .iter()
            .filter(|(_, earlier)| earlier.methods.iter().any(|method| route.takes_method(method)))
            .filter(|(_, earlier)| earlier.pattern.takes_all_of(&route.pattern))
            .map(|(index, _)| *index)
            .collect();
        let is_taken = |method: &String| {
            takers.iter().filter_map(|taker| policies.get(*taker)).any(|taker| taker.methods.contains(method))
        };
        if !route.methods.is_empty() && route.methods.iter().all(is_taken) {
            let by: Vec<String> = takers.iter().map(|taker| format!("/routes/{taker}")).collect();
            let evidence = Some(format!("taken by {}", by.join(", ")));
            findings.push(LintRule::RouteShadowed.found(&format!("/routes/{index}/path"), evidence));
        }
    }
    findings
}

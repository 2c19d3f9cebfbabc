//! The routes of a policy, each with why it was chosen or not, and with a request that would be its own.

use serde::Serialize;

use crate::{
    gate::{GateRequest, Route, decider::Decider, path, reading, routes, routes::Chosen},
    m2m_token::SenderConstraint,
    policy::OrganizationBinding,
    verdict::{CredentialClass, Denial, Reason},
};

/// A route of the policy.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PreviewedRoute {
    /// The pattern of its path.
    pub pattern: String,
    /// Its methods.
    pub methods: Vec<String>,
    /// The hosts that the policy serves, for all of its routes; none for whichever.
    pub hosts: Option<Vec<String>>,
    /// The classes of credential that it takes.
    pub classes: Vec<CredentialClass>,
    /// The scopes that it needs.
    pub scopes: Scopes,
    /// The organization that the credential must belong to.
    pub organization: Option<OrganizationBinding>,
    /// Whether the credential must be bound to its sender.
    pub sender_constraint: SenderConstraint,
    /// Whether it is the route of the request.
    pub chosen: bool,
    /// Why, or why not.
    pub why: &'static str,
    /// A request that it would be chosen for, where one was found.
    pub example: Option<Example>,
}

/// The scopes that a route needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Scopes {
    /// All of these.
    pub all_of: Vec<String>,
    /// One of these, where there are any.
    pub any_of: Vec<String>,
}

/// A request of a route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Example {
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
}

const CHOSEN: &str = "It is the first that takes the method and the path.";
const BEFORE: &str = "No route is looked for: the request is refused before.";
const AMBIGUOUS: &str = "No route is looked for: the path can be read in more ways than one.";
const LENIENT: &str = "It takes the method and the path, but another reading of the path is one of a stricter route.";
const EARLIER: &str = "It takes the method and the path, and so does an earlier route.";
const METHOD: &str = "It takes the path, and not the method.";
const PATH: &str = "It does not take the path.";

/// Why the route at this place was chosen or not.
pub(super) fn why(
    route: &Result<Chosen<'_>, Denial>,
    place: usize,
    one: &Route,
    request: &GateRequest,
) -> &'static str {
    match route {
        Ok(chosen) if chosen.place == place => return CHOSEN,
        Ok(_) => {}
        Err(denial) => match denial.reason {
            Reason::RouteUnknown => {}
            Reason::PathAmbiguous if path::segments(request.target().0).is_ok() => {}
            Reason::PathAmbiguous => return AMBIGUOUS,
            _ => return BEFORE,
        },
    }
    match (one.takes_method(&request.method), one.pattern.matches(&reading::escape(request.target().0))) {
        (_, false) => PATH,
        (false, true) => METHOD,
        (true, true) if route.is_ok() => EARLIER,
        (true, true) => LENIENT,
    }
}

impl Decider {
    /// The routes, with the place of the one that is chosen and why each of them was or was not.
    pub(super) fn previewed_routes(
        &self,
        chosen: Option<usize>,
        why: impl Fn(usize, &Route) -> &'static str,
    ) -> Vec<PreviewedRoute> {
        let hosts = Some(self.framing.hosts()).filter(|hosts| !hosts.is_empty()).map(<[String]>::to_vec);
        let routes = self.routes.iter().enumerate();
        routes
            .map(|(place, route)| PreviewedRoute {
                pattern: route.pattern().to_owned(),
                methods: route.methods.clone(),
                hosts: hosts.clone(),
                classes: route.classes().to_vec(),
                scopes: Scopes { all_of: route.needed().all_of().to_vec(), any_of: route.needed().any_of().to_vec() },
                organization: route.organization().cloned(),
                sender_constraint: route.sender_constraint(),
                chosen: chosen == Some(place),
                why: why(place, route),
                example: self.example(place, route),
            })
            .collect()
    }

    /// A request that the route at this place is chosen for.
    fn example(&self, place: usize, route: &Route) -> Option<Example> {
        let paths = route.pattern.examples();
        let tried = route.methods.iter().flat_map(|method| paths.iter().map(move |path| (method, path)));
        tried.into_iter().find_map(|(method, path)| {
            let request = GateRequest {
                method: method.clone(),
                url: path.clone(),
                headers: Vec::new(),
                address: None,
                certificate: None,
            };
            // Those of the gate's own are none of a route's.
            let is_own = self.endpoint(&request).is_some();
            let found = routes::choose(&self.routes, &request).is_ok_and(|chosen| chosen.place == place);
            (found && !is_own).then(|| Example { method: method.clone(), path: path.clone() })
        })
    }
}

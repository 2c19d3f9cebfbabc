//! What the API says of itself as a protected resource (RFC 9728): which servers give tokens for it, and how they are
//! presented.

use serde::Serialize;

use super::{Answer, Route, path};
use crate::{
    m2m_token::{DpopRules, SenderConstraint},
    policy::{Faults, IssuerPolicy, ResourcePolicy, judge_resource, names_of},
    verdict::MetadataUrl,
};

/// Where the metadata stands (RFC 9728 §3).
const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// How long the metadata may be kept, in seconds.
const MAX_AGE: u32 = 3_600;

/// The metadata, written once.
#[derive(Debug)]
pub(crate) struct Resource {
    /// The path at which they stand.
    path: String,
    /// Their URL, for challenges.
    pub(super) url: MetadataUrl,
    document: String,
    max_age: u32,
}

/// What issuers say about the tokens that are accepted.
pub(super) struct Accepted {
    servers: Vec<String>,
    dpop_alone: bool,
    certificates: bool,
}

impl Accepted {
    pub(super) fn of(issuers: &[IssuerPolicy]) -> Self {
        let all =
            |one: SenderConstraint| !issuers.is_empty() && issuers.iter().all(|issuer| issuer.sender_constraint == one);
        // A template is no server's name.
        let servers = issuers.iter().flat_map(names_of).filter(|name| !name.contains('{')).collect();
        Self {
            servers,
            dpop_alone: all(SenderConstraint::Dpop),
            certificates: issuers.iter().any(|issuer| issuer.sender_constraint == SenderConstraint::Mtls),
        }
    }
}

/// RFC 9728 §2.
#[derive(Serialize)]
struct Metadata<'m> {
    resource: &'m str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authorization_servers: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scopes_supported: Vec<String>,
    bearer_methods_supported: [&'static str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_documentation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_policy_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_tos_uri: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    tls_client_certificate_bound_access_tokens: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dpop_signing_alg_values_supported: Vec<&'static str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    dpop_bound_access_tokens_required: bool,
}

impl Resource {
    /// Of a policy, the faults put down.
    pub(super) fn new(
        policy: ResourcePolicy,
        accepted: Accepted,
        dpop: Option<&DpopRules>,
        routes: &[Route],
        faults: &mut Faults,
    ) -> Option<Self> {
        if !judge_resource(&policy, faults) {
            return None;
        }
        let Some((origin, suffix)) = split(&policy.identifier) else {
            faults.hint(
                "/resource/identifier",
                "its path can be read in two ways",
                "write it without dot segments, empty segments and needless escapes",
            );
            return None;
        };
        let published = if policy.publish_scopes { routes } else { &[] };
        let mut scopes: Vec<String> = Vec::new();
        for scope in published.iter().flat_map(Route::scopes) {
            if let Err(place) = scopes.binary_search(scope) {
                scopes.insert(place, scope.clone());
            }
        }
        let metadata = Metadata {
            resource: &policy.identifier,
            authorization_servers: policy.authorization_servers.unwrap_or(accepted.servers),
            scopes_supported: scopes,
            bearer_methods_supported: ["header"],
            resource_name: policy.name,
            resource_documentation: policy.documentation,
            resource_policy_uri: policy.policy_uri,
            resource_tos_uri: policy.tos_uri,
            tls_client_certificate_bound_access_tokens: accepted.certificates,
            dpop_signing_alg_values_supported: dpop
                .map(|rules| rules.algorithms.iter().map(|algorithm| algorithm.name()).collect())
                .unwrap_or_default(),
            dpop_bound_access_tokens_required: accepted.dpop_alone,
        };
        Some(Self {
            path: format!("{WELL_KNOWN}{suffix}"),
            url: MetadataUrl::new(format!("{origin}{WELL_KNOWN}{suffix}")),
            // Strings and booleans cannot fail to be written.
            document: serde_json::to_string(&metadata).unwrap_or_default(),
            max_age: policy.max_age.unwrap_or(MAX_AGE),
        })
    }

    /// The metadata, at their own path alone: a client refuses those of another resource (RFC 9728 §3.3).
    pub(super) fn at(&self, path: &str) -> Option<Answer> {
        (path == self.path).then(|| Answer::public("application/json", self.document.clone(), self.max_age))
    }
}

/// What stands before the path of an identifier, and the path without the slash of a bare host (RFC 9728 §3.1).
fn split(identifier: &str) -> Option<(&str, &str)> {
    let authority = identifier.split_once("://")?.1;
    let path = authority.find('/').and_then(|start| authority.get(start..)).unwrap_or_default();
    let origin = identifier.strip_suffix(path)?;
    let suffix = if path == "/" { "" } else { path };
    (suffix.is_empty() || path::segments(suffix).is_ok()).then_some((origin, suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_well_known_path_stands_between_host_and_path() {
        assert_eq!(split("https://api.example"), Some(("https://api.example", "")));
        assert_eq!(split("https://api.example/"), Some(("https://api.example", "")));
        assert_eq!(split("https://api.example:8443/v1/x"), Some(("https://api.example:8443", "/v1/x")));
        assert_eq!(split("https://api.example/v1/"), Some(("https://api.example", "/v1/")));
        for identifier in ["https://api.example//", "https://api.example/a/../b", "https://api.example/%2e", "api"] {
            assert_eq!(split(identifier), None, "{identifier}");
        }
    }
}

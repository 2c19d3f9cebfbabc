//! What the API says of itself as a protected resource (RFC 9728), judged.

use serde::Deserialize;

use super::error::Faults;
use crate::endpoint::fault_of_url;

/// The metadata of the API as a protected resource, which the gate publishes under `/.well-known/`.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResourcePolicy {
    /// The resource identifier (RFC 9728 §1.2): the URL of the API, without a query and a fragment.
    pub identifier: String,
    /// The name of the API for people.
    pub name: Option<String>,
    /// The URL of what developers read about the API.
    pub documentation: Option<String>,
    /// The URL of what clients must heed.
    pub policy_uri: Option<String>,
    /// The URL of the terms of service.
    pub tos_uri: Option<String>,
    /// The authorization servers that give tokens for the API; where left out, the issuers of the policy.
    pub authorization_servers: Option<Vec<String>>,
    /// Whether the scopes that routes need are published: whoever reads them learns what the API can do.
    #[serde(default)]
    pub publish_scopes: bool,
    /// How long the metadata may be kept, in seconds, 86400 at most; 3600 where left out.
    pub max_age: Option<u32>,
}

/// Judges the metadata, the faults put down. Whether its identifier is one as far as a URL goes.
pub(crate) fn judge_resource(resource: &ResourcePolicy, faults: &mut Faults) -> bool {
    let identifier = &resource.identifier;
    let fault = match fault_of_url(identifier) {
        None if identifier.contains(['?', '"']) => Some("a URL without a query and without a quote"),
        fault => fault,
    };
    if let Some(fault) = &fault {
        faults.hint("/resource/identifier", format!("no identifier of a resource: {fault}"), "RFC 9728, section 1.2");
    }
    for (member, url) in
        [("documentation", &resource.documentation), ("policyUri", &resource.policy_uri), ("tosUri", &resource.tos_uri)]
    {
        if url.as_deref().is_some_and(|url| !url.starts_with("https://")) {
            faults.hint(
                format!("/resource/{member}"),
                "no URL that begins with `https://`",
                "write it as in `https://api.example`",
            );
        }
    }
    for (index, server) in resource.authorization_servers.iter().flatten().enumerate() {
        if let Some(fault) = fault_of_url(server) {
            faults.hint(
                format!("/resource/authorizationServers/{index}"),
                fault,
                "write it as in `https://issuer.example`",
            );
        }
    }
    if resource.max_age.is_some_and(|seconds| seconds > 86_400) {
        faults.hint("/resource/maxAge", "at most 86400 seconds", "3600 is what counts where it is left out");
    }
    fault.is_none()
}

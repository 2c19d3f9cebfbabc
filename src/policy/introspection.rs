//! The server that is asked about an issuer's tokens, judged.

use super::{IssuerPolicy, RequiredClaim, error::Faults};
use crate::{
    endpoint::{HINT_OF_URL, fault_of_url},
    m2m_token::{Introspection, IntrospectionRules, TENANT},
};

/// How long answers are kept where the policy says nothing, in seconds.
const CACHE_SECONDS: u16 = 30;

/// How long the server has to answer where the policy says nothing, in milliseconds.
const TIMEOUT: u16 = 3000;

/// The way to the server that is asked about the tokens of this issuer, where there is one, its faults put down. `place`
/// is where the issuer stands.
pub(super) fn introspection(
    issuer: &IssuerPolicy,
    secret: Option<&String>,
    place: &str,
    faults: &mut Faults,
) -> Option<Introspection> {
    let Some(policy) = issuer.introspection.clone() else {
        if secret.is_some() {
            faults.hint(
                format!("{place}/introspection"),
                "a secret was handed over, and there is no server to ask",
                "name the `endpoint` and the `clientId` here, or hand over no secret",
            );
        }
        return None;
    };
    let mut fault =
        |name: &str, reason: &str, hint: &str| faults.hint(format!("{place}/introspection{name}"), reason, hint);
    if issuer.name().contains(TENANT) {
        fault(
            "",
            "each tenant of a template has a server of its own: write one issuer for each",
            "put the tenant's name in the place of `{tenant}`",
        );
    }
    if let Some(reason) = fault_of_url(&policy.endpoint) {
        fault("/endpoint", reason, HINT_OF_URL);
    }
    if policy.client_id.is_empty() {
        fault(
            "/clientId",
            "name the client id of this API at the server",
            "register the API at the server as a client of its own",
        );
    }
    let is_visible = |text: &str| text.bytes().all(|byte| matches!(byte, b'!'..=b'~'));
    if policy.token_prefix.len() > 64 || !is_visible(&policy.token_prefix) {
        fault("/tokenPrefix", "64 visible characters at most", "what all opaque tokens of this issuer begin with");
    }
    let cache_seconds = policy.cache_seconds.unwrap_or(CACHE_SECONDS);
    if cache_seconds > 300 {
        fault(
            "/cacheSeconds",
            "300 seconds at most: as long a token that was revoked is let through",
            "leave it out for 30",
        );
    }
    let timeout = policy.timeout.unwrap_or(TIMEOUT);
    if !(100..=10_000).contains(&timeout) {
        fault("/timeout", "from 100 to 10000 milliseconds", "leave it out for 3000");
    }
    let Some(secret) = secret.filter(|secret| !secret.is_empty()) else {
        fault(
            "",
            "no secret was handed over for this issuer: the server answers clients that authenticate",
            "hand it over beside the policy, by the name of the issuer",
        );
        return None;
    };
    let rules = IntrospectionRules {
        endpoint: policy.endpoint,
        client_id: policy.client_id,
        authentication: policy.authentication,
        tokens: policy.tokens,
        token_type_optional: issuer.optional_claims.contains(&RequiredClaim::TokenType),
        token_prefix: policy.token_prefix,
        cache_seconds: cache_seconds.into(),
        timeout: timeout.into(),
    };
    Some(Introspection::new(rules, secret.clone()))
}

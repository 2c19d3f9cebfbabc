//! The server that is asked about an issuer's tokens, judged.

use super::{IssuerPolicy, RequiredClaim, error::Faults};
use crate::m2m_token::{Introspection, IntrospectionRules, TENANT};

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
            faults.add(format!("{place}/introspection"), "a secret was handed over, and there is no server to ask");
        }
        return None;
    };
    let mut fault = |name: &str, reason: &str| faults.add(format!("{place}/introspection{name}"), reason);
    if issuer.name().contains(TENANT) {
        fault("", "each tenant of a template has a server of its own: write one issuer for each");
    }
    if let Some(reason) = fault_of_url(&policy.endpoint) {
        fault("/endpoint", reason);
    }
    if policy.client_id.is_empty() {
        fault("/clientId", "name the client id of this API at the server");
    }
    let is_visible = |text: &str| text.bytes().all(|byte| matches!(byte, b'!'..=b'~'));
    if policy.token_prefix.len() > 64 || !is_visible(&policy.token_prefix) {
        fault("/tokenPrefix", "64 visible characters at most");
    }
    let cache_seconds = policy.cache_seconds.unwrap_or(CACHE_SECONDS);
    if cache_seconds > 300 {
        fault("/cacheSeconds", "300 seconds at most: as long a token that was revoked is let through");
    }
    let timeout = policy.timeout.unwrap_or(TIMEOUT);
    if !(100..=10_000).contains(&timeout) {
        fault("/timeout", "from 100 to 10000 milliseconds");
    }
    let Some(secret) = secret.filter(|secret| !secret.is_empty()) else {
        fault("", "no secret was handed over for this issuer: the server answers clients that authenticate");
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

/// What is wrong with a URL that secrets are sent to: `https` alone, but for this machine itself.
fn fault_of_url(url: &str) -> Option<&'static str> {
    let authority = |rest: &str| rest.split(['/', '?']).next().unwrap_or_default().to_owned();
    let is_plain = url.bytes().all(|byte| matches!(byte, b'!'..=b'~') && !matches!(byte, b'\\' | b'#' | b'@'));
    if !is_plain {
        return Some("a URL without user information, without a fragment and without a backslash");
    }
    if let Some(rest) = url.strip_prefix("https://") {
        return authority(rest).is_empty().then_some("a URL with a host");
    }
    let Some(rest) = url.strip_prefix("http://") else {
        return Some("a URL that begins with `https://`");
    };
    let authority = authority(rest);
    let host = authority
        .rsplit_once(':')
        .filter(|(_, port)| !port.ends_with(']'))
        .map_or(authority.as_str(), |(host, _)| host);
    let is_loopback = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    (!is_loopback).then_some("`https`: a secret is sent there; `http` is for this machine itself")
}

#[cfg(test)]
mod tests {
    use super::fault_of_url;

    #[test]
    fn secrets_are_sent_over_tls_or_to_this_machine() {
        for url in [
            "https://issuer.example/introspect",
            "https://issuer.example:8443/a?b=c",
            "http://localhost:4000/token/introspection",
            "http://127.0.0.1/x",
            "http://[::1]:4000/x",
            "http://[::1]/x",
        ] {
            assert_eq!(fault_of_url(url), None, "{url}");
        }
        for url in [
            "",
            "issuer.example",
            "ftp://issuer.example",
            "HTTPS://issuer.example",
            "https://",
            "https:///x",
            "http://issuer.example/x",
            "http://localhost.evil.example/x",
            "http://127.0.0.1.evil.example/x",
            "http://localhost@evil.example/x",
            "https://user:secret@issuer.example/x",
            "https://issuer.example/#x",
            "https://issuer.example\\x",
            "https://issuer.example/ x",
            "https://issu\u{e9}r.example/",
            "http://0.0.0.0/x",
        ] {
            assert!(fault_of_url(url).is_some(), "{url}");
        }
    }
}

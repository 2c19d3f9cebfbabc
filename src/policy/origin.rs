//! The policy of an origin that checks assertions.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    IssuerPolicy, KeySetPolicy, KeysOfIssuer, OneOrMany, PolicyError, Preset, assertion::LIFETIMES, load::read,
    token_verifier,
};
use crate::{jose::Algorithm, m2m_token::TokenVerifier};

/// Whose assertions an origin takes (contract §7.3).
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OriginPolicy {
    /// The gate, as its policy names it in `assertion.issuer`.
    pub issuer: String,
    /// This origin, as the gate's policy names it in `assertion.audience`.
    pub audience: OneOrMany,
    /// The algorithms that the gate signs with; `EdDSA`, `Ed25519` and `ES256` where left out.
    pub algorithms: Option<Vec<Algorithm>>,
    /// The gate's public keys, or a snapshot of them. Beside `jwksUri`, a snapshot to start with.
    pub jwks: Option<KeysOfIssuer>,
    /// The URL at which the gate publishes its keys, as in `https://api.example/.well-known/jwks.json`.
    pub jwks_uri: Option<String>,
    /// How keys that are fetched are kept.
    pub key_set: Option<KeySetPolicy>,
    /// What clients of the gate put before the path, as in `https://api.example`. Where it is named, an assertion must be
    /// for a URL that begins so; where left out, the path of the request alone is held against it.
    pub public_origin: Option<String>,
    /// How far `iat` may lie in the future, in seconds; 5 where left out.
    pub clock_tolerance: Option<u16>,
}

/// Reads the policy of an origin.
///
/// # Errors
/// As [`super::read_policy`].
pub fn read_origin_policy(text: &str) -> Result<OriginPolicy, PolicyError> {
    read(text)
}

/// The verifier for the assertions of one gate.
///
/// # Errors
/// [`PolicyError`] with every fault.
pub(crate) fn assertion_verifier(policy: OriginPolicy) -> Result<TokenVerifier, PolicyError> {
    let issuer = IssuerPolicy {
        preset: Some(Preset::Edgeward),
        issuer: Some(policy.issuer),
        tenants: Vec::new(),
        tenant_claim: None,
        audience: Some(policy.audience),
        algorithms: policy.algorithms,
        jwks: policy.jwks,
        jwks_uri: policy.jwks_uri,
        discovery: None,
        key_set: policy.key_set,
        introspection: None,
        media_type: None,
        optional_claims: Vec::new(),
        scope_claim: None,
        organization_claim: None,
        client_claim: None,
        require_claims: BTreeMap::new(),
        require_header: BTreeMap::new(),
        sender_constraint: crate::m2m_token::SenderConstraint::default(),
        clock_tolerance: policy.clock_tolerance.unwrap_or(5),
        // No gate gives one a longer life.
        max_token_age: Some(u32::from(*LIFETIMES.end())),
    };
    token_verifier(vec![issuer], &BTreeMap::new(), None).map_err(|PolicyError(mut faults)| {
        // There is one issuer, and it is the policy itself.
        for fault in &mut faults {
            if let Some(member) = fault.pointer.strip_prefix("/issuers/0") {
                fault.pointer = member.to_owned();
            }
        }
        PolicyError(faults)
    })
}

//! A policy made ready as where it is deployed, but for what no report may reach: servers, stores and secrets.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    api_key::ApiKeyChecker,
    m2m_token::{Issuer, TokenVerifier},
    policy::{
        Beside, Faults, IssuerPolicy, KeysOfIssuer, Policy, PolicyError, names_of, prepare_api_keys, prepare_dpop,
        prepare_issuers, prepare_revocation, read_policy,
    },
};

/// Where the keys of an issuer would be fetched whose policy does not say. Nothing is fetched here, and no such host
/// exists (RFC 6761 §6.4).
const NOWHERE: &str = "https://keys.invalid/";

/// A policy, made ready.
pub(super) struct Deployed {
    pub(super) verifier: TokenVerifier,
    pub(super) checker: Option<ApiKeyChecker>,
    /// The place of the issuer that the token names, where the policy has it.
    place: Option<usize>,
    /// The keys of that issuer as they stand in the policy.
    pub(super) own_keys: Option<Value>,
    /// Why the keys that were handed over cannot stand in for those that the policy has elsewhere, where they should.
    pub(super) objection: Option<String>,
}

impl Deployed {
    /// Reads a policy. `handed` are keys that were handed over, and `issuer` whom the token names.
    ///
    /// # Errors
    /// [`PolicyError`] with every fault of it.
    pub(super) fn read(text: &str, handed: Option<&Value>, issuer: Option<&str>) -> Result<Self, PolicyError> {
        // The policy of a verifier of tokens is a part of a gate's.
        let policy = read_policy(text)?;
        let place = place_of(&policy.issuers, issuer);
        let named = place.and_then(|place| policy.issuers.get(place));
        let own_keys = named.and_then(|named| named.jwks.as_ref()).map(|keys| keys.0.clone());
        let asked = keys_for(&policy.issuers, handed, issuer);
        let (parts, objection) = match prepare(policy, asked) {
            Ok(parts) => (parts, None),
            // What is wrong may be wrong with the keys alone.
            Err(error) if asked.is_some() => (prepare(read_policy(text)?, None)?, Some(words(&error))),
            Err(error) => return Err(error),
        };
        let (verifier, checker) = parts;
        Ok(Self { verifier, checker, place, own_keys, objection })
    }

    /// The issuer that the token names.
    pub(super) fn issuer(&self) -> Option<&Issuer> {
        self.verifier.issuers().get(self.place?)
    }

    /// Whether a text that is no JWT may be a token all the same.
    pub(super) fn takes(&self, credential: &str) -> bool {
        self.verifier.takes_opaque(credential)
    }
}

/// Whose token it is by the policy. A token that names nobody is the only issuer's, if anybody's.
fn place_of(issuers: &[IssuerPolicy], issuer: Option<&str>) -> Option<usize> {
    match issuer {
        Some(issuer) => issuers.iter().position(|policy| names_of(policy).iter().any(|name| name == issuer)),
        None => (issuers.len() == 1).then_some(0),
    }
}

/// The issuer whose keys those that were handed over stand in for, by its place: the one that the token names, where the
/// policy has its keys elsewhere.
pub(crate) fn keys_for<'k>(
    issuers: &[IssuerPolicy],
    handed: Option<&'k Value>,
    issuer: Option<&str>,
) -> Option<(usize, &'k Value)> {
    let place = place_of(issuers, issuer)?;
    issuers.get(place).filter(|named| named.jwks.is_none()).and(Some(place)).zip(handed)
}

/// What is wrong with a policy, in one line.
pub(crate) fn words(error: &PolicyError) -> String {
    error.0.iter().map(|fault| fault.reason.as_str()).collect::<Vec<_>>().join("; ")
}

/// Changes a policy so that it can be made ready where nothing of what stands beside it is at hand, and hands back what
/// stands there instead. `handed` are keys, with the place of the issuer whose they are.
pub(crate) fn stand_in(policy: &mut Policy, handed: Option<(usize, &Value)>) -> Beside {
    let mut introspection_secrets = BTreeMap::new();
    for (place, issuer) in policy.issuers.iter_mut().enumerate() {
        if issuer.introspection.is_some() {
            // No server is asked, so that it reaches nobody.
            introspection_secrets.insert(issuer.name().to_owned(), "not at hand".to_owned());
        }
        if let Some((_, keys)) = handed.filter(|(named, _)| *named == place) {
            issuer.jwks = Some(KeysOfIssuer(keys.clone()));
            (issuer.jwks_uri, issuer.discovery, issuer.key_set) = (None, None, None);
        }
        let has_keys = issuer.jwks.is_some() || issuer.jwks_uri.is_some() || issuer.discovery.is_some();
        if !has_keys && issuer.introspection.is_none() {
            // They are handed over where the policy is deployed, and are not at hand here.
            issuer.jwks_uri = Some(NOWHERE.to_owned());
        }
    }
    Beside { introspection_secrets, ..Beside::default() }
}

fn prepare(
    mut policy: Policy,
    handed: Option<(usize, &Value)>,
) -> Result<(TokenVerifier, Option<ApiKeyChecker>), PolicyError> {
    let beside = stand_in(&mut policy, handed);
    let mut faults = Faults::default();
    let verifier = prepare_issuers(policy.issuers, &beside, policy.max_token_bytes, &mut faults)
        .with_dpop_rules(prepare_dpop(policy.dpop, &mut faults))
        .with_revocation(prepare_revocation(policy.deny, policy.deny_snapshot, None, &mut faults));
    let checker = policy.api_keys.and_then(|keys| prepare_api_keys(keys, Vec::new(), &mut faults));
    faults.or((verifier, checker))
}

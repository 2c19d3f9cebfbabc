//! From the policy's issuers to a verifier.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{IssuerPolicy, error::Faults};
use crate::{
    jose::{Algorithm, KeySet, PORTABLE},
    key_source::Snapshot,
    m2m_token::{DEFAULT_MAX_TOKEN_BYTES, Issuer, IssuerRules, LONGEST_TOKEN_BYTES, TokenVerifier, is_foreign_type},
};

/// A verifier for these issuers. `snapshots` holds, by issuer, the key sets that were handed over beside the policy.
///
/// # Errors
/// [`super::PolicyError`] with every fault of every issuer.
pub fn token_verifier(
    issuers: Vec<IssuerPolicy>,
    snapshots: &BTreeMap<String, Value>,
    max_token_bytes: Option<usize>,
) -> Result<TokenVerifier, super::PolicyError> {
    let mut faults = Faults::default();
    let verifier = prepare(issuers, snapshots, max_token_bytes, &mut faults);
    faults.or(verifier)
}

/// As [`token_verifier`], adding to faults that were found before.
pub(crate) fn prepare(
    issuers: Vec<IssuerPolicy>,
    snapshots: &BTreeMap<String, Value>,
    max_token_bytes: Option<usize>,
    faults: &mut Faults,
) -> TokenVerifier {
    if max_token_bytes.is_some_and(|bytes| bytes == 0 || bytes > LONGEST_TOKEN_BYTES) {
        faults.add("/maxTokenBytes", format!("a number from 1 to {LONGEST_TOKEN_BYTES}"));
    }
    let mut prepared: Vec<Issuer> = Vec::with_capacity(issuers.len());
    for (index, policy) in issuers.into_iter().enumerate() {
        let place = format!("/issuers/{index}");
        if prepared.iter().any(|other| other.rules().issuer == policy.issuer) {
            faults.add(format!("{place}/issuer"), "this issuer stands twice");
            continue;
        }
        let snapshot = snapshots.get(&policy.issuer);
        prepared.extend(issuer(policy, snapshot, &place, faults));
    }
    TokenVerifier::new(prepared, max_token_bytes.unwrap_or(DEFAULT_MAX_TOKEN_BYTES))
}

fn issuer(policy: IssuerPolicy, snapshot: Option<&Value>, place: &str, faults: &mut Faults) -> Option<Issuer> {
    let mut member = |name: &str, reason: &str| faults.add(format!("{place}/{name}"), reason);
    if policy.issuer.is_empty() {
        member("issuer", "an issuer has a name");
    }
    let audience = policy.audience.into_vec();
    if audience.is_empty() || audience.iter().any(String::is_empty) {
        member("audience", "name the audience that this API answers to");
    }
    let symmetric = policy.algorithms.iter().filter(|algorithm| algorithm.family().is_symmetric()).count();
    if policy.algorithms.is_empty() {
        member("algorithms", "name the algorithms that the issuer signs with");
    } else if symmetric > 0 && symmetric < policy.algorithms.len() {
        member("algorithms", "symmetric and asymmetric algorithms do not mix in one issuer");
    }
    let media_type = policy.media_type.map(|name| normalize_media_type(&name));
    match media_type.as_deref() {
        Some("") => member("typ", "name the type, or leave it out"),
        Some(name) if is_foreign_type(name) => member("typ", "a token of this type is no access token"),
        _ => {}
    }
    let keys = match (&policy.jwks, snapshot) {
        (Some(_), Some(_)) => {
            member("jwks", "the keys stand in the policy and are handed over beside it: leave one of them out");
            return None;
        }
        (None, Some(_)) if symmetric > 0 => {
            member("jwks", "secrets stand in `jwks` alone: no snapshot may hold them");
            return None;
        }
        (Some(keys), None) => &keys.0,
        (None, Some(keys)) => keys,
        (None, None) => {
            member("jwks", "no keys: put a key set or a snapshot here, or hand one over for this issuer");
            return None;
        }
    };
    let (keys, good_until) = match read_keys(keys, &policy.algorithms) {
        Ok(read) => read,
        Err(reason) => {
            member("jwks", &reason);
            return None;
        }
    };
    if symmetric > 0 && good_until.is_some() {
        member("jwks", "secrets are never fetched: put a bare key set here, not a snapshot");
    }
    let rules = IssuerRules {
        issuer: policy.issuer,
        audience,
        algorithms: policy.algorithms,
        media_type,
        scope_claim: policy.scope_claim,
        organization_claim: policy.organization_claim,
        client_claim: policy.client_claim,
        clock_tolerance: policy.clock_tolerance.into(),
        max_token_age: policy.max_token_age.map(i64::from),
    };
    Some(Issuer::new(rules, keys, good_until))
}

fn read_keys(keys: &Value, algorithms: &[Algorithm]) -> Result<(KeySet, Option<i64>), String> {
    let snapshot = Snapshot::from_json(keys).map_err(|error| error.to_string())?;
    let set = KeySet::prepare(snapshot.key_set(), algorithms, PORTABLE).map_err(|error| error.to_string())?;
    Ok((set, snapshot.good_until()))
}

/// Lower case, without `application/` (RFC 7515 §4.1.9).
fn normalize_media_type(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    name.strip_prefix("application/").map(str::to_owned).unwrap_or(name)
}

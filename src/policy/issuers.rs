//! From the policy's issuers to a verifier.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    Beside, DpopPolicy, IssuerPolicy, TokenPolicy, error::Faults, introspection::introspection, key_sets::KeysPolicy,
    reading::Reading, revocation::prepare_revocation, rules::rules,
};
use crate::{
    jose::{Algorithm, KeySet, PORTABLE},
    key_source::Snapshot,
    m2m_token::{DEFAULT_MAX_TOKEN_BYTES, DpopRules, Issuer, LONGEST_TOKEN_BYTES, TENANT, TokenVerifier},
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
    let beside = Beside { snapshots: snapshots.clone(), ..Beside::default() };
    token_verifier_with(issuers, &beside, max_token_bytes)
}

/// A verifier for these issuers, with what was handed over beside the policy.
///
/// # Errors
/// [`super::PolicyError`] with every fault of every issuer.
pub fn token_verifier_with(
    issuers: Vec<IssuerPolicy>,
    beside: &Beside,
    max_token_bytes: Option<usize>,
) -> Result<TokenVerifier, super::PolicyError> {
    let mut faults = Faults::default();
    let verifier = prepare(issuers, beside, max_token_bytes, &mut faults);
    faults.or(verifier)
}

/// A verifier for the policy of M2M tokens alone (JSON text), with what was handed over beside it.
///
/// # Errors
/// [`super::PolicyError`] with every fault: what cannot be read of it, and what the rest of it says.
pub fn read_token_verifier(text: &str, beside: &Beside) -> Result<TokenVerifier, super::PolicyError> {
    Reading::<TokenPolicy>::of_text(text).judged(|policy| {
        let mut faults = Faults::default();
        let verifier = prepare(policy.issuers, beside, policy.max_token_bytes, &mut faults)
            .with_dpop_rules(prepare_dpop(policy.dpop, &mut faults))
            .with_revocation(prepare_revocation(policy.deny, policy.deny_snapshot, None, &mut faults));
        faults.or(verifier)
    })
}

/// The rules for proofs.
///
/// # Errors
/// [`super::PolicyError`] with every fault.
pub fn dpop_rules(policy: Option<DpopPolicy>) -> Result<DpopRules, super::PolicyError> {
    let mut faults = Faults::default();
    let rules = prepare_dpop(policy, &mut faults);
    faults.or(rules)
}

/// As [`dpop_rules`], adding to faults that were found before.
pub(crate) fn prepare_dpop(policy: Option<DpopPolicy>, faults: &mut Faults) -> DpopRules {
    let policy = policy.unwrap_or_default();
    let mut rules = DpopRules::default();
    if let Some(algorithms) = policy.algorithms {
        if algorithms.is_empty() || algorithms.iter().any(|algorithm| algorithm.family().is_symmetric()) {
            faults.hint(
                "/dpop/algorithms",
                "name asymmetric algorithms: a proof is made with a key that nobody else has",
                "`ES256` is what most clients use; left out, it is every asymmetric one",
            );
        }
        rules.algorithms = algorithms;
    }
    if let Some(seconds) = policy.max_age {
        if !(1..=600).contains(&seconds) {
            faults.hint(
                "/dpop/maxAge",
                "from 1 to 600 seconds: a proof is made for one request, and remembered as long",
                "leave it out for 60",
            );
        }
        rules.max_age = seconds.into();
    }
    rules
}

/// As [`token_verifier`], adding to faults that were found before.
pub(crate) fn prepare(
    issuers: Vec<IssuerPolicy>,
    beside: &Beside,
    max_token_bytes: Option<usize>,
    faults: &mut Faults,
) -> TokenVerifier {
    if max_token_bytes.is_some_and(|bytes| bytes == 0 || bytes > LONGEST_TOKEN_BYTES) {
        faults.hint(
            "/maxTokenBytes",
            format!("a number from 1 to {LONGEST_TOKEN_BYTES}"),
            format!("leave it out for {DEFAULT_MAX_TOKEN_BYTES}"),
        );
    }
    let snapshots = beside.snapshots.keys().map(|name| ("snapshot", name));
    for (what, name) in snapshots.chain(beside.introspection_secrets.keys().map(|name| ("secret", name))) {
        if !issuers.iter().any(|issuer| names_of(issuer).contains(name)) {
            faults.hint(
                "/issuers",
                format!("a {what} was handed over for `{name}`, which is no issuer here"),
                "names are compared byte for byte: look for a slash at the end, or take it out",
            );
        }
    }
    check_prefixes(&issuers, faults);
    let alone = issuers.len() == 1;
    let mut prepared: Vec<Issuer> = Vec::with_capacity(issuers.len());
    let mut names = BTreeSet::new();
    for (index, policy) in issuers.into_iter().enumerate() {
        let place = format!("/issuers/{index}");
        let Some(issuer) = issuer(policy, alone, beside, &place, faults) else { continue };
        for (name, _) in issuer.rules().names() {
            if !names.insert(name.clone()) {
                faults.hint(
                    format!("{place}/issuer"),
                    format!("this issuer stands twice: `{name}`"),
                    "make one of the two: an issuer takes several audiences and algorithms",
                );
            }
        }
        prepared.push(issuer);
    }
    TokenVerifier::new(prepared, max_token_bytes.unwrap_or(DEFAULT_MAX_TOKEN_BYTES))
}

fn issuer(policy: IssuerPolicy, alone: bool, beside: &Beside, place: &str, faults: &mut Faults) -> Option<Issuer> {
    let asks = policy.introspection.is_some();
    let server = introspection(&policy, beside.introspection_secrets.get(policy.name()), place, faults);
    let keys = KeysPolicy::of(&policy, beside);
    let rules = rules(policy, alone, place, faults);
    if asks && server.is_none() {
        // Its faults were put down.
        return None;
    }
    let issuer = keys.issuer(rules, server.as_ref(), place, faults)?;
    Some(match server {
        Some(server) => issuer.with_introspection(server),
        None => issuer,
    })
}

/// The names under which something can be handed over for an issuer: its own, and those of its tenants.
pub(crate) fn names_of(policy: &IssuerPolicy) -> Vec<String> {
    let name = policy.name();
    let tenants = policy.tenants.iter().map(|tenant| name.replace(TENANT, tenant));
    std::iter::once(name.to_owned()).chain(tenants.filter(|expanded| expanded != name)).collect()
}

/// An opaque token does not say whose it is: where several servers could be asked, its beginning says it.
fn check_prefixes(issuers: &[IssuerPolicy], faults: &mut Faults) {
    let servers: Vec<(usize, &str)> = issuers
        .iter()
        .enumerate()
        .filter_map(|(index, issuer)| Some((index, issuer.introspection.as_ref()?.token_prefix.as_str())))
        .collect();
    for (index, prefix) in &servers {
        if servers.iter().any(|(other, longer)| other != index && longer.starts_with(prefix)) {
            faults.hint(
                format!("/issuers/{index}/introspection/tokenPrefix"),
                "an opaque token could be another issuer's too: name for each what its tokens begin with",
                "no prefix may begin another",
            );
        }
    }
}

/// What to do about algorithms that are refused.
pub(super) const HINT_OF_ALGORITHMS: &str =
    "what the issuer's metadata say, as in `[\"RS256\"]`; `HS256` and its like stand alone, with secrets in `jwks`";

/// What is wrong with the algorithms of one key set.
pub(super) fn fault_of_algorithms(algorithms: &[Algorithm]) -> Option<&'static str> {
    let symmetric = algorithms.iter().filter(|algorithm| algorithm.family().is_symmetric()).count();
    if algorithms.is_empty() {
        Some("name the algorithms that the issuer signs with")
    } else if symmetric > 0 && symmetric < algorithms.len() {
        Some("symmetric and asymmetric algorithms do not mix in one issuer")
    } else {
        None
    }
}

pub(super) fn read_keys(keys: &Value, algorithms: &[Algorithm]) -> Result<(KeySet, Option<i64>), String> {
    let snapshot = Snapshot::from_json(keys).map_err(|error| error.to_string())?;
    let set = KeySet::prepare(snapshot.key_set(), algorithms, PORTABLE).map_err(|error| error.to_string())?;
    Ok((set, snapshot.good_until()))
}

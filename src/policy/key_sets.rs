//! Where the keys of an issuer are, judged: in the policy, beside it, or to be fetched.

use serde_json::Value;

use super::{
    Beside, IssuerPolicy, KeySetPolicy,
    error::Faults,
    issuers::{HINT_OF_ALGORITHMS, fault_of_algorithms, read_keys},
};
use crate::{
    endpoint::{HINT_OF_URL, fault_of_url},
    jose::{KeySet, PORTABLE},
    key_source::{KeySetRules, RemoteKeySets, Snapshot, Source},
    m2m_token::{Introspection, Issuer, IssuerRules, TENANT},
};

/// What to do about keys that are refused.
pub(super) const HINT_OF_KEYS: &str =
    "a JSON Web Key Set as the issuer publishes it, or what `edgeward snapshot` took of it, unchanged";

/// What a policy says of an issuer's keys, before it is judged.
pub(super) struct KeysPolicy {
    jwks: Option<Value>,
    jwks_uri: Option<String>,
    discovery: Option<crate::key_source::Discovery>,
    key_set: Option<KeySetPolicy>,
    /// What was handed over beside the policy, by the issuer's names.
    snapshots: Vec<(String, Value)>,
}

impl KeysPolicy {
    pub(super) fn of(policy: &IssuerPolicy, beside: &Beside) -> Self {
        let names = super::issuers::names_of(policy);
        let of_name = |name: String| Some((name.clone(), beside.snapshots.get(&name)?.clone()));
        Self {
            jwks: policy.jwks.as_ref().map(|keys| keys.0.clone()),
            jwks_uri: policy.jwks_uri.clone(),
            discovery: policy.discovery,
            key_set: policy.key_set.clone(),
            snapshots: names.into_iter().filter_map(of_name).collect(),
        }
    }

    /// The issuer with its keys, their faults put down.
    pub(super) fn issuer(
        self,
        rules: IssuerRules,
        server: Option<&Introspection>,
        place: &str,
        faults: &mut Faults,
    ) -> Option<Issuer> {
        let mut faults = Members { place, faults };
        let source = match (&self.jwks_uri, self.discovery) {
            (Some(_), Some(_)) => {
                faults.hint(
                    "discovery",
                    "the metadata and `jwksUri` both say where the keys are: leave one of them out",
                    "with `discovery` the issuer itself says where they are",
                );
                return None;
            }
            (Some(uri), None) => Some(Source::JwksUri(uri.clone())),
            (None, Some(discovery)) => Some(Source::Discovery(discovery)),
            (None, None) => None,
        };
        let asked_alone = self.jwks.is_none() && self.snapshots.is_empty() && source.is_none() && server.is_some();
        if !asked_alone && let Some(fault) = fault_of_algorithms(&rules.algorithms) {
            faults.hint("algorithms", fault, HINT_OF_ALGORITHMS);
        }
        if let Some(source) = source {
            return self.remote(rules, &source, &mut faults);
        }
        if self.key_set.is_some() {
            faults.hint(
                "keySet",
                "no keys are fetched here: name `jwksUri` or `discovery`, or leave this out",
                "`keySet` says how keys that are fetched are kept",
            );
        }
        if asked_alone { Some(Issuer::without_keys(rules)) } else { self.local(rules, &mut faults) }
    }

    /// Keys that are at hand.
    fn local(&self, rules: IssuerRules, faults: &mut Members<'_, '_>) -> Option<Issuer> {
        let symmetric = rules.algorithms.iter().any(|algorithm| algorithm.family().is_symmetric());
        let keys = match (&self.jwks, self.snapshots.as_slice()) {
            (Some(_), [_, ..]) => {
                faults.hint(
                    "jwks",
                    "the keys stand in the policy and are handed over beside it: leave one of them out",
                    "a snapshot beside the policy can be renewed without it",
                );
                return None;
            }
            (None, [_, ..]) if symmetric => {
                faults.hint(
                    "jwks",
                    "secrets stand in `jwks` alone: no snapshot may hold them",
                    "better have the issuer sign with a private key, as of `ES256`",
                );
                return None;
            }
            (Some(keys), []) | (None, [(_, keys)]) => keys,
            (None, []) => {
                faults.hint(
                    "jwks",
                    "no keys: put a key set or a snapshot here, hand one over for this issuer, or name `jwksUri` or `discovery`",
                    "`\"discovery\": \"openid-configuration\"` does for most issuers",
                );
                return None;
            }
            (None, _) => {
                faults.hint(
                    "jwks",
                    "the keys here are those of all tenants: hand them over once, for the issuer",
                    "by the name of the template, with `{tenant}` in it",
                );
                return None;
            }
        };
        let (keys, good_until) = match read_keys(keys, &rules.algorithms) {
            Ok(read) => read,
            Err(reason) => {
                faults.hint("jwks", reason, HINT_OF_KEYS);
                return None;
            }
        };
        if symmetric && good_until.is_some() {
            faults.hint(
                "jwks",
                "secrets are never fetched: put a bare key set here, not a snapshot",
                "`{ \"keys\": [ … ] }` and nothing beside it",
            );
        }
        Some(Issuer::new(rules, keys, good_until))
    }

    /// Keys that are fetched.
    fn remote(self, rules: IssuerRules, source: &Source, faults: &mut Members<'_, '_>) -> Option<Issuer> {
        if rules.algorithms.iter().any(|algorithm| algorithm.family().is_symmetric()) {
            faults.hint(
                "algorithms",
                "secrets are never fetched: put them into `jwks`",
                "better have the issuer sign with a private key, as of `ES256`",
            );
        }
        if let Source::JwksUri(uri) = source
            && let Some(fault) = fault_of_uri(uri, !rules.tenants.is_empty())
        {
            faults.hint("jwksUri", fault, HINT_OF_URL);
            return None;
        }
        let kept = key_set_rules(self.key_set.as_ref(), faults);
        let names: Vec<_> = rules.names().map(|(name, tenant)| (name, tenant.map(str::to_owned))).collect();
        let sets = match RemoteKeySets::new(&rules.issuer, &names, TENANT, source, kept, &rules.algorithms) {
            Ok(sets) => sets,
            Err(fault) => {
                faults.hint(
                    "discovery",
                    fault,
                    "the metadata stand under the issuer, which is then an `https` URL; else name `jwksUri`",
                );
                return None;
            }
        };
        let inline = self.jwks.into_iter().map(|keys| (rules.issuer.clone(), keys));
        for (name, keys) in inline.chain(self.snapshots) {
            match read_snapshot(&keys, &rules) {
                Ok((snapshot, keys)) => {
                    if !sets.start_with(&name, &snapshot, keys) {
                        faults.hint(
                            "jwks",
                            "each tenant has keys of its own: hand over a snapshot for each, by its issuer",
                            "by the name of the issuer with the tenant in the place of `{tenant}`",
                        );
                    }
                }
                Err(reason) => faults.hint("jwks", reason, HINT_OF_KEYS),
            }
        }
        Some(Issuer::with_remote_keys(rules, sets))
    }
}

/// A snapshot to start with, until the first fetch.
fn read_snapshot(value: &Value, rules: &IssuerRules) -> Result<(Snapshot, KeySet), String> {
    let snapshot = Snapshot::from_json(value).map_err(|error| error.to_string())?;
    if snapshot.good_until().is_none() {
        return Err("beside keys that are fetched, a snapshot with its dates: a bare key set does not age".to_owned());
    }
    let keys = KeySet::prepare(snapshot.key_set(), &rules.algorithms, PORTABLE).map_err(|error| error.to_string())?;
    Ok((snapshot, keys))
}

fn fault_of_uri(uri: &str, is_template: bool) -> Option<&'static str> {
    let places = uri.matches(TENANT).count();
    let plain = uri.replace(TENANT, "tenant");
    if plain.contains(['{', '}']) {
        Some("braces stand for the tenant alone: `{tenant}`")
    } else if places > 0 && !is_template {
        Some("the issuer is no template, and has no tenant")
    } else if uri.len() > LONGEST_URI {
        Some("the URL is too long")
    } else {
        fault_of_url(&plain)
    }
}

/// The longest URL of a key set, in bytes.
const LONGEST_URI: usize = 1024;

/// How sets are kept by a policy, whether or not it may say so.
pub(super) fn rules_of(policy: Option<&KeySetPolicy>) -> KeySetRules {
    let (usual, silent) = (KeySetRules::default(), KeySetPolicy::default());
    let policy = policy.unwrap_or(&silent);
    KeySetRules {
        max_age: policy.max_age.map_or(usual.max_age, i64::from),
        stale_while_revalidate: policy.stale_while_revalidate.map_or(usual.stale_while_revalidate, i64::from),
        max_stale: policy.max_stale.map_or(usual.max_stale, i64::from),
        cooldown: policy.cooldown.map_or(usual.cooldown, i64::from),
        timeout: policy.timeout.map_or(usual.timeout, u32::from),
    }
}

fn key_set_rules(policy: Option<&KeySetPolicy>, faults: &mut Members<'_, '_>) -> KeySetRules {
    let rules = rules_of(policy);
    if !(30..=86_400).contains(&rules.max_age) {
        faults.hint("keySet/maxAge", "from 30 to 86400 seconds", "leave it out for 600");
    }
    if rules.stale_while_revalidate > 86_400 {
        faults.hint(
            "keySet/staleWhileRevalidate",
            "86400 seconds at most: as long a key that was withdrawn still vouches",
            "leave it out for 300",
        );
    }
    if rules.max_stale > 604_800 {
        faults.hint(
            "keySet/maxStale",
            "604800 seconds at most: as long a key that was withdrawn may vouch in an outage",
            "leave it out for 86400",
        );
    }
    if !(5..=600).contains(&rules.cooldown) {
        faults.hint("keySet/cooldown", "from 5 to 600 seconds", "leave it out for 30");
    }
    if !(100..=10_000).contains(&rules.timeout) {
        faults.hint("keySet/timeout", "from 100 to 10000 milliseconds", "leave it out for 3000");
    }
    rules
}

/// The faults of one issuer's members.
struct Members<'p, 'f> {
    place: &'p str,
    faults: &'f mut Faults,
}

impl Members<'_, '_> {
    fn hint(&mut self, name: &str, reason: impl Into<String>, hint: impl Into<String>) {
        self.faults.hint(format!("{}/{name}", self.place), reason, hint);
    }
}

//! The key sets of one issuer that are fetched: one, or one for each tenant of a template.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    Discovery, Snapshot,
    fetch::Origin,
    lifetime::KeySetRules,
    remote::{KeySetStatus, RemoteKeySet, Vouching},
};
use crate::{
    host::{Host, UnixMillis},
    jose::{Algorithm, KeySet},
    verdict::{Denial, Reason},
};

/// The most key sets of one issuer that stay in memory; those of other tenants are in the store.
pub const MOST_KEY_SETS: usize = 64;

/// How many tenants' sets one run of the clock looks after. A run has only so many requests.
const TENANTS_AT_ONCE: usize = 16;

/// Where the policy says that the keys are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// At this URL, which may be a template as the issuer is.
    JwksUri(String),
    /// Where the issuer's metadata say.
    Discovery(Discovery),
}

/// The key sets of one issuer.
#[derive(Debug)]
pub struct RemoteKeySets {
    sets: Vec<Arc<RemoteKeySet>>,
    /// The place of each tenant's set; empty where there is one for all.
    tenants: BTreeMap<String, usize>,
}

impl RemoteKeySets {
    /// The sets of an issuer. `names` are its names with their tenants, and `template` what stands for the tenant in a
    /// URL.
    ///
    /// # Errors
    /// In words, where an issuer's name is no URL and its metadata are to be found by it.
    pub fn new(
        issuer: &str,
        names: &[(String, Option<String>)],
        template: &str,
        source: &Source,
        rules: KeySetRules,
        algorithms: &[Algorithm],
    ) -> Result<Self, &'static str> {
        let mut prepared = Self { sets: Vec::new(), tenants: BTreeMap::new() };
        let one_for_all = match source {
            Source::JwksUri(uri) => !uri.contains(template),
            Source::Discovery(_) => false,
        };
        let alone = [(issuer.to_owned(), None)];
        for (name, tenant) in if one_for_all { &alone[..] } else { names } {
            let origin = match (source, tenant) {
                (Source::JwksUri(uri), Some(tenant)) => Origin::JwksUri(uri.replace(template, tenant)),
                (Source::JwksUri(uri), None) => Origin::JwksUri(uri.clone()),
                (Source::Discovery(discovery), _) => {
                    Origin::Discovery(discovery.url(name).ok_or("metadata are found by a name that is an `https` URL")?)
                }
            };
            if let Some(tenant) = tenant {
                prepared.tenants.insert(tenant.clone(), prepared.sets.len());
            }
            prepared.sets.push(Arc::new(RemoteKeySet::new(name.clone(), origin, rules, algorithms.to_vec())));
        }
        Ok(prepared)
    }

    /// Starts the set of this issuer with a snapshot that was brought along. False where there is no such issuer.
    #[must_use]
    pub fn start_with(&self, issuer: &str, snapshot: &Snapshot, keys: KeySet) -> bool {
        let Some(set) = self.sets.iter().find(|set| set.issuer() == issuer) else { return false };
        set.start_with(snapshot, keys);
        true
    }

    /// The set of a tenant, or the one for all.
    #[must_use]
    pub fn of_tenant(&self, tenant: Option<&str>) -> Option<&Arc<RemoteKeySet>> {
        match tenant {
            Some(tenant) if !self.tenants.is_empty() => self.sets.get(*self.tenants.get(tenant)?),
            _ => self.sets.first(),
        }
    }

    /// The key that a token asks for, and the set that has it.
    ///
    /// # Errors
    /// As [`RemoteKeySet::find`].
    pub async fn find<H: Host>(
        &self,
        host: &H,
        tenant: Option<&str>,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<(Vouching, Arc<RemoteKeySet>), Denial> {
        let set = self.of_tenant(tenant).ok_or(Reason::IssuerUnknown)?;
        let found = set.find(host, kid, algorithm).await;
        self.trim(host, set);
        Ok((found?, Arc::clone(set)))
    }

    /// Does what is to be done behind a request for the set of this number. False where it is another issuer's.
    pub async fn refresh<H: Host>(&self, host: &H, number: u32) -> bool {
        let Some(set) = self.sets.iter().find(|set| set.number() == number) else { return false };
        set.refresh(host).await;
        self.trim(host, set);
        true
    }

    /// Fetches the sets by the clock: the one for all, or those of some tenants at each run, drawn by chance.
    pub async fn refresh_on_schedule<H: Host>(&self, host: &H) {
        let count = self.sets.len();
        let at_once = if self.tenants.is_empty() { count } else { TENANTS_AT_ONCE.min(count) };
        let mut drawn = [0; 4];
        // Without chance it is always the same ones, and the others are fetched when they are asked for.
        let _ = host.fill_random(&mut drawn);
        let drawn = usize::try_from(u32::from_le_bytes(drawn)).unwrap_or_default();
        let start = drawn.checked_rem(count).unwrap_or_default();
        for set in self.sets.iter().cycle().skip(start).take(at_once) {
            set.refresh_on_schedule(host).await;
            self.trim(host, set);
        }
    }

    /// What is known of each set that is in memory, or was looked for in vain.
    pub fn status(&self, now: UnixMillis) -> impl Iterator<Item = KeySetStatus> + '_ {
        let told = move |status: &KeySetStatus| {
            self.tenants.is_empty() || status.fetched_at.is_some() || status.failure.is_some()
        };
        self.sets.iter().map(move |set| set.status(now)).filter(told)
    }

    /// Frees the sets that were not used for longest, where this one has made them too many.
    fn trim<H: Host>(&self, host: &H, set: &RemoteKeySet) {
        if !H::ASKS || !set.is_newcomer() || self.sets.len() <= MOST_KEY_SETS {
            return;
        }
        let mut in_memory: Vec<_> = self.sets.iter().filter_map(|set| Some((set.used()?, set))).collect();
        let surplus = in_memory.len().saturating_sub(MOST_KEY_SETS);
        if surplus > 0 {
            in_memory.sort_by_key(|(used, _)| *used);
            in_memory.iter().take(surplus).for_each(|(_, set)| set.evict(host));
        }
    }
}

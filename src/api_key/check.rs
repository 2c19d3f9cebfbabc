//! From a presented key to a verdict, in three steps.
//!
//! 1. [`ApiKeyChecker::parse`]: the text alone. What is mistyped or invented ends here, without a store read.
//! 2. [`ApiKeyChecker::lookup`]: the store. It proves the secret and yields facts, which may be kept.
//! 3. [`ApiKeyChecker::judge`]: the facts against the clock and the request. It is pure and runs on every use, so that
//!    a kept fact never outlives what it says.
//!
//! Until the secret is proven, a client learns `key_invalid` and nothing of the record (see [`Reason::disclosed`]):
//! somebody who has only an id cannot find out whether there is such a key or how it fares. After that the holder of
//! the key may learn why it was refused, except that it was revoked.

use std::{net::IpAddr, sync::Arc};

use super::{ForeignKeys, KeyCaching, KeyForm, KeyLife, PresentedKey, Record, UsageNotes, store_key};
use crate::{
    facts::{CacheSize, FactsCache, Found},
    host::{Host, UnixMillis},
    revocation::InForce,
    verdict::{CredentialClass, Denial, Evidence, Grant, Principal, Reason, Verdict},
};

/// What a check must know of the request that a key came with.
#[derive(Debug, Clone, Copy, Default)]
pub struct KeyContext<'r> {
    /// The client's address as the host reports it, without a port; none where the host cannot tell. A key that is
    /// restricted to addresses is refused from an unknown one, and from one that cannot be read.
    pub ip: Option<&'r str>,
}

/// What was authenticated: whoever presented this key has its secret, and this is its record. It says nothing about
/// whether the key is good now: [`ApiKeyChecker::judge`] does.
#[derive(Debug, Clone)]
pub struct KeyFacts {
    id: String,
    record: Record,
    /// Made once, since facts are judged more often than they are found.
    public: String,
}

impl KeyFacts {
    fn new(id: &str, record: Record) -> Result<Self, Denial> {
        let public =
            record.public_json(id).map_err(|error| denied(Reason::RecordUnreadable, id).noting(error.to_string()))?;
        Ok(Self { id: id.to_owned(), record, public })
    }

    /// The key's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What the facts take, as a cache reckons: the record as a tree of values is some times as large as its text.
    fn bytes(&self) -> usize {
        self.public.len().saturating_mul(4).saturating_add(512)
    }

    /// Whom the key speaks for.
    pub(crate) fn principal(&self) -> Principal {
        Principal {
            subject: Some(self.record.owner.clone()),
            organization: Some(self.record.organization.clone()),
            credential_id: Some(self.id.clone()),
            ..Principal::default()
        }
    }

    /// The key's record.
    #[must_use]
    pub const fn record(&self) -> &Record {
        &self.record
    }
}

/// How facts came to hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactsTier {
    /// The store was asked.
    Store,
    /// They were kept in this instance, and young enough.
    Isolate,
    /// They were kept in this instance, and the store did not answer.
    Stale,
}

impl FactsTier {
    /// The word for it in verdicts and audit events.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Isolate => "isolate",
            Self::Stale => "stale",
        }
    }
}

/// Checks keys of one form, and foreign ones where they are taken.
#[derive(Debug)]
pub struct ApiKeyChecker {
    life: KeyLife,
    caching: KeyCaching,
    cache: FactsCache<Arc<KeyFacts>>,
    notes: UsageNotes,
}

impl ApiKeyChecker {
    /// A checker for keys of this form, which asks the store at each check.
    #[must_use]
    pub fn new(form: KeyForm) -> Self {
        Self {
            life: KeyLife::new(form),
            caching: KeyCaching::NONE,
            cache: FactsCache::default(),
            notes: UsageNotes::default(),
        }
    }

    /// The same checker, for these foreign keys as well.
    #[must_use]
    pub fn with_foreign_keys(mut self, foreign: ForeignKeys) -> Self {
        self.life = self.life.with_foreign_keys(foreign);
        self
    }

    /// The same checker, which uses what it found for this long.
    #[must_use]
    pub const fn with_caching(mut self, caching: KeyCaching) -> Self {
        self.caching = caching;
        self
    }

    /// The same checker, which notes uses at most this often, in seconds; 0 for never.
    #[must_use]
    pub const fn with_usage_interval(mut self, seconds: u32) -> Self {
        self.notes.interval = seconds;
        self
    }

    /// The form of the keys.
    #[must_use]
    pub const fn form(&self) -> &KeyForm {
        self.life.form()
    }

    /// The foreign keys that are taken.
    #[must_use]
    pub const fn foreign_keys(&self) -> &ForeignKeys {
        self.life.foreign_keys()
    }

    /// How long what was found is used.
    #[must_use]
    pub const fn caching(&self) -> &KeyCaching {
        &self.caching
    }

    /// The notes of when keys were used.
    #[must_use]
    pub const fn notes(&self) -> &UsageNotes {
        &self.notes
    }

    /// The life of the keys that are checked here.
    #[must_use]
    pub const fn life(&self) -> &KeyLife {
        &self.life
    }

    /// Forgets all facts: a key was changed, and this instance need not learn it late.
    pub fn forget_all(&self) {
        self.cache.clear();
    }

    /// How full the cache of facts is.
    #[must_use]
    pub fn cache_size(&self) -> CacheSize {
        self.cache.size()
    }

    /// Whether a credential is meant to be a key, well-formed or not: this tells the classes apart.
    #[must_use]
    pub fn takes(&self, credential: &str) -> bool {
        self.life.takes(credential)
    }

    /// Takes a presented key to a verdict, with one store read at most. Scopes are left to the caller, who knows what
    /// the route needs and finds what the key has in [`Grant::scopes`].
    ///
    /// # Errors
    /// Those of the three steps.
    pub async fn check<H: Host>(&self, host: &H, presented: &str, context: &KeyContext<'_>) -> Verdict {
        let (facts, tier) = self.find(host, presented).await?;
        // The clock is read after the store: a key that expired while the store was slow has expired.
        let verdict = self.judge(&facts, host.now(), context);
        verdict.map(|mut grant| {
            grant.principal.facts_tier = Some(tier.as_str());
            grant
        })
    }

    /// As [`ApiKeyChecker::check`], held against what is in force by then: the deny list, and, in strict mode, the signed
    /// one (contract §6.3).
    ///
    /// The signed list is looked for first: nothing may be waited for between the judgement of a record and the answer, or
    /// the record would be judged as of before the wait. What is no key costs no look.
    ///
    /// # Errors
    /// As [`ApiKeyChecker::check`], [`Reason::KeyRevoked`] for a key that is denied, and [`Reason::DenySnapshotStale`] and
    /// [`Reason::DenySnapshotUnavailable`] where nobody can tell.
    pub async fn check_in_force<H: Host>(
        &self,
        host: &H,
        presented: &str,
        context: &KeyContext<'_>,
        revocation: &InForce,
    ) -> Verdict {
        if revocation.is_strict() && self.parse(presented).is_ok() {
            let _ = revocation.ready(host).await;
        }
        let grant = self.check(host, presented, context).await?;
        let Principal { credential_id, organization, .. } = &grant.principal;
        let id = credential_id.as_deref().unwrap_or_default();
        match revocation.at(host.clock()).hold_key(id, organization.as_deref(), host.now()) {
            Ok(()) => Ok(grant),
            Err(denial) => Err(denial.of(CredentialClass::ApiKey).about(grant.principal)),
        }
    }

    /// The first two steps: the facts of a presented key, kept or looked up.
    ///
    /// What is kept stands under a digest of the whole text that was presented, so that what is found there was proven by
    /// these very bytes. "No" is never kept: a key that was just issued works at once.
    ///
    /// # Errors
    /// Those of the two steps. Where the store cannot tell and there are facts of the allowed age, those serve.
    pub async fn find<H: Host>(&self, host: &H, presented: &str) -> Result<(Arc<KeyFacts>, FactsTier), Denial> {
        let key = self.parse(presented).inspect_err(|denial| {
            // Without a seal anybody could have made the key up.
            if let (Reason::KeyEnvironmentMismatch, true, Some(id)) =
                (denial.reason, self.form().is_sealed(), &denial.principal.credential_id)
            {
                self.notes.seen_elsewhere(host, id);
            }
        })?;
        let digest = if H::ASKS && self.caching.stale() > 0 { self.cache.digest(host, presented) } else { None };
        let asked = host.clock();
        let known = digest.as_ref().and_then(|digest| self.cache.find(digest));
        // What is known of a revoked key stays, whatever the store says meanwhile: it may show the record of before yet.
        let has_ended = known.as_ref().is_some_and(|known| known.facts.record.revocation.is_some());
        if let Some(known) = &known
            && known.age(asked).is_some_and(|age| age < self.caching.fresh())
        {
            return Ok((Arc::clone(&known.facts), FactsTier::Isolate));
        }
        match (self.lookup(host, &key).await, digest) {
            (Ok(facts), Some(digest)) => {
                let facts = Arc::new(facts);
                let found = Found { facts: Arc::clone(&facts), as_of: asked };
                // A revocation is final. A store that shows the record of before again is behind.
                let final_word = |known: &Arc<KeyFacts>, new: &Arc<KeyFacts>| {
                    known.record.revocation.is_some() && new.record.revocation.is_none()
                };
                if let Some(known) = known.filter(|known| final_word(&known.facts, &facts)) {
                    return Ok((known.facts, FactsTier::Isolate));
                }
                self.cache.keep(digest, found, facts.bytes(), final_word);
                Ok((facts, FactsTier::Store))
            }
            (Ok(facts), None) => Ok((Arc::new(facts), FactsTier::Store)),
            (Err(denial), Some(digest)) if denial.reason.is_undecided() => {
                let now = host.clock();
                // A record that cannot be read may be one that a newer version wrote to end the key.
                let answered = denial.reason == Reason::RecordUnreadable;
                let known =
                    known.filter(|known| !answered && known.age(now).is_some_and(|age| age < self.caching.stale()));
                if let Some(known) = known {
                    return Ok((known.facts, FactsTier::Stale));
                }
                if answered && !has_ended {
                    self.cache.forget(&digest);
                }
                Err(denial)
            }
            (Err(denial), Some(digest)) => {
                if !has_ended {
                    self.cache.forget(&digest);
                }
                Err(denial)
            }
            (Err(denial), None) => Err(denial),
        }
    }

    /// The first step: takes the key apart and checks its check, where its form has one.
    ///
    /// # Errors
    /// As [`KeyForm::parse`].
    pub fn parse<'k>(&self, presented: &'k str) -> Result<PresentedKey<'k>, Denial> {
        self.life.parse(presented)
    }

    /// The second step: reads the key's record and proves the secret against it.
    ///
    /// The secret is hashed and compared in constant time whether there is a record or not. What remains is the time of
    /// reading a record, which can tell that an id exists; ids are no secret.
    ///
    /// # Errors
    /// [`Reason::StoreUnavailable`] with the host's words, or where the store took longer than its time,
    /// [`Reason::KeyUnknown`], [`Reason::KeySecretMismatch`], and those of [`Record::from_store`].
    pub async fn lookup<H: Host>(&self, host: &H, key: &PresentedKey<'_>) -> Result<KeyFacts, Denial> {
        let KeyCaching { timeout, store_cache, .. } = self.caching;
        let asked = host.clock();
        let stored = host.read_nearby(&store_key(&key.id), timeout, store_cache).await;
        let unavailable = |words: String| denied(Reason::StoreUnavailable, &key.id).noting(words);
        let stored = stored.map_err(|error| unavailable(error.to_string()))?;
        // An answer that was under way for longer is older than the stated bound allows, however it came to be so.
        if host.clock().0.saturating_sub(asked.0) > i64::from(timeout) {
            return Err(unavailable(format!("the store took longer than {timeout} ms")));
        }
        prove(key, stored.as_deref())
    }

    /// The third step: whether the key is good now, for this request. Keys have no clock tolerance.
    ///
    /// # Errors
    /// The first that holds of: [`Reason::KeyRevoked`], [`Reason::KeyDisabled`], [`Reason::KeyNotYetValid`],
    /// [`Reason::KeyExpired`], [`Reason::KeySuperseded`], [`Reason::KeyEnvironmentMismatch`] of the record, and
    /// [`Reason::AddressNotAllowed`].
    pub fn judge(&self, facts: &KeyFacts, now: UnixMillis, context: &KeyContext<'_>) -> Verdict {
        let record = &facts.record;
        match self.objection(record, now.seconds(), context.ip) {
            Some(reason) => Err(Denial::new(reason).of(CredentialClass::ApiKey).about(facts.principal())),
            None => Ok(Grant {
                class: CredentialClass::ApiKey,
                principal: facts.principal(),
                scopes: record.scopes.clone(),
                expires: record.ends(),
                evidence: Evidence::Record(facts.public.clone()),
            }),
        }
    }

    fn objection(&self, record: &Record, now: i64, ip: Option<&str>) -> Option<Reason> {
        // Revoked stands first: it is final, and it alone is kept from whoever holds the key.
        if record.revocation.is_some() {
            Some(Reason::KeyRevoked)
        } else if record.disabled {
            Some(Reason::KeyDisabled)
        } else if record.not_before.is_some_and(|start| now < start) {
            Some(Reason::KeyNotYetValid)
        } else if record.expires.is_some_and(|end| now >= end) {
            Some(Reason::KeyExpired)
        } else if record.rotation.as_ref().is_some_and(|rotation| rotation.is_over(now)) {
            Some(Reason::KeySuperseded)
        } else if record.environment != self.form().environment() {
            Some(Reason::KeyEnvironmentMismatch)
        } else if !address_allowed(record, ip) {
            Some(Reason::AddressNotAllowed)
        } else {
            None
        }
    }
}

/// Proves a presented key against what the store has under its id.
///
/// # Errors
/// As [`ApiKeyChecker::lookup`], but for those of reading.
pub(super) fn prove(key: &PresentedKey<'_>, stored: Option<&[u8]>) -> Result<KeyFacts, Denial> {
    let record = stored.map(Record::from_store).transpose();
    let proven = key.is_of(record.as_ref().ok().and_then(Option::as_ref));
    match record {
        Err(denial) => Err(Denial { note: denial.note, ..denied(denial.reason, &key.id) }),
        Ok(Some(record)) if proven => KeyFacts::new(&key.id, record),
        Ok(Some(_)) => Err(denied(Reason::KeySecretMismatch, &key.id)),
        Ok(None) => Err(denied(Reason::KeyUnknown, &key.id)),
    }
}

fn address_allowed(record: &Record, ip: Option<&str>) -> bool {
    if record.allowed_cidrs.is_empty() {
        return true;
    }
    let address = ip.and_then(|ip| ip.parse::<IpAddr>().ok());
    address.is_some_and(|address| record.allowed_cidrs.iter().any(|range| range.contains(address)))
}

/// A denial of a key of which only the id is known: nobody has proven yet to hold its secret. The audit event names the
/// key all the same, for its owner will want to know who is trying.
fn denied(reason: Reason, id: &str) -> Denial {
    let principal = Principal { credential_id: Some(id.to_owned()), ..Principal::default() };
    Denial::new(reason).of(CredentialClass::ApiKey).about(principal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api_key::{Environment, FormatVersion, Revocation, RevocationReason, Rotation, SecretDigest};

    const ID: &str = "4fJ9aZ0kQ2mX7bTe";
    const NOW: i64 = 1_780_000_000;

    fn record() -> Record {
        Record {
            version: FormatVersion,
            digest: SecretDigest::of("any"),
            organization: "org_1".to_owned(),
            owner: "ada".to_owned(),
            revoker: "security".to_owned(),
            name: "nightly export".to_owned(),
            environment: Environment::Live,
            scopes: vec!["reports:read".to_owned()],
            created: NOW - 1000,
            not_before: None,
            expires: None,
            disabled: false,
            revocation: None,
            allowed_cidrs: vec![],
            rate_limit_class: None,
            rotation: None,
            imported: false,
            publishable: false,
            metadata: serde_json::Map::new(),
        }
    }

    fn judged_at(record: Record, millis: i64, ip: Option<&str>) -> Verdict {
        let checker = ApiKeyChecker::new(KeyForm::new("acme", Environment::Live, vec![]).expect("a form"));
        let facts = KeyFacts::new(ID, record).expect("facts");
        checker.judge(&facts, UnixMillis(millis), &KeyContext { ip })
    }

    fn reason(record: Record) -> Option<Reason> {
        let denial = judged_at(record, NOW * 1000, None).err()?;
        assert_eq!(
            (denial.class, denial.principal.credential_id.as_deref()),
            (Some(CredentialClass::ApiKey), Some(ID))
        );
        Some(denial.reason)
    }

    #[test]
    fn a_good_key_is_granted_what_its_record_says() {
        let grant = judged_at(Record { expires: Some(NOW + 1), ..record() }, NOW * 1000, None).expect("a grant");
        let Evidence::Record(evidence) = &grant.evidence else { panic!("{grant:?}") };
        assert!(evidence.contains("\"id\":\"4fJ9aZ0kQ2mX7bTe\"") && !evidence.contains("digest"), "{evidence}");
        assert_eq!(
            grant,
            Grant {
                class: CredentialClass::ApiKey,
                principal: Principal {
                    subject: Some("ada".to_owned()),
                    organization: Some("org_1".to_owned()),
                    credential_id: Some(ID.to_owned()),
                    ..Principal::default()
                },
                scopes: vec!["reports:read".to_owned()],
                expires: Some(NOW + 1),
                evidence: grant.evidence.clone(),
            }
        );
    }

    #[test]
    fn a_key_is_good_from_its_first_second_to_the_one_before_its_end() {
        let window = || Record { not_before: Some(NOW), expires: Some(NOW + 10), ..record() };
        let at = |millis: i64| judged_at(window(), millis, None).err().map(|denial| denial.reason);
        assert_eq!(at(NOW * 1000 - 1), Some(Reason::KeyNotYetValid));
        assert_eq!(at(NOW * 1000), None);
        assert_eq!(at((NOW + 10) * 1000 - 1), None);
        assert_eq!(at((NOW + 10) * 1000), Some(Reason::KeyExpired));
    }

    #[test]
    fn the_first_objection_in_the_order_of_the_contract_is_the_reason() {
        let mut record = Record {
            revocation: Some(Revocation { at: NOW + 99, by: "security".to_owned(), reason: RevocationReason::Unused }),
            disabled: true,
            not_before: Some(NOW + 1),
            expires: Some(NOW),
            rotation: Some(Rotation { replaced_by: Some("next".to_owned()), ..Rotation::default() }),
            environment: Environment::Test,
            allowed_cidrs: vec!["192.0.2.0/24".parse().expect("a range")],
            ..record()
        };
        assert_eq!(reason(record.clone()), Some(Reason::KeyRevoked));
        record.revocation = None;
        assert_eq!(reason(record.clone()), Some(Reason::KeyDisabled));
        record.disabled = false;
        assert_eq!(reason(record.clone()), Some(Reason::KeyNotYetValid));
        record.not_before = None;
        assert_eq!(reason(record.clone()), Some(Reason::KeyExpired));
        record.expires = None;
        assert_eq!(reason(record.clone()), Some(Reason::KeySuperseded));
        record.rotation = Some(Rotation { overlap_until: Some(NOW + 1), ..record.rotation.unwrap_or_default() });
        assert_eq!(reason(record.clone()), Some(Reason::KeyEnvironmentMismatch));
        record.environment = Environment::Live;
        assert_eq!(reason(record.clone()), Some(Reason::AddressNotAllowed));
        record.allowed_cidrs.clear();
        assert_eq!(reason(record), None);
    }

    #[test]
    fn a_restricted_key_is_refused_from_everywhere_else_and_from_nowhere() {
        let ranges = ["192.0.2.0/24", "2001:db8::/32"].map(|range| range.parse().expect(range));
        let allowed = |ip| judged_at(Record { allowed_cidrs: ranges.to_vec(), ..record() }, NOW * 1000, ip).is_ok();
        for ip in ["192.0.2.7", "::ffff:192.0.2.7", "2001:db8::7", "2001:DB8::7"] {
            assert!(allowed(Some(ip)), "{ip}");
        }
        for ip in
            ["192.0.3.7", "::ffff:192.0.3.7", "2001:db9::7", "", "192.0.2.7:443", "192.0.2.7, 10.0.0.1", "unknown"]
        {
            assert!(!allowed(Some(ip)), "{ip}");
        }
        assert!(!allowed(None));
    }
}

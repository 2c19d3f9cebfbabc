//! What is in force: the list of the policy and, in strict mode, the signed one. A gate, a verifier and the facts that
//! they made share it, so that what is denied reaches facts that were made before.

use std::sync::{Arc, PoisonError, RwLock};

use super::{DenyEntry, DenyList, DenySnapshotStatus, PublishError, Published, Publisher, Watch};
use crate::{
    host::{Host, UnixMillis},
    verdict::{Denial, Principal},
};

/// A handle on what is in force; its clones are handles on the same.
#[derive(Debug, Clone, Default)]
pub struct InForce(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    list: RwLock<Arc<DenyList>>,
    strict: Option<Strict>,
}

/// Strict mode (contract §6.3).
#[derive(Debug)]
struct Strict {
    watch: Watch,
    publisher: Option<Publisher>,
}

/// The lists that are in force at one time, for one verdict. It is no verdict to keep.
#[derive(Debug, Clone)]
pub struct Standing {
    list: Arc<DenyList>,
    /// None without strict mode.
    snapshot: Option<Result<Arc<DenyList>, Denial>>,
}

impl InForce {
    /// Strict mode: beside the list of the policy a signed one counts, and where there is none that does, nobody can tell.
    /// With a publisher, this process signs lists too.
    #[must_use]
    pub fn strict(watch: Watch, publisher: Option<Publisher>) -> Self {
        Self(Arc::new(Inner { list: RwLock::default(), strict: Some(Strict { watch, publisher }) }))
    }

    /// Whether there is strict mode.
    #[must_use]
    pub fn is_strict(&self) -> bool {
        self.0.strict.is_some()
    }

    /// Whether this process can sign lists.
    #[must_use]
    pub fn can_publish(&self) -> bool {
        self.0.strict.as_ref().is_some_and(|strict| strict.publisher.is_some())
    }

    /// The list of the policy as it stands.
    fn list(&self) -> Arc<DenyList> {
        // The value under the lock is replaced in one step and so whole, even where a thread died with the lock.
        Arc::clone(&self.0.list.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts a list in the place of that of the policy, from the next judgement on.
    pub fn replace(&self, list: DenyList) {
        *self.0.list.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(list);
    }

    /// What is in force now. In strict mode the signed list is looked for where there is none that counts, within
    /// seconds, and by one request at a time; where the check may not wait, what is there is taken.
    pub async fn ready<H: Host>(&self, host: &H) -> Standing {
        let snapshot = match &self.0.strict {
            Some(strict) => Some(strict.watch.list(host).await),
            None => None,
        };
        Standing { list: self.list(), snapshot }
    }

    /// What is in force at this time, without looking for anything. The time is that which passes, not another one that a
    /// check stands for.
    #[must_use]
    pub fn at(&self, now: UnixMillis) -> Standing {
        let snapshot = self.0.strict.as_ref().map(|strict| strict.watch.at(now));
        Standing { list: self.list(), snapshot }
    }

    /// The last second at which the list of the policy denies a token's principal, for an explanation: none where it is not
    /// on it, or no time ends that.
    pub(crate) fn token_denied_until(&self, who: &Principal, policy_issuer: &str) -> Option<i64> {
        self.list().token_denied_until(who, policy_issuer)
    }

    /// Holds an API key against what is in force at this time, as [`InForce::at`] and [`Standing::hold_key`].
    ///
    /// # Errors
    /// As [`Standing::hold_key`].
    pub fn hold_key(&self, id: &str, organization: Option<&str>, now: UnixMillis) -> Result<(), Denial> {
        self.at(now).hold_key(id, organization, now)
    }

    /// Reads the signed list again behind a request. Where this process can sign, and nobody did for half of `maxAge`, it
    /// does.
    pub async fn refresh<H: Host>(&self, host: &H) {
        let Some(Strict { watch, publisher }) = &self.0.strict else { return };
        watch.refresh(host).await;
        if let Some(publisher) = publisher
            && watch.is_due(host.clock())
        {
            // It stands in the status, and the next refresh tries again.
            let _ = publisher.republish(host, watch, true).await;
        }
    }

    /// Signs the list again where this process can, and reads it again where it cannot.
    pub async fn refresh_on_schedule<H: Host>(&self, host: &H) {
        let Some(Strict { watch, publisher }) = &self.0.strict else { return };
        if let Some(publisher) = publisher {
            let _ = publisher.republish(host, watch, false).await;
        }
        watch.refresh(host).await;
    }

    /// Publishes that these credentials are denied. When it returns, no verdict of any process that trusts the list allows
    /// one of them from `maxAge` on. API keys without an end stay on the list for as long as the policy says.
    ///
    /// # Errors
    /// [`PublishError`]; with [`PublishError::Store`] nobody can tell whether they are denied. To publish them again is
    /// safe.
    pub async fn publish_denial<H: Host>(&self, host: &H, entries: Vec<DenyEntry>) -> Result<Published, PublishError> {
        let (watch, publisher) = self.publisher()?;
        publisher.deny(host, watch, entries).await
    }

    /// Publishes that these entries are taken off the list, whatever their end.
    ///
    /// # Errors
    /// [`PublishError`]
    pub async fn withdraw_denial<H: Host>(&self, host: &H, entries: &[DenyEntry]) -> Result<Published, PublishError> {
        let (watch, publisher) = self.publisher()?;
        publisher.undeny(host, watch, entries).await
    }

    /// Signs the list again, so that it counts from now on.
    ///
    /// # Errors
    /// [`PublishError`]
    pub async fn republish<H: Host>(&self, host: &H) -> Result<Published, PublishError> {
        let (watch, publisher) = self.publisher()?;
        publisher.republish(host, watch, false).await
    }

    fn publisher(&self) -> Result<(&Watch, &Publisher), PublishError> {
        let Strict { watch, publisher } = self.0.strict.as_ref().ok_or(PublishError::NotStrict)?;
        Ok((watch, publisher.as_ref().ok_or(PublishError::NoSigner)?))
    }

    /// What is known of the signed list at this time; none without strict mode.
    #[must_use]
    pub fn status(&self, now: UnixMillis) -> Option<DenySnapshotStatus> {
        let Strict { watch, publisher } = self.0.strict.as_ref()?;
        let publish_failure = publisher.as_ref().and_then(Publisher::failure);
        Some(DenySnapshotStatus { publish_failure, ..watch.status(now) })
    }
}

impl Standing {
    /// Holds a token's principal against the lists. `policy_issuer` is the issuer as the policy names it, which for a
    /// template is the template.
    ///
    /// # Errors
    /// [`Reason::TokenRevoked`], with what an entry named as note; in strict mode [`Reason::DenySnapshotStale`] and
    /// [`Reason::DenySnapshotUnavailable`], where the list of the policy does not name it and the signed one cannot be
    /// trusted.
    ///
    /// [`Reason::TokenRevoked`]: crate::verdict::Reason::TokenRevoked
    /// [`Reason::DenySnapshotStale`]: crate::verdict::Reason::DenySnapshotStale
    /// [`Reason::DenySnapshotUnavailable`]: crate::verdict::Reason::DenySnapshotUnavailable
    pub fn hold_token(&self, who: &Principal, policy_issuer: &str, now: UnixMillis) -> Result<(), Denial> {
        self.hold(|list| list.hold_token(who, policy_issuer, now.seconds()))
    }

    /// Holds an API key against the lists.
    ///
    /// # Errors
    /// [`Reason::KeyRevoked`], with what an entry named as note; otherwise as [`Standing::hold_token`].
    ///
    /// [`Reason::KeyRevoked`]: crate::verdict::Reason::KeyRevoked
    pub fn hold_key(&self, id: &str, organization: Option<&str>, now: UnixMillis) -> Result<(), Denial> {
        self.hold(|list| list.hold_key(id, organization, now.seconds()))
    }

    /// What the policy denies is denied whatever is known of the signed list.
    fn hold(&self, denies: impl Fn(&DenyList) -> Result<(), Denial>) -> Result<(), Denial> {
        denies(&self.list)?;
        match &self.snapshot {
            None => Ok(()),
            Some(Ok(list)) => denies(list),
            Some(Err(denial)) => Err(denial.clone()),
        }
    }
}

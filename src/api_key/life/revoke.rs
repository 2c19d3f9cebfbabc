//! The end of a key, for good.

use serde::Deserialize;

use super::{KeyLife, LifeError, edit::Unowned};
use crate::{
    api_key::{Record, Revocation, RevocationReason, check::prove, store_key},
    host::Host,
    verdict::{Denial, Principal, Reason},
};

/// Who ends a key, and why.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RevokeRequest {
    /// Who ends it.
    pub by: String,
    /// Why.
    pub reason: RevocationReason,
}

/// What became of a key that its holder asked to end.
#[derive(Debug, Clone)]
pub struct HeldRevocation {
    /// The key's id.
    pub id: String,
    /// Whom it spoke for.
    pub principal: Principal,
    /// Its record as it is now.
    pub record: Record,
    /// Whether it was ended by this; else it had been before.
    pub ended: bool,
}

impl KeyLife {
    /// Ends a key for good. The record stays as a tombstone. A key that is revoked already stays as it is, with who did it
    /// first and why; the flag says whether this was the first.
    ///
    /// # Errors
    /// Those of a change.
    pub async fn revoke<H: Host>(
        &self,
        host: &H,
        id: &str,
        request: &RevokeRequest,
    ) -> Result<(Record, bool), LifeError> {
        if request.by.trim().is_empty() {
            return Err(LifeError::Request("`by` is empty: say who revokes the key".to_owned()));
        }
        let revocation = Revocation { at: host.now().seconds(), by: request.by.clone(), reason: request.reason };
        let revoked = self.edit(host, id, Unowned::Nobody, |record| {
            let first = record.revocation.is_none();
            record.revocation.get_or_insert_with(|| revocation.clone());
            Ok(first)
        });
        revoked.await
    }

    /// Ends a key for whoever holds it: who found one can stop it without knowing whose it is.
    ///
    /// # Errors
    /// The denial of a key that is none, or whose secret is not proven. [`Reason::StoreUnavailable`] and
    /// [`Reason::RecordUnreadable`] say that it may still be good.
    pub async fn revoke_held<H: Host>(
        &self,
        host: &H,
        presented: &str,
        request: &RevokeRequest,
    ) -> Result<HeldRevocation, Denial> {
        let key = self.parse(presented)?;
        let stored = host.read_latest(&store_key(&key.id)).await;
        let stored = stored.map_err(|error| Denial::new(Reason::StoreUnavailable).noting(error.to_string()))?;
        let facts = prove(&key, stored.as_deref())?;
        let principal = facts.principal();
        let (record, ended) = self
            .revoke(host, facts.id(), request)
            .await
            .map_err(|error| Denial::from(error).about(principal.clone()))?;
        Ok(HeldRevocation { id: facts.id().to_owned(), principal, record, ended })
    }
}

//! Changing what a record says, and switching a key off and on.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{KeyLife, LifeError, Moment, edit::Unowned, request::distinct};
use crate::{
    api_key::{Cidr, Record},
    host::Host,
    json,
    stored::{present, stated},
};

/// What shall be different about a key. What is left out stays; null takes away what may be missing. The organization, the
/// environment and the secret never change: another key is for that.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyChange {
    /// Who answers for the key's use.
    #[serde(default, deserialize_with = "stated")]
    pub owner: Option<String>,
    /// Who can be asked to revoke the key.
    #[serde(default, deserialize_with = "stated")]
    pub revoker: Option<String>,
    /// What the key is for.
    #[serde(default, deserialize_with = "stated")]
    pub name: Option<String>,
    /// What the key may do: all of it, not what comes in addition.
    #[serde(default, deserialize_with = "stated")]
    pub scopes: Option<Vec<String>>,
    /// When the key begins to be good.
    #[serde(default, deserialize_with = "present")]
    pub not_before: Option<Option<Moment>>,
    /// When the key is no longer good.
    #[serde(default, deserialize_with = "present")]
    pub expires: Option<Option<Moment>>,
    /// The only addresses that may use the key.
    #[serde(default, deserialize_with = "stated")]
    pub allowed_cidrs: Option<Vec<Cidr>>,
    /// The name of the rate limit that the key is under.
    #[serde(default, deserialize_with = "present")]
    pub rate_limit_class: Option<Option<String>>,
    /// Whether the key is meant to be seen.
    #[serde(default, deserialize_with = "stated")]
    pub publishable: Option<bool>,
    /// Whatever else the owner wants kept, in place of what was.
    #[serde(default, deserialize_with = "json::stated_members")]
    pub metadata: Option<Map<String, Value>>,
}

impl KeyLife {
    /// Changes what the record of a key says.
    ///
    /// # Errors
    /// [`LifeError::State`] for a revoked key, and those of a change.
    pub async fn update<H: Host>(&self, host: &H, id: &str, change: &KeyChange) -> Result<Record, LifeError> {
        let scopes = change.scopes.clone().map(distinct).transpose()?;
        // A record that nobody answers for is mended by naming whoever is missing.
        let unowned = Unowned::Mended { owner: change.owner.is_some(), revoker: change.revoker.is_some() };
        let now = host.now().seconds();
        let (record, ()) = self
            .edit(host, id, unowned, |record| {
                expect_unrevoked(record)?;
                for (name, to, from) in [
                    ("owner", &mut record.owner, &change.owner),
                    ("revoker", &mut record.revoker, &change.revoker),
                    ("name", &mut record.name, &change.name),
                ] {
                    if let Some(from) = from {
                        if from.trim().is_empty() {
                            return Err(LifeError::Request(format!("`{name}` is empty")));
                        }
                        to.clone_from(from);
                    }
                }
                if let Some(scopes) = &scopes {
                    record.scopes.clone_from(scopes);
                }
                if let Some(start) = change.not_before {
                    record.not_before = start.map(|moment| moment.from(now));
                }
                if let Some(end) = change.expires {
                    record.expires = end.map(|moment| moment.from(now));
                }
                if let (Some(start), Some(end)) = (record.not_before, record.expires)
                    && end <= start
                {
                    return Err(LifeError::Request("`expires` is not after `notBefore`".to_owned()));
                }
                if let Some(ranges) = &change.allowed_cidrs {
                    record.allowed_cidrs.clone_from(ranges);
                }
                if let Some(class) = &change.rate_limit_class {
                    record.rate_limit_class.clone_from(class);
                }
                if let Some(publishable) = change.publishable {
                    record.publishable = publishable;
                }
                if let Some(metadata) = &change.metadata {
                    record.metadata.clone_from(metadata);
                }
                Ok(())
            })
            .await?;
        Ok(record)
    }

    /// Switches a key off for the time being. One that is off already stays off.
    ///
    /// # Errors
    /// [`LifeError::State`] for a revoked key, and those of a change.
    pub async fn disable<H: Host>(&self, host: &H, id: &str) -> Result<Record, LifeError> {
        self.switch(host, id, true).await
    }

    /// Switches a key on again.
    ///
    /// # Errors
    /// As [`KeyLife::disable`].
    pub async fn enable<H: Host>(&self, host: &H, id: &str) -> Result<Record, LifeError> {
        self.switch(host, id, false).await
    }

    async fn switch<H: Host>(&self, host: &H, id: &str, off: bool) -> Result<Record, LifeError> {
        let unowned = if off { Unowned::Nobody } else { Unowned::Refused };
        let switched = self.edit(host, id, unowned, |record| {
            expect_unrevoked(record)?;
            record.disabled = off;
            Ok(())
        });
        Ok(switched.await?.0)
    }
}

pub(super) fn expect_unrevoked(record: &Record) -> Result<(), LifeError> {
    match &record.revocation {
        Some(_) => Err(LifeError::State("the key is revoked, for good".to_owned())),
        None => Ok(()),
    }
}

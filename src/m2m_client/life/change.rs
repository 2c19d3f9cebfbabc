//! Changing what a record says, and the secrets of a client.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{ClientError, ClientLife, ClientRecord, NewSecret};
use crate::{
    host::Host,
    json,
    m2m_client::{Ended, MOST_SECRETS},
    stored::{distinct, present, stated},
};

/// What shall be different about a client. What is left out stays; null takes away what may be missing. The issuer and the
/// client's id never change: that is another client.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientChange {
    /// Who answers for its use.
    #[serde(default, deserialize_with = "stated")]
    pub owner: Option<String>,
    /// Who can be asked to end it.
    #[serde(default, deserialize_with = "stated")]
    pub revoker: Option<String>,
    /// What it is for.
    #[serde(default, deserialize_with = "stated")]
    pub name: Option<String>,
    /// The customer that it belongs to.
    #[serde(default, deserialize_with = "present")]
    pub organization: Option<Option<String>>,
    /// What it may ask tokens for: all of it, not what comes in addition.
    #[serde(default, deserialize_with = "stated")]
    pub scopes: Option<Vec<String>>,
    /// Whatever else is to be kept, in place of what was.
    #[serde(default, deserialize_with = "json::stated_members")]
    pub metadata: Option<Map<String, Value>>,
}

/// Which secret was ended, and by whom.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EndedSecret {
    /// The id of the secret.
    pub secret: String,
    /// Who ended it.
    pub by: String,
}

/// Who says that a client is of no more interest.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Removed {
    /// Who says so.
    pub by: String,
}

impl ClientLife {
    /// Changes what the record of a client says.
    ///
    /// # Errors
    /// [`ClientError::State`] for a client that was removed, and those of a change.
    pub async fn update<H: Host>(
        &self,
        host: &H,
        id: &str,
        change: &ClientChange,
    ) -> Result<ClientRecord, ClientError> {
        let scopes = change.scopes.clone().map(distinct).transpose().map_err(ClientError::Request)?;
        self.edit(host, id, |record| {
            expect_there(record)?;
            for (name, value) in [("owner", &change.owner), ("revoker", &change.revoker), ("name", &change.name)] {
                if value.as_ref().is_some_and(|value| value.trim().is_empty()) {
                    return Err(ClientError::Request(format!("`{name}` is empty")));
                }
            }
            if change.owner.is_some() {
                record.owner.clone_from(&change.owner);
            }
            if change.revoker.is_some() {
                record.revoker.clone_from(&change.revoker);
            }
            if let Some(name) = &change.name {
                record.name.clone_from(name);
            }
            if let Some(organization) = &change.organization {
                record.organization.clone_from(organization);
            }
            if let Some(scopes) = &scopes {
                record.scopes.clone_from(scopes);
            }
            if let Some(metadata) = &change.metadata {
                record.metadata.clone_from(metadata);
            }
            Ok(())
        })
        .await
    }

    /// Notes another secret of a client, as when one is rotated: the old one stays until it is noted that it was ended.
    ///
    /// # Errors
    /// [`ClientError::State`] for a client that was removed, a secret of this id that is there already, and one too many;
    /// and those of a change.
    pub async fn add_secret<H: Host>(&self, host: &H, id: &str, new: &NewSecret) -> Result<ClientRecord, ClientError> {
        let now = host.now().seconds();
        super::request::past(new.created, now)?;
        self.edit(host, id, |record| {
            expect_there(record)?;
            let secret = new.clone().into_secret(&record.secrets, now);
            if record.secrets.iter().any(|other| other.id == secret.id) {
                return Err(ClientError::State("there is a secret of this id already".to_owned()));
            }
            record.secrets.push(secret);
            forget_ended(record, now);
            if record.secrets.len() > MOST_SECRETS {
                return Err(ClientError::State(format!("a client has at most {MOST_SECRETS} secrets on record")));
            }
            Ok(())
        })
        .await
    }

    /// Notes that a secret of a client was ended. One that was before stays as it is, with who did it first.
    ///
    /// # Errors
    /// [`ClientError::State`] where the client has no secret of this id, and those of a change.
    pub async fn revoke_secret<H: Host>(
        &self,
        host: &H,
        id: &str,
        ended: &EndedSecret,
    ) -> Result<ClientRecord, ClientError> {
        let end = named(&ended.by, host.now().seconds())?;
        self.edit(host, id, |record| {
            let Some(secret) = record.secrets.iter_mut().find(|secret| secret.id == ended.secret) else {
                return Err(ClientError::State("the client has no secret of this id".to_owned()));
            };
            secret.revoked.get_or_insert_with(|| end.clone());
            Ok(())
        })
        .await
    }

    /// Notes that a client is of no more interest, as when it was deleted at its issuer. The record stays as a tombstone. One
    /// that was removed before stays as it is.
    ///
    /// # Errors
    /// Those of a change.
    pub async fn remove<H: Host>(&self, host: &H, id: &str, removed: &Removed) -> Result<ClientRecord, ClientError> {
        let end = named(&removed.by, host.now().seconds())?;
        self.edit(host, id, |record| {
            record.removal.get_or_insert_with(|| end.clone());
            Ok(())
        })
        .await
    }
}

fn named(by: &str, at: i64) -> Result<Ended, ClientError> {
    if by.trim().is_empty() {
        return Err(ClientError::Request("`by` is empty: say who does it".to_owned()));
    }
    Ok(Ended { at, by: by.to_owned() })
}

fn expect_there(record: &ClientRecord) -> Result<(), ClientError> {
    match &record.removal {
        Some(_) => Err(ClientError::State("the client was removed; an import of it brings it back".to_owned())),
        None => Ok(()),
    }
}

/// Makes room by forgetting the secrets that ended first, where there are more than a record holds.
pub(super) fn forget_ended(record: &mut ClientRecord, now: i64) {
    while record.secrets.len() > MOST_SECRETS {
        let Some(oldest) = record.secrets.iter().position(|secret| secret.is_over(now)) else { return };
        record.secrets.remove(oldest);
    }
}

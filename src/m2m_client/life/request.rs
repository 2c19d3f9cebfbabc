//! A client as an administrator, or the listing of an issuer, describes it.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{ClientError, ClientRecord};
use crate::{
    json,
    m2m_client::{ClientSecret, MOST_SECRETS},
    stored::{FormatVersion, Moment, Second, distinct, present},
};

/// A client, as it stands in the JSON of an administrator.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewClient {
    /// Whose client it is: the issuer, as its tokens name it.
    pub issuer: String,
    /// What its issuer calls it.
    pub client_id: String,
    /// What it is for; what its issuer calls it where left out.
    pub name: Option<String>,
    /// The customer that it belongs to.
    pub organization: Option<String>,
    /// Who answers for its use.
    pub owner: Option<String>,
    /// Who can be asked to end it, when the owner cannot.
    pub revoker: Option<String>,
    /// What it may ask tokens for; not known where left out.
    pub scopes: Option<Vec<String>>,
    /// When it was made.
    pub created: Option<Second>,
    /// All of its secrets; not known where left out.
    pub secrets: Option<Vec<NewSecret>>,
    /// Whatever else is to be kept.
    #[serde(default, deserialize_with = "json::optional_members")]
    pub metadata: Option<Map<String, Value>>,
}

/// A secret, as far as it is described.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewSecret {
    /// What its issuer calls it; it gets a number where left out.
    pub id: Option<String>,
    /// Some letters of it.
    pub hint: Option<String>,
    /// When it was made.
    pub created: Option<Second>,
    /// When it ends by itself.
    pub expires: Option<Moment>,
    /// When it was used last: null where it never was; left out where nobody knows.
    #[serde(default, deserialize_with = "present")]
    pub last_used: Option<Option<Second>>,
}

impl NewClient {
    /// The record of a client that nothing is known of yet.
    pub(super) fn into_record(self, now: i64) -> Result<ClientRecord, ClientError> {
        expect_few(self.secrets.as_deref())?;
        let mut secrets = Vec::new();
        for secret in self.secrets.unwrap_or_default() {
            let secret = secret.into_secret(&secrets, now);
            secrets.push(secret);
        }
        Ok(ClientRecord {
            version: FormatVersion,
            name: self.name.unwrap_or_else(|| self.client_id.clone()),
            issuer: self.issuer,
            client_id: self.client_id,
            organization: self.organization,
            owner: self.owner,
            revoker: self.revoker,
            scopes: distinct(self.scopes.unwrap_or_default()).map_err(ClientError::Request)?,
            created: past(self.created, now)?,
            noted: now,
            removal: None,
            secrets,
            metadata: self.metadata.unwrap_or_default(),
        })
    }
}

impl NewSecret {
    /// The secret as it is held beside these.
    pub(super) fn into_secret(self, others: &[ClientSecret], now: i64) -> ClientSecret {
        ClientSecret {
            id: self.id.unwrap_or_else(|| free_id(others)),
            hint: self.hint,
            created: self.created.map(|second| second.0.min(now)),
            noted: now,
            expires: self.expires.map(|moment| moment.from(now)),
            revoked: None,
            last_used: self.last_used.map(|used| used.map(|second| second.0.min(now))),
        }
    }
}

/// No more secrets than a record holds: each is held against all others.
pub(super) fn expect_few(secrets: Option<&[NewSecret]>) -> Result<(), ClientError> {
    match secrets {
        Some(secrets) if secrets.len() > MOST_SECRETS => {
            Err(ClientError::Request(format!("a client has at most {MOST_SECRETS} secrets on record")))
        }
        _ => Ok(()),
    }
}

/// A time that has come: what lies in the future was not written by a clock that agrees with this one.
pub(super) fn past(at: Option<Second>, now: i64) -> Result<Option<i64>, ClientError> {
    match at {
        Some(Second(at)) if at > now.saturating_add(TOLERANCE) => {
            Err(ClientError::Request("`created` lies in the future".to_owned()))
        }
        at => Ok(at.map(|second| second.0.min(now))),
    }
}

/// How far the clock of an issuer may be ahead, in seconds.
const TOLERANCE: i64 = 300;

/// A number that no secret has as its id.
fn free_id(others: &[ClientSecret]) -> String {
    let mut number = others.len();
    loop {
        number = number.saturating_add(1);
        let id = number.to_string();
        if others.iter().all(|secret| secret.id != id) {
            return id;
        }
    }
}

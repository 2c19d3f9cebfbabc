//! What the store says of one client, and the lines of its secrets in the inventory.

use serde::Serialize;

use super::{
    Lifecycle, StandingClass, State,
    words::{brief, days_between},
};
use crate::{
    host::{Host, HostError},
    json,
    m2m_client::{ClientRecord, ClientSecret, ClientUsage, client_key, client_usage_key},
};

/// What the store says of one client.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientReading {
    /// The client's id: its name in the store without the prefix, whatever that is.
    pub id: String,
    /// Its record, or why that cannot be read. The words name members and quote nothing.
    pub record: Result<ClientRecord, String>,
    /// The notes of its tokens; none where there are some that cannot be read.
    pub usage: Option<ClientUsage>,
}

impl ClientReading {
    /// Reads what the store holds of a client: its record and the notes of its tokens.
    #[must_use]
    pub fn of(id: &str, record: Option<&[u8]>, usage: Option<&[u8]>) -> Self {
        let missing = || "the store lists this client, and held no record of it when it was asked".to_owned();
        Self {
            id: id.to_owned(),
            record: record.ok_or_else(missing).and_then(ClientRecord::from_store),
            usage: match usage {
                None => Some(ClientUsage::default()),
                Some(bytes) => json::read_open_bytes(bytes),
            },
        }
    }

    /// Asks the store about several clients, all at once where the host can.
    pub(super) async fn fetch<H: Host>(host: &H, ids: &[String]) -> Result<Vec<Self>, HostError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let names: Vec<_> =
            ids.iter().map(|id| client_key(id)).chain(ids.iter().map(|id| client_usage_key(id))).collect();
        let values = host.read_many(&names).await?;
        let (records, usages) = values.split_at_checked(ids.len()).unwrap_or_default();
        if usages.len() != ids.len() {
            return Err(HostError("the store answered with fewer values than it was asked for".to_owned()));
        }
        let read = ids.iter().zip(records).zip(usages);
        Ok(read.map(|((id, record), usage)| Self::of(id, record.as_deref(), usage.as_deref())).collect())
    }
}

/// The line of one secret of a client. Times are whole seconds since the Unix epoch. What nobody knows is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientSecretLine {
    /// Always `client_secret`.
    pub class: StandingClass,
    /// The id of the client.
    pub id: String,
    /// The id of the secret; none where the client's record cannot be read.
    pub secret: Option<String>,
    /// How it fares, as far as it is on record.
    pub state: State,
    /// What ends it; none where the record cannot be read.
    pub lifecycle: Option<Lifecycle>,
    /// Whose client it is.
    pub issuer: Option<String>,
    /// What its issuer calls the client.
    pub client_id: Option<String>,
    /// The customer that the client belongs to.
    pub organization: Option<String>,
    /// Who answers for its use.
    pub owner: Option<String>,
    /// Who can be asked to end it.
    pub revoker: Option<String>,
    /// What the client is for.
    pub name: Option<String>,
    /// What the client may ask tokens for.
    pub scopes: Vec<String>,
    /// Some letters of the secret.
    pub hint: Option<String>,
    /// When the secret was made.
    pub created: Option<i64>,
    /// How old it is at least, in whole days.
    pub age_days: Option<i64>,
    /// The first second at which it is no longer good.
    pub expires: Option<i64>,
    /// When it was used last, as its issuer says: null where it never was, left out where the issuer does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used: Option<Option<i64>>,
    /// When a token of the client was let through, as far as that was noted.
    pub last_token: Option<i64>,
    /// How far the last one may lie after that, in seconds.
    pub last_token_precision: Option<u32>,
    /// Whether there are notes of its tokens that cannot be read: the two above are not known then.
    pub usage_unreadable: bool,
    /// Why the record cannot be read, where it cannot.
    pub unreadable: Option<String>,
}

impl ClientSecretLine {
    /// The lines of a client, one for each of its secrets, at a time in seconds since the Unix epoch. A client whose record
    /// cannot be read has one, and one that was removed has none.
    #[must_use]
    pub fn of(client: &ClientReading, now: i64) -> Vec<Self> {
        match &client.record {
            Err(words) => {
                vec![Self { state: State::Unreadable, unreadable: Some(brief(words)), ..Self::blank(client) }]
            }
            Ok(record) if record.removal.is_some() => Vec::new(),
            Ok(record) => record.secrets.iter().map(|secret| Self::of_secret(client, record, secret, now)).collect(),
        }
    }

    fn of_secret(client: &ClientReading, record: &ClientRecord, secret: &ClientSecret, now: i64) -> Self {
        let named = |name: &Option<String>| name.as_deref().map(brief);
        let state = state(secret, now);
        Self {
            secret: Some(secret.id.clone()),
            state,
            lifecycle: Some(match secret.expires {
                _ if state.is_ended() => Lifecycle::Ended,
                Some(_) => Lifecycle::Expiring,
                None => Lifecycle::Standing,
            }),
            issuer: Some(record.issuer.clone()),
            client_id: Some(record.client_id.clone()),
            organization: named(&record.organization),
            owner: named(&record.owner),
            revoker: named(&record.revoker),
            name: Some(brief(&record.name)),
            scopes: record.scopes.clone(),
            hint: secret.hint.clone(),
            created: secret.created,
            age_days: Some(days_between(secret.since(), now)),
            expires: secret.expires,
            last_used: secret.last_used,
            ..Self::blank(client)
        }
    }

    /// What is known of a client's line whatever its record says.
    fn blank(client: &ClientReading) -> Self {
        let usage = client.usage.as_ref();
        let last_token = usage.and_then(|usage| usage.last_token);
        Self {
            class: StandingClass::ClientSecret,
            id: client.id.clone(),
            secret: None,
            state: State::Active,
            lifecycle: None,
            issuer: None,
            client_id: None,
            organization: None,
            owner: None,
            revoker: None,
            name: None,
            scopes: Vec::new(),
            hint: None,
            created: None,
            age_days: None,
            expires: None,
            last_used: None,
            last_token,
            last_token_precision: last_token.and_then(|_| usage.map(|usage| usage.precision)),
            usage_unreadable: usage.is_none(),
            unreadable: None,
        }
    }
}

/// How a secret fares at a time in seconds since the Unix epoch.
fn state(secret: &ClientSecret, now: i64) -> State {
    if secret.revoked.is_some() {
        State::Revoked
    } else if secret.is_over(now) {
        State::Expired
    } else {
        State::Active
    }
}

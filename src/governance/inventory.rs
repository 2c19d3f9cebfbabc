//! The inventory: one line for each standing credential (contract §9): for each API key, and for each secret of a client
//! (`client.rs`).

use serde::Serialize;

use super::{
    PageError,
    client::{ClientReading, ClientSecretLine},
    reading::{KeyReading, ReadRecord},
    standing::{Standing, standing},
    words::{brief, days_between},
};
use crate::{
    api_key::{Environment, Record, Revocation, Rotation},
    host::Host,
};

/// The class of a standing credential. A token is none: it ends by itself, and soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StandingClass {
    /// An API key.
    ApiKey,
    /// A secret with which an M2M client asks for tokens, apart from any of them.
    ClientSecret,
}

impl StandingClass {
    /// The class as it stands in the inventory.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ApiKey => "api_key",
            Self::ClientSecret => "client_secret",
        }
    }
}

/// The lifecycle class of a credential: what ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Lifecycle {
    /// Nothing but a revocation.
    Standing,
    /// A date.
    Expiring,
    /// It has ended: revoked, expired or superseded.
    Ended,
}

impl Lifecycle {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Standing, Self::Expiring, Self::Ended];

    /// The class as it stands in the inventory.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standing => "standing",
            Self::Expiring => "expiring",
            Self::Ended => "ended",
        }
    }
}

/// How a credential fares now. Where several hold, the first of these in the order that follows: what has ended, has
/// ended whether it is switched off or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Its record cannot be read; it is refused.
    Unreadable,
    /// It was revoked.
    Revoked,
    /// Its end has come.
    Expired,
    /// It gave way to another.
    Superseded,
    /// Its record names no owner or no revoker; it is refused.
    Unowned,
    /// It is switched off.
    Disabled,
    /// Its time is to come.
    NotYetValid,
    /// It is good.
    Active,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Active,
        Self::Disabled,
        Self::NotYetValid,
        Self::Expired,
        Self::Superseded,
        Self::Revoked,
        Self::Unowned,
        Self::Unreadable,
    ];

    /// The state as it stands in the inventory.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
            Self::Unowned => "unowned",
            Self::Disabled => "disabled",
            Self::NotYetValid => "not_yet_valid",
            Self::Active => "active",
        }
    }

    /// The state of a key with this record at a time in seconds since the Unix epoch.
    #[must_use]
    pub fn of(record: &ReadRecord, now: i64) -> Self {
        match record {
            ReadRecord::Unreadable(_) => Self::Unreadable,
            ReadRecord::Whole(record) => Self::of_record(record, false, now),
            ReadRecord::Unowned(record) => Self::of_record(record, true, now),
        }
    }

    pub(super) fn of_record(record: &Record, unowned: bool, now: i64) -> Self {
        if record.revocation.is_some() {
            Self::Revoked
        } else if record.expires.is_some_and(|end| now >= end) {
            Self::Expired
        } else if record.rotation.as_ref().is_some_and(|rotation| rotation.is_over(now)) {
            Self::Superseded
        } else if unowned {
            Self::Unowned
        } else if record.disabled {
            Self::Disabled
        } else if record.not_before.is_some_and(|start| now < start) {
            Self::NotYetValid
        } else {
            Self::Active
        }
    }

    /// Whether it has ended.
    #[must_use]
    pub const fn is_ended(self) -> bool {
        matches!(self, Self::Revoked | Self::Expired | Self::Superseded)
    }
}

/// Until when a key is good by its record: its own end, or that of the overlap of its rotation. None where nothing but
/// a revocation ends it.
pub(super) fn end_of(record: &Record) -> Option<i64> {
    let overlap = record.rotation.as_ref().and_then(|rotation| rotation.overlap_until);
    record.expires.into_iter().chain(overlap).min()
}

/// One line of the inventory. Times are whole seconds since the Unix epoch. What the record does not say, or what cannot
/// be read, is left out.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InventoryLine {
    /// The class of the credential.
    pub class: StandingClass,
    /// Its id.
    pub id: String,
    /// How it fares.
    pub state: State,
    /// What ends it; none where its record cannot be read.
    pub lifecycle: Option<Lifecycle>,
    /// Everything that the record says, where it can be read.
    #[serde(flatten)]
    pub said: Option<Said>,
    /// When it was last let through, as far as that was noted.
    pub last_used: Option<i64>,
    /// How far the last use may lie after that, in seconds.
    pub last_used_precision: Option<u32>,
    /// Whether there are notes of its use that cannot be read: what stands above is not known then.
    pub usage_unreadable: bool,
    /// Why the record cannot be read, where it cannot.
    pub unreadable: Option<String>,
}

/// What a record says of a credential, as it may be shown.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Said {
    /// The customer that it belongs to.
    pub organization: String,
    /// Who answers for its use; empty where nobody does.
    pub owner: String,
    /// Who can be asked to revoke it; empty where nobody can.
    pub revoker: String,
    /// What it is for.
    pub name: String,
    /// Where it may be used.
    pub environment: Environment,
    /// What it may do.
    pub scopes: Vec<String>,
    /// When it was issued.
    pub created: i64,
    /// How old it is, in whole days.
    pub age_days: i64,
    /// The first second at which it is good, where that was not at once.
    pub not_before: Option<i64>,
    /// The first second at which it is no longer good.
    pub expires: Option<i64>,
    /// Whether it came from elsewhere, as a digest.
    pub imported: bool,
    /// Whether it is meant to be seen.
    pub publishable: bool,
    /// Its place in a rotation.
    pub rotation: Option<Rotation>,
    /// How it was revoked, and why.
    pub revocation: Option<Revocation>,
}

impl Said {
    fn of(record: &Record, now: i64) -> Self {
        Self {
            organization: brief(&record.organization),
            owner: brief(&record.owner),
            revoker: brief(&record.revoker),
            name: brief(&record.name),
            environment: record.environment,
            scopes: record.scopes.clone(),
            created: record.created,
            age_days: days_between(record.created, now),
            not_before: record.not_before,
            expires: record.expires,
            imported: record.imported,
            publishable: record.publishable,
            rotation: record.rotation.clone(),
            revocation: record
                .revocation
                .as_ref()
                .map(|revocation| Revocation { by: brief(&revocation.by), ..revocation.clone() }),
        }
    }
}

impl InventoryLine {
    /// The line of a key at a time in seconds since the Unix epoch.
    #[must_use]
    pub fn of(key: &KeyReading, now: i64) -> Self {
        let state = State::of(&key.record, now);
        let record = key.record.record();
        let usage = key.usage.as_ref();
        let last_used = usage.and_then(|usage| usage.last_used);
        Self {
            class: StandingClass::ApiKey,
            id: key.id.clone(),
            state,
            lifecycle: record.map(|record| match end_of(record) {
                _ if state.is_ended() => Lifecycle::Ended,
                Some(_) => Lifecycle::Expiring,
                None => Lifecycle::Standing,
            }),
            said: record.map(|record| Said::of(record, now)),
            last_used,
            last_used_precision: last_used.and_then(|_| usage.map(|usage| usage.precision)),
            usage_unreadable: usage.is_none(),
            unreadable: match &key.record {
                ReadRecord::Unreadable(words) => Some(brief(words)),
                _ => None,
            },
        }
    }
}

/// A line of the inventory, of either class.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum StandingLine {
    /// Of an API key.
    Key(Box<InventoryLine>),
    /// Of a secret of a client.
    ClientSecret(Box<ClientSecretLine>),
}

impl StandingLine {
    /// The id of the key or of the client.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Key(line) => &line.id,
            Self::ClientSecret(line) => &line.id,
        }
    }

    /// How the credential fares.
    #[must_use]
    pub fn state(&self) -> State {
        match self {
            Self::Key(line) => line.state,
            Self::ClientSecret(line) => line.state,
        }
    }
}

/// One page of the inventory.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InventoryPage {
    /// The lines, in the order of the store: those of keys, and then those of clients, one for each secret.
    pub lines: Vec<StandingLine>,
    /// How many keys and clients the lines are about.
    #[serde(skip)]
    pub entries: usize,
    /// What the next page is asked for with; none on the last. A page may be empty and not the last.
    pub cursor: Option<String>,
}

/// A page about at most so many keys and clients (and at most [`super::MOST_PER_PAGE`]): the first, or the one that a cursor
/// leads to. It costs one list of the store, or two where the keys end on it, and two reads for each key and each client.
///
/// # Errors
/// [`PageError`] where the store failed on the way: nobody can tell then what stands on the page.
pub async fn inventory_page<H: Host>(host: &H, cursor: Option<&str>, most: u32) -> Result<InventoryPage, PageError> {
    let Standing { keys, clients, cursor: next } = standing(host, cursor, most).await?;
    let now = host.now().seconds();
    let failed = |error| PageError { cursor: cursor.map(str::to_owned), read: 0, error };
    let keys = KeyReading::fetch(host, &keys).await.map_err(failed)?;
    let clients = ClientReading::fetch(host, &clients).await.map_err(failed)?;
    let entries = keys.len().saturating_add(clients.len());
    let keys = keys.iter().map(|key| StandingLine::Key(Box::new(InventoryLine::of(key, now))));
    let secrets = clients.iter().flat_map(|client| ClientSecretLine::of(client, now));
    let lines = keys.chain(secrets.map(|line| StandingLine::ClientSecret(Box::new(line)))).collect();
    Ok(InventoryPage { lines, entries, cursor: next })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::governance::testing::{NOW, key, key_used};

    fn line(change: &Value) -> InventoryLine {
        InventoryLine::of(&key(change), NOW)
    }

    #[test]
    fn a_state_is_the_last_word_of_the_record() {
        let revocation = json!({ "at": NOW - 5, "by": "sec", "reason": "unused" });
        for (change, state, lifecycle) in [
            (json!({}), State::Active, Lifecycle::Standing),
            (json!({ "expires": NOW + 1 }), State::Active, Lifecycle::Expiring),
            (json!({ "expires": NOW }), State::Expired, Lifecycle::Ended),
            (json!({ "expires": NOW, "disabled": true }), State::Expired, Lifecycle::Ended),
            (json!({ "disabled": true }), State::Disabled, Lifecycle::Standing),
            (json!({ "notBefore": NOW + 1 }), State::NotYetValid, Lifecycle::Standing),
            (json!({ "notBefore": NOW }), State::Active, Lifecycle::Standing),
            (json!({ "rotation": { "replacedBy": "b" } }), State::Superseded, Lifecycle::Ended),
            (json!({ "rotation": { "replacedBy": "b", "overlapUntil": NOW + 1 } }), State::Active, Lifecycle::Expiring),
            (json!({ "revocation": revocation, "expires": NOW }), State::Revoked, Lifecycle::Ended),
            (json!({ "owner": null }), State::Unowned, Lifecycle::Standing),
            (json!({ "owner": null, "revocation": revocation }), State::Revoked, Lifecycle::Ended),
        ] {
            let line = line(&change);
            assert_eq!((line.state, line.lifecycle), (state, Some(lifecycle)), "{change}");
        }
        let unreadable = line(&json!({ "v": 2 }));
        assert_eq!((unreadable.state, unreadable.lifecycle, unreadable.said), (State::Unreadable, None, None));
        assert_eq!(unreadable.unreadable.as_deref(), Some("the record is not of version 1"));
    }

    #[test]
    fn a_line_in_json_says_what_the_record_says_and_no_digest() {
        let key = key_used(
            &json!({
                "created": NOW - 3 * 86_400 - 1, "expires": NOW + 5, "imported": true, "publishable": true,
                "rotation": { "replaces": "old" },
                "revocation": { "at": NOW - 1, "by": "sec", "reason": "key_compromise" },
            }),
            &json!({ "v": 1, "lastUsed": NOW - 60, "precision": 3600 }),
        );
        let line = serde_json::to_value(InventoryLine::of(&key, NOW)).expect("JSON");
        assert_eq!(
            line,
            json!({
                "class": "api_key", "id": "4fJ9aZ0kQ2mX7bTe", "state": "revoked", "lifecycle": "ended",
                "organization": "org_1", "owner": "ada", "revoker": "sec", "name": "export", "environment": "live",
                "scopes": ["reports:read"], "created": NOW - 3 * 86_400 - 1, "ageDays": 3, "notBefore": null,
                "expires": NOW + 5, "imported": true, "publishable": true, "rotation": { "replaces": "old" },
                "revocation": { "at": NOW - 1, "by": "sec", "reason": "key_compromise" },
                "lastUsed": NOW - 60, "lastUsedPrecision": 3600, "usageUnreadable": false, "unreadable": null,
            })
        );
    }

    #[test]
    fn the_names_of_states_are_those_in_json() {
        for state in State::ALL {
            assert_eq!(serde_json::to_value(state).expect("JSON"), state.as_str());
        }
        for lifecycle in Lifecycle::ALL {
            assert_eq!(serde_json::to_value(lifecycle).expect("JSON"), lifecycle.as_str());
        }
    }
}

//! What is done about each entry of a report.

use std::collections::BTreeMap;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{
    super::{KeyLife, LifeError, Record, RevocationReason, RevokeRequest, record::store_key},
    exposure::{Weight, note},
    report::Entry,
};
use crate::{
    host::Host,
    verdict::{Denial, Reason},
};

/// What is noted as the place where the report says none.
const NO_SOURCE: &str = "report";

/// What the sender is told of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LeakLabel {
    /// A secret, which should not have been seen.
    TruePositive,
    /// None, or one that is meant to be seen.
    FalsePositive,
}

/// What was done about a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LeakAction {
    /// The key was revoked.
    Revoked,
    /// Nothing: the key had been revoked before.
    AlreadyRevoked,
    /// The key came from elsewhere and is marked as exposed: nobody's say-so ends a key of somebody else's form.
    ImportedMarked,
    /// The key is meant to be seen, and is marked as exposed.
    PublishableMarked,
    /// Nothing: the id is that of a key, and the secret is not its secret.
    SecretMismatch,
    /// Nothing: no key of this form, or of no known id.
    NotOurs,
    /// Nothing that is known to have come about: the store failed. The sender is asked to come again.
    Failed,
}

impl LeakAction {
    /// Whether the key is at its end.
    #[must_use]
    pub const fn is_end(self) -> bool {
        matches!(self, Self::Revoked | Self::AlreadyRevoked)
    }

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::AlreadyRevoked => "already_revoked",
            Self::ImportedMarked => "imported_marked",
            Self::PublishableMarked => "publishable_marked",
            Self::SecretMismatch => "secret_mismatch",
            Self::NotOurs => "not_ours",
            Self::Failed => "failed",
        }
    }
}

/// A key whose id stood in a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeakedKey {
    /// The key's id.
    pub id: String,
    /// Who answers for it; none where the record could not be read.
    pub owner: Option<String>,
    /// The customer that it belongs to; none where the record could not be read.
    pub organization: Option<String>,
}

/// What became of one entry of a report. It never holds the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeakFinding {
    /// The SHA-256 of the token, as 64 small hexadecimal digits.
    pub token_hash: String,
    /// The type as the sender calls it.
    pub token_type: String,
    /// What the sender is told.
    pub label: LeakLabel,
    /// What was done.
    pub action: LeakAction,
    /// The key, where there is a record under the token's id, or where that could not be told.
    pub key: Option<LeakedKey>,
    /// Where the token was found: visible ASCII of a bounded length, without a query.
    pub url: String,
    /// In what kind of place, likewise.
    pub source: String,
    /// More for the operator's eyes, as the store's words.
    pub note: Option<String>,
}

/// What is known of a token once it was dealt with.
struct Dealt {
    action: LeakAction,
    label: LeakLabel,
    key: Option<LeakedKey>,
    note: Option<String>,
    failure: Option<Reason>,
}

impl Dealt {
    const fn of(action: LeakAction, label: LeakLabel, key: Option<LeakedKey>) -> Self {
        Self { action, label, key, note: None, failure: None }
    }

    fn failed(denial: Denial, key: LeakedKey) -> Self {
        // What cannot be told is no false alarm. Nobody is told this label: the answer is 503.
        let of = Self::of(LeakAction::Failed, LeakLabel::TruePositive, Some(key));
        Self { note: denial.note, failure: Some(denial.reason), ..of }
    }
}

/// Deals with every entry, and does so whatever became of those before. The second value says why the report is to be
/// sent again, where some entry could not be dealt with.
///
/// One after the other: a host's futures cannot be waited for side by side here. A token that stands in several entries is
/// dealt with once.
pub(super) async fn handle<H: Host>(
    host: &H,
    life: &KeyLife,
    by: &str,
    entries: Vec<Entry>,
) -> (Vec<LeakFinding>, Option<Denial>) {
    let mut findings: Vec<LeakFinding> = Vec::with_capacity(entries.len());
    let mut known: BTreeMap<[u8; 32], Dealt> = BTreeMap::new();
    let mut failures: usize = 0;
    let mut first_failure = None;
    for entry in entries {
        let digest: [u8; 32] = Sha256::digest(entry.token.as_bytes()).into();
        let (dealt, again) = match known.remove(&digest) {
            Some(dealt) => (dealt, true),
            None => (deal_with(host, life, by, &entry).await, false),
        };
        let action = match dealt.action {
            LeakAction::Revoked if again => LeakAction::AlreadyRevoked,
            action => action,
        };
        if let Some(reason) = dealt.failure {
            failures = failures.saturating_add(1);
            first_failure = first_failure.or_else(|| Some((reason, dealt.note.clone())));
        }
        findings.push(LeakFinding {
            token_hash: base16ct::lower::encode_string(&digest),
            token_type: entry.kind,
            label: dealt.label,
            action,
            key: dealt.key.clone(),
            url: entry.url,
            source: entry.source,
            note: dealt.note.clone(),
        });
        known.insert(digest, dealt);
    }
    let denial = first_failure.map(|(reason, note)| {
        let note = note.unwrap_or_else(|| reason.code().to_owned());
        Denial::new(reason).noting(format!("{failures} of {} entries could not be dealt with: {note}", findings.len()))
    });
    (findings, denial)
}

async fn deal_with<H: Host>(host: &H, life: &KeyLife, by: &str, entry: &Entry) -> Dealt {
    let not_ours = || Dealt::of(LeakAction::NotOurs, LeakLabel::FalsePositive, None);
    let text = entry.token.as_str();
    let Some(key) = life.recognize(text) else { return not_ours() };
    let unknown = LeakedKey { id: key.id.clone().into_owned(), owner: None, organization: None };
    let stored = match host.read_latest(&store_key(&key.id)).await {
        Ok(stored) => stored,
        Err(error) => return Dealt::failed(unavailable(error.to_string()), unknown),
    };
    let record = stored.as_deref().map(Record::from_store).transpose();
    let proven = key.is_of(record.as_ref().ok().and_then(Option::as_ref));
    let record = match record {
        Ok(Some(record)) => record,
        Ok(None) => return not_ours(),
        // Whose key it is cannot be told, nor whether it can be used once the record is mended.
        Err(denial) => return Dealt::failed(Denial { reason: Reason::RecordUnreadable, ..denial }, unknown),
    };
    let leaked =
        LeakedKey { owner: Some(record.owner.clone()), organization: Some(record.organization.clone()), ..unknown };
    if !proven {
        return Dealt::of(LeakAction::SecretMismatch, LeakLabel::FalsePositive, Some(leaked));
    }
    if record.revocation.is_some() {
        return Dealt::of(LeakAction::AlreadyRevoked, LeakLabel::TruePositive, Some(leaked));
    }
    let place = if entry.source.is_empty() { NO_SOURCE } else { &entry.source };
    let left = if record.publishable {
        Some((LeakAction::PublishableMarked, LeakLabel::FalsePositive))
    } else if record.imported {
        Some((LeakAction::ImportedMarked, LeakLabel::TruePositive))
    } else {
        None
    };
    if let Some((action, label)) = left {
        return match note(host, &key.id, place, Weight::Report).await {
            Ok(()) => Dealt::of(action, label, Some(leaked)),
            Err(error) => Dealt::failed(unavailable(error.to_string()), leaked),
        };
    }
    let why = RevokeRequest { by: by.to_owned(), reason: RevocationReason::KeyCompromise };
    let action = match life.revoke(host, &key.id, &why).await {
        Ok((_, true)) => LeakAction::Revoked,
        Ok((_, false)) => LeakAction::AlreadyRevoked,
        Err(LifeError::Unreadable(words)) => {
            return Dealt::failed(Denial::new(Reason::RecordUnreadable).noting(words), leaked);
        }
        // Whatever else it is, the key may still be good.
        Err(error) => return Dealt::failed(unavailable(error.to_string()), leaked),
    };
    // The key is of no more use to anybody: a note that is lost changes nothing of that.
    let lost = note(host, &key.id, place, Weight::Report).await.err();
    let note = lost.map(|error| format!("the exposure is not in the notes of the key's use: {error}"));
    Dealt { note, ..Dealt::of(action, LeakLabel::TruePositive, Some(leaked)) }
}

fn unavailable(words: String) -> Denial {
    Denial::new(Reason::StoreUnavailable).noting(words)
}

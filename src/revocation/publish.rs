//! Changing the signed deny list in the store: by compare and swap, so that no entry is lost to somebody who read an
//! older list and wrote it back.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Mutex, PoisonError},
};

use serde::Serialize;

use super::{
    DENY_SNAPSHOT_KEY, Denied, DenyEntry, DenySigner, DenySnapshot, DenySnapshotError, LONGEST_DENY_LIST,
    LONGEST_DENY_SNAPSHOT, watch::Watch,
};
use crate::host::{Host, HostError};

/// How often a change is tried while others change the list too.
const MOST_TRIES: u32 = 8;

/// How long the first of them waits before the next, in milliseconds; each waits twice as long as the one before.
const FIRST_WAIT: u32 = 8;

/// The last second of the year 9999. A clock that says more is broken.
const LAST_SECOND: i64 = 253_402_300_799;

/// Why the signed deny list was not changed, or nobody can tell whether it was.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublishError {
    /// The policy has no strict mode.
    NotStrict,
    /// No key to sign with was handed over.
    NoSigner,
    /// An entry is wrong; in words for its author.
    Entry(&'static str),
    /// The store did not answer, or takes no writes. Whether the list was changed cannot be told.
    Store(HostError),
    /// What stands in the store is no deny list that the policy's keys vouch for. It is left as it is.
    Foreign(DenySnapshotError),
    /// The store serves an older list than this process has seen, or none: writing would lose entries.
    Older,
    /// The list would have more entries, or more bytes, than one may have; in words.
    TooLong(String),
    /// Others changed the list again and again.
    Contended,
    /// The clock says no time.
    Clock,
}

impl fmt::Display for PublishError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStrict => formatter.write_str("the policy has no `denySnapshot`"),
            Self::NoSigner => formatter.write_str("no key was handed over that signs deny lists"),
            Self::Entry(fault) => formatter.write_str(fault),
            Self::Store(error) => write!(formatter, "the store: {error}"),
            Self::Foreign(error) => write!(formatter, "what the store has under `{DENY_SNAPSHOT_KEY}`: {error}"),
            Self::Older => formatter.write_str("the store serves an older deny list than was seen before, or none"),
            Self::TooLong(words) => formatter.write_str(words),
            Self::Contended => formatter.write_str("others changed the deny list again and again"),
            Self::Clock => formatter.write_str("the clock says no time"),
        }
    }
}

impl std::error::Error for PublishError {}

/// What was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Published {
    /// When it was signed, in seconds since the Unix epoch.
    pub issued_at: i64,
    /// How many entries it has.
    pub entries: usize,
}

/// Signs deny lists and puts them into the store.
#[derive(Debug)]
pub struct Publisher {
    signer: DenySigner,
    /// How long an API key that was revoked stays on the list, in seconds.
    retention: i64,
    failure: Mutex<Option<String>>,
}

impl Publisher {
    /// A publisher that leaves the API keys that were revoked on the list for so many days.
    #[must_use]
    pub fn new(signer: DenySigner, retention: u16) -> Self {
        Self { signer, retention: i64::from(retention).saturating_mul(86_400), failure: Mutex::default() }
    }

    /// Puts entries on the list, until the later time where one is there already. API keys without an end get one: their
    /// records say by then in every copy of the store that they are revoked.
    pub(super) async fn deny<H: Host>(
        &self,
        host: &H,
        watch: &Watch,
        mut added: Vec<DenyEntry>,
    ) -> Result<Published, PublishError> {
        if let Some(fault) = added.iter().find_map(DenyEntry::fault) {
            return Err(PublishError::Entry(fault));
        }
        let end = host.clock().seconds().saturating_add(self.retention).min(LAST_SECOND);
        for entry in added.iter_mut().filter(|entry| matches!(entry.denied, Denied::Key(_))) {
            entry.until = entry.until.or(Some(end));
        }
        self.change(host, watch, false, |entries| add(entries, &added)).await
    }

    /// Takes entries off the list, whatever their end.
    pub(super) async fn undeny<H: Host>(
        &self,
        host: &H,
        watch: &Watch,
        removed: &[DenyEntry],
    ) -> Result<Published, PublishError> {
        let removed: BTreeSet<_> = removed.iter().map(|entry| (&entry.denied, &entry.issuer)).collect();
        let remove = |entries: &mut Vec<DenyEntry>| {
            entries.retain(|entry| !removed.contains(&(&entry.denied, &entry.issuer)));
        };
        self.change(host, watch, false, remove).await
    }

    /// Signs the list again, so that it counts from now on. Where `only_aging`, one whose time is not half over is left as
    /// it is.
    pub(super) async fn republish<H: Host>(
        &self,
        host: &H,
        watch: &Watch,
        only_aging: bool,
    ) -> Result<Published, PublishError> {
        self.change(host, watch, only_aging, |_| ()).await
    }

    /// What went wrong last, if the last change went wrong.
    pub(super) fn failure(&self) -> Option<String> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn change<H: Host>(
        &self,
        host: &H,
        watch: &Watch,
        only_aging: bool,
        edit: impl Fn(&mut Vec<DenyEntry>),
    ) -> Result<Published, PublishError> {
        let changed = self.try_change(host, watch, only_aging, edit).await;
        let failure = changed.as_ref().err().map(ToString::to_string);
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = failure;
        changed
    }

    async fn try_change<H: Host>(
        &self,
        host: &H,
        watch: &Watch,
        only_aging: bool,
        edit: impl Fn(&mut Vec<DenyEntry>),
    ) -> Result<Published, PublishError> {
        let mut why = PublishError::Contended;
        let mut wait = FIRST_WAIT;
        for attempt in 0..MOST_TRIES {
            if attempt > 0 {
                // A host without a timer tries again at once.
                let _ = host.wait(wait).await;
                wait = wait.saturating_mul(2);
            }
            let stored = host.read_latest(DENY_SNAPSHOT_KEY).await.map_err(PublishError::Store)?;
            let before = match stored.as_deref() {
                Some(text) => watch.keys().verify(host, text).await.map_err(PublishError::Foreign)?,
                None => DenySnapshot { issued_at: 0, entries: Vec::new() },
            };
            if watch.reads_store() && watch.newest().is_some_and(|newest| newest > before.issued_at) {
                why = PublishError::Older;
                continue;
            }
            let now = host.clock().seconds();
            if !(0..=LAST_SECOND).contains(&now) {
                return Err(PublishError::Clock);
            }
            if only_aging
                && let Some(text) = &stored
                && now.saturating_sub(before.issued_at) < watch.half_life()
            {
                // Somebody else was quicker.
                let _ = watch.offer(host, text).await;
                return Ok(Published { issued_at: before.issued_at, entries: before.entries.len() });
            }
            let mut entries = before.entries;
            entries.retain(|entry| !entry.is_over(now));
            edit(&mut entries);
            let written = Published { issued_at: now.max(before.issued_at), entries: entries.len() };
            let text = self.sign(&DenySnapshot { issued_at: written.issued_at, entries })?;
            let swapped = host.swap(DENY_SNAPSHOT_KEY, stored.as_deref(), Some(text.as_bytes())).await;
            if swapped.map_err(PublishError::Store)? {
                // It is in the store: that it counts here at once is a courtesy.
                let _ = watch.offer(host, text.as_bytes()).await;
                return Ok(written);
            }
            why = PublishError::Contended;
        }
        Err(why)
    }

    fn sign(&self, snapshot: &DenySnapshot) -> Result<String, PublishError> {
        let entries = snapshot.entries.len();
        if entries > LONGEST_DENY_LIST {
            return Err(PublishError::TooLong(format!("{entries} entries, at most {LONGEST_DENY_LIST}")));
        }
        let text = self.signer.sign(snapshot);
        if text.len() > LONGEST_DENY_SNAPSHOT {
            let bytes = text.len();
            let words = format!("{entries} entries take {bytes} bytes when signed, at most {LONGEST_DENY_SNAPSHOT}");
            return Err(PublishError::TooLong(words));
        }
        Ok(text)
    }
}

/// Adds entries to others. Of two that name the same, the one that holds for longer stays.
fn add(entries: &mut Vec<DenyEntry>, added: &[DenyEntry]) {
    let mut all: BTreeMap<(Denied, Option<String>), Option<i64>> = BTreeMap::new();
    for entry in entries.drain(..).chain(added.iter().cloned()) {
        let until = entry.until;
        let latest = |before: Option<i64>| before.zip(until).map(|(before, until)| before.max(until));
        all.entry((entry.denied, entry.issuer)).and_modify(|end| *end = latest(*end)).or_insert(until);
    }
    entries.extend(all.into_iter().map(|((denied, issuer), until)| DenyEntry { denied, issuer, until }));
}

//! When keys were used (contract §5.3), without a write for each request.
//!
//! A use is remembered here and written behind the request, at most once per key and interval: an instance that has just
//! started reads first what others noted. What is remembered and not yet written is lost with the instance; then the
//! next use is noted. The scopes that requests needed are written with the next note.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{Usage, usage_key};
use crate::host::{Host, USAGE_NOTES};

/// The most keys whose use one instance remembers. A key that is forgotten costs one more read.
pub const MOST_NOTES: usize = 8192;

/// The most scopes that are remembered of one key.
const MOST_SCOPES: usize = 32;

/// What one instance remembers of the use of keys.
#[derive(Debug, Default)]
pub struct UsageNotes {
    /// How often a use is noted, in seconds; 0 for never.
    pub(super) interval: u32,
    kept: Mutex<BTreeMap<String, Note>>,
}

#[derive(Debug, Default, Clone)]
struct Note {
    /// The first second at which a use is worth a note again.
    due: i64,
    /// Whether a note is being written.
    writing: bool,
    /// A use that is to be noted.
    used: Option<i64>,
    /// A sighting where keys of the other environment are taken that is to be noted.
    elsewhere: Option<i64>,
    /// The scopes that requests needed since the last note.
    scopes: BTreeSet<String>,
}

impl Note {
    const fn is_pending(&self) -> bool {
        self.used.is_some() || self.elsewhere.is_some()
    }
}

impl UsageNotes {
    /// How often a use is noted, in seconds; 0 for never.
    #[must_use]
    pub const fn interval(&self) -> u32 {
        self.interval
    }

    /// A key was let through now, by a request that needed these scopes.
    pub fn used<H: Host>(&self, host: &H, id: &str, scopes: &[String]) {
        self.note(host, id, |note, now| {
            let room = MOST_SCOPES.saturating_sub(note.scopes.len());
            let new: Vec<_> = scopes.iter().filter(|scope| !note.scopes.contains(*scope)).take(room).cloned().collect();
            note.scopes.extend(new);
            note.used = Some(now);
        });
    }

    /// A key whose seal holds was presented where keys of the other environment are taken.
    pub fn seen_elsewhere<H: Host>(&self, host: &H, id: &str) {
        self.note(host, id, |note, now| note.elsewhere = Some(now));
    }

    fn note<H: Host>(&self, host: &H, id: &str, change: impl FnOnce(&mut Note, i64)) {
        if !H::ASKS || self.interval == 0 {
            return;
        }
        let now = host.clock().seconds();
        let mut kept = self.lock();
        if !kept.contains_key(id) && kept.len() >= MOST_NOTES {
            kept.retain(|_, note| note.due > now || note.is_pending());
            if kept.len() >= MOST_NOTES {
                kept.pop_first();
            }
        }
        let note = kept.entry(id.to_owned()).or_default();
        let was_pending = note.is_pending();
        // Of uses between two notes nothing is kept but the scopes.
        let set_back = note.due.saturating_sub(now) > i64::from(self.interval);
        let due = !note.writing && (now >= note.due || set_back);
        change(note, now);
        if !due {
            note.used = None;
            note.elsewhere = None;
        }
        let ask = note.is_pending() && !was_pending;
        drop(kept);
        if ask {
            host.refresh_later(USAGE_NOTES);
        }
    }

    /// Writes what is to be noted: for [`USAGE_NOTES`], behind a request. A store that fails costs the note and no more.
    pub async fn write<H: Host>(&self, host: &H) {
        while let Some((id, note)) = self.take() {
            let due = self.write_one(host, &id, &note).await;
            if let Some(kept) = self.lock().get_mut(&id) {
                kept.due = due;
                kept.writing = false;
            }
        }
    }

    /// The next key with something to note.
    fn take(&self) -> Option<(String, Note)> {
        let mut kept = self.lock();
        let (id, note) = kept.iter_mut().find(|(_, note)| note.is_pending())?;
        let taken = note.clone();
        *note = Note { writing: true, ..Note::default() };
        Some((id.clone(), taken))
    }

    /// Writes one note. The first second at which the next one is due.
    async fn write_one<H: Host>(&self, host: &H, id: &str, note: &Note) -> i64 {
        let interval = i64::from(self.interval);
        let now = host.clock().seconds();
        let name = usage_key(id);
        let later = now.saturating_add(interval);
        let Ok(stored) = host.read_latest(&name).await else { return later };
        let mut usage = Usage::from_store(stored.as_deref());
        // Others may have noted a use within the interval: then this one adds nothing. What lies in the future is not
        // believed.
        let fresh = |at: Option<i64>| at.is_some_and(|at| at <= now && now.saturating_sub(at) < interval);
        let recent = usage.last_used;
        let mut changed = false;
        if let Some(used) = note.used.filter(|_| !fresh(recent)) {
            usage.last_used = Some(used);
            usage.precision = self.interval;
            usage.exercised.extend(note.scopes.iter().map(|scope| (scope.clone(), used)));
            while usage.exercised.len() > MOST_SCOPES {
                usage.exercised.pop_first();
            }
            changed = true;
        }
        if note.elsewhere.is_some() && !fresh(usage.other_environment) {
            usage.other_environment = note.elsewhere;
            changed = true;
        }
        if changed && let Ok(json) = usage.to_json() {
            // Where somebody else was first, theirs is as good.
            let _ = host.swap(&name, stored.as_deref(), Some(json.as_bytes())).await;
        }
        match recent.filter(|_| fresh(recent)) {
            Some(recent) => recent.saturating_add(interval),
            None => later,
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Note>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! When tokens of clients came, without a write for each request.
//!
//! A token is remembered here and written behind the request, at most once per client and interval, and only of a client that
//! is on record. What is remembered and not yet written is lost with the instance; then the next token is noted.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{ClientUsage, client_key, client_record_id, client_usage_key};
use crate::host::{CLIENT_NOTES, Host};

/// The most clients whose tokens one instance remembers. A client that is forgotten costs one more read.
const MOST_NOTES: usize = 8192;

/// What one instance remembers of the tokens of clients.
#[derive(Debug)]
pub struct ClientNotes {
    /// How often a token of a client is noted, in seconds; 0 for never.
    interval: u32,
    /// By issuer and client.
    kept: Mutex<BTreeMap<(String, String), Note>>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Note {
    /// The first second at which a token is worth a note again.
    due: i64,
    /// When the token came that is to be noted.
    came: Option<i64>,
}

impl ClientNotes {
    /// Notes that are taken at most this often, in seconds; 0 for never.
    #[must_use]
    pub const fn new(interval: u32) -> Self {
        Self { interval, kept: Mutex::new(BTreeMap::new()) }
    }

    /// A token of a client was let through now.
    pub fn came<H: Host>(&self, host: &H, issuer: &str, client_id: &str) {
        if self.interval == 0 {
            return;
        }
        let now = host.clock().seconds();
        let mut kept = self.lock();
        let name = (issuer.to_owned(), client_id.to_owned());
        if !kept.contains_key(&name) && kept.len() >= MOST_NOTES {
            kept.retain(|_, note| note.due > now || note.came.is_some());
            if kept.len() >= MOST_NOTES {
                kept.pop_first();
            }
        }
        let note = kept.entry(name).or_default();
        let set_back = note.due.saturating_sub(now) > i64::from(self.interval);
        let ask = note.came.is_none() && (now >= note.due || set_back);
        if ask {
            note.came = Some(now);
        }
        drop(kept);
        if ask {
            host.refresh_later(CLIENT_NOTES);
        }
    }

    /// Writes what is to be noted: for [`CLIENT_NOTES`], behind a request. A store that fails costs the note and no more.
    pub async fn write<H: Host>(&self, host: &H) {
        while let Some((name, came)) = self.take() {
            let due = self.write_one(host, &name, came).await;
            if let Some(note) = self.lock().get_mut(&name) {
                note.due = due;
            }
        }
    }

    /// The next client with something to note.
    fn take(&self) -> Option<((String, String), i64)> {
        let mut kept = self.lock();
        let (name, note, came) = kept.iter_mut().find_map(|(name, note)| {
            let came = note.came?;
            Some((name, note, came))
        })?;
        // While it is written, and where that work is lost on the way, the next one is due as if it had been.
        *note = Note { due: came.saturating_add(i64::from(self.interval)), came: None };
        Some((name.clone(), came))
    }

    /// Writes one note. The first second at which the next one is due.
    async fn write_one<H: Host>(&self, host: &H, (issuer, client_id): &(String, String), came: i64) -> i64 {
        let interval = i64::from(self.interval);
        let now = host.clock().seconds();
        let later = now.saturating_add(interval);
        let id = client_record_id(issuer, client_id);
        // Whoever has a token could be noted else: the store would grow with every client of an issuer.
        let Ok(Some(_)) = host.read(&client_key(&id)).await else { return later };
        let name = client_usage_key(&id);
        let Ok(stored) = host.read_latest(&name).await else { return later };
        let mut usage = ClientUsage::from_store(stored.as_deref());
        // Others may have noted one within the interval: then this one adds nothing. What lies in the future is not believed.
        if let Some(recent) = usage.last_token.filter(|at| *at <= now && now.saturating_sub(*at) < interval) {
            return recent.saturating_add(interval);
        }
        usage.last_token = Some(came);
        usage.precision = self.interval;
        if let Ok(json) = usage.to_json() {
            // Where somebody else was first, theirs is as good.
            let _ = host.swap(&name, stored.as_deref(), Some(json.as_bytes())).await;
        }
        later
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<(String, String), Note>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

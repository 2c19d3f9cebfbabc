//! A bounded count of what came, by key and window.
//!
//! Windows have a fixed length and begin at multiples of it since the Unix epoch, as those of the platform's limiter do:
//! across the edge of two windows up to twice the limit may come. Nothing that was counted is forgotten before its window
//! ends: that would be a way out, for whoever sends enough other keys. Instead, once there is no room for another key, new
//! ones share counts with each other. Which of them do is chance, drawn once in each instance. A count is so never lower
//! than what came, and higher only for keys that came after the room was full.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use sha2::{Digest, Sha256};

use crate::{
    facts::{CredentialDigest, DigestKey},
    host::{Host, UnixMillis},
};

/// The most keys that are counted each by itself in one window.
pub const MOST_COUNTED_KEYS: usize = 16_384;

/// How many counts the keys beyond that share; a power of two.
const SHARED_COUNTS: usize = 16_384;

/// What became of a request that was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Whether it is within the limit. What is not is not counted.
    pub within: bool,
    /// How many are left in this window.
    pub remaining: u32,
    /// When this window ends, in whole seconds from now, at least one.
    pub reset: u32,
}

/// Counts by key, in windows of one length.
pub struct Counter {
    key: DigestKey,
    /// In milliseconds.
    period: i64,
    most: usize,
    window: Mutex<Window>,
}

/// Where a key is counted: by itself, or, without room for that, with others.
struct Place {
    own: CredentialDigest,
    shared: usize,
}

/// The window that runs. Trees: their work is bounded whatever stands in them.
#[derive(Default)]
struct Window {
    number: i64,
    own: BTreeMap<CredentialDigest, u32>,
    /// Empty until it is needed.
    shared: Vec<u32>,
}

/// Neither the chance nor the counts are shown.
impl fmt::Debug for Counter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Counter")
            .field("period", &self.period)
            .field("most", &self.most)
            .finish_non_exhaustive()
    }
}

impl Counter {
    /// A counter with windows of this length, in seconds.
    #[must_use]
    pub fn new(period: u32) -> Self {
        Self::bounded(period, MOST_COUNTED_KEYS)
    }

    /// The same, for at most so many keys that are counted each by itself.
    #[must_use]
    pub fn bounded(period: u32, most: usize) -> Self {
        let period = i64::from(period.max(1)).saturating_mul(1000);
        Self { key: DigestKey::default(), period, most, window: Mutex::default() }
    }

    /// Counts one more under a key, unless as many as the limit came in this window.
    pub fn take<H: Host>(&self, host: &H, key: &str, limit: u32) -> Taken {
        let (now, place) = (host.clock(), self.place(host, key));
        let mut window = self.window(now);
        let reset = self.reset(&window, now);
        // A count that is not there is none that could be taken from.
        let Some(count) = window.count_mut(&place, self.most) else {
            return Taken { within: false, remaining: 0, reset };
        };
        let within = *count < limit;
        if within {
            *count = count.saturating_add(1);
        }
        Taken { within, remaining: limit.saturating_sub(*count), reset }
    }

    /// Whether as many as the limit came under a key in this window. Nothing is counted by that.
    pub fn look<H: Host>(&self, host: &H, key: &str, limit: u32) -> Taken {
        let (now, place) = (host.clock(), self.place(host, key));
        let window = self.window(now);
        let remaining = limit.saturating_sub(window.count(&place, self.most));
        Taken { within: remaining > 0, remaining, reset: self.reset(&window, now) }
    }

    /// Takes all that is left under a key in this window.
    pub fn exhaust<H: Host>(&self, host: &H, key: &str, limit: u32) {
        let (now, place) = (host.clock(), self.place(host, key));
        if let Some(count) = self.window(now).count_mut(&place, self.most) {
            *count = limit.max(*count);
        }
    }

    /// How many keys are counted each by itself.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.lock().own.len()
    }

    fn place<H: Host>(&self, host: &H, key: &str) -> Place {
        // Without chance somebody could find out which keys share a count, and nothing else.
        let own = self.key.digest(host, key).unwrap_or_else(|| {
            let plain: [u8; 32] = Sha256::digest(key).into();
            plain.first_chunk().map_or(0, |bytes| u128::from_le_bytes(*bytes))
        });
        let [low, high, ..] = own.to_le_bytes();
        Place { own, shared: usize::from(u16::from_le_bytes([low, high])) & (SHARED_COUNTS - 1) }
    }

    /// The window of this time, an empty one where another one ran. A clock that was set back into the window before does
    /// not hand out a fresh one.
    fn window(&self, now: UnixMillis) -> MutexGuard<'_, Window> {
        let number = now.0.checked_div_euclid(self.period).unwrap_or_default();
        let mut window = self.lock();
        if number != window.number && window.number.checked_sub(1) != Some(number) {
            *window = Window { number, ..Window::default() };
        }
        window
    }

    fn reset(&self, window: &Window, now: UnixMillis) -> u32 {
        let end = window.number.saturating_add(1).saturating_mul(self.period);
        let left = end.saturating_sub(now.0).clamp(1, self.period.saturating_mul(2));
        u32::try_from(left.saturating_add(999).div_euclid(1000)).unwrap_or(u32::MAX)
    }

    /// A panic while the lock was held leaves counts that agree with what was counted.
    fn lock(&self) -> MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Window {
    fn count(&self, place: &Place, most: usize) -> u32 {
        match self.own.get(&place.own) {
            Some(count) => *count,
            None if self.own.len() < most => 0,
            None => self.shared.get(place.shared).copied().unwrap_or_default(),
        }
    }

    fn count_mut(&mut self, place: &Place, most: usize) -> Option<&mut u32> {
        if self.own.len() < most || self.own.contains_key(&place.own) {
            return Some(self.own.entry(place.own).or_insert(0));
        }
        if self.shared.is_empty() {
            self.shared = vec![0; SHARED_COUNTS];
        }
        self.shared.get_mut(place.shared)
    }
}

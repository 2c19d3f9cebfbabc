//! Facts that were found not long ago (contract §6.1): what was authenticated, never what was decided about it. Whoever
//! finds something here holds it against the clock, the request and what was revoked, as if it had just been found.
//!
//! Entries stand under a keyed digest of the credential. The key is chance and drawn once in each instance: nobody outside
//! can tell where a credential stands, and what is kept is no credential. The room is bounded by number and by bytes; what
//! was not used for the longest time makes room.

use std::{
    collections::BTreeMap,
    fmt,
    hash::Hasher,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

use serde::Serialize;
use siphasher::sip128::{Hasher128, SipHasher24};

use crate::host::{Host, UnixMillis};

/// The most facts that one cache keeps.
pub const MOST_FACTS: usize = 16_384;

/// The most bytes that one cache keeps, by the reckoning of whoever puts facts in.
pub const MOST_FACT_BYTES: usize = 16 * 1024 * 1024;

/// What stands for a credential: `SipHash-2-4` in 128 bits. Without its key nobody can find two credentials with one digest,
/// and it takes a fifth of the time of an HMAC, which is what a known credential waited for.
pub type CredentialDigest = u128;

/// Facts, and since when they are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found<F> {
    /// The facts.
    pub facts: F,
    /// When they were asked for: what changed after that is not in them.
    pub as_of: UnixMillis,
}

impl<F> Found<F> {
    /// How old the facts are, in milliseconds. None where the clock was set back behind them: nothing is known then of how
    /// old they are.
    #[must_use]
    pub fn age(&self, now: UnixMillis) -> Option<u64> {
        u64::try_from(now.0.checked_sub(self.as_of.0)?).ok()
    }
}

/// How full a cache is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct CacheSize {
    /// How many facts it keeps.
    pub entries: usize,
    /// How many bytes they are, as they were reckoned.
    pub bytes: usize,
}

impl CacheSize {
    /// Both together.
    pub(crate) const fn and(self, other: Self) -> Self {
        Self { entries: self.entries.saturating_add(other.entries), bytes: self.bytes.saturating_add(other.bytes) }
    }
}

/// The key of chance under which credentials are digested, drawn once.
#[derive(Default)]
pub(crate) struct DigestKey(OnceLock<SipHasher24>);

impl DigestKey {
    /// What stands for this credential. None on a host without random bytes, and on one that keeps nothing.
    pub(crate) fn digest<H: Host>(&self, host: &H, credential: &str) -> Option<CredentialDigest> {
        if !H::ASKS {
            return None;
        }
        let keyed = if let Some(keyed) = self.0.get() {
            keyed
        } else {
            let mut drawn = zeroize::Zeroizing::new([0; 16]);
            host.fill_random(drawn.as_mut_slice()).ok()?;
            self.0.get_or_init(|| SipHasher24::new_with_key(&drawn))
        };
        let mut digest = *keyed;
        digest.write(credential.as_bytes());
        Some(digest.finish128().as_u128())
    }
}

/// A bounded cache of facts.
pub struct FactsCache<F> {
    key: DigestKey,
    most: usize,
    most_bytes: usize,
    kept: Mutex<Kept<F>>,
}

struct Entry<F> {
    found: Found<F>,
    bytes: usize,
    /// When it was used last, counted in uses.
    turn: u64,
}

/// Trees: their work is bounded whatever stands in them.
struct Kept<F> {
    entries: BTreeMap<CredentialDigest, Entry<F>>,
    turns: BTreeMap<u64, CredentialDigest>,
    next: u64,
    bytes: usize,
}

impl<F> Default for FactsCache<F> {
    fn default() -> Self {
        Self::bounded(MOST_FACTS, MOST_FACT_BYTES)
    }
}

/// Neither the key nor the facts are shown.
impl<F> fmt::Debug for FactsCache<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("FactsCache").field("most", &self.most).finish_non_exhaustive()
    }
}

impl<F> FactsCache<F> {
    /// A cache of at most so many facts and bytes.
    #[must_use]
    pub fn bounded(most: usize, most_bytes: usize) -> Self {
        let kept = Kept { entries: BTreeMap::new(), turns: BTreeMap::new(), next: 0, bytes: 0 };
        Self { key: DigestKey::default(), most, most_bytes, kept: Mutex::new(kept) }
    }

    /// What stands for this credential. None on a host without random bytes, and on one that keeps nothing.
    pub fn digest<H: Host>(&self, host: &H, credential: &str) -> Option<CredentialDigest> {
        self.key.digest(host, credential)
    }

    /// How full it is.
    #[must_use]
    pub fn size(&self) -> CacheSize {
        let kept = self.lock();
        CacheSize { entries: kept.entries.len(), bytes: kept.bytes }
    }

    /// Puts facts in, which take so many bytes. `stays` is told of facts that stand there already, and of these, and says
    /// whether those stay.
    pub fn keep(&self, credential: CredentialDigest, found: Found<F>, bytes: usize, stays: impl Fn(&F, &F) -> bool) {
        // A row of the two trees is reckoned as well: many small facts take room too.
        let bytes = bytes.saturating_add(128);
        if bytes > self.most_bytes || self.most == 0 {
            return;
        }
        let mut kept = self.lock();
        if let Some(known) = kept.entries.get(&credential)
            && (known.found.as_of > found.as_of || stays(&known.found.facts, &found.facts))
        {
            return;
        }
        kept.forget(&credential);
        while kept.entries.len() >= self.most || kept.bytes.saturating_add(bytes) > self.most_bytes {
            let Some((_, oldest)) = kept.turns.first_key_value().map(|(turn, digest)| (*turn, *digest)) else { return };
            kept.forget(&oldest);
        }
        let turn = kept.turn();
        kept.bytes = kept.bytes.saturating_add(bytes);
        kept.turns.insert(turn, credential);
        kept.entries.insert(credential, Entry { found, bytes, turn });
    }

    /// Takes all facts out.
    pub fn clear(&self) {
        let mut kept = self.lock();
        kept.entries.clear();
        kept.turns.clear();
        kept.bytes = 0;
    }

    /// Takes facts out.
    pub fn forget(&self, credential: &CredentialDigest) {
        self.lock().forget(credential);
    }

    /// A panic while the lock was held leaves trees that agree, or an entry that nothing leads to and that is overwritten.
    fn lock(&self) -> MutexGuard<'_, Kept<F>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F: Clone> FactsCache<F> {
    /// The facts of this credential, of whatever age. They count as used. What is used all the time moves to the end of the
    /// queue once in an eighth of its length, and not each time.
    pub fn find(&self, credential: &CredentialDigest) -> Option<Found<F>> {
        let mut kept = self.lock();
        let few = u64::try_from(kept.entries.len() / 8).unwrap_or(u64::MAX);
        let turn = kept.turn();
        let entry = kept.entries.get_mut(credential)?;
        let found = entry.found.clone();
        if turn.saturating_sub(entry.turn) > few {
            let before = std::mem::replace(&mut entry.turn, turn);
            kept.turns.remove(&before);
            kept.turns.insert(turn, *credential);
        }
        Some(found)
    }
}

impl<F> Kept<F> {
    const fn turn(&mut self) -> u64 {
        self.next = self.next.saturating_add(1);
        self.next
    }

    fn forget(&mut self, credential: &CredentialDigest) {
        if let Some(entry) = self.entries.remove(credential) {
            self.bytes = self.bytes.saturating_sub(entry.bytes);
            self.turns.remove(&entry.turn);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(facts: u32, as_of: i64) -> Found<u32> {
        Found { facts, as_of: UnixMillis(as_of) }
    }

    fn digest(number: u8) -> CredentialDigest {
        number.into()
    }

    fn keep(cache: &FactsCache<u32>, number: u8, as_of: i64, bytes: usize) {
        cache.keep(digest(number), found(u32::from(number), as_of), bytes, |_, _| false);
    }

    #[test]
    fn what_was_not_used_for_the_longest_time_makes_room() {
        let cache = FactsCache::bounded(2, 10_000);
        keep(&cache, 1, 0, 1);
        keep(&cache, 2, 0, 1);
        assert!(cache.find(&digest(1)).is_some());
        keep(&cache, 3, 0, 1);
        assert_eq!(cache.find(&digest(2)), None);
        assert!(cache.find(&digest(1)).is_some() && cache.find(&digest(3)).is_some());
        assert_eq!(cache.size().entries, 2);
    }

    #[test]
    fn the_room_is_bounded_in_bytes_and_a_giant_is_not_kept() {
        let cache = FactsCache::bounded(100, 1000);
        for number in 0..100 {
            keep(&cache, number, 0, 200);
        }
        assert_eq!(cache.size(), CacheSize { entries: 3, bytes: 3 * 328 });
        keep(&cache, 200, 0, 1000);
        assert_eq!((cache.find(&digest(200)), cache.size().entries), (None, 3));
        for number in 97..100 {
            cache.forget(&digest(number));
        }
        assert_eq!(cache.size(), CacheSize { entries: 0, bytes: 0 });
    }

    #[test]
    fn older_facts_never_take_the_place_of_newer_ones() {
        let cache = FactsCache::bounded(2, 1000);
        cache.keep(digest(1), found(7, 100), 1, |_, _| false);
        cache.keep(digest(1), found(8, 99), 1, |_, _| false);
        assert_eq!(cache.find(&digest(1)), Some(found(7, 100)));
        cache.keep(digest(1), found(9, 101), 1, |known, new| known < new);
        assert_eq!(cache.find(&digest(1)), Some(found(7, 100)));
        cache.keep(digest(1), found(9, 101), 1, |known, new| known > new);
        assert_eq!((cache.find(&digest(1)), cache.size().entries), (Some(found(9, 101)), 1));
    }

    #[test]
    fn a_clock_that_was_set_back_tells_no_age() {
        assert_eq!(found(1, 100).age(UnixMillis(99)), None);
        assert_eq!(found(1, 100).age(UnixMillis(100)), Some(0));
        assert_eq!(found(1, i64::MIN).age(UnixMillis(i64::MAX)), None);
    }
}

//! How long a record is believed (contract §6.2): the terms of the stated bound from a revocation to the last acceptance.

use serde::Serialize;

/// How long facts of keys are used, and how late the store may be. Times are in seconds unless said otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyCaching {
    /// How long facts are used in an instance without asking the store again.
    pub cache: u32,
    /// How long after that they are used while the store does not answer.
    pub max_stale: u32,
    /// How long a copy near the reader may stand in for the store's own value.
    pub store_cache: u32,
    /// How long a written value may take until readers everywhere can see it.
    pub store_propagation: u32,
    /// How long the store has to answer, in milliseconds.
    pub timeout: u32,
}

impl Default for KeyCaching {
    /// For Cloudflare KV, whose shortest copy nearby is of 30 seconds and which speaks of 60 seconds for the rest.
    fn default() -> Self {
        Self { cache: 15, max_stale: 0, store_cache: 30, store_propagation: 60, timeout: 2000 }
    }
}

impl KeyCaching {
    /// Facts are asked for at each check, of a store that has one value for everybody.
    pub const NONE: Self = Self { cache: 0, max_stale: 0, store_cache: 0, store_propagation: 0, timeout: 2000 };

    /// How long facts may be used where the store answers, in milliseconds since they were asked for.
    pub(super) fn fresh(&self) -> u64 {
        u64::from(self.cache).saturating_mul(1000)
    }

    /// How long where it does not.
    pub(super) fn stale(&self) -> u64 {
        self.fresh().saturating_add(u64::from(self.max_stale).saturating_mul(1000))
    }

    /// The bound, term by term.
    #[must_use]
    pub fn bound(&self) -> RevocationBound {
        // Where facts are kept for less than the store may take to answer, it is the answer that is old.
        let isolate = self.cache.saturating_add(self.max_stale).max(self.timeout.div_ceil(1000));
        RevocationBound {
            isolate,
            store_cache: self.store_cache,
            store_propagation: self.store_propagation,
            seconds: isolate.saturating_add(self.store_cache).saturating_add(self.store_propagation),
        }
    }
}

/// The worst case from the moment that a revocation was written to the last time that the key is let through, in
/// seconds: `isolate + storeCache + storePropagation`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RevocationBound {
    /// The longest that an instance uses a record after it asked for it.
    pub isolate: u32,
    /// The longest that a copy near the reader is used.
    pub store_cache: u32,
    /// The longest that a written value takes until readers everywhere can see it: the store's word, which nobody here
    /// can check.
    pub store_propagation: u32,
    /// The sum.
    pub seconds: u32,
}

impl RevocationBound {
    /// The formula, in the names of the members.
    pub const FORMULA: &str = "isolate + storeCache + storePropagation";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_is_the_sum_of_its_terms() {
        let bound = KeyCaching { cache: 20, max_stale: 100, ..KeyCaching::default() }.bound();
        assert_eq!((bound.isolate, bound.store_cache, bound.store_propagation, bound.seconds), (120, 30, 60, 210));
        assert_eq!(KeyCaching::default().bound().seconds, 105);
    }

    #[test]
    fn without_a_cache_a_slow_answer_is_the_age() {
        assert_eq!(KeyCaching::NONE.bound().seconds, 2);
        assert_eq!(KeyCaching { timeout: 2001, ..KeyCaching::NONE }.bound().seconds, 3);
    }
}

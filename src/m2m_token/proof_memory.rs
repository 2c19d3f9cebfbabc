//! The proofs that were seen, so that none is taken twice (RFC 9449 §11.1).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

use super::confirmation::Thumbprint;
use crate::verdict::Reason;

/// The most proofs that are remembered at once. Each is 136 bytes of data in two trees: 9 MB in all.
pub const MOST_PROOFS: usize = 65_536;

/// The most proofs of one key that are remembered at once, so that one client cannot use up the memory of all.
pub const MOST_PROOFS_OF_ONE_KEY: usize = 16_384;

/// What names a proof: the key, and the digest of its `jti`. The digest has one length whatever the sender chose.
type Proof = (Thumbprint, Thumbprint);

/// A bounded memory. It belongs to one process: what another one has seen it does not know.
#[derive(Debug)]
pub(super) struct ProofMemory {
    most: usize,
    most_of_one_key: usize,
    proofs: Mutex<Proofs>,
}

/// Trees, since the senders choose what is put into them.
#[derive(Debug, Default)]
struct Proofs {
    seen: BTreeSet<Proof>,
    /// The same proofs by the last second at which each could be accepted.
    ends: BTreeSet<(i64, Proof)>,
    of_key: BTreeMap<Thumbprint, usize>,
}

impl Default for ProofMemory {
    fn default() -> Self {
        Self::bounded(MOST_PROOFS, MOST_PROOFS_OF_ONE_KEY)
    }
}

impl ProofMemory {
    fn bounded(most: usize, most_of_one_key: usize) -> Self {
        Self { most, most_of_one_key, proofs: Mutex::default() }
    }

    /// Remembers a proof up to and including the last second at which it could be accepted.
    ///
    /// # Errors
    /// [`Reason::SenderProofReplayed`] where it was seen before, and [`Reason::SenderProofMemoryFull`] where it cannot
    /// be remembered: to forget another one, or this one, would be to accept a replay.
    pub(super) fn remember(&self, key: Thumbprint, jti: Thumbprint, last: i64, now: i64) -> Result<(), Reason> {
        // A thread that died with the lock left at worst a proof that is counted and not found.
        let mut proofs = self.proofs.lock().unwrap_or_else(PoisonError::into_inner);
        proofs.forget_before(now);
        let proof = (key, jti);
        if proofs.seen.contains(&proof) {
            return Err(Reason::SenderProofReplayed);
        }
        let of_key = proofs.of_key.get(&key).copied().unwrap_or(0);
        if proofs.seen.len() >= self.most || of_key >= self.most_of_one_key {
            return Err(Reason::SenderProofMemoryFull);
        }
        proofs.seen.insert(proof);
        proofs.ends.insert((last, proof));
        proofs.of_key.insert(key, of_key.saturating_add(1));
        Ok(())
    }
}

impl Proofs {
    /// Forgets what could not be accepted any more. A clock that is set back forgets nothing.
    fn forget_before(&mut self, now: i64) {
        while let Some(&(last, proof)) = self.ends.first() {
            if last >= now {
                return;
            }
            self.ends.pop_first();
            self.seen.remove(&proof);
            if let Some(count) = self.of_key.get_mut(&proof.0) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    self.of_key.remove(&proof.0);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Thumbprint = [1; 32];
    const OTHER: Thumbprint = [2; 32];

    fn jti(number: u8) -> Thumbprint {
        [number; 32]
    }

    #[test]
    fn a_proof_is_taken_once_until_it_could_not_be_accepted_any_more() {
        let memory = ProofMemory::default();
        assert_eq!(memory.remember(ONE, jti(1), 60, 0), Ok(()));
        assert_eq!(memory.remember(ONE, jti(1), 60, 60), Err(Reason::SenderProofReplayed));
        assert_eq!(memory.remember(OTHER, jti(1), 60, 60), Ok(()), "another key's");
        assert_eq!(memory.remember(ONE, jti(2), 61, 61), Ok(()));
        assert_eq!(memory.remember(ONE, jti(1), 121, 61), Ok(()), "long over");
    }

    #[test]
    fn a_full_memory_forgets_nothing_and_takes_nothing() {
        let memory = ProofMemory::bounded(3, 3);
        for number in 0..3 {
            assert_eq!(memory.remember(ONE, jti(number), 10, 0), Ok(()));
        }
        assert_eq!(memory.remember(OTHER, jti(9), 10, 10), Err(Reason::SenderProofMemoryFull));
        assert_eq!(memory.remember(ONE, jti(0), 10, 10), Err(Reason::SenderProofReplayed));
        assert_eq!(memory.remember(OTHER, jti(9), 20, 11), Ok(()), "there is room again");
    }

    #[test]
    fn one_key_cannot_use_up_the_memory_of_all() {
        let memory = ProofMemory::bounded(10, 2);
        assert_eq!(memory.remember(ONE, jti(1), 10, 0), Ok(()));
        assert_eq!(memory.remember(ONE, jti(2), 20, 0), Ok(()));
        assert_eq!(memory.remember(ONE, jti(3), 20, 0), Err(Reason::SenderProofMemoryFull));
        assert_eq!(memory.remember(OTHER, jti(3), 20, 0), Ok(()));
        assert_eq!(memory.remember(ONE, jti(3), 20, 11), Ok(()));
        assert_eq!(memory.remember(ONE, jti(4), 20, 11), Err(Reason::SenderProofMemoryFull));
    }

    #[test]
    fn a_clock_that_is_set_back_forgets_nothing() {
        let memory = ProofMemory::default();
        assert_eq!(memory.remember(ONE, jti(1), 100, 50), Ok(()));
        assert_eq!(memory.remember(ONE, jti(2), 70, 10), Ok(()));
        assert_eq!(memory.remember(ONE, jti(1), 100, 10), Err(Reason::SenderProofReplayed));
    }

    #[test]
    fn what_is_over_leaves_nothing_behind() {
        let memory = ProofMemory::default();
        for number in 0..100 {
            assert_eq!(memory.remember(ONE, jti(number), i64::from(number), 0), Ok(()));
        }
        assert_eq!(memory.remember(OTHER, jti(0), 2000, 1000), Ok(()));
        let proofs = memory.proofs.lock().expect("whole");
        assert_eq!((proofs.seen.len(), proofs.ends.len(), proofs.of_key.len()), (1, 1, 1));
    }
}

//! The `kid`s for which an issuer was asked in vain.

use std::collections::VecDeque;

use sha2::{Digest, Sha256};

use crate::jose::Algorithm;

/// The most that are remembered for one key set. Whoever sends more makes the first ones forgotten, and gains one fetch
/// for each cooldown by it.
const MOST: usize = 64;

type Mark = [u8; 16];

/// A bounded list. A `kid` is the sender's own word: what is kept of it is the beginning of its digest.
#[derive(Debug, Default)]
pub(super) struct UnknownKids(VecDeque<(Mark, i64)>);

impl UnknownKids {
    /// Whether the issuer was asked for a key of this name in vain, not long ago. `now` is in milliseconds.
    pub(super) fn contains(&self, kid: Option<&str>, algorithm: Algorithm, now: i64) -> bool {
        let mark = mark(kid, algorithm);
        self.0.iter().any(|(known, until)| *known == mark && now < *until)
    }

    /// Remembers one until then.
    pub(super) fn remember(&mut self, kid: Option<&str>, algorithm: Algorithm, until: i64) {
        let mark = mark(kid, algorithm);
        self.0.retain(|(known, _)| *known != mark);
        while self.0.len() >= MOST {
            self.0.pop_front();
        }
        self.0.push_back((mark, until));
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

/// A token without a `kid` asks for whichever key serves its algorithm.
fn mark(kid: Option<&str>, algorithm: Algorithm) -> Mark {
    let asked_for = kid.map_or_else(|| format!("?{algorithm}"), |kid| format!("={kid}"));
    let digest: [u8; 32] = Sha256::digest(asked_for).into();
    let mut mark = Mark::default();
    for (place, byte) in mark.iter_mut().zip(digest) {
        *place = byte;
    }
    mark
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_in_vain_is_remembered_for_a_time_and_in_bounds() {
        let mut kids = UnknownKids::default();
        kids.remember(Some("a"), Algorithm::Es256, 100);
        assert!(kids.contains(Some("a"), Algorithm::Rs256, 99));
        assert!(!kids.contains(Some("a"), Algorithm::Es256, 100) && !kids.contains(Some("b"), Algorithm::Es256, 0));
        kids.remember(None, Algorithm::Es256, 100);
        assert!(kids.contains(None, Algorithm::Es256, 0) && !kids.contains(None, Algorithm::Rs256, 0));
        assert!(!kids.contains(Some("ES256"), Algorithm::Es256, 0));
        for number in 0..100_000 {
            kids.remember(Some(&number.to_string()), Algorithm::Es256, 100);
        }
        assert_eq!(kids.0.len(), MOST);
        assert!(kids.contains(Some("99999"), Algorithm::Es256, 0) && !kids.contains(Some("a"), Algorithm::Es256, 0));
    }
}

//! Whether one program takes every text that another takes.

use std::collections::BTreeSet;

use super::program::{Op, Program};

/// How many pairs of places are looked at. Past that it is not told.
const MOST_PAIRS: usize = 2_000;

/// The characters of paths.
const BYTES: std::ops::RangeInclusive<u8> = b'!'..=b'~';

impl Program {
    /// Whether it takes every text that the other takes. Where that would be long to find out, the answer is no.
    pub(super) fn takes_all_of(&self, other: &Self) -> bool {
        let start: BTreeSet<usize> = self.follow([0]).into_iter().collect();
        let mut open: Vec<(usize, BTreeSet<usize>)> =
            other.follow([0]).into_iter().map(|place| (place, start.clone())).collect();
        let mut seen: BTreeSet<(usize, BTreeSet<usize>)> = open.iter().cloned().collect();
        while let Some((place, here)) = open.pop() {
            if seen.len() > MOST_PAIRS {
                return false;
            }
            let here: Vec<usize> = here.into_iter().collect();
            let Some(op) = other.op(place) else { continue };
            if matches!(op, Op::Match) && !self.accepts(&here) {
                return false;
            }
            for byte in BYTES.filter(|byte| op.reads(*byte)) {
                let next: BTreeSet<usize> = self.step(&here, byte).into_iter().collect();
                for reached in other.follow([place.saturating_add(1)]) {
                    let pair = (reached, next.clone());
                    if seen.insert(pair.clone()) {
                        open.push(pair);
                    }
                }
            }
        }
        true
    }
}

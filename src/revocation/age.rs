//! How old a signed deny list is, and what that means.

use std::sync::Arc;

use super::DenyList;
use crate::host::UnixMillis;

/// How long nobody looks again after somebody looked, in milliseconds.
pub(super) const COOLDOWN: i64 = 1_000;

/// How far in the future a list may have been signed, in milliseconds: clocks differ.
pub(super) const AHEAD: i64 = 5_000;

/// How long a list counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    /// For how long after it was signed, in milliseconds.
    pub(super) max_age: i64,
}

impl Rules {
    /// How far apart refreshes behind requests are asked for, in milliseconds.
    pub(super) fn call_cooldown(self) -> i64 {
        self.max_age.saturating_div(12).clamp(COOLDOWN, 10_000)
    }
}

/// A list in memory. It stays when it is over: nothing older may take its place.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) list: Arc<DenyList>,
    /// When it was signed, in seconds since the Unix epoch.
    pub(super) issued_at: i64,
    /// The digest of its text.
    pub(super) digest: [u8; 32],
    /// How old it was at `seen`, in milliseconds. A list that was signed by a clock ahead of this one has less than none.
    pub(super) age: i64,
    /// When it was looked at last, in milliseconds.
    pub(super) seen: i64,
}

/// How much of its time is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Less than half of it.
    Fresh,
    /// Half of it or more: it is fetched again behind a request.
    Aging,
    /// All of it.
    Over,
    /// It was signed in the future, by a clock that was set back since.
    Ahead,
}

impl Phase {
    /// The word for it.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Aging => "aging",
            Self::Over => "over",
            Self::Ahead => "ahead",
        }
    }
}

impl Held {
    /// A clock that goes on makes it older by as much. One that was set back makes it no younger, and it ages from there:
    /// how much time passed meanwhile nobody knows.
    pub(super) const fn age_at(&self, now: UnixMillis) -> i64 {
        let passed = now.0.saturating_sub(self.seen);
        if passed > 0 { self.age.saturating_add(passed) } else { self.age }
    }

    pub(super) fn phase(&self, now: UnixMillis, rules: Rules) -> Phase {
        let age = self.age_at(now);
        if self.issued_at.saturating_mul(1000) > now.0.saturating_add(AHEAD) {
            Phase::Ahead
        } else if age >= rules.max_age {
            Phase::Over
        } else if age.saturating_mul(2) >= rules.max_age {
            Phase::Aging
        } else {
            Phase::Fresh
        }
    }
}

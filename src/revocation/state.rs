//! What is known of the signed deny list, and what to do next: a state machine without I/O, whose clock is an argument.
//!
//! The bound that it keeps: a list counts for less than its `maxAge` after it was signed, by the clock here. Whatever was
//! signed before an entry was published is refused by then, wherever it comes from and however often it is served.

use std::sync::Arc;

use super::DenyList;
use crate::{
    host::UnixMillis,
    verdict::{Denial, Reason},
};

/// How long the store, or the server of a URL, has to answer, in milliseconds.
pub(super) const TIMEOUT: u32 = 2_000;

/// What a flight takes beyond its time-out before it counts as overdue, in milliseconds.
const SLACK: i64 = 500;

/// How long nobody looks again after somebody looked, in milliseconds.
const COOLDOWN: i64 = 1_000;

/// How far in the future a list may have been signed, in milliseconds: clocks differ.
const AHEAD: i64 = 5_000;

/// How long a list counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    /// For how long after it was signed, in milliseconds.
    pub(super) max_age: i64,
}

impl Rules {
    /// How far apart refreshes behind requests are asked for, in milliseconds.
    fn call_cooldown(self) -> i64 {
        self.max_age.saturating_div(12).clamp(COOLDOWN, 10_000)
    }
}

/// A list in memory. It stays when it is over: nothing older may take its place.
#[derive(Debug, Clone)]
pub(super) struct Held {
    list: Arc<DenyList>,
    /// When it was signed, in seconds since the Unix epoch.
    pub(super) issued_at: i64,
    /// The digest of its text.
    digest: [u8; 32],
    /// How old it was at `seen`, in milliseconds. A list that was signed by a clock ahead of this one has less than none.
    age: i64,
    /// When it was looked at last, in milliseconds.
    seen: i64,
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
    const fn age_at(&self, now: UnixMillis) -> i64 {
        let passed = now.0.saturating_sub(self.seen);
        if passed > 0 { self.age.saturating_add(passed) } else { self.age }
    }

    fn phase(&self, now: UnixMillis, rules: Rules) -> Phase {
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

/// A list that was read and whose signature holds.
#[derive(Debug)]
pub(super) struct Newcomer {
    pub(super) list: DenyList,
    pub(super) issued_at: i64,
    pub(super) digest: [u8; 32],
}

/// Somebody is at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flight(u64);

/// The flight that is under way. Who finds it overdue takes the work over.
#[derive(Debug, Clone, Copy)]
struct UnderWay {
    flight: Flight,
    since: i64,
    until: i64,
}

/// What to do for a request.
#[derive(Debug)]
pub(super) enum Step {
    /// This list counts. Where `due`, it is fetched again behind the request.
    Use { list: Arc<DenyList>, due: bool },
    /// Look for a list, and come back.
    Lead(Flight),
    /// Somebody looks for one: wait for a moment, and come back.
    Wait,
    /// There is none that counts.
    Refuse(Denial),
}

#[derive(Debug, Default)]
pub(super) struct State {
    held: Option<Held>,
    flight: Option<UnderWay>,
    flights: u64,
    /// When somebody was done with looking, in milliseconds.
    landed: Option<i64>,
    /// When a refresh behind a request was asked for, in milliseconds.
    called: Option<i64>,
    /// Why nothing came of looking last.
    failure: Option<String>,
}

impl State {
    /// The next step for a request, which has `led` where it looked for a list itself already.
    pub(super) fn step(&mut self, now: UnixMillis, rules: Rules, led: bool) -> Step {
        self.look_at_clock(now);
        let phase = self.phase(now, rules);
        if let (Some(held), Some(phase @ (Phase::Fresh | Phase::Aging))) = (&self.held, phase) {
            let list = Arc::clone(&held.list);
            return Step::Use { list, due: phase == Phase::Aging && self.may_call(now, rules) };
        }
        if self.flight.is_some() {
            return Step::Wait;
        }
        if led || within(self.landed, COOLDOWN, now) {
            return Step::Refuse(self.why_none(now, rules));
        }
        Step::Lead(self.take_off(now))
    }

    /// The list that counts at this time, without looking for one.
    ///
    /// # Errors
    /// [`Reason::DenySnapshotStale`] and [`Reason::DenySnapshotUnavailable`]
    pub(super) fn at(&self, now: UnixMillis, rules: Rules) -> Result<Arc<DenyList>, Denial> {
        match (&self.held, self.phase(now, rules)) {
            (Some(held), Some(Phase::Fresh | Phase::Aging)) => Ok(Arc::clone(&held.list)),
            _ => Err(self.why_none(now, rules)),
        }
    }

    /// Asks for a flight behind a request, or by the clock; none where somebody is at work, or was a moment ago.
    pub(super) fn depart(&mut self, now: UnixMillis) -> Option<Flight> {
        self.look_at_clock(now);
        let idle = self.flight.is_none() && !within(self.landed, COOLDOWN, now);
        idle.then(|| self.take_off(now))
    }

    /// Whether less than half of the time of the list is left, or there is none that counts.
    pub(super) fn is_due(&self, now: UnixMillis, rules: Rules) -> bool {
        self.phase(now, rules) != Some(Phase::Fresh)
    }

    /// Takes what was found in force, unless a newer one is.
    ///
    /// # Errors
    /// What is wrong with it, in words for the operator.
    pub(super) fn offer(&mut self, now: UnixMillis, found: Newcomer) -> Result<(), String> {
        self.look_at_clock(now);
        let signed = found.issued_at.saturating_mul(1000);
        if signed > now.0.saturating_add(AHEAD) {
            return Err(format!("the signed deny list is of the future: it was signed at {}", found.issued_at));
        }
        let age = now.0.saturating_sub(signed);
        let next = match &self.held {
            Some(held) if held.issued_at > found.issued_at => {
                let (old, new) = (found.issued_at, held.issued_at);
                return Err(format!("a signed deny list of {old} was served, which is older than that of {new}"));
            }
            Some(held) if held.issued_at == found.issued_at && held.digest == found.digest => return Ok(()),
            // Which of two of one second is the later one cannot be told: what either denies is denied. They are of one
            // age, which was counted already.
            Some(held) if held.issued_at == found.issued_at => {
                Held { list: Arc::new(held.list.together(&found.list)), digest: found.digest, ..held.clone() }
            }
            _ => {
                let list = Arc::new(found.list);
                Held { list, issued_at: found.issued_at, digest: found.digest, age, seen: now.0 }
            }
        };
        self.held = Some(next);
        Ok(())
    }

    /// Whether this is the text of the list that is held.
    pub(super) fn has(&self, digest: &[u8; 32]) -> bool {
        self.held.as_ref().is_some_and(|held| held.digest == *digest)
    }

    /// When the newest list that was seen was signed, in seconds since the Unix epoch.
    pub(super) fn newest(&self) -> Option<i64> {
        self.held.as_ref().map(|held| held.issued_at)
    }

    /// Ends a flight, with the words of what went wrong, if anything did.
    pub(super) fn land(&mut self, now: UnixMillis, flight: Flight, outcome: Result<(), String>) {
        if self.flight.is_some_and(|current| current.flight == flight) {
            self.flight = None;
            self.landed = Some(now.0);
            self.failure = outcome.err();
        }
    }

    /// Gives a flight back that whoever took off cannot carry out.
    pub(super) fn give_back(&mut self, flight: Flight) {
        if self.flight.is_some_and(|current| current.flight == flight) {
            self.flight = None;
        }
    }

    /// Whether to ask for a refresh behind a request, which is then put down.
    pub(super) fn may_call(&mut self, now: UnixMillis, rules: Rules) -> bool {
        let may = self.flight.is_none() && !within(self.called, rules.call_cooldown(), now);
        if may {
            self.called = Some(now.0);
        }
        may
    }

    pub(super) fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// How many entries the list has.
    pub(super) fn entries(&self) -> usize {
        self.held.as_ref().map_or(0, |held| held.list.len())
    }

    pub(super) fn phase(&self, now: UnixMillis, rules: Rules) -> Option<Phase> {
        self.held.as_ref().map(|held| held.phase(now, rules))
    }

    fn take_off(&mut self, now: UnixMillis) -> Flight {
        self.flights = self.flights.wrapping_add(1);
        let flight = Flight(self.flights);
        let until = now.0.saturating_add(TIMEOUT.into()).saturating_add(SLACK);
        self.flight = Some(UnderWay { flight, since: now.0, until });
        flight
    }

    fn look_at_clock(&mut self, now: UnixMillis) {
        if let Some(held) = &mut self.held {
            (held.age, held.seen) = (held.age_at(now), now.0);
        }
        for time in [&mut self.landed, &mut self.called] {
            *time = time.filter(|at| *at <= now.0);
        }
        // Whoever was at work is gone: a runtime ends what a client no longer waits for.
        self.flight = self.flight.filter(|current| (current.since..current.until).contains(&now.0));
    }

    fn why_none(&self, now: UnixMillis, rules: Rules) -> Denial {
        let failure = self.failure.as_deref().unwrap_or("nothing newer was found");
        match (&self.held, self.phase(now, rules)) {
            (Some(held), Some(Phase::Ahead)) => Denial::new(Reason::DenySnapshotStale)
                .noting(format!("signed at {}, which lies in the future; {failure}", held.issued_at)),
            (Some(held), _) => {
                Denial::new(Reason::DenySnapshotStale).noting(format!("signed at {}; {failure}", held.issued_at))
            }
            (None, _) => Denial::new(Reason::DenySnapshotUnavailable).noting(self.failure.clone().unwrap_or_default()),
        }
    }
}

fn within(at: Option<i64>, milliseconds: i64, now: UnixMillis) -> bool {
    at.is_some_and(|at| now.0.saturating_sub(at) < milliseconds)
}

//! What is known of the signed deny list, and what to do next: a state machine without I/O, whose clock is an argument.
//!
//! The bound that it keeps: a list counts for less than its `maxAge` after it was signed, by the clock here. Whatever was
//! signed before an entry was published is refused by then, wherever it comes from and however often it is served.

use std::sync::Arc;

use super::{
    DenyList,
    age::{AHEAD, COOLDOWN, Held, Phase, Rules},
};
use crate::{
    host::UnixMillis,
    verdict::{Denial, Reason},
};

/// How long the store, or the server of a URL, has to answer, in milliseconds.
pub(super) const TIMEOUT: u32 = 2_000;

/// What a flight takes beyond its time-out before it counts as overdue, in milliseconds.
const SLACK: i64 = 500;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::revocation::DenyEntry;

    /// When the list of the tests was signed, in seconds.
    const SIGNED: i64 = 1_780_000_000;
    const MAX_AGE: i64 = 60;
    const RULES: Rules = Rules { max_age: MAX_AGE * 1000 };

    /// So many milliseconds after the list was signed.
    fn after(milliseconds: i64) -> UnixMillis {
        UnixMillis(SIGNED * 1000 + milliseconds)
    }

    fn signed(issued_at: i64, key: &str) -> Newcomer {
        let list = DenyList::new(vec![DenyEntry::of_key(key)]).expect("a list");
        let mut digest = [0; 32];
        digest[..key.len()].copy_from_slice(key.as_bytes());
        Newcomer { list, issued_at, digest }
    }

    /// A state that took the list a moment after it was signed.
    fn holding() -> State {
        let mut state = State::default();
        state.offer(after(0), signed(SIGNED, "a")).expect("taken");
        state
    }

    fn reason(step: &Step) -> Reason {
        let Step::Refuse(denial) = step else { panic!("{step:?}") };
        denial.reason
    }

    fn leads(step: &Step) -> Flight {
        let Step::Lead(flight) = step else { panic!("{step:?}") };
        *flight
    }

    /// Whether the list is used, and whether a refresh is asked for.
    fn used(step: &Step) -> bool {
        let Step::Use { due, .. } = step else { panic!("{step:?}") };
        *due
    }

    fn names(state: &State, now: UnixMillis, key: &str) -> bool {
        state.at(now, RULES).expect("a list").hold_key(key, None, 0).is_err()
    }

    #[test]
    fn a_list_goes_from_fresh_to_aging_to_over() {
        let mut state = holding();
        assert!(!used(&state.step(after(29_999), RULES, false)));
        assert!(!state.is_due(after(29_999), RULES) && state.is_due(after(30_000), RULES));
        assert!(used(&state.step(after(30_000), RULES, false)));
        assert!(!used(&state.step(after(34_999), RULES, false)), "asked for once for each cooldown");
        assert!(used(&state.step(after(35_000), RULES, false)));
        assert!(used(&state.step(after(59_999), RULES, false)));
        assert!(state.at(after(59_999), RULES).is_ok());
        assert_eq!(state.at(after(60_000), RULES).expect_err("over").reason, Reason::DenySnapshotStale);
        let flight = leads(&state.step(after(60_000), RULES, false));
        state.land(after(60_000), flight, Err("the store is down".to_owned()));
        let Step::Refuse(denial) = state.step(after(60_000), RULES, true) else { panic!("nothing was found") };
        assert_eq!(denial.reason, Reason::DenySnapshotStale);
        assert_eq!(denial.note.as_deref(), Some("signed at 1780000000; the store is down"));
    }

    #[test]
    fn without_a_list_one_looks_the_others_wait_and_after_that_nobody_looks_for_a_moment() {
        let mut state = State::default();
        assert_eq!(state.at(after(0), RULES).expect_err("none").reason, Reason::DenySnapshotUnavailable);
        let flight = leads(&state.step(after(0), RULES, false));
        assert!(matches!(state.step(after(1), RULES, false), Step::Wait));
        assert!(state.depart(after(1)).is_none());
        state.land(after(10), flight, Err("garbage".to_owned()));
        assert_eq!(reason(&state.step(after(10), RULES, true)), Reason::DenySnapshotUnavailable);
        assert_eq!(reason(&state.step(after(1_009), RULES, false)), Reason::DenySnapshotUnavailable);
        assert!(state.depart(after(1_009)).is_none());
        let flight = leads(&state.step(after(1_010), RULES, false));
        state.offer(after(1_020), signed(SIGNED, "a")).expect("taken");
        state.land(after(1_020), flight, Ok(()));
        assert!(!used(&state.step(after(1_020), RULES, true)));
        assert!(state.failure().is_none());
    }

    #[test]
    fn who_was_given_up_is_taken_over_from_and_changes_nothing_afterwards() {
        let mut state = State::default();
        let gone = leads(&state.step(after(0), RULES, false));
        assert!(matches!(state.step(after(2_499), RULES, false), Step::Wait));
        let next = leads(&state.step(after(2_500), RULES, false));
        state.land(after(2_600), gone, Err("late".to_owned()));
        assert!(matches!(state.step(after(2_600), RULES, false), Step::Wait));
        assert!(state.failure().is_none());
        state.give_back(next);
        assert!(state.depart(after(2_600)).is_some(), "what was given back cools nothing down");
    }

    #[test]
    fn an_older_list_never_takes_the_place_of_a_newer_one() {
        let mut state = holding();
        assert!(state.offer(after(10_000), signed(SIGNED - 1, "b")).is_err());
        assert!(names(&state, after(10_000), "a"));
        state.offer(after(10_000), signed(SIGNED + 10, "b")).expect("newer");
        assert!(!names(&state, after(10_000), "a") && names(&state, after(69_999), "b"));
        assert!(state.at(after(70_000), RULES).is_err());
        // Not even when it is over: what is known of it stays.
        assert!(state.offer(after(90_000), signed(SIGNED, "a")).is_err());
        assert_eq!(state.newest(), Some(SIGNED + 10));
    }

    #[test]
    fn of_two_lists_of_one_second_both_hold_and_neither_is_younger_for_it() {
        let mut state = holding();
        state.offer(after(40_000), signed(SIGNED, "b")).expect("as new");
        assert!(names(&state, after(40_000), "a") && names(&state, after(40_000), "b"));
        state.offer(after(41_000), signed(SIGNED, "a")).expect("as new");
        assert!(names(&state, after(59_999), "a") && names(&state, after(59_999), "b"));
        assert!(state.at(after(60_000), RULES).is_err());
    }

    #[test]
    fn a_list_of_the_future_is_refused_beyond_the_difference_of_clocks() {
        let mut state = State::default();
        assert!(state.offer(after(-5_001), signed(SIGNED, "a")).is_err());
        assert!(state.at(after(0), RULES).is_err());
        state.offer(after(-5_000), signed(SIGNED, "a")).expect("clocks differ");
        assert!(state.at(after(-5_000), RULES).is_ok() && state.at(after(59_999), RULES).is_ok());
        assert!(state.at(after(60_000), RULES).is_err());
    }

    #[test]
    fn a_clock_that_is_set_back_makes_no_list_younger() {
        let mut state = holding();
        used(&state.step(after(50_000), RULES, false));
        // Ten seconds of its life are left, whatever the clock says of when it was signed.
        assert!(used(&state.step(after(2_000), RULES, false)), "what was called in the future was not called");
        assert!(state.at(after(11_999), RULES).is_ok());
        assert_eq!(state.at(after(12_000), RULES).expect_err("over").reason, Reason::DenySnapshotStale);
        // Nor does it help to serve it again.
        state.offer(after(12_000), signed(SIGNED, "a")).expect("the same");
        state.offer(after(12_000), signed(SIGNED, "b")).expect("as new");
        assert!(state.at(after(12_000), RULES).is_err());
        // Set back again and again, it ages with each second that is seen.
        let mut state = holding();
        for _ in 0..6 {
            assert!(matches!(state.step(after(0), RULES, false), Step::Use { .. }));
            state.step(after(10_000), RULES, false);
        }
        assert!(matches!(state.step(after(0), RULES, false), Step::Lead(_)));
        // One that was signed since counts from when it was signed.
        state.offer(after(3_000), signed(SIGNED + 1, "c")).expect("newer");
        assert!(names(&state, after(60_999), "c") && state.at(after(61_000), RULES).is_err());
    }

    #[test]
    fn a_clock_that_is_set_back_before_the_list_was_signed_trusts_it_no_more() {
        let mut state = holding();
        assert_eq!(state.at(after(-5_001), RULES).expect_err("ahead").reason, Reason::DenySnapshotStale);
        leads(&state.step(after(-5_001), RULES, false));
        assert_eq!(state.phase(after(-5_001), RULES), Some(Phase::Ahead));
        // Where the clock is set right again, no second is forgotten.
        assert!(state.at(after(0), RULES).is_ok());
        assert!(state.at(after(54_998), RULES).is_ok() && state.at(after(54_999), RULES).is_err());
    }

    #[test]
    fn a_clock_that_was_ahead_for_a_while_is_mended_by_the_next_list() {
        let mut state = holding();
        assert!(matches!(state.step(after(3_600_000), RULES, false), Step::Lead(_)));
        assert!(matches!(state.step(after(5_000), RULES, false), Step::Lead(_)), "it was over, and stays so");
        state.offer(after(6_000), signed(SIGNED + 5, "b")).expect("newer");
        assert!(names(&state, after(6_000), "b"));
    }

    #[test]
    fn a_clock_that_stands_at_the_end_of_time_lets_nothing_through() {
        let mut state = holding();
        assert!(state.at(UnixMillis(i64::MAX), RULES).is_err() && state.at(UnixMillis(i64::MIN), RULES).is_err());
        assert!(matches!(state.step(UnixMillis(i64::MAX), RULES, false), Step::Lead(_)));
        assert!(state.offer(UnixMillis(i64::MIN), signed(SIGNED + 1, "b")).is_err());
    }
}

//! What is known of one key set, and what to do next: a state machine without I/O, whose clock is an argument.

use std::sync::Arc;

use super::{
    lifetime::{AHEAD, KeySetRules, Lifetime, Phase},
    unknown_kids::UnknownKids,
};
use crate::{
    host::UnixMillis,
    jose::{Algorithm, KeySet, VerificationKey},
    verdict::{Denial, Reason},
};

/// How long the store has to answer, in milliseconds.
pub(super) const STORE_TIMEOUT: u32 = 1_000;

/// How long the store is left alone while the issuer is, in milliseconds: another isolate may have had more luck.
const STORE_COOLDOWN: i64 = 5_000;

/// How long it is remembered where an issuer's keys are, in milliseconds.
const DISCOVERY_AGE: i64 = 3_600_000;

/// What a step of a flight takes beyond its time-out before it counts as overdue, in milliseconds.
const SLACK: i64 = 500;

/// How far apart, in milliseconds, fetches that nobody stayed for are to be taken for one story.
const UNSEEN_RUN: i64 = 600_000;

/// How many requests may wait at one time for a fetch that another one makes for an unknown key. Anybody can send a
/// token that names one; the others are told to come back.
const MOST_WAITING: usize = 256;

/// From where a set came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// The store that the isolates share.
    Store,
    /// Its issuer.
    Issuer,
    /// The snapshot that was brought along.
    Snapshot,
}

impl Tier {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Issuer => "issuer",
            Self::Snapshot => "snapshot",
        }
    }
}

/// A key set in memory.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) keys: Arc<KeySet>,
    pub(super) lifetime: Lifetime,
    /// When its issuer was asked for it, in milliseconds: of two sets the later one counts.
    pub(super) asked: i64,
    pub(super) tier: Tier,
    /// The URL from which it was fetched, where that is known.
    pub(super) source: Option<String>,
    pub(super) etag: Option<String>,
    /// The digest of its keys as they were written.
    pub(super) digest: String,
    /// The keys as they were written, as JSON text.
    pub(super) written: Arc<str>,
    /// Whether the store has the set.
    pub(super) saved: bool,
}

/// Which set had a key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    lifetime: Lifetime,
    asked: i64,
}

impl Held {
    pub(super) const fn seen(&self) -> Seen {
        Seen { lifetime: self.lifetime, asked: self.asked }
    }
}

/// A failure of an issuer that somebody saw.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub(super) at: i64,
    pub(super) words: String,
}

/// Whoever asked the issuer was gone before there was an answer: when that happened first and last since an answer was
/// seen, in milliseconds. It says little of the issuer, since whoever sends requests can break them off.
#[derive(Debug, Clone, Copy)]
struct Unseen {
    first: i64,
    last: i64,
}

/// Somebody is at work on the set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flight(u64);

/// The flight that is under way, and how far it has come.
#[derive(Debug, Clone, Copy)]
struct UnderWay {
    flight: Flight,
    /// Until when it must have come further, in milliseconds. Who finds it overdue takes the work over.
    since: i64,
    until: i64,
    /// Whether the issuer is being asked.
    at_issuer: bool,
    /// How many requests wait for it.
    waiting: usize,
}

/// What a token asks for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'w> {
    pub(super) kid: Option<&'w str>,
    pub(super) algorithm: Algorithm,
}

/// Why a set is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Errand {
    /// There is no usable one.
    Load,
    /// The usable one does not know the key.
    UnknownKey,
    /// Behind a request: the usable one is stale.
    Refresh,
    /// By the clock, whatever is at hand.
    Scheduled,
}

/// What a request has done already.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Past {
    /// It has looked for a set itself.
    pub(super) led: bool,
    /// It has looked for its key where the set did not have it.
    pub(super) sought: bool,
    /// It waits for this flight.
    pub(super) waits_for: Option<Flight>,
}

/// What to do for a request.
#[derive(Debug)]
pub(super) enum Step {
    /// This key vouches. Where `due`, the set is fetched again behind the request.
    Use { key: Arc<VerificationKey>, held: Arc<Held>, due: bool },
    /// Look for a set, and come back.
    Lead(Flight, Errand),
    /// Somebody looks for one: wait for a moment, and come back.
    Wait(Flight),
    /// There is no key. Where `due`, as above.
    Refuse { denial: Denial, due: bool },
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) held: Option<Arc<Held>>,
    /// A set that the clock no longer vouches for: its keys may come again, and the host has them.
    parted: Option<Arc<Held>>,
    /// When the newest set ever seen was fetched, in milliseconds: an older one never takes its place again, since it may
    /// hold a key that was withdrawn.
    newest: Option<i64>,
    flight: Option<UnderWay>,
    flights: u64,
    /// When the issuer was asked last, in milliseconds, and what came of it since it answered last.
    attempted: Option<i64>,
    pub(super) failure: Option<Failure>,
    unseen: Option<Unseen>,
    /// When the store was looked into last, in milliseconds.
    looked: Option<i64>,
    /// When a refresh behind a request was asked for, in milliseconds.
    called: Option<i64>,
    /// A check that could not wait lacked a key: the set is fetched behind it, be it fresh.
    sought: bool,
    /// The `jwks_uri` that discovery found, and when, in milliseconds.
    pub(super) discovered: Option<(String, i64)>,
    unknown: UnknownKids,
    /// When it was used last, in milliseconds.
    pub(super) used: i64,
}

impl State {
    /// The next step for a token.
    pub(super) fn step(&mut self, now: UnixMillis, rules: &KeySetRules, wanted: Wanted<'_>, past: Past) -> Step {
        self.used = now.0;
        self.look_at_clock(now);
        let Some(held) = self.usable(now, rules) else { return self.load(now, rules, past) };
        match held.keys.select(wanted.kid, wanted.algorithm) {
            Ok(key) => {
                let (key, due) = (Arc::clone(key), self.call(now, rules, &held));
                Step::Use { key, held, due }
            }
            Err(denial) => {
                // A key that is there and is no good would be no better tomorrow.
                let known = wanted.kid.is_some_and(|kid| held.keys.names(kid));
                if denial.reason == Reason::SigningKeyUnknown && !known {
                    self.unknown_key(now, rules, wanted, &held, denial, past)
                } else {
                    Step::Refuse { denial, due: self.call(now, rules, &held) }
                }
            }
        }
    }

    /// Whether the set that is in force still has a key, which it had when `seen` was in force.
    pub(super) fn vouches(
        &self,
        now: UnixMillis,
        rules: &KeySetRules,
        key: &VerificationKey,
        seen: Seen,
    ) -> Result<(), Denial> {
        // A set that left memory is as good as it was, as long as there is no newer one.
        let left = self.held.is_none() && self.newest == Some(whole_second(seen.asked));
        if left && self.is_good(seen.lifetime, now, rules) {
            return Ok(());
        }
        let Some(held) = self.usable(now, rules) else { return Err(self.why_none()) };
        if held.keys.has(key) { Ok(()) } else { Err(Reason::SigningKeyWithdrawn.into()) }
    }

    /// A clock that was set back says nothing of how old a set is, nor of how long ago anything was.
    fn look_at_clock(&mut self, now: UnixMillis) {
        let ahead = |at: i64| at.div_euclid(1000).saturating_sub(now.seconds()) > AHEAD;
        if self.newest.is_some_and(ahead) {
            self.parted = self.held.take().or_else(|| self.parted.take());
            (self.newest, self.discovered) = (None, None);
        }
        for time in [&mut self.attempted, &mut self.looked, &mut self.called] {
            *time = time.filter(|at| *at <= now.0);
        }
        self.failure = self.failure.take().filter(|failure| failure.at <= now.0);
        self.unseen = self.unseen.filter(|unseen| unseen.last <= now.0);
        if let Some(current) = self.flight
            && !(current.since..current.until).contains(&now.0)
        {
            // Whoever was at work is gone: a runtime ends what a client no longer waits for.
            self.flight = None;
            // By a clock that was set back nothing is overdue: that says nothing of the issuer.
            if current.at_issuer && current.since <= now.0 {
                // It is now that somebody looks, and long ago, maybe, that it was overdue.
                let last = current.until.min(now.0);
                let first = self.unseen.filter(|before| last.saturating_sub(before.last) < UNSEEN_RUN);
                self.unseen = Some(Unseen { first: first.map_or(last, |before| before.first), last });
            }
        }
    }

    /// The set that may vouch now.
    fn usable(&self, now: UnixMillis, rules: &KeySetRules) -> Option<Arc<Held>> {
        let held = self.held.as_ref()?;
        self.is_good(held.lifetime, now, rules).then(|| Arc::clone(held))
    }

    fn is_good(&self, lifetime: Lifetime, now: UnixMillis, rules: &KeySetRules) -> bool {
        match lifetime.phase(now.seconds()) {
            Phase::Fresh | Phase::Stale => true,
            Phase::IfError => self.failed_lately(now, rules),
            Phase::Over | Phase::Ahead => false,
        }
    }

    /// Whether the issuer failed when it was asked last, and so short a time ago that it need not be asked first again. It
    /// is longer than the cooldown: between the two it is asked behind a request, and no request waits.
    fn failed_lately(&self, now: UnixMillis, rules: &KeySetRules) -> bool {
        let long = rules.cooldown.saturating_add(rules.stale_while_revalidate.max(rules.cooldown));
        let seen = self.failure.as_ref();
        // Where nobody stayed to see it fail it is believed for the cooldown, and no longer by breaking off more requests.
        seen.is_some_and(|failure| now.0.saturating_sub(failure.at) < long.saturating_mul(1000))
            || within_cooldown(now, rules, self.unseen.map(|unseen| unseen.first))
    }

    /// What is known of how the issuer failed.
    fn words(&self) -> &str {
        let unseen = self.unseen.map_or("", |_| "who asked the issuer did not wait for the answer");
        self.failure.as_ref().map_or(unseen, |failure| &failure.words)
    }

    fn is_cooling(&self, now: UnixMillis, rules: &KeySetRules) -> bool {
        within_cooldown(now, rules, self.attempted)
    }

    /// Whether the issuer was seen to fail, and is left alone for that.
    fn cools_after_failure(&self, now: UnixMillis, rules: &KeySetRules) -> bool {
        self.failure.is_some() && self.is_cooling(now, rules)
    }

    /// There is no usable set: look for one, unless that was in vain a moment ago.
    fn load(&mut self, now: UnixMillis, rules: &KeySetRules, past: Past) -> Step {
        if let Some(current) = self.flight {
            return Step::Wait(current.flight);
        }
        let cooling = self.cools_after_failure(now, rules);
        let looked = self.looked.is_some_and(|at| now.0.saturating_sub(at) < STORE_COOLDOWN);
        if past.led || (cooling && looked) {
            return Step::Refuse { denial: self.why_none(), due: false };
        }
        Step::Lead(self.take_off(now), Errand::Load)
    }

    fn why_none(&self) -> Denial {
        let words = self.words();
        match &self.held {
            Some(held) => {
                let fetched = held.lifetime.fetched_at;
                Denial::new(Reason::KeySetStale).noting(format!("fetched at {fetched}; {words}"))
            }
            None => Denial::new(Reason::KeySetUnavailable).noting(words),
        }
    }

    /// The usable set does not know the key. It may be a new one: the issuer is asked once for each cooldown, and not
    /// again for the same key while the set is fresh.
    fn unknown_key(
        &mut self,
        now: UnixMillis,
        rules: &KeySetRules,
        wanted: Wanted<'_>,
        held: &Arc<Held>,
        denial: Denial,
        past: Past,
    ) -> Step {
        // While the issuer fails, nobody can tell whether it has such a key by now.
        let denial = if self.failed_lately(now, rules) {
            Denial::new(Reason::KeySetUnavailable)
                .noting(format!("the key of the token is not in the set at hand; {}", self.words()))
        } else {
            denial
        };
        let known = self.unknown.contains(wanted.kid, wanted.algorithm, now.0);
        // A set that another isolate fetched a moment ago is as good as one of our own.
        let recent = within_cooldown(now, rules, Some(held.asked));
        // Who breaks off gains no further fetch by it; who waited for the answer in vain takes over.
        let gone = past.waits_for.is_none() && within_cooldown(now, rules, self.unseen.map(|unseen| unseen.last));
        if past.sought && denial.reason == Reason::SigningKeyUnknown && !known {
            let until = now.0.saturating_add(rules.max_age.max(rules.cooldown).saturating_mul(1000));
            self.unknown.remember(wanted.kid, wanted.algorithm, until);
        }
        if known || past.sought || recent || (self.flight.is_none() && (gone || self.is_cooling(now, rules))) {
            return Step::Refuse { denial, due: self.call(now, rules, held) };
        }
        let Some(current) = &mut self.flight else {
            return Step::Lead(self.take_off(now), Errand::UnknownKey);
        };
        let waits = past.waits_for == Some(current.flight);
        if waits || current.waiting < MOST_WAITING {
            current.waiting = current.waiting.saturating_add(usize::from(!waits));
            return Step::Wait(current.flight);
        }
        let denial = Denial::new(Reason::KeySetUnavailable).noting("too many requests wait for the issuer's new keys");
        Step::Refuse { denial, due: false }
    }

    /// Whether a refresh behind the request is due, and nobody was asked for it yet.
    fn call(&mut self, now: UnixMillis, rules: &KeySetRules, held: &Held) -> bool {
        let stale = held.lifetime.phase(now.seconds()) != Phase::Fresh && !self.cools_after_failure(now, rules);
        (stale || !held.saved) && self.may_call(now, rules)
    }

    /// Whether to ask for a refresh behind a request, which is then put down: once for each cooldown, and for each time
    /// that the set grows stale.
    fn may_call(&mut self, now: UnixMillis, rules: &KeySetRules) -> bool {
        let fresh = self.held.as_ref().map_or(i64::MAX, |held| held.lifetime.fresh.saturating_mul(1000));
        let called = self.called.filter(|at| now.0.saturating_sub(*at) < fresh);
        let may = self.flight.is_none() && !within_cooldown(now, rules, called);
        if may {
            self.called = Some(now.0);
        }
        may
    }

    /// A check that may not wait gives its errand back. Whether a refresh behind it is due.
    pub(super) fn give_back(&mut self, now: UnixMillis, rules: &KeySetRules, flight: Flight, errand: Errand) -> bool {
        self.land(flight);
        self.sought |= errand == Errand::UnknownKey;
        self.may_call(now, rules)
    }

    /// Begins the errand behind a request, where there is anything to fetch and nobody is at work.
    pub(super) fn depart_behind(&mut self, now: UnixMillis) -> Option<Flight> {
        let fresh = |held: &Arc<Held>| held.lifetime.phase(now.seconds()) == Phase::Fresh;
        if self.held.as_ref().is_some_and(fresh) && !self.sought { None } else { self.depart(now) }
    }

    fn take_off(&mut self, now: UnixMillis) -> Flight {
        self.flights = self.flights.wrapping_add(1);
        let flight = Flight(self.flights);
        let until = now.0.saturating_add(STORE_TIMEOUT.into()).saturating_add(SLACK);
        self.flight = Some(UnderWay { flight, since: now.0, until, at_issuer: false, waiting: 0 });
        flight
    }

    /// Begins an errand that no request waits for, unless somebody is at work.
    pub(super) fn depart(&mut self, now: UnixMillis) -> Option<Flight> {
        self.look_at_clock(now);
        if self.flight.is_some() { None } else { Some(self.take_off(now)) }
    }

    /// A flight is about to ask the issuer for one thing more.
    pub(super) fn asks_issuer(&mut self, now: UnixMillis, rules: &KeySetRules, flight: Flight) {
        if let Some(current) = self.flight.as_mut().filter(|current| current.flight == flight) {
            current.since = now.0;
            current.until = now.0.saturating_add(rules.timeout.into()).saturating_add(SLACK);
            current.at_issuer = true;
        }
    }

    fn is_under_way(&self, flight: Flight) -> bool {
        self.flight.is_some_and(|current| current.flight == flight)
    }

    /// The work is done.
    pub(super) fn land(&mut self, flight: Flight) {
        if self.is_under_way(flight) {
            self.flight = None;
        }
    }

    /// Puts down that the store was looked into; whether the issuer is to be asked as well.
    pub(super) fn goes_on(
        &mut self,
        now: UnixMillis,
        rules: &KeySetRules,
        errand: Errand,
        wanted: Option<Wanted<'_>>,
    ) -> bool {
        self.looked = Some(now.0);
        // What the store had may be newer than what was at hand, and no longer usable, whatever it was looked for.
        if self.usable(now, rules).is_none() {
            return !self.cools_after_failure(now, rules);
        }
        let cooling = self.is_cooling(now, rules);
        let recent = self.held.as_ref().is_some_and(|held| within_cooldown(now, rules, Some(held.asked)));
        match errand {
            Errand::Load => false,
            Errand::UnknownKey => {
                let found = self
                    .held
                    .as_ref()
                    .zip(wanted)
                    .is_some_and(|(held, wanted)| held.keys.select(wanted.kid, wanted.algorithm).is_ok());
                !found && !recent && !cooling
            }
            Errand::Refresh => {
                let fresh = |held: &Arc<Held>| held.lifetime.phase(now.seconds()) == Phase::Fresh;
                let sought = std::mem::take(&mut self.sought) && !recent && !cooling;
                sought || !(self.held.as_ref().is_some_and(fresh) || self.cools_after_failure(now, rules))
            }
            Errand::Scheduled => !recent && !cooling,
        }
    }

    /// Starts with a set that was brought along.
    pub(super) fn start_with(&mut self, held: Held) {
        (self.newest, self.held) = (Some(held.asked), Some(Arc::new(held)));
    }

    /// Whether a set that is at hand serves requests, and the one that was found in the store would not.
    pub(super) fn is_better_off_without(&self, now: UnixMillis, rules: &KeySetRules, found: &Held) -> bool {
        self.usable(now, rules).is_some() && !self.is_good(found.lifetime, now, rules)
    }

    /// Takes a set that is newer than the one at hand. The host may forget the keys whose numbers come back.
    pub(super) fn offer(&mut self, now: UnixMillis, mut offered: Held) -> Vec<u32> {
        let phase = offered.lifetime.phase(now.seconds());
        // The set that left memory comes back from the store, which knows whole seconds alone.
        let is_older = |newest| if self.held.is_some() { offered.asked <= newest } else { offered.asked < newest };
        if matches!(phase, Phase::Ahead | Phase::Over) || self.newest.is_some_and(is_older) {
            return Vec::new();
        }
        self.newest = Some(offered.asked);
        let mut gone = Vec::new();
        if let Some(before) = self.held.take().or(self.parted.take()) {
            if before.digest == offered.digest {
                offered.keys = Arc::clone(&before.keys);
            } else if let Some(keys) = Arc::get_mut(&mut offered.keys) {
                gone = keys.carry_over(&before.keys);
            }
        }
        self.held = Some(Arc::new(offered));
        gone
    }

    /// The issuer answered.
    pub(super) fn succeeded(&mut self, now: UnixMillis) {
        (self.attempted, self.failure, self.unseen) = (Some(now.0), None, None);
    }

    /// The issuer failed. What a fetch says that is overdue is not listened to.
    pub(super) fn failed(&mut self, now: UnixMillis, flight: Flight, words: String) {
        if self.is_under_way(flight) {
            self.attempted = Some(now.0);
            self.failure = Some(Failure { at: now.0, words });
            self.unseen = None;
            // Where it was found may have changed.
            self.discovered = None;
        }
    }

    /// The set that the store does not have yet.
    pub(super) fn unsaved(&self) -> Option<Arc<Held>> {
        self.held.clone().filter(|held| !held.saved)
    }

    /// The store has the set that was fetched then, or could not take it.
    pub(super) fn saved(&mut self, asked: i64) {
        if let Some(held) = self.held.as_ref().filter(|held| held.asked == asked) {
            self.held = Some(Arc::new(Held { saved: true, ..Held::clone(held) }));
        }
    }

    /// The `jwks_uri` that discovery found not long ago.
    pub(super) fn discovered(&self, now: UnixMillis) -> Option<String> {
        let (uri, at) = self.discovered.as_ref()?;
        (0..DISCOVERY_AGE).contains(&now.0.saturating_sub(*at)).then(|| uri.clone())
    }

    /// Frees the memory of the set. It is in the store.
    pub(super) fn evict(&mut self) -> Vec<u32> {
        self.unknown.clear();
        self.newest = self.newest.map(whole_second);
        let (held, parted) = (self.held.take(), self.parted.take());
        held.iter()
            .chain(&parted)
            .flat_map(|held| held.keys.keys())
            .filter_map(|key| Some(key.public()?.id()))
            .collect()
    }
}

const fn whole_second(milliseconds: i64) -> i64 {
    milliseconds.saturating_sub(milliseconds.rem_euclid(1000))
}

fn within_cooldown(now: UnixMillis, rules: &KeySetRules, since: Option<i64>) -> bool {
    since.is_some_and(|at| now.0.saturating_sub(at) < rules.cooldown.saturating_mul(1000))
}

#[cfg(test)]
mod tests;

//! Whatever issuer, store, clocks and clients do, in any order: no removed key outlives its bound, no live key is refused
//! while a good set is at hand, the issuer is left in peace, and every request ends.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use edgeward::{key_source::KeySetRules, m2m_token::TokenFacts, verdict::Reason};
use proptest::{
    prelude::*,
    test_runner::{RngSeed, TestRunner},
};
use serde_json::{Value, json};

use super::{
    issuer::{JWKS, Manner, jwk, token},
    store::{Access, Falsifier},
    support::ISSUER,
    time::Begun,
    world::{Behind, Isolate, World},
};

/// How many isolates there are at a time.
/// When the world's isolates began, in milliseconds.
const ISOLATES_BEGAN: i64 = super::support::NOW * 1000 + 437;

const ISOLATES: usize = 3;

/// The keys of the issuer, of which it publishes some at a time, and one that is nobody's.
const KEYS: u8 = 5;
const NOBODYS: u8 = 99;

/// How far a clock is off at most, in milliseconds. Two of them differ by twice as much.
const OFF: i64 = 20_000;
const SKEW: i64 = 2 * OFF + 1_000;

/// The longest flight, in milliseconds: the store, the metadata and the set, each with its time-out.
const FLIGHT: i64 = 1_000 + 2 * 3_000;

/// The longest that a request may take, in milliseconds, where no other one is broken off: it waits for another's flight,
/// makes one itself, and one more for a key that the set which it found does not have.
const LONGEST: i64 = 3 * FLIGHT + 1_000;

/// The same where others are: it looks 512 times at most, every 64 ms, and makes the last flights itself.
const LONGEST_OF_ALL: i64 = 512 * 64 + 2 * FLIGHT + 1_000;

const DISCOVERY: &str = "https://issuer.example/.well-known/openid-configuration";

/// Something that happens.
#[derive(Debug, Clone)]
enum Event {
    Present {
        isolate: usize,
        key: u8,
    },
    PresentNow {
        isolate: usize,
        key: u8,
    },
    Judge {
        isolate: usize,
    },
    Schedule {
        isolate: usize,
    },
    /// A request, counted from the last one, is broken off.
    BreakOff {
        back: usize,
        is_dropped: bool,
    },
    /// What is done behind requests is broken off.
    EndJobs {
        isolate: usize,
    },
    Restart {
        isolate: usize,
    },
    SetClock {
        isolate: usize,
        off: i64,
    },
    Behind {
        isolate: usize,
        is_done: bool,
    },
    Native {
        isolate: usize,
        takes: Option<i64>,
    },
    Publish {
        keys: Vec<u8>,
    },
    Issuer {
        manner: Manner,
        delay: i64,
    },
    Headers {
        control: Option<&'static str>,
        tags: bool,
        repeats: bool,
    },
    Store {
        reading: Access,
        writing: Access,
        delay: i64,
        propagation: i64,
    },
    LoseStore,
    SpoilStore {
        value: &'static str,
    },
    /// The store goes back to what it held at some time.
    ReplayStore {
        back: usize,
    },
}

fn access() -> impl Strategy<Value = Access> {
    prop_oneof![6 => Just(Access::Works), 1 => Just(Access::Fails), 1 => Just(Access::Hangs)]
}

fn manner() -> impl Strategy<Value = Manner> {
    prop_oneof![
        6 => Just(Manner::Works),
        2 => Just(Manner::Hangs),
        1 => Just(Manner::Resets),
        1 => prop::sample::select(vec![302, 404, 500]).prop_map(Manner::Status),
        1 => prop::sample::select(vec!["", "{", "[]", r#"{"keys":[]}"#, r#"{"keys":[{"kty":"?"}]}"#])
            .prop_map(Manner::says),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let isolate = 0..ISOLATES;
    let key = prop_oneof![8 => 0..KEYS, 1 => Just(NOBODYS)];
    let control = prop::sample::select(vec![
        None,
        Some("max-age=0"),
        Some("max-age=45, stale-while-revalidate=5"),
        Some("max-age=86400"),
        Some("stale-if-error=100"),
    ]);
    let takes = prop_oneof![Just(None), (0..50_i64).prop_map(Some)];
    prop_oneof![
        24 => (isolate.clone(), key.clone()).prop_map(|(isolate, key)| Event::Present { isolate, key }),
        3 => (isolate.clone(), key).prop_map(|(isolate, key)| Event::PresentNow { isolate, key }),
        4 => isolate.clone().prop_map(|isolate| Event::Judge { isolate }),
        3 => isolate.clone().prop_map(|isolate| Event::Schedule { isolate }),
        3 => (0..4_usize, any::<bool>()).prop_map(|(back, is_dropped)| Event::BreakOff { back, is_dropped }),
        1 => isolate.clone().prop_map(|isolate| Event::EndJobs { isolate }),
        2 => isolate.clone().prop_map(|isolate| Event::Restart { isolate }),
        1 => (isolate.clone(), -OFF..=OFF).prop_map(|(isolate, off)| Event::SetClock { isolate, off }),
        1 => (isolate.clone(), any::<bool>()).prop_map(|(isolate, is_done)| Event::Behind { isolate, is_done }),
        1 => (isolate, takes).prop_map(|(isolate, takes)| Event::Native { isolate, takes }),
        5 => prop::collection::btree_set(0..KEYS, 1..4).prop_map(|keys| Event::Publish { keys: keys.into_iter().collect() }),
        5 => (manner(), prop_oneof![4 => 0..300_i64, 1 => 0..4_000_i64])
            .prop_map(|(manner, delay)| Event::Issuer { manner, delay }),
        2 => (control, any::<bool>(), any::<bool>())
            .prop_map(|(control, tags, repeats)| Event::Headers { control, tags, repeats }),
        3 => (access(), access(), prop_oneof![4 => 0..50_i64, 1 => 0..1_500_i64], prop_oneof![Just(0), 0..90_000_i64])
            .prop_map(|(reading, writing, delay, propagation)| Event::Store { reading, writing, delay, propagation }),
        1 => Just(Event::LoseStore),
        1 => prop::sample::select(vec!["", "null", "{\"keys\":[]}", "\u{0}"])
            .prop_map(|value| Event::SpoilStore { value }),
        2 => (0..6_usize).prop_map(|back| Event::ReplayStore { back }),
    ]
}

/// How much time passes before an event, in milliseconds.
fn gap() -> impl Strategy<Value = i64> {
    prop_oneof![
        4 => Just(0_i64),
        6 => 0..200_i64,
        6 => 0..5_000_i64,
        6 => 0..60_000_i64,
        4 => 0..1_000_000_i64,
        1 => 0..100_000_000_i64,
    ]
}

/// What a policy may say: the usual, the impatient, one that has no time between, one that has no patience in an outage.
fn rules() -> impl Strategy<Value = KeySetRules> {
    let usual = KeySetRules::default();
    prop::sample::select(vec![
        usual,
        KeySetRules { max_age: 60, stale_while_revalidate: 30, max_stale: 600, cooldown: 10, ..usual },
        KeySetRules { max_age: 30, stale_while_revalidate: 0, max_stale: 120, cooldown: 5, ..usual },
        KeySetRules { max_age: 300, stale_while_revalidate: 600, max_stale: 0, cooldown: 60, ..usual },
    ])
}

#[derive(Debug, Clone)]
struct Schedule {
    rules: KeySetRules,
    by_discovery: bool,
    events: Vec<(i64, Event)>,
}

fn schedule() -> impl Strategy<Value = Schedule> {
    (rules(), any::<bool>(), prop::collection::vec((gap(), event()), 1..120))
        .prop_map(|(rules, by_discovery, events)| Schedule { rules, by_discovery, events })
}

/// A request and what was known when it began.
struct Request {
    isolate: Rc<Watched>,
    key: u8,
    /// Since when every set at hand has the key, where one is: the request must be good, and at once or not.
    owed: Option<Owed>,
    began: i64,
    begun: Begun<(Result<(), Reason>, i64)>,
    is_broken_off: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owed {
    AtOnce,
    /// While its issuer fails, until this second.
    Until(i64),
}

/// An isolate, and what happened to it.
struct Watched {
    isolate: Isolate,
    began: i64,
    broken_off: RefCell<Vec<i64>>,
    clock_set: RefCell<usize>,
    facts: RefCell<Vec<(u8, TokenFacts)>>,
}

/// What runs a schedule and watches.
struct Run {
    rules: KeySetRules,
    by_discovery: bool,
    world: World,
    isolates: Vec<Rc<Watched>>,
    requests: Vec<Request>,
    /// From when to when each key was published, the last one still, maybe.
    lives: BTreeMap<u8, Vec<(i64, i64)>>,
    /// Since when the issuer answers well.
    well_since: Option<i64>,
    /// What the store held, at some times.
    past: Vec<(String, Vec<u8>)>,
}

/// What is wrong.
type Fault = String;

impl Run {
    fn new(schedule: &Schedule) -> Self {
        let world = World::publishing(&[]);
        world.issuer.put(DISCOVERY, json!({ "issuer": ISSUER, "jwks_uri": JWKS }));
        let now = world.time.now();
        let mut run = Self {
            rules: schedule.rules,
            by_discovery: schedule.by_discovery,
            world,
            isolates: Vec::new(),
            requests: Vec::new(),
            lives: BTreeMap::new(),
            well_since: Some(now),
            past: Vec::new(),
        };
        run.publish(&[0, 1]);
        run.isolates = (0..ISOLATES).map(|_| run.isolate()).collect();
        run
    }

    fn isolate(&self) -> Rc<Watched> {
        let KeySetRules { max_age, stale_while_revalidate, max_stale, cooldown, timeout } = self.rules;
        let mut members = json!({ "keySet": { "maxAge": max_age, "staleWhileRevalidate": stale_while_revalidate,
            "maxStale": max_stale, "cooldown": cooldown, "timeout": timeout } });
        if self.by_discovery {
            members["jwksUri"] = Value::Null;
            members["discovery"] = json!("openid-configuration");
        }
        Rc::new(Watched {
            isolate: self.world.isolate_with(&members, &BTreeMap::new()),
            began: self.world.time.now(),
            broken_off: RefCell::default(),
            clock_set: RefCell::new(0),
            facts: RefCell::default(),
        })
    }

    fn publish(&mut self, keys: &[u8]) {
        let now = self.world.time.now();
        for lives in self.lives.values_mut() {
            lives.iter_mut().filter(|(_, end)| *end == i64::MAX).for_each(|(_, end)| *end = now);
        }
        for key in keys {
            let lives = self.lives.entry(*key).or_default();
            match lives.last_mut() {
                Some((_, end)) if *end == now => *end = i64::MAX,
                _ => lives.push((now, i64::MAX)),
            }
        }
        self.world.issuer.publish_keys(&keys.iter().copied().map(jwk).collect::<Vec<_>>());
    }

    /// Whether a key was published all the time. The world begins with its first set: none is older.
    fn is_live(&self, key: u8, from: i64, to: i64) -> bool {
        let start = ISOLATES_BEGAN.max(from);
        self.lives.get(&key).is_some_and(|lives| lives.iter().any(|(born, end)| *born <= start && to < *end))
    }

    fn present(&mut self, place: usize, key: u8) {
        let watched = Rc::clone(&self.isolates[place]);
        let now = self.world.time.now();
        let status = watched.isolate.status();
        // The clock of whoever fetched the set may be off.
        let in_the_set = status.fetched_at.is_some_and(|second| self.is_live(key, second * 1000 - SKEW, now));
        let owed = match status.phase {
            "fresh" | "stale" if in_the_set => Some(Owed::AtOnce),
            "ifError" if in_the_set => status.ends.map(Owed::Until),
            _ => None,
        };
        let (verifier, runtime) = (Rc::clone(&watched.isolate.verifier), Rc::clone(&watched.isolate.runtime));
        let (time, leave) = (Rc::clone(&self.world.time), Rc::clone(&watched));
        let begun = self.world.time.begin(async move {
            let token = token(key);
            let verdict = verifier.verify(&*runtime, &token).await.map(|_| ()).map_err(|denial| denial.reason);
            let at = time.now();
            if verdict.is_ok()
                && let Ok(facts) = verifier.authenticate(&*runtime, &token).await
            {
                leave.facts.borrow_mut().push((key, facts));
            }
            (verdict, at)
        });
        self.requests.push(Request { isolate: watched, key, owed, began: now, begun, is_broken_off: false });
    }

    fn do_one(&mut self, event: &Event) -> Result<(), Fault> {
        let world = self.world.clone();
        let now = world.time.now();
        match event {
            Event::Present { isolate, key } => self.present(*isolate, *key),
            Event::PresentNow { isolate, key } => {
                let watched = Rc::clone(&self.isolates[*isolate]);
                watched.isolate.runtime.native.set(None);
                if watched.isolate.present_now(*key).is_ok() {
                    self.may_accept(&watched, *key, now)?;
                }
            }
            Event::Judge { isolate } => {
                let watched = Rc::clone(&self.isolates[*isolate]);
                for (key, facts) in watched.facts.borrow().iter() {
                    match watched.isolate.judge(facts) {
                        Ok(()) => self.may_accept(&watched, *key, now)?,
                        Err(Reason::SigningKeyWithdrawn) if self.is_live(*key, i64::MIN, now) => {
                            return Err(format!("the facts of key {key} are refused, and it is live"));
                        }
                        Err(Reason::SigningKeyWithdrawn | Reason::KeySetStale | Reason::KeySetUnavailable) => {}
                        Err(reason) => return Err(format!("facts: {reason:?}")),
                    }
                }
            }
            Event::Schedule { isolate } => drop(self.isolates[*isolate].isolate.begin_schedule()),
            Event::BreakOff { back, is_dropped } => {
                let open = self.requests.iter_mut().rev().filter(|request| !request.begun.is_over());
                if let Some(request) = open.into_iter().nth(*back) {
                    request.is_broken_off = true;
                    if *is_dropped {
                        request.begun.cancel();
                    } else {
                        request.begun.abandon();
                    }
                    request.isolate.broken_off.borrow_mut().push(now);
                }
            }
            Event::EndJobs { isolate } => {
                self.isolates[*isolate].isolate.abandon_jobs();
                self.isolates[*isolate].broken_off.borrow_mut().push(now);
            }
            Event::Restart { isolate } => {
                let gone = Rc::clone(&self.isolates[*isolate]);
                gone.isolate.abandon_jobs();
                for request in self.requests.iter_mut().filter(|request| Rc::ptr_eq(&request.isolate, &gone)) {
                    if !request.begun.is_over() {
                        request.is_broken_off = true;
                        request.begun.abandon();
                    }
                }
                self.isolates[*isolate] = self.isolate();
            }
            Event::SetClock { isolate, off } => {
                self.isolates[*isolate].isolate.runtime.off.set(*off);
                *self.isolates[*isolate].clock_set.borrow_mut() += 1;
            }
            Event::Behind { isolate, is_done } => {
                let behind = if *is_done { Behind::Done } else { Behind::Never };
                self.isolates[*isolate].isolate.runtime.behind.set(behind);
            }
            Event::Native { isolate, takes } => self.isolates[*isolate].isolate.runtime.native.set(*takes),
            Event::Publish { keys } => self.publish(keys),
            Event::Issuer { manner, delay } => {
                let is_well = *manner == Manner::Works && *delay < 2_900;
                self.well_since = is_well.then(|| self.well_since.unwrap_or(now));
                world.issuer.behaves(manner.clone());
                world.issuer.delay.set(*delay);
            }
            Event::Headers { control, tags, repeats } => {
                world.issuer.cache_control.replace(*control);
                world.issuer.tags.set(*tags);
                world.issuer.repeats.set(*repeats);
            }
            Event::Store { reading, writing, delay, propagation } => {
                world.store.reading.set(*reading);
                world.store.writing.set(*writing);
                world.store.delay.set(*delay);
                world.store.propagation.set(*propagation);
            }
            Event::LoseStore => world.store.lose(),
            Event::SpoilStore { value } => {
                world.store.keys().iter().for_each(|key| world.store.put(key, *value));
            }
            Event::ReplayStore { back } => {
                for key in world.store.keys() {
                    self.past.extend(world.store.get(&key).map(|value| (key, value)));
                }
                if let Some((key, value)) = self.past.iter().rev().nth(*back) {
                    world.store.put(key, value.clone());
                }
            }
        }
        world.time.settle();
        self.watch()
    }

    /// Judges the requests that are over.
    fn watch(&mut self) -> Result<(), Fault> {
        let requests = std::mem::take(&mut self.requests);
        let mut open = Vec::new();
        for request in requests {
            match request.begun.outcome() {
                Some((verdict, at)) => self.judge(&request, verdict, at)?,
                None if request.is_broken_off => {}
                None => open.push(request),
            }
        }
        self.requests = open;
        Ok(())
    }

    fn judge(&self, request: &Request, verdict: Result<(), Reason>, at: i64) -> Result<(), Fault> {
        let Request { isolate, key, owed, began, .. } = request;
        let took = at - began;
        let fault = |what: &str| Err(format!("{what}: key {key}, from {began} to {at}, {verdict:?}"));
        let is_disturbed = !isolate.broken_off.borrow().is_empty() || *isolate.clock_set.borrow() > 0;
        if took > if is_disturbed { LONGEST_OF_ALL } else { LONGEST } {
            return fault("it took too long");
        }
        match verdict {
            Ok(()) => self.may_accept(isolate, *key, at)?,
            Err(Reason::SigningKeyUnknown | Reason::SigningKeyWithdrawn) => {
                if self.is_live(*key, at - self.rules.outage_bound() * 1000 - SKEW, at) {
                    return fault("a key that every set has is refused");
                }
            }
            Err(Reason::KeySetStale | Reason::KeySetUnavailable) => {}
            Err(_) => return fault("it is refused for something else"),
        }
        let is_live = self.is_live(*key, *began, at);
        match owed {
            Some(Owed::AtOnce)
                if is_live
                // A check of the host's own takes its time, whatever set is at hand.
                && (verdict.is_err() || took > 50) =>
            {
                return fault("a live key is refused, or waits, while a good set is at hand");
            }
            Some(Owed::Until(end)) if is_live && at + SKEW < end * 1000 && verdict.is_err() => {
                return fault("a live key is refused while a set is at hand that is good in an outage");
            }
            _ => {}
        }
        // A new key works at last, where the issuer is well.
        let cooldown = self.rules.cooldown * 1000;
        let known = (self.rules.max_age * 1000).max(cooldown) + cooldown + SKEW + FLIGHT;
        let was_well = self.well_since.is_some_and(|since| since < began - known);
        let undisturbed = isolate.broken_off.borrow().iter().all(|when| *when < began - cooldown - FLIGHT);
        if was_well && undisturbed && self.is_live(*key, began - known, at) && verdict.is_err() {
            return fault("a new key is still refused");
        }
        Ok(())
    }

    /// Whether a token of this key may be accepted at this time.
    fn may_accept(&self, isolate: &Watched, key: u8, at: i64) -> Result<(), Fault> {
        let Some(lives) = self.lives.get(&key) else { return Err(format!("key {key} is nobody's, and accepted")) };
        let removed = lives.iter().map(|(_, end)| *end).max().unwrap_or_default();
        let since = at.saturating_sub(removed);
        if since <= self.rules.removal_bound() * 1000 + SKEW {
            return Ok(());
        }
        // Longer than that only while the issuer was seen to fail lately, or somebody did not stay to see.
        let cooldown = self.rules.cooldown * 1000;
        let memory = cooldown + (self.rules.stale_while_revalidate * 1000).max(cooldown);
        let failed = isolate.isolate.runtime.failed.borrow().iter().any(|when| at - when < memory + SKEW);
        let broken_off = isolate.broken_off.borrow();
        let unseen = broken_off.iter().any(|when| at - when < FLIGHT + 1_500 + cooldown + SKEW);
        if since <= self.rules.outage_bound() * 1000 + SKEW && (failed || unseen) {
            return Ok(());
        }
        Err(format!("key {key} is accepted {since} ms after it was removed"))
    }

    /// How often an isolate asked the issuer for its set.
    fn watch_fetches(&self, watched: &Watched) -> Result<(), Fault> {
        let now = self.world.time.now();
        // A set is fresh for 30 seconds at least, whatever its issuer says, but for the second that was begun.
        let span = self.rules.cooldown.min(29) * 1000;
        let each = if self.by_discovery { 2 } else { 1 };
        let disturbances = watched.broken_off.borrow().len() + *watched.clock_set.borrow();
        let most = usize::try_from((now - watched.began) / span).expect("a count") + 2 + 2 * disturbances;
        let fetches = watched.isolate.times_fetched();
        if fetches > each * most { Err(format!("{fetches} fetches, at most {}", each * most)) } else { Ok(()) }
    }

    fn go(mut self, schedule: &Schedule) -> Result<(), Fault> {
        for (gap, event) in &schedule.events {
            // Requests end meanwhile, and are judged by what was so then.
            self.world.time.pass(*gap);
            self.watch()?;
            self.do_one(event)?;
            self.isolates.iter().try_for_each(|watched| self.watch_fetches(watched))?;
        }
        self.world.time.pass(LONGEST_OF_ALL + 1_000);
        self.watch()?;
        match self.requests.first() {
            Some(request) => Err(format!("a request of key {} hangs", request.key)),
            None => Ok(()),
        }
    }
}

fn run(schedule: &Schedule, falsifier: Option<Falsifier>) -> Result<(), Fault> {
    let run = Run::new(schedule);
    run.world.store.falsifies.set(falsifier);
    run.go(schedule)
}

/// The same cases in every run; more of them, and others, where the environment asks for it.
fn runner(cases: u32) -> TestRunner {
    let asked = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let cases = asked("PROPTEST_CASES").and_then(|cases| u32::try_from(cases).ok()).unwrap_or(cases);
    let rng_seed = RngSeed::Fixed(asked("PROPTEST_RNG_SEED").unwrap_or(4));
    TestRunner::new(ProptestConfig { cases, rng_seed, failure_persistence: None, ..ProptestConfig::default() })
}

#[test]
fn no_removed_key_outlives_its_bound_and_no_live_one_is_refused_while_a_good_set_is_at_hand() {
    let outcome = runner(256).run(&schedule(), |schedule| run(&schedule, None).map_err(TestCaseError::fail));
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

/// Whether a run finds this fault where the store falsifies what it holds.
fn finds_out(falsifier: Falsifier, words: &str) -> bool {
    let outcome = runner(512).run(&schedule(), |schedule| match run(&schedule, Some(falsifier)) {
        Err(fault) if fault.contains(words) => Err(TestCaseError::fail(fault)),
        _ => Ok(()),
    });
    outcome.is_err()
}

/// Whoever falsifies the dates in the store makes removed keys live.
#[test]
fn a_store_that_makes_sets_younger_is_found_out() {
    fn young(now: i64, value: Vec<u8>) -> Vec<u8> {
        let Ok(mut entry) = serde_json::from_slice::<Value>(&value) else { return value };
        entry["fetchedAt"] = json!(now.div_euclid(1000));
        entry.to_string().into_bytes()
    }
    assert!(finds_out(young, "after it was removed"));
}

/// Whoever takes keys out of the sets in the store makes live keys refused.
#[test]
fn a_store_that_takes_keys_away_is_found_out() {
    fn fewer(_: i64, value: Vec<u8>) -> Vec<u8> {
        let Ok(entry) = serde_json::from_slice::<Value>(&value) else { return value };
        let Some(keys) = entry["keys"].as_array().filter(|keys| keys.len() > 1) else { return value };
        let set = json!({ "keys": keys[1..] });
        let fetched_at = entry["fetchedAt"].as_i64().unwrap_or_default();
        let digest = edgeward::key_source::Snapshot::take(&set, JWKS, fetched_at, 1).expect("a set").digest();
        let mut entry = entry.clone();
        (entry["keys"], entry["digest"]) = (set["keys"].clone(), json!(digest));
        entry.to_string().into_bytes()
    }
    assert!(finds_out(fewer, "a key that every set has is refused"));
}

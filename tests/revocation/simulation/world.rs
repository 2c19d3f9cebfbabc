//! A world: a store, isolates in many places that are asked for one key, and an administrator who ends it.

use std::{cell::RefCell, rc::Rc};

use edgeward::{
    api_key::{
        ApiKeyChecker, Environment, Issued, KeyCaching, KeyChange, KeyContext, KeyForm, KeyLife, NewKey,
        RevocationReason, RevokeRequest, RotateRequest, Span,
    },
    gate::Gate,
    revocation::DenyEntry,
    verdict::{Grant, Reason, Verdict},
};

use super::{
    chance::{Chance, Spread},
    isolate::{Clock, Runtime},
    run::{Came, Run, Seen, Terms},
    store::{Manners, Store},
    strict::{self, Strict},
};
use crate::{
    support::NOW,
    time::{Begun, Time},
};

/// The scope that a key loses where it is narrowed.
const LOST: &str = "reports:write";

/// Longer than anything here, in milliseconds.
pub(crate) const HOURS: i64 = 4 * 3_600_000;

/// How a key comes to its end, or to that of a right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Revoked,
    Disabled,
    /// It loses a scope.
    Narrowed,
    /// It is replaced, and stays good for so many seconds.
    Rotated(u32),
    /// It comes to its end as it was issued.
    Expired,
}

/// What a world is like.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    pub(crate) isolates: usize,
    pub(crate) places: usize,
    /// How isolates keep facts.
    pub(crate) caching: KeyCaching,
    /// What is said of it, where that is something else.
    pub(crate) stated: Option<KeyCaching>,
    /// How long what is written takes to each place, in milliseconds; cut off at what is stated.
    pub(crate) spread: Spread,
    /// How much longer than that it takes, in milliseconds: a store that does not keep its word.
    pub(crate) late: i64,
    /// How much longer than asked for the store uses copies, in milliseconds.
    pub(crate) hoards: i64,
    pub(crate) manners: Manners,
    /// How often no read succeeds for a while.
    pub(crate) outages: usize,
    pub(crate) clock: Clock,
    /// Strict mode, where it is on: the key is put on the signed list as it is revoked, and the bound is that of the list.
    pub(crate) strict: Option<Strict>,
    /// For how long somebody in front of the checker remembers its verdicts, in milliseconds: what nobody may do.
    pub(crate) remembers: Option<i64>,
    pub(crate) end: End,
}

impl Setting {
    /// The usual world, for this policy.
    pub(crate) fn of(caching: KeyCaching) -> Self {
        Self {
            isolates: 1000,
            places: 40,
            caching,
            stated: None,
            spread: Spread::Uniform(0, i64::from(caching.store_propagation) * 1000 + 1),
            late: 0,
            hoards: 0,
            manners: Manners::GOOD,
            outages: 0,
            clock: Clock::True,
            strict: None,
            remembers: None,
            end: End::Revoked,
        }
    }

    /// The stated bound, in milliseconds.
    pub(crate) fn bound(&self) -> i64 {
        let seconds = match self.strict {
            Some(strict) => strict.stated,
            None => self.stated.unwrap_or(self.caching).bound().seconds,
        };
        i64::from(seconds) * 1000
    }

    /// Lets one course of things happen.
    pub(crate) fn run(&self, seed: u64) -> Run {
        World::new(self, seed).run(self)
    }
}

/// Who decides in an isolate: the product's own code.
enum Judge {
    /// The checker of keys.
    Keys(Box<ApiKeyChecker>),
    /// The whole gate, in strict mode.
    Gate(Box<Gate>),
}

/// One isolate, and its runtime.
pub(crate) struct Isolate {
    number: usize,
    judge: Judge,
    pub(crate) runtime: Runtime,
    /// For how long somebody in front of it remembers its verdicts.
    remembers: Option<i64>,
    remembered: RefCell<Option<(i64, Grant)>>,
}

impl Isolate {
    async fn check(&self, presented: &str) -> Verdict {
        if let Some((until, grant)) = &*self.remembered.borrow()
            && self.runtime.time.now() < *until
        {
            return Ok(grant.clone());
        }
        let verdict = match &self.judge {
            Judge::Keys(checker) => checker.check(&self.runtime, presented, &KeyContext::default()).await,
            Judge::Gate(gate) => gate.check(&self.runtime, &strict::request(presented)).await.verdict,
        };
        if let (Ok(grant), Some(remembers)) = (&verdict, self.remembers) {
            *self.remembered.borrow_mut() = Some((self.runtime.time.now() + remembers, grant.clone()));
        }
        verdict
    }

    /// Answers one request, and begins what is to be done behind it.
    pub(crate) async fn answer(self: &Rc<Self>, presented: &str) -> Seen {
        let before = self.runtime.failures.get();
        let came = match self.check(presented).await {
            Ok(Grant { scopes, .. }) if scopes.iter().any(|scope| scope == LOST) => Came::Old,
            Ok(_) => Came::New,
            Err(denial) if denial.reason.is_undecided() => Came::Undecided(denial.reason),
            Err(denial) => Came::Refused(denial.reason),
        };
        let failed = self.runtime.failures.get() > before;
        if let Some(work) = self.runtime.due.take() {
            let isolate = Rc::clone(self);
            drop(self.runtime.time.begin(async move {
                if let Judge::Gate(gate) = &isolate.judge {
                    gate.refresh(&isolate.runtime, work).await;
                }
            }));
        }
        Seen { isolate: self.number, at: self.runtime.time.now(), came, failed }
    }
}

/// A world.
pub(crate) struct World {
    pub(crate) time: Rc<Time>,
    pub(crate) store: Rc<Store>,
    chance: Chance,
    life: KeyLife,
    /// Where the administrator is.
    office: Rc<Runtime>,
    /// Who signs the deny list, in strict mode.
    publisher: Option<Rc<Gate>>,
}

impl World {
    pub(crate) fn new(setting: &Setting, seed: u64) -> Self {
        // Not on a whole second: nothing in the world is.
        let time = Time::starting_at(NOW * 1000 + 437);
        let chance = Chance::of(seed);
        let late = |time: i64| time + setting.late;
        let spread = if setting.late > 0 { Spread::Constant(setting.late) } else { setting.spread };
        let propagation = (spread, late(i64::from(setting.caching.store_propagation) * 1000));
        let store = Store::new(&time, chance.branch(), setting.places, setting.manners, propagation);
        store.hoards.set(setting.hoards);
        let store = Rc::new(store);
        let office = Rc::new(Runtime::new(&store, &time, 0, chance.branch(), Clock::True));
        let publisher = setting.strict.map(|strict| {
            store.list_propagation.set(strict.spread);
            store.copies_otherwise.set(strict.copies);
            Rc::new(strict.gate(setting.caching, true))
        });
        let world = Self { time, store, chance, life: KeyLife::new(form()), office, publisher };
        if let (Some(publisher), Some(strict)) = (world.publisher.clone(), setting.strict) {
            let office = Rc::clone(&world.office);
            drop(world.time.begin(async move {
                loop {
                    publisher.revocation().republish(&*office).await.expect("signed again");
                    office.time.sleep(strict.signed_every * 1000).await;
                }
            }));
            world.time.pass(100);
        }
        world
    }

    /// An isolate in a place.
    pub(crate) fn isolate(&self, setting: &Setting, number: usize) -> Rc<Isolate> {
        let place = number % setting.places;
        let runtime = Runtime::new(&self.store, &self.time, place, self.chance.branch(), setting.clock);
        let judge = match setting.strict {
            Some(strict) => Judge::Gate(Box::new(strict.gate(setting.caching, false))),
            None => Judge::Keys(Box::new(ApiKeyChecker::new(form()).with_caching(setting.caching))),
        };
        let remembers = setting.remembers;
        Rc::new(Isolate { number, judge, runtime, remembers, remembered: RefCell::default() })
    }

    /// A new key.
    pub(crate) fn issue(&self, expires: Option<i64>) -> Issued {
        let new = serde_json::json!({
            "organization": "org_1", "owner": "ada", "revoker": "security", "name": "nightly export",
            "scopes": ["reports:read", LOST], "expires": expires,
        });
        let new: NewKey = serde_json::from_value(new).expect("a request");
        let (life, office) = (self.life.clone(), Rc::clone(&self.office));
        self.time.begin(async move { life.issue(&*office, new).await.expect("a key") }).wait(1000)
    }

    /// Ends a key at a time; it is in the store 25 milliseconds later. What comes of it is when that was: of its record or,
    /// in strict mode, of the deny list.
    pub(crate) fn end_at(&self, at: i64, id: &str, end: End) -> Begun<i64> {
        let (life, office, id) = (self.life.clone(), Rc::clone(&self.office), id.to_owned());
        let publisher = self.publisher.clone().filter(|_| end == End::Revoked);
        self.time.begin(async move {
            office.time.sleep(at - office.time.now()).await;
            let by = || RevokeRequest { by: "security".to_owned(), reason: RevocationReason::KeyCompromise };
            match end {
                End::Revoked => drop(life.revoke(&*office, &id, &by()).await.expect("revoked")),
                End::Disabled => drop(life.disable(&*office, &id).await.expect("disabled")),
                End::Narrowed => {
                    let scopes = Some(vec!["reports:read".to_owned()]);
                    let change = KeyChange { scopes, ..KeyChange::default() };
                    drop(life.update(&*office, &id, &change).await.expect("narrowed"));
                }
                End::Rotated(overlap) => {
                    let request = RotateRequest { overlap: Span(overlap), expires: None };
                    drop(life.rotate(&*office, &id, &request).await.expect("rotated"));
                }
                End::Expired => {}
            }
            if let Some(publisher) = publisher {
                publisher.deny(&*office, vec![DenyEntry::of_key(&id)]).await.expect("published");
            }
            // Half of what a swap takes is the way back.
            office.time.now() - 25
        })
    }

    fn run(self, setting: &Setting) -> Run {
        let bound = setting.bound();
        // The traffic is as dense as the bound is short, so that each run is some tens of thousands of requests.
        let overlap = if let End::Rotated(overlap) = setting.end { i64::from(overlap) * 1000 } else { 0 };
        let before = bound + 10_000;
        let after = bound.max(overlap) + bound / 4 + 10_000;
        let begins = self.time.now();
        let expires = (setting.end == End::Expired).then_some((begins + before) / 1000);
        let issued = self.issue(expires);
        let key: Rc<str> = Rc::from(issued.key.reveal());
        let length = before + after;
        for _ in 0..setting.outages {
            let from = begins + self.chance.between(0, length);
            let until = from + self.chance.between(2_000, 2_000 + length / 8);
            self.store.outages.borrow_mut().push((from, until));
        }
        let log: Rc<RefCell<Vec<Seen>>> = Rc::default();
        // Nothing goes in step: in each place the first request comes at another time.
        let first: Vec<_> = (0..setting.places).map(|_| self.chance.between(0, before - 5_000)).collect();
        for number in 0..setting.isolates {
            let first = first[number % setting.places];
            let isolate = self.isolate(setting, number);
            for client in Client::of(number) {
                let chance = self.chance.branch();
                let (isolate, key, log) = (Rc::clone(&isolate), Rc::clone(&key), Rc::clone(&log));
                drop(self.time.begin(async move {
                    isolate.runtime.time.sleep(first).await;
                    loop {
                        isolate.runtime.time.sleep(client.pause(&chance, length)).await;
                        let seen = isolate.answer(&key).await;
                        log.borrow_mut().push(seen);
                    }
                }));
            }
        }
        self.time.pass(before);
        if setting.strict.is_some_and(|strict| strict.stops) {
            self.store.list_propagation.set(Spread::Constant(HOURS));
        }
        let ending = self.end_at(self.time.now(), &issued.id, setting.end);
        self.time.pass(after);
        let written = ending.outcome().expect("the administrator still waits");
        let written = expires.map_or(written, |expires| expires * 1000);
        let terms = Terms {
            // A list may be too old where reads fail, and is where nothing newer comes.
            without_list: setting.outages > 0
                || setting.manners.fails > 0
                || setting.strict.is_some_and(|strict| strict.stops),
            ..terms(setting, written, bound, begins + before)
        };
        let log = log.take();
        Run { written, bound, terms, log, isolates: setting.isolates }
    }
}

/// What must hold where a key ends in this way.
fn terms(setting: &Setting, written: i64, bound: i64, asked: i64) -> Terms {
    let usual = Terms { refused_from: written, last_old: written + bound, reason: None, without_list: false };
    match setting.end {
        End::Revoked => Terms { reason: Some(Reason::KeyRevoked), ..usual },
        End::Disabled => Terms { reason: Some(Reason::KeyDisabled), ..usual },
        End::Narrowed => usual,
        End::Rotated(overlap) => {
            let end = (asked / 1000 + i64::from(overlap)) * 1000;
            let reason = Some(Reason::KeySuperseded);
            Terms { refused_from: end, last_old: usual.last_old.max(end - 1), reason, ..usual }
        }
        // The time of its end stands in the record from the start, and is judged and not kept.
        End::Expired => Terms { last_old: written - 1, reason: Some(Reason::KeyExpired), ..usual },
    }
}

/// How somebody uses an isolate.
#[derive(Debug, Clone, Copy)]
enum Client {
    /// Again and again.
    Busy,
    /// Now and then.
    Usual,
    /// Twice in short order, and then not for long.
    Sleepy,
}

impl Client {
    /// The clients of an isolate. Of two, the requests of the one come while the other waits.
    fn of(isolate: usize) -> Vec<Self> {
        match isolate % 4 {
            0 => vec![Self::Busy, Self::Usual],
            1 => vec![Self::Sleepy, Self::Sleepy],
            _ => vec![Self::Usual],
        }
    }

    /// How long until the next request, in a world that lasts for so long.
    fn pause(self, chance: &Chance, length: i64) -> i64 {
        match self {
            Self::Busy => chance.wait_for(length / 40),
            Self::Usual => chance.wait_for(length / 12),
            Self::Sleepy if chance.in_thousand(500) => chance.between(0, 500),
            Self::Sleepy => chance.between(length / 8, length / 3),
        }
    }
}

pub(crate) fn form() -> KeyForm {
    KeyForm::new("acme", Environment::Live, vec![]).expect("a form")
}

//! A store with copies in many places: what is written is seen elsewhere later, a copy nearby is used for a while, and a
//! read takes its time, fails, or never ends.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
    rc::Rc,
};

use edgeward::{host::HostError, revocation::DENY_SNAPSHOT_KEY};

use super::chance::{Chance, Spread};
use crate::time::Time;

/// Longer than anybody waits, in milliseconds.
const HANGS: i64 = 60_000;

/// How a store answers reads. Chances are in a thousand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manners {
    /// How long a read takes.
    pub(crate) latency: Spread,
    /// How often one takes for ever.
    pub(crate) hangs: u16,
    /// How often one fails.
    pub(crate) fails: u16,
    /// How often the host pays no heed to the time-out.
    pub(crate) careless: u16,
}

impl Manners {
    /// A store that always answers.
    pub(crate) const GOOD: Self =
        Self { latency: Spread::LogNormal { median: 20, width: 0.7 }, hangs: 0, fails: 0, careless: 0 };
    /// A store in trouble, and a host that is.
    pub(crate) const POOR: Self =
        Self { latency: Spread::LogNormal { median: 150, width: 1.2 }, hangs: 10, fails: 20, careless: 200 };
}

type Value = Option<Rc<[u8]>>;

/// What was written, and from when each place sees it.
struct Version {
    value: Value,
    seen: Vec<i64>,
}

/// A copy in a place, and when it was taken.
struct Held {
    value: Value,
    taken: i64,
}

/// The store.
pub(crate) struct Store {
    time: Rc<Time>,
    chance: Chance,
    places: usize,
    pub(crate) manners: Manners,
    /// How long what is written takes to a place, and at most, in milliseconds.
    pub(crate) propagation: (Spread, i64),
    /// From when until when no read succeeds, in milliseconds since the Unix epoch.
    pub(crate) outages: RefCell<Vec<(i64, i64)>>,
    /// The same of the signed deny list.
    pub(crate) list_propagation: Cell<Spread>,
    /// For how long copies are used where the reader says nothing of it, in seconds.
    pub(crate) copies_otherwise: Cell<u32>,
    /// How much longer copies are used than was asked for, in milliseconds.
    pub(crate) hoards: Cell<i64>,
    /// How long the next reads take, in milliseconds. Their answers are those of when they were asked.
    pub(crate) next: RefCell<VecDeque<i64>>,
    versions: RefCell<BTreeMap<String, Vec<Version>>>,
    copies: RefCell<BTreeMap<(usize, String), Held>>,
}

impl Store {
    pub(crate) fn new(
        time: &Rc<Time>,
        chance: Chance,
        places: usize,
        manners: Manners,
        propagation: (Spread, i64),
    ) -> Self {
        Self {
            time: Rc::clone(time),
            chance,
            places,
            manners,
            propagation,
            outages: RefCell::default(),
            list_propagation: Cell::new(Spread::Constant(0)),
            copies_otherwise: Cell::new(0),
            hoards: Cell::new(0),
            next: RefCell::default(),
            versions: RefCell::default(),
            copies: RefCell::default(),
        }
    }

    fn write(&self, key: &str, value: Option<&[u8]>) {
        let written = self.time.now();
        let (spread, most) =
            if key == DENY_SNAPSHOT_KEY { (self.list_propagation.get(), i64::MAX) } else { self.propagation };
        let mut versions = self.versions.borrow_mut();
        let versions = versions.entry(key.to_owned()).or_default();
        // There was nothing anywhere before the first version: who writes a key and shows it later is not told "no".
        let first = versions.is_empty();
        let delay = |_| if first { 0 } else { spread.draw(&self.chance, most) };
        let seen = (0..self.places).map(|place| written + delay(place)).collect();
        versions.push(Version { value: value.map(Rc::from), seen });
    }

    /// Lets a place see now what was written last.
    pub(crate) fn show(&self, place: usize, key: &str) {
        let mut versions = self.versions.borrow_mut();
        versions.get_mut(key).and_then(|versions| versions.last_mut()).expect("a version").seen[place] =
            self.time.now();
    }

    /// Lets a place see now the signed deny list that was written last.
    pub(crate) fn show_list(&self, place: usize) {
        self.show(place, DENY_SNAPSHOT_KEY);
    }

    /// What was written last.
    pub(crate) fn latest(&self, key: &str) -> Value {
        self.versions.borrow().get(key).and_then(|versions| versions.last()).and_then(|version| version.value.clone())
    }

    /// What a place sees without a copy.
    fn seen(&self, place: usize, key: &str) -> Value {
        let now = self.time.now();
        let versions = self.versions.borrow();
        versions.get(key)?.iter().rfind(|version| version.seen[place] <= now)?.value.clone()
    }

    /// What a place sees: its copy, or a new one.
    fn near(&self, place: usize, key: &str, cached: u32) -> Value {
        let now = self.time.now();
        let name = (place, key.to_owned());
        let kept_for = i64::from(cached) * 1000 + self.hoards.get();
        if let Some(held) = self.copies.borrow().get(&name).filter(|held| now - held.taken < kept_for) {
            return held.value.clone();
        }
        let value = self.seen(place, key);
        self.copies.borrow_mut().insert(name, Held { value: value.clone(), taken: now });
        value
    }

    /// Reads from a place.
    pub(crate) async fn read(
        &self,
        place: usize,
        key: &str,
        timeout: u32,
        cached: u32,
    ) -> Result<Option<Vec<u8>>, HostError> {
        let timeout = i64::from(timeout);
        let began = self.time.now();
        let scripted = self.next.borrow_mut().pop_front();
        let is_out = self.outages.borrow().iter().any(|(from, until)| (*from..*until).contains(&began));
        let Manners { latency, hangs, fails, careless } = self.manners;
        let takes = match scripted {
            Some(takes) => takes,
            None if self.chance.in_thousand(hangs) => HANGS,
            None => latency.draw(&self.chance, HANGS),
        };
        let fails = is_out || scripted.is_none() && self.chance.in_thousand(fails);
        if takes > timeout && (fails || !self.chance.in_thousand(careless)) {
            self.time.sleep(timeout).await;
            return Err(HostError("the store did not answer in time".to_owned()));
        }
        // On the way there and on the way back the answer ages, and nobody can tell how much of it was which.
        let there = if scripted.is_some() { 0 } else { self.chance.between(0, takes + 1) };
        self.time.sleep(there).await;
        let value = self.near(place, key, cached);
        self.time.sleep(takes - there).await;
        if fails {
            return Err(HostError("the store is down".to_owned()));
        }
        Ok(value.map(|value| value.to_vec()))
    }

    /// Puts another value there where the expected one stands.
    pub(crate) async fn swap(&self, key: &str, expected: Option<&[u8]>, value: Option<&[u8]>) -> bool {
        self.time.sleep(25).await;
        if self.latest(key).as_deref() != expected {
            return false;
        }
        self.write(key, value);
        self.time.sleep(25).await;
        true
    }
}

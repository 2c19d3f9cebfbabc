//! A store that a test owns, shared by hosts that work on it at once.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
    future::poll_fn,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use edgeward::{
    api_key::{Environment, Issued, KeyForm, KeyLife, NewKey, Record, store_key},
    host::{Host, HostError, Listing, NativeCheck, UnixMillis},
    jose::Algorithm,
};
use serde_json::json;

pub(crate) const NOW: i64 = 1_780_000_000;

/// What goes wrong with one call of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// It fails and does nothing.
    Before,
    /// It does what it was asked, and its answer is lost.
    After,
}

/// What the store holds, and how it was used.
#[derive(Default)]
pub(crate) struct Shelf {
    pub(crate) values: RefCell<BTreeMap<String, Vec<u8>>>,
    pub(crate) reads: Cell<usize>,
    pub(crate) writes: Cell<usize>,
    /// What goes wrong with the calls to come, one after the other.
    pub(crate) faults: RefCell<VecDeque<Fault>>,
    /// What the store says in place of every answer.
    pub(crate) down: Cell<bool>,
}

/// One host on the shelf.
pub(crate) struct Clerk {
    pub(crate) shelf: Rc<Shelf>,
    /// In milliseconds.
    pub(crate) now: Rc<Cell<i64>>,
    /// How long each call takes, in milliseconds of the clock.
    pub(crate) takes: Cell<i64>,
    /// Whether others get a turn before each call of the store.
    pub(crate) yields: Cell<bool>,
    pub(crate) later: RefCell<Vec<u32>>,
    chance: Cell<u64>,
}

impl Clerk {
    pub(crate) fn new(seed: u64) -> Self {
        Self::at(&Rc::default(), &Rc::new(Cell::new(NOW * 1000)), seed)
    }

    pub(crate) fn at(shelf: &Rc<Shelf>, now: &Rc<Cell<i64>>, seed: u64) -> Self {
        Self {
            shelf: Rc::clone(shelf),
            now: Rc::clone(now),
            takes: Cell::new(0),
            yields: Cell::new(false),
            later: RefCell::default(),
            chance: Cell::new(seed),
        }
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.now.set(self.now.get() + seconds * 1000);
    }

    pub(crate) fn record(&self, id: &str) -> Option<Record> {
        let values = self.shelf.values.borrow();
        values.get(&store_key(id)).map(|bytes| Record::from_store(bytes).expect("a record"))
    }

    pub(crate) fn put(&self, name: &str, value: &str) {
        self.shelf.values.borrow_mut().insert(name.to_owned(), value.as_bytes().to_vec());
    }

    /// The ids of all keys.
    pub(crate) fn ids(&self) -> Vec<String> {
        let values = self.shelf.values.borrow();
        values.keys().filter_map(|name| name.strip_prefix("key/")).map(str::to_owned).collect()
    }

    async fn turn(&self) -> Fault {
        if self.yields.get() {
            let mut waited = false;
            poll_fn(|_| if std::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending }).await;
        }
        self.now.set(self.now.get() + self.takes.get());
        if self.shelf.down.get() {
            return Fault::Before;
        }
        self.shelf.faults.borrow_mut().pop_front().unwrap_or(Fault::None)
    }
}

fn failed<T>() -> Result<T, HostError> {
    Err(HostError("the shelf broke".to_owned()))
}

impl Host for Clerk {
    fn now(&self) -> UnixMillis {
        UnixMillis(self.now.get())
    }

    fn fill_random(&self, buffer: &mut [u8]) -> Result<(), HostError> {
        for byte in buffer {
            // splitmix64: enough for a test, and the same in every run.
            self.chance.set(self.chance.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
            let mut mixed = self.chance.get();
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            *byte = mixed.to_be_bytes()[0];
        }
        Ok(())
    }

    async fn read(&self, key: &str) -> Result<Option<Vec<u8>>, HostError> {
        let fault = self.turn().await;
        self.shelf.reads.set(self.shelf.reads.get() + 1);
        if fault == Fault::None { Ok(self.shelf.values.borrow().get(key).cloned()) } else { failed() }
    }

    async fn swap(&self, key: &str, expected: Option<&[u8]>, value: Option<&[u8]>) -> Result<bool, HostError> {
        let fault = self.turn().await;
        if fault == Fault::Before {
            return failed();
        }
        let mut values = self.shelf.values.borrow_mut();
        if values.get(key).map(Vec::as_slice) != expected {
            return if fault == Fault::After { failed() } else { Ok(false) };
        }
        self.shelf.writes.set(self.shelf.writes.get() + 1);
        match value {
            Some(value) => values.insert(key.to_owned(), value.to_vec()),
            None => values.remove(key),
        };
        if fault == Fault::After { failed() } else { Ok(true) }
    }

    async fn list(&self, prefix: &str, cursor: Option<&str>, most: u32) -> Result<Listing, HostError> {
        if self.turn().await != Fault::None {
            return failed();
        }
        let values = self.shelf.values.borrow();
        let mut keys: Vec<String> = values
            .keys()
            .filter(|key| key.starts_with(prefix) && cursor.is_none_or(|cursor| key.as_str() > cursor))
            .take(most as usize + 1)
            .cloned()
            .collect();
        let more = keys.len() > most as usize;
        keys.truncate(most as usize);
        Ok(Listing { cursor: keys.last().filter(|_| more).cloned(), keys })
    }

    fn refresh_later(&self, work: u32) {
        self.later.borrow_mut().push(work);
    }

    fn has_native(&self, _: Algorithm) -> bool {
        false
    }

    async fn verify_signature(&self, _: NativeCheck<'_>) -> Result<bool, HostError> {
        failed()
    }
}

pub(crate) fn form() -> KeyForm {
    KeyForm::new("acme", Environment::Live, Vec::new()).expect("a form")
}

pub(crate) fn life() -> KeyLife {
    KeyLife::new(form())
}

pub(crate) fn new_key() -> NewKey {
    serde_json::from_value(json!({
        "organization": "org_1", "owner": "ada", "revoker": "security", "name": "nightly export",
        "scopes": ["reports:read"],
    }))
    .expect("a request")
}

pub(crate) fn issue(clerk: &Clerk) -> Issued {
    pollster::block_on(life().issue(clerk, new_key())).expect("a key")
}

/// Runs several pieces of work at once, in an order that chance picks.
pub(crate) fn at_once<'w, T>(work: Vec<Pin<Box<dyn Future<Output = T> + 'w>>>, mut seed: u64) -> Vec<T> {
    let mut open: Vec<_> = work.into_iter().enumerate().collect();
    let mut done: Vec<(usize, T)> = Vec::new();
    while !open.is_empty() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let pick = (seed >> 33) as usize % open.len();
        if let Poll::Ready(value) = open[pick].1.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            let (place, _) = open.swap_remove(pick);
            done.push((place, value));
        }
    }
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, value)| value).collect()
}

//! A store that isolates share, in virtual time: slow, failing, hanging, forgetful, and late to show what was written.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

use edgeward::host::HostError;

use super::time::Time;

/// How the store answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Works,
    Fails,
    Hangs,
}

struct Entry {
    value: Vec<u8>,
    /// When it is seen, and until when it is kept, in milliseconds since the Unix epoch.
    seen: i64,
    kept: i64,
}

/// Changes a value, at a time.
pub(crate) type Falsifier = fn(i64, Vec<u8>) -> Vec<u8>;

/// The store.
pub(crate) struct SharedStore {
    time: Rc<Time>,
    entries: RefCell<BTreeMap<String, Vec<Entry>>>,
    pub(crate) reading: Cell<Access>,
    pub(crate) writing: Cell<Access>,
    /// How long it takes to answer, in milliseconds.
    pub(crate) delay: Cell<i64>,
    /// How long it takes until what was written is seen, in milliseconds.
    pub(crate) propagation: Cell<i64>,
    /// What it does to what it holds before it hands it out.
    pub(crate) falsifies: Cell<Option<Falsifier>>,
    pub(crate) reads: Cell<usize>,
    pub(crate) writes: Cell<usize>,
}

impl SharedStore {
    pub(crate) fn new(time: &Rc<Time>) -> Rc<Self> {
        Rc::new(Self {
            time: Rc::clone(time),
            entries: RefCell::default(),
            reading: Cell::new(Access::Works),
            writing: Cell::new(Access::Works),
            delay: Cell::new(10),
            propagation: Cell::new(0),
            falsifies: Cell::new(None),
            reads: Cell::new(0),
            writes: Cell::new(0),
        })
    }

    pub(crate) fn behaves(&self, access: Access) {
        self.reading.set(access);
        self.writing.set(access);
    }

    /// Loses everything.
    pub(crate) fn lose(&self) {
        self.entries.borrow_mut().clear();
    }

    /// The keys under which there is anything to be seen.
    pub(crate) fn keys(&self) -> Vec<String> {
        let keys: Vec<_> = self.entries.borrow().keys().cloned().collect();
        keys.into_iter().filter(|key| self.get(key).is_some()).collect()
    }

    /// What is seen under a key now.
    pub(crate) fn get(&self, key: &str) -> Option<Vec<u8>> {
        let now = self.time.now();
        let entries = self.entries.borrow();
        let newest = entries.get(key)?.iter().rfind(|entry| entry.seen <= now)?;
        (now < newest.kept).then(|| newest.value.clone())
    }

    /// Puts something there that is seen at once and kept for ever.
    pub(crate) fn put(&self, key: &str, value: impl Into<Vec<u8>>) {
        let entry = Entry { value: value.into(), seen: self.time.now(), kept: i64::MAX };
        self.entries.borrow_mut().entry(key.to_owned()).or_default().push(entry);
    }

    pub(crate) async fn read_within(&self, key: &str, timeout: i64) -> Result<Option<Vec<u8>>, HostError> {
        self.reads.set(self.reads.get() + 1);
        let hangs = self.reading.get() == Access::Hangs;
        let takes = if hangs { i64::MAX } else { self.delay.get() };
        if takes > timeout {
            self.time.sleep(timeout).await;
            return Err(HostError("the store did not answer in time".to_owned()));
        }
        // What it holds when it is asked.
        let falsify = |value: Vec<u8>| match self.falsifies.get() {
            Some(falsify) => falsify(self.time.now(), value),
            None => value,
        };
        let value = self.get(key).map(falsify);
        self.time.sleep(takes).await;
        if self.reading.get() == Access::Fails { Err(HostError("the store is down".to_owned())) } else { Ok(value) }
    }

    pub(crate) async fn write(&self, key: &str, value: Vec<u8>, seconds: u32) -> Result<(), HostError> {
        self.writes.set(self.writes.get() + 1);
        match self.writing.get() {
            Access::Works => {}
            Access::Fails => return Err(HostError("the store takes nothing".to_owned())),
            Access::Hangs => std::future::pending().await,
        }
        self.time.sleep(self.delay.get()).await;
        let now = self.time.now();
        let entry = Entry { value, seen: now + self.propagation.get(), kept: now + i64::from(seconds) * 1000 };
        let mut entries = self.entries.borrow_mut();
        let entries = entries.entry(key.to_owned()).or_default();
        // What was overwritten, and is seen no more, is gone.
        if let Some(newest) = entries.iter().rposition(|entry| entry.seen <= now) {
            entries.drain(..newest);
        }
        entries.push(entry);
        entries.sort_by_key(|entry| entry.seen);
        Ok(())
    }
}

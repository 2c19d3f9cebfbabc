//! A host whose clock, store, chance and native cryptography the test owns.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
    fmt,
};

use edgeward::{
    api_key::Issued,
    host::{
        BodyError, Host, HostError, InboundAnswer, Listing, NativeCheck, OutboundRequest, SinkCounts, Surroundings,
        UnixMillis,
    },
    jose::{Algorithm, KeySet, PORTABLE},
};
use serde_json::json;

/// When the tests take place, in seconds since the Unix epoch.
pub(crate) const NOW: i64 = 1_780_000_000;

/// How the host's own cryptography behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Native {
    /// There is none.
    Absent,
    /// It judges as it should.
    Right,
    /// It takes every signature for good.
    Yes,
    /// It takes every signature for bad.
    No,
    /// It cannot carry the check out.
    Fails,
}

pub(crate) struct FakeHost {
    /// The clock, in milliseconds.
    pub(crate) now: Cell<i64>,
    pub(crate) store: RefCell<BTreeMap<String, Vec<u8>>>,
    /// How often the store was asked.
    pub(crate) reads: Cell<usize>,
    /// What the store says in place of an answer.
    pub(crate) outage: RefCell<Option<String>>,
    /// How many milliseconds pass while the store, or the native cryptography, answers.
    pub(crate) delay: Cell<i64>,
    pub(crate) native: Cell<Native>,
    /// How often the native cryptography was asked.
    pub(crate) native_checks: Cell<usize>,
    /// What servers answer, one after the other; where there is none left, they do not.
    pub(crate) answers: RefCell<VecDeque<Result<InboundAnswer, HostError>>>,
    /// What was asked of them.
    pub(crate) requests: RefCell<Vec<OutboundRequest>>,
    /// The body of the request, until it is read.
    pub(crate) body: Cell<Option<Vec<u8>>>,
    /// What is to be done behind requests.
    pub(crate) later: RefCell<Vec<u32>>,
    /// What the limiters say, one after the other; where there is none left, they do not answer.
    pub(crate) limits: RefCell<VecDeque<Result<bool, HostError>>>,
    /// What they were asked: the limiter, and the key.
    pub(crate) limited: RefCell<Vec<(String, String)>>,
    /// What became of the audit events.
    pub(crate) sinks: RefCell<Vec<SinkCounts>>,
    /// Whether there is a source of random bytes.
    pub(crate) has_chance: Cell<bool>,
    chance: Cell<u64>,
}

impl FakeHost {
    pub(crate) fn new() -> Self {
        Self::seeded(1)
    }

    pub(crate) fn seeded(seed: u64) -> Self {
        Self {
            now: Cell::new(NOW * 1000),
            store: RefCell::default(),
            reads: Cell::new(0),
            outage: RefCell::new(None),
            delay: Cell::new(0),
            native: Cell::new(Native::Absent),
            native_checks: Cell::new(0),
            answers: RefCell::default(),
            requests: RefCell::default(),
            body: Cell::new(None),
            later: RefCell::default(),
            limits: RefCell::default(),
            limited: RefCell::default(),
            sinks: RefCell::default(),
            has_chance: Cell::new(true),
            chance: Cell::new(seed),
        }
    }

    /// A host whose clock stands at this second.
    pub(crate) fn at(second: i64) -> Self {
        let host = Self::new();
        host.now.set(second.saturating_mul(1000));
        host
    }

    pub(crate) fn with_native(native: Native) -> Self {
        let host = Self::new();
        host.native.set(native);
        host
    }

    pub(crate) fn put(&self, issued: &Issued) {
        let json = issued.record.to_json().expect("JSON");
        self.store.borrow_mut().insert(issued.store_key(), json.into_bytes());
    }
}

impl fmt::Debug for FakeHost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("FakeHost")
    }
}

impl Host for FakeHost {
    fn now(&self) -> UnixMillis {
        UnixMillis(self.now.get())
    }

    fn fill_random(&self, buffer: &mut [u8]) -> Result<(), HostError> {
        if !self.has_chance.get() {
            return Err(HostError("no random bytes here".to_owned()));
        }
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
        self.reads.set(self.reads.get() + 1);
        self.now.set(self.now.get() + self.delay.get());
        match &*self.outage.borrow() {
            Some(words) => Err(HostError(words.clone())),
            None => Ok(self.store.borrow().get(key).cloned()),
        }
    }

    async fn swap(&self, key: &str, expected: Option<&[u8]>, value: Option<&[u8]>) -> Result<bool, HostError> {
        if let Some(words) = &*self.outage.borrow() {
            return Err(HostError(words.clone()));
        }
        let mut store = self.store.borrow_mut();
        if store.get(key).map(Vec::as_slice) != expected {
            return Ok(false);
        }
        match value {
            Some(value) => store.insert(key.to_owned(), value.to_vec()),
            None => store.remove(key),
        };
        Ok(true)
    }

    async fn list(&self, prefix: &str, cursor: Option<&str>, most: u32) -> Result<Listing, HostError> {
        if let Some(words) = &*self.outage.borrow() {
            return Err(HostError(words.clone()));
        }
        let store = self.store.borrow();
        let mut keys: Vec<String> = store
            .keys()
            .filter(|key| key.starts_with(prefix) && cursor.is_none_or(|cursor| key.as_str() > cursor))
            .take(most as usize + 1)
            .cloned()
            .collect();
        let more = keys.len() > most as usize;
        keys.truncate(most as usize);
        Ok(Listing { cursor: keys.last().filter(|_| more).cloned(), keys })
    }

    async fn body(&self, longest: usize) -> Result<Vec<u8>, BodyError> {
        match self.body.take() {
            Some(body) if body.len() > longest => Err(BodyError::TooLong),
            Some(body) => Ok(body),
            None => Ok(Vec::new()),
        }
    }

    async fn limit(&self, limiter: &str, key: &str, _: u32) -> Result<bool, HostError> {
        self.limited.borrow_mut().push((limiter.to_owned(), key.to_owned()));
        self.now.set(self.now.get() + self.delay.get());
        self.limits.borrow_mut().pop_front().unwrap_or_else(|| Err(HostError("no limiter here".to_owned())))
    }

    fn surroundings(&self) -> Surroundings {
        Surroundings { sinks: self.sinks.borrow().clone() }
    }

    fn refresh_later(&self, work: u32) {
        self.later.borrow_mut().push(work);
    }

    async fn fetch(&self, request: OutboundRequest) -> Result<InboundAnswer, HostError> {
        self.requests.borrow_mut().push(request);
        self.now.set(self.now.get() + self.delay.get());
        self.answers.borrow_mut().pop_front().unwrap_or_else(|| Err(HostError("no answer".to_owned())))
    }

    fn has_native(&self, _: Algorithm) -> bool {
        self.native.get() != Native::Absent
    }

    async fn verify_signature(&self, check: NativeCheck<'_>) -> Result<bool, HostError> {
        self.native_checks.set(self.native_checks.get() + 1);
        self.now.set(self.now.get() + self.delay.get());
        match self.native.get() {
            Native::Absent | Native::Fails => Err(HostError("no signatures here".to_owned())),
            Native::Yes => Ok(true),
            Native::No => Ok(false),
            Native::Right => {
                // It sees the key as a host does: as a JWK.
                let jwk: serde_json::Value = serde_json::from_str(check.key.jwk()).expect("a JWK");
                let set = json!({ "keys": [jwk] });
                let set = KeySet::prepare(set.as_object().expect("an object"), &[check.algorithm], PORTABLE);
                let set = set.expect("a key set");
                Ok(set.keys()[0].verify(check.algorithm, check.message, check.signature))
            }
        }
    }
}

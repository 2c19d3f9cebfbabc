//! What the runtime lends one isolate: a clock, chance, and the way to the store from where it is.

use std::{cell::Cell, rc::Rc};

use edgeward::{
    host::{Host, HostError, NativeCheck, UnixMillis},
    jose::Algorithm,
};

use super::{chance::Chance, store::Store};
use crate::time::Time;

/// What is wrong with the clock by which facts age. With anything but `True`, a simulation has to find it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clock {
    True,
    /// It goes slow by so many parts in a hundred: facts look younger.
    Slow(i64),
    /// It stands still while the store is asked: as if facts were stamped when they came, and not when they were asked for.
    StandsStill,
}

/// The runtime of one isolate.
pub(crate) struct Runtime {
    pub(crate) time: Rc<Time>,
    pub(crate) store: Rc<Store>,
    /// Where it is.
    pub(crate) place: Cell<usize>,
    pub(crate) chance: Chance,
    pub(crate) clock: Clock,
    began: i64,
    /// How long it waited for the store, in milliseconds.
    waited: Cell<i64>,
    /// How often the store did not answer it in time.
    pub(crate) failures: Cell<usize>,
    /// What is to be done behind the request.
    pub(crate) due: Cell<Option<u32>>,
}

impl Runtime {
    pub(crate) fn new(store: &Rc<Store>, time: &Rc<Time>, place: usize, chance: Chance, clock: Clock) -> Self {
        Self {
            time: Rc::clone(time),
            store: Rc::clone(store),
            place: Cell::new(place),
            chance,
            clock,
            began: time.now(),
            waited: Cell::new(0),
            failures: Cell::new(0),
            due: Cell::new(None),
        }
    }
}

impl Host for Runtime {
    fn now(&self) -> UnixMillis {
        UnixMillis(self.time.now())
    }

    fn clock(&self) -> UnixMillis {
        let now = self.time.now();
        UnixMillis(match self.clock {
            Clock::True => now,
            Clock::Slow(parts) => now - (now - self.began) * parts / 100,
            Clock::StandsStill => now - self.waited.get(),
        })
    }

    fn fill_random(&self, buffer: &mut [u8]) -> Result<(), HostError> {
        for byte in buffer {
            *byte = self.chance.draw().to_be_bytes()[0];
        }
        Ok(())
    }

    async fn read(&self, key: &str) -> Result<Option<Vec<u8>>, HostError> {
        self.read_nearby(key, u32::MAX, 0).await
    }

    async fn read_within(&self, key: &str, timeout: u32) -> Result<Option<Vec<u8>>, HostError> {
        self.read_nearby(key, timeout, self.store.copies_otherwise.get()).await
    }

    async fn wait(&self, milliseconds: u32) -> Result<(), HostError> {
        self.time.sleep(milliseconds.into()).await;
        Ok(())
    }

    fn refresh_later(&self, work: u32) {
        self.due.set(Some(work));
    }

    async fn read_nearby(&self, key: &str, timeout: u32, cached: u32) -> Result<Option<Vec<u8>>, HostError> {
        let asked = self.time.now();
        let answer = self.store.read(self.place.get(), key, timeout, cached).await;
        let took = self.time.now() - asked;
        self.waited.set(self.waited.get() + took);
        // An answer that came too late is none, and the core has to see to it.
        if answer.is_err() || took > i64::from(timeout) {
            self.failures.set(self.failures.get() + 1);
        }
        answer
    }

    async fn read_latest(&self, key: &str) -> Result<Option<Vec<u8>>, HostError> {
        Ok(self.store.latest(key).map(|value| value.to_vec()))
    }

    async fn swap(&self, key: &str, expected: Option<&[u8]>, value: Option<&[u8]>) -> Result<bool, HostError> {
        Ok(self.store.swap(key, expected, value).await)
    }

    fn has_native(&self, _: Algorithm) -> bool {
        false
    }

    async fn verify_signature(&self, _: NativeCheck<'_>) -> Result<bool, HostError> {
        Err(HostError("not here".to_owned()))
    }
}

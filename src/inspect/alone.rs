//! A host that asks nobody, for what explains and previews.

use std::{
    future::ready,
    pin::pin,
    task::{Context, Poll, Waker},
};

use crate::{
    api_key::store_key,
    host::{Host, HostError, NativeCheck, UnixMillis},
    jose::Algorithm,
};

/// A host that has a clock, and the record of one key where that was handed over. What else it is asked for it has not.
pub(crate) struct Alone<'r> {
    pub(crate) now: UnixMillis,
    /// The record of whichever key is looked up.
    pub(crate) record: Option<&'r [u8]>,
}

impl Alone<'_> {
    pub(super) const fn at(now: UnixMillis) -> Self {
        Self { now, record: None }
    }
}

/// What a future comes to that waits for nobody.
pub(crate) fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

fn nothing<T>() -> Result<T, HostError> {
    Err(HostError("an explanation asks nobody".to_owned()))
}

impl Host for Alone<'_> {
    const ASKS: bool = false;

    fn asking<F: Future>(&self, _: impl FnOnce() -> F) -> impl Future<Output = Option<F::Output>> {
        ready(None)
    }

    fn now(&self) -> UnixMillis {
        self.now
    }

    fn fill_random(&self, _: &mut [u8]) -> Result<(), HostError> {
        nothing()
    }

    async fn read(&self, key: &str) -> Result<Option<Vec<u8>>, HostError> {
        match self.record.filter(|_| key.starts_with(&store_key(""))) {
            Some(record) => Ok(Some(record.to_vec())),
            None => nothing(),
        }
    }

    fn may_wait(&self) -> bool {
        false
    }

    fn has_native(&self, _: Algorithm) -> bool {
        false
    }

    async fn verify_signature(&self, _: NativeCheck<'_>) -> Result<bool, HostError> {
        nothing()
    }
}

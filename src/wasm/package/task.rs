//! A check that waits for the host.

use std::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

/// Where a check leaves the promise that it waits for, and finds what became of it.
#[derive(Default)]
pub(super) struct Exchange {
    awaited: RefCell<Option<JsValue>>,
    settled: RefCell<Option<Result<JsValue, JsValue>>>,
    changed: Cell<bool>,
}

impl Exchange {
    /// Waits until the shell has handed back what the promise was settled with.
    pub(super) async fn settle(&self, promise: JsValue) -> Result<JsValue, JsValue> {
        *self.awaited.borrow_mut() = Some(promise);
        poll_fn(|_| match self.settled.borrow_mut().take() {
            Some(outcome) => Poll::Ready(outcome),
            None => Poll::Pending,
        })
        .await
    }

    /// A record is about to be changed: from here on nobody can tell by the outcome alone what was done.
    pub(super) fn changes(&self) {
        self.changed.set(true);
    }
}

/// What comes of a check.
pub(super) enum Reply {
    /// JSON text.
    Text(String),
    /// The shell knows the text: it was given out under this number.
    Known(u64),
}

impl From<String> for Reply {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

type Check = Pin<Box<dyn Future<Output = Reply>>>;

/// A check that waits for a promise.
#[wasm_bindgen]
pub struct Task {
    check: Check,
    exchange: Rc<Exchange>,
}

#[wasm_bindgen]
impl Task {
    /// The promise that it waits for, handed over once. It is held by whoever awaits it and not from here, where nothing
    /// is collected: one that never settles takes its request with it.
    #[wasm_bindgen(getter)]
    pub fn promise(&self) -> JsValue {
        self.exchange.awaited.take().unwrap_or_default()
    }

    /// Whether it may be run again from its start where its instance is lost: not once it has asked for a record to be
    /// changed. Everything else that a check does comes to the same when it is done twice.
    #[wasm_bindgen(getter)]
    pub fn repeatable(&self) -> bool {
        !self.exchange.changed.get()
    }

    /// Goes on with the value of the promise: to the answer, or to the next task.
    pub fn resume(self, value: JsValue) -> JsValue {
        self.go_on(Ok(value))
    }

    /// Goes on with the reason for which the promise was rejected.
    pub fn fail(self, reason: JsValue) -> JsValue {
        self.go_on(Err(reason))
    }
}

impl Task {
    fn go_on(self, outcome: Result<JsValue, JsValue>) -> JsValue {
        *self.exchange.settled.borrow_mut() = Some(outcome);
        advance(self.check, self.exchange)
    }
}

/// Starts a check: its answer as JSON text, or a [`Task`] where it has to wait.
pub(super) fn start(check: impl Future<Output = String> + 'static, exchange: Rc<Exchange>) -> JsValue {
    start_replying(async move { check.await.into() }, exchange)
}

/// As [`start`], for a check whose answer the shell may know.
pub(super) fn start_replying(check: impl Future<Output = Reply> + 'static, exchange: Rc<Exchange>) -> JsValue {
    advance(Box::pin(check), exchange)
}

fn advance(mut check: Check, exchange: Rc<Exchange>) -> JsValue {
    match check.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Reply::Text(answer)) => JsValue::from_str(&answer),
        #[expect(clippy::cast_precision_loss, reason = "nothing is counted up to 2^53")]
        Poll::Ready(Reply::Known(number)) => JsValue::from_f64(number as f64),
        Poll::Pending => Task { check, exchange }.into(),
    }
}

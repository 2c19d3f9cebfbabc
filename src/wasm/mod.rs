//! The only room that knows JavaScript.
//!
//! A check runs as a future that is polled here once. Where the host answers at once, the verdict is there when the call
//! returns and no promise was made. Where it answers with a promise, the call returns a [`task::Task`] instead: the shell awaits
//! that promise in its own request and hands the value back. No promise of ours is ever awaited by two requests, which
//! workerd forbids, and no executor is carried along.

mod gate;
mod host;
mod inspect;
mod keys;
mod options;
mod task;
mod tokens;

use wasm_bindgen::prelude::wasm_bindgen;

use crate::verdict::{Denial, Reason, verdict_document};

/// The version of the core.
#[wasm_bindgen]
#[must_use]
pub fn version() -> String {
    crate::VERSION.to_owned()
}

/// The verdict to give when the core itself has failed, as JSON: it cannot tell. The shell keeps it from the start, for
/// a core that has failed cannot say it any more.
#[wasm_bindgen(js_name = failedVerdict)]
#[must_use]
pub fn failed_verdict() -> String {
    verdict_document(&Err(Denial::new(Reason::HostFailed)))
}

//! The only room that knows JavaScript.
//!
//! A check runs as a future that is polled here once. Where the host answers at once, the verdict is there when the call
//! returns and no promise was made. Where it answers with a promise, the call returns a `task::Task` instead: the shell awaits
//! that promise in its own request and hands the value back. No promise of ours is ever awaited by two requests, which
//! workerd forbids, and no executor is carried along.
//!
//! What the npm package calls is in `package`, behind the feature of that name. The core of the page is built without it:
//! it has `inspect` and `preview`, and what is not called from there falls out of the binary.

mod given;
mod inspect;
#[cfg(feature = "package")]
mod package;
mod panics;
mod preview;
mod refusal;

use wasm_bindgen::prelude::wasm_bindgen;

use crate::m2m_token::LONGEST_TOKEN_BYTES;

/// The version of the core.
#[wasm_bindgen]
#[must_use]
pub fn version() -> String {
    crate::VERSION.to_owned()
}

/// The longest text that is worth handing over, in UTF-16 code units: whatever is longer is refused.
#[wasm_bindgen(js_name = longestInput)]
#[must_use]
pub fn longest_input() -> usize {
    LONGEST_TOKEN_BYTES
}

//! Where a credential is put down before a check: one place in the core's memory that lasts, so that nothing is allocated
//! for it and no character of it is looked at on the other side.

use std::cell::RefCell;

use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

/// The bytes of a token of the default length, whatever its characters: three bytes at most for each code unit of UTF-16.
const ROOM: usize = 3 * (crate::m2m_token::DEFAULT_MAX_TOKEN_BYTES + 1);

thread_local! {
    static PLACE: RefCell<Box<[u8]>> = RefCell::new(vec![0; ROOM].into());
}

/// Where in the core's memory the place begins.
#[wasm_bindgen(js_name = presentedPlace)]
#[must_use]
pub fn presented_place() -> usize {
    PLACE.with_borrow(|place| place.as_ptr().addr())
}

/// How many bytes it has.
#[wasm_bindgen(js_name = presentedRoom)]
#[must_use]
pub fn presented_room() -> usize {
    ROOM
}

/// The core's memory.
#[wasm_bindgen(js_name = coreMemory)]
#[must_use]
pub fn core_memory() -> JsValue {
    wasm_bindgen::memory()
}

/// The text of so many bytes that was put down. The host writes UTF-8 alone; anything else is the empty text, which every
/// check refuses.
pub(super) fn presented(length: usize) -> String {
    let bytes = PLACE.with_borrow(|place| place.get(..length).map(<[u8]>::to_vec));
    bytes.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

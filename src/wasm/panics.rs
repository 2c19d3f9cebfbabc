//! What is said of a panic.
//!
//! A panic ends in a trap, and the shell gives the instance up. Where it came from is all that an operator can go by, and
//! afterwards the instance cannot tell.

use std::panic::PanicHookInfo;

use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = error, catch)]
    fn console_error(words: &str) -> Result<(), JsValue>;
}

/// Runs whenever an instance starts.
#[wasm_bindgen(start, private)]
pub fn start() {
    std::panic::set_hook(Box::new(report));
}

/// Tells of the place, and of the words where they stand in the code. Words that were formatted may quote what was worked
/// on (a slice that ends inside a character quotes the text around it): those are left out.
fn report(panic: &PanicHookInfo<'_>) {
    let words = panic.payload().downcast_ref::<&'static str>().copied();
    let words = words.unwrap_or("its words may quote a request and are left out");
    let place = panic.location().map(ToString::to_string);
    let place = place.as_deref().unwrap_or("an unknown place");
    // A console that throws must not stand in the way of the trap.
    let _ = console_error(&format!("edgeward: the core panicked at {place}: {words}"));
}

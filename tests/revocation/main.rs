//! What is refused before it ends: the signed deny list, who publishes it, and strict mode in simulated time.

#[path = "../support/mod.rs"]
mod support;
#[path = "../key_sets/time.rs"]
#[allow(dead_code, reason = "only a part of it is used here")]
mod time;

mod liar;
mod publish;
mod snapshot;
mod strict;

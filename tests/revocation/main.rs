//! What is refused before it ends: the signed deny list, who publishes it, strict mode, and how long it takes until every
//! isolate refuses; in simulated time.

#[path = "../support/mod.rs"]
mod support;
#[path = "../key_sets/time.rs"]
#[allow(dead_code, reason = "only a part of it is used here")]
mod time;

mod simulation;

mod bound;
mod ends;
mod falsified;
mod measured;
mod strict_mode;
mod worst_case;

mod liar;
mod publish;
mod snapshot;
mod strict;

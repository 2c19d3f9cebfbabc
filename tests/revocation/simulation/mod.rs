//! A thousand isolates over a store that is late: a simulation of discrete events, in which one seed is one course of
//! things, on every machine.
//!
//! What is simulated is the world: clock, store, network, requests. Each isolate is the product's own code.

pub(crate) mod chance;
pub(crate) mod isolate;
pub(crate) mod run;
pub(crate) mod store;
pub(crate) mod strict;
pub(crate) mod world;

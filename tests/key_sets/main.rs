//! Key sets that are fetched, in simulated time: every transition of a set's life, whatever issuer, store and clock do.

#[path = "../support/mod.rs"]
mod support;

mod issuer;
mod store;
mod time;
mod world;

mod aging;
mod anything;
mod clock;
mod cold_start;
mod discovery;
mod hostile;
mod outage;
mod rotation;
mod schedule;
mod shared_store;
mod snapshots;
mod synchronous;
mod tenants;
mod unknown_kids;

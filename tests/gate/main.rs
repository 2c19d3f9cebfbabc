//! The story of a request at the gate: a policy in JSON, a credential of either class, and what the client, the origin
//! and the auditor get to see of it.

#[path = "../support/mod.rs"]
mod support;

mod address;
mod admin;
mod allow;
mod anything;
mod audit;
mod deny;
mod endpoints;
mod exposure;
mod forward_auth;
mod leaks;
mod oversight;
mod paths;
mod sender;
mod stage;

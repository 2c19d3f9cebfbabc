//! The story of a request at the gate: a policy in JSON, a credential of either class, and what the client, the origin
//! and the auditor get to see of it.

#[path = "../support/mod.rs"]
mod support;

mod address;
mod admin;
mod allow;
mod anything;
mod assertion;
mod audit;
mod confusion;
mod cors;
mod deny;
mod endpoints;
mod exposure;
mod forward_auth;
mod forwarding;
mod guard;
mod health;
mod leaks;
mod limits;
mod oversight;
mod paths;
mod preview;
mod record;
mod resource;
mod routes;
mod sender;
mod stage;

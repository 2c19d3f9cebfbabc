//! The gate: a request in, a decision out. The only room, with governance and the wasm shell, that sees both classes of
//! credential.

mod address;
mod admin;
mod administrator;
mod answer;
mod assemble;
mod credential;
mod decision;
mod endpoint;
mod exposure;
mod forward;
mod forward_auth;
mod handle;
mod health;
mod leaks;
mod original;
mod oversight;
mod path;
mod request;
mod route;
mod routes;

pub use administrator::{BootstrapSecret, SHORTEST_BOOTSTRAP_SECRET};
pub use answer::Answer;
pub use assemble::{Resources, lint_policy};
pub use decision::{Decision, Gate, Outcome};
pub use forward::Forward;
pub use request::GateRequest;
pub use route::Route;

//! The gate: a request in, a decision out. The only room, with governance and the wasm shell, that sees both classes of
//! credential.

mod address;
mod admin;
mod administrator;
mod answer;
mod assemble;
mod assertion;
mod budget;
mod cors;
mod credential;
mod decision;
mod endpoint;
mod exposure;
mod forward;
mod forwarding;
mod framing;
mod handle;
mod health;
mod hop;
mod leaks;
mod limits;
mod metrics;
mod organization;
mod origin_check;
mod oversight;
mod path;
mod pattern;
mod reading;
mod record;
mod request;
mod resource;
mod route;
mod routes;
mod well_known;

pub use administrator::{BootstrapSecret, SHORTEST_BOOTSTRAP_SECRET};
pub use answer::Answer;
pub use assemble::{Resources, lint_policy};
pub use assertion::{AssertionKeys, AssertionKeysError};
pub use decision::{Decision, Gate, Outcome};
pub use forward::{Forward, OfAnswer};
pub use forwarding::ForwardFailure;
pub use hop::ended_of_answer;
pub use origin_check::OriginCheck;
pub use request::GateRequest;
pub use route::Route;

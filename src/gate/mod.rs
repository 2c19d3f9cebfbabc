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
mod decider;
mod decision;
mod endpoint;
mod exposure;
mod forward;
mod forward_auth;
mod forwarding;
mod framing;
mod guard;
mod handle;
mod health;
mod hop;
mod leaks;
mod limits;
mod metrics;
mod organization;
mod origin_check;
mod original;
mod oversight;
mod path;
mod pattern;
mod preview;
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
pub use guard::{Guarded, OfRequest};
pub use hop::ended_of_answer;
pub use origin_check::OriginCheck;
pub use preview::{
    Example, Found, Given, Preview, PreviewedOutcome, PreviewedRoute, RequestToPreview, Scopes, preview,
};
pub use request::GateRequest;
pub use route::Route;

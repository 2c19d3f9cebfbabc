//! Machine-credential checks at the edge: API keys and M2M tokens, one verifier core.
//!
//! The way a credential takes: [`gate`] takes it out of the request and names its class; [`m2m_token`] or [`api_key`]
//! turns it into facts, through [`host`]; the facts are held against the clock and the route; a [`verdict`] comes out,
//! and [`governance`] makes the audit event of it. [`jose`] is the mechanics of signatures, [`key_source`] where keys come
//! from, [`policy`] what a deployment trusts, [`revocation`] what is refused before it ends, [`limits`] how much may come, and [`inspect`] explains a credential to a person.

// A panic would poison the wasm instance: what could panic stays out of the core. Tests fail by panicking.
#![cfg_attr(
    not(test),
    warn(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::string_slice,
        clippy::unwrap_used
    )
)]

pub mod api_key;
mod endpoint;
pub mod facts;
pub mod gate;
pub mod governance;
pub mod host;
pub mod inspect;
pub mod jose;
pub mod json;
pub mod key_source;
pub mod limits;
pub mod m2m_client;
pub mod m2m_token;
pub mod policy;
pub mod revocation;
mod stored;
pub mod verdict;

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
#[allow(unreachable_pub, reason = "what is exported to JavaScript is not reachable from Rust")]
mod wasm;

/// The version of this crate, as in its manifest.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

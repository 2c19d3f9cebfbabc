//! Machine-credential checks at the edge.

pub mod api_key;
pub mod gate;
pub mod governance;
pub mod host;
pub mod inspect;
pub mod jose;
pub mod json;
pub mod key_source;
pub mod m2m_token;
pub mod policy;
pub mod verdict;

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
mod wasm;

/// The version of this crate, as in its manifest.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

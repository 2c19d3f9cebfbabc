//! Machine-credential checks at the edge.

pub mod host;
pub mod json;
pub mod verdict;

pub mod api_key;
pub mod jose;

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
mod wasm;

/// The version of this crate, as in its manifest.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

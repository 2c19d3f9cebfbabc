//! Machine-credential checks at the edge.

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
mod wasm;

/// The version of this crate, as in its manifest.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

#[cfg(test)]
mod tests {
    #[test]
    fn the_version_is_the_manifest_s() {
        assert!(super::VERSION.starts_with("0."));
    }
}

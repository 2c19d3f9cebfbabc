//! What is trusted where a signature alone is verified.

use serde::Deserialize;

use super::{
    PolicyError,
    error::Faults,
    issuers::{HINT_OF_ALGORITHMS, fault_of_algorithms, read_keys},
    load::read,
};
use crate::{
    jose::{Algorithm, JwsVerifier},
    json,
    m2m_token::{DEFAULT_MAX_TOKEN_BYTES, LONGEST_TOKEN_BYTES},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct JwsPolicy {
    algorithms: Vec<Algorithm>,
    max_bytes: Option<usize>,
}

/// A verifier for a key set or a snapshot as JSON text, and a document of `algorithms` and `maxBytes`, the largest JWS
/// that is looked at.
///
/// # Errors
/// [`PolicyError`] with every fault of the document, or with that of the keys.
pub fn jws_verifier(jwks: &str, policy: &str) -> Result<JwsVerifier, PolicyError> {
    let JwsPolicy { algorithms, max_bytes } = read(policy)?;
    let mut faults = Faults::default();
    if let Some(fault) = fault_of_algorithms(&algorithms) {
        faults.hint("/algorithms", fault, HINT_OF_ALGORITHMS);
    }
    let max_bytes = max_bytes.unwrap_or(DEFAULT_MAX_TOKEN_BYTES);
    if max_bytes == 0 || max_bytes > LONGEST_TOKEN_BYTES {
        faults.hint(
            "/maxBytes",
            format!("a number from 1 to {LONGEST_TOKEN_BYTES}"),
            format!("leave it out for {DEFAULT_MAX_TOKEN_BYTES}"),
        );
    }
    faults.or(())?;
    let keys = json::parse(jwks.as_bytes()).map_err(|error| error.to_string());
    let (keys, good_until) = keys
        .and_then(|keys| read_keys(&keys, &algorithms))
        .map_err(|reason| PolicyError::of("", format!("the key set: {reason}"), super::key_sets::HINT_OF_KEYS))?;
    Ok(JwsVerifier::new(keys, algorithms, good_until, max_bytes))
}

//! A JWS whose payload is anybody's business: its signature and nothing else (RFC 7515 §5.2).

use super::{Algorithm, CompactJws, Header, KeySet, verify_signature};
use crate::{
    host::Host,
    verdict::{Denial, Reason},
};

/// Verifies signatures in the compact form, as strictly as those of tokens.
#[derive(Debug)]
pub struct JwsVerifier {
    keys: KeySet,
    algorithms: Vec<Algorithm>,
    good_until: Option<i64>,
    max_bytes: usize,
}

/// A JWS whose signature holds. What its payload says is not looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedJws {
    /// The header as JSON text, as it was signed.
    pub header: String,
    /// The payload, whatever it is.
    pub payload: Vec<u8>,
    /// The `kid` of the key, where it has one.
    pub key_id: Option<String>,
    /// The algorithm.
    pub algorithm: Algorithm,
}

impl JwsVerifier {
    /// A verifier with these keys, which may be used up to and including the second `good_until`, or for ever. A JWS of
    /// more than `max_bytes` bytes is not looked at.
    #[must_use]
    pub const fn new(keys: KeySet, algorithms: Vec<Algorithm>, good_until: Option<i64>, max_bytes: usize) -> Self {
        Self { keys, algorithms, good_until, max_bytes }
    }

    /// Checks form, header, key and signature.
    ///
    /// # Errors
    /// A [`Denial`] for the first thing that is wrong; [`Reason::KeySetStale`] where the keys are too old to tell.
    pub async fn verify<H: Host>(&self, host: &H, compact: &str) -> Result<VerifiedJws, Denial> {
        let jws = CompactJws::parse(compact, self.max_bytes)?;
        let header = Header::parse(&jws.header)?;
        let algorithm = Algorithm::from_name(&header.algorithm).filter(|named| self.algorithms.contains(named));
        let algorithm = algorithm.ok_or(Reason::AlgorithmNotAllowed)?;
        if self.good_until.is_some_and(|last| host.now().seconds() > last) {
            return Err(Reason::KeySetStale.into());
        }
        let key = self.keys.select(header.key_id.as_deref(), algorithm)?;
        verify_signature(host, key, algorithm, jws.signing_input.as_bytes(), &jws.signature).await?;
        Ok(VerifiedJws {
            // Parsed as UTF-8 above.
            header: String::from_utf8(jws.header).map_err(|_| Reason::HeaderInvalid)?,
            payload: jws.payload,
            key_id: key.kid().map(str::to_owned),
            algorithm,
        })
    }
}

//! Signature checks that the core carries out itself, on every host: the algorithms of `jwt-compact`, behind a table.
//!
//! The table is a slice of trait objects that a verifier is given, so that an algorithm which nobody names falls out
//! of the binary.

use std::fmt;

use jwt_compact::{
    Algorithm as JwtAlgorithm, AlgorithmSignature,
    alg::{Ed25519, Es256, Hs256, Hs256Key, Hs384, Hs384Key, Hs512, Hs512Key, Rsa, RsaPublicKey},
    jwk::JsonWebKey,
};
use rsa::{BigUint, traits::PublicKeyParts};

use super::{Algorithm, KeyError};

/// A key made ready for one algorithm.
pub trait SignatureCheck: Send + Sync {
    /// Whether the signature, in its JWS form, is this key's over the message.
    fn verify(&self, message: &[u8], signature: &[u8]) -> bool;
}

/// One algorithm of the table.
pub trait PortableAlgorithm: Send + Sync + fmt::Debug {
    /// Which one it is.
    fn algorithm(&self) -> Algorithm;

    /// Makes a key ready, judging its strength.
    ///
    /// # Errors
    /// [`KeyError`] for a key that is not on its curve, too weak, or of another shape.
    fn prepare(&self, key: &JsonWebKey<'_>) -> Result<Box<dyn SignatureCheck>, KeyError>;
}

/// Every algorithm that the core can check by itself.
pub static PORTABLE: &[&dyn PortableAlgorithm] = &[
    &Row(Algorithm::Hs256, prepare_hs256),
    &Row(Algorithm::Hs384, prepare_hs384),
    &Row(Algorithm::Hs512, prepare_hs512),
    &Row(Algorithm::Rs256, |key| prepare_rsa(key, Rsa::rs256())),
    &Row(Algorithm::Rs384, |key| prepare_rsa(key, Rsa::rs384())),
    &Row(Algorithm::Rs512, |key| prepare_rsa(key, Rsa::rs512())),
    &Row(Algorithm::Ps256, |key| prepare_rsa(key, Rsa::ps256())),
    &Row(Algorithm::Ps384, |key| prepare_rsa(key, Rsa::ps384())),
    &Row(Algorithm::Ps512, |key| prepare_rsa(key, Rsa::ps512())),
    &Row(Algorithm::Es256, prepare_es256),
    &Row(Algorithm::EdDsa, prepare_ed25519),
    &Row(Algorithm::Ed25519, prepare_ed25519),
];

type Prepare = fn(&JsonWebKey<'_>) -> Result<Box<dyn SignatureCheck>, KeyError>;

struct Row(Algorithm, Prepare);

impl fmt::Debug for Row {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.name())
    }
}

impl PortableAlgorithm for Row {
    fn algorithm(&self) -> Algorithm {
        self.0
    }

    fn prepare(&self, key: &JsonWebKey<'_>) -> Result<Box<dyn SignatureCheck>, KeyError> {
        (self.1)(key)
    }
}

/// An algorithm of `jwt-compact` with its key.
struct Ready<A: JwtAlgorithm> {
    algorithm: A,
    key: A::VerifyingKey,
}

impl<A> SignatureCheck for Ready<A>
where
    A: JwtAlgorithm + Send + Sync,
    A::VerifyingKey: Send + Sync,
{
    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        // The trait promises its implementations a slice of this length, and some of them count on it.
        if A::Signature::LENGTH.is_some_and(|length| length.get() != signature.len()) {
            return false;
        }
        A::Signature::try_from_slice(signature)
            .is_ok_and(|signature| self.algorithm.verify_signature(&signature, &self.key, message))
    }
}

fn boxed<A>(algorithm: A, key: A::VerifyingKey) -> Box<dyn SignatureCheck>
where
    A: JwtAlgorithm + Send + Sync + 'static,
    A::VerifyingKey: Send + Sync,
{
    Box::new(Ready { algorithm, key })
}

/// A secret shorter than the hash is refused (RFC 7518 §3.2).
fn secret<'k>(key: &'k JsonWebKey<'_>, least: usize) -> Result<&'k [u8], KeyError> {
    match key {
        JsonWebKey::Symmetric { secret } if secret.len() >= least => Ok(secret),
        JsonWebKey::Symmetric { .. } => Err(KeyError::Weak("a secret shorter than the hash")),
        _ => Err(KeyError::OtherFamily),
    }
}

fn prepare_hs256(key: &JsonWebKey<'_>) -> Result<Box<dyn SignatureCheck>, KeyError> {
    Ok(boxed(Hs256, Hs256Key::new(secret(key, 32)?)))
}

fn prepare_hs384(key: &JsonWebKey<'_>) -> Result<Box<dyn SignatureCheck>, KeyError> {
    Ok(boxed(Hs384, Hs384Key::new(secret(key, 48)?)))
}

fn prepare_hs512(key: &JsonWebKey<'_>) -> Result<Box<dyn SignatureCheck>, KeyError> {
    Ok(boxed(Hs512, Hs512Key::new(secret(key, 64)?)))
}

/// The bounds of a modulus, in bits: RFC 7518 §3.3 for the lower one; the upper one bounds the work of a check.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

fn prepare_rsa(key: &JsonWebKey<'_>, algorithm: Rsa) -> Result<Box<dyn SignatureCheck>, KeyError> {
    let JsonWebKey::Rsa { modulus, public_exponent, .. } = key else {
        return Err(KeyError::OtherFamily);
    };
    // The size is judged on the bytes, before any arithmetic on them.
    if modulus.len() > RSA_BITS.end() / 8 || public_exponent.len() > 8 {
        return Err(KeyError::Weak("an RSA modulus or exponent that is too large"));
    }
    let (modulus, exponent) = (BigUint::from_bytes_be(modulus), BigUint::from_bytes_be(public_exponent));
    if exponent < BigUint::from(3_u8) || exponent.to_bytes_le().first().is_none_or(|low| low & 1 == 0) {
        return Err(KeyError::Weak("an RSA exponent that is even or below 3"));
    }
    let key = RsaPublicKey::new_with_max_size(modulus, exponent, *RSA_BITS.end())
        .map_err(|_| KeyError::Malformed("no RSA key"))?;
    if !RSA_BITS.contains(&key.n().bits()) {
        return Err(KeyError::Weak("an RSA modulus of fewer than 2048 bits"));
    }
    Ok(Box::new(ReadyRsa { modulus: key.n().clone(), ready: Ready { algorithm, key } }))
}

/// An RSA key. A signature is a number below the modulus (RFC 8017 §5.2.2), which is not checked for PSS below here: a
/// larger one that is the same modulo it would be a second spelling of the token, which native cryptography refuses.
struct ReadyRsa {
    modulus: BigUint,
    ready: Ready<Rsa>,
}

impl SignatureCheck for ReadyRsa {
    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        // The length comes first, so that no larger number is made than the modulus is.
        signature.len() == self.modulus.bits().div_ceil(8)
            && BigUint::from_bytes_be(signature) < self.modulus
            && self.ready.verify(message, signature)
    }
}

fn prepare_es256(key: &JsonWebKey<'_>) -> Result<Box<dyn SignatureCheck>, KeyError> {
    let key =
        <Es256 as JwtAlgorithm>::VerifyingKey::try_from(key).map_err(|_| KeyError::Malformed("no point on P-256"))?;
    Ok(boxed(Es256, key))
}

/// A key of small order makes signatures that fit many messages; it is refused here, before any backend sees it, so
/// that all of them answer alike.
fn prepare_ed25519(key: &JsonWebKey<'_>) -> Result<Box<dyn SignatureCheck>, KeyError> {
    let key = ed25519_dalek::VerifyingKey::try_from(key).map_err(|_| KeyError::Malformed("no Ed25519 key"))?;
    if key.is_weak() {
        return Err(KeyError::Weak("an Ed25519 key of small order"));
    }
    Ok(boxed(Ed25519, key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::KeyFamily;

    #[test]
    fn the_table_has_every_algorithm_once() {
        let rows: Vec<_> = PORTABLE.iter().map(|row| row.algorithm()).collect();
        assert_eq!(rows, Algorithm::ALL);
    }

    #[test]
    fn a_secret_is_judged_by_the_least_length_of_its_family() {
        for row in PORTABLE {
            let KeyFamily::Symmetric { least } = row.algorithm().family() else { continue };
            let prepare = |bytes: usize| {
                let secret = data_encoding::BASE64URL_NOPAD.encode(&vec![7; bytes]);
                let jwk: JsonWebKey<'_> =
                    serde_json::from_value(serde_json::json!({ "kty": "oct", "k": secret })).expect("a JWK");
                row.prepare(&jwk).map(|check| check.verify(b"", b""))
            };
            assert_eq!((prepare(least), prepare(least - 1).is_err()), (Ok(false), true), "{row:?}");
        }
    }

    #[test]
    fn a_key_of_another_family_is_refused_by_every_row() {
        let jwk: JsonWebKey<'_> = serde_json::from_str(r#"{"kty":"OKP","crv":"X25519","x":"AA"}"#).expect("a JWK");
        assert!(PORTABLE.iter().all(|row| row.prepare(&jwk).is_err()));
    }
}

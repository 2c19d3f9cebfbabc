//! Signature checks that the core carries out itself, on every host: the algorithms of `jwt-compact`, and its trait
//! implemented for those that it lacks, behind a table.
//!
//! The table is a slice of trait objects that a verifier is given, so that an algorithm which nobody names falls out
//! of the binary. What a key and a signature must look like is judged here too, before any backend sees them: the one
//! rule that makes all backends answer alike (decision 3).

mod ecdsa;
mod eddsa;
mod hmac;
mod material;
mod ml_dsa;
mod roca;
mod rsa;

use std::fmt;

use jwt_compact::{Algorithm as JwtAlgorithm, AlgorithmSignature, alg::Rsa};

pub use material::KeyMaterial;

use super::{Algorithm, KeyError};

/// A key made ready for one algorithm.
pub trait SignatureCheck: Send + Sync {
    /// Whether the signature has the one form that every backend reads alike: its exact length, and numbers within
    /// their range. It says nothing of whether the signature holds, and is asked before any backend.
    fn admits(&self, signature: &[u8]) -> bool;

    /// Whether the signature, in its JWS form, is this key's over the message. False for one that is not admitted.
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
    fn prepare(&self, key: &KeyMaterial) -> Result<Box<dyn SignatureCheck>, KeyError>;
}

/// Every algorithm that the core can check by itself.
pub static PORTABLE: &[&dyn PortableAlgorithm] = &[
    &Row(Algorithm::Hs256, hmac::prepare_hs256),
    &Row(Algorithm::Hs384, hmac::prepare_hs384),
    &Row(Algorithm::Hs512, hmac::prepare_hs512),
    &Row(Algorithm::Rs256, |key| rsa::prepare_pkcs1(key, Rsa::rs256())),
    &Row(Algorithm::Rs384, |key| rsa::prepare_pkcs1(key, Rsa::rs384())),
    &Row(Algorithm::Rs512, |key| rsa::prepare_pkcs1(key, Rsa::rs512())),
    &Row(Algorithm::Ps256, |key| rsa::prepare_pss(key, Rsa::ps256())),
    &Row(Algorithm::Ps384, |key| rsa::prepare_pss(key, Rsa::ps384())),
    &Row(Algorithm::Ps512, |key| rsa::prepare_pss(key, Rsa::ps512())),
    &Row(Algorithm::Es256, ecdsa::prepare_es256),
    &Row(Algorithm::Es384, ecdsa::prepare_es384),
    &Row(Algorithm::Es512, ecdsa::prepare_es512),
    &Row(Algorithm::Es256k, ecdsa::prepare_es256k),
    &Row(Algorithm::EdDsa, eddsa::prepare_ed25519),
    &Row(Algorithm::Ed25519, eddsa::prepare_ed25519),
    &Row(Algorithm::MlDsa44, ml_dsa::prepare::<::ml_dsa::MlDsa44>),
    &Row(Algorithm::MlDsa65, ml_dsa::prepare::<::ml_dsa::MlDsa65>),
    &Row(Algorithm::MlDsa87, ml_dsa::prepare::<::ml_dsa::MlDsa87>),
];

type Prepare = fn(&KeyMaterial) -> Result<Box<dyn SignatureCheck>, KeyError>;

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

    fn prepare(&self, key: &KeyMaterial) -> Result<Box<dyn SignatureCheck>, KeyError> {
        (self.1)(key)
    }
}

/// An algorithm of `jwt-compact`'s kind with its key, where reading the signature is all that its form asks for.
struct Ready<A: JwtAlgorithm> {
    algorithm: A,
    key: A::VerifyingKey,
}

impl<A> SignatureCheck for Ready<A>
where
    A: JwtAlgorithm + Send + Sync,
    A::VerifyingKey: Send + Sync,
{
    fn admits(&self, signature: &[u8]) -> bool {
        read::<A>(signature).is_some()
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        verify_read(&self.algorithm, &self.key, message, signature)
    }
}

fn boxed<A>(algorithm: A, key: A::VerifyingKey) -> Box<dyn SignatureCheck>
where
    A: JwtAlgorithm + Send + Sync + 'static,
    A::VerifyingKey: Send + Sync,
{
    Box::new(Ready { algorithm, key })
}

fn read<A: JwtAlgorithm>(signature: &[u8]) -> Option<A::Signature> {
    // The trait promises its implementations a slice of this length, and some of them count on it.
    if A::Signature::LENGTH.is_some_and(|length| length.get() != signature.len()) {
        return None;
    }
    A::Signature::try_from_slice(signature).ok()
}

fn verify_read<A: JwtAlgorithm>(algorithm: &A, key: &A::VerifyingKey, message: &[u8], signature: &[u8]) -> bool {
    read::<A>(signature).is_some_and(|signature| algorithm.verify_signature(&signature, key, message))
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::*;
    use crate::jose::KeyFamily;

    fn material(jwk: Value) -> KeyMaterial {
        let members: Map<String, Value> = serde_json::from_value(jwk).expect("an object");
        KeyMaterial::read(&members).expect("a key")
    }

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
                row.prepare(&material(json!({ "kty": "oct", "k": secret }))).map(|check| check.verify(b"", b""))
            };
            assert_eq!((prepare(least), prepare(least - 1).is_err()), (Ok(false), true), "{row:?}");
        }
    }

    #[test]
    fn a_key_of_another_family_is_refused_by_every_row() {
        for jwk in [
            json!({ "kty": "OKP", "crv": "X25519", "x": "AA" }),
            json!({ "kty": "EC", "crv": "P-192", "x": "AA", "y": "AA" }),
            json!({ "kty": "AKP", "alg": "ML-DSA-44", "pub": "AA" }),
        ] {
            assert!(PORTABLE.iter().all(|row| row.prepare(&material(jwk.clone())).is_err()), "{jwk}");
        }
    }
}

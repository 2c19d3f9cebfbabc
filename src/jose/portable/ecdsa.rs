//! ECDSA on the NIST curves and on secp256k1 (RFC 7518 §3.4, RFC 8812 §3.2).
//!
//! A signature is `r ‖ s`, each as long as a coordinate and within 1 … n − 1: reading one checks both. A high `s` is as
//! good as a low one on every curve. That a key lies on its curve is checked when it is made ready.

use std::{borrow::Cow, convert::Infallible, num::NonZeroUsize};

use jwt_compact::{
    Algorithm as JwtAlgorithm, AlgorithmSignature,
    alg::{Es256, Es256k},
    jwk::JsonWebKey,
};
use p384::ecdsa::signature::hazmat::PrehashVerifier;
use sha2::{Digest, Sha384, Sha512};

use super::{KeyError, KeyMaterial, SignatureCheck, boxed};

/// An algorithm that `jwt-compact` lacks. It only verifies: no signing key of it can exist.
macro_rules! verifying {
    ($algorithm:ident, $signature:ident, $name:literal, $length:literal, $curve:ident, $hash:ident) => {
        struct $algorithm;

        struct $signature($curve::ecdsa::Signature);

        impl AlgorithmSignature for $signature {
            const LENGTH: Option<NonZeroUsize> = NonZeroUsize::new($length);

            fn try_from_slice(slice: &[u8]) -> anyhow::Result<Self> {
                Ok(Self($curve::ecdsa::Signature::try_from(slice)?))
            }

            fn as_bytes(&self) -> Cow<'_, [u8]> {
                Cow::Owned(self.0.to_bytes().to_vec())
            }
        }

        impl JwtAlgorithm for $algorithm {
            type SigningKey = Infallible;
            type VerifyingKey = $curve::ecdsa::VerifyingKey;
            type Signature = $signature;

            fn name(&self) -> Cow<'static, str> {
                Cow::Borrowed($name)
            }

            fn sign(&self, key: &Infallible, _message: &[u8]) -> Self::Signature {
                match *key {}
            }

            fn verify_signature(&self, signature: &$signature, key: &Self::VerifyingKey, message: &[u8]) -> bool {
                // Hashed here, so that SHA-2 is in the binary once, whichever version of it the curve's crate has.
                key.verify_prehash(&$hash::digest(message), &signature.0).is_ok()
            }
        }
    };
}

verifying!(Es384, Es384Signature, "ES384", 96, p384, Sha384);
verifying!(Es512, Es512Signature, "ES512", 132, p521, Sha512);

/// The point in the uncompressed form of SEC 1, from coordinates of exactly this length (RFC 7518 §6.2.1.2).
fn uncompressed(key: &KeyMaterial, coordinate: usize) -> Result<Vec<u8>, KeyError> {
    let JsonWebKey::EllipticCurve { x, y, .. } = key.jwk()? else {
        return Err(KeyError::OtherFamily);
    };
    if x.len() != coordinate || y.len() != coordinate {
        return Err(KeyError::Malformed("a coordinate of another length than the curve's"));
    }
    Ok([&[4], x.as_ref(), y.as_ref()].concat())
}

pub(super) fn prepare_es256(key: &KeyMaterial) -> Result<Box<dyn SignatureCheck>, KeyError> {
    let key = <Es256 as JwtAlgorithm>::VerifyingKey::try_from(key.jwk()?)
        .map_err(|_| KeyError::Malformed("no point on P-256"))?;
    Ok(boxed(Es256, key))
}

pub(super) fn prepare_es384(key: &KeyMaterial) -> Result<Box<dyn SignatureCheck>, KeyError> {
    let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(&uncompressed(key, 48)?)
        .map_err(|_| KeyError::Malformed("no point on P-384"))?;
    Ok(boxed(Es384, key))
}

pub(super) fn prepare_es512(key: &KeyMaterial) -> Result<Box<dyn SignatureCheck>, KeyError> {
    let key = p521::ecdsa::VerifyingKey::from_sec1_bytes(&uncompressed(key, 66)?)
        .map_err(|_| KeyError::Malformed("no point on P-521"))?;
    Ok(boxed(Es512, key))
}

pub(super) fn prepare_es256k(key: &KeyMaterial) -> Result<Box<dyn SignatureCheck>, KeyError> {
    let key = <Es256k as JwtAlgorithm>::VerifyingKey::try_from(key.jwk()?)
        .map_err(|_| KeyError::Malformed("no point on secp256k1"))?;
    let algorithm: Es256k = Es256k::default();
    Ok(boxed(algorithm, key))
}

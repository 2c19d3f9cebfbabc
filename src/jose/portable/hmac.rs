//! HMAC with SHA-2 (RFC 7518 §3.2).

use jwt_compact::{
    alg::{Hs256, Hs256Key, Hs384, Hs384Key, Hs512, Hs512Key},
    jwk::JsonWebKey,
};

use super::{KeyError, KeyMaterial, SignatureCheck, boxed};

/// A secret shorter than the hash is refused (RFC 7518 §3.2).
fn secret(key: &KeyMaterial, least: usize) -> Result<&[u8], KeyError> {
    match key.jwk()? {
        JsonWebKey::Symmetric { secret } if secret.len() >= least => Ok(secret),
        JsonWebKey::Symmetric { .. } => Err(KeyError::Weak("a secret shorter than the hash")),
        _ => Err(KeyError::OtherFamily),
    }
}

pub(super) fn prepare_hs256(key: &KeyMaterial) -> Result<Box<dyn SignatureCheck>, KeyError> {
    Ok(boxed(Hs256, Hs256Key::new(secret(key, 32)?)))
}

pub(super) fn prepare_hs384(key: &KeyMaterial) -> Result<Box<dyn SignatureCheck>, KeyError> {
    Ok(boxed(Hs384, Hs384Key::new(secret(key, 48)?)))
}

pub(super) fn prepare_hs512(key: &KeyMaterial) -> Result<Box<dyn SignatureCheck>, KeyError> {
    Ok(boxed(Hs512, Hs512Key::new(secret(key, 64)?)))
}

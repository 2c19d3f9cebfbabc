//! Shared secrets that everybody knows: those of tutorials, of documentation, and the first that anybody would try.

use hmac::{Hmac, Mac};
use serde_json::Value;
use sha2::{Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use crate::jose::{Algorithm, base64url};

/// Texts that were used as secrets where others could read them.
const KNOWN: [&str; 32] = [
    "",
    "secret",
    "Secret",
    "SECRET",
    "secretkey",
    "secret-key",
    "secret_key",
    "mysecret",
    "my-secret",
    "my_secret_key",
    "supersecret",
    "super-secret",
    "shhhhh",
    "shhhhhhared-secret",
    "password",
    "changeme",
    "change-me",
    "default",
    "test",
    "key",
    "jwt",
    "jwt_secret",
    "jwt-secret",
    "jwtsecret",
    "token",
    "admin",
    "123456",
    "qwerty",
    "your-256-bit-secret",
    "your-384-bit-secret",
    "your-512-bit-secret",
    "a-string-secret-at-least-256-bits-long",
];

/// Whether a secret is one of them, as text.
pub(super) fn is_known(secret: &[u8]) -> bool {
    KNOWN.iter().any(|known| known.as_bytes() == secret)
}

/// Whether one of them signed this.
pub(super) fn is_signed_with_known(algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
    KNOWN.iter().any(|known| match algorithm {
        Algorithm::Hs256 => holds(Hmac::<Sha256>::new_from_slice(known.as_bytes()).ok(), message, signature),
        Algorithm::Hs384 => holds(Hmac::<Sha384>::new_from_slice(known.as_bytes()).ok(), message, signature),
        Algorithm::Hs512 => holds(Hmac::<Sha512>::new_from_slice(known.as_bytes()).ok(), message, signature),
        _ => false,
    })
}

fn holds<M: Mac>(keyed: Option<M>, message: &[u8], signature: &[u8]) -> bool {
    keyed.is_some_and(|keyed| keyed.chain_update(message).verify_slice(signature).is_ok())
}

/// The secret of a JWK, where it is one.
pub(super) fn of_jwk(jwk: &Value) -> Option<Zeroizing<Vec<u8>>> {
    if jwk.get("kty")? != "oct" {
        return None;
    }
    base64url::decode(jwk.get("k")?.as_str()?).ok().map(Zeroizing::new)
}

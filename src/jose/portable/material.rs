//! What a JWK is made of: `jwt-compact`'s type, and the key type that it does not know.

use std::borrow::Cow;

use jwt_compact::{alg::SecretBytes, jwk::JsonWebKey};
use serde_json::{Map, Value};

use super::{super::base64url, KeyError};

/// The members that define a key, decoded.
#[derive(Debug)]
#[non_exhaustive]
pub enum KeyMaterial {
    /// `RSA`, `EC`, `OKP` and `oct` (RFC 7518 §6, RFC 8037 §2).
    Jwk(JsonWebKey<'static>),
    /// `AKP` (RFC 9964 §3): its `pub`, in the form that the `alg` of the key fixes.
    AlgorithmKeyPair {
        /// The public key.
        public: Vec<u8>,
    },
}

impl KeyMaterial {
    /// Decodes the defining members of a JWK, and nothing else of it.
    pub(in super::super) fn read(definition: &Map<String, Value>) -> Result<Self, KeyError> {
        let defining = KeyError::Malformed("a member that defines the key");
        let text = |name: &str| definition.get(name).and_then(Value::as_str).ok_or(defining);
        let decoded = |name: &str| base64url::decode(text(name)?).map_err(|_| defining);
        let bytes = |name: &str| decoded(name).map(Cow::Owned);
        let curve = || text("crv").map(|curve| Cow::Owned(curve.to_owned()));
        // Not by the reader that the type derives: it reads private parts too, and is larger than all of this room.
        Ok(Self::Jwk(match text("kty")? {
            "AKP" => {
                let public = decoded("pub").map_err(|_| KeyError::Malformed("pub"))?;
                return Ok(Self::AlgorithmKeyPair { public });
            }
            "RSA" => JsonWebKey::Rsa { modulus: bytes("n")?, public_exponent: bytes("e")?, private_parts: None },
            "EC" => JsonWebKey::EllipticCurve { curve: curve()?, x: bytes("x")?, y: bytes("y")?, secret: None },
            "OKP" => JsonWebKey::KeyPair { curve: curve()?, x: bytes("x")?, secret: None },
            "oct" => JsonWebKey::Symmetric { secret: SecretBytes::owned(decoded("k")?) },
            _ => return Err(KeyError::OtherFamily),
        }))
    }

    /// The key, where it is of a type that `jwt-compact` knows.
    pub(super) const fn jwk(&self) -> Result<&JsonWebKey<'static>, KeyError> {
        match self {
            Self::Jwk(key) => Ok(key),
            Self::AlgorithmKeyPair { .. } => Err(KeyError::OtherFamily),
        }
    }
}

//! What a JWK is made of: `jwt-compact`'s type, and the key type that it does not know.

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
        let text = |name| definition.get(name).and_then(Value::as_str).ok_or(KeyError::Malformed(name));
        let bytes = |name| base64url::decode_secret(text(name)?).map_err(|_| KeyError::Malformed(name));
        let curve = || text("crv").map(|curve| curve.to_owned().into());
        Ok(Self::Jwk(match text("kty")? {
            "RSA" => JsonWebKey::Rsa {
                modulus: bytes("n")?.into(),
                public_exponent: bytes("e")?.into(),
                private_parts: None,
            },
            "EC" => JsonWebKey::EllipticCurve {
                curve: curve()?,
                x: bytes("x")?.into(),
                y: bytes("y")?.into(),
                secret: None,
            },
            "OKP" => JsonWebKey::KeyPair { curve: curve()?, x: bytes("x")?.into(), secret: None },
            "oct" => JsonWebKey::Symmetric { secret: SecretBytes::owned(bytes("k")?) },
            "AKP" => return Ok(Self::AlgorithmKeyPair { public: bytes("pub")? }),
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

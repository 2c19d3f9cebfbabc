//! What a JWK is made of: `jwt-compact`'s type, and the key type that it does not know.

use jwt_compact::jwk::JsonWebKey;
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
        if definition.get("kty").and_then(Value::as_str) == Some("AKP") {
            let text = definition.get("pub").and_then(Value::as_str).ok_or(KeyError::Malformed("pub"))?;
            let public = base64url::decode(text).map_err(|_| KeyError::Malformed("pub"))?;
            return Ok(Self::AlgorithmKeyPair { public });
        }
        let key: JsonWebKey<'static> = serde_json::from_value(Value::Object(definition.clone()))
            .map_err(|_| KeyError::Malformed("a member that defines the key"))?;
        Ok(Self::Jwk(key))
    }

    /// The key, where it is of a type that `jwt-compact` knows.
    pub(super) const fn jwk(&self) -> Result<&JsonWebKey<'static>, KeyError> {
        match self {
            Self::Jwk(key) => Ok(key),
            Self::AlgorithmKeyPair { .. } => Err(KeyError::OtherFamily),
        }
    }
}

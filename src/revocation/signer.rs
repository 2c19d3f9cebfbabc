//! Who signs deny lists: a private Ed25519 key (RFC 8037 §2), from a binding or the environment and never from a policy.

use std::fmt;

use serde_json::{Value, json};

use super::{DenyKeys, DenySnapshot, MEDIA_TYPE};
use crate::jose::{Algorithm, SigningKey, SigningKeyError, VerificationKey};

/// What is wrong with a signing key. It says nothing of the key itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignerError {
    /// No strict JSON object.
    NotJson,
    /// A member is missing, or has another value than a private Ed25519 key has.
    Malformed(&'static str),
    /// `x` is not the public key of `d`.
    OtherPublicKey,
}

impl fmt::Display for SignerError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the signing key of deny lists: ")?;
        match self {
            Self::NotJson => formatter.write_str("no JSON object"),
            Self::Malformed(member) => {
                write!(formatter, "`{member}` is not that of a private Ed25519 key (RFC 8037 section 2) for signatures")
            }
            Self::OtherPublicKey => formatter.write_str("`x` is not the public key of `d`"),
        }
    }
}

impl std::error::Error for SignerError {}

impl From<SigningKeyError> for SignerError {
    fn from(error: SigningKeyError) -> Self {
        match error {
            SigningKeyError::NotJson => Self::NotJson,
            SigningKeyError::Malformed(member) => Self::Malformed(member),
            SigningKeyError::OtherPublicKey => Self::OtherPublicKey,
        }
    }
}

/// A private key that signs deny lists. It overwrites itself when it is dropped, and shows itself nowhere.
pub struct DenySigner(SigningKey);

impl fmt::Debug for DenySigner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("DenySigner").field("key_id", &self.0.key_id()).finish_non_exhaustive()
    }
}

impl DenySigner {
    /// Reads a private key as a JWK: `{ "kty": "OKP", "crv": "Ed25519", "x", "d", "kid"? }`.
    ///
    /// # Errors
    /// [`SignerError`]
    pub fn from_jwk(text: &str) -> Result<Self, SignerError> {
        Ok(Self(SigningKey::from_jwk(text, &[Algorithm::EdDsa, Algorithm::Ed25519])?))
    }

    /// The public part, as it belongs into the policy's `denySnapshot.jwks`.
    #[must_use]
    pub fn public_jwk(&self) -> Value {
        self.0.public_jwk()
    }

    /// Whether what it signs is verified with its own public key where these keys are trusted.
    #[must_use]
    pub fn is_trusted_by(&self, keys: &DenyKeys) -> bool {
        let algorithm = self.0.algorithm();
        let own = DenyKeys::from_jwks(&json!({ "keys": [self.public_jwk()] }));
        let (Ok(own), Ok(found)) = (own, keys.select(self.0.key_id(), algorithm)) else { return false };
        let own = own.select(None, algorithm).ok().and_then(VerificationKey::thumbprint);
        own.is_some() && own == found.thumbprint()
    }

    /// Signs a deny list.
    #[must_use]
    pub fn sign(&self, snapshot: &DenySnapshot) -> String {
        // Texts and numbers cannot fail to be written.
        self.0.sign(MEDIA_TYPE, &serde_json::to_vec(snapshot).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8037, appendix A.1.
    fn jwk() -> Value {
        json!({
            "kty": "OKP", "crv": "Ed25519", "kid": "k1", "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        })
    }

    fn refused(member: &str, value: Value) -> SignerError {
        let mut jwk = jwk();
        jwk[member] = value;
        DenySigner::from_jwk(&jwk.to_string()).expect_err(member)
    }

    #[test]
    fn a_signing_key_is_a_whole_private_ed25519_key() {
        for (member, value) in [
            ("kty", json!("EC")),
            ("kty", Value::Null),
            ("crv", json!("X25519")),
            ("d", Value::Null),
            ("d", json!("")),
            ("d", json!("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2")),
            ("d", json!("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")),
            ("d", json!("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2AA")),
            ("d", json!("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")),
            ("x", json!(1)),
            ("x", json!("!")),
            ("alg", json!("ES256")),
            ("alg", json!("none")),
            ("use", json!("enc")),
            ("key_ops", json!(["verify"])),
            ("key_ops", json!("sign")),
            ("kid", json!(1)),
        ] {
            let words = format!("{member} {value}");
            assert_eq!(refused(member, value), SignerError::Malformed(member_name(member)), "{words}");
        }
        let other = json!("hXBQzJXZMYNCuBWpEK-GevcfaWV_bGw-hgyK9bH--6s");
        assert_eq!(refused("x", other), SignerError::OtherPublicKey);
        assert_eq!(refused("x", json!("AA")), SignerError::OtherPublicKey);
        for text in ["", "[]", "{", r#"{"kty":"OKP","kty":"OKP"}"#] {
            assert_eq!(DenySigner::from_jwk(text).expect_err(text), SignerError::NotJson);
        }
        for name in ["EdDSA", "Ed25519"] {
            let mut named = jwk();
            named["alg"] = json!(name);
            named["key_ops"] = json!(["sign"]);
            named["use"] = json!("sig");
            named["ext"] = json!(true);
            assert_eq!(DenySigner::from_jwk(&named.to_string()).expect("a key").0.algorithm().name(), name);
        }
    }

    fn member_name(name: &str) -> &'static str {
        ["kty", "crv", "d", "x", "alg", "use", "key_ops", "kid"].into_iter().find(|one| *one == name).expect("a member")
    }

    #[test]
    fn a_signing_key_shows_itself_nowhere() {
        let signer = DenySigner::from_jwk(&jwk().to_string()).expect("a key");
        let secret = jwk()["d"].as_str().expect("text").to_owned();
        let shown = format!("{signer:?} {}", signer.public_jwk());
        assert!(!shown.contains(&secret) && !shown.contains("157"), "{shown}");
        assert_eq!(format!("{signer:?}"), r#"DenySigner { key_id: Some("k1"), .. }"#);
        let error = refused("x", json!("AA")).to_string() + &refused("d", json!("secret!")).to_string();
        assert!(!error.contains(&secret) && !error.contains("secret!"), "{error}");
    }
}

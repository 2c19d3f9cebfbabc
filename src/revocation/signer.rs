//! Who signs deny lists: a private Ed25519 key (RFC 8037 §2), from a binding or the environment and never from a policy.

use std::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::{DenyKeys, DenySnapshot, MEDIA_TYPE};
use crate::{
    jose::{Algorithm, VerificationKey, base64url},
    json,
};

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

/// A private key that signs deny lists. It overwrites itself when it is dropped, and shows itself nowhere.
pub struct DenySigner {
    key: SigningKey,
    algorithm: Algorithm,
    key_id: Option<String>,
}

impl fmt::Debug for DenySigner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("DenySigner").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

impl DenySigner {
    /// Reads a private key as a JWK: `{ "kty": "OKP", "crv": "Ed25519", "x", "d", "kid"? }`.
    ///
    /// # Errors
    /// [`SignerError`]
    pub fn from_jwk(text: &str) -> Result<Self, SignerError> {
        let mut jwk = json::parse_object(text.as_bytes()).map_err(|_| SignerError::NotJson)?;
        let secret = match jwk.remove("d") {
            Some(Value::String(secret)) => Zeroizing::new(secret),
            _ => return Err(SignerError::Malformed("d")),
        };
        let key = Self::key(&jwk, &secret)?;
        let algorithm = match member(&jwk, "alg")? {
            None => Algorithm::EdDsa,
            Some(name) => Algorithm::from_name(name)
                .filter(|named| matches!(named, Algorithm::EdDsa | Algorithm::Ed25519))
                .ok_or(SignerError::Malformed("alg"))?,
        };
        if member(&jwk, "use")?.is_some_and(|purpose| purpose != "sig") {
            return Err(SignerError::Malformed("use"));
        }
        let may_sign = match jwk.get("key_ops") {
            None => true,
            Some(Value::Array(operations)) => operations.iter().any(|operation| operation == "sign"),
            Some(_) => false,
        };
        if !may_sign {
            return Err(SignerError::Malformed("key_ops"));
        }
        let key_id = member(&jwk, "kid")?.map(str::to_owned);
        Ok(Self { key, algorithm, key_id })
    }

    fn key(jwk: &Map<String, Value>, secret: &str) -> Result<SigningKey, SignerError> {
        if member(jwk, "kty")? != Some("OKP") {
            return Err(SignerError::Malformed("kty"));
        }
        if member(jwk, "crv")? != Some("Ed25519") {
            return Err(SignerError::Malformed("crv"));
        }
        let public = member(jwk, "x")?.and_then(|text| base64url::decode(text).ok());
        let public = public.ok_or(SignerError::Malformed("x"))?;
        let mut seed = Zeroizing::new([0; 32]);
        let read = Base64UrlUnpadded::decode(secret, seed.as_mut()).map_err(|_| SignerError::Malformed("d"))?;
        if read.len() != 32 {
            return Err(SignerError::Malformed("d"));
        }
        let key = SigningKey::from_bytes(&seed);
        // Whoever published `x` could never verify what is signed with another key.
        if key.verifying_key().as_bytes() == public.as_slice() { Ok(key) } else { Err(SignerError::OtherPublicKey) }
    }

    /// The public part, as it belongs into the policy's `denySnapshot.jwks`.
    #[must_use]
    pub fn public_jwk(&self) -> Value {
        let x = Base64UrlUnpadded::encode_string(self.key.verifying_key().as_bytes());
        let mut jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": x });
        if let (Some(members), Some(kid)) = (jwk.as_object_mut(), &self.key_id) {
            members.insert("kid".to_owned(), kid.as_str().into());
        }
        jwk
    }

    /// Whether what it signs is verified with its own public key where these keys are trusted.
    #[must_use]
    pub fn is_trusted_by(&self, keys: &DenyKeys) -> bool {
        let own = DenyKeys::from_jwks(&json!({ "keys": [self.public_jwk()] }));
        let (Ok(own), Ok(found)) = (own, keys.select(self.key_id.as_deref(), self.algorithm)) else { return false };
        let own = own.select(None, self.algorithm).ok().and_then(VerificationKey::thumbprint);
        own.is_some() && own == found.thumbprint()
    }

    /// Signs a deny list.
    #[must_use]
    pub fn sign(&self, snapshot: &DenySnapshot) -> String {
        let mut header = json!({ "alg": self.algorithm.name(), "typ": MEDIA_TYPE });
        if let (Some(members), Some(kid)) = (header.as_object_mut(), &self.key_id) {
            members.insert("kid".to_owned(), kid.as_str().into());
        }
        // Texts and numbers cannot fail to be written.
        let payload = serde_json::to_vec(snapshot).unwrap_or_default();
        let mut text = Base64UrlUnpadded::encode_string(header.to_string().as_bytes());
        text.push('.');
        text.push_str(&Base64UrlUnpadded::encode_string(&payload));
        let signature = self.key.sign(text.as_bytes());
        text.push('.');
        text.push_str(&Base64UrlUnpadded::encode_string(&signature.to_bytes()));
        text
    }
}

fn member<'m>(jwk: &'m Map<String, Value>, name: &'static str) -> Result<Option<&'m str>, SignerError> {
    match jwk.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(SignerError::Malformed(name)),
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
            assert_eq!(DenySigner::from_jwk(&named.to_string()).expect("a key").algorithm.name(), name);
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

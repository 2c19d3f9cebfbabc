//! A private key that signs, from a binding or the environment and never from a policy: Ed25519 (RFC 8037 §2) or P-256
//! (RFC 7518 §6.2.2). Both sign without randomness (RFC 8032 §5.1.6, RFC 6979).

use std::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};
use p256::ecdsa::signature::Signer as _;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::{Algorithm, base64url, header::MAX_KID_BYTES, key::thumbprint};
use crate::json;

/// The length of a private key of either curve, and of each coordinate, in bytes.
const KEY_BYTES: usize = 32;

/// What is wrong with a private key. It says nothing of the key itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SigningKeyError {
    /// No strict JSON object.
    NotJson,
    /// A member is missing, or has another value than a private key for signatures has.
    Malformed(&'static str),
    /// The public members are not the public key of `d`.
    OtherPublicKey,
}

impl fmt::Display for SigningKeyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson => formatter.write_str("no JSON object"),
            Self::Malformed(member) => write!(
                formatter,
                "`{member}` is not that of a private Ed25519 or P-256 key (RFC 8037 section 2, RFC 7518 section 6.2) for signatures"
            ),
            Self::OtherPublicKey => formatter.write_str("the public members are not the public key of `d`"),
        }
    }
}

impl std::error::Error for SigningKeyError {}

/// The key itself. Both types overwrite themselves when they are dropped.
enum Secret {
    Ed25519(Box<ed25519_dalek::SigningKey>),
    P256(Box<p256::ecdsa::SigningKey>),
}

/// A private key that signs. It overwrites itself when it is dropped, and shows itself nowhere.
pub struct SigningKey {
    secret: Secret,
    algorithm: Algorithm,
    key_id: Option<String>,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SigningKey").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

impl SigningKey {
    /// The algorithms that it can sign with.
    pub const ALGORITHMS: &'static [Algorithm] = &[Algorithm::EdDsa, Algorithm::Ed25519, Algorithm::Es256];

    /// Reads a private key as a JWK: `{ "kty": "OKP", "crv": "Ed25519", "x", "d" }` or
    /// `{ "kty": "EC", "crv": "P-256", "x", "y", "d" }`, each with `kid`, `alg`, `use` and `key_ops` as it likes. It must
    /// fit one of the algorithms of `accepted`. An Ed25519 key signs as `EdDSA` unless its `alg` says `Ed25519`.
    ///
    /// # Errors
    /// [`SigningKeyError`]
    pub fn from_jwk(text: &str, accepted: &[Algorithm]) -> Result<Self, SigningKeyError> {
        let mut jwk = json::parse_object(text.as_bytes()).map_err(|_| SigningKeyError::NotJson)?;
        Self::take(&mut jwk, accepted)
    }

    /// As [`Self::from_jwk`], of a JWK that was parsed. Its `d` is taken out of it, whatever comes of it.
    pub(crate) fn take(jwk: &mut Map<String, Value>, accepted: &[Algorithm]) -> Result<Self, SigningKeyError> {
        let secret = match jwk.remove("d") {
            Some(Value::String(secret)) => Zeroizing::new(secret),
            _ => return Err(SigningKeyError::Malformed("d")),
        };
        let family = |algorithm: Algorithm| accepted.contains(&algorithm).then_some(algorithm);
        let usual = match member(jwk, "kty")? {
            Some("OKP") => family(Algorithm::EdDsa).or_else(|| family(Algorithm::Ed25519)),
            Some("EC") => family(Algorithm::Es256),
            _ => None,
        };
        let usual = usual.ok_or(SigningKeyError::Malformed("kty"))?;
        let secret = match usual {
            Algorithm::Es256 => p256(jwk, &secret)?,
            _ => ed25519(jwk, &secret)?,
        };
        let algorithm = match member(jwk, "alg")? {
            None => usual,
            Some(name) => Algorithm::from_name(name)
                .filter(|named| accepted.contains(named) && named.family() == usual.family())
                .ok_or(SigningKeyError::Malformed("alg"))?,
        };
        if member(jwk, "use")?.is_some_and(|purpose| purpose != "sig") {
            return Err(SigningKeyError::Malformed("use"));
        }
        let may_sign = match jwk.get("key_ops") {
            None => true,
            Some(Value::Array(operations)) => operations.iter().any(|operation| operation == "sign"),
            Some(_) => false,
        };
        if !may_sign {
            return Err(SigningKeyError::Malformed("key_ops"));
        }
        let key_id = member(jwk, "kid")?.map(str::to_owned);
        if key_id.as_ref().is_some_and(|kid| kid.len() > MAX_KID_BYTES) {
            return Err(SigningKeyError::Malformed("kid"));
        }
        Ok(Self { secret, algorithm, key_id })
    }

    /// The same key with a name: where it has no `kid`, its thumbprint (RFC 7638 §3) is its name.
    #[must_use]
    pub fn named(mut self) -> Self {
        if self.key_id.is_none()
            && let Value::Object(jwk) = self.public_jwk()
            && let Ok(digest) = thumbprint(&jwk)
        {
            self.key_id = Some(Base64UrlUnpadded::encode_string(&digest));
        }
        self
    }

    /// Its `kid`, where it has a name.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// The algorithm that it signs with.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The public part: what defines the key, and its `kid` where it has one.
    #[must_use]
    pub fn public_jwk(&self) -> Value {
        let encode = Base64UrlUnpadded::encode_string;
        let mut jwk = match &self.secret {
            Secret::Ed25519(key) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(key.verifying_key().as_bytes()) })
            }
            Secret::P256(key) => {
                let point = key.verifying_key().to_encoded_point(false);
                // No key is the point at infinity, which alone has no coordinates.
                let coordinate =
                    |bytes: Option<&p256::FieldBytes>| bytes.map(|bytes| encode(bytes)).unwrap_or_default();
                json!({ "kty": "EC", "crv": "P-256", "x": coordinate(point.x()), "y": coordinate(point.y()) })
            }
        };
        if let (Some(members), Some(kid)) = (jwk.as_object_mut(), &self.key_id) {
            members.insert("kid".to_owned(), kid.as_str().into());
        }
        jwk
    }

    /// Signs a payload as a JWS in the compact form (RFC 7515 §7.1). The header has `alg`, this `typ`, and `kid` where the
    /// key has a name.
    #[must_use]
    pub fn sign(&self, media_type: &str, payload: &[u8]) -> String {
        let mut header = json!({ "alg": self.algorithm.name(), "typ": media_type });
        if let (Some(members), Some(kid)) = (header.as_object_mut(), &self.key_id) {
            members.insert("kid".to_owned(), kid.as_str().into());
        }
        let mut text = Base64UrlUnpadded::encode_string(header.to_string().as_bytes());
        text.push('.');
        text.push_str(&Base64UrlUnpadded::encode_string(payload));
        let signature = self.signature(text.as_bytes());
        text.push('.');
        text.push_str(&Base64UrlUnpadded::encode_string(&signature));
        text
    }

    /// The signature in its JWS form. An ECDSA that fails, which it does for no key that was read here, leaves none, and
    /// nobody accepts that.
    fn signature(&self, message: &[u8]) -> Vec<u8> {
        match &self.secret {
            Secret::Ed25519(key) => key.sign(message).to_bytes().to_vec(),
            Secret::P256(key) => {
                let signed: Result<p256::ecdsa::Signature, _> = key.try_sign(message);
                signed.map(|signature| signature.to_bytes().to_vec()).unwrap_or_default()
            }
        }
    }
}

fn ed25519(jwk: &Map<String, Value>, secret: &str) -> Result<Secret, SigningKeyError> {
    expect_curve(jwk, "Ed25519")?;
    let public = public_member(jwk, "x")?;
    let key = ed25519_dalek::SigningKey::from_bytes(&*private_bytes(secret)?);
    // Whoever published `x` could never verify what is signed with another key.
    let is_same = key.verifying_key().as_bytes() == public.as_slice();
    if is_same { Ok(Secret::Ed25519(Box::new(key))) } else { Err(SigningKeyError::OtherPublicKey) }
}

fn p256(jwk: &Map<String, Value>, secret: &str) -> Result<Secret, SigningKeyError> {
    expect_curve(jwk, "P-256")?;
    let (x, y) = (public_member(jwk, "x")?, public_member(jwk, "y")?);
    let key = p256::ecdsa::SigningKey::from_slice(private_bytes(secret)?.as_ref())
        .map_err(|_| SigningKeyError::Malformed("d"))?;
    let public = key.verifying_key().to_encoded_point(false);
    let is_same = |found: Option<&p256::FieldBytes>, named: &[u8]| found.is_some_and(|found| &**found == named);
    if is_same(public.x(), &x) && is_same(public.y(), &y) {
        Ok(Secret::P256(Box::new(key)))
    } else {
        Err(SigningKeyError::OtherPublicKey)
    }
}

fn expect_curve(jwk: &Map<String, Value>, curve: &str) -> Result<(), SigningKeyError> {
    if member(jwk, "crv")? == Some(curve) { Ok(()) } else { Err(SigningKeyError::Malformed("crv")) }
}

fn public_member(jwk: &Map<String, Value>, name: &'static str) -> Result<Vec<u8>, SigningKeyError> {
    let decoded = member(jwk, name)?.and_then(|text| base64url::decode_secret(text).ok());
    decoded.ok_or(SigningKeyError::Malformed(name))
}

fn private_bytes(secret: &str) -> Result<Zeroizing<[u8; KEY_BYTES]>, SigningKeyError> {
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    let read = Base64UrlUnpadded::decode(secret, bytes.as_mut()).map_err(|_| SigningKeyError::Malformed("d"))?;
    if read.len() == KEY_BYTES { Ok(bytes) } else { Err(SigningKeyError::Malformed("d")) }
}

fn member<'m>(jwk: &'m Map<String, Value>, name: &'static str) -> Result<Option<&'m str>, SigningKeyError> {
    match jwk.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(SigningKeyError::Malformed(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::{KeySet, PORTABLE};

    /// RFC 8037, appendix A.1.
    fn edwards() -> Value {
        json!({
            "kty": "OKP", "crv": "Ed25519", "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        })
    }

    /// RFC 7515, appendix A.3.
    fn nist() -> Value {
        json!({
            "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0", "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
        })
    }

    fn read(jwk: &Value) -> Result<SigningKey, SigningKeyError> {
        SigningKey::from_jwk(&jwk.to_string(), SigningKey::ALGORITHMS)
    }

    fn edited(jwk: &Value, member: &str, value: Value) -> Value {
        let mut jwk = jwk.clone();
        jwk[member] = value;
        jwk
    }

    /// Whether the public part, in a key set, vouches for what the key signs.
    fn vouches(key: &SigningKey) -> bool {
        let jws = key.sign("test+jwt", b"{}");
        let (input, signature) = jws.rsplit_once('.').expect("three segments");
        let set = json!({ "keys": [key.public_jwk()] });
        let set =
            KeySet::prepare(set.as_object().expect("an object"), SigningKey::ALGORITHMS, PORTABLE).expect("a set");
        let found = set.select(key.key_id(), key.algorithm()).expect("the key");
        let signature = base64url::decode_secret(signature).expect("base64url");
        found.verify(key.algorithm(), input.as_bytes(), &signature)
    }

    #[test]
    fn the_public_part_vouches_for_what_is_signed() {
        for (jwk, algorithm) in [
            (edwards(), Algorithm::EdDsa),
            (edited(&edwards(), "alg", json!("Ed25519")), Algorithm::Ed25519),
            (edited(&edwards(), "kid", json!("k1")), Algorithm::EdDsa),
            (nist(), Algorithm::Es256),
            (edited(&nist(), "alg", json!("ES256")), Algorithm::Es256),
        ] {
            let key = read(&jwk).expect("a key");
            assert_eq!(key.algorithm(), algorithm);
            assert!(vouches(&key), "{jwk}");
            let key = key.named();
            assert!(key.key_id().is_some() && vouches(&key), "{jwk}");
            // Without randomness: the same text has the same signature.
            assert_eq!(key.sign("a+jwt", b"{}"), key.sign("a+jwt", b"{}"));
            assert_ne!(key.sign("a+jwt", b"{}"), key.sign("b+jwt", b"{}"));
        }
    }

    #[test]
    fn a_key_without_a_kid_is_named_by_its_thumbprint() {
        // RFC 8037, appendix A.3.
        let key = read(&edwards()).expect("a key");
        assert_eq!(key.key_id(), None);
        assert_eq!(key.named().key_id(), Some("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"));
        let key = read(&edited(&nist(), "kid", json!("mine"))).expect("a key").named();
        assert_eq!(key.key_id(), Some("mine"));
    }

    #[test]
    fn deterministic_ecdsa_is_that_of_the_standard() {
        // RFC 6979, appendix A.2.5: the message "sample" with SHA-256.
        let key = p256::ecdsa::SigningKey::from_slice(
            &base16ct::upper::decode_vec("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721")
                .expect("hex"),
        );
        let key = SigningKey {
            secret: Secret::P256(Box::new(key.expect("a key"))),
            algorithm: Algorithm::Es256,
            key_id: None,
        };
        let expected = "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8";
        assert_eq!(base16ct::upper::encode_string(&key.signature(b"sample")), expected);
    }

    #[test]
    fn what_is_no_whole_private_key_is_refused() {
        let foreign_x = json!("hXBQzJXZMYNCuBWpEK-GevcfaWV_bGw-hgyK9bH--6s");
        for (jwk, member, value) in [
            (edwards(), "kty", json!("RSA")),
            (edwards(), "kty", Value::Null),
            (edwards(), "crv", json!("P-256")),
            (nist(), "crv", json!("Ed25519")),
            (nist(), "crv", json!("P-384")),
            (nist(), "d", json!("")),
            (nist(), "d", json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")),
            (nist(), "d", json!("_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE")),
            (nist(), "d", json!("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI=")),
            (nist(), "x", json!("!")),
            (nist(), "y", Value::Null),
            (nist(), "alg", json!("EdDSA")),
            (nist(), "alg", json!("ES384")),
            (edwards(), "alg", json!("ES256")),
            (nist(), "use", json!("enc")),
            (nist(), "key_ops", json!(["verify"])),
            (nist(), "kid", json!(1)),
            (nist(), "kid", json!("k".repeat(513))),
        ] {
            let error = read(&edited(&jwk, member, value.clone())).expect_err(member);
            let SigningKeyError::Malformed(found) = error else { panic!("{member} {value}: {error}") };
            assert_eq!(found, member, "{value}");
        }
        for (jwk, member, value) in
            [(edwards(), "x", foreign_x), (nist(), "y", nist()["x"].clone()), (nist(), "x", json!("AA"))]
        {
            assert_eq!(read(&edited(&jwk, member, value)).expect_err(member), SigningKeyError::OtherPublicKey);
        }
        for text in ["", "[]", "{", r#"{"kty":"OKP","kty":"OKP"}"#] {
            assert_eq!(SigningKey::from_jwk(text, SigningKey::ALGORITHMS).expect_err(text), SigningKeyError::NotJson);
        }
        let of =
            |jwk: Value, accepted: &[Algorithm]| SigningKey::from_jwk(&jwk.to_string(), accepted).expect_err("a kind");
        assert_eq!(of(nist(), &[Algorithm::EdDsa]), SigningKeyError::Malformed("kty"));
        assert_eq!(of(edwards(), &[Algorithm::Es256]), SigningKeyError::Malformed("kty"));
    }

    #[test]
    fn a_private_key_shows_itself_nowhere() {
        for jwk in [edwards(), nist()] {
            let secret = jwk["d"].as_str().expect("text").to_owned();
            let key = read(&edited(&jwk, "kid", json!("k1"))).expect("a key");
            assert_eq!(format!("{key:?}"), r#"SigningKey { key_id: Some("k1"), .. }"#);
            assert!(!key.public_jwk().to_string().contains(&secret));
            assert_eq!(key.public_jwk().get("d"), None);
            let mut members = jwk.as_object().expect("an object").clone();
            members.insert("alg".to_owned(), json!("none"));
            let error = SigningKey::take(&mut members, SigningKey::ALGORITHMS).expect_err("no algorithm");
            assert!(!format!("{error} {error:?}").contains(&secret));
            assert!(!members.contains_key("d"), "taken out, whatever comes of it");
        }
    }
}

//! One JSON Web Key as a verification key (RFC 7517 §4, RFC 7518 §6).

use std::{
    fmt,
    sync::atomic::{AtomicU32, Ordering},
};

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{Algorithm, KeyFamily, KeyMaterial, PORTABLE, PortableAlgorithm, SignatureCheck};

/// Why a key of a set is of no use. It never breaks the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// A member is missing or has the wrong form.
    Malformed(&'static str),
    /// Too weak, or too large to be handled.
    Weak(&'static str),
    /// A private or symmetric key among public ones: whoever published it gave the secret away.
    Secret,
    /// Meant for something else than verifying signatures (`use`, `key_ops`).
    OtherUse,
    /// Of a type, curve or algorithm that the policy does not name for this issuer.
    OtherFamily,
}

impl KeyError {
    /// Which of several is told of: a secret that is out before a key that is too weak, and either before a key that is
    /// meant for something else.
    pub(super) const fn gravity(self) -> u8 {
        match self {
            Self::OtherFamily => 0,
            Self::OtherUse => 1,
            Self::Malformed(_) => 2,
            Self::Weak(_) => 3,
            Self::Secret => 4,
        }
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(what) => write!(formatter, "malformed: {what}"),
            Self::Weak(what) => write!(formatter, "refused as too weak or too large: {what}"),
            Self::Secret => formatter.write_str("a private or symmetric key in a public key set"),
            Self::OtherUse => formatter.write_str("not meant for verifying signatures"),
            Self::OtherFamily => formatter.write_str("fits none of the issuer's algorithms"),
        }
    }
}

impl std::error::Error for KeyError {}

/// The public part of an asymmetric key, for a host that checks signatures natively.
#[derive(Debug, Clone)]
pub struct PublicKey {
    id: u32,
    jwk: String,
}

impl PublicKey {
    /// A number that no other key of this process has, by which a host may keep what it imported, for each algorithm.
    #[must_use]
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// The key as a JWK with only the members that define it, sorted and without white space (RFC 7638 §3.3).
    #[must_use]
    pub fn jwk(&self) -> &str {
        &self.jwk
    }

    /// The SHA-256 thumbprint in base64url (RFC 7638 §3; for `AKP`, RFC 9964 §6). There is one for each key, since a
    /// key is read in one spelling only.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        Base64UrlUnpadded::encode_string(&Sha256::digest(&self.jwk))
    }
}

/// A key that is ready to verify signatures of one or more algorithms.
pub struct VerificationKey {
    kid: Option<String>,
    checks: Vec<(Algorithm, Box<dyn SignatureCheck>)>,
    public: Option<PublicKey>,
}

impl fmt::Debug for VerificationKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let algorithms: Vec<_> = self.algorithms().collect();
        formatter
            .debug_struct("VerificationKey")
            .field("kid", &self.kid)
            .field("algorithms", &algorithms)
            .finish_non_exhaustive()
    }
}

impl VerificationKey {
    /// Makes a key of a set ready for those of `allowed` that it fits.
    ///
    /// # Errors
    /// [`KeyError`], with the cause that says most.
    pub(super) fn prepare(
        jwk: &Map<String, Value>,
        allowed: &[Algorithm],
        table: &[&dyn PortableAlgorithm],
    ) -> Result<Self, KeyError> {
        let kid = text(jwk, "kid")?;
        if text(jwk, "use")?.is_some_and(|purpose| purpose != "sig") {
            return Err(KeyError::OtherUse);
        }
        if !may_verify(jwk)? {
            return Err(KeyError::OtherUse);
        }
        let named = match text(jwk, "alg")? {
            None => None,
            Some(name) => Some(Algorithm::from_name(name).ok_or(KeyError::OtherFamily)?),
        };
        let symmetric = is_symmetric(jwk);
        if !symmetric && PRIVATE_MEMBERS.iter().any(|member| jwk.contains_key(*member)) {
            return Err(KeyError::Secret);
        }
        let key = definition(jwk)?;
        let material = KeyMaterial::read(&key)?;

        let mut checks = Vec::new();
        let mut objection = KeyError::OtherFamily;
        for row in table {
            let algorithm = row.algorithm();
            let wanted = allowed.contains(&algorithm)
                && named.is_none_or(|named| algorithm.is_served_by(named))
                && fits(algorithm, jwk);
            if !wanted {
                continue;
            }
            // A secret may be long enough for one hash and not for another, a modulus of a size for one padding and not
            // for the other: such a key serves the one.
            match row.prepare(&material) {
                Ok(check) => checks.push((algorithm, check)),
                Err(error) => objection = error,
            }
        }
        if checks.is_empty() {
            return Err(objection);
        }
        let public = (!symmetric).then(|| PublicKey { id: next_id(), jwk: Value::Object(key).to_string() });
        Ok(Self { kid: kid.map(str::to_owned), checks, public })
    }

    /// Makes the key ready that a proof carries itself (RFC 9449 §4.2). Nothing vouches for it: who calls this knows the
    /// key by its [`thumbprint`].
    ///
    /// # Errors
    /// [`KeyError`]
    pub fn embedded(jwk: &Map<String, Value>, algorithm: Algorithm) -> Result<Self, KeyError> {
        Self::prepare(jwk, &[algorithm], PORTABLE)
    }

    /// Whether another key has the same name, the same public part and the same uses. Never of secrets.
    pub(super) fn is_same_as(&self, other: &Self) -> bool {
        let (Some(one), Some(two)) = (&self.public, &other.public) else { return false };
        self.kid == other.kid && one.jwk == two.jwk && self.algorithms().eq(other.algorithms())
    }

    /// The key's id within its set.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The algorithms that it serves.
    pub fn algorithms(&self) -> impl Iterator<Item = Algorithm> + '_ {
        self.checks.iter().map(|(algorithm, _)| *algorithm)
    }

    /// The public part, or none where the key is a secret.
    #[must_use]
    pub const fn public(&self) -> Option<&PublicKey> {
        self.public.as_ref()
    }

    /// Whether the signature is this key's over the message, judged by the core itself. False for an algorithm that the
    /// key does not serve.
    #[must_use]
    pub fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        self.portable(algorithm).is_some_and(|check| check.verify(message, signature))
    }

    /// Whether the signature has the form that is asked for before any backend is. False for an algorithm that the key
    /// does not serve.
    #[must_use]
    pub fn admits(&self, algorithm: Algorithm, signature: &[u8]) -> bool {
        self.portable(algorithm).is_some_and(|check| check.admits(signature))
    }

    /// The SHA-256 thumbprint of the public part; none where the key is a secret, of which it would tell.
    #[must_use]
    pub fn thumbprint(&self) -> Option<String> {
        self.public.as_ref().map(PublicKey::thumbprint)
    }

    /// The check that the core carries out itself.
    pub(super) fn portable(&self, algorithm: Algorithm) -> Option<&dyn SignatureCheck> {
        self.checks.iter().find(|(served, _)| *served == algorithm).map(|(_, check)| check.as_ref())
    }
}

/// The SHA-256 thumbprint of a JWK as it stands, whether or not it is a key (RFC 7638 §3).
///
/// # Errors
/// [`KeyError`] where a member that defines the key is missing or no string.
pub fn thumbprint(jwk: &Map<String, Value>) -> Result<[u8; 32], KeyError> {
    Ok(Sha256::digest(Value::Object(definition(jwk)?).to_string()).into())
}

/// The members of a JWK that are secret for every asymmetric type (RFC 7518 §6.2.2, §6.3.2; RFC 8037 §2; RFC 9964 §3).
const PRIVATE_MEMBERS: [&str; 9] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

pub(super) fn is_symmetric(jwk: &Map<String, Value>) -> bool {
    jwk.get("kty").and_then(Value::as_str) == Some("oct")
}

/// The keys of a set as they may be kept somewhere else: of one that was published with its private part the name alone is
/// left, under which it is refused there as it is here.
pub(crate) fn without_secrets(mut keys: Value) -> Value {
    for jwk in keys.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
        if PRIVATE_MEMBERS.iter().any(|member| jwk.contains_key(*member)) {
            jwk.retain(|member, _| matches!(member.as_str(), "kid" | "kty"));
        }
    }
    keys
}

/// The members that define the key, with everything else left out (RFC 7638 §3.2, RFC 8037 §2, RFC 9964 §6). The map is
/// sorted by name.
fn definition(jwk: &Map<String, Value>) -> Result<Map<String, Value>, KeyError> {
    let names: &[&'static str] = match text(jwk, "kty")?.ok_or(KeyError::Malformed("kty"))? {
        "RSA" => &["e", "kty", "n"],
        "EC" => &["crv", "kty", "x", "y"],
        "OKP" => &["crv", "kty", "x"],
        "AKP" => &["alg", "kty", "pub"],
        "oct" => &["k", "kty"],
        _ => return Err(KeyError::OtherFamily),
    };
    let mut members = Map::new();
    for name in names {
        members.insert((*name).to_owned(), text(jwk, name)?.ok_or(KeyError::Malformed(name))?.into());
    }
    Ok(members)
}

fn fits(algorithm: Algorithm, jwk: &Map<String, Value>) -> bool {
    let is = |name: &str, value: &str| jwk.get(name).and_then(Value::as_str) == Some(value);
    match algorithm.family() {
        KeyFamily::Symmetric { .. } => is("kty", "oct"),
        KeyFamily::Rsa => is("kty", "RSA"),
        KeyFamily::EllipticCurve(curve) => is("kty", "EC") && is("crv", curve),
        KeyFamily::OctetKeyPair(curve) => is("kty", "OKP") && is("crv", curve),
        KeyFamily::AlgorithmKeyPair => is("kty", "AKP") && is("alg", algorithm.name()),
    }
}

/// `key_ops`, where present, must name `verify` (RFC 7517 §4.3).
fn may_verify(jwk: &Map<String, Value>) -> Result<bool, KeyError> {
    match jwk.get("key_ops") {
        None => Ok(true),
        Some(Value::Array(operations)) => Ok(operations.iter().any(|operation| operation == "verify")),
        Some(_) => Err(KeyError::Malformed("key_ops")),
    }
}

fn text<'m>(jwk: &'m Map<String, Value>, name: &'static str) -> Result<Option<&'m str>, KeyError> {
    match jwk.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(KeyError::Malformed(name)),
    }
}

fn next_id() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn prepare(jwk: &Value, allowed: &[Algorithm]) -> Result<VerificationKey, KeyError> {
        VerificationKey::prepare(jwk.as_object().expect("an object"), allowed, PORTABLE)
    }

    /// RFC 8037, appendix A.2.
    fn ed25519() -> Value {
        json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "k", "x5c": [] })
    }

    #[test]
    fn a_host_gets_what_defines_a_key_and_a_number_of_its_own() {
        let [one, other] = [(); 2].map(|()| prepare(&ed25519(), &[Algorithm::EdDsa]).expect("a key"));
        let (one, other) = (one.public().expect("public"), other.public().expect("public"));
        assert_eq!(one.jwk(), r#"{"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#);
        assert_ne!(one.id(), other.id());
    }

    #[test]
    fn a_secret_has_no_public_part_and_does_not_show_itself() {
        let secret = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T";
        let key = prepare(&json!({ "kty": "oct", "k": secret, "kid": "k" }), &[Algorithm::Hs256]).expect("a key");
        assert!(key.public().is_none());
        assert_eq!(format!("{key:?}"), r#"VerificationKey { kid: Some("k"), algorithms: [Hs256], .. }"#);
    }

    #[test]
    fn an_algorithm_that_a_key_does_not_serve_holds_for_nothing() {
        let key = prepare(&ed25519(), &[Algorithm::EdDsa]).expect("a key");
        assert!(key.portable(Algorithm::Es256).is_none() && key.portable(Algorithm::Ed25519).is_none());
        assert!(!key.verify(Algorithm::Hs256, b"", b""));
        assert_eq!(prepare(&ed25519(), &[]).expect_err("no algorithm"), KeyError::OtherFamily);
    }
}

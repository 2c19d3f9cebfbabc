//! Issuers with fixed keys, and tokens of any text signed with them.

use std::{collections::BTreeMap, sync::LazyLock};

use data_encoding::BASE64URL_NOPAD;
use edgeward::{
    jose::Algorithm,
    m2m_token::TokenVerifier,
    policy::{read_token_policy, token_verifier},
};
use jwt_compact::{
    Algorithm as Signs, AlgorithmSignature as _,
    alg::{Ed25519, Es256, Hs256, Hs256Key, Hs384, Hs384Key, Hs512, Hs512Key, Rsa, RsaPrivateKey},
    jwk::JsonWebKey,
};
use serde_json::{Value, json};

use super::NOW;

pub(crate) const ISSUER: &str = "https://issuer.example/";
pub(crate) const AUDIENCE: &str = "https://api.example";

/// The test keys with their private parts: those of RFC 7515 and RFC 8037 where there is one, and RSA keys that were
/// generated once. They are public and sign nothing else.
static KEYS: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../vectors/keys.json")).expect("JSON"));

/// The private keys whose reading is slow.
static RSA: LazyLock<RsaPrivateKey> = LazyLock::new(|| RsaPrivateKey::try_from(&material("rsa")).expect("a key"));
static P256: LazyLock<<Es256 as Signs>::SigningKey> = LazyLock::new(|| (&material("p256")).try_into().expect("a key"));
static EDWARDS: LazyLock<<Ed25519 as Signs>::SigningKey> =
    LazyLock::new(|| (&material("ed25519")).try_into().expect("a key"));
static STRANGE: LazyLock<<Ed25519 as Signs>::SigningKey> =
    LazyLock::new(|| (&material("otherEd25519")).try_into().expect("a key"));

/// A test key by its name, with its private part.
pub(crate) fn key(name: &str) -> Value {
    let key = KEYS[name].clone();
    assert!(key.is_object(), "no test key {name}");
    key
}

/// The public part of a test key, under this `kid`.
pub(crate) fn public(name: &str, kid: &str) -> Value {
    let mut jwk = key(name);
    let members = jwk.as_object_mut().expect("an object");
    members.retain(|member, _| ["kty", "crv", "x", "y", "n", "e"].contains(&member.as_str()));
    members.insert("kid".to_owned(), kid.into());
    jwk
}

fn material(name: &str) -> JsonWebKey<'static> {
    serde_json::from_value(key(name)).expect("a JWK")
}

/// A fixed key in the hands of an issuer.
#[derive(Clone, Copy)]
pub(crate) struct Signer {
    pub(crate) algorithm: Algorithm,
    /// The name of the key among the test keys.
    pub(crate) key: &'static str,
    sign: fn(&[u8]) -> Vec<u8>,
}

fn sign<A: Signs>(algorithm: &A, key: &A::SigningKey, message: &[u8]) -> Vec<u8> {
    algorithm.sign(key, message).as_bytes().into_owned()
}

impl Signer {
    pub(crate) const HS256: Self = Self {
        algorithm: Algorithm::Hs256,
        key: "hmac",
        sign: |message| sign(&Hs256, &Hs256Key::try_from(&material("hmac")).expect("a key"), message),
    };
    pub(crate) const HS384: Self = Self {
        algorithm: Algorithm::Hs384,
        key: "hmac",
        sign: |message| sign(&Hs384, &Hs384Key::try_from(&material("hmac")).expect("a key"), message),
    };
    pub(crate) const HS512: Self = Self {
        algorithm: Algorithm::Hs512,
        key: "hmac",
        sign: |message| sign(&Hs512, &Hs512Key::try_from(&material("hmac")).expect("a key"), message),
    };
    pub(crate) const RS256: Self =
        Self { algorithm: Algorithm::Rs256, key: "rsa", sign: |message| sign(&Rsa::rs256(), &RSA, message) };
    pub(crate) const RS384: Self =
        Self { algorithm: Algorithm::Rs384, key: "rsa", sign: |message| sign(&Rsa::rs384(), &RSA, message) };
    pub(crate) const RS512: Self =
        Self { algorithm: Algorithm::Rs512, key: "rsa", sign: |message| sign(&Rsa::rs512(), &RSA, message) };
    pub(crate) const PS256: Self =
        Self { algorithm: Algorithm::Ps256, key: "rsa", sign: |message| sign(&Rsa::ps256(), &RSA, message) };
    pub(crate) const PS384: Self =
        Self { algorithm: Algorithm::Ps384, key: "rsa", sign: |message| sign(&Rsa::ps384(), &RSA, message) };
    pub(crate) const PS512: Self =
        Self { algorithm: Algorithm::Ps512, key: "rsa", sign: |message| sign(&Rsa::ps512(), &RSA, message) };
    pub(crate) const ES256: Self =
        Self { algorithm: Algorithm::Es256, key: "p256", sign: |message| sign(&Es256, &P256, message) };
    pub(crate) const EDDSA: Self =
        Self { algorithm: Algorithm::EdDsa, key: "ed25519", sign: |message| sign(&Ed25519, &EDWARDS, message) };
    /// Somebody else's key of the same kind.
    pub(crate) const STRANGER: Self =
        Self { algorithm: Algorithm::EdDsa, key: "otherEd25519", sign: |message| sign(&Ed25519, &STRANGE, message) };
    pub(crate) const ED25519: Self = Self { algorithm: Algorithm::Ed25519, ..Self::EDDSA };

    pub(crate) const ALL: [Self; 12] = [
        Self::HS256,
        Self::HS384,
        Self::HS512,
        Self::RS256,
        Self::RS384,
        Self::RS512,
        Self::PS256,
        Self::PS384,
        Self::PS512,
        Self::ES256,
        Self::EDDSA,
        Self::ED25519,
    ];

    /// The bytes of a signature.
    pub(crate) fn signature(&self, message: &[u8]) -> Vec<u8> {
        (self.sign)(message)
    }

    /// A token of exactly this header and this payload, be they JSON or not.
    pub(crate) fn mint(&self, header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
        let signing_input = format!("{}.{}", encode(header), encode(payload));
        let signature = self.signature(signing_input.as_bytes());
        format!("{signing_input}.{}", encode(signature))
    }

    /// A token of these claims with the header that the issuer gives its tokens.
    pub(crate) fn token(&self, claims: &Value) -> String {
        self.mint(header(self.algorithm), claims.to_string())
    }

    /// The key as it stands in a key set under the `kid` `k1`, a secret with its value.
    pub(crate) fn jwk(&self) -> Value {
        if self.algorithm.family().is_symmetric() {
            with(&key(self.key), "kid", "k1".into())
        } else {
            public(self.key, "k1")
        }
    }
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64URL_NOPAD.encode(bytes.as_ref())
}

pub(crate) fn decode(segment: &str) -> Vec<u8> {
    BASE64URL_NOPAD.decode(segment.as_bytes()).expect("base64url")
}

/// The header of an access token (RFC 9068) that names the key `k1`.
pub(crate) fn header(algorithm: Algorithm) -> String {
    json!({ "alg": algorithm.name(), "kid": "k1", "typ": "at+jwt" }).to_string()
}

/// The claims of a good token.
pub(crate) fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "client-1", "client_id": "client-1", "org_id": "org-1",
        "scope": "reports:read reports:write", "jti": "t-1", "iat": NOW - 10, "exp": NOW + 300,
    })
}

/// The same object with this member set.
pub(crate) fn with(object: &Value, member: &str, value: Value) -> Value {
    let mut object = object.clone();
    object[member] = value;
    object
}

/// The same object without this member.
pub(crate) fn without(object: &Value, member: &str) -> Value {
    let mut object = object.clone();
    object.as_object_mut().expect("an object").remove(member);
    object
}

/// The policy of the issuer that has this signer's key alone.
pub(crate) fn issuer(signer: &Signer) -> Value {
    json!({
        "issuer": ISSUER, "audience": AUDIENCE, "algorithms": [signer.algorithm.name()],
        "jwks": { "keys": [signer.jwk()] },
    })
}

/// A verifier for issuers with these policies.
pub(crate) fn verifier(issuers: impl IntoIterator<Item = Value>) -> TokenVerifier {
    let issuers: Vec<Value> = issuers.into_iter().collect();
    let policy = read_token_policy(&json!({ "issuers": issuers }).to_string()).expect("a policy");
    token_verifier(policy.issuers, &BTreeMap::new(), policy.max_token_bytes).expect("a verifier")
}

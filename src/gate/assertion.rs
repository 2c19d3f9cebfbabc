//! The signed assertion for the origin: who was let in, and who vouches for it (contract §7.3).
//!
//! It is a JWT that is shaped as an M2M token, with a `typ` of its own, good for some seconds, for one audience and for one
//! request. Of a credential it names the id alone, so that an origin never sees an API key.

use std::{collections::BTreeSet, fmt};

use serde::Serialize;
use serde_json::{Value, json};

use super::{Answer, Gate, GateRequest, forward};
use crate::{
    host::{Host, UnixMillis},
    jose::{SigningKey, SigningKeyError},
    json,
    policy::{ASSERTION_TYPE, AssertionPolicy},
    verdict::{CredentialClass, Grant},
};

/// The header that an assertion stands in.
pub(super) const ASSERTION: &str = "edgeward-assertion";

/// How long a copy of the key set is fresh, in seconds: what each step of a rotation waits for.
const KEY_SET_MAX_AGE: u32 = 300;

/// The most keys: the one that signs, the next, and the previous, with room for a hurry.
const MOST_KEYS: usize = 8;

/// What is wrong with the keys of assertions. It says nothing of the keys themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AssertionKeysError {
    /// No strict JSON array of 1 to 8 objects.
    NotAnArray,
    /// What is wrong with the key at this place, from 0.
    Key(usize, SigningKeyError),
    /// The key at this place has the `kid` of one before it, so that nobody could tell which of them signed.
    SameKeyId(usize),
}

impl fmt::Display for AssertionKeysError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the keys of assertions: ")?;
        match self {
            Self::NotAnArray => write!(formatter, "no JSON array of 1 to {MOST_KEYS} private JWKs"),
            Self::Key(place, error) => write!(formatter, "key {place}: {error}"),
            Self::SameKeyId(place) => write!(formatter, "key {place} has the `kid` of a key before it"),
        }
    }
}

impl std::error::Error for AssertionKeysError {}

/// The keys of assertions: one that signs, and all that are published. Those that do not sign are kept by their public
/// part alone.
#[derive(Debug)]
pub struct AssertionKeys {
    signing: SigningKey,
    published: Vec<Value>,
}

impl AssertionKeys {
    /// Reads a JSON array of private JWKs, Ed25519 or P-256. The first signs; the others, the next one or the previous one
    /// of a rotation, are only published. A key without a `kid` is named by its thumbprint (RFC 7638).
    ///
    /// # Errors
    /// [`AssertionKeysError`]
    pub fn from_json(text: &str) -> Result<Self, AssertionKeysError> {
        let Ok(Value::Array(mut entries)) = json::parse(text.as_bytes()) else {
            return Err(AssertionKeysError::NotAnArray);
        };
        // Of every entry the private part is taken out, where it is wiped, whatever is wrong with the one before it.
        let keys: Vec<Option<_>> = entries
            .iter_mut()
            .map(|entry| Some(SigningKey::take(entry.as_object_mut()?, SigningKey::ALGORITHMS)))
            .collect();
        if keys.len() > MOST_KEYS {
            return Err(AssertionKeysError::NotAnArray);
        }
        let mut signing = None;
        let mut published = Vec::with_capacity(keys.len());
        let mut names = BTreeSet::new();
        for (place, key) in keys.into_iter().enumerate() {
            let key = key.ok_or(AssertionKeysError::NotAnArray)?;
            let key = key.map_err(|error| AssertionKeysError::Key(place, error))?.named();
            if !names.insert(key.key_id().map(str::to_owned)) {
                return Err(AssertionKeysError::SameKeyId(place));
            }
            published.push(public(&key));
            signing.get_or_insert(key);
        }
        Ok(Self { signing: signing.ok_or(AssertionKeysError::NotAnArray)?, published })
    }

    /// The public key set (RFC 7517 §5).
    #[must_use]
    pub fn public_key_set(&self) -> Value {
        json!({ "keys": self.published })
    }
}

/// The public part of a key, with what it is for.
fn public(key: &SigningKey) -> Value {
    let mut jwk = key.public_jwk();
    if let Some(members) = jwk.as_object_mut() {
        members.insert("alg".to_owned(), key.algorithm().name().into());
        members.insert("use".to_owned(), "sig".into());
    }
    jwk
}

/// What signs assertions.
#[derive(Debug)]
pub(crate) struct Assertions {
    keys: AssertionKeys,
    policy: AssertionPolicy,
}

/// The claims. What is not known of the credential is left out. Names and times are as in RFC 9068, and the request's as
/// in RFC 9449 §4.2.
#[derive(Serialize)]
struct Claims<'c> {
    iss: &'c str,
    aud: &'c str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<&'c str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'c str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    org_id: Option<&'c str>,
    scope: String,
    iat: i64,
    exp: i64,
    jti: &'c str,
    edgeward_class: &'static str,
    htm: &'c str,
    htu: &'c str,
}

impl Assertions {
    pub(super) fn of((keys, policy): (AssertionKeys, AssertionPolicy)) -> Self {
        Self { keys, policy }
    }

    /// The assertion of a request that was let in; `url` is the one that its client sees. Nothing where there is no id of
    /// the request, without which two assertions could not be told apart: the origin then takes none.
    fn sign(&self, now: UnixMillis, method: &str, url: &str, grant: &Grant, request_id: &str) -> String {
        if request_id.is_empty() {
            return String::new();
        }
        let who = &grant.principal;
        let client = match grant.class {
            CredentialClass::M2mToken => &who.client_id,
            // The id of a key; the key itself is nowhere in a grant.
            CredentialClass::ApiKey => &who.credential_id,
        };
        let issued_at = now.seconds();
        let end = issued_at.saturating_add(self.policy.lifetime().into());
        let claims = Claims {
            iss: &self.policy.issuer,
            aud: &self.policy.audience,
            sub: who.subject.as_deref(),
            client_id: client.as_deref(),
            org_id: who.organization.as_deref(),
            scope: grant.scopes.join(" "),
            iat: issued_at,
            exp: grant.expires.map_or(end, |expires| end.min(expires)),
            jti: request_id,
            edgeward_class: grant.class.as_str(),
            htm: method,
            htu: without_query(url),
        };
        // Texts and numbers cannot fail to be written.
        self.keys.signing.sign(ASSERTION_TYPE, &serde_json::to_vec(&claims).unwrap_or_default())
    }

    /// The public key set, as whoever checks assertions fetches it.
    pub(super) fn key_set(&self) -> Answer {
        Answer::public("application/jwk-set+json", self.keys.public_key_set().to_string(), KEY_SET_MAX_AGE)
    }
}

fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

impl Gate {
    /// Everything that the origin is told of who was let in: the headers of [`forward::identity`], and the assertion where
    /// the policy has one. That header then stands there always, so that no other can come through.
    pub(super) fn identity<H: Host>(
        &self,
        host: &H,
        request: &GateRequest,
        grant: &Grant,
        request_id: &str,
    ) -> Vec<(String, String)> {
        let mut headers = forward::identity(grant, request_id);
        if let Some(assertions) = &self.assertions {
            let url = self.decider.public_url(request);
            let assertion = assertions.sign(host.now(), &request.method, &url, grant, request_id);
            headers.push((ASSERTION.to_owned(), assertion));
        }
        headers
    }
}

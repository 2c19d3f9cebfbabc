//! A JSON Web Key Set made ready for one issuer (RFC 7517 §5), and the choice of a key from it.

use std::{fmt, sync::Arc};

use serde_json::{Map, Value};

use super::{Algorithm, KeyError, PortableAlgorithm, VerificationKey, key::is_symmetric};
use crate::verdict::{Denial, Reason};

/// A set of more keys than this is not read: real issuers publish two or three.
const MAX_KEYS: usize = 64;

/// Why a set as a whole is of no use.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeySetError {
    /// No object with an array `keys` of objects.
    NotAKeySet,
    /// More keys than are read.
    TooManyKeys(usize),
    /// Secrets and public keys in one set: whoever can read the set could sign with the secrets.
    Mixed,
    /// No key of the set is usable; the reason of the first, where there is one.
    NoUsableKey(Option<KeyError>),
}

impl fmt::Display for KeySetError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAKeySet => formatter.write_str("not a JSON Web Key Set (an object with an array `keys`)"),
            Self::TooManyKeys(count) => write!(formatter, "{count} keys, at most {MAX_KEYS}"),
            Self::Mixed => formatter.write_str("symmetric and asymmetric keys in one set"),
            Self::NoUsableKey(None) => formatter.write_str("no key in the set"),
            Self::NoUsableKey(Some(first)) => write!(formatter, "no usable key in the set; the first one: {first}"),
        }
    }
}

impl std::error::Error for KeySetError {}

/// A key of a set that is of no use, for diagnosis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedKey {
    /// Its place in the set, from 0.
    pub index: usize,
    /// Its `kid`, where it has one that is a string.
    pub kid: Option<String>,
    /// Why.
    pub why: KeyError,
}

/// The keys of one issuer, ready to verify.
#[derive(Debug)]
pub struct KeySet {
    keys: Vec<Arc<VerificationKey>>,
    refused: Vec<RefusedKey>,
}

impl KeySet {
    /// Reads a set and makes its keys ready for the algorithms that the policy allows this issuer.
    ///
    /// # Errors
    /// [`KeySetError`]. A key that is unknown, weak or malformed is put aside and breaks nothing.
    pub fn prepare(
        set: &Map<String, Value>,
        allowed: &[Algorithm],
        table: &[&dyn PortableAlgorithm],
    ) -> Result<Self, KeySetError> {
        let prepared = Self::survey(set, allowed, table)?;
        if prepared.keys.is_empty() {
            return Err(KeySetError::NoUsableKey(prepared.refused.first().map(|refused| refused.why)));
        }
        Ok(prepared)
    }

    /// As [`KeySet::prepare`], for diagnosis: a set without a usable key is told of key by key too.
    pub(crate) fn survey(
        set: &Map<String, Value>,
        allowed: &[Algorithm],
        table: &[&dyn PortableAlgorithm],
    ) -> Result<Self, KeySetError> {
        let Some(Value::Array(entries)) = set.get("keys") else {
            return Err(KeySetError::NotAKeySet);
        };
        if entries.len() > MAX_KEYS {
            return Err(KeySetError::TooManyKeys(entries.len()));
        }
        let symmetric = entries.iter().filter(|entry| entry.as_object().is_some_and(is_symmetric)).count();
        if symmetric > 0 && symmetric < entries.len() {
            return Err(KeySetError::Mixed);
        }
        let mut prepared = Self { keys: Vec::new(), refused: Vec::new() };
        for (index, entry) in entries.iter().enumerate() {
            let jwk = entry.as_object();
            let key = jwk
                .ok_or(KeyError::Malformed("no object"))
                .and_then(|jwk| VerificationKey::prepare(jwk, allowed, table));
            match key {
                Ok(key) => prepared.keys.push(Arc::new(key)),
                Err(why) => {
                    let kid = jwk.and_then(|jwk| jwk.get("kid")).and_then(Value::as_str).map(str::to_owned);
                    prepared.refused.push(RefusedKey { index, kid, why });
                }
            }
        }
        Ok(prepared)
    }

    /// The usable keys.
    #[must_use]
    pub fn keys(&self) -> &[Arc<VerificationKey>] {
        &self.keys
    }

    /// The keys that were put aside.
    #[must_use]
    pub fn refused(&self) -> &[RefusedKey] {
        &self.refused
    }

    /// The one key that fits a header's `kid` and `alg`. Without a `kid`, the one key of the set that fits `alg`.
    ///
    /// # Errors
    /// [`Reason::SigningKeyUnknown`] where none fits, [`Reason::SigningKeyUnusable`] where the one that is asked for is
    /// refused itself, and [`Reason::SigningKeyAmbiguous`] where several fit: trying them one after the other would let
    /// a token choose.
    pub fn select(&self, kid: Option<&str>, algorithm: Algorithm) -> Result<&Arc<VerificationKey>, Denial> {
        let mut fitting = self.keys.iter().filter(|key| {
            key.algorithms().any(|served| served == algorithm) && kid.is_none_or(|kid| key.kid() == Some(kid))
        });
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Ok(key),
            (Some(_), Some(_)) => Err(Reason::SigningKeyAmbiguous.into()),
            (None, _) => Err(self.why_none_fits(kid, algorithm)),
        }
    }

    /// Whether a key of the set, usable or not, has this `kid`.
    #[must_use]
    pub fn names(&self, kid: &str) -> bool {
        self.keys.iter().any(|key| key.kid() == Some(kid))
            || self.refused.iter().any(|refused| refused.kid.as_deref() == Some(kid))
    }

    /// Whether the set has this key, by its name, its public part and its uses.
    pub(crate) fn has(&self, key: &VerificationKey) -> bool {
        self.keys.iter().any(|one| std::ptr::eq(one.as_ref(), key) || one.is_same_as(key))
    }

    /// Goes on with the keys of an earlier set that are the same in this one, so that what was made of them, here and by
    /// the host, need not be made again. The numbers of the keys that are gone come back.
    pub(crate) fn carry_over(&mut self, earlier: &Self) -> Vec<u32> {
        for key in &mut self.keys {
            if let Some(same) = earlier.keys.iter().find(|before| before.is_same_as(key)) {
                *key = Arc::clone(same);
            }
        }
        let gone = earlier.keys.iter().filter(|before| !self.keys.iter().any(|key| Arc::ptr_eq(key, before)));
        gone.filter_map(|key| Some(key.public()?.id())).collect()
    }

    /// Where no key fits, what an operator can do most with: that the key is there and what is wrong with it, that it
    /// serves another algorithm, that the token names none, or that there is no such key. The `kid` of the token is
    /// nobody's word and is not repeated.
    fn why_none_fits(&self, kid: Option<&str>, algorithm: Algorithm) -> Denial {
        let algorithm = algorithm.name();
        let Some(kid) = kid else {
            return Denial::new(Reason::SigningKeyUnknown)
                .noting(format!("no `kid` in the token, and no key of the set serves {algorithm}"));
        };
        let refused = self.refused.iter().filter(|refused| refused.kid.as_deref() == Some(kid));
        if let Some(worst) = refused.max_by_key(|refused| refused.why.gravity()) {
            return Denial::new(Reason::SigningKeyUnusable).noting(format!("key {}: {}", worst.index, worst.why));
        }
        if self.keys.iter().any(|key| key.kid() == Some(kid)) {
            return Denial::new(Reason::SigningKeyUnknown)
                .noting(format!("the key of this `kid` does not serve {algorithm}"));
        }
        Denial::new(Reason::SigningKeyUnknown).noting("no key of the set has this `kid`")
    }
}

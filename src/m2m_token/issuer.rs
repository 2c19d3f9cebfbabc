//! One trusted issuer: its rules, and its keys.

use std::sync::Arc;

use crate::{
    jose::{Algorithm, KeySet},
    verdict::Reason,
};

use super::ScopeClaim;

/// What the policy says of an issuer.
#[derive(Debug, Clone)]
pub struct IssuerRules {
    /// `iss`, compared byte for byte.
    pub issuer: String,
    /// The audiences that this API answers to; one of them must be in `aud`.
    pub audience: Vec<String>,
    /// The algorithms that the issuer signs with.
    pub algorithms: Vec<Algorithm>,
    /// The `typ` that the issuer's access tokens bear, in lower case and without `application/`; where none is named,
    /// `at+jwt`, `JWT` and no `typ` are accepted.
    pub media_type: Option<String>,
    /// Where the scopes stand.
    pub scope_claim: ScopeClaim,
    /// The claim that names the organization.
    pub organization_claim: String,
    /// The claim that names the client.
    pub client_claim: String,
    /// How far, in seconds, `nbf` and `iat` may lie in the future.
    pub clock_tolerance: i64,
    /// The longest life, `exp − iat` in seconds.
    pub max_token_age: Option<i64>,
}

/// An issuer with the keys that vouch for it.
#[derive(Debug)]
pub struct Issuer {
    pub(super) rules: Arc<IssuerRules>,
    keys: KeySet,
    good_until: Option<i64>,
}

impl Issuer {
    /// An issuer whose keys may be used up to and including the second `good_until`, or for ever.
    #[must_use]
    pub fn new(rules: IssuerRules, keys: KeySet, good_until: Option<i64>) -> Self {
        Self { rules: Arc::new(rules), keys, good_until }
    }

    /// What the policy says of it.
    #[must_use]
    pub fn rules(&self) -> &IssuerRules {
        &self.rules
    }

    /// Its keys, whatever their age: for diagnosis.
    #[must_use]
    pub const fn key_set(&self) -> &KeySet {
        &self.keys
    }

    /// Its keys, if they may still vouch for a token at this second.
    ///
    /// # Errors
    /// [`Reason::KeySetStale`]: whether the token is good cannot be told.
    pub(super) fn keys_at(&self, now: i64) -> Result<&KeySet, Reason> {
        match self.good_until {
            Some(last) if now > last => Err(Reason::KeySetStale),
            _ => Ok(&self.keys),
        }
    }
}

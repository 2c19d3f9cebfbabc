//! What a new key shall be, as an administrator writes it.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{LifeError, Moment};
use crate::{
    api_key::{Cidr, IssueRequest},
    json, stored,
};

/// A new key, as it stands in the JSON of an administrator.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewKey {
    /// The customer that the key belongs to.
    pub organization: String,
    /// Who answers for the key's use.
    pub owner: String,
    /// Who can be asked to revoke the key, when the owner cannot.
    pub revoker: String,
    /// What the key is for, in its owner's words.
    pub name: String,
    /// What the key may do, as scope tokens (RFC 6749 §3.3).
    #[serde(default)]
    pub scopes: Vec<String>,
    /// When the key begins to be good; at once where left out.
    pub not_before: Option<Moment>,
    /// When the key is no longer good; where left out it is good until revoked.
    pub expires: Option<Moment>,
    /// The only addresses that may use the key; all where left out.
    #[serde(default)]
    pub allowed_cidrs: Vec<Cidr>,
    /// The name of the rate limit that the key is under.
    pub rate_limit_class: Option<String>,
    /// Whether the key is meant to be seen, as one that stands in a page.
    #[serde(default)]
    pub publishable: bool,
    /// Whatever else the owner wants kept.
    #[serde(default, deserialize_with = "json::members")]
    pub metadata: Map<String, Value>,
}

impl NewKey {
    /// The same as of this second.
    pub(super) fn into_request(self, now: i64) -> Result<IssueRequest, LifeError> {
        Ok(IssueRequest {
            organization: self.organization,
            owner: self.owner,
            revoker: self.revoker,
            name: self.name,
            scopes: distinct(self.scopes)?,
            not_before: self.not_before.map(|moment| moment.from(now)),
            expires: self.expires.map(|moment| moment.from(now)),
            allowed_cidrs: self.allowed_cidrs,
            rate_limit_class: self.rate_limit_class,
            publishable: self.publishable,
            metadata: self.metadata,
        })
    }
}

/// Scopes that stand once each.
pub(super) fn distinct(scopes: Vec<String>) -> Result<Vec<String>, LifeError> {
    stored::distinct(scopes).map_err(LifeError::Request)
}

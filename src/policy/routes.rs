//! Routes, as they stand in the policy.

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use crate::{json, m2m_token::SenderConstraint, verdict::CredentialClass};

/// One route. Of those that match a request, the first counts.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoutePolicy {
    /// The methods, in upper case.
    #[cfg_attr(feature = "schema", schemars(length(min = 1), inner(regex(pattern = "^[A-Z-]+$"))))]
    pub methods: Vec<String>,
    /// The pattern of the path, in the syntax of the URL Pattern standard: `:name` stands for one segment, `*` for
    /// anything.
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = "^/")))]
    pub path: String,
    /// The classes of credential that the route accepts.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub classes: Vec<CredentialClass>,
    /// The scopes that it needs: an array, all of them; or an object of `allOf` and `anyOf`.
    #[serde(default)]
    pub scopes: RouteScopes,
    /// The organization that the credential must belong to: that which the request names, or one of a list.
    pub organization: Option<OrganizationBinding>,
    /// Whether the credential must be bound to its sender: `optional`, `required`, `dpop` or `mtls`. No API key is.
    #[serde(default)]
    pub sender_constraint: SenderConstraint,
}

/// The scopes that a route needs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(untagged))]
pub enum RouteScopes {
    /// All of these.
    All(Vec<String>),
    /// Some of these, and all of those.
    Sets(ScopeSets),
}

impl<'de> Deserialize<'de> for RouteScopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let document = json::value(deserializer)?;
        let read = if document.is_array() {
            json::read(&document).map(Self::All)
        } else {
            json::read(&document).map(Self::Sets)
        };
        read.map_err(|_| D::Error::custom("expected an array of scopes, or an object of `allOf` and `anyOf`"))
    }
}

/// All of some scopes, and any of others.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScopeSets {
    /// The scopes that are needed, all of them.
    #[serde(default)]
    pub all_of: Vec<String>,
    /// The scopes of which one is needed; where left out, none.
    pub any_of: Option<Vec<String>>,
}

impl Default for RouteScopes {
    fn default() -> Self {
        Self::All(Vec::new())
    }
}

impl RouteScopes {
    /// The scopes that are needed, all of them.
    #[must_use]
    pub fn all_of(&self) -> &[String] {
        match self {
            Self::All(all) => all,
            Self::Sets(sets) => &sets.all_of,
        }
    }

    /// The scopes of which one is needed; none where empty.
    #[must_use]
    pub fn any_of(&self) -> &[String] {
        match self {
            Self::All(_) => &[],
            Self::Sets(sets) => sets.any_of.as_deref().unwrap_or_default(),
        }
    }

    /// Every scope that is named.
    pub fn named(&self) -> impl Iterator<Item = &String> {
        self.all_of().iter().chain(self.any_of())
    }

    /// Whether these scopes are enough.
    #[must_use]
    pub fn are_met_by(&self, scopes: &[String]) -> bool {
        let any = self.any_of();
        self.all_of().iter().all(|needed| scopes.contains(needed))
            && (any.is_empty() || any.iter().any(|one| scopes.contains(one)))
    }
}

/// The organization that a credential must belong to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum OrganizationBinding {
    /// That which the path names, in the group of this name of the route's pattern.
    Path(String),
    /// That which this header of the request names.
    Header(String),
    /// One of these.
    OneOf(Vec<String>),
}

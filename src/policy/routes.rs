//! Routes, as they stand in the policy.

use serde::Deserialize;

use crate::verdict::CredentialClass;

/// One route.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoutePolicy {
    /// The methods, in upper case.
    #[cfg_attr(feature = "schema", schemars(length(min = 1), inner(regex(pattern = "^[A-Z-]+$"))))]
    pub methods: Vec<String>,
    /// The path: segments, of which `:name` stands for any one and a last `*` for any number of them.
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = "^/")))]
    pub path: String,
    /// The classes of credential that the route accepts.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub classes: Vec<CredentialClass>,
    /// The scopes that it needs, all of them.
    #[serde(default)]
    pub scopes: Vec<String>,
}

//! Routes, as they stand in the policy.

use serde::Deserialize;

use crate::verdict::CredentialClass;

/// One route.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoutePolicy {
    /// The methods, in upper case.
    pub methods: Vec<String>,
    /// The path: segments, of which `:name` stands for any one and a last `*` for any number of them.
    pub path: String,
    /// The classes of credential that the route accepts.
    pub classes: Vec<CredentialClass>,
    /// The scopes that it needs, all of them.
    #[serde(default)]
    pub scopes: Vec<String>,
}

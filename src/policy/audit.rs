//! What is put on record, and who may look at the numbers.

use serde::Deserialize;

/// What is put on record of decisions. What was denied, and what could not be told, always is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AuditPolicy {
    /// Which allowed decisions have an audit event; all of them where left out.
    pub allowed: AuditedDecisions,
}

/// Which allowed decisions have an audit event. All of them are counted, whatever this says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AuditedDecisions {
    /// All.
    #[default]
    All,
    /// The first that an instance makes for a credential and a route; again where it has forgotten that it did.
    FirstSeen,
    /// None.
    None,
}

/// Who may look at the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct MetricsPolicy {
    /// Whether whoever reaches the gate may read `metrics`, and all that `health` has to say: the names of issuers and
    /// how full the caches are among it. Where left out, administrators alone.
    pub public: bool,
}

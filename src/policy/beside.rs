//! What is handed over beside a policy.

use std::{collections::BTreeMap, fmt};

use serde_json::Value;

use super::WorkersRoutes;

/// What a policy needs and does not hold. What belongs to an issuer stands by its name, as the policy has it.
#[derive(Clone, Default)]
pub struct Beside {
    /// Key sets or snapshots.
    pub snapshots: BTreeMap<String, Value>,
    /// The secrets with which this API authenticates at the issuers' introspection endpoints.
    pub introspection_secrets: BTreeMap<String, String>,
    /// The routes of Cloudflare Workers that lead to the gate, for lint.
    pub workers_routes: Option<WorkersRoutes>,
}

impl fmt::Debug for Beside {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secrets: Vec<_> = self.introspection_secrets.keys().collect();
        formatter
            .debug_struct("Beside")
            .field("snapshots", &self.snapshots)
            .field("introspection_secrets", &secrets)
            .field("workers_routes", &self.workers_routes)
            .finish()
    }
}

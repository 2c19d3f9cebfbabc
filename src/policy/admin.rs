//! Who administers keys, judged.

use serde::Deserialize;

use super::{Policy, error::Faults};
use crate::stored::is_scope_token;

/// Who may use the admin endpoints: M2M clients of one issuer, by scope. API keys never may.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AdminPolicy {
    /// The issuer whose tokens administer, as it stands in `iss`: a scope of the same name at another issuer says nothing.
    pub issuer: String,
    /// The scope that looking takes; `edgeward:read` where left out.
    #[serde(default = "read_scope")]
    pub read_scope: String,
    /// The scope that changing takes, beside looking; `edgeward:write` where left out.
    #[serde(default = "write_scope")]
    pub write_scope: String,
}

fn read_scope() -> String {
    "edgeward:read".to_owned()
}

fn write_scope() -> String {
    "edgeward:write".to_owned()
}

/// Judges who administers, the faults put down.
pub(crate) fn judge_admin(policy: &Policy, faults: &mut Faults) {
    let Some(admin) = &policy.admin else { return };
    if policy.api_keys.is_none() {
        faults.hint(
            "/admin",
            "there is nothing to administer: the policy has no `apiKeys`",
            "fill `apiKeys`, or leave `admin` out",
        );
    }
    let is_of = |name: &str, tenants: &[String]| {
        let tenant = |tenant: &String| name.replace(crate::m2m_token::TENANT, tenant) == admin.issuer;
        name == admin.issuer || tenants.iter().any(tenant)
    };
    if !policy.issuers.iter().any(|issuer| is_of(issuer.name(), &issuer.tenants)) {
        faults.hint(
            "/admin/issuer",
            "one of the `issuers` of this policy",
            "names are compared byte for byte; of a template, name one tenant's issuer",
        );
    }
    for (place, scope) in [("readScope", &admin.read_scope), ("writeScope", &admin.write_scope)] {
        if !is_scope_token(scope) {
            faults.hint(
                format!("/admin/{place}"),
                "no scope token (RFC 6749 §3.3)",
                "visible ASCII without blanks, `\"` and `\\`, as in `edgeward:read`",
            );
        }
    }
}

//! The routes of a policy, judged.

use super::Route;
use crate::{
    m2m_token::is_scope_token,
    policy::{Faults, RoutePolicy},
    verdict::CredentialClass,
};

/// The classes that the policy has something to check with.
pub(super) struct Classes {
    pub(super) tokens: bool,
    pub(super) keys: bool,
}

/// Routes that can be matched.
pub(super) fn prepare(policies: Vec<RoutePolicy>, available: &Classes, faults: &mut Faults) -> Vec<Route> {
    let mut routes = Vec::with_capacity(policies.len());
    for (index, policy) in policies.into_iter().enumerate() {
        let place = format!("/routes/{index}");
        let methods_known = policy
            .methods
            .iter()
            .all(|method| !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-'));
        if policy.methods.is_empty() || !methods_known {
            faults.hint(
                format!("{place}/methods"),
                "name the methods, in upper case",
                "write them as in `[\"GET\", \"HEAD\"]`: there is no word for all of them",
            );
        }
        if policy.classes.is_empty() {
            faults.hint(
                format!("{place}/classes"),
                "name the classes of credential that the route accepts",
                "`m2m_token`, `api_key`, or both",
            );
        }
        for class in &policy.classes {
            let (checked, missing) = match class {
                CredentialClass::M2mToken => (available.tokens, "/issuers"),
                CredentialClass::ApiKey => (available.keys, "/apiKeys"),
            };
            if !checked {
                faults.hint(
                    format!("{place}/classes"),
                    format!("`{}` is accepted here and {missing} is empty: nothing could check it", class.as_str()),
                    format!("fill {missing}, or take `{}` out", class.as_str()),
                );
            }
        }
        for (index, scope) in policy.scopes.iter().enumerate() {
            if !is_scope_token(scope) {
                faults.hint(
                    format!("{place}/scopes/{index}"),
                    "no scope token (RFC 6749 §3.3)",
                    "visible ASCII without blanks, `\"` and `\\`, as in `reports:read`; one scope for each element",
                );
            }
        }
        match Route::new(policy.methods, &policy.path, policy.classes, policy.scopes) {
            Ok(route) => routes.push(route),
            Err(reason) => faults.hint(
                format!("{place}/path"),
                reason,
                "write it as in `/v1/reports`, `/v1/reports/:id` or `/v1/exports/*`",
            ),
        }
    }
    routes
}

//! The forward-auth mode, as it stands in the policy, judged.

use serde::Deserialize;

use super::{Faults, Policy};
use crate::api_key::Cidr;

/// The forward-auth mode: a proxy asks the gate about each request before it forwards it itself. Without it the endpoint
/// `verify` judges the credential alone, and knows of no route.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ForwardAuthPolicy {
    /// How the proxy tells of the request, and what it makes of the answer: `nginx`, `traefik`, `envoy` or `caddy`. It is
    /// never guessed, since a client could write the headers of another one.
    pub dialect: Dialect,
    /// The addresses from which the proxies ask, in CIDR notation; where left out, whoever reaches the gate may ask.
    pub proxies: Option<Vec<Cidr>>,
}

/// How a proxy asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// `auth_request` of nginx: `X-Original-Method` and one of `X-Original-URL` and `X-Original-URI`. Only 200, 401 and
    /// 403 are understood as answers.
    Nginx,
    /// Traefik's `ForwardAuth`, and whatever sends the same: `X-Forwarded-Method`, `-Proto`, `-Host` and `-Uri`.
    Traefik,
    /// Envoy's `ext_authz` over HTTP: the method and, behind `verify`, the path of the call itself, and `X-Original-URI`.
    Envoy,
    /// Caddy's `forward_auth`: the headers of Traefik.
    Caddy,
}

/// Judges the forward-auth mode, the faults put down.
pub(crate) fn judge_forward_auth(policy: &Policy, faults: &mut Faults) {
    let Some(forward_auth) = &policy.forward_auth else { return };
    if forward_auth.proxies.as_ref().is_some_and(Vec::is_empty) {
        faults.hint(
            "/forwardAuth/proxies",
            "nobody could ask",
            "name the addresses of the proxies, or leave the member out",
        );
    }
    if policy.origin.is_some() {
        faults.hint(
            "/origin",
            "nothing is forwarded where proxies ask: they forward by themselves",
            "take out `origin` or `forwardAuth`; two deployments can have one each",
        );
    }
}

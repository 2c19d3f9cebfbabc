//! Strict mode in the simulation: gates that want a signed deny list at hand, and who signs it.

use edgeward::{
    api_key::KeyCaching,
    gate::{Gate, GateRequest, Resources},
    policy::read_policy,
    revocation::DenySigner,
};
use serde_json::json;

use super::chance::Spread;
use crate::support::{key, public, with};

/// Strict mode, and how the list comes to the isolates. Times are in seconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Strict {
    pub(crate) max_age: u32,
    /// The bound that is said of it.
    pub(crate) stated: u32,
    /// How often the list is signed again.
    pub(crate) signed_every: i64,
    /// How long a list takes to each place, in milliseconds.
    pub(crate) spread: Spread,
    /// For how long a place uses a copy of it.
    pub(crate) copies: u32,
    /// Whether lists reach nobody any more from the moment on at which somebody ends the key.
    pub(crate) stops: bool,
}

impl Strict {
    /// A list in a store that has one value for everybody.
    pub(crate) const ONE_VALUE: Self =
        Self { max_age: 60, stated: 60, signed_every: 15, spread: Spread::Constant(0), copies: 0, stops: false };
    /// A list in a store with copies everywhere.
    pub(crate) const COPIES: Self = Self {
        max_age: 180,
        stated: 180,
        signed_every: 60,
        spread: Spread::Uniform(0, 60_000),
        copies: 30,
        stops: false,
    };

    /// A gate that wants the list; a publisher can sign it too.
    pub(crate) fn gate(self, caching: KeyCaching, publishes: bool) -> Gate {
        let KeyCaching { cache, max_stale, store_cache, store_propagation, timeout } = caching;
        let policy = json!({
            "apiKeys": {
                "prefix": "acme", "environment": "live", "cacheSeconds": cache, "maxStaleSeconds": max_stale,
                "store": { "cacheSeconds": store_cache, "propagationSeconds": store_propagation, "timeout": timeout },
                "usageInterval": 0,
            },
            "routes": [{ "methods": ["GET"], "path": "/", "classes": ["api_key"] }],
            "denySnapshot": { "maxAge": self.max_age, "jwks": { "keys": [public("ed25519", "deny")] } },
        });
        let signer = || DenySigner::from_jwk(&with(&key("ed25519"), "kid", "deny".into()).to_string()).expect("a key");
        let resources = Resources { deny_signer: publishes.then(signer), ..Resources::default() };
        Gate::new(read_policy(&policy.to_string()).expect("a policy"), resources).expect("a gate")
    }
}

/// A request with this key.
pub(crate) fn request(presented: &str) -> GateRequest {
    GateRequest {
        method: "GET".to_owned(),
        url: "https://api.example/".to_owned(),
        headers: vec![("authorization".to_owned(), format!("Bearer {presented}"))],
        address: None,
        certificate: None,
    }
}

//! How the gate is.

use super::{Answer, Gate};
use crate::{api_key::RevocationBound, host::Host};

impl Gate {
    /// How the gate is, and how late a revocation may take hold (contract §6.2).
    pub(super) fn health<H: Host>(&self, host: &H) -> Answer {
        let now = host.clock();
        let keys = self.keys.as_ref().map(|keys| {
            // In strict mode the age of the signed list is the bound, whatever the store does.
            let by_store = keys.caching().bound();
            let strict = self.deny_snapshot(now).map(|list| list.max_age);
            let formula = if strict.is_some() { "denySnapshot.maxAge" } else { RevocationBound::FORMULA };
            let seconds = strict.unwrap_or(i64::from(by_store.seconds));
            serde_json::json!({
                "revocationBound": { "seconds": seconds, "formula": formula, "terms": by_store },
                "cache": keys.cache_size(),
                "usageInterval": keys.notes().interval(),
            })
        });
        let health = serde_json::json!({
            "status": "pass",
            "version": crate::VERSION,
            "apiKeys": keys,
            "preflights": self.cors.as_ref().map(super::cors::Cors::preflights),
            // Why reading or publishing failed is for administrators.
            "denySnapshot": self.deny_snapshot(now).map(|list| {
                serde_json::json!({ "phase": list.phase, "issuedAt": list.issued_at, "maxAge": list.max_age })
            }),
        });
        Answer::json(health.to_string())
    }
}

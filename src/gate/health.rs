//! How the gate is.

use std::sync::atomic::Ordering;

use super::{Answer, Gate};
use crate::{api_key::RevocationBound, host::Host};

impl Gate {
    /// Says how often the core was started anew, after a failure of its own, before this gate was made: the host counts,
    /// and the health of the gate shows it.
    pub fn set_restarts(&self, restarts: u32) {
        self.restarts.store(restarts, Ordering::Relaxed);
    }

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
            "restarts": self.restarts.load(Ordering::Relaxed),
            "apiKeys": keys,
            // Why reading or publishing failed is for administrators.
            "denySnapshot": self.deny_snapshot(now).map(|list| {
                serde_json::json!({ "phase": list.phase, "issuedAt": list.issued_at, "maxAge": list.max_age })
            }),
        });
        Answer::json(health.to_string())
    }
}

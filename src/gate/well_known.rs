//! The gate's public documents, at their well-known places (RFC 8615).

use super::{Gate, GateRequest, Outcome};
use crate::{
    host::Host,
    verdict::{Denial, Reason},
};

/// The public keys of assertions.
const KEY_SET: &str = "/.well-known/jwks.json";

impl Gate {
    /// Answers a request for a public document; none where the policy has no such document, and the path may be a route's.
    /// Nothing is decided about who asks.
    pub(super) fn well_known<H: Host>(&self, host: &H, request: &GateRequest) -> Option<Outcome> {
        let answer = match request.target().0 {
            KEY_SET => self.assertions.as_ref()?.key_set(),
            _ => return None,
        };
        if matches!(request.method.as_str(), "GET" | "HEAD") {
            return Some(Outcome::Respond { answer, audit: Vec::new() });
        }
        let denial = Denial { allowed_methods: Some("GET, HEAD".into()), ..Reason::MethodNotAllowed.into() };
        Some(self.refuse(host, request, &denial))
    }
}

//! The gate's own documents under `/.well-known/` (RFC 8615). They are for everybody, and no decision is made of them.

use super::{Answer, Gate, GateRequest};
use crate::verdict::{Denial, Reason};

impl Gate {
    /// The document at the path of this request, where the gate has one there. What it has not is for the routes.
    pub(super) fn well_known(&self, request: &GateRequest) -> Option<Result<Answer, Denial>> {
        let path = request.target().0;
        let name = path.strip_prefix("/.well-known/")?;
        let answer = match name {
            "jwks.json" => self.assertions.as_ref()?.key_set(),
            _ if name.starts_with("oauth-protected-resource") => self.decider.resource.as_ref()?.at(path)?,
            _ => return None,
        };
        if matches!(request.method.as_str(), "GET" | "HEAD") {
            return Some(Ok(answer));
        }
        let allowed_methods = Some("GET, HEAD".into());
        Some(Err(Denial { allowed_methods, ..Denial::new(Reason::MethodNotAllowed) }))
    }
}

//! The gate's own documents under `/.well-known/` (RFC 8615). They are for everybody, and no decision is made of them.

use super::{Answer, Gate, GateRequest, decider::Decider};
use crate::verdict::{Denial, Reason};

/// One of these documents.
pub(super) enum Document {
    /// The keys of assertions.
    KeySet,
    /// What the API says of itself.
    Resource(Answer),
}

impl Decider {
    /// The document at this path, where the gate has one there. `signs` says whether it signs assertions.
    pub(super) fn document(&self, path: &str, signs: bool) -> Option<Document> {
        match path.strip_prefix("/.well-known/")? {
            "jwks.json" => signs.then_some(Document::KeySet),
            name if name.starts_with("oauth-protected-resource") => {
                self.resource.as_ref()?.at(path).map(Document::Resource)
            }
            _ => None,
        }
    }
}

impl Gate {
    /// The document at the path of this request, where the gate has one there. What it has not is for the routes.
    pub(super) fn well_known(&self, request: &GateRequest) -> Option<Result<Answer, Denial>> {
        let answer = match self.decider.document(request.target().0, self.assertions.is_some())? {
            Document::KeySet => self.assertions.as_ref()?.key_set(),
            Document::Resource(answer) => answer,
        };
        if matches!(request.method.as_str(), "GET" | "HEAD") {
            return Some(Ok(answer));
        }
        let allowed_methods = Some("GET, HEAD".into());
        Some(Err(Denial { allowed_methods, ..Denial::new(Reason::MethodNotAllowed) }))
    }
}

//! The middleware mode: the gate in front of a handler in the same process. It answers what it would answer as a proxy,
//! and says of the rest what is done to the request before the handler sees it.

use serde::Serialize;
use serde_json::value::RawValue;

use super::{Answer, Gate, GateRequest, forward::OfAnswer, hop};
use crate::{
    governance::AuditEntry,
    host::Host,
    verdict::{Grant, Reason, verdict_document},
};

/// An answer of the gate's own, with the audit events of what was decided on the way.
pub(super) struct Answered {
    pub answer: Answer,
    pub audit: Vec<AuditEntry>,
}

/// What became of a request, whoever takes it on from here.
pub(super) enum Settled {
    Answered(Answered),
    Allowed { grant: Box<Grant>, request_id: String, audit: Vec<AuditEntry> },
}

/// What the host does with a request in front of a handler, and the audit events to write.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase", tag = "action")]
pub enum Guarded {
    /// Send this answer; the handler never sees the request.
    Respond {
        /// The answer, byte for byte that of the proxy mode.
        response: Answer,
        /// The audit events.
        audit: Vec<AuditEntry>,
    },
    /// Let the handler answer.
    #[serde(rename_all = "camelCase")]
    Pass {
        /// The verdict, as the library mode hands it back.
        verdict: Box<RawValue>,
        /// The id of the request, which the audit event has too.
        request_id: String,
        /// What is done to the request before the handler sees it.
        request: OfRequest,
        /// What is done to the handler's answer; none for nothing.
        answer: Option<OfAnswer>,
        /// The audit events.
        audit: Vec<AuditEntry>,
    },
}

/// What the host does to the headers of a request, in this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OfRequest {
    /// Those to take out, in lower case.
    pub remove: Vec<String>,
    /// Those to set.
    pub set: Vec<(String, String)>,
}

impl Gate {
    /// As [`Gate::handle`] for a request that is not forwarded, but handed to a handler in this process. The handler gets
    /// what an origin would get, but that what belongs to the connection stays: the request is still on it.
    pub async fn guard<H: Host>(&self, host: &H, request: &GateRequest) -> Guarded {
        let (grant, request_id, audit) = match self.settle(host, request).await {
            Settled::Answered(Answered { answer, audit }) => return Guarded::Respond { response: answer, audit },
            Settled::Allowed { grant, request_id, audit } => (*grant, request_id, audit),
        };
        let of_request = OfRequest {
            remove: hop::ended_before_handler(request, &self.decider.credentials),
            set: self.identity(host, request, &grant, &request_id),
        };
        let Ok(verdict) = RawValue::from_string(verdict_document(&Ok(grant))) else {
            let response = self.decider.finish(request, Answer::denial(&Reason::HostFailed.into(), &request_id));
            return Guarded::Respond { response, audit };
        };
        Guarded::Pass { verdict, request_id, request: of_request, answer: self.decider.of_answer(request), audit }
    }
}

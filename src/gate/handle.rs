//! The proxy mode: a request in, and what the host does with it out.

use super::{
    Answer, Decision, Forward, Gate, GateRequest, Outcome,
    endpoint::{self, Endpoint},
    forward,
};
use crate::{
    governance::audit_event,
    host::Host,
    verdict::{Denial, Reason},
};

impl Gate {
    /// Answers a request of the gate's own endpoints, or decides whether to forward it: the proxy mode.
    pub async fn handle<H: Host>(&self, host: &H, request: &GateRequest) -> Outcome {
        if let Some(outcome) = self.answer_proxy(host, request).await {
            return outcome;
        }
        let own = request.target().0.strip_prefix(&self.prefix).and_then(|rest| rest.strip_prefix('/'));
        let Some(name) = own else {
            let decision = self.check(host, request).await;
            return match &decision.verdict {
                Ok(grant) => Outcome::Forward {
                    forward: Forward {
                        origin: self.origin.clone(),
                        remove: self.headers_to_remove(request),
                        set: forward::identity(grant, &decision.request_id),
                        failure: Answer::denial(&Reason::OriginUnavailable.into(), &decision.request_id),
                    },
                    audit: vec![audit_event(&decision)],
                },
                Err(denial) => respond(Answer::denial(denial, &decision.request_id), &decision),
            };
        };
        if let ("leaks", Some(leaks)) = (name, &self.leaks) {
            return self.take_report(host, request, leaks).await;
        }
        let endpoint = match endpoint::find(name, request) {
            Ok(endpoint) => endpoint,
            Err(denial) => return self.refuse(host, request, &denial),
        };
        match (endpoint, &self.keys, &self.administrators) {
            (Endpoint::Health, ..) => Outcome::Respond { answer: self.health(host), audit: Vec::new() },
            (Endpoint::Verify, ..) => {
                let started = host.now();
                let verdict = self.check_credential(host, request).await;
                let route = Some(format!("{}/verify", self.prefix));
                let decision = self.decided(host, request, started, route, verdict);
                let answer = match &decision.verdict {
                    Ok(grant) => Answer::grant(grant, &decision.request_id),
                    Err(denial) => Answer::denial(denial, &decision.request_id),
                };
                respond(answer, &decision)
            }
            (Endpoint::Revoke, Some(keys), _) => self.revoke_held(host, request, keys).await,
            (Endpoint::Admin(call), Some(keys), Some(administrators)) => {
                self.administer(host, request, call, administrators, keys).await
            }
            // What the policy does not have is not there.
            (Endpoint::Revoke | Endpoint::Admin(_), ..) => self.refuse(host, request, &Reason::EndpointUnknown.into()),
        }
    }

    pub(super) fn refuse<H: Host>(&self, host: &H, request: &GateRequest, denial: &Denial) -> Outcome {
        let decision = self.decided(host, request, host.now(), None, Err(denial.clone()));
        respond(Answer::denial(denial, &decision.request_id), &decision)
    }
}

pub(super) fn respond(answer: Answer, decision: &Decision) -> Outcome {
    Outcome::Respond { answer, audit: vec![audit_event(decision)] }
}

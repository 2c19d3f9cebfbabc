//! The proxy mode: a request in, and what the host does with it out.

use super::{
    Answer, Decision, Gate, GateRequest, Outcome,
    endpoint::{self, AdminCall, Endpoint},
};
use crate::{
    governance::audit_event,
    host::Host,
    verdict::{Denial, Reason},
};

impl Gate {
    /// As [`Gate::handle`], with the audit events of all that was decided.
    pub(super) async fn act<H: Host>(&self, host: &H, request: &GateRequest) -> Outcome {
        match self.well_known(request).filter(|_| !self.is_asked(request)) {
            Some(Ok(answer)) => return seen(answer),
            Some(Err(denial)) => return self.refuse(host, request, &denial),
            None => {}
        }
        if let Some(outcome) = self.answer_proxy(host, request).await {
            return outcome;
        }
        let own = request.target().0.strip_prefix(&self.prefix).and_then(|rest| rest.strip_prefix('/'));
        let Some(name) = own else {
            let decision = self.check(host, request).await;
            return match &decision.verdict {
                Ok(grant) => Outcome::Forward {
                    forward: self.forward(host, request, grant, &decision.request_id),
                    audit: vec![audit_event(&decision)],
                },
                Err(denial) => respond(Answer::denial(denial, &decision.request_id), &decision),
            };
        };
        if let Err(denial) = self.framing.judge(request) {
            return self.refuse(host, request, &denial);
        }
        // How the gate is, is no question of a credential.
        if let (false, Err(denial)) = (name == "health", self.within_budget(host, request)) {
            return self.refuse(host, request, &denial);
        }
        if let ("leaks", Some(leaks)) = (name, &self.leaks) {
            return self.take_report(host, request, leaks).await;
        }
        let endpoint = match endpoint::find(name, request) {
            Ok(endpoint) => endpoint,
            Err(denial) => return self.refuse(host, request, &denial),
        };
        match (endpoint, &self.keys, &self.administrators) {
            (Endpoint::Health, ..) if self.metrics_public => seen(self.health_in_full(host)),
            (Endpoint::Health, ..) => seen(self.health(host)),
            (Endpoint::Metrics, ..) if self.metrics_public => seen(self.metrics(host)),
            (Endpoint::Metrics, Some(keys), Some(administrators)) => {
                self.administer(host, request, AdminCall::Metrics, administrators, keys).await
            }
            (Endpoint::Verify, ..) => {
                let started = host.now();
                let verdict = self.check_credential(host, request).await;
                let route = Some(format!("{}/verify", self.prefix));
                let decision = self.decided_within_limits(host, request, started, route, verdict).await;
                let answer = match &decision.verdict {
                    Ok(grant) => Answer::grant(grant, &decision.request_id).with_limits(&decision.limits),
                    Err(denial) => Answer::denial(denial, &decision.request_id),
                };
                respond(answer, &decision)
            }
            (Endpoint::Revoke, Some(keys), _) => self.revoke_held(host, request, keys).await,
            (Endpoint::Admin(call), Some(keys), Some(administrators)) => {
                self.administer(host, request, call, administrators, keys).await
            }
            // What the policy does not have is not there.
            (Endpoint::Revoke | Endpoint::Metrics | Endpoint::Admin(_), ..) => {
                self.refuse(host, request, &Reason::EndpointUnknown.into())
            }
        }
    }

    pub(super) fn refuse<H: Host>(&self, host: &H, request: &GateRequest, denial: &Denial) -> Outcome {
        let decision = self.decided(host, request, host.now(), None, Err(denial.clone()));
        // What was decided says more: where the metadata of the resource are.
        let denial = decision.verdict.as_ref().err().unwrap_or(denial);
        respond(Answer::denial(denial, &decision.request_id), &decision)
    }
}

/// The answer to a question that is no decision.
const fn seen(answer: Answer) -> Outcome {
    Outcome::Respond { answer, audit: Vec::new() }
}

pub(super) fn respond(answer: Answer, decision: &Decision) -> Outcome {
    Outcome::Respond { answer, audit: vec![audit_event(decision)] }
}

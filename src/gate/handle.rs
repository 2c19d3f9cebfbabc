//! A request that reaches the gate itself: its own endpoints are answered here, and what is left is decided by its route.

use std::ops::ControlFlow;

use super::{
    Answer, Decision, Gate, GateRequest,
    endpoint::{self, AdminCall, Endpoint},
    guard::Answered,
};
use crate::{
    governance::audit_event,
    host::Host,
    verdict::{Denial, Reason},
};

impl Gate {
    /// Answers what the gate answers by itself, with the audit events of all that was decided, or decides about what it
    /// does not.
    pub(super) async fn act<H: Host>(&self, host: &H, request: &GateRequest) -> ControlFlow<Answered, Decision> {
        match self.well_known(request).filter(|_| !self.is_asked(request)) {
            Some(Ok(answer)) => return ControlFlow::Break(seen(answer)),
            Some(Err(denial)) => return ControlFlow::Break(self.refuse(host, request, &denial)),
            None => {}
        }
        if let Some(outcome) = self.answer_proxy(host, request).await {
            return ControlFlow::Break(outcome);
        }
        match self.decider.endpoint(request) {
            Some(name) => ControlFlow::Break(self.answer_endpoint(host, request, name).await),
            None => ControlFlow::Continue(self.check(host, request).await),
        }
    }

    /// Answers the gate's own endpoint of this name.
    async fn answer_endpoint<H: Host>(&self, host: &H, request: &GateRequest, name: &str) -> Answered {
        if let Err(denial) = self.decider.framing.judge(request) {
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
        match (endpoint, &self.decider.keys, &self.administrators) {
            (Endpoint::Health, ..) if self.metrics_public => seen(self.health_in_full(host)),
            (Endpoint::Health, ..) => seen(self.health(host)),
            (Endpoint::Metrics, ..) if self.metrics_public => seen(self.metrics(host)),
            (Endpoint::Metrics, Some(keys), Some(administrators)) => {
                self.administer(host, request, AdminCall::Metrics, administrators, keys).await
            }
            (Endpoint::Verify, ..) => {
                let started = host.now();
                let verdict = match self.decider.check_credential(host, request).await {
                    Err(denial) => Err(self.note_exposed(host, request, denial).await),
                    allowed => allowed,
                };
                let route = Some(format!("{}/verify", self.decider.prefix));
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

    pub(super) fn refuse<H: Host>(&self, host: &H, request: &GateRequest, denial: &Denial) -> Answered {
        let decision = self.decided(host, request, host.now(), None, Err(denial.clone()));
        // What was decided says more: where the metadata of the resource are.
        let denial = decision.verdict.as_ref().err().unwrap_or(denial);
        respond(Answer::denial(denial, &decision.request_id), &decision)
    }
}

/// The answer to a question that is no decision.
const fn seen(answer: Answer) -> Answered {
    Answered { answer, audit: Vec::new() }
}

pub(super) fn respond(answer: Answer, decision: &Decision) -> Answered {
    Answered { answer, audit: vec![audit_event(decision)] }
}

//! The endpoint that takes reports of leaked keys (contract §5.4 and §7.4).

use super::{Answer, Gate, GateRequest, guard::Answered};
use crate::{
    api_key::{Handled, LONGEST_REPORT, LeakReports, ReportHeaders},
    governance::{AuditEntry, LeakReport, audit_event, leak_event},
    host::{BodyError, Host},
    verdict::{Denial, Reason},
};

/// The headers of a report, in lower case.
const IDENTIFIER: &str = "github-public-key-identifier";
const SIGNATURE: &str = "github-public-key-signature";

impl Gate {
    /// Answers a report. There is one event for each entry with an id of ours, and one for a report that is refused or
    /// was not dealt with in full.
    pub(super) async fn take_report<H: Host>(&self, host: &H, request: &GateRequest, leaks: &LeakReports) -> Answered {
        let started = host.now();
        let (handled, failure) = match self.deal_with_report(host, request, leaks).await {
            Ok(mut handled) => {
                let failure = handled.failure.take();
                (Some(handled), failure)
            }
            Err(denial) => (None, Some(denial)),
        };
        let Some(denial) = failure else {
            let request_id = Self::request_id(host);
            let feedback = handled.as_ref().map(Handled::feedback).unwrap_or_default();
            let answer = Answer::json(feedback).with_request_id(&request_id);
            return Answered { answer, audit: self.events(host, request, &request_id, handled.as_ref()) };
        };
        let route = Some(format!("{}/leaks", self.decider.prefix));
        let decision = self.decided(host, request, started, route, Err(denial.clone()));
        let answer = Answer::denial(&denial, &decision.request_id);
        let mut audit = self.events(host, request, &decision.request_id, handled.as_ref());
        audit.push(audit_event(&decision));
        Answered { answer, audit }
    }

    async fn deal_with_report<H: Host>(
        &self,
        host: &H,
        request: &GateRequest,
        leaks: &LeakReports,
    ) -> Result<Handled, Denial> {
        if request.method != "POST" {
            return Err(Denial { allowed_methods: Some("POST".into()), ..Reason::MethodNotAllowed.into() });
        }
        // The policy has reports only beside keys.
        let keys = self.decider.keys.as_ref().ok_or(Reason::EndpointUnknown)?;
        let headers = ReportHeaders { identifier: one(request, IDENTIFIER)?, signature: one(request, SIGNATURE)? };
        let body = host.body(LONGEST_REPORT).await.map_err(|error| match error {
            BodyError::TooLong => Reason::BodyTooLarge.into(),
            BodyError::Failed(error) => Denial::new(Reason::HostFailed).noting(format!("the body: {error}")),
        })?;
        let mut handled = leaks.deal_with(host, keys.life(), &headers, &body).await?;
        // What this instance knew of keys is of before.
        keys.forget_all();
        let ended = handled.findings.iter().filter(|finding| finding.action.is_end());
        let ids: Vec<&str> = ended.filter_map(|finding| Some(finding.key.as_ref()?.id.as_str())).collect();
        if let Err(denial) = self.publish_ends(host, ids).await {
            handled.failure = handled.failure.take().or(Some(denial));
        }
        Ok(handled)
    }
}

/// The one value of a header. Nothing is read of a report that comes without it.
fn one<'r>(request: &'r GateRequest, name: &'r str) -> Result<&'r str, Denial> {
    let mut values = request.values(name);
    match (values.next(), values.next()) {
        (Some(value), None) => Ok(value),
        (None, _) => Err(Denial::new(Reason::ReportSignatureInvalid).noting(format!("no header {name}"))),
        _ => Err(Denial::new(Reason::ReportSignatureInvalid).noting(format!("more than one header {name}"))),
    }
}

impl Gate {
    fn events<H: Host>(
        &self,
        host: &H,
        request: &GateRequest,
        request_id: &str,
        handled: Option<&Handled>,
    ) -> Vec<AuditEntry> {
        let Some(Handled { digest, findings, .. }) = handled else { return Vec::new() };
        let address = self.decider.address(request);
        let report = LeakReport { digest, request_id, address: address.as_deref(), time: host.now() };
        findings.iter().enumerate().filter_map(|(index, finding)| leak_event(&report, index, finding)).collect()
    }
}

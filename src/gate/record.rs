//! What becomes of a decision: it is counted, and put on record where the policy wants it there.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

use sha2::{Digest, Sha256};

use super::{
    Answer, Decision, Gate, GateRequest, Outcome,
    guard::{Answered, Settled},
};
use crate::{
    governance::{AnalyticsPoint, AuditEntry, Tally, audit_event},
    host::{Host, UnixMillis},
    policy::AuditedDecisions,
};

/// How many ways of credentials are remembered as seen. When there are more it begins anew: more is put on record then,
/// never less.
const MOST_SEEN: usize = 4096;

/// What one instance has decided since it began.
#[derive(Debug, Default)]
pub(crate) struct Records {
    allowed: AuditedDecisions,
    began: OnceLock<UnixMillis>,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    decisions: BTreeMap<Tally, u64>,
    seen: BTreeSet<[u8; 32]>,
    left_out: u64,
}

impl Records {
    pub(super) fn of(allowed: AuditedDecisions) -> Self {
        Self { allowed, ..Self::default() }
    }

    /// Counts these, and leaves out what the policy does not want on record.
    fn take(&self, entries: &mut Vec<AuditEntry>) {
        let mut kept = self.lock();
        entries.retain(|entry| {
            let Some(tally) = entry.tally else { return true };
            let count = kept.decisions.entry(tally).or_default();
            *count = count.saturating_add(1);
            let wanted = match (tally.verdict, self.allowed) {
                ("allowed", AuditedDecisions::FirstSeen) => kept.is_new(entry.point.as_ref()),
                ("allowed", AuditedDecisions::None) => false,
                _ => true,
            };
            if !wanted {
                kept.left_out = kept.left_out.saturating_add(1);
            }
            wanted
        });
    }

    /// How often what was decided.
    pub(super) fn decisions(&self) -> Vec<(Tally, u64)> {
        self.lock().decisions.iter().map(|(tally, count)| (*tally, *count)).collect()
    }

    /// How many decisions were left out of the record, as the policy wants it.
    pub(super) fn left_out(&self) -> u64 {
        self.lock().left_out
    }

    /// How long it is since this instance took its first request, in seconds; none where the clock was set back.
    pub(super) fn age(&self, now: UnixMillis) -> Option<i64> {
        let age = now.0.checked_sub(self.began.get()?.0)?;
        (age >= 0).then(|| age.div_euclid(1000))
    }

    /// A panic while the lock was held leaves counts that are right but for the last.
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// Whether a credential takes this way for the first time, or may do so.
    fn is_new(&mut self, point: Option<&AnalyticsPoint>) -> bool {
        let Some(way) = point.and_then(AnalyticsPoint::way) else { return true };
        let way = Sha256::digest(way).into();
        if self.seen.contains(&way) {
            return false;
        }
        if self.seen.len() >= MOST_SEEN {
            self.seen.clear();
        }
        self.seen.insert(way)
    }
}

impl Gate {
    /// Answers a request of the gate's own endpoints, or decides whether to forward it: the proxy mode. Each decision is
    /// counted, and stands among the audit events of the outcome where the policy wants it there.
    pub async fn handle<H: Host>(&self, host: &H, request: &GateRequest) -> Outcome {
        match self.settle(host, request).await {
            Settled::Answered(Answered { answer, audit }) => Outcome::Respond { answer, audit },
            Settled::Allowed { grant, request_id, audit } => {
                Outcome::Forward { forward: self.forward(host, request, &grant, &request_id), audit }
            }
        }
    }

    /// What becomes of a request, whoever takes it on from here.
    pub(super) async fn settle<H: Host>(&self, host: &H, request: &GateRequest) -> Settled {
        self.records.began.get_or_init(|| host.clock());
        if let Some(answer) =
            self.decider.cors.as_ref().filter(|_| !self.is_asked(request)).and_then(|cors| cors.preflight(request))
        {
            return Settled::Answered(Answered { answer, audit: Vec::new() });
        }
        let acted = self.act(host, request).await;
        self.report_refused(host).await;
        let Answered { answer, audit } = match acted {
            ControlFlow::Break(mut own) => {
                self.records.take(&mut own.audit);
                own
            }
            ControlFlow::Continue(decision) => {
                let audit = self.record(&decision);
                match decision.verdict {
                    Ok(grant) => {
                        return Settled::Allowed { grant: Box::new(grant), request_id: decision.request_id, audit };
                    }
                    Err(denial) => Answered { answer: Answer::denial(&denial, &decision.request_id), audit },
                }
            }
        };
        Settled::Answered(Answered { answer: self.decider.finish(request, answer), audit })
    }

    /// Counts a decision of the library mode, and hands back its audit event where the policy wants it on record.
    pub fn record(&self, decision: &Decision) -> Vec<AuditEntry> {
        self.records.began.get_or_init(|| decision.started);
        let mut entries = vec![audit_event(decision)];
        self.records.take(&mut entries);
        entries
    }
}

//! The budget for refused credentials (contract §7.6): how many may be refused that come from one address, before nothing
//! of it is looked at any more.
//!
//! The gate asks its own count, so that what is refused for it costs neither a signature check nor a read nor a wait. A
//! limiter of the host counts beside it: where that says that the budget is spent, the gate's own is spent too, so that
//! each other instance lets through one guess more at most.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{
    Gate, GateRequest,
    limits::{LIMITER_TIMEOUT, limiter_key, network, text},
};
use crate::{
    host::Host,
    limits::{Counter, Taken},
    policy::{REFUSED, RefusedBudgetPolicy},
    verdict::{CredentialClass, Denial, LimitState, Reason, Verdict},
};

/// The most refusals that wait to be reported to the host's limiter. Each request reports its own.
const MOST_DUE: usize = 256;

/// The budget, with what was spent of it.
#[derive(Debug)]
pub(super) struct Budget {
    policy: RefusedBudgetPolicy,
    spent: Counter,
    /// What was counted here and is to be counted by the host's limiter.
    due: Mutex<Vec<String>>,
    /// Why the limiter could not be told, until an event has said so.
    failure: Mutex<Option<String>>,
}

impl Budget {
    pub(super) fn new(policy: RefusedBudgetPolicy) -> Self {
        let spent = Counter::new(policy.period);
        Self { policy, spent, due: Mutex::default(), failure: Mutex::default() }
    }

    fn state(&self, taken: Taken) -> LimitState {
        LimitState {
            rule: REFUSED.to_owned(),
            limit: self.policy.limit,
            period: self.policy.period,
            remaining: Some(taken.remaining),
            reset: Some(taken.reset),
            failure: None,
        }
    }
}

impl Gate {
    /// Whether the address of a request has anything left of the budget. Where nobody vouches for an address there is none
    /// to count by: one count for all of them would let one client shut out the others.
    ///
    /// # Errors
    /// [`Reason::RefusedBudgetExhausted`]
    pub(super) fn within_budget<H: Host>(&self, host: &H, request: &GateRequest) -> Result<(), Denial> {
        let Some((budget, bucket)) = self.budget_of(request) else { return Ok(()) };
        let taken = budget.spent.look(host, &bucket, budget.policy.limit);
        if taken.within {
            return Ok(());
        }
        let limit = Some(Box::new(budget.state(taken)));
        Err(Denial { limit, ..Denial::new(Reason::RefusedBudgetExhausted) })
    }

    /// Takes a refused credential from the budget of its address.
    pub(super) fn charge<H: Host>(&self, host: &H, request: &GateRequest, verdict: &mut Verdict) {
        let Err(denial) = verdict else { return };
        if !is_charged(denial) {
            return;
        }
        let Some((budget, bucket)) = self.budget_of(request) else { return };
        budget.spent.take(host, &bucket, budget.policy.limit);
        if budget.policy.binding.is_none() {
            return;
        }
        if let Some(failure) = lock(&budget.failure).take() {
            let note = denial.note.take().map(|note| format!("{note}; ")).unwrap_or_default();
            denial.note = Some(format!("{note}{failure}"));
        }
        let mut due = lock(&budget.due);
        if due.len() < MOST_DUE {
            due.push(bucket);
        }
    }

    /// Tells the host's limiter of what was refused, where the policy has one.
    pub(super) async fn report_refused<H: Host>(&self, host: &H) {
        let Some(budget) = &self.limits.budget else { return };
        let Some(binding) = &budget.policy.binding else { return };
        let due = std::mem::take(&mut *lock(&budget.due));
        for bucket in due {
            match host.limit(binding, &limiter_key(REFUSED, &bucket), LIMITER_TIMEOUT).await {
                Ok(true) => {}
                Ok(false) => budget.spent.exhaust(host, &bucket, budget.policy.limit),
                Err(error) => {
                    *lock(&budget.failure) =
                        Some(format!("a refusal before was not told the limiter `{binding}`: {error}"));
                }
            }
        }
    }

    fn budget_of(&self, request: &GateRequest) -> Option<(&Budget, String)> {
        let budget = self.limits.budget.as_ref()?;
        let address = self.decider.address(request)?;
        Some((budget, text(&["address", &network(&address)])))
    }
}

/// Whether a denial refuses a credential: 401, and what was looked up for a credential that came in the open and was
/// nobody's. What is good and reaches no further is not charged, nor what nobody could tell, nor a request that came with
/// no credential at all.
fn is_charged(denial: &Denial) -> bool {
    // A key whose secret is not proven is named by its id alone.
    let nobodys = denial.principal.subject.is_none();
    match denial.reason {
        // The first step of a client that has no nonce yet (RFC 9449 §8).
        Reason::CredentialMissing | Reason::SenderProofNonceMismatch => false,
        Reason::CredentialInQuery => nobodys,
        Reason::CredentialExposed => nobodys && denial.class == Some(CredentialClass::ApiKey),
        reason => reason.facts().status == 401,
    }
}

/// What is under these locks is replaced in one step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::Principal;

    #[test]
    fn what_is_charged_follows_from_the_reason() {
        // The reasons of 401 that refuse no credential, and the others that do where it was nobody's.
        let free = ["credential_missing", "sender_proof_nonce_mismatch"];
        let of_nobody = ["credential_in_query", "credential_exposed"];
        for reason in Reason::ALL {
            let (code, status) = (reason.code(), reason.facts().status);
            let expected = (status == 401 && !free.contains(&code)) || of_nobody.contains(&code);
            let denial = Denial::new(*reason).of(CredentialClass::ApiKey);
            assert_eq!(is_charged(&denial), expected, "{code}");
            let proven = Principal { subject: Some("ada".into()), ..Principal::default() };
            let expected = expected && !of_nobody.contains(&code);
            assert_eq!(is_charged(&denial.about(proven)), expected, "{code} of somebody");
        }
        let token = Denial::new(Reason::CredentialExposed).of(CredentialClass::M2mToken);
        assert!(!is_charged(&token), "nothing is looked up for it");
    }
}

//! From a request to a decision, and from a decision to what the host does.

use std::{borrow::Cow, sync::atomic::AtomicU32};

use serde::Serialize;

use super::{
    Answer, Forward, GateRequest, Route, administrator::Administrators, assertion::Assertions, decider::Decider,
    forward_auth::ForwardAuth, limits::Limits, oversight::Oversight, record::Records,
};
use crate::{
    api_key::LeakReports,
    governance::AuditEntry,
    host::{CLIENT_NOTES, DENY_SNAPSHOT, Host, USAGE_NOTES, UnixMillis},
    key_source::KeySetStatus,
    m2m_client::ClientNotes,
    revocation::{DenyEntry, DenyList, DenySnapshotStatus, InForce, PublishError, Published},
    verdict::{CredentialClass, Grant, LimitState, Verdict},
};

/// The gate of one policy.
#[derive(Debug)]
pub struct Gate {
    pub(crate) decider: Decider,
    /// When tokens of clients came; none where nobody administers or reviews them here.
    pub(crate) client_notes: Option<ClientNotes>,
    pub(crate) leaks: Option<LeakReports>,
    pub(crate) assertions: Option<Assertions>,
    pub(crate) administrators: Option<Administrators>,
    pub(crate) forward_auth: Option<ForwardAuth>,
    pub(crate) oversight: Oversight,
    /// How often the core was started anew before this gate was made.
    pub(crate) restarts: AtomicU32,
    pub(crate) limits: Limits,
    pub(crate) records: Records,
    pub(crate) metrics_public: bool,
    /// The digest of the policy.
    pub(crate) policy_digest: String,
}

/// What was decided about a request, and what an audit event says of it.
#[derive(Debug, Clone)]
pub struct Decision {
    /// Allow, or deny with one reason.
    pub verdict: Verdict,
    /// The pattern of the route that matched, or the name of the gate's own endpoint.
    pub route: Option<String>,
    /// The method of the request.
    pub method: String,
    /// The client's address, where the host vouches for it.
    pub address: Option<String>,
    /// A random id that stands in the answer, toward the origin and in the audit event.
    pub request_id: String,
    /// Whether it was the bootstrap secret that was let in.
    pub bootstrap: bool,
    /// The limits that an allowed request was counted by, in their order.
    pub limits: Vec<LimitState>,
    /// When the request arrived.
    pub started: UnixMillis,
    /// When it was decided.
    pub decided: UnixMillis,
}

/// What the host does with a request, and the audit events to write: none where nothing was decided.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase", tag = "action")]
pub enum Outcome {
    /// Send this answer.
    Respond {
        /// The answer.
        answer: Answer,
        /// The audit events.
        audit: Vec<AuditEntry>,
    },
    /// Forward the request to the origin.
    Forward {
        /// How to change it.
        forward: Forward,
        /// The audit events.
        audit: Vec<AuditEntry>,
    },
}

impl Gate {
    /// Puts a deny list in the place of that of the policy, as a whole, for both classes.
    pub fn set_deny_list(&self, list: DenyList) {
        self.decider.revocation.replace(list);
    }

    /// Publishes on the signed deny list that these credentials are denied (contract §6.3). When it returns, none of them
    /// is let through from `maxAge` on, anywhere where the list is trusted.
    ///
    /// # Errors
    /// As [`InForce::publish_denial`].
    pub async fn deny<H: Host>(&self, host: &H, entries: Vec<DenyEntry>) -> Result<Published, PublishError> {
        self.decider.revocation.publish_denial(host, entries).await
    }

    /// Publishes that these entries are taken off the signed deny list.
    ///
    /// # Errors
    /// As [`InForce::withdraw_denial`].
    pub async fn undeny<H: Host>(&self, host: &H, entries: &[DenyEntry]) -> Result<Published, PublishError> {
        self.decider.revocation.withdraw_denial(host, entries).await
    }

    /// Whether the policy takes API keys, which are looked up in a store.
    #[must_use]
    pub const fn takes_keys(&self) -> bool {
        self.decider.keys.is_some()
    }

    /// What is refused before it ends, of both classes.
    #[must_use]
    pub const fn revocation(&self) -> &InForce {
        &self.decider.revocation
    }

    /// What is known of the signed deny list; none without strict mode.
    #[must_use]
    pub fn deny_snapshot(&self, now: UnixMillis) -> Option<DenySnapshotStatus> {
        self.decider.revocation.status(now)
    }

    /// Does what is to be done behind a request, which [`Host::refresh_later`] named: for the key set of this number, for
    /// the signed deny list, or for the notes of when keys were used and tokens of clients came.
    pub async fn refresh<H: Host>(&self, host: &H, work: u32) {
        match (work, &self.decider.keys, &self.decider.tokens) {
            (DENY_SNAPSHOT, ..) => self.decider.revocation.refresh(host).await,
            (USAGE_NOTES, Some(keys), _) => keys.notes().write(host).await,
            (CLIENT_NOTES, ..) => {
                if let Some(notes) = &self.client_notes {
                    notes.write(host).await;
                }
            }
            (_, _, Some(tokens)) => tokens.refresh(host, work).await,
            _ => {}
        }
    }

    /// Fetches key sets by the clock and fills the store with them. Signs the deny list again where a key for that was
    /// lent, and reads it again elsewhere.
    pub async fn refresh_on_schedule<H: Host>(&self, host: &H) {
        // First, since every check waits for it.
        self.decider.revocation.refresh_on_schedule(host).await;
        if let Some(tokens) = &self.decider.tokens {
            tokens.refresh_on_schedule(host).await;
        }
    }

    /// What is known of the key sets that are fetched.
    #[must_use]
    pub fn key_sets(&self, now: UnixMillis) -> Vec<KeySetStatus> {
        self.decider.tokens.as_ref().map(|tokens| tokens.key_sets(now)).unwrap_or_default()
    }

    /// Decides about a request by the route that it matches: the library mode.
    pub async fn check<H: Host>(&self, host: &H, request: &GateRequest) -> Decision {
        let started = host.now();
        let route = self.decider.route(request);
        let pattern = route.as_ref().ok().map(|chosen| chosen.route.pattern().to_owned());
        let verdict = match self.within_budget(host, request) {
            Ok(()) => match self.decider.decide(host, request, &route).await {
                Ok(grant) => {
                    self.note_use(host, &grant, route.ok().map(|chosen| chosen.route));
                    Ok(grant)
                }
                Err(denial) => Err(self.note_exposed(host, request, denial).await),
            },
            Err(denial) => Err(denial),
        };
        self.decided_within_limits(host, request, started, pattern, verdict).await
    }

    /// Notes that a credential was let in, by this route.
    fn note_use<H: Host>(&self, host: &H, grant: &Grant, route: Option<&Route>) {
        let who = &grant.principal;
        if let (CredentialClass::ApiKey, Some(keys), Some(id), Some(route)) =
            (grant.class, &self.decider.keys, &who.credential_id, route)
        {
            keys.notes().used(host, id, &route.exercised(&grant.scopes));
        }
        if let (CredentialClass::M2mToken, Some(notes), Some(issuer), Some(client)) =
            (grant.class, &self.client_notes, &who.issuer, &who.client_id)
        {
            notes.came(host, issuer, client);
        }
    }

    pub(super) fn decided<H: Host>(
        &self,
        host: &H,
        request: &GateRequest,
        started: UnixMillis,
        route: Option<String>,
        mut verdict: Verdict,
    ) -> Decision {
        self.charge(host, request, &mut verdict);
        if let Err(denial) = &mut verdict {
            self.decider.pointing_to_metadata(denial);
        }
        Decision {
            verdict,
            route,
            method: request.method.clone(),
            address: self.decider.address(request).map(Cow::into_owned),
            request_id: Self::request_id(host),
            bootstrap: false,
            limits: Vec::new(),
            started,
            decided: host.now(),
        }
    }

    /// Without random bytes the id is of no use, and the decision stands.
    pub(super) fn request_id<H: Host>(host: &H) -> String {
        let mut id = [0; 16];
        host.fill_random(&mut id).map(|()| base16ct::lower::encode_string(&id)).unwrap_or_default()
    }
}

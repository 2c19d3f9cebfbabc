//! From a request to a decision, and from a decision to what the host does.

use std::{borrow::Cow, sync::atomic::AtomicU32};

use serde::Serialize;

use super::{
    Answer, Forward, GateRequest, Route, administrator::Administrators, assertion::Assertions, cors::Cors, credential,
    forward_auth::ForwardAuth, framing::Framing, limits::Limits, oversight::Oversight, record::Records,
    resource::Resource, routes::Chosen,
};
use crate::{
    api_key::{ApiKeyChecker, KeyContext, LeakReports},
    governance::AuditEntry,
    host::{CLIENT_NOTES, DENY_SNAPSHOT, Host, USAGE_NOTES, UnixMillis},
    key_source::KeySetStatus,
    m2m_client::ClientNotes,
    m2m_token::{CertificateThumbprint, DpopProof, SenderContext, TokenVerifier},
    policy::{CredentialHeaders, ProxyPolicy, TrustedProxiesPolicy},
    revocation::{DenyEntry, DenyList, DenySnapshotStatus, InForce, PublishError, Published},
    verdict::{CredentialClass, Denial, LimitState, Reason, Verdict},
};

/// The gate of one policy.
#[derive(Debug)]
pub struct Gate {
    pub(crate) prefix: String,
    pub(crate) tokens: Option<TokenVerifier>,
    pub(crate) keys: Option<ApiKeyChecker>,
    /// When tokens of clients came; none where nobody administers or reviews them here.
    pub(crate) client_notes: Option<ClientNotes>,
    pub(crate) leaks: Option<LeakReports>,
    pub(crate) tls_ends_ahead: bool,
    pub(crate) credentials: CredentialHeaders,
    pub(crate) routes: Vec<Route>,
    pub(crate) framing: Framing,
    pub(crate) origin: Option<String>,
    /// How long the origin has until the head of its answer, in milliseconds.
    pub(crate) origin_timeout: u32,
    pub(crate) proxy: ProxyPolicy,
    pub(crate) cors: Option<Cors>,
    pub(crate) resource: Option<Resource>,
    pub(crate) public_origin: Option<String>,
    pub(crate) assertions: Option<Assertions>,
    pub(crate) administrators: Option<Administrators>,
    pub(crate) trusted_proxies: Option<TrustedProxiesPolicy>,
    pub(crate) forward_auth: Option<ForwardAuth>,
    /// What is refused before it ends, of both classes; the verifier of tokens has the same.
    pub(crate) revocation: InForce,
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
        self.revocation.replace(list);
    }

    /// Publishes on the signed deny list that these credentials are denied (contract §6.3). When it returns, none of them
    /// is let through from `maxAge` on, anywhere where the list is trusted.
    ///
    /// # Errors
    /// As [`InForce::publish_denial`].
    pub async fn deny<H: Host>(&self, host: &H, entries: Vec<DenyEntry>) -> Result<Published, PublishError> {
        self.revocation.publish_denial(host, entries).await
    }

    /// Publishes that these entries are taken off the signed deny list.
    ///
    /// # Errors
    /// As [`InForce::withdraw_denial`].
    pub async fn undeny<H: Host>(&self, host: &H, entries: &[DenyEntry]) -> Result<Published, PublishError> {
        self.revocation.withdraw_denial(host, entries).await
    }

    /// What is refused before it ends, of both classes.
    #[must_use]
    pub const fn revocation(&self) -> &InForce {
        &self.revocation
    }

    /// What is known of the signed deny list; none without strict mode.
    #[must_use]
    pub fn deny_snapshot(&self, now: UnixMillis) -> Option<DenySnapshotStatus> {
        self.revocation.status(now)
    }

    /// Does what is to be done behind a request, which [`Host::refresh_later`] named: for the key set of this number, for
    /// the signed deny list, or for the notes of when keys were used and tokens of clients came.
    pub async fn refresh<H: Host>(&self, host: &H, work: u32) {
        match (work, &self.keys, &self.tokens) {
            (DENY_SNAPSHOT, ..) => self.revocation.refresh(host).await,
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
        self.revocation.refresh_on_schedule(host).await;
        if let Some(tokens) = &self.tokens {
            tokens.refresh_on_schedule(host).await;
        }
    }

    /// What is known of the key sets that are fetched.
    #[must_use]
    pub fn key_sets(&self, now: UnixMillis) -> Vec<KeySetStatus> {
        self.tokens.as_ref().map(|tokens| tokens.key_sets(now)).unwrap_or_default()
    }

    /// Decides about a request by the route that it matches: the library mode.
    pub async fn check<H: Host>(&self, host: &H, request: &GateRequest) -> Decision {
        let started = host.now();
        let route = self.route(request);
        let pattern = route.as_ref().ok().map(|chosen| chosen.route.pattern().to_owned());
        let verdict = match (self.within_budget(host, request), route) {
            (Err(denial), _) => Err(denial),
            (_, Ok(chosen)) => self.check_route(host, request, &chosen).await,
            (_, Err(denial)) => Err(self.exposed(host, request).await.unwrap_or(denial)),
        };
        self.decided_within_limits(host, request, started, pattern, verdict).await
    }

    fn route(&self, request: &GateRequest) -> Result<Chosen<'_>, Denial> {
        self.framing.judge(request)?;
        super::routes::choose(&self.routes, request)
    }

    async fn check_route<H: Host>(&self, host: &H, request: &GateRequest, chosen: &Chosen<'_>) -> Verdict {
        let route = chosen.route;
        let presented = self.take_credential(host, request).await?;
        route.accept_class(presented.class)?;
        let grant = self.check_presented(host, request, presented).await?;
        route.judge(&grant, request, &chosen.path)?;
        if let (CredentialClass::ApiKey, Some(keys), Some(id)) =
            (grant.class, &self.keys, &grant.principal.credential_id)
        {
            keys.notes().used(host, id, &route.exercised(&grant.scopes));
        }
        if let (CredentialClass::M2mToken, Some(notes), Some(issuer), Some(client)) =
            (grant.class, &self.client_notes, &grant.principal.issuer, &grant.principal.client_id)
        {
            notes.came(host, issuer, client);
        }
        Ok(grant)
    }

    pub(super) async fn check_credential<H: Host>(&self, host: &H, request: &GateRequest) -> Verdict {
        let presented = self.take_credential(host, request).await?;
        self.check_presented(host, request, presented).await
    }

    pub(super) fn find_credential<'r>(&'r self, request: &'r GateRequest) -> Result<credential::Presented<'r>, Denial> {
        let is_key = |text: &str| self.keys.as_ref().is_some_and(|keys| keys.takes(text));
        let is_opaque = |text: &str| self.tokens.as_ref().is_some_and(|tokens| tokens.takes_opaque(text));
        credential::find(request, &self.credentials, is_key, is_opaque)
    }

    pub(super) async fn check_presented<H: Host>(
        &self,
        host: &H,
        request: &GateRequest,
        presented: credential::Presented<'_>,
    ) -> Verdict {
        match (presented.class, &self.tokens, &self.keys) {
            (CredentialClass::M2mToken, Some(tokens), _) => {
                let url = self.public_url(request);
                let dpop =
                    presented.proof.map(|proof| DpopProof { proof, method: &request.method, url: &url, nonce: None });
                let certificate = request.certificate.as_deref().and_then(CertificateThumbprint::parse);
                tokens.verify_from(host, presented.text, &SenderContext { dpop, certificate }).await
            }
            (CredentialClass::ApiKey, _, Some(keys)) => {
                let address = self.address(request);
                let context = KeyContext { ip: address.as_deref() };
                keys.check_in_force(host, presented.text, &context, &self.revocation).await
            }
            // No policy for the class: nothing is known that could vouch for it.
            (class, _, _) => Err(Denial::new(Reason::CredentialUnrecognized).of(class)),
        }
    }

    /// The URL as the client sees it.
    pub(super) fn public_url<'r>(&self, request: &'r GateRequest) -> Cow<'r, str> {
        match &self.public_origin {
            Some(origin) => Cow::Owned(format!("{origin}{}", request.target().0)),
            None => Cow::Borrowed(&request.url),
        }
    }

    /// The pattern of the route that a request matches.
    pub(super) fn pattern_of(&self, request: &GateRequest) -> Option<&str> {
        self.route(request).ok().map(|chosen| chosen.route.pattern())
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
        if let (Err(denial), Some(resource)) = (&mut verdict, &self.resource) {
            denial.resource_metadata = Some(resource.url.clone().into());
        }
        Decision {
            verdict,
            route,
            method: request.method.clone(),
            address: self.address(request).map(Cow::into_owned),
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

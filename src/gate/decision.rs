//! From a request to a decision, and from a decision to what the host does.

use std::borrow::Cow;

use serde::Serialize;

use super::{
    Answer, Forward, GateRequest, Route, administrator::Administrators, credential, forward, forward_auth::ForwardAuth,
    oversight::Oversight, path,
};
use crate::{
    api_key::{ApiKeyChecker, KeyContext, LeakReports},
    host::{DENY_SNAPSHOT, Host, USAGE_NOTES, UnixMillis},
    key_source::KeySetStatus,
    m2m_token::{CertificateThumbprint, DpopProof, SenderContext, TokenVerifier},
    policy::{CredentialHeaders, TrustedProxiesPolicy},
    revocation::{DenyEntry, DenyList, DenySnapshotStatus, InForce, PublishError, Published},
    verdict::{CredentialClass, Denial, Reason, Verdict},
};

/// The gate of one policy.
#[derive(Debug)]
pub struct Gate {
    pub(crate) prefix: String,
    pub(crate) tokens: Option<TokenVerifier>,
    pub(crate) keys: Option<ApiKeyChecker>,
    pub(crate) leaks: Option<LeakReports>,
    pub(crate) tls_ends_ahead: bool,
    pub(crate) credentials: CredentialHeaders,
    pub(crate) routes: Vec<Route>,
    pub(crate) origin: Option<String>,
    pub(crate) public_origin: Option<String>,
    pub(crate) administrators: Option<Administrators>,
    pub(crate) trusted_proxies: Option<TrustedProxiesPolicy>,
    pub(crate) forward_auth: Option<ForwardAuth>,
    /// What is refused before it ends, of both classes; the verifier of tokens has the same.
    pub(crate) revocation: InForce,
    pub(crate) oversight: Oversight,
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
        /// The audit events, each one line of JSON.
        audit: Vec<String>,
    },
    /// Forward the request to the origin.
    Forward {
        /// How to change it.
        forward: Forward,
        /// The audit events, each one line of JSON.
        audit: Vec<String>,
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
    /// the signed deny list, or for the notes of when keys were used.
    pub async fn refresh<H: Host>(&self, host: &H, work: u32) {
        match (work, &self.keys, &self.tokens) {
            (DENY_SNAPSHOT, ..) => self.revocation.refresh(host).await,
            (USAGE_NOTES, Some(keys), _) => keys.notes().write(host).await,
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
        let pattern = route.as_ref().ok().map(|route| route.pattern().to_owned());
        let verdict = match route {
            Ok(route) => self.check_route(host, request, route).await,
            Err(denial) => Err(self.exposed(host, request).await.unwrap_or(denial)),
        };
        self.decided(host, request, started, pattern, verdict)
    }

    fn route(&self, request: &GateRequest) -> Result<&Route, Denial> {
        let path = path::segments(request.target().0)?;
        self.routes
            .iter()
            .find(|route| route.matches(&request.method, &path))
            .ok_or_else(|| Reason::RouteUnknown.into())
    }

    async fn check_route<H: Host>(&self, host: &H, request: &GateRequest, route: &Route) -> Verdict {
        let presented = self.take_credential(host, request).await?;
        route.accept_class(presented.class)?;
        let grant = self.check_presented(host, request, presented).await?;
        route.authorize(&grant)?;
        if let (CredentialClass::ApiKey, Some(keys), Some(id)) =
            (grant.class, &self.keys, &grant.principal.credential_id)
        {
            keys.notes().used(host, id, route.scopes());
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
    fn public_url<'r>(&self, request: &'r GateRequest) -> Cow<'r, str> {
        match &self.public_origin {
            Some(origin) => Cow::Owned(format!("{origin}{}", request.target().0)),
            None => Cow::Borrowed(&request.url),
        }
    }

    pub(super) fn headers_to_remove(&self, request: &GateRequest) -> Vec<String> {
        let carriers = self.credentials.m2m_token.iter().chain(&self.credentials.api_key).cloned();
        let reserved = request.headers.iter().map(|(name, _)| name).filter(|name| forward::is_reserved(name)).cloned();
        // Some origins read another method from these than the one that the route was chosen by.
        let overrides = ["x-http-method", "x-http-method-override", "x-method-override"].map(str::to_owned);
        carriers.chain(reserved).chain(overrides).chain(["dpop".to_owned()]).collect()
    }

    pub(super) fn decided<H: Host>(
        &self,
        host: &H,
        request: &GateRequest,
        started: UnixMillis,
        route: Option<String>,
        verdict: Verdict,
    ) -> Decision {
        Decision {
            verdict,
            route,
            method: request.method.clone(),
            address: self.address(request).map(Cow::into_owned),
            request_id: Self::request_id(host),
            bootstrap: false,
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

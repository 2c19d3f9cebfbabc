//! The half of a gate that decides: which route takes a request, what its credential is worth there, and what an origin or
//! a client is told of it. It keeps no record, counts nothing and answers no endpoint, so that a preview can have it alone.

use std::borrow::Cow;

use super::{
    GateRequest, Route, cors::Cors, credential, credential::Presented, exposure, framing::Framing, resource::Resource,
    routes, routes::Chosen,
};
use crate::{
    api_key::{ApiKeyChecker, KeyContext},
    host::Host,
    m2m_token::{CertificateThumbprint, DpopProof, SenderContext, TokenVerifier},
    policy::{CredentialHeaders, ProxyPolicy, TrustedProxiesPolicy},
    revocation::InForce,
    verdict::{CredentialClass, Denial, Reason, Verdict},
};

/// What decides about requests, and says what comes of it.
#[derive(Debug)]
pub(crate) struct Decider {
    pub(crate) prefix: String,
    pub(crate) tokens: Option<TokenVerifier>,
    pub(crate) keys: Option<ApiKeyChecker>,
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
    pub(crate) trusted_proxies: Option<TrustedProxiesPolicy>,
    /// What is refused before it ends, of both classes; the verifier of tokens has the same.
    pub(crate) revocation: InForce,
}

impl Decider {
    /// What follows the prefix in the path of a request for one of the gate's own endpoints; none where it is for a route.
    pub(super) fn endpoint<'r>(&self, request: &'r GateRequest) -> Option<&'r str> {
        request.target().0.strip_prefix(&self.prefix).and_then(|rest| rest.strip_prefix('/'))
    }

    /// The route of a request.
    ///
    /// # Errors
    /// Those of [`Framing::judge`] and of [`routes::choose`].
    pub(super) fn route(&self, request: &GateRequest) -> Result<Chosen<'_>, Denial> {
        self.framing.judge(request)?;
        routes::choose(&self.routes, request)
    }

    /// The pattern of the route that a request matches.
    pub(super) fn pattern_of(&self, request: &GateRequest) -> Option<&str> {
        self.route(request).ok().map(|chosen| chosen.route.pattern())
    }

    /// Decides about a request whose route was looked for.
    ///
    /// # Errors
    /// Why it is refused. A request that no route takes is refused for how its credential came, where others could read it.
    pub(super) async fn decide<H: Host>(
        &self,
        host: &H,
        request: &GateRequest,
        route: &Result<Chosen<'_>, Denial>,
    ) -> Verdict {
        let Chosen { route, path, .. } = match route {
            Ok(chosen) => chosen,
            Err(denial) => return Err(self.exposed(request).unwrap_or_else(|| denial.clone())),
        };
        let presented = self.take_credential(request)?;
        route.accept_class(presented.class)?;
        let grant = self.check_presented(host, request, presented).await?;
        route.judge(&grant, request, path)?;
        Ok(grant)
    }

    /// Decides about the credential of a request alone.
    ///
    /// # Errors
    /// Why it is refused.
    pub(super) async fn check_credential<H: Host>(&self, host: &H, request: &GateRequest) -> Verdict {
        let presented = self.take_credential(request)?;
        self.check_presented(host, request, presented).await
    }

    pub(super) fn find_credential<'r>(&'r self, request: &'r GateRequest) -> Result<Presented<'r>, Denial> {
        let is_key = |text: &str| self.keys.as_ref().is_some_and(|keys| keys.takes(text));
        let is_opaque = |text: &str| self.tokens.as_ref().is_some_and(|tokens| tokens.takes_opaque(text));
        credential::find(request, &self.credentials, is_key, is_opaque)
    }

    /// The credential of a request, unless others could read it: such a one is refused before anything else is asked of it.
    ///
    /// # Errors
    /// Those of [`credential::find`], and [`Reason::CredentialExposed`].
    pub(super) fn take_credential<'r>(&'r self, request: &'r GateRequest) -> Result<Presented<'r>, Denial> {
        match self.find_credential(request) {
            Ok(presented) if self.is_readable_on_its_way(request) => {
                Err(Denial::new(Reason::CredentialExposed).of(presented.class))
            }
            found => found,
        }
    }

    /// Why a request that no route takes is refused all the same for how its credential came.
    fn exposed(&self, request: &GateRequest) -> Option<Denial> {
        if !self.is_readable_on_its_way(request) {
            return None;
        }
        let denial = self.take_credential(request).err()?;
        (denial.reason == Reason::CredentialExposed).then_some(denial)
    }

    /// Whether others could read the request. A URL that is a path alone does not tell; neither does one where the TLS
    /// ended before, which the policy says.
    pub(super) fn is_readable_on_its_way(&self, request: &GateRequest) -> bool {
        !self.tls_ends_ahead && exposure::is_plain_http(&request.url)
    }

    pub(super) async fn check_presented<H: Host>(
        &self,
        host: &H,
        request: &GateRequest,
        presented: Presented<'_>,
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

    /// The denial of a request, which says where the metadata of the resource are.
    pub(super) fn pointing_to_metadata(&self, denial: &mut Denial) {
        if let Some(resource) = &self.resource {
            denial.resource_metadata = Some(resource.url.clone().into());
        }
    }

    /// The URL as the client sees it.
    pub(super) fn public_url<'r>(&self, request: &'r GateRequest) -> Cow<'r, str> {
        match &self.public_origin {
            Some(origin) => Cow::Owned(format!("{origin}{}", request.target().0)),
            None => Cow::Borrowed(&request.url),
        }
    }
}

//! The ready check on the origin's side: that a gate vouches for this very request.

use super::{GateRequest, assemble::check_origin, assertion::ASSERTION};
use crate::{
    host::{Host, UnixMillis},
    json,
    key_source::KeySetStatus,
    m2m_token::{TokenVerifier, is_target},
    policy::{CLASS_CLAIM, Faults, OriginPolicy, PolicyError, assertion_verifier},
    verdict::{CredentialClass, Denial, Evidence, Grant, Reason, Verdict},
};

use serde_json::{Map, Value};

/// Checks the assertions that the requests to an origin carry. They are tokens, and the verifier of tokens checks them;
/// what is added here is that they are for this request.
///
/// An assertion is not remembered: one that is sent again with the same request while it is good holds again. Its `jti` is
/// the id of the request, for an origin that has to see each of them once.
#[derive(Debug)]
pub struct OriginCheck {
    verifier: TokenVerifier,
    public_origin: Option<String>,
}

impl OriginCheck {
    /// The check of a policy.
    ///
    /// # Errors
    /// [`PolicyError`] with every fault of the policy.
    pub fn new(mut policy: OriginPolicy) -> Result<Self, PolicyError> {
        let public_origin = policy.public_origin.take();
        let mut faults = Faults::default();
        check_origin("/publicOrigin", public_origin.as_deref(), &mut faults);
        match (assertion_verifier(policy), faults.or(public_origin)) {
            (Ok(verifier), Ok(public_origin)) => Ok(Self { verifier, public_origin }),
            (verifier, origin) => {
                let faults =
                    [verifier.err(), origin.err()].into_iter().flatten().flat_map(|PolicyError(faults)| faults);
                Err(PolicyError(faults.collect()))
            }
        }
    }

    /// Takes the assertion out of a request and checks it. What is granted is what the gate granted: the class, the
    /// organization, the scopes and the ids of the credential that the client sent.
    ///
    /// # Errors
    /// [`Reason::AssertionMissing`], [`Reason::AssertionAmbiguous`], [`Reason::AssertionRequestMismatch`], and the reasons
    /// of a token.
    pub async fn check<H: Host>(&self, host: &H, request: &GateRequest) -> Verdict {
        let grant = match one_assertion(request) {
            Ok(assertion) => self.verifier.verify(host, assertion).await,
            Err(reason) => Err(reason.into()),
        };
        // Until it holds, an assertion says nothing of the class of a credential.
        grant.map_err(|denial| Denial { class: None, ..denial }).and_then(|grant| self.of_request(grant, request))
    }

    /// Holds an assertion against the request that it came with (RFC 9449 §4.2 names the two claims).
    fn of_request(&self, grant: Grant, request: &GateRequest) -> Verdict {
        let Evidence::Claims(written) = &grant.evidence else { return Err(Reason::PayloadInvalid.into()) };
        let claims = json::parse_object(written.as_bytes()).map_err(|_| Reason::PayloadInvalid)?;
        if !self.is_for(&claims, request) {
            return Err(Denial::new(Reason::AssertionRequestMismatch).about(grant.principal));
        }
        Ok(as_granted(grant, &claims))
    }

    fn is_for(&self, claims: &Map<String, Value>, request: &GateRequest) -> bool {
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        let (Some(method), Some(url)) = (text("htm"), text("htu")) else { return false };
        let path = request.target().0;
        // A target has no fragment (RFC 9112 §3.2): one reader ends the path here, and another goes on.
        if path.contains('#') {
            return false;
        }
        let is_same_target = match &self.public_origin {
            Some(origin) => is_target(url, &format!("{origin}{path}")),
            // What stands before the path is the gate's, and the origin knows another name for itself.
            None => is_target(&at_no_place(target_path(url)), &at_no_place(path)),
        };
        method == request.method && is_same_target
    }

    /// As of a verifier.
    pub async fn refresh<H: Host>(&self, host: &H, key_set: u32) {
        self.verifier.refresh(host, key_set).await;
    }

    /// As of a verifier.
    pub async fn refresh_on_schedule<H: Host>(&self, host: &H) {
        self.verifier.refresh_on_schedule(host).await;
    }

    /// What is known of the gate's key set, where it is fetched.
    #[must_use]
    pub fn key_sets(&self, now: UnixMillis) -> Vec<KeySetStatus> {
        self.verifier.key_sets(now)
    }
}

/// The one assertion of a request.
fn one_assertion(request: &GateRequest) -> Result<&str, Reason> {
    let mut values = request.values(ASSERTION);
    match (values.next(), values.next()) {
        (None | Some(""), None) => Err(Reason::AssertionMissing),
        // A comma joins the values of a header that stood more than once.
        (Some(assertion), None) if !assertion.contains(',') => Ok(assertion),
        _ => Err(Reason::AssertionAmbiguous),
    }
}

/// The path of a URL that may be a path alone, as a gate writes it that was told no more.
fn target_path(url: &str) -> &str {
    if url.starts_with('/') {
        return url;
    }
    let after = url.split_once("://").map_or("", |(_, rest)| rest);
    match after.find('/') {
        Some(place) => after.get(place..).unwrap_or_default(),
        None if after.is_empty() => "",
        None => "/",
    }
}

/// A path as a URL, for the one reader of URLs that tells whether two name the same. No path comes out as no URL.
fn at_no_place(path: &str) -> String {
    if path.starts_with('/') { format!("https://origin.invalid{path}") } else { String::new() }
}

/// The grant as the gate gave it: an API key is one on this side too.
fn as_granted(mut grant: Grant, claims: &Map<String, Value>) -> Grant {
    if claims.get(CLASS_CLAIM).and_then(Value::as_str) == Some(CredentialClass::ApiKey.as_str()) {
        grant.class = CredentialClass::ApiKey;
        grant.principal.credential_id = grant.principal.client_id.take();
    }
    grant
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_a_url_is_what_follows_the_authority() {
        for (url, path) in [
            ("https://api.example/v1/a", "/v1/a"),
            ("https://api.example:8443/", "/"),
            ("https://api.example", "/"),
            ("/v1/a", "/v1/a"),
            ("/v1/a://b/c", "/v1/a://b/c"),
            ("", ""),
            ("api.example/v1", ""),
        ] {
            assert_eq!(target_path(url), path, "{url}");
        }
        assert!(!is_target(&at_no_place(""), &at_no_place("")));
    }
}

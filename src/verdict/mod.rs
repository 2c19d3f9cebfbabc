//! The one answer: allow, or deny with one reason.

mod document;
mod limit;
mod reason;
mod step;

pub(crate) use document::Told;
pub use document::{problem_document, verdict_document};
pub use limit::LimitState;
pub use reason::{ChallengeError, Reason, ReasonFacts};
pub use step::{Step, StepFacts, StepOutcome, Trail};

use serde::Serialize;

/// The two operating models of a machine credential (contract §1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CredentialClass {
    /// A short-lived JWT access token, minted with OAuth 2.0 client credentials.
    M2mToken,
    /// A standing opaque secret, good until somebody revokes it.
    ApiKey,
}

impl CredentialClass {
    /// The class as it stands in policies, headers and audit events.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::M2mToken => "m2m_token",
            Self::ApiKey => "api_key",
        }
    }
}

/// What was authenticated, as JSON text: the token's claims or the key's record without its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    /// The payload of the token, as it was signed.
    Claims(String),
    /// The public part of the key's record.
    Record(String),
}

impl Evidence {
    /// The text, whichever it is.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Claims(text) | Self::Record(text) => text,
        }
    }
}

/// What a credential is bound to, so that it is of no use without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SenderBinding {
    /// The key of a DPoP proof (RFC 9449).
    Dpop,
    /// A client certificate (RFC 8705 §3).
    Mtls,
    /// Both of them.
    Both,
}

impl SenderBinding {
    /// The binding as it stands in verdicts and audit events.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dpop => "dpop",
            Self::Mtls => "mtls",
            Self::Both => "dpop+mtls",
        }
    }
}

/// Whom a credential speaks for, and how that is known. What is not known, or does not apply, is left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Principal {
    /// The token's `sub`, or the owner of the key.
    pub subject: Option<String>,
    /// The customer that the credential belongs to.
    pub organization: Option<String>,
    /// The client id of an M2M token.
    pub client_id: Option<String>,
    /// The id of an API key, or the token's `jti`.
    pub credential_id: Option<String>,
    /// The issuer of an M2M token.
    pub issuer: Option<String>,
    /// The `kid` of the key that verified an M2M token.
    pub key_id: Option<String>,
    /// The algorithm that verified an M2M token.
    pub algorithm: Option<&'static str>,
    /// From where the key set of that key came: `store`, `issuer` or `snapshot`; none for keys of the policy.
    pub key_set_tier: Option<&'static str>,
    /// From where the facts came: `isolate` where they were kept from before, `stale` where the store did not answer and
    /// they had to do, `store` where it was asked; none where they were found anew without one.
    pub facts_tier: Option<&'static str>,
    /// What an M2M token is bound to; none for one that is good in anybody's hands. Of what is granted it was proven.
    pub sender: Option<SenderBinding>,
}

/// An allowed request: who it is and what it may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The class of the credential.
    pub class: CredentialClass,
    /// Whom it speaks for.
    pub principal: Principal,
    /// The scopes that the credential carries.
    pub scopes: Vec<String>,
    /// When the credential ends, in seconds since the Unix epoch.
    pub expires: Option<i64>,
    /// Claims or record.
    pub evidence: Evidence,
}

/// A denied request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// The class of the credential, where it is known.
    pub class: Option<CredentialClass>,
    /// The cause. The client sees [`Reason::disclosed`] of it.
    pub reason: Reason,
    /// More for the operator's eyes: a claim's name, a store's error. Never a part of a secret.
    pub note: Option<String>,
    /// What the client is told in place of the reason's advice: of an administrator's mistake, and of nothing else.
    pub told: Option<Box<str>>,
    /// The scopes that would have been needed (RFC 6750 §3, `scope`).
    pub needed_scopes: Box<[String]>,
    /// The methods that an endpoint takes (RFC 9110 §10.2.1, `Allow`).
    pub allowed_methods: Option<Box<str>>,
    /// The algorithms that a DPoP proof may be signed with (RFC 9449 §7.1, `algs`).
    pub proof_algorithms: Box<[&'static str]>,
    /// The limit that the request ran into, or that nobody could tell about.
    pub limit: Option<Box<LimitState>>,
    /// Where the API says of itself which servers give tokens for it (RFC 9728 §5.1, `resource_metadata`).
    pub resource_metadata: Option<Box<MetadataUrl>>,
    /// What was authenticated before the request was denied, and the id of an API key even where it was not. For the
    /// audit event; a client never sees it.
    pub principal: Box<Principal>,
}

impl Denial {
    /// A denial for this reason alone.
    #[must_use]
    pub fn new(reason: Reason) -> Self {
        Self {
            class: None,
            reason,
            note: None,
            told: None,
            needed_scopes: Box::default(),
            allowed_methods: None,
            proof_algorithms: Box::default(),
            limit: None,
            resource_metadata: None,
            principal: Box::default(),
        }
    }

    /// The same denial with a note for the operator.
    #[must_use]
    pub fn noting(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// The same denial, in these words for the client. They reach nobody who was not authenticated.
    #[must_use]
    pub fn telling(mut self, words: impl Into<String>) -> Self {
        self.told = Some(words.into().into_boxed_str());
        self
    }

    /// In how many seconds it is worth another try; none where time alone changes nothing.
    #[must_use]
    pub fn retry_after(&self) -> Option<u32> {
        let is_limited = self.reason.facts().status == 429;
        self.limit.as_ref().filter(|_| is_limited).map(|limit| limit.retry_after())
    }

    /// What the client is told about it, in one sentence.
    #[must_use]
    pub fn detail(&self) -> &str {
        self.told.as_deref().unwrap_or(self.reason.disclosed().facts().advice)
    }

    /// The same denial, of a credential of this class.
    #[must_use]
    pub const fn of(mut self, class: CredentialClass) -> Self {
        self.class = Some(class);
        self
    }

    /// The same denial, about this principal.
    #[must_use]
    pub fn about(mut self, principal: Principal) -> Self {
        self.principal = Box::new(principal);
        self
    }

    /// The value of `WWW-Authenticate`, or none where no challenge is due (RFC 6750 §3, RFC 9449
    /// §7.1, RFC 9110 §15.5.2).
    #[must_use]
    pub fn challenge(&self) -> Option<String> {
        let reason = self.reason.disclosed();
        let facts = reason.facts();
        let mut parameters = Vec::new();
        match facts.error {
            None if facts.status == 401 => {}
            None => return None,
            Some(error) => {
                parameters.push(format!("error=\"{}\"", error.as_str()));
                parameters.push(format!("error_description=\"{}\"", facts.title));
            }
        }
        if !self.needed_scopes.is_empty() {
            parameters.push(format!("scope=\"{}\"", self.needed_scopes.join(" ")));
        }
        if reason.wants_dpop() && !self.proof_algorithms.is_empty() {
            parameters.push(format!("algs=\"{}\"", self.proof_algorithms.join(" ")));
        }
        if let Some(url) = &self.resource_metadata {
            parameters.push(format!("resource_metadata=\"{}\"", url.as_str()));
        }
        let scheme = if reason.wants_dpop() { "DPoP" } else { "Bearer" };
        Some(if parameters.is_empty() { scheme.to_owned() } else { format!("{scheme} {}", parameters.join(", ")) })
    }
}

/// The URL of a protected resource's metadata: of a policy, and without quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataUrl(Box<str>);

impl MetadataUrl {
    /// Takes a URL that was judged.
    #[must_use]
    pub fn new(url: String) -> Self {
        Self(url.into_boxed_str())
    }

    /// The URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Reason> for Denial {
    fn from(reason: Reason) -> Self {
        Self::new(reason)
    }
}

/// Allow, or deny with one reason. Never cached: what is cached is facts.
pub type Verdict = Result<Grant, Denial>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_wrong_and_revoked_look_alike_outside() {
        for reason in [Reason::KeyUnknown, Reason::KeySecretMismatch, Reason::KeyRevoked, Reason::KeyCheckMismatch] {
            assert_eq!(reason.disclosed(), Reason::KeyInvalid);
            assert_eq!(Denial::new(reason).challenge(), Denial::new(Reason::KeyInvalid).challenge());
        }
    }

    #[test]
    fn a_missing_credential_gets_a_bare_challenge_and_an_undecided_check_gets_none() {
        assert_eq!(Denial::new(Reason::CredentialMissing).challenge().as_deref(), Some("Bearer"));
        assert_eq!(Denial::new(Reason::StoreUnavailable).challenge(), None);
        assert!(Reason::StoreUnavailable.is_undecided());
        assert!(!Reason::TokenExpired.is_undecided());
    }

    #[test]
    fn a_missing_scope_is_named_in_the_challenge() {
        let mut denial = Denial::new(Reason::ScopeInsufficient);
        denial.needed_scopes = ["reports:read".to_owned(), "reports:write".to_owned()].into();
        assert_eq!(
            denial.challenge().as_deref(),
            Some(
                "Bearer error=\"insufficient_scope\", error_description=\"A scope is missing\", scope=\"reports:read reports:write\""
            )
        );
    }
}

//! The reasons: one for each cause, with its stable code, its status and its words.
//!
//! Some reasons would help whoever holds a stolen or guessed credential: for those [`Reason::disclosed`] names the
//! reason that the client is told instead, and only the audit event says which one it was.

/// The `error` parameter of a challenge (RFC 6750 §3.1, RFC 9449 §7.1 and §9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChallengeError {
    /// The request itself is at fault.
    InvalidRequest,
    /// The credential is at fault.
    InvalidToken,
    /// The credential is good and does not reach this far.
    InsufficientScope,
    /// The DPoP proof is at fault.
    InvalidDpopProof,
    /// The DPoP proof lacks the nonce that was asked for.
    UseDpopNonce,
}

impl ChallengeError {
    /// The registered word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::UseDpopNonce => "use_dpop_nonce",
        }
    }
}

/// What is fixed about a [`Reason`].
#[derive(Debug, Clone, Copy)]
pub struct ReasonFacts {
    /// The stable code; it never changes its meaning.
    pub code: &'static str,
    /// The HTTP status of an answer with this reason.
    pub status: u16,
    /// The `error` of the challenge; none where no challenge, or a bare one, is due.
    pub error: Option<ChallengeError>,
    /// What a client is told: a title for the problem document (RFC 9457 §3.1.3).
    pub title: &'static str,
    /// What a client can do about it, in one sentence that never quotes the credential.
    pub advice: &'static str,
    /// What happened, for an operator.
    pub meaning: &'static str,
    /// The section of the standard, or of the product contract, that this reason carries out.
    pub section: &'static str,
}

macro_rules! reasons {
    ($( $(#[doc = $doc:literal])* $name:ident = $code:literal, $status:literal, $error:expr, $title:literal, $advice:literal, $section:literal; )*) => {
        /// Why a request was denied. One variant for each cause.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Reason { $( $(#[doc = $doc])* $name, )* }

        impl Reason {
            /// Every reason, in the order of their declaration.
            pub const ALL: &'static [Self] = &[ $( Self::$name, )* ];

            /// What is fixed about this reason.
            #[must_use]
            pub const fn facts(self) -> &'static ReasonFacts {
                match self { $( Self::$name => &ReasonFacts {
                    code: $code, status: $status, error: $error, title: $title, advice: $advice,
                    meaning: concat!($($doc),*), section: $section,
                }, )* }
            }
        }
    };
}

const INVALID_REQUEST: Option<ChallengeError> = Some(ChallengeError::InvalidRequest);
const INVALID_TOKEN: Option<ChallengeError> = Some(ChallengeError::InvalidToken);
const INVALID_DPOP_PROOF: Option<ChallengeError> = Some(ChallengeError::InvalidDpopProof);
const USE_DPOP_NONCE: Option<ChallengeError> = Some(ChallengeError::UseDpopNonce);
const INSUFFICIENT_SCOPE: Option<ChallengeError> = Some(ChallengeError::InsufficientScope);

reasons! {
    // The request.
    /// No credential came with the request.
    CredentialMissing = "credential_missing", 401, None, "A credential is required",
        "Send an M2M access token or an API key.", "RFC 6750 §3";
    /// More than one credential came with the request.
    CredentialAmbiguous = "credential_ambiguous", 400, INVALID_REQUEST, "More than one credential",
        "Send one credential, in one place.", "RFC 6750 §2";
    /// The header that carries the credential cannot be read.
    CredentialMalformed = "credential_malformed", 400, INVALID_REQUEST, "The credential's header cannot be read",
        "Send `Authorization: Bearer` followed by one space and the credential.", "RFC 6750 §2.1";
    /// What was sent has the form of neither class.
    CredentialUnrecognized = "credential_unrecognized", 401, INVALID_TOKEN, "The credential is of no known form",
        "Send an M2M access token or an API key as it was given to you.", "Edgeward: policy";
    /// A credential stood in the query string, where logs and histories keep it.
    CredentialInQuery = "credential_in_query", 400, INVALID_REQUEST, "A credential in the query string",
        "Send the credential in a header, and treat the one that you sent as leaked.", "RFC 9700 §4.3.2";
    /// A credential came over plain HTTP, where anybody on the way could read it.
    CredentialExposed = "credential_exposed", 403, None, "A credential over plain HTTP",
        "Use HTTPS, and replace the credential that you sent: treat it as leaked.", "RFC 6750 §5.3";
    /// The path can be read in two ways.
    PathAmbiguous = "path_ambiguous", 400, None, "The path can be read in two ways",
        "Send the path without dot segments, empty segments, encoded separators or needless escapes.", "Edgeward: policy";
    /// The method, the host, a header or the length of the body can be read in two ways, or is of no use to an API.
    RequestAmbiguous = "request_ambiguous", 400, None, "The request can be read in two ways",
        "Send one method, one host, one length, and headers of plain names.", "RFC 9112 §11.2";
    /// The request is for a host that the policy does not name.
    HostNotServed = "host_not_served", 421, None, "This host is not served here",
        "Check the host of the URL.", "RFC 9110 §15.5.20";
    /// No route of the policy matches.
    RouteUnknown = "route_unknown", 403, None, "No route of the policy matches",
        "Check the method and the path.", "Edgeward: policy";
    /// The route does not accept this class of credential.
    ClassNotAccepted = "class_not_accepted", 403, INSUFFICIENT_SCOPE, "This class of credential is not accepted here",
        "Use the class of credential that this route accepts.", "Edgeward: policy";
    /// The credential lacks a scope that the route needs.
    ScopeInsufficient = "scope_insufficient", 403, INSUFFICIENT_SCOPE, "A scope is missing",
        "Ask the owner of the credential for the scopes that this route needs.", "RFC 6750 §3.1";
    /// The credential belongs to another organization than the one that the request is about, or to none.
    OrganizationMismatch = "organization_mismatch", 403, INSUFFICIENT_SCOPE, "The credential does not reach this far",
        "Use a credential of the organization that the request is about.", "Edgeward: policy";
    /// An endpoint under the prefix that does not exist.
    EndpointUnknown = "endpoint_unknown", 404, None, "No such endpoint",
        "Check the path under the gate's prefix.", "Edgeward: the gate";
    /// The endpoint exists and does not take this method.
    MethodNotAllowed = "method_not_allowed", 405, None, "Method not allowed",
        "Use one of the methods in the Allow header.", "RFC 9110 §15.5.6";

    /// The request of a proxy's client has a header that only the gate may set. The gate cannot take it out there.
    HeaderReserved = "header_reserved", 400, None, "A header that only the gate may set",
        "Send no header whose name begins with `edgeward-`.", "Edgeward: forward-auth";
    /// It is not one of the proxies of the policy that asks about a request.
    ForwardAuthPeerUnknown = "forward_auth_peer_unknown", 403, None, "Only the proxies of the policy may ask",
        "Send the request to the API itself.", "Edgeward: forward-auth";

    /// The body of a request to one of the gate's own endpoints is not what the endpoint takes.
    BodyInvalid = "body_invalid", 400, None, "The body of the request is invalid",
        "Send the body that the endpoint takes; `detail` says what is wrong with this one.", "RFC 9110 §15.5.1";
    /// The body of a request to one of the gate's own endpoints is longer than the endpoint takes.
    BodyTooLarge = "body_too_large", 413, None, "The body of the request is too large",
        "Send less at a time.", "RFC 9110 §15.5.14";

    // What an origin checks.
    /// A request reached the origin without an assertion: not through its gate.
    AssertionMissing = "assertion_missing", 401, None, "The request did not come through the gate",
        "Send the request to the public address of this API.", "Edgeward: assertions";
    /// More than one assertion came with a request to the origin.
    AssertionAmbiguous = "assertion_ambiguous", 400, INVALID_REQUEST, "More than one assertion",
        "Send the request to the public address of this API.", "Edgeward: assertions";
    /// The assertion is for another method or another path than the request that it came with.
    AssertionRequestMismatch = "assertion_request_mismatch", 401, INVALID_TOKEN, "The assertion is for another request",
        "Send the request to the public address of this API.", "RFC 9449 §4.3";

    // What is asked of the gate's own endpoints.
    /// There is no record under the id that an administrator named.
    KeyNotFound = "key_not_found", 404, None, "There is no key of this id",
        "Check the id; `list` names all keys.", "Edgeward: API keys";
    /// The state of a key does not allow what an administrator asked for.
    KeyStateConflict = "key_state_conflict", 409, None, "The state of the key does not allow this",
        "Look at the key's record first; `detail` says what is in the way.", "Edgeward: API keys";
    /// There is no record of a client under the id that an administrator named.
    ClientNotFound = "client_not_found", 404, None, "There is no client of this id",
        "Check the id; `list` names all clients.", "Edgeward: M2M clients";
    /// The record of a client does not allow what an administrator asked for.
    ClientStateConflict = "client_state_conflict", 409, None, "The record of the client does not allow this",
        "Look at the client's record first; `detail` says what is in the way.", "Edgeward: M2M clients";
    /// Others wrote the same record again and again: nothing was changed.
    WriteConflict = "write_conflict", 409, None, "Somebody else changed the record",
        "Look at the record, and ask again.", "Edgeward: API keys";
    /// The bootstrap secret, presented after the first administrator has come.
    BootstrapClosed = "bootstrap_closed", 401, INVALID_TOKEN, "The bootstrap secret is of no more use",
        "Use an M2M access token of an administrator.", "Edgeward: API keys";
    /// The signature of a report of leaked keys is missing, malformed or wrong, or of a key that its sender does not publish.
    ReportSignatureInvalid = "report_signature_invalid", 401, None, "The signature of the report is invalid",
        "Sign the raw body with a key of the published list.", "GitHub secret scanning partner program";
    /// A report of leaked keys that was dealt with before.
    ReportReplayed = "report_replayed", 409, None, "The report came before",
        "Nothing is left to be done for it.", "Edgeward: API keys";

    // The token's form.
    /// Larger than the policy's `maxTokenBytes`.
    TokenTooLarge = "token_too_large", 401, INVALID_TOKEN, "The token is too large",
        "Ask the issuer for a smaller token.", "Edgeward: policy";
    /// Not three canonical base64url segments.
    TokenMalformed = "token_malformed", 401, INVALID_TOKEN, "The token is malformed",
        "Send the token exactly as the issuer gave it.", "RFC 7515 §7.1";
    /// A JWE, the JSON serialization, compressed or nested content, or an unencoded payload.
    TokenFormUnsupported = "token_form_unsupported", 401, INVALID_TOKEN, "The form of the token is not accepted",
        "Use a signed JWT in the compact form.", "RFC 7515 §7.1";
    /// The header is not a strict JSON object, or a parameter has the wrong type.
    HeaderInvalid = "header_invalid", 401, INVALID_TOKEN, "The token's header is invalid",
        "Ask the issuer to mend its tokens.", "RFC 7515 §4";
    /// `crit` names something that is not understood, or is empty.
    CritNotUnderstood = "crit_not_understood", 401, INVALID_TOKEN, "The token needs an extension that is not understood",
        "Ask the issuer for a token without critical extensions.", "RFC 7515 §4.1.11";
    /// `typ` says that this is a token of another kind.
    TypNotAccepted = "typ_not_accepted", 401, INVALID_TOKEN, "The token is of another type",
        "Send an access token.", "RFC 8725 §3.11";
    /// The payload is not a strict JSON object.
    PayloadInvalid = "payload_invalid", 401, INVALID_TOKEN, "The token's payload is invalid",
        "Ask the issuer to mend its tokens.", "RFC 7519 §7.2";

    // The token's signature.
    /// `alg` is `none`, unknown, or not one that the issuer's policy names.
    AlgorithmNotAllowed = "algorithm_not_allowed", 401, INVALID_TOKEN, "The token's algorithm is not accepted",
        "Ask the issuer for a token with an algorithm that this API accepts.", "RFC 8725 §3.1";
    /// The issuer is none of the policy's.
    IssuerUnknown = "issuer_unknown", 401, INVALID_TOKEN, "The token's issuer is not trusted here",
        "Use a token of an issuer that this API trusts.", "RFC 7519 §4.1.1";
    /// No key of the issuer's set fits the header.
    SigningKeyUnknown = "signing_key_unknown", 401, INVALID_TOKEN, "No key of the issuer fits the token",
        "Ask for a new token.", "RFC 7515 §6";
    /// The key that the token names is refused: weak, malformed, secret, or not meant for signatures of this algorithm.
    SigningKeyUnusable = "signing_key_unusable", 401, INVALID_TOKEN, "The key that the token names is not accepted",
        "Ask the issuer to sign with a key that this API accepts.", "RFC 8725 §3.5";
    /// More than one key of the issuer's set fits the header.
    SigningKeyAmbiguous = "signing_key_ambiguous", 401, INVALID_TOKEN, "More than one key of the issuer fits the token",
        "Ask the issuer to give its keys distinct ids.", "RFC 7517 §4.5";
    /// The signature does not verify.
    SignatureInvalid = "signature_invalid", 401, INVALID_TOKEN, "The token's signature is invalid",
        "Send the token exactly as the issuer gave it.", "RFC 7515 §5.2";

    // The token's claims.
    /// A claim that the policy requires is missing.
    ClaimMissing = "claim_missing", 401, INVALID_TOKEN, "The token lacks a required claim",
        "Ask the issuer for an access token with the required claims.", "RFC 7519 §4.1";
    /// A claim has the wrong type or form.
    ClaimMalformed = "claim_malformed", 401, INVALID_TOKEN, "A claim of the token is malformed",
        "Ask the issuer to mend its tokens.", "RFC 7519 §4.1";
    /// A claim has a value that the policy's `requireClaims` or `tenantClaim` does not admit: often the token of a person,
    /// or of another kind, that the same keys sign.
    ClaimMismatch = "claim_mismatch", 401, INVALID_TOKEN, "A claim of the token is not accepted here",
        "Ask the issuer for an access token of a machine for this API.", "Edgeward: policy";
    /// The token is for another audience.
    AudienceMismatch = "audience_mismatch", 401, INVALID_TOKEN, "The token is for another audience",
        "Ask the issuer for a token for this API.", "RFC 7519 §4.1.3";
    /// The token has expired.
    TokenExpired = "token_expired", 401, INVALID_TOKEN, "The token has expired",
        "Ask the issuer for a new token.", "RFC 7519 §4.1.4";
    /// The token is not valid yet.
    TokenNotYetValid = "token_not_yet_valid", 401, INVALID_TOKEN, "The token is not valid yet",
        "Wait, or set the clock of the issuer right.", "RFC 7519 §4.1.5";
    /// The token was issued in the future.
    TokenIssuedInFuture = "token_issued_in_future", 401, INVALID_TOKEN, "The token was issued in the future",
        "Set the clock of the issuer right.", "RFC 7519 §4.1.6";
    /// The token's life is longer than the policy allows.
    TokenLifetimeTooLong = "token_lifetime_too_long", 401, INVALID_TOKEN, "The token lives too long",
        "Ask the issuer for a token with a shorter life.", "Edgeward: policy";
    // The sender of a token.
    /// The token is bound to a key of its sender, and came without a DPoP proof, or under the scheme `Bearer`.
    SenderProofMissing = "sender_proof_missing", 401, INVALID_TOKEN, "The proof of the sender is missing",
        "Send the token under the scheme DPoP, with a proof in the header DPoP.", "RFC 9449 §7.1";
    /// The DPoP proof is not one JWT with the header and the claims of a proof.
    SenderProofMalformed = "sender_proof_malformed", 401, INVALID_DPOP_PROOF, "The proof of the sender is malformed",
        "Send one DPoP proof, made as RFC 9449 section 4.2 says.", "RFC 9449 §4.3";
    /// The signature of the DPoP proof does not verify.
    SenderProofSignatureInvalid = "sender_proof_signature_invalid", 401, INVALID_DPOP_PROOF, "The signature of the sender's proof is invalid",
        "Sign the proof with the key that stands in it.", "RFC 9449 §4.3";
    /// The DPoP proof is for another method (`htm`).
    SenderProofMethodMismatch = "sender_proof_method_mismatch", 401, INVALID_DPOP_PROOF, "The proof of the sender is for another method",
        "Make a new proof for each request.", "RFC 9449 §4.3";
    /// The DPoP proof is for another target (`htu`).
    SenderProofTargetMismatch = "sender_proof_target_mismatch", 401, INVALID_DPOP_PROOF, "The proof of the sender is for another target",
        "Make a new proof for each request, with the URL that you send it to.", "RFC 9449 §4.3";
    /// The DPoP proof is for another token (`ath`).
    SenderProofTokenMismatch = "sender_proof_token_mismatch", 401, INVALID_DPOP_PROOF, "The proof of the sender is for another token",
        "Make a new proof for each request, with the hash of the token that you send.", "RFC 9449 §4.3";
    /// The DPoP proof lacks the nonce that its sender was given.
    SenderProofNonceMismatch = "sender_proof_nonce_mismatch", 401, USE_DPOP_NONCE, "The proof of the sender needs a nonce",
        "Make a new proof with the nonce that you were given last.", "RFC 9449 §9";
    /// The DPoP proof was made too long ago.
    SenderProofStale = "sender_proof_stale", 401, INVALID_DPOP_PROOF, "The proof of the sender is too old",
        "Make a new proof for each request.", "RFC 9449 §11.1";
    /// The DPoP proof was made in the future.
    SenderProofInFuture = "sender_proof_in_future", 401, INVALID_DPOP_PROOF, "The proof of the sender was made in the future",
        "Set the clock of the sender right.", "RFC 9449 §11.1";
    /// The DPoP proof was seen before.
    SenderProofReplayed = "sender_proof_replayed", 401, INVALID_DPOP_PROOF, "The proof of the sender was used before",
        "Make a new proof for each request.", "RFC 9449 §11.1";
    /// The DPoP proof is of another key than the token is bound to, or the token is bound to none.
    SenderKeyMismatch = "sender_key_mismatch", 401, INVALID_TOKEN, "The token is not bound to the key of the proof",
        "Make the proof with the key that the token was issued for.", "RFC 9449 §7.1";
    /// The token is bound to a client certificate, and the host reports none.
    SenderCertificateMissing = "sender_certificate_missing", 401, INVALID_TOKEN, "The client certificate is missing",
        "Connect with the certificate that the token was issued for.", "RFC 8705 §3";
    /// The token is bound to another client certificate.
    SenderCertificateMismatch = "sender_certificate_mismatch", 401, INVALID_TOKEN, "The token is bound to another certificate",
        "Connect with the certificate that the token was issued for.", "RFC 8705 §3";
    /// The issuer's policy wants tokens that are bound to their sender, and this one is not.
    SenderConstraintMissing = "sender_constraint_missing", 401, INVALID_TOKEN, "The token is not bound to its sender",
        "Ask the issuer for a token that is bound to a key of yours.", "RFC 9700 §2.2.1";
    /// The token is bound to its sender in a way that is not understood.
    SenderConstraintUnsupported = "sender_constraint_unsupported", 401, INVALID_TOKEN, "The token is bound in a way that is not understood",
        "Ask the issuer for a token that is bound by DPoP or by a client certificate.", "RFC 7800 §3.1";

    /// The issuer took the key that signed the token out of its key set.
    SigningKeyWithdrawn = "signing_key_withdrawn", 401, INVALID_TOKEN, "The key that signed the token was withdrawn",
        "Ask the issuer for a new token.", "RFC 7517 §5";
    /// What a client is told of a token that was good and is not any more.
    TokenInvalid = "token_invalid", 401, INVALID_TOKEN, "The token is not valid",
        "Ask the issuer for a new token.", "RFC 6750 §3.1";
    /// The authorization server says that the token is not active: unknown, expired or revoked.
    TokenInactive = "token_inactive", 401, INVALID_TOKEN, "The token is not active",
        "Ask the issuer for a new token.", "RFC 7662 §2.2";
    /// The deny list names the token's `jti`, client, subject or organization.
    TokenRevoked = "token_revoked", 401, INVALID_TOKEN, "The token was revoked",
        "Ask the issuer for a new token.", "Edgeward: policy";

    // The API key. What `disclosed` hides stands first.
    /// What a client is told of every key that it cannot be helped with.
    KeyInvalid = "key_invalid", 401, INVALID_TOKEN, "The API key is not valid",
        "Check the key, or ask its owner for a new one.", "Edgeward: API keys";
    /// Not of the form that the policy issues.
    KeyMalformed = "key_malformed", 401, INVALID_TOKEN, "The API key is malformed",
        "Send the key exactly as it was shown.", "Edgeward: API keys";
    /// The check characters are wrong: mistyped or invented, and refused without a store read.
    KeyCheckMismatch = "key_check_mismatch", 401, INVALID_TOKEN, "The API key's check is wrong",
        "Send the key exactly as it was shown.", "Edgeward: API keys";
    /// No record under the key's id.
    KeyUnknown = "key_unknown", 401, INVALID_TOKEN, "No such API key",
        "Check the key.", "Edgeward: API keys";
    /// The id is known and the secret is not its secret.
    KeySecretMismatch = "key_secret_mismatch", 401, INVALID_TOKEN, "The API key's secret is wrong",
        "Check the key.", "Edgeward: API keys";
    /// The record says that the key was revoked, or a deny list names its id or its organization.
    KeyRevoked = "key_revoked", 401, INVALID_TOKEN, "The API key was revoked",
        "Ask the key's owner for a new one.", "Edgeward: API keys";
    /// The record names no owner or no revoker: nobody answers for the key.
    KeyUnowned = "key_unowned", 401, INVALID_TOKEN, "Nobody answers for the API key",
        "Give the key an owner and a revoker.", "Edgeward: API keys";
    /// The key, or its record, belongs to another environment.
    KeyEnvironmentMismatch = "key_environment_mismatch", 401, INVALID_TOKEN, "The API key belongs to another environment",
        "Use a key of this environment.", "Edgeward: API keys";
    /// Disabled for the time being.
    KeyDisabled = "key_disabled", 401, INVALID_TOKEN, "The API key is disabled",
        "Ask the key's owner to enable it.", "Edgeward: API keys";
    /// Past its `expires`.
    KeyExpired = "key_expired", 401, INVALID_TOKEN, "The API key has expired",
        "Ask the key's owner for a new one.", "Edgeward: API keys";
    /// Before its `notBefore`.
    KeyNotYetValid = "key_not_yet_valid", 401, INVALID_TOKEN, "The API key is not valid yet",
        "Wait until the key's start.", "Edgeward: API keys";
    /// Replaced by another key, and the overlap is over.
    KeySuperseded = "key_superseded", 401, INVALID_TOKEN, "The API key was replaced",
        "Use the key that replaced it.", "Edgeward: API keys";
    /// The record restricts the addresses, and the client's is not among them or not known.
    AddressNotAllowed = "address_not_allowed", 403, INSUFFICIENT_SCOPE, "The address is not allowed",
        "Use the key from an address that its owner allowed.", "Edgeward: API keys";

    // How much may come.
    /// A limit of the policy is reached: the credential is good, and too much came with it.
    RateLimited = "rate_limited", 429, None, "Too many requests",
        "Wait as long as the header Retry-After says, and send less after that.", "RFC 6585 §4";
    /// So many credentials were refused that came from this address that nothing of it is looked at for a while.
    RefusedBudgetExhausted = "refused_budget_exhausted", 429, None, "Too many credentials were refused",
        "Wait as long as the header Retry-After says, and send a good credential then.", "RFC 6585 §4";

    // Cannot tell.
    /// The limiter that counts requests did not answer: whether this one is within the limit cannot be told.
    LimiterUnavailable = "limiter_unavailable", 503, None, "Whether the request is within its limit cannot be told",
        "Try again later.", "Edgeward: the gate";
    /// The key set is past its age, and its issuer gave no newer one: it can no longer vouch for anything.
    KeySetStale = "key_set_stale", 503, None, "The issuer's keys are too old to judge by",
        "Try again later.", "Edgeward: key sets";
    /// There is no key set to judge by, or none that is new enough to know this key, and the issuer gave none.
    KeySetUnavailable = "key_set_unavailable", 503, None, "The issuer's keys are not at hand",
        "Try again later.", "Edgeward: key sets";
    /// As many DPoP proofs are remembered as there is room for: whether this one was seen before could not be told later.
    SenderProofMemoryFull = "sender_proof_memory_full", 503, None, "Too many proofs of senders are in use",
        "Try again later.", "RFC 9449 §11.1";
    /// The authorization server did not answer in its time and within 64 KiB, or not with status 200.
    IntrospectionUnavailable = "introspection_unavailable", 503, None, "The authorization server did not answer",
        "Try again later.", "RFC 7662 §2.3";
    /// What the authorization server answered cannot be read.
    IntrospectionUnreadable = "introspection_unreadable", 503, None, "The answer of the authorization server cannot be read",
        "Try again later.", "RFC 7662 §2.2";
    /// The signed deny list that is at hand is past its age: whether the credential was revoked cannot be told.
    DenySnapshotStale = "deny_snapshot_stale", 503, None, "Whether the credential was revoked cannot be told",
        "Try again later.", "Edgeward: revocation";
    /// There is no signed deny list at hand that can be trusted: whether the credential was revoked cannot be told.
    DenySnapshotUnavailable = "deny_snapshot_unavailable", 503, None, "Whether the credential was revoked cannot be told",
        "Try again later.", "Edgeward: revocation";
    /// The keys that a report of leaked keys is checked with could not be fetched.
    ReportKeysUnavailable = "report_keys_unavailable", 503, None, "The keys of the report's sender are not at hand",
        "Send the report again later.", "GitHub secret scanning partner program";
    /// The store did not answer.
    StoreUnavailable = "store_unavailable", 503, None, "The credential store did not answer",
        "Try again later.", "Edgeward: the gate";
    /// The store's answer cannot be read.
    RecordUnreadable = "record_unreadable", 503, None, "The credential's record cannot be read",
        "Try again later.", "Edgeward: API keys";
    /// The proxy that asks does not say about which request, or says it more than once: it is not set up as its dialect
    /// wants it, or a client's own headers come through.
    ForwardAuthMisconfigured = "forward_auth_misconfigured", 503, None, "What the proxy asks about cannot be told",
        "Tell the operator of this API.", "Edgeward: forward-auth";
    /// The request was allowed and the origin did not answer.
    OriginUnavailable = "origin_unavailable", 502, None, "The origin did not answer",
        "Try again later.", "RFC 9110 §15.6.3";
    /// The request was allowed and the origin did not answer in its time.
    OriginTimeout = "origin_timeout", 504, None, "The origin did not answer in time",
        "Try again later.", "RFC 9110 §15.6.5";
    /// The host failed at something other than the store.
    HostFailed = "host_failed", 503, None, "The check could not be carried out",
        "Try again later.", "Edgeward: the gate";
}

impl Reason {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.facts().code
    }

    /// What the client is told. Unknown, wrong secret and revoked are one answer outside (contract §5.2), so that
    /// nobody learns from it whether a guessed id exists or a stolen key was ever good.
    #[must_use]
    pub const fn disclosed(self) -> Self {
        match self {
            Self::KeyMalformed
            | Self::KeyCheckMismatch
            | Self::KeyUnknown
            | Self::KeySecretMismatch
            | Self::KeyRevoked
            | Self::KeyUnowned => Self::KeyInvalid,
            Self::BootstrapClosed => Self::CredentialUnrecognized,
            // Whoever holds a stolen token does not learn that somebody noticed.
            Self::TokenRevoked | Self::TokenInactive => Self::TokenInvalid,
            other => other,
        }
    }

    /// Whether the client is challenged to prove by DPoP that it holds a key (RFC 9449 §7.1).
    #[must_use]
    pub const fn wants_dpop(self) -> bool {
        matches!(self, Self::SenderProofMissing | Self::SenderKeyMismatch)
            || matches!(self.facts().error, Some(ChallengeError::InvalidDpopProof | ChallengeError::UseDpopNonce))
    }

    /// Whether this says "cannot tell" rather than "no" (contract §10).
    #[must_use]
    pub const fn is_undecided(self) -> bool {
        self.facts().status == 503
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_in_snake_case() {
        let mut seen = std::collections::BTreeSet::new();
        for reason in Reason::ALL {
            let code = reason.code();
            assert!(seen.insert(code), "{code} stands twice");
            assert!(
                code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte.is_ascii_digit()),
                "{code}"
            );
        }
    }

    #[test]
    fn what_fits_in_a_challenge_is_ascii_without_quotes() {
        // RFC 6750 §3: error_description excludes the quote and the backslash.
        for reason in Reason::ALL {
            assert!(
                reason.facts().title.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\')
            );
        }
    }
}

//! From the token's bytes to facts, and from facts and the clock to a verdict.

use std::sync::Arc;

use super::{
    Claims, Issuer, IssuerRules,
    claims::{scopes, text},
};
use crate::{
    host::{Host, UnixMillis},
    jose::{Algorithm, CompactJws, Header, verify_signature},
    json,
    verdict::{CredentialClass, Denial, Evidence, Grant, Principal, Reason, Verdict},
};

/// The largest token that is looked at where the policy names no other bound, in bytes.
pub const DEFAULT_MAX_TOKEN_BYTES: usize = 16 * 1024;

/// The largest bound that a policy may set, in bytes.
pub const LONGEST_TOKEN_BYTES: usize = 1024 * 1024;

/// Verifies the tokens of the issuers that a policy trusts.
#[derive(Debug)]
pub struct TokenVerifier {
    issuers: Vec<Issuer>,
    max_token_bytes: usize,
}

/// What was authenticated: the claims of a token whose signature an issuer's key vouched for. It says nothing about
/// now; [`TokenFacts::judge`] does, each time.
#[derive(Debug, Clone)]
pub struct TokenFacts {
    rules: Arc<IssuerRules>,
    claims: Claims,
    principal: Principal,
    scopes: Vec<String>,
    sender_constrained: bool,
    payload: String,
}

impl TokenVerifier {
    /// A verifier for these issuers, whose names are distinct.
    #[must_use]
    pub const fn new(issuers: Vec<Issuer>, max_token_bytes: usize) -> Self {
        Self { issuers, max_token_bytes }
    }

    /// The issuers that it trusts.
    #[must_use]
    pub fn issuers(&self) -> &[Issuer] {
        &self.issuers
    }

    /// Verifies a token now.
    ///
    /// # Errors
    /// A [`Denial`] of the class `m2m_token`.
    pub async fn verify<H: Host>(&self, host: &H, token: &str) -> Verdict {
        let facts = self.authenticate(host, token).await.map_err(|denial| denial.of(CredentialClass::M2mToken))?;
        facts.judge(host.now()).map_err(|denial| denial.of(CredentialClass::M2mToken))
    }

    /// Checks form, issuer, key and signature.
    ///
    /// The issuer is read from the payload before the signature is checked, for no other purpose than to find the keys
    /// that may vouch for it: a key belongs to an issuer and vouches for no other (RFC 8725 §3.8).
    ///
    /// # Errors
    /// A [`Denial`] for the first thing that is wrong.
    pub async fn authenticate<H: Host>(&self, host: &H, token: &str) -> Result<TokenFacts, Denial> {
        let jws = CompactJws::parse(token, self.max_token_bytes)?;
        let header = Header::parse(&jws.header)?;
        let algorithm = Algorithm::from_name(&header.algorithm).ok_or(Reason::AlgorithmNotAllowed)?;
        let payload = json::parse_object(&jws.payload)
            .map_err(|error| Denial::new(Reason::PayloadInvalid).noting(error.to_string()))?;
        let name = text(&payload, "iss")?.ok_or_else(|| missing("iss"))?;
        let issuer = self.issuers.iter().find(|issuer| issuer.rules.issuer == name).ok_or(Reason::IssuerUnknown)?;
        let rules = &issuer.rules;
        if !rules.algorithms.contains(&algorithm) {
            return Err(Denial::new(Reason::AlgorithmNotAllowed).noting(algorithm.name()));
        }
        expect_type(&header, rules)?;
        let key = issuer.keys_at(host.now().seconds())?.select(header.key_id.as_deref(), algorithm)?;
        verify_signature(host, key, algorithm, jws.signing_input.as_bytes(), &jws.signature).await?;

        // From here on the payload is the issuer's word.
        let claims = Claims::read(&payload)?;
        // An ID token is for the client that asked for it, never for an API (RFC 9068 §5).
        if ["nonce", "at_hash", "c_hash"].iter().any(|member| payload.contains_key(*member)) {
            return Err(Denial::new(Reason::TypNotAccepted).noting("the claims of an ID token"));
        }
        // Nor is a security event, such as a logout token, which many issuers leave untyped (RFC 8417 §2.2).
        if payload.contains_key("events") {
            return Err(Denial::new(Reason::TypNotAccepted).noting("the claims of a security event"));
        }
        let principal = Principal {
            subject: claims.subject.clone(),
            organization: text(&payload, &rules.organization_claim)?,
            client_id: text(&payload, &rules.client_claim)?,
            credential_id: claims.token_id.clone(),
            issuer: Some(name),
            key_id: key.kid().map(str::to_owned),
            algorithm: Some(algorithm.name()),
        };
        Ok(TokenFacts {
            scopes: scopes(&payload, rules.scope_claim)?,
            sender_constrained: payload.contains_key("cnf"),
            rules: Arc::clone(rules),
            claims,
            principal,
            // Parsed as UTF-8 above.
            payload: String::from_utf8(jws.payload).map_err(|_| Reason::PayloadInvalid)?,
        })
    }
}

impl TokenFacts {
    /// Holds facts against the clock and the policy. It is repeated at each use of the facts.
    ///
    /// # Errors
    /// A [`Denial`] for the first claim that does not hold.
    pub fn judge(&self, now: UnixMillis) -> Verdict {
        let expires = within_life(&self.claims, &self.rules, now.seconds())
            .map_err(|denial| denial.about(self.principal.clone()))?;
        if self.sender_constrained {
            return Err(Denial::new(Reason::SenderProofMissing).about(self.principal.clone()));
        }
        Ok(Grant {
            class: CredentialClass::M2mToken,
            principal: self.principal.clone(),
            scopes: self.scopes.clone(),
            expires: Some(expires),
            evidence: Evidence::Claims(self.payload.clone()),
        })
    }
}

fn missing(claim: &str) -> Denial {
    Denial::new(Reason::ClaimMissing).noting(format!("`{claim}`"))
}

/// The types of tokens that are known to be no access tokens: of RFC 9449, RFC 8417, `OpenID` Connect Back-Channel Logout,
/// RFC 9101 and RFC 9701.
const FOREIGN_TYPES: [&str; 5] =
    ["dpop+jwt", "secevent+jwt", "logout+jwt", "oauth-authz-req+jwt", "token-introspection+jwt"];

/// Whether this `typ`, in lower case and without `application/`, is of no access token.
pub(crate) fn is_foreign_type(media_type: &str) -> bool {
    FOREIGN_TYPES.contains(&media_type)
}

/// The media types that are no access token's are refused whatever the issuer says of itself (RFC 8725 §3.11).
fn expect_type(header: &Header, rules: &IssuerRules) -> Result<(), Denial> {
    let accepted = match &rules.media_type {
        Some(expected) => !is_foreign_type(expected) && header.is_of_type(expected),
        None => header.media_type.is_none() || header.is_of_type("at+jwt") || header.is_of_type("jwt"),
    };
    if accepted { Ok(()) } else { Err(Reason::TypNotAccepted.into()) }
}

/// Audience and times. `exp` has no tolerance: a client whose token ends early fetches a new one. What lies in the
/// future is allowed the tolerance, since a token fresh from an issuer whose clock runs ahead must work at once.
fn within_life(claims: &Claims, rules: &IssuerRules, now: i64) -> Result<i64, Denial> {
    if claims.audience.is_empty() {
        return Err(missing("aud"));
    }
    if !claims.audience.iter().any(|audience| rules.audience.contains(audience)) {
        return Err(Reason::AudienceMismatch.into());
    }
    let expires = claims.expires.ok_or_else(|| missing("exp"))?;
    if now >= expires {
        return Err(Reason::TokenExpired.into());
    }
    let latest = now.saturating_add(rules.clock_tolerance);
    if claims.not_before.is_some_and(|not_before| not_before > latest) {
        return Err(Reason::TokenNotYetValid.into());
    }
    if claims.issued_at.is_some_and(|issued_at| issued_at > latest) {
        return Err(Reason::TokenIssuedInFuture.into());
    }
    if let Some(longest) = rules.max_token_age {
        let issued_at = claims.issued_at.ok_or_else(|| missing("iat"))?;
        if expires.saturating_sub(issued_at) > longest {
            return Err(Reason::TokenLifetimeTooLong.into());
        }
    }
    Ok(expires)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::m2m_token::ScopeClaim;

    fn accepted(media_type: Option<&str>, header: &str) -> bool {
        let rules = IssuerRules {
            issuer: "i".to_owned(),
            audience: Vec::new(),
            algorithms: Vec::new(),
            media_type: media_type.map(str::to_owned),
            scope_claim: ScopeClaim::Scope,
            organization_claim: "org_id".to_owned(),
            client_claim: "client_id".to_owned(),
            clock_tolerance: 0,
            max_token_age: None,
        };
        expect_type(&Header::parse(header.as_bytes()).expect("a header"), &rules).is_ok()
    }

    #[test]
    fn no_rule_makes_an_access_token_of_a_foreign_type() {
        for name in FOREIGN_TYPES {
            let header = format!(r#"{{"alg":"ES256","typ":"{name}"}}"#);
            for media_type in [None, Some("at+jwt"), Some(name)] {
                assert!(!accepted(media_type, &header), "{media_type:?} {name}");
            }
        }
        assert!(accepted(Some("vendor+jwt"), r#"{"alg":"ES256","typ":"application/Vendor+JWT"}"#));
    }
}

//! One trusted issuer: its rules, and its keys.

use std::sync::Arc;

use crate::{
    host::{Host, UnixMillis},
    jose::{Algorithm, KeySet, VerificationKey},
    key_source::{RemoteKeySet, RemoteKeySets, Tier, Vouching},
    verdict::{Denial, Reason, Step, Trail},
};

use serde_json::{Map, Value};

use super::{ClaimPath, Condition, Introspection, SenderConstraint, media_type::refuse_foreign_shape};

/// What stands for the tenant in the name of an issuer that is a template.
pub const TENANT: &str = "{tenant}";

/// Whether this text can stand in the place of the tenant: one path segment at most, and nothing that a reader of URLs
/// would read in another way.
#[must_use]
pub fn is_tenant(text: &str) -> bool {
    matches!(text.len(), 1..=128)
        && text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// The claims that may be missing. One that is there all the same is held to its rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OptionalClaims {
    /// `iss`, where the verifier knows this issuer alone.
    pub issuer: bool,
    /// `aud`. The rules then name no audience, so that a token for anybody in particular is refused.
    pub audience: bool,
    /// `exp`. A token without it ends [`IssuerRules::max_token_age`] after its `iat`.
    pub expires: bool,
}

/// What the policy says of an issuer.
#[derive(Debug, Clone)]
pub struct IssuerRules {
    /// `iss`, compared byte for byte; with [`TENANT`] in it, a template.
    pub issuer: String,
    /// The tenants of a template, each of which makes one name; empty where the issuer is no template.
    pub tenants: Vec<String>,
    /// The claim that must name the tenant for which `iss` stands.
    pub tenant_claim: Option<ClaimPath>,
    /// The audiences that this API answers to; one of them must be in `aud`.
    pub audience: Vec<String>,
    /// The claims that may be missing.
    pub optional: OptionalClaims,
    /// The algorithms that the issuer signs with.
    pub algorithms: Vec<Algorithm>,
    /// The `typ` that the issuer's access tokens bear, in lower case and without `application/`; where none is named,
    /// `at+jwt`, `JWT` and no `typ` are accepted.
    pub media_type: Option<String>,
    /// Where the scopes stand.
    pub scope_claim: ClaimPath,
    /// The claim that names the organization, where there is one.
    pub organization_claim: Option<ClaimPath>,
    /// The claim that names the client.
    pub client_claim: ClaimPath,
    /// What the claims must be beside that.
    pub claims: Vec<(ClaimPath, Condition)>,
    /// What members of the header must be beside that.
    pub header: Vec<(ClaimPath, Condition)>,
    /// Whether the tokens must be bound to their sender.
    pub sender_constraint: SenderConstraint,
    /// How far, in seconds, `nbf` and `iat` may lie in the future.
    pub clock_tolerance: i64,
    /// The longest life, `exp − iat` in seconds.
    pub max_token_age: Option<i64>,
}

impl IssuerRules {
    /// The rules of an issuer of which nothing else is known: the claims of RFC 9068, and the usual tolerance.
    #[must_use]
    pub fn new(issuer: impl Into<String>, audience: Vec<String>, algorithms: Vec<Algorithm>) -> Self {
        Self {
            issuer: issuer.into(),
            tenants: Vec::new(),
            tenant_claim: None,
            audience,
            optional: OptionalClaims::default(),
            algorithms,
            media_type: None,
            scope_claim: ClaimPath::member("scope"),
            organization_claim: Some(ClaimPath::member("org_id")),
            client_claim: ClaimPath::member("client_id"),
            claims: Vec::new(),
            header: Vec::new(),
            sender_constraint: SenderConstraint::Optional,
            clock_tolerance: 5,
            max_token_age: None,
        }
    }

    /// The values of `iss` that are this issuer's, each with its tenant.
    pub fn names(&self) -> impl Iterator<Item = (String, Option<&str>)> {
        let is_template = self.issuer.contains(TENANT);
        let only = (!is_template).then(|| (self.issuer.clone(), None));
        let tenants = if is_template { self.tenants.as_slice() } else { &[] };
        let expanded = tenants.iter().map(|tenant| (self.issuer.replace(TENANT, tenant), Some(tenant.as_str())));
        only.into_iter().chain(expanded)
    }

    /// Holds the header against what the policy says of it beside `alg`, `kid` and `typ`. `parse` reads it again, where
    /// the policy says anything.
    ///
    /// # Errors
    /// [`Reason::TypNotAccepted`]: such a member tells kinds of tokens apart.
    pub(super) fn admit_header(&self, parse: impl FnOnce() -> Option<Map<String, Value>>) -> Result<(), Denial> {
        if self.header.is_empty() {
            return Ok(());
        }
        let members = parse().ok_or(Reason::HeaderInvalid)?;
        for (path, condition) in &self.header {
            condition
                .hold(path, &members)
                .map_err(|_| Denial::new(Reason::TypNotAccepted).noting(format!("`{path}` of the header")))?;
        }
        Ok(())
    }

    /// Holds a payload that a key of the issuer vouched for against what does not change with time: that it is an access
    /// token's, that it is of the tenant that `iss` stands for, and what else the policy says.
    ///
    /// # Errors
    /// [`Reason::TypNotAccepted`], [`Reason::ClaimMissing`], [`Reason::ClaimMismatch`], [`Reason::ClaimMalformed`]
    pub(super) fn admit(
        &self,
        payload: &Map<String, Value>,
        tenant: Option<&str>,
        trail: &Trail,
    ) -> Result<(), Denial> {
        trail.enter(Step::Shape);
        refuse_foreign_shape(payload)?;
        if self.tenant_claim.is_some() || !self.claims.is_empty() {
            trail.enter(Step::ClaimConditions);
        }
        if let (Some(claim), Some(tenant)) = (&self.tenant_claim, tenant) {
            Condition::equals(tenant).hold(claim, payload)?;
        }
        self.claims.iter().try_for_each(|(path, condition)| condition.hold(path, payload))
    }
}

/// Where the keys of an issuer are.
#[derive(Debug)]
enum Keys {
    /// None here: its server is asked about its tokens.
    None,
    /// At hand, and good up to and including a second, or for ever.
    Local(KeySet, Option<i64>),
    /// To be fetched.
    Remote(RemoteKeySets),
}

/// An issuer with the keys that vouch for it.
#[derive(Debug)]
pub struct Issuer {
    pub(super) rules: Arc<IssuerRules>,
    keys: Keys,
    pub(super) introspection: Option<Introspection>,
}

/// The key that vouched for a token, and what says whether it still may.
#[derive(Debug, Clone)]
pub(super) struct Voucher {
    pub(super) key: Arc<VerificationKey>,
    /// From where its set came; none where it stands in the policy.
    pub(super) tier: Option<Tier>,
    life: Life,
}

#[derive(Debug, Clone)]
enum Life {
    Until(Option<i64>),
    While(Arc<RemoteKeySet>, Vouching),
}

impl Voucher {
    /// Whether the key may vouch now.
    ///
    /// # Errors
    /// [`Reason::KeySetStale`], [`Reason::KeySetUnavailable`], [`Reason::SigningKeyWithdrawn`]
    pub(super) fn hold(&self, now: UnixMillis) -> Result<(), Denial> {
        match &self.life {
            Life::Until(Some(last)) if now.seconds() > *last => Err(Reason::KeySetStale.into()),
            Life::Until(_) => Ok(()),
            Life::While(set, vouching) => set.vouches(now, vouching),
        }
    }
}

impl Issuer {
    /// An issuer whose keys may be used up to and including the second `good_until`, or for ever.
    #[must_use]
    pub fn new(rules: IssuerRules, keys: KeySet, good_until: Option<i64>) -> Self {
        Self { rules: Arc::new(rules), keys: Keys::Local(keys, good_until), introspection: None }
    }

    /// An issuer whose keys are fetched.
    #[must_use]
    pub fn with_remote_keys(rules: IssuerRules, keys: RemoteKeySets) -> Self {
        Self { rules: Arc::new(rules), keys: Keys::Remote(keys), introspection: None }
    }

    /// An issuer without keys here: its server is asked about its tokens.
    #[must_use]
    pub fn without_keys(rules: IssuerRules) -> Self {
        Self { rules: Arc::new(rules), keys: Keys::None, introspection: None }
    }

    /// The same issuer, whose server is asked.
    #[must_use]
    pub fn with_introspection(mut self, introspection: Introspection) -> Self {
        self.introspection = Some(introspection);
        self
    }

    /// What the policy says of it.
    #[must_use]
    pub fn rules(&self) -> &IssuerRules {
        &self.rules
    }

    /// The keys that stand in the policy, whatever their age: for diagnosis. None where they are elsewhere.
    #[must_use]
    pub const fn key_set(&self) -> Option<&KeySet> {
        match &self.keys {
            Keys::Local(keys, _) => Some(keys),
            Keys::None | Keys::Remote(_) => None,
        }
    }

    /// The last second at which the keys of the policy may vouch; none where they do not age, or are elsewhere.
    #[must_use]
    pub const fn good_until(&self) -> Option<i64> {
        match &self.keys {
            Keys::Local(_, good_until) => *good_until,
            Keys::None | Keys::Remote(_) => None,
        }
    }

    /// The key sets that are fetched, where they are.
    #[must_use]
    pub const fn remote_keys(&self) -> Option<&RemoteKeySets> {
        match &self.keys {
            Keys::Remote(sets) => Some(sets),
            Keys::None | Keys::Local(..) => None,
        }
    }

    pub(super) const fn has_keys(&self) -> bool {
        !matches!(self.keys, Keys::None)
    }

    /// The key that a token asks for, if it may vouch now.
    ///
    /// # Errors
    /// As [`KeySet::select`]; [`Reason::KeySetStale`] and [`Reason::KeySetUnavailable`] where it cannot be told whether
    /// the token is good.
    pub(super) async fn find_key<H: Host>(
        &self,
        host: &H,
        tenant: Option<&str>,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Voucher, Denial> {
        match &self.keys {
            Keys::None => Err(Reason::SigningKeyUnknown.into()),
            Keys::Local(_, Some(last)) if host.now().seconds() > *last => Err(Reason::KeySetStale.into()),
            Keys::Local(keys, good_until) => {
                let key = Arc::clone(keys.select(kid, algorithm)?);
                Ok(Voucher { key, tier: None, life: Life::Until(*good_until) })
            }
            Keys::Remote(sets) => {
                let (vouching, set) = sets.find(host, tenant, kid, algorithm).await?;
                let (key, tier) = (Arc::clone(&vouching.key), Some(vouching.tier));
                Ok(Voucher { key, tier, life: Life::While(set, vouching) })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_is_one_plain_segment() {
        for text in ["contoso", "7f1b2c3d-0000-4a5b-8c9d-0e1f2a3b4c5d", "a.b", "project-live-1", "0", &"t".repeat(128)]
        {
            assert!(is_tenant(text), "{text}");
        }
        for text in
            ["", ".", "..", "-a", "a/b", "a b", "a%2fb", "{tenant}", "a@b", "a:b", "a?b", "a#b", "é", &"t".repeat(129)]
        {
            assert!(!is_tenant(text), "{text}");
        }
    }
}

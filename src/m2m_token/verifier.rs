//! From the token's bytes to facts, and from facts and the clock to a verdict.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use serde_json::{Map, Value};

use super::{
    Claims, DpopRules, Introspection, Issuer, IssuerRules, SenderContext, SenderProof,
    answer_cache::Answer,
    claims::{scopes, text},
    confirmation::Confirmation,
    introspection::{agree, is_b64token, looks_like_jwt},
    issuer::Voucher,
    media_type::is_foreign_media_type,
    recall::{Recalled, Way},
    sender::Senders,
};
use crate::{
    facts::{FactsCache, Found},
    host::{DENY_SNAPSHOT, Host, UnixMillis},
    jose::{Algorithm, CompactJws, Header, verify_signature},
    json,
    key_source::{KeySetStatus, Tier},
    revocation::{DenyList, DenySnapshotStatus, InForce, Standing},
    verdict::{CredentialClass, Denial, Evidence, Grant, Principal, Reason, Step, Told, Trail, Verdict},
};

/// The largest token that is looked at where the policy names no other bound, in bytes.
pub const DEFAULT_MAX_TOKEN_BYTES: usize = 16 * 1024;

/// The largest bound that a policy may set, in bytes.
pub const LONGEST_TOKEN_BYTES: usize = 2 * 1024 * 1024;

/// Verifies the tokens of the issuers that a policy trusts.
#[derive(Debug)]
pub struct TokenVerifier {
    pub(super) issuers: Vec<Issuer>,
    /// Every accepted `iss`, with the place of its issuer and its tenant. A tree, since a token chooses what is looked up.
    names: BTreeMap<String, (usize, Option<String>)>,
    max_token_bytes: usize,
    deny: InForce,
    senders: Senders,
    pub(super) cache: FactsCache<Arc<Recalled>>,
    /// How often facts were kept.
    numbers: AtomicU64,
}

/// What was authenticated: the claims of a token whose signature an issuer's key vouched for. It says nothing about
/// now; [`TokenFacts::judge`] does, each time.
#[derive(Debug, Clone)]
pub struct TokenFacts {
    pub(super) proven: Arc<Proven>,
    /// None where it was not a key that vouched.
    pub(super) voucher: Option<Voucher>,
    /// The number under which they were kept, where they were not found just now.
    pub(super) number: Option<u64>,
}

/// What of the facts is the same at each use of the token, and shared by all of them.
#[derive(Debug)]
pub(super) struct Proven {
    rules: Arc<IssuerRules>,
    claims: Claims,
    /// Whom it speaks for, without where the facts come from.
    pub(super) principal: Principal,
    scopes: Vec<String>,
    deny: InForce,
    confirmation: Confirmation,
    /// The claims as they were signed.
    pub(super) evidence: Evidence,
}

/// A token that is good now.
#[derive(Debug)]
pub struct GoodToken {
    facts: TokenFacts,
    /// The second at which it ends.
    expires: i64,
}

impl GoodToken {
    /// The number under which its facts are kept, where they were found there and whoever holds the token may use it.
    /// What is said of it is then, word for word, what was said before under this number. A verifier uses none twice.
    #[must_use]
    pub fn number(&self) -> Option<u64> {
        self.facts.number.filter(|_| self.facts.confirmation().is_bearer())
    }

    /// What it may be used for.
    #[must_use]
    pub fn scopes(&self) -> &[String] {
        &self.facts.proven.scopes
    }

    /// What it grants.
    #[must_use]
    pub fn grant(&self) -> Grant {
        Grant {
            class: CredentialClass::M2mToken,
            principal: self.facts.principal(),
            scopes: self.facts.proven.scopes.clone(),
            expires: Some(self.expires),
            evidence: self.facts.proven.evidence.clone(),
        }
    }

    /// The verdict as one JSON object: that of its grant.
    #[must_use]
    pub fn document(&self) -> String {
        let Proven { principal, scopes, evidence, .. } = self.facts.proven.as_ref();
        let class = CredentialClass::M2mToken;
        Told { class, who: principal, facts_tier: self.facts.tier(), scopes, expires: Some(self.expires), evidence }
            .document()
    }
}

impl TokenVerifier {
    /// A verifier for these issuers, whose names are distinct, with nothing on its deny list.
    #[must_use]
    pub fn new(issuers: Vec<Issuer>, max_token_bytes: usize) -> Self {
        let mut names = BTreeMap::new();
        for (place, issuer) in issuers.iter().enumerate() {
            for (name, tenant) in issuer.rules.names() {
                names.entry(name).or_insert((place, tenant.map(str::to_owned)));
            }
        }
        Self {
            issuers,
            names,
            max_token_bytes,
            deny: InForce::default(),
            senders: Senders::default(),
            cache: FactsCache::default(),
            numbers: AtomicU64::new(0),
        }
    }

    /// The same verifier with these rules for DPoP proofs.
    #[must_use]
    pub fn with_dpop_rules(mut self, rules: DpopRules) -> Self {
        self.senders.rules = rules;
        self
    }

    /// The same verifier, for which this is in force in place of a deny list of its own.
    #[must_use]
    pub fn with_revocation(mut self, in_force: InForce) -> Self {
        self.deny = in_force;
        self
    }

    /// Puts a deny list in the place of the one before, as a whole. Facts that were made earlier are judged by it too.
    pub fn set_deny_list(&self, list: DenyList) {
        self.deny.replace(list);
    }

    /// What of revocation is in force.
    pub(crate) const fn revocation(&self) -> &InForce {
        &self.deny
    }

    /// The issuer that may vouch for a payload, and the tenant for which `iss` stands.
    fn issuer_of(&self, payload: &Map<String, Value>) -> Result<(usize, &Issuer, Option<&str>), Denial> {
        let Some(name) = text(payload, "iss")? else {
            // Keys belong to an issuer. Where there is one issuer there is no other that they could be taken for.
            return match self.issuers.as_slice() {
                [only] if only.rules.optional.issuer && only.rules.tenants.is_empty() => Ok((0, only, None)),
                _ => Err(missing("iss")),
            };
        };
        let (place, tenant) = self.names.get(&name).ok_or(Reason::IssuerUnknown)?;
        let issuer = self.issuers.get(*place).ok_or(Reason::IssuerUnknown)?;
        Ok((*place, issuer, tenant.as_deref()))
    }

    /// Whether a text is no JWT and there is a server to ask about it.
    #[must_use]
    pub fn takes_opaque(&self, text: &str) -> bool {
        !looks_like_jwt(text) && self.server_of(text).is_some()
    }

    /// The issuer whose server is asked about an opaque token, which does not say whose it is.
    fn server_of(&self, token: &str) -> Option<(&Issuer, &Introspection)> {
        self.issuers.iter().find_map(|issuer| {
            let server = issuer.introspection.as_ref().filter(|server| server.is_asked_about(token))?;
            Some((issuer, server))
        })
    }

    /// The most bytes of a token that is looked at.
    #[must_use]
    pub const fn max_token_bytes(&self) -> usize {
        self.max_token_bytes
    }

    /// The issuers that it trusts.
    #[must_use]
    pub fn issuers(&self) -> &[Issuer] {
        &self.issuers
    }

    /// Does what is to be done behind a request for the key set of this number, which [`Host::refresh_later`] named:
    /// fetches it where that is due, and puts into the store what is not there yet. For [`DENY_SNAPSHOT`], reads the signed
    /// deny list again.
    pub async fn refresh<H: Host>(&self, host: &H, key_set: u32) {
        if key_set == DENY_SNAPSHOT {
            self.deny.refresh(host).await;
            return;
        }
        for sets in self.issuers.iter().filter_map(Issuer::remote_keys) {
            if sets.refresh(host, key_set).await {
                return;
            }
        }
    }

    /// Fetches key sets by the clock and fills the store with them, so that no request has to wait for it. Reads the
    /// signed deny list again too, where there is one.
    pub async fn refresh_on_schedule<H: Host>(&self, host: &H) {
        self.deny.refresh(host).await;
        for sets in self.issuers.iter().filter_map(Issuer::remote_keys) {
            sets.refresh_on_schedule(host).await;
        }
    }

    /// What is known of the signed deny list; none without strict mode.
    #[must_use]
    pub fn deny_snapshot(&self, now: UnixMillis) -> Option<DenySnapshotStatus> {
        self.deny.status(now)
    }

    /// What is known of the key sets that are fetched.
    #[must_use]
    pub fn key_sets(&self, now: UnixMillis) -> Vec<KeySetStatus> {
        self.issuers.iter().filter_map(Issuer::remote_keys).flat_map(|sets| sets.status(now)).collect()
    }

    /// Verifies a token now, of whose sender nothing is known: one that is bound to its sender is refused.
    ///
    /// # Errors
    /// A [`Denial`] of the class `m2m_token`.
    pub async fn verify<H: Host>(&self, host: &H, token: &str) -> Verdict {
        self.verify_from(host, token, &SenderContext::default()).await
    }

    /// Verifies a token now, in the hands of this sender (contract §3.5).
    ///
    /// # Errors
    /// A [`Denial`] of the class `m2m_token`.
    pub async fn verify_from<H: Host>(&self, host: &H, token: &str, sender: &SenderContext<'_>) -> Verdict {
        self.verify_along(host, token, sender, &Trail::default()).await
    }

    /// As [`TokenVerifier::verify_from`], leaving a trail. Of a token whose facts were kept it begins late: what was
    /// asked when they were made is not asked again.
    ///
    /// # Errors
    /// As [`TokenVerifier::verify_from`], for the step that the trail ends with.
    pub async fn verify_along<H: Host>(
        &self,
        host: &H,
        token: &str,
        sender: &SenderContext<'_>,
        trail: &Trail,
    ) -> Verdict {
        self.check_along(host, token, sender, trail).await.map(|good| good.grant())
    }

    /// As [`TokenVerifier::verify_along`], before a grant is made of it.
    ///
    /// # Errors
    /// As [`TokenVerifier::verify_along`].
    pub async fn check_along<H: Host>(
        &self,
        host: &H,
        token: &str,
        sender: &SenderContext<'_>,
        trail: &Trail,
    ) -> Result<GoodToken, Denial> {
        let good = match self.authenticate_along(host, token, trail).await {
            Ok(facts) => {
                let standing = self.deny.ready(host).await;
                let judged = self.senders.judge(&facts, token, sender, &standing, host.now(), trail);
                judged.map(|expires| GoodToken { facts, expires })
            }
            Err(denial) => Err(denial),
        };
        good.map_err(|denial| denial.of(CredentialClass::M2mToken))
    }

    /// Checks form, issuer, key and signature.
    ///
    /// The issuer is read from the payload before the signature is checked, for no other purpose than to find the keys
    /// that may vouch for it: a key belongs to an issuer and vouches for no other (RFC 8725 §3.8).
    ///
    /// # Errors
    /// A [`Denial`] for the first thing that is wrong.
    ///
    /// A token whose signature held before is not checked again (contract §6.1): its facts are kept under a keyed digest of
    /// its bytes. What can change is asked again here: the key that vouched must still be the one that its issuer's set
    /// has for the token. All else is asked when the facts are judged.
    pub async fn authenticate<H: Host>(&self, host: &H, token: &str) -> Result<TokenFacts, Denial> {
        self.authenticate_along(host, token, &Trail::default()).await
    }

    async fn authenticate_along<H: Host>(&self, host: &H, token: &str, trail: &Trail) -> Result<TokenFacts, Denial> {
        let mut known = Principal::default();
        let fits = token.len() <= self.max_token_bytes && looks_like_jwt(token);
        let digest = if H::ASKS && fits { self.cache.digest(host, token) } else { None };
        if let Some(digest) = &digest
            && let Some(found) = self.cache.find(digest)
        {
            let recalled = host.asking(|| self.recall(host, &found.facts, &mut known)).await;
            match recalled.unwrap_or(Ok(None)) {
                Ok(Some(facts)) => return Ok(facts),
                Ok(None) => self.cache.forget(digest),
                Err(denial) => return Err(denial.about(known)),
            }
        }
        let asked = host.clock();
        let (facts, way) =
            self.look_into(host, token, &mut known, trail).await.map_err(|denial| denial.about(known))?;
        if let (Some(digest), Some(way)) = (digest, way) {
            let number = self.numbers.fetch_add(1, Ordering::Relaxed);
            let recalled = Recalled { facts: TokenFacts { number: Some(number), ..facts.clone() }, way };
            let bytes = recalled.bytes();
            self.cache.keep(digest, Found { facts: Arc::new(recalled), as_of: asked }, bytes, |_, _| false);
        }
        Ok(facts)
    }

    /// Puts down in `known` which issuer, algorithm and key of the policy a token is held against, for the audit event of
    /// a denial. Nothing else that a token says of itself stands there before its signature holds.
    async fn look_into<H: Host>(
        &self,
        host: &H,
        token: &str,
        known: &mut Principal,
        trail: &Trail,
    ) -> Result<(TokenFacts, Option<Way>), Denial> {
        if !looks_like_jwt(token)
            && let Some((issuer, server)) = self.server_of(token)
        {
            known.issuer = Some(issuer.rules.issuer.clone());
            trail.enter(Step::Size);
            self.admit_opaque(token, trail)?;
            trail.enter(Step::Introspection);
            let answer = server.ask(host, token).await?;
            return Ok((self.facts_of_answer(&issuer.rules, server, &answer, trail)?, None));
        }
        let jws = CompactJws::parse_along(token, self.max_token_bytes, trail)?;
        let header = Header::parse_along(&jws.header, trail)?;
        trail.enter(Step::AlgorithmKnown);
        let algorithm = Algorithm::from_name(&header.algorithm).ok_or(Reason::AlgorithmNotAllowed)?;
        known.algorithm = Some(algorithm.name());
        trail.enter(Step::Payload);
        let payload = json::parse_object(&jws.payload)
            .map_err(|error| Denial::new(Reason::PayloadInvalid).noting(error.to_string()))?;
        trail.enter(Step::Issuer);
        let (place, issuer, tenant) = self.issuer_of(&payload)?;
        let rules = &issuer.rules;
        known.issuer = Some(text(&payload, "iss")?.unwrap_or_else(|| rules.issuer.clone()));
        trail.enter(Step::MediaType);
        expect_type(&header, rules)?;
        if !rules.header.is_empty() {
            trail.enter(Step::HeaderConditions);
        }
        rules.admit_header(|| json::parse_object(&jws.header).ok())?;
        let server = issuer.introspection.as_ref().filter(|server| server.is_asked_about_jwts());
        if let (Some(server), false) = (server, issuer.has_keys()) {
            trail.enter(Step::Introspection);
            let answer = server.ask(host, token).await?;
            agree(&payload, &answer.members)?;
            known.algorithm = None;
            return Ok((self.facts_of_answer(rules, server, &answer, trail)?, None));
        }
        if !issuer.has_keys() {
            trail.enter(Step::Key);
            let note = "the issuer has no keys here, and its server is asked about opaque tokens alone";
            return Err(Denial::new(Reason::SigningKeyUnknown).noting(note));
        }
        trail.enter(Step::Algorithm);
        if !rules.algorithms.contains(&algorithm) {
            return Err(Denial::new(Reason::AlgorithmNotAllowed).noting(algorithm.name()));
        }
        trail.enter(Step::Key);
        let voucher = issuer.find_key(host, tenant, header.key_id.as_deref(), algorithm).await?;
        known.key_id = voucher.key.kid().map(str::to_owned);
        known.key_set_tier = voucher.tier.map(Tier::as_str);
        trail.enter(Step::Signature);
        verify_signature(host, &voucher.key, algorithm, jws.signing_input.as_bytes(), &jws.signature).await?;

        // From here on the payload is the issuer's word, and was parsed as UTF-8 above.
        let written = String::from_utf8(jws.payload).map_err(|_| Reason::PayloadInvalid)?;
        let proven = self.facts(rules, &payload, written, tenant, known, trail)?;
        let facts = TokenFacts { voucher: Some(voucher), ..proven };
        if let Some(server) = server {
            // Nobody is asked about a token that is over.
            let standing = self.deny.ready(host).await;
            facts.hold(&standing, host.now(), trail)?;
            trail.enter(Step::Confirmed);
            let answer = server.ask(host, token).await?;
            server.expect_access_token(&answer, true)?;
            agree(&payload, &answer.members)?;
            // The server's answer is kept by itself, and for its own time.
            return Ok((facts, None));
        }
        let way = Way { issuer: place, tenant: tenant.map(str::to_owned), kid: header.key_id, algorithm };
        Ok((facts, Some(way)))
    }

    /// What no issuer could have given out is not asked about.
    fn admit_opaque(&self, token: &str, trail: &Trail) -> Result<(), Denial> {
        if token.len() > self.max_token_bytes {
            return Err(Reason::TokenTooLarge.into());
        }
        trail.enter(Step::Form);
        if is_b64token(token) {
            return Ok(());
        }
        Err(Denial::new(Reason::TokenMalformed).noting("neither a JWT nor an opaque token"))
    }

    /// What a server says of an active token, held against what the policy says of its issuer (RFC 7662 §2.2). `iss`
    /// may be missing there: it was the issuer's own server that was asked.
    fn facts_of_answer(
        &self,
        rules: &Arc<IssuerRules>,
        server: &Introspection,
        answer: &Answer,
        trail: &Trail,
    ) -> Result<TokenFacts, Denial> {
        let members = &answer.members;
        server.expect_access_token(answer, false)?;
        if text(members, "iss")?.is_some_and(|name| name != rules.issuer) {
            return Err(Reason::IssuerUnknown.into());
        }
        self.facts(rules, members, answer.written.as_ref().to_owned(), None, &Principal::default(), trail)
    }

    /// Holds a payload that nobody vouched for against what would be asked of it after its signature, for an explanation
    /// alone: no facts come of it, and no grant.
    ///
    /// # Errors
    /// A [`Denial`] for the step that the trail ends with.
    pub(crate) fn suppose(&self, payload: &Map<String, Value>, now: UnixMillis, trail: &Trail) -> Result<(), Denial> {
        let [only] = self.issuers.as_slice() else { return Err(Reason::IssuerUnknown.into()) };
        let facts = self.facts(&only.rules, payload, String::new(), None, &Principal::default(), trail)?;
        facts.hold(&self.deny.at(now), now, trail).map(|_| ())
    }

    /// The facts of claims that their issuer vouched for.
    fn facts(
        &self,
        rules: &Arc<IssuerRules>,
        payload: &Map<String, Value>,
        written: String,
        tenant: Option<&str>,
        known: &Principal,
        trail: &Trail,
    ) -> Result<TokenFacts, Denial> {
        trail.enter(Step::ClaimTypes);
        let claims = Claims::read(payload)?;
        rules.admit(payload, tenant, trail)?;
        trail.enter(Step::Confirmation);
        let confirmation = Confirmation::read(payload)?;
        rules.sender_constraint.admit(confirmation)?;
        trail.enter(Step::Names);
        // An empty name names nobody.
        let named = |claim: &Option<String>| claim.clone().filter(|text| !text.is_empty());
        let principal = Principal {
            subject: named(&claims.subject),
            organization: rules.organization_claim.as_ref().map_or(Ok(None), |claim| claim.name(payload))?,
            client_id: rules.client_claim.name(payload)?,
            credential_id: named(&claims.token_id),
            issuer: Some(claims.issuer.clone().unwrap_or_else(|| rules.issuer.clone())),
            key_id: known.key_id.clone(),
            algorithm: known.algorithm,
            key_set_tier: None,
            facts_tier: None,
            sender: confirmation.sender(),
        };
        trail.enter(Step::Scopes);
        let proven = Proven {
            scopes: scopes(payload, &rules.scope_claim)?,
            deny: self.deny.clone(),
            confirmation,
            rules: Arc::clone(rules),
            claims,
            principal,
            evidence: Evidence::Claims(written),
        };
        Ok(TokenFacts { proven: Arc::new(proven), voucher: None, number: None })
    }
}

impl TokenFacts {
    /// Holds facts against the clock, the policy, the deny list that is in force, and the key set that is: a key that its
    /// issuer took out vouches no longer for what it vouched for before. It is repeated at each use of the
    /// facts. Of the sender nothing is known.
    ///
    /// # Errors
    /// A [`Denial`] for the first claim that does not hold.
    pub fn judge(&self, now: UnixMillis) -> Verdict {
        self.judge_from(now, &SenderProof::default())
    }

    /// As [`TokenFacts::judge`], of a token whose sender has proven this.
    ///
    /// # Errors
    /// A [`Denial`] for the first thing that does not hold. [`Reason::KeySetStale`] and [`Reason::KeySetUnavailable`]
    /// say that it can be told by authenticating the token again; [`Reason::DenySnapshotStale`] and
    /// [`Reason::DenySnapshotUnavailable`], by verifying another one, or after a refresh.
    pub fn judge_from(&self, now: UnixMillis, proof: &SenderProof) -> Verdict {
        if let Some(voucher) = &self.voucher {
            voucher.hold(now).map_err(|denial| denial.about(self.principal()))?;
        }
        let expires = self.admit(now, proof, &self.proven.deny.at(now), &Trail::default())?;
        Ok(GoodToken { facts: self.clone(), expires }.grant())
    }

    /// As [`TokenFacts::judge_from`], for facts whose key, and what stands against them, was found for this very check. The
    /// second at which the token ends.
    pub(super) fn admit(
        &self,
        now: UnixMillis,
        proof: &SenderProof,
        standing: &Standing,
        trail: &Trail,
    ) -> Result<i64, Denial> {
        let expires = self.hold(standing, now, trail)?;
        if !self.confirmation().is_bearer() {
            trail.enter(Step::Sender);
        }
        proof.hold(self.confirmation()).map_err(|denial| denial.about(self.principal()))?;
        Ok(expires)
    }

    /// What the token is bound to.
    pub(super) fn confirmation(&self) -> Confirmation {
        self.proven.confirmation
    }

    /// Whom the token speaks for, and where that was found.
    pub(super) fn principal(&self) -> Principal {
        Principal {
            key_set_tier: self.voucher.as_ref().and_then(|voucher| voucher.tier).map(Tier::as_str),
            facts_tier: self.tier(),
            ..self.proven.principal.clone()
        }
    }

    /// Where they were found, if not just now.
    fn tier(&self) -> Option<&'static str> {
        self.number.map(|_| "isolate")
    }

    /// How far times may lie in the future, in seconds.
    pub(super) fn clock_tolerance(&self) -> i64 {
        self.proven.rules.clock_tolerance
    }

    /// Holds everything but the sender and the key. The second at which the token ends.
    pub(super) fn hold(&self, standing: &Standing, now: UnixMillis, trail: &Trail) -> Result<i64, Denial> {
        let Proven { claims, rules, principal, .. } = self.proven.as_ref();
        let expires =
            within_life(claims, rules, now.seconds(), trail).map_err(|denial| denial.about(self.principal()))?;
        trail.enter(Step::Revocation);
        standing.hold_token(principal, &rules.issuer, now).map_err(|denial| denial.about(self.principal()))?;
        Ok(expires)
    }
}

fn missing(claim: &str) -> Denial {
    Denial::new(Reason::ClaimMissing).noting(format!("`{claim}`"))
}

/// The media types that are no access token's are refused whatever the policy says of the issuer (RFC 8725 §3.11).
fn expect_type(header: &Header, rules: &IssuerRules) -> Result<(), Denial> {
    let accepted = match &rules.media_type {
        Some(expected) => header.is_of_type(expected) && !is_foreign_media_type(expected),
        None => header.media_type.is_none() || header.is_of_type("at+jwt") || header.is_of_type("jwt"),
    };
    if accepted { Ok(()) } else { Err(Reason::TypNotAccepted.into()) }
}

/// Audience and times. `exp` has no tolerance: a client whose token ends early fetches a new one. What lies in the
/// future is allowed the tolerance, since a token fresh from an issuer whose clock runs ahead must work at once.
fn within_life(claims: &Claims, rules: &IssuerRules, now: i64, trail: &Trail) -> Result<i64, Denial> {
    trail.enter(Step::Audience);
    // Where `aud` may be missing, the rules name no audience and a token that is for somebody is not for this API
    // (RFC 7519 §4.1.3): never "for us, or for anybody".
    let anybody = claims.audience.is_empty();
    if anybody && !rules.optional.audience {
        return Err(missing("aud"));
    }
    if !anybody && !claims.audience.iter().any(|audience| rules.audience.contains(audience)) {
        return Err(Reason::AudienceMismatch.into());
    }
    trail.enter(Step::Expiry);
    let issued_at = || claims.issued_at.ok_or_else(|| missing("iat"));
    let expires = match (claims.expires, rules.max_token_age) {
        (Some(expires), _) => expires,
        (None, Some(longest)) if rules.optional.expires => issued_at()?.saturating_add(longest),
        (None, _) => return Err(missing("exp")),
    };
    if now >= expires {
        return Err(Reason::TokenExpired.into());
    }
    let latest = now.saturating_add(rules.clock_tolerance);
    if claims.not_before.is_some() {
        trail.enter(Step::NotBefore);
    }
    if claims.not_before.is_some_and(|not_before| not_before > latest) {
        return Err(Reason::TokenNotYetValid.into());
    }
    if claims.issued_at.is_some() {
        trail.enter(Step::IssuedAt);
    }
    if claims.issued_at.is_some_and(|issued_at| issued_at > latest) {
        return Err(Reason::TokenIssuedInFuture.into());
    }
    if rules.max_token_age.is_some() {
        trail.enter(Step::Lifetime);
    }
    if let Some(longest) = rules.max_token_age
        && expires.saturating_sub(issued_at()?) > longest
    {
        return Err(Reason::TokenLifetimeTooLong.into());
    }
    Ok(expires)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::m2m_token::media_type::FOREIGN;

    fn accepted(media_type: Option<&str>, header: &str) -> bool {
        let rules =
            IssuerRules { media_type: media_type.map(str::to_owned), ..IssuerRules::new("i", Vec::new(), Vec::new()) };
        expect_type(&Header::parse(header.as_bytes()).expect("a header"), &rules).is_ok()
    }

    #[test]
    fn no_rule_makes_an_access_token_of_a_foreign_type() {
        for name in FOREIGN {
            let header = format!(r#"{{"alg":"ES256","typ":"{name}"}}"#);
            for media_type in [None, Some("at+jwt"), Some(name)] {
                assert!(!accepted(media_type, &header), "{media_type:?} {name}");
            }
        }
        assert!(accepted(Some("vendor+jwt"), r#"{"alg":"ES256","typ":"application/Vendor+JWT"}"#));
    }
}

//! Tokens that were seen before (contract §6.1): what is kept of them, and how it is found to hold again.

use std::sync::Arc;

use super::{TokenFacts, TokenVerifier};
use crate::{
    facts::CacheSize,
    host::Host,
    jose::Algorithm,
    verdict::{Denial, Principal},
};

/// Facts that are kept, and how the key is found that has to vouch for them again.
#[derive(Debug)]
pub(super) struct Recalled {
    pub(super) facts: TokenFacts,
    pub(super) way: Way,
}

/// What a token's key is looked up by.
#[derive(Debug)]
pub(super) struct Way {
    /// The place of the issuer.
    pub(super) issuer: usize,
    pub(super) tenant: Option<String>,
    pub(super) kid: Option<String>,
    pub(super) algorithm: Algorithm,
}

impl Recalled {
    /// What they take, as a cache reckons: the claims stand in them as text and as what was read of it.
    pub(super) fn bytes(&self) -> usize {
        self.facts.proven.evidence.text().len().saturating_mul(3).saturating_add(768)
    }
}

impl TokenVerifier {
    /// Forgets the facts of all tokens: their signatures are checked again.
    pub fn forget_facts(&self) {
        self.cache.clear();
    }

    /// How full the cache of facts is.
    #[must_use]
    pub fn cache_size(&self) -> CacheSize {
        self.cache.size()
    }

    /// How full the caches of what authorization servers answered are, all together.
    #[must_use]
    pub fn answers_size(&self) -> CacheSize {
        let servers = self.issuers.iter().filter_map(|issuer| issuer.introspection.as_ref());
        servers.fold(CacheSize::default(), |sum, server| sum.and(server.answers_size()))
    }

    /// Facts that were kept, if the key that vouched for them still does. None where another key is in its place: then
    /// it is for the signature to say which of them signed the token.
    pub(super) async fn recall<H: Host>(
        &self,
        host: &H,
        recalled: &Recalled,
        known: &mut Principal,
    ) -> Result<Option<TokenFacts>, Denial> {
        let Recalled { facts, way } = recalled;
        let (Some(issuer), Some(before)) = (self.issuers.get(way.issuer), &facts.voucher) else { return Ok(None) };
        known.issuer.clone_from(&facts.proven.principal.issuer);
        known.algorithm = Some(way.algorithm.name());
        let voucher = issuer.find_key(host, way.tenant.as_deref(), way.kid.as_deref(), way.algorithm).await?;
        if !Arc::ptr_eq(&voucher.key, &before.key) {
            return Ok(None);
        }
        Ok(Some(TokenFacts { voucher: Some(voucher), ..facts.clone() }))
    }
}

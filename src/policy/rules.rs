//! What the policy says of an issuer's tokens, judged and made ready: everything of it but the keys.

use std::collections::{BTreeMap, BTreeSet};

use super::{IssuerPolicy, OneOrMany, RequiredClaim, error::Faults, presets::Shape};
use crate::{
    json::pointer_step,
    m2m_token::{
        ClaimPath, Condition, IssuerRules, OptionalClaims, TENANT, is_foreign_media_type, is_tenant,
        normalize_media_type,
    },
};

/// The longest name of an issuer, in bytes.
const LONGEST_ISSUER: usize = 1024;

/// The most tenants of a template.
const MOST_TENANTS: usize = 4096;

/// Claims with a meaning of their own, which hold no scopes.
const NOT_SCOPES: [&str; 8] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "cnf"];

/// The rules of an issuer, its faults put down. `alone` says that the policy names no other issuer.
pub(super) fn rules(policy: IssuerPolicy, alone: bool, place: &str, faults: &mut Faults) -> IssuerRules {
    let shape = policy.preset.map_or_else(Shape::default, super::Preset::shape);
    let issuer = policy.name().to_owned();
    let mut faults = Member { place, faults };

    let shared_keys = policy.discovery.is_none() && !policy.jwks_uri.as_ref().is_some_and(|uri| uri.contains(TENANT));
    check_name(&issuer, &policy.tenants, &shape, shared_keys, &mut faults);
    let tenant_claim = faults.path("tenantClaim", policy.tenant_claim.as_deref().or(shape.tenant_claim));
    if policy.tenant_claim.is_some() && policy.tenants.is_empty() && !issuer.contains(TENANT) {
        faults.hint(
            "tenantClaim",
            "the issuer is no template, and has no tenant to name",
            "leave it out, or put `{tenant}` into the name of the issuer",
        );
    }
    let optional = OptionalClaims {
        issuer: policy.optional_claims.contains(&RequiredClaim::Iss),
        audience: policy.optional_claims.contains(&RequiredClaim::Aud),
        expires: policy.optional_claims.contains(&RequiredClaim::Exp),
    };
    if policy.optional_claims.contains(&RequiredClaim::TokenType) && policy.introspection.is_none() {
        faults.hint(
            "optionalClaims",
            "`token_type` stands in what a server says of a token, and there is no server to ask",
            "take `token_type` out",
        );
    }
    if optional.issuer && !(alone && policy.tenants.is_empty()) {
        faults.hint("optionalClaims", "a token without `iss` is anybody's: `iss` is optional only where the policy names one issuer, and that one is no template", "take `iss` out, and have the issuer put its name into its tokens");
    }
    if optional.expires && policy.max_token_age.is_none() {
        faults.hint(
            "optionalClaims",
            "a token without `exp` would be good for ever: name `maxTokenAge`, which ends it",
            "an hour is long for an M2M token: `\"maxTokenAge\": 3600`",
        );
    }
    let audience = policy.audience.map(OneOrMany::into_vec);
    match &audience {
        Some(_) if optional.audience => faults.hint(
            "audience",
            "an audience here, and `aud` among the `optionalClaims`: a token for everybody would pass for one for this API; leave one of them out",
            "keep the audience: a token without one is refused then",
        ),
        None if optional.audience => {}
        Some(named) if !named.is_empty() && !named.iter().any(String::is_empty) => {}
        _ => faults.hint("audience", "name the audience that this API answers to", "what the issuer puts into `aud` for this API, as in `https://api.example`"),
    }
    let media_type = policy.media_type.or(shape.media_type.map(str::to_owned)).map(|name| normalize_media_type(&name));
    if let Some(name) = &media_type {
        if is_foreign_media_type(name) {
            faults.hint(
                "typ",
                "tokens of this type are no access tokens, and are refused always",
                "`at+jwt` where the issuer follows RFC 9068; else leave it out",
            );
        } else if name.is_empty()
            || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+/".contains(&byte))
        {
            faults.hint("typ", "no media type", "what stands in `typ` of the header of its tokens, as `at+jwt`; leave it out where it is not always the same");
        }
    }
    let scope_claim = faults.path("scopeClaim", Some(policy.scope_claim.as_deref().unwrap_or(shape.scope_claim)));
    if scope_claim.as_ref().is_some_and(|claim| NOT_SCOPES.iter().any(|name| claim.is_member(name))) {
        faults.hint(
            "scopeClaim",
            "this claim has a meaning of its own, and holds no scopes",
            "leave it out for `scope`; `scp`, `roles` and `permissions` are others that issuers use",
        );
    }
    let organization_claim =
        faults.path("organizationClaim", policy.organization_claim.as_deref().or(shape.organization_claim));
    let client_claim = faults.path("clientClaim", Some(policy.client_claim.as_deref().unwrap_or(shape.client_claim)));
    let claims = faults.conditions("requireClaims", policy.require_claims, shape.require_claims);
    let header = faults.conditions("requireHeader", policy.require_header, shape.require_header);

    IssuerRules {
        issuer,
        tenants: policy.tenants,
        tenant_claim,
        audience: audience.unwrap_or_default(),
        optional,
        algorithms: policy.algorithms.unwrap_or(shape.algorithms),
        media_type,
        // A path that cannot be read is a fault, and no rules come of it.
        scope_claim: scope_claim.unwrap_or_else(|| ClaimPath::member("scope")),
        organization_claim,
        client_claim: client_claim.unwrap_or_else(|| ClaimPath::member("client_id")),
        claims,
        header,
        sender_constraint: policy.sender_constraint,
        clock_tolerance: policy.clock_tolerance.into(),
        max_token_age: policy.max_token_age.map(i64::from),
    }
}

fn check_name(issuer: &str, tenants: &[String], shape: &Shape, shared_keys: bool, faults: &mut Member<'_, '_>) {
    if issuer.is_empty() {
        faults.hint("issuer", "an issuer has a name", "what stands in `iss` of its tokens, byte for byte");
        return;
    }
    if issuer.len() > LONGEST_ISSUER {
        faults.hint("issuer", "the name is too long", format!("{LONGEST_ISSUER} bytes at most"));
    }
    let places = issuer.matches(TENANT).count();
    let plain = issuer.replace(TENANT, "");
    if places > 1 || plain.contains(['{', '}']) {
        faults.hint(
            "issuer",
            "braces stand for the tenant alone: `{tenant}`, once",
            "write it as in `https://login.example/{tenant}/v2.0`",
        );
    } else if let Some(fault) = (shape.form)(&issuer.replace(TENANT, "tenant")) {
        faults.hint("issuer", fault, "the issuers of this `preset` have that form; without a preset any form will do");
    }
    match (places, tenants) {
        (0, []) => {}
        (0, _) => {
            faults.hint(
                "tenants",
                "the issuer is no template: put `{tenant}` into its name, or leave the tenants out",
                "write it as in `https://login.example/{tenant}/v2.0`",
            );
        }
        (_, []) => {
            faults.hint(
                "tenants",
                "name the tenants that are trusted: any tenant of a provider can be anybody's",
                "the ids of your customers' tenants, as they stand in `iss`",
            );
        }
        _ if shape.keys_per_tenant && shared_keys => {
            faults.hint("issuer", "each tenant of this provider has keys of its own: write one issuer for each, or fetch the keys by `discovery` or a `jwksUri` with `{tenant}`", "`\"discovery\": \"openid-configuration\"` does for most providers");
        }
        _ => {}
    }
    if tenants.len() > MOST_TENANTS {
        faults.hint(
            "tenants",
            format!("{} tenants, at most {MOST_TENANTS}", tenants.len()),
            "part them into several policies, each with a gate of its own",
        );
    }
    let mut seen = BTreeSet::new();
    for (index, tenant) in tenants.iter().enumerate() {
        if !is_tenant(tenant) {
            faults.hint(
                &format!("tenants/{index}"),
                "1 to 128 letters, digits, `-`, `_` and `.`, a letter or digit first",
                "the id alone: what stands in the place of `{tenant}`",
            );
        } else if !seen.insert(tenant.as_str()) {
            faults.hint(&format!("tenants/{index}"), "this tenant stands twice", "take one of the two out");
        }
    }
}

/// The faults of one issuer's members.
struct Member<'p, 'f> {
    place: &'p str,
    faults: &'f mut Faults,
}

impl Member<'_, '_> {
    fn hint(&mut self, name: &str, reason: impl Into<String>, hint: impl Into<String>) {
        self.faults.hint(format!("{}/{name}", self.place), reason, hint);
    }

    fn path(&mut self, name: &str, text: Option<&str>) -> Option<ClaimPath> {
        match ClaimPath::parse(text?) {
            Ok(path) => Some(path),
            Err(fault) => {
                self.hint(
                    name,
                    fault,
                    "the name of a claim, or a JSON pointer to one within others: `/realm_access/org`",
                );
                None
            }
        }
    }

    /// The policy's conditions over those of the preset, claim by claim.
    fn conditions(
        &mut self,
        name: &str,
        named: BTreeMap<String, Option<Condition>>,
        preset: Vec<(&'static str, Condition)>,
    ) -> Vec<(ClaimPath, Condition)> {
        // In the order of their paths.
        let mut conditions: Vec<(ClaimPath, Option<Condition>)> = Vec::new();
        for (claim, condition) in named {
            let place = format!("{name}/{}", pointer_step(&claim));
            let Some(path) = self.path(&place, Some(&claim)) else { continue };
            if let Some(fault) = condition.as_ref().and_then(Condition::fault) {
                self.hint(
                    &place,
                    fault,
                    "null takes a condition of the preset away; `{ \"present\": true }` is the least one",
                );
            }
            match conditions.binary_search_by(|(known, _)| known.cmp(&path)) {
                Ok(_) => self.hint(&place, "this claim stands twice, in two spellings", "take one of the two out"),
                Err(rank) => conditions.insert(rank, (path, condition)),
            }
        }
        for (claim, condition) in preset {
            let path = ClaimPath::member(claim);
            if let Err(rank) = conditions.binary_search_by(|(known, _)| known.cmp(&path)) {
                conditions.insert(rank, (path, Some(condition)));
            }
        }
        conditions.into_iter().filter_map(|(path, condition)| Some((path, condition?))).collect()
    }
}

//! The policy's types, as they stand in the JSON. Unknown members are errors everywhere: one of them could be a limit
//! that its author relies on.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;

use super::{
    AdminPolicy, ApiKeyPolicy, AssertionPolicy, AuditPolicy, CorsPolicy, ForwardAuthPolicy, LeaksPolicy, LimitsPolicy,
    MetricsPolicy, Preset, ProxyPolicy, ResourcePolicy, ReviewPolicy, RoutePolicy, TrustedProxiesPolicy,
};
use crate::{
    jose::Algorithm,
    json,
    key_source::Discovery,
    m2m_token::{ClientAuthentication, Condition, Introspected, SenderConstraint},
    revocation::DenyList,
};

/// The whole policy.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Policy {
    /// Where the JSON Schema of this document stands; for editors.
    #[serde(rename = "$schema")]
    pub schema: Option<String>,
    /// The path under which the gate's own endpoints stand.
    #[serde(default = "default_prefix")]
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = "^/")))]
    pub prefix: String,
    /// The issuers whose M2M tokens are accepted.
    #[serde(default)]
    pub issuers: Vec<IssuerPolicy>,
    /// The API keys that are accepted; none where left out.
    pub api_keys: Option<ApiKeyPolicy>,
    /// The reports of leaked keys that are taken; none where left out.
    pub leaks: Option<LeaksPolicy>,
    /// Whether TLS ends before the gate, so that a request's URL does not say whether it came over TLS. Elsewhere a
    /// credential that comes over `http`, but from this machine itself, is refused as exposed.
    #[serde(default)]
    pub tls_ends_ahead: bool,
    /// Where credentials are looked for.
    #[serde(default)]
    pub credentials: CredentialHeaders,
    /// The routes. What matches none of them is denied.
    #[serde(default)]
    pub routes: Vec<RoutePolicy>,
    /// The hosts that are served, in small letters, with a port where it is not the usual one; whichever a request names
    /// where left out.
    pub hosts: Option<Vec<String>>,
    /// The origin that allowed requests are forwarded to, as a URL without a path; where left out, the host lends one
    /// (a service binding).
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = "^https?://[^/]+$")))]
    pub origin: Option<String>,
    /// How long the origin has until the head of its answer, in milliseconds, from 100 to 3600000; a minute where left out.
    /// What it takes to send the request counts in, and the body of the answer does not.
    pub origin_timeout: Option<u32>,
    /// How requests are forwarded.
    #[serde(default)]
    pub proxy: ProxyPolicy,
    /// The pages that may call the API from a browser; none where left out.
    pub cors: Option<CorsPolicy>,
    /// What the API says of itself as a protected resource (RFC 9728); nothing where left out.
    pub resource: Option<ResourcePolicy>,
    /// What clients put before the path, as in `https://api.example`: where left out, what the request's own URL says.
    /// A proof of the sender names it (RFC 9449 §4.2, `htu`).
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = "^https?://[^/]+$")))]
    pub public_origin: Option<String>,
    /// The DPoP proofs that are accepted.
    pub dpop: Option<DpopPolicy>,
    /// The largest token that is looked at, in bytes.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 2_097_152)))]
    pub max_token_bytes: Option<usize>,
    /// The credentials that are refused before they end.
    pub deny: Option<DenyList>,
    /// Who may use the admin endpoints; nobody where left out.
    pub admin: Option<AdminPolicy>,
    /// The proxies in front of the gate whose word on a client's address is taken.
    pub trusted_proxies: Option<TrustedProxiesPolicy>,
    /// The proxies that ask the gate about each request and forward it themselves; none where left out.
    pub forward_auth: Option<ForwardAuthPolicy>,
    /// The limits of the review of standing credentials.
    pub review: Option<ReviewPolicy>,
    /// Strict mode: a signed deny list that must be at hand, and not too old.
    pub deny_snapshot: Option<DenySnapshotPolicy>,
    /// The signed assertion that the origin gets with each request; none where left out.
    pub assertion: Option<AssertionPolicy>,
    /// How much may come; where left out, as much as does.
    pub limits: Option<LimitsPolicy>,
    /// What is put on record of decisions.
    #[serde(default)]
    pub audit: AuditPolicy,
    /// Who may look at the numbers.
    #[serde(default)]
    pub metrics: MetricsPolicy,
    /// The SHA-256 of the document, as `sha-256:` and hexadecimal digits: of its content, whatever the order of its members
    /// and the space between them.
    #[serde(skip)]
    pub digest: String,
}

/// The policy of a verifier for M2M tokens alone.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TokenPolicy {
    /// The issuers whose tokens are accepted.
    pub issuers: Vec<IssuerPolicy>,
    /// The DPoP proofs that are accepted.
    pub dpop: Option<DpopPolicy>,
    /// The largest token that is looked at, in bytes.
    pub max_token_bytes: Option<usize>,
    /// The tokens that are refused before they end.
    pub deny: Option<DenyList>,
    /// Strict mode: a signed deny list that must be at hand, and not too old.
    pub deny_snapshot: Option<DenySnapshotPolicy>,
}

/// Strict mode: beside `deny` a signed deny list counts, and where there is none that can be trusted
/// the answer is 503. The key that signs is handed over beside the policy, where this deployment publishes lists.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DenySnapshotPolicy {
    /// For how long after it was signed a list counts, in seconds, from 10 to 3600: the bound from the denial of a
    /// credential to its last acceptance.
    #[cfg_attr(feature = "schema", schemars(range(min = 10, max = 3_600)))]
    pub max_age: u32,
    /// The public keys that vouch for lists (RFC 7517 §5).
    #[serde(deserialize_with = "json::value")]
    #[cfg_attr(feature = "schema", schemars(with = "KeysOfIssuer"))]
    pub jwks: Value,
    /// Where the list is fetched; where left out, it is read from the store, under `deny/snapshot`.
    pub url: Option<String>,
    /// How long an API key that was revoked stays on the list, in days, from 1 to 3650; 30 where left out. Its record says
    /// for good that it is revoked.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 3_650)))]
    pub retention: Option<u16>,
}

/// One issuer of M2M tokens. A claim is named by its name, or by a JSON pointer (RFC 6901) where it stands within others.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IssuerPolicy {
    /// The provider whose tokens these are. It fills in what is left out below; what stands below overrides it.
    pub preset: Option<Preset>,
    /// `iss`, compared byte for byte. With `{tenant}` in it, a template: each of the tenants makes one name, and the keys
    /// below vouch for all of them.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 1_024)))]
    pub issuer: Option<String>,
    /// The tenants of a template.
    #[serde(default)]
    pub tenants: Vec<String>,
    /// The claim that must name the tenant for which `iss` stands.
    pub tenant_claim: Option<String>,
    /// The audiences that this API answers to.
    pub audience: Option<OneOrMany>,
    /// The algorithms that the issuer signs with.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub algorithms: Option<Vec<Algorithm>>,
    /// The keys: a key set or a snapshot. Where left out, a snapshot is handed over beside the policy, or the keys are
    /// fetched. Beside keys that are fetched, a snapshot to start with.
    pub jwks: Option<KeysOfIssuer>,
    /// The URL at which the keys are fetched. With `{tenant}` in it, each tenant of the issuer has keys of its own.
    pub jwks_uri: Option<String>,
    /// The metadata that say where the keys are fetched: `openid-configuration` or `oauth-authorization-server`.
    pub discovery: Option<Discovery>,
    /// How keys that are fetched are kept.
    pub key_set: Option<KeySetPolicy>,
    /// The server that is asked about its tokens.
    pub introspection: Option<IntrospectionPolicy>,
    /// The `typ` of the issuer's access tokens, where it is always the same (RFC 9068: `at+jwt`).
    #[serde(rename = "typ")]
    pub media_type: Option<String>,
    /// The required claims that may be missing. One that is there is held to its rule all the same.
    #[serde(default)]
    pub optional_claims: Vec<RequiredClaim>,
    /// The claim that holds the scopes; `scope` where left out.
    pub scope_claim: Option<String>,
    /// The claim that names the organization; `org_id` where left out.
    pub organization_claim: Option<String>,
    /// The claim that names the client; `client_id` where left out.
    pub client_claim: Option<String>,
    /// What other claims must be. Null takes a condition of the preset away.
    #[serde(default)]
    pub require_claims: BTreeMap<String, Option<Condition>>,
    /// What members of the header must be. Null takes a condition of the preset away.
    #[serde(default)]
    pub require_header: BTreeMap<String, Option<Condition>>,
    /// Whether the tokens must be bound to their sender: `optional`, `required`, `dpop` or `mtls`.
    #[serde(default)]
    pub sender_constraint: SenderConstraint,
    /// How far `nbf` and `iat` may lie in the future, in seconds.
    #[serde(default = "default_clock_tolerance")]
    pub clock_tolerance: u16,
    /// The longest life of a token, `exp − iat` in seconds.
    pub max_token_age: Option<u32>,
}

impl IssuerPolicy {
    /// The name of the issuer: its own, or the template of its preset. Empty where there is neither.
    #[must_use]
    pub fn name(&self) -> &str {
        let preset = || self.preset.and_then(Preset::issuer).unwrap_or_default();
        self.issuer.as_deref().unwrap_or_else(preset)
    }
}

/// How a key set that is fetched is kept (RFC 9111, RFC 5861). What its issuer says in `Cache-Control` can shorten the
/// first three.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeySetPolicy {
    /// How long a set is fresh, in seconds, from 30 to 86400; 600 where left out.
    #[cfg_attr(feature = "schema", schemars(range(min = 30, max = 86_400)))]
    pub max_age: Option<u32>,
    /// How long after that it is used while it is fetched again behind the request, in seconds, 86400 at most; 300 where
    /// left out. A key that its issuer withdraws vouches for `maxAge` and this long at most, while the issuer answers.
    #[cfg_attr(feature = "schema", schemars(range(max = 86_400)))]
    pub stale_while_revalidate: Option<u32>,
    /// How long after it was fresh it is used while the issuer does not answer, in seconds, a week at most; 86400 where
    /// left out. After that the answer is 503.
    #[cfg_attr(feature = "schema", schemars(range(max = 604_800)))]
    pub max_stale: Option<u32>,
    /// How long the issuer is left alone after it failed, or after it was asked for a key that it did not have, in seconds,
    /// from 5 to 600; 30 where left out.
    #[cfg_attr(feature = "schema", schemars(range(min = 5, max = 600)))]
    pub cooldown: Option<u16>,
    /// How long the issuer has to answer, in milliseconds, from 100 to 10000; 3000 where left out.
    #[cfg_attr(feature = "schema", schemars(range(min = 100, max = 10_000)))]
    pub timeout: Option<u16>,
}

/// The server that is asked about the tokens of an issuer (RFC 7662). The client's secret is handed over beside the
/// policy.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IntrospectionPolicy {
    /// The URL of the endpoint.
    pub endpoint: String,
    /// The client id of this API at the server.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub client_id: String,
    /// How it authenticates: `client_secret_basic`, where left out, or `client_secret_post`.
    #[serde(default)]
    pub authentication: ClientAuthentication,
    /// Which tokens the server is asked about: `opaque`, where left out, or `all`, JWTs too.
    #[serde(default)]
    pub tokens: Introspected,
    /// What the opaque tokens begin with; needed where several issuers have a server to ask.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(length(max = 64)))]
    pub token_prefix: String,
    /// How long an answer is kept, in seconds, 300 at most; 30 where left out. After that at the latest a token that was
    /// revoked is refused.
    #[cfg_attr(feature = "schema", schemars(range(max = 300)))]
    pub cache_seconds: Option<u16>,
    /// How long the server has to answer, in milliseconds, from 100 to 10000; 3000 where left out.
    #[cfg_attr(feature = "schema", schemars(range(min = 100, max = 10_000)))]
    pub timeout: Option<u16>,
}

/// The DPoP proofs that are accepted (RFC 9449).
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DpopPolicy {
    /// The algorithms that a proof may be signed with; where left out, every asymmetric one.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub algorithms: Option<Vec<Algorithm>>,
    /// How long a proof is good after its `iat`, in seconds, from 1 to 600; a minute where left out.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 600)))]
    pub max_age: Option<u16>,
}

/// A claim that every token must have unless the policy says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RequiredClaim {
    /// `iss`: optional only where the policy knows no other issuer.
    Iss,
    /// `aud`: optional only where the policy names no audience, so that a token for somebody else stays refused.
    Aud,
    /// `exp`: optional only with `maxTokenAge`, which is then the end.
    Exp,
    /// `token_type` in what an introspection endpoint answers (RFC 7662 §2.2): optional only where the server calls no
    /// refresh token active, of which nothing else would tell.
    TokenType,
}

/// A key set or a snapshot, judged by `key_source`.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct KeysOfIssuer(#[serde(deserialize_with = "json::value")] pub Value);

/// One string, or an array of them.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(untagged))]
pub enum OneOrMany {
    /// One.
    One(String),
    /// Many.
    Many(Vec<String>),
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = match json::value(deserializer)? {
            Value::String(one) => Some(Self::One(one)),
            many => json::read(&many).ok().map(Self::Many),
        };
        read.ok_or_else(|| D::Error::custom("expected a string or an array of strings"))
    }
}

impl OneOrMany {
    /// All of them.
    #[must_use]
    pub fn into_vec(self) -> Vec<String> {
        match self {
            Self::One(one) => vec![one],
            Self::Many(many) => many,
        }
    }
}

/// The headers in which each class of credential is looked for. `authorization` means the scheme `Bearer`.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CredentialHeaders {
    /// Where M2M tokens are looked for.
    pub m2m_token: Vec<String>,
    /// Where API keys are looked for.
    pub api_key: Vec<String>,
}

impl Default for CredentialHeaders {
    fn default() -> Self {
        Self { m2m_token: vec!["authorization".to_owned()], api_key: vec!["authorization".to_owned()] }
    }
}

fn default_prefix() -> String {
    "/_edgeward".to_owned()
}

const fn default_clock_tolerance() -> u16 {
    5
}

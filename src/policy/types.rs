//! The policy's types, as they stand in the JSON. Unknown members are errors everywhere: one of them could be a limit
//! that its author relies on.

use serde::Deserialize;
use serde_json::Value;

use crate::{api_key::Environment, jose::Algorithm, m2m_token::ScopeClaim, verdict::CredentialClass};

/// The whole policy.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Policy {
    /// Where the JSON Schema of this document stands; for editors.
    #[serde(rename = "$schema")]
    pub schema: Option<String>,
    /// The path under which the gate's own endpoints stand.
    #[serde(default = "default_prefix")]
    pub prefix: String,
    /// The issuers whose M2M tokens are accepted.
    #[serde(default)]
    pub issuers: Vec<IssuerPolicy>,
    /// The API keys that are accepted; none where left out.
    pub api_keys: Option<ApiKeyPolicy>,
    /// Where credentials are looked for.
    #[serde(default)]
    pub credentials: CredentialHeaders,
    /// The routes. What matches none of them is denied.
    #[serde(default)]
    pub routes: Vec<RoutePolicy>,
    /// The origin that allowed requests are forwarded to, as a URL without a path; where left out, the host lends one
    /// (a service binding).
    pub origin: Option<String>,
    /// The largest token that is looked at, in bytes.
    pub max_token_bytes: Option<usize>,
}

/// The policy of a verifier for M2M tokens alone.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TokenPolicy {
    /// The issuers whose tokens are accepted.
    pub issuers: Vec<IssuerPolicy>,
    /// The largest token that is looked at, in bytes.
    pub max_token_bytes: Option<usize>,
}

/// One issuer of M2M tokens.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IssuerPolicy {
    /// `iss`, compared byte for byte.
    pub issuer: String,
    /// The audiences that this API answers to.
    pub audience: OneOrMany,
    /// The algorithms that the issuer signs with.
    pub algorithms: Vec<Algorithm>,
    /// The keys: a key set or a snapshot. Where left out, a snapshot is handed over beside the policy.
    pub jwks: Option<KeysOfIssuer>,
    /// The `typ` of the issuer's access tokens, where it is always the same (RFC 9068: `at+jwt`).
    #[serde(rename = "typ")]
    pub media_type: Option<String>,
    /// The claim that holds the scopes.
    #[serde(default)]
    pub scope_claim: ScopeClaim,
    /// The claim that names the organization.
    #[serde(default = "default_organization_claim")]
    pub organization_claim: String,
    /// The claim that names the client.
    #[serde(default = "default_client_claim")]
    pub client_claim: String,
    /// How far `nbf` and `iat` may lie in the future, in seconds.
    #[serde(default = "default_clock_tolerance")]
    pub clock_tolerance: u16,
    /// The longest life of a token, `exp − iat` in seconds.
    pub max_token_age: Option<u32>,
}

/// A key set or a snapshot, judged by `key_source`.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct KeysOfIssuer(pub Value);

/// One string, or an array of them.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "expected a string or an array of strings")]
pub enum OneOrMany {
    /// One.
    One(String),
    /// Many.
    Many(Vec<String>),
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

/// The API keys that are accepted.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApiKeyPolicy {
    /// What the keys begin with.
    pub prefix: String,
    /// The environment that this deployment serves: `live` or `test`.
    pub environment: Environment,
}

/// The headers in which each class of credential is looked for. `authorization` means the scheme `Bearer`.
#[derive(Debug, Clone, Deserialize)]
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

/// One route.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoutePolicy {
    /// The methods, in upper case.
    pub methods: Vec<String>,
    /// The path: segments, of which `:name` stands for any one and a last `*` for any number of them.
    pub path: String,
    /// The classes of credential that the route accepts.
    pub classes: Vec<CredentialClass>,
    /// The scopes that it needs, all of them.
    #[serde(default)]
    pub scopes: Vec<String>,
}

fn default_prefix() -> String {
    "/_edgeward".to_owned()
}

fn default_organization_claim() -> String {
    "org_id".to_owned()
}

fn default_client_claim() -> String {
    "client_id".to_owned()
}

const fn default_clock_tolerance() -> u16 {
    5
}

//! What the tokens of known providers look like, as each of them documents it, for machines: tokens of client
//! credentials, or what stands for them. A preset fills in what a policy leaves out. Its conditions keep out what the
//! same keys sign for persons, sessions and clients.

use serde::{Deserialize, Serialize};

use super::{ASSERTION_TYPE, CLASS_CLAIM};
use crate::{
    jose::{Algorithm, SigningKey},
    m2m_token::{Condition, Scalar},
    verdict::CredentialClass,
};

/// A provider whose tokens are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// `WorkOS` Connect, M2M applications. `iss` is the `AuthKit` domain; `aud` is the environment's client id, which all
    /// applications of the environment share, so that the organization is what tells them apart: `org_id` is required.
    /// `sub` and `client_id` are the application. A token of a person names the consent in `sid`, and is refused. No
    /// `typ`.
    Workos,
    /// Auth0, client credentials with its own token profile: `azp` is the client, `gty` is `client-credentials`, `sub` is
    /// the client with `@clients` after it, and the issuer ends with a slash. With role-based access control the granted
    /// scopes stand in `permissions` too (`scopeClaim`). An API with the RFC 9068 profile has `typ` `at+jwt`, `client_id` in
    /// place of `azp`, and no `gty`: say so with `typ`, `clientClaim` and `requireClaims`.
    Auth0,
    /// Stytch, M2M clients: `iss` is `stytch.com/` and the project, or the project's own domain; `sub` is the client, and
    /// begins with `m2m-client-`. The same keys sign the sessions of persons.
    Stytch,
    /// Clerk, M2M tokens in JWT format: `sub` is the machine (`mch_…`), `scopes` the machines that it may call, and the
    /// header's `cat` tells the kind of token. Instances that mark every kind alike take the condition on `cat` away.
    Clerk,
    /// Ory Hydra with the JWT strategy: `scp` is a list, `sub` is the client as `client_id` is, and `aud` is empty where the
    /// client asked for no audience (refused, unless `aud` is among the `optionalClaims`).
    OryHydra,
    /// Keycloak, service accounts: `azp` is the client and `client_id` (of the mapper that service accounts get) the same;
    /// the claim `typ` is `Bearer`, where ID and refresh tokens have another. The issuer is a realm, and each realm has keys
    /// of its own.
    Keycloak,
    /// Microsoft Entra ID, application permissions, v2.0 tokens: `roles` is what the client may do, `azp` the client, `tid`
    /// the tenant. A delegated token, which speaks for a person, has `scp` and is refused; an ID token has no `azp`. The
    /// issuer is a template over `tenants`, whose keys are the same.
    MicrosoftEntra,
    /// Cloudflare Access, service tokens: `common_name` is the client id, `sub` is empty, `type` is `app`, `aud` is an array
    /// with the application's tag. A person's token has `email`, and is refused.
    CloudflareAccess,
    /// Another gate of Edgeward, by the assertion that it signs for its origin: `typ` is `edgeward-assertion+jwt`, and
    /// `edgeward_class` the class of the credential that it let in. `client_id` is the client, or the id of the API key.
    Edgeward,
}

/// What a preset fills in.
pub(super) struct Shape {
    /// What is wrong with the name of an issuer, if anything.
    pub(super) form: fn(&str) -> Option<&'static str>,
    /// Whether the tenants of a template would have different keys.
    pub(super) keys_per_tenant: bool,
    pub(super) tenant_claim: Option<&'static str>,
    pub(super) algorithms: Vec<Algorithm>,
    pub(super) media_type: Option<&'static str>,
    pub(super) scope_claim: &'static str,
    pub(super) organization_claim: Option<&'static str>,
    pub(super) client_claim: &'static str,
    pub(super) require_claims: Vec<(&'static str, Condition)>,
    pub(super) require_header: Vec<(&'static str, Condition)>,
}

/// An issuer of which nothing is known: the claims of RFC 9068.
impl Default for Shape {
    fn default() -> Self {
        Self {
            form: |_| None,
            keys_per_tenant: false,
            tenant_claim: None,
            algorithms: Vec::new(),
            media_type: None,
            scope_claim: "scope",
            organization_claim: Some("org_id"),
            client_claim: "client_id",
            require_claims: Vec::new(),
            require_header: Vec::new(),
        }
    }
}

const PRESENT: Condition = Condition::Present(true);
const ABSENT: Condition = Condition::Present(false);

impl Preset {
    /// The template of the issuer, where all customers of the provider share one.
    #[must_use]
    pub const fn issuer(self) -> Option<&'static str> {
        match self {
            Self::MicrosoftEntra => Some("https://login.microsoftonline.com/{tenant}/v2.0"),
            _ => None,
        }
    }

    pub(super) fn shape(self) -> Shape {
        let rs256 = Shape {
            keys_per_tenant: true,
            algorithms: vec![Algorithm::Rs256],
            organization_claim: None,
            ..Shape::default()
        };
        match self {
            Self::Workos => Shape {
                form: bare_host,
                organization_claim: Some("org_id"),
                require_claims: vec![("org_id", PRESENT), ("client_id", PRESENT), ("sid", ABSENT)],
                ..rs256
            },
            Self::Auth0 => Shape {
                form: |issuer| match host_and_path(issuer) {
                    Some((_, "/")) => None,
                    _ => Some("`https://`, the tenant's domain and a slash, as in `https://tenant.auth0.com/`"),
                },
                organization_claim: Some("org_id"),
                client_claim: "azp",
                require_claims: vec![
                    ("gty", Condition::equals("client-credentials")),
                    ("sub", Condition::Suffix("@clients".to_owned())),
                ],
                ..rs256
            },
            Self::Stytch => Shape {
                form: |issuer| match issuer.strip_prefix("stytch.com/") {
                    Some(project) if !project.is_empty() && !project.contains('/') => None,
                    Some(_) => Some("`stytch.com/` and the project's id"),
                    None => bare_host(issuer),
                },
                media_type: Some("jwt"),
                client_claim: "sub",
                require_claims: vec![("sub", Condition::Prefix("m2m-client-".to_owned()))],
                ..rs256
            },
            Self::Clerk => Shape {
                form: bare_host,
                media_type: Some("jwt"),
                scope_claim: "scopes",
                client_claim: "sub",
                require_claims: vec![("sub", Condition::Prefix("mch_".to_owned()))],
                require_header: vec![("cat", Condition::equals("cl_B7d4PD333AAA"))],
                ..rs256
            },
            Self::OryHydra => Shape {
                scope_claim: "scp",
                require_claims: vec![("sub", Condition::SameAs("client_id".to_owned()))],
                ..rs256
            },
            Self::Keycloak => Shape {
                form: |issuer| match issuer.rsplit_once("/realms/") {
                    Some((_, realm)) if !realm.is_empty() && !realm.contains('/') => None,
                    _ => Some("a realm, without a slash after it, as in `https://id.example/realms/main`"),
                },
                client_claim: "azp",
                require_claims: vec![
                    ("typ", Condition::equals("Bearer")),
                    ("client_id", Condition::SameAs("azp".to_owned())),
                ],
                ..rs256
            },
            Self::MicrosoftEntra => Shape {
                form: |issuer| {
                    let fault = "a v2.0 issuer, as in `https://login.microsoftonline.com/{tenant}/v2.0`";
                    let is_v2 = host_and_path(issuer).is_some_and(|(_, path)| path.ends_with("/v2.0"));
                    (!is_v2).then_some(fault)
                },
                keys_per_tenant: false,
                tenant_claim: Some("tid"),
                media_type: Some("jwt"),
                scope_claim: "roles",
                organization_claim: Some("tid"),
                client_claim: "azp",
                require_claims: vec![
                    ("ver", Condition::Equals(Scalar::Text("2.0".to_owned()))),
                    ("azp", PRESENT),
                    ("scp", ABSENT),
                ],
                ..rs256
            },
            Self::CloudflareAccess => Shape {
                form: bare_host,
                media_type: Some("jwt"),
                client_claim: "common_name",
                require_claims: vec![
                    ("type", Condition::equals("app")),
                    ("common_name", PRESENT),
                    ("email", ABSENT),
                    ("identity_nonce", ABSENT),
                ],
                ..rs256
            },
            Self::Edgeward => assertion(),
        }
    }
}

/// The assertions of another gate.
fn assertion() -> Shape {
    let classes = [CredentialClass::M2mToken, CredentialClass::ApiKey];
    let classes = classes.map(|class| Scalar::Text(class.as_str().to_owned())).into();
    Shape {
        algorithms: SigningKey::ALGORITHMS.to_vec(),
        media_type: Some(ASSERTION_TYPE),
        require_claims: vec![(CLASS_CLAIM, Condition::OneOf(classes))],
        ..Shape::default()
    }
}

/// The host of an `https` URL, and the rest from its first slash.
fn host_and_path(issuer: &str) -> Option<(&str, &str)> {
    let rest = issuer.strip_prefix("https://")?;
    let (host, path) = rest.split_at_checked(rest.find('/').unwrap_or(rest.len()))?;
    (!host.is_empty()).then_some((host, path))
}

fn bare_host(issuer: &str) -> Option<&'static str> {
    match host_and_path(issuer) {
        Some((_, "")) => None,
        _ => Some("`https://` and the domain, without a slash after it"),
    }
}

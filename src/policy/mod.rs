//! The policy: one JSON document that says whom to trust and what each route needs (contract §7.1).
//!
//! It is read once. What is wrong with it is said with the JSON pointer of the place (RFC 6901) and a reason, as many
//! faults at once as can be told apart.

mod address;
mod admin;
mod api_keys;
mod assertion;
mod audit;
mod beside;
mod cors;
mod error;
mod forward_auth;
mod introspection;
mod issuers;
mod jws;
mod key_sets;
mod leaks;
mod limits;
mod lint;
mod lint_gate;
mod load;
mod mending;
mod origin;
mod presets;
mod proxy;
mod reading;
mod resource;
mod review;
mod revocation;
mod routes;
mod rules;
#[cfg(feature = "schema")]
mod schema;
mod types;
mod workers_routes;
mod wrong;

pub use address::TrustedProxiesPolicy;
pub(crate) use address::judge_proxies;
pub use admin::AdminPolicy;
pub(crate) use admin::judge_admin;
pub(crate) use api_keys::prepare as prepare_api_keys;
pub use api_keys::{ApiKeyPolicy, ForeignKeysPolicy, StorePolicy, api_key_checker};
pub use assertion::{ASSERTION_TYPE, AssertionPolicy};
pub(crate) use assertion::{CLASS_CLAIM, judge_assertion};
pub use audit::{AuditPolicy, AuditedDecisions, MetricsPolicy};
pub use beside::Beside;
pub(crate) use cors::judge_cors;
pub use cors::{AnyOrigin, CorsOrigins, CorsPolicy};
pub(crate) use error::Faults;
pub use error::{PolicyError, PolicyFault};
pub(crate) use forward_auth::judge_forward_auth;
pub use forward_auth::{Dialect, ForwardAuthPolicy};
pub(crate) use issuers::names_of;
pub use issuers::{dpop_rules, read_token_verifier, token_verifier, token_verifier_with};
pub(crate) use issuers::{prepare as prepare_issuers, prepare_dpop};
pub use jws::jws_verifier;
pub use leaks::LeaksPolicy;
pub(crate) use leaks::{judge_leaks, take_leaks};
pub use limits::{KeyClassLimit, LimitBy, LimitRulePolicy, LimitsPolicy, RefusedBudgetPolicy, WhenUnavailable};
pub(crate) use limits::{REFUSED, judge_limits};
pub(crate) use lint::lint_routes;
pub use lint::{LintFacts, LintFinding, LintRule, Severity, lint};
pub(crate) use load::reading_of_policy;
pub use load::{read_deny_entries, read_deny_list, read_policy, read_token_policy};
pub(crate) use origin::assertion_verifier;
pub use origin::{OriginPolicy, read_origin_policy};
pub use presets::Preset;
pub(crate) use proxy::judge_origin_timeout;
pub use proxy::{ForwardedHeaders, ProxyPolicy};
pub use resource::ResourcePolicy;
pub(crate) use resource::judge_resource;
pub use review::{Days, Named, ReviewPolicy, read_review};
pub use revocation::in_force;
pub(crate) use revocation::prepare_revocation;
pub use routes::{OrganizationBinding, RoutePolicy, RouteScopes, ScopeSets};
#[cfg(feature = "schema")]
pub use schema::schema;
pub use types::{
    CredentialHeaders, DenySnapshotPolicy, DpopPolicy, IntrospectionPolicy, IssuerPolicy, KeySetPolicy, KeysOfIssuer,
    OneOrMany, Policy, RequiredClaim, TokenPolicy,
};
pub use workers_routes::WorkersRoutes;
pub use wrong::needed_member;

//! The policy: one JSON document that says whom to trust and what each route needs (contract §7.1).
//!
//! It is read once. What is wrong with it is said with the JSON pointer of the place (RFC 6901) and a reason, as many
//! faults at once as can be told apart.

mod beside;
mod error;
mod introspection;
mod issuers;
mod jws;
mod key_sets;
mod lint;
mod load;
mod presets;
mod revocation;
mod rules;
mod types;

pub use beside::Beside;
pub(crate) use error::Faults;
pub use error::{PolicyError, PolicyFault};
pub use issuers::{dpop_rules, token_verifier, token_verifier_with};
pub(crate) use issuers::{prepare as prepare_issuers, prepare_dpop};
pub use jws::jws_verifier;
pub use lint::{LintFacts, LintFinding, LintRule, Severity, lint};
pub use load::{read_deny_entries, read_deny_list, read_policy, read_token_policy};
pub use presets::Preset;
pub use revocation::in_force;
pub(crate) use revocation::prepare_revocation;
pub use types::{
    ApiKeyPolicy, CredentialHeaders, DenySnapshotPolicy, DpopPolicy, IntrospectionPolicy, IssuerPolicy, KeySetPolicy,
    KeysOfIssuer, OneOrMany, Policy, RequiredClaim, RoutePolicy, TokenPolicy,
};

//! The short-lived class: JWT access tokens that an application mints with its client credentials (contract §3).

mod claims;
mod issuer;
mod verifier;

pub(crate) use claims::is_scope_token;
pub use claims::{Claims, ScopeClaim};
pub use issuer::{Issuer, IssuerRules};
pub(crate) use verifier::is_foreign_type;
pub use verifier::{DEFAULT_MAX_TOKEN_BYTES, LONGEST_TOKEN_BYTES, TokenFacts, TokenVerifier};

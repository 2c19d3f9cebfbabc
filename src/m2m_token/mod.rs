//! The short-lived class: JWT access tokens that an application mints with its client credentials (contract §3).

mod answer_cache;
mod claim_path;
mod claims;
mod condition;
mod confirmation;
mod dpop;
mod introspection;
mod issuer;
mod media_type;
mod proof_memory;
mod recall;
mod sender;
mod target_uri;
mod verifier;

pub use answer_cache::{MOST_ANSWER_BYTES, MOST_ANSWERS};
pub use claim_path::ClaimPath;
pub use claims::Claims;
pub use condition::{Condition, Scalar};
pub use confirmation::SenderConstraint;
pub use dpop::{DpopProof, DpopRules};
pub use introspection::{ClientAuthentication, Introspected, Introspection, IntrospectionRules};
pub use issuer::{Issuer, IssuerRules, OptionalClaims, TENANT, is_tenant};
pub(crate) use media_type::has_foreign_shape;
pub use media_type::{is_foreign_media_type, normalize_media_type};
pub use proof_memory::{MOST_PROOFS, MOST_PROOFS_OF_ONE_KEY};
pub use sender::{CertificateThumbprint, SenderContext, SenderProof};
pub(crate) use target_uri::is_target;
pub use verifier::{DEFAULT_MAX_TOKEN_BYTES, GoodToken, LONGEST_TOKEN_BYTES, TokenFacts, TokenVerifier};

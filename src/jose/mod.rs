//! JWS mechanics: the compact form, the header, algorithms, keys, key sets and signature checks (RFC 7515, 7517, 7518).
//! No claims and no policy: what a token says is the business of `m2m_token`.

mod algorithm;
pub(crate) mod base64url;
mod compact;
mod header;
mod key;
mod key_set;
mod portable;
mod signature;
mod signing_key;
mod verify;

pub use algorithm::{Algorithm, KeyFamily};
pub use compact::CompactJws;
pub use header::Header;
pub(crate) use key::without_secrets;
pub use key::{KeyError, PublicKey, VerificationKey, thumbprint};
pub use key_set::{KeySet, KeySetError, RefusedKey};
pub use portable::{KeyMaterial, PORTABLE, PortableAlgorithm, SignatureCheck};
pub use signature::{Backend, verify_signature};
pub use signing_key::{SigningKey, SigningKeyError};
pub use verify::{JwsVerifier, VerifiedJws};
